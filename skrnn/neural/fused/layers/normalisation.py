"""Batch normalisation of what a convolution gives, in front of its activation.

In training every filter's outputs get the mean and variance of the whole batch. These are known
only when all of its samples have come so far: a batch is then one chunk, on one thread (``engine``
sees to it). A barrier between layers would let threads share the batch, and a chunk stay close to a
core; but all kernels would have to be left and entered again at each such layer, and batches of
these networks are small. Forecasts use the moving mean and variance, whatever their chunks.
"""

import math

import numpy as np

from skrnn.neural.fused.compiling import part_of, shaped
from skrnn.neural.fused.initializers import zeros
from skrnn.neural.fused.kernels import add_to, fill
from skrnn.neural.fused.memory import SAMPLES, declare, view
from skrnn.neural.network import EPSILON

declare(
    normalised="whether its outputs are normalised",
    scales="where scales, offsets, moving means and variances begin in the packed vectors",
    statistics="mean and variance of the batch, for each filter",
    sums="sums of each filter's outputs",
    uncounted="how many of the first steps are in no statistics, for each lane",
    standard="what it gives with the mean 0 and the variance 1",
)


def _ones(random, shape):
    return np.ones(shape)


def plan_normalisation(plan, units):
    """A scale and an offset for each filter, and what moves with the batches' statistics."""
    start, numbers = plan.pack(4, units)
    plan.variable(_ones, numbers[0])
    plan.variable(zeros, numbers[1])
    plan.variable(zeros, numbers[2], moving=True)
    plan.variable(_ones, numbers[3], moving=True)
    return {
        "normalised": True,
        "scales": start,
        "statistics": plan.reserve(2, units),
        "sums": plan.reserve(units),
        "uncounted": plan.reserve(1),
    }


@part_of
def _scales(layer, vector):
    """Scales, offsets, moving means and variances, or the gradient."""
    return shaped(vector[layer.scales : layer.scales + 4 * layer.units], 4, layer.units)


@part_of
def _count(layer, memory):
    """How many steps of samples are there in the batch. What fills lanes up counts nothing."""
    count = 0
    for b in range(memory.shape[1]):
        uncounted = int(memory[layer.missing_span, b]) if memory[SAMPLES, b] else layer.span
        memory[layer.uncounted, b] = uncounted
        count += layer.span - uncounted
    return count


@part_of
def _clear_uncounted(layer, memory, begin, X):
    """Zeros for the steps that are in no statistics."""
    for b in range(memory.shape[1]):
        for t in range(begin, int(memory[layer.uncounted, b])):
            for j in range(layer.units):
                X[t, j, b] = 0


@part_of
def _sum(row):
    total = 0.0
    for b in range(row.shape[0]):
        total += row[b]
    return total


@part_of
def _centre(layer, memory, begin, X):
    """Take the batch's mean from X. The mean and the variance are kept in the first lane."""
    statistics = view(memory, layer.statistics, 2, layer.units)
    count = _count(layer, memory)
    sums = view(memory, layer.sums, 1, layer.units)[0]
    _clear_uncounted(layer, memory, begin, X)
    fill(sums, 0)
    for t in range(begin, layer.span):
        add_to(X[t], sums)
    for j in range(layer.units):
        statistics[0, j, 0] = _sum(sums[j]) / count
    fill(sums, 0)
    for t in range(begin, layer.span):
        for j in range(layer.units):
            mean = statistics[0, j, 0]
            x = X[t, j]
            for b in range(x.shape[0]):
                x[b] -= mean
    _clear_uncounted(layer, memory, begin, X)
    for t in range(begin, layer.span):
        for j in range(layer.units):
            x = X[t, j]
            total = sums[j]
            for b in range(x.shape[0]):
                total[b] += x[b] * x[b]
    for j in range(layer.units):
        statistics[1, j, 0] = _sum(sums[j]) / count


@part_of
def normalise(layer, packed, memory, begin, X, training):
    """Normalise X (steps, units, lanes), from step ``begin`` on."""
    scales = _scales(layer, packed)
    real = X.dtype.type
    if not training:
        for t in range(begin, layer.span):
            for j in range(layer.units):
                factor = real(scales[0, j] / math.sqrt(scales[3, j] + EPSILON))
                offset = scales[1, j] - scales[2, j] * factor
                x = X[t, j]
                for b in range(x.shape[0]):
                    x[b] = x[b] * factor + offset
        return
    _centre(layer, memory, begin, X)
    statistics = view(memory, layer.statistics, 2, layer.units)
    Z = view(memory, layer.standard, layer.span, layer.units)
    for t in range(begin, layer.span):
        for j in range(layer.units):
            factor = real(1 / math.sqrt(statistics[1, j, 0] + EPSILON))
            scale = scales[0, j]
            offset = scales[1, j]
            x = X[t, j]
            z = Z[t, j]
            for b in range(x.shape[0]):
                z[b] = x[b] * factor
                x[b] = z[b] * scale + offset


@part_of
def normalise_backward(layer, packed, gradient, memory, begin, D, training):
    """The gradient D, before the outputs were normalised; without ``training`` of a forecast.

    In the place of gradients of the moving mean and variance stand those of the batch.
    """
    scales = _scales(layer, packed)
    real = D.dtype.type
    if not training:
        for t in range(begin, layer.span):
            for j in range(layer.units):
                factor = real(scales[0, j] / math.sqrt(scales[3, j] + EPSILON))
                d = D[t, j]
                for b in range(d.shape[0]):
                    d[b] *= factor
        return
    G = _scales(layer, gradient)
    statistics = view(memory, layer.statistics, 2, layer.units)
    Z = view(memory, layer.standard, layer.span, layer.units)
    sums = view(memory, layer.sums, 1, layer.units)[0]
    count = _count(layer, memory)
    fill(sums, 0)
    for t in range(begin, layer.span):
        add_to(D[t], sums)
    for j in range(layer.units):
        G[1, j] = _sum(sums[j])
    fill(sums, 0)
    for t in range(begin, layer.span):
        for j in range(layer.units):
            d = D[t, j]
            z = Z[t, j]
            total = sums[j]
            for b in range(d.shape[0]):
                total[b] += d[b] * z[b]
    for j in range(layer.units):
        G[0, j] = _sum(sums[j])
        G[2, j] = statistics[0, j, 0]
        G[3, j] = statistics[1, j, 0]
    for t in range(begin, layer.span):
        for j in range(layer.units):
            factor = real(scales[0, j] / math.sqrt(statistics[1, j, 0] + EPSILON))
            mean = real(G[1, j] / count)
            share = real(G[0, j] / count)
            d = D[t, j]
            z = Z[t, j]
            for b in range(d.shape[0]):
                d[b] = factor * (d[b] - mean - z[b] * share)
    _clear_uncounted(layer, memory, begin, D)
