"""How rows become the windows of a comparison."""

import numpy as np
import pandas as pd
import pytest

from skrnn import make_windows
from skrnn.comparison.preparation import Preparation, calendar_fields
from skrnn.reading import DataProblem


def preparation(columns=("demand", "noise"), known_ahead=(), calendar=(), horizon=3):
    return Preparation(columns, known_ahead, calendar, length=10, horizon=horizon, season=7)


def test_whole_series_are_cut_as_make_windows_cuts_them(weekly):
    X, y = preparation().windows({"one": weekly})

    expected, targets = make_windows(weekly, 10, 3, target="demand")
    np.testing.assert_array_equal(X, expected)
    np.testing.assert_array_equal(y, targets)


def test_gaps_are_filled_in_windows_and_stay_unknown_in_targets(weekly):
    weekly.iloc[50, 0] = np.nan

    X, y = preparation().windows({"one": weekly})

    assert not np.isnan(np.asarray(X)).any()
    assert np.asarray(X)[X.ends == 50, -1, 0] == weekly["demand"].iloc[43]
    assert np.isnan(y).sum() == 3


def test_what_windows_hold_does_not_depend_on_later_rows(weekly):
    weekly.iloc[[50, 60, 61, 90], 0] = np.nan
    later = weekly.copy()
    later.iloc[100:] += 1000

    X, _ = preparation(calendar=("dayofweek",)).windows({"one": weekly})
    changed, _ = preparation(calendar=("dayofweek",)).windows({"one": later})

    before = X.ends < 100
    np.testing.assert_array_equal(X[before], changed[before])


def test_the_calendar_is_known_ahead(weekly):
    X, _ = preparation(calendar=("dayofweek",)).windows({"one": weekly})

    assert X.feature_names == ("demand", "noise", "dayofweek_sin", "dayofweek_cos")
    assert X.shift.tolist() == [0, 0, 3, 3]


def test_of_very_many_windows_some_are_used_at_all_times_of_the_season(weekly, monkeypatch):
    monkeypatch.setattr("skrnn.comparison.preparation.MOST_TARGETS", 90)

    X, y = preparation().windows({"one": weekly})

    assert np.diff(X.ends).tolist() == [8] * (len(X) - 1)
    whole, targets = make_windows(weekly, 10, 3, target="demand")
    np.testing.assert_array_equal(X, np.asarray(whole)[::8])
    np.testing.assert_array_equal(y, targets[::8])


def test_the_newest_window_ends_at_the_last_known_target(weekly):
    weekly.iloc[-2:, 0] = np.nan

    X, labels = preparation().newest({"one": weekly})

    assert np.asarray(X)[0, -1, 0] == weekly["demand"].iloc[-3]
    assert labels[0].tolist() == [*weekly.index[-2:], weekly.index[-1] + pd.Timedelta("1D")]


def test_every_series_has_a_newest_window(weekly):
    X, labels = preparation().newest({"one": weekly, "other": weekly.iloc[:100]})

    assert X.series.tolist() == [0, 1]
    assert [rows[0] for rows in labels] == [pd.Timestamp("2024-07-19"), pd.Timestamp("2024-04-10")]


def test_a_series_shorter_than_a_window_has_a_newest_window_too(weekly):
    X, labels = preparation().newest({"short": weekly.iloc[:4], "one": weekly})

    assert X.series.tolist() == [0, 1]
    np.testing.assert_array_equal(
        np.asarray(X)[0, :, 0], [np.nan] * 6 + weekly["demand"].iloc[:4].tolist()
    )
    assert [rows[0] for rows in labels] == [weekly.index[4], pd.Timestamp("2024-07-19")]


def test_rows_that_are_missing_are_unknown(weekly):
    weekly.iloc[[50, 195]] = np.nan

    X, labels = preparation(calendar=("dayofweek",)).newest(
        {"one": weekly.drop(weekly.index[[50, 195]])}
    )

    expected, expected_labels = preparation(calendar=("dayofweek",)).newest({"one": weekly})
    np.testing.assert_array_equal(X, expected)
    assert labels[0].equals(expected_labels[0])


def test_columns_that_are_known_ahead_must_be_told(weekly):
    message = (
        r"^column 'noise' is known ahead, but has no value for 2024-07-19: bring all 3 rows to "
        r"forecast, with 'demand' left empty$"
    )
    with pytest.raises(DataProblem, match=message):
        preparation(known_ahead=("noise",)).newest({"one": weekly})
    with pytest.raises(DataProblem, match="for 2024-07-19 of series 'two': bring all 3 "):
        preparation(known_ahead=("noise",)).newest({"one": with_future(weekly), "two": weekly})


def with_future(frame):
    """A frame with three more rows, whose target is not known."""
    more = frame.iloc[-3:].assign(demand=np.nan)
    more.index = frame.index[-1] + pd.to_timedelta([1, 2, 3], "D")
    return pd.concat([frame, more])


def test_columns_that_are_known_ahead_are_taken_from_the_rows_to_forecast(weekly):
    weekly.iloc[-3:, 0] = np.nan

    X, _ = preparation(known_ahead=("noise",)).newest({"one": weekly})

    np.testing.assert_array_equal(np.asarray(X)[0, -3:, 1], weekly["noise"].iloc[-3:])


def test_the_tail_gives_the_newest_window_of_the_whole_series(weekly):
    weekly.iloc[[-1, -5, -20, -30], 0] = np.nan
    prepared = preparation(calendar=("dayofweek",))

    X, labels = prepared.newest(prepared.tail({"one": weekly}))

    expected, expected_labels = prepared.newest({"one": weekly})
    np.testing.assert_array_equal(X, expected)
    assert labels[0].equals(expected_labels[0])


def test_a_column_of_the_fit_must_be_there(weekly):
    with pytest.raises(
        DataProblem, match="^column 'noise' is missing: the model was fitted on demand, noise$"
    ):
        preparation().newest({"one": weekly[["demand"]]})


@pytest.mark.parametrize(
    ("freq", "n", "fields"),
    [
        ("h", 24 * 20, ("hour", "dayofweek")),
        ("30min", 60, ()),
        ("D", 800, ("dayofweek", "dayofyear")),
        ("W", 200, ("dayofyear",)),
        ("YS", 100, ()),
    ],
)
def test_the_calendar_has_what_the_rows_run_through_twice(freq, n, fields):
    assert calendar_fields(pd.date_range("2020-01-05", periods=n, freq=freq)) == fields


def test_months_are_days_of_the_year_and_counted_rows_have_no_calendar():
    assert calendar_fields(pd.period_range("2020-01", periods=48, freq="M")) == ("dayofyear",)
    assert calendar_fields(pd.RangeIndex(100)) == ()
