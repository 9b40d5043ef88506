"""Forecasts that are known beforehand, for tests of what is made of them."""

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin

from skrnn import make_windows
from skrnn.windows.inputs import as_windows


class Zero(RegressorMixin, BaseEstimator):
    """Forecasts 0, and quantiles around it as wide as its windows, where there are any."""

    def __init__(self, quantiles=None):
        self.quantiles = quantiles

    def fit(self, X, y, sample_weight=None):
        self.shape_ = np.shape(y)[1:]
        self.n_fitted_ = len(as_windows(X))
        self.weights_ = sample_weight
        self.quantiles_ = self.quantiles
        return self

    def predict(self, X):
        return np.zeros((len(X), *self.shape_))

    def predict_quantiles(self, X, quantiles=None):
        size = np.asarray(X)[:, :, 0].std(axis=1).reshape(-1, *np.ones(len(self.shape_) + 1, int))
        return np.tile(np.array(self.quantiles_) - 0.5, (len(X), *self.shape_, 1)) * size

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.target_tags.multi_output = True
        return tags


def noise(n, seed=0, horizon=1, length=3):
    """Windows of noise, and what follows them."""
    rows = np.random.default_rng(seed).standard_t(4, size=n + length + horizon - 1)
    return make_windows(rows, length, horizon)


def held(model, X, y, coverage):
    """Whether the intervals hold the truth: (n, [n_leads])."""
    ends = model.predict_interval(X, coverage)
    return (ends[..., 0] <= y) & (y <= ends[..., 1])
