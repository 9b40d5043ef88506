"""Measures of quantiles: pinball loss, weighted quantile loss, and the CRPS that they tell."""

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import mean_pinball_loss

from skrnn.evaluation.promises import beside_truth
from skrnn.forecasters.quantiles import check_quantiles


def pinball_loss(y_true: ArrayLike, y_quantiles: ArrayLike, quantiles: ArrayLike) -> float:
    """The mean pinball loss of quantiles: scikit-learn's ``mean_pinball_loss``, over all of them.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, n_leads)
        The truth; unknown values (NaN) do not count.
    y_quantiles : array-like of shape (n, [n_leads,] n_quantiles)
        The quantiles, as ``predict_quantiles`` gives them.
    quantiles : sequence of float
        Their levels, above 0, below 1 and going up.

    Returns
    -------
    loss : float
        The mean over quantiles and truths. 0 is perfect.

    Examples
    --------
    >>> from skrnn.evaluation import pinball_loss
    >>> round(pinball_loss([3.0, 5.0], [[2.0, 4.0], [2.0, 4.0]], quantiles=(0.1, 0.9)), 3)
    0.35
    """
    return float(np.mean(_losses(y_true, y_quantiles, quantiles)[0]))


def weighted_quantile_loss(
    y_true: ArrayLike, y_quantiles: ArrayLike, quantiles: ArrayLike
) -> float:
    """All quantile losses relative to the sum of absolute truths.

    For each quantile twice the sum of its pinball losses, divided by the sum of absolute truths;
    the mean over quantiles. That of the median alone is the weighted absolute percentage error.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, n_leads)
        The truth; unknown values (NaN) do not count.
    y_quantiles : array-like of shape (n, [n_leads,] n_quantiles)
        The quantiles, as ``predict_quantiles`` gives them.
    quantiles : sequence of float
        Their levels, above 0, below 1 and going up.

    Returns
    -------
    loss : float
        0 is perfect. Infinite where all truths are 0 and the quantiles are not.

    References
    ----------
    Y. Park, D. Maddix, F.-X. Aubet, K. Kan, J. Gasthaus, Y. Wang, *Learning quantile functions
    without quantile crossing for distribution-free time series forecasting*, AISTATS 2022.

    Examples
    --------
    >>> from skrnn.evaluation import weighted_quantile_loss
    >>> weighted_quantile_loss([3.0, 5.0], [[4.0], [4.0]], quantiles=(0.5,))
    0.25
    """
    losses, true = _losses(y_true, y_quantiles, quantiles)
    total = 2 * float(np.mean(losses)) * len(true)
    size = float(np.abs(true).sum())
    if size == 0:
        return 0.0 if total == 0 else np.inf
    return total / size


def crps_from_quantiles(y_true: ArrayLike, y_quantiles: ArrayLike, quantiles: ArrayLike) -> float:
    """The continuous ranked probability score, as far as quantiles tell it.

    The CRPS is twice the pinball loss, integrated over all levels. Here each quantile stands for
    the levels that are nearer to it than to others, from 0 to 1. Levels (i - ½)/m of m members of
    an ensemble give its CRPS exactly.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, n_leads)
        The truth; unknown values (NaN) do not count.
    y_quantiles : array-like of shape (n, [n_leads,] n_quantiles)
        The quantiles, as ``predict_quantiles`` gives them.
    quantiles : sequence of float
        Their levels, above 0, below 1 and going up.

    Returns
    -------
    crps : float
        The mean over truths, in their unit. That of a single forecast is its absolute error.

    References
    ----------
    T. Gneiting, R. Ranjan, *Comparing density forecasts using threshold- and quantile-weighted
    scoring rules*, Journal of Business & Economic Statistics 29 (2011).

    Examples
    --------
    >>> from skrnn.evaluation import crps_from_quantiles
    >>> crps_from_quantiles([3.0, 5.0], [[4.0], [4.0]], quantiles=(0.5,))
    1.0
    """
    losses, _ = _losses(y_true, y_quantiles, quantiles)
    levels = np.asarray(check_quantiles(quantiles))
    edges = np.concatenate([[0], (levels[1:] + levels[:-1]) / 2, [1]])
    return float(2 * np.sum(np.diff(edges) * losses))


def _losses(y_true, y_quantiles, quantiles):
    """The mean pinball loss of each quantile, and the truths that are known."""
    levels = check_quantiles(quantiles)
    true, forecasts = beside_truth(y_true, y_quantiles, "y_quantiles", (len(levels),))
    known = ~np.isnan(true)
    true = true[known]
    columns = forecasts[known].T
    losses = [
        mean_pinball_loss(true, column, alpha=level)
        for level, column in zip(levels, columns, strict=True)
    ]
    return np.array(losses), true
