"""The engine: trains a Keras model of a network through scikeras, and forecasts with it."""

import contextlib
import copy
import threading

import numpy as np

from skrnn.neural.feeding import Feed
from skrnn.neural.keras.building import build, check_names, loss_of, optimizer_of
from skrnn.neural.keras.quiet import quiet_start, without_retracing_advice
from skrnn.neural.network import Network
from skrnn.neural.pool import Pool
from skrnn.neural.training import (
    Course,
    Keeper,
    Trained,
    Training,
    check_optimizer_state,
    optimizer_name,
)
from skrnn.windows.array import Windows

with quiet_start():
    import keras
    import tensorflow as tf
    from scikeras.wrappers import KerasRegressor

NAME = "keras"

# What makes probabilities of scores, by the network's link.
PROBABILITIES = {"logistic": "sigmoid", "softmax": "softmax"}

# Predictions are made for multiples of this many windows: products of a few rows round in another
# way, and the forecast of a window would depend on those beside it.
PREDICT_ROWS = 32
# Windows that are gathered at once.
PREDICT_BATCH = 1024


class _Dataset(keras.utils.PyDataset):
    """A Feed as Keras takes it."""

    def __init__(self, feed: Feed):
        super().__init__()
        self.feed = feed

    def __len__(self):
        return len(self.feed)

    def __getitem__(self, i):
        batch = self._cut(self.feed[i], self.feed.longest(i))
        inputs = batch.steps
        if batch.known_ahead is not None:
            inputs = (batch.steps, batch.known_ahead)
        return (inputs, batch.y) if batch.weights is None else (inputs, batch.y, batch.weights)

    @staticmethod
    def _cut(batch, longest):
        """A batch of sequences without the steps that none of them has."""
        n_steps = batch.steps.shape[1]
        if longest == n_steps:
            return batch
        batch = batch._replace(steps=batch.steps[:, -longest:])
        if batch.y.ndim == 2:
            return batch
        # Keras divides by all steps.
        weights = batch.weights[:, -longest:] * np.asarray(longest / n_steps, batch.weights.dtype)
        return batch._replace(y=batch.y[:, -longest:], weights=weights)


def _data(feed, network):
    """A feed as Keras takes it; of sequences, batches that are as long as their longest.

    Keras would tell the shape of all batches from the first two.
    """
    dataset = _Dataset(feed)
    if network.steps is not None:
        return dataset
    shapes = tf.nest.map_structure(
        lambda values: tf.TensorSpec((None, *values.shape[1:]), values.dtype), dataset[0]
    )
    steps = tf.TensorSpec((None, None, network.features), network.dtype)
    inputs, *rest = shapes
    inputs = (steps, inputs[1]) if isinstance(inputs, tuple) else steps
    if network.every_step:
        rest = [tf.TensorSpec((None, None, *spec.shape[2:]), spec.dtype) for spec in rest]
    batches = tf.data.Dataset.from_generator(
        lambda: (dataset[i] for i in range(len(dataset))), output_signature=(inputs, *rest)
    )
    return batches.apply(tf.data.experimental.assert_cardinality(len(dataset)))


class _Epochs(keras.callbacks.Callback):
    """Tells the course of a training what Keras does, and Keras what the course wants."""

    def __init__(self, course, feed, trainer):
        super().__init__()
        self.course = course
        self.feed = feed
        self.trainer = trainer
        self._decays = course.training.learning_rate_decay < 1

    def on_epoch_begin(self, epoch, logs=None):
        self.course.begin()
        if not self._decays:
            return
        optimizer = self.model.optimizer
        if epoch == 0:
            self._first_rate = float(optimizer.learning_rate)
        optimizer.learning_rate = self._first_rate * self.course.rate_share()

    def on_train_batch_end(self, batch, logs=None):
        self.course.show(batch + 1, float((logs or {}).get("loss", np.nan)))

    def on_epoch_end(self, epoch, logs=None):
        losses = {name: float(value) for name, value in (logs or {}).items()}
        if self.course.end(losses, self.trainer):
            self.model.stop_training = True
        self.feed.shuffle()
        self.course.keep(self.trainer, self.trainer.generators_of(self.feed))


