"""WindowScaler: every window by its own mean and deviation."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skrnn.wholly import wholly
from skrnn.windows.array import Windows
from skrnn.windows.form import Form, mean_deviation
from skrnn.windows.inputs import as_came, check_windows

SCALED = Form(centre="mean", scale="deviation")


class WindowScaler(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):
    """Scale every window by its own mean and standard deviation, feature by feature.

    It learns nothing from other windows, so it takes series of any level. Inside
    ``TransformedWindowRegressor`` the target is scaled by the mean and deviation of its own
    window's target column. A constant window becomes zeros.

    Attributes
    ----------
    n_features_in_ : int
        Number of features of a step (of columns, where windows came as (n, steps)).
    window_shape_ : tuple of int
        Steps and features of the windows seen in ``fit``.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import WindowScaler
    >>> WindowScaler().fit_transform(np.array([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0]]))
    array([[-1.22474487,  0.        ,  1.22474487],
           [ 0.        ,  0.        ,  0.        ]])
    """

    reads_sequences = True

    @wholly
    def fit(self, X: Any, y: Any = None) -> "WindowScaler":
        """Check the windows. Returns self."""
        check_windows(self, X, reset=True)
        return self

    def transform(self, X: Any) -> Any:
        """Scale every window; the result is of the kind that came, and ``Windows`` stay lazy."""
        check_is_fitted(self)
        windows = check_windows(self, X, reset=False)
        return as_came(windows.formed(SCALED), X)

    def relative_target(self, windows: Windows, y: np.ndarray, column: int) -> np.ndarray:
        """The target y (n, n_leads) in deviations from the mean of its window's target column."""
        mean, deviation = self._statistics(windows, column)
        return (y - mean) / deviation

    def absolute_target(self, windows: Windows, y: np.ndarray, column: int) -> np.ndarray:
        """Undo ``relative_target``."""
        mean, deviation = self._statistics(windows, column)
        return y * deviation + mean

    def set_output(self, *, transform: str | None = None) -> "WindowScaler":
        """Do nothing, as windows are no table; a pipeline calls this on all of its steps."""
        return self

    def _statistics(self, windows, column):
        feature = windows.feature(column)
        statistics = [mean_deviation(feature.take(batch)) for batch in feature.batches()]
        mean, deviation = zip(*statistics, strict=True)
        return np.concatenate(mean)[:, :, 0], np.concatenate(deviation)[:, :, 0]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.three_d_array = True
        return tags
