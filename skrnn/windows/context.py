"""Context: the last rows of a fit, and where new rows lie behind them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from skrnn.windows.clock import Clock, clock_of, evenly_spaced, usual_step
from skrnn.windows.plainly import (
    index_from,
    label_from,
    plain_index,
    plain_label,
    plain_step,
    step_from,
)

CONTEXTS = ("auto", "carry", "none")


@dataclass
class GridRows:
    """Rows on a regular grid: ``rows[where[i]]`` is row i of the data, the rest lie before or lack.

    ``jumps`` are the rows before which more are missing than the grid holds unknown ones for.
    """

    rows: np.ndarray
    where: np.ndarray
    jumps: np.ndarray | tuple = ()


@dataclass
class Context:
    """The last rows that a fit saw, oldest first, with their index and its clock where it has one.

    New rows look back ``reach`` rows. Twice as many are kept, so that rows which start among them
    have theirs too.
    """

    reach: int
    rows: np.ndarray
    index: pd.Index | None
    clock: Clock | None
    first_row: np.ndarray
    first_label: Any = None
    usual_step: pd.Timedelta | None = None

    @classmethod
    def of(cls, values: np.ndarray, index: pd.Index | None, reach: int) -> "Context":
        """Remember the end of the fitted rows."""
        start = max(0, len(values) - 2 * reach)
        kept = np.array(values[start:])
        clock = clock_of(index)
        return cls(
            reach=reach,
            rows=kept,
            index=None if index is None else index[start:],
            clock=clock,
            first_row=np.array(values[0]),
            first_label=None if index is None else index[0],
            usual_step=usual_step(index) if clock is None else None,
        )

    def __getstate__(self):
        return {
            **vars(self),
            "index": plain_index(self.index),
            "first_label": plain_label(self.first_label),
            "usual_step": plain_step(self.usual_step),
        }

    def __setstate__(self, state):
        vars(self).update(
            state,
            index=index_from(state["index"]),
            first_label=label_from(state["first_label"]),
            usual_step=step_from(state["usual_step"]),
        )

    def lay(self, values: np.ndarray, index: pd.Index | None, mode: str) -> GridRows:
        """New rows, with ``reach`` of the remembered ones in front where they belong there.

        Remembered rows that are missing are NaN.
        """
        positions = self._positions(index)
        if positions is None:
            new = lay_rows(values, index, self.reach, self.clock)
        elif evenly_spaced(index) and positions[-1] - positions[0] == len(values) - 1:
            new = GridRows(values, np.arange(len(values)))
        else:
            new = _lay_at(values, positions, self.reach)
        before = None if mode == "none" else self._rows_before(index, positions)
        if before is None and mode == "carry" and self._leaves_open(index):
            before = self.rows, len(self.rows)
        return new if before is None else self._join(*before, new)

    def begins_there(self, values: np.ndarray, index: pd.Index | None) -> bool:
        """Whether rows begin where the fitted ones began, or before, as far as can be told."""
        if index is None or self.first_label is None:
            return np.array_equal(values[0], self.first_row, equal_nan=True)
        if self.clock is None:
            return index[0] == self.first_label
        return index[0] <= self.first_label

    def rows_ahead(self, index: pd.Index | None) -> int | None:
        """Rows from the last fitted one to the first new one; None where the labels do not tell."""
        positions = self._positions(index)
        return None if positions is None else int(positions[0])

    def _rows_before(self, index, positions):
        """Remembered rows before the new ones, and rows from their first to the first new one.

        None where no remembered row is known to lie before them.
        """
        if index is None or self.index is None:
            return None
        if self.clock is None:
            alike = type(index) is type(self.index) and self.index.is_unique
            at = self.index.get_indexer(index[:1])[0] if alike else -1
            if at < 0 and self._is_next(index):
                at = len(self.rows)
            return (self.rows[:at], at) if at > 0 else None
        if positions is None:
            return None
        first = positions[0]
        remembered = self.clock.positions(self.index)
        near = (remembered < first) & (remembered >= first - self.reach)
        if not near.any():
            return None
        return _on_grid(self.rows[near], remembered[near]), int(first - remembered[near][0])

    def _is_next(self, index):
        """Whether rows begin one usual step behind the last, though the index has odd stamps."""
        if self.usual_step is None or type(index) is not type(self.index):
            return False
        distance = index[0] - self.index[-1]
        return distance - distance < distance <= self.usual_step

    def _leaves_open(self, index):
        """Whether an index does not tell where its rows lie, so that the user's word counts."""
        if self.index is None or not isinstance(index, _TIMES):
            return True
        return self.clock is None and index[0] > self.index[-1]

    def _join(self, rows, distance, new):
        front = np.full(
            (max(distance, self.reach), rows.shape[1]), np.nan, _float_of(new.rows, rows)
        )
        start = len(front) - distance
        front[start : start + len(rows)] = rows
        front = front[len(front) - self.reach :]
        return GridRows(
            rows=np.concatenate([front, new.rows]),
            where=new.where + len(front),
            jumps=np.asarray(new.jumps) + len(front),
        )

    def _positions(self, index):
        """Rows from the last fitted one to each new one; None where the labels do not tell.

        Another step, time zone or kind of time index than in fit is an error, never a guess.
        """
        if index is None or self.index is None:
            return None
        ours = self.index
        theirs = index
        timed = isinstance(ours, _TIMES) or isinstance(theirs, _TIMES)
        if timed and type(ours) is not type(theirs):
            raise ValueError(
                f"the index must be a {type(ours).__name__} as in fit, got a "
                f"{type(theirs).__name__}"
            )
        if isinstance(ours, pd.DatetimeIndex) and (ours.tz is None) != (theirs.tz is None):
            raise ValueError(
                f"the index must have time zone {ours.tz} as in fit, got {theirs.tz}: use "
                "tz_localize"
            )
        if self.clock is None:
            return None
        if isinstance(ours, pd.PeriodIndex) and ours.freq != theirs.freq:
            raise ValueError(
                f"the index must have frequency {ours.freqstr} as in fit, got {theirs.freqstr}"
            )
        if len(theirs) > 2:
            new = clock_of(theirs)
            if (
                new is not None
                and new.step != self.clock.step
                and not _same_grid(self.clock, theirs)
            ):
                raise ValueError(
                    f"the index must go on in steps of {self.clock.describe()} as in fit, got "
                    f"steps of {new.describe()}: resample the data to the fitted step"
                )
        if not _is_countable(theirs):
            return None
        positions = self.clock.positions(theirs)
        if positions is None:
            raise ValueError(
                f"the index must go on in steps of {self.clock.describe()} as in fit, but "
                f"{theirs[0]} … does not lie on them"
            )
        return positions


