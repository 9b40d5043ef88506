"""Seasons: after how many rows a series repeats itself, told from its older rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.signal import find_peaks

from skrnn.reading.problem import counted
from skrnn.reading.steps import DAY, SECOND, WEEK, calendar_unit, in_words, micros_of

# The newest rows are those that will be forecast: a season is chosen without them.
OLDEST_SHARE = 0.6
# A longest season fits so often into the series.
N_SEASONS = 3
# Less than this is not worth a season.
LEAST_GAIN = 0.05
# In units of the series' spread.
LEAST_ERROR = 0.01
# Standard errors that a gain has to be above nothing, and the share by which a longer season has to
# be better than a shorter one; more of both where the season was looked for among all.
SURE = 3
BETTER = 0.05
SURE_OF_PEAKS = 5
BETTER_OF_PEAKS = 0.25
# Standard errors of an autocorrelation that a peak has to reach.
PEAK = 4
MIN_PAIRS = 3
MAX_DEGREE = 3
MAX_PEAKS = 8
MAX_LEADS = 48
MAX_SERIES = 100
SPANS = {"a minute": 60 * SECOND, "an hour": DAY // 24, "a day": DAY, "a week": WEEK}
# Two or three rows are no pattern worth a name: hours of half hours.
FEWEST = 4
YEARS = {"month": 12, "quarter": 4, "year": 1}


@dataclass(frozen=True)
class Gain:
    """The share of the last value's error that goes with a season, and the error that stays.

    ``sure`` is the mean gain in standard errors.
    """

    share: float
    error: float
    sure: float


@dataclass(frozen=True)
class Season:
    """The season in rows, 1 for none, and the reason in a sentence."""

    n_rows: int
    why: str


def find_season(series: list[np.ndarray], step: Any, n_old: list[int] | None = None) -> Season:
    """The season for which the value of one season before gains most over the last known value.

    Parameters
    ----------
    series : list of ndarray (n_rows,)
        The target of each series; the oldest 60 % of the rows are looked at.
    step : Timedelta, pandas offset or None
        The step of the rows tells which seasons are natural; None looks for peaks of the
        autocorrelation.
    n_old : list of int, default=None
        How many rows of each series are looked at, where the oldest of all series are not those of
        each.
    """
    shortest = int(np.median([len(values) for values in series]))
    if n_old is None:
        n_old = [int(OLDEST_SHARE * len(values)) for values in series]
    old = [
        values[:n] for values, n in zip(_some(series), _some(n_old), strict=True) if n > MIN_PAIRS
    ]
    names = natural_seasons(step)
    demands = (SURE, BETTER)
    if names is None:
        demands = (SURE_OF_PEAKS, BETTER_OF_PEAKS)
        names = dict.fromkeys(_peaks(old, shortest // N_SEASONS), "")
    tried = [n for n in names if n * N_SEASONS <= shortest]
    if not tried:
        return Season(1, f"No season: {_why_none(names, shortest, step)}.")
    gains = {n: found for n in tried if (found := _gain(old, n)) is not None}
    return _choose(gains, names, tried, *demands)


def natural_seasons(step: Any) -> dict[int, str] | None:
    """Rows of a day, week, year … and their names; None where the rows have to tell."""
    if step is None:
        return None
    length = micros_of(step)
    if length is None:
        unit = calendar_unit(step)
        if unit == "business day":
            return {5: "a week", 261: "a year"}
        n, rest = divmod(YEARS[unit], step.n)
        return {} if rest or n < FEWEST else {n: "a year"}
    names = {
        span // length: name
        for name, span in SPANS.items()
        if span % length == 0 and span // length >= FEWEST
    }
    if length == DAY:
        names[365] = "a year"
    if length == WEEK:
        names[52] = "a year"
    return names or None


def fitting_seasons(step: Any, n_rows: int) -> tuple[int, ...]:
    """The natural seasons that fit often enough into a series of so many rows."""
    return tuple(n for n in natural_seasons(step) or () if n * N_SEASONS <= n_rows)


def _why_none(names, n_rows, step):
    if names:
        shortest = counted(min(names), "row")
        return (
            f"the shortest natural one, {shortest}, does not fit {N_SEASONS} times into "
            f"{n_rows:,} rows"
        )
    if step is None:
        return "nothing in the rows repeats itself"
    return f"steps of {in_words(step)} have no natural one"


def _some(series):
    """At most a hundred series, spread over all of them."""
    return series[:: max(1, len(series) // MAX_SERIES)]


def _without_trend(values, degree=1):
    """The values relative to the polynomial through them."""
    known = ~np.isnan(values)
    if known.sum() < degree + 2:
        return values
    rows = np.linspace(-1, 1, len(values))
    rest = values - np.polyval(np.polyfit(rows[known], values[known], degree), rows)
    # What is left of a polynomial is rounding.
    return rest if np.nanmax(np.abs(rest)) > 1e-9 * np.nanmax(np.abs(values)) else rest * 0


def _gain(series, season) -> Gain | None:
    """What the value of one season before gains over the last value, at leads of up to a season."""
    pairs = [pair for values in series if (pair := _errors(values, season)) is not None]
    if not pairs:
        return None
    ours, last = (np.concatenate(errors) for errors in zip(*pairs, strict=True))
    gained = last - ours
    spread = gained.std() / np.sqrt(len(gained))
    sure = gained.mean() / spread if spread > 0 else np.inf
    return Gain(1 - ours.mean() / last.mean(), ours.mean(), sure)


def _errors(values, season):
    """Errors of both at each row in units of the series' spread; None where too little is known."""
    if len(values) <= season:
        return None
    # A trend may bend, but not so often that it follows the season.
    values = _without_trend(values, int(np.clip(len(values) // (2 * season), 1, MAX_DEGREE)))
    scale = np.nanstd(values) if (~np.isnan(values)).any() else 0.0
    ours = np.abs(values[season:] - values[:-season])
    total = np.zeros(len(ours))
    n_known = np.zeros(len(ours))
    for lead in np.unique(np.linspace(1, season, min(season, MAX_LEADS)).round().astype(int)):
        change = np.abs(values[season:] - values[season - lead : -lead])
        total += np.nan_to_num(change)
        n_known += ~np.isnan(change)
    kept = ~np.isnan(ours) & (n_known > 0)
    if kept.sum() < MIN_PAIRS or not scale > 0:
        return None
    return ours[kept] / scale, total[kept] / n_known[kept] / scale


def _choose(gains, names, tried, sure, better):
    old = f"over the oldest {OLDEST_SHARE:.0%} of the rows"
    good = {n: gain for n, gain in gains.items() if gain.share > LEAST_GAIN and gain.sure > sure}
    if not good:
        return Season(1, f"No season: {old}, {_why_not(gains, tried)}.")
    best = min(good)
    for n in sorted(good):
        # Where next to no error is left, a share of it is nothing.
        if good[n].error + LEAST_ERROR < (1 - better) * (good[best].error + LEAST_ERROR):
            best = n
    name = f" ({names[best]})" if names[best] else ""
    others = ", ".join(str(n) for n in tried if n != best)
    also = f"; also tried: {others}" if others else ""
    return Season(
        best,
        f"Season of {best} rows{name}: {old}, the value of one season before errs "
        f"{good[best].share:.0%} less than the last value{also}.",
    )


def _why_not(gains, tried):
    if not gains:
        return "the target hardly changes but for a straight line"
    n = max(gains, key=lambda n_rows: gains[n_rows].share)
    gain = gains[n].share
    others = ", ".join(str(other) for other in tried if other != n)
    also = f"; also tried: {others}" if others else ""
    if gain < 0:
        return f"the value of {n} rows before errs {-gain:.0%} more than the last value{also}"
    if gain > LEAST_GAIN:
        also = f", which may be chance{also}"
        return f"the value of {n} rows before errs {gain:.0%} less than the last value{also}"
    return f"the value of {n} rows before errs only {gain:.0%} less than the last value{also}"


def _peaks(series, longest):
    """Lags at which the autocorrelation peaks, the highest first."""
    found = {}
    for values in map(_without_trend, series):
        lags = _autocorrelation(values)[: longest + 2]
        at, how = find_peaks(lags, height=_chance(lags, len(values)), prominence=0.05)
        for lag, height in zip(at, how["peak_heights"], strict=True):
            if 1 < lag <= longest:
                found[int(lag)] = max(found.get(int(lag), 0.0), float(height))
    highest = sorted(found, key=found.get, reverse=True)[:MAX_PEAKS]
    # Multiples of a season peak about as high: the first of these peaks is tried too.
    first = [min(lag for lag in found if found[lag] >= 0.8 * found[highest[0]])] if highest else []
    return sorted({*highest, *first})


def _chance(lags, n_rows):
    """How high an autocorrelation may be by chance where neighbours are alike, after Bartlett."""
    falls = np.flatnonzero(lags <= 0)
    alike = lags[1 : falls[0] if len(falls) else len(lags)]
    return PEAK * np.sqrt((1 + 2 * np.sum(alike**2)) / max(n_rows, 1))


def _autocorrelation(values):
    known = np.zeros(len(values))
    if not np.isnan(values).all():
        known = np.nan_to_num(values - np.nanmean(values))
    size = 2 ** int(np.ceil(np.log2(2 * len(known) + 1)))
    power = np.abs(np.fft.rfft(known, size)) ** 2
    lags = np.fft.irfft(power, size)[: len(known)]
    return lags / lags[0] if lags[0] > 0 else np.zeros(len(known))
