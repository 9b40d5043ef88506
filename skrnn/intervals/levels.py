"""Levels: what residuals tell of a quantile, as far as there are enough of them."""

import math
import numbers
import warnings

import numpy as np
from numpy.typing import ArrayLike

# Levels that were computed (1 - 0.9) / 2 are the levels that they stand for.
ROUNDING = 1e-9


def check_levels(name: str, values: ArrayLike) -> np.ndarray:
    """Numbers above 0 and below 1, one or several, in any order."""
    levels = [values] if isinstance(values, numbers.Number) else values
    if isinstance(levels, str | bytes) or not np.iterable(levels):
        levels = []
    levels = list(levels)
    if not levels or not all(_is_level(level) for level in levels):
        raise ValueError(f"{name} must be above 0 and below 1, such as 0.9, got {values!r}")
    return np.array(levels, dtype=np.float64)


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
    place = levels * (n + 1)
    upper = levels >= 0.5 - ROUNDING if upper is None else upper
    up = np.ceil(place - ROUNDING)
    down = np.floor(place + ROUNDING)
    return np.where(upper, up, down).astype(np.int64)


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
        pools = _Pools(residuals)
        for lead, which in zip(*np.nonzero(missing), strict=True):
            found[lead, which] = pools.quantile(lead, levels[which])
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


class _Pools:
    """The residuals of leads and their neighbours, scaled to each lead's size."""

    def __init__(self, residuals):
        self._residuals = residuals
        known = np.ma.masked_invalid(np.abs(residuals))
        size = np.ma.filled(known.mean(axis=0), np.nan)
        leads = np.arange(len(size))
        there = ~np.isnan(size)
        # A lead without residuals is as large as between those beside it.
        self._size = np.interp(leads, leads[there], size[there])

    def quantile(self, lead, level):
        """That of the smallest pool that has enough.

        It is no smaller than all that smaller pools, which tell of levels nearer to the middle, can
        tell: so quantiles do not cross.
        """
        enough = needed(level)
        smaller = np.zeros(0)
        for reach in range(len(self._size)):
            pool = self._pool(lead, reach)
            if len(pool) >= enough:
                break
            smaller = pool
        value = np.sort(pool)[ranks(np.array(level), len(pool)) - 1]
        if level < 0.5:
            return min([value, *smaller])
        return max([value, *smaller])

    def _pool(self, lead, reach):
        leads = np.arange(max(0, lead - reach), min(len(self._size), lead + reach + 1))
        size = self._size[leads]
        scaled = self._residuals[:, leads] * np.divide(
            self._size[lead], size, out=np.ones(len(leads)), where=size > 0
        )
        return scaled[~np.isnan(scaled)]


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
    warnings.warn(
        f"the level {furthest:.4g} takes {needed(furthest)} residuals of each lead, and there are "
        f"{fewest}: those of neighbouring leads are pooled, scaled to each lead's size, which "
        "promises less. A larger calibration_size or more rows have more of them",
        UserWarning,
        stacklevel=2,
    )


def _is_level(level):
    number = isinstance(level, numbers.Real) and not isinstance(level, bool | np.bool_)
    return number and 0 < level < 1
