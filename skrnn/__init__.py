"""skrnn: recurrent networks for time series as ordinary scikit-learn estimators."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
    from skrnn.text import CharacterModel, TokenModel, TokenSequences
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
    "TokenModel",
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

# Where the names are at home. They are imported when they are asked for: the command is there at
# once, to be told to end, and who uses a part does not wait for the others.
_HOMES = {
    "baselines": ("LinearWindow", "NaiveForecaster"),
    "files": ("load", "save"),
    "forecasters.leads": ("DirectForecaster", "MultiOutputForecaster", "RecursiveForecaster"),
    "forecasters.relative": ("TransformedWindowRegressor",),
    "intervals": ("IntervalForecaster",),
    "neural": (
        "ConvClassifier",
        "ConvRegressor",
        "DenseClassifier",
        "DenseRegressor",
        "RNNClassifier",
        "RNNRegressor",
    ),
    "preprocessing": (
        "CalendarFeatures",
        "Differencer",
        "LogTransformer",
        "SeasonalAnchor",
        "SeriesScaler",
        "WindowScaler",
    ),
    "text": ("CharacterModel", "TokenModel", "TokenSequences"),
    "windows": (
        "FlattenWindows",
        "LastSteps",
        "SlidingWindow",
        "Windows",
        "future_rows",
        "make_windows",
    ),
}
# Rooms whose names are asked for there.
_OTHERS = {"cli", "comparison", "datasets", "evaluation", "plotting", "reading", "report", "sktime"}
_ROOMS = {home.partition(".")[0] for home in _HOMES} | _OTHERS


def __getattr__(name: str) -> Any:
    """Import a name, or a room, when it is asked for."""
    if name in _ROOMS:
        return import_module(f"skrnn.{name}")
    for home, names in _HOMES.items():
        if name in names:
            globals()[name] = getattr(import_module(f"skrnn.{home}"), name)
            return globals()[name]
    raise AttributeError(f"module 'skrnn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_ROOMS})