class _PassThrough:
    """An encoder that leaves data as it is."""

    def fit(self, X):
        return self

    def transform(self, X):
        return X


class _StreamingRegressor(KerasRegressor):
    """scikeras's regressor, fed batch by batch.

    skrnn has checked the data; its checks would build every window.
    """

    target_encoder = feature_encoder = _PassThrough()

    def _validate_data(self, X=None, y=None, reset=False, y_numeric=False):
        return X, y


class _Trainer:
    """A compiled model for one way to train one network.

    Fits use it in turn, each with new weights.
    """

    def __init__(self, network, training):
        check_names(network, training)
        self.network = network
        self.lock = threading.Lock()
        self.model = self._built(0)
        # XLA makes the recurrent layers slower on a CPU, and would rule out cuDNN on a GPU.
        self.model.compile(
            optimizer=optimizer_of(training), loss=loss_of(training.loss), jit_compile=False
        )
        self.optimizer = self.model.optimizer
        self.optimizer.build(self.model.trainable_variables)
        self._new_state = self.optimizer_state()

    def _built(self, seed):
        return build(self.network, seed, every_step=self.network.every_step)

    def renewed(self, seed):
        """The model as if it had just been built.

        New weights, new dropout seeds, and an optimizer without a past.
        """
        for variable, new in zip(self.model.variables, self._built(seed).variables, strict=True):
            variable.assign(new)
        for variable, value in zip(self.optimizer.variables, self._new_state, strict=True):
            variable.assign(value)
        return self.model

    def weights(self):
        """The weights, in Keras's order."""
        return self.model.get_weights()

    def _dropouts(self):
        """The states of what draws dropouts."""
        kept = {id(variable) for variable in self.model.weights}
        return [variable for variable in self.model.variables if id(variable) not in kept]

    def generators(self):
        """The states of what draws at random, as numbers."""
        return [np.asarray(variable.numpy()) for variable in self._dropouts()]

    def generators_of(self, feed):
        """The states of all that draws at random in a training on a feed."""
        return {**feed.state(), "dropouts": self.generators()}

    def restore(self, start, name):
        """Go on from earlier training, with an optimizer of this name."""
        self.model.set_weights(start.weights)
        for variable, value in zip(
            self._dropouts(), start.generators.get("dropouts", ()), strict=False
        ):
            variable.assign(value)
        variables = self.optimizer.variables
        if start.optimizer != name or len(start.optimizer_state) != len(variables):
            return  # another optimizer than before, or other settings: its state begins anew
        check_optimizer_state(start.optimizer_state, variables)
        for variable, value in zip(variables, start.optimizer_state, strict=True):
            if variable is not self.optimizer._learning_rate:
                variable.assign(value)

    def optimizer_state(self):
        return [np.asarray(variable.numpy()) for variable in self.optimizer.variables]


def _one_or_all(inputs):
    """A single input without its list, as Keras's models of one input take it."""
    return inputs[0] if len(inputs) == 1 else list(inputs)


class _Forward:
    """A traced prediction of one network; estimators use it in turn, each with its own weights."""

    def __init__(self, network):
        self.lock = threading.Lock()
        self._model = build(network)
        # Traced once, for batches of any size: Keras's own predict traces each size, and rounds
        # each its own way.
        forward = tf.function(
            lambda *inputs: self._model(_one_or_all(inputs), training=False), autograph=False
        )
        specs = [tf.TensorSpec((None, *one.shape[1:]), network.dtype) for one in self._model.inputs]
        self._traced = forward.get_concrete_function(*specs)

    def predict(self, weights, inputs):
        with self.lock:
            self._model.set_weights(weights)
            return self._traced(*map(tf.constant, inputs)).numpy()


# Tracing takes a second, and TensorFlow never gives its memory back.
_TRAINERS, _FORWARDS = Pool(16), Pool(16)


