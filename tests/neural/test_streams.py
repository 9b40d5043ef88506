"""Streams: which letters a lane reads when, and what is learned from them, against oracles."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skrnn.neural import streams
from skrnn.neural.fused import streaming
from skrnn.neural.fused.layers import recurrent
from skrnn.neural.fused.plan import Plan
from skrnn.neural.network import Dense, Dropout, Network, OneHot, Recurrent
from skrnn.neural.streams import Stream, StreamCourse, StreamFeed
from skrnn.neural.training import Loss, Trained, Training

SYMBOLS = 5


def network_of(*layers, dtype="float64"):
    return Network(
        steps=None,
        features=1,
        targets=1,
        layers=(OneHot(SYMBOLS), *layers),
        dtype=dtype,
        every_step=True,
        per_target=SYMBOLS,
        link="softmax",
    )


def sgd(rate):
    return Training(
        loss=Loss("softmax"),
        optimizer="sgd",
        learning_rate=rate,
        learning_rate_schedule="constant",
        learning_rate_decay=1.0,
        clipnorm=None,
        global_clipnorm=None,
        weight_decay=None,
        epochs=1,
        patience=None,
        callbacks=(),
        verbose=0,
        seed=0,
    )


def stream_of(*sizes):
    random = np.random.default_rng(sum(sizes))
    return Stream.of([random.integers(1, SYMBOLS + 1, n) for n in sizes])


def planned(network, length):
    """The network's plan, and weights that were drawn at random."""
    plan = Plan(network.over(length), every_step=True)
    random = np.random.default_rng(1)
    vector = plan.vector(plan.initial_weights(random), float)
    return plan, vector + random.normal(scale=0.1, size=len(vector))


def loss_and_gradient(network, plan, vector, stream, length, *, rate=1.0):
    """An epoch of gradient descent: at a rate of 1, what weights lose in a step is the gradient."""
    start = Trained(plan.weights(vector), [0, 0], {})
    feed = StreamFeed(stream, length=length, batch_size=64, seed=0)
    course = StreamCourse(sgd(rate), len(feed), start)
    trained = streaming.train(network, course, feed, None)
    return trained.history["loss"][0], vector - plan.vector(trained.weights, float)


# ---------------------------------------------------------------------- lanes


@settings(deadline=None, max_examples=60)
@given(
    sizes=st.lists(st.integers(0, 70), min_size=1, max_size=12).filter(any),
    length=st.integers(1, 20),
    batch_size=st.integers(1, 9),
    seed=st.integers(0, 9),
)
def test_every_letter_is_told_once_an_epoch(sizes, length, batch_size, seed):
    """Lanes hold each window once, in the order of its text, and what carries no state is said."""
    stream = stream_of(*sizes)
    feed = StreamFeed(stream, length=length, batch_size=batch_size, seed=seed)

    windows, table = feed.lanes()

    told = np.concatenate(
        [np.arange(windows.first[i], windows.first[i] + windows.size[i]) for i in table[table >= 0]]
    )
    assert sorted(told) == list(range(len(stream)))
    assert windows.begins[np.isin(windows.first, stream.starts)].all()
    for lane in table.T:
        which = lane[lane >= 0]
        carried = ~windows.begins[which]
        assert not carried[:1].any()
        before = which[:-1][carried[1:]]
        assert (which[1:][carried[1:]] == before + 1).all()
        assert (windows.size[before] == feed.length).all()


def test_what_is_read_is_what_came_before():
    """In front of each text is nothing."""
    stream = Stream.of([np.array([3, 1, 2]), np.array([], int), np.array([4]), np.array([1, 1])])

    assert stream.told.tolist() == [3, 1, 2, 4, 1, 1]
    assert stream.read.tolist() == [0, 3, 1, 0, 0, 1]
    assert stream.starts.tolist() == [0, 3, 4, 6]


def test_a_short_text_has_few_lanes():
    """A step of training behind each window, and not one for the whole text."""
    feed = StreamFeed(stream_of(100), length=5, batch_size=64, seed=0)

    assert feed.batch_size == 2
    assert len(feed) == 10


# ---------------------------------------------------------------------- what is learned

CELLS = ("lstm", "gru", "simple", "mingru", "minlstm")


