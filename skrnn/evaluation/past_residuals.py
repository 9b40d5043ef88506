"""Past residuals: the ends of intervals, from what earlier forecasts of each lead have missed."""

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from skrnn.evaluation.past_changes import Likened, PastChanges
from skrnn.forecasters.residual_pools import ROUNDING, ResidualPools, needed, ranks

# Residuals are taken to tell as much as so many independent ones at least: ends that Student's t
# sets for fewer are further out than forecasts ever err.
FEWEST_ALONE = 2
# Fewer independent ones say too little by themselves, where there is anything else.
FEW_ALONE = 5
# What is told to so small a rest is told wholly.
SAME = 1e-9


def ends_of(
    residuals: np.ndarray,
    rows: np.ndarray,
    coverages: Sequence[float],
    past: PastChanges | None = None,
) -> np.ndarray:
    """Lower and upper ends (n_leads, n_coverages, 2), relative to the forecast.

    The chance of a truth outside is the same below and above. Of n residuals the upper end of a
    coverage c is the ⌈(1 + c)/2 · (n + 1)⌉th, which the next one exceeds with a chance of at most
    (1 - c)/2. Where a lead has too few for that, the residuals of the leads around it join in,
    scaled to its size; where all together are too few, there is no end (NaN).

    That is so of residuals that do not depend on each other. Those of an origin's leads do, and
    those of neighbouring origins: they tell as much as fewer would (``n_independent``). Ends are
    further out by as much as the quantile of Student's t with so few degrees of freedom (of two, at
    least) is beyond that with n; and where so few are too few for the coverage, nobody knows
    whether truths lie rather above forecasts or below, and both ends are as far out as absolute
    residuals are. Where they are fewer than five, ``past`` changes of the series join in, in the
    size of the residuals: ends are then further out as that size is known from so few.

    Parameters
    ----------
    residuals : ndarray of shape (n_origins, n_leads)
        What was missed: truth less forecast; NaN where it is not known.
    rows : ndarray of int of shape (n_origins, n_leads)
        The row of each truth. Of several series, all of one come before all of the next.
    coverages : sequence of float
        The shares of truths that intervals are to hold, going up.
    past : PastChanges, default=None
        Of one series, what it has changed, its rows numbered as ``rows`` are.

    Returns
    -------
    ends : ndarray of shape (n_leads, n_coverages, 2)
    """
    n_leads = residuals.shape[1]
    ends = np.full((n_leads, len(coverages), 2), np.nan)
    likened = None if past is None else past.like(residuals, rows)
    n_known = n_telling(residuals, likened)
    enough = [coverage for coverage in coverages if n_known >= needed_for(coverage)]
    if not enough:
        return ends
    alone = _Pools(residuals, rows)
    joined = None
    if likened is not None:
        both = np.concatenate([residuals, likened.changes])
        joined = _Pools(both, np.concatenate([rows, likened.rows]))
    for lead in range(n_leads):
        for position, coverage in enumerate(enough):
            n = needed_for(coverage)
            pool = alone.around(lead, n)
            if joined is None or (len(pool) >= n and pool.n_alone >= FEW_ALONE):
                ends[lead, position] = pool.ends(coverage)
                continue
            n_sizes = pool.n_sizes / max(1 - likened.told, SAME)
            wider = _wider(n_sizes, math.inf, (1 + coverage) / 2)
            ends[lead, position] = wider * joined.around(lead, n).ends(coverage)
    # Further out is never further in: ends of a larger coverage hold those of smaller ones.
    ends[..., 0] = np.minimum.accumulate(ends[..., 0], axis=1)
    ends[..., 1] = np.maximum.accumulate(ends[..., 1], axis=1)
    return ends


