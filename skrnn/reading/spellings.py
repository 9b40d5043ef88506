"""Spellings: the ways to write dates and times, and how each becomes times."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from skrnn.reading.problem import shown

END_OF_TIME = r":\d{2}(?:[.,]\d+)?(?:\s?[AaPp]\.?[Mm]\.?)?"
TIME = rf"\d{{1,2}}(?::\d{{2}})?{END_OF_TIME}"
OFFSET = r"(?:Z|z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})"
REST = rf"(?:(?:[T,]|\s)\s*{TIME}\s*{OFFSET}?)?"
MONTH = r"[A-Za-z]{3,9}\.?"
# How the note begins on dates whose order was guessed.
UNSURE_DATES = "Dates such as"
DAY_FIRST, MONTH_FIRST, YEAR_FIRST = "day/month/year", "month/day/year", "year/month/day"
# Years of two digits come first if dates are then so regular, and so much more than otherwise.
REGULAR, MORE_REGULAR = 1.5, 0.1


class BadStampError(ValueError):
    """The row of the first cell that cannot be read with the others, and why."""

    def __init__(self, row: int, why: str):
        super().__init__(f"row {row} {why}")
        self.row = row
        self.why = why


@dataclass(frozen=True)
class Shape:
    """A way to write stamps: what it tells, its pattern, and how such cells become naive times."""

    unit: str
    example: str
    pattern: str
    read: Callable


# ---------------------------------------------------------------------- day and time


def _with_offsets(read):
    """A reader of cells that may end in an offset from UTC, which says what moment they are."""

    def reader(text):
        offsets = text.str.contains(rf"{END_OF_TIME}\s*{OFFSET}$")
        if not offsets.any():
            return read(text)
        if not offsets.all():
            usual = bool(offsets.mean() > 0.5)
            why = "has an offset from UTC, and others have none"
            if usual:
                why = "has no offset from UTC, and others have one"
            raise BadStampError(int(text.index[offsets.to_numpy() != usual][0]), why)
        local, notes = read(text.str.replace(rf"\s*{OFFSET}$", "", regex=True))
        times, words = _moments(local, text.str.extract(rf"({OFFSET})$")[0])
        return times, [*notes, *words]

    return reader


def _moments(local, offsets):
    """One offset stays; several become UTC."""
    offsets = offsets.str.upper().str.replace(":", "", regex=False)
    offsets = offsets.replace({"Z": "+0000", "UTC": "+0000", "GMT": "+0000"})
    kinds = offsets.unique()
    shift = offsets.map({kind: _offset(kind) for kind in kinds})
    utc = (local - shift).dt.tz_localize("UTC")
    if len(kinds) == 1 and kinds[0] != "+0000":
        name = f"{kinds[0][:3]}:{kinds[0][3:] or '00'}"
        return utc.dt.tz_convert(name), [f"Times are local ones, UTC{name}."]
    if len(kinds) == 1:
        return utc, ["Times are in UTC."]
    return utc, ["Times have several offsets from UTC: all were set to UTC."]


@_with_offsets
def _read_iso(text):
    """2024-01-31T13:30:00, the fast way where every cell is spelled alike."""
    fast = pd.to_datetime(text, format="ISO8601", errors="coerce")
    return (fast, []) if fast.notna().all() else (_year_first(text), [])


def _offset(kind):
    offset = pd.Timedelta(hours=int(kind[1:3]), minutes=int(kind[3:5] or 0))
    return -offset if kind[0] == "-" else offset


def _year_first(text):
    found = text.str.extract(r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(.*)$")
    return _assemble(found[0], found[1], found[2]) + time_of_day(found[3])


@_with_offsets
def _read_slashed(text):
    """31/01/2024, 01/31/2024 or 24/01/31: which one is decided by the whole column."""
    quick = _read_slashed_alike(text)
    if quick is not None:
        return quick
    found = text.str.extract(r"^(\d{1,2})([-/.])(\d{1,2})[-/.](\d{4}|\d{2})(.*)$")
    first, second, third = (found[at].astype(int) for at in (0, 2, 3))
    year = _century(found[3])
    clock = time_of_day(found[4])
    ways = {
        DAY_FIRST: _assemble(year, second, first) + clock,
        MONTH_FIRST: _assemble(year, first, second) + clock,
    }
    if found[[0, 2, 3]].apply(lambda part: part.str.len() == 2).all(axis=None):
        ways[YEAR_FIRST] = _assemble(_century(found[0]), second, third) + clock
    order, sure = _order(first, second, ways, found[1].iloc[0])
    example = shown(_telling(text, first, second))
    notes = [f"Dates are read as {order}, as {example} is."]
    if not sure:
        notes = [
            f"{UNSURE_DATES} {example} were read as {order}: if that is wrong, write them as "
            "2024-01-31."
        ]
    return ways[order], notes


def _telling(text, first, second):
    """A cell with a day that is no month, which shows the order; the first where none has."""
    tells = (first.to_numpy() > 12) | (second.to_numpy() > 12)
    return text.iloc[int(tells.argmax())]


def _read_slashed_alike(text):
    """Cells of one format, of which only one order of day and month fits all: many at once."""
    mark = re.search(r"\D", text.iloc[0])[0]
    clock = {0: "", 1: " %H:%M", 2: " %H:%M:%S"}.get(text.iloc[0].count(":"), "")
    fitting = []
    for order, words in (("%d{0}%m{0}%Y", DAY_FIRST), ("%m{0}%d{0}%Y", MONTH_FIRST)):
        spelling = order.format(mark) + clock
        # What does not fit some cells does not fit all of them, and is not tried on all.
        sample = text.iloc[:: len(text) // 1000 + 1]
        if pd.to_datetime(sample, format=spelling, errors="coerce").isna().any():
            continue
        times = pd.to_datetime(text, format=spelling, errors="coerce")
        if times.notna().all():
            days = times.dt.day
            example = shown(_telling(text, days, days))
            fitting.append((times, [f"Dates are read as {words}, as {example} is."]))
    return fitting[0] if len(fitting) == 1 else None


def _order(first, second, ways, mark):
    """In which order day, month and year come, and whether that is sure."""
    if YEAR_FIRST in ways and _is_year_first(ways):
        return YEAR_FIRST, False
    n_first = (first > 12).sum()
    n_second = (second > 12).sum()
    if n_first != n_second:
        return DAY_FIRST if n_first > n_second else MONTH_FIRST, True
    regular = {way: _regularity(ways[way]) for way in (DAY_FIRST, MONTH_FIRST)}
    if regular[DAY_FIRST] != regular[MONTH_FIRST]:
        return max(regular, key=regular.get), False
    return MONTH_FIRST if mark == "/" else DAY_FIRST, False


def _is_year_first(ways):
    """Whether years of two digits are likely to come first: days are in order then alone."""
    days = {way: times.dt.normalize().drop_duplicates() for way, times in ways.items()}
    regular = {way: _regularity(times) for way, times in days.items()}
    of_year = regular.pop(YEAR_FIRST)
    return of_year > max(REGULAR, MORE_REGULAR + max(regular.values()))


def _regularity(times):
    """How many of the neighbours are in order, and one usual step apart (in days or in months)."""
    if len(times) < 3 or times.isna().any():
        return 0.0
    days = times.diff().iloc[1:].dt.total_seconds()
    steps = [days]
    if times.dt.day.nunique() == 1:
        steps.append((times.dt.year * 12 + times.dt.month).diff().iloc[1:])
    share = max(apart.value_counts().iloc[0] / len(apart) for apart in steps)
    return round(float(share + abs(np.sign(days).mean())), 6)


@_with_offsets
def _read_named(text):
    """31 Jan 2024, January 31, 2024 13:30 and the like."""
    found = text.str.extract(rf"^(.*?)((?:\s|,\s?){TIME})?$")
    day = found[0].str.replace(r"[\s,./-]+", " ", regex=True).str.strip()
    day = day.str.replace(r"(\d)([A-Za-z])", r"\1 \2", regex=True)
    day = day.str.replace(r"([A-Za-z])(\d)", r"\1 \2", regex=True)
    day = day.str.replace(r"^[A-Za-z]+ (?=[A-Za-z]|\d{1,2} [A-Za-z])", "", regex=True)
    return _by_format(day, _orders("%d")) + time_of_day(found[1]), []


def _orders(day):
    months = ("%b", "%B")
    years = ("%Y", "%y")
    return [
        *(f"{day} {month} {year}" for year in years for month in months),
        *(f"{month} {day} {year}" for year in years for month in months),
        *(f"%Y {month} {day}" for month in months),
    ]


def _by_format(text, formats):
    """The first format that reads most cells."""
    best = pd.Series(pd.NaT, index=text.index, dtype="datetime64[us]")
    for spelling in formats:
        read = pd.to_datetime(text, format=spelling, errors="coerce")
        if read.notna().sum() > best.notna().sum():
            best = read
        if best.notna().all():
            break
    return best


def time_of_day(text: pd.Series) -> pd.Series:
    """Time of day; nothing is midnight."""
    text = text.fillna("").str.strip(" ,T").str.replace(",", ".", regex=False).str.lower()
    found = text.str.extract(r"^(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?\s?([ap])?")
    half = found[3]
    hours, minutes, seconds = (found[at].fillna("0").astype(float) for at in range(3))
    hours = hours.where(~(half.notna() & (hours == 12)), 0) + 12 * (half == "p")
    seconds += 3600 * hours + 60 * minutes
    micros = (seconds * 1e6).round().astype("int64").to_numpy()
    return pd.Series(micros.astype("timedelta64[us]"), index=text.index)


def _century(text):
    """Two digits of a year are those of 1970 to 2069."""
    year = text.astype(int)
    return year.where(text.str.len() == 4, year + 1900 + 100 * (year < 70))


def _assemble(year, month, day):
    """Dates of any year, also where nanoseconds do not reach; NaT where there is no such day."""
    index = year.index
    year, month, day = (numbers.astype("int64").to_numpy() for numbers in (year, month, day))
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    dates = months.astype("datetime64[D]") + (day - 1).astype("timedelta64[D]")
    there = (month >= 1) & (month <= 12) & (day >= 1) & (dates.astype("datetime64[M]") == months)
    times = np.where(there, dates.astype("datetime64[us]"), np.datetime64("NaT", "us"))
    return pd.Series(times, index=index)


# ---------------------------------------------------------------------- days and longer


def _read_compact(text):
    """20240131, with or without a time behind it."""
    digits = text.str.replace(r"[T\s_:-]", "", regex=True)
    lengths = {8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
    spelling = lengths.get(len(digits.iloc[0]), "%Y%m%d")
    return pd.to_datetime(digits, format=spelling, errors="coerce"), []


def _read_month(text):
    found = text.str.extract(r"^(\d{4})[-/. ]?[Mm]?(\d{1,2})$")
    swapped = text.str.extract(r"^(\d{1,2})[-/.](\d{4})$")
    year = found[0].fillna(swapped[1])
    month = found[1].fillna(swapped[0])
    return _assemble(year, month, pd.Series(1, index=text.index)), []


def _read_named_month(text):
    words = text.str.replace(r"[\s,./-]+", " ", regex=True)
    return _by_format(words, ["%b %Y", "%B %Y", "%b %y", "%B %y", "%Y %b", "%Y %B"]), []


def _read_quarter(text):
    found = text.str.upper().str.extract(r"(\d{4})?[-/ ]?Q([1-4])[-/ ]?(\d{4})?")
    month = found[1].astype(int) * 3 - 2
    return _assemble(found[0].fillna(found[2]), month, pd.Series(1, index=text.index)), []


def _read_week(text):
    found = text.str.upper().str.extract(r"^(\d{4})-?W(\d{1,2})$")
    mondays = found[0] + "-" + found[1].str.zfill(2) + "-1"
    return pd.to_datetime(mondays, format="%G-%V-%u", errors="coerce"), []


def _read_year(text):
    first = pd.Series(1, index=text.index)
    return _assemble(text.astype(int), first, first), []


def _read_epoch(text):
    """Seconds since 1970, or thousandths, millionths or billionths, by how many there are."""
    values = text.astype(object).astype(float)
    power = int(np.clip((np.log10(values.median()) - 9) // 3, 0, 3))
    unit = ("seconds", "milliseconds", "microseconds", "nanoseconds")[power]
    micro = values * 10.0 ** (6 - 3 * power)
    if power >= 2:
        micro = text.astype("int64") // 10 ** (3 * power - 6)
    times = pd.to_datetime(micro.round().astype("int64"), unit="us", errors="coerce")
    return times.astype("datetime64[us]"), [f"Times are {unit} since 1970, in UTC."]


SHAPES = (
    Shape("time", "2024-01-31 13:30", rf"\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}{REST}", _read_iso),
    Shape(
        "date",
        "31/01/2024",
        rf"\d{{1,2}}[-/.]\d{{1,2}}[-/.](?:\d{{4}}|\d{{2}}){REST}",
        _read_slashed,
    ),
    Shape(
        "date",
        "31 Jan 2024",
        rf"(?:[A-Za-z]{{3,9}},?\s+)?(?:\d{{1,2}}[\s./-]*{MONTH},?[\s./-]*(?:\d{{4}}|\d{{2}})"
        rf"|{MONTH}\s*\d{{1,2}},?\s+\d{{4}}|\d{{4}}[\s-]{MONTH}[\s-]\d{{1,2}}){REST}",
        _read_named,
    ),
    Shape(
        "month",
        "2024-01",
        r"\d{4}[-/. ]?[Mm]\d{1,2}|\d{4}[-/.]\d{1,2}|\d{1,2}[-/.]\d{4}",
        _read_month,
    ),
    Shape(
        "month",
        "Jan 2024",
        rf"{MONTH}[\s./-]*(?:\d{{4}}|\d{{2}})|\d{{4}}[\s./-]*{MONTH}",
        _read_named_month,
    ),
    Shape("quarter", "2024Q1", r"\d{4}[-/ ]?[Qq][1-4]|[Qq][1-4][-/ ]?\d{4}", _read_quarter),
    Shape("week", "2024-W05", r"\d{4}-?[Ww]\d{1,2}", _read_week),
    Shape("year", "2024", r"1\d{3}|2[01]\d{2}", _read_year),
    Shape("month", "202401", r"(?:1[6-9]|20|21)\d{2}(?:0[1-9]|1[0-2])", _read_month),
    Shape("date", "20240131", r"(?:1[6-9]|20|21)\d{2}(?:0[1-9]|1[0-2])[0-3]\d", _read_compact),
    Shape(
        "time",
        "20240131 1330",
        r"(?:1[6-9]|20|21)\d{2}(?:0[1-9]|1[0-2])[0-3]\d[T\s_-]?[0-2]\d(?::?[0-5]\d){0,2}",
        _read_compact,
    ),
    Shape(
        "time",
        "1706659200 (seconds since 1970)",
        r"\d{9,10}(?:\.\d+)?|\d{12,13}(?:\.\d+)?|\d{16}|\d{19}",
        _read_epoch,
    ),
)
