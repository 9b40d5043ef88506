"""Embeddings: networks that read codes, against Keras, the equations and central differences."""

import copy

import numpy as np
import pytest
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from skrnn import (
    ConvClassifier,
    ConvRegressor,
    DenseClassifier,
    DenseRegressor,
    RNNClassifier,
    RNNRegressor,
    SlidingWindow,
    Windows,
    WindowScaler,
)
from skrnn.neural.codes import known_codes
from skrnn.windows.sequences import sequences_of
from tests.neural.gradients import check_gradient, fitted

pytestmark = pytest.mark.usefixtures("eager")

N_CODES = 12
NETWORKS = {
    "lstm": RNNRegressor("lstm", 5, embedding=3),
    "gru, both directions": RNNRegressor("gru", (4, 3), bidirectional=True, embedding=3),
    "simple, backwards": RNNRegressor("simple", 4, go_backwards=True, embedding=5),
    "mingru": RNNRegressor("mingru", 4, embedding=2),
    "wide": RNNRegressor("lstm", 70, bidirectional=True, embedding=18),
    "dropout": RNNRegressor("gru", 3, embedding=3, dropout=1e-12),
    "convolutions below": RNNRegressor("gru", 4, conv_filters=3, conv_strides=2, embedding=3),
    "segments": RNNRegressor("gru", 4, segment=2, embedding=3),
    "convolutions": ConvRegressor((4, 3), pooling="max", pool_size=2, embedding=3),
    "average": DenseRegressor((), pooling="average", embedding=4),
    "maximum": DenseRegressor(3, pooling="max", embedding=1),
}
FLAT = {
    "dense, flattened": DenseRegressor(6, embedding=3),
    "decoder": RNNRegressor("gru", 3, decoder="recurrent", embedding=3),
    "sequence targets": RNNRegressor("lstm", 3, sequence_targets=True, embedding=3),
}


def texts(n=40, *, ragged=True, seed=0):
    """Sequences of codes, and two targets of each."""
    random = np.random.default_rng(seed)
    lengths = random.integers(4, 12, size=n) if ragged else np.full(n, 8)
    X = [random.integers(0, N_CODES, size=(length, 1)) for length in lengths]
    X[0][0] = N_CODES - 1
    return sequences_of(X), random.normal(size=(n, 2))


def data(name):
    """The windows and targets of a network."""
    if name not in FLAT:
        return texts()
    X, y = texts(ragged=False)
    if name == "sequence targets":
        y = y + np.asarray(X)[:, -1]
    return Windows.from_array(np.asarray(X)), y


@pytest.mark.parametrize("name", [*NETWORKS, *FLAT])
def test_gradients_are_slopes(name):
    """The gradient of every weight is the slope of the loss, as central differences tell it."""
    model = {**NETWORKS, **FLAT}[name]
    X, y = data(name)

    model = fitted(model, X, y)

    check_gradient(model, known_codes(X, N_CODES), y, n_weights=20)


@pytest.mark.parametrize(
    "name",
    ["gru, both directions", "convolutions below", "segments", "average", "sequence targets"],
)
def test_trains_as_keras_does(name):
    """Epochs of gradient descent give the weights of Keras, from the same ones."""
    X, y = data(name)
    model = fitted({**NETWORKS, **FLAT}[name], X, y, optimizer="sgd", learning_rate=0.1)

    ours, theirs = both_engines(model, X, y, epochs=3)

    for own, other in zip(ours.weights_, theirs.weights_, strict=True):
        np.testing.assert_allclose(own, other, atol=1e-6)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), atol=1e-5)


def both_engines(model, X, y, **params):
    """A fitted network that has gone on in either engine."""
    for engine in ("fused", "keras"):
        going_on = copy.deepcopy(model).set_params(engine=engine, warm_start=True, **params)
        yield going_on.fit(X, y)


