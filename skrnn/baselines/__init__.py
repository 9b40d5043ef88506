"""The first rungs of the ladder: the naive forecast and the exact linear model."""

from skrnn.baselines.linear import LinearWindow
from skrnn.baselines.naive import NaiveForecaster

__all__ = ["LinearWindow", "NaiveForecaster"]
