"""Stamps: spellings of times."""

import pandas as pd
import pytest

from skrnn.reading import DataProblem, read_series
from skrnn.reading.stamps import looks_like_stamps, read_stamps
from tests.reading.files import days, table, times, values, with_cell


def read(write, labels, name="t", sep=","):
    return read_series(write(table(labels, header=f"{name}{sep}load", sep=sep)), "load", time=name)


def problem_of(write, labels):
    with pytest.raises(DataProblem) as caught:
        read(write, labels)
    return str(caught.value)


DAYS = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%y",
    "%m/%d/%y",
    "%d %b %Y",
    "%d-%b-%y",
    "%d%b%Y",
    "%b %d %Y",
    "%B %d %Y",
    "%a %d %B %Y",
    "%Y-%b-%d",
]
CLOCKS = [
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y%m%d%H%M",
    "%Y%m%dT%H%M%S",
    "%d.%m.%Y %H:%M",
    "%m/%d/%Y %I:%M %p",
    "%d %b %Y %H:%M:%S",
]
MONTHS = ["%Y-%m", "%Y/%m", "%Y%m", "%YM%m", "%m/%Y", "%b %Y", "%B %Y", "%b-%y", "%Y %b"]


@pytest.mark.parametrize("spelling", DAYS)
def test_days(write, spelling):
    """Days in any usual spelling."""
    reading = read(write, times().strftime(spelling))

    assert reading.step == "1 day"
    pd.testing.assert_index_equal(
        reading.frames["demand"].index, times(), check_names=False, exact="equiv"
    )


@pytest.mark.parametrize("spelling", CLOCKS)
def test_times_of_day(write, spelling):
    """Hours in any usual spelling."""
    hours = times("h", 400)

    reading = read(write, hours.strftime(spelling))

    assert reading.step == "1 hour"
    pd.testing.assert_index_equal(
        reading.frames["demand"].index, hours, check_names=False, exact="equiv"
    )


@pytest.mark.parametrize("spelling", MONTHS)
def test_months(write, spelling):
    """Months are periods, in any usual spelling."""
    months = times("MS")

    reading = read(write, months.strftime(spelling))

    assert reading.step == "1 month"
    assert reading.frames["demand"].index.equals(months.to_period("M"))


@pytest.mark.parametrize("spelling", ["{0}Q{1}", "{0}-Q{1}", "Q{1} {0}", "{0} q{1}"])
def test_quarters(write, spelling):
    """Quarters are periods."""
    quarters = pd.period_range("2010Q1", periods=40, freq="Q")

    reading = read(write, [spelling.format(q.year, q.quarter) for q in quarters])

    assert reading.step == "1 quarter"
    assert reading.frames["demand"].index.equals(quarters)


def test_years(write):
    """Years are periods."""
    reading = read(write, range(1950, 1990))

    assert reading.step == "1 year"
    assert reading.frames["demand"].index.equals(pd.period_range("1950", periods=40, freq="Y"))


def test_weeks(write):
    """Weeks of the ISO calendar are their Mondays."""
    reading = read(write, times("W-MON").strftime("%G-W%V"))

    assert reading.step == "1 week"
    assert reading.frames["demand"].index[0] == pd.Timestamp("2024-01-01")


@pytest.mark.parametrize(
    ("factor", "unit"),
    [(1, "seconds"), (10**3, "milliseconds"), (10**6, "microseconds"), (10**9, "nanoseconds")],
)
def test_epochs(write, factor, unit):
    """Counts since 1970 are told apart by their size."""
    reading = read(write, [int(time.timestamp()) * factor for time in times("h")])

    assert f"Times are {unit} since 1970, in UTC." in reading.notes
    assert reading.frames["demand"].index[0] == pd.Timestamp("2024-01-01")


def test_midnight_as_24(write):
    """24:00 is the end of its day."""
    labels = [f"{time:%d.%m.%Y} {time.hour + 1:02}:00" for time in times("h", 400)]

    assert read(write, labels).frames["demand"].index[23] == pd.Timestamp("2024-01-02")


def test_years_long_ago(write):
    """Years that nanoseconds do not reach."""
    assert (
        read(write, pd.period_range("1600-01-01", periods=40, freq="D"))
        .frames["demand"]
        .index[0]
        .year
        == 1600
    )


@pytest.mark.parametrize(
    ("order", "spelling"), [("day/month/year", "%d/%m/%Y"), ("month/day/year", "%m/%d/%Y")]
)
def test_order_is_that_of_the_whole_column(write, order, spelling):
    """A day above 12 anywhere decides for all rows."""
    reading = read(write, times(n=13).strftime(spelling))

    # The first cell with a day that is no month.
    example = pd.Timestamp("2024-01-13").strftime(spelling)
    assert f"Dates are read as {order}, as '{example}' is." in reading.notes
    assert reading.step == "1 day"


@pytest.mark.parametrize(
    ("order", "spelling"), [("day/month/year", "%d/%m/%Y"), ("month/day/year", "%m/%d/%Y")]
)
def test_order_by_regularity(write, order, spelling):
    """Where no day is above 12, the order that makes the rows regular is taken, with a caution."""
    reading = read(write, times("MS", 30).strftime(spelling))

    assert reading.step == "1 month"
    assert (
        f"Dates such as '01/01/2024' were read as {order}: if that is wrong, write them as "
        f"2024-01-31." in reading.notes
    )


