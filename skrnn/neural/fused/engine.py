"""The fused engine: trains a Network and applies it with compiled kernels, as the Keras engine does with Keras."""

import contextlib
import itertools
import sys
import threading
import time

import numpy as np

from skrnn.neural.fused import kernels
from skrnn.neural.fused.compiling import announced
from skrnn.neural.fused.model import Model, Parameters
from skrnn.neural.fused.optimizers import DEFAULTS, Optimizer, clipnorm_of, settings
from skrnn.neural.fused.threads import allowed_threads, pool
from skrnn.neural.network import Network, Trained, Training, optimizer_name

NAME = "fused"

# Samples that go through a network at once, and half as many where a recurrent layer is wide: what a step reads and
# gives stays close to a core.
LANES, WIDE = 64, 32
# A chunk has a multiple of this many, so that every loop and product has the same form, and rounds the same way.
LANE_STEP = 16


def uncovered(network: Network, training: Training | None = None) -> str | None:
    """What would have to be otherwise for this engine to train the network, in words; None if it can."""
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


# ---------------------------------------------------------------------- training


def train(network: Network, training: Training, feed, validation, start: Trained | None) -> Trained:
    """Train from new weights, or go on from ``start``, on the batches of a ``Feed``."""
    trainer = _Trainer(network, training, start)
    history, interrupted = {}, False
    stopper = _EarlyStopping(training.patience)
    with announced(), pool(trainer.n_threads) as run:
        try:
            for epoch in range(training.epochs):
                rate = trainer.rate * training.learning_rate_decay ** (epoch / max(1, training.epochs - 1))
                progress = _Progress(training, epoch, len(feed))
                losses = [("loss", trainer.epoch(feed, rate, run, progress))]
                if validation is not None:
                    losses.append(("val_loss", trainer.loss(validation, run)))
                for name, value in losses:
                    history.setdefault(name, []).append(value)
                progress.end(dict(losses))
                if stopper.stops(epoch, history, trainer.vector):
                    break
                feed.shuffle()
        except KeyboardInterrupt:
            interrupted = True
    vector = trainer.vector if stopper.best is None else stopper.best
    weights = trainer.parameters.to_keras(vector)
    return Trained(weights, trainer.optimizer_state(), history, interrupted, optimizer_name(training))


