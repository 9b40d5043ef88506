"""LinearWindow: exact least squares on all steps of the window, without building the windows."""

import numbers

import numpy as np
from numpy.typing import ArrayLike
from scipy import linalg
from sklearn.exceptions import NotFittedError
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skrnn.baselines.gram import Run, run_gram, run_predict, run_product, run_total, split_runs
from skrnn.baselines.linear_quantiles import fit_quantiles
from skrnn.baselines.solving import equation_solver, ridge_of_few
from skrnn.forecasters.base import WindowRegressor, finite_forecasts
from skrnn.forecasters.quantiles import check_quantiles, chosen, median_of, target_quantiles
from skrnn.windows.filling import filled_batches
from skrnn.windows.inputs import check_windows
from skrnn.windows.steps import feature_deviations, feature_means

# How many windows are gathered at once where they share no rows: 32 MB as float64.
CHUNK_NUMBERS = 1 << 22


def _has_quantiles(model):
    if model.quantiles is None:
        raise AttributeError(
            "predict_quantiles needs quantiles to be learned: LinearWindow(quantiles=(0.1, 0.9))"
        )
    return True


class LinearWindow(WindowRegressor):
    """Linear model on all steps and features of the window, fitted exactly (ridge regression).

    It equals scikit-learn's ``Ridge`` on flattened windows. On ``Windows`` that matrix is never
    built: evenly spaced windows of one series share their rows, which makes the Gram matrix
    block-Toeplitz up to its borders.

    Parameters
    ----------
    alpha : float, default=1.0
        Weight of the penalty on the squared coefficients; 0 is ordinary least squares (the smallest
        solution, where there are many). With ``quantiles`` it is the weight of the penalty on the
        absolute coefficients, beside the sum of the windows' pinball losses: scikit-learn's
        ``QuantileRegressor(alpha=alpha / n_windows)``.
    quantiles : tuple of float, default=None
        Learn these quantiles, above 0, below 1 and going up, in place of the mean: a linear model
        for each. They are solved exactly, on all windows at once, which takes small data: windows ×
        inputs × outputs × quantiles of at most 3,000,000 numbers. ``predict`` forecasts the median.

    Attributes
    ----------
    coef_ : ndarray of shape (steps, n_features) or (n_outputs, steps, n_features)
        What a unit of each step, oldest first, adds to the forecast. With ``quantiles`` of shape
        ([n_outputs,] n_quantiles, steps, n_features).
    intercept_ : float or ndarray of shape (n_outputs,)
        The forecast of a window of zeros. With ``quantiles`` of shape ([n_outputs,] n_quantiles).
    quantiles_ : tuple of float or None
        The quantiles that were learned.
    n_features_in_ : int
        Number of features of a step (of columns, where windows came as (n, steps)).

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import LinearWindow, make_windows
    >>> X, y = make_windows(np.cos(np.arange(200)), length=2)
    >>> LinearWindow(alpha=0).fit(X, y).coef_.round(6).ravel() + 0.0
    array([-1.      ,  1.080605])

    Quantiles of what may come:

    >>> noise = np.random.default_rng(0).uniform(size=500)
    >>> X, y = make_windows(noise, length=1)
    >>> model = LinearWindow(quantiles=(0.1, 0.9)).fit(X, y)
    >>> model.predict_quantiles(X[:2]).round(1)
    array([[0.1, 0.9],
           [0.1, 0.9]])
    """

    # Each output is learned as if it were alone: one fit of all of them is as many fits.
    outputs_apart = True

    def __init__(self, alpha=1.0, *, quantiles=None):
        self.alpha = alpha
        self.quantiles = quantiles

    @available_if(_has_quantiles)
    def predict_quantiles(self, X, quantiles: ArrayLike | None = None) -> np.ndarray:
        """Forecast quantiles, which never cross.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, steps, n_features) or (n_samples, steps)
            The windows. Unknown steps are filled from the window's own nearest known ones; a window
            with no known step gets the quantiles of the training target.
        quantiles : sequence of float, default=None
            The quantiles that are asked for, all of them learned; None: all that were learned.

        Returns
        -------
        y : ndarray of shape (n_samples, n_quantiles) or (n_samples, n_outputs, n_quantiles)
        """
        check_is_fitted(self, "y_mean_")
        if self.quantiles_ is None:
            raise NotFittedError(
                "quantiles were set after this LinearWindow was fitted: call fit again"
            )
        windows = check_windows(self, X, reset=False)
        y = self._predict_quantiles(windows)
        y[~windows.known()] = self.y_quantiles_
        y = finite_forecasts(y, self.y_quantiles_)
        y = chosen(y, self.quantiles_, quantiles)
        return y[:, 0] if self.y_ndim_ == 1 else y

    def _remember(self, samples, y):
        super()._remember(samples, y)
        self.quantiles_ = None if self.quantiles is None else check_quantiles(self.quantiles)
        if self.quantiles_ is not None:
            self.y_quantiles_ = target_quantiles(samples.y, self.quantiles_, samples.weights)
            # What stands in for the forecast of a window of which nothing is known.
            self.y_mean_ = median_of(self.y_quantiles_, self.quantiles_)

    def _fit(self, samples):
        alpha = _check_alpha(self.alpha)
        windows = samples.windows
        models = () if self.quantiles_ is None else (len(self.quantiles_),)
        # What overflows is told below, once and with a remedy.
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            if models:
                coef, intercept = fit_quantiles(samples, alpha, self.quantiles_)
            elif len(samples) <= windows.length * windows.n_features:
                coef, intercept = _fit_gathered(samples, alpha)
            else:
                coef, intercept = _fit_gram(samples, alpha)
        _check_solved(coef, intercept)
        outputs = () if self.y_ndim_ == 1 else (self.n_outputs_,)
        coef = np.moveaxis(coef, 2, 0)
        self.coef_ = coef.reshape(*outputs, *models, *self.window_shape_)
        self.intercept_ = intercept.reshape((*outputs, *models))
        if not self.intercept_.ndim:
            self.intercept_ = float(self.intercept_)

    def step_coefficients(self) -> np.ndarray:
        """What a unit of each step adds to each forecast, the median where quantiles were learned.

        Returns
        -------
        coefficients : ndarray of shape (n_outputs, steps, n_features)
        """
        check_is_fitted(self, "y_mean_")
        coef = self.coef_
        if self.quantiles_ is not None:
            coef = median_of(np.moveaxis(coef, -3, -1), self.quantiles_)
        return coef.reshape(self.n_outputs_, *self.window_shape_)

    def _predict(self, windows):
        if self.quantiles_ is None:
            return self._forecasts(windows)
        return median_of(self._predict_quantiles(windows), self.quantiles_)

    def _predict_quantiles(self, windows):
        """The quantiles (n_windows, n_outputs, n_quantiles) of windows, some of them incomplete."""
        y = self._forecasts(windows).reshape(len(windows), self.n_outputs_, -1)
        return np.sort(y, axis=2)

    # What overflows is replaced and told where forecasts are made finite.
    @np.errstate(over="ignore", invalid="ignore")
    def _forecasts(self, windows):
        """The forecasts (n_windows, n_models) of all models."""
        coef = np.reshape(self.coef_, (-1, *self.window_shape_))
        coef = np.moveaxis(coef, 0, 2)
        y = np.empty((len(windows), coef.shape[2]))
        complete = windows.complete()
        y[complete] = _products(_unshifted(windows[complete]), coef)
        incomplete = np.flatnonzero(~complete)
        for batch, steps in filled_batches(windows[incomplete], self.fill_values_):
            y[incomplete[batch]] = np.tensordot(steps.astype(np.float64), coef, axes=2)
        return y + np.ravel(self.intercept_)


