"""Transformers of series and windows: scale, difference, and the calendar."""

from skrnn.preprocessing.calendar import CalendarFeatures
from skrnn.preprocessing.differencer import Differencer
from skrnn.preprocessing.scaler import SeriesScaler
from skrnn.preprocessing.window_scaler import WindowScaler

__all__ = ["CalendarFeatures", "Differencer", "SeriesScaler", "WindowScaler"]
