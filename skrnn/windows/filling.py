"""Filling: what stands in for unknown values."""

import numpy as np


def fill_steps(batch: np.ndarray, fallback: np.ndarray) -> np.ndarray:
    """Fill unknown steps (NaN) from each window's own nearest known ones: forward, then backward.

    A feature that is unknown in the whole window gets ``fallback`` (n_features,).
    """
    unknown = np.isnan(batch)
    rows = np.flatnonzero(unknown.any(axis=(1, 2)))
    if not len(rows):
        return batch
    part, unknown = batch[rows], unknown[rows]
    n_steps = part.shape[1]
    steps = np.arange(n_steps)[:, None]
    before = np.maximum.accumulate(np.where(unknown, -1, steps), axis=1)
    after = np.minimum.accumulate(np.where(unknown, n_steps, steps)[:, ::-1], axis=1)[:, ::-1]
    nearest = np.where(before >= 0, before, after)
    filled = np.take_along_axis(part, np.minimum(nearest, n_steps - 1), axis=1)
    batch = batch.copy()
    batch[rows] = np.where(nearest == n_steps, fallback, filled)
    return batch
