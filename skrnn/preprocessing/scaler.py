"""SeriesScaler: every column to a common scale."""

import warnings
from typing import Any

import numpy as np
from sklearn.base import OneToOneFeatureMixin
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler
from sklearn.utils.validation import check_is_fitted

from skrnn.preprocessing.rows import RowTransformer
from skrnn.validation import check_option
from skrnn.wholly import wholly
from skrnn.windows.array import Windows
from skrnn.windows.inputs import are_windows, as_came, check_rows, check_windows

METHODS = {"standard": StandardScaler, "minmax": MinMaxScaler, "robust": RobustScaler}


class SeriesScaler(OneToOneFeatureMixin, RowTransformer):
    """Scale every column by its own statistics: rows, ``Windows``, arrays (n, steps, features).

    On ``Windows`` the statistics are those of the rows that these windows look at, never of others,
    and transforming is one pass over the rows, however many windows share them. Unknown values
    (NaN) stay unknown and do not count.

    Parameters
    ----------
    method : {"standard", "minmax", "robust"}, default="standard"
        Mean 0 and deviation 1, range 0 to 1, or median 0 and interquartile range 1: scikit-learn's
        ``StandardScaler``, ``MinMaxScaler`` or ``RobustScaler``.

    Attributes
    ----------
    scaler_ : estimator
        The fitted scikit-learn scaler.
    n_features_in_ : int
        Number of columns.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import SeriesScaler, make_windows
    >>> X, y = make_windows(np.arange(8.0), length=3)
    >>> scaled = SeriesScaler("minmax").fit(X[:2]).transform(X)
    >>> np.asarray(scaled)[[0, 4], :, 0]
    array([[0.        , 0.33333333, 0.66666667],
           [1.33333333, 1.66666667, 2.        ]])
    """

    def __init__(self, method="standard"):
        self.method = method

    @wholly
    def fit(self, X: Any, y: Any = None) -> "SeriesScaler":
        """Learn the statistics of each column.

        Parameters
        ----------
        X : array-like (n_rows, n_features), Windows, or array (n_samples, steps, n_features)
            The series, or windows of it.
        y : ignored
            Present for the pipeline.

        Returns
        -------
        self : SeriesScaler
        """
        kind = METHODS[check_option("method", self.method, METHODS)]
        values = self._values(X, reset=True)
        # Arrays inside, whatever scikit-learn's transform_output says of what comes out.
        scaler = kind().set_output(transform="default")
        # A column that is unknown throughout stays unknown: no reason for NumPy's warnings.
        with np.errstate(invalid="ignore"), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "All-NaN", RuntimeWarning)
            self.scaler_ = (
                _fitted(scaler, values) if isinstance(values, Windows) else scaler.fit(values)
            )
        return self

    def transform(self, X: Any) -> Any:
        """Scale; the result is of the kind that came."""
        return self._apply(X, "transform")

    def inverse_transform(self, X: Any) -> Any:
        """Undo the scaling; the result is of the kind that came."""
        return self._apply(X, "inverse_transform")

    def relative_target(self, windows: Windows, y: np.ndarray, column: int) -> np.ndarray:
        """The target y (n, n_leads), scaled as its column is."""
        return self._scale_target(y, column, "transform")

    def absolute_target(self, windows: Windows, y: np.ndarray, column: int) -> np.ndarray:
        """Undo ``relative_target``."""
        return self._scale_target(y, column, "inverse_transform")

    def _scale_target(self, y, column, method):
        origin, unit = self._origin_unit(method)
        return (y - origin[column]) / unit[column]

    def _values(self, X, *, reset):
        if are_windows(X):
            return check_windows(self, X, reset=reset, any_length=True)
        return check_rows(self, X, reset=reset)

    def _apply(self, X, method):
        check_is_fitted(self)
        values = self._values(X, reset=False)
        if not isinstance(values, Windows):
            return self._like(X, self._scale(values, method))
        if values.shares_rows:
            scaled = values.replace(rows=self._scale(values.rows, method))
        else:
            scaled = values.rescaled(*self._origin_unit(method))
        return as_came(scaled, X)

    def _scale(self, values, method):
        return getattr(self.scaler_, method)(values)

    def _origin_unit(self, method):
        """The origin and the unit of each column: scaled values are (x - origin) / unit."""
        scaler = self.scaler_
        unit = scaler.scale_
        if isinstance(scaler, MinMaxScaler):
            unit = 1 / scaler.scale_
            origin = -scaler.min_ * unit
        elif isinstance(scaler, RobustScaler):
            origin = scaler.center_
        else:
            origin = scaler.mean_
        if method == "inverse_transform":
            return -origin / unit, 1 / unit
        return origin, unit


def _fitted(scaler, windows):
    """The scaler, fitted on the values that the windows look at, and on no others."""
    if windows.shares_rows:
        covered = windows.covered()
        some = covered.any(axis=1)
        rows = windows.rows if some.all() else windows.rows[some]
        return scaler.fit(rows if covered[some].all() else np.where(covered[some], rows, np.nan))
    if hasattr(scaler, "partial_fit"):
        for batch in windows.batches():
            scaler.partial_fit(windows.take(batch).reshape(-1, windows.n_features))
        return scaler
    # Quantiles need the values side by side: those of as many windows, evenly spread, as one batch
    # holds.
    some = windows[:: sum(1 for _ in windows.batches())]
    return scaler.fit(some.take().reshape(-1, windows.n_features))
