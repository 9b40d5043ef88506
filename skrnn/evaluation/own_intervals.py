"""Own intervals: those that a model gives itself, told of each truth when it has become known."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from skrnn.evaluation.base import rows_of
from skrnn.evaluation.samples import EvaluationSamples, RowSamples
from skrnn.forecasters.inside import chosen, components, sliding_window_of
from skrnn.forecasters.probabilistic import before_last, innermost, interval_forecasts
from skrnn.windows.lost import LostRowsWarning


def answers(estimator: BaseEstimator) -> bool:
    """Whether a model gives intervals itself."""
    return hasattr(innermost(estimator), "predict_interval")


def learns_from_truths(estimator: BaseEstimator) -> bool:
    """Whether its intervals follow the truths that arrive."""
    return answers(estimator) and hasattr(innermost(estimator), "update")


def numbered(estimator: BaseEstimator, X: Any) -> Any:
    """Rows of an array with their numbers as index, by which an update knows where they belong."""
    told = any(
        hasattr(part, "predict_interval") and hasattr(part, "update")
        for part in components(estimator)
    )
    rows = told and isinstance(X, np.ndarray) and X.ndim == 2
    return pd.DataFrame(X) if rows and sliding_window_of(estimator) is not None else X


def own_intervals(
    model: BaseEstimator,
    samples: EvaluationSamples,
    train: np.ndarray,
    test: np.ndarray,
    n_leads: int,
    coverages: tuple[float, ...],
) -> np.ndarray:
    """The intervals (n, n_leads, n_coverages, 2) of a fold's samples.

    A model with ``update`` is told of the truths behind those that it was fitted on, before the
    intervals of each origin: those that were known there, each of them once.
    """
    asked = Asked(model, coverages)
    if not learns_from_truths(model):
        return asked.of(samples, test)
    found = np.empty((len(test), n_leads, len(coverages), 2))
    origin = samples.shared()[0][test]
    moments = np.unique(origin)
    truths = _truths_of(model, samples, train, n_leads)
    for moment, new in zip(moments, truths.known_at(moments), strict=True):
        if len(new):
            truths.tell(model, new)
        which = origin == moment
        found[which] = asked.of(samples, test[which])
    return found


class Asked:
    """A fitted model whose intervals are its forecasts, which all lie in one row."""

    def __init__(self, model, coverages):
        self.model = chosen(model)
        self.coverages = coverages

    def get_params(self, deep=True):
        """The parts of the model, which tell how far it looks back and ahead."""
        return {"model": self.model, **self.model.get_params(deep)}

    def predict(self, X):
        """All ends: (n, n_leads · n_coverages · 2)."""
        ends = interval_forecasts(self.model, X, self.coverages)
        return np.reshape(ends, (len(ends), -1))

    def of(self, samples, which):
        """The intervals (n, n_leads, n_coverages, 2) of some samples."""
        flat = samples.predict(self, which)
        return flat.reshape(len(which), -1, len(self.coverages), 2)


def _truths_of(model, samples, train, n_leads):
    if not isinstance(samples, RowSamples):
        return _TruthsOfWindows(samples, train, n_leads)
    if sliding_window_of(innermost(model)) is None:
        return _TruthsOfMadeWindows(samples, train, n_leads)
    return _TruthsOfRows(samples, train, n_leads)


class _TruthsOfWindows:
    """The truths behind those that a model was fitted on, by the row that each is known at.

    Told are windows, with the leads that have just become known; the others are NaN.
    """

    def __init__(self, samples, train, n_leads):
        self.samples = samples
        self.n_leads = n_leads
        every = np.arange(len(samples))
        origin, newest = samples.shared()
        rows = samples.shared_rows(every, n_leads)
        self.truth = samples.truth(every, n_leads)
        later = (origin > origin[train].max())[:, None] | (rows > newest[train].max())
        new = np.flatnonzero(later & ~np.isnan(self.truth))
        self.order = new[np.argsort(rows.ravel()[new], kind="stable")]
        self.row = rows.ravel()[self.order]

    def known_at(self, moments):
        """At each moment the truths that became known since the one before."""
        return np.split(self.order, np.searchsorted(self.row, moments, side="right"))[:-1]

    def tell(self, model, new):
        """Update a model by some truths."""
        samples, leads = np.divmod(new, self.n_leads)
        which, position = np.unique(samples, return_inverse=True)
        y = np.full((len(which), self.n_leads), np.nan)
        y[position, leads] = self.truth[samples, leads]
        X = self._windows(model, which)
        innermost(model).update(X, y if self.n_leads > 1 else y[:, 0])

    def _windows(self, model, which):
        return before_last(model, rows_of(self.samples.X, which))


class _TruthsOfMadeWindows(_TruthsOfWindows):
    """The same of windows that a pipeline makes of rows."""

    def _windows(self, model, which):
        start = self.samples.first_row(model, which)
        rows = np.arange(start, which.max() + 1)
        with warnings.catch_warnings():
            # The rows before those that count are there for the windows of these alone.
            warnings.simplefilter("ignore", LostRowsWarning)
            return before_last(model, rows_of(self.samples.X, rows))[which - start]


class _TruthsOfRows(_TruthsOfWindows):
    """Rows with the series as y, for a model that makes the windows itself.

    In front of those that are new lie the rows that they are forecast from, without their truths.
    """

    def __init__(self, samples, train, n_leads):
        super().__init__(samples, train, 1)
        self.n_leads_made = n_leads

    def tell(self, model, new):
        """Update a model by some truths."""
        made_at = max(0, new.min() - self.n_leads_made + 1)
        start = self.samples.first_row(model, np.array([made_at]))
        rows = np.arange(start, new.max() + 1)
        y = np.full(len(rows), np.nan)
        y[new - start] = self.truth[new, 0]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LostRowsWarning)
            innermost(model).update(before_last(model, rows_of(self.samples.X, rows)), y)
