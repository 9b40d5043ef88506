"""Many leads from models of one step, and from a model for each."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor, VotingRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skrnn import (
    CalendarFeatures,
    DenseRegressor,
    Differencer,
    DirectForecaster,
    FlattenWindows,
    LinearWindow,
    MultiOutputForecaster,
    NaiveForecaster,
    RecursiveForecaster,
    SeriesScaler,
    SlidingWindow,
    TransformedWindowRegressor,
    Windows,
    WindowScaler,
    future_rows,
    make_windows,
)

STRATEGIES = [RecursiveForecaster, DirectForecaster, MultiOutputForecaster]


def walk(n=120, columns=2):
    """Columns that depend on each other's past."""
    rng = np.random.default_rng(4)
    rows = np.zeros((n, columns))
    for t in range(1, n):
        rows[t] = (
            0.8 * rows[t - 1]
            + 0.3 * np.roll(rows[t - 1], 1) * np.cos(t / 5)
            + rng.normal(size=columns)
        )
    return rows


def recursion_by_loop(model, window, steps):
    """One window, one step at a time: forecast the next row, append it, drop the oldest."""
    window, rows = window.copy(), []
    for _ in range(steps):
        row = np.atleast_1d(model.predict(window[None])[0])
        rows.append(row)
        window = np.vstack([window[1:], row])
    return np.array(rows)


def test_recursion_over_several_columns():
    """The model forecasts every column, and reads its forecasts back, as a plain loop does."""
    X, y = make_windows(walk(), 5, 6, target=1)
    model = RecursiveForecaster(LinearWindow(), target=1).fit(X[:80], y[:80])

    following = np.stack([X.values_at(column, 1)[:, 0] for column in range(2)], axis=1)
    one_step = LinearWindow().fit(X[:80], following[:80])
    expected = [recursion_by_loop(one_step, window, 6)[:, 1] for window in np.asarray(X[80:])]

    np.testing.assert_allclose(model.predict(X[80:]), expected, rtol=1e-9)


def test_recursion_of_each_column_by_itself():
    """An estimator of one output is cloned for each column."""
    X, y = make_windows(walk(), 4, 3, target=0)
    boosting = HistGradientBoostingRegressor(max_iter=3)

    model = RecursiveForecaster(boosting).fit(X, y)

    assert [list(columns) for _, columns in model.models_] == [[0], [1]]
    assert model.predict(X).shape == y.shape


@pytest.mark.parametrize("transformer", [Differencer(1), Differencer((1, 3)), WindowScaler()])
def test_recursion_of_relative_targets(transformer):
    """Differenced and scaled models inside are relative to the column that they forecast, and come
    out right.
    """
    X, y = make_windows(walk() + np.array([0, 100]), 6, 4, target=1)
    inner = TransformedWindowRegressor(make_pipeline(SeriesScaler(), LinearWindow()), transformer)
    model = RecursiveForecaster(inner, target=1).fit(X[:80], y[:80])

    one = X.replace(leads=(1,))
    first = (
        inner.set_params(target=0).fit(one[:80], one[:80].values_at(0, 1)[:, 0]).predict(one[80:])
    )

    np.testing.assert_allclose(model.models_[0][0].predict(one[80:]), first, rtol=1e-9)
    assert np.abs(model.predict(X[80:])[:, 0] - y[80:, 0]).mean() < 2
    assert 90 < model.predict(X[80:]).mean() < 110


def test_recursion_repeats_the_last_value():
    """The recursive naive forecast is the naive forecast."""
    X, y = make_windows(walk(), 4, 5, target=1)

    recursive = RecursiveForecaster(NaiveForecaster(), target=1).fit(X, y).predict(X)

    np.testing.assert_array_equal(recursive, NaiveForecaster(target=1).fit(X, y).predict(X))


def test_recursion_with_sampling_rate():
    """With steps two rows apart, leads two rows apart are reached, also by differences inside."""
    series = walk(columns=1)
    X, y = make_windows(series, 4, leads=[2, 4, 6], sampling_rate=2)
    thinned, later = make_windows(series[1::2], 4, 3)
    model = RecursiveForecaster(TransformedWindowRegressor(LinearWindow(), Differencer(2)))
    twin = RecursiveForecaster(TransformedWindowRegressor(LinearWindow(), Differencer(1)))

    same = X[1::2]
    forecast = model.fit(same, y[1::2]).predict(same)

    np.testing.assert_allclose(
        forecast, twin.fit(thinned, later).predict(thinned)[: len(forecast)], rtol=1e-9
    )


