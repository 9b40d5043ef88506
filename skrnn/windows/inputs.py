"""Inputs: windows and rows as users bring them, checked and named."""

import warnings

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.utils.validation import check_array

from skrnn.validation import (
    check_time_index,
    dimensions,
    index_of,
    is_frame,
    numeric_values,
    series_to_frame,
    validate_data_of,
    without_mask,
)
from skrnn.windows.array import Windows


def are_windows(X) -> bool:
    """Whether X is windows rather than the rows of a series."""
    if isinstance(X, Windows):
        return True
    # Series of different length, for which NumPy has no shape, are no windows.
    return not (isinstance(X, list | tuple) and _is_ragged(X)) and dimensions(X) == 3


def _is_ragged(X):
    return len({np.shape(table) for table in X if is_frame(table) or _is_table(table)}) > 1


def check_rows(estimator, X, *, reset: bool) -> np.ndarray:
    """A series (n_rows, n_features) as a numeric ndarray.

    Unknown values are NaN, infinite ones an error.
    """
    _check_one_series(estimator, X)
    if are_windows(X):
        raise ValueError(
            f"{type(estimator).__name__} takes the rows of a series (2-D), got windows: put it "
            "before them"
        )
    X = series_to_frame(X)
    check_time_index(X)
    return numeric_values(validate_data_of(estimator, X, reset=reset))


def _check_one_series(estimator, X):
    """Rows are those of one series: the series of a panel become windows first."""
    if isinstance(X, dict) and not issparse(X):
        came = f"a dict of {len(X)}"
        series = "list(X.values())"
    elif isinstance(X, list | tuple) and X and (is_frame(X[0]) or _is_table(X[0])):
        came = f"a {type(X).__name__} of {len(X)} tables"
        series = "X"
    else:
        return
    raise ValueError(
        f"{type(estimator).__name__} takes the rows of one series, got {came}: cut windows of the "
        f"series of a panel by make_windows({series}, length, horizon), and pass these on"
    )


def _is_table(X):
    return isinstance(X, np.ndarray) and X.ndim == 2


def check_windows(estimator, X, *, reset: bool, any_length: bool = False) -> Windows:
    """Windows of any kind as ``Windows``, of the features and the shape that ``fit`` saw.

    ``any_length`` is for what acts on rows: the features alone are as in ``fit``.
    """
    windows = _as_checked(estimator, X, reset=reset)
    _check_shape(estimator, windows, reset=reset, any_length=any_length)
    return windows.trimmed()


def _as_checked(estimator, X, *, reset):
    """Windows, tables of windows and arrays of them as ``Windows``."""
    name = type(estimator).__name__
    if isinstance(X, Windows):
        if not len(X):
            raise ValueError(
                f"{name} needs at least 1 sample, got Windows with 0 samples (shape={X.shape})"
            )
        _check_feature_names(estimator, X, reset=reset)
        return X
    if dimensions(X) == 3:
        X = check_array(
            without_mask(X),
            allow_nd=True,
            dtype="numeric",
            ensure_all_finite="allow-nan",
            estimator=estimator,
        )
        for axis, what in ((1, "step"), (2, "feature")):
            if X.shape[axis] == 0:
                raise ValueError(f"{name} needs at least 1 {what}, got 0 (shape={X.shape})")
        windows = Windows.from_array(numeric_values(X))
        _check_feature_names(estimator, windows, reset=reset)
        return windows
    if reset and isinstance(index_of(X), pd.DatetimeIndex | pd.PeriodIndex):
        warnings.warn(
            f"{name} takes each row of this DataFrame as a window, and its columns as steps. If "
            "they are the rows of a series, put SlidingWindow before it: "
            f"make_pipeline(SlidingWindow(), {name}())",
            UserWarning,
            stacklevel=4,
        )
    X = validate_data_of(estimator, X, reset=reset)
    return Windows.from_array(numeric_values(X))


def _check_shape(estimator, windows, *, reset, any_length):
    """Windows have the features, and mostly the steps, that ``fit`` saw."""
    name = type(estimator).__name__
    if any_length:
        if windows.n_features != estimator.n_features_in_:
            raise ValueError(
                f"X must have {estimator.n_features_in_} features as {name} was fitted on, got "
                f"{windows.n_features}"
            )
    elif reset:
        estimator.window_shape_ = windows.shape[1:]
    elif windows.shape[1:] != estimator.window_shape_:
        steps, features = estimator.window_shape_
        raise ValueError(
            f"X must have windows as {name} was fitted on, {steps} steps × {features} features, "
            f"got {windows.length} × {windows.n_features}"
        )


def _check_feature_names(estimator, windows, *, reset):
    """scikit-learn's habit for tables, for ``Windows``.

    Names seen in ``fit`` are the names of ``predict``.
    """
    names = windows.feature_names
    if reset:
        estimator.n_features_in_ = windows.n_features
        vars(estimator).pop("feature_names_in_", None)
        if names is not None and all(isinstance(name, str) for name in names):
            estimator.feature_names_in_ = np.array(names, dtype=object)
        return
    fitted = getattr(estimator, "feature_names_in_", None)
    if fitted is not None and names is not None and list(names) != list(fitted):
        raise ValueError(
            f"X must have the columns that {type(estimator).__name__} was fitted on, "
            f"{', '.join(map(repr, fitted))}, got {', '.join(map(repr, names))}"
        )
