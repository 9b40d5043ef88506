"""CalendarFeatures: the calendar as sine and cosine."""

import numpy as np
import pandas as pd
import pytest

from skrnn import CalendarFeatures, SlidingWindow


def turns(fields, times, **kwargs):
    """Where each field stands in its turn, between 0 and 1, read back from sine and cosine."""
    index = pd.DatetimeIndex(times, **kwargs)
    frame = CalendarFeatures(fields).fit_transform(
        pd.DataFrame({"x": np.zeros(len(index))}, index=index)
    )
    angle = np.arctan2(frame[f"{fields}_sin"], frame[f"{fields}_cos"])
    return (angle / (2 * np.pi) % 1).round(9).tolist()


@pytest.mark.parametrize(
    ("field", "times", "expected"),
    [
        ("minute", ["2024-01-01 10:15", "2024-01-01 10:30:30"], [0.25, 30.5 / 60]),
        ("hour", ["2024-01-01 06:00", "2024-01-01 18:30"], [0.25, 18.5 / 24]),
        ("dayofweek", ["2024-01-01 00:00", "2024-01-03 12:00"], [0, 2.5 / 7]),
        ("day", ["2024-02-01", "2024-02-16 12:00"], [0, 15.5 / 29]),
        ("dayofyear", ["2023-12-31", "2024-12-31"], [364 / 365, 365 / 366]),
        ("month", ["2024-01-31", "2024-07-01"], [0, 0.5]),
        ("quarter", ["2024-03-31", "2024-10-01"], [0, 0.75]),
    ],
)
def test_values(field, times, expected):
    """Each field makes one turn in its unit and goes on within it."""
    np.testing.assert_allclose(turns(field, times), expected, atol=1e-8)


def test_local_time():
    """The hour is that of the clock on the wall."""
    assert turns("hour", ["2024-07-01 04:00+00:00"], tz="UTC") == pytest.approx([4 / 24])
    berlin = pd.DatetimeIndex(["2024-07-01 04:00+00:00"]).tz_convert("Europe/Berlin")
    assert turns("hour", berlin) == pytest.approx([6 / 24])


def test_periods():
    """A period counts from its beginning."""
    frame = pd.DataFrame({"x": [1.0, 2.0]}, index=pd.period_range("2024-04", periods=2, freq="M"))

    out = CalendarFeatures("month").fit_transform(frame)

    np.testing.assert_allclose(out["month_sin"], np.sin(2 * np.pi * np.array([3, 4]) / 12))


def test_frame():
    """Columns are appended; index, values and types of the others stay."""
    index = pd.date_range("2024-01-01", periods=3, freq="h")
    frame = pd.DataFrame({"n": [1, 2, 3], "f": np.float32(0.5)}, index=index)
    calendar = CalendarFeatures(("hour", "dayofweek")).fit(frame)

    out = calendar.transform(frame)

    assert out.columns.tolist() == [
        "n",
        "f",
        "hour_sin",
        "hour_cos",
        "dayofweek_sin",
        "dayofweek_cos",
    ]
    assert calendar.get_feature_names_out().tolist() == out.columns.tolist()
    pd.testing.assert_frame_equal(out[["n", "f"]], frame)
    assert frame.shape == (3, 2)


def test_quarter_turns_are_exact():
    """Sine and cosine of quarter turns are whole numbers."""
    index = pd.date_range("2024-01-01", periods=4, freq="6h")

    out = CalendarFeatures("hour").fit_transform(pd.DataFrame({"x": range(4)}, index=index))

    assert out["hour_sin"].tolist() == [0, 1, 0, -1]
    assert out["hour_cos"].tolist() == [1, 0, -1, 0]


def test_series():
    """A Series becomes a DataFrame."""
    series = pd.Series([1.0, 2], index=pd.date_range("2024", periods=2), name="x")

    assert CalendarFeatures("month").fit_transform(series).columns.tolist() == [
        "x",
        "month_sin",
        "month_cos",
    ]


@pytest.mark.parametrize(
    ("X", "kind"),
    [(np.zeros((3, 1)), "an array"), (pd.DataFrame({"x": [1.0, 2]}), "a RangeIndex")],
)
def test_no_time_index(X, kind):
    """Without a time index there is no calendar."""
    with pytest.raises(
        ValueError,
        match=f"needs a DataFrame with a DatetimeIndex or PeriodIndex, got {kind}: set the time",
    ):
        CalendarFeatures().fit(X)


def test_no_time_index_in_transform():
    """So it is in transform."""
    frame = pd.DataFrame({"x": [1.0, 2]}, index=pd.date_range("2024", periods=2))
    calendar = CalendarFeatures().fit(frame)

    with pytest.raises(ValueError, match="got a RangeIndex"):
        calendar.transform(frame.reset_index(drop=True))


@pytest.mark.parametrize(
    ("fields", "got"), [(["hour", "week"], "'week'"), ("week", "'week'"), (None, "None")]
)
def test_unknown_field(fields, got):
    """Unknown fields are told, with the known ones."""
    frame = pd.DataFrame({"x": [1.0, 2]}, index=pd.date_range("2024", periods=2))

    with pytest.raises(ValueError, match="fields must be among 'minute', 'hour', .*, got " + got):
        CalendarFeatures(fields).fit(frame)


@pytest.mark.parametrize("name", [None, "x"])
def test_columns_have_names_that_are_words(name):
    """Numbers beside words would be refused by the next step."""
    index = pd.date_range("2024", periods=20)
    rows = pd.Series(np.arange(20.0), index=index, name=name)

    out = CalendarFeatures("month").fit_transform(rows)

    assert out.columns.tolist() == [name or "x0", "month_sin", "month_cos"]
    SlidingWindow(3).fit(out)


def test_columns_of_the_calendar_are_there_once():
    frame = pd.DataFrame({"month_sin": [1.0, 2]}, index=pd.date_range("2024", periods=2))

    with pytest.raises(ValueError, match="^X has a column 'month_sin' already, which Calendar"):
        CalendarFeatures(("hour", "month")).fit(frame)
