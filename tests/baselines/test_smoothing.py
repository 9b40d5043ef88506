"""SmoothingRegressor: what it learns, and what each parameter does.

Its recursion is tested with HoltWinters.
"""

from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.pipeline import make_pipeline
from sktime.forecasting.exp_smoothing import ExponentialSmoothing

from skrnn import (
    Differencer,
    NaiveForecaster,
    RecursiveForecaster,
    SeriesScaler,
    SlidingWindow,
    TransformedWindowRegressor,
    WindowScaler,
    make_windows,
)
from skrnn.baselines.holt_winters import HoltWinters
from skrnn.datasets import load_airline
from skrnn.sktime import SmoothingRegressor

SHARES = ("smoothing_level_", "smoothing_trend_", "smoothing_seasonal_", "damping_trend_")


class Theirs(ExponentialSmoothing):
    """sktime's own, without the rows that it warns of keeping."""

    _config: ClassVar = {"remember_data": False}


def level_series(n=600, level=0.5, seed=0, start=50.0):
    """A series that exponential smoothing with this share forecasts best."""
    errors = np.random.default_rng(seed).normal(size=n)
    return start + errors + level * np.concatenate([[0], errors.cumsum()[:-1]])


def seasonal_series(n=240, period=4, seed=0):
    """A line, an added season and noise."""
    noise = np.random.default_rng(seed).normal(scale=0.3, size=n)
    return 30 + 0.2 * np.arange(n) + np.tile([4.0, -1, -3, 0], n)[:n] + noise


def shares(model):
    return [getattr(model, name) for name in SHARES]


def oracle(model, period=1):
    return HoltWinters(*shares(model), period=period, multiplies=model.seasonal_ == "mul")


# ---------------------------------------------------------------------- what is learned


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_learns_the_share_of_the_level(level):
    """The share that made a series is found in it."""
    X, y = make_windows(level_series(level=level), 24)

    model = SmoothingRegressor(trend=None).fit(X, y)

    assert model.smoothing_level_ == pytest.approx(level, abs=0.1)


@pytest.mark.parametrize("seasonal", [None, "add", "mul"])
@pytest.mark.parametrize(("trend", "damped"), [(None, False), ("add", False), ("add", True)])
def test_learns_as_sktime_does(trend, damped, seasonal):
    """The shares are those that sktime's forecaster finds in the training rows, begun as the
    windows are.
    """
    rows = seasonal_series()
    X, y = make_windows(rows, 12)
    model = SmoothingRegressor(4, trend=trend, damped_trend=damped, seasonal=seasonal).fit(X, y)
    level, slope, seasons = oracle(model, 4).start(rows[:, None])

    theirs = Theirs(
        trend,
        damped,
        seasonal,
        sp=4,
        initialization_method="known",
        initial_level=level[0],
        initial_trend=None if trend is None else slope[0],
        initial_seasonal=None if seasonal is None else seasons[:, 0],
        use_brute=False,
    ).fit(pd.Series(rows))

    # One step ahead from all rows, by either: the optimum is flat, the forecasts agree.
    expected = theirs.predict([1, 2, 3]).to_numpy()
    np.testing.assert_allclose(
        oracle(model, 4).forecast(rows[:, None], np.array([1, 2, 3]))[0], expected, atol=0.1
    )


# Of the fits of sktime's own.
@pytest.mark.filterwarnings("ignore:Optimization failed to converge")
@pytest.mark.parametrize(("trend", "damped"), [("add", True), ("add", False), (None, False)])
def test_close_to_a_fit_at_every_origin(trend, damped):
    """On the airline data, windows of three years are forecast nearly as well as by sktime fitted
    anew each quarter.
    """
    rows = load_airline()
    X, y = make_windows(rows, 36, 12)
    train, test = X.ends + 12 < 108, (X.ends + 1 >= 108) & (X.ends % 3 == 2)

    model = SmoothingRegressor(12, trend=trend, damped_trend=damped, seasonal="mul").fit(
        X[train], y[train]
    )

    anew = [
        Theirs(trend, damped, "mul", sp=12).fit(rows["passengers"][: end + 1]).predict(range(1, 13))
        for end in X.ends[test]
    ]
    ours, theirs = (
        np.abs(forecast - y[test]).mean() for forecast in (model.predict(X[test]), np.array(anew))
    )
    naive = NaiveForecaster("seasonal", season=12).fit(X[train], y[train])
    assert ours < 1.25 * theirs
    assert ours < 0.8 * np.abs(naive.predict(X[test]) - y[test]).mean()


