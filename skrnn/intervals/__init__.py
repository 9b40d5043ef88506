"""Intervals: ranges around forecasts that hold the share of truths that they promise."""

from skrnn.intervals.forecaster import IntervalForecaster

__all__ = ["IntervalForecaster"]
