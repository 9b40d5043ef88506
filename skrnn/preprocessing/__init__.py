"""Transformers of series and windows: scale, difference, anchor, logarithms, and the calendar."""

from skrnn.preprocessing.calendar import CalendarFeatures
from skrnn.preprocessing.differencer import Differencer
from skrnn.preprocessing.log_transformer import LogTransformer
from skrnn.preprocessing.scaler import SeriesScaler
from skrnn.preprocessing.seasonal_anchor import SeasonalAnchor
from skrnn.preprocessing.window_scaler import WindowScaler

__all__ = [
    "CalendarFeatures",
    "Differencer",
    "LogTransformer",
    "SeasonalAnchor",
    "SeriesScaler",
    "WindowScaler",
]
