"""The Keras engine: builds a Network as a Keras model, and trains it through scikeras.

Nothing else imports either.
"""

import collections
import contextlib
import copy
import logging
import os
import sys
import tempfile
import threading

import numpy as np

from skrnn.neural.feeding import Feed
from skrnn.neural.network import (
    Convolution,
    Decoder,
    Dense,
    Dropout,
    Network,
    Recurrent,
    Summary,
    Trained,
    Training,
    optimizer_name,
)


@contextlib.contextmanager
def _quiet_start():
    """Keep TensorFlow's start-up messages from a user who did not ask for them with TF_CPP_MIN_LOG_LEVEL.

    They are written by C++ before any log level is read, so the file descriptor itself is turned
    away. What was written is shown after all if the import fails.
    """
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        yield
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:
        kept = None
    with tempfile.TemporaryFile() as said:
        try:
            if kept is not None:
                os.dup2(said.fileno(), 2)
            yield
        except BaseException:
            if kept is not None:
                said.seek(0)
                os.write(kept, said.read())
            raise
        finally:
            if kept is not None:
                os.dup2(kept, 2)
                os.close(kept)
            del os.environ["TF_CPP_MIN_LOG_LEVEL"]


with _quiet_start():
    import keras
    import tensorflow as tf
    from scikeras.wrappers import KerasRegressor

    keras.ops.zeros(())  # the first operation looks for devices, and talks about it


class _NoRetracingAdvice(logging.Filter):
    """Every new network is traced anew, which TensorFlow takes for a mistake in the caller's loop."""

    def filter(self, record):
        return "retracing" not in record.getMessage()


@contextlib.contextmanager
def _without_retracing_advice():
    logger, advice = logging.getLogger("tensorflow"), _NoRetracingAdvice()
    logger.addFilter(advice)
    try:
        yield
    finally:
        logger.removeFilter(advice)


NAME = "keras"

# Predictions are made for multiples of this many windows: products of a few rows round in another
# way, and the forecast of a window would depend on those beside it.
PREDICT_ROWS = 32

# ---------------------------------------------------------------------- building

CELLS = {"simple": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}


def build(network: Network, seed: int = 0, *, every_step: bool = False) -> keras.Model:
    """A stock Keras model of the network; the seed decides its weights and dropouts, and no global state does.

    With ``every_step`` it gives the outputs of every step, in place of the last.
    """
    seeds = iter(
        np.random.default_rng(seed).integers(2**31 - 1, size=(len(network.layers) + 1) * 6).tolist()
    )
    inputs = [keras.Input((network.steps, network.features), dtype=network.dtype, name="window")]
    if network.known_ahead:
        inputs.append(
            keras.Input(
                (network.outputs, network.known_ahead), dtype=network.dtype, name="known_ahead"
            )
        )
    values, before = inputs[0], None
    for layer in network.layers:
        if isinstance(layer, Decoder):
            values, *states = before
            values = _decoded(network, layer, values, states, inputs[1:], seeds)
        elif isinstance(layer, Recurrent):
            states = network.decoder is not None and not layer.sequences
            part = _recurrent(
                layer, network.dtype, seeds, sequences=every_step or layer.sequences, states=states
            )
            before = part(values)
            values = before[0] if states else before
        else:
            for part in _keras_layers(layer, network.dtype, seeds):
                values = part(values)
    outputs = 1 if network.decoder else network.outputs
    values = keras.layers.Dense(outputs, kernel_initializer=_glorot(seeds), dtype=network.dtype)(
        values
    )
    if network.decoder:
        values = keras.layers.Reshape((network.outputs,), dtype=network.dtype)(values)
    return keras.Model(inputs if network.known_ahead else inputs[0], values)


def _glorot(seeds):
    return keras.initializers.GlorotUniform(next(seeds))


def _keras_layers(layer, dtype, seeds):
    if isinstance(layer, Convolution):
        convolution = keras.layers.Conv1D(
            layer.filters,
            layer.kernel_size,
            padding=layer.padding,
            activation=layer.activation,
            kernel_initializer=_glorot(seeds),
            dtype=dtype,
        )
        pool = keras.layers.MaxPooling1D(layer.pool_size, padding="same", dtype=dtype)
        return [convolution] if layer.pool_size == 1 else [convolution, pool]
    if isinstance(layer, Summary):
        kinds = {
            "flatten": keras.layers.Flatten,
            "average": keras.layers.GlobalAveragePooling1D,
            "max": keras.layers.GlobalMaxPooling1D,
        }
        return [kinds[layer.how](dtype=dtype)]
    if isinstance(layer, Dropout):
        return [keras.layers.Dropout(layer.rate, seed=next(seeds), dtype=dtype)]
    if isinstance(layer, Dense):
        dense = keras.layers.Dense(
            layer.units, activation=layer.activation, kernel_initializer=_glorot(seeds), dtype=dtype
        )
        return [dense]
    raise TypeError(f"no Keras layer for {layer!r}")


