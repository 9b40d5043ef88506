"""Clocks: hours that are skipped or come twice, and hours that lack for other reasons."""

import numpy as np
import pandas as pd
import pytest

from skrnn.reading import read_series
from skrnn.reading.clocks import repeated_hours, skipped_hours
from tests.reading.files import table


def notes(write, stamps, y=None):
    y = np.arange(len(stamps)) if y is None else y
    reading = read_series(write(table(stamps.strftime("%Y-%m-%d %H:%M"), y)), "load")
    return [note for note in reading.notes if "Clocks" in note]


def hours(n=365 * 24, start="2023-01-01"):
    return pd.date_range(start, periods=n, freq="h")


@pytest.mark.parametrize("day", ["2023-04-09", "2023-03-19", "2023-10-08"])
def test_an_hour_that_lacks_on_another_sunday_is_no_clock_change(write, day):
    """A small hour of a Sunday in spring is not yet the one that clocks skip."""
    assert notes(write, hours()[hours() != f"{day} 02:00"]) == []


def test_an_hour_without_a_value_is_no_clock_change(write):
    """A row that is there has a stamp that clocks have shown."""
    y = np.where(hours() == "2023-03-26 02:00", "", "1.5")

    assert notes(write, hours(), y) == []


def test_a_spring_of_a_year_without_a_change_tells_against_it(write):
    """Where clocks skip an hour they do so each year."""
    stamps = hours(3 * 365 * 24)

    assert notes(write, stamps[stamps != "2024-03-31 02:00"]) == []


def test_an_hour_that_comes_twice_on_another_sunday_is_no_clock_change(write):
    """Of a row that was written twice the last one is kept, and no mean is made."""
    stamps = hours().insert(0, pd.Timestamp("2023-10-15 02:00")).sort_values()

    assert notes(write, stamps) == []


@pytest.mark.parametrize(
    "zone", ["Europe/Lisbon", "Europe/Helsinki", "US/Pacific", "America/Santiago"]
)
def test_changes_of_a_zone_are_those_that_its_times_show(zone):
    """Against the times of the zone itself, of three years."""
    local = pd.date_range("2021-01-01", "2023-12-31", freq="h", tz=zone).tz_localize(None)
    every = pd.date_range(local[0], local[-1], freq="h")

    assert skipped_hours(local.unique()).tolist() == every.difference(local).tolist()
    assert (
        repeated_hours(local.unique(), local[local.duplicated()]).tolist()
        == local[local.duplicated()].tolist()
    )


def test_stamps_with_an_offset_have_no_clock_changes():
    """They tell the time in UTC."""
    stamps = pd.date_range("2023-01-01", periods=9000, freq="h", tz="Europe/Berlin")

    assert len(skipped_hours(stamps)) == len(repeated_hours(stamps, stamps[:0])) == 0
