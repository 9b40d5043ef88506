"""Past residuals: the ends of intervals, from what earlier forecasts of each lead have missed."""

import math
from collections.abc import Sequence

import numpy as np

# Levels that were computed, (1 - 0.9) / 2, are the levels that they stand for.
ROUNDING = 1e-9


def ends_of(residuals: Sequence[np.ndarray], coverages: Sequence[float]) -> np.ndarray:
    """Lower and upper ends (n_leads, n_coverages, 2), relative to the forecast.

    The chance of a truth outside is the same below and above. Of n residuals the upper end of a
    coverage c is the ⌈(1 + c)/2 · (n + 1)⌉th, which the next one exceeds with a chance of at most
    (1 - c)/2. Where a lead has too few for that, the residuals of the leads around it join in,
    scaled to its size; where all together are too few, there is no end (NaN).

    Parameters
    ----------
    residuals : sequence of ndarray of shape (n,)
        For each lead what was missed: truth less forecast.
    coverages : sequence of float
        The shares of truths that intervals are to hold, going up.

    Returns
    -------
    ends : ndarray of shape (n_leads, n_coverages, 2)
    """
    ends = np.full((len(residuals), len(coverages), 2), np.nan)
    n_known = sum(map(len, residuals))
    enough = [coverage for coverage in coverages if n_known >= needed(coverage)]
    if not enough:
        return ends
    sizes = _sizes(residuals)
    for lead, own in enumerate(residuals):
        pool = np.sort(own)
        reach = 0
        for position, coverage in enumerate(enough):
            # Further out is never further in: pools only grow.
            while len(pool) < needed(coverage) and reach < len(residuals) - 1:
                reach += 1
                pool = _pool(residuals, sizes, lead, reach)
            rank = math.ceil((1 + coverage) / 2 * (len(pool) + 1) - ROUNDING)
            ends[lead, position] = pool[len(pool) - rank], pool[rank - 1]
    ends[..., 0] = np.fmin.accumulate(ends[..., 0], axis=1)
    ends[..., 1] = np.fmax.accumulate(ends[..., 1], axis=1)
    return ends


def needed(coverage: float) -> int:
    """How many residuals there must be for the next one to lie between two of them."""
    return math.ceil(2 / (1 - coverage) - 1 - ROUNDING)


def _sizes(residuals):
    """The mean absolute residual of each lead; of one without any, between those beside it."""
    known = np.array([len(values) > 0 for values in residuals])
    if not known.any():
        return np.ones(len(residuals))
    leads = np.arange(len(residuals))
    means = [np.abs(values).mean() for values in residuals if len(values)]
    return np.interp(leads, leads[known], means)


def _pool(residuals, sizes, lead, reach):
    """The residuals of a lead and of those around it, in its size, going up."""
    around = range(max(0, lead - reach), min(len(residuals), lead + reach + 1))
    scaled = [
        residuals[other] * (sizes[lead] / sizes[other] if sizes[other] > 0 else 1.0)
        for other in around
    ]
    return np.sort(np.concatenate(scaled))
