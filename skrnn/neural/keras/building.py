"""Building: a Network as a stock Keras model, losses and optimizers by name."""

import numpy as np

from skrnn.neural.keras.linear_cells import MinGRU, MinLSTM
from skrnn.neural.keras.quiet import quiet_start
from skrnn.neural.network import (
    EPSILON,
    MOMENTUM,
    Attention,
    Convolution,
    Decoder,
    Dense,
    Dropout,
    Embedding,
    Network,
    Recurrent,
    Segments,
    Summary,
)
from skrnn.neural.training import Loss, Training

with quiet_start():
    import keras

    keras.ops.zeros(())  # the first operation looks for devices, and talks about it

CELLS = {
    "simple": keras.layers.SimpleRNN,
    "lstm": keras.layers.LSTM,
    "gru": keras.layers.GRU,
}
LINEAR_CELLS = {"mingru": MinGRU, "minlstm": MinLSTM}
SUMMARIES = {
    "flatten": keras.layers.Flatten,
    "average": keras.layers.GlobalAveragePooling1D,
    "max": keras.layers.GlobalMaxPooling1D,
}


class _Graph:
    """A network on its way to a Keras model: what has been built so far.

    ``states`` are the last states of the recurrent layer before, for a decoder to begin with.
    """

    def __init__(self, network, seed, *, every_step, with_states):
        self.network = network
        self.every_step = every_step
        n_seeds = (len(network.layers) + 1) * 6
        self._seeds = iter(np.random.default_rng(seed).integers(2**31 - 1, size=n_seeds).tolist())
        self.values = self._input("window", (network.steps, network.features))
        self.inputs = [self.values]
        self.mask = None
        if network.steps is None:
            self._mask_missing()
        self.known_ahead = []
        if network.known_ahead:
            shape = (network.targets, network.known_ahead)
            self.known_ahead = [self._input("known_ahead", shape)]
        self.inputs += self.known_ahead
        self.states = []
        self._with_states = with_states

    def seed(self):
        return next(self._seeds)

    def glorot(self):
        return keras.initializers.GlorotUniform(self.seed())

    def initial_states(self, layer):
        """Inputs for the states before the first step of a recurrent layer; None: they are zero."""
        if not self._with_states:
            return None
        n_states = STATES[layer.cell] * (2 if layer.bidirectional else 1)
        states = [self._input(None, (layer.units,)) for _ in range(n_states)]
        self.inputs += states
        return states

    def apply(self, kind, *args, **options):
        """A Keras layer behind what there is."""
        self.values = kind(*args, dtype=self.network.dtype, **options)(self.values)

    def _mask_missing(self):
        """Sequences come with NaN in front of their first step: steps that no layer reads."""
        missing = keras.ops.all(keras.ops.isnan(self.values), axis=-1)
        self.mask = keras.ops.logical_not(missing)
        self.clear_missing()

    def clear_missing(self):
        """Zeros for the steps that are not there."""
        if self.mask is not None:
            there = keras.ops.expand_dims(self.mask, -1)
            self.values = keras.ops.where(there, self.values, keras.ops.zeros_like(self.values))

    def _input(self, name, shape):
        return keras.Input(shape, dtype=self.network.dtype, name=name)


# States of a cell: an LSTM has a cell beside its output.
STATES = {"simple": 1, "lstm": 2, "gru": 1, "mingru": 1, "minlstm": 1}


def build(
    network: Network, seed: int = 0, *, every_step: bool = False, with_states: bool = False
) -> keras.Model:
    """A stock Keras model of the network.

    The seed decides its weights and dropouts, and no global state does. With ``every_step`` it
    gives the outputs of every step, in place of the last. With ``with_states`` the states before
    the first step are inputs of the model, those of each recurrent layer in turn; they are zero
    without.
    """
    graph = _Graph(network, seed, every_step=every_step, with_states=with_states)
    for layer in network.layers:
        BUILDERS[type(layer)](graph, layer)
    n_outputs = network.per_target if network.decoder else network.outputs
    graph.apply(keras.layers.Dense, n_outputs, kernel_initializer=graph.glorot())
    if network.decoder:
        graph.apply(keras.layers.Reshape, (network.outputs,))
    if graph.mask is not None and every_step:
        # Weights say which steps have targets: Keras would count its mask beside them.
        graph.values = keras.ops.multiply(graph.values, 1.0)
    if network.link == "ordered":
        graph.values = _ordered(graph.values, network)
    inputs = graph.inputs[0] if len(graph.inputs) == 1 else graph.inputs
    return keras.Model(inputs, graph.values)


