"""Context: the last rows of a fit, and where new rows lie behind them."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from skrnn.windows.clock import Clock, clock_of

CONTEXTS = ("auto", "carry", "none")


@dataclass
class Laid:
    """Rows laid on a regular grid: ``rows[where[i]]`` is row i of the data, the rest are rows before it or missing."""

    rows: np.ndarray
    where: np.ndarray


@dataclass
class Context:
    """The last rows that a fit saw, oldest first, with their index where it has one.

    New rows look back ``reach`` rows. Twice as many are kept, so that rows which start among them have theirs too.
    """

    reach: int
    rows: np.ndarray | None = None
    index: pd.Index | None = None
    clock: Clock | None = field(default=None)

    @classmethod
    def of(cls, values: np.ndarray, index, reach: int) -> "Context":
        """Remember the end of the fitted rows."""
        start = max(0, len(values) - 2 * reach)
        index = index if isinstance(index, pd.Index) else None
        kept = np.array(values[start:])
        return cls(reach, kept, None if index is None else index[start:], clock_of(index))

    def lay(self, values: np.ndarray, index, mode: str) -> Laid:
        """New rows with the remembered ones in front where they belong there."""
        index = index if isinstance(index, pd.Index) else None
        if mode != "none" and self.rows is not None and len(self.rows):
            before = self._rows_before(index)
            if before is None and mode == "carry":
                before = self.rows, len(self.rows)
            if before is not None and (before[1] or len(before[0])):
                return self._join(*before, values, index)
        return lay_rows(values, index, self.reach, self.clock)

    def _rows_before(self, index):
        """(remembered rows that lie before the new ones, rows from their first to the first new one), or None."""
        if index is None or self.index is None or type(index) is not type(self.index) and self.clock is None:
            return None
        self._check_same_kind(index)
        if self.clock is None:
            at = self.index.get_indexer(index[:1])[0] if _comparable(self.index, index) else -1
            return (self.rows[:at], at) if at >= 0 else None
        if not _is_countable(index):
            return None
        remembered, new = self.clock.positions(self.index), self.clock.positions(index)
        if new is None:
            raise ValueError(
                f"the index must go on in steps of {self.clock.describe()} as in fit, but {index[0]} … does not lie on them"
            )
        if new[0] < remembered[0] or new[0] > remembered[-1] + 1 + self.reach:
            return None
        kept = remembered < new[0]
        rows = _on_grid(self.rows[kept], remembered[kept])
        return rows, int(new[0] - remembered[0]) if kept.any() else 0

    def _join(self, rows, distance, values, index):
        new = lay_rows(values, index, self.reach, self.clock)
        front = np.full((max(distance, len(rows)), values.shape[1]), np.nan, _float_of(values, self.rows))
        front[: len(rows)] = rows
        front = front[max(0, len(front) - self.reach) :]
        return Laid(np.concatenate([front, new.rows]), new.where + len(front))

    def _check_same_kind(self, index):
        """Another step, time zone or kind of time index than in fit is an error, never a guess."""
        ours, theirs = self.index, index
        timed = isinstance(ours, _TIMES) or isinstance(theirs, _TIMES)
        if timed and type(ours) is not type(theirs):
            raise ValueError(
                f"the index must be a {type(ours).__name__} as in fit, got a {type(theirs).__name__}"
            )
        if isinstance(ours, pd.DatetimeIndex) and (ours.tz is None) != (theirs.tz is None):
            raise ValueError(
                f"the index must have time zone {ours.tz} as in fit, got {theirs.tz}: use tz_localize"
            )
        if self.clock is None:
            return
        if isinstance(ours, pd.PeriodIndex) and ours.freq != theirs.freq:
            raise ValueError(f"the index must have frequency {ours.freqstr} as in fit, got {theirs.freqstr}")
        if len(theirs) > 2:
            new = clock_of(theirs)
            if new is not None and new.step != self.clock.step and not _same_grid(self.clock, theirs):
                raise ValueError(
                    f"the index must go on in steps of {self.clock.describe()} as in fit, got steps of {new.describe()}: "
                    "resample the data to the fitted step"
                )


_TIMES = (pd.DatetimeIndex, pd.PeriodIndex, pd.TimedeltaIndex)


def lay_rows(values: np.ndarray, index, reach: int, clock: Clock | None = None) -> Laid:
    """Rows on the regular grid of their index: missing rows become unknown ones (NaN), at most ``reach`` in a gap.

    Nothing that looks back ``reach`` rows sees across a longer gap. Without a gap the rows are returned as they are.
    """
    countable = isinstance(index, pd.Index) and _is_countable(index)
    clock = (clock or clock_of(index)) if countable else None
    where = np.arange(len(values))
    positions = None if clock is None or len(values) < 2 else clock.positions(index)
    if positions is None:
        return Laid(values, where)
    gaps = np.minimum(np.diff(positions) - 1, reach)
    if not gaps.any() or gaps.min() < 0:
        return Laid(values, where)
    where = np.concatenate([[0], np.cumsum(gaps + 1)])
    rows = np.full((where[-1] + 1, values.shape[1]), np.nan, _float_of(values))
    rows[where] = values
    return Laid(rows, where)


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


def _comparable(ours, theirs):
    return type(ours) is type(theirs)


def _same_grid(clock, index):
    """A calendar step can be told in several ways: equal if the labels are neighbours on the fitted grid."""
    positions = clock.positions(index)
    return positions is not None and bool((np.diff(positions) == 1).all())
