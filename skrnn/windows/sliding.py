"""SlidingWindow: rows in, one window a row out."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skrnn.validation import check_count, check_option, column_positions, index_of
from skrnn.wholly import wholly
from skrnn.windows.array import Windows
from skrnn.windows.context import CONTEXTS, Context, GridRows, lay_rows
from skrnn.windows.inputs import check_rows
from skrnn.windows.lost import check_same_index, warn_of_lost_rows, warn_of_unknown_future


class SlidingWindow(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):
    """Turn the rows of a series into windows, one for every row.

    Row ``t`` of the output is the window that *ends at row t − lead*: a model fitted on it with the
    series itself as ``y`` forecasts every row from what was known ``lead`` rows earlier. Nothing
    needs shifting, and no label reaches past its own row, so that ``TimeSeriesSplit()`` keeps
    training labels out of the test rows. ::

        rows      ... t-d-2r  t-d-r   t-d  ........   t
        window        [ s0      s1     s2 ]           y      length=3, sampling_rate=r, lead=d

    Parameters
    ----------
    length : int, default=24
        Steps in a window.
    lead : int, default=1
        How many rows ahead of the window's last step the row itself lies.
    sampling_rate : int, default=1
        Rows between two steps of a window.
    known_ahead : str, int, list of these or callable, default=None
        Columns whose future is known (a calendar, a price list), by name, position, or a callable
        such as scikit-learn's ``make_column_selector``: their part of the window ends at row t
        itself.
    context : {"auto", "carry", "none"}, default="auto"
        Whether ``transform`` puts the last fitted rows in front of new ones, so that their first
        windows are complete. "auto" does so where the index proves that the new rows continue the
        fitted ones or start among them; "carry" is your word that they follow, for arrays; "none"
        never does.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen in ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns seen in ``fit``, where it was a DataFrame.
    known_ahead_ : ndarray of int
        Positions of the columns that are known ahead.
    context_ : Context
        The rows that ``transform`` may put in front of new ones.

    Notes
    -----
    Steps before the first row, missing rows of a regular index, and NaN are unknown. skrnn's
    estimators leave windows with unknown steps out of ``fit`` and fill them from the window's own
    known steps in ``predict``.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import SlidingWindow
    >>> rows = np.arange(5.0)[:, None]
    >>> windows = SlidingWindow(length=2, lead=1).fit_transform(rows)
    >>> np.asarray(windows)[:, :, 0]
    array([[nan, nan],
           [nan,  0.],
           [ 0.,  1.],
           [ 1.,  2.],
           [ 2.,  3.]])
    """

    def __init__(self, length=24, lead=1, *, sampling_rate=1, known_ahead=None, context="auto"):
        self.length = length
        self.lead = lead
        self.sampling_rate = sampling_rate
        self.known_ahead = known_ahead
        self.context = context

    @wholly
    def fit(self, X: Any, y: Any = None) -> "SlidingWindow":
        """Remember the last rows, for the windows of rows that follow.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            The series.
        y : array-like of shape (n_rows,), default=None
            The target, which no window may know; nothing is learned from it.

        Returns
        -------
        self : SlidingWindow
        """
        self._fit(X, y)
        return self

    @wholly
    def fit_transform(self, X: Any, y: Any = None) -> Windows:
        """Fit, and return the windows of the same rows (which have no rows before them)."""
        values = self._fit(X, y)
        return self._windows(X, lay_rows(values, index_of(X), self._reach()))

    def transform(self, X: Any) -> Windows:
        """The window of every row.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows of the series.

        Returns
        -------
        windows : Windows of shape (n_rows, length, n_features)
        """
        check_is_fitted(self)
        values = check_rows(self, X, reset=False)
        index = index_of(X)
        names = getattr(self, "feature_names_in_", None)
        warn_of_unknown_future(values, self.known_ahead_, names, index)
        windows = self._windows(X, self.context_.lay(values, index, self.context))
        if self.context != "none" and not self.context_.begins_there(values, index):
            warn_of_lost_rows(~windows.known(), index, self.context_)
        return windows

    def set_output(self, *, transform: str | None = None) -> "SlidingWindow":
        """Do nothing, as windows are no table; a pipeline calls this on all of its steps."""
        return self

    def _fit(self, X, y):
        length = check_count("length", self.length)
        check_count("lead", self.lead)
        rate = check_count("sampling_rate", self.sampling_rate)
        check_option("context", self.context, CONTEXTS)
        values = check_rows(self, X, reset=True)
        check_same_index(X, y)
        check_enough_rows(len(values), length, rate)
        self.known_ahead_ = column_positions(self.known_ahead, X, argument="known_ahead")
        for column in self.known_ahead_:
            if _says_the_same(values[:, column], np.asarray(y)):
                raise ValueError(
                    f"known_ahead={self.known_ahead!r} names the target y itself: take it out"
                )
        self.context_ = Context.of(values, index_of(X), self._reach())
        return values

    def _reach(self):
        return (self.length - 1) * self.sampling_rate + self.lead

    def _windows(self, X, grid: GridRows) -> Windows:
        shift = np.zeros(self.n_features_in_, np.int64)
        shift[self.known_ahead_] = self.lead
        return Windows(
            grid.rows,
            grid.where - self.lead,
            length=self.length,
            sampling_rate=self.sampling_rate,
            leads=(self.lead,),
            shift=shift,
            feature_names=getattr(self, "feature_names_in_", None),
            jumps=grid.jumps,
            labels=index_of(X),
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _says_the_same(values, y):
    """Whether a column is the target itself; of labels, under whatever name each goes."""
    if y.shape != values.shape:
        return False
    if y.dtype.kind == "f":
        return np.array_equal(values, y, equal_nan=True)
    ours, names = pd.factorize(values)
    return len(names) > 1 and np.array_equal(ours, pd.factorize(y)[0])


def check_enough_rows(n_rows: int, length: int, rate: int, lead: int = 0) -> None:
    """There are rows for at least one window, and for its target ``lead`` rows ahead."""
    needed = (length - 1) * rate + 1 + lead
    if n_rows < needed:
        ahead = f" and a lead of {lead}" if lead else ""
        raise ValueError(
            f"length={length} with sampling_rate={rate}{ahead} needs {needed} rows, got {n_rows}: "
            "pass a longer series or a smaller window"
        )
