"""Panel: the rows of all series in one block, so that what is done to rows is done once for all."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_array

from skrnn.preprocessing import CalendarFeatures
from skrnn.validation import check_columns_numeric, check_time_index
from skrnn.windows.clock import clock_of
from skrnn.windows.filling import rows_from_past


@dataclass(frozen=True)
class Panel:
    """Regular series, one below the other.

    Attributes
    ----------
    values : ndarray of shape (n_rows, n_columns)
        The rows of all series; unknown values are NaN.
    labels : list of Index
        The labels of each series' rows.
    columns : tuple of str
        The names of the columns.
    """

    values: np.ndarray
    labels: list
    columns: tuple

    @classmethod
    def of(cls, tables: list) -> "Panel":
        """The panel of some frames with the same columns."""
        values = np.concatenate([_numbers(table) for table in tables])
        check_array(values, ensure_all_finite="allow-nan", ensure_min_samples=0, input_name="data")
        return cls(values, [table.index for table in tables], tuple(tables[0].columns))

    @cached_property
    def bounds(self) -> np.ndarray:
        """Where each series starts, with the number of rows at the end."""
        return np.cumsum([0, *map(len, self.labels)])

    @cached_property
    def index(self) -> pd.Index:
        """The labels of all rows."""
        return self.labels[0].append(self.labels[1:])

    def with_calendar(self, fields: tuple) -> "Panel":
        """The panel with the calendar's columns, which are made once for each time."""
        if not fields:
            return self
        times = self.index.unique().sort_values()
        alone = pd.DataFrame({"row": np.zeros(len(times))}, index=times)
        calendar = CalendarFeatures(fields).fit_transform(alone).drop(columns="row")
        rows = times.get_indexer(self.index)
        values = np.column_stack([self.values, calendar.to_numpy()[rows]])
        return replace(self, values=values, columns=(*self.columns, *calendar.columns))

    def filled(self, season: int) -> "Panel":
        """The panel with unknown values filled from each series' own past; see ``fill_past``."""
        return replace(self, values=rows_from_past(self.values, season, self.bounds))

    def known(self, column: int) -> np.ndarray:
        """How many rows each series has up to the last known value of a column; 0 where none is."""
        rows = np.where(np.isnan(self.values[:, column]), 0, 1 + np.arange(len(self.values)))
        ends = np.maximum.accumulate(np.append(0, rows))[self.bounds[1:]]
        return np.maximum(ends - self.bounds[:-1], 0)


class Following:
    """The labels of the n rows behind an index: of series that end together, made once."""

    def __init__(self, n: int):
        self.n = n
        self._made = {}

    def __call__(self, index: pd.Index) -> pd.Index:
        """The labels that follow an index."""
        if getattr(index, "freq", None) is None:
            return self._labels(index)
        key = index[-1], index.freq
        if key not in self._made:
            self._made[key] = self._labels(index)
        return self._made[key]

    def _labels(self, index):
        clock = clock_of(index)
        if clock is None:
            raise ValueError(
                "the index has no regular step that could go on: set its freq, or use asfreq() or "
                "a RangeIndex first"
            )
        return clock.labels(index, self.n).rename(index.name)


def regular(table: pd.DataFrame) -> pd.DataFrame:
    """The table with a row for each step of its index; those that were missing are unknown."""
    if _lacks_none(table.index):
        return table
    clock = clock_of(table.index)
    positions = None if clock is None else clock.positions(table.index)
    if positions is None or positions[-1] - positions[0] == len(table) - 1:
        return table
    labels = clock.labels(table.index[:1], positions[-1] - positions[0])
    return table.reindex(table.index[:1].append(labels).rename(table.index.name))


def _lacks_none(index):
    """Whether an index says of itself that it has every row, which costs nothing to ask."""
    if isinstance(index, pd.DatetimeIndex):
        return index.freq is not None
    return isinstance(index, pd.RangeIndex)


def _numbers(table):
    check_time_index(table)
    # Of many short series, asking each for the types of its columns would take most of the time.
    values = table.to_numpy()
    if values.dtype.kind in "fiu":
        return values.astype(np.float64, copy=False)
    check_columns_numeric(table)
    return table.to_numpy(np.float64, na_value=np.nan)
