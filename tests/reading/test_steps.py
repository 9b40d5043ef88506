"""Steps: regular rows, of any step."""

import numpy as np
import pandas as pd
import pytest

from skrnn import future_rows
from skrnn.reading import DataProblem, read_series
from skrnn.windows.clock import clock_of
from tests.reading.files import table, times


def read(write, index, spelling="%Y-%m-%d %H:%M:%S.%f"):
    return read_series(write(table(pd.DatetimeIndex(index).strftime(spelling))), "load")


def problem_of(write, index):
    with pytest.raises(DataProblem) as caught:
        read(write, index)
    return str(caught.value)


STEPS = [
    ("100ms", "100 milliseconds"),
    ("s", "1 second"),
    ("7min", "7 minutes"),
    ("30min", "30 minutes"),
    ("h", "1 hour"),
    ("6h", "6 hours"),
    ("D", "1 day"),
    ("2D", "2 days"),
    ("B", "1 business day"),
    ("W-WED", "1 week"),
    ("28D", "28 days"),
    ("MS", "1 month"),
    ("ME", "1 month"),
    ("BME", "1 month"),
    ("2MS", "2 months"),
    ("QS", "1 quarter"),
    ("QE-FEB", "1 quarter"),
    ("YS", "1 year"),
    ("YE-JUN", "1 year"),
    ("2YS", "2 years"),
]


@pytest.mark.parametrize(("freq", "words"), STEPS)
def test_steps(write, freq, words):
    """The step is told in words, and no row is added or lost."""
    reading = read(write, times(freq))

    assert reading.step == words
    assert len(reading.frames["demand"]) == 40


@pytest.mark.parametrize(("freq", "words"), STEPS)
def test_windows_know_the_step(write, freq, words):
    """The index has a frequency that windows and future rows go on with."""
    frame = read(write, times(freq)).frames["demand"]

    assert frame.index.freq is not None
    assert (np.diff(clock_of(frame.index).positions(frame.index)) == 1).all()
    assert len(future_rows(frame, 3)) == 43


@pytest.mark.parametrize("freq", ["30min", "h", "D", "B", "W-WED", "MS", "QS", "YS"])
def test_gaps(write, freq):
    """Missing rows are there as unknown ones."""
    index = times(freq)
    kept = np.delete(np.arange(40), [7, 8, 20])

    frame = read_series(write(table(index[kept].strftime("%Y-%m-%d %H:%M"), kept)), "load").frames[
        "demand"
    ]

    assert np.flatnonzero(frame["load"].isna()).tolist() == [7, 8, 20]
    assert frame["load"].dropna().tolist() == kept.tolist()


def test_gaps_are_listed(write):
    """Gaps are listed, longest first, and noted."""
    kept = np.delete(np.arange(40), [5, 20, 21])

    reading = read_series(write(table(times()[kept].strftime("%Y-%m-%d"), kept)), "load")

    assert reading.gaps.to_dict("records") == [
        {
            "series": "demand",
            "first": pd.Timestamp("2024-01-21"),
            "last": pd.Timestamp("2024-01-22"),
            "n_rows": 2,
        },
        {
            "series": "demand",
            "first": pd.Timestamp("2024-01-06"),
            "last": pd.Timestamp("2024-01-06"),
            "n_rows": 1,
        },
    ]
    assert (
        "3 rows lack 'load' (7.5% of all), in 2 gaps; the longest has 2 rows from 2024-01-21."
        in reading.notes
    )


def test_no_gaps(write):
    """A series without gaps has an empty list of them."""
    gaps = read(write, times()).gaps

    assert gaps.empty
    assert list(gaps.columns) == ["series", "first", "last", "n_rows"]


def test_business_days(write):
    """Weekends of working days are no gaps; holidays are."""
    index = times("B", 60).delete(30)

    reading = read(write, index)

    assert reading.step == "1 business day"
    assert reading.gaps["first"].tolist() == [times("B", 60)[30]]


def test_jitter(write):
    """Stamps that lie close to a usual step are set to it, with a note."""
    rng = np.random.default_rng(0)
    index = times("10min", 100) + pd.to_timedelta(rng.integers(-20, 21, 100), unit="s")

    reading = read(write, index)

    assert reading.frames["demand"].index.equals(times("10min", 100))
    assert (
        "Stamps lie up to 20 seconds off steps of 10 minutes: each was set to the nearest step."
        in reading.notes
    )


def test_jitter_about_another_phase(write):
    """Steps need not begin at the full hour."""
    rng = np.random.default_rng(0)
    index = times("h", 100, "2024-01-01 00:25") + pd.to_timedelta(
        rng.integers(-2, 3, 100), unit="s"
    )

    frame = read(write, index).frames["demand"]

    assert len(frame) == 100
    assert abs(frame.index[0] - pd.Timestamp("2024-01-01 00:25")) <= pd.Timedelta(2, "s")


def test_irregular(write):
    """Rows without a step are to be resampled."""
    rng = np.random.default_rng(0)
    index = pd.Timestamp("2024-01-01") + pd.to_timedelta(
        np.sort(rng.choice(100_000, 100, replace=False)), unit="min"
    )

    problem = problem_of(write, index)

    assert problem.startswith(
        "demand.csv, column 'day': the rows have no regular step: they are from "
    )
    assert problem.endswith(
        ": resample the file first, e.g. frame.resample('1D').mean(), or drop the column to count "
        "rows"
    )


def test_a_stamp_far_away(write):
    """A typo in a year would make an endless series."""
    assert problem_of(write, times().append(pd.DatetimeIndex(["2204-01-01"]))) == (
        "demand.csv, column 'day': in steps of 1 day there would be 65,744 rows, and the file has "
        "41, as there is nothing between 2024-02-09 and 2204-01-01, for one: correct these stamps, "
        "resample the file to longer steps, or drop the column to count rows"
    )


def test_series_of_other_phases(write):
    """Each series has its own first row: weeks may begin on other days."""
    weeks = [
        (store, time) for store, day in (("a", "W-MON"), ("b", "W-THU")) for time in times(day, 20)
    ]
    text = "store,day,load\n" + "".join(f"{store},{time:%Y-%m-%d},1\n" for store, time in weeks)

    frames = read_series(write(text), "load", series="store").frames

    assert [frame.index[0].day_name() for frame in frames.values()] == ["Monday", "Thursday"]


@pytest.mark.parametrize(("freq", "step"), [("D", "1 day"), ("B", "1 business day")])
def test_days_at_one_local_hour_are_days(tmp_path, freq, step):
    """A day in which clocks change is a day, whenever its row was taken."""
    local = pd.date_range("2024-02-01", periods=60, freq=freq) + pd.Timedelta("16h")
    frame = pd.DataFrame({"t": local.tz_localize("America/New_York"), "load": np.arange(60.0)})
    frame.to_parquet(tmp_path / "days.parquet")

    reading = read_series(tmp_path / "days.parquet", "load")

    (rows,) = reading.frames.values()
    assert reading.step == step
    assert len(rows) == 60
    assert not any("Stamps lie" in note for note in reading.notes)
