"""Residual pools: order statistics of what forecasts missed, of a lead and of those around it."""

import math
from collections.abc import Iterator

import numpy as np

# Levels that were computed, (1 - 0.9) / 2, are the levels that they stand for.
ROUNDING = 1e-9


def needed(level: float) -> int:
    """How many residuals a level takes: the next one lies outside them all with that chance.

    Examples
    --------
    >>> [needed(level) for level in (0.5, 0.9, 0.975)]
    [1, 9, 39]
    """
    return max(1, math.ceil(1 / min(level, 1 - level) - 1 - ROUNDING))


def ranks(levels: np.ndarray, n: np.ndarray, upper: np.ndarray | None = None) -> np.ndarray:
    """Which of n exchangeable residuals, counted from 1 upwards, the next one lies within.

    Above the middle it is at most that one with a chance of at least the level, below it is smaller
    with a chance of at most the level. 0 and n + 1 stand for none. ``upper`` says which levels are
    above the middle; None: those that are.

    Examples
    --------
    >>> import numpy as np
    >>> ranks(np.array([0.05, 0.1, 0.5, 0.9, 0.95]), np.array(10))
    array([ 0,  1,  6, 10, 11])
    """
    rank = levels * (n + 1)
    upper = levels >= 0.5 - ROUNDING if upper is None else upper
    up = np.ceil(rank - ROUNDING)
    down = np.floor(rank + ROUNDING)
    return np.where(upper, up, down).astype(np.int64)


class ResidualPools:
    """The residuals of leads and of those around them, scaled to each lead's size.

    Parameters
    ----------
    residuals : ndarray of shape (n, n_leads)
        What was missed, some of it known; NaN elsewhere.

    Attributes
    ----------
    sizes : ndarray of shape (n_leads,)
        The mean absolute residual of each lead. A lead without any is as large as between those
        beside it; behind the last that has some, sizes grow as a random walk's.
    """

    def __init__(self, residuals: np.ndarray):
        self._residuals = residuals
        self._known = ~np.isnan(residuals)
        self._counts = self._known.sum(axis=0)
        sums = np.abs(residuals).sum(axis=0, where=self._known)
        there = np.flatnonzero(self._counts)
        leads = np.arange(len(self._counts))
        sizes = np.interp(leads, there, sums[there] / self._counts[there])
        self.sizes = sizes * np.sqrt(np.maximum(1, (leads + 1) / (there[-1] + 1)))

    def around(self, lead: int) -> Iterator[slice]:
        """A lead alone, with those beside it, and so on until all leads are together."""
        n_leads = len(self.sizes)
        for reach in range(max(lead + 1, n_leads - lead)):
            yield slice(max(0, lead - reach), lead + reach + 1)

    def smallest(self, lead: int, n: int) -> slice:
        """The fewest leads around one that have n residuals together; all where none have."""
        for leads in self.around(lead):
            if self._counts[leads].sum() >= n:
                break
        return leads

    def known(self, leads: slice) -> np.ndarray:
        """Mask (n, n_leads) of what is known of some leads."""
        return self._known[:, leads]

    def of(self, leads: slice, lead: int) -> np.ndarray:
        """The known residuals of some leads in the size of one, origin after origin."""
        sizes = self.sizes[leads]
        ones = np.ones(len(sizes))
        scaled = self._residuals[:, leads] * np.divide(
            self.sizes[lead], sizes, out=ones, where=sizes > 0
        )
        return scaled[self._known[:, leads]]
