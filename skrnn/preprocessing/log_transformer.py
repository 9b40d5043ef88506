"""LogTransformer: logarithms, and the powers beside them, of rows, windows and targets."""

import numbers
import warnings
from typing import Any

import numpy as np
from sklearn.base import OneToOneFeatureMixin
from sklearn.preprocessing import PowerTransformer
from sklearn.utils.validation import check_is_fitted

from skrnn.preprocessing.rows import RowTransformer, as_floats
from skrnn.validation import check_option
from skrnn.warn import warn
from skrnn.wholly import wholly
from skrnn.windows.array import Windows
from skrnn.windows.inputs import are_windows, as_came, check_rows, check_windows
from skrnn.windows.steps import value_parts

METHODS = ("log", "box-cox", "yeo-johnson")
# What inverses are clipped to: squares of it, which scores take, are finite too.
LARGEST = float(np.sqrt(np.finfo(np.float64).max))


class LogTransformer(OneToOneFeatureMixin, RowTransformer):
    """The logarithm of every column, or a power by which its values spread most evenly.

    Changes of logarithms are changes in percent: for series that grow by percentages, or whose
    season grows with their level. It takes rows, windows, sequences, and, inside
    ``TransformedWindowRegressor``, targets. On ``Windows`` it learns from the rows that these
    windows look at, never from others, and transforming is one pass over the rows. Unknown values
    (NaN) stay unknown and do not count.

    The logarithm is of values, not of changes. What centres windows comes behind it, or goes
    inside::

        TransformedWindowRegressor(
            TransformedWindowRegressor(LinearWindow(), SeasonalAnchor(24)), LogTransformer()
        )

    Parameters
    ----------
    method : {"log", "box-cox", "yeo-johnson"}, default="log"
        The natural logarithm, or scikit-learn's ``PowerTransformer``, which fits a power and
        standardizes. Of these "yeo-johnson" alone takes values of any sign.
    offset : "auto" or float, default="auto"
        What is added first. "auto" is 0, but for columns with zeros, where it is their smallest
        positive value (counts: 1), and for "yeo-johnson", which needs none.
    columns : str, int, list of these or callable, default=None
        The columns to transform, by name, position, or a callable such as scikit-learn's
        ``make_column_selector``; the others pass unchanged. None: all.

    Attributes
    ----------
    offsets_ : ndarray of shape (n_features,)
        What is added to each column.
    smallest_ : ndarray of shape (n_features,)
        The smallest value of each column in ``fit``, offset included. Later values without a
        logarithm count as this, with a warning.
    units_ : ndarray of shape (n_features,)
        What each column is divided by before its power: for "box-cox" the geometric mean, which
        changes nothing but that powers of it are no numbers too large; else 1.
    powers_ : list of PowerTransformer or None
        The fitted power of each column; None for logarithms, and for columns that pass unchanged:
        also those that are constant, or whose power cannot be undone in double precision.
    n_features_in_ : int
        Number of columns.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import LogTransformer
    >>> rows = np.array([[0.0], [1.0], [9.0]])
    >>> transformer = LogTransformer().fit(rows)
    >>> transformer.transform(rows).ravel()
    array([0.        , 0.69314718, 2.30258509])
    >>> transformer.inverse_transform(np.array([[np.log(5.0)]]))
    array([[4.]])
    """

    def __init__(self, method="log", *, offset="auto", columns=None):
        self.method = method
        self.offset = offset
        self.columns = columns

    @wholly
    def fit(self, X: Any, y: Any = None) -> "LogTransformer":
        """Learn the offset, and the power, of each column.

        Parameters
        ----------
        X : array-like (n_rows, n_features), Windows, or array (n_samples, steps, n_features)
            The series, or windows of it.
        y : ignored
            Present for the pipeline.

        Returns
        -------
        self : LogTransformer
        """
        check_option("method", self.method, METHODS)
        self._check_offset()
        values = self._values(X, reset=True)
        source = values if isinstance(values, Windows) else X
        self.columns_ = self._positions(source)
        if isinstance(values, Windows):
            values = np.concatenate(list(value_parts(values)))
        self.offsets_ = np.zeros(self.n_features_in_)
        self.smallest_ = np.full(self.n_features_in_, np.nan)
        self.units_ = np.ones(self.n_features_in_)
        self.powers_ = [None] * self.n_features_in_
        for column in self.columns_:
            self._fit_column(values[:, column].astype(np.float64), column)
        return self

    def transform(self, X: Any) -> Any:
        """Transform; the result is of the kind that came.

        Values that have no logarithm count as the smallest of ``fit``, with one warning.
        """
        check_is_fitted(self)
        values = self._values(X, reset=False)
        if not isinstance(values, Windows):
            self._warn_of(self._outside(values), "values")
            return self._like(X, self._rows(values, self._forward))
        outside = self._outside(values.rows)
        if outside.any():
            self._warn_of(outside & values.covered(), "values")
        return as_came(values.replace(rows=self._rows(values.rows, self._forward)), X)

    def inverse_transform(self, X: Any) -> Any:
        """Undo it; the result is of the kind that came.

        What would be infinite is the largest number, or the smallest, that can be calculated with.
        """
        check_is_fitted(self)
        values = self._values(X, reset=False)
        if not isinstance(values, Windows):
            return self._like(X, self._rows(values, self._backward))
        return as_came(values.replace(rows=self._rows(values.rows, self._backward)), X)

    def relative_target(self, windows: Windows, y: np.ndarray, column: int) -> np.ndarray:
        """The target y (n, n_leads), transformed as its column is."""
        if column not in self.columns_:
            return y
        self._warn_of(self._undefined(y + self.offsets_[column]), "targets")
        return self._forward(y, column)

    def absolute_target(self, windows: Windows, y: np.ndarray, column: int) -> np.ndarray:
        """Undo ``relative_target``; finite wherever y is."""
        return self._backward(y, column) if column in self.columns_ else y

    # ------------------------------------------------------------------ fitting

    def _check_offset(self):
        offset = self.offset
        if isinstance(offset, str) and offset == "auto":
            return
        number = isinstance(offset, numbers.Real) and not isinstance(offset, bool)
        if not number or not np.isfinite(offset):
            raise ValueError(f'offset must be "auto" or a finite number, got {offset!r}')

    def _values(self, X, *, reset):
        if not are_windows(X):
            return check_rows(self, X, reset=reset)
        windows = check_windows(self, X, reset=reset, any_length=True)
        if not windows.shares_rows:
            raise ValueError(
                "the logarithm is of values, and these windows are centred or scaled by "
                "themselves: take it first, as LogTransformer() before WindowScaler(), or as "
                "TransformedWindowRegressor(TransformedWindowRegressor(regressor, "
                "SeasonalAnchor(24)), LogTransformer())"
            )
        return windows

    def _fit_column(self, values, column):
        known = values[~np.isnan(values)]
        if not len(known):
            # It stays unknown.
            return
        self.offsets_[column] = self._offset_of(known, column)
        shifted = known + self.offsets_[column]
        self.smallest_[column] = shifted.min()
        if self.method == "log" or np.ptp(shifted) <= 1e-12 * np.abs(shifted).max():
            return
        if self.method == "box-cox":
            self.units_[column] = np.exp(np.log(shifted).mean())
        # Arrays inside, whatever scikit-learn's transform_output says of what comes out.
        power = PowerTransformer(self.method).set_output(transform="default")
        # Powers are sought that no number holds, which is no reason for warnings.
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.powers_[column] = power.fit(shifted[:, None] / self.units_[column])
            back = self._backward(self._forward(known, column), column)
        spread = np.ptp(known)
        least = 1e-6 * np.minimum(np.abs(known), spread) + 1e-12 * spread
        if not (np.abs(back - known) <= least).all():
            self.powers_[column] = None

    def _offset_of(self, known, column):
        smallest = known.min()
        offset = self.offset
        if offset == "auto":
            positive = known[known > 0]
            offset = 0.0
            if smallest == 0 and self.method != "yeo-johnson":
                offset = positive.min() if len(positive) else 1.0
        if self.method != "yeo-johnson" and smallest + offset <= 0:
            names = getattr(self, "feature_names_in_", range(self.n_features_in_))
            negative = "Negative values in data: " if smallest < 0 else ""
            raise ValueError(
                f"{negative}method={self.method!r} takes values above {0.0 - offset:g}, got "
                f"{smallest:g} in column {names[column]!r}: take the logarithm before what centres "
                'values (WindowScaler, SeriesScaler, Differencer), or use method="yeo-johnson", '
                "a larger offset, or columns= to leave this one out"
            )
        return float(offset)

    # ------------------------------------------------------------------ there and back

    def _rows(self, rows, function):
        out = as_floats(rows)
        limits = np.finfo(out.dtype)
        for column in self.columns_:
            values = function(rows[:, column].astype(np.float64), column)
            out[:, column] = np.clip(values, limits.min, limits.max)
        return out

    def _undefined(self, shifted):
        """Mask of the values that have no logarithm."""
        if self.method == "yeo-johnson":
            return np.zeros(np.shape(shifted), bool)
        return shifted <= 0

    def _outside(self, rows):
        """The same for rows, of which some columns are transformed."""
        outside = np.zeros(rows.shape, bool)
        shifted = rows[:, self.columns_] + self.offsets_[self.columns_]
        outside[:, self.columns_] = self._undefined(shifted)
        return outside

    def _warn_of(self, outside, what):
        if not outside.any():
            return
        warn(
            f"{int(outside.sum())} {what} have no logarithm, not even with the offset, and count "
            "as the smallest of the fit: pass a larger offset=, or use "
            'method="yeo-johnson"'
        )

    def _forward(self, values, column):
        shifted = values + self.offsets_[column]
        shifted = np.where(self._undefined(shifted), self.smallest_[column], shifted)
        if self.method == "log":
            return np.log(shifted)
        power = self.powers_[column]
        if power is None:
            return shifted
        with np.errstate(over="ignore"):
            return _finite(_of_column(power.transform, shifted / self.units_[column]))

    def _backward(self, values, column):
        power = self.powers_[column]
        with np.errstate(over="ignore"):
            if self.method == "log":
                shifted = np.exp(values)
            elif power is None:
                shifted = values
            else:
                shifted = self._unpowered(values, power) * self.units_[column]
        return _finite(shifted - self.offsets_[column])

    def _unpowered(self, values, power):
        """The way back; infinite, or the edge of what is defined, beyond what has one."""
        # Powers have none beyond the value at which what is raised would be negative.
        exponent = power.lambdas_[0]
        if self.method == "box-cox":
            beyond = 0.0 if exponent > 0 else np.inf
        else:
            beyond = np.inf if exponent < 0 else -np.inf
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            shifted = _of_column(power.inverse_transform, values)
        return np.where(np.isnan(shifted) & ~np.isnan(values), beyond, shifted)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = self.method != "yeo-johnson"
        return tags


def _finite(values):
    return np.clip(values, -LARGEST, LARGEST)


def _of_column(function, values):
    """A function of tables, of values of any shape."""
    return function(np.reshape(values, (-1, 1))).reshape(np.shape(values))