@contextlib.contextmanager
def _trainer(network, training):
    """A trainer for this thread alone.

    From the pool, or a new one where something of the user's is tied to it.
    """
    plain = (
        isinstance(training.loss.kind, str)
        and isinstance(training.optimizer, str)
        and not training.callbacks
    )
    key = (
        network,
        training.loss,
        training.optimizer,
        training.learning_rate,
        training.clipnorm,
        training.global_clipnorm,
        training.weight_decay,
    )
    trainer = _TRAINERS.get(key, lambda: _Trainer(network, training)) if plain else None
    if trainer is None or not trainer.lock.acquire(blocking=False):
        trainer = _Trainer(network, training)
        trainer.lock.acquire()
    try:
        yield trainer
    finally:
        trainer.lock.release()


def uncovered(network: Network, training: Training | None = None) -> str | None:
    """Nothing: Keras trains all that a network can be."""
    return None


def train(
    network: Network,
    training: Training,
    feed: Feed,
    validation: Feed | None,
    start: Trained | None,
    checkpoint: Keeper | None = None,
) -> Trained:
    """Train from new weights, or go on from ``start``, or from what a ``checkpoint`` has kept."""
    course = Course(training, len(feed), start, checkpoint)
    start = course.start
    if start is not None and "shuffle" in start.generators:
        feed.restore(start.generators)
    # A shallow copy keeps the user's own lists in a callback, but not the model that Keras ties it
    # to.
    callbacks = [copy.copy(callback) for callback in training.callbacks]
    with _trainer(network, training) as trainer, without_retracing_advice():
        regressor = _StreamingRegressor(
            model=_renewed,
            model__trainer=trainer,
            model__seed=training.seed,
            callbacks=[*callbacks, _Epochs(course, feed, trainer)],
            shuffle=False,
            verbose=0,
            epochs=course.epochs_left(),
            warm_start=True,  # fit goes on with the model that is initialised here
        ).initialize(None)
        if start is not None:
            trainer.restore(start, optimizer_name(training))
        with course.interruptible():
            data = None if validation is None else _data(validation, network)
            if course.epochs_left():
                regressor.fit(_data(feed, network), None, validation_data=data)
        return course.result(trainer, trainer.generators_of(feed))


def _renewed(trainer, seed):
    return trainer.renewed(seed)


def predict(
    network: Network,
    weights: list,
    windows: Windows,
    known_ahead: np.ndarray | None = None,
) -> np.ndarray:
    """Outputs (n, n_outputs) for complete windows, and what is known ahead of them."""
    forward = _FORWARDS.get(network, lambda: _Forward(network))
    outputs = np.empty((len(windows), network.outputs), network.dtype)
    order = np.argsort(windows.steps_there(), kind="stable")
    for part in windows.batches(PREDICT_BATCH):
        batch = order[part]
        longest = int(windows.steps_there()[batch].max())
        inputs = [windows.take(batch)[:, -longest:]]
        if known_ahead is not None:
            inputs.append(known_ahead[batch])
        padded = [_padded(values, network.dtype) for values in inputs]
        outputs[batch] = forward.predict(weights, padded)[: len(inputs[0])]
    return outputs


def _padded(batch, dtype):
    n = len(batch)
    padded = np.zeros((-(-n // PREDICT_ROWS) * PREDICT_ROWS, *batch.shape[1:]), dtype)
    padded[:n] = batch
    return padded


def keras_model(
    network: Network, weights: list, *, scale: np.ndarray, offset: np.ndarray
) -> keras.Model:
    """A stock Keras model with these weights, whose outputs are in the unit of the forecasts."""
    model = build(network)
    model.set_weights(weights)
    if network.link in PROBABILITIES:
        link = keras.layers.Activation(PROBABILITIES[network.link], dtype=network.dtype)
        return keras.Model(model.input, link(model.output))
    if (scale == 1).all() and not offset.any():
        return model
    unit = keras.layers.Rescaling(scale.tolist(), offset.tolist(), dtype=network.dtype)
    return keras.Model(model.input, unit(model.output))
