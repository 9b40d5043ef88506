"""The ladder on somebody's series: compare it, fit a rung of it, forecast with what was fitted."""

from skrnn.comparison.compare import compare
from skrnn.comparison.fitting import fit_model
from skrnn.comparison.model import ForecastModel, load_model
from skrnn.comparison.options import Options
from skrnn.comparison.result import Comparison

__all__ = ["Comparison", "ForecastModel", "Options", "compare", "fit_model", "load_model"]
