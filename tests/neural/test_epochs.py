"""epochs="auto": 40, and of few windows what forecast the newer ones best."""

import numpy as np
import pytest
from sklearn.base import clone

from skrnn import (
    ConvRegressor,
    DenseClassifier,
    DenseRegressor,
    RNNRegressor,
    Windows,
    make_windows,
)
from skrnn.neural.estimators import EPOCHS, FEW_SAMPLES, TRIED_EPOCHS
from skrnn.neural.fused import engine


def growing(n=70, seed=0):
    """A level that outgrows its past, which networks learn in many epochs."""
    rng = np.random.default_rng(seed)
    return make_windows((1.02 ** np.arange(n + 6)) * rng.normal(1, 0.01, n + 6), 6)


def noise(n=70, seed=0):
    """Nothing to learn: every epoch too many learns noise."""
    return make_windows(np.random.default_rng(seed).normal(size=n + 6), 6)


def by_loop(model, X, y):
    """The number of epochs of least loss on the third and the newest quarter, fit by fit."""
    n = len(y)
    size = n // 4
    losses = {}
    for epochs in TRIED_EPOCHS:
        losses[epochs] = 0
        for first in (n - 2 * size, n - size):
            newer = slice(first, first + size)
            # The target of the window before is known when the first of these begins.
            fitted = clone(model).set_params(epochs=epochs)
            fitted.fit(X[:first], y[:first], validation_data=(X[newer], y[newer]))
            losses[epochs] += fitted.history_["val_loss"][-1]
    return min(losses, key=losses.get)


@pytest.mark.parametrize(
    "model",
    [RNNRegressor("gru", 8, random_state=0), DenseRegressor(8, random_state=0)],
    ids=["recurrent", "dense"],
)
@pytest.mark.parametrize("series", [growing, noise])
def test_few_windows_against_a_loop(model, series):
    """The number is that of a search by hand, and the network that of a fit with it."""
    X, y = series()

    chosen = clone(model).fit(X, y)

    expected = by_loop(model, X, y)
    assert chosen.training_.epochs == expected
    alone = clone(model).set_params(epochs=expected).fit(X, y)
    np.testing.assert_array_equal(chosen.predict(X), alone.predict(X))


def test_it_tells_series_apart():
    """What outgrows its past wants more epochs than noise."""
    model = DenseRegressor(random_state=0)

    assert clone(model).fit(*growing()).training_.epochs == max(TRIED_EPOCHS)
    assert clone(model).fit(*noise()).training_.epochs == min(TRIED_EPOCHS)


@pytest.mark.parametrize(("n", "epochs"), [(FEW_SAMPLES, EPOCHS), (3, EPOCHS)])
def test_without_a_choice(n, epochs):
    """Of many windows, and of so few that none tell, it is 30."""
    model = ConvRegressor(2, 2, random_state=0).fit(*noise(n))

    assert model.training_.epochs == epochs


def test_early_stopping_ends_a_long_training():
    """It decides by itself, within the most epochs that are tried."""
    model = DenseRegressor(2, early_stopping=True, random_state=0).fit(*noise())

    assert model.training_.epochs == max(TRIED_EPOCHS)
    assert len(model.history_["loss"]) < max(TRIED_EPOCHS)


def test_partial_fit_is_one_epoch():
    """However few the windows."""
    model = DenseRegressor(2, random_state=0).partial_fit(*noise())

    assert len(model.history_["loss"]) == 1


def test_going_on_chooses_nothing():
    """Only what begins is chosen for."""
    X, y = growing()
    model = DenseRegressor(2, random_state=0, warm_start=True).fit(X, y).fit(X, y)

    assert model.training_.epochs == EPOCHS


def test_each_of_several_networks_chooses():
    """Each is what a network of its seed would be."""
    X, y = noise(40, seed=3)
    several = DenseRegressor(8, n_estimators=3, random_state=0).fit(X, y)

    for one, seed in zip(several.estimators_, several.seeds_, strict=True):
        alone = DenseRegressor(8, random_state=int(seed)).fit(X, y)
        assert one.training_.epochs == alone.training_.epochs
        np.testing.assert_array_equal(one.predict(X), alone.predict(X))


def test_newer_windows_have_no_say_in_what_came_before():
    """Rows behind the training windows change nothing."""
    X, y = growing(90)
    changed = X.rows.copy()
    changed[70:] = 1e6

    model = DenseRegressor(8, random_state=0).fit(X[:60], y[:60])
    other = clone(model).fit(X.replace(rows=changed)[:60], y[:60])

    np.testing.assert_array_equal(model.predict(X[:60]), other.predict(X[:60]))


def test_classes_of_few_sequences():
    """Sequences of their own are tried on random quarters; every class is learned from."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 20)
    X = Windows.from_sequences([rng.normal(level, 1, size=(8, 1)) for level in 2.0 * y])

    model = DenseClassifier(8, random_state=0).fit(X, y)

    assert model.training_.epochs in TRIED_EPOCHS
    assert model.score(X, y) > 0.9


def test_a_class_of_one_sample_is_no_error():
    """Where a quarter of each class cannot be spared it is 30."""
    X = np.random.default_rng(0).normal(size=(3, 4, 1))

    model = DenseClassifier(2, random_state=0).fit(X, ["a", "b", "c"])

    assert model.training_.epochs == EPOCHS


def test_interrupted_while_it_is_chosen(monkeypatch):
    """Nothing has been learned yet: Ctrl-C ends the fit."""
    train = engine.train

    def interrupted(*args, **kwargs):
        trained = train(*args, **kwargs)
        trained.ended = "interrupted"
        return trained

    monkeypatch.setattr(engine, "train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        DenseRegressor(2, random_state=0).fit(*noise())


def test_another_word():
    """Is refused in one line."""
    with pytest.raises(ValueError, match='epochs must be "auto" or a whole number'):
        DenseRegressor(2, epochs="many").fit(*noise())
