"""Lost context, an unknown future, and labels that differ: each is told once."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import Differencer, LinearWindow, SlidingWindow, future_rows, make_windows


def hours(n=60, start="2024-01-01"):
    """Hourly rows of a wave, and a column that is known ahead."""
    t = np.arange(float(n))
    values = {"load": np.sin(t / 3), "price": np.cos(t)}
    return pd.DataFrame(values, index=pd.date_range(start, periods=n, freq="h"))


def silent(action):
    """What an action gives; a warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return action()


def test_a_stock_scaler_loses_the_index():
    """The rows that nothing is known of are told, with the remedy."""
    frame = hours()
    pipe = make_pipeline(StandardScaler(), SlidingWindow(4, lead=2), LinearWindow())
    pipe.fit(frame[:40], frame["load"][:40])

    with pytest.warns(UserWarning, match=r"2 of 20 rows \(0 to 1\).*set_output") as told:
        pipe.predict(frame[40:])

    assert len(told) == 1


def test_a_single_row_long_behind_the_fit():
    """Its distance is told."""
    frame = hours()
    pipe = make_pipeline(SlidingWindow(4), LinearWindow()).fit(frame[:40], frame["load"][:40])

    with pytest.warns(UserWarning, match=r"1 of 1 rows .*begin 20 rows behind the last fitted"):
        pipe.predict(frame[59:])


@pytest.mark.parametrize("rows", [slice(0, 40), slice(40, 60), slice(34, 60), slice(0, 60)])
def test_rows_with_their_past_are_not_told(rows):
    """Neither the beginning of the fitted rows nor what follows them is lost."""
    frame = hours()
    pipe = make_pipeline(SlidingWindow(4), LinearWindow()).fit(frame[:40], frame["load"][:40])

    assert len(silent(lambda: pipe.predict(frame[rows]))) == len(frame[rows])


def test_the_fitted_array_again():
    """The same rows as in fit begin where nothing lies before them."""
    values = hours().to_numpy()
    pipe = make_pipeline(SlidingWindow(4), LinearWindow()).fit(values, values[:, 0])

    assert len(silent(lambda: pipe.predict(values))) == 60


@pytest.mark.parametrize("context", ["none", "carry"])
def test_the_users_word(context):
    """Who says whether rows follow needs no warning."""
    values = hours().to_numpy()
    window = SlidingWindow(4, context=context)
    pipe = make_pipeline(window, LinearWindow()).fit(values[:40], values[:40, 0])

    assert len(silent(lambda: pipe.predict(values[40:]))) == 20


def test_a_few_odd_stamps_leave_the_context():
    """Rows one usual step behind the last have their past, though two stamps are odd."""
    index = pd.date_range("2024-01-01", periods=400, freq="h").to_series()
    index.iloc[[50, 200]] += pd.Timedelta("7min")
    frame = pd.DataFrame({"load": np.arange(400.0)}, index=pd.DatetimeIndex(index))
    window = SlidingWindow(3).fit(frame[:300])

    windows = silent(lambda: window.transform(frame[300:]))

    np.testing.assert_array_equal(np.asarray(windows[0])[:, 0], [297, 298, 299])


def test_known_ahead_values_that_are_missing():
    """Column and rows are named, once."""
    frame = hours()
    window = SlidingWindow(4, known_ahead="price")
    pipe = make_pipeline(window, LinearWindow()).fit(frame, frame["load"])

    future = future_rows(frame, 2)
    with pytest.warns(UserWarning, match=r"'price', unknown in 2 rows .*13:00.*Fill") as told:
        pipe.predict(future.iloc[:-1].pipe(future_rows, 1))

    assert len(told) == 1


def test_known_ahead_columns_that_windows_do_not_reach():
    """Windows shorter than the horizon miss the first leads."""
    with pytest.warns(UserWarning, match=r"at 12 of 24 leads \(up to 12\) are not seen"):
        make_windows(hours(), 12, 24, target="load", known_ahead="price")


