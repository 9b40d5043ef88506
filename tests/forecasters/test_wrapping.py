"""Wrapping forecasters go on as what they wrap does, and hand weights to it."""

import copy

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.linear_model import Ridge, SGDRegressor
from sklearn.pipeline import make_pipeline

from skrnn import (
    DenseRegressor,
    Differencer,
    DirectForecaster,
    FlattenWindows,
    IntervalForecaster,
    LinearWindow,
    MultiOutputForecaster,
    RecursiveForecaster,
    RNNRegressor,
    SeriesScaler,
    SlidingWindow,
    TransformedWindowRegressor,
    WindowScaler,
    make_windows,
)

COMMON = {"epochs": 2, "random_state": 0, "engine": "fused", "dtype": "float64"}


@pytest.fixture
def samples():
    rows = np.random.default_rng(0).normal(size=(90, 1)).cumsum(axis=0)
    return make_windows(rows, length=6, horizon=2)


def network(**params):
    return RNNRegressor("gru", 2, **COMMON, **params)


def wrappers(estimator):
    return [
        TransformedWindowRegressor(estimator, WindowScaler()),
        TransformedWindowRegressor(make_pipeline(SeriesScaler(), estimator), Differencer(1)),
        TransformedWindowRegressor(TransformedWindowRegressor(estimator, WindowScaler())),
        RecursiveForecaster(estimator),
        DirectForecaster(estimator),
        MultiOutputForecaster(estimator),
        MultiOutputForecaster(TransformedWindowRegressor(estimator, Differencer(1))),
    ]


def networks_in(wrapper):
    """The fitted networks at the end of whatever is wrapped."""
    if hasattr(wrapper, "trained_"):
        return [wrapper]
    if hasattr(wrapper, "steps"):
        return networks_in(wrapper.steps[-1][1])
    if hasattr(wrapper, "models_"):
        return [net for model, _ in wrapper.models_ for net in networks_in(model)]
    models = getattr(wrapper, "estimators_", None) or [wrapper.inner_model]
    return [net for model in models for net in networks_in(model)]


@pytest.mark.parametrize("wrapper", wrappers(network(warm_start=True)), ids=str)
def test_warm_start_goes_on(wrapper, samples):
    """A second fit goes on with the epochs of the first."""
    wrapper.fit(*samples)
    wrapper.fit(*samples)

    assert all(len(net.history_["loss"]) == 4 for net in networks_in(wrapper))


@pytest.mark.parametrize("wrapper", wrappers(network()), ids=str)
def test_without_warm_start_a_fit_begins_anew(wrapper, samples):
    """A second fit of the same data is the first."""
    first = wrapper.fit(*samples).predict(samples[0])

    np.testing.assert_array_equal(wrapper.fit(*samples).predict(samples[0]), first)


@pytest.mark.parametrize("wrapper", wrappers(network()), ids=str)
def test_partial_fit_goes_on(wrapper, samples):
    """Three calls are three epochs."""
    for _ in range(3):
        wrapper.partial_fit(*samples)

    assert all(len(net.history_["loss"]) == 3 for net in networks_in(wrapper))
    assert np.isfinite(wrapper.predict(samples[0])).all()


