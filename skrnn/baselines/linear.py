"""LinearWindow: exact least squares on all steps of the window, without building the windows."""

import numbers

import numpy as np
from scipy import linalg
from sklearn.linear_model import Ridge

from skrnn.baselines.gram import Run, run_gram, run_predict, run_product, run_total, split_runs
from skrnn.forecasters.base import WindowRegressor
from skrnn.windows.filling import fill_steps
from skrnn.windows.steps import feature_deviations, feature_means

# How many windows are gathered at once where they share no rows: 32 MB as float64.
CHUNK_NUMBERS = 1 << 22


class LinearWindow(WindowRegressor):
    """Linear model on all steps and features of the window, fitted exactly (ridge regression).

    It equals scikit-learn's ``Ridge`` on flattened windows. On ``Windows`` that matrix is never
    built: evenly spaced windows of one series share their rows, which makes the Gram matrix
    block-Toeplitz up to its borders.

    Parameters
    ----------
    alpha : float, default=1.0
        Weight of the penalty on the squared coefficients; 0 is ordinary least squares (the smallest
        solution, where there are many).

    Attributes
    ----------
    coef_ : ndarray of shape (steps, n_features) or (n_outputs, steps, n_features)
        What a unit of each step, oldest first, adds to the forecast.
    intercept_ : float or ndarray of shape (n_outputs,)
        The forecast of a window of zeros.
    n_features_in_ : int
        Number of features of a step (of columns, where windows came as (n, steps)).

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import LinearWindow, make_windows
    >>> X, y = make_windows(np.cos(np.arange(200)), length=2)
    >>> LinearWindow(alpha=0).fit(X, y).coef_.round(6).ravel() + 0.0
    array([-1.      ,  1.080605])
    """

    # Each output is learned as if it were alone: one fit of all of them is as many fits.
    outputs_apart = True

    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def _fit(self, samples):
        if (
            isinstance(self.alpha, bool)
            or not isinstance(self.alpha, numbers.Real)
            or not 0 <= self.alpha < np.inf
        ):
            raise ValueError(f"alpha must be a number of at least 0, got {self.alpha!r}")
        windows = samples.windows
        few = len(windows) <= windows.length * windows.n_features
        coef, intercept = (_fit_gathered if few else _fit_gram)(
            windows, samples.y, samples.weights, self.alpha
        )
        coef = np.moveaxis(coef, 2, 0)
        self.coef_ = coef[0] if self.y_ndim_ == 1 else coef
        self.intercept_ = float(intercept[0]) if self.y_ndim_ == 1 else intercept

    def _predict(self, windows):
        coef = np.moveaxis(np.reshape(self.coef_, (self.n_outputs_, *self.window_shape_)), 0, 2)
        y, complete = np.empty((len(windows), self.n_outputs_)), windows.complete()
        y[complete] = _products(_unshifted(windows[complete]), coef)
        for batch in windows[~complete].batches():
            which = np.flatnonzero(~complete)[batch]
            steps = fill_steps(windows.take(which, dtype=np.float64), self.fill_values_)
            y[which] = np.tensordot(steps, coef, axes=2)
        return y + self.intercept_


def _fit_gathered(windows, y, weights, alpha):
    """Fewer windows than inputs.

    They are gathered, and scikit-learn or LAPACK finds the smallest solution.
    """
    X = windows.take(dtype=np.float64).reshape(len(windows), -1)
    if alpha > 0:
        ridge = Ridge(alpha=alpha).fit(X, y, weights)
        coef, intercept = (
            np.reshape(ridge.coef_, (y.shape[1], -1)).T,
            np.reshape(ridge.intercept_, -1),
        )
    else:
        X_mean, y_mean = (
            np.average(X, axis=0, weights=weights),
            np.average(y, axis=0, weights=weights),
        )
        root = np.ones((len(y), 1)) if weights is None else np.sqrt(weights)[:, None]
        noise = max(X.shape) * np.finfo(float).eps
        coef = linalg.lstsq((X - X_mean) * root, (y - y_mean) * root, cond=noise)[0]
        intercept = y_mean - X_mean @ coef
    return coef.reshape(*windows.shape[1:], y.shape[1]), intercept


