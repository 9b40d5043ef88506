"""Filling: what stands in for unknown values.

Windows are filled from their own nearest known steps, for forecasts; rows from their own past, for
fits.
"""

from collections.abc import Iterator

import numpy as np


def fill_steps(batch: np.ndarray, fallback: np.ndarray) -> np.ndarray:
    """Fill unknown steps (NaN) from each window's own nearest known ones: forward, then backward.

    A feature that is unknown in the whole window gets ``fallback`` (n_features,).
    """
    unknown = np.isnan(batch)
    incomplete = np.flatnonzero(unknown.any(axis=(1, 2)))
    if not len(incomplete):
        return batch
    steps = batch[incomplete]
    unknown = unknown[incomplete]
    n_steps = steps.shape[1]
    before = last_known(unknown, axis=1)
    after = n_steps - 1 - last_known(unknown[:, ::-1], axis=1)[:, ::-1]
    nearest = np.where(before >= 0, before, after)
    filled = np.take_along_axis(steps, np.minimum(nearest, n_steps - 1), axis=1)
    batch = batch.copy()
    batch[incomplete] = np.where(nearest == n_steps, fallback, filled)
    return batch


def filled(windows, fallback: np.ndarray):
    """The same windows without unknown steps; what is not there stays so."""
    steps = fill_steps(windows.take(), fallback)
    if windows.lengths is None:
        return type(windows).from_array(steps)
    there = windows.there()
    sequences = [steps[i, there[i]] for i in range(len(windows))]
    return type(windows).from_sequences(sequences)


def filled_batches(windows, fallback: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Windows batch by batch, gathered and filled: which of them, and their steps."""
    for batch in windows.batches():
        yield batch, fill_steps(windows.take(batch), fallback)


def fill_ahead(ahead: np.ndarray, steps: np.ndarray, fallback: np.ndarray) -> np.ndarray:
    """Fill what is known ahead of windows (n, n_leads, n_features) from the nearest known values.

    The windows' own ``steps`` (n, n_steps, n_features) of the same features are among them.
    """
    both = np.concatenate([steps, ahead], axis=1)
    return fill_steps(both, fallback)[:, steps.shape[1] :]


def filled_steps_of(windows, column: int, steps: np.ndarray) -> np.ndarray:
    """One feature of every window at some of its steps (n_windows, n_steps), filled.

    ``steps`` are counted from the newest, 0, backward: -1 is the one before. Unknown ones are
    filled from anywhere in their own window; NaN where nothing of it is known.
    """
    values = windows.values_at(column, steps * windows.sampling_rate)
    incomplete = np.flatnonzero(np.isnan(values).any(axis=1))
    if not len(incomplete):
        return values
    values = values.copy()
    every_step = np.arange(1 - windows.length, 1) * windows.sampling_rate
    nothing = np.full(1, np.nan)
    for batch in windows[incomplete].batches():
        which = incomplete[batch]
        whole = windows[which].values_at(column, every_step)[:, :, None]
        values[which] = fill_steps(whole, nothing)[:, steps - 1, 0]
    return values


def rows_from_past(
    rows: np.ndarray, season: int = 1, bounds: np.ndarray | None = None
) -> np.ndarray:
    """Fill unknown rows (NaN) of each series from its own past alone.

    Each value gets that of one season before, or of as many seasons before as it takes to find a
    known one; where the past has none, the last known value. ``bounds`` are where each series
    starts, with the number of rows at the end; None: one series.
    """
    unknown = np.isnan(rows)
    if not unknown.any():
        return rows.copy()
    bounds = np.array([0, len(rows)]) if bounds is None else np.asarray(bounds)
    series = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    phase = (np.arange(len(rows)) - bounds[series]) % season
    # Stable, so that each phase of a series keeps its order in time.
    order = np.lexsort((phase, series))
    seasonal = np.empty_like(rows)
    seasonal[order] = _carried(rows[order], (series * season + phase)[order])
    last = _carried(rows, series)
    return np.where(np.isnan(seasonal), last, seasonal)


def _carried(rows, groups):
    """Rows with the last known value of the same group where they are unknown; NaN before it."""
    newest = last_known(np.isnan(rows), axis=0)
    found = np.maximum(newest, 0)
    known = (newest >= 0) & (groups[found] == groups[:, None])
    return np.where(known, np.take_along_axis(rows, found, axis=0), np.nan)


def last_known(unknown: np.ndarray, axis: int) -> np.ndarray:
    """The position along an axis of the last known value up to each one; -1 before the first."""
    shape = [-1 if dimension == axis else 1 for dimension in range(unknown.ndim)]
    positions = np.arange(unknown.shape[axis]).reshape(shape)
    return np.maximum.accumulate(np.where(unknown, -1, positions), axis=axis)
