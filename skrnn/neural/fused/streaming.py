"""Streaming: texts of codes, whose windows begin with the states that the ones before left."""

import functools

import numpy as np

from skrnn.neural.fused import loop
from skrnn.neural.fused.checks import check_inputs, check_targets
from skrnn.neural.fused.compiling import announced
from skrnn.neural.fused.engine import (
    NAME,
    Trainer,
    lanes_of,
    packed_weights,
    places_of,
    planned,
    train_by,
    uncovered,
)
from skrnn.neural.fused.gathering import Source, Targets, nothing, source
from skrnn.neural.fused.lending import lent
from skrnn.neural.fused.loop import Batches, Inputs
from skrnn.neural.fused.losses import LOSSES
from skrnn.neural.fused.readings import Reading
from skrnn.neural.fused.threads import DONE, allowed_threads, shared_state, together
from skrnn.neural.network import Network
from skrnn.neural.streams import Stream, StreamCourse, StreamFeed, Windows
from skrnn.neural.training import Trained

__all__ = ["NAME", "Walk", "nats", "train", "uncovered"]

# An epoch is read in so many sections: the learning rate falls from one to the next.
SECTIONS = 50
# How many windows are read at a time to tell how likely a text is.
TOGETHER = 64
# Behind so many windows the states are kept at a time, where there are several texts.
REMEMBERED = 2**14
# States that differ by less are the same.
SAME = {"float32": 1e-6, "float64": 1e-11}


# ---------------------------------------------------------------------- what the loops read


def _source(stream, windows, length, dtype):
    """The codes that windows read: of shorter ones the first steps are not there."""
    begin = int(windows.first.min())
    end = int((windows.first + windows.size).max())
    # A part of a long text costs what the part does.
    rows = stream.read[begin:end].astype(dtype)[:, None]
    missing = length - windows.size
    return source(rows, windows.first - missing - begin, np.arange(length), missing=missing)


def _targets(stream, windows, length, dtype):
    """The class at each step, and 1; or 0 where there is none, or nobody knows it."""
    missing = (length - windows.size)[:, None]
    steps = np.arange(length)
    told = stream.told[np.maximum(windows.first[:, None] - missing + steps, 0)]
    counts = (steps >= missing) & (told > 0)
    classes = np.where(counts, told - 1, 0).astype(dtype)
    empty = np.zeros(0, np.int64)
    return Targets(classes[:, :, None], counts.astype(dtype), empty, empty)


def _some(windows, which):
    """Some windows; where there is none (-1) a step of any that does not count."""
    there = which >= 0
    return Windows(
        first=np.where(there, windows.first[which], windows.first[which[there][:1]].sum()),
        size=np.where(there, windows.size[which], 1),
        piece=windows.piece[which],
        begins=np.where(there, windows.begins[which], True),
    )


def _batches(order, *, size, lanes, seed=0):
    return Batches(
        order=order,
        size=size,
        lanes=lanes,
        loss=LOSSES["softmax"],
        n_losses=1,
        quantiles=np.zeros(0),
        seed=seed,
    )


# ---------------------------------------------------------------------- training


@announced()
def train(
    network: Network,
    course: StreamCourse,
    feed: StreamFeed,
    validation: Stream | None,
) -> Trained:
    """Train on a stream from new weights, or go on from others, as a course says."""
    trainer = _StreamTrainer(network, course.training, feed, course.start)
    return train_by(course, trainer, feed, validation)


