"""Rows: in time order, each time once in a series."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from skrnn.reading.clocks import repeated_hours
from skrnn.reading.problem import DataProblem, counted, shown, when
from skrnn.reading.stamps import looks_like_stamps
from skrnn.reading.tables import Table
from skrnn.reading.times import is_part_of_time

# Above this share of rows whose stamp comes again, the file holds several series.
MANY_SERIES = 0.5
# Up to this share the last row of a stamp is kept.
FEW_REPEATS = 0.05
HOUR = 3_600_000_000


@dataclass(frozen=True)
class Rows:
    """The rows of all series, one after the other: values, times, series, and rows of the file.

    ``notes`` tell what became of other rows; ``words`` are the columns of values that are codes.
    """

    values: np.ndarray
    times: pd.DatetimeIndex
    codes: np.ndarray
    source: np.ndarray
    notes: tuple[str, ...] = ()
    words: tuple[int, ...] = ()

    @property
    def micros(self) -> np.ndarray:
        """The times as whole numbers of microseconds."""
        return self.times.as_unit("us").asi8

    def take(self, which: np.ndarray) -> "Rows":
        """Some of the rows."""
        return replace(
            self,
            values=self.values[which],
            times=self.times[which],
            codes=self.codes[which],
            source=self.source[which],
        )

    def noted(self, note: str) -> "Rows":
        """The rows with one note more."""
        return replace(self, notes=(*self.notes, note))

    def repeats(self) -> np.ndarray:
        """Which rows have the series and time of the row before."""
        same = (np.diff(self.codes) == 0) & (np.diff(self.micros) == 0)
        return np.concatenate([[False], same])[: len(self.codes)]


def order_rows(rows: Rows) -> Rows:
    """Series after series, oldest row first."""
    falls = (np.diff(rows.micros) < 0) & (np.diff(rows.codes) == 0)
    # The hour that comes twice in autumn is no disorder.
    falls &= ~(is_clock_change(rows.times[1:]) & (np.diff(rows.micros) >= -HOUR))
    if falls.any():
        downwards = falls.sum() >= 0.9 * (np.diff(rows.codes) == 0).sum()
        what = "came newest first" if downwards else "were not in time order"
        rows = rows.noted(f"Rows {what}: they were sorted.")
    order = np.lexsort((rows.source, rows.micros, rows.codes))
    return rows if (np.diff(order) == 1).all() else rows.take(order)


def is_clock_change(times: pd.DatetimeIndex) -> np.ndarray:
    """Local times at which clocks are changed: small hours of a Sunday in spring or autumn."""
    if times.tz is not None:
        return np.zeros(len(times), bool)
    return np.asarray(
        (times.dayofweek == 6) & (times.hour < 4) & times.month.isin([3, 4, 9, 10, 11])
    )


def unique_rows(rows: Rows, table: Table, columns: tuple[str, ...], has_series: bool) -> Rows:
    """Each time once: the same row again is dropped, clock changes are averaged.

    Of few others the last is kept.
    """
    rows = _drop_same(rows, table)
    if not rows.repeats().any():
        return rows
    rows = _average_clock_change(rows)
    repeats = rows.repeats()
    if not repeats.any():
        return rows
    again = repeats | np.append(repeats[1:], False)
    if again.sum() > FEW_REPEATS * len(again) and repeats.sum() > 1:
        _raise_repeated(rows, table, columns, again, has_series)
    return _keep_last(rows, table, repeats)


def _drop_same(rows, table):
    """Lines that are the same from end to end, text included."""
    repeats = np.flatnonzero(rows.repeats())
    if not len(repeats):
        return rows
    before = table.frame.iloc[rows.source[repeats - 1]]
    after = table.frame.iloc[rows.source[repeats]]
    same = repeats[np.all([_equal(before[name], after[name]) for name in table.names], axis=0)]
    if not len(same):
        return rows
    n = counted(len(same), "row repeats another", "rows repeat others")
    rows = rows.noted(f"{n} in every value: dropped ({when(rows.times[same[0]])} first).")
    return rows.take(np.setdiff1d(np.arange(len(rows.codes)), same, assume_unique=True))


def _equal(before, after):
    if before.dtype == object:
        before = before.astype(str)
        after = after.astype(str)
    before = before.reset_index(drop=True)
    after = after.reset_index(drop=True)
    alike = (before == after).fillna(False).to_numpy(bool)
    return alike | (before.isna() & after.isna()).to_numpy(bool)


def _average_clock_change(rows):
    """The hour that local clocks show twice in autumn: the mean of both."""
    repeats = rows.repeats()
    hours = repeated_hours(rows.times.unique().sort_values(), rows.times[repeats])
    if not len(hours):
        return rows
    repeats &= rows.times.floor("h").isin(hours)
    days = hours.normalize()
    if (repeats[1:] & repeats[:-1]).any():
        return rows
    second = np.flatnonzero(repeats)
    values = rows.values.copy()
    pair = np.stack([values[second - 1], values[second]])
    known = ~np.isnan(pair)
    total = np.where(known, pair, 0).sum(axis=0)
    values[second - 1] = np.where(
        known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan
    )
    # Between two kinds of text there is no mean.
    words = list(rows.words)
    values[np.ix_(second - 1, words)] = rows.values[np.ix_(second, words)]
    more = f" and {len(days) - 1} more days" if len(days) > 1 else ""
    rows = rows.noted(
        f"Clocks go back an hour on {days[0]:%Y-%m-%d}{more}: the hour that comes twice is "
        "averaged."
    )
    return replace(rows, values=values).take(~repeats)


def _keep_last(rows, table, repeats):
    second = np.flatnonzero(repeats)
    line = table.line(int(rows.source[second[0]]))
    n = counted(len(second), "row has", "rows have")
    first = ", first" if len(second) > 1 else ""
    rows = rows.noted(
        f"{n} the time of another row and other values: the last one is kept "
        f"({when(rows.times[second[0]])}, {line}{first})."
    )
    return rows.take(~np.append(repeats[1:], False))


def _raise_repeated(rows, table, columns, again, has_series):
    first = int(np.flatnonzero(again)[0])
    share = again.mean()
    lines = sorted(rows.source[first : first + 2])
    two = " and ".join(table.line(int(line)) for line in lines)
    start = (
        f"{table.file}, column {shown(columns[0])}: {share:.0%} of the rows share their time with "
        f"others ({when(rows.times[first])} is in {two})"
    )
    likely = likely_series(table, rows, columns)
    if likely:
        several = "the file seems to hold several series"
        if has_series:
            several = "its series are others than was said"
        raise DataProblem(f"{start}: {several}, so pass series={likely[0]!r}")
    finer = _finer_times(table, rows, columns)
    if finer:
        raise DataProblem(
            f"{start}: column {shown(finer)} tells them apart, so pass time={finer!r}"
        )
    if share > MANY_SERIES and not has_series:
        raise DataProblem(
            f"{start}: the file seems to hold several series: name the column that tells them by "
            "series="
        )
    raise DataProblem(f"{start}: leave one row for each time, e.g. their sum or mean")


def _finer_times(table, rows, columns):
    """A column of times that are all different."""
    for name in table.names:
        column = table.frame[name]
        if (
            name not in columns
            and looks_like_stamps(column, name)
            and column.iloc[rows.source].is_unique
        ):
            return name
    return None


def likely_series(table: Table, rows: Rows, columns: tuple[str, ...]) -> list[str]:
    """Columns that, together with the time, tell nearly all rows apart.

    Text first, then those of fewest values.
    """
    frame = table.frame.iloc[np.sort(rows.source)]
    found = []
    times = pd.Series(rows.micros, index=rows.source).sort_index().to_numpy()
    for name in frame:
        n_values = 0 if name in columns else frame[name].nunique()
        if is_part_of_time(name):
            continue
        if 1 < n_values <= len(frame) / 3 and not pd.api.types.is_float_dtype(frame[name].dtype):
            pairs = pd.DataFrame({"time": times, "key": frame[name].to_numpy()})
            if pairs.duplicated().mean() < FEW_REPEATS / 2:
                found.append((pd.api.types.is_numeric_dtype(frame[name].dtype), n_values, name))
    return [name for *_, name in sorted(found)]
