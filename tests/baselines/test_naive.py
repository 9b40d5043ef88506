"""NaiveForecaster: each strategy, by hand."""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from skrnn import NaiveForecaster, SeriesScaler, SlidingWindow, WindowScaler, make_windows

SQUARES = np.arange(30.0) ** 2


def forecast(strategy, X, y, **params):
    return NaiveForecaster(strategy, **params).fit(X, y).predict(X)


@pytest.mark.parametrize(
    ("strategy", "params", "expected"),
    [
        ("last", {}, [9, 9, 9]),
        ("mean", {}, [3.5, 3.5, 3.5]),
        ("drift", {}, [12, 15, 18]),
        ("seasonal", {"season": 1}, [9, 9, 9]),
        ("seasonal", {"season": 2}, [4, 9, 4]),
        ("seasonal", {"season": 3}, [1, 4, 9]),
        ("seasonal", {"season": 4}, [0, 1, 4]),
    ],
)
def test_strategies(strategy, params, expected):
    """The first window is 0, 1, 4, 9; three rows are forecast."""
    X, y = make_windows(SQUARES, 4, 3)

    assert forecast(strategy, X, y, **params)[0].tolist() == expected


@pytest.mark.parametrize(
    ("strategy", "params", "expected"),
    [
        ("last", {}, 16),
        ("mean", {}, 20 / 3),
        # 16 in four rows, so 24 more in six rows.
        ("drift", {}, 16 + 24),
        # Six rows ahead with a season of 4: h - 8 = 2 rows back.
        ("seasonal", {"season": 4}, 4),
        ("seasonal", {"season": 6}, 16),
        ("seasonal", {"season": 10}, 0),
    ],
)
def test_sampling_rate_and_lead(strategy, params, expected):
    """Rows are rows: the window 0, 4, 16 has steps two rows apart, and y lies six rows ahead."""
    X, y = make_windows(SQUARES, 3, leads=[6], sampling_rate=2)

    assert forecast(strategy, X, y, **params)[0] == pytest.approx(expected)


def test_several_leads():
    """Each lead has its own season's value."""
    X, y = make_windows(SQUARES, 5, leads=[2, 5])

    assert forecast("seasonal", X, y, season=4)[0].tolist() == [4, 1]
    assert forecast("drift", X, y)[0].tolist() == [24, 36]
    assert NaiveForecaster().fit(X, y).leads_.tolist() == [2, 5]


def test_season_of_sliding_windows():
    """In a pipeline the lead is the window's: a day ahead repeats the same hour."""
    rows = (np.arange(100.0) % 24)[:, None]
    pipe = make_pipeline(SlidingWindow(24, lead=24), NaiveForecaster("seasonal", season=24))

    pipe.fit(rows, rows[:, 0])

    np.testing.assert_array_equal(pipe.predict(rows)[48:], rows[48:, 0])


def test_several_rows_behind_a_lead():
    """Outputs of windows with a single lead follow it row by row."""
    rows = np.arange(30.0)[:, None]
    y = np.column_stack([np.arange(30.0), np.append(np.arange(1, 30.0), np.nan)])
    pipe = make_pipeline(SlidingWindow(4, lead=3), NaiveForecaster("drift")).fit(rows, y)

    assert pipe.predict(rows)[10].tolist() == [10, 11]
    assert pipe[-1].leads_.tolist() == [3, 4]


@pytest.mark.parametrize("target", ["b", 1, -1])
def test_target(target):
    """The target's column by name or position."""
    frame = pd.DataFrame({"a": np.zeros(20), "b": SQUARES[:20]})
    X, y = make_windows(frame, 3, target="b")

    assert forecast("last", X, y, target=target).tolist() == SQUARES[2:19].tolist()


def test_arrays():
    """Textbook arrays have no rows around them: leads are 1 … n_outputs."""
    X = SQUARES.reshape(5, 6)

    assert forecast("last", X, np.zeros((5, 2))).tolist() == [[s, s] for s in X[:, -1]]


def test_incomplete_windows():
    """Unknown steps are filled from the window; one that is wholly unknown gets the mean of y."""
    X = SQUARES.reshape(5, 6).copy()
    model = NaiveForecaster().fit(X, [1, 2, 3, 4, 5])

    X[0, 4:], X[1] = np.nan, np.nan

    assert model.predict(X)[:3].tolist() == [9, 3, 17**2]


