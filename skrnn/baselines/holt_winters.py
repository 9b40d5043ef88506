"""The recursion of exponential smoothing over many series at once."""

from dataclasses import dataclass

import numpy as np

# How many of the first steps, or seasons, the recursion's start is estimated from.
FIRST_STEPS = 10
FIRST_SEASONS = 5


@dataclass(frozen=True)
class HoltWinters:
    """Level, damped trend and season of a series, and how fast each of them follows it.

    With a season that is added::

        base        = level + φ·slope
        level'      = α·(y - season) + (1 - α)·base
        slope'      = β·(level' - level) + (1 - β)·φ·slope
        season'     = γ·(y - base) + (1 - γ)·season
        forecast(h) = level + (φ + φ² + … + φʰ)·slope + season

    One that multiplies takes the place of the differences by quotients and of the last sum by a
    product. A trend that is not there is one with β = 0 that begins with a slope of 0, φ = 1 is one
    without damping.

    Parameters
    ----------
    level : float
        α, the share of a new value in the level.
    trend : float or None
        β, the share of the level's change in the slope; None: there is no trend.
    season : float or None
        γ, the share of a new value in its season's; None: there is no season.
    damping : float
        φ, what is left of the slope a step later.
    period : int
        Steps of a season.
    multiplies : bool
        Whether the season multiplies the level or is added to it.

    References
    ----------
    .. [1] R. J. Hyndman and G. Athanasopoulos, *Forecasting: Principles and Practice*, 3rd ed.,
       OTexts, 2021, chapter 8.
    """

    level: float
    trend: float | None = None
    season: float | None = None
    damping: float = 1.0
    period: int = 1
    multiplies: bool = False

    def start(self, steps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Level (n,), slope (n,) and seasons (period, n) before the first of steps (n_steps, n).

        A line through the first steps, or the means of the first seasons, and what is left of these
        beside it. Without a trend the level is the line's mean; seasons are still what is left
        beside the line.
        """
        period = 1 if self.season is None else self.period
        cycles = min(len(steps) // period, FIRST_STEPS if period == 1 else FIRST_SEASONS)
        first = steps[: cycles * period].reshape(cycles, period, -1)
        mean, slope = _line(first.mean(axis=1))
        slope = slope / period
        times = (np.arange(cycles * period) - (cycles * period - 1) / 2).reshape(cycles, period, 1)
        if self.multiplies:
            # A line that falls to 0 has no shares: the mean has.
            slope = np.where(mean > np.abs(slope) * times.max(), slope, 0.0)
        line = mean + times * slope
        seasons = self._first_seasons(first, line)
        if self.trend is None:
            return mean, np.zeros_like(slope), seasons
        return line[0, 0] - slope, slope, seasons

    def _first_seasons(self, first, line):
        """What is left of the first steps (cycles, period, n) beside the line."""
        if self.season is None:
            return np.zeros((1, first.shape[2]))
        if not self.multiplies:
            return (first - line).mean(axis=0)
        seasons = (first / line).mean(axis=0)
        return seasons / seasons.mean(axis=0)

    def forecast(self, steps: np.ndarray, ahead: np.ndarray) -> np.ndarray:
        """Forecasts (n, n_leads) for ``ahead`` steps behind the steps (n_steps, n).

        They are NaN where a season cannot multiply: a value, or the level, is not above 0.
        """
        with np.errstate(all="ignore"):
            level, slope, seasons = self._smooth(steps)
            trend = level[:, None] + slope[:, None] * damped_steps(self.damping, ahead)
            # Without a season any part of a step may be ahead, and the season is 0 throughout.
            season = seasons[(len(steps) - 1 + np.ceil(ahead).astype(np.int64)) % len(seasons)].T
            return trend * season if self.multiplies else trend + season

    def _smooth(self, steps):
        """Level, slope and seasons behind the last of the steps."""
        level, slope, seasons = self.start(steps)
        alpha = self.level
        beta = self.trend or 0.0
        gamma = self.season or 0.0
        for number, value in enumerate(steps):
            season = seasons[number % len(seasons)]
            base = level + self.damping * slope
            if self.multiplies:
                base = np.where((base > 0) & (value > 0), base, np.nan)
                deseasoned = value / season
                share = value / base
            else:
                deseasoned = value - season
                share = value - base
            before = level
            level = alpha * deseasoned + (1 - alpha) * base
            slope = beta * (level - before) + (1 - beta) * self.damping * slope
            seasons[number % len(seasons)] = gamma * share + (1 - gamma) * season
        return level, slope, seasons


def damped_steps(damping: float, ahead: np.ndarray) -> np.ndarray:
    """φ + φ² + … + φʰ: how many whole slopes lie in h steps."""
    ahead = np.asarray(ahead, np.float64)
    if damping == 1:
        return ahead
    return damping * (1 - damping**ahead) / (1 - damping)


def _line(values: np.ndarray):
    """Mean and slope (n,) of the line through values (n_steps, n)."""
    centred = np.arange(len(values)) - (len(values) - 1) / 2
    return values.mean(axis=0), (centred[:, None] * values).sum(axis=0) / (centred @ centred or 1.0)
