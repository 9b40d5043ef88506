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
    engine._PLANS.clear()
    model = copy.deepcopy(model).set_params(engine="fused", epochs=2, random_state=0).fit(X, y)
    engine._PLANS.clear()
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


def test_a_network_is_planned_once(monkeypatch):
    """For training, validation and forecasts; and its plan is of whole numbers of 32 bits."""
    planned, plans = engine.planned, []
    monkeypatch.setattr(
        engine, "planned", lambda *args, **how: plans.append(planned(*args, **how)) or plans[-1]
    )
    engine._PLANS.clear()
    X, y = windows()

    model = DenseRegressor((300, 300), epochs=2, early_stopping=True, engine="fused").fit(X, y)
    model.predict(X)

    (one,) = plans
    arrays = [value for value in vars(one).values() if isinstance(value, np.ndarray)]
    n_weights = sum(weight.size for weight in model.weights_)
    assert sum(array.nbytes for array in arrays) < 4.2 * n_weights


def test_a_new_fit_knows_nothing_of_the_one_before():
    """Nor do its members; what other samples tell is new."""
    X, y = windows()
    model = RNNRegressor("gru", 3, n_estimators=2, epochs=1, quantiles=(0.1, 0.5), random_state=0)
    model.fit(X, y).set_params(quantiles=None).fit(X, y)
    anew = clone(model).fit(X, y)

    assert vars(model).keys() == vars(anew).keys()
    assert vars(model.estimators_[0]).keys() == vars(anew.estimators_[0]).keys()
    model.set_params(n_estimators=1).fit(X, y)
    assert not hasattr(model, "estimators_")
    assert not hasattr(model, "seeds_")


def test_an_embedding_cannot_come_later():
    codes = np.arange(300).reshape(60, 5) % 7
    model = RNNRegressor("gru", 3, epochs=1, warm_start=True).fit(codes, codes[:, 0])
    with pytest.raises(ValueError, match="embedding changed since"):
        model.set_params(embedding=3).fit(codes, codes[:, 0])