class _StreamTrainer(Trainer):
    """A network in training, and the states of all lanes behind their last windows."""

    def epoch(self, course):
        """Train on every window of every lane once, and return the mean loss of a letter."""
        feed = self.feed
        stream = feed.stream
        windows, table = feed.lanes()
        n_lanes = feed.batch_size
        # The last row stays zero: there a text begins.
        states = np.zeros((n_lanes + 1, self.plan.n_states), self.network.dtype)
        self.learning.totals[:] = 0
        self.n_learned_from = 0
        seed = int(self.random.integers(2**62))
        size = max(1, len(table) // SECTIONS)
        for first in range(0, len(table), size):
            rows = table[first : first + size]
            some = _some(windows, rows.ravel())
            targets = _targets(stream, some, feed.length, self.network.dtype)
            targets.weights[rows.ravel() < 0] = 0
            codes = _source(stream, some, feed.length, self.network.dtype)
            lanes = np.tile(np.arange(n_lanes), len(rows))
            before = source(states, np.where(some.begins, n_lanes, lanes), [0])
            self.n_learned_from += int(targets.weights.sum(dtype=float))
            course.n_told = self.n_learned_from
            self.learning.optimizer["rate"] = self.rate * course.rate_share(first / len(table))
            reading = Reading(codes, nothing(), targets, np.arange(rows.size))
            self._check(reading)
            show = functools.partial(self._show, course, first)
            self._run(reading, seed + first, show, before)
        return self.mean

    def _show(self, course, n_before, shared):
        n_done = n_before + shared[DONE]
        course.show(min(n_done, course.n_batches), self.mean)

    @property
    def mean(self):
        """The mean loss of the epoch's letters so far."""
        return float(self.learning.totals[0] * self.feed.length / max(1, self.n_learned_from))

    def loss(self, feed):
        """The mean loss of a letter of other texts, without training."""
        plan = planned(self.sequences.over(self.feed.length), every_step=True)
        total, known = _nats(plan, self.packed.packed, feed)
        return total / max(1, known)


# ---------------------------------------------------------------------- how likely texts are


@announced()
def nats(network: Network, weights: list, stream: Stream) -> tuple[float, int]:
    """The sum over all letters of -log of the probability that each had, and how many they are.

    Letters without a code do not count.
    """
    plan = planned(network, every_step=True)
    packed = packed_weights(plan, plan.vector(weights, network.dtype)).packed
    return _nats(plan, packed, stream)


def _nats(plan, packed, stream):
    """Texts are read in pieces side by side, each as if a text began there.

    Then every piece begins with the states that the one before ends with, and is read on until its
    states are what they were: a network forgets, so that is soon. All states are then those of a
    text that was read from its first letter to its last.
    """
    network = plan.network
    length = network.steps
    windows = stream.windows(length)
    n = len(windows.first)
    if n > REMEMBERED and len(stream.starts) > 2:
        totals, known = zip(*(_nats(plan, packed, half) for half in stream.halves()), strict=True)
        return sum(totals), sum(known)
    after = np.full((n, plan.n_states), np.nan, network.dtype)
    sums = np.zeros(n)
    begins = windows.begins.copy()
    begins[:: max(1, n // TOGETHER)] = True
    front = np.flatnonzero(begins)
    while len(front):
        moved = []
        for some in np.array_split(front, -(-len(front) // (4 * TOGETHER))):
            before = np.where(windows.begins[some, None], 0, after[some - 1])
            before[np.isnan(before)] = 0
            sums[some], behind = _read(plan, packed, stream, _some(windows, some), before)
            same = np.abs(behind - after[some]).max(axis=1, initial=0) <= SAME[network.dtype]
            after[some] = behind
            moved.append(some[~same])
        following = np.concatenate(moved) + 1
        following = following[following < n]
        front = following[~windows.begins[following]]
    return float(sums.sum()), int((stream.told > 0).sum())


def _read(plan, packed, stream, windows, states):
    """The loss of each of some windows, and the states behind them."""
    network = plan.network
    n = len(windows.first)
    codes = _source(stream, windows, network.steps, network.dtype)
    targets = _targets(stream, windows, network.steps, network.dtype)
    order = np.arange(n)
    check_inputs(network, codes, nothing(), order)
    check_targets(network, targets, network.steps, order)
    lanes = lanes_of(plan, n)
    batches = _batches(order, size=n, lanes=lanes)
    before = source(np.ascontiguousarray(states), order, [0])
    after = np.empty_like(states)
    sums = np.empty(n)

    def work(thread, shared):
        inputs = Inputs(codes.read, nothing().read, before.read, after)
        places = places_of(plan, training=True)
        with lent(plan.rows, lanes, network.dtype) as memory:
            loop.losses(places, inputs, targets, batches, packed, memory, shared, sums)

    n_chunks = -(-n // lanes)
    if n_chunks > 1:
        together(min(allowed_threads(), n_chunks), work)
    else:
        work(0, shared_state())
    return sums, after


# ---------------------------------------------------------------------- letter by letter


class Walk:
    """A network that reads one code after another, and tells the scores of what comes next."""

    @announced()
    def __init__(self, network: Network, weights: list):
        network = network.on(1)
        self._plan = plan = planned(network, every_step=True)
        self._packed = packed_weights(plan, plan.vector(weights, network.dtype)).packed
        self._code = np.zeros((1, 1), network.dtype)
        self._states = np.zeros((1, plan.n_states), network.dtype)
        self._scores = np.zeros((1, network.outputs), network.dtype)
        self._lanes = lanes_of(plan, 1)
        # What they read stays in memory as long as this does.
        self._sources: tuple[Source, ...] = (
            source(self._code, [0], [0]),
            nothing(),
            source(self._states, [0], [0]),
        )
        self._places = places_of(plan)

    def step(self, code: int) -> np.ndarray:
        """The scores of all classes behind the next code; 0 reads nothing."""
        self._code[0, 0] = code
        inputs = Inputs(*(part.read for part in self._sources), self._states)
        order = np.zeros(1, np.int64)
        with lent(self._plan.forward_rows, self._lanes, self._code.dtype) as memory:
            loop.predict(
                self._places,
                inputs,
                order,
                self._lanes,
                self._packed,
                memory,
                shared_state(),
                self._scores,
            )
        return self._scores[0].astype(float)
