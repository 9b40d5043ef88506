"""A table's rows: few of them are read by a batch, and these alone are moved.

What the optimizer remembers of the others stays as it is. The codes that a batch has read are cut
into parts, which threads share: first the gradients of each code's row are summed, then, once the
size of all gradients is known, the rows are moved.
"""

from typing import NamedTuple

import numpy as np

from skrnn.neural.fused.compiling import flat, part_of, shaped
from skrnn.neural.fused.kernels import scale
from skrnn.neural.fused.layers.codes import vectors_of, whole
from skrnn.neural.fused.layers.embedding import Table, code_of
from skrnn.neural.fused.memory import view
from skrnn.neural.fused.optimizers import optimize, squares
from skrnn.neural.fused.products import add_row, copy_row, fetch_row, transpose

# Codes that leave the same rest are a part. Whatever it is, each row is summed in the same order.
PARTS = 4
# Rows that are moved at a time: what is remembered of them stays close to a core.
ROWS_AT_ONCE = 32
# So many rows before they are needed they are fetched, as they lie anywhere.
AHEAD = 8


class Reads(NamedTuple):
    """What a batch reads of a table, code by code, in the order of the samples and their steps."""

    # -1 where another of the same chunk stands for it.
    codes: np.ndarray
    # The gradients of what was given, one for each code; of a mean one for each sample, and which
    # sample each code is of.
    gradients: np.ndarray
    sample_of: np.ndarray
    # The sum of each code's gradients lies where it was read first: in place of its own gradient
    # or, of a mean, beside these. For each code of the table where that is, or -1.
    sums: np.ndarray
    first_of: np.ndarray
    # For each part where the sums of its codes are, and how many they are.
    rows: np.ndarray
    n_rows: np.ndarray
    # Of each part the square of the gradient's norm; and what the gradients are multiplied by.
    squares: np.ndarray
    factor: np.ndarray
    # What the optimizer remembers of the rows of all codes: (codes, vectors, units).
    remembered: np.ndarray


def reads_of(table: Table, feed, n_remembered: int, dtype) -> Reads:
    """Room for what a batch of a ``Feed`` reads at most."""
    n_codes = feed.most_steps() if table.codes else 0
    sums = np.empty((n_codes, table.units), dtype)
    return Reads(
        codes=np.zeros(n_codes, np.int64),
        gradients=np.empty((feed.batch_size, table.units), dtype) if table.mean else sums,
        sample_of=np.zeros(n_codes if table.mean else 0, np.int64),
        sums=sums,
        first_of=np.full(table.codes, -1),
        rows=np.empty((PARTS, n_codes), np.int64),
        n_rows=np.zeros(PARTS, np.int64),
        squares=np.zeros(PARTS),
        factor=np.ones(1),
        remembered=np.zeros((table.codes, n_remembered, table.units), dtype),
    )


@part_of
def n_read(table, windows, order, first, stop):
    """How many steps the samples order[first:stop] have together."""
    if not windows.missing.shape[0]:
        return (stop - first) * table.steps
    n = 0
    for i in range(first, stop):
        n += table.steps - windows.missing[order[i]]
    return n


@part_of
def keep_codes(table, missing, numbers, n, sample, first, reads):
    """Keep the codes that n samples have read, and the gradients of what was given.

    They are the samples from ``sample`` on, and the codes from the ``first`` on, of the batch;
    ``missing`` are the steps that each has not.
    """
    if table.chosen:
        _keep_chosen(table, missing, numbers, n, first, reads)
        return
    X = view(numbers, table.x, table.steps, 1)
    begins = np.empty(n, np.int64)
    place = np.empty(n, np.int64)
    for b in range(n):
        begins[b] = int(missing[b])
        place[b] = first - begins[b]
        first += table.steps - begins[b]
    D = view(numbers, table.d, 1 if table.mean else table.steps, table.units)
    given = np.empty((numbers.shape[1], table.units), numbers.dtype)
    for t in range(int(begins.min()), table.steps):
        if not table.mean:
            transpose(D[t], given)
        for b in range(n):
            if t < begins[b]:
                continue
            k = place[b] + t
            reads.codes[k] = code_of(X[t, 0, b], table.codes)
            if table.mean:
                reads.sample_of[k] = sample + b
            else:
                copy_row(given, b, reads.gradients, k)
    if table.mean:
        for b in range(n):
            share = numbers.dtype.type(1 / (table.steps - begins[b]))
            for j in range(table.units):
                reads.gradients[sample + b, j] = numbers[table.d + j, b] * share


