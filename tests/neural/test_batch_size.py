"""batch_size="auto": 64, and of a simple cell and few windows 32."""

import numpy as np
import pytest

from skrnn import CharacterModel, DenseRegressor, RNNClassifier, RNNRegressor, make_windows
from skrnn.neural.estimators import BATCH, FEW_SAMPLES, MANY_SAMPLES


def windows(n):
    return make_windows(np.sin(np.arange(n + 3) / 3), 3)


def weights(model, n):
    X, y = windows(n)
    if isinstance(model, RNNClassifier):
        y = (y > 0).astype(int)
    return np.concatenate([one.ravel() for one in model.fit(X, y).weights_])


@pytest.mark.parametrize(
    ("network", "params", "n", "size"),
    [
        (RNNRegressor, {"cell": "simple"}, FEW_SAMPLES, 32),
        (RNNRegressor, {"cell": "simple"}, MANY_SAMPLES - 1, 32),
        (RNNRegressor, {"cell": "simple"}, MANY_SAMPLES, 64),
        (RNNClassifier, {"cell": "simple"}, 300, 32),
        (RNNRegressor, {"cell": "gru"}, 300, 64),
        (RNNRegressor, {"cell": "lstm"}, 300, 64),
        (DenseRegressor, {}, 300, 64),
    ],
)
def test_what_it_is(network, params, n, size):
    """The weights are those of a batch of that size, and of no other."""
    model = network(units=2, epochs=1, random_state=0, **params)
    found = weights(model, n)
    np.testing.assert_array_equal(found, weights(model.set_params(batch_size=size), n))
    other = BATCH + BATCH // 2 - size
    assert not np.array_equal(found, weights(model.set_params(batch_size=other), n))


def test_of_very_few():
    """Where epochs are chosen, batches are as ever."""
    model = RNNRegressor("simple", 2, random_state=0)
    found = weights(model, FEW_SAMPLES - 1)
    expected = weights(model.set_params(batch_size=BATCH), FEW_SAMPLES - 1)
    np.testing.assert_array_equal(found, expected)


def test_another_word():
    """Is refused in one line, and so is no number of windows."""
    X, y = windows(50)
    with pytest.raises(ValueError, match='batch_size must be "auto" or a whole number'):
        RNNRegressor(batch_size="all").fit(X, y)
    with pytest.raises(ValueError, match="batch_size must be"):
        RNNRegressor(batch_size=0).fit(X, y)
    with pytest.raises(ValueError, match="batch_size must be"):
        CharacterModel(batch_size="auto").fit("some letters, and more of them")
