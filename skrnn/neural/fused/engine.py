"""The fused engine.

Trains a Network and applies it with compiled kernels, as the Keras engine does with Keras.
"""

import functools
import sys
import time

import numpy as np

from skrnn.neural.fused import kernels, loop
from skrnn.neural.fused.compiling import announced
from skrnn.neural.fused.gathering import (
    Targets,
    nothing,
    readable,
    source,
    source_of_array,
    source_of_windows,
)
from skrnn.neural.fused.layers import link
from skrnn.neural.fused.loop import LANE_STEP, Batches, Learning, Places, Weights
from skrnn.neural.fused.optimizers import DEFAULTS, clipnorm_of, optimizer_record, settings
from skrnn.neural.fused.plan import Plan
from skrnn.neural.fused.threads import DONE, allowed_threads, shared_state, together
from skrnn.neural.network import Network, Trained, Training, optimizer_name

NAME = "fused"

# The samples of a chunk at most, and half as many where a recurrent layer has that many units: what
# a step reads and gives stays close to a core.
LANES, WIDE = 64, 32
# A batch's chunks are shared out in so many parts at most, each with a gradient of its own.
MOST_SHARES = 64
# A line of the processor's caches.
LINE = 64


def uncovered(network: Network, training: Training | None = None) -> str | None:
    """What would have to be otherwise for this engine to train the network, in words.

    None if it can.
    """
    for layer in network.layers:
        if getattr(layer, "activation", "linear") not in kernels.ACTIVATIONS:
            return _choice("activation", kernels.ACTIVATIONS, layer.activation)
    if training is None:
        return None
    if not isinstance(training.loss, str) or training.loss not in kernels.LOSSES:
        return _choice("loss", kernels.LOSSES, training.loss)
    if settings(training.optimizer) is None:
        return _choice("optimizer", DEFAULTS, training.optimizer)
    return f"callbacks must be None, got {len(training.callbacks)}" if training.callbacks else None


def _choice(name, choices, value):
    return f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}"


# ---------------------------------------------------------------------- networks as the loops take them


