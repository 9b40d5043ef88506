"""Pooling: what layers make of all steps, against equations, Keras and central differences."""

import copy

import numpy as np
import pytest

from skrnn import ConvRegressor, DenseRegressor, RNNClassifier, RNNRegressor, Windows
from skrnn.windows.sequences import sequences_of
from tests.neural.gradients import check_gradient, fitted

pytestmark = pytest.mark.usefixtures("eager")

RECURRENT = {
    "average": RNNRegressor("gru", 4, pooling="average"),
    "max": RNNRegressor("lstm", (3, 4), pooling="max", dense_units=3),
    "attention": RNNRegressor("gru", 4, pooling="attention"),
    "attention, backwards": RNNRegressor("lstm", 3, pooling="attention", go_backwards=True),
    "attention, both directions": RNNRegressor(
        "gru", (2, 3), pooling="attention", bidirectional=True
    ),
}
NETWORKS = {
    **RECURRENT,
    "attention, dense": DenseRegressor(5, pooling="attention"),
    "attention, convolutions": ConvRegressor(4, pooling="attention"),
}


def sequences(n=30, seed=0):
    """Sequences of different length, and a target of each."""
    random = np.random.default_rng(seed)
    X = [random.normal(size=(length, 2)) for length in random.integers(2, 9, size=n)]
    return sequences_of(X), random.normal(size=(n, 1))


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_are_slopes(name):
    """The gradient of every weight is the slope of the loss, as central differences tell it."""
    X, y = sequences()

    model = fitted(NETWORKS[name], X, y)

    check_gradient(model, X, y, n_weights=20)


@pytest.mark.parametrize("name", NETWORKS)
def test_trains_as_keras_does(name):
    """Epochs of gradient descent give the weights of Keras, from the same ones."""
    X, y = sequences()
    model = fitted(NETWORKS[name], X, y, optimizer="sgd", learning_rate=0.1)
    ours, theirs = (
        copy.deepcopy(model).set_params(engine=engine, warm_start=True, epochs=3).fit(X, y)
        for engine in ("fused", "keras")
    )

    for own, other in zip(ours.weights_, theirs.weights_, strict=True):
        np.testing.assert_allclose(own, other, atol=1e-6)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), atol=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_company_changes_nothing(name):
    """What is forecast of a sequence is the same alone and among longer ones."""
    X, y = sequences()
    model = fitted(NETWORKS[name], X, y, dtype="float32")

    alone = np.concatenate([model.predict(X[i : i + 1]) for i in range(len(X))])

    np.testing.assert_allclose(alone, model.predict(X), atol=1e-6)


def test_attention_is_its_equation():
    """Weights are the softmax of the steps' products with the query, and make a mean of them."""
    X, y = sequences()
    model = fitted(DenseRegressor((), pooling="attention"), X, y, normalize_y=False)
    query, kernel, bias = model.weights_
    steps = X[3]
    likings = np.exp(steps @ query[:, 0])

    weights = model.attention_weights(X)[3]

    np.testing.assert_allclose(weights, likings / likings.sum())
    forecast = weights @ steps @ kernel[:, 0] + bias[0]
    np.testing.assert_allclose(model.predict(X)[3], forecast)


@pytest.mark.parametrize("name", [name for name in NETWORKS if "attention" in name])
def test_attention_weights_are_of_the_steps_of_each_sequence(name):
    """Each sequence has as many weights as steps, which add up to 1, alone and in company."""
    X, y = sequences()
    model = fitted(NETWORKS[name], X, y)

    weights = model.attention_weights(X)

    assert [len(own) for own in weights] == X.lengths.tolist()
    np.testing.assert_allclose([own.sum() for own in weights], 1)
    np.testing.assert_allclose(model.attention_weights(X[4:5])[0], weights[4], atol=1e-12)


def test_attention_weights_of_windows_of_one_length_are_an_array():
    """Of windows of one length, some of them incomplete, and several networks: an array."""
    rows = np.random.default_rng(0).normal(size=(20, 5, 1))
    model = fitted(RECURRENT["attention"], rows, rows[:, 0, 0], n_estimators=2)
    rows[3, 2] = np.nan

    weights = model.attention_weights(rows)

    assert weights.shape == (20, 5)
    np.testing.assert_allclose(weights.sum(axis=1), 1)


def test_attention_backwards_is_told_in_the_order_of_the_steps():
    """A network that reads backwards and learns from the first step attends to it."""
    random = np.random.default_rng(0)
    X = random.normal(size=(300, 6, 2))
    X[:, :, 1] = 0
    X[:, 0, 1] = 3
    model = RNNRegressor("gru", 8, pooling="attention", go_backwards=True, random_state=0)

    weights = model.fit(X, X[:, 0, 0]).attention_weights(X).mean(axis=0)

    assert weights.argmax() == 0


def test_needs_attention_to_tell_it():
    """Without attention there are no weights to tell."""
    X, y = sequences()

    with pytest.raises(ValueError, match='a network with pooling="attention"'):
        fitted(RECURRENT["average"], X, y).attention_weights(X)


def test_says_whose_steps_the_attention_is_over():
    """Where layers below give other steps, these are not told as those of the window."""
    X = Windows.from_array(np.random.default_rng(0).normal(size=(20, 6, 1)))
    model = fitted(RNNRegressor("gru", 2, segment=2, pooling="attention"), X, np.ones(20))

    with pytest.raises(ValueError, match="over 3 steps, which its layers make of the 6"):
        model.attention_weights(X)


@pytest.mark.parametrize("other", [{"decoder": "recurrent"}, {"sequence_targets": True}])
def test_a_decoder_begins_with_the_last_state(other):
    """One vector of all steps is none that a decoder or sequence targets begin with."""
    with pytest.raises(ValueError, match="pooling='max' makes one vector of all steps"):
        RNNRegressor(pooling="max", **other).fit(np.zeros((5, 3, 1)), np.zeros(5))


def test_refuses_what_is_no_pooling():
    """An unknown word is refused, with those that are known."""
    with pytest.raises(ValueError, match="pooling must be one of 'last', 'average'"):
        RNNClassifier(pooling="flatten").fit(np.zeros((5, 3, 1)), [0, 1, 0, 1, 0])
