"""Model: a network's layers in turn, forward and backward, for one chunk of samples; and where its weights lie."""

import numpy as np

from skrnn.neural.fused.layers import (
    KINDS,
    ConvolutionLayer,
    DenseLayer,
    DropoutLayer,
    FlattenLayer,
    SummaryLayer,
    reversed_steps,
)
from skrnn.neural.network import Convolution, Decoder, Dense, Dropout, Network, Recurrent, Summary


class Model:
    """The layers of a network, between windows (steps, features, lanes) and outputs (1, outputs, lanes).

    With ``every_step`` the outputs are those of all steps, (steps, outputs, lanes). A model belongs to one thread: its
    layers keep what they need between ``forward`` and ``backward``, and what they give is theirs.
    """

    def __init__(self, network: Network, *, every_step=False):
        self.network, self.every_step = network, every_step
        self.blocks = []
        features, steps, recurrent = network.features, network.steps, None
        for spec in network.layers:
            if isinstance(spec, Recurrent):
                recurrent = _RecurrentBlock(spec, features, network.steps, every_step=every_step)
                self.blocks.append(recurrent)
                features = recurrent.units
            elif isinstance(spec, Decoder):
                self.blocks.append(_DecoderBlock(spec, recurrent, network))
                features = spec.units
            elif isinstance(spec, Convolution):
                layer = ConvolutionLayer(features, spec, steps)
                self.blocks.append(_Simple(layer))
                features, steps = spec.filters, layer.steps_out
            elif isinstance(spec, Summary) and spec.how == "flatten":
                self.blocks.append(_Simple(FlattenLayer(steps)))
                features *= steps
            elif isinstance(spec, Summary):
                self.blocks.append(_Simple(SummaryLayer(spec.how, steps)))
            elif isinstance(spec, Dropout):
                self.blocks.append(_Simple(DropoutLayer(spec.rate)))
            elif isinstance(spec, Dense):
                self.blocks.append(_Simple(DenseLayer(features, spec.units, spec.activation)))
                features = spec.units
        outputs = 1 if network.decoder else network.outputs
        self.blocks.append(_Simple(DenseLayer(features, outputs, "linear")))
        first = next(block for block in self.blocks if block.layers[0].shapes)
        for layer in first.layers:
            layer.first_of_network = True
        layers = [layer for block in self.blocks for layer in block.layers]
        self.shapes = [shape for layer in layers for shape in layer.shapes]
        # Keras has its kernels the other way around; biases come last in a layer.
        self.turned = [place < len(layer.shapes) - 1 for layer in layers for place in range(len(layer.shapes))]
        self.keras_shapes = [shape for layer in layers for shape in layer.keras_shapes()]

    def empty_windows(self, lanes):
        """An array to gather windows into, the same for every chunk."""
        shape = self.network.steps, self.network.features, lanes
        return self.blocks[0].layers[0].empty("windows", shape, self.network.dtype)

    def forward(self, weights, X, known_ahead=None, random=None):
        """Outputs for windows X, and what is known ahead of them (outputs, features, lanes)."""
        weights = iter(weights)
        for block in self.blocks:
            own = [[next(weights) for _ in layer.shapes] for layer in block.layers]
            X = block.forward(own, X, random, known_ahead)
        return X.reshape(1, self.network.outputs, -1) if self.network.decoder else X

    def backward(self, weights, gradients, D):
        """The gradients of all weights, for the gradient D of the outputs."""
        D = D.reshape(self.network.outputs, 1, -1) if self.network.decoder else D
        at = len(weights)
        for block in reversed(self.blocks):
            owns, slopes = [], []
            for layer in reversed(block.layers):
                at -= len(layer.shapes)
                owns.insert(0, weights[at : at + len(layer.shapes)])
                slopes.insert(0, gradients[at : at + len(layer.shapes)])
            D = block.backward(owns, slopes, D)
            if D is None:
                break


class _Simple:
    """A block of one layer."""

    def __init__(self, layer):
        self.layers = [layer]

    def forward(self, weights, X, random, known_ahead):
        """The outputs for X."""
        return self.layers[0].forward(weights[0], X, random)

    def backward(self, weights, gradients, D):
        """The gradient of X, and those of the weights."""
        return self.layers[0].backward(weights[0], gradients[0], D)