def _lanes(plan, n):
    return min(LANES // 2 if plan.widest >= WIDE else LANES, n + -n % LANE_STEP)


def _memory(rows, lanes, dtype):
    """Memory of a chunk, which begins with a line of the cache: no vector lies in two of them."""
    size = rows * lanes * np.dtype(dtype).itemsize
    memory = np.empty(size + LINE, np.uint8)
    start = -memory.ctypes.data % LINE
    return memory[start : start + size].view(dtype)


def _plan(network, *, every_step=False):
    plan = Plan(network, every_step=every_step)
    link(plan.layers, network.dtype)
    return plan


def _places(plan, *, training=False):
    rows = plan.rows if training else plan.forward_rows
    places = (
        plan.windows,
        plan.known_ahead,
        plan.outputs,
        plan.target,
        plan.factors,
        plan.d_outputs,
    )
    return Places(plan.layers, rows, *places, plan.target_steps, plan.network.outputs)


def _weights(plan, vector):
    packed = np.zeros(plan.packed, vector.dtype)
    weights = Weights(vector, packed, plan.numbers, plan.bounds)
    loop.pack(weights)
    return weights


# ---------------------------------------------------------------------- training


@announced()
def train(network: Network, training: Training, feed, validation, start: Trained | None) -> Trained:
    """Train from new weights, or go on from ``start``, on the batches of a ``Feed``."""
    trainer = _Trainer(network, training, feed, start)
    history, interrupted = {}, False
    stopper = _EarlyStopping(training.patience)
    try:
        for epoch in range(training.epochs):
            rate = trainer.rate * training.learning_rate_decay ** (
                epoch / max(1, training.epochs - 1)
            )
            progress = _Progress(training, epoch, len(feed))
            losses = [("loss", trainer.epoch(rate, progress))]
            if validation is not None:
                losses.append(("val_loss", trainer.loss(validation)))
            for name, value in losses:
                history.setdefault(name, []).append(value)
            progress.end(dict(losses))
            if stopper.stops(epoch, history, trainer.vector):
                break
            feed.shuffle()
    except KeyboardInterrupt:
        interrupted = True
    weights = trainer.plan.weights(trainer.vector if stopper.best is None else stopper.best)
    return Trained(
        weights, trainer.optimizer_state(), history, interrupted, optimizer_name(training)
    )


class _Trainer:
    """The weights of a network in training, and the optimizer's memory of past gradients."""

    def __init__(self, network, training, feed, start):
        self.network, self.training, self.feed = network, training, feed
        self.plan = plan = _plan(network, every_step=network.every_step)
        self.lanes = _lanes(plan, feed.batch_size)
        n_shares = min(MOST_SHARES, -(-feed.batch_size // self.lanes))
        self.n_threads = min(allowed_threads(), n_shares)
        self.random = np.random.default_rng(training.seed)
        weights = initial_weights(plan, self.random) if start is None else start.weights
        self.vector = plan.vector(weights, network.dtype)
        self.weights = _weights(plan, self.vector)
        name, values = settings(training.optimizer)
        self.rate = (
            values["learning_rate"] if training.learning_rate is None else training.learning_rate
        )
        optimizer, remembers = optimizer_record(name, values, clipnorm_of(training))
        self.learning = Learning(
            np.zeros((n_shares, plan.packed), network.dtype),
            np.zeros(n_shares),
            np.zeros_like(self.vector),
            optimizer,
            np.zeros((remembers, len(self.vector)), network.dtype),
            np.zeros(2),
        )
        self.memories = [
            _memory(plan.rows, self.lanes, network.dtype) for _ in range(self.n_threads)
        ]
        if start is not None:
            self._remember(start)

    def epoch(self, rate, progress):
        """Train on every batch once, and return the mean loss."""
        self.learning.optimizer["rate"], self.learning.totals[:] = rate, 0
        seed, done = int(self.random.integers(2**62)), 0
        for parts, n_batches in _parts(self.feed):
            self._run(parts, seed + done, functools.partial(self._show, progress, done))
            done += n_batches
        return self.mean

    def _show(self, progress, done, shared):
        progress.step(done + shared[DONE], self.mean)

    @property
    def mean(self):
        """The mean loss of the epoch so far."""
        total, count = self.learning.totals
        return float(total / max(count, 1))

    def _run(self, parts, seed, show):
        windows, known_ahead, targets, order = parts
        loss = kernels.LOSSES[self.training.loss]
        batches = Batches(order, self.feed.batch_size, self.lanes, loss, self.plan.drops, seed)
        places = _places(self.plan, training=True)

        def work(thread, shared):
            # What is read stays in memory as long as this function does, also when training is
            # interrupted.
            read, memory = (windows.read, known_ahead.read), self.memories[thread]
            given = targets, batches, self.weights, self.learning, memory
            loop.train(places, *read, *given, shared, self.n_threads)

        together(self.n_threads, work, show if self.training.verbose == 1 else None)

    def loss(self, feed):
        """The mean loss of what is forecast, without training."""
        outputs = np.empty((len(feed.windows), self.network.outputs), self.network.dtype)
        plan, done = _known_plan(self.network)[0], 0
        for (windows, known_ahead, _, order), _ in _parts(feed, forecasts=True):
            part = outputs[done : done + len(order)]
            _forecast(plan, self.weights.packed, windows, known_ahead, order, part)
            done += len(order)
        return kernels.mean_loss(outputs, feed.y, feed.weights, self.training.loss)

    # What the optimizer remembers, as Keras's optimizers keep it: steps, learning rate, and for
    # each weight in turn.

    def optimizer_state(self):
        optimizer = self.learning.optimizer[0]
        state = [np.array(optimizer["steps"], np.int64), np.array(self.rate, np.float32)]
        memories = map(self.plan.weights, self.learning.memory)
        return state + [part for parts in zip(*memories, strict=True) for part in parts]

    def _remember(self, start):
        state, n = start.optimizer_state, len(self.learning.memory)
        parts = state[2:]
        shapes = [np.shape(weight) for weight in self.plan.weights(self.vector) for _ in range(n)]
        if (
            start.optimizer != optimizer_name(self.training)
            or [np.shape(part) for part in parts] != shapes
        ):
            return  # another optimizer than before: its state begins anew
        self.learning.optimizer["steps"] = int(state[0])
        for place in range(n):
            self.learning.memory[place] = self.plan.vector(parts[place::n], self.network.dtype)


# ---------------------------------------------------------------------- what the loops read


def _parts(feed, *, forecasts=False):
    """An epoch as the loops read it, in parts: (windows, known_ahead, targets, order), and how many batches they are.

    One part, whose windows are read where they lie; or else as many as it takes to gather them with
    NumPy. With ``forecasts`` the targets are left out.
    """
    windows, places = feed.windows, None if forecasts else feed.places
    if not _readable(windows) or (places is None and not forecasts):
        yield from (
            (_gathered(feed, batches, forecasts), len(batches)) for batches in feed.together()
        )
        return
    known_ahead = nothing()
    if feed.known_ahead is not None:
        known_ahead = source(
            windows.rows, windows.ends, feed.known_ahead.leads, feed.known_ahead.columns
        )
    y = np.ascontiguousarray(feed.y[:, None])
    targets = None if forecasts else Targets(y, _weights_of(feed.weights, y), *places)
    yield (source_of_windows(windows), known_ahead, targets, feed.order), len(feed)


def _readable(windows):
    """Whether windows are read where they lie in their rows."""
    return not windows.maps and readable(windows.rows)


def _weights_of(weights, y):
    """Weights (n, 1), or of each step (n, steps), for targets y (n, steps, outputs)."""
    return (
        np.ones((len(y), 1), y.dtype)
        if weights is None
        else np.ascontiguousarray(weights.reshape(len(y), -1))
    )


def _gathered(feed, batches, forecasts):
    """Some batches, gathered."""
    which = [feed.which(i) for i in batches]
    X = [feed.windows.take(one, dtype=feed.dtype) for one in which]
    known_ahead, targets = nothing(), None
    if feed.known_ahead is not None:
        known_ahead = source_of_array(np.concatenate([feed.known_ahead_of(one) for one in which]))
    if not forecasts:
        parts = [feed.targets(*one) for one in zip(which, X, strict=True)]
        y = [y.reshape(len(y), -1, y.shape[-1]) for y, _ in parts]
        weights = [_weights_of(weights, y) for y, (_, weights) in zip(y, parts, strict=True)]
        y = np.ascontiguousarray(np.concatenate(y))
        targets = Targets(y, np.concatenate(weights), *np.zeros((2, 0), np.int64))
    X = source_of_array(np.concatenate(X))
    return X, known_ahead, targets, np.arange(len(X.read.ends))


class _EarlyStopping:
    """Stops when the validation loss has not fallen for ``patience`` epochs, and keeps the best weights."""

    def __init__(self, patience):
        self.patience, self.best, self.lowest, self.waited = patience, None, np.inf, 0

    def stops(self, epoch, history, vector):
        """Whether to stop after this epoch."""
        if self.patience is None:
            return False
        self.waited += 1
        better = history["val_loss"][-1] < self.lowest
        if better or self.best is None:
            self.best = vector.copy()
        if better:
            self.lowest, self.waited = history["val_loss"][-1], 0
        return not better and self.waited >= self.patience and epoch > 0


class _Progress:
    """What ``verbose`` shows: a bar, or a line for each epoch."""

    def __init__(self, training, epoch, n_batches):
        self.verbose, self.n_batches = training.verbose, n_batches
        self.title = f"Epoch {epoch + 1}/{training.epochs}"
        self.start = time.perf_counter()

    def step(self, n, loss):
        """Show how many batches are done."""
        done = 20 * n // self.n_batches
        sys.stdout.write(
            f"\r{self.title} {'━' * done}{'─' * (20 - done)} {n}/{self.n_batches} loss: {loss:.4g} "
        )
        sys.stdout.flush()

    def end(self, losses):
        """Show the losses of the epoch."""
        if self.verbose:
            words = " ".join(f"{name}: {value:.4g}" for name, value in losses.items())
            seconds = time.perf_counter() - self.start
            bar = f"\r{self.title} {'━' * 20}" if self.verbose == 1 else self.title
            print(f"{bar} {self.n_batches}/{self.n_batches} {seconds:.2f}s {words}", flush=True)


# ---------------------------------------------------------------------- weights


def initial_weights(plan: Plan, random) -> list:
    """New weights in Keras's layout, drawn as Keras's initializers draw them."""
    weights = []
    for variable in plan.variables:
        shape = variable.numbers.shape
        if variable.role == "kernel":
            around = np.prod(shape[:-2], dtype=int)
            limit = np.sqrt(6 / (around * (shape[-2] + shape[-1])))
            weight = random.uniform(-limit, limit, shape)
        elif variable.role == "recurrent":
            weight = _orthogonal(random, shape)
        else:
            weight = np.zeros(shape)
            if variable.role == "lstm bias":
                weight[len(weight) // 4 : len(weight) // 2] = (
                    1  # a forget gate that is open at first
                )
        weights.append(weight.astype(plan.network.dtype))
    return weights


def _orthogonal(random, shape):
    rows, columns = shape
    q, r = np.linalg.qr(random.normal(size=(max(shape), min(shape))))
    q *= np.sign(np.diag(r))
    return q if rows >= columns else q.T


# ---------------------------------------------------------------------- prediction


@functools.lru_cache(4)
def _known_plan(network):
    """The plan of a network that predicts, kept for the next time, and memory for a few samples that nobody uses."""
    return _plan(network), []


def predict(network: Network, weights: list, *inputs: np.ndarray) -> np.ndarray:
    """Outputs of the network with these weights, for gathered windows without NaN, and what is known ahead of them."""
    sources = [source_of_array(np.ascontiguousarray(one, network.dtype)) for one in inputs]
    return _predict(network, weights, len(inputs[0]), *sources)


def predict_windows(network: Network, weights: list, windows) -> np.ndarray:
    """Outputs of the network for complete windows of rows, which are read where they lie."""
    if _readable(windows):
        return _predict(network, weights, len(windows), source_of_windows(windows))
    outputs = np.empty((len(windows), network.outputs), network.dtype)
    for batch in windows.batches():
        outputs[batch] = predict(network, weights, windows.take(batch, dtype=network.dtype))
    return outputs


@announced()
def _predict(network, weights, n, windows, known_ahead=None):
    plan, idle = _known_plan(network)
    packed = _weights(plan, plan.vector(weights, network.dtype)).packed
    outputs = np.empty((n, network.outputs), network.dtype)
    known_ahead = nothing() if known_ahead is None else known_ahead
    _forecast(plan, packed, windows, known_ahead, np.arange(n), outputs, idle)
    return outputs


def _borrowed(idle):
    try:
        return idle.pop()
    except IndexError:
        return None


def _forecast(plan, packed, windows, known_ahead, order, outputs, idle=None):
    lanes, places = _lanes(plan, max(1, len(order))), _places(plan)

    def work(thread, shared):
        few = lanes == LANE_STEP and idle is not None
        memory = _borrowed(idle) if few else None
        memory = _memory(plan.forward_rows, lanes, outputs.dtype) if memory is None else memory
        loop.predict(
            places, windows.read, known_ahead.read, order, lanes, packed, memory, shared, outputs
        )
        if few:
            idle.append(memory)

    n_chunks = -(-len(order) // lanes)
    if n_chunks > 1:
        together(min(allowed_threads(), n_chunks), work)
    elif n_chunks:
        work(0, shared_state())
