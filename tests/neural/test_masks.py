"""What dropout leaves out: how much, and of what."""

import itertools

import numpy as np
import pytest

from skrnn import make_windows
from skrnn.neural.feeding import Feed
from skrnn.neural.fused import engine
from skrnn.neural.fused.compiling import compiled
from skrnn.neural.fused.kernels import draw_mask
from skrnn.neural.fused.memory import ALL
from skrnn.neural.network import Dropout, Network, Recurrent
from skrnn.neural.training import Course, Loss, Training

STEPS, UNITS, RATE = 4, 20, 0.3


@compiled
def draw(mask, rate, seed, memory):
    """The function, called from compiled code as it is elsewhere."""
    draw_mask(mask, rate, seed, memory)


def of_a_batch(lanes, dtype):
    """The memory of a chunk that is a whole batch."""
    memory = np.zeros((ALL + 1, 1), dtype)
    memory[ALL] = lanes
    return memory


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_how_many_are_left_out(rate, dtype):
    """As many as the rate says, and what stays makes up for them."""
    mask = np.empty((100, 1000), dtype)

    draw(mask, rate, 7, of_a_batch(1000, dtype))

    left_out = mask == 0
    deviation = np.sqrt(rate * (1 - rate) / mask.size)
    assert abs(left_out.mean() - rate) <= 4 * deviation
    np.testing.assert_allclose(mask[~left_out], 1 / (1 - rate))
    # No row or column has another rate than the rest.
    for axis, n in enumerate(mask.shape):
        assert abs(left_out.mean(axis=axis) - rate).max() <= 5 * deviation * np.sqrt(mask.size / n)


LAYERS = (
    Recurrent("gru", UNITS, dropout=RATE, recurrent_dropout=RATE, sequences=True),
    Recurrent("gru", UNITS, dropout=RATE, recurrent_dropout=RATE),
    Dropout(RATE),
)
TRAINING = Training(
    loss=Loss("mse"),
    optimizer="sgd",
    learning_rate=0.1,
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


class Chunk:
    """What the last chunk of an epoch leaves in memory."""

    def __init__(self, n, batch_size):
        X, y = make_windows(np.ones(n + STEPS), STEPS)
        feed = Feed(X, y[:, None], None, batch_size=batch_size, dtype="float32", seed=0)
        self.trainer = trainer = engine.Trainer(Network(STEPS, 1, 1, LAYERS), TRAINING, feed, None)
        trainer.epoch(Course(TRAINING, len(feed), None))
        self.first, self.second, self.last, _ = trainer.plan.layers
        self._memory = trainer.memories[0].reshape(trainer.plan.rows, -1)

    def rows(self, place, n):
        """Some rows of memory."""
        return self._memory[place : place + n]

    def masks(self):
        """The masks of as many units, of all layers."""
        places = (
            self.first["h_mask"],
            self.second["x_mask"],
            self.second["h_mask"],
            self.last["x_mask"],
        )
        return [self.rows(place, UNITS) for place in places]


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    """Who has the only memory."""
    monkeypatch.setattr(engine, "allowed_threads", lambda: 1)


def test_every_chunk_batch_and_layer_has_its_own():
    """Masks are the same as often as if each of them were drawn alone."""
    one_chunk, another_batch, another_chunk = Chunk(64, 64), Chunk(128, 64), Chunk(128, 128)

    chunks = (one_chunk, another_batch, another_chunk)
    masks = [mask[:, :32] for chunk in chunks for mask in chunk.masks()]

    for mask in masks:
        assert abs((mask == 0).mean() - RATE) < 0.06
    for one, two in itertools.combinations(masks, 2):
        assert abs((one == two).mean() - RATE**2 - (1 - RATE) ** 2) < 0.1


def test_the_same_however_a_batch_is_divided(monkeypatch):
    """What is left out of a sample does not depend on who else is in its chunk."""
    weights = []
    for lanes in (16, 32, 64):
        monkeypatch.setattr(engine, "lanes_of", lambda plan, n, lanes=lanes: lanes)
        weights.append(np.concatenate([w.ravel() for w in Chunk(130, 60).trainer.weights()]))

    for others in weights[1:]:
        np.testing.assert_allclose(others, weights[0], atol=1e-5)


def test_the_same_at_every_step():
    """A recurrent layer leaves out the same inputs and the same states from its first step to its
    last.
    """
    chunk = Chunk(64, 64)

    for layer in (chunk.first, chunk.second):
        for n, read, mask, left in (
            (int(layer["inputs"]), "x", "x_mask", "x_masked"),
            (UNITS, "H", "h_mask", "h_masked"),
        ):
            all_steps, left = (
                chunk.rows(layer[name], STEPS * n).reshape(STEPS, n, -1) for name in (read, left)
            )
            np.testing.assert_array_equal(left, all_steps * chunk.rows(layer[mask], n))
