"""Convolutions over the steps."""

from numpy.lib.stride_tricks import as_strided

from skrnn.neural.fused.compiling import part_of
from skrnn.neural.fused.initializers import glorot, zeros
from skrnn.neural.fused.kernels import (
    ACTIVATIONS,
    activate,
    add_to,
    copy,
    fill,
    largest,
    largest_step,
    multiply_slope,
)
from skrnn.neural.fused.layers.kinds import Kind, register
from skrnn.neural.fused.memory import (
    backward_kernel,
    clear_missing,
    declare,
    forward_kernel,
    matrix,
    ones,
    there_in_any,
    view,
)
from skrnn.neural.fused.products import add_outer, affine, product
from skrnn.neural.network import Convolution

CONVOLUTION = 4
declare(
    size="how many steps it reads at once",
    span="how many steps it gives, before the maximum of every ``pool`` of them",
    pool="how many steps give one",
    before="how many steps of zeros stand before those that it reads",
    missing_out="how many of the steps that it gives are not there, for each lane",
    padded="its inputs between steps of zeros",
    convolved="what it gives before the maximum",
    d_padded="gradient of its inputs between steps of zeros",
    d_convolved="gradient of what it gives before the maximum",
    spare="numbers that are used up in the same step",
)


def plan_convolution(plan, read, spec):
    """Weights of ``size`` steps and a one for each filter."""
    steps = read.steps
    inputs = read.numbers
    size = spec.kernel_size
    same = spec.padding == "same"
    start, numbers = plan.pack(spec.filters, size * inputs + 1)
    plan.variable(glorot, numbers[:, :-1].T.reshape(size, inputs, -1))
    plan.variable(zeros, numbers[:, -1])
    span = steps if same else steps - size + 1
    out_steps = -(-span // spec.pool_size)
    return plan.add(
        read,
        CONVOLUTION,
        out_steps,
        spec.filters,
        activation=ACTIVATIONS[spec.activation],
        weights=start,
        size=size,
        pool=spec.pool_size,
        span=span,
        before=(size - 1) // 2 if same else 0,
        missing_out=plan.reserve(1),
        padded=plan.reserve(span + size - 1, inputs),
        convolved=plan.reserve(span, spec.filters),
    )


def plan_gradient(plan, layer, block):
    """Where the gradient of what it gives before the maximum lies."""
    layer["d_convolved"] = layer["d"]
    if layer["pool"] > 1:
        layer["d_convolved"] = plan.reserve(layer["span"], layer["units"])


def plan_gradient_of_inputs(plan, layer):
    """Between steps of zeros, as the inputs lie."""
    layer["d_padded"] = plan.reserve(layer["span"] + layer["size"] - 1, layer["inputs"])
    layer["spare"] = plan.reserve(layer["size"], layer["inputs"])
    return layer["d_padded"] + layer["before"] * layer["inputs"]


# What a convolution reads at a step are the rows of some steps, which lie one after the other. Of a
# lane's steps the first that are missing are zeros, as those in front of the first and behind the
# last are; so many steps are missing of what it gives, before the maximum of every ``pool``.


@part_of
def _pooled(layer, memory, t, b):
    """The steps whose maximum is step t of a lane; none where that is missing."""
    missing = int(memory[layer.missing, b])
    missing_out = int(memory[layer.missing_out, b])
    if t < missing_out:
        return 0, 0
    # The first maximum has fewer steps, if there are not as many as ``pool`` for each.
    ahead = ((layer.out_steps - missing_out) * layer.pool - (layer.span - missing)) // 2
    first = missing + (t - missing_out) * layer.pool - ahead
    return max(missing, first), min(layer.span, first + layer.pool)


@part_of
def _count_missing(layer, memory):
    """How many steps are missing of what it gives, in each lane; whether any are, in any."""
    some = False
    for b in range(memory.shape[1]):
        missing = int(memory[layer.missing, b])
        there = (layer.span - missing + layer.pool - 1) // layer.pool
        memory[layer.missing_out, b] = layer.out_steps - there
        some |= missing > 0
    return some


@part_of
def _maximum(layer, memory, convolved, some_missing):
    """The maximum of every ``pool`` steps."""
    out = view(memory, layer.out, layer.out_steps, layer.units)
    for t in range(layer.out_steps):
        if not some_missing:
            first, stop = _pooled(layer, memory, t, 0)
            largest(convolved, first, stop, out[t])
            continue
        for b in range(memory.shape[1]):
            first, stop = _pooled(layer, memory, t, b)
            for j in range(layer.units):
                out[t, j, b] = 0
                if stop:
                    out[t, j, b] = convolved[largest_step(convolved[:, j], first, stop, b), j, b]


@part_of
def _padded(layer, offset, memory):
    """Inputs, or their gradient, between steps of zeros."""
    return memory[offset : offset + (layer.span + layer.size - 1) * layer.inputs]


@forward_kernel
def convolution_forward(layers, at, packed, memory, training, seed):
    """A convolution over the steps, and then the maximum of every ``pool`` of them."""
    layer = layers[at]
    inputs = layer.inputs
    read = layer.size * inputs
    W = matrix(layer, packed, read)
    some_missing = _count_missing(layer, memory)
    begin = there_in_any(layer, memory)[0]
    padded = _padded(layer, layer.padded, memory)
    fill(padded, 0)
    X = padded[layer.before * inputs :][: layer.steps * inputs]
    copy(view(memory, layer.x, layer.steps, inputs), X)
    if some_missing:
        clear_missing(layer, memory, X.reshape(layer.steps, inputs, -1))
        fill(X[: begin * inputs], 0)
    convolved = view(memory, layer.convolved, layer.span, layer.units)
    for t in range(begin, layer.span):
        affine(W, padded[t * inputs : t * inputs + read], memory[:0], convolved[t])
    activate(convolved[begin:].ravel(), layer.activation)
    _maximum(layer, memory, convolved, some_missing)


@backward_kernel
def convolution_backward(layers, at, packed, gradient, memory, training):
    """The gradients of a convolution's weights and inputs."""
    layer = layers[at]
    inputs = layer.inputs
    read = layer.size * inputs
    W = matrix(layer, packed, read)
    G = matrix(layer, gradient, read)
    begin = there_in_any(layer, memory)[0]
    convolved = view(memory, layer.convolved, layer.span, layer.units)
    D = view(memory, layer.d_convolved, layer.span, layer.units)
    if layer.pool > 1:
        d = view(memory, layer.d, layer.out_steps, layer.units)
        fill(D, 0)
        for t in range(layer.out_steps):
            for j in range(layer.units):
                for b in range(memory.shape[1]):
                    first, stop = _pooled(layer, memory, t, b)
                    if stop:
                        D[largest_step(convolved[:, j], first, stop, b), j, b] += d[t, j, b]
    convolved = convolved[begin:]
    D = D[begin:]
    padded = _padded(layer, layer.padded, memory)[begin * inputs :]
    multiply_slope(convolved.ravel(), D.ravel(), layer.activation)
    strides = (inputs * padded.strides[0], padded.strides[0], padded.strides[1])
    add_outer(D, as_strided(padded, (D.shape[0], read, memory.shape[1]), strides), G[:, :-1])
    add_outer(D, ones(memory, D.shape[0]), G[:, -1:])
    if not layer.first:
        d_padded = _padded(layer, layer.d_padded, memory)
        spare = memory[layer.spare : layer.spare + read]
        fill(d_padded, 0)
        for t in range(D.shape[0]):
            at_step = (begin + t) * inputs
            product(W[:, :-1].T, D[t], spare)
            add_to(spare, d_padded[at_step : at_step + read])
        clear_missing(layer, memory, view(memory, layer.dx, layer.steps, inputs))


register(
    Convolution,
    plan_convolution,
    {
        CONVOLUTION: Kind(
            convolution_forward, convolution_backward, plan_gradient, plan_gradient_of_inputs
        )
    },
)
