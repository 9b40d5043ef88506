"""make_windows and future_rows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.pipeline import make_pipeline

from skrnn import LinearWindow, SlidingWindow, Windows, future_rows, make_windows
from tests.oracles import make_windows_by_loop


@pytest.mark.filterwarnings("ignore:.* series ha")
@settings(max_examples=120, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 30), min_size=1, max_size=3),
    length=st.integers(1, 4),
    leads=st.lists(st.integers(1, 5), min_size=1, max_size=3),
    rate=st.integers(1, 3),
    stride=st.integers(1, 4),
    n_features=st.integers(1, 3),
    data=st.data(),
)
def test_against_loop(lengths, length, leads, rate, stride, n_features, data):
    """Windows and targets of a ragged panel are those that a plain loop cuts out."""
    rng = np.random.default_rng(0)
    lengths[0] = 30
    panel = [rng.normal(size=(n, n_features)) for n in lengths]
    target = data.draw(st.integers(0, n_features - 1))

    X, y = make_windows(
        panel, length, leads=leads, target=target, sampling_rate=rate, stride=stride
    )

    expected_X, expected_y = make_windows_by_loop(panel, length, leads, target, rate, stride)
    np.testing.assert_array_equal(np.asarray(X), expected_X)
    np.testing.assert_array_equal(y, expected_y)
    assert X.complete().all()


def test_by_hand():
    """Windows move by the stride; targets lie 1 … horizon rows ahead."""
    X, y = make_windows(np.arange(10.0), length=3, horizon=2, sampling_rate=2, stride=2)

    assert np.asarray(X)[:, :, 0].tolist() == [[0, 2, 4], [2, 4, 6]]
    assert y.tolist() == [[5, 6], [7, 8]]


def test_single_horizon_is_one_dimensional():
    """One lead gives y (n,)."""
    assert make_windows(np.arange(9.0), 3)[1].tolist() == [3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("leads", [4, [4], (4,), np.array([4])])
def test_single_lead(leads):
    """A lead alone, or in a list, gives y (n,)."""
    X, y = make_windows(np.arange(9.0), 3, leads=leads)

    assert y.tolist() == [6, 7, 8]
    assert X.leads == (4,)


@pytest.mark.parametrize(
    "data",
    [
        np.arange(9.0),
        np.arange(9.0)[:, None],
        np.arange(9.0)[None, :, None],
        pd.Series(np.arange(9.0), name="x"),
        pd.DataFrame({"x": np.arange(9.0)}),
        [np.arange(9.0)],
        list(range(9)),
    ],
    ids=["1-D", "2-D", "3-D", "Series", "DataFrame", "panel of one", "list"],
)
def test_kinds_of_data(data):
    """One series may come in any of the usual shapes."""
    X, y = make_windows(data, 3, 2)

    assert np.asarray(X)[0, :, 0].tolist() == [0, 1, 2]
    assert y[-1].tolist() == [7, 8]


@pytest.mark.parametrize("target", ["b", 1, -1])
def test_target(target):
    """The target is a column by name or position."""
    frame = pd.DataFrame({"a": np.arange(9.0), "b": np.arange(9.0) * 10})

    assert make_windows(frame, 3, target=target)[1].tolist() == [30, 40, 50, 60, 70, 80]


def test_panel_of_three_dimensions():
    """(series, rows, features) is a panel, its rows not copied."""
    panel = np.arange(40.0).reshape(2, 10, 2)

    X, y = make_windows(panel, 8, target=1)

    assert y.tolist() == [17, 19, 37, 39]
    assert X.series.tolist() == [0, 0, 1, 1]
    assert np.shares_memory(X.rows, panel)


def test_panel_with_short_series():
    """A series too short for a window among longer ones gives none, and an empty one neither."""
    panel = [np.arange(3.0), np.arange(10.0), np.zeros((0, 1)), np.arange(5.0) + 50]
    with pytest.warns(UserWarning, match="^2 of 4 series have fewer than 5 rows.* none: 0 and 2$"):
        X, y = make_windows(panel, 4)

    assert X.series.tolist() == [1, 1, 1, 1, 1, 1, 3]
    assert y.tolist() == [4, 5, 6, 7, 8, 9, 54]


def test_panel_of_frames_with_their_own_calendars():
    """Every series is laid on its own index: a gap in one is none in the others."""
    a = pd.DataFrame({"x": np.arange(20.0)}, index=pd.date_range("2024", periods=20)).drop(
        "2024-01-11"
    )
    b = pd.DataFrame({"x": np.arange(20.0)}, index=pd.date_range("2020-01", periods=20))

    X, y = make_windows([a, b], 2)

    assert (~X.complete()).sum() == 2
    assert np.isnan(y).sum() == 1


def test_gap_in_the_index():
    """Missing rows are unknown steps and unknown targets."""
    frame = pd.DataFrame({"x": np.arange(12.0)}, index=pd.date_range("2024", periods=12)).drop(
        "2024-01-06"
    )

    X, y = make_windows(frame, 2)

    np.testing.assert_array_equal(y, [2, 3, 4, np.nan, 6, 7, 8, 9, 10, 11])
    np.testing.assert_array_equal(np.asarray(X)[3:6, :, 0], [[3, 4], [4, np.nan], [np.nan, 6]])


def test_wide_gap():
    """Nothing reaches over a gap wider than a window and its leads."""
    frame = pd.DataFrame({"x": np.arange(30.0)}, index=pd.date_range("2024", periods=30))
    days = frame.drop(frame.index[15:17])
    years = days.set_axis(
        days.index.where(np.arange(28) < 15, days.index + pd.Timedelta(3000, "D"))
    )

    X, y = make_windows(years, 2)

    kept = X.complete() & ~np.isnan(y)
    assert y[kept].tolist() == [*range(2, 15), *range(19, 30)]


@pytest.mark.filterwarnings("ignore:of the columns known ahead")
def test_known_ahead():
    """The part of a column that is known ahead ends at the last lead."""
    frame = pd.DataFrame({"a": np.arange(9.0), "b": np.arange(9.0) * 10})

    X, _ = make_windows(frame, 2, 3, target="a", known_ahead="b")

    assert np.asarray(X)[0].tolist() == [[0, 30], [1, 40]]
    assert np.asarray(X)[-1].tolist() == [[4, 70], [5, 80]]


def test_rows_are_not_copied():
    """The rows of one series are the caller's own."""
    rows = np.zeros((50, 3))

    assert np.shares_memory(make_windows(rows, 3, target=0)[0].rows, rows)


