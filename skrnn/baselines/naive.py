"""NaiveForecaster: the honest floor under every model."""

import numpy as np

from skrnn.forecasters.base import WindowRegressor
from skrnn.forecasters.units import check_one_unit
from skrnn.validation import check_count, check_option
from skrnn.windows.filling import filled_batches
from skrnn.windows.leads import leads_of, target_position

STRATEGIES = ("last", "seasonal", "mean", "drift")


class NaiveForecaster(WindowRegressor):
    """Forecast from the window's target column alone, without learning.

    What does not beat it is not worth fitting.

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
    target_ : int
        The position of the window's target column.
    season_steps_ : ndarray of shape (n_outputs,) or None
        The steps whose values "seasonal" repeats.
    steps_ahead_ : ndarray of shape (n_outputs,)
        How many steps of the window ahead each output lies.
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

    # What is drawn beside models takes it for their baseline.
    learns = False

    @property
    def reads_sequences(self) -> bool:
        """Whether it takes sequences of different length, which all have a last step."""
        return self.strategy == "last"

    def __init__(self, strategy: str = "last", *, season: int = 1, target: str | int = 0):
        self.strategy = strategy
        self.season = season
        self.target = target

    def _fit(self, samples):
        windows = samples.windows
        check_option("strategy", self.strategy, STRATEGIES)
        self.leads_ = leads_of(windows, self.n_outputs_)
        self.target_ = target_position(windows, self.target)
        check_one_unit(self, windows, samples.y, self.target)
        self.steps_ahead_ = self.leads_ / windows.sampling_rate
        self.season_steps_ = self._season_steps(windows) if self.strategy == "seasonal" else None

    def _predict(self, windows):
        y = np.empty((len(windows), self.n_outputs_))
        for batch, steps in filled_batches(windows, self.fill_values_):
            y[batch] = self._forecast(steps)
        return y

    def _forecast(self, batch):
        steps = batch[:, :, self.target_].astype(np.float64)
        if self.strategy == "seasonal":
            return steps[:, self.season_steps_]
        if self.strategy == "mean":
            return np.repeat(steps.mean(axis=1, keepdims=True), self.n_outputs_, axis=1)
        last = np.repeat(steps[:, -1:], self.n_outputs_, axis=1)
        if self.strategy == "last":
            return last
        slopes = self.steps_ahead_ / max(1, steps.shape[1] - 1)
        return last + (steps[:, -1:] - steps[:, :1]) * slopes

    def _season_steps(self, windows):
        season = check_count("season", self.season)
        rate = windows.sampling_rate
        rows_back = season * -(-self.leads_ // season) - self.leads_
        if (rows_back % rate).any():
            raise ValueError(
                f"season={season} and leads {self.leads_.tolist()} fall between the steps of "
                f"windows with sampling_rate={rate}: use multiples of it"
            )
        if rows_back.max() // rate >= windows.length:
            raise ValueError(
                f"season={season} needs windows that reach {rows_back.max()} rows back, got "
                f"length={windows.length} with sampling_rate={rate}, which reach "
                f"{(windows.length - 1) * rate}: use longer windows"
            )
        return windows.length - 1 - rows_back // rate

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return tags
