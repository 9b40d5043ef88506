"""Layers of the fused engine: each knows its weights' shapes, and computes forward and backward for a chunk of lanes.

Arrays are as in ``kernels``: (steps, features, lanes). A layer keeps what its backward pass needs of the last forward
pass.
"""

import numpy as np

from skrnn.neural.fused import cells, kernels
from skrnn.neural.fused.kernels import ACTIVATIONS, LINEAR

# A line of the processor's caches.
LINE = 64


def _aligned(shape, dtype):
    """An empty array that begins with a line of the cache, so that no vector lies in two of them."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.empty(size + LINE, np.uint8)
    start = -memory.ctypes.data % LINE
    return memory[start : start + size].view(dtype).reshape(shape)


class Layer:
    """A part of a network. ``shapes`` are those of its weights, as the kernels want them: (outputs, inputs)."""

    shapes = ()
    buffers = None
    # Nobody asks for the gradient of the windows themselves.
    first_of_network = False

    def empty(self, name, shape, dtype):
        """An array to write to, the same in every pass: memory that is given back and asked for anew costs time."""
        self.buffers = {} if self.buffers is None else self.buffers
        known = self.buffers.get(name)
        if known is None or known.shape != shape or known.dtype != dtype:
            known = self.buffers[name] = _aligned(shape, dtype)
        return known

    def keras_shapes(self):
        """The shapes of the weights in Keras's layout: kernels the other way around."""
        return [shape[::-1] for shape in self.shapes[:-1]] + list(self.shapes[-1:])

    def forward(self, weights, X, random=None):
        """The outputs for inputs X; with ``random``, in training."""
        raise NotImplementedError

    def backward(self, weights, gradients, D):
        """Write the weights' gradients for the outputs' gradient D, and return that of the inputs."""
        raise NotImplementedError


class DenseLayer(Layer):
    """A dense layer."""

    def __init__(self, inputs, units, activation):
        self.shapes = ((units, inputs), (units,))
        self.kind = ACTIVATIONS[activation]

    def forward(self, weights, X, random=None):
        """As for all layers."""
        W, bias = weights
        self.X, self.out = X, self.empty("out", (len(X), len(bias), X.shape[2]), X.dtype)
        kernels.affine(W, X, bias, self.out)
        if self.kind != LINEAR:
            kernels.activate(self.out, self.kind)
        return self.out

    def backward(self, weights, gradients, D):
        """As for all layers."""
        if self.kind != LINEAR:
            kernels.slope(self.out, D, self.kind)
        dX = self.empty("dX", self.X.shape if not self.first_of_network else (0, *self.X.shape[1:]), D.dtype)
        kernels.affine_back(weights[0], self.X, D, *gradients, dX)
        return None if self.first_of_network else dX


class DropoutLayer(Layer):
    """Leaves out a share of its inputs in training."""

    def __init__(self, rate):
        self.rate = rate

    def forward(self, weights, X, random=None):
        """As for all layers."""
        self.mask = None if random is None else _mask(random, self.rate, X.shape, X.dtype)
        return X if self.mask is None else X * self.mask

    def backward(self, weights, gradients, D):
        """As for all layers."""
        return D if self.mask is None else D * self.mask


class FlattenLayer(Layer):
    """All steps of a sequence as one vector, in Keras's order: step after step."""

    def __init__(self, steps):
        self.steps = steps

    def forward(self, weights, X, random=None):
        """As for all layers."""
        return X.reshape(1, -1, X.shape[2])

    def backward(self, weights, gradients, D):
        """As for all layers."""
        return D.reshape(self.steps, -1, D.shape[2])


class SummaryLayer(Layer):
    """The mean or the maximum of all steps."""

    def __init__(self, how, steps):
        self.how, self.steps = how, steps

    def forward(self, weights, X, random=None):
        """As for all layers."""
        if self.how == "average":
            return X.mean(axis=0, keepdims=True)
        self.at = X.argmax(axis=0)[None]
        return np.take_along_axis(X, self.at, axis=0)

    def backward(self, weights, gradients, D):
        """As for all layers."""
        if self.how == "average":
            return np.repeat(D / D.dtype.type(self.steps), self.steps, axis=0)
        out = np.zeros((self.steps, *D.shape[1:]), D.dtype)
        np.put_along_axis(out, self.at, D, axis=0)
        return out


