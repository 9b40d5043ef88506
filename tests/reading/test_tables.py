"""Tables: Parquet files, and names of columns."""

import datetime
import decimal
import sys

import numpy as np
import pandas as pd
import pytest

from skrnn.reading import DataProblem, read_series
from tests.reading.files import days, table, times, values


@pytest.fixture
def write_frame(tmp_path):
    """Write a frame to demand.parquet, and give its path."""

    def write(frame):
        frame.to_parquet(tmp_path / "demand.parquet")
        return tmp_path / "demand.parquet"

    return write


def problem_of(path, target="load", **options):
    with pytest.raises(DataProblem) as caught:
        read_series(path, target, **options)
    return str(caught.value)


def frame_of(path, **options):
    return read_series(path, "load", **options).frames["demand"]


@pytest.mark.parametrize("name", ["when", None])
def test_parquet_with_an_index(write_frame, name):
    """The index of a frame is a column like others."""
    index = times("h").rename(name)

    frame = frame_of(write_frame(pd.DataFrame({"load": values(40)}, index=index)))

    pd.testing.assert_index_equal(frame.index, index, check_names=False, exact="equiv")


def test_parquet_that_is_named_otherwise(write_frame):
    """A Parquet file is known by what it begins with."""
    path = write_frame(pd.DataFrame({"load": values(40), "day": times()}))

    assert (
        len(read_series(path.rename(path.with_suffix(".data")), "load").frames["demand.data"]) == 40
    )


@pytest.mark.parametrize(
    "labels",
    [
        [datetime.date(2024, 1, 1) + datetime.timedelta(day) for day in range(40)],
        times().astype(str),
        times().tz_localize("Europe/Berlin"),
        times().to_period("D"),
    ],
    ids=["dates", "text", "zone", "periods"],
)
def test_parquet_stamps(write_frame, labels):
    """Stamps of any type are times."""
    reading = read_series(write_frame(pd.DataFrame({"load": values(40), "day": labels})), "load")

    assert (reading.time, reading.step) == ("day", "1 day")
    assert reading.frames["demand"].index[-1].strftime("%Y-%m-%d") == "2024-02-09"


@pytest.mark.parametrize(
    "convert",
    [
        lambda y: [decimal.Decimal(str(value)) for value in y],
        lambda y: [str(value) for value in y],
        lambda y: pd.array(y, dtype="Float64"),
        lambda y: y.astype("float32"),
        pd.Categorical,
    ],
    ids=["decimal", "text", "nullable", "float32", "category"],
)
def test_parquet_numbers(write_frame, convert):
    """Numbers of any type are floats."""
    frame = frame_of(write_frame(pd.DataFrame({"load": convert(values(40)), "day": times()})))

    assert frame["load"].dtype == np.float64
    assert frame["load"].tolist() == values(40).tolist()


@pytest.mark.parametrize("labels", [np.random.default_rng(0).permutation(40), np.arange(40) % 10])
def test_an_index_without_a_name_is_no_feature(write_frame, labels):
    """Labels of rows that were shuffled, or put below each other, tell nothing."""
    frame = pd.DataFrame({"day": times(), "load": values(40)}, index=labels)

    reading = read_series(write_frame(frame), "load")

    assert list(reading.frames["demand"].columns) == ["load"]
    assert "Left out: column 'index' (labels of rows, without a name)." in reading.notes


@pytest.mark.parametrize("name", ["", "Unnamed: 0"])
def test_an_index_without_a_name_in_a_csv_file_is_no_feature(write, name):
    """As pandas writes it."""
    labels = np.random.default_rng(0).permutation(40)
    rows = [f"{day},{y}" for day, y in zip(times().astype(str), values(40), strict=True)]

    reading = read_series(write(table(labels, rows, f"{name},day,load")), "load")

    assert list(reading.frames["demand"].columns) == ["load"]


def test_an_index_without_a_name_may_tell_series_apart(write_frame):
    """It is left out only where nobody names it."""
    frame = pd.DataFrame({"day": [*times()] * 2, "load": [*values(40)] * 2})
    frame.index = np.repeat([7, 5], 40)

    assert list(read_series(write_frame(frame), "load", series="index").frames) == ["7", "5"]


def test_parquet_counts_rows(write_frame):
    """Messages on Parquet files count rows from 1."""
    load = values(40)
    load[16] = np.inf

    assert problem_of(write_frame(pd.DataFrame({"load": load, "day": times()}))) == (
        "demand.parquet, row 17, column 'load': 'inf' is infinite: correct it, or leave the cell "
        "empty if it is unknown"
    )


def test_parquet_of_lists(write_frame):
    """A list in each row is to be given rows of its own."""
    path = write_frame(pd.DataFrame({"id": list("abc"), "load": [list(values(40))] * 3}))

    assert problem_of(path) == (
        "demand.parquet, column 'load': holds a list in each row: give each value a row of its "
        "own, e.g. with frame.explode('load')"
    )


def test_parquet_without_rows(write_frame):
    """A table without rows."""
    assert problem_of(write_frame(pd.DataFrame({"load": []}))) == (
        "demand.parquet has columns and no rows: pass a file with rows"
    )


def test_no_parquet(write):
    """A file that is only named like one."""
    assert problem_of(write(days(), "demand.parquet")) == (
        "demand.parquet is not a Parquet file, though it is named like one: write it again"
    )


def test_damaged_parquet(write_frame):
    """A file that begins like one and ends too early."""
    path = write_frame(pd.DataFrame({"load": values(40), "day": times()}))
    path.write_bytes(path.read_bytes()[:-30])

    assert problem_of(path).startswith("demand.parquet is a Parquet file that cannot be read (")


def test_parquet_without_pyarrow(write_frame, monkeypatch):
    """What has to be installed is said."""
    path = write_frame(pd.DataFrame({"load": values(40), "day": times()}))
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    assert (
        problem_of(path)
        == "demand.parquet is a Parquet file, which needs pyarrow: pip install pyarrow"
    )


def test_target_twice(write):
    """Two columns of the target's name."""
    path = write(table(times().astype(str), [f"{y},1" for y in values(40)], "day,load,load"))

    assert problem_of(path) == "demand.csv: has two columns named 'load': rename one of them"


def test_other_name_twice(write):
    """Other columns may share a name: the second one gets a number."""
    rows = [f"{y},{i % 3},{i % 5}" for i, y in enumerate(values(40))]
    path = write(table(times().astype(str), rows, "day,load,x,x"))

    assert list(frame_of(path).columns) == ["load", "x", "x (2)"]