def test_recursion_takes_the_true_future_of_columns_known_ahead():
    """A column that is known ahead is not forecast: at each step the model sees its value at that
    very row.
    """
    signal = np.random.default_rng(0).normal(size=200)
    rows = np.stack([np.concatenate([[0.0], 2 * signal[1:]]), signal], axis=1)
    with pytest.warns(UserWarning, match="RecursiveForecaster, which read each lead by itself"):
        X, y = make_windows(rows, 3, 5, target=0, known_ahead=[1])

    model = RecursiveForecaster(LinearWindow(alpha=1e-8)).fit(X[:100], y[:100])

    assert [list(columns) for _, columns in model.models_] == [[0]]
    np.testing.assert_allclose(model.predict(X[100:]), y[100:], atol=1e-5)


def test_recursion_on_textbook_arrays():
    """Arrays of one feature need nothing but y."""
    X, y = make_windows(walk(columns=1), 5, 4)

    arrays = (
        RecursiveForecaster(LinearWindow())
        .fit(np.asarray(X)[:, :, 0], y)
        .predict(np.asarray(X)[:, :, 0])
    )

    np.testing.assert_allclose(
        arrays, RecursiveForecaster(LinearWindow()).fit(X, y).predict(X), rtol=1e-6
    )


def test_recursion_does_not_know_what_follows_an_array_of_columns():
    """Arrays of several features hold no row behind the windows, and the error says what does."""
    X, y = make_windows(walk(), 5, 4, target=0)

    with pytest.raises(ValueError, match="use make_windows or SlidingWindow"):
        RecursiveForecaster(LinearWindow()).fit(np.asarray(X), y)


def test_recursion_predicts_once_a_step(monkeypatch):
    """All samples go through the model together: one prediction for each step."""
    X, y = make_windows(walk(columns=1), 5, 4)
    model = RecursiveForecaster(LinearWindow()).fit(X, y)
    calls = []
    predict = LinearWindow.predict
    monkeypatch.setattr(
        LinearWindow, "predict", lambda self, seen: calls.append(len(seen)) or predict(self, seen)
    )

    model.predict(X)

    assert calls == [len(X)] * 4


def test_direct_is_a_model_for_each_lead():
    """Each lead has a clone of its own, fitted on that lead's targets."""
    X, y = make_windows(walk(), 5, 3, target=0)

    model = DirectForecaster(Ridge()).fit(X[:80], y[:80])

    table = FlattenWindows().fit_transform(X)
    expected = [Ridge().fit(table[:80], y[:80, lead]).predict(table[80:]) for lead in range(3)]
    np.testing.assert_allclose(model.predict(X[80:]), np.transpose(expected), rtol=1e-8)
    assert len(model.estimators_) == 3


def test_direct_linear_shares_its_sums():
    """LinearWindow is fitted once for all leads, with the coefficients of a fit for each."""
    X, y = make_windows(walk(), 5, 3, target=0)
    scaled = make_pipeline(SeriesScaler(), LinearWindow())

    model = DirectForecaster(scaled).fit(X, y)

    assert len(model.estimators_) == 1
    for lead in range(3):
        np.testing.assert_allclose(
            model.predict(X)[:, lead], scaled.fit(X, y[:, lead]).predict(X), rtol=1e-8
        )


def test_direct_relative_targets_know_their_lead():
    """A seasonal difference inside is taken for each lead's own season."""
    X, y = make_windows(walk(columns=1), 8, 5)
    inner = TransformedWindowRegressor(make_pipeline(FlattenWindows(), Ridge()), Differencer(3))

    model = DirectForecaster(inner).fit(X, y)

    for lead in range(5):
        alone = inner.fit(X.replace(leads=(lead + 1,)), y[:, lead])
        np.testing.assert_allclose(
            model.predict(X)[:, lead], alone.predict(X.replace(leads=(lead + 1,))), rtol=1e-9
        )


