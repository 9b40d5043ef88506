"""skrnn and sktime: adapters between them, and sktime's exponential smoothing on windows."""

from skrnn.sktime.forecaster import WindowForecaster
from skrnn.sktime.panel import WindowRegressorAdapter
from skrnn.sktime.smoothing import SmoothingRegressor

__all__ = ["SmoothingRegressor", "WindowForecaster", "WindowRegressorAdapter"]