@pytest.mark.parametrize(
    "layers",
    [
        *([Recurrent(cell, 6, sequences=True)] for cell in CELLS),
        [Recurrent("lstm", 5, sequences=True), Recurrent("gru", 4, sequences=True)],
        [Recurrent("gru", 5, sequences=True, recurrent_dropout=0.3), Dropout(0.2)],
        [Recurrent("lstm", 64, sequences=True), Dense(70)],
    ],
    ids=repr,
)
def test_gradients_against_central_differences(layers, monkeypatch):
    """The gradient of every weight is the slope of the loss, also of texts of unlike length."""
    monkeypatch.setattr(recurrent, "FAR", 0)
    # All texts side by side, in one step.
    monkeypatch.setattr(streams, "FEWEST", 1)
    monkeypatch.setattr(StreamFeed, "_cuts", lambda feed: np.zeros(0, int))
    network = network_of(*layers)
    stream = stream_of(9, 4, 1, 9)
    stream.told[3] = 0  # nobody knows it: it is read as nothing, and does not count
    stream.read[4] = 0
    plan, vector = planned(network, 9)

    def slope(vector):
        return loss_and_gradient(network, plan, vector, stream, 9)

    _, gradient = slope(vector)

    factor = (stream.told > 0).sum() / (4 * 9)
    for place in np.random.default_rng(2).choice(plan.n_learned, 25, replace=False):
        step = np.zeros_like(vector)
        step[place] = 1e-6
        upper, lower = (slope(vector + side * step)[0] for side in (1, -1))
        expected = factor * (upper - lower) / 2e-6
        assert gradient[place] == pytest.approx(expected, rel=1e-4, abs=1e-8)


def test_training_carries_the_state():
    """At a rate of next to nothing an epoch's loss is the exact one of the whole text."""
    network = network_of(Recurrent("lstm", 6, sequences=True), Recurrent("gru", 5, sequences=True))
    stream = stream_of(97, 30)
    plan, vector = planned(network, 8)

    loss, _ = loss_and_gradient(network, plan, vector, stream, 8, rate=1e-13)
    total, known = streaming.nats(network.on(8), plan.weights(vector), stream)

    feed = StreamFeed(stream, length=8, batch_size=64, seed=0)
    assert feed.batch_size == 1
    assert known == 127
    assert loss == pytest.approx(total / known, rel=1e-9)


def test_pieces_side_by_side_are_read_as_one_behind_the_other(monkeypatch):
    """However many windows are read at a time, every state is that of the whole text."""
    network = network_of(Recurrent("lstm", 6, sequences=True))
    stream = stream_of(700, 3, 250)
    plan, vector = planned(network, 8)
    weights = plan.weights(vector)
    together, _ = streaming.nats(network.on(8), weights, stream)

    monkeypatch.setattr(streaming, "TOGETHER", 1)

    assert streaming.nats(network.on(8), weights, stream)[0] == pytest.approx(together, rel=1e-12)
    assert streaming.nats(network.on(700), weights, stream)[0] == pytest.approx(together, rel=1e-12)


def test_many_texts_are_read_some_at_a_time(monkeypatch):
    """The states of a few windows are kept, and the sum is that of all texts."""
    network = network_of(Recurrent("lstm", 6, sequences=True))
    stream = stream_of(30, 3, 25, 1, 60)
    plan, vector = planned(network, 8)
    weights = plan.weights(vector)
    together, known = streaming.nats(network.on(8), weights, stream)

    monkeypatch.setattr(streaming, "REMEMBERED", 2)

    apart = streaming.nats(network.on(8), weights, stream)
    assert apart == (pytest.approx(together, rel=1e-12), known)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_step_is_that_of_keras(cell):
    """The same network on numbers of which one is 1 learns the same from a window."""
    import keras

    length = 7
    network = network_of(Recurrent(cell, 6, sequences=True), dtype="float32")
    stream = stream_of(length)
    plan, vector = planned(network, length)
    weights = [weight.astype("f4") for weight in plan.weights(vector)]
    layer = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[cell]
    model = keras.Sequential(
        [
            keras.Input((length, SYMBOLS)),
            layer(6, return_sequences=True),
            keras.layers.Dense(SYMBOLS),
        ]
    )
    model.set_weights(weights)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.SGD(1.0), loss=loss)
    inputs = np.eye(SYMBOLS + 1, dtype="f4")[stream.read][:, 1:]

    ours, moved = loss_and_gradient(network, plan, vector, stream, length)
    theirs = model.train_on_batch(inputs[None], stream.told[None] - 1)

    assert ours == pytest.approx(float(theirs), rel=1e-5)
    expected = vector - plan.vector(model.get_weights(), float)
    np.testing.assert_allclose(moved, expected, atol=1e-5)


def test_what_reads_codes():
    """Codes stand in front of a recurrent layer without dropout; anything else is refused."""
    assert "recurrent layer" in streaming.uncovered(network_of(Dense(3)))
    assert "recurrent layer" in streaming.uncovered(network_of(Recurrent("lstm", 3, dropout=0.1)))
    assert streaming.uncovered(network_of(Recurrent("lstm", 3))) is None
