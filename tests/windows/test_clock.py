"""Clock: the step of an index, positions on it, and the labels that follow."""

import numpy as np
import pandas as pd
import pytest

from skrnn.windows.clock import clock_of

DAYS = pd.date_range("2024-01-01", periods=40)
INDEXES = {
    "10min": pd.date_range("2024-01-01", periods=40, freq="10min"),
    "h": pd.date_range("2024-01-01", periods=40, freq="h"),
    "h, Berlin": pd.date_range("2024-03-30", periods=40, freq="h", tz="Europe/Berlin"),
    "D": DAYS,
    "D, Berlin": pd.date_range("2024-03-20", periods=40, tz="Europe/Berlin"),
    "D, Berlin, autumn": pd.date_range("2024-10-10", periods=40, tz="Europe/Berlin"),
    "W": pd.date_range("2024-01-01", periods=40, freq="W"),
    "MS": pd.date_range("2024-01-01", periods=40, freq="MS"),
    "ME": pd.date_range("2024-01-01", periods=40, freq="ME"),
    "QS": pd.date_range("2024-01-01", periods=40, freq="QS"),
    "YS": pd.date_range("1980-01-01", periods=40, freq="YS"),
    "B": pd.bdate_range("2024-01-01", periods=40),
    "period M": pd.period_range("2024-01", periods=40, freq="M"),
    "period 2M": pd.period_range("2024-01", periods=40, freq="2M"),
    "period Q": pd.period_range("2024Q1", periods=40, freq="Q"),
    "period h": pd.period_range("2024-01-01", periods=40, freq="h"),
    "timedelta": pd.timedelta_range("0h", periods=40, freq="30min"),
    "range": pd.RangeIndex(40),
    "range, step 5": pd.RangeIndex(10, 210, 5),
    "integers": pd.Index(np.arange(100, 140)),
    "uint8": pd.Index(np.arange(40, dtype=np.uint8)),
    "Int64": pd.Index(np.arange(40), dtype="Int64"),
    "seconds": pd.date_range("2024-01-01", periods=40, freq="h").as_unit("s"),
}


def without_freq(index):
    """The same labels, as they come from a file."""
    return index._with_freq(None) if hasattr(index, "_with_freq") else index


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_positions(index):
    """Rows are counted from the last label of the index that the clock was made from."""
    clock = clock_of(index[:30])

    assert clock.positions(index).tolist() == list(range(-29, 11))


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_positions_without_freq(index):
    """A step is found where the index does not name it."""
    clock = clock_of(without_freq(index[:30]))

    assert clock.positions(without_freq(index[25:])).tolist() == list(range(-4, 11))


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_positions_over_a_gap(index):
    """A missing row is counted."""
    assert clock_of(index[:30]).positions(index[[29, 31, 36]]).tolist() == [0, 2, 7]


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_labels(index):
    """The labels that follow go on in the index's step."""
    labels = clock_of(index[:30]).labels(index[:30], 10)

    assert labels.tolist() == index[30:].tolist()


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_labels_without_freq(index):
    """They do so where the index does not name its step."""
    index = without_freq(index)

    assert clock_of(index[:30]).labels(index[:30], 10).tolist() == index[30:].tolist()


def test_gaps_are_no_other_step():
    """A few missing rows leave the step as it is."""
    index = DAYS.delete([5, 17, 18])

    assert clock_of(index).step == pd.Timedelta(1, "D")


@pytest.mark.parametrize(
    "index",
    [
        None,
        pd.Index([]),
        pd.Index(["a", "b", "c"]),
        pd.Index([0.0, 1.0, 2.0]),
        pd.Index([3, 1, 2]),
        pd.Index([1, 1, 2]),
        pd.Index([4, 9, 11, 30]),
        pd.RangeIndex(10, 0, -1),
        DAYS[:1]._with_freq(None),
        DAYS[[0, 1, 5, 6, 12, 13, 14]],
        DAYS.delete(slice(4, None, 7)),
    ],
    ids=[
        "none",
        "empty",
        "text",
        "floats",
        "unsorted",
        "duplicates",
        "irregular",
        "down",
        "one",
        "days",
        "six-of-seven",
    ],
)
def test_no_clock(index):
    """Arrays, names, unsorted numbers and irregular times have no step."""
    assert clock_of(index) is None


@pytest.mark.parametrize(
    ("index", "other"),
    [
        (INDEXES["h"], INDEXES["h"] + pd.Timedelta("5min")),
        (INDEXES["MS"], INDEXES["ME"]),
        (INDEXES["B"], pd.date_range("2024-01-06", periods=1)),
        (INDEXES["range, step 5"], pd.RangeIndex(11, 20, 5)),
        (INDEXES["period 2M"], pd.PeriodIndex(["2024-02"], freq="2M")),
    ],
    ids=["h", "MS", "B", "range", "period"],
)
def test_off_the_grid(index, other):
    """A label between two rows has no position."""
    assert clock_of(index).positions(other) is None


@pytest.mark.parametrize(
    ("index", "text"),
    [
        (INDEXES["h"], "01:00:00"),
        (INDEXES["10min"], "00:10:00"),
        (DAYS, "1 days"),
        (INDEXES["MS"], "MS"),
        (INDEXES["W"], "W-SUN"),
        (INDEXES["range, step 5"], "5"),
    ],
)
def test_describe(index, text):
    """Messages name the step as pandas prints it."""
    assert clock_of(index).describe() == text


def test_zones_may_differ():
    """The same moments have the same positions in another time zone."""
    index = INDEXES["h, Berlin"]

    assert clock_of(index[:30]).positions(index.tz_convert("UTC")).tolist() == list(range(-29, 11))


@pytest.mark.parametrize("name", ["10min", "D, Berlin", "MS", "B", "period M"])
def test_rows_of_another_phase(name):
    """Stamps between two rows are as far apart in rows as those on them."""
    index = INDEXES[name]
    clock = clock_of(index[:30])
    others = index.to_timestamp() if isinstance(index, pd.PeriodIndex) else index

    rows = clock.rows(others + pd.Timedelta("1min"))

    assert np.diff(rows).tolist() == [1] * 39


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_labels_from(index):
    """Labels begin with the first one."""
    labels = clock_of(index[:30]).labels_from(index[:1], 40)

    assert labels.tolist() == index.tolist()


def test_labels_of_days_whose_midnight_is_skipped():
    """A day whose midnight clocks skip begins when there is a time again."""
    days = pd.date_range("2017-10-13", periods=2, tz="America/Sao_Paulo")

    labels = clock_of(days).labels_from(days[:1], 3)

    assert labels[2] == pd.Timestamp("2017-10-15 01:00", tz="America/Sao_Paulo")
