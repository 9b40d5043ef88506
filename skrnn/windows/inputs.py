"""Inputs: windows and rows as users bring them, checked and named."""

from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
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
from skrnn.warn import warn
from skrnn.windows.array import Windows
from skrnn.windows.sequences import are_sequences, sequences_of


def are_windows(X) -> bool:
    """Whether X is windows, or sequences, rather than the rows of a series."""
    return isinstance(X, Windows) or are_sequences(X) or dimensions(X) == 3


def as_windows(X) -> Windows:
    """Windows of any kind, and sequences, as ``Windows``."""
    if isinstance(X, Windows):
        return X
    return sequences_of(X) if are_sequences(X) else Windows.from_array(X)


def as_came(windows: Windows, X) -> Any:
    """Transformed windows as the kind of array that X is; sequences come as ``Windows``."""
    if isinstance(X, Windows) or are_sequences(X):
        return windows
    steps = windows.take()
    return steps[:, :, 0] if dimensions(X) == 2 else steps


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
    elif are_sequences(X) and dimensions(X[0]) == 2:
        came = f"a {type(X).__name__} of {len(X)} tables"
        series = "X"
    else:
        return
    raise ValueError(
        f"{type(estimator).__name__} takes the rows of one series, got {came}: cut windows of the "
        f"series of a panel by make_windows({series}, length, horizon), and pass these on"
    )


def _on_rows(estimator):
    """How an estimator takes the rows of a series."""
    name = type(estimator).__name__
    if getattr(estimator, "is_around_pipelines", False):
        return f"{name}(make_pipeline(SlidingWindow(), …))"
    around = "…" if hasattr(estimator, "inner_model") else ""
    return f"make_pipeline(SlidingWindow(), {name}({around}))"


def check_windows(estimator, X, *, reset: bool, any_length: bool = False) -> Windows:
    """Windows of any kind as ``Windows``, of the features and the shape that ``fit`` saw.

    ``any_length`` is for what acts on rows: the features alone are as in ``fit``. Sequences are
    taken by it, and by an estimator that ``reads_sequences``; their features alone are as in
    ``fit``.
    """
    windows = _as_checked(estimator, X, reset=reset)
    reads_sequences = any_length or getattr(estimator, "reads_sequences", False)
    if windows.lengths is not None and not reads_sequences:
        windows = _of_one_length(estimator, windows)
    _check_shape(estimator, windows, reset=reset, any_length=any_length)
    # An array is all windows: there are no rows behind them.
    return windows.trimmed() if windows is X else windows


def _of_one_length(estimator, windows):
    """Sequences as windows, whose steps are all there."""
    shortest = int(windows.lengths.min())
    if shortest == windows.length:
        return windows.replace(lengths=None)
    raise ValueError(
        f"{type(estimator).__name__} reads windows of one length, got sequences of {shortest} to "
        f"{windows.length} steps: cut them (LastSteps({shortest})), flatten them (FlattenWindows), "
        'or use recurrent networks, or convolutional and dense ones with pooling="average" or '
        '"max"'
    )


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
    if are_sequences(X):
        windows = sequences_of(X)
        _check_feature_names(estimator, windows, reset=reset)
        return windows
    if dimensions(X) > 3:
        raise ValueError(
            f"{name} takes windows (n, steps, features) or (n, steps), got an array of shape "
            f"{np.shape(X)}"
        )
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
        warn(
            f"{name} takes each row of this DataFrame as a window, and its columns as steps. If "
            f"they are the rows of a series, put SlidingWindow before it: {_on_rows(estimator)}"
        )
    # After sequences, the columns of an array are steps of one feature.
    own = getattr(estimator, "window_shape_", (0,))[0] is not None
    if not own and not reset and np.ndim(X) == 2 and np.shape(X)[1] == 1 < len(X):
        raise ValueError(
            f"{name} takes a list of sequences, got an array of shape {np.shape(X)}: pass one "
            "sequence as [X]"
        )
    X = validate_data_of(estimator if reset or own else _Anything(), X, reset=reset or not own)
    return Windows.from_array(numeric_values(X))


class _Anything(BaseEstimator):
    """What has seen nothing, to which scikit-learn compares nothing."""


def _check_shape(estimator, windows, *, reset, any_length):
    """Windows have the features, and mostly the steps, that ``fit`` saw."""
    name = type(estimator).__name__
    if any_length:
        if windows.n_features != estimator.n_features_in_:
            raise ValueError(
                f"X must have {estimator.n_features_in_} features as {name} was fitted on, got "
                f"{windows.n_features}"
            )
        return
    # Sequences have no steps in common.
    steps = windows.length if windows.lengths is None else None
    if reset:
        estimator.window_shape_ = (steps, windows.n_features)
        return
    fitted, features = estimator.window_shape_
    if windows.n_features != features or (steps != fitted and None not in (steps, fitted)):
        expected = f"{fitted} steps × {features} features"
        if fitted is None:
            expected = f"{features} features a step"
        raise ValueError(
            f"X must have windows as {name} was fitted on, {expected}, "
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
