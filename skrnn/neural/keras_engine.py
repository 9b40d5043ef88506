"""The Keras engine: builds a Network as a Keras model, and trains it through scikeras. Nothing else imports either."""

import contextlib
import copy
import logging
import os
import sys
import tempfile

import numpy as np

from skrnn.neural.feeding import Feed
from skrnn.neural.network import Convolution, Dense, Dropout, Network, Recurrent, Summary, Trained, Training


@contextlib.contextmanager
def _quiet_start():
    """Keep TensorFlow's start-up messages from a user who did not ask for them with TF_CPP_MIN_LOG_LEVEL.

    They are written by C++ before any log level is read, so the file descriptor itself is turned away. What was
    written is shown after all if the import fails.
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


# Predictions are made for multiples of this many windows: products of a few rows round in another way, and the
# forecast of a window would depend on those beside it.
PREDICT_ROWS = 32

# ---------------------------------------------------------------------- building

CELLS = {"simple": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}


def build(network: Network) -> keras.Model:
    """A stock Keras model of the network, with new weights."""
    inputs = keras.Input((network.steps, network.features), dtype=network.dtype)
    values = inputs
    for layer in network.layers:
        for part in _keras_layers(layer, network.dtype):
            values = part(values)
    outputs = keras.layers.Dense(network.outputs, dtype=network.dtype)(values)
    return keras.Model(inputs, outputs)


def _keras_layers(layer, dtype):
    if isinstance(layer, Recurrent):
        return [_recurrent(layer, dtype)]
    if isinstance(layer, Convolution):
        convolution = keras.layers.Conv1D(
            layer.filters, layer.kernel_size, padding=layer.padding, activation=layer.activation, dtype=dtype
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
        return [keras.layers.Dropout(layer.rate, dtype=dtype)]
    if isinstance(layer, Dense):
        return [keras.layers.Dense(layer.units, activation=layer.activation, dtype=dtype)]
    raise TypeError(f"no Keras layer for {layer!r}")


def _recurrent(layer, dtype):
    def reading(go_backwards):
        return CELLS[layer.cell](
            layer.units,
            activation=layer.activation,
            dropout=layer.dropout,
            recurrent_dropout=layer.recurrent_dropout,
            go_backwards=go_backwards,
            unroll=layer.unroll,
            return_sequences=layer.sequences,
            dtype=dtype,
        )

    first = reading(layer.go_backwards)
    if not layer.bidirectional:
        return first
    return keras.layers.Bidirectional(first, backward_layer=reading(not layer.go_backwards), dtype=dtype)


def _optimizer(training: Training):
    if isinstance(training.optimizer, str):
        config = {"class_name": training.optimizer, "config": {}}
    else:
        # A Keras optimizer belongs to the model that it was first used for: each fit takes a new one.
        config = keras.optimizers.serialize(training.optimizer)
    for name in ("learning_rate", "clipnorm"):
        if getattr(training, name) is not None:
            config["config"][name] = getattr(training, name)
    return keras.optimizers.deserialize(config)


NAMES = {
    "loss": (keras.losses.get, "'mse', 'mae', 'huber' or a Keras loss"),
    "optimizer": (keras.optimizers.get, "'adam', 'rmsprop', 'sgd' or a Keras optimizer"),
    "activation": (keras.activations.get, "'tanh', 'relu', 'linear' or another that Keras knows"),
}


def _check_name(argument, value):
    get, choice = NAMES[argument]
    try:
        get(value)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{argument} must be one of {choice}, got {value!r}") from error


def _compiled(network, training):
    _check_name("loss", training.loss)
    _check_name("optimizer", training.optimizer)
    for layer in network.layers:
        _check_name("activation", getattr(layer, "activation", None))
    model = build(network)
    # XLA makes the recurrent layers slower on a CPU, and would rule out cuDNN on a GPU.
    model.compile(optimizer=_optimizer(training), loss=training.loss, jit_compile=False)
    return model


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

    def on_epoch_end(self):
        self.feed.shuffle()


class _Recorder(keras.callbacks.Callback):
    """Keeps the losses of each epoch, also of a fit that is interrupted."""

    def __init__(self):
        super().__init__()
        self.history = {}

    def on_epoch_end(self, epoch, logs=None):
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(float(value))


class _PassThrough:
    """An encoder that leaves data as it is."""

    def fit(self, X):
        return self

    def transform(self, X):
        return X


class _StreamingRegressor(KerasRegressor):
    """scikeras's regressor, fed batch by batch. skrnn has checked the data; its checks would build every window."""

    target_encoder = feature_encoder = _PassThrough()

    def _validate_data(self, X=None, y=None, reset=False, y_numeric=False):
        return X, y


class KerasEngine:
    """Trains a network with Keras, and predicts with it."""

    def __init__(self, network: Network, weights=None):
        self.network = network
        self.model = self._forward = None
        if weights is not None:
            self.model = build(network)
            self.model.set_weights(weights)

    def train(self, training: Training, feed: Feed, validation: Feed | None, start: Trained | None) -> Trained:
        """Train from new weights, or go on from ``start``."""
        recorder = _Recorder()
        stopper = _early_stopping(training.patience)
        # A shallow copy keeps the user's own lists in a callback, but not the model that Keras ties it to.
        callbacks = [copy.copy(callback) for callback in training.callbacks]
        regressor = _StreamingRegressor(
            model=_compiled,
            model__network=self.network,
            model__training=training,
            callbacks=[*callbacks, *([stopper] if stopper else []), recorder],
            shuffle=False,
            verbose=training.verbose,
            random_state=training.seed,
            epochs=training.epochs,
            warm_start=True,  # fit goes on with the model that is initialised below
        )
        interrupted = False
        with _without_retracing_advice():
            regressor.initialize(None)
            self.model = regressor.model_
            if start is not None:
                self._restore(start)
            try:
                data = None if validation is None else _Dataset(validation)
                regressor.fit(_Dataset(feed), None, validation_data=data)
            except KeyboardInterrupt:
                interrupted = True
                if stopper is not None and stopper.best_weights is not None:
                    self.model.set_weights(stopper.best_weights)
        state = [np.asarray(variable.numpy()) for variable in self.model.optimizer.variables]
        return Trained(self.model.get_weights(), state, recorder.history, interrupted)

    def predict(self, batch: np.ndarray) -> np.ndarray:
        """Outputs for gathered windows without NaN."""
        if self._forward is None:
            # Traced once, for batches of any size: Keras's own predict traces each size, and rounds each its own way.
            shape = (None, self.network.steps, self.network.features)
            forward = tf.function(lambda x: self.model(x, training=False))
            self._forward = forward.get_concrete_function(tf.TensorSpec(shape, self.network.dtype))
        n = len(batch)
        padded = np.zeros((-(-n // PREDICT_ROWS) * PREDICT_ROWS, *batch.shape[1:]), self.network.dtype)
        padded[:n] = batch
        return self._forward(tf.constant(padded)).numpy()[:n]

    def _restore(self, start):
        self.model.set_weights(start.weights)
        optimizer = self.model.optimizer
        optimizer.build(self.model.trainable_variables)
        if [v.shape for v in optimizer.variables] != [np.shape(value) for value in start.optimizer_state]:
            return  # another optimizer than before: its state begins anew
        for variable, value in zip(optimizer.variables, start.optimizer_state, strict=True):
            if variable is not optimizer._learning_rate:
                variable.assign(value)


def _early_stopping(patience):
    if patience is None:
        return None
    return keras.callbacks.EarlyStopping("val_loss", patience=patience, restore_best_weights=True)
