"""Sums over all windows without a window: Gram matrices, products, predictions of shared rows.

Windows of one series that are evenly spaced share their rows, so their Gram matrix G[i, j] = Σ_n
x[n + i·p] x[n + j·p]ᵀ is block-Toeplitz up to its borders: a block is its upper-left neighbour,
less the first rows of the sum and plus the rows behind its last. One block row costs a product
each; all others cost border corrections only.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided

from skrnn.windows.array import Windows

# A run's Gram matrix takes some calls for each step, and gathered windows a multiplication for each
# two inputs: per step, so many of these take as long as the calls.
WORTH_A_RUN = 200_000


@dataclass(frozen=True)
class Run:
    """Evenly spaced windows of one series.

    Window n has the steps ``rows[n + i * pace]``, i = 0 … length-1.
    """

    which: slice
    rows: np.ndarray
    pace: int

    def __len__(self) -> int:
        return self.which.stop - self.which.start


def split_runs(windows: Windows, rows: np.ndarray) -> Iterator[Run | slice]:
    """Cut windows, in their order, into runs that share their rows and slices that do not.

    ``rows`` are the windows' rows, or the same rows rescaled. A run shorter than twice its length
    is not worth it, nor one that saves few multiplications: the short series of a panel are faster
    gathered all at once. One shorter than its pace would step over rows that none of its windows
    looks at.
    """
    length = windows.length
    rate = windows.sampling_rate
    enough = 2 * length
    if len(windows.bounds) > 2:
        enough = max(enough, WORTH_A_RUN // (length * windows.n_features**2))
    loose = 0
    for start, stop, stride in _even_stretches(windows, enough) if windows.shares_rows else []:
        if rate % stride or stop - start < rate // stride:
            continue
        if loose < start:
            yield slice(loose, start)
        loose = stop
        first = windows.ends[start] - (length - 1) * rate
        last = windows.ends[stop - 1]
        yield Run(slice(start, stop), rows[first : last + 1 : stride], rate // stride)
    if loose < len(windows):
        yield slice(loose, len(windows))


def _even_stretches(windows, enough):
    """(start, stop, stride) of enough windows of one series, all the usual stride apart."""
    steps = np.diff(windows.ends)
    stride = _usual_stride(steps)
    if stride is None:
        return
    apart = steps != stride
    if len(windows.bounds) > 2:
        apart |= np.diff(windows.series) != 0
    edges = np.concatenate([[0], np.flatnonzero(apart) + 1, [len(windows)]])
    long = np.flatnonzero(np.diff(edges) >= enough)
    for start, stop in zip(edges[long].tolist(), edges[long + 1].tolist(), strict=True):
        yield start, stop, stride


def _usual_stride(steps):
    """The most frequent step forward; None where there is none."""
    # Neither a copy nor sorting is needed where all are equal, which they mostly are.
    if len(steps) and steps[0] > 0 and (steps == steps[0]).all():
        return int(steps[0])
    forward = steps[steps > 0]
    if not len(forward):
        return None
    if (forward == forward[0]).all():
        return int(forward[0])
    strides, counts = np.unique(forward, return_counts=True)
    return int(strides[counts.argmax()])


def run_gram(run: Run, length: int) -> np.ndarray:
    """Gram matrix (length, n_features, length, n_features) of a run, 0 below its upper blocks."""
    n = len(run)
    p = run.pace
    rows = run.rows
    features = rows.shape[1]
    gram = np.zeros((length, features, length, features))
    for j in range(length):
        gram[0, :, j] = rows[:n].T @ rows[j * p : j * p + n]
    for i in range(length - 1):
        later = (np.arange(length - 1 - i) * p)[:, None] + np.arange(p)
        head = rows[i * p : (i + 1) * p]
        tail = rows[n + i * p : n + (i + 1) * p]
        heads = rows[i * p + later]
        tails = rows[n + i * p + later]
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
    n = len(run)
    p = run.pace
    rows = run.rows
    total = np.empty((length, rows.shape[1]))
    total[0] = rows[:n].sum(axis=0)
    for i in range(length - 1):
        head = rows[i * p : (i + 1) * p]
        tail = rows[n + i * p : n + (i + 1) * p]
        total[i + 1] = total[i] - head.sum(axis=0) + tail.sum(axis=0)
    return total


def run_product(run: Run, y: np.ndarray, length: int) -> np.ndarray:
    """Σ_n window[n] · y[n] as (length, n_features, n_outputs)."""
    sums = np.zeros((length, run.rows.shape[1], y.shape[1]))
    for windows in _cached_slices(run, y.shape[1]):
        for i in range(length):
            sums[i] += _step_rows(run, windows, i).T @ y[windows]
    return sums


# As many filters are faster than as many small products.
FEW_FILTERS = 4


def run_predict(run: Run, coef: np.ndarray, out: np.ndarray) -> None:
    """window[n] · coef for coef (length, n_features, n_outputs), written to out (n, n_outputs)."""
    _, n_features, n_outputs = coef.shape
    if run.pace == 1 and n_features * n_outputs <= FEW_FILTERS:
        _filter_rows(run, coef, out)
    elif n_outputs < n_features:
        _all_steps_at_once(run, coef, out)
    else:
        _step_by_step(run, coef, out)


def _filter_rows(run, coef, out):
    """Each feature's share of an output is a filter over the rows, which has no matrix to make."""
    out[:] = 0
    for j, feature in enumerate(run.rows[: len(run) + len(coef) - 1].T):
        feature = np.ascontiguousarray(feature, np.float64)
        for k in range(coef.shape[2]):
            out[:, k] += np.correlate(feature, coef[:, j, k], "valid")


def _step_by_step(run, coef, out):
    """A product for each step."""
    out[:] = 0
    for windows in _cached_slices(run, out.shape[1]):
        for i, step in enumerate(coef):
            out[windows] += _step_rows(run, windows, i) @ step


# A product of at most so many multiplications is one thread's: more threads would wait for each
# other, long where a core has other work.
UNDIVIDED = 1 << 18


def _all_steps_at_once(run, coef, out):
    """Where outputs are few: one product with all steps, whose shares are then shifted."""
    length, n_features, n_outputs = coef.shape
    left = np.ascontiguousarray(coef.transpose(0, 2, 1), np.float64).reshape(-1, n_features)
    reach = (length - 1) * run.pace
    size = min(len(run), max(UNDIVIDED // left.size - reach, 2 * reach, 256))
    products = np.empty((len(left), size + reach))
    by_row, by_value = products.strides
    of_windows = as_strided(
        products,
        shape=(length, n_outputs, size),
        strides=(n_outputs * by_row + run.pace * by_value, by_row, by_value),
    )
    for start in range(0, len(run), size):
        some = out[start : start + size].T
        n_windows = some.shape[1]
        n_rows = n_windows + reach
        np.matmul(left, run.rows[start : start + n_rows].T, out=products[:, :n_rows])
        np.add.reduce(of_windows[:, :, :n_windows], axis=0, out=some)


def _cached_slices(run, n_outputs):
    """Slices of windows whose rows and outputs stay in the cache while all steps pass over them."""
    size = max(256, (1 << 16) // (run.rows.shape[1] + n_outputs))
    for start in range(0, len(run), size):
        yield slice(start, min(start + size, len(run)))


def _step_rows(run, windows, i):
    """The rows that are step i of a slice of windows."""
    return run.rows[i * run.pace + windows.start : i * run.pace + windows.stop]
