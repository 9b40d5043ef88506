"""Strays: stamps that lie on no step of the others."""

import numpy as np
import pandas as pd
import pytest

from skrnn.reading import DataProblem, read_series
from tests.reading.files import table, times


def read(write, stamps, y=None):
    labels = pd.DatetimeIndex(stamps).strftime("%Y-%m-%d %H:%M:%S")
    return read_series(write(table(labels, y)), "load")


def hours(n=1000, start="2023-01-01", **moved):
    """Hourly stamps, of which some rows (``row_7``) are moved by so many minutes."""
    stamps = times("h", n, start).to_numpy().copy()
    for row, minutes in moved.items():
        stamps[int(row.removeprefix("row_"))] += np.timedelta64(minutes, "m")
    return stamps


@pytest.mark.parametrize("minutes", [-29, 3, 17, 30, 44])
def test_two_odd_stamps_are_set_to_the_steps_between_their_neighbours(write, minutes):
    """Two stamps of a thousand do not make a file irregular."""
    reading = read(write, hours(row_500=minutes, row_800=7), np.arange(1000))

    frame = reading.frames["demand"]
    assert frame.index.equals(times("h", 1000, "2023-01-01").rename("day"))
    assert frame["load"].tolist() == list(range(1000))
    stamp = pd.Timestamp(hours()[500]) + pd.Timedelta(minutes=minutes)
    assert (
        f"2 stamps lie on no step of 1 hour ({stamp:%Y-%m-%d %H:%M}, line 502, first): set to the "
        "free step between the rows beside it." in reading.notes
    )


def test_an_odd_stamp_between_rows_that_leave_no_step_free_is_left_out(write):
    """A row more than there are steps, of which the note tells the line."""
    stamps = np.sort(np.append(hours(), np.datetime64("2023-01-01T05:20")))

    reading = read(write, stamps, np.arange(1001))

    assert reading.frames["demand"]["load"].tolist() == [y for y in range(1001) if y != 6]
    assert (
        "1 stamp lies on no step of 1 hour (2023-01-01 05:20, line 8), and the rows beside it "
        "leave none free: left out." in reading.notes
    )


def test_a_clock_that_was_set_anew_leaves_the_steps_of_most_rows(write):
    """Behind some row all stamps lie 40 minutes later: the file's own stamps stay, as of 00:00."""
    stamps = hours()
    stamps[600:] += np.timedelta64(40, "m")

    reading = read(write, stamps)

    index = reading.frames["demand"].index
    assert (index.minute == 0).all()
    assert index.isin(stamps).sum() == 600
    assert (
        "The stamps of 400 rows (2023-01-26 00:40 first) lie up to 20 minutes off the others' "
        "steps of 1 hour: each was set to the nearest step." in reading.notes
    )


@pytest.mark.parametrize("row", [7, 700])
def test_all_stamps_40_minutes_past_stay_what_they_are(write, row):
    """One odd stamp does not move all others."""
    stamps = hours(start="2023-01-01 00:40", **{f"row_{row}": 3})

    index = read(write, stamps).frames["demand"].index

    assert index.equals(times("h", 1000, "2023-01-01 00:40").rename("day"))


def test_steps_of_jittering_stamps_are_stamps_of_the_file(write):
    """Where no phase is frequent, the steps have one that occurs."""
    rng = np.random.default_rng(0)
    stamps = times("h", 50, "2023-01-01 00:40") + pd.to_timedelta(rng.choice([-97, 0, 61], 50), "s")

    index = read(write, stamps).frames["demand"].index

    assert index.isin(stamps).any()


def test_series_have_odd_stamps_of_their_own(write):
    """Each series has its own phase, and its own neighbours."""
    stamps = [hours(row_40=11), hours(start="2023-01-01 00:20", row_60=-13)]
    labels = [
        f"{name},{pd.Timestamp(stamp)}"
        for name, own in zip("ab", stamps, strict=True)
        for stamp in own
    ]

    frames = read_series(write(table(labels, header="name,day,load")), "load", series="name").frames

    assert frames["a"].index[40] == pd.Timestamp(hours()[40])
    assert frames["b"].index.equals(times("h", 1000, "2023-01-01 00:20").rename("day"))


def test_half_a_step_is_in_doubt(write):
    """Stamps of which a third lies right between the steps of the others are no regular ones."""
    stamps = hours()
    stamps[650:] += np.timedelta64(30, "m")

    with pytest.raises(DataProblem, match="the rows have no regular step"):
        read(write, stamps)