def _recurrent(layer, dtype, seeds, *, sequences, states):
    options = {"return_sequences": sequences, "return_state": states, "dtype": dtype}
    first = _cell(layer, seeds, go_backwards=layer.go_backwards, **options)
    if not layer.bidirectional:
        return first
    second = _cell(layer, seeds, go_backwards=not layer.go_backwards, **options)
    return keras.layers.Bidirectional(first, backward_layer=second, dtype=dtype)


def _cell(layer, seeds, **options):
    return CELLS[layer.cell](
        layer.units,
        activation=layer.activation,
        dropout=layer.dropout,
        recurrent_dropout=layer.recurrent_dropout,
        unroll=layer.unroll,
        kernel_initializer=_glorot(seeds),
        recurrent_initializer=keras.initializers.Orthogonal(seed=next(seeds)),
        seed=next(seeds),
        **options,
    )


def _decoded(network, layer, values, states, known_ahead, seeds):
    """The decoder's outputs, one for each lead."""
    dtype, n_states = network.dtype, 2 if layer.cell == "lstm" else 1
    if len(states) > n_states:
        # Those of the other direction follow: the decoder's units are the units of both.
        pairs = zip(states[:n_states], states[n_states:], strict=True)
        states = [keras.layers.Concatenate(dtype=dtype)(pair) for pair in pairs]
    values = keras.layers.RepeatVector(network.outputs, dtype=dtype)(values)
    if known_ahead:
        values = keras.layers.Concatenate(dtype=dtype)([values, *known_ahead])
    return _cell(layer, seeds, return_sequences=True, dtype=dtype)(values, initial_state=states)


def _optimizer(training: Training):
    if isinstance(training.optimizer, str):
        config = {"class_name": training.optimizer, "config": {}}
    else:
        # A Keras optimizer belongs to the model that it was first used for: each fit takes a new
        # one.
        config = keras.optimizers.serialize(training.optimizer)
    for name in ("learning_rate", "clipnorm"):
        if getattr(training, name) is not None:
            config["config"][name] = getattr(training, name)
    if training.learning_rate_decay < 1 and isinstance(config["config"].get("learning_rate"), dict):
        raise ValueError(
            "learning_rate_decay needs a learning rate that is a number, and the optimizer has a "
            "schedule of its own: "
            "leave one of them out"
        )
    return keras.optimizers.deserialize(config)


NAMES = {
    "loss": (keras.losses.get, "'mse', 'mae', 'huber' or a Keras loss"),
    "optimizer": (keras.optimizers.get, "'adam', 'rmsprop', 'sgd' or a Keras optimizer"),
    "activation": (keras.activations.get, "'tanh', 'relu', 'linear' or another that Keras knows"),
}


def _check_name(argument, value):
    get, choice = NAMES[argument]
    try:
        if value is None and argument != "activation":
            raise ValueError
        get(value)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{argument} must be one of {choice}, got {value!r}") from error


def _check_names(network, training):
    _check_name("loss", training.loss)
    _check_name("optimizer", training.optimizer)
    for layer in network.layers:
        _check_name("activation", getattr(layer, "activation", None))


# ---------------------------------------------------------------------- training


class _Dataset(keras.utils.PyDataset):
    """A Feed as Keras takes it."""

    def __init__(self, feed: Feed):
        super().__init__()
        self.feed = feed

    def __len__(self):
        return len(self.feed)

    def __getitem__(self, i):
        return self.feed[i]


class _Shuffle(keras.callbacks.Callback):
    """Shuffles the batches after each epoch.

    Data sets are told of an epoch's end before the first begins, too.
    """

    def __init__(self, feed):
        super().__init__()
        self.feed = feed

    def on_epoch_end(self, epoch, logs=None):
        self.feed.shuffle()


class _Recorder(keras.callbacks.Callback):
    """Keeps the losses of each epoch, also of a fit that is interrupted."""

    def __init__(self):
        super().__init__()
        self.history = {}

    def on_epoch_end(self, epoch, logs=None):
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(float(value))