def test_names():
    """Windows know the columns of a DataFrame."""
    frame = pd.DataFrame({"a": np.arange(9.0), "b": np.arange(9.0)})

    assert make_windows(frame, 2, target="a")[0].feature_names == ("a", "b")


def test_returns_windows():
    """X is lazy."""
    assert isinstance(make_windows(np.arange(9.0), 2)[0], Windows)


FUTURES = {
    "hours": (
        pd.date_range("2024-01-01", periods=4, freq="h"),
        ["2024-01-01 04:00", "2024-01-01 05:00"],
    ),
    "months": (pd.date_range("2024-01-01", periods=4, freq="MS"), ["2024-05-01", "2024-06-01"]),
    "month ends": (pd.date_range("2024-01-01", periods=4, freq="ME"), ["2024-05-31", "2024-06-30"]),
    "business days": (pd.bdate_range("2024-01-01", periods=5), ["2024-01-08", "2024-01-09"]),
    "periods": (pd.period_range("2024-11", periods=2, freq="M"), ["2025-01", "2025-02"]),
    "time deltas": (pd.timedelta_range("1h", periods=3, freq="h"), ["4h", "5h"]),
}


@pytest.mark.parametrize(("index", "labels"), FUTURES.values(), ids=FUTURES)
def test_future_rows(index, labels):
    """The index goes on in its step; the new rows are unknown."""
    frame = pd.DataFrame({"x": np.arange(float(len(index)))}, index=index.rename("when"))

    extended = future_rows(frame, 2)

    assert extended.index[-2:].tolist() == type(index)(labels, **_freq(index)).tolist()
    assert extended.index.name == "when"
    assert extended["x"].isna().tolist() == [False] * len(index) + [True, True]


def _freq(index):
    return {"freq": index.freq} if isinstance(index, pd.PeriodIndex) else {}


def test_future_rows_alone_are_enough():
    """A pipeline remembers what windows of the rows to come look back to: no others need come."""
    hours = pd.date_range("2024", periods=60, freq="h")
    frame = pd.DataFrame({"a": np.cos(np.arange(60) / 3)}, index=hours)
    pipe = make_pipeline(SlidingWindow(6, lead=4), LinearWindow()).fit(frame, frame["a"])

    alone = pipe.predict(future_rows(frame[-9:], 4)[-4:])

    np.testing.assert_allclose(alone, pipe.predict(future_rows(frame, 4))[-4:])


def test_future_rows_across_a_clock_change():
    """A day with 23 hours is a day; hours are counted, not skipped."""
    days = pd.Series([1.0, 2, 3], index=pd.date_range("2024-03-28", periods=3, tz="Europe/Berlin"))
    hours = pd.Series(
        [1.0, 2], index=pd.date_range("2024-03-31 00:00", periods=2, freq="h", tz="Europe/Berlin")
    )

    assert future_rows(days, 2).index[-1] == pd.Timestamp("2024-04-01", tz="Europe/Berlin")
    assert future_rows(hours, 1).index[-1] == pd.Timestamp("2024-03-31 03:00", tz="Europe/Berlin")


