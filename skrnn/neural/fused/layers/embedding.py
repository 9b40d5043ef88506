"""Embeddings: a row of a table for each code that a step reads."""

from typing import NamedTuple

from skrnn.neural.fused.compiling import part_of
from skrnn.neural.fused.initializers import small
from skrnn.neural.fused.kernels import fill
from skrnn.neural.fused.layers.kinds import Kind, register
from skrnn.neural.fused.memory import (
    backward_kernel,
    declare,
    forward_kernel,
    there_in_any,
    view,
)
from skrnn.neural.network import Embedding

EMBEDDING = 12
declare(codes="how many codes an embedding has a row for")


class Table(NamedTuple):
    """The rows of numbers that codes choose from, as the loops take them."""

    codes: int
    units: int
    # Where it begins in the packed vector.
    packed: int
    # Where a chunk's memory has the codes of so many steps, and the gradient of their rows.
    steps: int
    x: int
    d: int


NO_TABLE = Table(codes=0, units=0, packed=0, steps=0, x=0, d=0)


def plan_embedding(plan, read, spec):
    """A table of all codes, which the plan packs behind all other weights."""
    given = plan.add(read, EMBEDDING, read.steps, spec.units, weights=0, codes=spec.codes)
    plan.embed(plan.blocks[-1][0], small)
    return given


@part_of
def code_of(number, codes):
    """The code that a number is; 0, which is unknown, for those that have no row."""
    return int(number) if 0 <= number < codes else 0


@forward_kernel
def embedding_forward(layers, at, packed, memory, training, seed):
    """The row of each code."""
    layer = layers[at]
    size = layer.codes * layer.units
    W = packed[layer.weights : layer.weights + size].reshape(layer.codes, layer.units)
    X = view(memory, layer.x, layer.steps, 1)
    out = view(memory, layer.out, layer.steps, layer.units)
    begin, stop = there_in_any(layer, memory)
    fill(out[:begin], 0)
    fill(out[stop:], 0)
    for t in range(begin, stop):
        for b in range(memory.shape[1]):
            row = W[code_of(X[t, 0, b], layer.codes)]
            for j in range(layer.units):
                out[t, j, b] = row[j]


@backward_kernel
def embedding_backward(layers, at, packed, gradient, memory, training):
    """The loops take the gradient from where it is: it is of few rows of the table."""


register(Embedding, plan_embedding, {EMBEDDING: Kind(embedding_forward, embedding_backward)})
