"""The fused engine.

Trains a Network and applies it with compiled kernels, as the Keras engine does with Keras.
"""

import contextlib
import functools
import itertools

import numpy as np

from skrnn.neural.fused import kernels, loop
from skrnn.neural.fused.checks import (
    check_carried,
    check_claims,
    check_inputs,
    check_targets,
)
from skrnn.neural.fused.compiling import announced
from skrnn.neural.fused.gathering import (
    missing_steps,
    nothing,
    readable,
    source_of_array,
    source_of_windows,
)
from skrnn.neural.fused.layers import link
from skrnn.neural.fused.lending import lent
from skrnn.neural.fused.loop import (
    Batches,
    Inputs,
    Learning,
    Places,
    Weights,
)
from skrnn.neural.fused.losses import LOSSES, mean_loss, n_losses
from skrnn.neural.fused.memory import LANE_STEP
from skrnn.neural.fused.optimizers import DEFAULTS, optimizer_record, settings
from skrnn.neural.fused.plan import Plan
from skrnn.neural.fused.readings import Reading, Readings
from skrnn.neural.fused.table import reads_of
from skrnn.neural.fused.threads import DONE, Crew, allowed_threads, shared_state, together
from skrnn.neural.network import Embedding, Network, OneHot, Recurrent
from skrnn.neural.pool import Pool
from skrnn.neural.training import (
    Course,
    Keeper,
    Trained,
    Training,
    check_optimizer_state,
    optimizer_name,
)

NAME = "fused"

# The samples of a chunk at most, and half as many where a recurrent layer has that many units: what
# a step reads and gives stays close to a core. Half of these where no step waits for a product with
# the states before: more samples would share no weights, and what all steps leave is far away.
LANES, WIDE = 64, 32
# A batch's chunks are shared out in so many parts at most, each with a gradient of its own.
MOST_SHARES = 64


def uncovered(network: Network, training: Training | None = None) -> str | None:
    """What would have to be otherwise for this engine to train the network, in words.

    None if it can.
    """
    for below, layer in itertools.pairwise((*network.layers, None)):
        if isinstance(below, OneHot) and not _reads_codes(layer):
            return f"what reads codes must be a recurrent layer without dropout, got {layer}"
    for layer in network.layers:
        if getattr(layer, "activation", "linear") not in kernels.ACTIVATIONS:
            return _choice("activation", kernels.ACTIVATIONS, layer.activation)
    if training is None:
        return None
    kind = training.loss.kind
    if not isinstance(kind, str) or kind not in LOSSES:
        return _choice("loss", ("mse", "mae", "huber"), kind)
    if settings(training.optimizer) is None:
        return _choice("optimizer", DEFAULTS, training.optimizer)
    return f"callbacks must be None, got {len(training.callbacks)}" if training.callbacks else None


def _reads_codes(layer):
    return isinstance(layer, Recurrent) and not (layer.dropout or layer.bidirectional)


def _choice(name, choices, value):
    return f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}"


# ---------------------------------------------------------------------- networks for the loops


def lanes_of(plan, n: int) -> int:
    """How many lanes a chunk of n samples has at most."""
    lanes = LANES // 2 if plan.widest >= WIDE else LANES
    if plan.widest and not plan.waits:
        lanes //= 2
    return min(lanes, n + -n % LANE_STEP)


def planned(network: Network, *, every_step: bool = False, n_weights: int | None = None) -> Plan:
    """A network's plan, whose kernels are ready; of one that has weights, with how many numbers."""
    plan = Plan(network, every_step=every_step, n_weights=n_weights)
    link(plan.layers, network.dtype)
    return plan


def places_of(plan: Plan, *, training: bool = False) -> Places:
    """A network as the loops take it; with what is only needed where there are targets."""
    return Places(
        layers=plan.layers,
        rows=plan.rows if training else plan.forward_rows,
        missing=plan.missing,
        windows=plan.windows,
        known_ahead=plan.known_ahead,
        states=plan.states,
        n_states=plan.n_states,
        outputs=plan.outputs,
        target=plan.target,
        factors=plan.factors,
        d_outputs=plan.d_outputs,
        target_steps=plan.target_steps,
        n_targets=plan.network.targets,
        n_outputs=plan.network.outputs,
        table=plan.table,
    )


