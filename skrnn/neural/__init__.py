"""Networks as scikit-learn estimators."""

from skrnn.neural.conv import ConvClassifier, ConvRegressor
from skrnn.neural.dense import DenseClassifier, DenseRegressor
from skrnn.neural.rnn import RNNClassifier, RNNRegressor

__all__ = [
    "ConvClassifier",
    "ConvRegressor",
    "DenseClassifier",
    "DenseRegressor",
    "RNNClassifier",
    "RNNRegressor",
]
