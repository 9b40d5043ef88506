"""Embeddings: a row of a table for each code that a step reads, or the mean of these rows."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from skrnn.neural.fused.compiling import part_of, shaped
from skrnn.neural.fused.initializers import small
from skrnn.neural.fused.kernels import add_to, fill
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
from skrnn.neural.fused.products import look_up
from skrnn.neural.network import Embedding, Summary

EMBEDDING, EMBEDDED_MEAN = 12, 14
declare(codes="how many codes an embedding has a row for")


class Table(NamedTuple):
    """The rows of numbers that codes choose from, as the loops take them."""

    codes: int
    units: int
    # Where it begins in the packed vector.
    packed: int
    # Where a chunk's memory has the codes of so many steps, and the gradient of their rows, or of
    # the mean of these.
    steps: int
    x: int
    d: int
    mean: bool


NO_TABLE = Table(codes=0, units=0, packed=0, steps=0, x=0, d=0, mean=False)


@dataclass(frozen=True)
class EmbeddedMean:
    """The mean of the rows of all codes: an embedding and an average in one go."""

    codes: int
    units: int


def joined(specs: tuple) -> tuple:
    """Layers as they are planned: an embedding and an average behind it are one."""
    if len(specs) > 1 and isinstance(specs[0], Embedding) and specs[1] == Summary("average"):
        return (EmbeddedMean(specs[0].codes, specs[0].units), *specs[2:])
    return specs


def plan_embedding(plan, read, spec):
    """A table of all codes, which the plan packs behind all other weights."""
    given = plan.add(read, EMBEDDING, read.steps, spec.units, weights=0, codes=spec.codes)
    plan.embed(plan.blocks[-1][0], small)
    return given


def plan_mean(plan, read, spec):
    """The same table, of which a vector is read of each sample."""
    given = plan.add(
        read,
        EMBEDDED_MEAN,
        1,
        spec.units,
        weights=0,
        codes=spec.codes,
        missing_out=NOTHING_MISSING,
    )
    plan.embed(plan.blocks[-1][0], small)
    return given


@part_of
def code_of(number, codes):
    """The code that a number is; 0, which is unknown, for those that have no row."""
    return int(number) if 0 <= number < codes else 0


@part_of
def _rows(layer, packed):
    """The rows of all codes."""
    size = layer.codes * layer.units
    return shaped(packed[layer.weights : layer.weights + size], layer.codes, layer.units)


@forward_kernel
def embedding_forward(layers, at, packed, memory, training, seed):
    """The row of each code."""
    layer = layers[at]
    W = _rows(layer, packed)
    X = view(memory, layer.x, layer.steps, 1)
    out = view(memory, layer.out, layer.steps, layer.units)
    begin, stop = there_in_any(layer, memory)
    fill(out[:begin], 0)
    fill(out[stop:], 0)
    codes = np.empty(memory.shape[1], np.int64)
    for t in range(begin, stop):
        for b in range(memory.shape[1]):
            codes[b] = code_of(X[t, 0, b], layer.codes)
        look_up(W, codes, out[t])


@backward_kernel
def embedding_backward(layers, at, packed, gradient, memory, training):
    """The loops take the gradient from where it is: it is of few rows of the table."""


@forward_kernel
def mean_forward(layers, at, packed, memory, training, seed):
    """The mean of the rows of all codes of a sample."""
    layer = layers[at]
    W = _rows(layer, packed)
    X = view(memory, layer.x, layer.steps, 1)
    out = view(memory, layer.out, 1, layer.units)[0]
    total = np.empty(layer.units, memory.dtype)
    for b in range(memory.shape[1]):
        first, last = there_in(layer, memory, b)
        fill(total, 0)
        for t in range(first, last):
            add_to(W[code_of(X[t, 0, b], layer.codes)], total)
        for j in range(layer.units):
            out[j, b] = total[j] / (last - first)


register(Embedding, plan_embedding, {EMBEDDING: Kind(embedding_forward, embedding_backward)})
register(EmbeddedMean, plan_mean, {EMBEDDED_MEAN: Kind(mean_forward, embedding_backward)})
