"""skrnn: recurrent networks for time series as ordinary scikit-learn estimators."""

from skrnn.baselines import LinearWindow, NaiveForecaster
from skrnn.files import load, save
from skrnn.forecasters.leads import (
    DirectForecaster,
    MultiOutputForecaster,
    RecursiveForecaster,
)
from skrnn.forecasters.relative import TransformedWindowRegressor
from skrnn.intervals import IntervalForecaster
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
from skrnn.windows import (
    FlattenWindows,
    LastSteps,
    SlidingWindow,
    Windows,
    future_rows,
    make_windows,
)

__all__ = [
    "CalendarFeatures",
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
    "TransformedWindowRegressor",
    "WindowScaler",
    "Windows",
    "future_rows",
    "load",
    "make_windows",
    "save",
]

__version__ = "0.1.0"