def _check_alpha(alpha):
    number = isinstance(alpha, numbers.Real) and not isinstance(alpha, bool)
    if not number or not 0 <= alpha < np.inf:
        raise ValueError(f"alpha must be a number of at least 0, got {alpha!r}")
    return float(alpha)


def _check_solved(coef, intercept):
    if not np.isfinite(coef).all() or not np.isfinite(intercept).all():
        raise ValueError(
            "X and y must have values whose squares are finite numbers, but the coefficients are "
            "not: scale what is as large as 1e150 (SeriesScaler for X)"
        )


def _fit_gathered(samples, alpha):
    """Solve for fewer windows than inputs, which are gathered: (coef, intercept).

    With a penalty the equations of the windows are the smaller ones, without one LAPACK finds the
    smallest of many solutions.
    """
    windows = samples.windows
    inputs = windows.take(dtype=np.float64).reshape(len(samples), -1)
    input_mean = np.average(inputs, axis=0, weights=samples.weights)
    y_mean = np.average(samples.y, axis=0, weights=samples.weights)
    inputs -= input_mean
    y = samples.y - y_mean
    if samples.weights is not None:
        root = np.sqrt(samples.weights)[:, None]
        inputs *= root
        y *= root
    if alpha > 0:
        coef = ridge_of_few(inputs, y, alpha)
    else:
        noise = max(inputs.shape) * np.finfo(float).eps
        coef = linalg.lstsq(inputs, y, cond=noise)[0]
    intercept = y_mean - input_mean @ coef
    return coef.reshape(*windows.shape[1:], -1), intercept


