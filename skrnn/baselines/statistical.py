"""StatisticalRegressor: statsforecast's ARIMA and theta method as a regressor on windows."""

from types import ModuleType

import numpy as np

from skrnn.baselines.stretches import Limits, target_stretches
from skrnn.forecasters.base import WindowRegressor
from skrnn.forecasters.units import check_one_unit
from skrnn.quietly import no_warnings
from skrnn.uncut import uncut
from skrnn.validation import check_count, check_option
from skrnn.windows.filling import filled_batches
from skrnn.windows.leads import leads_of, target_position

MODELS = ("arima", "theta")
# What is smaller beside a window's values is rounding.
NOTHING = 1e-9
# Windows that tell which of several series' models forecasts best.
MOST_JUDGED = 60


class StatisticalRegressor(WindowRegressor):
    """ARIMA or the theta method on each window's target column, by statsforecast.

    "theta" is fitted to each window by itself: of four theta models the one that fits it best.
    "arima" has its orders and coefficients from ``fit``, which lets statsforecast choose them for
    the series that the training windows are cut from; ``predict`` applies them to each window,
    relative to its own mean and deviation. Either way a forecast sees its window only.

    statsforecast is not installed with skrnn: ``pip install "skrnn[statsforecast]"``.

    Parameters
    ----------
    model : {"arima", "theta"}, default="theta"
        What forecasts.
    season : int, default=1
        Rows of a season; 1: there is none. Windows of fewer than two are forecast without.
    target : str or int, default=0
        The window's column that y continues, by name or position.
    max_rows : int, default=300
        "arima" is chosen by the newest steps of a series, at most so many.
    max_series : int, default=8
        And by so many series at most, evenly spread. Of their models the one is kept that forecasts
        the training windows best.

    Attributes
    ----------
    model_ : dict or None
        What statsforecast has learned of ARIMA; None with "theta", which learns nothing.
    leads_ : ndarray of shape (n_outputs,)
        How many rows ahead each output lies.
    target_ : int
        The position of the window's target column.
    period_ : int
        Steps of a season; 1: there is none.
    steps_ahead_ : ndarray of int of shape (n_outputs,)
        How many steps of the window ahead each output lies.
    n_features_in_ : int
        Number of features of a step (of columns, where windows came as (n, steps)).
    """

    def __init__(
        self,
        model: str = "theta",
        *,
        season: int = 1,
        target: str | int = 0,
        max_rows: int = 300,
        max_series: int = 8,
    ):
        self.model = model
        self.season = season
        self.target = target
        self.max_rows = max_rows
        self.max_series = max_series

    def _fit(self, samples):
        check_option("model", self.model, MODELS)
        season = check_count("season", self.season)
        check_count("max_rows", self.max_rows)
        check_count("max_series", self.max_series)
        models = statsforecast_models()
        windows = samples.windows
        self.leads_ = leads_of(windows, self.n_outputs_)
        self.target_ = target_position(windows, self.target)
        check_one_unit(self, windows, samples.y, self.target)
        rate = windows.sampling_rate
        if (self.leads_ % rate).any() or (season > 1 and season % rate):
            raise ValueError(
                f"season={season} and leads {self.leads_.tolist()} fall between the steps of "
                f"windows with sampling_rate={rate}: use multiples of it"
            )
        self.period_ = max(1, season // rate)
        self.steps_ahead_ = self.leads_ // rate
        self.model_ = None
        if self.model == "arima":
            self._choose(models, samples)

    def _choose(self, models, samples):
        """The model of the series whose model forecasts the training windows best."""
        limits = Limits(gap=self.period_, longest=self.max_rows, most=self.max_series)
        stretches = [
            values
            for values, _ in target_stretches(samples, self.leads_, self.target_, limits)
            if len(values) > 2 * self.period_ + 8 and not _is_constant(values)
        ]
        if not stretches:
            raise ValueError(
                f"no series has more than {2 * self.period_ + 8} known steps that change, which "
                "ARIMA is learned from: bring longer ones, or use a smaller season"
            )
        learned = [_learned(models, values, self.period_) for values in stretches]
        step = max(1, len(samples) // MOST_JUDGED)
        judges = samples.take(np.arange(0, len(samples), step))
        self.model_ = min(learned, key=lambda model: self._error(models, model, judges))

    def _error(self, models, model, judges):
        """The mean error in each window's deviation."""
        errors = []
        for batch, steps in filled_batches(judges.windows, self.fill_values_):
            for values, truth in zip(steps[:, :, self.target_], judges.y[batch], strict=True):
                size = values.std() or 1.0
                forecast = self._forecast(models, values.astype(np.float64), model)
                errors.append(np.abs(forecast - truth).mean() / size)
        return np.mean(errors)

    def _predict(self, windows):
        models = statsforecast_models()
        y = np.empty((len(windows), self.n_outputs_))
        for batch, steps in filled_batches(windows, self.fill_values_):
            y[batch] = [
                self._forecast(models, values.astype(np.float64), self.model_)
                for values in steps[:, :, self.target_]
            ]
        return y

    def _forecast(self, models, values, model):
        """All leads of one window; its last value where the model has no answer."""
        if _is_constant(values):
            return np.repeat(values[-1:], self.n_outputs_)
        horizon = int(self.steps_ahead_.max())
        with no_warnings():
            # What it says of a window's fit is said thousands of times.
            if model is None:
                season = self.period_ if len(values) >= 2 * self.period_ else 1
                found = models.AutoTheta(season_length=season).forecast(values, h=horizon)
                ahead = np.asarray(found["mean"], np.float64)
            else:
                arima = models.AutoARIMA(season_length=self.period_)
                arima.model_ = model
                center = values.mean()
                size = values.std()
                found = arima.forward((values - center) / size, h=horizon)
                ahead = center + size * np.asarray(found["mean"], np.float64)
        ahead = ahead[self.steps_ahead_ - 1]
        return np.where(np.isfinite(ahead), ahead, values[-1])


def _learned(models, values, period):
    """ARIMA without a mean and a drift of its own, as windows bring theirs."""
    arima = models.AutoARIMA(
        season_length=period, approximation=True, allowmean=False, allowdrift=False
    )
    with no_warnings():
        return arima.fit((values - values.mean()) / values.std()).model_


def _is_constant(values):
    return np.ptp(values) <= NOTHING * np.abs(values).max()


def statsforecast_models() -> ModuleType:
    """The models of statsforecast, which takes seconds to import: only what needs it asks."""
    try:
        with uncut():
            from statsforecast import models
    except ImportError as error:
        raise ImportError(
            "ARIMA and the theta method are statsforecast's, which is not installed: pip install "
            '"skrnn[statsforecast]"'
        ) from error
    return models
