"""Sums over windows, of shared rows where there are any, and gathered piece by piece elsewhere."""

import numpy as np

from skrnn.baselines.gram import Run, run_gram, run_predict, run_product, run_total, split_runs
from skrnn.windows.array import Windows

# How many windows are gathered at once where they share no rows: 32 MB as float64.
CHUNK_NUMBERS = 1 << 22


def unshifted(windows: Windows) -> Windows:
    """The same windows with features that are known ahead moved into place: rows are shared again.

    Too few windows to be a run are gathered anyway.
    """
    few = len(windows) < 2 * windows.length
    if few or not windows.shares_rows or not windows.shift.any():
        return windows
    # What all features have in common is a later end of the window.
    common = windows.shift.min()
    rows = np.full(windows.rows.shape, np.nan, windows.dtype)
    for column, ahead in enumerate(windows.shift - common):
        moved = windows.rows[ahead:, column]
        rows[: len(moved), column] = moved
    return windows.replace(rows=rows, ends=windows.ends + common, shift=None)


def gathered(windows: Windows) -> Windows:
    """The same windows, gathered once, where every pass would gather them and they are few."""
    is_run = any(isinstance(stretch, Run) for stretch in split_runs(windows, windows.rows))
    if is_run or len(windows) * windows.length * windows.n_features > CHUNK_NUMBERS:
        return windows
    return Windows.from_array(windows.take(dtype=np.float64))


def window_gram(windows: Windows, weights: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Σ w·x·xᵀ, of which the upper triangle counts, and Σ w·x over all windows x, flattened."""
    n_inputs = windows.length * windows.n_features
    gram = np.zeros((n_inputs, n_inputs))
    total = np.zeros(n_inputs)
    # Weights differ from window to window: rows are shared no longer.
    for which, run, steps in _pieces(windows, sharing=weights is None):
        if run is not None:
            gram += run_gram(run, windows.length).reshape(n_inputs, n_inputs)
            total += run_total(run, windows.length).ravel()
        else:
            weighted = steps if weights is None else steps * weights[which, None]
            gram += steps.T @ weighted
            total += weighted.sum(axis=0)
    return gram, total


def window_sums(windows: Windows, y: np.ndarray) -> np.ndarray:
    """Σ x·y over all windows x, as (length, n_features, n_outputs)."""
    sums = np.zeros((windows.length, windows.n_features, y.shape[1]))
    for which, run, steps in _pieces(windows):
        if run is not None:
            sums += run_product(run, y[which], windows.length)
        else:
            sums += (steps.T @ y[which]).reshape(sums.shape)
    return sums


def window_products(
    windows: Windows, coef: np.ndarray, out: np.ndarray | None = None
) -> np.ndarray:
    """The products x · coef of every window x, as (n_windows, n_outputs); ``out`` takes them."""
    y = np.empty((len(windows), coef.shape[2])) if out is None else out
    flat = coef.reshape(-1, coef.shape[2])
    for which, run, steps in _pieces(windows):
        if run is not None:
            run_predict(run, coef, y[which])
        else:
            np.matmul(steps, flat, out=y[which])
    return y


def _pieces(windows, *, sharing=True):
    """All windows in their order: (which, run, None), or (which, None, flat windows).

    What is gathered has a bounded size; without ``sharing`` that is all of them.
    """
    size = max(1, CHUNK_NUMBERS // (windows.length * windows.n_features))
    stretches = split_runs(windows, windows.rows) if sharing else [slice(0, len(windows))]
    for stretch in stretches:
        if isinstance(stretch, Run):
            yield stretch.which, stretch, None
            continue
        for start in range(stretch.start, stretch.stop, size):
            which = slice(start, min(start + size, stretch.stop))
            steps = windows.take(which, dtype=np.float64)
            yield which, None, steps.reshape(len(steps), -1)