def test_direct_in_parallel():
    """Two processes fit the same models."""
    X, y = make_windows(walk(), 5, 3, target=0)

    one, two = (DirectForecaster(Ridge(), n_jobs=n).fit(X, y).predict(X) for n in (None, 2))

    np.testing.assert_array_equal(two, one)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_networks(strategy):
    """A network is an estimator like any other."""
    X, y = make_windows(walk(columns=1), 5, 3)

    model = strategy(DenseRegressor(4, epochs=1, random_state=0)).fit(X, y)

    assert model.predict(X).shape == y.shape


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_rows_in(strategy):
    """Behind SlidingWindow(lead=1), the last known row is followed by ``horizon`` forecasts."""
    index = pd.date_range("2024-01-01", periods=120, freq="h")
    frame = pd.DataFrame(walk(), index, ["a", "b"])
    pipe = make_pipeline(SlidingWindow(5), strategy(LinearWindow(), 24)).fit(frame, frame["a"])

    ahead = pipe.predict(future_rows(frame, 1))[-1]

    X, y = make_windows(frame, 5, 24, target="a")
    last = Windows.from_array(frame.to_numpy()[None, -5:], ["a", "b"])
    by_origin = strategy(LinearWindow(), 24).fit(X, y)
    assert ahead.shape == (24,)
    if strategy is not RecursiveForecaster:
        np.testing.assert_allclose(ahead, by_origin.predict(last)[0], rtol=1e-9)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_sample_weights_reach_the_models(strategy):
    """Samples without a weight do not count."""
    X, y = make_windows(walk(columns=1), 4, 3)
    weights = np.where(np.arange(len(y)) < 60, 1.0, 0.0)

    weighted = strategy(make_pipeline(SeriesScaler(), LinearWindow())).fit(
        X, y, sample_weight=weights
    )

    alone = strategy(make_pipeline(SeriesScaler(), LinearWindow())).fit(X[:60], y[:60])
    np.testing.assert_allclose(weighted.predict(X), alone.predict(X), rtol=1e-6)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_horizon_and_y_must_agree(strategy):
    """y has all leads, or the first alone."""
    X, y = make_windows(walk(columns=1), 4, 3)

    with pytest.raises(ValueError, match="y must have one output for each lead of horizon=5"):
        strategy(LinearWindow(), 5).fit(X, y)


def test_recursion_behind_a_scaler_is_refused():
    """The model's forecasts become steps of the window, so both are in one unit."""
    X, y = make_windows(walk(columns=1) + 50, 4, 3)

    with pytest.raises(ValueError, match="Scaling goes inside"):
        make_pipeline(SeriesScaler(), RecursiveForecaster(LinearWindow())).fit(X, y)


def test_calendar_in_a_recursion():
    """Rows in, with a calendar that is known ahead: the future rows bring theirs."""
    index = pd.date_range("2024-01-01", periods=24 * 14, freq="h")
    frame = pd.DataFrame({"load": 10 * np.sin(np.arange(len(index)) * 2 * np.pi / 24)}, index)
    pipe = make_pipeline(
        CalendarFeatures("hour"),
        SlidingWindow(3, known_ahead=["hour_sin", "hour_cos"]),
        RecursiveForecaster(LinearWindow(alpha=1e-6), 24),
    ).fit(frame, frame["load"])

    day = pipe.predict(frame)[-24]

    np.testing.assert_allclose(day, frame["load"].to_numpy()[-24:], atol=1e-2)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_searches_and_ensembles_inside_get_windows(strategy):
    """A search or an ensemble of models on windows gets windows, not a flattened table."""
    X, y = make_windows(walk(columns=1), 4, 3)
    search = GridSearchCV(NaiveForecaster(), {"strategy": ["last"]}, cv=2)
    inner = search if strategy is MultiOutputForecaster else VotingRegressor([("search", search)])

    model = strategy(inner).fit(X, y)

    np.testing.assert_allclose(model.predict(X), NaiveForecaster().fit(X, y).predict(X))


@pytest.mark.parametrize("strategy", [DirectForecaster, MultiOutputForecaster])
def test_rows_in_scaled_outside(strategy):
    """Later targets are y's own, whatever unit the windows are in, and gaps keep their place."""
    index = pd.date_range("2024-01-01", periods=120, freq="h")
    frame = pd.DataFrame(100 + 5 * walk(), index, ["a", "b"]).drop(index[[50, 51, 80]])
    frame.iloc[30, 1] = np.nan
    pipe = make_pipeline(SeriesScaler(), SlidingWindow(5), strategy(LinearWindow(alpha=0), 4))

    forecast = pipe.fit(frame, frame["a"]).predict(frame)

    X, y = make_windows(frame, 5, 4, target="a")
    by_origin = strategy(LinearWindow(alpha=0)).fit(X, y).predict(X[-1:])
    np.testing.assert_allclose(forecast[-4], by_origin[0], rtol=1e-6)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_scores_rows_in(strategy):
    """All leads are scored against the rows that they are for; rows without a whole future do not
    count.
    """
    rows = walk(columns=1)
    pipe = make_pipeline(SlidingWindow(5), strategy(LinearWindow(), 3)).fit(rows[:80], rows[:80, 0])

    score = pipe.score(rows, rows[:, 0])

    future = np.stack([rows[lead : 118 + lead, 0] for lead in range(3)], axis=1)
    assert score == pytest.approx(r2_score(future, pipe.predict(rows)[:118]))


