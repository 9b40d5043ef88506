"""Differencer: exact there and back, on rows, inside windows and against them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skrnn import Differencer, SeriesScaler, SlidingWindow, Windows, WindowScaler, make_windows
from skrnn.preprocessing.differencer import zero_difference_forecast
from tests.oracles import differences_by_loop

LAGS = st.one_of(st.integers(1, 7), st.lists(st.integers(1, 5), min_size=1, max_size=3).map(tuple))
KINDS = ["array", "days", "range", "months", "irregular"]


def rows_of(n, n_features=2, seed=0):
    return np.random.default_rng(seed).normal(size=(n, n_features)).cumsum(axis=0)


def table(rows, kind):
    """The rows with an index of some kind."""
    n = len(rows)
    index = {
        "array": None,
        "days": pd.date_range("2024", periods=n),
        "range": pd.RangeIndex(n),
        "months": pd.period_range("2024-01", periods=n, freq="M"),
        "irregular": pd.to_datetime("2024") + pd.to_timedelta(np.arange(n) ** 2, "h"),
    }[kind]
    return (
        rows
        if index is None
        else pd.DataFrame(rows, index=index, columns=["a", "b"][: rows.shape[1]])
    )


@settings(max_examples=60, deadline=None)
@given(LAGS, st.integers(16, 40))
def test_against_loop(lags, n):
    """A row less the row a lag before, for each lag in turn."""
    rows = rows_of(n)

    np.testing.assert_allclose(
        Differencer(lags).fit_transform(rows), differences_by_loop(rows, lags), atol=1e-12
    )


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(LAGS, st.integers(16, 60))
def test_inverse_of_fitted_rows(kind, lags, n):
    """The fitted rows come back exactly."""
    X = table(rows_of(n), kind)
    differencer = Differencer(lags)

    back = differencer.inverse_transform(differencer.fit_transform(X))

    np.testing.assert_allclose(back, X, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(LAGS, st.integers(16, 40), st.integers(1, 20))
def test_inverse_behind_fitted_rows(kind, lags, n, n_new):
    """Differences of rows behind the fitted ones are summed up from there."""
    rows = rows_of(n + n_new)
    X = table(rows, kind)
    differencer = Differencer(lags).fit(X[:n])
    changes = differences_by_loop(rows, lags)[n:]
    changes = (
        changes if kind == "array" else pd.DataFrame(changes, index=X.index[n:], columns=X.columns)
    )

    np.testing.assert_allclose(differencer.inverse_transform(changes), rows[n:], atol=1e-9)


@pytest.mark.parametrize("kind", ["days", "range", "months"])
@settings(max_examples=40, deadline=None)
@given(LAGS, st.integers(1, 12), st.integers(1, 12))
def test_transform_goes_on(kind, lags, first, second):
    """Rows behind the fitted ones are differenced against these, also if they overlap or come with
    a distance.
    """
    rows = rows_of(60)
    X = table(rows, kind)
    differencer = Differencer(lags).fit(X[:30])
    reach = np.sum(lags)

    np.testing.assert_allclose(
        differencer.transform(X[30 : 30 + first]),
        differences_by_loop(rows, lags)[30 : 30 + first],
        atol=1e-9,
    )
    start = 30 - min(reach, second)
    np.testing.assert_allclose(
        differencer.transform(X[start:]), differences_by_loop(rows, lags)[start:], atol=1e-9
    )
    rows[30 : 30 + second] = np.nan
    np.testing.assert_allclose(
        differencer.transform(X[30 + second :]),
        differences_by_loop(rows, lags)[30 + second :],
        atol=1e-9,
    )


@pytest.mark.parametrize(("context", "known"), [("carry", 6), ("auto", 4), ("none", 4)])
def test_context_of_arrays(context, known):
    """Arrays follow the fitted rows on the user's word alone."""
    rows = rows_of(20, 1)

    changes = Differencer(2, context=context).fit(rows[:14]).transform(rows[14:])

    assert np.isfinite(changes).sum() == known


def test_by_hand():
    """1 and a season of 3, applied in turn."""
    changes = Differencer((1, 3)).fit_transform(np.array([[1.0], [2], [4], [7], [11], [16]]))

    np.testing.assert_array_equal(changes.ravel(), [np.nan, np.nan, np.nan, np.nan, 3, 3])


