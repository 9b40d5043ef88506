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

# What this is beside the usual size is rounding.
NOTHING = 1e-9
# How many windows tell the usual size.
SAMPLED = 1000
# Errors are learned as logarithms, of at least this share of their mean.
SMALLEST = 1e-3


@dataclass(frozen=True)
class LocalSizes:
    """The size of errors from what a window knows of the target.

    Attributes
    ----------
    column : int
        The target's column, of windows or rows.
    usual : float
        The median size, which stands in where a window is constant or unknown.
    season : int or None
        Sizes are mean absolute changes over so many rows in the window; None: its standard
        deviation.
    window : SlidingWindow or None
        What makes windows of rows; None where windows come.
    model : estimator or None
        What says how large errors are relative to that, as a logarithm.
    """

    column: int
    usual: float
    season: int | None = None
    window: SlidingWindow | None = None
    model: BaseEstimator | None = None

    @classmethod
    def of(
        cls,
        X: Any,
        column: int,
        *,
        season: int | None = None,
        window: SlidingWindow | None = None,
    ) -> "LocalSizes":
        """Sizes of windows, or of rows, of which ``window`` then makes windows."""
        if window is not None:
            window.fit(_rows_of_column(X, column))
        sizes = cls(column, 1.0, season, window)
        windows = sizes._windows(X)
        if season is not None:
            _check_season(season, windows)
        found = sizes._plain(windows[:: max(1, len(windows) // SAMPLED)])
        found = found[found > 0]
        return replace(sizes, usual=float(np.median(found)) if len(found) else 1.0)

    def learned(self, template: BaseEstimator, X: Any, residuals: Residuals) -> "LocalSizes":
        """The same, with a model of what the residuals' sizes are relative to these.

        It learns the logarithm of absolute residuals, each relative to its lead's, in the mean over
        leads.
        """
        errors = np.ma.masked_invalid(np.abs(residuals.relative))
        of_lead = errors.mean(axis=0)
        mean = np.ma.filled((errors / np.where(of_lead > 0, of_lead, 1)).mean(axis=1), np.nan)
        known = ~np.isnan(mean)
        windows = self._windows(X)
        model = clone(on_windows(template))
        model.fit(windows[residuals.which[known]], np.log(mean[known] + SMALLEST))
        return replace(self, model=model)

    def __call__(self, X: Any) -> np.ndarray:
        """The size (n,) at each window, or row."""
        return self._of_windows(self._windows(X))

    def of_samples(self, X: Any, which: np.ndarray) -> np.ndarray:
        """The size at some windows, or rows."""
        return self._of_windows(self._windows(X)[which])

    def _of_windows(self, windows):
        found = self._plain(windows)
        found = np.where(found > NOTHING * self.usual, found, self.usual)
        if self.model is None:
            return found
        largest = -np.log(SMALLEST)
        return found * np.exp(np.clip(np.ravel(self.model.predict(windows)), -largest, largest))

    def _plain(self, windows):
        """The deviation, or the mean absolute change over a season, of each window."""
        column = self.column if self.window is None else 0
        if self.season is None:
            return deviations(windows, column)
        return changes(windows, column, self.season)

    def _windows(self, X):
        """The windows; of rows those of the target alone."""
        if self.window is None:
            return X
        with warnings.catch_warnings():
            # Rows that lack those before them are told of where they are forecast.
            warnings.simplefilter("ignore", LostRowsWarning)
            return self.window.transform(_rows_of_column(X, self.column))


def deviations(windows: Windows, column: int) -> np.ndarray:
    """Standard deviations (n,) of the known steps of a column; 0 of fewer than two."""
    feature = windows.feature(column)
    found = np.zeros(len(windows))
    for batch in feature.batches():
        steps = np.ma.masked_invalid(feature.take(batch, dtype=np.float64)[:, :, 0])
        found[batch] = np.ma.filled(steps.std(axis=1), 0.0)
    return found


def changes(windows: Windows, column: int, season: int) -> np.ndarray:
    """Mean absolute changes (n,) of a column over a season of rows; 0 where none is known."""
    steps = season // windows.sampling_rate
    found = np.zeros(len(windows))
    feature = windows.feature(column)
    for batch in feature.batches():
        values = feature.take(batch, dtype=np.float64)[:, :, 0]
        change = np.ma.masked_invalid(np.abs(values[:, steps:] - values[:, :-steps]))
        found[batch] = np.ma.filled(change.mean(axis=1), 0.0)
    return found


def _check_season(season, windows):
    rate = windows.sampling_rate
    if season % rate or season > (windows.length - 1) * rate:
        raise ValueError(
            f"size={season} must be a season of rows within the window, which has "
            f"{windows.length} steps with sampling_rate={rate}: use a smaller one, a multiple of "
            "the rate, or longer windows"
        )


def _rows_of_column(X, column):
    if hasattr(X, "iloc"):
        return X.iloc[:, [column]]
    return np.asarray(X)[:, [column]]
