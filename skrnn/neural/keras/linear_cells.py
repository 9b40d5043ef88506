"""Linear recurrences as Keras layers: gates of the inputs alone, and a scan over the steps.

The equations and the order of the weights are those of the fused engine
(``fused/layers/linear_recurrent.py``).
"""

from skrnn.neural.keras.quiet import quiet_start
from skrnn.neural.network import first_biases

with quiet_start():
    import keras

ops = keras.ops

# Steps of a block: where it is not known how many steps there are, blocks are scanned.
BLOCK = 32


class LinearRecurrence(keras.layers.Layer):
    """A layer whose state is ``keep * before + add`` at every step, for each unit by itself.

    Its arguments are those of Keras's recurrent layers. Masked steps leave the state as it is.
    ``dropout`` leaves out the same inputs at every step.
    """

    cell: str
    gates: int
    # No state goes from batch to batch: Bidirectional asks.
    stateful = False
    states = None

    def __init__(
        self,
        units,
        *,
        activation="tanh",
        dropout=0.0,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        kernel_initializer="glorot_uniform",
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units = units
        self.activation = keras.activations.get(activation)
        self.dropout = dropout
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.seed = seed
        self.supports_masking = True
        self.input_spec = keras.layers.InputSpec(ndim=3)
        self._seeds = keras.random.SeedGenerator(seed)

    def build(self, sequences_shape, initial_state_shape=None):
        """Weights of the inputs, and a bias, for the gates of all units."""
        width = self.gates * self.units
        shape = (sequences_shape[-1], width)
        self.kernel = self.add_weight(
            shape=shape, initializer=self.kernel_initializer, name="kernel"
        )
        self.bias = self.add_weight(shape=(width,), initializer=self._first_biases, name="bias")

    def call(self, sequences, initial_state=None, mask=None, training=False):
        """The last state or all states of sequences (batch, steps, features)."""
        if training and self.dropout:
            noise = (ops.shape(sequences)[0], 1, ops.shape(sequences)[2])
            sequences = keras.random.dropout(sequences, self.dropout, noise, seed=self._seeds)
        products = ops.matmul(sequences, self.kernel) + self.bias
        share, candidate = self.step(*ops.split(products, self.gates, axis=-1))
        keep, add = 1 - share, share * candidate
        if mask is not None:
            there = ops.expand_dims(mask, -1)
            keep = ops.where(there, keep, ops.ones_like(keep))
            add = ops.where(there, add, ops.zeros_like(add))
        if self.go_backwards:
            keep, add = ops.flip(keep, axis=1), ops.flip(add, axis=1)
        before = _first(initial_state, add)
        states = _states(keep, add, before)
        last = states[:, -1]
        given = states if self.return_sequences else last
        return (given, last) if self.return_state else given

    def _first_biases(self, shape, dtype=None):
        return ops.convert_to_tensor(first_biases(self.cell, self.units), dtype)

    def step(self, *products):
        """How much of its candidate a state takes, and the candidate, from a step's products."""
        raise NotImplementedError

    def compute_mask(self, sequences, mask=None):
        """Of all states, the steps that are masked are those of the inputs."""
        return mask if self.return_sequences else None

    def compute_output_shape(self, sequences_shape, initial_state_shape=None):
        """The shape of the states, and of the last one."""
        last = (sequences_shape[0], self.units)
        given = (*sequences_shape[:2], self.units) if self.return_sequences else last
        return (given, last) if self.return_state else given

    def get_config(self):
        """The arguments that make such a layer anew."""
        return {
            **super().get_config(),
            "units": self.units,
            "activation": keras.activations.serialize(self.activation),
            "dropout": self.dropout,
            "return_sequences": self.return_sequences,
            "return_state": self.return_state,
            "go_backwards": self.go_backwards,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "seed": self.seed,
        }


@keras.saving.register_keras_serializable(package="skrnn")
class MinGRU(LinearRecurrence):
    """The minimal gated recurrent unit: one gate, and a candidate."""

    cell = "mingru"
    gates = 2

    def step(self, update, candidate):
        """The share is the update gate."""
        return ops.sigmoid(update), self.activation(candidate)


@keras.saving.register_keras_serializable(package="skrnn")
class MinLSTM(LinearRecurrence):
    """The minimal long short-term memory: an input and a forget gate whose sum is one."""

    cell = "minlstm"
    gates = 3

    def step(self, enter, forget, candidate):
        """The share is that of the input gate in both, computed from their logarithms."""
        share = ops.sigmoid(ops.softplus(-forget) - ops.softplus(-enter))
        return share, self.activation(candidate)


def _first(initial_state, add):
    """The state before the first step: zero, if none is given."""
    if initial_state is None:
        return ops.zeros_like(add[:, 0])
    return initial_state[0] if isinstance(initial_state, list | tuple) else initial_state


def _scan(keep, add, steps):
    """What the steps up to each keep and add as a whole: every round joins twice as many.

    The steps are the last axis but one. Keras's own scan knows them only from Keras 3.11 on.
    """
    margins = [(0, 0)] * (len(keep.shape) - 2)
    span = 1
    while span < steps:
        behind = (*margins, (span, 0), (0, 0))
        earlier_keep = ops.pad(keep[..., :-span, :], behind, constant_values=1)
        earlier_add = ops.pad(add[..., :-span, :], behind)
        keep, add = keep * earlier_keep, keep * earlier_add + add
        span *= 2
    return keep, add


def _states(keep, add, before):
    """All states of steps (batch, steps, units) that keep and add."""
    steps, units = add.shape[1:]
    if steps is not None:
        kept, added = _scan(keep, add, steps)
        return kept * ops.expand_dims(before, 1) + added
    # Keras scans no unknown number of steps: blocks are scanned side by side, and go on one after
    # the other.
    steps = ops.shape(add)[1]
    n_blocks = -(-steps // BLOCK)
    padding = ((0, 0), (0, n_blocks * BLOCK - steps), (0, 0))
    shape = (-1, n_blocks, BLOCK, units)
    keep = ops.reshape(ops.pad(keep, padding, constant_values=1), shape)
    add = ops.reshape(ops.pad(add, padding), shape)
    kept, added = _scan(keep, add, BLOCK)
    ends = ops.concatenate([kept[:, :, -1], added[:, :, -1]], axis=-1)
    dtype = keras.backend.standardize_dtype(ends.dtype)
    carry = keras.layers.RNN(_Carry(units, dtype=dtype), return_sequences=True, dtype=dtype)
    behind = carry(ends, initial_state=[before])
    begins = ops.concatenate([ops.expand_dims(before, 1), behind[:, :-1]], axis=1)
    states = kept * ops.expand_dims(begins, 2) + added
    return ops.reshape(states, (-1, n_blocks * BLOCK, units))[:, :steps]


class _Carry(keras.layers.Layer):
    """The state behind a block, from what it keeps and adds as a whole."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.state_size = units
        self.output_size = units

    def call(self, block, states):
        kept, added = ops.split(block, 2, axis=-1)
        state = kept * states[0] + added
        return state, [state]