@pytest.mark.parametrize("columns", ["b", 1, ["b"], [-1], lambda X: ["b"]])
def test_columns(columns):
    """The other columns pass unchanged, there and back."""
    X = table(rows_of(20), "days")
    differencer = Differencer(3, columns=columns)

    changes = differencer.fit_transform(X)

    pd.testing.assert_series_equal(changes["a"], X["a"])
    np.testing.assert_allclose(changes["b"], X["b"].diff(3))
    pd.testing.assert_frame_equal(differencer.inverse_transform(changes), X)
    later = pd.DataFrame(1.0, index=pd.date_range("2024-01-21", periods=2), columns=["a", "b"])
    assert differencer.inverse_transform(later)["a"].tolist() == [1, 1]
    np.testing.assert_allclose(differencer.inverse_transform(later)["b"], X["b"].iloc[-3:-1] + 1)


def test_frame_stays_a_frame():
    """Index and columns survive both ways."""
    X = table(rows_of(20), "months")
    differencer = Differencer(2).fit(X)

    changes = differencer.transform(X)

    assert changes.index.equals(X.index)
    assert changes.columns.equals(X.columns)
    assert differencer.inverse_transform(changes).index.equals(X.index)


@pytest.mark.parametrize("lags", [1, 3, (1, 3)])
def test_gap(lags):
    """A missing row is an unknown value: differences against it are unknown, not taken over it."""
    X = table(rows_of(20, 1), "days")
    holed = X.copy()
    holed.iloc[8] = np.nan

    changes = Differencer(lags).fit_transform(X.drop(X.index[8]))

    expected = np.delete(differences_by_loop(holed, lags), 8, axis=0)
    np.testing.assert_allclose(changes, expected)


@pytest.mark.parametrize("lags", [1, 3, (1, 3)])
def test_inverse_behind_a_gap(lags):
    """Where the row a lag back is missing, its season cannot be continued, and no other row takes
    its place.
    """
    rows = rows_of(40, 1)
    X = table(rows, "days").drop(pd.Timestamp("2024-01-28"))
    differencer = Differencer(lags).fit(X[:29])
    changes = pd.DataFrame(differences_by_loop(rows, lags)[30:], index=X.index[29:], columns=["a"])

    back = differencer.inverse_transform(changes)["a"].to_numpy()

    known = ~np.isnan(back)
    np.testing.assert_allclose(back[known], rows[30:, 0][known])
    assert known.sum() == {1: 10, 3: 6}.get(lags, 0)


def test_integers():
    """Whole numbers become floats, because a difference may be unknown."""
    assert np.isnan(Differencer(1).fit_transform(np.arange(5)[:, None])[0, 0])


def test_float32():
    """Single precision stays single."""
    assert Differencer(1).fit_transform(np.ones((5, 1), "float32")).dtype == np.float32


def test_lag_longer_than_the_rows():
    """All differences are unknown, and nothing can be undone."""
    differencer = Differencer(9).fit(np.ones((5, 1)))

    assert np.isnan(differencer.transform(np.ones((5, 1)))).all()
    with pytest.raises(ValueError, match="lags=9 need 9 fitted rows to go back from, got 5"):
        differencer.inverse_transform(np.ones((2, 1)))


def test_inverse_somewhere_else():
    """Differences that begin in the middle, or with a distance, cannot be undone."""
    X = table(rows_of(30, 1), "days")
    differencer = Differencer(2).fit(X[:20])

    for start in (5, 24):
        with pytest.raises(
            ValueError,
            match="differences must begin at the first fitted row, 2024-01-01 00:00:00, or",
        ):
            differencer.inverse_transform(X[start:])


def test_inverse_of_earlier_irregular_rows():
    """So it is where the index has no step."""
    X = table(rows_of(30, 1), "irregular")

    with pytest.raises(ValueError, match="differences must begin at the first fitted row"):
        Differencer(2).fit(X[10:]).inverse_transform(X[3:9])


@pytest.fixture
def trading_days():
    """Rows of trading days with holidays: an index without a regular step."""
    days = pd.bdate_range("2024-01-01", periods=44).delete([4, 12, 27])
    return pd.DataFrame({"a": np.arange(100.0, 141.0)}, index=days)


def test_inverse_behind_trading_days(trading_days):
    """On the user's word, rows of an irregular index go on from the last fitted level."""
    differencer = Differencer(1, context="carry").fit(trading_days[:40])

    back = differencer.inverse_transform(differencer.transform(trading_days[40:]))

    assert back["a"].tolist() == [140.0]


