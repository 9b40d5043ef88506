"""Layers of the fused engine: each knows its weights' shapes, and computes forward and backward for a chunk of lanes.

Arrays are as in ``kernels``: (features, columns), of sequences step after step, samples innermost. A layer keeps what
its backward pass needs of the last forward pass.
"""

import numpy as np

from skrnn.neural.fused import kernels
from skrnn.neural.fused.kernels import ACTIVATIONS, LINEAR

GATES = {"simple": 1, "lstm": 4, "gru": 3}


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
            known = self.buffers[name] = np.empty(shape, dtype)
        return known

    def keras_shapes(self):
        """The shapes of the weights in Keras's layout: kernels the other way around."""
        return [shape[::-1] for shape in self.shapes[:-1]] + list(self.shapes[-1:])

    def forward(self, weights, X, random=None):
        """The outputs for inputs X; with ``random``, in training."""
        raise NotImplementedError

    def backward(self, weights, gradients, D):
        """Add to the weights' gradients for the outputs' gradient D, and return that of the inputs."""
        raise NotImplementedError


class DenseLayer(Layer):
    """A dense layer."""

    def __init__(self, inputs, units, activation):
        self.shapes = ((units, inputs), (units,))
        self.kind = ACTIVATIONS[activation]

    def forward(self, weights, X, random=None):
        """As for all layers."""
        W, bias = weights
        self.X, self.out = X, np.empty((len(bias), X.shape[1]), X.dtype)
        kernels.affine(W, X, bias, self.out)
        if self.kind != LINEAR:
            kernels.activate(self.out, self.kind)
        return self.out

    def backward(self, weights, gradients, D):
        """As for all layers."""
        if self.kind != LINEAR:
            kernels.slope(self.out, D, self.kind)
        np.dot(D, self.X.T, out=gradients[0])
        np.dot(D, _ones(D)[0], out=gradients[1])
        return None if self.first_of_network else np.dot(weights[0].T, D)


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
        features = X.shape[0]
        return np.ascontiguousarray(
            X.reshape(features, self.steps, -1).transpose(1, 0, 2).reshape(self.steps * features, -1)
        )

    def backward(self, weights, gradients, D):
        """As for all layers."""
        features = D.shape[0] // self.steps
        return np.ascontiguousarray(D.reshape(self.steps, features, -1).transpose(1, 0, 2)).reshape(features, -1)


class SummaryLayer(Layer):
    """The mean or the maximum of all steps."""

    def __init__(self, how, steps):
        self.how, self.steps = how, steps

    def forward(self, weights, X, random=None):
        """As for all layers."""
        X = X.reshape(len(X), self.steps, -1)
        if self.how == "average":
            return X.mean(axis=1)
        self.at = X.argmax(axis=1)[:, None]
        return np.take_along_axis(X, self.at, axis=1)[:, 0]

    def backward(self, weights, gradients, D):
        """As for all layers."""
        if self.how == "average":
            return np.tile(D / D.dtype.type(self.steps), self.steps)
        out = np.zeros((len(D), self.steps, D.shape[1]), D.dtype)
        np.put_along_axis(out, self.at, D[:, None], axis=1)
        return out.reshape(len(D), -1)


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
        self.n = X.shape[1] // self.steps
        padded = np.zeros((self.inputs, self.convolved + self.size - 1, self.n), X.dtype)
        padded[:, self.before : self.before + self.steps] = X.reshape(self.inputs, self.steps, self.n)
        shifted = [padded[:, at : at + self.convolved] for at in range(self.size)]
        self.X = np.concatenate(shifted).reshape(self.size * self.inputs, -1)
        self.out = np.empty((len(bias), self.X.shape[1]), X.dtype)
        kernels.affine(W, self.X, bias, self.out)
        kernels.activate(self.out, self.kind)
        if self.pool == 1:
            return self.out
        groups = np.full((len(bias), self.steps_out * self.pool, self.n), -np.inf, X.dtype)
        groups[:, self.ahead : self.ahead + self.convolved] = self.out.reshape(len(bias), self.convolved, self.n)
        groups = groups.reshape(len(bias), self.steps_out, self.pool, self.n)
        self.at = groups.argmax(axis=2)[:, :, None]
        return np.take_along_axis(groups, self.at, axis=2).reshape(len(bias), -1)

    def backward(self, weights, gradients, D):
        """As for all layers."""
        filters = len(D)
        if self.pool > 1:
            groups = np.zeros((filters, self.steps_out, self.pool, self.n), D.dtype)
            np.put_along_axis(groups, self.at, D.reshape(filters, self.steps_out, 1, self.n), axis=2)
            groups = groups.reshape(filters, -1, self.n)[:, self.ahead : self.ahead + self.convolved]
            D = np.ascontiguousarray(groups).reshape(filters, -1)
        kernels.slope(self.out, D, self.kind)
        np.dot(D, self.X.T, out=gradients[0])
        np.dot(D, _ones(D)[0], out=gradients[1])
        if self.first_of_network:
            return None
        shifted = np.dot(weights[0].T, D).reshape(self.size, self.inputs, self.convolved, self.n)
        padded = np.zeros((self.inputs, self.convolved + self.size - 1, self.n), D.dtype)
        for at in range(self.size):
            padded[:, at : at + self.convolved] += shifted[at]
        return padded[:, self.before : self.before + self.steps].reshape(self.inputs, -1)