class _Decay(keras.callbacks.Callback):
    """Lowers the learning rate by the same factor each epoch, down to a share of it in the last."""

    def __init__(self, share, epochs):
        super().__init__()
        self.factor = share ** (1 / max(1, epochs - 1))

    def on_epoch_begin(self, epoch, logs=None):
        optimizer = self.model.optimizer
        if epoch == 0:
            self._first = float(optimizer.learning_rate)
        optimizer.learning_rate = self._first * self.factor**epoch


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
        _check_names(network, training)
        self.network, self.lock = network, threading.Lock()
        self.model = self._built(0)
        # XLA makes the recurrent layers slower on a CPU, and would rule out cuDNN on a GPU.
        self.model.compile(optimizer=_optimizer(training), loss=training.loss, jit_compile=False)
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

    def restore(self, start, name):
        """Go on from earlier training, with an optimizer of this name."""
        self.model.set_weights(start.weights)
        shapes = [np.shape(value) for value in start.optimizer_state]
        if start.optimizer != name or [v.shape for v in self.optimizer.variables] != shapes:
            return  # another optimizer than before: its state begins anew
        for variable, value in zip(self.optimizer.variables, start.optimizer_state, strict=True):
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


class _Pool:
    """The things that were needed last.

    Tracing takes a second, and TensorFlow never gives its memory back.
    """

    def __init__(self, size):
        self._size, self._things, self._lock = size, collections.OrderedDict(), threading.Lock()

    def get(self, key, make):
        with self._lock:
            if key not in self._things:
                self._things[key] = make()
            self._things.move_to_end(key)
            if len(self._things) > self._size:
                self._things.popitem(last=False)
            return self._things[key]


_TRAINERS, _FORWARDS = _Pool(16), _Pool(16)


@contextlib.contextmanager
def _trainer(network, training):
    """A trainer for this thread alone.

    From the pool, or a new one where something of the user's is tied to it.
    """
    plain = (
        isinstance(training.loss, str)
        and isinstance(training.optimizer, str)
        and not training.callbacks
    )
    key = (network, training.loss, training.optimizer, training.learning_rate, training.clipnorm)
    trainer = _TRAINERS.get(key, lambda: _Trainer(network, training)) if plain else None
    if trainer is None or not trainer.lock.acquire(blocking=False):
        trainer = _Trainer(network, training)
        trainer.lock.acquire()
    try:
        yield trainer
    finally:
        trainer.lock.release()


def train(
    network: Network, training: Training, feed: Feed, validation: Feed | None, start: Trained | None
) -> Trained:
    """Train from new weights, or go on from ``start``."""
    recorder, stopper = _Recorder(), _early_stopping(training.patience)
    # A shallow copy keeps the user's own lists in a callback, but not the model that Keras ties it
    # to.
    callbacks = [copy.copy(callback) for callback in training.callbacks]
    if training.learning_rate_decay < 1:
        callbacks.insert(0, _Decay(training.learning_rate_decay, training.epochs))
    interrupted = False
    with _trainer(network, training) as trainer, _without_retracing_advice():
        regressor = _StreamingRegressor(
            model=_renewed,
            model__trainer=trainer,
            model__seed=training.seed,
            callbacks=[*callbacks, *([stopper] if stopper else []), recorder, _Shuffle(feed)],
            shuffle=False,
            verbose=training.verbose,
            epochs=training.epochs,
            warm_start=True,  # fit goes on with the model that is initialised here
        ).initialize(None)
        if start is not None:
            trainer.restore(start, optimizer_name(training))
        try:
            data = None if validation is None else _Dataset(validation)
            regressor.fit(_Dataset(feed), None, validation_data=data)
        except KeyboardInterrupt:
            interrupted = True
            if stopper is not None and stopper.best_weights is not None:
                trainer.model.set_weights(stopper.best_weights)
        state, name = trainer.optimizer_state(), optimizer_name(training)
        return Trained(trainer.model.get_weights(), state, recorder.history, interrupted, name)


def _renewed(trainer, seed):
    return trainer.renewed(seed)


def predict(network: Network, weights: list, *inputs: np.ndarray) -> np.ndarray:
    """Outputs of the network with these weights, for gathered windows without NaN, and what is known ahead of them."""
    padded = [_padded(one, network.dtype) for one in inputs]
    return _FORWARDS.get(network, lambda: _Forward(network)).predict(weights, padded)[
        : len(inputs[0])
    ]


def _padded(batch, dtype):
    n = len(batch)
    padded = np.zeros((-(-n // PREDICT_ROWS) * PREDICT_ROWS, *batch.shape[1:]), dtype)
    padded[:n] = batch
    return padded


def keras_model(network: Network, weights) -> keras.Model:
    """A stock Keras model with these weights."""
    model = build(network)
    model.set_weights(weights)
    return model


def _early_stopping(patience):
    if patience is None:
        return None
    return keras.callbacks.EarlyStopping("val_loss", patience=patience, restore_best_weights=True)
