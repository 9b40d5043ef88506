"""NaiveForecaster: the honest floor under every model."""

import numpy as np

from skrnn.forecasters.base import WindowRegressor, filled_batches
from skrnn.forecasters.units import check_one_unit
from skrnn.validation import check_count, check_option
from skrnn.windows.leads import leads_of, target_position

STRATEGIES = ("last", "seasonal", "mean", "drift")


class NaiveForecaster(WindowRegressor):
    """Forecast from the window's target column alone, without learning. What does not beat it is not worth fitting.

    Parameters
    ----------
    strategy : {"last", "seasonal", "mean", "drift"}, default="last"
        The last value; the newest known value of the same season; the mean of the window; or the
        last value and the window's average slope.
    season : int, default=1
        Rows of a season, for "seasonal": lead h repeats the value at h − season·⌈h/season⌉.
    target : str or int, default=0
        The window's column that y continues, by name or position.

    Attributes
    ----------
    leads_ : ndarray of shape (n_outputs,)
        How many rows ahead each output lies.
    n_features_in_ : int
        Number of features of a step (of columns, where windows came as (n, steps)).

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import NaiveForecaster, make_windows
    >>> X, y = make_windows(np.arange(10.0), length=4, horizon=2)
    >>> NaiveForecaster("drift").fit(X, y).predict(X[:1])
    array([[4., 5.]])
    """

    def __init__(self, strategy="last", *, season=1, target=0):
        self.strategy = strategy
        self.season = season
        self.target = target

    def _fit(self, samples):
        windows = samples.windows
        check_option("strategy", self.strategy, STRATEGIES)
        self.leads_ = leads_of(windows, self.n_outputs_)
        self._target_ = target_position(windows, self.target)
        check_one_unit(self, windows, samples.y, self.target)
        rows_ahead = self.leads_ / windows.sampling_rate
        if self.strategy == "seasonal":
            self._steps_ = self._season_steps(windows)
        self._slope_ = rows_ahead / max(1, windows.length - 1)

    def _predict(self, windows):
        y = np.empty((len(windows), self.n_outputs_))
        for batch, steps in filled_batches(windows, self.fill_values_):
            y[batch] = self._forecast(steps)
        return y

    def _forecast(self, batch):
        steps = batch[:, :, self._target_].astype(np.float64)
        if self.strategy == "seasonal":
            return steps[:, self._steps_]
        if self.strategy == "mean":
            return np.repeat(steps.mean(axis=1, keepdims=True), self.n_outputs_, axis=1)
        slope = self._slope_ if self.strategy == "drift" else np.zeros(self.n_outputs_)
        return steps[:, -1:] + (steps[:, -1:] - steps[:, :1]) * slope

    def _season_steps(self, windows):
        season, rate = check_count("season", self.season), windows.sampling_rate
        rows_back = season * -(-self.leads_ // season) - self.leads_
        if (rows_back % rate).any():
            raise ValueError(
                f"season={season} and leads {self.leads_.tolist()} fall between the steps of "
                f"windows with "
                f"sampling_rate={rate}: use multiples of it"
            )
        if rows_back.max() // rate >= windows.length:
            raise ValueError(
                f"season={season} needs windows that reach {rows_back.max()} rows back, got "
                f"length={windows.length} "
                f"with sampling_rate={rate}, which reach {(windows.length - 1) * rate}: use longer "
                f"windows"
            )
        return windows.length - 1 - rows_back // rate

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return tags
