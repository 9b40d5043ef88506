"""Least absolute deviations: ridge regressions of changing targets, with one factorisation.

A linear model of windows x minimises Σ w·|y - x·b - c| + alpha / (2·s) · Σ b², where s is the mean
absolute error of the ridge regression with the same alpha: errors of that size weigh as much beside
the penalty as their squares do there. The alternating direction method of multipliers sets errors z
apart from those of the model, r = y - x·b - c, and goes through three steps: (b, c) is the ridge
regression of y - z + u; z is r + u shrunk towards 0 by a threshold; u is what was shrunk away. With
a share of s for the threshold, the ridge regressions have that share of alpha: s itself leaves them
the one matrix of alpha. Where other shares need no other matrix, the share is moved to where z
comes as close to r as one step to the next.

References
----------
S. Boyd, N. Parikh, E. Chu, B. Peleato, J. Eckstein, *Distributed Optimization and Statistical
Learning via the Alternating Direction Method of Multipliers*, 2011, sections 3.4.1 and 6.1.
"""

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skrnn.baselines.ridge import FewWindows, ManyWindows
from skrnn.warn import warn

# The steps end when z and r, and one step and the next, differ by so small a share of s.
TOLERANCE = 2e-4
MOST_STEPS = 3000
# Errors below this share of the targets are rounding.
ROUNDING = 1e-10
# After these steps the share is judged, and moved by this factor.
JUDGED = (10, 30, 100, 300, 1000)
FACTOR = 4.0


def fit_absolute(
    problem: ManyWindows | FewWindows, y: np.ndarray, weights: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients (n_inputs, n_outputs) and levels (n_outputs,), the means of the forecasts.

    Parameters
    ----------
    problem : ManyWindows or FewWindows
        The windows, with their matrix factorised for alpha.
    y : ndarray of shape (n, n_outputs)
        The targets, of mean 0.
    weights : ndarray of shape (n,) or None
        The weights.
    """

    def mean(values):
        return np.average(np.abs(values), axis=0, weights=weights)

    coef = problem.solve(y)
    level = np.zeros(y.shape[1])
    # The outputs that have not settled, and all that is known of them.
    which = np.arange(y.shape[1])
    slopes = coef
    forecast = problem.forecast(coef)
    errors = y - forecast
    scale = mean(errors)
    enough = TOLERANCE * scale + ROUNDING * mean(y)
    share = np.ones(y.shape[1])
    shrunk = np.clip(errors, -scale, scale)
    for step in range(1, MOST_STEPS + 1):
        target = y - errors + shrunk
        centre = np.average(target, axis=0, weights=weights)
        slopes = problem.corrected(slopes, target - centre - forecast, share)
        forecast = problem.forecast(slopes)
        left = y - centre - forecast
        whole = left + shrunk
        shrunk = np.clip(whole, -share * scale, share * scale)
        moved = mean(whole - shrunk - errors)
        errors = whole - shrunk
        apart = mean(left - errors)
        coef[:, which] = slopes
        level[which] = centre
        going = np.maximum(moved, apart) > enough
        if not going.any():
            return coef, level
        if step in JUDGED and problem.varies:
            change = np.where(moved > 2 * apart, FACTOR, np.where(apart > 2 * moved, 1 / FACTOR, 1))
            share = share * change
            shrunk = shrunk * change
        if not going.all():
            which = which[going]
            scale = scale[going]
            enough = enough[going]
            share = share[going]
            y = y[:, going]
            slopes = slopes[:, going]
            forecast = forecast[:, going]
            errors = errors[:, going]
            shrunk = shrunk[:, going]
    warn(
        f'loss="mae" has not settled after {MOST_STEPS} steps: its error is close to the smallest, '
        "and a larger alpha would reach it",
        ConvergenceWarning,
    )
    return coef, level
