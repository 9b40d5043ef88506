"""Panels: series as users bring them, checked and laid one below the other."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_array

from skrnn.validation import (
    as_frame,
    check_columns_numeric,
    check_time_index,
    column_names,
    index_of,
    numeric_values,
    without_mask,
)
from skrnn.windows.clock import clock_of
from skrnn.windows.context import GridRows, lay_rows


@dataclass(frozen=True)
class PanelRows:
    """The rows of some series, one below the other, each on the grid of its own index.

    Attributes
    ----------
    rows : ndarray of shape (n_rows, n_features)
        All rows; missing ones are NaN.
    bounds : ndarray of shape (n_series + 1,)
        Where each series starts, with the number of rows at the end.
    index : Index of length n_rows, or None
        The labels of all rows, where all series have some.
    """

    rows: np.ndarray
    bounds: np.ndarray
    index: pd.Index | None

    @classmethod
    def of(cls, data: Any, series: list, reach: int) -> "PanelRows":
        """The rows of the ``series`` of ``data``, with at most ``reach`` missing ones in a gap."""
        grids = list(_grids(series, reach))
        _check_times_alike(series)
        if isinstance(data, np.ndarray) and data.ndim == 3:
            rows = data.reshape(-1, data.shape[2])
        elif len(grids) == 1:
            rows = grids[0].rows
        else:
            rows = np.concatenate([grid.rows for grid in grids])
        rows = check_array(
            rows,
            dtype="numeric",
            ensure_all_finite="allow-nan",
            ensure_min_samples=0,
            input_name="data",
        )
        bounds = np.cumsum([0, *(len(grid.rows) for grid in grids)])
        return cls(numeric_values(rows), bounds, _labels(grids, series))


def series_of(data: Any) -> list:
    """The series of a panel, or the one series, as a list of DataFrames or 2-D arrays."""
    if isinstance(data, dict):
        raise ValueError(
            "data must be a series or a list of series, got a dict: for a panel of its values pass "
            "list(data.values()), for a table of columns pass pd.DataFrame(data)"
        )
    if isinstance(data, list | tuple) and not len(data):
        raise ValueError(f"data must be a series or a list of series, got an empty {_kind(data)}")
    listed = isinstance(data, list | tuple) and np.ndim(data[0]) >= 1
    stacked = isinstance(data, np.ndarray) and data.ndim == 3
    series = list(data) if listed or stacked else [data]
    if all(isinstance(table, pd.Series) for table in series):
        # A Series is named after itself, not after its one feature.
        series = [table.rename(series[0].name) for table in series]
    series = [_two_d(table) for table in series]
    columns = {_columns(table) for table in series}
    if len(columns) != 1:
        raise ValueError(
            "the series of a panel must have the same columns, got "
            f"{' and '.join(map(str, columns))}"
        )
    return series


def _kind(data):
    return type(data).__name__


def _two_d(table):
    table = as_frame(without_mask(table))
    if isinstance(table, pd.DataFrame):
        return table
    table = table if isinstance(table, np.ndarray) else np.asarray(table)
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2:
        raise ValueError(f"a series must be 2-D (n_rows, n_features), got {table.ndim} dimensions")
    return table


def _columns(table):
    names = column_names(table)
    return table.shape[1] if names is None else tuple(names)


def _grids(series, reach) -> Iterator[GridRows]:
    """The rows of each series on the grid of its index; like indexes in turn are looked at once."""
    gapless = None
    for table in series:
        values = _values(table)
        index = index_of(table)
        if gapless is not None and index is not None and index.equals(gapless):
            yield GridRows(values, np.arange(len(values)))
            continue
        grid = lay_rows(values, index, reach)
        gapless = index if len(grid.rows) == len(values) else None
        yield grid


def _check_times_alike(series):
    """The times of all series are of one kind, and in one zone: dates are what folds are cut by."""
    first = None
    for number, table in enumerate(series):
        index = index_of(table)
        if not isinstance(index, pd.DatetimeIndex | pd.PeriodIndex):
            continue
        kind = type(index).__name__
        if getattr(index, "tz", None) is not None:
            kind += f" in {index.tz}"
        first = (number, kind) if first is None else first
        if kind != first[1]:
            raise ValueError(
                f"the times of all series must be of one kind, got a {first[1]} in series "
                f"{first[0]} and a {kind} in series {number}: convert one of them (tz_convert, "
                "tz_localize, to_timestamp)"
            )


def _values(table):
    """The values of a series; whether they are finite numbers is asked of all series at once."""
    if not isinstance(table, pd.DataFrame):
        return table
    check_time_index(table)
    if all(isinstance(dtype, np.dtype) and dtype.kind in "fiu" for dtype in table.dtypes):
        return table.to_numpy()
    check_columns_numeric(table)
    return check_array(
        table,
        dtype="numeric",
        ensure_all_finite="allow-nan",
        ensure_min_samples=0,
        input_name="data",
    )


def _labels(grids, series):
    """The labels of all rows; those of missing rows follow the label before them."""
    indexes = [index_of(table) for table in series]
    if any(index is None for index in indexes):
        return None
    pieces = [
        piece for grid, index in zip(grids, indexes, strict=True) for piece in _pieces(grid, index)
    ]
    return pieces[0].append(pieces[1:])


def _pieces(grid, index) -> Iterator[pd.Index]:
    if len(grid.rows) == len(index):
        yield index
        return
    missing = np.append(np.diff(grid.where) - 1, 0)
    clock = clock_of(index)
    start = 0
    for row in np.flatnonzero(missing):
        yield index[start : row + 1]
        yield clock.labels(index[row : row + 1], missing[row])
        start = row + 1
    yield index[start:]
