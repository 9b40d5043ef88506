"""Codes in place of numbers of which one is 1: a product with them looks up columns of a matrix.

Codes begin at 1. Any other, such as 0, stands for nothing: all of its numbers are 0.
"""

import numpy as np

from skrnn.neural.fused.compiling import array, linked, part_of
from skrnn.neural.fused.layers.kinds import register
from skrnn.neural.fused.memory import declare
from skrnn.neural.network import OneHot

declare(one_hot="whether a code tells which of its inputs is 1, and the others are 0")


def plan_one_hot(plan, read, spec):
    """As many numbers, of which the codes lie there."""
    return read._replace(numbers=spec.size, codes=True)


@part_of
def _look_up(codes, n, which, there):
    """The column of each lane's code, and 1; or any column, and 0, where there is none."""
    for b in range(codes.shape[0]):
        code = int(codes[b])
        known = 1 <= code <= n
        which[b] = code - 1 if known else 0
        there[b] = 1 if known else 0


@linked(array(2, "A"), array(1, "A"), array(2, "A"), apart=True)
def affine_of_codes(A, codes, out):
    """The product of A with what the lanes' codes stand for, and a row of ones below it."""
    rows, lanes = out.shape
    last = A.shape[1] - 1
    which = np.empty(lanes, np.int64)
    there = np.empty(lanes, out.dtype)
    _look_up(codes, last, which, there)
    for j in range(rows):
        bias = A[j, last]
        for b in range(lanes):
            out[j, b] = bias + A[j, which[b]] * there[b]


@linked(array(3, "A"), array(3, "A"), array(2, "A"), apart=True)
def add_outer_of_codes(D, codes, out):
    """Add to ``out`` the sum over all steps of D S', where S is what the codes stand for.

    For D (steps, rows, lanes), and codes (steps, 1, lanes).
    """
    steps, rows, lanes = D.shape
    which = np.empty((steps, lanes), np.int64)
    there = np.empty((steps, lanes), out.dtype)
    for t in range(steps):
        for b in range(lanes):
            code = int(codes[t, 0, b])
            known = 1 <= code <= out.shape[1]
            which[t, b] = code - 1 if known else 0
            there[t, b] = 1 if known else 0
    for j in range(rows):
        for t in range(steps):
            for b in range(lanes):
                out[j, which[t, b]] += D[t, j, b] * there[t, b]


register(OneHot, plan_one_hot, {})