@pytest.mark.parametrize("step", ["D", "h", "B", "W", "MS", "QS"])
@pytest.mark.parametrize("spelling", ["%y-%m-%d", "%y/%m/%d", "%y.%m.%d %H:%M"])
def test_years_of_two_digits_that_come_first(spelling, step):
    """Rows are in order, and one step apart, only if the year is first; with a caution."""
    rows = pd.date_range("1998-11-01", periods=2500 if step == "h" else 60, freq=step)
    if spelling[-1] == "d":
        rows = rows.normalize().drop_duplicates()
    stamps = read_stamps(pd.Series(rows.strftime(spelling)))

    assert stamps.times.equals(rows.as_unit("us"))
    (note,) = stamps.notes
    assert f"such as '{rows[0]:{spelling}}' were read as year/month/day" in note


@pytest.mark.parametrize("step", ["D", "B", "W", "MS", "QS", "YS-DEC"])
@pytest.mark.parametrize("spelling", ["%d-%m-%y", "%m/%d/%y", "%d.%m.%y"])
@pytest.mark.parametrize("n", [5, 40])
def test_years_of_two_digits_that_come_last(spelling, step, n):
    """As most are written: nothing else is more regular."""
    rows = pd.date_range("1998-11-17", periods=n, freq=step)
    stamps = read_stamps(pd.Series(rows.strftime(spelling)))

    assert "year/month/day" not in stamps.notes[0]
    if n == 40:
        assert stamps.times.equals(rows.as_unit("us"))


def test_offset(write):
    """One offset from UTC is kept."""
    reading = read(write, [f"{time.isoformat()}+09:00" for time in times("h")])

    assert reading.frames["demand"].index[0] == pd.Timestamp("2024-01-01T00:00+09:00")
    assert str(reading.frames["demand"].index.tz) == "UTC+09:00"
    assert "Times are local ones, UTC+09:00." in reading.notes


def test_utc(write):
    """Times in UTC say so."""
    reading = read(write, [f"{time.isoformat()}Z" for time in times("h")])

    assert str(reading.frames["demand"].index.tz) == "UTC"
    assert "Times are in UTC." in reading.notes


def test_several_offsets(write):
    """Several offsets become UTC: an hour is an hour, whatever clocks do."""
    local = pd.date_range("2024-03-30", periods=60, freq="h", tz="Europe/Berlin", unit="us")

    reading = read(write, [time.isoformat() for time in local])

    pd.testing.assert_index_equal(
        reading.frames["demand"].index, local.tz_convert("UTC"), check_names=False, exact="equiv"
    )
    assert "Times have several offsets from UTC: all were set to UTC." in reading.notes


@pytest.mark.parametrize(
    "spelling",
    [
        "%d/%m/%Y %H:%M",
        "%Y-%m-%dT%H:%M:%S,000",
        "%Y-%m-%d %I:%M %p",
        "%d %b %Y %H:%M",
        "%B %d, %Y %H:%M",
    ],
)
def test_offsets_of_every_spelling(write, spelling):
    """An offset is never left out: the hour that comes twice in autumn is two hours."""
    local = pd.date_range("2024-10-26", periods=62, freq="h", tz="Europe/Berlin", unit="us")
    labels = [f'"{time.strftime(spelling)} {time.strftime("%z")}"' for time in local]

    reading = read(write, labels)

    pd.testing.assert_index_equal(
        reading.frames["demand"].index, local.tz_convert("UTC"), check_names=False, exact="equiv"
    )
    assert "Times have several offsets from UTC: all were set to UTC." in reading.notes


def test_some_without_offset(write):
    """Some with and some without an offset are not comparable."""
    labels = [f"{time.isoformat()}+09:00" for time in times("h")]
    labels[15] = labels[15].removesuffix("+09:00")

    assert problem_of(write, labels) == (
        "demand.csv, line 17, column 't': '2024-01-01T15:00:00' has no offset from UTC, and others "
        "have one: correct it, or name another column with time=, or leave time= out"
    )


@pytest.mark.parametrize("cell", ["2024-01-99", "2024-02-30", "soon", "2024"])
def test_bad_stamp(write, cell):
    """A cell that is no stamp, with its line."""
    with pytest.raises(DataProblem) as caught:
        read_series(write(with_cell(days(), 17, cell, column=0)), "load")

    assert str(caught.value) == (
        f"demand.csv, line 17, column 'day': '{cell}' is no date or time like the others, such as "
        "'2024-01-01': correct it, or name another column with time="
    )


def test_missing_stamp(write):
    """A row with a value and no time."""
    with pytest.raises(DataProblem) as caught:
        read_series(write(with_cell(days(), 17, "", column=0)), "load")

    assert str(caught.value) == (
        "demand.csv, line 17, column 'day': is empty: write the time of every row, or remove the "
        "row"
    )


@pytest.mark.parametrize(
    "cells", [["red", "blue"], ["1.5", "2.5"], ["A12", "B13"], ["3-5", "4-6"], ["99/99/9999"] * 9]
)
def test_no_stamps(cells):
    """Words, numbers and codes are no stamps."""
    assert not looks_like_stamps(pd.Series(cells, dtype=str), "date")


def test_numbers_need_a_name():
    """Plain numbers are stamps only under a name that says so."""
    years = pd.Series([1950, 1951, 1952])

    assert looks_like_stamps(years, "year")
    assert not looks_like_stamps(years, "output")


def test_gaps_between_stamps():
    """An empty cell is no time, and the others keep their rows."""
    stamps = read_stamps(pd.Series(["2024-01-01", None, "2024-01-03"]))

    assert stamps.times.isna().tolist() == [False, True, False]
    assert stamps.times[2] == pd.Timestamp("2024-01-03")


def test_no_number_of_rows_is_lost(write):
    """Every row of the file is a row of the frame."""
    assert (
        read(write, times(n=40).strftime("%d.%m.%Y")).frames["demand"]["load"].tolist()
        == values(40).tolist()
    )
