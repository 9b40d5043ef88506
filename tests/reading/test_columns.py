"""Columns: what is taken as numbers, and what is left out."""

import numpy as np
import pytest

from skrnn.reading import DataProblem, read_series
from tests.reading.files import days, table, times, values, with_cell


def with_column(cells):
    """Days of load, and another column of these cells, over and over."""
    rows = [f"{y},{cells[i % len(cells)]}" for i, y in enumerate(values(40))]
    return table(times().strftime("%Y-%m-%d"), rows, "day,load,other")


def problem_of(path, target="load", **options):
    with pytest.raises(DataProblem) as caught:
        read_series(path, target, **options)
    return str(caught.value)


def left_out(reading):
    return [note for note in reading.notes if note.startswith("Left out")]


def test_target_is_first(write):
    """The target comes first, then the other columns as they are in the file."""
    rows = [f"{i % 3},{y},{i % 5}" for i, y in enumerate(values(40))]

    frame = read_series(
        write(table(times().strftime("%Y-%m-%d"), rows, "day,b,load,a")), "load"
    ).frames["demand"]

    assert list(frame.columns) == ["load", "b", "a"]
    assert set(frame.dtypes) == {np.dtype(float)}


@pytest.mark.parametrize(
    "cells", [["TRUE", "FALSE"], ["true", "false"], ["yes", "no"], ["Y", "N"], ["t", "f"]]
)
def test_truth_values(write, cells):
    """True is 1 and false is 0."""
    frame = read_series(write(with_column(cells)), "load").frames["demand"]

    assert frame["other"].iloc[:3].tolist() == [1.0, 0.0, 1.0]


def test_truth_values_with_gaps(write):
    """An unknown truth value stays unknown."""
    frame = read_series(write(with_column(["TRUE", "FALSE", ""])), "load").frames["demand"]

    assert frame["other"].iloc[:2].tolist() == [1.0, 0.0]
    assert frame["other"].isna().sum() == 13


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (["", "NA"], "empty"),
        (["2024-05-01", "2024-05-02"], "further dates"),
        (["1", "2", "3", "soon"], "line 5 has 'soon', which is not a number"),
    ],
)
def test_columns_left_out(write, cells, why):
    """A column that is no numbers is left out, and the reason is noted."""
    reading = read_series(write(with_column(cells)), "load")

    assert list(reading.frames["demand"].columns) == ["load"]
    assert left_out(reading) == [f"Left out: column 'other' ({why})."]


def test_several_columns_left_out_at_once(write):
    """One note for all columns of the same reason."""
    rows = [f"{y},2024-05-01,{day:%Y-%m-%d}" for y, day in zip(values(40), times(), strict=True)]

    reading = read_series(
        write(table(times().strftime("%Y-%m-%d"), rows, "day,load,x,z")), "load", time="day"
    )

    assert left_out(reading) == ["Left out: columns 'x' and 'z' (further dates)."]


@pytest.mark.parametrize("pattern", ["{}%", "{} %", "${}", "{} €", "£ {}"])
def test_signs(write, pattern):
    """A percent or currency sign that all cells have is left out, and noted."""
    cells = [pattern.format(y) for y in values(40)]

    reading = read_series(write(table(times().strftime("%Y-%m-%d"), cells)), "load")

    assert reading.frames["demand"]["load"].tolist() == values(40).tolist()
    assert (
        f"The sign {next(c for c in pattern if c in '%$€£')} of column 'load' is left out."
        in reading.notes
    )


def test_sign_in_some_cells(write):
    """A sign that only some cells have is a mistake."""
    assert problem_of(write(with_cell(days(), 17, "12.5 %"))) == (
        "demand.csv, line 17, column 'load': '12.5 %' is not a number: correct it, or leave the "
        "cell empty if it is unknown"
    )


def test_text_in_the_target(write):
    """A word among numbers, with its line and cell."""
    assert problem_of(write(with_cell(days(), 17, "abc"))) == (
        "demand.csv, line 17, column 'load': 'abc' is not a number: correct it, or leave the cell "
        "empty if it is unknown"
    )


def test_target_of_text(write):
    """A column of words is no target."""
    assert problem_of(write(with_column(["red", "green"])), "other") == (
        "demand.csv, line 2, column 'other': 'red' is not a number, nor are most cells of this "
        "column: name a column of numbers"
    )


def test_target_of_times(write):
    """The column of the time is no target."""
    assert problem_of(write(days()), "day") == (
        "demand.csv, column 'day': holds times, not numbers: name a column of numbers"
    )


def test_unknown_target(write):
    """A target without a single value."""
    assert problem_of(write(with_column([""])), "other") == (
        "demand.csv, column 'other': has no known value: bring rows in which it is "
        "known, or name another column"
    )


@pytest.mark.parametrize("cell", ["inf", "-inf", "Infinity", "-Infinity"])
def test_infinite_values(write, cell):
    """An infinite value, with its line."""
    assert problem_of(write(with_cell(days(), 17, cell))) == (
        f"demand.csv, line 17, column 'load': '{cell}' is infinite: correct it, or leave the cell "
        "empty if it is unknown"
    )


def test_infinite_values_beside_text(write):
    """An infinite value is found where pandas reads the column as text."""
    text = with_cell(with_cell(days(), 17, "inf"), 20, "n.a.")

    assert problem_of(write(text)).startswith(
        "demand.csv, line 17, column 'load': 'inf' is infinite"
    )


@pytest.mark.parametrize("cell", ["1e308", "-1e200", "1e400"])
def test_values_too_large(write, cell):
    """Values whose squares are no floats."""
    problem = problem_of(write(with_cell(days(), 17, cell)))

    assert problem.startswith(f"demand.csv, line 17, column 'load': '{cell}' is ")
    assert problem.endswith(": correct it, or leave the cell empty if it is unknown")


def test_infinite_values_in_other_columns(write):
    """All columns are looked at, as all of them are learned from."""
    assert problem_of(write(with_column(["1", "2", "inf"]))).startswith(
        "demand.csv, line 4, column 'other': 'inf' is infinite"
    )


def test_a_column_that_begins_late_costs_rows_and_the_note_says_so(write):
    """Windows with unknown steps are not learned from."""
    rows = [f"{y},{i % 3 if i >= 10 else ''}" for i, y in enumerate(values(40))]

    reading = read_series(
        write(table(times().strftime("%Y-%m-%d"), rows, "day,load,other")), "load"
    )

    assert "'other' begins later than 'load': 10 rows are not learned from." in reading.notes
    assert list(reading.frames["demand"].columns) == ["load", "other"]


def test_a_column_known_ahead_must_be_known_in_the_older_half(write):
    """Nothing could be learned from it."""
    rows = [f"{y},{i if i >= 30 else ''}" for i, y in enumerate(values(40))]

    problem = problem_of(
        write(table(times().strftime("%Y-%m-%d"), rows, "day,load,other")), known_ahead=("other",)
    )
    assert problem == (
        "demand.csv, column 'other': is known ahead, but unknown in the older half of the rows: "
        "fill it, or take it out of known ahead"
    )


def test_rows_before_the_first_known_target_are_counted(write):
    """Nobody wonders where they went."""
    rows = [y if i >= 5 else "" for i, y in enumerate(values(40))]

    reading = read_series(write(table(times().strftime("%Y-%m-%d"), rows)), "load")

    assert "5 rows before the first known 'load': left out." in reading.notes
