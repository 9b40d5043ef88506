"""What is promised: coverages, quantiles, and arrays of truths beside intervals or quantiles."""

import numbers

import numpy as np
from numpy.typing import ArrayLike

from skrnn.validation import shares_in


def check_coverages(name: str, coverage: ArrayLike) -> tuple[float, ...]:
    """Shares above 0 and below 1; a single number is one of them."""
    shares = shares_in(coverage)
    if shares is None:
        raise ValueError(f"{name} must be above 0 and below 1, such as 0.9, got {coverage!r}")
    if len(set(shares)) < len(shares):
        raise ValueError(f"{name} must name each share once, got {coverage!r}")
    return shares


def check_coverage(name: str, coverage: float) -> float:
    """One share above 0 and below 1."""
    if not isinstance(coverage, numbers.Number):
        raise ValueError(f"{name} must be one number above 0 and below 1, got {coverage!r}")
    return check_coverages(name, coverage)[0]


def beside_truth(
    y_true: ArrayLike, forecasts: ArrayLike, name: str, last: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Truths (n, n_leads), and forecasts (n, n_leads, *last) that are finite where truth is known.

    At least one truth must be known.
    """
    true = np.asarray(y_true, float)
    forecasts = np.asarray(forecasts, float)
    if true.ndim not in (1, 2) or forecasts.shape != true.shape + last:
        wanted = ", ".join(map(str, last))
        raise ValueError(
            f"{name} must have the shape of y_true, (n,) or (n, n_leads), and ({wanted}) behind "
            f"it, got {forecasts.shape} and {true.shape}"
        )
    true = true.reshape(len(true), -1)
    forecasts = forecasts.reshape(*true.shape, *last)
    known = ~np.isnan(true)
    if not known.any():
        raise ValueError("y_true must have a known value, got none")
    if not np.isfinite(forecasts[known]).all():
        raise ValueError(f"{name} must be finite wherever y_true is known")
    return true, forecasts
