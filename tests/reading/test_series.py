"""read_series: the whole way, and its arguments."""

import numpy as np
import pandas as pd
import pytest

from skrnn.reading import DataProblem, Reading, read_series
from tests.reading.files import days, table, times, values


def problem_of(path, target="load", **options):
    with pytest.raises(DataProblem) as caught:
        read_series(path, target, **options)
    return str(caught.value)


def panel(stores, n=30):
    rows = [
        f"{store},{day:%Y-%m-%d},{i + values(n)[at]}"
        for at, day in enumerate(times(n=n))
        for i, store in enumerate(stores)
    ]
    return "\n".join(["store,day,load", *rows])


def test_reading(write):
    """A plain file, and all that is told about it."""
    path = write(days(70))

    reading = read_series(path, "load")

    assert isinstance(reading, Reading)
    assert (reading.target, reading.time, reading.step, reading.season) == (
        "load",
        "day",
        "1 day",
        7,
    )
    assert (reading.series, reading.known_ahead) == (None, ())
    assert reading.path == path
    assert reading.notes == ["The time is column 'day'."]


def test_series(write):
    """Each series has its frame, in the order of the file, whatever the order of its rows."""
    frames = read_series(write(panel(["b", "a"])), "load", series="store").frames

    assert list(frames) == ["b", "a"]
    assert frames["a"]["load"].tolist() == (1 + values(30)).tolist()
    assert all(list(frame.columns) == ["load"] for frame in frames.values())


def test_series_named_na(write):
    """NA is a name as good as any."""
    assert list(read_series(write(panel(["NA", "007"])), "load", series="store").frames) == [
        "NA",
        "007",
    ]


def test_series_without_time(write):
    """Rows of series without a time are counted, each series for itself."""
    text = "store,load\n" + "".join(f"{store},{i}\n" for i in range(20) for store in "ab")

    frames = read_series(write(text), "load", series="store").frames

    assert frames["b"].index.equals(pd.RangeIndex(20))
    assert frames["b"]["load"].tolist() == list(range(20))


def test_series_of_other_lengths(write):
    """A series begins and ends where its target does."""
    text = panel(["a", "b"]) + "\na,2024-02-01,5\na,2024-02-03,7"

    frames = read_series(write(text), "load", series="store").frames

    assert (len(frames["a"]), len(frames["b"])) == (34, 30)


def test_short_series_are_left_out(write):
    """A series that is too short is left out, with a note."""
    reading = read_series(write(panel(["a", "b"]) + "\nc,2024-01-01,5"), "load", series="store")

    assert list(reading.frames) == ["a", "b"]
    assert "1 series of fewer than 10 known values left out: 'c'." in reading.notes


def test_series_without_a_name(write):
    """A row that does not tell its series."""
    assert problem_of(write(panel(["a", "b"]) + "\n,2024-01-01,5"), series="store") == (
        "demand.csv, line 62, column 'store': is empty: write the name of the series in every row"
    )


def test_known_ahead(write):
    """Columns that are known ahead are kept as such."""
    rows = [f"{y},{i % 2}" for i, y in enumerate(values(40))]

    reading = read_series(
        write(table(times().astype(str), rows, "day,load,open")), "load", known_ahead="open"
    )

    assert reading.known_ahead == ("open",)
    assert list(reading.frames["demand"].columns) == ["load", "open"]


def test_rows_after_the_last_known_value(write):
    """Rows whose target is yet to come are left out, with a note."""
    reading = read_series(write(days() + "2024-02-10,\n2024-02-11,NA\n"), "load")

    assert len(reading.frames["demand"]) == 40
    assert reading.future == {}
    assert "2 rows after the last known 'load': left out." in reading.notes


def test_known_future(write):
    """What is known ahead of rows whose target is yet to come is kept."""
    rows = [f"{y},{i % 2}" for i, y in enumerate(values(40))]
    text = table(times().astype(str), rows, "day,load,open") + "2024-02-10,,5\n2024-02-11,,6\n"

    reading = read_series(write(text), "load", known_ahead=["open"])

    assert len(reading.frames["demand"]) == 40
    assert reading.future["demand"]["open"].to_dict() == {
        pd.Timestamp("2024-02-10"): 5.0,
        pd.Timestamp("2024-02-11"): 6.0,
    }
    assert "2 rows after the last known 'load': what they know ahead is kept." in reading.notes


def test_rows_before_the_first_known_value(write):
    """Rows before the target begins are left out."""
    frame = read_series(write(days().replace("20.5\n", "\n", 1)), "load").frames["demand"]

    assert frame.index[0] == pd.Timestamp("2024-01-02")


