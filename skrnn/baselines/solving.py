"""Solving: least squares where columns are of any size, or depend on each other."""

from collections.abc import Callable

import numpy as np
from scipy import linalg

# Where many solutions are equally good, sizes of columns count up to this ratio.
OWN_RANGE = 1e-6


def ridge_of_few(inputs: np.ndarray, y: np.ndarray, alpha: float) -> np.ndarray:
    """Ridge regression of fewer rows than columns: coef = Xᵀ (X·Xᵀ + alpha)⁻¹ y."""
    kernel = inputs @ inputs.T
    kernel.flat[:: len(kernel) + 1] += alpha
    factor = _cholesky(kernel)
    if factor is None:
        # Beside columns of very different size the penalty vanishes in X·Xᵀ, but not in X.
        left, sizes, right = linalg.svd(inputs, full_matrices=False)
        return right.T @ ((left.T @ y) / (sizes + alpha / sizes)[:, None])
    dual = linalg.cho_solve(factor, y)
    # One step of refinement: it corrects what forming X·Xᵀ has rounded away.
    dual += linalg.cho_solve(factor, y - inputs @ (inputs.T @ dual) - alpha * dual)
    return inputs.T @ dual


def equation_solver(
    gram: np.ndarray, units: np.ndarray, scales: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    """A function that solves gram · coef = right; it overwrites ``gram``.

    In ``units`` the diagonal of the matrix is about 1, so that columns of different size do not
    look like columns that depend on each other. Where these do, to rounding, the solution is the
    smallest one in the features' own units, coef / ``scales``.
    """
    gram /= units
    gram /= units[:, None]
    factor = _cholesky(gram)
    if factor is not None:
        return lambda right: linalg.cho_solve(factor, right / units[:, None]) / units[:, None]
    values, vectors = linalg.eigh(gram)
    # The sums that the matrix was formed of leave some rounding, however small it is.
    kept = values > (len(gram) + 32) * np.finfo(float).eps * values[-1]
    own = 1 / (units * scales)
    # The rounding of an eigenvector must not be blown up into a direction.
    own = np.maximum(own, OWN_RANGE * own.max())[:, None]
    free, _ = linalg.qr(own * vectors[:, ~kept], mode="economic")
    vectors = vectors[:, kept]

    def solve(right):
        coef = vectors @ ((vectors.T @ (right / units[:, None])) / values[kept, None])
        coef *= own
        coef -= free @ (free.T @ coef)
        return coef / (own * units[:, None])

    return solve


def _cholesky(matrix):
    """Cholesky's factor; None where the matrix has overflown, or is singular to rounding."""
    if not np.isfinite(matrix).all():
        return None
    try:
        factor = linalg.cho_factor(matrix)
    except linalg.LinAlgError:
        return None
    diagonal = np.diagonal(factor[0])
    noise = np.sqrt(len(matrix) * np.finfo(float).eps)
    return factor if diagonal.min() > noise * diagonal.max() else None