def test_partial_fits_are_those_of_the_inner_one(samples):
    """As often called as the inner regressor is on transformed samples, the same is learned."""
    X, y = samples
    differencer = Differencer(1).fit(X)
    scaler = SeriesScaler().fit(differencer.transform(X))
    windows = scaler.transform(differencer.transform(X))
    relative = differencer.relative_target(X, y, 0)
    by_hand = network()
    wrapper = TransformedWindowRegressor(make_pipeline(SeriesScaler(), network()), Differencer(1))

    for _ in range(3):
        by_hand.partial_fit(windows, relative)
        wrapper.partial_fit(X, y)

    for ours, theirs in zip(networks_in(wrapper)[0].weights_, by_hand.weights_, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_transformers_stay_as_fitted(samples):
    """What partial_fit brings later is expressed in the units of the first call."""
    X, y = samples
    model = make_pipeline(SeriesScaler(), network())
    wrapper = TransformedWindowRegressor(model, Differencer(1)).partial_fit(X[:30], y[:30])
    before = wrapper.regressor_[0].scaler_.mean_.copy()

    wrapper.partial_fit(X[30:], y[30:])

    np.testing.assert_array_equal(wrapper.regressor_[0].scaler_.mean_, before)


def test_scikit_learn_inside(samples):
    """Regressors of tables go on behind FlattenWindows."""
    X, y = samples
    wrapper = DirectForecaster(SGDRegressor(random_state=0))
    first = wrapper.partial_fit(X, y).predict(X)

    second = wrapper.partial_fit(X, y).predict(X)

    assert np.abs(second - y).mean() < np.abs(first - y).mean()


def test_what_was_fitted_before_stays(samples):
    """What goes on is a copy: a copy of the wrapper keeps its forecasts."""
    wrapper = TransformedWindowRegressor(network(warm_start=True), WindowScaler()).fit(*samples)
    earlier = copy.copy(wrapper)
    forecast = earlier.predict(samples[0])

    wrapper.fit(*samples)

    np.testing.assert_array_equal(earlier.predict(samples[0]), forecast)


def test_parameters_set_since_count(samples):
    """Training goes on with the parameters that the wrapper has now."""
    wrapper = TransformedWindowRegressor(network(warm_start=True), WindowScaler()).fit(*samples)

    wrapper.set_params(regressor__epochs=5).fit(*samples)

    assert len(wrapper.regressor_.history_["loss"]) == 7


def test_another_regressor_begins_anew(samples):
    """A fit with another kind of network has nothing to go on with; partial_fit says so."""
    dense = DenseRegressor(2, warm_start=True, **COMMON)
    wrapper = TransformedWindowRegressor(network(warm_start=True), WindowScaler()).fit(*samples)
    wrapper.set_params(regressor=dense)

    with pytest.raises(ValueError, match="some were replaced since: call fit"):
        wrapper.partial_fit(*samples)

    assert len(wrapper.fit(*samples).regressor_.history_["loss"]) == 2


def test_only_what_goes_on_has_partial_fit():
    """The wrapper has it where the wrapped regressor has."""
    assert not hasattr(TransformedWindowRegressor(LinearWindow()), "partial_fit")
    assert hasattr(
        TransformedWindowRegressor(make_pipeline(SeriesScaler(), network())), "partial_fit"
    )


@pytest.mark.parametrize("routing", [False, True])
@pytest.mark.parametrize("wrapper", [TransformedWindowRegressor, DirectForecaster])
@pytest.mark.parametrize(
    "pipe",
    [
        lambda: make_pipeline(SeriesScaler(), LinearWindow()),
        lambda: make_pipeline(SeriesScaler(), make_pipeline(FlattenWindows(), Ridge())),
    ],
)
def test_weights_reach_the_end_of_pipelines(pipe, wrapper, routing, samples):
    """Weights of 0 leave samples out, whether scikit-learn routes metadata or not."""
    X, y = samples
    weights = np.repeat([1.0, 0.0], [40, len(y) - 40])
    wrong = np.where(weights[:, None] > 0, y, 1e6)
    with sklearn.config_context(enable_metadata_routing=routing):
        weighted = wrapper(pipe()).fit(X, wrong, weights)

        assert np.abs(weighted.predict(X[:40])).max() < 1000


@pytest.mark.parametrize("wrapper", [DirectForecaster, MultiOutputForecaster, IntervalForecaster])
def test_rows_are_cut_once(wrapper):
    """Windows are never taken for the rows of a series."""
    inner = make_pipeline(SlidingWindow(4), LinearWindow())

    with pytest.raises(ValueError, match="^SlidingWindow takes the rows of a series, but here"):
        wrapper(inner).fit(*make_windows(np.arange(60.0), 8))


def test_windows_that_are_all_incomplete_say_why():
    rows = pd.DataFrame({"a": np.arange(40.0), "b": np.nan})
    late = make_pipeline(SlidingWindow(4, lead=40), LinearWindow())
    wide = make_pipeline(SlidingWindow(4), LinearWindow())

    with pytest.raises(ValueError, match="begin before the first row.*: use a smaller lead"):
        late.fit(rows[["a"]], rows["a"])
    with pytest.raises(ValueError, match="^X has no known value at all in b: leave this out$"):
        wide.fit(rows, rows["a"])


def test_arrays_of_more_dimensions_than_windows_have():
    with pytest.raises(ValueError, match=r"^LinearWindow takes windows .* \(5, 3, 2, 1\)$"):
        LinearWindow().fit(np.zeros((5, 3, 2, 1)), np.zeros(5))
