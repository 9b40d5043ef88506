"""Times: the column, or columns, that hold them."""

import pandas as pd
import pytest

from skrnn.reading import DataProblem, read_series
from skrnn.reading.problem import when
from tests.reading.files import days, table, times, values

HOURS = times("h", 400)


def read(write, labels, header, **options):
    return read_series(write(table(labels, header=header)), "load", **options)


def test_found_by_content(write):
    """Stamps are found under any name, and the choice is noted."""
    reading = read(write, times().strftime("%Y-%m-%d"), "x7,load")

    assert reading.time == "x7"
    assert "The time is column 'x7'." in reading.notes


def test_named_one_is_not_noted(write):
    """What was asked for needs no note."""
    reading = read(write, times().strftime("%Y-%m-%d"), "day,load", time="day")

    assert not any("The time is" in note for note in reading.notes)


def test_finest_of_several(write):
    """Of several columns the one that tells rows apart is taken."""
    labels = [f"{time:%Y-%m-%d},{time:%Y-%m-%d %H:%M}" for time in HOURS]

    reading = read(write, labels, "date,stamp,load")

    assert (reading.time, reading.step) == ("stamp", "1 hour")
    assert "Left out: column 'date' (further dates)." in reading.notes


def test_first_of_equal_ones(write):
    """Of equally fine columns the first is taken, and the other left out."""
    labels = [f"{time:%Y-%m-%d},{time + pd.Timedelta(1, 'D'):%Y-%m-%d}" for time in times()]

    assert read(write, labels, "start,end,load").time == "start"


def test_another_one_can_be_named(write):
    """time= chooses another column than the one that would be taken."""
    labels = [f"{time:%Y-%m-%d},{time + pd.Timedelta(1, 'D'):%Y-%m-%d}" for time in times()]

    reading = read(write, labels, "start,end,load", time="end")

    assert reading.frames["demand"].index[0] == pd.Timestamp("2024-01-02")


@pytest.mark.parametrize(
    ("spelling", "header"),
    [
        ("%d.%m.%Y,%H:%M", "date,time,load"),
        ("%Y-%m-%d,%I:%M %p", "date,clock,load"),
        ("%Y-%m-%d,%H", "date,hour,load"),
        ("%Y,%m,%d,%H", "year,month,day,hour,load"),
    ],
)
def test_date_and_time_apart(write, spelling, header):
    """The time may be spread over columns, which are noted and no features."""
    reading = read(write, HOURS.strftime(spelling), header)

    assert reading.step == "1 hour"
    pd.testing.assert_index_equal(
        reading.frames["demand"].index, HOURS, check_names=False, exact="equiv"
    )
    assert list(reading.frames["demand"].columns) == ["load"]
    assert any(note.endswith(" together.") for note in reading.notes)


def test_date_of_a_named_column_and_time_apart(write):
    """A date that is named is completed by its time of day."""
    assert (
        read(write, HOURS.strftime("%d.%m.%Y,%H:%M"), "date,time,load", time="date").time
        == "date + time"
    )


def test_columns_of_a_reading_are_taken_again(write):
    """What a reading tells of the time can be passed on to read another file alike."""
    path = write(table(HOURS.strftime("%Y,%m,%d,%H"), header="year,month,day,hour,load"))
    first = read_series(path, "load")

    assert (
        read_series(path, "load", time=first.time).time == first.time == "year + month + day + hour"
    )


def test_year_and_month_apart(write):
    """A year and a month are a month."""
    reading = read(write, times("MS").strftime("%Y,%m"), "Year,Month,load")

    assert (reading.time, reading.step) == ("Year + Month", "1 month")


def test_hour_of_a_stamp_is_a_feature(write):
    """A column of hours beside full stamps is a number like others."""
    reading = read(
        write, [f"{time:%Y-%m-%d %H:%M},{time.hour}" for time in HOURS], "stamp,hour,load"
    )

    assert "hour" in reading.frames["demand"]


def test_no_time(write):
    """Without times rows are counted."""
    reading = read_series(write(table(range(5, 45), header="output,load")), "load")

    assert (reading.time, reading.step) == (None, None)
    assert reading.frames["demand"].index.equals(pd.RangeIndex(40))
    assert "No column holds times: rows are counted." in reading.notes


def test_time_that_cannot_be_read(write):
    """A column that is named like a time and holds none is worth a word."""
    reading = read(write, ["13/01/2024", "01/14/2024"] * 20, "date,load")

    assert reading.step is None
    assert (
        "Column 'date' holds no times that can be read, such as '13/01/2024': rows are counted."
        in reading.notes
    )


def test_named_column_of_words(write):
    """time= with a column of something else."""
    rows = [f"{y},foo" for y in values(40)]

    with pytest.raises(DataProblem) as caught:
        read_series(
            write(table(times().strftime("%Y-%m-%d"), rows, "day,load,kind")), "load", time="kind"
        )

    assert str(caught.value) == (
        "demand.csv, line 2, column 'kind': 'foo' is not a date or time that can be read: correct "
        "it, or name another column with time=, or leave time= out"
    )


def test_parts_that_are_no_date(write):
    """A year, a month and a day that are no date together."""
    labels = list(times().strftime("%Y,%m,%d"))
    labels[15] = "2024,02,31"

    with pytest.raises(DataProblem) as caught:
        read(write, labels, "year,month,day,load")

    assert str(caught.value) == (
        "demand.csv, line 17: columns 'year', 'month' and 'day' are no date: correct them"
    )


def test_the_index_has_the_name_of_the_column(write):
    """The index is named after the column of the time."""
    assert read_series(write(days()), "load").frames["demand"].index.name == "day"


def test_moments_in_a_zone_keep_it():
    """Only what goes without saying is left out."""
    assert when(pd.Timestamp("2024-01-06 16:00:00-05:00")) == "2024-01-06 16:00-05:00"
    assert when(pd.Timestamp("2024-01-06", tz="UTC")) == "2024-01-06+00:00"
    assert when(pd.Timestamp("2024-01-06 16:30")) == "2024-01-06 16:30"
