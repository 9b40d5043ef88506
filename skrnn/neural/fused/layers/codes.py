"""Codes in place of numbers: a product with what a code stands for is looked up.

A layer's products with all that codes stand for are a table, a row for each, of which biases are
part; its columns are the layer's gates. Either codes 1 … size stand for so many numbers of which
one is 1, and any other for none: these are columns of the weights. Or they stand for *vectors*,
which lie in the chunk's memory: a few, as samples read the same words again and again, so that
their products take less than those of all steps.
"""

from typing import NamedTuple

import numpy as np

from skrnn.neural.fused.compiling import flat, part_of, shaped
from skrnn.neural.fused.kernels import fill
from skrnn.neural.fused.layers.kinds import register
from skrnn.neural.fused.memory import LANE_STEP, declare
from skrnn.neural.fused.products import DEPTH, add_product, copy_row, product, transpose
from skrnn.neural.network import OneHot

declare(
    coded="whether at each step it reads a code, which tells the numbers",
    vectors="where what codes stand for lies; 0 where one of its inputs is 1, and the others are 0",
    most="of how many rows' numbers these are at most, for each number of theirs",
    columns="what each code gives",
    d_columns="the gradient of that, summed over all steps",
    across="spare room for weights, as products take them",
)


class Vectors(NamedTuple):
    """What codes stand for: vectors (n, width), whose last number in use is a one, then zeros.

    At an offset of a chunk's memory, in whose row before is how many they are: of so many rows'
    numbers for each of their own at most.
    """

    offset: int
    most: int


def width_of(n: int) -> int:
    """So many numbers as whole vectors of the processor."""
    return n + -n % LANE_STEP


whole = part_of(width_of)


def plan_one_hot(plan, read, spec):
    """As many numbers, of which the codes lie there."""
    return read._replace(numbers=spec.size, coded=True)


def plan_columns(plan, layer: dict, read, gates: int) -> None:
    """Room for what each code gives so many gates, and for its gradient."""
    if not read.coded:
        return
    shape = layer["inputs"] + 1, -(-gates // LANE_STEP)
    if read.vectors is not None:
        shape = read.vectors.most, width_of(gates)
        numbers = width_of(gates) * width_of(layer["inputs"] + 1)
        layer["across"] = plan.reserve(-(-numbers // LANE_STEP))
        layer["vectors"] = read.vectors.offset
        layer["most"] = read.vectors.most
    layer["columns"] = plan.reserve(*shape)
    layer["d_columns"] = plan.reserve(*shape)


@part_of
def vectors_of(memory, offset, numbers):
    """What codes stand for: (n, width) for so many numbers each."""
    n = int(memory[offset - 1, 0]) if offset else 0
    width = whole(numbers + 1)
    return shaped(flat(memory[offset:])[: n * width], n, width)


@part_of
def _columns_of(layer, memory, offset, gates):
    """The table of all codes: (codes, gates), of vectors whole ones of the processor."""
    n_codes = layer.inputs + 1 if layer.coded else 0
    width = gates
    if layer.vectors:
        n_codes = int(memory[layer.vectors - 1, 0])
        width = whole(gates)
    return shaped(flat(memory[offset:])[: n_codes * width], n_codes, width)


@part_of
def _across(layer, memory, rows, columns):
    """Spare room for weights, which are zeros."""
    spare = shaped(flat(memory[layer.across :])[: rows * columns], rows, columns)
    fill(spare, 0)
    return spare


@part_of
def set_columns(layer, memory, A):
    """What each code gives: the product of A (gates, inputs + 1) with its numbers and a one."""
    gates = A.shape[0]
    columns = _columns_of(layer, memory, layer.columns, gates)
    if layer.vectors:
        given = vectors_of(memory, layer.vectors, layer.inputs)
        weights = _across(layer, memory, layer.inputs + 1, columns.shape[1])
        transpose(A, weights[:, :gates])
        product(given[:, : layer.inputs + 1], weights, columns)
    elif layer.coded:
        transpose(A[:, : layer.inputs], columns[1:])
        for j in range(gates):
            columns[0, j] = A[j, layer.inputs]
        for code in range(1, columns.shape[0]):
            for j in range(gates):
                columns[code, j] += columns[0, j]
    return columns


@part_of
def begin_columns(layer, memory, gates):
    """The gradient of what each code gives, before any step."""
    columns = _columns_of(layer, memory, layer.d_columns, gates)
    fill(columns, 0)
    return columns


@part_of
def add_columns(layer, memory, columns, A, G):
    """Add the gradient of what each code gives to that of the matrix A (gates, inputs).

    Of vectors their own gradient is left in the chunk's memory.
    """
    if layer.vectors:
        _add_vectors(layer, memory, columns, A, G)
    elif layer.coded:
        for j in range(G.shape[0]):
            for i in range(layer.inputs):
                G[j, i] += columns[1 + i, j]


@part_of
def _add_vectors(layer, memory, columns, A, G):
    gates = A.shape[0]
    given = vectors_of(memory, layer.vectors, layer.inputs)
    n, width = given.shape
    total = _across(layer, memory, gates, width)
    # A few at a time, which stay close to a core.
    for k in range(0, n, DEPTH):
        add_product(columns[k : k + DEPTH, :gates].T, given[k : k + DEPTH], total)
    for j in range(gates):
        for i in range(layer.inputs):
            G[j, i] += total[j, i]
    if layer.first:
        return
    weights = _across(layer, memory, gates, width)
    for j in range(gates):
        copy_row(A, j, weights[:, : layer.inputs], j)
    d = shaped(flat(memory[layer.dx :])[: n * width], n, width)
    if layer.adds:
        add_product(columns[:, :gates], weights, d)
    else:
        product(columns[:, :gates], weights, d)


def plan_gradient_of_inputs(plan, layer: dict) -> int:
    """Where the gradient of what a layer reads lies: of all steps, or of what codes stand for."""
    if layer.get("vectors"):
        return plan.reserve(layer["most"], width_of(layer["inputs"] + 1))
    return plan.reserve(layer["steps"], layer["inputs"])


@part_of
def codes_in(layer, row):
    """Which row of the table each lane has chosen."""
    which = np.zeros(row.shape[0], np.int64)
    for b in range(row.shape[0]):
        number = row[b]
        if layer.vectors or 1 <= number <= layer.inputs:
            which[b] = int(number)
    return which


register(OneHot, plan_one_hot, {})
