"""Kinds: columns of text as columns of 0 and 1."""

import numpy as np
import pandas as pd
import pytest

from skrnn.reading import DataProblem, read_series
from tests.reading.files import table, times, values


def with_words(words, n=40, header="day,load,sky"):
    """Days of load, and a column of these words, one of them a day."""
    rows = [f"{y},{word}" for y, word in zip(values(n), words, strict=True)]
    return table(times(n=n).strftime("%Y-%m-%d"), rows, header)


def cycle(*words, n=40):
    return [words[i % len(words)] for i in range(n)]


def problem_of(path, **options):
    with pytest.raises(DataProblem) as caught:
        read_series(path, "load", **options)
    return str(caught.value)


def test_each_kind_is_a_column(write):
    """In the place of the text, in the order of the alphabet, and a note names them."""
    reading = read_series(write(with_words(cycle("sun", "rain", "fog"))), "load")

    frame = reading.frames["demand"]
    assert list(frame.columns) == ["load", "sky=fog", "sky=rain", "sky=sun"]
    assert frame.iloc[:3, 1:].to_numpy().tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 0]]
    assert reading.kinds == {"sky": ("fog", "rain", "sun")}
    assert (
        "Text column 'sky' becomes 3 columns of 0 and 1: 'fog', 'rain' and 'sun'." in reading.notes
    )


def test_an_empty_cell_is_none_of_the_kinds(write):
    """An event that nobody wrote down did not take place."""
    frame = read_series(write(with_words(cycle("", "fair", "", ""))), "load").frames["demand"]

    assert frame["sky=fair"].tolist() == cycle(0, 1, 0, 0)


def test_a_row_that_the_file_lacks_is_unknown(write):
    """Nobody knows what the weather was."""
    lines = with_words(cycle("sun", "rain")).splitlines()
    del lines[20]

    frame = read_series(write("\n".join(lines)), "load").frames["demand"]

    assert frame.isna().all(axis=1).tolist() == [row == 19 for row in range(40)]


def test_kinds_that_come_later_are_none_of_the_others(write):
    """The kinds are those of the oldest rows: no row that is forecast has a say."""
    words = [*cycle("sun", "rain", n=30), *cycle("hail", "snow", n=10)]

    reading = read_series(write(with_words(words)), "load")

    frame = reading.frames["demand"]
    assert list(frame.columns) == ["load", "sky=rain", "sky=sun"]
    assert (frame.iloc[30:, 1:] == 0).all(axis=None)
    assert (
        "Text column 'sky' becomes 2 columns of 0 and 1: 'rain' and 'sun'; 'hail' and 'snow' come "
        "later and are none of these." in reading.notes
    )


@pytest.mark.parametrize("n_kinds", [20, 21])
def test_twenty_kinds_at_most(write, n_kinds):
    """A column of more is left out, with a note."""
    words = cycle(*(f"k{number:02}" for number in range(n_kinds)), n=100)

    reading = read_series(write(with_words(words, n=100)), "load")

    note = (
        "Left out: column 'sky' (text of 21 kinds in the oldest 60% of the rows, and 20 at most "
        "become columns)."
    )
    assert (note in reading.notes) == (n_kinds > 20)
    assert len(reading.frames["demand"].columns) == (1 if n_kinds > 20 else 21)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (cycle("red"), "text that never changes in the oldest 60% of the rows"),
        (["", *[""] * 30, *["late"] * 9], "text that is empty in the oldest 60% of the rows"),
    ],
)
def test_text_that_tells_nothing_is_left_out(write, words, why):
    """As numbers are."""
    reading = read_series(write(with_words(words)), "load")

    assert list(reading.frames["demand"].columns) == ["load"]
    assert f"Left out: column 'sky' ({why})." in reading.notes


def test_kinds_that_are_known_ahead(write):
    """Each of their columns is known ahead, also behind the last known target."""
    text = with_words(cycle("work", "free", "")) + "2024-02-10,,work\n2024-02-11,,\n"

    reading = read_series(write(text), "load", known_ahead="sky")

    assert reading.known_ahead == ("sky=free", "sky=work")
    assert reading.future["demand"].to_numpy().tolist() == [[0, 1], [0, 0]]


def test_known_ahead_of_many_kinds(write):
    """What was asked for is not left out silently."""
    words = cycle(*(f"k{number}" for number in range(30)))

    assert problem_of(write(with_words(words)), known_ahead=["sky"]) == (
        "demand.csv, column 'sky': is text of 24 kinds in the oldest 60% of the rows, and 20 at "
        "most become columns: write what tells of it as columns of numbers, and name these"
    )


def test_kinds_as_an_earlier_reading_had_them(write):
    """Newer data have the same columns, whatever kinds they have."""
    path = write(with_words(cycle("hail", "sun")))

    reading = read_series(path, "load", columns=["sky"], kinds={"sky": ["fog", "sun"]})

    assert list(reading.frames["demand"].columns) == ["load", "sky=fog", "sky=sun"]
    assert reading.frames["demand"]["sky=fog"].sum() == 0
    assert any("; 'hail' comes later and is none of these." in note for note in reading.notes)


def test_kinds_of_the_hour_that_comes_twice(write):
    """Between two kinds there is no mean: the second one stays."""
    local = pd.date_range("2023-10-28", periods=60, freq="h", tz="Europe/Berlin")
    rows = [f"{i},{word}" for i, word in enumerate(cycle("a", "b", "c", n=60))]

    labels = local.strftime("%Y-%m-%d %H:%M")
    reading = read_series(write(table(labels, rows, "day,load,sky")), "load")

    frame = reading.frames["demand"]
    assert (frame.iloc[:, 1:].sum(axis=1) == 1).all()
    assert frame.loc["2023-10-29 02:00"].tolist() == [26.5, 1, 0, 0]


def test_series_share_their_kinds(write):
    """A kind that one series has is a column of all."""
    rows = [f"a,{line}" for line in with_words(cycle("x", "y")).splitlines()[1:]]
    rows += [f"b,{line}" for line in with_words(cycle("y", "z")).splitlines()[1:]]

    reading = read_series(write("\n".join(["name,day,load,sky", *rows])), "load", series="name")

    columns = ["load", "sky=x", "sky=y", "sky=z"]
    assert [list(frame.columns) for frame in reading.frames.values()] == [columns, columns]
    assert reading.frames["b"]["sky=x"].sum() == 0


def test_later_rows_change_no_kind(write):
    """The leak audit: other words in the newest 40 % of the rows, and the same columns."""
    rng = np.random.default_rng(0)
    old = list(rng.choice(["a", "b"], 60))

    first, second = (
        read_series(write(with_words([*old, *rng.choice(new, 40)], n=100)), "load")
        for new in (["a", "b"], ["c", "d", "e"])
    )

    assert first.kinds == second.kinds
