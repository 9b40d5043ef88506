"""Plan: a network as a table of layers, and where each of them finds its weights and its numbers.

A chunk of samples goes through a network in one piece of memory, (rows, lanes): a lane is a sample.
All that a layer reads or writes has a *place* there, the first of its rows, from which (steps,
rows, lanes) lie one after the other. The weights of all layers are packed into one vector, as the
kernels want them; the plan tells for every number of Keras's layout which number of the packed
vector it is.
"""

from dataclasses import dataclass

import numpy as np

from skrnn.neural.fused.checks import check_weights
from skrnn.neural.fused.kernels import ACTIVATIONS
from skrnn.neural.network import Convolution, Decoder, Dense, Dropout, Network, Recurrent

SIMPLE, LSTM, GRU, DENSE, CONVOLUTION, AVERAGE, MAXIMUM, DROPOUT, REPEAT, ORDERED = range(10)
CELLS = {"simple": SIMPLE, "lstm": LSTM, "gru": GRU}

# A row of the table: what a layer is, and the rows of a chunk's memory where its numbers begin.
# What it has no use for is 0.
_INTEGERS = (
    "kind",  # one of the above: those up to GRU are recurrent
    "activation",  # one of ``kernels.ACTIVATIONS``
    "forward",  # addresses of its kernels
    "backward",
    "steps",  # how many it reads, and how many numbers at each
    "inputs",
    "out_steps",  # how many it gives, and how many numbers at each; of a recurrent layer the units of one direction
    "units",
    "weights",  # where its weights begin, and their gradient, in the packed vectors; -1 where it has none
    "first",  # whether it is the first with weights: nobody asks for the gradient of what it reads
    "x",  # what it reads
    "out",  # what it gives
    "d",  # the gradient of what it gives
    "dx",  # the gradient of what it reads
    # Recurrent layers, of which either direction has a row.
    "backwards",  # whether it reads the last step first
    "turned",  # whether it is the second direction, which gives its states in the order of the first
    "sequences",  # whether it gives all states, or the last alone
    "width",  # the units of all directions, whose states lie beside each other
    "part",  # where its own begin there
    "adds",  # whether the other direction has written dx before
    "directions",  # of a decoder: with how many layers' last states, beside each other, it begins
    "encoder",  # the first of these layers
    "handed",  # whether a decoder has written dh and dc
    "H",  # states: that before the first step, and those after each
    "P",  # the gates' products, then the gates, and backward the gradients of the products
    "C",  # the cells of an LSTM: that before the first step, and those after each
    "T",  # their activations
    "dh",  # the gradient of a step's state
    "dc",  # the gradient of its cell
    "x_mask",  # what is left out of the inputs (also by dropout between layers) and of the states
    "h_mask",
    "x_masked",  # what that leaves of the inputs and of the states, at all steps
    "h_masked",
    "spare",  # numbers that are used up in the same step
    # Convolutions.
    "size",  # how many steps it reads at once
    "span",  # how many steps it gives, before the maximum of every ``pool`` of them
    "pool",
    "before",  # how many steps of zeros stand before those that it reads
    "ahead",  # how many steps the first maximum has fewer than ``pool``
    "padded",  # its inputs between steps of zeros
    "convolved",  # what it gives before the maximum
    "d_padded",  # gradients of both
    "d_convolved",
    # Numbers in order.
    "group",  # how many numbers are in order: those of a target
    # Repeating one step for a decoder.
    "beside",  # what is known ahead at each lead
)
LAYER = np.dtype(
    [(name, np.int64) for name in _INTEGERS]
    + [(name, np.float64) for name in ("dropout", "recurrent_dropout")]
)


@dataclass
class Variable:
    """One of a network's weights.

    Its role, and for each of its numbers, as Keras lays them out, the packed one.
    """

    role: str
    numbers: np.ndarray