class RecurrentLayer(Layer):
    """A recurrent layer in one direction. It gives the states of all steps, in the order of the window.

    Subclasses write ``_run`` and ``_run_back``, between the input part and the gradients of the weights.
    """

    gates = 1

    def __init__(self, inputs, spec, steps, *, reverse=False):
        units = spec.units
        self.units, self.steps, self.reverse = units, steps, reverse
        self.shapes = ((self.gates * units, inputs), (self.gates * units, units), self._bias_shape())
        self.kind = ACTIVATIONS[spec.activation]
        self.dropout, self.recurrent_dropout = spec.dropout, spec.recurrent_dropout

    def _bias_shape(self):
        return (self.gates * self.units,)

    def _input_bias(self, bias):
        return bias

    def forward(self, weights, X, random=None, state=None):
        """As for all layers."""
        W, U, bias = weights
        n = X.shape[1] // self.steps
        self.n, self.X = n, reversed_steps(X, self.steps) if self.reverse else X
        self.input_mask = None
        if random is not None and self.dropout:
            self.input_mask = np.tile(_mask(random, self.dropout, (X.shape[0], n), X.dtype), self.steps)
            self.X = self.X * self.input_mask
        self.mask = np.empty((self.units, 0), X.dtype)
        if random is not None and self.recurrent_dropout:
            self.mask = _mask(random, self.recurrent_dropout, (self.units, n), X.dtype)
        self.P = self.empty("P", (self.gates * self.units, X.shape[1]), X.dtype)
        kernels.affine(W, self.X, self._input_bias(bias), self.P)
        self.H = self.empty("H", (self.units, X.shape[1] + n), X.dtype)
        self._run(U, bias, state or self._no_state(n))
        return self.H[:, n:]

    def states(self):
        """The states of all steps, in the order of the window."""
        states = self.H[:, self.n :]
        if self.reverse:
            return reversed_steps(states, self.steps)
        out = self.empty("out", states.shape, states.dtype)
        out[...] = states
        return out

    def _no_state(self, n):
        return [np.zeros((self.units, n), self.P.dtype)]

    def last_state(self):
        """The state after the last step that was read."""
        return [self.H[:, -self.n :]]

    def backward(self, weights, gradients, D, last=None):
        """As for all layers; ``last`` is the last state's gradient beside D, ``self.first`` becomes the first's."""
        W, U, _ = weights
        D = reversed_steps(D, self.steps) if self.reverse else D
        self.first = [np.array(one) for one in (last or self._no_state(self.n))]
        self._run_back(U, D)
        before = self.H[:, : -self.n]
        if self.mask.shape[1]:
            before = before * np.tile(self.mask, self.steps)
        self._weight_gradients(gradients, before)
        if self.first_of_network:
            return None
        dX = np.dot(W.T, self.P)
        if self.input_mask is not None:
            dX *= self.input_mask
        return reversed_steps(dX, self.steps) if self.reverse else dX

    def _weight_gradients(self, gradients, before):
        # One product for all of them, whose sums over steps and samples are what costs.
        inputs = self.empty("inputs", (len(self.X) + self.units + 1, self.P.shape[1]), self.P.dtype)
        inputs[: len(self.X)], inputs[len(self.X) : -1], inputs[-1] = self.X, before, 1
        together = np.dot(self.P, inputs.T)
        gradients[0][...] = together[:, : len(self.X)]
        gradients[1][...] = together[:, len(self.X) : -1]
        gradients[2][...] = together[:, -1]
        return inputs[len(self.X) :]


