"""All layers of a network for one chunk of samples, forward and backward, as its plan lays them out."""

from numpy.lib.stride_tricks import as_strided

from skrnn.neural.fused.cells import (
    BACKWARD,
    FORWARD,
    backward_kernel,
    forward_kernel,
    ones,
    part,
    recurrent_backward,
    recurrent_forward,
)
from skrnn.neural.fused.compiling import caller, part_of, ready
from skrnn.neural.fused.kernels import (
    activate,
    add_to,
    copy,
    draw_mask,
    fill,
    leave_out,
    mixed,
    multiply_slope,
    scale,
    sigmoid,
    softplus,
)
from skrnn.neural.fused.plan import (
    AVERAGE,
    CONVOLUTION,
    DENSE,
    DROPOUT,
    GRU,
    LSTM,
    MAXIMUM,
    ORDERED,
    REPEAT,
    SIMPLE,
)
from skrnn.neural.fused.products import add_outer, affine, product

# ---------------------------------------------------------------------- dense layers


@part_of
def _matrix(layer, vector, size):
    """A layer's weights, or their gradient, as they are packed.

    Those of ``size`` inputs, and behind them biases.
    """
    return vector[layer.weights : layer.weights + layer.units * (size + 1)].reshape(
        layer.units, size + 1
    )


@forward_kernel
def dense_forward(layers, at, packed, memory, training, seed):
    """A dense layer at every step."""
    layer = layers[at]
    W = _matrix(layer, packed, layer.inputs)
    X, out = (
        part(memory, layer.x, layer.steps, layer.inputs),
        part(memory, layer.out, layer.steps, layer.units),
    )
    for t in range(layer.steps):
        affine(W, X[t], memory[:0], out[t])
    activate(out.ravel(), layer.activation)


@backward_kernel
def dense_backward(layers, at, packed, gradient, memory, training):
    """The gradients of a dense layer's weights and inputs."""
    layer = layers[at]
    W, G = _matrix(layer, packed, layer.inputs), _matrix(layer, gradient, layer.inputs)
    X, out = (
        part(memory, layer.x, layer.steps, layer.inputs),
        part(memory, layer.out, layer.steps, layer.units),
    )
    D, dX = (
        part(memory, layer.d, layer.steps, layer.units),
        part(memory, layer.dx, layer.steps, layer.inputs),
    )
    multiply_slope(out.ravel(), D.ravel(), layer.activation)
    add_outer(D, X, G[:, :-1])
    add_outer(D, ones(memory, D.shape[0]), G[:, -1:])
    if not layer.first:
        for t in range(layer.steps):
            product(W[:, :-1].T, D[t], dX[t])


# ---------------------------------------------------------------------- convolutions

# What a convolution reads at a step are the rows of some steps, which lie one after the other.


@part_of
def _largest(X, first, stop, out):
    """The maximum of some steps."""
    copy(X[first], out)
    best = out.ravel()
    for t in range(first + 1, stop):
        row = X[t].ravel()
        for b in range(row.shape[0]):
            best[b] = max(best[b], row[b])


@part_of
def _best(row, first, stop, b):
    """The step of the largest of a row's numbers; the first of them."""
    best = first
    for t in range(first + 1, stop):
        if row[t, b] > row[best, b]:
            best = t
    return best


@part_of
def _pooled(layer, t):
    """The steps whose maximum is step t."""
    first = t * layer.pool - layer.ahead
    return max(0, first), min(layer.span, first + layer.pool)


@forward_kernel
def convolution_forward(layers, at, packed, memory, training, seed):
    """A convolution over the steps, and then the maximum of every ``pool`` of them."""
    layer = layers[at]
    inputs, read = layer.inputs, layer.size * layer.inputs
    W = _matrix(layer, packed, read)
    padded = memory[layer.padded : layer.padded + (layer.span + layer.size - 1) * inputs]
    fill(padded, 0)
    copy(
        part(memory, layer.x, layer.steps, inputs),
        padded[layer.before * inputs :][: layer.steps * inputs],
    )
    convolved = part(memory, layer.convolved, layer.span, layer.units)
    for t in range(layer.span):
        affine(W, padded[t * inputs : t * inputs + read], memory[:0], convolved[t])
    activate(convolved.ravel(), layer.activation)
    out = part(memory, layer.out, layer.out_steps, layer.units)
    for t in range(layer.out_steps):
        first, stop = _pooled(layer, t)
        _largest(convolved, first, stop, out[t])


@backward_kernel
def convolution_backward(layers, at, packed, gradient, memory, training):
    """The gradients of a convolution's weights and inputs."""
    layer = layers[at]
    inputs, read = layer.inputs, layer.size * layer.inputs
    W, G = _matrix(layer, packed, read), _matrix(layer, gradient, read)
    convolved = part(memory, layer.convolved, layer.span, layer.units)
    D = part(memory, layer.d_convolved, layer.span, layer.units)
    if layer.pool > 1:
        d = part(memory, layer.d, layer.out_steps, layer.units)
        fill(D, 0)
        for t in range(layer.out_steps):
            first, stop = _pooled(layer, t)
            for j in range(layer.units):
                for b in range(memory.shape[1]):
                    D[_best(convolved[:, j], first, stop, b), j, b] += d[t, j, b]
    multiply_slope(convolved.ravel(), D.ravel(), layer.activation)
    padded = memory[layer.padded : layer.padded + (layer.span + layer.size - 1) * inputs]
    strides = (inputs * padded.strides[0], padded.strides[0], padded.strides[1])
    add_outer(D, as_strided(padded, (layer.span, read, memory.shape[1]), strides), G[:, :-1])
    add_outer(D, ones(memory, D.shape[0]), G[:, -1:])
    if not layer.first:
        d_padded = memory[layer.d_padded : layer.d_padded + (layer.span + layer.size - 1) * inputs]
        spare = memory[layer.spare : layer.spare + read]
        fill(d_padded, 0)
        for t in range(layer.span):
            product(W[:, :-1].T, D[t], spare)
            add_to(spare, d_padded[t * inputs : t * inputs + read])