def _fit_gram(samples, alpha):
    """Solve the normal equations of features brought to mean 0 and deviation 1: (coef, intercept).

    These keep their precision, whatever the level of a feature.
    """
    weights = samples.weights
    means = feature_means(samples.windows)
    scales = feature_deviations(samples.windows, means)
    windows = _unshifted(samples.windows).rescaled(means, scales)
    length, features = windows.shape[1:]
    total = len(samples) if weights is None else weights.sum()
    y_mean = np.average(samples.y, axis=0, weights=weights)
    y = samples.y - y_mean

    gram, window_mean = _gram(windows, weights)
    window_mean /= total
    gram -= total * np.outer(window_mean, window_mean)
    # The bound keeps the square of what is penalised away a number.
    penalty = np.tile(np.minimum(np.sqrt(alpha) / scales, 1e150) ** 2, length)
    gram.flat[:: len(gram) + 1] += penalty
    solve = equation_solver(gram, np.sqrt(total + penalty), np.tile(scales, length))

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
    """The same windows with features that are known ahead moved into place: rows are shared again.

    Too few windows to be a run are gathered anyway.
    """
    few = len(windows) < 2 * windows.length
    if few or not windows.shares_rows or not windows.shift.any():
        return windows
    # What all features have in common is a later end of the window.
    common = windows.shift.min()
    rows = np.full(windows.rows.shape, np.nan, windows.dtype)
    for column, ahead in enumerate(windows.shift - common):
        moved = windows.rows[ahead:, column]
        rows[: len(moved), column] = moved
    return windows.replace(rows=rows, ends=windows.ends + common, shift=None)


def _pieces(windows, *, sharing=True):
    """All windows in their order: (which, run, None), or (which, None, flat windows).

    What is gathered has a bounded size; without ``sharing`` that is all of them.
    """
    size = max(1, CHUNK_NUMBERS // (windows.length * windows.n_features))
    stretches = split_runs(windows, windows.rows) if sharing else [slice(0, len(windows))]
    for stretch in stretches:
        if isinstance(stretch, Run):
            yield stretch.which, stretch, None
            continue
        for start in range(stretch.start, stretch.stop, size):
            which = slice(start, min(start + size, stretch.stop))
            steps = windows.take(which, dtype=np.float64)
            yield which, None, steps.reshape(len(steps), -1)


def _gram(windows, weights):
    """Σ w·x·xᵀ and Σ w·x over all windows x, flattened."""
    n_inputs = windows.length * windows.n_features
    gram = np.zeros((n_inputs, n_inputs))
    total = np.zeros(n_inputs)
    # Weights differ from window to window: rows are shared no longer.
    for which, run, steps in _pieces(windows, sharing=weights is None):
        if run is not None:
            upper = np.triu(run_gram(run, windows.length).reshape(n_inputs, n_inputs))
            gram += upper
            gram += np.triu(upper, 1).T
            total += run_total(run, windows.length).ravel()
        else:
            weighted = steps if weights is None else steps * weights[which, None]
            gram += steps.T @ weighted
            total += weighted.sum(axis=0)
    return gram, total


def _window_sums(windows, y):
    """Σ x·y over all windows x, as (length, n_features, n_outputs)."""
    sums = np.zeros((windows.length, windows.n_features, y.shape[1]))
    for which, run, steps in _pieces(windows):
        if run is not None:
            sums += run_product(run, y[which], windows.length)
        else:
            sums += (steps.T @ y[which]).reshape(sums.shape)
    return sums


def _products(windows, coef):
    """The products x · coef of every window x, as (n_windows, n_outputs)."""
    y = np.empty((len(windows), coef.shape[2]))
    flat = coef.reshape(-1, coef.shape[2])
    for which, run, steps in _pieces(windows):
        y[which] = run_predict(run, coef) if steps is None else steps @ flat
    return y