def _fit_gram(windows, y, weights, alpha):
    """Solve the normal equations, in features brought to mean 0 and deviation 1, which keeps them exact."""
    means = feature_means(windows)
    scales = feature_deviations(windows, means)
    windows = _standardised(_unshifted(windows), means, scales)
    length, features = windows.shape[1:]
    total = len(y) if weights is None else weights.sum()
    y_mean = np.average(y, axis=0, weights=weights)
    y = y - y_mean

    gram, window_mean = _gram(windows, weights)
    window_mean /= total
    gram -= total * np.outer(window_mean, window_mean)
    penalty = np.tile(alpha / scales**2, length)
    gram.flat[:: len(gram) + 1] += penalty
    solve = _solver(gram, np.tile(scales, length))

    def slope(residual):
        weighted = residual if weights is None else residual * weights[:, None]
        sums = _window_sums(windows, weighted).reshape(length * features, -1)
        return sums - np.outer(window_mean, weighted.sum(axis=0))

    coef = solve(slope(y))
    # One step of refinement: it corrects what forming the Gram matrix has rounded away.
    residual = y - _products(windows, coef.reshape(length, features, -1)) + window_mean @ coef
    coef += solve(slope(residual) - penalty[:, None] * coef)
    intercept = y_mean - window_mean @ coef
    coef = coef.reshape(length, features, -1) / scales[:, None]
    return coef, intercept - means @ coef.sum(axis=0)


def _unshifted(windows):
    """The same windows with features that are known ahead moved into place, so that rows are shared again."""
    if windows.maps or not windows.shift.any():
        return windows
    # What all features have in common is a later end of the window.
    common = windows.shift.min()
    rows = np.full(windows.rows.shape, np.nan, windows.dtype)
    for column, ahead in enumerate(windows.shift - common):
        moved = windows.rows[ahead:, column]
        rows[: len(moved), column] = moved
    return windows.replace(rows=rows, ends=windows.ends + common, shift=None)


def _standardised(windows, means, scales):
    if windows.maps:
        return windows.mapped(lambda batch: (batch - means) / scales)
    return windows.replace(rows=(windows.rows - means) / scales)


def _parts(windows, *, shared=True):
    """Runs that share their rows, and (slice, gathered windows) of bounded size for the others, or for all."""
    size = max(1, CHUNK_NUMBERS // (windows.length * windows.n_features))
    for part in split_runs(windows, windows.rows) if shared else [slice(0, len(windows))]:
        if isinstance(part, Run):
            yield part, None
        else:
            for start in range(part.start, part.stop, size):
                which = slice(start, min(start + size, part.stop))
                steps = windows.take(which, dtype=np.float64)
                yield which, steps.reshape(len(steps), -1)


def _gram(windows, weights):
    """Σ w·x·xᵀ and Σ w·x over all windows x, flattened."""
    n_inputs = windows.length * windows.n_features
    gram, total = np.zeros((n_inputs, n_inputs)), np.zeros(n_inputs)
    # Weights differ from window to window: rows are shared no longer.
    for part, steps in _parts(windows, shared=weights is None):
        if steps is None:
            upper = np.triu(run_gram(part, windows.length).reshape(n_inputs, n_inputs))
            gram += upper
            gram += np.triu(upper, 1).T
            total += run_total(part, windows.length).ravel()
        else:
            weighted = steps if weights is None else steps * weights[part, None]
            gram += steps.T @ weighted
            total += weighted.sum(axis=0)
    return gram, total


def _window_sums(windows, y):
    """Σ x·y over all windows x, as (length, n_features, n_outputs)."""
    sums = np.zeros((windows.length, windows.n_features, y.shape[1]))
    for part, steps in _parts(windows):
        if steps is None:
            sums += run_product(part, y[part.which], windows.length)
        else:
            sums += (steps.T @ y[part]).reshape(sums.shape)
    return sums


def _products(windows, coef):
    """The products x · coef of every window x, as (n_windows, n_outputs)."""
    y = np.empty((len(windows), coef.shape[2]))
    flat = coef.reshape(-1, coef.shape[2])
    for part, steps in _parts(windows):
        if steps is None:
            y[part.which] = run_predict(part, coef)
        else:
            y[part] = steps @ flat
    return y


def _solver(gram, scales):
    """Cholesky's solution.

    Where the matrix is singular to rounding, the smallest one in the features' own units.
    """
    try:
        factor = linalg.cho_factor(gram)
        diagonal = np.diagonal(factor[0])
        if diagonal.min() > np.sqrt(len(gram) * np.finfo(float).eps) * diagonal.max():
            return lambda right: linalg.cho_solve(factor, right)
    except linalg.LinAlgError:
        pass
    values, vectors = linalg.eigh(gram * np.outer(scales, scales))
    kept = values > len(gram) * np.finfo(float).eps * values[-1]
    vectors = vectors[:, kept] * scales[:, None]
    return lambda right: vectors @ ((vectors.T @ right) / values[kept, None])
