"""Numbers: separators are those of the whole file."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skrnn.reading import DataProblem, read_series
from skrnn.reading.numbers import COMMA, POINT
from tests.reading.files import days, table, times, with_cell

LABELS = times().strftime("%Y-%m-%d")


def read(write, cells, sep=";", **options):
    return read_series(write(table(LABELS, cells, f"day{sep}load", sep)), "load", **options)


def numbers(write, cells, sep=";"):
    return read(write, cells, sep).frames["demand"]["load"].to_numpy()


@pytest.mark.parametrize(
    ("spelling", "sep"),
    [
        ("{:.2f}", ","),
        ('"{:,.2f}"', ","),
        ("{:,.2f}", ";"),
        ("{:.2f}|,", ";"),
        ("{:,.2f}|.,", ";"),
        ("{:,.2f}| ,", ";"),
        ("{:,.2f}|\u00a0,", ";"),
        ("{:,.2f}|\u202f,", "\t"),
        ("{:,.2f}|',", ";"),
        ('"{:.2f}|,"', ","),
    ],
)
def test_separators(write, spelling, sep):
    """Decimal points and commas, with digits in groups or not, are told apart."""
    expected = np.arange(40) * 123.25 - 500
    spelling, _, marks = spelling.partition("|")
    quote = '"' if spelling.startswith('"') else ""
    cells = [spelling.strip('"').format(value) for value in expected]
    marks = marks.strip('"')
    if marks:
        group, decimal = ("", marks) if len(marks) == 1 else marks
        cells = [
            cell.replace(".", "\0").replace(",", group).replace("\0", decimal) for cell in cells
        ]

    np.testing.assert_allclose(
        numbers(write, [f"{quote}{cell}{quote}" for cell in cells], sep), expected
    )


def test_one_style_a_file(write):
    """A column that reads both ways follows the columns that do not: 1.234 is 1234 beside 0,5."""
    text = table(LABELS, [f"1.234;{i},5" for i in range(40)], "day;load;price", ";")

    frame = read_series(write(text), "load", columns=["price"]).frames["demand"]

    assert frame["load"].unique().tolist() == [1234.0]
    assert frame["price"].iloc[:2].tolist() == [0.5, 1.5]


def test_style_of_late_rows(write):
    """Where thousands of rows read both ways, a later one decides."""
    cells = [*(["1,250"] * 2500), "1,5"]

    reading = read_series(write("load;x\n" + "".join(f"{cell};1\n" for cell in cells)), "load")

    assert reading.frames["demand"]["load"].iloc[0] == 1.25
    assert "Numbers have decimal commas." in reading.notes


def test_never_by_cell(write):
    """A number of the other style is no number."""
    cells = [f"{i},5" for i in range(40)]
    cells[15] = "15.5"

    with pytest.raises(DataProblem) as caught:
        read(write, cells)

    assert str(caught.value) == (
        "demand.csv, line 17, column 'load': '15.5' is not a number where the file's numbers have "
        "decimal commas: correct it, or leave the cell empty if it is unknown"
    )


@pytest.mark.parametrize(
    ("cells", "sep", "first", "note"),
    [
        (
            [f'"{1000 * i + 500:,}"' for i in range(1, 41)],
            ",",
            1500,
            "Commas in numbers group thousands (1,234 is 1234).",
        ),
        (
            [f"1,{i + 100}" for i in range(40)],
            ";",
            1.1,
            "Commas in numbers are decimal ones (1,234 is 1.234).",
        ),
        (
            [f"{100 * i + 900:,}" for i in range(40)],
            ";",
            900,
            "Commas in numbers group thousands (1,234 is 1234).",
        ),
        (
            [f"{100 * i + 900:,}".replace(",", ".") for i in range(40)],
            ";",
            900,
            "Points in numbers group thousands (1.234 is 1234).",
        ),
        (
            [f"{19 + i}.660" for i in range(40)],
            ";",
            19.66,
            "Points in numbers are decimal ones (1.234 is not 1234).",
        ),
    ],
    ids=["quoted", "decimals", "groups", "points", "threes"],
)
def test_numbers_that_read_both_ways(write, cells, sep, first, note):
    """The likelier reading is taken for the whole file, and noted."""
    reading = read(write, cells, sep)

    assert reading.frames["demand"]["load"].iloc[0] == first
    assert note in reading.notes


@pytest.mark.parametrize(
    "cell", ["", "NA", "n/a", "null", "NULL", "-", "?", "NaN", "None", " NA ", "#N/A", "."]
)
def test_missing_markers(write, cell):
    """What stands for an unknown value is one."""
    frame = read_series(write(with_cell(days(), 17, cell)), "load").frames["demand"]

    assert np.flatnonzero(frame["load"].isna()).tolist() == [15]


def test_minus_999_is_a_number(write):
    """-999 is taken as a number, and pointed out."""
    reading = read_series(write(with_cell(days(), 17, "-999")), "load")

    assert reading.frames["demand"]["load"].iloc[15] == -999
    assert (
        "Column 'load' is -999 in 1 row (first in line 17), far from its other values: if that "
        "stands for an unknown "
        "value, leave these cells empty." in reading.notes
    )


def test_minus_signs(write):
    """A typographer's minus is a minus."""
    assert numbers(write, [f"\u2212{i}.5" for i in range(40)])[3] == -3.5


@settings(deadline=None)
@given(st.lists(st.decimals(-1_000_000, 1_000_000, places=3), min_size=1, max_size=5))
def test_styles_are_inverses(decimals):
    """Numbers that are written in a style are read as what they were."""
    values = [float(value) for value in decimals]
    written = pd.Series([f"{value:,.3f}" for value in decimals])
    swapped = written.str.translate(str.maketrans(",.", ".,"))

    assert POINT.matches(written).all()
    assert POINT.read(written).tolist() == values
    assert COMMA.matches(swapped).all()
    assert COMMA.read(swapped).tolist() == values


@pytest.mark.parametrize(
    "cell", ["1.2.3", "1,23,4.5", "1e", "--1", "1 2", "", "e5", "+", "0x1A", "1_000", "01,234"]
)
def test_no_numbers(cell):
    """What is no number in one style or the other."""
    assert not POINT.matches(pd.Series([cell], dtype=str)).any()
