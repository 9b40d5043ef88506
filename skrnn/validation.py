"""Checks of what users bring: each names the argument, what is required, what came, the remedy."""

import difflib
import math
import numbers
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, is_classifier
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import check_array, validate_data

# As many numbers are looked at at once: what is found of them stays in the cache.
IN_CACHE = 1 << 17


class DivergenceError(ValueError):
    """What was learned or forecast has become infinite: data or settings do not suit the model."""


def check_count(name: str, value: Any, *, minimum: int = 1) -> int:
    """A whole number of at least ``minimum``."""
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool | np.bool_)
    if not whole or value < minimum:
        kind = f"a whole number of at least {minimum}"
        if minimum == 1:
            kind = "a positive whole number"
        raise ValueError(f"{name} must be {kind}, got {value!r}")
    return int(value)


def check_counts(name: str, values: Any, *, minimum: int = 1) -> tuple[int, ...]:
    """One whole number or several, as a tuple."""
    if values is None or isinstance(values, numbers.Number | str):
        values = (values,)
    return tuple(check_count(name, value, minimum=minimum) for value in values)


def check_each(name: str, values: Any, n: int) -> tuple[int, ...]:
    """A whole number for each of ``n`` layers, or one for all of them."""
    values = check_counts(name, values)
    if len(values) not in (1, n):
        raise ValueError(
            f"{name} must be one number or one for each of {n} layers, got {len(values)}"
        )
    return values * n if len(values) == 1 else values


def check_option(name: str, value: Any, options: Iterable[str]) -> str:
    """One of a few words."""
    if not isinstance(value, str) or value not in options:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, options))}, got {value!r}")
    return value


def check_flag(name: str, value: Any) -> bool:
    """True or False: of anything else nobody knows what it is to say."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def check_positive(name: str, value: Any) -> float:
    """A finite number above 0."""
    number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not number or not 0 < value < np.inf:
        raise ValueError(f"{name} must be above 0, got {value!r}")
    return float(value)


def check_share(name: str, value: Any, *, positive: bool = False) -> float:
    """A number of at least 0 and below 1 (``positive``: above 0)."""
    number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not number or not 0 <= value < 1 or (positive and value == 0):
        raise ValueError(
            f"{name} must be {'above' if positive else 'at least'} 0 and below 1, got {value!r}"
        )
    return float(value)


def shares_in(values: Any) -> tuple[float, ...] | None:
    """Numbers above 0 and below 1, one or several; None of anything else, or of none."""
    if getattr(values, "shape", None) == ():
        values = values.item()
    shares = [values] if isinstance(values, numbers.Number) else values
    if isinstance(shares, str | bytes) or not np.iterable(shares):
        return None
    shares = list(shares)
    return tuple(map(float, shares)) if shares and all(map(_is_share, shares)) else None


def _is_share(value):
    number = isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_)
    return number and 0 < value < 1


def validate_data_of(estimator: BaseEstimator, X: Any, *, reset: bool) -> np.ndarray:
    """scikit-learn's own validation, after a look at the columns that it would not name."""
    check_columns_numeric(X)
    if getattr(X, "shape", ())[1:] == (0,):
        # Of a frame it says nothing of columns.
        raise ValueError(
            f"Found array with 0 feature(s) (shape={X.shape}) while a minimum of 1 is required by "
            f"{type(estimator).__name__}."
        )
    X = without_mask(X)
    if isinstance(X, pd.DataFrame) and "O" in X.dtypes.to_list():
        # Beside nullable columns scikit-learn 1.7 would leave objects as they are.
        X = X.astype(float)
    X = validate_data(estimator, X, reset=reset, dtype="numeric", ensure_all_finite=False)
    if X.dtype.kind == "f" and _has_infinite(X):
        name = type(estimator).__name__
        assert_all_finite(X, allow_nan=True, estimator_name=name, input_name="X")
    return X


def _has_infinite(values):
    """Whether any value is infinite: where some are NaN, scikit-learn would look twice."""
    flat = values.ravel(order="K")
    pieces = (flat[start : start + IN_CACHE] for start in range(0, len(flat), IN_CACHE))
    return any(not surely_finite(piece) and np.isinf(piece).any() for piece in pieces)


@np.errstate(over="ignore", invalid="ignore")
def surely_finite(values: np.ndarray) -> bool:
    """Whether values (n,) are all finite, as their sum tells at a glance.

    False also where that overflows.
    """
    return math.isfinite(np.add.reduce(values))