def test_forecasts_are_those_of_the_recursion():
    """What is learned is what the windows are smoothed with."""
    X, y = make_windows(seasonal_series(), 13, 6)
    model = SmoothingRegressor(4).fit(X, y)

    forecast = model.predict(X)

    expected = oracle(model, 4).forecast(np.asarray(X)[:, :, 0].T, np.arange(1, 7))
    np.testing.assert_allclose(forecast, expected, rtol=1e-12)


def test_a_forecast_sees_its_window_only():
    """A window is forecast alone as among others."""
    X, y = make_windows(seasonal_series(), 12, 3)
    model = SmoothingRegressor(4).fit(X[:100], y[:100])

    together = model.predict(X[100:])

    np.testing.assert_allclose(model.predict(np.asarray(X[150:151])), together[50:51], rtol=1e-12)


def test_learns_from_the_given_windows_only():
    """Rows that no training window covers, nor any target tells, do not count."""
    rows = level_series(200)
    X, y = make_windows(rows, 24, 3)
    other = np.where(np.arange(200) > 100 + 3, 1e3, rows)
    changed, _ = make_windows(other, 24, 3)
    train = X.ends <= 100

    one, two = (SmoothingRegressor().fit(windows[train], y[train]) for windows in (X, changed))

    assert shares(one) == shares(two)


def test_the_middle_of_a_panel():
    """Of three series with different shares the one in the middle is kept, whatever their scale."""
    panel = [
        level_series(level=0.1),
        1e6 * level_series(level=0.4, seed=1),
        level_series(level=0.95, seed=2),
    ]
    X, y = make_windows(panel, 24)
    alone = SmoothingRegressor(trend=None).fit(*make_windows(panel[1], 24))

    model = SmoothingRegressor(trend=None).fit(X, y)

    assert model.smoothing_level_ == alone.smoothing_level_
    assert model.n_learned_ == 3


def test_a_window_of_another_series_stays_apart():
    """Windows never cross from one series of a panel into the next, nor does what is learned."""
    one, two = level_series(100), 1e3 * level_series(100, seed=1)
    X, y = make_windows([one, two], 24)
    first = X.series == 0

    model = SmoothingRegressor().fit(X[first], y[first])

    assert shares(model) == shares(SmoothingRegressor().fit(*make_windows(one, 24)))


def test_weights_move_the_middle():
    """Windows that weigh nothing teach nothing, and heavy ones outweigh."""
    panel = [level_series(level=level, seed=seed) for seed, level in enumerate((0.1, 0.4, 0.9))]
    X, y = make_windows(panel, 24)
    light, heavy = SmoothingRegressor(trend=None), SmoothingRegressor(trend=None)

    light.fit(X, y, (X.series > 0).astype(float))
    heavy.fit(X, y, np.where(X.series == 2, 10.0, 1))

    assert light.n_learned_ == 2
    assert (
        heavy.smoothing_level_
        == SmoothingRegressor(trend=None).fit(*make_windows(panel[2], 24)).smoothing_level_
    )


# ---------------------------------------------------------------------- the parameters


def test_without_a_trend_all_leads_are_the_level():
    """trend=None forecasts a constant, and has no share of a trend."""
    X, y = make_windows(level_series(200), 24, 5)

    model = SmoothingRegressor(trend=None).fit(X, y)

    assert np.ptp(model.predict(X), axis=1).max() == 0
    assert model.smoothing_trend_ is None
    assert model.damping_trend_ == 1


def test_a_damped_trend_levels_off():
    """Without damping a trend goes on as a line, with it each step is smaller than the last."""
    X, y = make_windows(seasonal_series(), 24, 5)

    line = np.diff(SmoothingRegressor(damped_trend=False).fit(X, y).predict(X))
    damped = np.abs(np.diff(SmoothingRegressor().fit(X, y).predict(X)))

    np.testing.assert_allclose(line, line[:, :1] * np.ones(4), atol=1e-9)
    assert (damped[:, 1:] < damped[:, :-1]).all()


@pytest.mark.parametrize("seasonal", ["add", "mul"])
def test_auto_finds_the_kind_of_season(seasonal):
    """The kind that made the series fits it better."""
    noise = np.random.default_rng(0).normal(scale=0.5, size=200)
    line, season = 50 + np.arange(200.0), np.tile([0.5, 1.2, 1.3, 1.0], 50)
    X, y = make_windows((line * season if seasonal == "mul" else line + 40 * season) + noise, 16)

    assert SmoothingRegressor(4).fit(X, y).seasonal_ == seasonal


