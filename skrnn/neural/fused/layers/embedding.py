"""Embeddings: a row of a table for each code that a step reads, or the mean of these rows.

In front of a recurrent layer that leaves out no inputs the rows are not put in place of the codes:
those that a chunk reads lie beside each other, and its steps tell which of them they read.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from skrnn.neural.fused.compiling import flat, part_of, shaped
from skrnn.neural.fused.initializers import small
from skrnn.neural.fused.kernels import add_to, fill
from skrnn.neural.fused.layers.codes import Vectors, whole, width_of
from skrnn.neural.fused.layers.kinds import Kind, register
from skrnn.neural.fused.memory import (
    LANE_STEP,
    NOTHING_MISSING,
    backward_kernel,
    declare,
    forward_kernel,
    there_in,
    there_in_any,
    view,
)
from skrnn.neural.fused.products import copy_row, fetch_row, look_up
from skrnn.neural.network import Embedding, Recurrent, Summary

EMBEDDING, EMBEDDED_MEAN, CHOSEN_ROWS = 12, 14, 15
declare(
    codes="how many codes an embedding has a row for",
    chosen="of an embedding in front of what reads codes: the codes that a chunk reads, each once",
    known="which of these each code is, if it is one of them, or else any number",
)


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
    # Where it has the codes of these rows, each once, and the rows; 0 where it has them step by
    # step.
    chosen: int
    vectors: int


NO_TABLE = Table(codes=0, units=0, packed=0, steps=0, x=0, d=0, mean=False, chosen=0, vectors=0)


@dataclass(frozen=True)
class EmbeddedMean:
    """The mean of the rows of all codes: an embedding and an average in one go."""

    codes: int
    units: int


@dataclass(frozen=True)
class ChosenRows:
    """The rows that a chunk reads of an embedding, and which of them each step reads."""

    codes: int
    units: int


def joined(specs: tuple) -> tuple:
    """Layers as they are planned: an embedding with what is behind it in mind."""
    if len(specs) < 2 or not isinstance(specs[0], Embedding):
        return specs
    table, following = specs[:2]
    if following == Summary("average"):
        return (EmbeddedMean(table.codes, table.units), *specs[2:])
    if isinstance(following, Recurrent) and not following.dropout:
        return (ChosenRows(table.codes, table.units), *specs[1:])
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


def plan_chosen(plan, read, spec):
    """The same table; each step tells which of the chunk's rows it reads."""
    given = plan.add(read, CHOSEN_ROWS, read.steps, 1, weights=0, codes=spec.codes)
    layer = plan.blocks[-1][0]
    layer["units"] = spec.units
    plan.embed(layer, small)
    in_rows = -(-spec.codes // LANE_STEP)
    most = min(read.steps, in_rows)
    layer["known"] = plan.reserve(in_rows)
    layer["chosen"] = plan.reserve(most)
    # Behind the row that says how many they are.
    layer["vectors"] = plan.reserve(1 + most, width_of(spec.units + 1)) + 1
    vectors = Vectors(layer["vectors"], most)
    return given._replace(numbers=spec.units, coded=True, vectors=vectors)


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


@forward_kernel
def chosen_forward(layers, at, packed, memory, training, seed):
    """The rows that a chunk reads, each once, and which of them each step reads."""
    layer = layers[at]
    W = _rows(layer, packed)
    lanes = memory.shape[1]
    X = view(memory, layer.x, layer.steps, 1)
    out = view(memory, layer.out, layer.steps, 1)
    known = flat(memory[layer.known :])
    chosen = flat(memory[layer.chosen :])
    most = min(layer.steps * lanes, layer.codes)
    width = whole(layer.units + 1)
    vectors = shaped(flat(memory[layer.vectors :])[: most * width], most, width)
    begin, stop = there_in_any(layer, memory)
    fill(out, 0)
    own = np.empty((lanes, 2), np.int64)
    for b in range(lanes):
        own[b, 0], own[b, 1] = there_in(layer, memory, b)
    # A one and zeros behind each vector.
    behind = np.zeros((1, width - layer.units), memory.dtype)
    behind[0, 0] = 1
    n = 0
    for t in range(begin, stop):
        for b in range(lanes):
            if t + 1 < stop:
                fetch_row(W, code_of(X[t + 1, 0, b], layer.codes))
            # What is missing reads any of them, so that none is read which no sample has.
            if t < own[b, 0] or t >= own[b, 1]:
                continue
            code = code_of(X[t, 0, b], layer.codes)
            which = known[code]
            row = int(which) if 0 <= which < n else n
            if row == n or chosen[row] != code:
                row = n
                n += 1
                known[code] = row
                chosen[row] = code
                copy_row(W, code, vectors[:, : layer.units], row)
                copy_row(behind, 0, vectors[:, layer.units :], row)
            out[t, 0, b] = row
    memory[layer.vectors - 1, 0] = n


register(Embedding, plan_embedding, {EMBEDDING: Kind(embedding_forward, embedding_backward)})
register(EmbeddedMean, plan_mean, {EMBEDDED_MEAN: Kind(mean_forward, embedding_backward)})
register(ChosenRows, plan_chosen, {CHOSEN_ROWS: Kind(chosen_forward, embedding_backward)})
