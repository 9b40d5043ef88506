"""Clock: where labels and stamps lie in time, counted in rows of a regular grid."""

from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

import numpy as np
import pandas as pd

from skrnn.windows.plainly import label_from, plain_label, plain_step, step_from

# A difference is an index's step if at least this share of its neighbours is that far apart. Days
# of trading (78 % of them a day apart) have no such step: their rows count as rows.
STEP_SHARE = 0.9


@dataclass(frozen=True)
class Clock:
    """A regular grid of rows in time: its step, and a label to count from.

    ``step`` is an int (RangeIndex), a Timedelta or a calendar offset (DatetimeIndex), or a period's
    frequency: times then count to the period that they lie in.
    """

    step: Any
    origin: Any

    def __getstate__(self):
        return {"step": plain_step(self.step), "origin": plain_label(self.origin)}

    def __setstate__(self, state):
        vars(self).update(step=step_from(state["step"]), origin=label_from(state["origin"]))

    def positions(self, index: pd.Index) -> np.ndarray | None:
        """Rows from the origin to each label; None if a label lies between two rows."""
        rows, exact = self._count(index)
        return rows if exact else None

    def rows(self, index: pd.Index) -> np.ndarray:
        """Rows from the origin to each label, or to the row before one between two rows.

        Labels that are whole steps apart are so many rows apart, wherever the first one lies.
        """
        rows, _ = self._count(index)
        return rows

    def _count(self, index):
        """Rows from the origin to each label, rounded down, and whether none was rounded."""
        if self._counts_periods:
            return _whole(_periods(index, self.step).asi8 - self.origin.ordinal, self.step.n)
        if isinstance(self.step, int):
            return _whole(index.to_numpy(np.int64) - int(self.origin), self.step)
        if isinstance(index, pd.DatetimeIndex) and index.tz is not None:
            index = index.tz_convert(self.origin.tz)
        if len(index) > 2 and not self._is_calendar:
            times = naive(index, local=self._counts_days)
            if evenly_spaced(times) and times[1] - times[0] == self.step:
                (first,), exact = self._count(index[:1])
                return np.arange(first, first + len(index)), exact
        times = naive(index.append(index[:0].insert(0, self.origin)), local=self._counts_days)
        if self._is_calendar:
            grid = pd.date_range(times.min(), times.max(), freq=self.step, unit=times.unit)
            rows = grid.searchsorted(times, side="right") - 1
            exact = (rows >= 0).all() and (grid[rows] == times).all()
            return rows[:-1] - rows[-1], bool(exact)
        return _whole(np.asarray(times[:-1] - times[-1]), self.step.to_timedelta64())

    def labels(self, index: pd.Index, n: int) -> pd.Index:
        """The n labels that follow an index."""
        return self.labels_from(index[-1:], n + 1)[1:]

    def labels_from(self, first: pd.Index, n: int) -> pd.Index:
        """N labels from the only one of an index on."""
        if self._counts_periods:
            return pd.period_range(_periods(first, self.step)[0], periods=n, freq=self.step)
        if isinstance(first, pd.DatetimeIndex):
            start = naive(first, local=self._counts_days)[0]
            freq = self.step
            if self._counts_days and isinstance(freq, pd.Timedelta):
                freq = pd.offsets.Day(freq // pd.Timedelta(1, "D"))
            times = pd.date_range(start, periods=n, freq=freq, unit=first.unit)
            return zoned(times, first.tz, local=self._counts_days)
        if isinstance(first, pd.TimedeltaIndex):
            return pd.timedelta_range(first[0], periods=n, freq=self.step)
        start = int(first[0])
        return pd.RangeIndex(start, start + self.step * n, self.step)

    @property
    def _counts_periods(self):
        return isinstance(self.origin, pd.Period)

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


def _whole(distances, step):
    """Distances in whole steps, rounded down, and whether none was rounded."""
    rows, rest = np.divmod(distances, step)
    return rows, not rest.astype(np.int64).any()


def _periods(index, freq):
    """Periods as they are, and times as the periods that they lie in."""
    if isinstance(index, pd.PeriodIndex):
        return index
    return naive(index, local=True).to_period(freq)


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
    if isinstance(index.freq, pd.offsets.Tick) and not isinstance(index.freq, pd.offsets.Day):
        # pandas vouches for it. Days of a time zone are not all as long.
        return index.freq.n > 0
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


def zoned(times: pd.DatetimeIndex, zone: tzinfo | None, *, local: bool) -> pd.DatetimeIndex:
    """Times that ``naive`` took their zone from with it again.

    Local ones that clocks skip are the next that there is, and the first of two that are alike.
    """
    if zone is None:
        return times
    if not local:
        return times.tz_localize("UTC").tz_convert(zone)
    there = times.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    if there.notna().all():
        there.freq = times.freq
        return there
    first = np.ones(len(times), bool)
    return times.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")
