"""Differencer: the change since some rows ago, and the way back."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import OneToOneFeatureMixin
from sklearn.utils.validation import check_is_fitted

from skrnn.preprocessing.rows import RowTransformer, as_floats
from skrnn.validation import check_counts, check_option, index_of
from skrnn.wholly import wholly
from skrnn.windows.array import Windows
from skrnn.windows.context import CONTEXTS, Context, lay_rows
from skrnn.windows.filling import filled_steps_of
from skrnn.windows.inputs import are_windows, as_came, check_rows, check_windows
from skrnn.windows.leads import leads_of


class Differencer(OneToOneFeatureMixin, RowTransformer):
    """Difference every column by one or several lags, applied in turn.

    On rows, ``x[t] - x[t - lag]``, unknown (NaN) where the lag reaches before the first row. On
    windows, the same inside each window, which gets shorter by the sum of the lags. Inside
    ``TransformedWindowRegressor`` it expresses the target relative to its own window: lead h
    against the newest known value of the same season, h − lag·⌈h/lag⌉.

    Parameters
    ----------
    lags : int or tuple of int, default=1
        Rows to look back; several are applied in turn, such as 1 and a season: ``(1, 24)``.
    columns : str, int, list of these or callable, default=None
        The columns to difference, by name, position, or a callable such as scikit-learn's
        ``make_column_selector``; the others pass unchanged. None: all.
    context : {"auto", "carry", "none"}, default="auto"
        Whether ``transform`` looks back into the last fitted rows for new ones: where the index
        proves that they follow, on your word, or never. See ``SlidingWindow``.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns.
    context_ : Context
        The last fitted rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import Differencer
    >>> rows = np.array([[1.0], [4.0], [9.0], [16.0]])
    >>> differencer = Differencer(1).fit(rows)
    >>> differencer.transform(rows).ravel()
    array([nan,  3.,  5.,  7.])
    >>> differencer.inverse_transform(np.array([[9.0], [11.0]])).ravel()
    array([25., 36.])
    """

    # Each lead is related to rows of its own phase.
    knows_seasons = True

    def __init__(self, lags=1, *, columns=None, context="auto"):
        self.lags = lags
        self.columns = columns
        self.context = context

    @wholly
    def fit(self, X: Any, y: Any = None) -> "Differencer":
        """Remember the first and the last rows, for the way back.

        Parameters
        ----------
        X : array-like (n_rows, n_features), Windows, or array (n_samples, steps, n_features)
            The series, or windows of it.
        y : ignored
            Present for the pipeline.

        Returns
        -------
        self : Differencer
        """
        self.lags_ = check_counts("lags", self.lags)
        if not self.lags_:
            raise ValueError(f"lags must name at least one row back, got {self.lags!r}")
        check_option("context", self.context, CONTEXTS)
        # Windows have no rows of an earlier fit behind them.
        for name in ("context_", "head_"):
            vars(self).pop(name, None)
        if are_windows(X):
            windows = check_windows(self, X, reset=True, any_length=True)
            self.columns_ = self._positions(windows)
            self._steps_lost(windows)
            return self
        values = check_rows(self, X, reset=True)
        self.columns_ = self._positions(X)
        index = index_of(X)
        self.context_ = Context.of(values, index, self._reach)
        self.head_ = np.array(lay_rows(values, index, self._reach).rows[: self._reach])
        return self

    def transform(self, X: Any) -> Any:
        """Difference; the result is of the kind that came."""
        check_is_fitted(self)
        if are_windows(X):
            windows = check_windows(self, X, reset=False, any_length=True)
            return as_came(self._windows(windows), X)
        values = check_rows(self, X, reset=False)
        self._check_fitted_on_rows()
        grid = self.context_.lay(values, index_of(X), self.context)
        return self._like(X, self._difference(grid.rows)[grid.where])

    @wholly
    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """Fit, and difference the same data (which has no rows before it)."""
        self.fit(X, y)
        if are_windows(X):
            return self.transform(X)
        grid = lay_rows(check_rows(self, X, reset=False), index_of(X), self._reach)
        return self._like(X, self._difference(grid.rows)[grid.where])

    def inverse_transform(self, X: Any) -> Any:
        """Undo the differences of rows: of the fitted ones, or of rows that follow them.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Differences. If they carry the first fitted label (or, without an index, if the first
            rows are unknown), they begin where ``fit`` began, and the fitted values are restored;
            otherwise they continue the series behind the fitted rows.

        Returns
        -------
        rows : of the kind that came
        """
        check_is_fitted(self)
        values = check_rows(self, X, reset=False)
        self._check_fitted_on_rows()
        index = index_of(X)
        if self._begins_at_head(index, values):
            grid = lay_rows(values, index, self._reach, self.context_.clock)
            rows = as_floats(grid.rows)
            head = self.head_[: len(rows)]
            rows[: len(head), self.columns_] = head[:, self.columns_]
            behind = len(head)
        else:
            grid = self.context_.lay(values, index, "carry")
            rows = as_floats(grid.rows)
            behind = grid.where[0]
            if behind < self._reach:
                raise self._out_of_place(index)
        rows[behind:] = self._integrate(rows[behind:], rows[:behind])
        return self._like(X, rows[grid.where])

    # ------------------------------------------------------------------ against a window

    def relative_target(self, windows: Windows, y: np.ndarray, column: int) -> np.ndarray:
        """The target y (n, n_leads) as its change since what the window's target column knows."""
        return y - self._reference(windows, y.shape[1], column)

    def absolute_target(self, windows: Windows, y: np.ndarray, column: int) -> np.ndarray:
        """Undo ``relative_target``."""
        return y + self._reference(windows, y.shape[1], column)

    def _reference(self, windows, n_outputs, column):
        """The forecast of which all coming differences are zero: a mix of the newest steps."""
        if column not in self.columns_:
            return np.zeros((len(windows), n_outputs))
        rate = windows.sampling_rate
        lost = self._steps_lost(windows)
        leads = leads_of(windows, n_outputs)
        if (leads % rate).any():
            raise ValueError(
                f"leads must be multiples of sampling_rate={rate} for differences against the "
                f"window, got {leads.tolist()}"
            )
        mix = zero_difference_forecast([lag // rate for lag in self.lags_], leads // rate)
        # Of a long season only the steps that leads refer to are looked at.
        looked_at = np.flatnonzero(mix.any(axis=1)) + 1 - lost
        steps = filled_steps_of(windows, column, looked_at)
        return steps @ mix[looked_at - 1 + lost]

    # ------------------------------------------------------------------ the arithmetic

    @property
    def _reach(self):
        return sum(self.lags_)

    def _difference(self, rows):
        out = as_floats(rows)
        values = out[:, self.columns_]
        for lag in self.lags_:
            change = np.full_like(values, np.nan)
            change[lag:] = values[lag:] - values[:-lag]
            values = change
        out[:, self.columns_] = values
        return out

    def _integrate(self, changes, before):
        """Sum up differences (n, n_features) behind the rows ``before``."""
        if not len(changes):
            return changes
        levels = [before[-self._reach :, self.columns_]]
        for lag in self.lags_[:-1]:
            levels.append(levels[-1][lag:] - levels[-1][:-lag])
        out = changes.copy()
        values = changes[:, self.columns_]
        for lag, level in zip(reversed(self.lags_), reversed(levels), strict=True):
            values = _running_sum(values, level[-lag:], lag)
        out[:, self.columns_] = values
        return out

    def _begins_at_head(self, index, values):
        """Whether differences begin where ``fit`` began.

        An error where they begin neither there nor behind the end.
        """
        if len(self.head_) < self._reach:
            raise ValueError(
                f"lags={self.lags} need {self._reach} fitted rows to go back from, got "
                f"{len(self.head_)}"
            )
        if index is None or self.context_.first_label is None:
            return self._begin_unknown(values)
        ahead = self.context_.rows_ahead(index)
        if index[0] == self.context_.first_label:
            return True
        if ahead not in (None, 1):
            raise self._out_of_place(index)
        if ahead is None and self._begin_unknown(values):
            raise ValueError(
                f"differences behind the fitted rows must begin with known values to be undone, "
                f'got NaN at {index[0]}: transform these rows with context="carry", which looks '
                "back into the fitted ones where the index has no regular step to prove it"
            )
        return False

    def _begin_unknown(self, values):
        """Whether the first differences are as unknown as those of the first fitted rows."""
        return bool(np.isnan(values[: self._reach][:, self.columns_]).all())

    def _out_of_place(self, index):
        return ValueError(
            f"differences must begin at the first fitted row, {self.context_.first_label}, or "
            f"right behind the last, {self.context_.index[-1]}, to be undone; got {index[0]}"
        )

    def _windows(self, windows):
        lost = self._steps_lost(windows)
        rows = self._difference(windows.rows)
        age = np.arange(len(rows)) - np.repeat(windows.bounds[:-1], np.diff(windows.bounds))
        # No difference reaches into the series before.
        rows[np.ix_(age < self._reach, self.columns_)] = np.nan
        lengths = None if windows.lengths is None else windows.lengths - lost
        return windows.replace(rows=rows, length=windows.length - lost, lengths=lengths)

    def _steps_lost(self, windows):
        if not windows.shares_rows:
            raise ValueError("Differencer looks at rows: put it before WindowScaler, not behind it")
        rate = windows.sampling_rate
        if any(lag % rate for lag in self.lags_):
            raise ValueError(
                f"lags must be multiples of the windows' sampling_rate={rate}, got lags={self.lags}"
            )
        lost = self._reach // rate
        shortest = int(windows.steps_there().min())
        if lost >= shortest:
            raise ValueError(
                f"lags={self.lags} leave nothing of windows of {shortest} steps: they need "
                f"at least {lost + 1}"
            )
        return lost

    def _check_fitted_on_rows(self):
        if not hasattr(self, "context_"):
            raise ValueError(
                "this Differencer was fitted on windows: fit it on rows to transform rows"
            )


def zero_difference_forecast(lags: Sequence[int], leads: np.ndarray) -> np.ndarray:
    """Weights (sum(lags), n_leads) of the newest values in the forecast whose differences are zero.

    Oldest first. With Π(1 − B^lag) x = 0, every coming value is a fixed mix of those before it; one
    lag gives x[h − lag·⌈h/lag⌉].
    """
    filter_ = np.ones(1)
    for lag in lags:
        filter_ = np.convolve(filter_, np.concatenate([[1.0], np.zeros(lag - 1), [-1.0]]))
    n = sum(lags)
    taps = np.flatnonzero(filter_)[1:].tolist()
    # A coming value is a mix of few: {position of a known value: its weight}.
    values = [{known: 1.0} for known in range(n)]
    for h in range(n, n + max(leads)):
        values.append(Counter())
        for tap in taps:
            for known, weight in values[h - tap].items():
                values[h][known] -= filter_[tap] * weight
    mix = np.zeros((n, len(leads)))
    for column, lead in enumerate(leads):
        for known, weight in values[n - 1 + lead].items():
            mix[known, column] = weight
    return mix


def _running_sum(changes, start, lag):
    """The rows x with x[t] - x[t - lag] = changes[t], behind the ``lag`` rows ``start``."""
    n = len(changes)
    padded = np.zeros((-(-n // lag) * lag, changes.shape[1]), changes.dtype)
    padded[:n] = changes
    steps = np.concatenate([start[None], padded.reshape(-1, lag, changes.shape[1])])
    return steps.cumsum(axis=0, dtype=np.float64)[1:].reshape(-1, changes.shape[1])[:n]