class _Trainer:
    """The weights of a network in training, and the optimizer's memory of past gradients."""

    def __init__(self, network, training, start):
        self.network, self.training = network, training
        self.dtype = np.dtype(network.dtype)
        self.n_threads = allowed_threads()
        self.models = _Models(network, every_step=network.every_step)
        self.parameters = self.models.parameters
        self.random = np.random.default_rng(training.seed)
        weights = initial_weights(network, self.random) if start is None else start.weights
        self.vector = self.parameters.from_keras(weights, self.dtype)
        name, values = settings(training.optimizer)
        self.rate = values["learning_rate"] if training.learning_rate is None else training.learning_rate
        self.optimizer, self.clipnorm = Optimizer(name, values, self.vector), clipnorm_of(training)
        if start is not None:
            self._remember(start)

    def epoch(self, feed, rate, run, progress):
        """Train on every batch once, and return the mean loss."""
        total, count = 0.0, 0
        for i in range(len(feed)):
            batch = _Batch(feed, i, self.network)
            total += self._step(batch, rate, run) * batch.n
            count += batch.n
            progress.step(i, total / count)
        return total / count

    def _step(self, batch, rate, run):
        views = self.parameters.views(self.vector)
        seeds = self.random.integers(2**63, size=len(batch.chunks)) if self.drops else itertools.repeat(None)
        jobs = list(zip(batch.chunks, seeds, strict=False))
        results = list(run(lambda job: self._slope(batch, views, *job), jobs))
        gradient = results[0][1]
        for _, part in results[1:]:
            gradient += part
        self._update(gradient, rate)
        return sum(loss for loss, _ in results)

    @property
    def drops(self):
        """Whether anything is left out at random."""
        names = ("dropout", "recurrent_dropout", "rate")
        return any(getattr(layer, name, 0) for layer in self.network.layers for name in names)

    def _slope(self, batch, views, chunk, seed):
        """Loss and gradient of a chunk of the batch."""
        with self.models.one() as model:
            X, known_ahead, target, weights = batch.lanes(chunk, model)
            random = None if seed is None else np.random.default_rng(seed)
            Y = model.forward(views, X, known_ahead, random)
            D = np.empty_like(Y)
            loss = kernels.loss_gradient(Y, target, weights, kernels.LOSSES[self.training.loss], batch.total, D)
            gradient = np.empty_like(self.vector)
            model.backward(views, self.parameters.views(gradient), D)
        return loss, gradient

    def _update(self, gradient, rate):
        if self.clipnorm is not None:
            for view in self.parameters.views(gradient):
                kernels.clip_norm(view.reshape(-1), self.clipnorm)
        self.optimizer.step(self.vector, gradient, rate)

    def loss(self, feed, run):
        """The mean loss, without training."""
        views = self.parameters.views(self.vector)
        batches = (_Batch(feed, i, self.network) for i in range(len(feed)))
        total = count = 0
        for batch in batches:
            losses = run(lambda chunk, batch=batch: self._loss(batch, views, chunk), batch.chunks)
            total, count = total + sum(losses) * batch.n, count + batch.n
        return total / count

    def _loss(self, batch, views, chunk):
        with self.models.one() as model:
            X, known_ahead, target, weights = batch.lanes(chunk, model)
            Y = model.forward(views, X, known_ahead)
            return kernels.loss_gradient(
                Y, target, weights, kernels.LOSSES[self.training.loss], batch.total, np.empty_like(Y)
            )

    # What the optimizer remembers, as Keras's optimizers keep it: steps, learning rate, and for each weight in turn.

    def optimizer_state(self):
        state = [np.array(self.optimizer.steps, np.int64), np.array(self.rate, np.float32)]
        memories = map(self.parameters.to_keras, self.optimizer.memory)
        return state + [part for parts in zip(*memories, strict=True) for part in parts]

    def _remember(self, start):
        state, n = start.optimizer_state, len(self.optimizer.memory)
        parts = state[2:]
        shapes = [np.shape(weight) for weight in self.parameters.to_keras(self.vector) for _ in range(n)]
        if start.optimizer != optimizer_name(self.training) or [np.shape(part) for part in parts] != shapes:
            return  # another optimizer than before: its state begins anew
        self.optimizer.steps = int(state[0])
        self.optimizer.memory = [self.parameters.from_keras(parts[place::n], self.dtype) for place in range(n)]


class _Batch:
    """A batch of a feed in chunks of lanes."""

    def __init__(self, feed, i, network):
        self.windows, self.which = feed.windows, feed.which(i)
        self.n = len(self.which)
        self.steps = None
        if feed.step_targets is not None:
            self.steps = self.windows.take(self.which, dtype=feed.dtype)
        self.known_ahead = feed.known_ahead_of(self.which)
        self.y, weights = feed.targets(self.which, self.steps)
        self.weights = np.ones(self.y.shape[:-1], self.y.dtype) if weights is None else weights
        # The mean over samples, steps and outputs.
        self.total = self.y.size
        self.chunks = _chunks(self.n, network)

    def lanes(self, chunk, model):
        """Inputs, what is known ahead, targets and weights of a chunk, its samples innermost."""
        rows = self.steps is None
        X = gathered(self.windows, self.which[chunk], model) if rows else _lanes(self.steps[chunk])
        known_ahead = None if self.known_ahead is None else _lanes(self.known_ahead[chunk])
        target = _lanes(self.y[chunk])
        n = chunk.stop - chunk.start
        weights = np.zeros((len(target), n + -n % LANE_STEP), target.dtype)
        weights[:, :n] = self.weights[chunk].T
        return X, known_ahead, target, weights


def gathered(windows, which, model):
    """Complete windows as a model's lanes, straight from their rows where these are floats as they are stored."""
    if windows.maps or windows.rows.dtype not in (np.float32, np.float64):
        return _lanes(windows.take(which, dtype=model.network.dtype))
    X = model.empty_windows(len(which) + -len(which) % LANE_STEP)
    # A memmap as the plain array that it is: numba does not know the class.
    rows = np.asarray(windows.rows)
    kernels.gather(rows, windows.ends, windows.shift, which, windows.sampling_rate, X)
    return X


def _chunks(n, network):
    widest = max((layer.units for layer in network.layers if hasattr(layer, "cell")), default=0)
    lanes = LANES // 2 if widest >= WIDE else LANES
    return [slice(at, min(at + lanes, n)) for at in range(0, n, lanes)]