# ---------------------------------------------------------------------- layers without weights


@part_of
def _in_order(X, out):
    """The middle number as it is, and the others a positive step away from the one before."""
    middle = X.shape[0] // 2
    for b in range(X.shape[1]):
        out[middle, b] = X[middle, b]
        for k in range(middle + 1, X.shape[0]):
            out[k, b] = out[k - 1, b] + softplus(X[k, b])
        for k in range(middle - 1, -1, -1):
            out[k, b] = out[k + 1, b] - softplus(X[k, b])


@part_of
def _in_order_backward(X, D, dX):
    """The gradient of the numbers before they were in order: a step moves all beyond it."""
    middle = X.shape[0] // 2
    for b in range(X.shape[1]):
        above = D[middle, b] - D[middle, b]
        for k in range(X.shape[0] - 1, middle, -1):
            above += D[k, b]
            dX[k, b] = above * sigmoid(X[k, b])
        below = D[middle, b] - D[middle, b]
        for k in range(middle):
            below += D[k, b]
            dX[k, b] = -below * sigmoid(X[k, b])
        dX[middle, b] = D[middle, b] + above + below


@forward_kernel
def plain_forward(layers, at, packed, memory, training, seed):
    """A layer without weights."""
    layer = layers[at]
    X = part(memory, layer.x, layer.steps, layer.inputs)
    out = part(memory, layer.out, layer.out_steps, layer.units)
    if layer.kind == DROPOUT:
        copy(X, out)
        if training:
            mask = part(memory, layer.x_mask, layer.steps, layer.inputs)
            draw_mask(mask, layer.dropout, seed)
            leave_out(out, mask)
    elif layer.kind == REPEAT:
        known = part(memory, layer.beside, layer.out_steps, layer.units - layer.inputs)
        for t in range(layer.out_steps):
            copy(X, out[t, : layer.inputs])
            copy(known[t], out[t, layer.inputs :])
    elif layer.kind == AVERAGE:
        fill(out, 0)
        for t in range(layer.steps):
            add_to(X[t], out)
        scale(out, 1 / layer.steps)
    elif layer.kind == MAXIMUM:
        _largest(X, 0, layer.steps, out[0])
    elif layer.kind == ORDERED:
        for t in range(layer.steps):
            for start in range(0, layer.inputs, layer.group):
                _in_order(X[t, start : start + layer.group], out[t, start : start + layer.group])


@backward_kernel
def plain_backward(layers, at, packed, gradient, memory, training):
    """The gradient of the inputs of a layer without weights."""
    layer = layers[at]
    X = part(memory, layer.x, layer.steps, layer.inputs)
    D = part(memory, layer.d, layer.out_steps, layer.units)
    dX = part(memory, layer.dx, layer.steps, layer.inputs)
    if layer.kind == DROPOUT and training:
        leave_out(D, part(memory, layer.x_mask, layer.steps, layer.inputs))  # dX is where D is
    elif layer.kind == REPEAT:
        fill(dX, 0)
        for t in range(layer.out_steps):
            add_to(D[t, : layer.inputs], dX)
    elif layer.kind == AVERAGE:
        scale(D, 1 / layer.steps)
        for t in range(layer.steps):
            copy(D, dX[t])
    elif layer.kind == MAXIMUM:
        fill(dX, 0)
        for j in range(layer.units):
            for b in range(memory.shape[1]):
                dX[_best(X[:, j], 0, layer.steps, b), j, b] = D[0, j, b]
    elif layer.kind == ORDERED:
        for t in range(layer.steps):
            for start in range(0, layer.inputs, layer.group):
                stop = start + layer.group
                _in_order_backward(X[t, start:stop], D[t, start:stop], dX[t, start:stop])


# ---------------------------------------------------------------------- all layers

_OF_KINDS = {
    **dict.fromkeys((SIMPLE, LSTM, GRU), (recurrent_forward, recurrent_backward)),
    DENSE: (dense_forward, dense_backward),
    CONVOLUTION: (convolution_forward, convolution_backward),
    **dict.fromkeys((AVERAGE, MAXIMUM, DROPOUT, REPEAT, ORDERED), (plain_forward, plain_backward)),
}
_forward_at, _backward_at = caller(FORWARD), caller(BACKWARD)


def link(layers, dtype) -> None:
    """Write the addresses of their kernels into a table of layers."""
    number = ready(dtype)
    for layer in layers:
        layer["forward"], layer["backward"] = (
            kernel.address(number) for kernel in _OF_KINDS[int(layer["kind"])]
        )


@part_of
def forward(layers, packed, memory, training, seed):
    """The outputs of a network, from the windows (and what is known ahead of them) in a chunk's memory."""
    fill(memory[0], 1)
    for at in range(layers.shape[0]):
        _forward_at(layers[at].forward, layers, at, packed, memory, training, mixed(seed, at))


@part_of
def backward(layers, packed, gradient, memory, training):
    """Add to the gradient of all weights, from that of the outputs in a chunk's memory."""
    start = 0
    while not layers[start].first:
        start += 1
    for at in range(layers.shape[0] - 1, start - 1, -1):
        _backward_at(layers[at].backward, layers, at, packed, gradient, memory, training)
