"""The recurrent layers against the equations, with random weights."""

import numpy as np
import pytest

from skrnn import RNNRegressor
from tests import oracles

CELLS = {
    "simple": oracles.simple_rnn,
    "lstm": oracles.lstm,
    "gru": oracles.gru,
    "mingru": oracles.mingru,
    "minlstm": oracles.minlstm,
}


def fitted_with_random_weights(**params):
    """A network that has been built, its weights then drawn at random."""
    rng = np.random.default_rng(7)
    X, y = rng.normal(size=(8, 5, 3)), rng.normal(size=8)
    model = RNNRegressor(
        **params, epochs=1, normalize_y=False, dtype="float64", random_state=0
    ).fit(X, y)
    weights = [rng.normal(scale=0.4, size=w.shape) for w in model.weights_]
    model.weights_ = weights
    return model, X, weights


def by_layer(cell, weights, n_layers):
    """The weights of each layer, and those of the head."""
    size = 2 if cell in ("mingru", "minlstm") else 3
    starts = [size * layer for layer in range(n_layers)]
    return *(weights[start : start + size] for start in starts), weights[size * n_layers :]


def head(states, kernel, bias):
    return (states @ kernel + bias)[:, 0]


@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_layer(cell, go_backwards):
    """One layer, read forwards or backwards, is the recurrence of its equations."""
    model, X, weights = fitted_with_random_weights(cell=cell, units=4, go_backwards=go_backwards)
    layer, out = by_layer(cell, weights, 1)

    read = oracles.reverse(X) if go_backwards else X
    expected = head(CELLS[cell](read, *layer)[:, -1], *out)

    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-10)


@pytest.mark.parametrize("unroll", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_stack(cell, unroll):
    """A stack reads the states of the layer below, unrolled or not."""
    model, X, weights = fitted_with_random_weights(cell=cell, units=(4, 2), unroll=unroll)
    lower, upper, out = by_layer(cell, weights, 2)

    below = CELLS[cell](X, *lower)
    expected = head(CELLS[cell](below, *upper)[:, -1], *out)

    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-10)


@pytest.mark.parametrize("cell", CELLS)
def test_stack_backwards(cell):
    """A stack that reads backwards is the stack on the reversed window."""
    model, X, weights = fitted_with_random_weights(cell=cell, units=(4, 2), go_backwards=True)
    lower, upper, out = by_layer(cell, weights, 2)

    below = CELLS[cell](oracles.reverse(X), *lower)
    expected = head(CELLS[cell](below, *upper)[:, -1], *out)

    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-10)


@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_bidirectional(cell, go_backwards):
    """A bidirectional layer puts the last states of both directions side by side."""
    model, X, weights = fitted_with_random_weights(
        cell=cell, units=4, bidirectional=True, go_backwards=go_backwards
    )
    ahead, back, out = by_layer(cell, weights, 2)

    read = oracles.reverse(X) if go_backwards else X
    states = oracles.bidirectional(CELLS[cell], read, ahead, back)

    np.testing.assert_allclose(model.predict(X), head(states, *out), rtol=1e-10)


@pytest.mark.parametrize("cell", CELLS)
def test_bidirectional_stack(cell):
    """The second bidirectional layer reads both directions of the first, each step with its own."""
    model, X, weights = fitted_with_random_weights(cell=cell, units=(3, 2), bidirectional=True)
    *lower, ahead, back, out = by_layer(cell, weights, 4)

    below = oracles.bidirectional(CELLS[cell], X, *lower, sequences=True)
    states = oracles.bidirectional(CELLS[cell], below, ahead, back)

    np.testing.assert_allclose(model.predict(X), head(states, *out), rtol=1e-10)


def test_dense_head():
    """Dense units stand between the last state and the output, with ReLU."""
    model, X, (W, U, b, inner, inner_bias, *out) = fitted_with_random_weights(
        cell="gru", units=4, dense_units=3
    )

    state = oracles.gru(X, W, U, b)[:, -1]
    expected = head(np.maximum(state @ inner + inner_bias, 0), *out)

    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-10)


@pytest.mark.parametrize("engine", ["fused", "keras"])
@pytest.mark.parametrize("cell", ["mingru", "minlstm"])
def test_the_candidate_of_the_paper(cell, engine):
    """It has no activation."""
    model, X, weights = fitted_with_random_weights(cell=cell, units=4, activation="linear")
    layer, out = by_layer(cell, weights, 1)

    states = CELLS[cell](X, *layer, activation=lambda x: x)

    forecast = model.set_params(engine=engine).predict(X)
    np.testing.assert_allclose(forecast, head(states[:, -1], *out), rtol=1e-8)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gates_that_are_next_to_closed(dtype):
    """Of two, the wider one decides, however narrow both are."""
    X, y = np.ones((20, 6, 1)), np.arange(20.0)
    model = RNNRegressor("minlstm", 2, epochs=1, engine="fused", normalize_y=False, dtype=dtype)
    kernel, bias, _, out_bias = model.fit(X, y).weights_
    bias = np.array([-40, -60, -60, -40, 0.5, 0.5])
    model.weights_ = [0 * kernel, bias, np.array([[1.0], [10.0]]), 0 * out_bias]

    forecast = model.predict(X)

    np.testing.assert_allclose(forecast, np.tanh(0.5), rtol=1e-6)
