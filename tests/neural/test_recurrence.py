"""The recurrent layers against the equations, with random weights."""

import numpy as np
import pytest

from skrnn import RNNRegressor
from tests import oracles

CELLS = {"simple": oracles.simple_rnn, "lstm": oracles.lstm, "gru": oracles.gru}


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


def head(states, kernel, bias):
    return (states @ kernel + bias)[:, 0]


@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_layer(cell, go_backwards):
    """One layer, read forwards or backwards, is the recurrence of its equations."""
    model, X, (W, U, b, *out) = fitted_with_random_weights(
        cell=cell, units=4, go_backwards=go_backwards
    )

    read = oracles.reverse(X) if go_backwards else X
    expected = head(CELLS[cell](read, W, U, b)[:, -1], *out)

    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-10)


@pytest.mark.parametrize("unroll", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_stack(cell, unroll):
    """A stack reads the states of the layer below, unrolled or not."""
    model, X, weights = fitted_with_random_weights(cell=cell, units=(4, 2), unroll=unroll)

    below = CELLS[cell](X, *weights[:3])
    expected = head(CELLS[cell](below, *weights[3:6])[:, -1], *weights[6:])

    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-10)


@pytest.mark.parametrize("cell", CELLS)
def test_stack_backwards(cell):
    """A stack that reads backwards is the stack on the reversed window."""
    model, X, weights = fitted_with_random_weights(cell=cell, units=(4, 2), go_backwards=True)

    below = CELLS[cell](oracles.reverse(X), *weights[:3])
    expected = head(CELLS[cell](below, *weights[3:6])[:, -1], *weights[6:])

    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-10)


@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_bidirectional(cell, go_backwards):
    """A bidirectional layer puts the last states of both directions side by side."""
    model, X, weights = fitted_with_random_weights(
        cell=cell, units=4, bidirectional=True, go_backwards=go_backwards
    )

    read = oracles.reverse(X) if go_backwards else X
    states = oracles.bidirectional(CELLS[cell], read, weights[:3], weights[3:6])

    np.testing.assert_allclose(model.predict(X), head(states, *weights[6:]), rtol=1e-10)


@pytest.mark.parametrize("cell", CELLS)
def test_bidirectional_stack(cell):
    """The second bidirectional layer reads both directions of the first, each step with its own."""
    model, X, weights = fitted_with_random_weights(cell=cell, units=(3, 2), bidirectional=True)

    below = oracles.bidirectional(CELLS[cell], X, weights[:3], weights[3:6], sequences=True)
    states = oracles.bidirectional(CELLS[cell], below, weights[6:9], weights[9:12])

    np.testing.assert_allclose(model.predict(X), head(states, *weights[12:]), rtol=1e-10)


def test_dense_head():
    """Dense units stand between the last state and the output, with ReLU."""
    model, X, (W, U, b, inner, inner_bias, *out) = fitted_with_random_weights(
        cell="gru", units=4, dense_units=3
    )

    state = oracles.gru(X, W, U, b)[:, -1]
    expected = head(np.maximum(state @ inner + inner_bias, 0), *out)

    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-10)
