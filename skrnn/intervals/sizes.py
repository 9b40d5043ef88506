"""Sizes: how large errors are likely to be, as far as the window tells."""

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone

from skrnn.forecasters.inside import on_windows
from skrnn.intervals.residuals import Residuals
from skrnn.windows import SlidingWindow, Windows
from skrnn.windows.lost import LostRowsWarning

# A deviation this small beside the usual one is rounding.
NOTHING = 1e-9
# A learned size is at least this share of the usual one.
SMALLEST = 0.1


@dataclass(frozen=True)
class LocalSizes:
    """The size of errors from what a window knows of the target.

    Attributes
    ----------
    column : int
        The target's column, of windows or rows.
    usual : float
        The median deviation, which stands in where a window is constant or unknown.
    window : SlidingWindow or None
        What makes windows of rows; None where windows come.
    model : estimator or None
        What says how large errors are relative to the deviation, or in its place.
    smallest : float
        What the model says is at least that.
    """

    column: int
    usual: float
    window: SlidingWindow | None = None
    model: BaseEstimator | None = None
    smallest: float = 0.0

    @classmethod
    def of(cls, X: Any, column: int, window: SlidingWindow | None = None) -> "LocalSizes":
        """Sizes of windows, or of rows, of which ``window`` then makes windows."""
        if window is not None:
            window.fit(_rows_of_column(X, column))
        sizes = cls(column, 1.0, window)
        found = deviations(*sizes._windows(X))
        found = found[found > 0]
        return replace(sizes, usual=float(np.median(found)) if len(found) else 1.0)

    def learned(self, template: BaseEstimator, X: Any, residuals: Residuals) -> "LocalSizes":
        """The same, with a model of what the residuals' sizes are relative to these.

        It learns the mean over leads of absolute residuals, each relative to its lead's.
        """
        errors = np.ma.masked_invalid(np.abs(residuals.relative))
        of_lead = errors.mean(axis=0)
        size = (errors / np.where(of_lead > 0, of_lead, 1)).mean(axis=1) * of_lead.mean()
        size = np.ma.filled(size, np.nan)
        known = ~np.isnan(size)
        windows, _ = self._windows(X)
        windows = windows[residuals.which[known]]
        model = clone(on_windows(template)).fit(windows, size[known])
        usual = float(np.mean(size[known]))
        return replace(self, model=model, smallest=SMALLEST * usual if usual > 0 else 1.0)

    def __call__(self, X: Any) -> np.ndarray:
        """The size (n,) at each window, or row."""
        windows, column = self._windows(X)
        found = deviations(windows, column)
        found = np.where(found > NOTHING * self.usual, found, self.usual)
        if self.model is None:
            return found
        return found * np.maximum(np.ravel(self.model.predict(windows)), self.smallest)

    def _windows(self, X):
        """The windows, and the target's column in them."""
        if self.window is None:
            return X, self.column
        with warnings.catch_warnings():
            # Rows that lack those before them are told of where they are forecast.
            warnings.simplefilter("ignore", LostRowsWarning)
            return self.window.transform(_rows_of_column(X, self.column)), 0


def deviations(windows: Windows, column: int) -> np.ndarray:
    """Standard deviations (n,) of the known steps of a column; 0 of fewer than two."""
    feature = windows.feature(column)
    found = np.zeros(len(windows))
    for batch in feature.batches():
        steps = np.ma.masked_invalid(feature.take(batch, dtype=np.float64)[:, :, 0])
        found[batch] = np.ma.filled(steps.std(axis=1), 0.0)
    return found


def _rows_of_column(X, column):
    if hasattr(X, "iloc"):
        return X.iloc[:, [column]]
    return np.asarray(X)[:, [column]]