def _ordered(values, network):
    """Of each target's numbers the middle one as it is, and the others by steps away from it."""
    around = values.shape[1:-1]
    middle = network.per_target // 2
    shape = (*around, network.targets, network.per_target)
    raw = keras.layers.Reshape(shape, dtype=network.dtype)(values)
    centre = raw[..., middle : middle + 1]
    parts = [centre]
    if middle:
        below = keras.ops.flip(keras.ops.softplus(raw[..., :middle]), axis=-1)
        parts.insert(0, centre - keras.ops.flip(keras.ops.cumsum(below, axis=-1), axis=-1))
    if middle + 1 < network.per_target:
        above = keras.ops.softplus(raw[..., middle + 1 :])
        parts.append(centre + keras.ops.cumsum(above, axis=-1))
    joined = keras.ops.concatenate(parts, axis=-1)
    return keras.layers.Reshape((*around, network.outputs), dtype=network.dtype)(joined)


def _embedding(graph, layer):
    ops = keras.ops
    codes = ops.squeeze(graph.values, -1)
    graph.values = ops.where(codes < layer.codes, codes, ops.zeros_like(codes))
    graph.apply(
        keras.layers.Embedding,
        layer.codes,
        layer.units,
        embeddings_initializer=keras.initializers.RandomUniform(seed=graph.seed()),
    )
    graph.clear_missing()


def _recurrent(graph, layer):
    last = graph.network.decoder is not None and not layer.sequences
    options = {
        "return_sequences": graph.every_step or layer.sequences,
        "return_state": last,
        "dtype": graph.network.dtype,
    }
    first = _cell(graph, layer, go_backwards=layer.go_backwards, **options)
    if layer.bidirectional:
        second = _cell(graph, layer, go_backwards=not layer.go_backwards, **options)
        first = keras.layers.Bidirectional(first, backward_layer=second, dtype=graph.network.dtype)
    given = first(graph.values, initial_state=graph.initial_states(layer), mask=graph.mask)
    if last:
        graph.values, *graph.states = given
    else:
        graph.values = given
    if graph.mask is not None and layer.go_backwards and layer.sequences:
        graph.mask = keras.ops.flip(graph.mask, axis=1)


def _cell(graph, layer, **options):
    if layer.cell in LINEAR_CELLS:
        return LINEAR_CELLS[layer.cell](
            layer.units,
            activation=layer.activation,
            dropout=layer.dropout,
            kernel_initializer=graph.glorot(),
            seed=graph.seed(),
            **options,
        )
    return CELLS[layer.cell](
        layer.units,
        activation=layer.activation,
        dropout=layer.dropout,
        recurrent_dropout=layer.recurrent_dropout,
        unroll=layer.unroll,
        kernel_initializer=graph.glorot(),
        recurrent_initializer=keras.initializers.Orthogonal(seed=graph.seed()),
        seed=graph.seed(),
        **options,
    )


def _decoder(graph, layer):
    """The decoder's outputs, one for each lead."""
    dtype = graph.network.dtype
    states = graph.states
    n_states = STATES[layer.cell]
    if len(states) > n_states:
        # Those of the other direction follow: the decoder's units are the units of both.
        pairs = zip(states[:n_states], states[n_states:], strict=True)
        states = [keras.layers.Concatenate(dtype=dtype)(pair) for pair in pairs]
    values = keras.layers.RepeatVector(graph.network.targets, dtype=dtype)(graph.values)
    if graph.known_ahead:
        values = keras.layers.Concatenate(dtype=dtype)([values, *graph.known_ahead])
    cell = _cell(graph, layer, return_sequences=True, dtype=dtype)
    graph.values = cell(values, initial_state=states)