def packed_weights(plan: Plan, vector: np.ndarray, *, by_variable: bool = False) -> Weights:
    """Weights that are packed for the kernels; in training some ask for them by variable."""
    packed = np.zeros(plan.packed, vector.dtype)
    weights = Weights(
        vector=vector,
        packed=packed,
        others=plan.others,
        runs=plan.runs,
        blocks=plan.blocks,
        variable_of=plan.variable_of() if by_variable else np.zeros(0, np.int64),
        n_variables=len(plan.variables),
        n_dense=plan.n_dense,
        n_learned=plan.n_learned,
        n_packed=plan.n_packed_dense,
    )
    loop.pack(weights)
    return weights


# ---------------------------------------------------------------------- training


@announced()
def train(
    network: Network,
    training: Training,
    feed,
    validation,
    start: Trained | None,
    checkpoint: Keeper | None = None,
) -> Trained:
    """Train from new weights, or go on from ``start``, on the batches of a ``Feed``.

    What a ``checkpoint`` has kept of this training is gone on from.
    """
    course = Course(training, len(feed), start, checkpoint)
    return train_by(course, Trainer(network, training, feed, course.start), feed, validation)


def train_by(course: Course, trainer: "Trainer", feed, validation) -> Trained:
    """All epochs of a training, until its course ends it."""
    with contextlib.closing(trainer), course.interruptible():
        for _ in range(course.epochs_left()):
            course.begin()
            losses = {"loss": trainer.epoch(course)}
            if validation is not None:
                losses["val_loss"] = trainer.loss(validation)
            ends = course.end(losses, trainer)
            feed.shuffle()
            course.keep(trainer, trainer.generators())
            if ends:
                break
    return course.result(trainer, trainer.generators())