def test_small_batches_train_as_keras_does():
    """Gradient descent in batches that read some of the codes is that of Keras.

    But for clipping: Keras takes the norm before the gradients of a code that comes twice are
    summed.
    """
    X, y = texts()
    network = RNNRegressor("gru", 4, embedding=3, global_clipnorm=None)
    model = fitted(network, X, y, optimizer="sgd", learning_rate=0.1)

    ours, theirs = both_engines(model, X, y, epochs=3, batch_size=7)

    for own, other in zip(ours.weights_, theirs.weights_, strict=True):
        np.testing.assert_allclose(own, other, atol=1e-6)


@pytest.mark.parametrize("cell", ["simple", "lstm", "gru"])
def test_many_codes_train_as_keras_does(cell):
    """So it is where chunks read more codes than are summed at a time."""
    random = np.random.default_rng(0)
    X = sequences_of(
        [random.integers(0, 400, size=length) for length in random.integers(3, 30, 80)]
    )
    y = random.normal(size=80)
    model = RNNRegressor(cell, 17, bidirectional=True, embedding=6, global_clipnorm=None)
    model = fitted(model, X, y, optimizer="sgd", learning_rate=0.1)

    ours, theirs = both_engines(model, X, y, epochs=2, batch_size=40)

    for own, other in zip(ours.weights_, theirs.weights_, strict=True):
        np.testing.assert_allclose(own, other, atol=1e-6)


@pytest.mark.parametrize("cell", ["simple", "lstm", "gru", "mingru", "minlstm"])
def test_vectors_in_place_of_codes_are_the_same(cell):
    """Products that are looked up are those with the vectors, which dropout takes one by one."""
    X, y = texts()
    model = fitted(RNNRegressor(cell, 5, embedding=3, bidirectional=True), X, y, dtype="float32")
    looked_up = model.predict(X)

    one_by_one = model.set_params(dropout=0.5).predict(X)

    np.testing.assert_allclose(one_by_one, looked_up, atol=1e-6)


def test_what_is_missing_moves_no_row():
    """Steps that shorter sequences lack are no codes: the row of 0 stays where no sample has it."""
    with_zero, y = texts(20)
    params = {"batch_size": 5, "random_state": 0, "warm_start": True, "epochs": 1}
    model = RNNRegressor("gru", 3, embedding=2, **params).fit(with_zero, y)
    before = model.weights_[0].copy()
    without = sequences_of([1 + np.arange(length) for length in range(3, 10)])

    model.fit(without, y[:7])

    np.testing.assert_array_equal(model.weights_[0][0], before[0])
    assert (model.weights_[0][1:4] != before[1:4]).all()


@pytest.mark.parametrize("clip", [{"global_clipnorm": 0.01}, {"clipnorm": 0.01}, {}])
def test_one_thread_learns_what_two_learn(clip):
    """Who sums and moves rows does not matter."""
    X, y = texts(70)
    model = RNNRegressor("gru", 8, embedding=5, epochs=2, random_state=0, **clip)
    two = clone(model).fit(X, y)

    with threadpool_limits(1):
        one = clone(model).fit(X, y)

    for own, other in zip(one.weights_, two.weights_, strict=True):
        np.testing.assert_array_equal(own, other)


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop"])
def test_optimizers_are_those_of_keras(optimizer):
    """Of codes that each come once in a batch, the other optimizers are those of Keras.

    Of a code that comes twice it adds two squares, where the square of the sum is meant.
    """
    codes = np.random.default_rng(0).permutation(60)
    X = sequences_of([codes[i : i + 5] for i in range(0, 60, 5)] + [codes[:1]])[:12]
    y = texts(12)[1]
    model = fitted(RNNRegressor("gru", 4, embedding=3), X, y, optimizer=optimizer)

    ours, theirs = both_engines(model, X, y, epochs=3)

    for own, other in zip(ours.weights_, theirs.weights_, strict=True):
        np.testing.assert_allclose(own, other, atol=1e-5)


