"""The state before the first step: an input of the network, zero by default."""

import numpy as np
import pytest

from skrnn import RNNRegressor, make_windows
from skrnn.neural.fused import engine
from skrnn.windows.array import Windows

CELLS = ("simple", "lstm", "gru", "mingru", "minlstm")


def fitted(cell, **params):
    """A small network in double precision, and its windows of twelve steps."""
    rows = np.random.default_rng(0).normal(size=(40, 2))
    X, y = make_windows(rows, 12, 2, target=0)
    options = {"epochs": 1, "dtype": "float64", "random_state": 0, "engine": "fused", **params}
    return RNNRegressor(cell, (4, 3), **options).fit(X, y), np.asarray(X)


@pytest.mark.parametrize("cell", CELLS)
def test_two_halves_are_the_whole(cell):
    """Where the second half begins with the state behind the first, outputs are the whole's."""
    model, X = fitted(cell)
    half = model.network_.on(6)
    whole, after_whole = engine.carry(model.network_.on(12), model.weights_, Windows.from_array(X))

    _, state = engine.carry(half, model.weights_, Windows.from_array(X[:, :6]))
    outputs, after = engine.carry(half, model.weights_, Windows.from_array(X[:, 6:]), state)

    np.testing.assert_allclose(outputs, whole, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(after, after_whole, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("cell", CELLS)
def test_no_state_is_zero(cell):
    """Given zeros, the network forecasts what it forecasts without."""
    model, X = fitted(cell, bidirectional=True)
    network = model.network_.on(12)
    windows = Windows.from_array(X)
    outputs, after = engine.carry(network, model.weights_, windows)

    given, _ = engine.carry(network, model.weights_, windows, np.zeros_like(after))

    np.testing.assert_array_equal(given, outputs)
    np.testing.assert_array_equal(engine.predict(network, model.weights_, windows), outputs)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_keras_begins_with_the_same_states(cell, bidirectional):
    """A Keras model with states as inputs gives what the fused engine gives."""
    from skrnn.neural.keras.building import build

    model, X = fitted(cell, bidirectional=bidirectional)
    network = model.network_.on(12)
    _, after = engine.carry(network, model.weights_, Windows.from_array(X))
    state = np.random.default_rng(1).normal(size=after.shape)
    outputs, _ = engine.carry(network, model.weights_, Windows.from_array(X), state)

    keras = build(network, with_states=True)
    keras.set_weights(model.weights_)
    sizes = [one.shape[1] for one in keras.inputs[1:]]
    states = np.split(state, np.cumsum(sizes)[:-1], axis=1)

    np.testing.assert_allclose(np.asarray(keras([X, *states])), outputs, rtol=1e-8, atol=1e-10)


def test_weights_fit_windows_of_any_length():
    """What was learned on windows of twelve steps forecasts windows of twenty."""
    model, _ = fitted("gru")
    X = np.random.default_rng(2).normal(size=(3, 20, 2))

    outputs = engine.predict(model.network_.on(20), model.weights_, Windows.from_array(X))

    assert np.isfinite(outputs).all()
    assert model.network_.steps is None


def test_weights_of_another_network_are_refused():
    """Nothing reaches compiled code that is not of the plan's sizes."""
    model, X = fitted("lstm")
    other, _ = fitted("gru")

    with pytest.raises(ValueError, match="weights must have the shapes"):
        engine.predict(model.network_.on(12), other.weights_, Windows.from_array(X))
    with pytest.raises(
        ValueError,
        match="windows must have 12 steps and 2 features, as the network reads them, got 9",
    ):
        engine.predict(model.network_.on(12), model.weights_, Windows.from_array(X[:, :9]))


@pytest.mark.parametrize(
    "params",
    [{"conv_filters": 2, "conv_kernel_size": 3}, {"segment": 5}, {"pooling": "average"}],
)
def test_what_has_no_state_is_not_carried(params):
    """Layers that would read steps of the windows before are refused."""
    model, X = fitted("gru", **params)

    with pytest.raises(ValueError, match="states"):
        engine.carry(model.network_.on(12), model.weights_, Windows.from_array(X))


def test_a_convolution_of_single_steps_is_carried():
    """It reads none of the windows before."""
    model, X = fitted("gru", conv_filters=2, conv_kernel_size=1)
    half = model.network_.on(6)
    whole, _ = engine.carry(model.network_.on(12), model.weights_, Windows.from_array(X))

    _, state = engine.carry(half, model.weights_, Windows.from_array(X[:, :6]))
    outputs, _ = engine.carry(half, model.weights_, Windows.from_array(X[:, 6:]), state)

    np.testing.assert_allclose(outputs, whole, rtol=1e-12, atol=1e-14)
