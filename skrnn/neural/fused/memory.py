"""Memory: the table of a network's layers, and where each finds its numbers in a chunk's memory.

A chunk of samples goes through a network in one piece of memory, (rows, lanes): a lane is a sample.
All that a layer reads or writes has an *offset* there, the first of its rows, from which (steps,
rows, lanes) lie one after the other.
"""

import functools
from functools import partial
from typing import NamedTuple

import numpy as np
from numba import from_dtype, types
from numpy.lib.stride_tricks import as_strided

from skrnn.neural.fused.compiling import Kernel, Signature, array, part_of, shaped

# A row of the table: what a layer is, and the offsets of its numbers. What it has no use for is 0.
# Each kind of layer declares what it needs beside these.
_FIELDS = {
    "kind": "what it is",
    "activation": "one of ``kernels.ACTIVATIONS``",
    "forward": "address of its kernel",
    "backward": "address of its kernel",
    "steps": "how many it reads",
    "inputs": "how many numbers it reads at each",
    "out_steps": "how many it gives",
    "units": "how many numbers it gives at each; of a recurrent layer those of one direction",
    "weights": "where its weights, and their gradient, begin in the packed vectors; -1 without any",
    "first": "whether it is the first with weights: nobody asks for the gradient of what it reads",
    "x": "what it reads",
    "out": "what it gives",
    "d": "the gradient of what it gives",
    "dx": "the gradient of what it reads",
    "x_mask": "what is left out of its inputs",
    "missing": "how many of the steps that it reads are not there, for each lane",
    "late": "whether these are the last steps, not the first",
}
_RATES = ("dropout", "recurrent_dropout")


class Stretch(NamedTuple):
    """Steps in a chunk's memory: their offset, how many they are, and how many numbers each is.

    ``missing`` is the row that says how many of the steps are not there in each lane: those of a
    sequence that is shorter than the longest. They are the first or, ``late``, the last. What a
    layer gives there is finite and nobody reads it. The gradient of it is zero where the step is
    there in another lane, and not written where it is in none.

    ``coded``, if a code tells the numbers of each, and lies there in place of them; ``vectors``,
    where what the codes stand for lies, unless they stand for numbers of which one is 1.
    """

    offset: int
    steps: int
    numbers: int
    missing: int
    late: bool = False
    coded: bool = False
    vectors: tuple | None = None


# A chunk has a multiple of this many lanes, so that every loop and product has the same form, and
# rounds the same way.
LANE_STEP = 16

# The first rows of a chunk's memory: ones, where nothing is missing, and which lanes are samples.
# Others fill the chunk up, with copies of the last. In training the first lane of the next two says
# how many samples of its batch are in the chunks before, and how many lanes the batch would have.
ONES, NOTHING_MISSING, SAMPLES, AHEAD, ALL = range(5)


def declare(**fields: str) -> None:
    """Add what a kind of layer needs to know of itself to the table's fields."""
    _FIELDS.update(fields)


@functools.cache
def record() -> np.dtype:
    """A row of the table, once all kinds of layers have declared what they need."""
    return np.dtype([(name, np.int64) for name in _FIELDS] + [(name, float) for name in _RATES])


def table_of(layers: list[dict]) -> np.ndarray:
    """The table of some layers."""
    table = np.zeros(len(layers), record())
    for row, layer in zip(table, layers, strict=True):
        for name, value in layer.items():
            row[name] = value
    return table


def _table(number):
    return from_dtype(record())[::1]


# What a layer's kernels take: the table and the layer's row in it, packed weights, (backward) their
# gradient, a chunk's memory, whether anything is left out, and (forward) a seed that tells what.
FORWARD = Signature(_table, types.int64, array(1), array(2), types.boolean, types.uint64)
BACKWARD = Signature(_table, types.int64, array(1), array(1), array(2), types.boolean)
forward_kernel = partial(Kernel, signature=FORWARD)
backward_kernel = partial(Kernel, signature=BACKWARD)


@part_of
def view(memory, offset, steps, rows):
    """What lies at an offset of a chunk's memory: (steps, rows, lanes)."""
    return shaped(memory[offset : offset + steps * rows], steps, rows, memory.shape[1])


# Of the steps that a layer reads, some are missing in lanes whose sequences are shorter than the
# longest: the first ones or, where the steps were turned around (``late``), the last.


@part_of
def there_in_any(layer, memory):
    """The steps that are there in any lane: the first of them, and the one behind the last."""
    row = memory[layer.missing]
    missing = row[0]
    for b in range(1, row.shape[0]):
        missing = min(missing, row[b])
    return _but_missing(layer, int(missing))


@part_of
def there_in_all(layer, memory):
    """The steps that are there in all lanes: the first of them, and the one behind the last."""
    row = memory[layer.missing]
    missing = row[0]
    for b in range(1, row.shape[0]):
        missing = max(missing, row[b])
    return _but_missing(layer, int(missing))


@part_of
def _but_missing(layer, missing):
    """The steps but for some that are missing."""
    if layer.late:
        return 0, layer.steps - missing
    return missing, layer.steps


@part_of
def there_in(layer, memory, b):
    """The steps that are there in a lane: the first of them, and the one behind the last."""
    return _but_missing(layer, int(memory[layer.missing, b]))


@part_of
def mark_missing(layer, memory, t, marks):
    """Mark the lanes where step t is missing with 1, and the others with 0."""
    for b in range(marks.shape[0]):
        first, last = there_in(layer, memory, b)
        marks[b] = t < first or t >= last


@part_of
def clear_missing(layer, memory, X):
    """Zeros for what is missing of some lanes' steps X (steps, rows, lanes), but not of all's."""
    begin, stop = there_in_any(layer, memory)
    for b in range(X.shape[2]):
        first, last = there_in(layer, memory, b)
        for t in range(begin, stop):
            if t < first or t >= last:
                for j in range(X.shape[1]):
                    X[t, j, b] = 0


@part_of
def matrix(layer, vector, size):
    """A layer's weights, or their gradient: of ``size`` inputs, and behind them biases."""
    stop = layer.weights + layer.units * (size + 1)
    return shaped(vector[layer.weights : stop], layer.units, size + 1)


@part_of
def ones(memory, steps):
    """A one for every step and lane: the first row of a chunk's memory, again and again."""
    return as_strided(
        memory, (steps, 1, memory.shape[1]), (0, memory.strides[0], memory.strides[1])
    )
