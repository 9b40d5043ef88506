"""Linear recurrences as Keras layers, on their own."""

import numpy as np
import pytest

from skrnn.neural.keras.linear_cells import BLOCK, MinGRU, MinLSTM, keras
from tests import oracles

pytestmark = pytest.mark.usefixtures("eager")

LAYERS = {MinGRU: oracles.mingru, MinLSTM: oracles.minlstm}


def traced(model):
    """The model as it is traced, for steps whose number is not known."""
    import tensorflow as tf

    return tf.function(model, input_signature=[tf.TensorSpec((None, None, 2), tf.float64)])


def steps(n=3, length=7, features=2):
    return np.random.default_rng(0).normal(size=(n, length, features))


@pytest.mark.parametrize("length", [1, BLOCK - 1, BLOCK, 3 * BLOCK + 5])
@pytest.mark.parametrize("kind", LAYERS)
def test_any_number_of_steps(kind, length):
    """Known when the model is built, or not, all states are those of the plain loop."""
    layer = kind(4, return_sequences=True, dtype="float64")
    x = steps(length=length)
    known = keras.Sequential([keras.Input((length, 2), dtype="float64"), layer])
    unknown = keras.Sequential([keras.Input((None, 2), dtype="float64"), layer])

    expected = LAYERS[kind](x, *layer.get_weights())

    np.testing.assert_allclose(known(x), expected, rtol=1e-10)
    np.testing.assert_allclose(traced(unknown)(x), expected, rtol=1e-10)


@pytest.mark.parametrize("kind", LAYERS)
def test_gates_that_are_next_to_closed(kind):
    """However far out their products are, states are finite."""
    layer = kind(2, dtype="float64")

    state = np.asarray(layer(steps() * 1e6))

    assert np.isfinite(state).all()


@pytest.mark.parametrize("kind", LAYERS)
def test_masked_steps_are_not_read(kind):
    """A mask, as an embedding gives it, leaves the state as it is."""
    model = keras.Sequential(
        [keras.layers.Embedding(9, 3, mask_zero=True), kind(4, return_sequences=True), kind(2)]
    )

    masked, alone = (np.asarray(model(np.array(x))) for x in ([[1, 2, 0, 0]], [[1, 2]]))

    np.testing.assert_allclose(masked, alone, rtol=1e-4)


@pytest.mark.parametrize("kind", LAYERS)
def test_begins_with_a_state_and_gives_the_last(kind):
    """Two halves, the second with the state behind the first, are the whole."""
    layer = kind(4, return_state=True, dtype="float64")
    x = steps(length=8)
    whole, _ = layer(x)

    _, state = layer(x[:, :3])
    second, last = layer(x[:, 3:], initial_state=state)

    np.testing.assert_allclose(second, whole, rtol=1e-12)
    np.testing.assert_array_equal(second, last)


@pytest.mark.parametrize("kind", LAYERS)
def test_dropout_is_the_same_at_every_step(kind):
    """And leaves out nothing in a forecast."""
    layer = kind(4, activation="linear", dropout=0.5, seed=3, return_sequences=True)
    x = np.ones((50, 6, 2), np.float32)
    plain = np.asarray(layer(x))
    kernel, bias = layer.get_weights()

    dropped = np.asarray(layer(x, training=True))

    possible = [
        LAYERS[kind](x[:1] * [a, b], kernel, bias, activation=lambda v: v)[0]
        for a in (0, 2)
        for b in (0, 2)
    ]
    errors = [[np.abs(one - other).max() for other in possible] for one in dropped]
    assert np.min(errors, axis=1).max() < 1e-5
    assert len(set(np.argmin(errors, axis=1))) == 4
    np.testing.assert_allclose(plain[0], plain[1])


@pytest.mark.parametrize("kind", LAYERS)
def test_a_saved_model_is_the_same(kind, tmp_path):
    """In both directions, with every argument."""
    layer = kind(3, activation="relu", dropout=0.1, seed=1)
    model = keras.Sequential([keras.Input((7, 2)), keras.layers.Bidirectional(layer)])
    model.save(tmp_path / "model.keras")

    loaded = keras.saving.load_model(tmp_path / "model.keras")

    np.testing.assert_array_equal(loaded(steps()), model(steps()))
    assert loaded.layers[0].forward_layer.dropout == 0.1
