"""Solving: against scikit-learn and LAPACK, also where matrices are singular."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from skrnn.baselines.solving import equation_solver, solver_of_few


def noise(*shape):
    return np.random.default_rng(0).normal(size=shape)


@pytest.mark.parametrize("sizes", [(1, 1, 1), (1, 1e9, 1e-9)])
@pytest.mark.parametrize("alpha", [1e-3, 1.0, 100.0])
def test_solver_of_few(sizes, alpha):
    """Fewer rows than columns, whatever these' sizes, are solved as by singular values."""
    inputs = noise(6, 9) * np.repeat(sizes, 3)
    y = noise(6, 2)
    oracle = Ridge(alpha=alpha, solver="svd", fit_intercept=False).fit(inputs, y)

    # Of sizes that differ so much both are as far from the exact solution, and from each other.
    atol = 2e-7 / np.sqrt(alpha) if sizes[1] > 1 else 0
    found = inputs @ solver_of_few(inputs, alpha)(y)
    np.testing.assert_allclose(found, oracle.predict(inputs), atol=atol)


def test_regular_equations():
    """A matrix that is not singular is solved exactly, in any units."""
    inputs = noise(40, 4) * [1, 1e3, 1e-3, 1]
    gram = inputs.T @ inputs
    right = noise(4, 2)

    solve = equation_solver(gram.copy(), np.sqrt(np.diag(gram)), np.ones(4))

    np.testing.assert_allclose(solve(right), np.linalg.solve(gram, right), rtol=1e-9)


def test_dependent_columns_have_the_smallest_solution():
    """Of many solutions it is LAPACK's smallest in the columns' own units."""
    own = noise(40, 3)
    own = np.column_stack([own, own @ [1.0, -2.0, 3.0]])
    y = noise(40, 1)
    scales = own.std(axis=0)
    inputs = own / scales
    gram = inputs.T @ inputs

    coef = equation_solver(gram, np.full(4, np.sqrt(40)), scales)(inputs.T @ y)

    np.testing.assert_allclose(coef / scales[:, None], np.linalg.lstsq(own, y)[0], atol=1e-10)
