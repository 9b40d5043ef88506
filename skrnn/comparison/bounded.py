"""Bounded: forecasts of amounts, which are never below zero."""

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin

from skrnn.windows import Windows

# So many rows, and such a share of all, are exactly zero where nothing less can be.
FEWEST_ZEROS = 3
SHARE_OF_ZEROS = 0.01


class Bounded(RegressorMixin, BaseEstimator):
    """What a fitted model forecasts, but never less than something.

    Parameters
    ----------
    model : estimator
        The fitted model.
    least : float
        What no forecast is below.
    """

    def __init__(self, model: BaseEstimator, least: float):
        self.model = model
        self.least = least

    @property
    def inner_model(self) -> BaseEstimator:
        """The fitted model."""
        return self.model

    def fit(self, X: Windows, y: np.ndarray) -> "Bounded":
        """Do nothing, as the model is fitted. Returns self."""
        return self

    def predict(self, X: Windows) -> np.ndarray:
        """The forecasts from each window."""
        return np.maximum(self.model.predict(X), self.least)

    def __sklearn_is_fitted__(self) -> bool:
        return True


def least_of(X: Windows, y: np.ndarray) -> float:
    """Zero, if the target of some windows is never below it and often there; else no bound.

    So are counts, sales and rain. What is positive and never zero may be so by chance.
    """
    values = np.concatenate([X.rows[X.covered()[:, 0], 0], np.ravel(y)])
    values = values[~np.isnan(values)]
    n_zeros = np.count_nonzero(values == 0)
    enough = max(FEWEST_ZEROS, SHARE_OF_ZEROS * len(values))
    return 0.0 if n_zeros >= enough and values.min() >= 0 else -np.inf