class ConvolutionLayer(Layer):
    """A convolution over the steps, and then the maximum of every ``pool_size`` of them."""

    def __init__(self, inputs, spec, steps):
        self.inputs, self.steps, self.size, self.pool = inputs, steps, spec.kernel_size, spec.pool_size
        self.shapes = ((spec.filters, self.size * inputs), (spec.filters,))
        self.kind = ACTIVATIONS[spec.activation]
        self.before = (self.size - 1) // 2 if spec.padding == "same" else 0
        self.convolved = steps if spec.padding == "same" else steps - self.size + 1
        self.steps_out = -(-self.convolved // self.pool)
        self.ahead = (self.steps_out * self.pool - self.convolved) // 2

    def keras_shapes(self):
        """(kernel size, inputs, filters), and the biases."""
        filters = self.shapes[1][0]
        return [(self.size, self.inputs, filters), (filters,)]

    def forward(self, weights, X, random=None):
        """As for all layers."""
        W, bias = weights
        padded = np.zeros((self.convolved + self.size - 1, *X.shape[1:]), X.dtype)
        padded[self.before : self.before + self.steps] = X
        self.X = _overlapping(padded, self.size)
        self.out = np.empty((self.convolved, len(bias), X.shape[2]), X.dtype)
        kernels.affine(W, self.X, bias, self.out)
        kernels.activate(self.out, self.kind)
        if self.pool == 1:
            return self.out
        groups = np.full((self.steps_out * self.pool, *self.out.shape[1:]), -np.inf, X.dtype)
        groups[self.ahead : self.ahead + self.convolved] = self.out
        groups = groups.reshape(self.steps_out, self.pool, *self.out.shape[1:])
        self.at = groups.argmax(axis=1)[:, None]
        return np.take_along_axis(groups, self.at, axis=1)[:, 0]

    def backward(self, weights, gradients, D):
        """As for all layers."""
        if self.pool > 1:
            groups = np.zeros((self.steps_out, self.pool, *D.shape[1:]), D.dtype)
            np.put_along_axis(groups, self.at, D[:, None], axis=1)
            D = groups.reshape(-1, *D.shape[1:])[self.ahead : self.ahead + self.convolved]
        kernels.slope(self.out, D, self.kind)
        read = np.empty((0 if self.first_of_network else self.convolved, *self.X.shape[1:]), D.dtype)
        kernels.affine_back(weights[0], self.X, D, *gradients, read)
        if self.first_of_network:
            return None
        padded = np.zeros((self.convolved + self.size - 1, self.inputs, D.shape[2]), D.dtype)
        for at, part in enumerate(np.split(read, self.size, axis=1)):
            padded[at : at + self.convolved] += part
        return padded[self.before : self.before + self.steps]


def _overlapping(X, size):
    """At every step the rows of ``size`` steps, where they lie."""
    steps, rows, lanes = X.shape
    return np.lib.stride_tricks.as_strided(X, (steps - size + 1, size * rows, lanes), X.strides, writeable=False)


class RecurrentLayer(Layer):
    """A recurrent layer in one direction. It gives the states of all steps, in the order of the window.

    Subclasses write ``_run`` and ``_run_back``, and how the weights lie side by side (``cells``).
    """

    gates = 1

    def __init__(self, inputs, spec, steps, *, reverse=False):
        units = spec.units
        self.inputs, self.units, self.steps, self.reverse = inputs, units, steps, reverse
        self.shapes = ((self.gates * units, inputs), (self.gates * units, units), self._bias_shape())
        self.kind = ACTIVATIONS[spec.activation]
        self.dropout, self.recurrent_dropout = spec.dropout, spec.recurrent_dropout

    def _bias_shape(self):
        return (self.gates * self.units,)

    def forward(self, weights, X, random=None, state=None):
        """As for all layers."""
        X = reversed_steps(X) if self.reverse else X
        self.n, dtype = X.shape[2], X.dtype
        self.masks = (
            self._mask(random, self.dropout, self.inputs, dtype),
            self._mask(random, self.recurrent_dropout, self.units, dtype),
        )
        self.V = self._side_by_side(weights)
        self.S = self._sequence("S", self.V.shape[1] + cells.MORE, dtype)
        self.H = self._sequence("H", self.units, dtype, more=1)
        self._run(X, state or self._no_state(dtype))
        return self.states()

    def _mask(self, random, rate, rows, dtype):
        left_out = random is not None and rate > 0
        return _mask(random, rate, (rows, self.n), dtype) if left_out else np.empty((0, self.n), dtype)

    def _sequence(self, name, rows, dtype, more=0):
        return self.empty(name, (self.steps + more, rows, self.n), dtype)

    def states(self):
        """The states of all steps, in the order of the window."""
        return reversed_steps(self.H[1:]) if self.reverse else self.H[1:]

    def _no_state(self, dtype):
        return [np.zeros((self.units, self.n), dtype)]

    def last_state(self):
        """The state after the last step that was read."""
        return [self.H[-1]]

    def backward(self, weights, gradients, D, last=None):
        """As for all layers; ``last`` is the last state's gradient beside D, ``self.first`` becomes the first's."""
        D = reversed_steps(D) if self.reverse else D
        self.first = [_aligned(one.shape, one.dtype) for one in last or self._no_state(D.dtype)]
        for first, one in zip(self.first, last or self._no_state(D.dtype), strict=True):
            first[...] = one
        dX = self.empty("dX", (0 if self.first_of_network else self.steps, self.inputs, self.n), D.dtype)
        G = np.zeros((len(self.V), self.V.shape[1] + cells.MORE), D.dtype)
        self._run_back(D, G, dX)
        self._take_apart(G[:, : self.V.shape[1]], gradients)
        if self.first_of_network:
            return None
        return reversed_steps(dX) if self.reverse else dX

    def _side_by_side(self, weights):
        W, U, bias = weights
        return np.concatenate([W, bias[:, None], U], axis=1)

    def _take_apart(self, G, gradients):
        gradients[0][...] = G[:, : self.inputs]
        gradients[1][...] = G[:, self.inputs + 1 :]
        gradients[2][...] = G[:, self.inputs]


class SimpleLayer(RecurrentLayer):
    """Elman's network."""

    def _run(self, X, state):
        self.H[0] = state[0]
        cells.simple_forward(self.V, X, *self.masks, self.kind, self.S, self.H)

    def _run_back(self, D, G, dX):
        P = self._sequence("P", self.units, D.dtype)
        cells.simple_backward(self.V, *self.masks, self.kind, self.S, self.H, P, D, *self.first, G, dX)


class LstmLayer(RecurrentLayer):
    """Long short-term memory, with the gates i, f, g, o."""

    gates = 4

    def _no_state(self, dtype):
        return super()._no_state(dtype) * 2

    def last_state(self):
        """The state and the cell after the last step that was read."""
        return [self.H[-1], self.C[-1]]

    def _run(self, X, state):
        self.P = self._sequence("P", 4 * self.units, X.dtype)
        self.C, self.T = self._sequence("C", self.units, X.dtype, more=1), self._sequence("T", self.units, X.dtype)
        self.H[0], self.C[0] = state
        cells.lstm_forward(self.V, X, *self.masks, self.kind, self.S, self.P, self.C, self.T, self.H)

    def _run_back(self, D, G, dX):
        cells.lstm_backward(self.V, *self.masks, self.kind, self.S, self.P, self.C, self.T, D, *self.first, G, dX)


class GruLayer(RecurrentLayer):
    """Gated recurrent unit, its reset gate behind the product, with the gates z, r and the candidate."""

    gates = 3

    def _bias_shape(self):
        return (2, 3 * self.units)

    def _run(self, X, state):
        self.P = self._sequence("P", 4 * self.units, X.dtype)
        self.H[0] = state[0]
        cells.gru_forward(self.V, X, *self.masks, self.kind, self.S, self.P, self.H)

    def _run_back(self, D, G, dX):
        cells.gru_backward(self.V, *self.masks, self.kind, self.S, self.P, self.H, D, *self.first, G, dX)

    def _side_by_side(self, weights):
        # The candidate's inputs, z and r, the candidate's states.
        W, U, bias = weights
        candidate, gates = slice(2 * self.units, None), slice(None, 2 * self.units)
        V = np.zeros((4 * self.units, self.inputs + 1 + self.units), W.dtype)
        inputs, between, states = self._parts(V)
        inputs[...] = np.concatenate([W[candidate], bias[0, candidate, None]], axis=1)
        between[...] = np.concatenate([W[gates], bias.sum(axis=0)[gates, None], U[gates]], axis=1)
        states[...] = np.concatenate([bias[1, candidate, None], U[candidate]], axis=1)
        return V

    def _take_apart(self, G, gradients):
        inputs, between, states = self._parts(G)
        W, U, bias = gradients
        gates = between[:, self.inputs]
        W[...] = np.concatenate([between[:, : self.inputs], inputs[:, :-1]])
        U[...] = np.concatenate([between[:, self.inputs + 1 :], states[:, 1:]])
        bias[0] = np.concatenate([gates, inputs[:, -1]])
        bias[1] = np.concatenate([gates, states[:, 0]])

    def _parts(self, V):
        units = self.units
        return V[:units, : self.inputs + 1], V[units : 3 * units], V[3 * units :, self.inputs :]


KINDS = {"simple": SimpleLayer, "lstm": LstmLayer, "gru": GruLayer}


def _mask(random, rate, shape, dtype):
    """1 / (1 - rate) for what stays, 0 for what is left out."""
    return (random.random(shape, np.float32) >= rate) * dtype.type(1 / (1 - rate))


def reversed_steps(X):
    """The steps in the other order."""
    return np.ascontiguousarray(X[::-1])