@pytest.mark.parametrize(
    "index", [pd.RangeIndex(3), pd.Index([0, 1, 2])], ids=["range", "integers"]
)
def test_future_rows_of_a_row_count(index):
    """A row count goes on counting."""
    extended = future_rows(pd.DataFrame({"x": [1, 2, 3]}, index=index), 2)

    assert extended.index.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("shape", [(3,), (3, 2)])
def test_future_rows_of_an_array(shape):
    """An array gets rows of NaN, of any type that it was."""
    extended = future_rows(np.ones(shape, int), 2)

    assert extended.shape == (5, *shape[1:])
    assert np.isnan(extended[3:]).all()
    assert (extended[:3] == 1).all()


def test_future_rows_leave_the_data():
    """The caller's rows stay as they were."""
    frame = pd.DataFrame({"x": [1.0, 2.0]})

    future_rows(frame, 3)

    assert len(frame) == 2


def test_future_rows_without_a_step():
    """An irregular index cannot go on."""
    frame = pd.DataFrame(
        {"x": [1.0, 2, 3]}, index=pd.to_datetime(["2024-01-01", "2024-01-02", "2024-02-01"])
    )

    with pytest.raises(
        ValueError,
        match="the index has no regular step that could go on: set its freq, or use asfreq",
    ):
        future_rows(frame, 1)


def test_panel_of_named_series():
    """The columns of a frame, each a series of its own, are a panel whatever their names."""
    frame = pd.DataFrame({"north": np.arange(5.0), "south": np.arange(5.0) + 10})

    _, y = make_windows([frame["north"], frame["south"]], 3)

    np.testing.assert_array_equal(y, [3, 4, 13, 14])


def test_integer_column_names_are_names():
    """A column that is named 0 is meant by 0, wherever it stands; a Series named by a number is
    forecast.
    """
    frame = pd.DataFrame({1: np.arange(9.0), 0: 100 + np.arange(9.0)})

    _, y = make_windows(frame, 3, target=0)
    _, named = make_windows(pd.Series(np.arange(9.0), name=2020), 3)

    assert y[0] == 103
    assert named[0] == 3


class ForeignColumn:
    """A column of a table that pandas did not make."""

    def __init__(self, values):
        self.values = np.asarray(values)

    def to_numpy(self):
        return self.values


class ForeignFrame:
    """A table with named columns that pandas did not make, as those of polars."""

    def __init__(self, columns):
        self.data = {name: np.asarray(values) for name, values in columns.items()}
        self.columns = list(columns)
        self.shape = (len(next(iter(self.data.values()))), len(columns))
        self.ndim = 2

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, name):
        return ForeignColumn(self.data[name])

    def to_numpy(self):
        return np.column_stack(list(self.data.values()))

    def __array__(self, dtype=None, copy=None):
        return self.to_numpy().astype(dtype or float)


@pytest.fixture
def foreign():
    """Nine rows of two columns."""
    return ForeignFrame({"load": np.arange(9.0), "price": np.arange(9.0) * 10})


def test_names_of_other_tables(foreign):
    """Names are names, whichever library the table comes from."""
    X, y = make_windows(foreign, 3, 2, target="load", known_ahead="price")

    assert X.feature_names == ("load", "price")
    assert np.asarray(X)[0].tolist() == [[0, 20], [1, 30], [2, 40]]
    assert y[0].tolist() == [3, 4]


def test_words_in_other_tables():
    """So are the errors."""
    words = ForeignFrame({"load": np.arange(9.0), "kind": ["a"] * 9})

    with pytest.raises(ValueError, match="columns must be numeric, got 'kind'"):
        make_windows(words, 3, target="load")


def test_future_rows_of_other_tables(foreign):
    """The table stays of its kind."""
    extended = future_rows(foreign, 2)

    assert isinstance(extended, ForeignFrame)
    assert np.isnan(extended.data["price"]).tolist() == [False] * 9 + [True] * 2


def test_polars():
    """A frame of polars, where it is installed."""
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"load": np.arange(9.0), "price": np.arange(9.0) * 10})

    X, _ = make_windows(frame, 3, target="price", known_ahead="load")

    assert X.shift.tolist() == [1, 0]


@pytest.mark.parametrize("target", [["load", "price"], ("load", "price"), np.array([0, 1])])
def test_several_targets(target):
    """Several targets are refused in a line that says what to do."""
    frame = pd.DataFrame({"load": np.arange(9.0), "price": np.arange(9.0)})

    with pytest.raises(ValueError, match=r"target must be one column, got \[.*: make windows for"):
        make_windows(frame, 3, target=target)


