"""Inputs: windows and rows as users bring them, checked and named."""

import warnings

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_array

from skrnn.validation import (
    check_time_index,
    dimensions,
    index_of,
    numeric_values,
    series_to_frame,
    validate_data_of,
    without_mask,
)
from skrnn.windows.array import Windows


def check_rows(estimator, X, *, reset: bool):
    """A series (n_rows, n_features) as a numeric ndarray.

    Unknown values are NaN, infinite ones an error.
    """
    if isinstance(X, Windows) or dimensions(X) == 3:
        raise ValueError(
            f"{type(estimator).__name__} takes the rows of a series (2-D), got windows: put it "
            f"before them"
        )
    X = series_to_frame(X)
    check_time_index(X)
    return numeric_values(validate_data_of(estimator, X, reset=reset))


def check_windows(estimator, X, *, reset: bool, any_length: bool = False) -> Windows:
    """Windows of any kind as ``Windows``, with the estimator's ``n_features_in_`` and ``window_shape_``.

    ``any_length`` is for what acts on rows: the features alone are as in ``fit``.
    """
    name = type(estimator).__name__
    if isinstance(X, Windows):
        windows = X
        if not len(windows):
            raise ValueError(
                f"{name} needs at least 1 sample, got Windows with 0 samples (shape={X.shape})"
            )
        _check_feature_names(estimator, windows, reset=reset)
    elif dimensions(X) == 3:
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
    else:
        if reset and isinstance(index_of(X), pd.DatetimeIndex | pd.PeriodIndex):
            warnings.warn(
                f"{name} takes each row of this DataFrame as a window, and its columns as steps. If "
                f"they are the rows "
                f"of a series, put SlidingWindow before it: make_pipeline(SlidingWindow(), "
                f"{name}())",
                UserWarning,
                stacklevel=3,
            )
        X = validate_data_of(estimator, X, reset=reset)
        windows = Windows.from_array(numeric_values(X))
    if any_length:
        if windows.n_features != estimator.n_features_in_:
            raise ValueError(
                f"X must have {estimator.n_features_in_} features as {name} was fitted on, got "
                f"{windows.n_features}"
            )
    elif reset:
        estimator.window_shape_ = windows.shape[1:]
    elif windows.shape[1:] != estimator.window_shape_:
        fitted, came = estimator.window_shape_, windows.shape[1:]
        raise ValueError(
            f"X must have windows as {name} was fitted on, {fitted[0]} steps × {fitted[1]} "
            f"features, "
            f"got {came[0]} × {came[1]}"
        )
    return windows.trimmed()


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
            f"{', '.join(map(repr, fitted))}, "
            f"got {', '.join(map(repr, names))}"
        )
