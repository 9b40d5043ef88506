"""Levels: what residuals tell of a quantile, as far as there are enough of them."""

import math

import numpy as np
from numpy.typing import ArrayLike

from skrnn.forecasters.residual_pools import ResidualPools, needed, ranks
from skrnn.validation import shares_in
from skrnn.warn import warn


def check_levels(name: str, values: ArrayLike) -> np.ndarray:
    """Numbers above 0 and below 1, one or several, in any order."""
    levels = shares_in(values)
    if levels is None:
        raise ValueError(f"{name} must be above 0 and below 1, such as 0.9, got {values!r}")
    return np.array(levels)


def levels_of(coverages: np.ndarray) -> np.ndarray:
    """The levels (n_coverages, 2) between which each share lies, with as much below as above.

    Examples
    --------
    >>> import numpy as np
    >>> levels_of(np.array([0.8, 0.5]))
    array([[0.1 , 0.9 ],
           [0.25, 0.75]])
    """
    lower = (1 - coverages) / 2
    return np.stack([lower, 1 - lower], axis=1)


def offsets(residuals: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Quantiles (n_leads, n_levels) of residuals (n, n_leads), by order statistics of each lead.

    Where a level takes more residuals than a lead has, those of neighbouring leads join in, scaled
    to the lead's size, and a warning says so.

    Examples
    --------
    >>> import numpy as np
    >>> offsets(np.arange(1.0, 10.0)[:, None], np.array([0.1, 0.5, 0.9]))
    array([[1., 5., 9.]])
    """
    found = own_offsets(residuals, levels)
    missing = np.isnan(found)
    if missing.any():
        _check_enough(residuals, levels)
        _warn_of_pooling(residuals, levels)
        pools = ResidualPools(residuals)
        for lead, which in zip(*np.nonzero(missing), strict=True):
            found[lead, which] = _pooled(pools, lead, levels[which])
    return found


def own_offsets(residuals: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """The quantiles that each lead's own residuals tell; NaN where there are not enough."""
    counts = np.count_nonzero(~np.isnan(residuals), axis=0)[:, None]
    rank = ranks(levels, counts)
    within = (rank >= 1) & (rank <= counts)
    # Unknown ones are sorted to the end.
    in_order = np.sort(residuals, axis=0).T
    values = np.take_along_axis(in_order, np.where(within, rank - 1, 0), axis=1)
    return np.where(within, values, np.nan)


def _pooled(pools, lead, level):
    """A quantile of the smallest pool that has enough.

    It is no smaller than all that smaller pools, which tell of levels nearer to the middle, can
    tell: so quantiles do not cross.
    """
    enough = needed(level)
    smaller = np.zeros(0)
    for leads in pools.around(lead):
        pool = pools.of(leads, lead)
        if len(pool) >= enough:
            break
        smaller = pool
    value = np.sort(pool)[ranks(np.array(level), len(pool)) - 1]
    if level < 0.5:
        return min([value, *smaller])
    return max([value, *smaller])


def _check_enough(residuals, levels):
    n = np.count_nonzero(~np.isnan(residuals))
    furthest = max(levels, key=needed)
    if n >= needed(furthest):
        return
    most = ""
    if n > 1:
        share = math.floor(1000 * (1 - 2 / (n + 1))) / 1000
        most = f", or a coverage of at most {share:g}"
    raise ValueError(
        f"the level {furthest:.4g} takes {needed(furthest)} residuals, and only {n} forecasts of "
        f"the calibration have a known truth: use a larger calibration_size, more rows{most}"
    )


def _warn_of_pooling(residuals, levels):
    fewest = np.count_nonzero(~np.isnan(residuals), axis=0).min()
    furthest = max(levels, key=needed)
    warn(
        f"the level {furthest:.4g} takes {needed(furthest)} residuals of each lead, and there are "
        f"{fewest}: those of neighbouring leads are pooled, scaled to each lead's size, which "
        "promises less. A larger calibration_size or more rows have more of them"
    )