def _lanes(batch):
    """(n, steps, features) or (n, features) as (steps, features, lanes), filled up with its last sample."""
    batch = batch[:, None, :] if batch.ndim == 2 else batch
    missing = -len(batch) % LANE_STEP
    if missing:
        batch = np.concatenate([batch, np.repeat(batch[-1:], missing, axis=0)])
    return np.ascontiguousarray(batch.transpose(1, 2, 0))


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
        self.start = self.shown = time.perf_counter()

    def step(self, i, loss):
        """Show the batches that are done, ten times a second at most."""
        if self.verbose == 1 and time.perf_counter() - self.shown > 0.1:
            self.shown = time.perf_counter()
            done = 20 * (i + 1) // self.n_batches
            sys.stdout.write(
                f"\r{self.title} {'━' * done}{'─' * (20 - done)} {i + 1}/{self.n_batches} loss: {loss:.4g} "
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


def initial_weights(network: Network, random) -> list:
    """New weights in Keras's layout, drawn as Keras's initializers draw them."""
    model, weights = Model(network), []
    for block in model.blocks:
        for layer in (layer for layer in block.layers if layer.shapes):
            shape = layer.keras_shapes()[0]
            around = np.prod(shape[:-2], dtype=int)
            limit = np.sqrt(6 / (around * (shape[-2] + shape[-1])))
            weights.append(random.uniform(-limit, limit, shape))
            if len(layer.shapes) == 3:
                weights.append(_orthogonal(random, layer.shapes[1][::-1]))
            bias = np.zeros(layer.shapes[-1])
            if layer.shapes[0][0] == 4 * getattr(layer, "units", 0):
                bias[layer.units : 2 * layer.units] = 1  # a forget gate that is open at first
            weights.append(bias)
    return [weight.astype(network.dtype) for weight in weights]


def _orthogonal(random, shape):
    rows, columns = shape
    q, r = np.linalg.qr(random.normal(size=(max(shape), min(shape))))
    q *= np.sign(np.diag(r))
    return q if rows >= columns else q.T


# ---------------------------------------------------------------------- prediction


class _Models:
    """Models of one network, each lent to a thread while it computes."""

    def __init__(self, network, *, every_step):
        self._make = lambda: Model(network, every_step=every_step)
        self._idle = [self._make()]
        self.parameters = Parameters(self._idle[0])

    @contextlib.contextmanager
    def one(self):
        """A model that no other thread computes with."""
        try:
            model = self._idle.pop()
        except IndexError:
            model = self._make()
        try:
            yield model
        finally:
            self._idle.append(model)

    def forget(self):
        """Give the memory back that large batches have taken."""
        self._idle.clear()


_MODELS, _LOCK = {}, threading.Lock()
_MOST_MODELS = 4


def _models_of(network):
    """Models of the networks that predicted last."""
    with _LOCK:
        models = _MODELS.pop(network, None) or _Models(network, every_step=False)
        _MODELS[network] = models
        if len(_MODELS) > _MOST_MODELS:
            del _MODELS[next(iter(_MODELS))]
    return models


def predict(network: Network, weights: list, *inputs: np.ndarray) -> np.ndarray:
    """Outputs of the network with these weights, for gathered windows without NaN, and what is known ahead of them."""
    inputs = [np.asarray(one, network.dtype) for one in inputs]
    return _predict(network, weights, len(inputs[0]), lambda chunk, model: [_lanes(one[chunk]) for one in inputs])


def predict_windows(network: Network, weights: list, windows) -> np.ndarray:
    """Outputs of the network for complete windows of rows, which are read where they lie."""
    which = np.arange(len(windows))
    return _predict(network, weights, len(windows), lambda chunk, model: [gathered(windows, which[chunk], model)])


def _predict(network, weights, n, lanes_of):
    models = _models_of(network)
    views = models.parameters.views(models.parameters.from_keras(weights, network.dtype))
    outputs = np.empty((n, network.outputs), network.dtype)

    def forward(chunk):
        with models.one() as model:
            outputs[chunk] = model.forward(views, *lanes_of(chunk, model))[0].T[: chunk.stop - chunk.start]

    chunks = _chunks(n, network)
    with announced(), pool(1 if len(chunks) == 1 else allowed_threads()) as run:
        list(run(forward, chunks))
    if n > LANE_STEP:
        models.forget()
    return outputs
