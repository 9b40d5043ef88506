"""Quantiles: which are learned, which are asked for, and the median among them."""

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skrnn.validation import shares_in

# Levels that were computed (0.1 + 0.2) are the levels that they stand for.
SAME_LEVEL = 1e-9


def check_quantiles(quantiles: ArrayLike) -> tuple[float, ...]:
    """Levels above 0 and below 1, each larger than the one before; a single number is one level."""
    levels = shares_in(quantiles)
    if levels is None or any(low >= high for low, high in pairwise(levels)):
        raise ValueError(
            "quantiles must be numbers above 0 and below 1, each larger than the one before, such "
            f"as (0.1, 0.5, 0.9), got {quantiles!r}"
        )
    return levels


def median_of(values: NDArray, quantiles: ArrayLike) -> NDArray:
    """The median (...) of quantiles (..., n_quantiles) in increasing order.

    Between two levels it lies on the line through them; where 0.5 is outside all levels it is the
    nearest one.
    """
    levels = np.asarray(quantiles, dtype=np.float64)
    after = np.searchsorted(levels, 0.5 - SAME_LEVEL)
    if after == len(levels):
        return values[..., -1]
    if after == 0 or levels[after] <= 0.5 + SAME_LEVEL:
        return values[..., after]
    share = (0.5 - levels[after - 1]) / (levels[after] - levels[after - 1])
    return (1 - share) * values[..., after - 1] + share * values[..., after]


def asked_quantiles(values: NDArray, learned: ArrayLike, asked: ArrayLike | None = None) -> NDArray:
    """Of quantiles (..., n_learned) those asked for, in that order; None: all of them."""
    if asked is None:
        return values
    levels = np.asarray(learned, dtype=np.float64)
    wanted = np.atleast_1d(np.asarray(asked, dtype=np.float64))
    same = np.abs(wanted[:, None] - levels) <= SAME_LEVEL
    missing = wanted[~same.any(axis=1)]
    if len(missing):
        raise ValueError(
            f"quantiles must be among the learned ones, {_listed(levels)}, got "
            f"{_listed(missing)}: fit with quantiles=({_listed(np.union1d(levels, missing))})"
        )
    return values[..., same.argmax(axis=1)]


def target_quantiles(
    y: NDArray, quantiles: ArrayLike, weights: NDArray | None = None
) -> NDArray[np.float64]:
    """The quantiles (n_outputs, n_quantiles) of targets (n, n_outputs), the known ones of each.

    A weight of two counts as the same target twice.
    """
    columns = []
    for column in y.T:
        known = ~np.isnan(column)
        how = {}
        if weights is not None:
            how = {"weights": weights[known], "method": "inverted_cdf"}
        columns.append(np.quantile(column[known], quantiles, **how))
    return np.array(columns)


def _listed(levels):
    return ", ".join(f"{level:g}" for level in levels)
