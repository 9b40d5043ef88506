"""Clock: where the labels of an index lie in time, counted in rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from skrnn.windows.plainly import label_from, plain_label, plain_step, step_from

# A difference is an index's step if at least this share of its neighbours is that far apart. Days
# of trading (78 % of them a day apart) have no such step: their rows count as rows.
STEP_SHARE = 0.9


@dataclass(frozen=True)
class Clock:
    """A regular index's step, and a label to count from.

    ``step`` is an int (RangeIndex), a Timedelta or a calendar offset (DatetimeIndex), or a period's
    frequency.
    """

    step: Any
    origin: Any

    def __getstate__(self):
        return {"step": plain_step(self.step), "origin": plain_label(self.origin)}

    def __setstate__(self, state):
        vars(self).update(step=step_from(state["step"]), origin=label_from(state["origin"]))

    def positions(self, index: pd.Index) -> np.ndarray | None:
        """Rows from the origin to each label; None if a label lies between two rows."""
        if isinstance(index, pd.PeriodIndex):
            rows, rest = np.divmod(index.asi8 - self.origin.ordinal, self.step.n)
            return None if rest.any() else rows
        if isinstance(self.step, int):
            rows, rest = np.divmod(index.to_numpy(np.int64) - int(self.origin), self.step)
            return None if rest.any() else rows
        if isinstance(index, pd.DatetimeIndex) and index.tz is not None:
            index = index.tz_convert(self.origin.tz)
        if len(index) > 2 and not self._is_calendar:
            times = naive(index, local=self._counts_days)
            if (np.diff(times.to_numpy()) == self.step.to_timedelta64()).all():
                first = self.positions(index[:1])
                return None if first is None else np.arange(first[0], first[0] + len(index))
        times = naive(index.append(index[:0].insert(0, self.origin)), local=self._counts_days)
        if self._is_calendar:
            grid = pd.date_range(times.min(), times.max(), freq=self.step)
            rows = grid.get_indexer(times)
            return None if (rows < 0).any() else rows[:-1] - rows[-1]
        rows, rest = np.divmod(np.asarray(times[:-1] - times[-1]), self.step.to_timedelta64())
        return None if rest.astype(np.int64).any() else rows

    def labels(self, index: pd.Index, n: int) -> pd.Index:
        """The n labels that follow an index."""
        if isinstance(index, pd.DatetimeIndex):
            times = naive(index[-1:], local=self._counts_days)
            times = pd.date_range(times[0], periods=n + 1, freq=self.step)[1:].as_unit(index.unit)
            if index.tz is None:
                return times
            if self._counts_days:
                return times.tz_localize(
                    index.tz, ambiguous=np.ones(n, bool), nonexistent="shift_forward"
                )
            return times.tz_localize("UTC").tz_convert(index.tz)
        if isinstance(index, pd.PeriodIndex):
            return pd.period_range(index[-1] + self.step, periods=n, freq=self.step)
        if isinstance(index, pd.TimedeltaIndex):
            return pd.timedelta_range(index[-1] + self.step, periods=n, freq=self.step)
        start = int(index[-1]) + self.step
        return pd.RangeIndex(start, start + self.step * n, self.step)

    @property
    def _is_calendar(self):
        return isinstance(self.step, pd.offsets.BaseOffset) and isinstance(
            self.origin, pd.Timestamp
        )

    @property
    def _counts_days(self):
        """A day with a clock change is a day too: whole days are counted in local time."""
        return self._is_calendar or (
            isinstance(self.step, pd.Timedelta) and not (self.step % pd.Timedelta(1, "D")).value
        )

    def describe(self) -> str:
        """The step, for messages."""
        name = getattr(self.step, "freqstr", None) or str(self.step)
        return name.removeprefix("0 days ").removesuffix(" 00:00:00")


def clock_of(index: pd.Index | None) -> Clock | None:
    """The clock of an index that has a step; None for arrays, names and irregular times."""
    if index is None or not len(index):
        return None
    if isinstance(index, pd.MultiIndex):
        raise ValueError(
            f"the index must have one level, got {index.nlevels}: cut the series of a panel out of "
            f"it, and pass "
            "them to make_windows as a list, e.g. [one.droplevel(0) for _, one in "
            "X.groupby(level=0)]"
        )
    step = _find_step(index)
    return None if step is None else Clock(step, index[-1])


def usual_step(index: pd.Index | None) -> pd.Timedelta | None:
    """The step that nearly all neighbours of a time index share, odd stamps or not."""
    if not isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex) or len(index) < 3:
        return None
    steps, counts = np.unique(np.diff(naive(index, local=False).to_numpy()), return_counts=True)
    common = counts.argmax()
    share = counts[common] / (len(index) - 1)
    return pd.Timedelta(steps[common]) if share >= STEP_SHARE else None


def evenly_spaced(index: pd.Index | None) -> bool:
    """Whether an index is seen at a glance to lack no row: all its labels are as far apart."""
    if isinstance(index, pd.RangeIndex):
        return index.step > 0
    if not isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex) or len(index) < 2:
        return False
    differences = np.diff(index.asi8)
    return bool(differences[0] > 0 and (differences == differences[0]).all())


def _find_step(index):
    if isinstance(index, pd.PeriodIndex):
        return index.freq
    if isinstance(index, pd.RangeIndex):
        return index.step if index.step > 0 else None
    if isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex):
        return _time_step(index)
    if pd.api.types.is_integer_dtype(index.dtype) and len(index) > 1 and _fits(index):
        step = _usual_step(np.diff(index.to_numpy(np.int64)))
        return None if step is None else int(step)
    return None


def _fits(index):
    """Whether the numbers of an index can be counted with."""
    return index.dtype.kind != "u" or int(index.max()) <= np.iinfo(np.int64).max


def _time_step(index):
    offset = index.freq
    if offset is None and len(index) > 1:
        midnights = isinstance(index, pd.DatetimeIndex) and bool((index == index.normalize()).all())
        step = _usual_step(np.diff(naive(index, local=midnights).to_numpy()))
        if step is not None:
            return pd.Timedelta(step)
        if isinstance(index, pd.DatetimeIndex) and len(index) > 2:
            name = pd.infer_freq(index)
            offset = pd.tseries.frequencies.to_offset(name) if name else _usual_months(index)
    if isinstance(offset, pd.offsets.Day):
        return offset.n * pd.Timedelta(1, "D")
    return pd.Timedelta(offset) if isinstance(offset, pd.offsets.Tick) else offset


def _usual_months(index):
    """The months, quarters or years that an index counts, some of which may be missing."""
    for name in ("YS", "YE", "QS", "QE", "MS", "ME"):
        grid = pd.date_range(index[0], index[-1], freq=name)
        at = grid.get_indexer(index)
        if (at >= 0).all() and (np.diff(at) == 1).mean() >= STEP_SHARE:
            return pd.tseries.frequencies.to_offset(name)
    return None


def _usual_step(differences):
    """The difference that nearly all neighbours share and all others are multiples of."""
    if len(differences) and (differences == differences[0]).all():
        # Sorting is not needed where all are equal, which they mostly are.
        return differences[0] if differences[0] > differences[0] - differences[0] else None
    values, counts = np.unique(differences, return_counts=True)
    step, zero = values[counts.argmax()], values[0] - values[0]
    if step <= zero or counts.max() < STEP_SHARE * len(differences) or (values <= zero).any():
        return None
    return None if (values % step != zero).any() else step


def naive(index: pd.Index, *, local: bool) -> pd.Index:
    """Times without their zone: as the clock on the wall shows them, or in UTC."""
    if not isinstance(index, pd.DatetimeIndex) or index.tz is None:
        return index
    return index.tz_localize(None) if local else index.tz_convert(None)
