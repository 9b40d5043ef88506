"""Linear quantiles: for each quantile a linear model of the window, solved exactly for small data.

A model minimises Σ w·ρ(y - x·b - c) + alpha·Σ|b|, where ρ is the pinball loss: q·r above the
forecast, (q - 1)·r below it. That is a linear program, whose dual has one bounded unknown a window
and one equation an input: d between (q - 1)·w and q·w, as large a Σ y·d as the equations Σ x·d = s,
|s| <= alpha, and Σ d = 0 allow. What a unit more on the right side of an equation costs is the
coefficient that belongs to it.

References
----------
R. Koenker, *Quantile Regression*, Cambridge University Press, 2005, chapter 6.
"""

import numpy as np
from scipy.optimize import linprog

from skrnn.forecasters.samples import Samples

# Windows × inputs × models. About ten seconds, which then grow faster than the number.
MOST_NUMBERS = 3_000_000


def fit_quantiles(
    samples: Samples, alpha: float, quantiles: tuple[float, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients (steps, n_features, n_models) and intercepts (n_models,).

    The models are those of the first output, quantile after quantile, then those of the next.
    """
    _check_small(samples, quantiles)
    weights = np.ones(len(samples)) if samples.weights is None else samples.weights
    inputs = samples.windows.take(dtype=np.float64).reshape(len(samples), -1)
    inputs, means, scales = _standardised(inputs, weights)
    targets, levels, sizes = _standardised(samples.y, weights)
    models = [
        _fit_quantile(inputs, target, weights, quantile, alpha / scales)
        for target in targets.T
        for quantile in quantiles
    ]
    sizes = np.repeat(sizes, len(quantiles))
    levels = np.repeat(levels, len(quantiles))
    coef = np.stack([model[:-1] for model in models], axis=1) * sizes / scales[:, None]
    intercept = np.array([model[-1] for model in models]) * sizes + levels - means @ coef
    return coef.reshape(*samples.windows.shape[1:], -1), intercept


def _check_small(samples, quantiles):
    n_windows, length, n_features = samples.windows.shape
    models = len(quantiles) * samples.y.shape[1]
    most = MOST_NUMBERS // (length * n_features * models)
    if n_windows <= most:
        return
    remedy = "shorter windows"
    if most:
        remedy = f"every {-(-n_windows // most)}th window (the stride of make_windows), {remedy}"
    raise ValueError(
        f"quantiles={quantiles} of {samples.y.shape[1]} output(s) are learned exactly, from at "
        f"most {most} windows of {length} steps × {n_features} features, got {n_windows}: take "
        f"{remedy}, or a network, such as RNNRegressor(quantiles={quantiles})"
    )


def _standardised(values, weights):
    """Columns of mean 0 and deviation 1, as the solver's tolerances want them; means, deviations.

    The deviation of a constant column is 1.
    """
    means = np.average(values, axis=0, weights=weights)
    values = values - means
    scales = np.sqrt(np.average(values**2, axis=0, weights=weights))
    scales = np.where(scales > 1e-12 * np.abs(means), scales, 1.0)
    return values / scales, means, scales


def _fit_quantile(inputs, target, weights, quantile, penalty):
    """Coefficients and, at the end, the intercept of one model."""
    n_windows, n_inputs = inputs.shape
    slack = np.eye(n_inputs + 1, n_inputs)
    equations = np.column_stack([inputs, np.ones(n_windows)]).T
    solution = linprog(
        np.concatenate([-target, np.zeros(n_inputs)]),
        A_eq=np.hstack([equations, slack]),
        b_eq=np.zeros(n_inputs + 1),
        bounds=np.column_stack(
            [
                np.concatenate([(quantile - 1) * weights, -penalty]),
                np.concatenate([quantile * weights, penalty]),
            ]
        ),
        method="highs",
    )
    if solution.status != 0:
        raise ValueError(
            f"the linear program of quantile {quantile:g} was not solved ({solution.message}): "
            "look for values in X or y that are far beyond the others"
        )
    return -solution.eqlin.marginals
