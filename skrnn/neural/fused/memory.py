"""Memory: the table of a network's layers, and where each finds its numbers in a chunk's memory.

A chunk of samples goes through a network in one piece of memory, (rows, lanes): a lane is a sample.
All that a layer reads or writes has an *offset* there, the first of its rows, from which (steps,
rows, lanes) lie one after the other.
"""

import functools
from functools import partial

import numpy as np
from numba import from_dtype, types
from numpy.lib.stride_tricks import as_strided

from skrnn.neural.fused.compiling import Kernel, Signature, array, part_of

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
}
_RATES = ("dropout", "recurrent_dropout")


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
    return memory[offset : offset + steps * rows].reshape(steps, rows, memory.shape[1])


@part_of
def matrix(layer, vector, size):
    """A layer's weights, or their gradient: of ``size`` inputs, and behind them biases."""
    return vector[layer.weights : layer.weights + layer.units * (size + 1)].reshape(
        layer.units, size + 1
    )


@part_of
def ones(memory, steps):
    """A one for every step and lane: the first row of a chunk's memory, again and again."""
    return as_strided(
        memory, (steps, 1, memory.shape[1]), (0, memory.strides[0], memory.strides[1])
    )
