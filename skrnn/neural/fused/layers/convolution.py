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
    declare,
    forward_kernel,
    matrix,
    ones,
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
    ahead="how many steps the first maximum has fewer than ``pool``",
    padded="its inputs between steps of zeros",
    convolved="what it gives before the maximum",
    d_padded="gradient of its inputs between steps of zeros",
    d_convolved="gradient of what it gives before the maximum",
    spare="numbers that are used up in the same step",
)


def plan_convolution(plan, at, shape, spec):
    """Weights of ``size`` steps and a one for each filter."""
    steps, inputs = shape
    size = spec.kernel_size
    same = spec.padding == "same"
    start, numbers = plan.pack(spec.filters, size * inputs + 1)
    plan.variable(glorot, numbers[:, :-1].T.reshape(size, inputs, -1))
    plan.variable(zeros, numbers[:, -1])
    span = steps if same else steps - size + 1
    out_steps = -(-span // spec.pool_size)
    return plan.add(
        at,
        shape,
        CONVOLUTION,
        (out_steps, spec.filters),
        activation=ACTIVATIONS[spec.activation],
        weights=start,
        size=size,
        pool=spec.pool_size,
        span=span,
        before=(size - 1) // 2 if same else 0,
        ahead=(out_steps * spec.pool_size - span) // 2,
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


# What a convolution reads at a step are the rows of some steps, which lie one after the other.


@part_of
def _pooled(layer, t):
    """The steps whose maximum is step t."""
    first = t * layer.pool - layer.ahead
    return max(0, first), min(layer.span, first + layer.pool)


@forward_kernel
def convolution_forward(layers, at, packed, memory, training, seed):
    """A convolution over the steps, and then the maximum of every ``pool`` of them."""
    layer = layers[at]
    inputs = layer.inputs
    read = layer.size * inputs
    W = matrix(layer, packed, read)
    padded = memory[layer.padded : layer.padded + (layer.span + layer.size - 1) * inputs]
    fill(padded, 0)
    copy(
        view(memory, layer.x, layer.steps, inputs),
        padded[layer.before * inputs :][: layer.steps * inputs],
    )
    convolved = view(memory, layer.convolved, layer.span, layer.units)
    for t in range(layer.span):
        affine(W, padded[t * inputs : t * inputs + read], memory[:0], convolved[t])
    activate(convolved.ravel(), layer.activation)
    out = view(memory, layer.out, layer.out_steps, layer.units)
    for t in range(layer.out_steps):
        first, stop = _pooled(layer, t)
        largest(convolved, first, stop, out[t])


@backward_kernel
def convolution_backward(layers, at, packed, gradient, memory, training):
    """The gradients of a convolution's weights and inputs."""
    layer = layers[at]
    inputs = layer.inputs
    read = layer.size * inputs
    W = matrix(layer, packed, read)
    G = matrix(layer, gradient, read)
    convolved = view(memory, layer.convolved, layer.span, layer.units)
    D = view(memory, layer.d_convolved, layer.span, layer.units)
    if layer.pool > 1:
        d = view(memory, layer.d, layer.out_steps, layer.units)
        fill(D, 0)
        for t in range(layer.out_steps):
            first, stop = _pooled(layer, t)
            for j in range(layer.units):
                for b in range(memory.shape[1]):
                    D[largest_step(convolved[:, j], first, stop, b), j, b] += d[t, j, b]
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


register(
    Convolution,
    plan_convolution,
    {
        CONVOLUTION: Kind(
            convolution_forward, convolution_backward, plan_gradient, plan_gradient_of_inputs
        )
    },
)