class Plan:
    """Where everything is, for one network.

    With ``every_step`` its outputs are those of all steps.
    """

    def __init__(self, network: Network, *, every_step=False):
        self.network, self.every_step = network, every_step
        # The first row of memory is ones.
        self.rows, self.packed = 1, 0
        self.variables, self._blocks = [], []
        self.windows = self._place(network.steps, network.features)
        self.known_ahead = self._place(network.targets, network.known_ahead)
        at, shape = self.windows, (network.steps, network.features)
        for spec in network.layers:
            at, shape = self._layer(at, shape, spec)
        n_outputs = network.per_target if network.decoder else network.outputs
        self.outputs, shape = self._dense(at, shape, n_outputs, "linear")
        if network.link == "ordered":
            self.outputs, _ = self._add(
                self.outputs, shape, ORDERED, shape, group=network.per_target
            )
        # What is only needed to train comes last.
        self.forward_rows = self.rows
        self.target_steps = network.steps if every_step else 1
        self.target = self._place(self.target_steps, network.targets)
        self.factors = self._place(self.target_steps, 1)
        self.d_outputs = self._place(self.target_steps, network.outputs)
        self._plan_gradients(self.d_outputs)
        self.layers = self._table()
        self.numbers = np.concatenate([variable.numbers.ravel() for variable in self.variables])
        self.bounds = np.cumsum([0, *(variable.numbers.size for variable in self.variables)])

    @property
    def drops(self):
        """Whether anything is left out at random."""
        return bool((self.layers["dropout"] + self.layers["recurrent_dropout"]).any())

    @property
    def widest(self):
        """The units of the widest recurrent layer."""
        return int(self.layers["units"][self.layers["kind"] <= GRU].max(initial=0))

    def vector(self, weights, dtype):
        """Weights in Keras's layout as one vector."""
        check_weights(self.variables, weights)
        return np.concatenate([np.ravel(weight) for weight in weights]).astype(dtype)

    def weights(self, vector):
        """A vector as weights in Keras's layout."""
        parts = zip(self.bounds[:-1], self.bounds[1:], self.variables, strict=True)
        return [
            vector[start:stop].reshape(variable.numbers.shape).copy()
            for start, stop, variable in parts
        ]

    # ------------------------------------------------------------------ places

    def _place(self, *shape):
        start, self.rows = self.rows, self.rows + int(np.prod(shape))
        return start

    def _pack(self, *shape):
        start, self.packed = self.packed, self.packed + int(np.prod(shape))
        return start, np.arange(start, self.packed).reshape(shape)

    def _variable(self, role, numbers):
        self.variables.append(Variable(role, np.ascontiguousarray(numbers)))

    # ------------------------------------------------------------------ layers

    # Each plans what reads numbers of a shape (steps, rows) ``at`` a place, and tells place and
    # shape of what it gives.

    def _layer(self, at, shape, spec):
        if isinstance(spec, Recurrent):
            return self._recurrent(at, shape, spec, sequences=spec.sequences or self.every_step)
        if isinstance(spec, Decoder):
            return self._decoder(at, shape, spec)
        if isinstance(spec, Convolution):
            return self._convolution(at, shape, spec)
        if isinstance(spec, Dense):
            return self._dense(at, shape, spec.units, spec.activation)
        if isinstance(spec, Dropout):
            return self._add(
                at, shape, DROPOUT, shape, dropout=spec.rate, x_mask=self._place(*shape)
            )
        steps, units = shape
        if spec.how == "flatten":
            return at, (1, steps * units)
        return self._add(at, shape, {"average": AVERAGE, "max": MAXIMUM}[spec.how], (1, units))

    def _add(self, at, shape, kind, out_shape, **values):
        layer = {
            "kind": kind,
            "steps": shape[0],
            "inputs": shape[1],
            "units": out_shape[1],
            "x": at,
        }
        layer |= {
            "out": self._place(*out_shape),
            "out_steps": out_shape[0],
            "weights": -1,
            **values,
        }
        self._blocks.append([layer])
        return layer["out"], out_shape

    def _dense(self, at, shape, units, activation):
        start, numbers = self._pack(units, shape[1] + 1)
        self._variable("kernel", numbers[:, :-1].T)
        self._variable("bias", numbers[:, -1])
        values = {"activation": ACTIVATIONS[activation], "weights": start}
        return self._add(at, shape, DENSE, (shape[0], units), **values)

    def _convolution(self, at, shape, spec):
        (steps, inputs), size, pool = shape, spec.kernel_size, spec.pool_size
        start, numbers = self._pack(spec.filters, size * inputs + 1)
        self._variable("kernel", numbers[:, :-1].T.reshape(size, inputs, -1))
        self._variable("bias", numbers[:, -1])
        span = steps if spec.padding == "same" else steps - size + 1
        out_steps = -(-span // pool)
        values = {
            "activation": ACTIVATIONS[spec.activation],
            "weights": start,
            "size": size,
            "pool": pool,
            "span": span,
            "before": (size - 1) // 2 if spec.padding == "same" else 0,
            "ahead": (out_steps * pool - span) // 2,
            "padded": self._place(span + size - 1, inputs),
            "convolved": self._place(span, spec.filters),
        }
        return self._add(at, shape, CONVOLUTION, (out_steps, spec.filters), **values)

    def _recurrent(self, at, shape, spec, *, sequences, **values):
        turns = (False, True) if getattr(spec, "bidirectional", False) else (False,)
        block = []
        for turned in turns:
            layer = self._cell(at, shape, spec)
            layer |= {"backwards": turned != getattr(spec, "go_backwards", False), "turned": turned}
            layer |= {
                "sequences": sequences,
                "part": turned * spec.units,
                "width": len(turns) * spec.units,
                **values,
            }
            block.append(layer)
        steps, width = shape[0] if sequences else 1, len(turns) * spec.units
        if len(turns) == 1:  # where the states are
            out = block[0]["H"] + (1 if sequences else shape[0]) * spec.units
        else:
            out = self._place(steps, width)
        for layer in block:
            layer |= {"out": out, "out_steps": steps}
        self._blocks.append(block)
        return out, (steps, width)

    def _cell(self, at, shape, spec):
        (steps, inputs), units, kind = shape, spec.units, CELLS[spec.cell]
        gates = {SIMPLE: 1, LSTM: 4, GRU: 4}[kind]
        columns = inputs + 1 + units
        start, V = self._pack(gates * units, columns)
        # A product of inputs, one and states. Of the GRU the candidate comes first and last, with
        # its inputs and with the states; of its other gates both biases are one number.
        first = last = V
        if kind == GRU:
            first, last = np.roll(V[: 3 * units], -units, axis=0), V[units:]
        self._variable("kernel", first[:, :inputs].T)
        self._variable("recurrent", last[:, inputs + 1 :].T)
        biases = [first[:, inputs], last[:, inputs]] if kind == GRU else V[:, inputs]
        self._variable("lstm bias" if kind == LSTM else "bias", np.array(biases))
        return {
            "kind": kind,
            "activation": ACTIVATIONS[spec.activation],
            "steps": steps,
            "inputs": inputs,
            "units": units,
            "x": at,
            "weights": start,
            "dropout": spec.dropout,
            "recurrent_dropout": spec.recurrent_dropout,
            "x_mask": self._place(inputs) if spec.dropout else 0,
            "h_mask": self._place(units) if spec.recurrent_dropout else 0,
            "x_masked": self._place(steps, inputs) if spec.dropout else 0,
            "h_masked": self._place(steps, units) if spec.recurrent_dropout else 0,
            "H": self._place(steps + 1, units),
            "P": self._place(steps, gates * units) if kind != SIMPLE else 0,
            "C": self._place(steps + 1, units) if kind == LSTM else 0,
            "T": self._place(steps, units) if kind == LSTM else 0,
        }

    def _decoder(self, at, shape, spec):
        encoder = self._blocks[-1]
        index = sum(map(len, self._blocks)) - len(encoder)
        for layer in encoder:
            layer["handed"] = True
        out_shape = self.network.targets, spec.units + self.network.known_ahead
        at, shape = self._add(at, shape, REPEAT, out_shape, beside=self.known_ahead)
        return self._recurrent(
            at, shape, spec, sequences=True, encoder=index, directions=len(encoder)
        )

    # ------------------------------------------------------------------ gradients, and the table

    def _plan_gradients(self, d):
        first = next(block for block in self._blocks if block[0]["weights"] >= 0)
        for block in reversed(self._blocks):
            dx = 0
            for layer in block:
                kind = layer["kind"]
                layer |= {"d": d, "first": block is first}
                if kind == CONVOLUTION:
                    layer["d_convolved"] = (
                        self._place(layer["span"], layer["units"]) if layer["pool"] > 1 else d
                    )
                if kind <= GRU:
                    layer |= {name: self._place(layer["units"]) for name in ("dh", "dc")}
                    layer["spare"] = self._place(max(layer["inputs"], layer["units"]))
                    # Backward the other direction comes first, and writes.
                    layer["adds"] = len(block) == 2 and not layer["turned"]
                if kind == SIMPLE:
                    layer["P"] = self._place(layer["steps"], layer["units"])
                if block is not first:
                    dx = layer["dx"] = dx or self._gradient_of_inputs(layer)
            d = dx
            if block is first:
                break

    def _gradient_of_inputs(self, layer):
        if layer["kind"] == DROPOUT:
            return layer["d"]
        if layer["kind"] == CONVOLUTION:
            layer["d_padded"] = self._place(layer["span"] + layer["size"] - 1, layer["inputs"])
            layer["spare"] = self._place(layer["size"], layer["inputs"])
            return layer["d_padded"] + layer["before"] * layer["inputs"]
        return self._place(layer["steps"], layer["inputs"])

    def _table(self):
        records = [layer for block in self._blocks for layer in block]
        table = np.zeros(len(records), LAYER)
        for row, record in zip(table, records, strict=True):
            for name, value in record.items():
                row[name] = value
        return table