_TIMES = (pd.DatetimeIndex, pd.PeriodIndex, pd.TimedeltaIndex)


def lay_rows(
    values: np.ndarray, index: pd.Index | None, reach: int, clock: Clock | None = None
) -> GridRows:
    """Rows on the regular grid of their index: missing ones become NaN, ``reach`` in a gap at most.

    Nothing that looks back ``reach`` rows sees across a longer gap. Without a gap the rows are
    returned as they are.
    """
    where = np.arange(len(values))
    if clock is None and evenly_spaced(index):
        return GridRows(values, where)
    clock = clock or clock_of(index)
    countable = clock is not None and index is not None and _is_countable(index)
    positions = clock.positions(index) if countable and len(values) > 1 else None
    if positions is None:
        return GridRows(values, where)
    return _lay_at(values, positions, reach)


def _lay_at(values, positions, reach):
    """Rows at their positions on the grid."""
    where = np.arange(len(values))
    distances = np.diff(positions)
    if (distances == 1).all():
        return GridRows(values, where)
    missing = distances - 1
    gaps = np.minimum(missing, reach)
    if gaps.min() < 0:
        return GridRows(values, where)
    where = np.concatenate([[0], np.cumsum(gaps + 1)])
    rows = np.full((where[-1] + 1, values.shape[1]), np.nan, _float_of(values))
    rows[where] = values
    return GridRows(rows, where, where[:-1][missing > reach] + 1)


def _on_grid(rows, positions):
    if not len(rows) or positions[-1] - positions[0] == len(rows) - 1:
        return rows
    grid = np.full((positions[-1] - positions[0] + 1, rows.shape[1]), np.nan, _float_of(rows))
    grid[positions - positions[0]] = rows
    return grid


def _float_of(*arrays):
    return np.result_type(np.float32, *arrays)


def _is_countable(index):
    return isinstance(index, _TIMES) or pd.api.types.is_integer_dtype(index.dtype)


def _same_grid(clock, index):
    """Whether labels are neighbours on a grid: a calendar step has several names."""
    positions = clock.positions(index)
    return positions is not None and bool((np.diff(positions) == 1).all())
