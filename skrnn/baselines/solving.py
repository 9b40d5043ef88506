"""Solving: least squares where columns are of any size, or depend on each other."""

from collections.abc import Callable

import numpy as np
from scipy import linalg

# Where many solutions are equally good, sizes of columns count up to this ratio.
OWN_RANGE = 1e-6


def solver_of_few(inputs: np.ndarray, alpha: float) -> Callable[[np.ndarray], np.ndarray]:
    """A function of y: the ridge regression of fewer rows than columns.

    With a penalty it is coef = Xᵀ (X·Xᵀ + alpha)⁻¹ y, without one the smallest solution.
    """
    factor = None
    if alpha > 0:
        kernel = inputs @ inputs.T
        kernel.flat[:: len(kernel) + 1] += alpha
        factor = cholesky(kernel, overwrite=True)
    if factor is None:
        # Beside columns of very different size the penalty vanishes in X·Xᵀ, but not in X.
        solve_any = solver_of_any_penalty(inputs)
        return lambda y: solve_any(y, alpha)

    def solve(y):
        dual = linalg.cho_solve(factor, y)
        # One step of refinement: it corrects what forming X·Xᵀ has rounded away.
        dual += linalg.cho_solve(factor, y - inputs @ (inputs.T @ dual) - alpha * dual)
        return inputs.T @ dual

    return solve


def solver_of_any_penalty(inputs: np.ndarray) -> Callable[..., np.ndarray]:
    """A function of y and of the penalty of each of its columns: their ridge regressions."""
    left, sizes, right = linalg.svd(inputs, full_matrices=False)
    noise = max(inputs.shape) * np.finfo(float).eps * sizes[0]

    def solve(y, alpha):
        # Without a penalty, directions that are rounding would have solutions of any size.
        kept = (sizes > 0) & ((sizes > noise) | (np.max(alpha) > 0))
        shares = 1 / (sizes[kept, None] + alpha / sizes[kept, None])
        return right[kept].T @ ((left[:, kept].T @ y) * shares)

    return solve


def equation_solver(
    gram: np.ndarray, units: np.ndarray, scales: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    """A function that solves gram · coef = right.

    It overwrites ``gram``, of which the upper triangle counts.

    In ``units`` the diagonal of the matrix is about 1, so that columns of different size do not
    look like columns that depend on each other. Where these do, to rounding, the solution is the
    smallest one in the features' own units, coef / ``scales``.
    """
    gram /= units
    gram /= units[:, None]
    factor = cholesky(gram)
    if factor is not None:
        return lambda right: linalg.cho_solve(factor, right / units[:, None]) / units[:, None]
    values, vectors = linalg.eigh(gram, lower=False)
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


def cholesky(matrix: np.ndarray, *, overwrite: bool = False) -> tuple[np.ndarray, bool] | None:
    """Cholesky's factor of a matrix, of which the upper triangle is read.

    None where it has overflown, or is singular to rounding.
    """
    if not np.isfinite(matrix).all():
        return None
    try:
        # LAPACK counts by columns: transposed, the matrix is factorised where it lies.
        factor = linalg.cho_factor(matrix.T, lower=True, overwrite_a=overwrite, check_finite=False)
    except linalg.LinAlgError:
        return None
    diagonal = np.diagonal(factor[0])
    noise = np.sqrt(len(matrix) * np.finfo(float).eps)
    return factor if diagonal.min() > noise * diagonal.max() else None