def _convolution(graph, layer):
    graph.clear_missing()
    padding = layer.padding
    aligned = graph.mask is not None and layer.strides > 1
    if aligned:
        padding = "valid"
        given = _align_sequences(graph, layer)
    graph.apply(
        keras.layers.Conv1D,
        layer.filters,
        layer.kernel_size,
        strides=layer.strides,
        dilation_rate=layer.dilation,
        padding=padding,
        activation=None if layer.batch_norm else layer.activation,
        use_bias=not layer.batch_norm,
        kernel_initializer=graph.glorot(),
    )
    if aligned:
        _end_together(graph, given)
    elif graph.mask is not None and padding == "valid" and layer.reach:
        graph.mask = graph.mask[:, : -layer.reach]
    if layer.batch_norm:
        normalise = keras.layers.BatchNormalization(
            momentum=MOMENTUM, epsilon=EPSILON, dtype=graph.network.dtype
        )
        graph.values = normalise(graph.values, mask=graph.mask)
        graph.apply(keras.layers.Activation, layer.activation)
    if graph.mask is None:
        if layer.pool_size > 1:
            graph.apply(keras.layers.MaxPooling1D, layer.pool_size, padding="same")
        return
    if layer.pool_size > 1:
        _pool_sequences(graph, layer.pool_size)
    graph.clear_missing()


def _align_sequences(graph, layer):
    """Each sequence begins at the first step, padded as if it were alone.

    How many steps a convolution with strides gives of each (n, 1). Keras would read sequences among
    longer ones at other steps, and pad them otherwise.
    """
    ops = keras.ops
    there = ops.cast(graph.mask, "int32")
    n_steps = ops.sum(there, axis=1, keepdims=True)
    n_read = n_steps - layer.reach if layer.padding == "valid" else n_steps
    given = ops.floor_divide(n_read + layer.strides - 1, layer.strides)
    before = ops.zeros_like(given)
    if layer.padding == "causal":
        before = before + layer.reach
    elif layer.padding == "same":
        padding = (given - 1) * layer.strides + layer.reach + 1 - n_steps
        before = ops.floor_divide(ops.maximum(padding, 0), 2)
    n_behind = 0 if layer.padding == "valid" else layer.reach
    padded = ops.pad(there, ((0, 0), (0, n_behind)))
    step = ops.cumsum(ops.ones_like(padded), axis=1) - 1 - before
    valid = ops.logical_and(step >= 0, step < n_steps)
    missing = ops.sum(1 - there, axis=1, keepdims=True)
    graph.values = _steps_or(graph.values, missing + step, valid, 0.0)
    return given


def _end_together(graph, given):
    """Sequences that begin at the first step, of ``given`` steps each, end at the last."""
    ops = keras.ops
    ahead = ops.cumsum(ops.ones_like(graph.values[:, :, 0], dtype="int32"), axis=1)
    step = ahead - 1 - (ahead[:, -1:] - given)
    graph.mask = step >= 0
    graph.values = _steps_or(graph.values, step, graph.mask, 0.0)


def _steps_or(values, step, valid, otherwise):
    """The steps of a sequence in another order; another number where they are not valid."""
    ops = keras.ops
    index = ops.expand_dims(ops.where(valid, step, 0), -1)
    values = ops.take_along_axis(values, index, axis=1)
    return ops.where(ops.expand_dims(valid, -1), values, otherwise)


def _pool_sequences(graph, size):
    """The maximum of every ``size`` steps, in each sequence as if it were alone.

    Its first and its last maximum have as many steps less as Keras gives to a sequence alone, so
    that sequences of different length are cut at different steps. From the newest step on, each is
    moved by as many steps as its last maximum has too few.
    """
    ops = keras.ops
    there = ops.cast(ops.flip(graph.mask, axis=1), "int32")
    there = ops.pad(there, ((0, 0), (0, size)))
    values = ops.pad(ops.flip(graph.values, axis=1), ((0, 0), (0, size), (0, 0)))
    n_steps = ops.sum(there, axis=1, keepdims=True)
    too_few = ops.mod(-n_steps, size)
    moved = too_few - ops.floor_divide(too_few, 2)
    step = ops.cumsum(ops.ones_like(there), axis=1) - 1 - moved
    valid = ops.logical_and(step >= 0, step < n_steps)
    values = _steps_or(values, step, valid, float(np.finfo(graph.network.dtype).min))
    valid = ops.expand_dims(ops.cast(valid, graph.network.dtype), -1)
    pooling = keras.layers.MaxPooling1D(size, dtype=graph.network.dtype)
    graph.values = ops.flip(pooling(values), axis=1)
    graph.mask = ops.flip(ops.squeeze(pooling(valid), -1), axis=1) > 0


