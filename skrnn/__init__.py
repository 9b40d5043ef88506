"""skrnn: recurrent networks for time series as ordinary scikit-learn estimators."""

from typing import TYPE_CHECKING, Any

from skrnn.baselines import LinearWindow, NaiveForecaster
from skrnn.files import load, save
from skrnn.forecasters.leads import (
    DirectForecaster,
    MultiOutputForecaster,
    RecursiveForecaster,
)
from skrnn.forecasters.relative import TransformedWindowRegressor
from skrnn.neural import (
    ConvClassifier,
    ConvRegressor,
    DenseClassifier,
    DenseRegressor,
    RNNClassifier,
    RNNRegressor,
)
from skrnn.preprocessing import (
    CalendarFeatures,
    Differencer,
    LogTransformer,
    SeasonalAnchor,
    SeriesScaler,
    WindowScaler,
)
from skrnn.text import CharacterModel, TokenSequences
from skrnn.windows import (
    FlattenWindows,
    LastSteps,
    SlidingWindow,
    Windows,
    future_rows,
    make_windows,
)

if TYPE_CHECKING:
    from skrnn.intervals import IntervalForecaster

__all__ = [
    "CalendarFeatures",
    "CharacterModel",
    "ConvClassifier",
    "ConvRegressor",
    "DenseClassifier",
    "DenseRegressor",
    "Differencer",
    "DirectForecaster",
    "FlattenWindows",
    "IntervalForecaster",
    "LastSteps",
    "LinearWindow",
    "LogTransformer",
    "MultiOutputForecaster",
    "NaiveForecaster",
    "RNNClassifier",
    "RNNRegressor",
    "RecursiveForecaster",
    "SeasonalAnchor",
    "SeriesScaler",
    "SlidingWindow",
    "TokenSequences",
    "TransformedWindowRegressor",
    "WindowScaler",
    "Windows",
    "future_rows",
    "load",
    "make_windows",
    "save",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import intervals when they are asked for: they bring backtests along."""
    if name == "IntervalForecaster":
        from skrnn.intervals import IntervalForecaster

        return IntervalForecaster
    raise AttributeError(f"module 'skrnn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