def test_auto_adds_where_values_are_not_above_0():
    """A single value of 0 in the training rows decides."""
    rows = load_airline().to_numpy().copy()
    rows[10] = 0
    X, y = make_windows(rows, 36)

    assert SmoothingRegressor(12).fit(X, y).seasonal_ == "add"


@pytest.mark.parametrize("params", [{"season": 1}, {"season": 4, "seasonal": None}], ids=str)
def test_no_season(params):
    """season=1, and seasonal=None with any season, have no season, and the same forecasts."""
    X, y = make_windows(seasonal_series(), 12, 3)

    model = SmoothingRegressor(**params).fit(X, y)

    assert model.seasonal_ is None
    assert model.smoothing_seasonal_ is None
    np.testing.assert_array_equal(model.predict(X), SmoothingRegressor().fit(X, y).predict(X))


def test_a_season_is_forecast():
    """With its season known, a seasonal series is forecast much better."""
    X, y = make_windows(seasonal_series(), 12, 4)

    without, seasonal = (
        np.abs(SmoothingRegressor(s).fit(X, y).predict(X) - y).mean() for s in (1, 4)
    )

    assert seasonal < without / 4


@pytest.mark.parametrize("target", ["b", 1, -1])
def test_target(target):
    """The target's column by name or position."""
    frame = pd.DataFrame({"a": np.zeros(100), "b": level_series(100)})
    X, y = make_windows(frame, 24, target="b")

    forecast = SmoothingRegressor(target=target).fit(X, y).predict(X)

    alone, _ = make_windows(frame[["b"]], 24)
    np.testing.assert_array_equal(forecast, SmoothingRegressor().fit(alone, y).predict(alone))


def test_max_rows():
    """Only the newest rows are learned from."""
    rows = np.concatenate([level_series(300, 0.05), level_series(300, 0.95, seed=1)])
    X, y = make_windows(rows, 24)

    newest = SmoothingRegressor(trend=None, max_rows=200).fit(X, y)

    assert newest.smoothing_level_ > 0.6
    last = SmoothingRegressor(trend=None).fit(*make_windows(rows[-200:], 24))
    assert newest.smoothing_level_ == last.smoothing_level_


def test_max_series():
    """Of a panel's series, as many are learned from."""
    X, y = make_windows([level_series(60, seed=seed) for seed in range(10)], 24)

    assert SmoothingRegressor(max_series=4).fit(X, y).n_learned_ == 4
    assert SmoothingRegressor().fit(X, y).n_learned_ == 10


# ---------------------------------------------------------------------- windows of all kinds


def test_leads_that_do_not_begin_at_1():
    """A lead is forecast the same, whichever others are."""
    rows = seasonal_series()
    X, y = make_windows(rows, 12, 5)
    some, targets = make_windows(rows, 12, leads=[3, 5])

    forecast = SmoothingRegressor(4).fit(some, targets).predict(some)

    np.testing.assert_allclose(
        forecast, SmoothingRegressor(4).fit(X, y).predict(X)[:, [2, 4]], rtol=1e-12
    )


def test_behind_sliding_windows():
    """Rows in, rows out: a row is forecast as its window is."""
    rows = seasonal_series()[:, None]
    pipe = make_pipeline(SlidingWindow(12, lead=3), SmoothingRegressor(4)).fit(rows, rows[:, 0])

    X, y = make_windows(rows, 12, leads=[3])

    expected = SmoothingRegressor(4).fit(X, y).predict(X)
    np.testing.assert_allclose(pipe.predict(rows)[14:], expected, rtol=1e-12)


def test_sampling_rate():
    """Steps two rows apart are smoothed as rows of half the frequency are."""
    rows = seasonal_series()
    X, y = make_windows(np.repeat(rows, 2), 12, leads=[2, 8], sampling_rate=2)
    half, targets = make_windows(rows, 12, leads=[1, 4])

    model, expected = SmoothingRegressor(8).fit(X, y), SmoothingRegressor(4).fit(half, targets)

    assert shares(model) == pytest.approx(shares(expected))
    np.testing.assert_allclose(model.predict(X[::2]), expected.predict(half), rtol=1e-9)


