"""The first rungs of the ladder: naive forecast, exact linear model, exponential smoothing."""

from skrnn.baselines.linear import LinearWindow
from skrnn.baselines.naive import NaiveForecaster
from skrnn.baselines.smoothing import SmoothingRegressor

__all__ = ["LinearWindow", "NaiveForecaster", "SmoothingRegressor"]