def numeric_values(values: np.ndarray) -> np.ndarray:
    """Booleans as float32; other numbers as they are."""
    return values.astype(np.float32) if values.dtype.kind == "b" else values


def check_columns_numeric(X: Any) -> None:
    """Every column of a DataFrame is a number or a truth value."""
    if not is_frame(X):
        return
    X = as_frame(X)
    if all(isinstance(dtype, np.dtype) and dtype.kind in "fiub" for dtype in X.dtypes):
        return
    bad = [f"{name!r} ({column.dtype})" for name, column in X.items() if not _is_numeric(column)]
    if bad:
        raise ValueError(
            f"columns must be numeric, got {', '.join(bad)}: encode these columns or drop them"
        )


def _is_numeric(column):
    if column.dtype != object:
        return pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(
            column.dtype
        )
    try:
        column.astype(float)
    except (TypeError, ValueError):
        return False
    return True


def index_of(X: Any) -> pd.Index | None:
    """The index of a DataFrame or Series, times as pandas counts them; None for anything else."""
    if not isinstance(X, pd.DataFrame | pd.Series):
        return None
    if isinstance(X.index.dtype, pd.ArrowDtype) and X.index.dtype.kind in "Mm":
        kind = pd.DatetimeIndex if X.index.dtype.kind == "M" else pd.TimedeltaIndex
        return kind(X.index)
    return X.index


def without_mask(X: Any) -> Any:
    """A masked array with its masked values unknown (NaN); anything else as it is."""
    if not isinstance(X, np.ma.MaskedArray):
        return X
    return X.astype(np.result_type(X.dtype, np.float32)).filled(np.nan)


def check_time_index(X: Any) -> None:
    """The time index of a DataFrame goes up, without duplicates."""
    index = index_of(X)
    if not isinstance(index, pd.DatetimeIndex | pd.PeriodIndex | pd.TimedeltaIndex):
        return
    if not isinstance(index, pd.PeriodIndex) and index.freq is not None and index.freq.n > 0:
        # pandas vouches for it.
        return
    if index.is_monotonic_increasing and index.is_unique and not index.hasnans:
        return
    if index.hasnans:
        raise ValueError("the time index has missing labels (NaT): drop these rows")
    if index.has_duplicates:
        label = index[index.duplicated()][0]
        raise ValueError(
            f"the time index must not have duplicates, {label} comes more than once: "
            "aggregate these rows or drop them, e.g. X[~X.index.duplicated()]"
        )
    if not index.is_monotonic_increasing:
        raise ValueError("the time index must be sorted, oldest row first: use X.sort_index()")


def check_target_values(estimator: BaseEstimator, y: Any, n: int) -> np.ndarray:
    """The target y as floats (n,) or (n, n_outputs).

    Unknown targets are NaN, infinite ones an error.
    """
    if y is None:
        raise ValueError(
            f"{type(estimator).__name__} requires y to be passed, but the target y is None"
        )
    if isinstance(y, pd.DataFrame | pd.Series):
        y = _numbers_of(y)
    y = check_array(
        without_mask(y),
        ensure_2d=False,
        allow_nd=True,
        dtype=np.float64,
        ensure_all_finite="allow-nan",
        input_name="y",
        ensure_min_samples=0,
    )
    if y.ndim not in (1, 2):
        raise ValueError(f"y must be (n,) or (n, n_outputs), got shape {y.shape}")
    if len(y) != n:
        raise ValueError(
            f"X and y must have the same number of samples, got {n} in X and {len(y)} in y"
        )
    return y


def _numbers_of(y):
    """The values of a column or table of targets, unknown ones as NaN."""
    if np.iscomplexobj(y):
        return y.to_numpy()
    try:
        return y.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"y must hold numbers ({error}): convert it, or leave out what is none"
        ) from None


def check_forecasts_numbers(name: str, estimator: Any) -> None:
    """An estimator that predicts, and no classifier."""
    if isinstance(estimator, type):
        raise ValueError(
            f"{name} must be an estimator that predicts, got the class {estimator.__name__}: add ()"
        )
    if not hasattr(estimator, "predict"):
        raise ValueError(f"{name} must be an estimator that predicts, got {estimator!r:.50}")
    if is_classifier(estimator):
        raise ValueError(
            f"{name} must forecast numbers, got the classifier {type(estimator).__name__}: use "
            "cross_val_score(…, cv=TimeSeriesSplit()), or cross_val_predict for its probabilities"
        )


