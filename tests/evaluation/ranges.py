"""Ranges: an estimator with intervals of a size that is known."""

import numpy as np
from scipy.stats import norm
from sklearn.base import BaseEstimator, RegressorMixin, clone

from skrnn.evaluation.promises import check_coverages


class Ranges(RegressorMixin, BaseEstimator):
    """Normal errors of standard deviation ``size``, whatever the data say."""

    def __init__(self, estimator, size=1.0):
        self.estimator = estimator
        self.size = size

    def fit(self, X, y):
        self.estimator_ = clone(self.estimator).fit(X, y)
        return self

    def predict(self, X):
        return self.estimator_.predict(X)

    def predict_quantiles(self, X, quantiles):
        return self.predict(X)[..., None] + self.size * norm.ppf(quantiles)

    def predict_interval(self, X, coverage=0.9):
        stated = np.array(check_coverages("coverage", coverage))
        ends = np.stack([(1 - stated) / 2, (1 + stated) / 2], axis=1)
        found = self.predict_quantiles(X, ends.ravel())
        shape = (2,) if np.ndim(coverage) == 0 else (len(stated), 2)
        return found.reshape(*found.shape[:-1], *shape)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        return tags
