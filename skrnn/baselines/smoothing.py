"""SmoothingRegressor: sktime's exponential smoothing as a regressor on windows."""

import functools
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pandas as pd

from skrnn.baselines.holt_winters import HoltWinters
from skrnn.baselines.stretches import Limits, target_stretches
from skrnn.forecasters.base import WindowRegressor
from skrnn.forecasters.units import check_one_unit
from skrnn.quietly import no_warnings, one_thread
from skrnn.uncut import uncut
from skrnn.validation import check_count
from skrnn.windows.filling import filled_batches
from skrnn.windows.leads import leads_of, target_position

TRENDS = ("add", None)
SEASONALS = ("auto", "add", "mul", None)
# What is learned, and what it is where no series tells: a little of everything.
UNTAUGHT = {
    "smoothing_level": 0.5,
    "smoothing_trend": 0.05,
    "smoothing_seasonal": 0.1,
    "damping_trend": 0.98,
}
# Four parameters want more than two seasons: so many steps more.
STEPS_BEYOND = 4


class SmoothingRegressor(WindowRegressor):
    """Exponential smoothing of each window's target column.

    A level, a damped trend and a season follow it.

    ``fit`` learns how fast they follow with sktime's ``ExponentialSmoothing``, on the series that
    the training windows are cut from. ``predict`` smooths each window with that, from a start that
    the window's own first seasons give: a forecast sees its window only, and thousands of windows
    take no longer than a few.

    Parameters
    ----------
    season : int, default=1
        Rows of a season; 1: there is none.
    trend : {"add", None}, default="add"
        Whether there is a trend.
    damped_trend : bool, default=True
        Whether the trend levels off with the leads.
    seasonal : {"auto", "add", "mul", None}, default="auto"
        Whether a season is added to the level or multiplies it. "auto": what fits the training
        series better, of which all values must be above 0 for "mul". A window in which the level or
        a value is not has its season added.
    target : str or int, default=0
        The window's column that y continues, by name or position.
    max_rows : int, default=1000
        To learn from the newest rows of a series (steps, where they lie ``sampling_rate`` rows
        apart), at most so many.
    max_series : int, default=32
        To learn from so many series of a panel at most, evenly spread. What is kept is the median.

    Attributes
    ----------
    smoothing_level_ : float
        The share of a new value in the level (α).
    smoothing_trend_ : float or None
        The share of the level's change in the trend (β).
    smoothing_seasonal_ : float or None
        The share of a new value in its season's (γ).
    damping_trend_ : float
        What is left of the trend a step later (φ); 1 without damping.
    seasonal_ : {"add", "mul", None}
        The kind of season.
    n_learned_ : int
        The series that have been learned from. Those that are constant or shorter than two seasons
        and four steps tell nothing; where there are no others, the shares are fixed ones.
    leads_ : ndarray of shape (n_outputs,)
        How many rows ahead each output lies.
    target_ : int
        The position of the window's target column.
    period_ : int
        Steps of a season; 1: there is none.
    steps_ahead_ : ndarray of shape (n_outputs,)
        How many steps of the window ahead each output lies.
    n_features_in_ : int
        Number of features of a step (of columns, where windows came as (n, steps)).

    Examples
    --------
    >>> from skrnn import make_windows
    >>> from skrnn.datasets import load_airline
    >>> from skrnn.baselines import SmoothingRegressor
    >>> X, y = make_windows(load_airline(), length=36, horizon=12)
    >>> model = SmoothingRegressor(season=12).fit(X[:72], y[:72])
    >>> model.seasonal_
    'mul'
    >>> bool(abs(model.predict(X[-1:]) - y[-1:]).mean() < 25)
    True
    """

    def __init__(
        self,
        season: int = 1,
        *,
        trend: str | None = "add",
        damped_trend: bool = True,
        seasonal: str | None = "auto",
        target: str | int = 0,
        max_rows: int = 1000,
        max_series: int = 32,
    ):
        self.season = season
        self.trend = trend
        self.damped_trend = damped_trend
        self.seasonal = seasonal
        self.target = target
        self.max_rows = max_rows
        self.max_series = max_series

    def _fit(self, samples):
        windows = samples.windows
        self.leads_ = leads_of(windows, self.n_outputs_)
        self.target_ = target_position(windows, self.target)
        self.period_ = self._period(windows)
        check_one_unit(self, windows, samples.y, self.target)
        limits = Limits(gap=self.period_, longest=self.max_rows, most=self.max_series)
        self.steps_ahead_ = self.leads_ / windows.sampling_rate
        self._learn(target_stretches(samples, self.leads_, self.target_, limits))

    def _learn(self, stretches):
        kinds = self._kinds([values for values, _ in stretches])
        telling = [(values, weight) for values, weight in stretches if self._tells(values)]
        # The optimizer's matrices are tiny: threads would only wait for each other.
        with one_thread():
            fits = {kind: [self._smoother(values, kind) for values, _ in telling] for kind in kinds}
        # As many parameters each: the information criterion compares how well the kinds fit.
        self.seasonal_ = min(kinds, key=lambda kind: sum(fit["aic"] for fit in fits[kind]))
        weights = [weight for _, weight in telling]
        learned = {name: _median(name, fits[self.seasonal_], weights) for name in UNTAUGHT}
        self.n_learned_ = len(telling)
        self.smoothing_level_ = learned["smoothing_level"]
        self.smoothing_trend_ = None if self.trend is None else learned["smoothing_trend"]
        self.smoothing_seasonal_ = None if self.seasonal_ is None else learned["smoothing_seasonal"]
        self.damping_trend_ = learned["damping_trend"] if self._damped else 1.0

    def _kinds(self, series):
        """The kinds of season that come into question."""
        if self.seasonal is None or self.period_ == 1:
            return [None]
        if self.seasonal == "add":
            return ["add"]
        lowest = min(values.min() for values in series)
        if self.seasonal == "auto":
            return ["add", "mul"] if lowest > 0 else ["add"]
        if lowest <= 0:
            raise ValueError(
                f"seasonal='mul' needs values above 0 to multiply, got {lowest:g}: use "
                f"seasonal='add'"
            )
        return ["mul"]

    def _tells(self, values):
        """Whether a series is long enough to learn from, and changes."""
        return (
            len(values) >= _enough(self.period_) and np.ptp(values) > 1e-12 * np.abs(values).max()
        )

    @property
    def _damped(self):
        return self.trend is not None and bool(self.damped_trend)

    def _smoother(self, values, kind):
        """The fitted parameters of sktime's smoothing, which begins as the windows do."""
        values = values / np.abs(values).max()
        values /= values.std()
        # Its start does not depend on the shares.
        model = HoltWinters(
            level=0.0,
            trend=None if self.trend is None else 0.0,
            season=None if kind is None else 0.0,
            period=self.period_,
            multiplies=kind == "mul",
        )
        level, slope, seasons = model.start(values[:, None])
        smoother = _smoother()(
            trend=self.trend,
            damped_trend=self._damped,
            seasonal=kind,
            sp=None if kind is None else self.period_,
            initialization_method="known",
            initial_level=level[0],
            initial_trend=None if self.trend is None else slope[0],
            initial_seasonal=None if kind is None else seasons[:, 0],
            # The grid takes eight times as long, and seldom finds more.
            use_brute=False,
        )
        with no_warnings():
            # An optimum that is not quite reached smooths well enough.
            return smoother.fit(pd.Series(values)).get_fitted_params()

    def _predict(self, windows):
        y = np.empty((len(windows), self.n_outputs_))
        for batch, steps in filled_batches(windows, self.fill_values_):
            y[batch] = self._forecast(steps)
        return y

    def _forecast(self, batch):
        steps = np.ascontiguousarray(batch[:, :, self.target_].T, np.float64)
        model = HoltWinters(
            level=self.smoothing_level_,
            trend=self.smoothing_trend_,
            season=self.smoothing_seasonal_,
            damping=self.damping_trend_,
            period=self.period_,
            multiplies=self.seasonal_ == "mul",
        )
        forecast = model.forecast(steps, self.steps_ahead_)
        possible = np.isfinite(forecast).all(axis=1)
        if possible.all():
            return forecast
        added = replace(model, multiplies=False).forecast(steps, self.steps_ahead_)
        return np.where(possible[:, None], forecast, added)

    def _period(self, windows):
        """Steps of a season, after a check of the smoothing and of how it fits the windows."""
        _check_one_of("trend", self.trend, TRENDS)
        _check_one_of("seasonal", self.seasonal, SEASONALS)
        check_count("max_series", self.max_series)
        season = check_count("season", self.season)
        rate = windows.sampling_rate
        seasonal = self.seasonal is not None and season > 1
        if seasonal and (season % rate or (self.leads_ % rate).any()):
            raise ValueError(
                f"season={season} and leads {self.leads_.tolist()} fall between the steps of "
                f"windows with sampling_rate={rate}: use multiples of it"
            )
        period = season // rate if seasonal else 1
        if windows.length < period:
            raise ValueError(
                f"season={season} needs windows of a season at least, {period} steps, got "
                f"length={windows.length}: use longer windows, two seasons or more"
            )
        if check_count("max_rows", self.max_rows) < _enough(period):
            raise ValueError(
                f"max_rows={self.max_rows} must hold two seasons and {STEPS_BEYOND} rows to learn "
                f"from: use {_enough(period)} or more"
            )
        return period

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return tags


def _enough(period):
    """How many steps tell how fast level, trend and season follow."""
    return 2 * period + STEPS_BEYOND


def _check_one_of(name, value, options):
    """One of a few words or None."""
    if value not in options:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, options))}, got {value!r}")


def _median(name, fits, weights):
    """What lies in the middle of the fitted series, where any of them tells."""
    # A part that the model lacks is None or NaN.
    values = np.array([fit[name] for fit in fits], np.float64)
    known = np.isfinite(values)
    if not known.any():
        return UNTAUGHT[name]
    weights = np.array(weights)[known]
    return float(np.quantile(values[known], 0.5, weights=weights, method="inverted_cdf"))


@functools.cache
def _smoother():
    """Sktime's exponential smoothing, whose fitted parameters tell what it smooths with.

    sktime takes a second to import: only a fit asks for it.
    """
    with uncut():
        from sktime.forecasting.exp_smoothing import ExponentialSmoothing

    class Smoother(ExponentialSmoothing):
        _fitted_param_names: ClassVar = ("aic", *UNTAUGHT)
        _config: ClassVar = {"remember_data": False}

    return Smoother
