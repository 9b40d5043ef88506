"""Times: which columns of a table hold the time, and the times."""

import re
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from skrnn.reading.problem import DataProblem, listed, shown
from skrnn.reading.spellings import BadStampError
from skrnn.reading.stamps import TIME_NAMES, Stamps, looks_like_stamps, read_clock, read_stamps
from skrnn.reading.tables import Table

HOUR_NAMES = re.compile(r"^(hour|hours|hr|h|hora|stunde|uhrzeit|time|zeit)$", re.IGNORECASE)
# The columns that a date may be spread over.
SPREAD = {"month": r"^(month|mon|mm|mes|monat)$", "day": r"^(day|dd|dom|tag|dia)$"}
# Between the names of columns that hold the time together.
JOINT = " + "
# A column with fewer different stamps than this share of its rows may need a second column to tell
# them apart.
DISTINCT_SHARE = 0.9


@dataclass
class Times:
    """The time of each row, NaT where a row has none, and the columns that told it."""

    columns: tuple[str, ...]
    times: pd.DatetimeIndex
    unit: str
    notes: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name of the index."""
        return " ".join(self.columns)


def is_part_of_time(name: str) -> bool:
    """Whether a column's name says that it holds a part of the time, such as the hour."""
    parts = [*SPREAD.values(), "^(quarter|qtr|week|wk)$"]
    return bool(HOUR_NAMES.match(name)) or any(re.match(one, name, re.IGNORECASE) for one in parts)


def first_column(table: Table, time: str | None) -> str | None:
    """The first of the columns in a name such as "date + hour": it finds the others again."""
    if time is None or time in table.names:
        return time
    columns = time.split(JOINT)
    return columns[0] if set(columns) <= set(table.names) else time


def find_times(table: Table, time: str | None, taken: set[str]) -> Times | None:
    """The times of the column that was named, or of the one that looks most like it, if any."""
    free = [name for name in table.names if name not in taken and name != time]
    chosen = time or _most_likely(table, free)
    if chosen is None:
        return None
    stamps = _read(table, chosen, time)
    found = _spread(table, chosen, stamps, free) or Times(
        columns=(chosen,), times=stamps.times, unit=stamps.unit, notes=stamps.notes
    )
    if len(found.columns) > 1:
        note = f"The time is columns {listed(found.columns)} together."
        return replace(found, notes=[note, *found.notes])
    if time is None:
        return replace(found, notes=[f"The time is column {shown(chosen)}.", *found.notes])
    return found


def _most_likely(table, free):
    """The column of stamps with most different values; of equal ones the one whose name says so."""
    likely = [name for name in free if looks_like_stamps(table.frame[name], name)]
    if not likely:
        return None

    def rank(name):
        distinct = table.frame[name].nunique() / len(table.frame)
        return round(distinct, 2), bool(TIME_NAMES.search(name)), -table.names.index(name)

    return max(likely, key=rank)


def _read(table, name, time) -> Stamps:
    try:
        return read_stamps(table.frame[name])
    except BadStampError as error:
        cell = table.cell(error.row, name)
        other = ", or leave time= out" if time else ""
        raise DataProblem(
            f"{table.at(error.row, name)}: {cell} {error.why}: correct it, or name another column "
            f"with time={other}"
        ) from None


def _spread(table, name, stamps, free):
    """Dates with the time of day, or years with the month and day, of further columns."""
    if stamps.unit == "year":
        return _with_month(table, name, free)
    midnights = (stamps.times == stamps.times.normalize()) | stamps.times.isna()
    if not midnights.all() or stamps.times.nunique() > DISTINCT_SHARE * len(stamps.times):
        return None
    return _with_clock(table, (name,), stamps.times, stamps.notes, free)


def _with_clock(table, names, times, notes, free):
    for name in free:
        column = table.frame[name]
        numbers = pd.api.types.is_numeric_dtype(column.dtype)
        text = not (numbers or pd.api.types.is_datetime64_any_dtype(column.dtype))
        if not (text or HOUR_NAMES.match(name)):
            continue
        clock = read_clock(column)
        if clock is not None:
            together = times + pd.TimedeltaIndex(clock.reindex(column.index))
            if together.nunique() > times.nunique():
                return Times((*names, name), together.as_unit("us"), "time", notes)
    return None


def _with_month(table, year, free):
    found = {
        unit: next((name for name in free if re.match(like, name, re.IGNORECASE)), None)
        for unit, like in SPREAD.items()
    }
    month = found["month"]
    day = found["day"]
    if month is None or not _is_within(table.frame[month], 12):
        return None
    if day is not None and not _is_within(table.frame[day], 31):
        day = None
    names = tuple(name for name in (year, month, day) if name is not None)
    columns = {
        unit: table.frame[name] for unit, name in zip(("year", "month", "day"), names, strict=False)
    }
    dates = pd.to_datetime(pd.DataFrame({"day": 1, **columns}), errors="coerce")
    times = pd.DatetimeIndex(dates).as_unit("us")
    bad = np.flatnonzero(times.isna() & table.frame[list(names)].notna().all(axis=1).to_numpy())
    if len(bad):
        raise DataProblem(
            f"{table.file}, {table.line(bad[0])}: columns {listed(names)} are no date: correct them"
        )
    if day is None:
        return Times(names, times, "month")
    with_clock = _with_clock(table, names, times, [], [name for name in free if name not in names])
    return with_clock or Times(names, times, "date")


def _is_within(column, largest):
    return pd.api.types.is_numeric_dtype(column.dtype) and bool(
        column.dropna().between(1, largest).all()
    )