class SimpleLayer(RecurrentLayer):
    """Elman's network."""

    def _run(self, U, bias, state):
        self.H[:, : self.n] = state[0]
        kernels.simple_forward(self.P, U, self.H, self.mask, self.kind)

    def _run_back(self, U, D):
        kernels.simple_backward(self.P, U, self.H, self.mask, self.kind, D, self.first[0])


class LstmLayer(RecurrentLayer):
    """Long short-term memory, with the gates i, f, g, o."""

    gates = 4

    def _no_state(self, n):
        return [np.zeros((self.units, n), self.P.dtype) for _ in range(2)]

    def last_state(self):
        """The state and the cell after the last step that was read."""
        return [self.H[:, -self.n :], self.C[:, -self.n :]]

    def _run(self, U, bias, state):
        self.C = self.empty("C", self.H.shape, self.H.dtype)
        self.T = self.empty("T", (self.units, self.P.shape[1]), self.P.dtype)
        self.H[:, : self.n], self.C[:, : self.n] = state
        kernels.lstm_forward(self.P, U, self.H, self.C, self.T, self.mask, self.kind)

    def _run_back(self, U, D):
        kernels.lstm_backward(self.P, U, self.H, self.C, self.T, self.mask, self.kind, D, *self.first)


class GruLayer(RecurrentLayer):
    """Gated recurrent unit, its reset gate behind the product, with the gates z, r and the candidate."""

    gates = 3

    def _bias_shape(self):
        return (2, 3 * self.units)

    def _input_bias(self, bias):
        return bias[0]

    def _run(self, U, bias, state):
        self.Q = self.empty("Q", (self.units, self.P.shape[1]), self.P.dtype)
        self.H[:, : self.n] = state[0]
        kernels.gru_forward(self.P, U, bias[1], self.H, self.Q, self.mask, self.kind)

    def _run_back(self, U, D):
        kernels.gru_backward(self.P, U, self.H, self.Q, self.mask, self.kind, D, self.first[0])

    def _weight_gradients(self, gradients, before):
        states = super()._weight_gradients(gradients, before)
        # The candidate's product with the state has a gradient of its own: the reset gate lies between.
        together = np.dot(self.Q, states.T)
        gradients[1][2 * self.units :] = together[:, :-1]
        gradients[2][1, 2 * self.units :] = together[:, -1]


KINDS = {"simple": SimpleLayer, "lstm": LstmLayer, "gru": GruLayer}


def _mask(random, rate, shape, dtype):
    """1 / (1 - rate) for what stays, 0 for what is left out."""
    return (random.random(shape, np.float32) >= rate) * dtype.type(1 / (1 - rate))


def _ones(X):
    return np.ones((1, X.shape[1]), X.dtype)


def reversed_steps(X, steps):
    """The steps in the other order."""
    return np.ascontiguousarray(X.reshape(len(X), steps, -1)[:, ::-1]).reshape(X.shape)