def check_weights(sample_weight: Any, n: int) -> np.ndarray | None:
    """sample_weight as floats (n,), none of them negative, not all of them zero."""
    if sample_weight is None:
        return None
    weights = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if weights.shape != (n,):
        raise ValueError(
            f"sample_weight must have shape ({n},), one weight a sample, got {weights.shape}"
        )
    if (weights < 0).any():
        raise ValueError(f"sample_weight must not be negative, got {weights.min()}")
    if not weights.any():
        raise ValueError("sample_weight must not be zero for all samples: none would count")
    return weights


def column_position(
    target: Any, names: Sequence | None, n_features: int, *, argument: str = "target"
) -> int:
    """Position of a column given by name or position."""
    if names is not None and target in names:
        n_alike = list(names).count(target)
        if n_alike > 1:
            raise ValueError(
                f"{argument}={target!r} is the name of {n_alike} columns: give its position, or "
                "each column a name of its own"
            )
        return list(names).index(target)
    if isinstance(target, str) or not isinstance(target, numbers.Integral):
        if names is None:
            raise ValueError(
                f"{argument}={target!r} is a column name, but the data came without column names: "
                'give its position, or keep the names with set_output(transform="pandas") on the '
                "transformers before"
            )
        raise ValueError(f"{argument}={target!r} is not a column{_near(target, names)}")
    if not -n_features <= target < n_features:
        raise ValueError(
            f"{argument}={target} is not a column: there are {n_features}, counted from 0"
        )
    return int(target) % n_features


def _near(name, names):
    """The names that there are, or the one that may be meant."""
    near = difflib.get_close_matches(str(name), map(str, names), n=1)
    if near:
        return f": did you mean {near[0]!r}?"
    more = " …" if len(names) > 10 else ""
    return f", there are {', '.join(map(repr, names[:10]))}{more}"


def column_positions(columns: Any, X: Any, *, argument: str) -> np.ndarray:
    """Positions of columns given by name, by position, in a list of these, or by a selector.

    A selector is a callable on DataFrames, such as scikit-learn's ``make_column_selector``.
    """
    if columns is None:
        return np.zeros(0, np.intp)
    if callable(columns):
        if not isinstance(X, pd.DataFrame):
            raise ValueError(
                f"{argument} is a selector of DataFrame columns, but an array came: bring a "
                'DataFrame, or keep it one with set_output(transform="pandas") on the '
                "transformers before"
            )
        columns = columns(X)
    if isinstance(columns, str) or not np.iterable(columns):
        columns = [columns]
    if dimensions(X) < 2:
        raise ValueError(
            f"{argument} names columns, and X has none: bring rows (n_samples, n_features), such "
            "as a DataFrame"
        )
    names = column_names(X)
    columns = list(columns)
    if columns and all(isinstance(column, bool | np.bool_) for column in columns):
        columns = np.flatnonzero(columns)
    found = [
        column_position(column, names, np.shape(X)[1], argument=argument) for column in columns
    ]
    return np.array(found, np.intp)


def dimensions(X: Any) -> int:
    """Number of dimensions of anything that can become an array."""
    return X.ndim if hasattr(X, "ndim") else np.asarray(X).ndim


def is_frame(X: Any) -> bool:
    """Whether X is a table with named columns, of pandas or, as polars has it, of its like."""
    if isinstance(X, pd.DataFrame):
        return True
    return hasattr(X, "to_numpy") and hasattr(X, "columns") and np.ndim(X.columns) == 1


def column_names(X: Any) -> list | None:
    """The names of a table's columns; None for arrays."""
    return list(X.columns) if is_frame(X) else None


def as_frame(X: Any) -> Any:
    """A Series, or a table of another library than pandas, as a DataFrame; others as they are."""
    if isinstance(X, pd.Series):
        return X.to_frame()
    if is_frame(X) and not isinstance(X, pd.DataFrame):
        return pd.DataFrame({name: X[name].to_numpy() for name in X.columns})
    return X


def series_to_frame(X: Any) -> Any:
    """A Series as a DataFrame of one column; anything else as it is."""
    return X.to_frame() if isinstance(X, pd.Series) else X
