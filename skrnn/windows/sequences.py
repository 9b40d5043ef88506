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

    Of arrays (steps, features) in any case; of arrays (steps,) of one feature if their lengths
    differ, as others are the rows of a table.
    """
    listed = isinstance(X, list | tuple) or (isinstance(X, np.ndarray) and X.dtype == object)
    if not listed or not len(X):
        return False
    dimensions = {x.ndim for x in X if isinstance(x, np.ndarray | pd.Series)}
    dimensions |= {2 for x in X if is_frame(x)}
    if dimensions == {1}:
        return len({len(x) for x in X}) > 1
    return 2 in dimensions


def sequences_of(X: list) -> Windows:
    """Sequences as windows that are as long as the longest of them."""
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
    table = np.asarray(table)
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2 or not table.size:
        raise ValueError(
            "a sequence must have the shape (steps, features), with at least 1 step and 1 feature, "
            f"got {table.shape} for sequence {number}"
        )
    return table