@pytest.mark.parametrize("context", ["auto", "none"])
def test_inverse_of_unknown_level(trading_days, context):
    """Without it their level is not known, and that of the first fitted row is not taken for it."""
    differencer = Differencer(1, context=context).fit(trading_days[:40])
    changes = differencer.transform(trading_days[40:])

    with pytest.raises(ValueError, match=r'got NaN at 2024-.*: transform .* context="carry"'):
        differencer.inverse_transform(changes)


def test_inverse_with_another_index():
    """An index of another kind is an error that says so."""
    differencer = Differencer(2).fit(table(rows_of(30), "days"))

    with pytest.raises(
        ValueError, match="the index must be a DatetimeIndex as in fit, got a RangeIndex"
    ):
        differencer.inverse_transform(table(rows_of(3), "range"))


# ---------------------------------------------------------------------- inside windows


@settings(max_examples=60, deadline=None)
@given(LAGS, st.integers(1, 3), st.integers(1, 3))
def test_windows(lags, length, rate):
    """Within each window, every step less the step that many rows before; the window gets shorter
    by that.
    """
    lags = tuple(lag * rate for lag in (lags if isinstance(lags, tuple) else (lags,)))
    lost = sum(lags) // rate
    X, _ = make_windows(rows_of(60 + lost * rate), length + lost, target=0, sampling_rate=rate)

    changes = Differencer(lags).fit(X).transform(X)

    steps = [lag // rate for lag in lags]
    expected = [differences_by_loop(window, steps)[lost:] for window in np.asarray(X)]
    np.testing.assert_allclose(np.asarray(changes), expected, atol=1e-9)
    assert isinstance(changes, Windows)
    assert changes.complete().all()


def test_windows_of_a_panel():
    """No difference reaches into the series before, also where windows are incomplete."""
    rows = rows_of(20, 1)
    windows = Windows(rows, [10, 11, 12, 13], length=4, bounds=[0, 10, 20], series=[1, 1, 1, 1])

    changes = Differencer(1).fit(windows).transform(windows)

    by_hand = np.asarray(windows)[:, 1:] - np.asarray(windows)[:, :-1]
    np.testing.assert_allclose(np.asarray(changes), by_hand)


def test_array_of_windows():
    """(n, steps, features) comes back as an array."""
    X = np.random.default_rng(0).normal(size=(5, 6, 2))

    np.testing.assert_allclose(Differencer(2).fit_transform(X), X[:, 2:] - X[:, :-2])


def test_windows_by_column_name():
    """Columns of windows are named as those of rows."""
    X, _ = make_windows(table(rows_of(30), "days"), 6, target="a")

    changes = Differencer(2, columns="b").fit_transform(X)

    np.testing.assert_allclose(np.asarray(changes)[:, :, 0], np.asarray(X)[:, 2:, 0])
    np.testing.assert_allclose(
        np.asarray(changes)[:, :, 1], np.asarray(X)[:, 2:, 1] - np.asarray(X)[:, :-2, 1]
    )


def test_windows_known_ahead():
    """What is known ahead is differenced where it stands."""
    rows = rows_of(30)
    X, _ = make_windows(rows, 5, 3, target=0, known_ahead=1)

    changes = np.asarray(Differencer(1).fit_transform(X))

    np.testing.assert_allclose(changes, np.diff(np.asarray(X), axis=1))


def test_statistics_behind_a_difference():
    """Scaling differenced windows counts the differences that they look at."""
    rows = rows_of(50, 1)
    X, _ = make_windows(rows, 5)

    scaler = SeriesScaler().fit(Differencer(1).fit_transform(X[3:9]))

    np.testing.assert_allclose(scaler.scaler_.mean_[0], np.diff(rows[3:13, 0]).mean())


# ---------------------------------------------------------------------- against a window


@pytest.mark.parametrize("season", [1, 2, 3, 5])
def test_relative_target_by_hand(season):
    """Lead h is taken against the newest known value of its season, h - season·ceil(h/season)."""
    rows = rows_of(40, 1)
    X, y = make_windows(rows, 8, 7)
    differencer = Differencer(season).fit(X)

    relative = differencer.relative_target(X, y, 0)

    for i, end in enumerate(X.ends):
        for h in range(1, 8):
            newest = end + h - season * -(-h // season)
            assert np.isclose(relative[i, h - 1], rows[end + h, 0] - rows[newest, 0])


@settings(max_examples=60, deadline=None)
@given(LAGS, st.integers(1, 3), st.lists(st.integers(1, 9), min_size=1, max_size=3, unique=True))
def test_relative_target_comes_back(lags, rate, leads):
    """What is made relative is made absolute again, for all lags, rates and leads."""
    lags = tuple(lag * rate for lag in (lags if isinstance(lags, tuple) else (lags,)))
    leads = [lead * rate for lead in leads]
    X, y = make_windows(rows_of(120, 1), sum(lags) // rate + 2, leads=leads, sampling_rate=rate)
    y = y.reshape(len(X), -1)
    differencer = Differencer(lags).fit(X)

    relative = differencer.relative_target(X, y, 0)

    np.testing.assert_allclose(differencer.absolute_target(X, relative, 0), y)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=3), st.integers(1, 9))
def test_zero_difference_forecast(lags, horizon):
    """Values forecast so that all coming differences are zero."""
    past = rows_of(sum(lags), 1)

    mix = zero_difference_forecast(lags, np.arange(1, horizon + 1))

    series = np.concatenate([past, (past[:, 0] @ mix)[:, None]])
    np.testing.assert_allclose(differences_by_loop(series, lags)[len(past) :], 0, atol=1e-9)


def test_column_that_is_not_differenced():
    """A target whose column passes unchanged stays as it is."""
    X, y = make_windows(rows_of(30), 6, 2, target=0)

    np.testing.assert_array_equal(Differencer(2, columns=1).fit(X).relative_target(X, y, 0), y)


WINDOW_ERRORS = [
    (
        {"lags": 7},
        {"length": 6},
        "lags=7 leave nothing of windows of 6 steps: they need at least 8",
    ),
    (
        {"lags": 4},
        {"length": 6, "sampling_rate": 3},
        "lags must be multiples of the windows' sampling_rate=3, got lags=4",
    ),
    ({"lags": 0}, {"length": 6}, "lags must be a positive whole number, got 0"),
    ({"lags": (1, 2.5)}, {"length": 6}, "lags must be a positive whole number, got 2.5"),
    (
        {"columns": "z"},
        {"length": 6},
        "columns='z' is a column name, but the data came without column names",
    ),
    (
        {"context": "always"},
        {"length": 6},
        "context must be one of 'auto', 'carry', 'none', got 'always'",
    ),
]


@pytest.mark.parametrize(
    ("params", "windows", "message"), WINDOW_ERRORS, ids=range(len(WINDOW_ERRORS))
)
def test_bad_lags(params, windows, message):
    """What cannot be differenced within windows is told in fit."""
    with pytest.raises(ValueError, match=message):
        Differencer(**params).fit(make_windows(rows_of(60, 1), **windows)[0])


def test_leads_between_steps():
    """Against a sampled window, leads have to be multiples of its rate."""
    X, y = make_windows(rows_of(60, 1), 6, leads=4, sampling_rate=3)

    with pytest.raises(
        ValueError, match=r"leads must be multiples of sampling_rate=3 .* got \[4\]"
    ):
        Differencer(3).fit(X).relative_target(X, y[:, None], 0)


def test_behind_window_scaler():
    """Windows that are scaled as a whole have no rows to difference."""
    X, _ = make_windows(rows_of(60, 1), 6)

    with pytest.raises(ValueError, match="put it before WindowScaler, not behind it"):
        Differencer(1).fit(WindowScaler().fit_transform(X))


def test_fitted_on_windows_alone():
    """Fitted on windows, it has no rows to go on from."""
    X, _ = make_windows(rows_of(60, 1), 6)

    with pytest.raises(ValueError, match="fitted on windows: fit it on rows to transform rows"):
        Differencer(1).fit(X).transform(rows_of(60, 1))


def test_in_front_of_sliding_windows():
    """Differenced rows become windows whose head is unknown."""
    X = table(rows_of(30, 1), "days")

    windows = SlidingWindow(3).fit_transform(Differencer(2).fit_transform(X))

    assert windows.complete().sum() == 30 - 2 - 3


def test_input_and_parameters_stay():
    """Nothing that came is changed."""
    X = table(rows_of(30), "days")
    before, lags = X.copy(), [1, 2]
    differencer = Differencer(lags)

    differencer.inverse_transform(differencer.fit_transform(X))

    pd.testing.assert_frame_equal(X, before)
    assert differencer.lags is lags
    assert lags == [1, 2]


def test_a_fit_on_windows_forgets_the_rows_of_the_fit_before():
    rows = np.arange(10.0)[:, None]
    differencer = Differencer(1, context="carry").fit(rows)
    differencer.fit(make_windows(rows, 4)[0])

    with pytest.raises(ValueError, match="fit"):
        differencer.transform(rows[7:9])
