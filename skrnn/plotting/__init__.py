"""Displays: pictures of forecasts, intervals, errors, trainings, importances and attention."""

try:
    import matplotlib  # noqa: F401
except ImportError as error:
    raise ImportError("skrnn.plotting needs matplotlib: pip install skrnn[plot]") from error

from skrnn.plotting.attention import AttentionDisplay
from skrnn.plotting.calibration import CalibrationDisplay
from skrnn.plotting.forecast import ForecastDisplay
from skrnn.plotting.importance import LagImportanceDisplay
from skrnn.plotting.lead_error import LeadErrorDisplay
from skrnn.plotting.training import TrainingDisplay

__all__ = [
    "AttentionDisplay",
    "CalibrationDisplay",
    "ForecastDisplay",
    "LagImportanceDisplay",
    "LeadErrorDisplay",
    "TrainingDisplay",
]
