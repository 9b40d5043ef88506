"""LinearWindow: exact least squares on all steps of the window, without building the windows."""

import numbers

import numpy as np
from numpy.typing import ArrayLike
from sklearn.exceptions import NotFittedError
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skrnn.baselines.absolute import fit_absolute
from skrnn.baselines.linear_quantiles import fit_quantiles
from skrnn.baselines.ridge import FewWindows, ManyWindows
from skrnn.baselines.sums import unshifted, window_products
from skrnn.forecasters.base import WindowRegressor, finite_forecasts
from skrnn.forecasters.quantiles import (
    asked_quantiles,
    check_quantiles,
    median_of,
    target_quantiles,
)
from skrnn.windows.filling import filled_batches
from skrnn.windows.gathering import as_slice
from skrnn.windows.inputs import check_windows

LOSSES = ("mse", "mae")


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
    alpha : float or "auto", default=1.0
        Weight of the penalty on the squared coefficients; 0 is ordinary least squares (the smallest
        solution, where there are many). "auto" chooses it by the squared error of forecasts of the
        newest windows from older ones; see Notes. With ``quantiles`` it is a number, the weight of
        the penalty on the absolute coefficients, beside the sum of the windows' pinball losses:
        scikit-learn's ``QuantileRegressor(alpha=alpha / n_windows)``.
    quantiles : tuple of float, default=None
        Learn these quantiles, above 0, below 1 and going up, in place of the mean: a linear model
        for each. They are solved exactly, on all windows at once, which takes small data: windows ×
        inputs × outputs × quantiles of at most 3,000,000 numbers. ``predict`` forecasts the median.
    loss : {"mse", "mae"}, default="mse"
        Squared or absolute errors. The absolute ones are minimised step by step, to about a
        thousandth of the smallest loss or closer: hundreds of steps, each of which costs less than
        a fit of squared ones. See Notes for what ``alpha`` means there.

    Attributes
    ----------
    alpha_ : float
        The penalty that was used.
    alphas_ : ndarray of shape (9,) or None
        With ``alpha="auto"``, the candidates.
    alpha_scores_ : ndarray of shape (9, 3) or None
        With ``alpha="auto"``, the squared error of each candidate on each block, oldest first,
        relative to the variance of y. NaN where a candidate was not tried.
    coef_ : ndarray of shape (steps, n_features) or (n_outputs, steps, n_features)
        What a unit of each step, oldest first, adds to the forecast. With ``quantiles`` of shape
        ([n_outputs,] n_quantiles, steps, n_features).
    intercept_ : float or ndarray of shape (n_outputs,)
        The forecast of a window of zeros. With ``quantiles`` of shape ([n_outputs,] n_quantiles).
    quantiles_ : tuple of float or None
        The quantiles that were learned.
    n_features_in_ : int
        Number of features of a step (of columns, where windows came as (n, steps)).

    Notes
    -----
    *alpha="auto".* There are nine candidates, evenly spaced in logarithms: from a ten-thousandth of
    the smallest variance of a feature to ten thousand times the largest. In features of variance 1,
    as ``SeriesScaler`` makes them, the middle one is 1. The newest three tenths of the windows are
    three blocks, each forecast from what is older (of a panel, within each series). Windows whose
    targets were not all known when the first window of a block ended are left out. The newest block
    is forecast from the middle candidate outwards, on either side until one is worse than the one
    before. The best is taken if it has a squared error at least 2 % below the middle one's in all
    three blocks; the middle one else, and where there are fewer than ten windows, or fewer than two
    before the first block. Several outputs have one alpha, by the mean of their errors relative to
    their variances. The blocks cost sums of their windows, and no windows again: about two fits
    where these sums take most of a fit, at most ten elsewhere.

    *loss="mae".* It minimises Σ w·abs(error) + alpha / (2·s) · Σ coef², s being the mean absolute
    error, in training, of the model of squared errors with the same alpha: so alpha weighs as much
    there as here, whatever the unit of y, and "auto" chooses it by squared errors.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import LinearWindow, make_windows
    >>> X, y = make_windows(np.cos(np.arange(200)), length=2)
    >>> LinearWindow(alpha=0).fit(X, y).coef_.round(6).ravel() + 0.0
    array([-1.      ,  1.080605])

    Outliers count for little in absolute errors:

    >>> outliers = y + 9 * (np.arange(len(y)) % 20 == 0)
    >>> for loss in ("mse", "mae"):
    ...     model = LinearWindow(loss=loss).fit(X, outliers)
    ...     print(loss, abs(model.predict(X) - y).mean().round(2))
    mse 0.45
    mae 0.0

    Quantiles of what may come:

    >>> noise = np.random.default_rng(0).uniform(size=500)
    >>> X, y = make_windows(noise, length=1)
    >>> model = LinearWindow(quantiles=(0.1, 0.9)).fit(X, y)
    >>> model.predict_quantiles(X[:2]).round(1)
    array([[0.1, 0.9],
           [0.1, 0.9]])
    """

    def __init__(self, alpha=1.0, *, quantiles=None, loss="mse"):
        self.alpha = alpha
        self.quantiles = quantiles
        self.loss = loss

    @property
    def outputs_apart(self):
        """Whether each output is learned as if it were alone: one fit of all is as many fits."""
        # What is chosen is chosen for all of them.
        return not isinstance(self.alpha, str)

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
        y = asked_quantiles(y, self.quantiles_, quantiles)
        return y[:, 0] if self.y_ndim_ == 1 else y

    def _remember(self, samples, y):
        super()._remember(samples, y)
        self.quantiles_ = None if self.quantiles is None else check_quantiles(self.quantiles)
        if self.quantiles_ is not None:
            self.y_quantiles_ = target_quantiles(samples.y, self.quantiles_, samples.weights)
            # What stands in for the forecast of a window of which nothing is known.
            self.y_mean_ = median_of(self.y_quantiles_, self.quantiles_)

    def _fit(self, samples):
        _check_loss(self.loss, self.quantiles)
        alpha = _check_alpha(self.alpha, self.quantiles)
        models = () if self.quantiles_ is None else (len(self.quantiles_),)
        # What overflows is told below, once and with a remedy.
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            if models:
                self._keep_alpha(alpha, None)
                coef, intercept = fit_quantiles(samples, alpha, self.quantiles_)
            else:
                coef, intercept = self._fit_mean_or_median(samples, alpha)
        _check_solved(coef, intercept)
        outputs = () if self.y_ndim_ == 1 else (self.n_outputs_,)
        coef = np.moveaxis(coef, 2, 0)
        self.coef_ = coef.reshape(*outputs, *models, *self.window_shape_)
        self.intercept_ = intercept.reshape((*outputs, *models))
        if not self.intercept_.ndim:
            self.intercept_ = float(self.intercept_)

    def _fit_mean_or_median(self, samples, alpha):
        """Coefficients (steps, n_features, n_outputs) and intercepts (n_outputs,)."""
        windows = samples.windows
        few = len(samples) <= windows.length * windows.n_features
        problem = FewWindows(samples) if few else ManyWindows(samples)
        y_mean = np.average(samples.y, axis=0, weights=samples.weights)
        y = samples.y - y_mean
        choice = problem.choose_alpha(samples, y) if alpha is None else None
        self._keep_alpha(alpha, choice)
        problem.factorise(self.alpha_, vary=self.loss == "mae")
        if self.loss == "mae":
            coef, level = fit_absolute(problem, y, samples.weights)
            return problem.in_own_units(coef, y_mean + level)
        return problem.in_own_units(problem.solve(y), y_mean)

    def _keep_alpha(self, alpha, choice):
        self.alpha_ = alpha if choice is None else choice.alpha
        self.alphas_ = None if choice is None else choice.alphas
        self.alpha_scores_ = None if choice is None else choice.scores

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
        which = as_slice(complete)
        complete_windows = unshifted(windows[which])
        if isinstance(which, slice):
            window_products(complete_windows, coef, out=y[which])
        else:
            y[which] = window_products(complete_windows, coef)
        incomplete = np.flatnonzero(~complete)
        for batch, steps in filled_batches(windows[incomplete], self.fill_values_):
            y[incomplete[batch]] = np.tensordot(steps.astype(np.float64), coef, axes=2)
        y += np.ravel(self.intercept_)
        return y


def _check_alpha(alpha, quantiles):
    """The number alpha; None where it is to be chosen."""
    if isinstance(alpha, str) and alpha == "auto":
        if quantiles is None:
            return None
        raise ValueError(
            'alpha="auto" is chosen by squared error, and quantiles have a penalty of their own: '
            "set alpha to a number, such as 1.0, beside quantiles"
        )
    number = isinstance(alpha, numbers.Real) and not isinstance(alpha, bool)
    if not number or not 0 <= alpha < np.inf:
        raise ValueError(f'alpha must be "auto" or a number of at least 0, got {alpha!r}')
    return float(alpha)


def _check_loss(loss, quantiles):
    if not isinstance(loss, str) or loss not in LOSSES:
        raise ValueError(f'loss must be "mse" or "mae", got {loss!r}')
    if quantiles is not None and loss != "mse":
        raise ValueError(
            f"quantiles={quantiles} have a loss of their own: leave loss={loss!r} out (a quantile "
            "of 0.5 is learned by the mean absolute error)"
        )


def _check_solved(coef, intercept):
    if not np.isfinite(coef).all() or not np.isfinite(intercept).all():
        raise ValueError(
            "X and y must have values whose squares are finite numbers, but the coefficients are "
            "not: scale what is as large as 1e150 (SeriesScaler for X)"
        )