@part_of
def _keep_chosen(table, missing, numbers, n, first, reads):
    """Keep each code once that n samples have read, and nothing (-1) for the others."""
    n_steps = 0
    for b in range(n):
        n_steps += table.steps - int(missing[b])
    chosen = flat(numbers[table.chosen :])
    width = whole(table.units + 1)
    n_rows = vectors_of(numbers, table.vectors, table.units).shape[0]
    given = shaped(flat(numbers[table.d :])[: n_rows * width], n_rows, width)
    for row in range(n_rows):
        reads.codes[first + row] = int(chosen[row])
        copy_row(given, row, reads.gradients, first + row)
    for k in range(first + n_rows, first + n_steps):
        reads.codes[k] = -1


@part_of
def _fetch_sum(reads, k):
    """Have the sum of the k-th code come closer, and what is added to it."""
    first = reads.first_of[reads.codes[k]]
    if first >= 0:
        fetch_row(reads.sums, first)
    fetch_row(reads.gradients, reads.sample_of[k] if reads.sample_of.shape[0] else k)


@part_of
def sum_part(table, reads, n_codes, part):
    """Sum the gradients of each of a part's codes, among the first ``n_codes`` that were read."""
    rows = reads.rows[part]
    n = 0
    for k in range(n_codes):
        rows[n] = k
        n += 1 if reads.codes[k] >= 0 and reads.codes[k] % PARTS == part else 0
    n_rows = 0
    for i in range(n):
        if i + AHEAD < n:
            _fetch_sum(reads, rows[i + AHEAD])
        k = rows[i]
        code = reads.codes[k]
        given = reads.sample_of[k] if table.mean else k
        first = reads.first_of[code]
        if first >= 0:
            add_row(reads.gradients, given, reads.sums, first)
            continue
        reads.first_of[code] = k
        rows[n_rows] = k
        n_rows += 1
        if table.mean:
            copy_row(reads.gradients, given, reads.sums, k)
    reads.n_rows[part] = n_rows
    reads.squares[part] = 0
    for k in rows[:n_rows]:
        reads.squares[part] += squares(reads.sums[k])


@part_of
def move_part(table, weights, learning, part):
    """The optimizer's step for the rows of a part's codes."""
    reads = learning.reads
    u = table.units
    n_remembered = reads.remembered.shape[1]
    W = shaped(weights.packed[table.packed : table.packed + table.codes * u], table.codes, u)
    remembered = shaped(reads.remembered, table.codes * n_remembered, u)
    # Some rows beside each other: as the optimizer takes them, and one by one.
    numbers = np.empty((ROWS_AT_ONCE, u), W.dtype)
    gradient = np.empty((ROWS_AT_ONCE, u), W.dtype)
    memory = np.empty((n_remembered, ROWS_AT_ONCE * u), W.dtype)
    memories = shaped(memory, n_remembered * ROWS_AT_ONCE, u)
    rows = reads.rows[part, : reads.n_rows[part]]
    for begin in range(0, rows.shape[0], ROWS_AT_ONCE):
        some = rows[begin : begin + ROWS_AT_ONCE]
        n = some.shape[0] * u
        for row, k in enumerate(some):
            if begin + row + AHEAD < rows.shape[0]:
                coming = reads.codes[rows[begin + row + AHEAD]]
                fetch_row(W, coming)
                for i in range(n_remembered):
                    fetch_row(remembered, coming * n_remembered + i)
            code = reads.codes[k]
            reads.first_of[code] = -1
            copy_row(reads.sums, k, gradient, row)
            copy_row(W, code, numbers, row)
            for i in range(n_remembered):
                copy_row(remembered, code * n_remembered + i, memories, i * ROWS_AT_ONCE + row)
        if reads.factor[0] < 1:
            scale(gradient, reads.factor[0])
        optimize(flat(numbers)[:n], flat(gradient)[:n], memory, 0, learning.optimizer)
        for row, k in enumerate(some):
            code = reads.codes[k]
            copy_row(numbers, row, W, code)
            for i in range(n_remembered):
                copy_row(memories, i * ROWS_AT_ONCE + row, remembered, code * n_remembered + i)