class _RecurrentBlock:
    """A recurrent layer, or one for each direction; the states of all steps, or the last."""

    def __init__(self, spec, features, steps, *, every_step):
        kind, self.steps = KINDS[spec.cell], steps
        self.layers = [kind(features, spec, steps)]
        if spec.bidirectional:
            self.layers.append(kind(features, spec, steps, reverse=True))
        self.go_backwards = spec.go_backwards
        self.sequences = spec.sequences or every_step
        self.units = spec.units * len(self.layers)
        # The gradient of the last state that a decoder has begun with.
        self.handed_back = None

    def forward(self, weights, X, random, known_ahead):
        """The outputs for X."""
        if self.go_backwards:
            X = reversed_steps(X)
        states = [layer.forward(own, X, random) for layer, own in zip(self.layers, weights, strict=True)]
        if not self.sequences:
            states = [layer.last_state()[0][None] for layer in self.layers]
        return states[0] if len(states) == 1 else np.concatenate(states, axis=1)

    def last_states(self):
        """The last states, of both directions side by side."""
        return [np.concatenate(parts) for parts in zip(*(layer.last_state() for layer in self.layers), strict=True)]

    def backward(self, weights, gradients, D):
        """The gradient of X, and those of the weights."""
        total = None
        for place, layer in enumerate(self.layers):
            part = slice(place * layer.units, (place + 1) * layer.units)
            own, last = np.ascontiguousarray(D[:, part]), None
            if not self.sequences:
                last, own = self._last_gradient(layer, own[0], part), own[:0]
            dX = layer.backward(weights[place], gradients[place], own, last)
            total = dX if total is None else total + dX
        self.handed_back = None
        return reversed_steps(total) if self.go_backwards and total is not None else total

    def _last_gradient(self, layer, own, part):
        last = [own, *layer._no_state(own.dtype)[1:]]
        if self.handed_back is not None:
            last = [one + back[part] for one, back in zip(last, self.handed_back, strict=True)]
        return last


class _DecoderBlock:
    """A recurrent layer over the leads, which begins with the encoder's last state."""

    def __init__(self, spec, encoder, network):
        self.encoder, self.leads = encoder, network.outputs
        self.layers = [KINDS[spec.cell](spec.units + network.known_ahead, spec, network.outputs)]

    def forward(self, weights, X, random, known_ahead):
        """The outputs for X."""
        inputs = np.repeat(X, self.leads, axis=0)
        if known_ahead is not None:
            inputs = np.concatenate([inputs, known_ahead], axis=1)
        return self.layers[0].forward(weights[0], inputs, random, state=self.encoder.last_states())

    def backward(self, weights, gradients, D):
        """The gradient of X, and those of the weights."""
        (layer,) = self.layers
        dX = layer.backward(weights[0], gradients[0], D)
        self.encoder.handed_back = layer.first
        return dX[:, : layer.units].sum(axis=0, keepdims=True)


class Parameters:
    """The weights of a model as one vector, and as the arrays that the kernels take, which are views of it."""

    def __init__(self, model: Model):
        self.shapes, self.turned, self.keras_shapes = model.shapes, model.turned, model.keras_shapes
        self.bounds = np.cumsum([0, *(int(np.prod(shape)) for shape in self.shapes)])
        self.size = int(self.bounds[-1])

    def views(self, vector):
        """A vector's parts, shaped as the kernels take them."""
        parts = zip(self.bounds[:-1], self.bounds[1:], self.shapes, strict=True)
        return [vector[start:stop].reshape(shape) for start, stop, shape in parts]

    def from_keras(self, weights, dtype):
        """A vector of weights in Keras's layout."""
        parts = zip(weights, self.turned, strict=True)
        flat = [np.ravel(weight.reshape(-1, weight.shape[-1]).T if turned else weight) for weight, turned in parts]
        return np.concatenate(flat).astype(dtype)

    def to_keras(self, vector):
        """A vector's weights in Keras's layout."""
        parts = zip(self.views(vector), self.turned, self.keras_shapes, strict=True)
        return [np.array(view.T if turned else view, order="C").reshape(shape) for view, turned, shape in parts]
