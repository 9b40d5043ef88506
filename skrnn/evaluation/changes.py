"""Changes: how much each series of a panel has changed over a lead, as its rows know it."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from scipy.signal import lfilter

# In horizons: a change that is so much older than another counts half as much.
MEMORIES = (np.inf, 20.0, 10.0, 5.0, 2.5)


def changes_by_lead(
    values: np.ndarray,
    bounds: np.ndarray,
    at: np.ndarray,
    *,
    leads: np.ndarray,
    season: int,
    memories: tuple[float, ...] = MEMORIES,
    before: np.ndarray | None = None,
) -> np.ndarray:
    """Mean absolute changes of series over each lead, as they are known at some rows.

    That is how much a naive forecast has missed: over a lead or, with a season, over as many
    seasons as hold it. Newer changes count more.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        The rows of all series, one below the other; NaN where unknown.
    bounds : ndarray of int of shape (n_series + 1,)
        Where each series starts, with the number of rows at the end.
    at : ndarray of int of shape (n,)
        Rows, each of which knows those of its series up to itself.
    leads : ndarray of int of shape (n_leads,)
        How many rows ahead forecasts lie, going up; the last is the horizon.
    season : int
        The rows of a season.
    memories : tuple of float
        How much older a change is than another that counts twice as much, in horizons. Infinite:
        all count the same.
    before : ndarray of shape (n, n_leads), default=None
        The changes of rows before the first of each series; NaN where there were none.

    Returns
    -------
    changes : ndarray of shape (n, n_leads, n_memories)
        A lead of which none is known has those of the lead next to it, in the size that they would
        have in a random walk. NaN of a series that has never changed.

    Examples
    --------
    >>> import numpy as np
    >>> rows = np.array([0.0, 1, 3, 3, 0])
    >>> how = {"leads": np.array([1, 2]), "season": 1, "memories": (np.inf,)}
    >>> changes_by_lead(rows, np.array([0, 5]), np.array([2, 4]), **how)[:, :, 0]
    array([[1.5       , 3.        ],
           [1.5       , 2.66666667]])
    """
    lags, first, of_lead = np.unique(
        -(-leads // season) * season, return_index=True, return_inverse=True
    )
    decays = [0.5 ** (1 / (memory * leads.max())) for memory in memories]
    series = np.searchsorted(bounds, at, side="right") - 1
    row = at - bounds[series]
    sums = np.zeros((len(at), len(lags), len(memories)))
    counts = np.zeros_like(sums)
    for which, block in _blocks(values, bounds, series):
        line = np.flatnonzero(np.isin(series, which))
        place = np.searchsorted(which, series[line])
        for position, lag in enumerate(lags):
            has = row[line] >= lag
            some = line[has]
            there = place[has], row[some] - lag
            change = np.abs(block[:, lag:] - block[:, :-lag])
            known = ~np.isnan(change)
            change[~known] = 0.0
            if known.all():
                # What is counted is the same in all series.
                known = known[:1]
            for memory, decay in enumerate(decays):
                sums[some, position, memory] = _faded(change, decay)[there]
                counted = np.broadcast_to(_faded(known, decay), change.shape)
                counts[some, position, memory] = counted[there]
    if before is not None:
        _count_before(sums, counts, before[:, first], row, decays)
    changes = np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0)
    return _without_holes(changes, lags)[:, of_lead]


def _blocks(values, bounds, series) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(series, rows (n, longest)) of series that are about as long as each other."""
    lengths = np.diff(bounds)
    wanted = np.unique(series)
    size = np.ceil(np.log2(np.maximum(lengths[wanted], 1)))
    for one in np.unique(size):
        which = wanted[size == one]
        rows = np.arange(lengths[which].max())
        inside = rows < lengths[which, None]
        found = values[np.minimum(bounds[which, None] + rows, len(values) - 1)]
        # Behind the end of a series nobody looks.
        yield which, np.where(inside, found, 0.0)


def _faded(changes, decay):
    """Sums over all up to each, in which older ones count less and less."""
    return lfilter([1.0], [1.0, -decay], changes, axis=1)


def _count_before(sums, counts, before, row, decays):
    """Let rows before the first of each series count as well, as if they had no beginning."""
    known = ~np.isnan(before)
    before = np.where(known, before, 0.0)
    for memory, decay in enumerate(decays):
        # All that fades away together weighs 1 / (1 - decay).
        share = np.where(known, 1 - decay, 1.0)
        weight = np.where(known, (decay ** (row + 1))[:, None], 0.0)
        sums[:, :, memory] = share * sums[:, :, memory] + weight * before
        counts[:, :, memory] = share * counts[:, :, memory] + weight


def _without_holes(changes, lags):
    """Changes over all lags; NaN of series without any."""
    upwards = range(len(lags))
    for beside, to in [*pairwise(upwards), *pairwise(upwards[::-1])]:
        hole = changes[:, to] == 0
        changes[:, to][hole] = changes[:, beside][hole] * np.sqrt(lags[to] / lags[beside])
    return np.where(changes > 0, changes, np.nan)


def sharpest(missed: np.ndarray, leads: np.ndarray, changes: np.ndarray) -> int:
    """Whose changes tell best how large errors are: those that make them likeliest.

    Errors have a Laplace distribution, of one size in these units for each lead.

    Parameters
    ----------
    missed : ndarray of shape (n,)
        Truths less forecasts; NaN where unknown.
    leads : ndarray of int of shape (n,)
        The lead of each, counted from 0.
    changes : ndarray of shape (n, n_memories)
        How much each series has changed by each memory; NaN where it never has.

    Returns
    -------
    memory : int
        The number of a memory, the first of equals.

    Examples
    --------
    >>> import numpy as np
    >>> missed = np.array([1.0, -4.0])
    >>> sharpest(missed, np.zeros(2, int), np.array([[3.0, 1.0], [3.0, 4.0]]))
    1
    """
    there = np.isfinite(missed) & ~np.isnan(changes).any(axis=1)
    changes = changes[there]
    leads = leads[there]
    relative = np.abs(missed[there])[:, None] / changes
    n_each = np.bincount(leads)
    sums = np.array([np.bincount(leads, one) for one in relative.T]).T
    # A lead that has never missed anything says nothing.
    tells = (sums > 0).all(axis=1)
    sizes = sums[tells] / n_each[tells, None]
    surprise = n_each[tells] @ np.log(sizes) + np.log(changes[tells[leads]]).sum(axis=0)
    return int(np.argmin(surprise))
