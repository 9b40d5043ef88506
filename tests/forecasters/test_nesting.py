"""Transformers in transformers: each expresses the target in the unit of its own windows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.pipeline import make_pipeline

from skrnn import (
    Differencer,
    LastSteps,
    LinearWindow,
    LogTransformer,
    NaiveForecaster,
    RNNRegressor,
    SeasonalAnchor,
    SeriesScaler,
    TransformedWindowRegressor,
    WindowScaler,
    make_windows,
)
from skrnn.forecasters.base import WindowRegressor
from tests.preprocessing.panels import learnable, panel_windows

CASES = [
    {"length": 12, "horizon": 3, "lag": 1},
    {"length": 12, "horizon": 15, "lag": 7},
    {"length": 26, "horizon": 36, "lag": 12},
]


def panel(n_series=4):
    rng = np.random.default_rng(0)
    return [rng.normal(1, 1, size=(90, 2)).cumsum(axis=0) + 50 * i for i in range(n_series)]


def within(regressor, lag, transformer=None):
    inner = TransformedWindowRegressor(regressor, transformer or WindowScaler())
    return TransformedWindowRegressor(inner, Differencer(lag))


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("n_series", [1, 4])
def test_horizons_beyond_the_lag(case, n_series):
    """Leads whose reference is no row of the differences are no reason to refuse them."""
    X, y = make_windows(panel(n_series), case["length"], case["horizon"], target=0)

    forecast = within(LinearWindow(), case["lag"]).fit(X, y).predict(X)

    assert np.sqrt(np.mean((forecast - y) ** 2)) < 0.5 * y.std()


def test_nested_transformers_are_one_after_the_other():
    """The inner regressor learns from what the outer transformer makes of windows and targets."""
    X, y = make_windows(panel(), 12, 3, target=0)
    differencer = Differencer(1).fit(X)
    relative = differencer.relative_target(X, y, 0)
    scaled = TransformedWindowRegressor(LinearWindow(), WindowScaler())
    by_hand = scaled.fit(np.asarray(differencer.transform(X)), relative)

    nested = within(LinearWindow(), 1).fit(X, y)

    forecast = by_hand.predict(np.asarray(differencer.transform(X)))
    np.testing.assert_allclose(
        nested.predict(X), differencer.absolute_target(X, forecast, 0), rtol=1e-6
    )


def test_fewer_steps_keep_the_unit():
    """A step that changes neither rows nor form stands in nobody's way."""
    X, y = make_windows(panel(), 12, 3, target=0)
    inner = TransformedWindowRegressor(LinearWindow(), WindowScaler())
    model = TransformedWindowRegressor(make_pipeline(LastSteps(6), inner), Differencer(1))

    assert np.isfinite(model.fit(X, y).predict(X)).all()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_scaler_between_is_refused(case):
    """It changes the windows alone: what is inside would relate y to another unit."""
    X, y = make_windows(panel(), case["length"], case["horizon"], target=0)
    inner = TransformedWindowRegressor(LinearWindow(), WindowScaler())
    model = TransformedWindowRegressor(
        make_pipeline(SeriesScaler(), inner), Differencer(case["lag"])
    )

    with pytest.raises(ValueError, match="not in that column's unit"):
        model.fit(X, y)


def test_another_column_inside_is_refused():
    """The word is for the column whose targets y is."""
    X, y = make_windows(panel(), 12, 3, target=0)
    inner = TransformedWindowRegressor(LinearWindow(), WindowScaler(), target=1)

    with pytest.raises(ValueError, match="not in that column's unit|but y is the column"):
        TransformedWindowRegressor(inner, Differencer(1)).fit(X, y)


def test_the_naive_forecast_inside_judges_by_itself():
    """Whatever else relates y to the window keeps its full check."""
    X, y = make_windows(panel(), 12, 3, target=0)
    model = TransformedWindowRegressor(
        make_pipeline(SeriesScaler(), NaiveForecaster()), Differencer(1)
    )

    with pytest.raises(ValueError, match="not in that column's unit"):
        model.fit(X, y)


# ---------------------------------------------------------------------- logarithms, sizes, seasons


class Oracle(WindowRegressor):
    """A regressor that forecasts the targets that it was fitted on."""

    def _fit(self, samples):
        self.seen_ = samples.y

    def _predict(self, windows):
        return self.seen_


def chain(regressor, *transformers):
    """Wrappers one in another, the first transformer outermost."""
    for transformer in reversed(transformers):
        regressor = TransformedWindowRegressor(regressor, transformer)
    return regressor


