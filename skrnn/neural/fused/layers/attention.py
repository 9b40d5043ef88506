"""Attention: the mean of all steps, each of which counts as a learned query likes it."""

from skrnn.neural.fused.compiling import part_of
from skrnn.neural.fused.initializers import glorot
from skrnn.neural.fused.kernels import exponential, fill
from skrnn.neural.fused.layers.kinds import Kind, register
from skrnn.neural.fused.memory import (
    NOTHING_MISSING,
    backward_kernel,
    declare,
    forward_kernel,
    there_in,
    there_in_any,
    view,
)
from skrnn.neural.network import Attention

ATTENTION = 13
declare(
    shares="how much each step counts",
    d_shares="numbers that are used up in the same step",
)


def plan_attention(plan, read, spec):
    """A query of as many numbers as a step has."""
    start, numbers = plan.pack(read.numbers, 1)
    plan.variable(glorot, numbers)
    return plan.add(
        read,
        ATTENTION,
        1,
        read.numbers,
        weights=start,
        missing_out=NOTHING_MISSING,
        shares=plan.reserve(read.steps, 1),
        d_shares=plan.reserve(1),
    )


@part_of
def _shares(layer, memory, X, query, shares):
    """The share of each step: the softmax of its product with the query over those there."""
    begin, stop = there_in_any(layer, memory)
    fill(shares, 0)
    for t in range(begin, stop):
        row = shares[t, 0]
        for j in range(layer.inputs):
            q = query[j]
            for b in range(row.shape[0]):
                row[b] += q * X[t, j, b]
    for b in range(memory.shape[1]):
        first, last = there_in(layer, memory, b)
        highest = shares[first, 0, b]
        for t in range(first, last):
            highest = max(highest, shares[t, 0, b])
        total = highest - highest
        for t in range(layer.steps):
            if first <= t < last:
                shares[t, 0, b] = exponential(shares[t, 0, b] - highest)
                total += shares[t, 0, b]
            else:
                shares[t, 0, b] = 0
        for t in range(first, last):
            shares[t, 0, b] /= total


@forward_kernel
def attention_forward(layers, at, packed, memory, training, seed):
    """The sum of all steps, each times its share."""
    layer = layers[at]
    query = packed[layer.weights : layer.weights + layer.inputs]
    X = view(memory, layer.x, layer.steps, layer.inputs)
    shares = view(memory, layer.shares, layer.steps, 1)
    out = view(memory, layer.out, 1, layer.inputs)[0]
    _shares(layer, memory, X, query, shares)
    begin, stop = there_in_any(layer, memory)
    fill(out, 0)
    for t in range(begin, stop):
        row = shares[t, 0]
        for j in range(layer.inputs):
            for b in range(row.shape[0]):
                out[j, b] += row[b] * X[t, j, b]


@backward_kernel
def attention_backward(layers, at, packed, gradient, memory, training):
    """The gradients of the query and of all steps."""
    layer = layers[at]
    query = packed[layer.weights : layer.weights + layer.inputs]
    G = gradient[layer.weights : layer.weights + layer.inputs]
    X = view(memory, layer.x, layer.steps, layer.inputs)
    shares = view(memory, layer.shares, layer.steps, 1)
    out = view(memory, layer.out, 1, layer.inputs)[0]
    D = view(memory, layer.d, 1, layer.inputs)[0]
    dX = view(memory, layer.dx, layer.steps, layer.inputs)
    d = memory[layer.d_shares]
    begin, stop = there_in_any(layer, memory)
    for t in range(begin, stop):
        row = shares[t, 0]
        fill(d, 0)
        for j in range(layer.inputs):
            for b in range(d.shape[0]):
                d[b] += D[j, b] * (X[t, j, b] - out[j, b])
        for b in range(d.shape[0]):
            d[b] *= row[b]
        for j in range(layer.inputs):
            q = query[j]
            total = q - q
            for b in range(d.shape[0]):
                total += d[b] * X[t, j, b]
            G[j] += total
            if not layer.first:
                for b in range(d.shape[0]):
                    dX[t, j, b] = row[b] * D[j, b] + d[b] * q


register(Attention, plan_attention, {ATTENTION: Kind(attention_forward, attention_backward)})