def test_constant_target(write):
    """A target that never changes is read, with a note."""
    reading = read_series(write(table(times().astype(str), np.ones(40))), "load")

    assert "Column 'load' never changes." in reading.notes
    assert reading.season == 1


@pytest.mark.parametrize(
    ("season", "why"), [(5, "Season of 5 rows, as asked for."), (1, "No season, as asked for.")]
)
def test_season_as_asked_for(write, season, why):
    """A season that is given is taken."""
    reading = read_series(write(days()), "load", season=season)

    assert (reading.season, reading.season_why) == (season, why)


@pytest.mark.parametrize("season", [0, -1, 2.5, True, "24", None])
def test_bad_season(write, season):
    """A season is a whole number of rows."""
    assert problem_of(write(days()), season=season) == (
        f"season must be 'auto' or a whole number of rows, got {season!r}: pass e.g. 24, or 1 for "
        f"none"
    )


@pytest.mark.parametrize(("rows", "n"), [(1, "1 row"), (9, "9 rows")])
def test_few_rows(write, rows, n):
    """Too few rows to learn from and test on."""
    assert (
        problem_of(write(days(rows)))
        == f"demand.csv: has {n}, and at least 10 are needed: pass a longer file"
    )


def test_few_known_values(write):
    """Enough rows, and too few values of the target."""
    cells = ["" if i > 5 else i for i in range(40)]

    assert problem_of(write(table(times().astype(str), cells))) == (
        "demand.csv, column 'load': has 6 known values, and at least 10 are needed: pass a longer "
        "file"
    )


def test_all_series_too_short(write):
    """A column that makes a series of every row."""
    assert problem_of(write(panel(["a", "b"])), series="day").startswith(
        "demand.csv, column 'load': has 2 known values in the longest of 30 series, and at least "
        "10 are needed"
    )


@pytest.mark.parametrize(
    ("target", "names"),
    [
        ("lod", "did you mean 'load'? The columns are 'day' and 'load'"),
        ("zzz", "the columns are 'day' and 'load'"),
    ],
)
def test_unknown_column(write, target, names):
    """A column that is not there: the near one, and those that are."""
    assert problem_of(write(days()), target) == f"demand.csv: has no column '{target}': {names}"


@pytest.mark.parametrize("role", ["time", "series", "known_ahead"])
def test_unknown_columns_of_all_roles(write, role):
    """Every column that is named has to be there."""
    assert problem_of(write(days()), **{role: "nope"}).startswith(
        "demand.csv: has no column 'nope'"
    )


def test_no_header(write):
    """A file that begins with values."""
    assert problem_of(write(days().split("\n", 1)[1])) == (
        "demand.csv: has no column 'load': the columns are '2024-01-01' and '20.5'; line 1 seems "
        "to hold values: put the columns' names above them"
    )


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"time": "load"}, "is named as target and as time: name two columns"),
        ({"series": "load"}, "is named as target and as series: name two columns"),
        (
            {"known_ahead": ["load"]},
            "is named as target and as known ahead: take it out of known ahead",
        ),
    ],
)
def test_two_roles(write, options, problem):
    """A column has one role."""
    assert problem_of(write(days()), **options) == f"demand.csv, column 'load': {problem}"


def test_time_and_series(write):
    """The time does not tell series apart."""
    assert problem_of(write(days()), time="day", series="day") == (
        "demand.csv, column 'day': is named as time and as series: name two columns"
    )


def test_problem_is_one_line(write):
    """Whatever is in a cell, a problem is one line."""
    with pytest.raises(ValueError, match="line 3") as caught:
        read_series(write(table(times().astype(str), [1, '"a\n\nb"', *range(38)])), "load")

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("timed", [True, False])
def test_a_season_is_found_without_the_newest_rows_of_any_series(write, timed):
    """Series that start late, among the rows that will be forecast, have no say; counted rows end
    together.
    """
    rng = np.random.default_rng(0)

    def season(late):
        panel = {"long": rng.normal(size=100), **{f"late {number}": late for number in range(5)}}
        rows = [
            f"{name},{f'{day:%Y-%m-%d},' if timed else ''}{value:.3f}"
            for name, y in panel.items()
            for day, value in zip(times(n=100)[-len(y) :], y, strict=True)
        ]
        path = write("\n".join([f"name,{'day,' if timed else ''}load", *rows]))
        return read_series(path, "load", series="name").season

    assert season(values(40) * 10) == season(rng.normal(size=40)) == 1