def test_a_lead_between_steps():
    """Without a season a lead may lie between two steps, and its trend with it."""
    X, y = make_windows(np.arange(40.0) ** 1.5, 8, leads=[2, 3, 4], sampling_rate=2)

    forecast = SmoothingRegressor(damped_trend=False).fit(X, y).predict(X)

    np.testing.assert_allclose(forecast[:, 1], forecast[:, [0, 2]].mean(axis=1))


def test_arrays():
    """Textbook arrays are panels of short series."""
    X = np.stack([level_series(31, 0.9, seed=seed) for seed in range(20)])

    model = SmoothingRegressor(trend=None).fit(X[:, :30], X[:, 30])

    assert model.n_learned_ == 20
    assert model.smoothing_level_ > 0.6


def test_incomplete_windows():
    """Unknown steps are filled from the window; one that is wholly unknown gets the mean of y."""
    X, y = make_windows(seasonal_series(), 12)
    model = SmoothingRegressor(4).fit(X, y)
    whole, holes = (np.asarray(X[:2]).copy() for _ in range(2))
    holes[0, 5], whole[0, 5], holes[1] = np.nan, whole[0, 4], np.nan

    forecast = model.predict(holes)

    np.testing.assert_allclose(forecast, [model.predict(whole)[0], y.mean()])


def test_gaps_in_the_training_rows():
    """Unknown rows are left out of the windows, and filled in the series that is learned from."""
    rows = level_series(400)
    holes = np.where(np.arange(400) % 60 == 50, np.nan, rows)
    X, y = make_windows(holes, 24)

    model = SmoothingRegressor(trend=None).fit(X, y)

    assert model.n_learned_ == 1
    assert model.smoothing_level_ == pytest.approx(0.5, abs=0.15)


def test_windows_scaled_by_themselves():
    """Behind WindowScaler each window is a series; its forecasts come back in the rows' unit."""
    X, y = make_windows(seasonal_series(), 16, 4)
    model = TransformedWindowRegressor(SmoothingRegressor(4), WindowScaler()).fit(X, y)

    error = np.abs(model.predict(X) - y).mean()

    assert model.regressor_.n_learned_ == 32
    assert error < 1.2 * np.abs(SmoothingRegressor(4).fit(X, y).predict(X) - y).mean()


def test_against_the_window():
    """Differences of the window are smoothed as any other series."""
    X, y = make_windows(seasonal_series(), 16, 4)

    model = TransformedWindowRegressor(SmoothingRegressor(trend=None), Differencer(4)).fit(X, y)

    assert np.abs(model.predict(X) - y).mean() < 1


def test_fed_its_own_forecasts():
    """A recursion over one step comes close to all leads at once."""
    rows = seasonal_series()
    X, y = make_windows(rows, 16, 3)

    recursive = RecursiveForecaster(SmoothingRegressor(4)).fit(X, y)

    together = SmoothingRegressor(4).fit(X, y)
    assert np.abs(recursive.predict(X) - together.predict(X)).max() < 1


# ---------------------------------------------------------------------- series that teach little


@pytest.mark.parametrize("seasonal", ["auto", "add", "mul"])
@pytest.mark.parametrize("damped", [False, True])
def test_a_constant_series(seasonal, damped):
    """A constant stays one, and nothing is learned from it."""
    X, y = make_windows(np.full(60, 7.0), 12, 3)

    model = SmoothingRegressor(4, seasonal=seasonal, damped_trend=damped).fit(X, y)

    assert model.n_learned_ == 0
    np.testing.assert_allclose(model.predict(X), 7)


def test_a_series_shorter_than_two_seasons():
    """A window of a season and a row more is forecast, with shares that no series has taught."""
    X, y = make_windows(seasonal_series(14), 9, 2)

    model = SmoothingRegressor(8).fit(X, y)

    assert model.n_learned_ == 0
    assert np.abs(model.predict(X) - y).max() < 20


@pytest.mark.parametrize("length", [1, 2, 3])
def test_the_shortest_windows(length):
    """A single step is a level without a trend."""
    X, y = make_windows(level_series(30), length, 2)

    forecast = SmoothingRegressor().fit(X, y).predict(X)

    assert np.isfinite(forecast).all()
    if length == 1:
        np.testing.assert_allclose(forecast[:, 0], np.asarray(X)[:, 0, 0])


