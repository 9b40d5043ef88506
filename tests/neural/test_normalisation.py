"""Batch normalisation: its statistics, and what becomes of them."""

import copy

import numpy as np
import pytest
from sklearn.base import clone

from skrnn import ConvClassifier, ConvRegressor, make_windows
from tests.neural.gradients import fitted

pytestmark = pytest.mark.usefixtures("eager")

MODEL = ConvRegressor((4, 3), batch_norm=True, pooling="average")
# Of the weights: kernel, scale, offset, moving mean, moving variance, for each layer.
MEAN, VARIANCE = 3, 4


def data(n=70, seed=0):
    rows = np.random.default_rng(seed).normal(3.0, size=(n + 8, 2))
    return make_windows(rows, 8, target=0)


def test_statistics_are_of_the_whole_batch():
    """What fills a chunk's lanes up counts nothing, nor do weights of samples."""
    X, y = data(37)
    weights = np.random.default_rng(0).uniform(size=len(y))
    model = copy.deepcopy(MODEL).set_params(
        epochs=1, batch_size=100, optimizer="sgd", learning_rate=1e-12, dtype="float64"
    )
    kernel = model.fit(X, y, sample_weight=weights).weights_[0]

    padded = np.pad(np.asarray(X), ((0, 0), (1, 1), (0, 0)))
    given = sum(padded[:, i : i + 8] @ kernel[i] for i in range(3))

    axes = (0, 1)
    np.testing.assert_allclose(model.weights_[MEAN], 0.1 * given.mean(axes), rtol=1e-8)
    np.testing.assert_allclose(model.weights_[VARIANCE], 0.9 + 0.1 * given.var(axes), rtol=1e-8)


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_moving_statistics_are_not_learned(optimizer):
    """They have no gradient, are not clipped, and do not decay, as in Keras."""
    X, y = data()
    options = {"weight_decay": 0.3, "clipnorm": 0.05, "learning_rate": 0.1}
    fused = fitted(MODEL, X, y, engine="fused", optimizer=optimizer, **options)
    keras = copy.deepcopy(fused).set_params(engine="keras")

    for model in (fused, keras):
        model.set_params(warm_start=True, epochs=3, batch_size=16).fit(X, y)

    for ours, theirs in zip(fused.weights_, keras.weights_, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("engine", ["fused", "keras"])
def test_training_that_goes_on(engine):
    """Four times ``partial_fit`` are a ``fit`` of four epochs."""
    X, y = data()
    model = clone(MODEL).set_params(batch_size=16, random_state=0, engine=engine)
    once = clone(model).set_params(epochs=4, learning_rate_schedule="constant").fit(X, y)

    for _ in range(4):
        model.partial_fit(X, y)

    np.testing.assert_allclose(model.predict(X), once.predict(X), rtol=1e-5)


def test_a_forecast_depends_on_no_other_window():
    """The moving statistics are those of training, whatever is forecast beside a window."""
    X, y = data()
    model = fitted(MODEL, X, y, engine="fused", epochs=5)

    together = model.predict(X)

    np.testing.assert_allclose(together[:5], [model.predict(X[i : i + 1])[0] for i in range(5)])


def test_the_best_weights_have_their_statistics():
    """The forecast of the best epoch is kept as a whole."""
    X, y = data()
    model = clone(MODEL).set_params(early_stopping=True, epochs=12, patience=12, random_state=0)
    model.set_params(normalize_y=False, validation_fraction=0.3, learning_rate=0.05).fit(X, y)

    n_newest = int(np.ceil(0.3 * len(X)))
    error = np.mean((model.predict(X[-n_newest:]) - y[-n_newest:]) ** 2)

    assert min(model.history_["val_loss"]) == pytest.approx(error, rel=1e-4)


def test_keras_model_has_the_same_statistics():
    """It forecasts what ``predict`` does."""
    X, y = data()
    model = fitted(MODEL, X, y, engine="fused", epochs=3)

    forecast = np.asarray(model.keras_model()(np.asarray(X), training=False))[:, 0]

    np.testing.assert_allclose(forecast, model.predict(X), rtol=1e-6)


def test_the_network_of_the_literature_learns():
    """The fully convolutional network tells two shapes apart, wherever they are."""
    random = np.random.default_rng(0)
    y = np.arange(80) % 2
    X = random.normal(scale=0.3, size=(80, 40, 1))
    for x, begin, label in zip(X, random.integers(0, 30, size=80), y, strict=True):
        x[begin : begin + 10, 0] += np.linspace(-1, 1, 10) * (1 if label else -1)
    network = ConvClassifier(
        (8, 16, 8), kernel_size=(8, 5, 3), batch_norm=True, pooling="average", random_state=0
    )

    network.set_params(epochs=25, batch_size=16, learning_rate=0.01).fit(X[:60], y[:60])

    assert network.score(X[60:], y[60:]) > 0.8
