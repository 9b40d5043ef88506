"""Codes in place of numbers of which one is 1: a product with them looks up columns of a matrix.

Codes begin at 1. Any other, such as 0, stands for nothing: all of its numbers are 0. Columns lie as
rows of a table, of which the first is that of nothing; and biases are part of each.
"""

import numpy as np

from skrnn.neural.fused.compiling import flat, part_of, shaped
from skrnn.neural.fused.kernels import fill
from skrnn.neural.fused.layers.kinds import register
from skrnn.neural.fused.memory import LANE_STEP, declare
from skrnn.neural.fused.products import transpose
from skrnn.neural.network import OneHot

declare(
    one_hot="whether a code tells which of its inputs is 1, and the others are 0",
    columns="of such a layer: what each code gives",
    d_columns="the gradient of that, summed over all steps",
)


def plan_one_hot(plan, read, spec):
    """As many numbers, of which the codes lie there."""
    return read._replace(numbers=spec.size, codes=True)


def plan_columns(plan, layer: dict, gates: int) -> None:
    """Room for what each code gives so many gates, and for its gradient."""
    if layer["one_hot"]:
        shape = layer["inputs"] + 1, -(-gates // LANE_STEP)
        layer["columns"] = plan.reserve(*shape)
        layer["d_columns"] = plan.reserve(*shape)


@part_of
def columns_of(layer, memory, offset, gates):
    """The table of all codes: (codes, gates)."""
    n_codes = layer.inputs + 1 if layer.one_hot else 0
    numbers = flat(memory[offset:])[: n_codes * gates]
    return shaped(numbers, n_codes, gates)


@part_of
def set_columns(layer, memory, A):
    """What each code gives: the product of A (gates, inputs + 1) with its numbers and a one."""
    gates = A.shape[0]
    columns = columns_of(layer, memory, layer.columns, gates)
    if layer.one_hot:
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
    columns = columns_of(layer, memory, layer.d_columns, gates)
    fill(columns, 0)
    return columns


@part_of
def add_columns(layer, columns, G):
    """Add the gradient of what each code gives to that of the matrix."""
    if layer.one_hot:
        for j in range(G.shape[0]):
            for i in range(layer.inputs):
                G[j, i] += columns[1 + i, j]


@part_of
def codes_in(layer, row):
    """Which row of the table each lane has chosen."""
    which = np.zeros(row.shape[0], np.int64)
    for b in range(row.shape[0]):
        number = row[b]
        if 1 <= number <= layer.inputs:
            which[b] = int(number)
    return which


register(OneHot, plan_one_hot, {})