def test_adam_moves_the_rows_of_its_batch():
    """Adam is lazy: an epoch of batches is its equations for the rows that each has read."""
    X = np.array([[1, 2], [2, 2], [3, 1], [0, 0]])
    y = np.array([1.0, -2.0, 0.5, 3.0])
    params = {"batch_size": 1, "epochs": 1, "dtype": "float64", "random_state": 0}
    params |= {"learning_rate": 0.1, "learning_rate_schedule": "constant", "normalize_y": False}
    model = DenseRegressor((), pooling="average", embedding=2, warm_start=True, **params).fit(X, y)
    start = model.trained_
    table, kernel, bias = (weight.copy() for weight in start.weights)
    steps, _, *state = (np.array(array, float) for array in start.optimizer_state)
    order = start.generators["order"]

    model.fit(X, y)

    memory = [state[i : i + 2] for i in range(0, 6, 2)]
    for i in order:
        steps += 1
        mean = table[X[i]].mean(axis=0)
        slope = 2 * (mean @ kernel[:, 0] + bias[0] - y[i])
        gradient = np.zeros_like(table)
        np.add.at(gradient, X[i], slope * kernel[:, 0] / 2)
        rows = np.unique(X[i])
        _adam(table, gradient, memory[0], steps, rows)
        _adam(kernel, slope * mean[:, None], memory[1], steps)
        _adam(bias, np.array([slope]), memory[2], steps)
    for own, expected in zip(model.weights_, (table, kernel, bias), strict=True):
        np.testing.assert_allclose(own, expected, rtol=1e-12)


def _adam(W, G, memory, steps, rows=slice(None)):
    """A step of Adam for some rows."""
    M, V = memory
    M[rows] += (G[rows] - M[rows]) * 0.1
    V[rows] += (G[rows] ** 2 - V[rows]) * 0.001
    alpha = 0.1 * np.sqrt(1 - 0.999**steps) / (1 - 0.9**steps)
    W[rows] -= alpha * M[rows] / (np.sqrt(V[rows]) + 1e-7)


@pytest.mark.parametrize("name", NETWORKS)
def test_company_changes_nothing(name):
    """What is told of a sequence is the same alone and among longer ones."""
    X, y = texts()
    model = fitted(NETWORKS[name], X, y, dtype="float32")
    together = model.predict(X)

    alone = np.concatenate([model.predict(X[i : i + 1]) for i in range(len(X))])

    np.testing.assert_allclose(alone, together, atol=1e-6)


@pytest.mark.parametrize("engine", ["fused", "keras"])
def test_codes_above_those_of_fit_are_unknown(engine):
    """A code that fit did not see reads as 0."""
    X, y = texts()
    model = fitted(NETWORKS["lstm"], X, y, engine=engine)
    new = X.replace(rows=np.where(X.rows == 0, 10**6, X.rows))

    np.testing.assert_array_equal(model.predict(new), model.predict(X))


def test_the_keras_model_reads_codes_above_those_of_fit_as_unknown():
    """So it does in the stock Keras model that a network becomes."""
    X, y = texts()
    model = fitted(NETWORKS["lstm"], X, y, dtype="float32")
    steps = np.asarray(X)
    new = np.where(steps == 0, 1000, steps)

    np.testing.assert_allclose(
        model.keras_model().predict(new, verbose=0), model.predict(X), atol=1e-5
    )


def test_counts_codes_of_its_own_samples_alone():
    """The codes of samples that are left to others are none of a fit's."""
    X, y = texts()
    X.rows[X.ends[0]] = 77

    model = fitted(NETWORKS["average"], X[1:], y[1:])

    assert model.n_codes_ == N_CODES


