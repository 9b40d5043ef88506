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
    known = truths.known_at(moments)
    newest = max((number for number, new in enumerate(known) if len(new)), default=None)
    follow = _Forecast if hasattr(innermost(model), "forecasts") else _Told
    followed = follow(model, samples, truths, test, asked)
    for number, (moment, new) in enumerate(zip(moments, known, strict=True)):
        if number == newest:
            # What forecasts at once is left as if it had been told of each truth.
            truths.tell(model, new)
        elif len(new):
            followed.tell(new)
        which = origin == moment
        found[which] = followed.intervals(which)
    return found


class _Told:
    """A model that is asked for intervals, and told of truths, in one call each."""

    def __init__(self, model, samples, truths, test, asked):
        self._model = model
        self._samples = samples
        self._truths = truths
        self._test = test
        self._asked = asked

    def tell(self, new):
        self._truths.tell(self._model, new)

    def intervals(self, which):
        return self._asked.of(self._samples, self._test[which])


class _Forecast:
    """A model whose forecasts do not change as truths arrive: they are all made at once."""

    def __init__(self, model, samples, truths, test, asked):
        self._model = model
        self._truths = truths
        self._coverages = asked.coverages
        self._which = np.union1d(test, truths.samples)
        forecasts = samples.predict(_OfForecasts(asked.model), self._which)
        self._values = forecasts[:, :-1]
        self._sizes = forecasts[:, -1]
        self._test = np.searchsorted(self._which, test)

    def tell(self, new):
        leads = np.arange(self._values.shape[1])
        for made, truth in self._truths.arrived(new):
            at = np.searchsorted(self._which, np.maximum(made, self._which[0]))
            missed = (truth - self._values[at, leads]) / self._sizes[at]
            innermost(self._model).learn(np.where(made < 0, np.nan, missed))

    def intervals(self, which):
        at = self._test[which]
        model = innermost(self._model)
        return model.intervals_around(self._values[at], self._sizes[at], self._coverages)


class _OfForecasts:
    """A fitted model's forecasts, and the size of errors at each, in one row."""

    def __init__(self, model):
        self.model = model

    def get_params(self, deep=True):
        """The parts of the model, which tell how far it looks back and ahead."""
        return {"model": self.model, **self.model.get_params(deep)}

    def predict(self, X):
        """Forecasts and sizes: (n, n_leads + 1)."""
        values, sizes = innermost(self.model).forecasts(before_last(self.model, X))
        return np.column_stack([values, sizes])


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
        self.of = samples
        self.n_leads = n_leads
        every = np.arange(len(samples))
        origin, newest = samples.shared()
        rows = samples.shared_rows(every, n_leads)
        self.truth = samples.truth(every, n_leads)
        later = (origin > origin[train].max())[:, None] | (rows > newest[train].max())
        new = np.flatnonzero(later & ~np.isnan(self.truth))
        self.order = new[np.argsort(rows.ravel()[new], kind="stable")]
        self.row = rows.ravel()[self.order]

    @property
    def samples(self):
        """Those that these truths are of."""
        return np.unique(self.order // self.n_leads)

    def known_at(self, moments):
        """At each moment the truths that became known since the one before."""
        return np.split(self.order, np.searchsorted(self.row, moments, side="right"))[:-1]

    def arrived(self, new):
        """(samples, truths), each (n, n_leads), of one origin after the other; NaN where unknown.

        The samples are those whose forecasts the truths are of.
        """
        which, y = self._table(new)
        origins = self.of.shared()[0][which]
        for origin in np.unique(origins):
            of_origin = origins == origin
            yield np.repeat(which[of_origin, None], self.n_leads, axis=1), y[of_origin]

    def _table(self, new):
        samples, leads = np.divmod(new, self.n_leads)
        which, position = np.unique(samples, return_inverse=True)
        y = np.full((len(which), self.n_leads), np.nan)
        y[position, leads] = self.truth[samples, leads]
        return which, y

    def tell(self, model, new):
        """Update a model by some truths."""
        which, y = self._table(new)
        X = self._windows(model, which)
        innermost(model).update(X, y if self.n_leads > 1 else y[:, 0])

    def _windows(self, model, which):
        return before_last(model, rows_of(self.of.X, which))


class _TruthsOfMadeWindows(_TruthsOfWindows):
    """The same of windows that a pipeline makes of rows."""

    def _windows(self, model, which):
        start = self.of.first_row(model, which)
        rows = np.arange(start, which.max() + 1)
        with warnings.catch_warnings():
            # The rows before those that count are there for the windows of these alone.
            warnings.simplefilter("ignore", LostRowsWarning)
            return before_last(model, rows_of(self.of.X, rows))[which - start]


class _TruthsOfRows(_TruthsOfWindows):
    """Rows with the series as y, for a model that makes the windows itself.

    In front of those that are new lie the rows that they are forecast from, without their truths.
    """

    def __init__(self, samples, train, n_leads):
        super().__init__(samples, train, 1)
        self.n_leads_made = n_leads
        self._fitted = samples.newest[train].max()

    @property
    def samples(self):
        """All rows behind the fitted ones, at each of which forecasts were made."""
        return np.flatnonzero(self.of.newest > self._fitted)

    def arrived(self, new):
        """(samples, truths), each (1, n_leads), of one row after the other; -1 where there is none.

        Each row is the truth of forecasts that rows before it have made.
        """
        rows = self.of.newest
        for sample in new:
            made = rows[sample] - np.arange(self.n_leads_made)
            at = np.minimum(np.searchsorted(rows, made), len(rows) - 1)
            there = (rows[at] == made) & (made > self._fitted)
            truth = np.full((1, self.n_leads_made), self.truth[sample, 0])
            yield np.where(there, at, -1)[None], truth

    def tell(self, model, new):
        """Update a model by some truths."""
        made_at = max(0, new.min() - self.n_leads_made + 1)
        start = self.of.first_row(model, np.array([made_at]))
        rows = np.arange(start, new.max() + 1)
        y = np.full(len(rows), np.nan)
        y[new - start] = self.truth[new, 0]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LostRowsWarning)
            innermost(model).update(before_last(model, rows_of(self.of.X, rows)), y)