def test_recursion_learns_from_every_step():
    """The model of one step needs no row behind the first lead: a long horizon takes nothing from
    its training.
    """
    rows = walk(40, columns=1)

    short, long = (
        make_pipeline(SlidingWindow(5), RecursiveForecaster(LinearWindow(), horizon)).fit(
            rows, rows[:, 0]
        )
        for horizon in (2, 30)
    )

    np.testing.assert_allclose(short[-1].models_[0][0].coef_, long[-1].models_[0][0].coef_)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_horizon_without_a_later_window(strategy):
    """Where no window tells the later targets, y must have them."""
    waves = np.random.default_rng(0).normal(size=(20, 6))

    with pytest.raises(ValueError, match="bring y with all leads, as make_windows"):
        strategy(LinearWindow(), 3).fit(waves, waves[:, -1])


def test_direct_knows_ahead_up_to_each_lead():
    """Rows in, a column that is known ahead counts up to the row of each lead."""
    signal = np.random.default_rng(0).normal(size=200)
    frame = pd.DataFrame({"v": 10 * signal, "x": signal})
    pipe = make_pipeline(
        SlidingWindow(3, known_ahead="x"), DirectForecaster(LinearWindow(alpha=1e-8), 4)
    )

    forecast = pipe.fit(frame, frame["v"]).predict(frame)

    expected = np.stack([frame["v"].shift(-lead) for lead in range(4)], axis=1)
    np.testing.assert_allclose(forecast[10:-4], expected[10:-4], atol=1e-5)


def test_later_targets_end_where_y_ends():
    """Windows cut by hand are not trained on rows behind the newest that y holds."""
    rows = walk(columns=1)
    X, y = make_windows(rows, 5)
    changed = rows.copy()
    changed[X.ends[59] + 2 :] += 50

    one, two = (
        DirectForecaster(Ridge(), 6).fit(X.replace(rows=r)[:60], y[:60]) for r in (rows, changed)
    )

    np.testing.assert_array_equal(one.predict(X[:9]), two.predict(X[:9]))


def test_recursion_learns_from_y():
    """What the user did to y, such as clipping it, is what the model learns."""
    X, y = make_windows(walk(columns=1), 5)
    clipped = np.minimum(y, np.quantile(y, 0.8))

    plain, other = (
        RecursiveForecaster(LinearWindow()).fit(X, targets).predict(X) for targets in (y, clipped)
    )

    assert np.abs(plain - other).max() > 0.1


@pytest.mark.parametrize("strategy", [DirectForecaster, MultiOutputForecaster])
def test_horizon_between_the_windows(strategy):
    """Every other row is told by no window, so that no sample has all its leads."""
    X, y = make_windows(walk(columns=1), 5, stride=2)

    with pytest.raises(ValueError, match="bring y with all leads, as make_windows"):
        strategy(LinearWindow(), 4).fit(X, y)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_horizon_without_a_known_target(strategy):
    """Where all of y is unknown, the error says so."""
    X, y = make_windows(walk(columns=1), 5)

    with pytest.raises(ValueError, match="y must have a known value"):
        strategy(LinearWindow(), 4).fit(X, y * np.nan)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_what_is_known_ahead_behind_a_long_gap(strategy):
    """Rows in a gap that is longer than the windows reach are unknown, and those behind it are not
    taken for them.
    """
    index = pd.date_range("2024-01-01", periods=300, freq="h")
    frame = pd.DataFrame({"load": walk(300, 1)[:, 0], "price": walk(300, 2)[:, 1]}, index).drop(
        index[200:210]
    )
    other = frame.copy()
    other.loc[index[210] :, "price"] += 50
    pipe = make_pipeline(SlidingWindow(3, known_ahead="price"), strategy(LinearWindow(), 8))
    pipe.fit(frame[:150], frame["load"][:150])

    one, two = (pipe.predict(rows[150:]) for rows in (frame, other))

    np.testing.assert_array_equal(one[:50], two[:50])
    assert (one[50:] != two[50:]).any()