def test_target_named_by_a_tuple():
    """A column of several levels is one column."""
    frame = pd.DataFrame({("load", "north"): np.arange(9.0), ("load", "south"): np.arange(9.0) * 2})

    _, y = make_windows(frame, 3, target=("load", "south"))

    assert y[0] == 6


def test_dict_of_series():
    """A dict is a panel or a table: the error names both ways on."""
    with pytest.raises(ValueError, match=r"got a dict: .* list\(data.values\(\)\), for a table"):
        make_windows({"a": np.arange(9.0)}, 3)


def test_panel_of_frames_of_other_types():
    """Columns of a frame are looked at in every frame, not in the first alone."""
    frame = pd.DataFrame({"load": np.arange(9.0)})
    words = pd.DataFrame({"load": list("abcdefghi")})

    with pytest.raises(ValueError, match="columns must be numeric, got 'load'"):
        make_windows([frame, words], 3)


@pytest.mark.parametrize("step", ["h", "2h", "D"])
def test_evenly_spaced_rows_with_a_gap(step):
    """What is seen at a glance to be regular is; a gap in the last rows is found all the same."""
    frame = pd.DataFrame({"x": np.arange(30.0)}, index=pd.date_range("2024", periods=30, freq=step))

    whole, _ = make_windows(frame, 3)
    holed, _ = make_windows(frame.drop(frame.index[-2]), 3)

    assert len(whole.rows) == len(holed.rows) == 30
    assert np.isnan(holed.rows).sum() == 1


def test_every_second_period():
    """Periods count in their own step: where every second is there, the others are missing."""
    frame = pd.DataFrame(
        {"x": np.arange(10.0)}, index=pd.period_range("2024-01", periods=20, freq="M")[::2]
    )

    X, _ = make_windows(frame, 3)

    assert np.isnan(X.rows).sum() == 9


@pytest.mark.parametrize("kind", ["frame", "mixed", "series", "integers", "nullable"])
def test_future_rows_keep_what_they_extend(kind):
    """Types and names stay, where there is room for unknown values."""
    frame = pd.DataFrame({"x": np.arange(4.0), "y": np.arange(4.0)})
    data = {
        "frame": frame.astype("float32"),
        "mixed": frame.astype({"x": "float32"}),
        "series": frame["x"],
        "integers": frame.astype({"x": "int64"}),
        "nullable": frame.astype("Float64"),
    }[kind]

    extended = future_rows(data, 2)

    assert extended.equals(data.reindex(range(6)))
    assert type(extended) is type(data)


def test_future_rows_of_arrow_times():
    """Times that pyarrow holds go on as those of pandas."""
    pytest.importorskip("pyarrow")
    days = pd.Index(pd.date_range("2024", periods=4)).astype("timestamp[ns][pyarrow]")
    frame = pd.DataFrame({"x": np.arange(4.0)}, index=days)

    extended = future_rows(frame, 2)

    assert extended.index.equals(pd.date_range("2024", periods=6))
    assert extended["x"].tolist()[:4] == [0, 1, 2, 3]


def test_like_indexes_in_turn():
    """Series are laid on their own index also where the one before has the same, or nearly so."""
    months = pd.DatetimeIndex(pd.date_range("2000", periods=30, freq="MS").to_numpy())
    whole = pd.DataFrame({"x": np.arange(30.0)}, index=months)
    holed = whole.drop(months[7])

    X, _ = make_windows([whole, whole, holed, holed, whole], 3)

    assert np.flatnonzero(np.isnan(X.rows[:, 0])).tolist() == [67, 97]
    assert X.index[67] == X.index[97] == months[7]


def test_a_name_of_two_columns_names_none():
    """Which of them is meant nobody can tell."""
    frame = pd.DataFrame(np.zeros((20, 3)), columns=["a", "b", "a"])

    with pytest.raises(ValueError, match="^target='a' is the name of 2 columns: give its position"):
        make_windows(frame, 5, target="a")
    assert make_windows(frame, 5, target="b")[1].shape == (15,)
    assert make_windows(frame, 5, target=2)[1].shape == (15,)


DAYS = pd.date_range("2024", periods=20)


@pytest.mark.parametrize(
    ("index", "kind"),
    [(DAYS.tz_localize("UTC"), "DatetimeIndex in UTC"), (DAYS.to_period(), "PeriodIndex")],
)
def test_times_of_a_panel_are_of_one_kind(index, kind):
    """Dates that cannot be compared would be cut as if they were none."""
    frames = [
        pd.DataFrame({"x": np.arange(20.0)}, index=one) for one in (DAYS, DAYS.shift(3), index)
    ]

    with pytest.raises(ValueError, match=f"a DatetimeIndex in series 0 and a {kind} in series 2"):
        make_windows(frames, 3)


def test_no_series_at_all():
    with pytest.raises(ValueError, match="^data must be a series or a list of series, got an emp"):
        make_windows([], 3, target="a")
