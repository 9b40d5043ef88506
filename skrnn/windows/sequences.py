"""Sequences: lists of arrays whose lengths may differ, each of them a series of its own."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_array

from skrnn.validation import (
    as_frame,
    check_columns_numeric,
    column_names,
    is_frame,
    numeric_values,
    without_mask,
)
from skrnn.windows.array import Windows


def are_sequences(X: Any) -> bool:
    """Whether X is a list of arrays or tables of steps.

    Of arrays (steps, features) in any case; of lists, and of arrays (steps,) of one feature, if
    their lengths differ, as NumPy makes one array of others.
    """
    of_objects = isinstance(X, np.ndarray | pd.Series) and X.dtype == object
    if not (isinstance(X, list | tuple) or of_objects) or not len(X):
        return False
    if any(is_frame(x) or getattr(x, "ndim", 0) == 2 for x in X):
        return True
    if not all(isinstance(x, list | tuple) or getattr(x, "ndim", 0) == 1 for x in X):
        return False
    return len({len(x) for x in X}) > 1


def sequences_of(X: list) -> Windows:
    """Sequences as windows that are as long as the longest of them."""
    X = list(X)
    tables = [_table(sequence, number) for number, sequence in enumerate(X)]
    widths = sorted({table.shape[1] for table in tables})
    if len(widths) > 1:
        raise ValueError(f"sequences must have the same number of features, got {widths}")
    names = column_names(X[0])
    for number, sequence in enumerate(X):
        if column_names(sequence) != names:
            raise ValueError(
                f"sequences must have the same columns, got {names} in the first and "
                f"{column_names(sequence)} in sequence {number}"
            )
    windows = Windows.from_sequences(tables, names)
    rows = check_array(
        windows.rows,
        dtype="numeric",
        ensure_all_finite="allow-nan",
        input_name="X",
    )
    return windows.replace(rows=numeric_values(rows))


def _table(sequence, number):
    """One sequence as an array (steps, features)."""
    check_columns_numeric(sequence)
    table = as_frame(without_mask(sequence))
    if isinstance(table, pd.DataFrame):
        table = table.to_numpy(dtype=float, na_value=np.nan)
    try:
        table = np.asarray(table)
    except ValueError as error:
        raise ValueError(
            f"the steps of a sequence must have as many features each, got others in sequence "
            f"{number}"
        ) from error
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2 or not table.size:
        raise ValueError(
            "a sequence must have the shape (steps, features), with at least 1 step and 1 feature, "
            f"got {table.shape} for sequence {number}"
        )
    return table