def test_known_ahead_columns_that_windows_reach():
    """Windows as long as the horizon see every lead."""
    X, _ = silent(lambda: make_windows(hours(), 24, 24, target="load", known_ahead="price"))

    assert len(X) == 13


def test_a_target_with_other_labels():
    """An error names the first row that differs, and the remedy."""
    frame = hours()
    y = frame["load"].shift(1, freq="h")

    with pytest.raises(ValueError, match=r"row 0 is 2024-01-01 01:00:00 where X has .*y\.loc"):
        make_pipeline(SlidingWindow(4), LinearWindow()).fit(frame, y)


@pytest.mark.parametrize("kind", ["array", "numbered", "same"])
def test_a_target_by_position(kind):
    """Without labels, or numbered from 0, its rows are taken as they come."""
    frame = hours()
    y = {
        "array": frame["load"].to_numpy(),
        "numbered": frame["load"].reset_index(drop=True),
        "same": frame["load"],
    }[kind]

    assert make_pipeline(SlidingWindow(4), LinearWindow()).fit(frame, y).score(frame, y) > 0.9


def test_months_with_one_long_gap_are_months():
    """No window counts across the gap."""
    months = pd.date_range("2010-01-01", freq="MS", periods=150)
    frame = pd.DataFrame({"x": np.arange(150.0)}, index=months).drop(months[60:80])

    windows = SlidingWindow(3).fit_transform(frame)

    assert np.isnan(np.asarray(windows[60])).all()


def test_a_time_index_of_pyarrow():
    """It is a time index as any other: gaps are gaps, and order counts."""
    frame = hours().drop(hours().index[30:33])
    arrow = frame.set_axis(frame.index.astype("timestamp[ns][pyarrow]"))

    windows = SlidingWindow(3).fit_transform(arrow)

    np.testing.assert_array_equal(windows, SlidingWindow(3).fit_transform(frame))
    with pytest.raises(ValueError, match="must be sorted"):
        SlidingWindow(3).fit(arrow[::-1])


@pytest.mark.parametrize("transformer", [SlidingWindow(2), Differencer()])
def test_masked_values_are_unknown(transformer):
    """The mask of an array is no decoration."""
    values = np.ma.masked_greater(np.arange(12.0)[:, None], 9)

    plain = transformer.fit_transform(values.filled(np.nan))

    np.testing.assert_array_equal(transformer.fit_transform(values), plain)


def test_masked_values_of_windows_and_targets():
    """A window with a masked value is incomplete, and a masked target unknown."""
    X, y = make_windows(np.arange(30.0), 4)
    X = np.ma.masked_equal(np.asarray(X), 7)
    y = np.ma.masked_equal(y, 20)

    model = LinearWindow(alpha=0).fit(X, y)

    assert model.predict(np.asarray([[[1.0], [2.0], [3.0], [4.0]]]))[0] == pytest.approx(5)


def test_an_index_beyond_what_can_be_counted():
    """Labels larger than any integer of 64 bits are labels, no clock."""
    index = pd.Index(np.arange(10, dtype=np.uint64) + 2**63)
    frame = pd.DataFrame({"x": np.arange(10.0)}, index=index)

    assert SlidingWindow(2).fit_transform(frame).shape == (10, 2, 1)


def test_windows_of_no_steps():
    """One clear error."""
    with pytest.raises(ValueError, match="needs at least 1 step, got 0"):
        LinearWindow().fit(np.zeros((5, 0, 2)), np.zeros(5))


def test_a_frame_without_columns():
    """One clear error."""
    with pytest.raises(ValueError, match="needs at least 1 column, got 0"):
        make_windows(pd.DataFrame(index=range(9)), 2)


def test_several_targets():
    """They are refused in one line that says what to do."""
    with pytest.raises(ValueError, match="target must be one column, got .'load', 'price'.: make"):
        make_windows(hours(), 4, target=["load", "price"])
