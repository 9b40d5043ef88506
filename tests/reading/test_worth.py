"""Worth: columns that tell nothing are left out, with a note."""

import numpy as np
import pandas as pd
import pytest

from skrnn.reading import DataProblem, read_series
from tests.reading.files import times

RNG = np.random.default_rng(0)
N = 100


def data(**columns):
    """Days with a load, a temperature, and other columns."""
    made = {
        "day": times(n=N).strftime("%Y-%m-%d"),
        "load": RNG.normal(size=N).round(3),
        "temp": RNG.normal(size=N).round(2),
    }
    return pd.DataFrame(made | columns)


def read(write, frame, **options):
    return read_series(write(frame.to_csv(index=False)), "load", **options)


def left_out(reading):
    return [note for note in reading.notes if note.startswith("Left out")]


def problem_of(write, frame, **options):
    with pytest.raises(DataProblem) as caught:
        read(write, frame, **options)
    return str(caught.value)


def test_columns_that_tell_something_stay(write):
    """Numbers of any kind."""
    reading = read(write, data(flag=RNG.integers(0, 2, N), trend=np.arange(N) ** 2))

    assert list(reading.frames["demand"].columns) == ["load", "temp", "flag", "trend"]
    assert left_out(reading) == []


@pytest.mark.parametrize(
    ("numbers", "why"),
    [
        (np.arange(N) + 1, "it counts the rows"),
        (N - np.arange(N), "changes by the same from row to row"),
        (0.1 * np.arange(N) + 7, "changes by the same from row to row"),
        (np.full(N, 7), "never changes in the oldest 60% of the rows"),
        (
            np.where(np.arange(N) < 60, 7, np.arange(N)),
            "never changes in the oldest 60% of the rows",
        ),
    ],
)
def test_counters_and_constants(write, numbers, why):
    """A counter of rows is no feature, nor is a column that is always the same."""
    reading = read(write, data(No=numbers))

    assert list(reading.frames["demand"].columns) == ["load", "temp"]
    assert left_out(reading) == [f"Left out: column 'No' ({why})."]


def test_counters_of_a_file_that_lacks_rows(write):
    """Whether it counts rows of the file or steps of time."""
    frame = data(time=np.arange(N) * 2.5)
    frame = frame.drop(index=[20, 21, 50])
    frame["No"] = np.arange(len(frame)) * 3

    assert list(read(write, frame).frames["demand"].columns) == ["load", "temp"]


def test_counters_of_a_shuffled_file(write):
    """A counter counts in the order of time."""
    frame = data(No=np.arange(N)).sample(frac=1, random_state=0)

    assert list(read(write, frame).frames["demand"].columns) == ["load", "temp"]


def test_counters_of_each_series(write):
    """Whether or not each series begins anew."""
    frame = pd.concat([data(name="a"), data(name="b")], ignore_index=True)
    frame["all"] = np.arange(2 * N)
    frame["own"] = [*range(N), *range(N)]

    frames = read(write, frame, series="name").frames

    assert list(frames["b"].columns) == ["load", "temp"]


def test_what_tells_series_apart_is_no_constant(write):
    """The size of a store never changes, and differs between stores."""
    frame = pd.concat([data(name="a", size=3), data(name="b", size=5)])

    assert "size" in read(write, frame, series="name").frames["a"]


@pytest.mark.parametrize(
    ("copy", "unit"),
    [
        (lambda temp: temp, ""),
        (lambda temp: temp * 1.8 + 32, ", in another unit"),
        (lambda temp: -temp, ", in another unit"),
    ],
)
def test_copies_of_another_column(write, copy, unit):
    """The first one stays, and the note names it."""
    frame = data()
    frame["again"] = copy(frame["temp"])

    reading = read(write, frame)

    assert list(reading.frames["demand"].columns) == ["load", "temp"]
    assert left_out(reading) == [f"Left out: column 'again' ('temp' once more{unit})."]


def test_copies_of_the_target(write):
    """A copy of the target tells nothing that it does not tell itself."""
    frame = data()
    frame.insert(1, "kW", frame["load"] * 1000)

    assert left_out(read(write, frame)) == [
        "Left out: column 'kW' ('load' once more, in another unit)."
    ]


def test_columns_that_are_alike_for_some_rows_stay(write):
    """One different value in the oldest rows tells two columns apart."""
    frame = data()
    frame["almost"] = frame["temp"].where(frame.index != 37, 9.9)
    frame["gaps"] = frame["temp"].where(frame.index != 38)

    assert len(read(write, frame).frames["demand"].columns) == 4


def test_columns_that_are_named_stay(write):
    """Whoever names a column wants it."""
    frame = data(No=np.arange(N), one=1)

    reading = read(write, frame, columns=["No"], known_ahead=["one"])

    assert list(reading.frames["demand"].columns) == ["load", "No", "one"]
    assert left_out(reading) == ["Left out: column 'temp' (as asked for)."]


def test_the_target_alone(write):
    """No other column at all."""
    assert list(read(write, data(), columns=()).frames["demand"].columns) == ["load"]


def test_ignored_columns(write):
    """All but these."""
    reading = read(write, data(wind=RNG.normal(size=N)), ignore="temp")

    assert list(reading.frames["demand"].columns) == ["load", "wind"]
    assert left_out(reading) == ["Left out: column 'temp' (as asked for)."]


def test_an_ignored_column_may_hold_anything(write):
    """Nobody looks at it, nor takes it for the time."""
    frame = data(broken=["inf", *["1e400"] * (N - 1)], later=times(n=N, start="1990-01-01"))

    reading = read(write, frame, ignore=["broken", "day"])

    assert reading.time == "later"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"ignore": ["load"]}, "'load': is named as target and to be ignored: take it out of "),
        (
            {"ignore": ["temp"], "known_ahead": ["temp"]},
            "'temp': is to be used and to be ignored: take it out of ignore=",
        ),
        (
            {"columns": ["day"], "time": "day"},
            "'day': is named as time and among columns=: take it out of these",
        ),
    ],
)
def test_columns_of_two_roles(write, options, problem):
    """What is asked for twice is a question."""
    assert problem in problem_of(write, data(), **options)


@pytest.mark.parametrize("argument", ["columns", "ignore"])
def test_unknown_columns(write, argument):
    """A name that is not there, and the one that was meant."""
    assert "has no column 'tempp': did you mean 'temp'?" in problem_of(
        write, data(), **{argument: ["tempp"]}
    )


def test_later_rows_leave_no_column_out(write):
    """The leak audit: other numbers in the newest 40 % of the rows, and the same columns."""
    frame = data(No=np.arange(N) ** 1.0, one=1.0)
    other = frame.copy()
    other.loc[60:, ["No", "one", "temp"]] = RNG.normal(size=(40, 3))

    first, second = (read(write, table) for table in (frame, other))

    assert list(first.frames["demand"].columns) == list(second.frames["demand"].columns)