@pytest.mark.parametrize("value", [0.0, -3.0])
def test_a_window_that_cannot_be_multiplied(value):
    """Its season is added; the other windows have the forecasts that they have without it."""
    X, y = make_windows(load_airline(), 36, 3)
    model = SmoothingRegressor(12, seasonal="mul").fit(X, y)
    odd = np.asarray(X).copy()
    odd[5, 20] = value

    forecast = model.predict(odd)

    added = HoltWinters(*shares(model), period=12).forecast(odd[5:6, :, 0].T, np.arange(1, 4))
    np.testing.assert_allclose(forecast[5], added[0])
    np.testing.assert_array_equal(
        np.delete(forecast, 5, axis=0), np.delete(model.predict(np.asarray(X)), 5, axis=0)
    )


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=20, max_size=20), st.sampled_from([1, 3]))
def test_any_series_is_forecast(values, season):
    """Whatever the series, forecasts are finite, and nobody is warned."""
    X, y = make_windows(np.array(values), 6, 2)

    forecast = SmoothingRegressor(season).fit(X, y).predict(X)

    assert np.isfinite(forecast).all()


@settings(max_examples=15, deadline=None)
@given(st.floats(1e-6, 1e6), st.floats(-1e3, 1e3))
def test_the_unit_does_not_matter(scale, shift):
    """Forecasts of a series in another unit are the forecasts in that unit."""
    rows = seasonal_series(60)
    X, y = make_windows(rows, 12, 2)
    moved, targets = make_windows(scale * (rows + shift), 12, 2)

    forecast = SmoothingRegressor(4, seasonal="add").fit(moved, targets).predict(moved)

    expected = scale * (SmoothingRegressor(4, seasonal="add").fit(X, y).predict(X) + shift)
    np.testing.assert_allclose(forecast / scale, expected / scale, atol=0.05)


# ---------------------------------------------------------------------- errors

ERRORS = [
    ({"season": 0}, "season must be a positive whole number, got 0"),
    ({"season": 2.5}, "season must be a positive whole number, got 2.5"),
    ({"trend": "mul"}, "trend must be one of 'add', None, got 'mul'"),
    (
        {"seasonal": "additive"},
        "seasonal must be one of 'auto', 'add', 'mul', None, got 'additive'",
    ),
    ({"max_rows": 3}, "max_rows=3 must hold two seasons and 4 rows to learn from: use 6 or more"),
    ({"max_series": 0}, "max_series must be a positive whole number, got 0"),
    ({"target": 3}, "target=3 is not a column: there are 1, counted from 0"),
    (
        {"season": 9},
        "season=9 needs windows of a season at least, 9 steps, got length=6: use longer windows",
    ),
]


@pytest.mark.parametrize(("params", "message"), ERRORS, ids=range(len(ERRORS)))
def test_bad_parameters(params, message):
    """Each parameter is checked in fit."""
    X, y = make_windows(level_series(40), 6)

    with pytest.raises(ValueError, match=message):
        SmoothingRegressor(**params).fit(X, y)


def test_multiplying_what_is_not_above_0():
    """A season that is to multiply needs values that it can."""
    X, y = make_windows(seasonal_series() - 40, 12)

    with pytest.raises(
        ValueError,
        match=r"seasonal='mul' needs values above 0 to multiply, got -.*use seasonal='add'",
    ):
        SmoothingRegressor(4, seasonal="mul").fit(X, y)


@pytest.mark.parametrize(("season", "lead"), [(3, 2), (4, 3)])
def test_season_between_steps(season, lead):
    """A season, or a lead of one, that falls between sampled steps is an error."""
    X, y = make_windows(level_series(60), 6, leads=[lead], sampling_rate=2)

    with pytest.raises(
        ValueError, match=rf"season={season} and leads \[{lead}\] fall between the steps"
    ):
        SmoothingRegressor(season).fit(X, y)


def test_scaled_windows():
    """Windows in another unit than y are an error."""
    X, y = make_windows(level_series(60), 6)

    with pytest.raises(
        ValueError,
        match="SmoothingRegressor relates y to the column target=0.*not in that column's",
    ):
        SmoothingRegressor().fit(SeriesScaler().fit_transform(X), y)


def test_a_fitted_one_is_plain_data():
    """What a fit leaves are numbers, strings and arrays under public names: nothing of sktime's."""
    X, y = make_windows(seasonal_series(60), 12)

    model = SmoothingRegressor(4).fit(X, y)

    fitted = {name: value for name, value in vars(model).items() if name not in model.get_params()}
    assert all(name.endswith("_") and not name.startswith("_") for name in fitted)
    plain = (int, float, str, tuple, np.ndarray, np.integer, type(None))
    assert all(isinstance(value, plain) for value in fitted.values())
