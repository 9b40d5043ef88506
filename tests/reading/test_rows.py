"""Rows: their order, and times that come more than once."""

import numpy as np
import pandas as pd
import pytest

from skrnn.reading import DataProblem, read_series
from tests.reading.files import days, table, times, values


def lines():
    return days().strip().split("\n")


def problem_of(path, **options):
    with pytest.raises(DataProblem) as caught:
        read_series(path, "load", **options)
    return str(caught.value)


def panel(stores, n=20, cells="{store},{kind},{load}"):
    """Days of several stores, one row a store and day."""
    rows = [
        f"{day:%Y-%m-%d}," + cells.format(store=store, kind=i % 2, load=i + values(n)[at])
        for at, day in enumerate(times(n=n))
        for i, store in enumerate(stores)
    ]
    return "\n".join(["day,store,kind,load", *rows])


@pytest.mark.parametrize(
    ("order", "note"),
    [
        (np.arange(40)[::-1], "Rows came newest first: they were sorted."),
        (
            np.random.default_rng(0).permutation(40),
            "Rows were not in time order: they were sorted.",
        ),
    ],
    ids=["reversed", "shuffled"],
)
def test_order(write, order, note):
    """Rows are put in order, with a note."""
    head, *rows = lines()

    reading = read_series(write("\n".join([head, *(rows[i] for i in order)])), "load")

    assert reading.frames["demand"]["load"].tolist() == values(40).tolist()
    assert note in reading.notes


def test_line_of_an_unsorted_file(write):
    """Messages have the line of the file, not that of the sorted rows."""
    head, *rows = lines()
    rows = rows[::-1]
    rows[3] = rows[3].split(",")[0] + ",abc"

    assert problem_of(write("\n".join([head, *rows]))).startswith(
        "demand.csv, line 5, column 'load'"
    )


def test_same_line_again(write):
    """A line that comes again is dropped, with a note."""
    text = "\n".join([*lines(), lines()[16], lines()[18]])

    reading = read_series(write(text), "load")

    assert len(reading.frames["demand"]) == 40
    assert "2 rows repeat others in every value: dropped (2024-01-16 first)." in reading.notes


def test_same_line_again_without_time(write):
    """Without a time the same values again are simply further rows."""
    assert len(read_series(write("load\n" + "5\n" * 40), "load").frames["demand"]) == 40


def test_same_time_and_other_values(write):
    """Of few rows of the same time the last one stays, and its line is noted."""
    text = "\n".join([*lines()[:17], "2024-01-16,99", *lines()[17:]])

    reading = read_series(write(text), "load")

    assert reading.frames["demand"]["load"].iloc[15] == 99
    assert (
        "1 row has the time of another row and other values: the last one is kept (2024-01-16, "
        "line 18)." in reading.notes
    )


def test_several_series(write):
    """A time in every row twice: the column that tells series apart is named."""
    assert problem_of(write(panel(["a", "b", "c"]))) == (
        "demand.csv, column 'day': 100% of the rows share their time with others (2024-01-01 is in "
        "line 2 and line 3): the file seems to hold several series, so pass series='store'"
    )


def test_several_series_of_the_same_values(write):
    """Series that are alike are still several."""
    assert "pass series='store'" in problem_of(write(panel(["a", "b"], cells="{store},1,2")))


def test_another_column_of_series(write):
    """A column that does not tell all series apart: the one that does is named."""
    assert problem_of(write(panel(["a", "b", "c"])), series="kind").endswith(
        "its series are others than was said, so pass series='store'"
    )


def test_several_series_without_a_column_for_them(write):
    """A time in every row twice, and nothing that tells the rows apart."""
    text = "day,load\n" + "".join(
        f"{day:%Y-%m-%d},{i + k}\n" for i, day in enumerate(times()) for k in range(2)
    )

    assert problem_of(write(text)) == (
        "demand.csv, column 'day': 100% of the rows share their time with others (2024-01-01 is in "
        "line 2 and line 3): the file seems to hold several series: name the column that tells "
        "them by series="
    )


def test_too_many_repeats(write):
    """Neither few repeats nor several series."""
    again = [f"{line.split(',')[0]},99" for line in lines()[1:11]]

    assert problem_of(write("\n".join([*lines(), *again]))) == (
        "demand.csv, column 'day': 40% of the rows share their time with others (2024-01-01 is in "
        "line 2 and line 42): leave one row for each time, e.g. their sum or mean"
    )


def test_finer_times(write):
    """A date was named, and another column has the time of day."""
    labels = [f"{time:%Y-%m-%d},{time:%Y-%m-%d %H:%M}" for time in times("h", 100)]

    assert problem_of(write(table(labels, header="date,stamp,load")), time="date").endswith(
        "column 'stamp' tells them apart, so pass time='stamp'"
    )


@pytest.mark.parametrize(
    ("zone", "freq", "autumn", "spring"),
    [
        ("Europe/Berlin", "h", "2023-10-29", "2023-03-26"),
        ("America/New_York", "30min", "2023-11-05", "2023-03-12"),
        ("Australia/Sydney", "h", "2023-04-02", "2023-10-01"),
    ],
)
def test_clock_changes(write, zone, freq, autumn, spring):
    """Local times: the hour that comes twice is averaged, the one that is missing is a gap, and
    nothing is disorder.
    """
    n = 365 * (24 if freq == "h" else 48)
    local = pd.date_range("2023-01-01", periods=n, freq=freq, tz=zone)

    reading = read_series(write(table(local.strftime("%Y-%m-%d %H:%M"), np.arange(n))), "load")

    frame = reading.frames["demand"]
    twice = pd.Series(np.arange(n), index=local.tz_localize(None)).groupby(level=0).mean()
    pd.testing.assert_series_equal(
        frame["load"].dropna(),
        twice.astype(float),
        check_names=False,
        check_freq=False,
        check_index_type=False,
    )
    assert (
        f"Clocks go back an hour on {autumn}: the hour that comes twice is averaged."
        in reading.notes
    )
    assert (
        f"Clocks go forward an hour on {spring}: the hour that is missing is left as a gap."
        in reading.notes
    )
    assert not any("order" in note or "the last one is kept" in note for note in reading.notes)


def test_no_clock_changes_on_other_days(write):
    """An hour that comes twice on a Wednesday is no clock change."""
    labels = list(times("h", 400).strftime("%Y-%m-%d %H:%M"))

    reading = read_series(write(table([*labels, labels[50]], [*values(400), 99])), "load")

    assert reading.frames["demand"]["load"].iloc[50] == 99


def test_repeats_of_unknown_values_are_repeats(tmp_path):
    """Also where columns have missing values of their own."""
    frame = pd.DataFrame(
        {
            "day": times(),
            "load": values(len(times())),
            "n": pd.array([None] * len(times()), dtype="Int64"),
            "flag": pd.array([None] * len(times()), dtype="boolean"),
            "word": pd.array([None] * len(times()), dtype="string"),
        }
    )
    pd.concat([frame, frame.tail(1)]).to_parquet(tmp_path / "days.parquet", index=False)

    reading = read_series(tmp_path / "days.parquet", "load")

    assert any("1 row repeats another in every value" in note for note in reading.notes)


def test_a_part_of_the_time_is_no_series(write):
    """Where an hour is known ahead, it is not what tells series apart."""
    labels = [f"{time:%Y-%m-%d},{time.hour}" for time in times("h", 240)]
    path = write(table(labels, header="date,hour,load"))

    assert "series='hour'" not in problem_of(path, known_ahead=["hour"])
