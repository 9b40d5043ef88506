"""Sums over all windows without a window: Gram matrices, products and predictions from the rows themselves.

Windows of one series that are evenly spaced share their rows, so their Gram matrix G[i, j] = Σ_n
x[n + i·p] x[n + j·p]ᵀ is block-Toeplitz up to its borders: a block is its upper-left neighbour,
less the first rows of the sum and plus the rows behind its last. One block row costs a product
each; all others cost border corrections only.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from skrnn.windows.array import Windows


@dataclass(frozen=True)
class Run:
    """Evenly spaced windows of one series.

    Window n has the steps ``rows[n + i * pace]``, i = 0 … length-1.
    """

    which: slice
    rows: np.ndarray
    pace: int


def split_runs(windows: Windows, rows: np.ndarray) -> Iterator[Run | slice]:
    """Cut windows into runs that share their rows, and into slices of windows (in their order) that do not.

    ``rows`` are the windows' rows, or the same rows rescaled. A run shorter than twice its length
    is not worth it; one shorter than its pace would step over rows that none of its windows looks
    at.
    """
    n, length, rate = len(windows), windows.length, windows.sampling_rate
    loose = 0
    for start, stop, stride in [] if windows.maps else _even_stretches(windows):
        if rate % stride or stop - start < max(2 * length, rate // stride):
            continue
        if loose < start:
            yield slice(loose, start)
        loose = stop
        first, last = windows.ends[start] - (length - 1) * rate, windows.ends[stop - 1]
        yield Run(slice(start, stop), rows[first : last + 1 : stride], rate // stride)
    if loose < n:
        yield slice(loose, n)


def _even_stretches(windows):
    """(start, stop, stride) of windows of one series, all the usual stride apart."""
    steps = np.diff(windows.ends)
    if not (steps > 0).any():
        return
    strides, counts = np.unique(steps[steps > 0], return_counts=True)
    stride = int(strides[counts.argmax()])
    breaks = np.flatnonzero((steps != stride) | (np.diff(windows.series) != 0)) + 1
    edges = [0, *breaks.tolist(), len(windows)]
    for start, stop in pairwise(edges):
        yield start, stop, stride


def run_gram(run: Run, length: int) -> np.ndarray:
    """Gram matrix (length, n_features, length, n_features) of a run, its upper block triangle filled."""
    n, p, rows = run.which.stop - run.which.start, run.pace, run.rows
    features = rows.shape[1]
    gram = np.empty((length, features, length, features))
    for j in range(length):
        gram[0, :, j] = rows[:n].T @ rows[j * p : j * p + n]
    for i in range(length - 1):
        later = (np.arange(length - 1 - i) * p)[:, None] + np.arange(p)
        head, tail = rows[i * p : (i + 1) * p], rows[n + i * p : n + (i + 1) * p]
        heads, tails = rows[i * p + later], rows[n + i * p + later]
        # One product for both corrections: (features, 2p) @ (2p, blocks * features).
        left = np.concatenate([tail, -head]).T
        right = np.concatenate([tails, heads], axis=1).transpose(1, 0, 2).reshape(2 * p, -1)
        change = (left @ right).reshape(features, length - 1 - i, features)
        np.add(gram[i, :, i : length - 1], change, out=gram[i + 1, :, i + 1 :])
    return gram


def run_total(run: Run, length: int) -> np.ndarray:
    """Σ_n window[n] as (length, n_features).

    Each step's sum is its neighbour's, less the first rows, plus the last.
    """
    n, p, rows = run.which.stop - run.which.start, run.pace, run.rows
    total = np.empty((length, rows.shape[1]))
    total[0] = rows[:n].sum(axis=0)
    for i in range(length - 1):
        total[i + 1] = (
            total[i]
            - rows[i * p : (i + 1) * p].sum(axis=0)
            + rows[n + i * p : n + (i + 1) * p].sum(axis=0)
        )
    return total


def run_product(run: Run, y: np.ndarray, length: int) -> np.ndarray:
    """Σ_n window[n] · y[n] as (length, n_features, n_outputs)."""
    sums = np.zeros((length, run.rows.shape[1], y.shape[1]))
    for part in _cached_parts(run, len(y), y.shape[1]):
        for i in range(length):
            sums[i] += _step_rows(run, part, i).T @ y[part]
    return sums


def run_predict(run: Run, coef: np.ndarray) -> np.ndarray:
    """window[n] · coef for coef (length, n_features, n_outputs), as (n, n_outputs)."""
    n = run.which.stop - run.which.start
    y = np.zeros((n, coef.shape[2]))
    for part in _cached_parts(run, n, y.shape[1]):
        for i, step in enumerate(coef):
            y[part] += _step_rows(run, part, i) @ step
    return y


def _cached_parts(run, n, n_outputs):
    """Slices of windows whose rows and outputs stay in the processor's cache while all steps pass over them."""
    size = max(256, (1 << 16) // (run.rows.shape[1] + n_outputs))
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))


def _step_rows(run, part, i):
    return run.rows[i * run.pace + part.start : i * run.pace + part.stop]