def chains(rate):
    """Transformers that are defined one after the other, for windows of at least three steps."""
    logarithm = [LogTransformer(), LogTransformer("box-cox"), LogTransformer("yeo-johnson")]
    scaler = [
        WindowScaler(),
        WindowScaler("last", scale="mean_abs"),
        WindowScaler(None, scale="mean_abs"),
        WindowScaler(None, min_scale=0.1),
    ]
    changes = [SeasonalAnchor(2 * rate), SeasonalAnchor(rate), WindowScaler("last", scale=None)]
    optional = [st.one_of(st.none(), st.sampled_from(some)) for some in (logarithm, scaler)]
    return st.tuples(*optional, st.sampled_from(changes)).map(
        lambda some: [transformer for transformer in some if transformer is not None]
    )


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_targets_come_back_from_any_depth(data):
    """Whatever is nested where it is defined, targets learned by heart are forecast exactly."""
    X, y = data.draw(panel_windows(positive=True))
    kept = learnable(X, y)
    if not kept.any():
        return
    X = X[kept]
    y = y[kept]
    model = chain(Oracle(), *data.draw(chains(X.sampling_rate)))

    forecast = model.fit(X, y).predict(X)

    np.testing.assert_allclose(forecast, y, rtol=1e-5)


@pytest.mark.parametrize("engine", ["fused", "keras"])
def test_a_network_learns_seasonal_changes_of_logarithms(engine):
    """A season that grows with its level is learned in logarithms, since the window's last one."""
    t = np.arange(400)
    rows = np.exp(0.01 * t) * (2 + np.sin(t * np.pi / 6))
    X, y = make_windows(rows, 24, 12)
    network = RNNRegressor("gru", 4, epochs=3, engine=engine, random_state=0)

    model = chain(network, LogTransformer(), SeasonalAnchor(12)).fit(X[:200], y[:200])

    error = np.abs(model.predict(X[200:]) / y[200:] - 1).mean()
    naive = NaiveForecaster("seasonal", season=12).fit(X[:200], y[:200])
    assert error < 0.2 * np.abs(naive.predict(X[200:]) / y[200:] - 1).mean()


@pytest.mark.parametrize("outer", [WindowScaler(), SeasonalAnchor(3)], ids=repr)
def test_logarithms_of_centred_windows(outer):
    """They are none of values: the error says which order is."""
    X, y = make_windows(np.abs(panel(1)[0]) + 1, 12, 3, target=0)

    with pytest.raises(ValueError, match="the logarithm is of values, .* take it first, as"):
        chain(LinearWindow(), outer, LogTransformer()).fit(X, y)


def test_logarithms_of_differences():
    """So it is for differences, and for windows that came centred."""
    X, y = make_windows(np.abs(panel(1)[0]) + 1, 12, 3, target=0)

    with pytest.raises(ValueError, match="take the logarithm before what centres values"):
        chain(LinearWindow(), Differencer(1), LogTransformer()).fit(X, y)
    with pytest.raises(ValueError, match="take the logarithm before what centres values"):
        LogTransformer().fit(WindowScaler().fit_transform(np.asarray(X)))


@pytest.mark.parametrize("later", [WindowScaler(), SeasonalAnchor(2)], ids=repr)
def test_nothing_behind_seasonal_changes(later):
    """Changes since a season have one center a phase: nothing else centres or scales them."""
    X, y = make_windows(panel(), 12, 3, target=0)

    with pytest.raises(ValueError, match="changes since their last season cannot be transformed"):
        chain(LinearWindow(), SeasonalAnchor(3), later).fit(X, y)


def test_sizes_behind_a_center():
    """The size of values is lost where their mean was taken."""
    X, y = make_windows(panel(), 12, 3, target=0)

    with pytest.raises(ValueError, match="have lost the size of their values"):
        chain(LinearWindow(), WindowScaler(), WindowScaler(scale="mean_abs")).fit(X, y)


@pytest.mark.parametrize("value", [1e300, -1e300, 800.0, -800.0], ids=str)
@pytest.mark.parametrize("method", ["log", "box-cox", "yeo-johnson"])
def test_forecasts_are_finite_however_far_the_inner_ones_are(method, value):
    """What the way back would make infinite, or undefined, is clipped."""
    X, y = make_windows(np.random.default_rng(0).lognormal(size=80), 6)

    class Far(Oracle):
        def _predict(self, windows):
            return np.full((len(windows), 1), value)

    forecast = chain(Far(), LogTransformer(method)).fit(X, y).predict(X)

    assert np.isfinite(forecast**2).all()
