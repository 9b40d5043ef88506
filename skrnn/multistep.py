"""Where the strategies for many leads were before."""

from skrnn.forecasters.leads import DirectForecaster, MultiOutputForecaster, RecursiveForecaster

__all__ = ["DirectForecaster", "MultiOutputForecaster", "RecursiveForecaster"]
