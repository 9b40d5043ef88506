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


class Listener(Ranges):
    """Ranges that move with the newest truth, and remember what they were told when.

    Of a series whose values are the numbers of its rows, what it hears tells which they are.
    """

    def fit(self, X, y):
        self.told_ = []
        self.asked_ = []
        return super().fit(X, y)

    def update(self, X, y):
        assert len(X) == len(y)
        y = np.asarray(y, float)
        self.told_ += [float(value) for value in y[~np.isnan(y)]]
        return self

    def predict_interval(self, X, coverage=0.9):
        self.asked_.append((float(np.asarray(self.predict(X)).ravel()[-1]), list(self.told_)))
        return super().predict_interval(X, coverage) + (self.told_[-1] if self.told_ else 0)
