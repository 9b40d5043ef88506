"""Numbers, times and sizes as a reader expects them."""

import numpy as np
import pandas as pd
import pytest

from skrnn.wording import (
    count,
    decimals_for,
    listing,
    moments,
    number,
    percent,
    printable,
    seconds,
    size,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1234567.8, "1,234,568"),
        (12.345, "12.3"),
        (-0.012345, "−0.0123"),
        (0.00001234, "1.23e−05"),
        (np.nan, "–"),
        (np.inf, "–"),
    ],
)
def test_number_has_three_significant_digits(value, text):
    """Numbers are rounded to three significant digits, and whole ones keep all of theirs."""
    assert number(value) == text


def test_decimals_line_a_column_up():
    """The smallest number of a column gets three digits, and all the same decimals."""
    decimals = decimals_for([0.5, 12.0, 140.0])

    assert [number(value, decimals) for value in (0.5, 12.0, 140.0)] == [
        "0.500",
        "12.000",
        "140.000",
    ]


@pytest.mark.parametrize(
    ("share", "decimals", "text"),
    [
        (0.25, 0, "25 %"),
        (-5.4e302, 1, "−5e304 %"),
        (-0.051, 0, "−5 %"),
        (0.0004, 0, "<1 %"),
        (-0.0001, 0, "0 %"),
        (0.0004, 1, "<0.1 %"),
        (0, 1, "0.0 %"),
    ],
)
def test_percent_never_rounds_something_to_nothing(share, decimals, text):
    """A small share is less than the last digit, not none; nothing has no sign."""
    assert percent(share, decimals) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.001, "<0.01 s"),
        (0.123, "0.12 s"),
        (42.4, "42 s"),
        (125, "2 min 5 s"),
        (3725, "1 h 2 min"),
        (np.nan, "–"),
    ],
)
def test_seconds_take_the_unit_that_suits_them(value, text):
    """Durations are in seconds, minutes or hours."""
    assert seconds(value) == text


@pytest.mark.parametrize(
    ("n", "text"), [(0, "0 bytes"), (999, "999 bytes"), (123456, "123 kB"), (5.2e9, "5.2 GB")]
)
def test_sizes_take_the_unit_that_suits_them(n, text):
    """Sizes of files are in bytes, kB, MB, …"""
    assert size(n) == text


def test_count_knows_singular_and_plural():
    """One row, two rows, thousands set apart."""
    assert [count(1, "row"), count(2000, "row"), count(2, "series", "series")] == [
        "1 row",
        "2,000 rows",
        "2 series",
    ]


@pytest.mark.parametrize(
    ("parts", "text"), [([], ""), (["a"], "a"), (["a", "b", "c"], "a, b and c")]
)
def test_listing_reads_as_a_sentence(parts, text):
    """Parts are joined by commas and by "and"."""
    assert listing(parts) == text


@pytest.mark.parametrize(
    ("index", "text"),
    [
        (pd.date_range("2024-01-01", periods=2, freq="D"), ["2024-01-01", "2024-01-02"]),
        (
            pd.date_range("2024-01-01", periods=2, freq="h"),
            ["2024-01-01 00:00", "2024-01-01 01:00"],
        ),
        (
            pd.date_range("2024-01-01", periods=2, freq="s"),
            ["2024-01-01 00:00:00", "2024-01-01 00:00:01"],
        ),
        (pd.period_range("2024-01", periods=2, freq="M"), ["2024-01", "2024-02"]),
        (pd.RangeIndex(2), ["0", "1"]),
        ([], []),
    ],
)
def test_moments_are_written_alike(index, text):
    """A midnight among hours keeps its hour; days have none."""
    assert moments(index) == text


def test_what_steers_a_terminal_is_spelled_out():
    """A column's name moves no cursor and rings no bell."""
    assert printable("a\x1b[2Jb\x07 ±ä\n") == "a\\x1b[2Jb\\x07 ±ä\n"
