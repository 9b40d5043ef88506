"""skrnn and sktime: adapters between them, and sktime's exponential smoothing on windows."""

from skrnn.baselines.smoothing import SmoothingRegressor
from skrnn.sktime.forecaster import WindowForecaster
from skrnn.sktime.panel import WindowRegressorAdapter

__all__ = ["SmoothingRegressor", "WindowForecaster", "WindowRegressorAdapter"]
