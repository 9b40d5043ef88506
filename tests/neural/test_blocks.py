"""The optimizer's step in blocks of weights, which threads share."""

import copy

import numpy as np
import pytest
from sklearn.base import clone

from skrnn import ConvRegressor, DenseRegressor, RNNClassifier, RNNRegressor, make_windows
from skrnn.neural.fused import engine, plan

NETWORKS = {
    "dense": DenseRegressor((20, 5)),
    # Two of its biases are one number.
    "gru": RNNRegressor("gru", 6),
    "lstm": RNNRegressor("lstm", (5, 3), bidirectional=True),
    # Its moving statistics are not learned.
    "normalised": ConvRegressor(filters=(6, 4), kernel_size=3, batch_norm=True),
}


def windows():
    rows = np.random.default_rng(0).normal(size=(260, 2))
    return make_windows(rows, 10, target=0)


def trained(monkeypatch, model, X, y, *, block, n_threads):
    """A network's weights, and what its optimizer remembers."""
    monkeypatch.setattr(plan, "BLOCK", block)
    monkeypatch.setattr(engine, "allowed_threads", lambda: n_threads)
    engine._known_plan.cache_clear()
    model = copy.deepcopy(model).set_params(engine="fused", epochs=2, random_state=0).fit(X, y)
    engine._known_plan.cache_clear()
    return [*model.weights_, *model.trained_.optimizer_state]


def check_the_same(monkeypatch, model, X, y):
    """To the bit whatever the threads; what is left of a block may round in another way."""
    whole = trained(monkeypatch, model, X, y, block=4096, n_threads=1)
    for block in (4096, 1, 7, 64):
        one, two = (
            trained(monkeypatch, model, X, y, block=block, n_threads=n_threads)
            for n_threads in (1, 2)
        )
        for ours, theirs, expected in zip(one, two, whole, strict=True):
            np.testing.assert_array_equal(ours, theirs)
            np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("options", [{}, {"clipnorm": 0.02}, {"global_clipnorm": 0.02}])
@pytest.mark.parametrize("name", NETWORKS)
def test_blocks_and_threads_change_nothing(name, options, monkeypatch):
    """However many weights are moved at a time."""
    model = clone(NETWORKS[name]).set_params(batch_size=128, **options)
    check_the_same(monkeypatch, model, *windows())


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "sgd"])
def test_each_optimizer_remembers_its_own(optimizer, monkeypatch):
    """What is remembered lies where the weights do; and so does what decays."""
    model = RNNRegressor("gru", 6, batch_size=128, optimizer=optimizer, weight_decay=0.1)
    check_the_same(monkeypatch, model, *windows())


def test_a_table_is_moved_by_one_thread(monkeypatch):
    """The rows of a table are none of the blocks."""
    random = np.random.default_rng(0)
    X = random.integers(1, 30, size=(200, 6, 1))
    y = random.integers(2, size=200)
    model = RNNClassifier("gru", 4, embedding=5, batch_size=128)
    check_the_same(monkeypatch, model, X, y)


def test_many_weights_learn_what_they_learn_with_keras():
    """A network of several blocks, from the same weights."""
    pytest.importorskip("keras")
    X, y = windows()
    fused = DenseRegressor(
        (80, 80), engine="fused", epochs=1, batch_size=128, warm_start=True, random_state=0
    )
    keras = copy.deepcopy(fused.fit(X, y)).set_params(engine="keras")
    fused.fit(X, y)
    keras.fit(X, y)

    assert len(plan.Plan(fused.network_).blocks) > 2
    for ours, theirs in zip(fused.weights_, keras.weights_, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