def by_origin(
    predictions: pd.DataFrame, made_for: np.ndarray
) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Where a backtest's forecasts lie in an array of origins and leads, and the rows of truths.

    Parameters
    ----------
    predictions : DataFrame
        A line for each forecast.
    made_for : ndarray of int of shape (n,)
        The row that each is for, counted as all series share them.

    Returns
    -------
    at : (ndarray of shape (n,), ndarray of shape (n,))
        The origin and the lead of each forecast.
    rows : ndarray of shape (n_origins, n_leads)
        The row of each truth, as ``ends_of`` takes them.
    """
    names = [name for name in ("fold", "series", "origin") if name in predictions]
    origin = predictions.groupby(names, sort=False).ngroup().to_numpy()
    lead, _ = pd.factorize(predictions["lead"], sort=True)
    rows = np.zeros((origin.max() + 1, lead.max() + 1), np.int64)
    rows[origin, lead] = made_for - made_for.min()
    if "series" in predictions:
        series, _ = pd.factorize(predictions["series"])
        rows[origin, lead] += (np.ptp(made_for) + 1) * series
    return (origin, lead), rows


def n_telling(residuals: np.ndarray, likened: Likened | None = None) -> int:
    """How many forecasts and changes tell how rare errors are spread."""
    known = np.count_nonzero(~np.isnan(residuals))
    return known if likened is None else known + np.count_nonzero(~np.isnan(likened.changes))


def needed_for(coverage: float) -> int:
    """How many residuals there must be for the next one to lie between two of them."""
    return needed((1 + coverage) / 2)


def n_independent(residuals: np.ndarray, rows: np.ndarray) -> float:
    """How many independent residuals would tell as much as these of the truths of some rows.

    Forecasts of one row err together, and are one. Rows count less the more their neighbours err
    alike: n / (1 + 2·Σ ρ), over the autocorrelations ρ from lag 1 on until one is below 0.

    Examples
    --------
    >>> import numpy as np
    >>> n_independent(np.array([1.0, -1, 1, -1]), np.arange(4))
    4.0
    >>> n_independent(np.array([1.0, 1, 1, 1]), np.arange(4))
    1.0
    """
    _, number, counts = np.unique(rows, return_inverse=True, return_counts=True)
    means = np.bincount(number, residuals) / counts
    n = len(means)
    squares = means @ means
    alike = 1.0
    for lag in range(1, n):
        products = means[lag:] @ means[:-lag]
        if products <= 0:
            break
        # At most as alike as a row is to itself.
        alike += 2 * min((n - lag) / n, products / squares)
    return n / alike


class _Pools:
    """The residuals of each lead, with those around it."""

    def __init__(self, residuals, rows):
        self._rows = rows
        self._pools = ResidualPools(residuals)
        self._last = None, None

    def around(self, lead, n):
        """Those of the fewest leads that have n together; of all where none have."""
        leads = self._pools.smallest(lead, n)
        asked = lead, leads.start, leads.stop
        if self._last[0] != asked:
            known = self._pools.known(leads)
            self._last = asked, _Pool(self._pools.of(leads, lead), self._rows[:, leads][known])
        return self._last[1]


class _Pool:
    """Residuals of the truths of some rows."""

    def __init__(self, residuals, rows):
        self._residuals = residuals
        self._rows = rows
        self._sorted = np.sort(residuals)

    def __len__(self):
        return len(self._residuals)

    @cached_property
    def n_alone(self):
        """How many independent ones would tell as much."""
        return n_independent(self._residuals, self._rows)

    @cached_property
    def n_sizes(self):
        """How many would tell as much of how large they are: sizes are less alike than errors."""
        sizes = np.abs(self._residuals)
        if not np.ptp(sizes):
            return self.n_alone
        return max(self.n_alone, n_independent(sizes - sizes.mean(), self._rows))

    def ends(self, coverage):
        """Both ends, further out the fewer are independent."""
        pool = self._sorted
        n = len(pool)
        level = (1 + coverage) / 2
        lower, upper = pool[ranks(np.array([1 - level, level]), n) - 1]
        if self.n_alone < needed_for(coverage):
            rank = math.ceil(coverage * (n + 1) - ROUNDING)
            furthest = np.sort(np.abs(pool))[min(rank, n) - 1]
            lower = min(lower, -furthest)
            upper = max(upper, furthest)
        return _wider(self.n_alone, n, level) * np.array([lower, upper])


def _wider(n_alone, n, level):
    """How much further out ends are of n residuals that tell as much as so few independent ones."""
    return stdtrit(np.clip(n_alone, FEWEST_ALONE, n), level) / stdtrit(n, level)
