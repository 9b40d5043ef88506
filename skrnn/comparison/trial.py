"""Trial: the older part of some training rows teaches a model, and the newest part judges it."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from sklearn.base import BaseEstimator

from skrnn.baselines import NaiveForecaster
from skrnn.comparison.preparation import spread, taught_targets
from skrnn.comparison.relative import parts_of
from skrnn.evaluation.samples import WindowSamples
from skrnn.windows import Windows

# The oldest share of the training rows teaches: most of them, as what is judged shall be like what
# all of them teach.
TAUGHT_SHARE = 0.75
# Of few rows no smaller share, however little is left to judge.
LEAST_TAUGHT = 0.5
# Of so few training windows the oldest share has a trial of its own.
FEW_WINDOWS = 5_000
OLDER_SHARE = 0.75


@dataclass(frozen=True)
class Trial:
    """Training windows in two parts, with a horizon between them.

    Attributes
    ----------
    past, taught : Windows, ndarray of shape (n_windows, n_leads)
        The windows that teach, and their targets.
    recent, truth : Windows, ndarray of shape (n_windows, n_leads)
        Those that judge. What is unknown of their targets is NaN.
    expected : ndarray of shape (n_windows, n_leads)
        The truth, in which unknown targets are filled from their past.
    target : str
        The column that is forecast.
    """

    past: Windows
    taught: np.ndarray
    recent: Windows
    truth: np.ndarray
    expected: np.ndarray
    target: str

    @classmethod
    def of(cls, X: Windows, y: np.ndarray, train: np.ndarray, target: str) -> "Trial":
        """The two parts of some training windows."""
        windows = X[train]
        values = np.reshape(y, (len(y), -1))[train]
        expected = taught_targets(windows, values)
        _, newest = WindowSamples(None, windows, values).shared()
        taught, least = np.quantile(newest, [TAUGHT_SHARE, LEAST_TAUGHT])
        # What judges begins a horizon later, and is as long as one, where there are few windows.
        border = min(taught, max(least, newest.max() - 2 * values.shape[1]))
        past = newest <= border
        recent = newest - values.shape[1] >= border
        return cls(
            past=windows[past],
            taught=expected[past],
            recent=windows[recent],
            truth=values[recent],
            expected=expected[recent],
            target=target,
        )

    @classmethod
    def some(cls, X: Windows, y: np.ndarray, train: np.ndarray, target: str) -> list["Trial"]:
        """The trial of some training windows; of few windows also that of the oldest of them.

        Few of them tell little of what comes: what served at two times serves more likely again.
        """
        found = [cls.of(X, y, train, target)]
        if len(train) <= FEW_WINDOWS:
            _, newest = WindowSamples(None, X[train], y[train]).shared()
            oldest = train[newest <= np.quantile(newest, OLDER_SHARE)]
            found.append(cls.of(X, y, oldest, target))
        return found

    @property
    def of_several(self) -> bool:
        """Whether there are several series: their errors are relative to the naive forecast's."""
        return len(self.recent.bounds) > 2

    @cached_property
    def is_positive(self) -> bool:
        """Whether all known values of the target that teach are positive."""
        return is_positive(self.past, self.taught)

    def tells(self, n_steps: int) -> bool:
        """Whether there is something to learn from so many steps, and something to judge by.

        That is a window with all of these steps and all of its targets, and any known target.
        """
        n_steps = min(self.past.length, n_steps)
        complete = self.past.replace(length=n_steps).complete()
        taught = complete & np.isfinite(self.taught).all(axis=1)
        return bool(taught.any() and np.isfinite(self.truth).any())

    def known(self, season: int, most: int) -> "Trial":
        """The trial with windows that teach whose targets are known, and at most so many judges.

        These are at all times of the season alike.
        """
        taught = np.isfinite(self.taught).all(axis=1)
        some = spread(len(self.recent), most, season)
        return replace(
            self,
            past=self.past[taught],
            taught=self.taught[taught],
            recent=self.recent[some],
            truth=self.truth[some],
            expected=self.expected[some],
        )

    def error(self, model: BaseEstimator) -> float:
        """The mean absolute error of a fitted model; infinite where forecasts are not finite.

        Of several series, the mean of the errors relative to each one's naive forecast.
        """
        errors = np.abs(self._forecasts(model) - self.truth)
        if not np.isfinite(errors[np.isfinite(self.truth)]).all():
            return np.inf
        error = self._relative(errors) if self.of_several else np.nanmean(errors)
        return float(error) if np.isfinite(error) else np.inf

    def _relative(self, errors):
        """The error relative to the naive forecast's, each series counting the same."""
        known = np.isfinite(self.truth)
        series = np.broadcast_to(self.recent.series[:, None], known.shape)
        return parts_of(errors[known], self._floors[known], series[known]).sum()

    @cached_property
    def _floors(self):
        """What the naive forecast misses, the same for all models."""
        floor = NaiveForecaster(target=self.target).fit(self.recent, self.expected)
        return np.abs(self._forecasts(floor) - self.truth)

    def _forecasts(self, model):
        return np.reshape(model.predict(self.recent), self.truth.shape)


def is_positive(X: Windows, y: np.ndarray) -> bool:
    """Whether all known values of the target are positive, in windows and behind them."""
    values = X.rows[X.covered()[:, 0], 0]
    return bool((values[~np.isnan(values)] > 0).all() and (y[~np.isnan(y)] > 0).all())