def test_other_columns_may_be_unknown():
    """A window is forecast from its target column alone."""
    X, y = make_windows(np.column_stack([SQUARES, np.zeros(30)]), 3, target=0)
    model = NaiveForecaster().fit(X, y)
    X.rows[5:9, 1] = np.nan

    np.testing.assert_array_equal(model.predict(X), SQUARES[2:-1])


def test_season_out_of_reach():
    """A season longer than the window is an error that says how far it reaches."""
    X, y = make_windows(SQUARES, 5)

    with pytest.raises(
        ValueError,
        match="season=7 needs windows that reach 6 rows back, got length=5 with sampling_rate=1, "
        "which reach 4",
    ):
        NaiveForecaster("seasonal", season=7).fit(X, y)


def test_season_between_steps():
    """A season that falls between sampled steps is an error."""
    X, y = make_windows(SQUARES, 5, leads=[2], sampling_rate=2)

    with pytest.raises(
        ValueError,
        match=r"season=3 and leads \[2\] fall between the steps of windows with sampling_rate=2",
    ):
        NaiveForecaster("seasonal", season=3).fit(X, y)


ERRORS = [
    (
        {"strategy": "best"},
        "strategy must be one of 'last', 'seasonal', 'mean', 'drift', got 'best'",
    ),
    ({"strategy": "seasonal", "season": 0}, "season must be a positive whole number, got 0"),
    ({"strategy": "seasonal", "season": 2.5}, "season must be a positive whole number, got 2.5"),
    ({"target": 3}, "target=3 is not a column: there are 1, counted from 0"),
    ({"target": "x"}, "target='x' is a column name, but the data came without column names"),
]


@pytest.mark.parametrize(("params", "message"), ERRORS, ids=range(len(ERRORS)))
def test_bad_parameters(params, message):
    """Each parameter is checked in fit."""
    X, y = make_windows(SQUARES, 5)

    with pytest.raises(ValueError, match=message):
        NaiveForecaster(**params).fit(X, y)


def test_scaled_windows():
    """Windows in another unit than y are an error, and the message shows where scaling belongs."""
    X, y = make_windows(SQUARES, 5)

    with pytest.raises(
        ValueError,
        match=r"not in that column's unit[\s\S]*TransformedWindowRegressor\(make_pipeline",
    ):
        NaiveForecaster().fit(SeriesScaler().fit_transform(X), y)


def test_target_of_another_column():
    """y of another column is told by that column's name."""
    frame = pd.DataFrame({"a": -SQUARES, "b": SQUARES})
    X, y = make_windows(frame, 5, target="b")

    with pytest.raises(ValueError, match="y is the column 'b': use target='b'"):
        NaiveForecaster().fit(X, y)


def test_target_known_ahead():
    """A target whose future is known is no forecast."""
    rows = np.column_stack([SQUARES, SQUARES])
    pipe = make_pipeline(SlidingWindow(3, known_ahead=0), NaiveForecaster())

    with pytest.raises(ValueError, match="known_ahead=0 names the target y itself: take it out"):
        pipe.fit(rows, SQUARES)


def test_windows_scaled_by_themselves():
    """Behind WindowScaler nothing is known of the rows, so nothing is checked."""
    X, y = make_windows(SQUARES, 5)
    scaler = WindowScaler().fit(X)
    relative = scaler.relative_target(X, y[:, None], 0)[:, 0]

    assert np.isfinite(
        NaiveForecaster().fit(scaler.transform(X), relative).predict(scaler.transform(X))
    ).all()


@pytest.mark.parametrize("strategy", ["last", "seasonal", "mean", "drift"])
def test_a_fitted_one_is_plain_data(strategy):
    """What a fit leaves are numbers and arrays under public names."""
    X, y = make_windows(np.arange(40.0), 12)

    model = NaiveForecaster(strategy, season=4).fit(X, y)

    fitted = {name: value for name, value in vars(model).items() if name not in model.get_params()}
    assert all(name.endswith("_") and not name.startswith("_") for name in fitted)
    plain = (int, tuple, np.ndarray, np.integer, type(None))
    assert all(isinstance(value, plain) for value in fitted.values())
