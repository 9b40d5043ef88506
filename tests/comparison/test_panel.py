"""The rows of all series in one block."""

import numpy as np
import pandas as pd
import pytest

from skrnn import CalendarFeatures, make_windows
from skrnn.comparison.panel import Following, Panel, regular
from skrnn.comparison.preparation import Preparation
from skrnn.reading import fill_past


def series(n_rows, start, seed=0):
    """Days of a value and of a column beside it."""
    rng = np.random.default_rng(seed)
    index = pd.date_range(start, periods=n_rows, freq="D", name="day")
    return pd.DataFrame(rng.normal(size=(n_rows, 2)), index, ["sales", "price"])


@pytest.fixture
def tables():
    """Series of different days, one of them with gaps."""
    made = [series(30, "2024-01-01"), series(20, "2024-01-15", 1), series(25, "2023-12-20", 2)]
    made[1].iloc[[0, 7, 8, 15], 0] = np.nan
    return made


def test_the_calendar_is_that_of_each_series(tables):
    """One calendar for all rows holds what the calendar of each series holds."""
    fields = ("dayofweek", "dayofyear")

    panel = Panel.of(tables).with_calendar(fields)

    expected = [CalendarFeatures(fields).fit_transform(table) for table in tables]
    np.testing.assert_array_equal(panel.values, pd.concat(expected))
    assert panel.columns == tuple(expected[0].columns)


def test_the_calendar_is_made_once_for_all_series(tables, monkeypatch):
    """However many series there are."""
    made = []
    transform = CalendarFeatures.transform
    monkeypatch.setattr(
        CalendarFeatures, "transform", lambda self, X: made.append(len(X)) or transform(self, X)
    )

    Panel.of(20 * tables).with_calendar(("dayofweek",))

    assert made == [len(pd.concat(tables).index.unique())]


def test_each_series_is_filled_from_its_own_past(tables):
    """What is unknown at the start of a series is not taken from the series before."""
    filled = Panel.of(tables).filled(7)

    np.testing.assert_array_equal(
        filled.values, pd.concat([fill_past(table, 7) for table in tables])
    )


def test_the_last_known_row_is_that_of_each_series(tables):
    """A series of which nothing is known has none."""
    tables[0].iloc[:, 0] = np.nan
    tables[2].iloc[-3:, 0] = np.nan

    assert Panel.of(tables).known(0).tolist() == [0, 20, 22]


def test_windows_of_a_panel_are_those_that_make_windows_cuts(tables):
    """Positions, series, labels and targets are the same, with a stride too."""
    frames = dict(enumerate(table.fillna(0.0) for table in tables))
    preparation = Preparation(
        ("sales", "price"), ("price",), ("dayofweek",), length=5, horizon=3, season=7
    )

    X = preparation._cut(Panel.of(list(frames.values())), stride=2)

    rows = [CalendarFeatures("dayofweek").fit_transform(frame) for frame in frames.values()]
    ahead = ["price", "dayofweek_sin", "dayofweek_cos"]
    expected, _ = make_windows(rows, 5, 3, target="sales", known_ahead=ahead, stride=2)
    np.testing.assert_array_equal(X, expected)
    assert X.ends.tolist() == expected.ends.tolist()
    assert X.series.tolist() == expected.series.tolist()
    assert X.index.equals(expected.index)


def test_rows_go_on_behind_each_series():
    """Series that end together share their labels, others have their own."""
    following = Following(2)
    days = pd.date_range("2024-01-01", periods=3, freq="D", name="day")

    assert following(days) is following(days[1:])
    assert following(days[:2]).tolist() == [pd.Timestamp("2024-01-03"), pd.Timestamp("2024-01-04")]


def test_a_row_that_is_missing_becomes_unknown():
    """The index tells which row is missing."""
    table = series(30, "2024-01-01").drop(pd.Timestamp("2024-01-03"))

    assert np.flatnonzero(regular(table)["sales"].isna()).tolist() == [2]


def test_infinite_values_are_refused(tables):
    """Values are checked once for all series."""
    tables[1].iloc[3, 1] = np.inf

    with pytest.raises(ValueError, match="infinity"):
        Panel.of(tables)