class Trainer:
    """The weights of a network in training, and the optimizer's memory of past gradients."""

    def __init__(self, network, training, feed, start):
        self.sequences = network
        self.network = network = network.over(feed.length)
        self.training = training
        self.feed = feed
        self.plan = plan = _known_plan(network, every_step=network.every_step)
        # At least two chunks, which two threads share; among few sequences less is missing.
        n_parts = 4 if feed.varies else 2
        self.lanes = lanes_of(plan, -(-feed.batch_size // n_parts))
        if plan.normalises:  # by statistics of the whole batch, which is one chunk
            self.lanes = feed.batch_size + -feed.batch_size % LANE_STEP
        n_shares = min(MOST_SHARES, -(-feed.batch_size // self.lanes))
        self.crew = Crew(min(allowed_threads(), n_shares))
        self.random = np.random.default_rng(training.seed)
        weights = plan.initial_weights(self.random) if start is None else start.weights
        self.vector = plan.vector(weights, network.dtype)
        optimizer, n_remembered = optimizer_record(training, network.dtype)
        by_variable = bool(np.isfinite(optimizer["clipnorm"][0]))
        self.packed = packed_weights(plan, self.vector, by_variable=by_variable)
        self.rate = training.learning_rate
        if self.rate is None:
            self.rate = settings(training.optimizer)[1]["learning_rate"]
        self.learning = Learning(
            gradients=np.zeros((n_shares, plan.n_packed_dense), network.dtype),
            losses=np.zeros(n_shares),
            gradient=np.zeros(plan.n_dense, network.dtype),
            optimizer=optimizer,
            memory=np.zeros((n_remembered, plan.n_dense), network.dtype),
            totals=np.zeros(2),
            reads=reads_of(plan.table, feed, n_remembered, network.dtype),
        )
        self._memory = contextlib.ExitStack()
        self.memories = [
            self._memory.enter_context(lent(plan.rows, self.lanes, network.dtype))
            for _ in range(self.crew.most)
        ]
        self.places = places_of(plan, training=True)
        self._readings_tested = None
        self._told = {}
        if start is not None:
            self._go_on(start)

    def close(self):
        """Nothing is trained any more."""
        self._memory.close()
        self.memories = []

    @functools.cached_property
    def readings(self):
        """What it learns from."""
        return Readings(self.feed, self._check)

    def _check(self, reading):
        check_inputs(self.network, reading.windows, reading.known_ahead, reading.order)
        check_targets(self.network, reading.targets, self.plan.target_steps, reading.order)

    def epoch(self, course):
        """Train on every batch once, and return the mean loss."""
        self.learning.optimizer["rate"] = self.rate * course.rate_share()
        self.learning.totals[:] = 0
        seed = int(self.random.integers(2**62))
        n_done = 0
        for reading, n_batches in self.readings:
            self._run(reading, seed + n_done, functools.partial(self._show, course, n_done))
            n_done += n_batches
        return self.mean

    def _show(self, course, n_before, shared):
        course.show(n_before + shared[DONE], self.mean)

    @property
    def mean(self):
        """The mean loss of the epoch so far."""
        total, count = self.learning.totals
        return float(total / max(count, 1))

    def _run(self, reading, seed, show, states=None):
        """Train on batches; ``states`` are read by them, and those behind them are kept there."""
        self._told = {}
        carried = _no_states(self.network)
        before = nothing()
        if states is not None:
            before = states
            carried = states.rows
        loss = self.training.loss
        batches = Batches(
            order=reading.order,
            size=self.feed.batch_size,
            lanes=self.lanes,
            loss=LOSSES[loss.kind],
            n_losses=n_losses(loss.kind, self.network.targets, self.network.outputs),
            quantiles=np.array(loss.quantiles, np.float64),
            seed=seed,
        )
        inputs = Inputs(reading.windows.read, reading.known_ahead.read, before.read, carried)
        n_threads = self.crew.chosen()

        def work(thread, shared):
            # What is read stays in memory as long as this function does, also when training is
            # interrupted.
            loop.train(
                self.places,
                inputs,
                reading.targets,
                batches,
                self.packed,
                self.learning,
                self.memories[thread],
                shared,
                n_threads,
            )

        self.crew.run(n_threads, work, show if self.training.verbose == 1 else None)

    def loss(self, feed):
        """The mean loss of what is forecast, without training."""
        outputs = np.empty((len(feed.windows), self.network.outputs), self.network.dtype)
        plan = _known_plan(self.sequences.over(feed.windows.length))
        n_done = 0
        for reading, _ in self._tested(feed, plan):
            some = outputs[n_done : n_done + len(reading.order)]
            inputs = (reading.windows, reading.known_ahead, nothing())
            after = _no_states(self.network)
            crew = self.crew
            _forecast(plan, self.packed.packed, inputs, reading.order, some, after, crew)
            n_done += len(some)
        weights = None if feed.weights is None else feed.weights[feed.order]
        return mean_loss(outputs, feed.y[feed.order], weights, self.training.loss)

    def _tested(self, feed, plan):
        """What it is tested with."""
        if self._readings_tested is None or self._readings_tested.feed is not feed:
            check = functools.partial(_check_forecast, plan)
            self._readings_tested = Readings(feed, check, forecasts=True)
        return self._readings_tested

    def weights(self):
        """The weights, in Keras's order and layout."""
        return self._once("weights", self._copy_weights)

    def optimizer_state(self):
        """What the optimizer remembers, as Keras's optimizers keep it.

        Steps, learning rate, and what there is in turn for each weight that is learned.
        """
        return self._once("optimizer", self._copy_optimizer_state)

    def _once(self, name, copy):
        """A copy that is made once until more is trained: of many weights it takes long."""
        if name not in self._told:
            self._told[name] = copy()
        return list(self._told[name])

    def _copy_weights(self):
        plan = self.plan
        self.vector[plan.n_dense : plan.n_learned] = self.packed.packed[plan.n_packed_dense :]
        return plan.weights(self.vector)

    def generators(self):
        """The states of what draws the order of the windows, and the masks."""
        return {**self.feed.state(), "masks": self.random.bit_generator.state}

    def _copy_optimizer_state(self):
        optimizer = self.learning.optimizer[0]
        state = [np.array(optimizer["steps"], np.int64), np.array(self.rate, np.float32)]
        of_table = self.learning.reads.remembered.swapaxes(0, 1)
        memories = map(self.plan.weights, self.learning.memory, of_table)
        return state + [array for arrays in zip(*memories, strict=True) for array in arrays]

    def _go_on(self, start):
        generators = start.generators
        if "shuffle" in generators:
            self.feed.restore(generators)
        if "masks" in generators:
            self.random.bit_generator.state = generators["masks"]
        n_remembered = len(self.learning.memory)
        state = start.optimizer_state[2:]
        learned = [variable for variable in self.plan.variables if not variable.moving]
        n_kept, rest = divmod(len(state), len(learned))
        same = start.optimizer == optimizer_name(self.training)
        if not same or (n_kept != n_remembered and not rest):
            return  # another optimizer than before, or other settings: its state begins anew
        check_optimizer_state(
            state, [variable for variable in learned for _ in range(n_remembered)]
        )
        self.learning.optimizer["steps"] = int(start.optimizer_state[0])
        for i in range(n_remembered):
            dense, table = np.split(
                self.plan.remembered(state[i::n_remembered]), [self.plan.n_dense]
            )
            self.learning.memory[i] = dense
            rows = self.learning.reads.remembered[:, i]
            rows[:] = table.reshape(rows.shape)


# ---------------------------------------------------------------------- prediction


# The plans that were needed last.
_PLANS = Pool(4)


def _known_plan(network, n_weights=None, *, every_step=False):
    def make():
        return planned(network, every_step=every_step, n_weights=n_weights)

    return _PLANS.get((network, bool(every_step)), make)


def _n_numbers(weights):
    return sum(map(np.size, weights))


@announced()
def predict(
    network: Network,
    weights: list,
    windows,
    known_ahead: np.ndarray | None = None,
) -> np.ndarray:
    """Outputs (n, n_outputs) for complete windows, and what is known ahead of them.

    Windows are read where they lie in their rows.
    """
    network = network.over(windows.length)
    check_claims(network, windows)
    plan = _known_plan(network, _n_numbers(weights))
    outputs = np.empty((len(windows), network.outputs), network.dtype)
    if windows.lengths is None:
        _predict(plan, weights, windows, known_ahead, None, outputs, _no_states(network))
        return outputs
    # Like lengths beside each other: a chunk takes as long as its longest.
    order = np.argsort(windows.lengths, kind="stable")
    ahead = None if known_ahead is None else known_ahead[order]
    sorted_outputs = np.empty_like(outputs)
    _predict(plan, weights, windows[order], ahead, None, sorted_outputs, _no_states(network))
    outputs[order] = sorted_outputs
    return outputs


@announced()
def carry(
    network: Network, weights: list, windows, states: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Outputs for windows that begin with ``states``, and the states behind their last steps.

    States (n, n_states) are those of each recurrent layer in turn, of either direction: its output,
    and behind it the cell of an LSTM. None: zeros.
    """
    check_carried(network)
    check_claims(network, windows)
    plan = _known_plan(network, _n_numbers(weights))
    outputs = np.empty((len(windows), network.outputs), network.dtype)
    after = np.empty((len(windows), plan.n_states), network.dtype)
    _predict(plan, weights, windows, None, states, outputs, after)
    return outputs, after


@announced()
def input_gradients(network: Network, weights: list, windows, output: int = 0) -> np.ndarray:
    """The slope of an output for each number of its window: (n, steps, features).

    Of windows of one length, by the backward pass that training makes.
    """
    if any(isinstance(layer, Embedding) for layer in network.layers):
        raise ValueError("an output has no slope for codes: pass a network without an embedding")
    plan = Plan(network, to_windows=True)
    link(plan.layers, network.dtype)
    lanes = lanes_of(plan, max(1, len(windows)))
    packed = packed_weights(plan, plan.vector(weights, network.dtype)).packed
    gradient = np.zeros_like(packed)
    places = places_of(plan, training=True)
    slopes = np.empty((len(windows), network.steps, network.features), network.dtype)
    given = plan.d_windows, output
    for batch, steps in _sources(windows, network.dtype):
        order = np.arange(len(slopes[batch]))
        check_inputs(network, steps, nothing(), order)
        reads = Inputs(steps.read, nothing().read, nothing().read, _no_states(network))
        with lent(plan.rows, lanes, network.dtype) as memory:
            loop.input_gradients(
                places, reads, order, lanes, packed, gradient, memory, slopes[batch], given
            )
    return slopes


@announced()
def attention(network: Network, weights: list, windows) -> np.ndarray:
    """How much each step of complete windows counts for the network's attention (n, steps)."""
    network = network.over(windows.length)
    plan = _known_plan(network)
    layer = next(layer for layer in plan.layers if layer["shares"])
    if layer["steps"] != network.steps:
        raise ValueError(
            f"the attention of this network is over {layer['steps']} steps, which its layers make "
            f"of the {network.steps} of a window: fit it without segments, strides, pool_size and "
            'padding="valid" to know what each step of the window counts'
        )
    packed = packed_weights(plan, plan.vector(weights, network.dtype)).packed
    lanes = lanes_of(plan, max(1, len(windows)))
    shares = np.empty((len(windows), network.steps), network.dtype)
    for batch, steps in _sources(windows, network.dtype):
        order = np.arange(len(shares[batch]))
        check_inputs(network, steps, nothing(), order)
        reads = Inputs(steps.read, nothing().read, nothing().read, _no_states(network))
        at = int(layer["shares"])
        with lent(plan.forward_rows, lanes, network.dtype) as memory:
            loop.attention(places_of(plan), reads, order, lanes, packed, memory, at, shares[batch])
    return shares[:, ::-1] if layer["late"] else shares


def _no_states(network):
    return np.empty((0, 0), network.dtype)


def _predict(plan, weights, windows, known_ahead, states, outputs, after):
    dtype = plan.network.dtype
    packed = packed_weights(plan, plan.vector(weights, dtype)).packed
    for batch, steps in _sources(windows, dtype):
        ahead = nothing()
        if known_ahead is not None:
            ahead = source_of_array(np.ascontiguousarray(known_ahead[batch], dtype))
        before = nothing()
        if states is not None:
            before = source_of_array(np.ascontiguousarray(states[batch, None], dtype))
        reading = Reading(steps, ahead, None, np.arange(len(outputs[batch])))
        _check_forecast(plan, reading)
        inputs = (steps, ahead, before)
        _forecast(plan, packed, inputs, reading.order, outputs[batch], after[batch])


def _sources(windows, dtype):
    """Windows as the loops read them: all at once in their rows, or gathered, batch by batch."""
    if readable(windows.rows):
        yield slice(None), source_of_windows(windows)
        return
    for batch in windows.batches():
        steps = np.ascontiguousarray(windows.take(batch, dtype=dtype))
        yield batch, source_of_array(steps, missing_steps(windows)[batch])


def _check_forecast(plan, reading):
    check_inputs(plan.network, reading.windows, reading.known_ahead, reading.order)


def _forecast(plan, packed, inputs, order, outputs, after, crew=None):
    """The outputs of samples that are read from three sources, and their last states."""
    lanes = lanes_of(plan, max(1, len(order)))
    places = places_of(plan)

    def work(thread, shared):
        reads = Inputs(*(source.read for source in inputs), after)
        with lent(plan.forward_rows, lanes, outputs.dtype) as memory:
            loop.predict(places, reads, order, lanes, packed, memory, shared, outputs)

    n_chunks = -(-len(order) // lanes)
    if n_chunks > 1:
        brief = crew is not None and crew.is_brief
        n_threads = allowed_threads() if crew is None else crew.chosen()
        together(min(n_threads, n_chunks), work, brief=brief)
    elif n_chunks:
        work(0, shared_state())
