"""Networks as scikit-learn estimators."""

from skrnn.neural.conv import ConvRegressor
from skrnn.neural.dense import DenseRegressor
from skrnn.neural.rnn import RNNRegressor

__all__ = ["ConvRegressor", "DenseRegressor", "RNNRegressor"]
