"""The standard error of a share of truths that are held, where neighbours depend on each other."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

# Fewer series, or folds, tell little of how much they differ.
FEWEST_GROUPS = 3


def standard_error(
    held: np.ndarray,
    origin: np.ndarray,
    row: np.ndarray,
    coverage: float,
    groups: Sequence[np.ndarray] = (),
) -> float:
    """The standard error of a coverage, by blocks of neighbouring origins.

    Blocks are as long as the furthest forecast reaches, and at least as long as there are blocks;
    all series of a time are in one. Series, and folds whose intervals rest on the same residuals,
    err together too: where there are several, each of them is a block, and the largest error
    counts. It is never less than independent truths would have at the coverage that is stated.

    Parameters
    ----------
    held : ndarray of bool of shape (n,)
        Whether each truth is held.
    origin, row : ndarray of int of shape (n,)
        The rows at which forecasts were made, and those that they are for.
    coverage : float
        The share that is stated.
    groups : sequence of ndarray of shape (n,), default=()
        The series of each, or its fold.

    Returns
    -------
    error : float
        NaN where there is only one block.
    """
    if not len(held):
        return np.nan
    deviations = held - np.mean(held)
    errors = [_of_blocks(deviations, _blocks(origin, row))]
    for group in groups:
        numbers, names = pd.factorize(group)
        if len(names) >= FEWEST_GROUPS:
            errors.append(_of_blocks(deviations, numbers))
    known = [error for error in errors if not math.isnan(error)]
    if not known:
        return np.nan
    return max(*known, math.sqrt(coverage * (1 - coverage) / len(held)))


def _blocks(origin, row):
    """The block of each forecast."""
    rank, origins = pd.factorize(origin, sort=True)
    # How many origins there are before a truth is known: their forecasts overlap.
    reach = int((np.searchsorted(origins, row) - rank).max())
    length = max(reach, math.ceil(math.sqrt(len(origins))))
    n_blocks = max(1, len(origins) // length)
    return rank * n_blocks // len(origins)


def _of_blocks(deviations, block):
    """The standard error of a mean over blocks that do not depend on each other."""
    sums = np.bincount(block, deviations)
    sums = sums[np.bincount(block) > 0]
    if len(sums) < 2:
        return np.nan
    return math.sqrt(len(sums) / (len(sums) - 1) * np.sum(sums**2)) / len(deviations)