def test_says_that_later_training_brings_new_codes():
    """Codes that a later training brings beside are unknown, which is said."""
    model = RNNClassifier("simple", 2, embedding=2, random_state=0)
    model.partial_fit([[1, 2, 3], [0, 1]], [0, 1])

    with pytest.warns(UserWarning, match="codes up to 9, and the first fit had them up to 3"):
        model.partial_fit([[1, 9, 3], [0, 1]], [0, 1])


@pytest.mark.parametrize("bad", [-1.0, 0.5, 2.0**24])
@pytest.mark.parametrize("method", ["fit", "predict"])
def test_refuses_what_is_no_code(bad, method):
    """Numbers that are no codes are refused, in fit and in predict."""
    X, y = texts()
    model = fitted(NETWORKS["average"], X, y)
    wrong = X.replace(rows=np.where(X.rows == 3, bad, X.rows.astype(float)))
    arguments = (wrong, y) if method == "fit" else (wrong,)

    with pytest.raises(ValueError, match="reads codes, whole numbers from 0 to 16777215"):
        getattr(model, method)(*arguments)


def test_refuses_several_features():
    """Codes are one feature."""
    with pytest.raises(ValueError, match="one feature a step, got 2 features"):
        RNNRegressor(embedding=4).fit(np.zeros((5, 3, 2)), np.zeros(5))


def test_refuses_scaled_windows():
    """Codes are not to be scaled."""
    windows = WindowScaler().fit_transform(SlidingWindow(3).fit_transform(np.arange(9)[:, None]))

    with pytest.raises(ValueError, match="not to be scaled"):
        RNNRegressor(embedding=4).fit(windows, np.zeros(9))


def test_reads_codes_that_rows_share():
    """Windows over a series of codes, some of whose first steps are unknown, are read as well."""
    codes = np.random.default_rng(0).integers(0, 5, size=200)
    windows = SlidingWindow(4).fit_transform(codes[:, None])
    before = np.roll(codes, 1) % 2
    model = RNNClassifier("gru", 8, embedding=4, epochs=40, random_state=0)

    model.fit(windows, before)

    assert model.score(windows, before) > 0.95


@pytest.mark.parametrize(
    "model",
    [RNNClassifier("lstm", 8), ConvClassifier(8, pooling="max"), DenseClassifier(8, pooling="max")],
    ids=lambda model: type(model).__name__,
)
def test_learns_which_word_decides(model):
    """Each architecture learns which of the codes decides the class."""
    random = np.random.default_rng(0)
    X = [random.integers(0, 30, size=n) for n in random.integers(3, 20, size=300)]
    y = np.array([(x == 7).any() for x in X])
    model.set_params(embedding=8, random_state=0)

    assert model.fit(X, y).score(X, y) > 0.95


def test_vectors_of_an_ensemble_are_each_its_own():
    """Several networks, each with its own vectors, learn and tell together."""
    X, y = texts()

    model = fitted(NETWORKS["average"], X, y, n_estimators=2)

    first, second = (weights[0] for weights in (m.weights_ for m in model.estimators_))
    assert first.shape == (N_CODES, 4)
    assert (first != second).any()


def test_goes_on_where_it_was():
    """Two trainings one after the other are one, in batches that read few of the codes."""
    X, y = texts()
    params = {"batch_size": 5, "random_state": 0, "learning_rate_schedule": "constant"}
    whole = RNNRegressor("gru", 3, embedding=2, epochs=4, **params).fit(X, y)
    halves = RNNRegressor("gru", 3, embedding=2, epochs=2, warm_start=True, **params)

    halves.fit(X, y).fit(X, y)

    for own, expected in zip(halves.weights_, whole.weights_, strict=True):
        np.testing.assert_array_equal(own, expected)


def test_all_networks_describe_it():
    """Every network's docstring tells what the parameter does."""
    classes = [RNNRegressor, RNNClassifier, ConvRegressor, ConvClassifier]
    for network in [*classes, DenseRegressor, DenseClassifier]:
        assert "embedding : int" in network.__doc__