def _segments(graph, layer):
    """Steps beside each other, the newest complete."""
    size = layer.size
    if graph.mask is None:
        steps, numbers = graph.values.shape[1:]
        graph.values = graph.values[:, steps % size :]
        graph.apply(keras.layers.Reshape, (steps // size, size * numbers))
        return
    # From the newest step on, each at its age; those in front of the oldest are not there.
    ops = keras.ops
    values = ops.pad(ops.flip(graph.values, axis=1), ((0, 0), (0, size), (0, 0)))
    there = ops.pad(ops.cast(ops.flip(graph.mask, axis=1), "int32"), ((0, 0), (0, size)))
    ages = range(size - 1, -1, -1)
    steps = [values[:, age : age - size : size] for age in ages]
    graph.values = ops.flip(ops.concatenate(steps, axis=-1), axis=1)
    oldest = there[:, size - 1 : -1 : size]
    graph.mask = ops.flip(oldest, axis=1) > 0
    graph.clear_missing()


def _summary(graph, layer):
    if graph.mask is None:
        graph.apply(SUMMARIES[layer.how])
    elif layer.how == "average":
        pooling = keras.layers.GlobalAveragePooling1D(dtype=graph.network.dtype)
        graph.values = pooling(graph.values, mask=graph.mask)
    else:
        lowest = float(np.finfo(graph.network.dtype).min)
        there = keras.ops.expand_dims(graph.mask, -1)
        graph.values = keras.ops.where(there, graph.values, lowest)
        graph.apply(SUMMARIES[layer.how])


def _attention(graph, layer):
    dtype = graph.network.dtype
    query = keras.layers.Dense(
        1, use_bias=False, kernel_initializer=graph.glorot(), dtype=dtype, name="attention"
    )
    likings = query(graph.values)
    if graph.mask is not None:
        there = keras.ops.expand_dims(graph.mask, -1)
        likings = keras.ops.where(there, likings, float(np.finfo(dtype).min))
    shares = keras.layers.Softmax(axis=1, dtype=dtype)(likings)
    graph.values = keras.ops.sum(graph.values * shares, axis=1)


def _dropout(graph, layer):
    graph.apply(keras.layers.Dropout, layer.rate, seed=graph.seed())


def _dense(graph, layer):
    graph.apply(
        keras.layers.Dense,
        layer.units,
        activation=layer.activation,
        kernel_initializer=graph.glorot(),
    )


# How each kind of layer is built: a new one is a line here.
BUILDERS = {
    Embedding: _embedding,
    Recurrent: _recurrent,
    Decoder: _decoder,
    Convolution: _convolution,
    Segments: _segments,
    Summary: _summary,
    Attention: _attention,
    Dropout: _dropout,
    Dense: _dense,
}


# ---------------------------------------------------------------------- losses and optimizers


CLASS_LOSSES = {
    "logistic": keras.losses.BinaryCrossentropy,
    "softmax": keras.losses.SparseCategoricalCrossentropy,
}


def loss_of(loss: Loss):
    """A loss as Keras takes it."""
    if loss.kind in CLASS_LOSSES:
        return CLASS_LOSSES[loss.kind](from_logits=True)
    if loss.kind != "pinball":
        return loss.kind
    levels = np.array(loss.quantiles)

    def pinball(y, outputs):
        shape = (*keras.ops.shape(outputs)[:-1], -1, len(levels))
        error = y[..., None] - keras.ops.reshape(outputs, shape)
        q = keras.ops.cast(levels, outputs.dtype)
        losses = keras.ops.maximum(q * error, (q - 1) * error)
        return keras.ops.mean(losses, axis=(-2, -1))

    return pinball


def optimizer_of(training: Training) -> keras.optimizers.Optimizer:
    """A new optimizer as the training wants it."""
    if isinstance(training.optimizer, str):
        config = {"class_name": training.optimizer, "config": {}}
    else:
        # A Keras optimizer belongs to the model that it was first used for: each fit takes a new
        # one.
        config = keras.optimizers.serialize(training.optimizer)
    for name in ("learning_rate", "clipnorm", "global_clipnorm", "weight_decay"):
        if getattr(training, name) is not None:
            config["config"][name] = getattr(training, name)
    if training.learning_rate_decay < 1 and isinstance(config["config"].get("learning_rate"), dict):
        raise ValueError(
            "learning_rate_decay needs a learning rate that is a number, and the optimizer has a "
            "schedule of its own: leave one of them out"
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


def check_names(network: Network, training: Training) -> None:
    """Keras knows the names of the loss, the optimizer and the activations."""
    if training.loss.kind not in ("pinball", *CLASS_LOSSES):
        _check_name("loss", training.loss.kind)
    _check_name("optimizer", training.optimizer)
    for layer in network.layers:
        _check_name("activation", getattr(layer, "activation", None))
