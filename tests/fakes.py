"""What stands in for libraries that need not be installed."""

from importlib.machinery import ModuleSpec
from types import ModuleType

import numpy as np


class AutoTheta:
    """Goes on from the last value by the mean change."""

    def __init__(self, season_length):
        self.season_length = season_length

    def forecast(self, y, h):
        return {"mean": y[-1] + np.diff(y).mean() * np.arange(1, h + 1)}


class AutoARIMA:
    """Goes on by a share of the last value, which it learns."""

    def __init__(self, season_length, **options):
        self.options = options

    def fit(self, y):
        self.model_ = {"coef": {"ar1": float(y[1:] @ y[:-1] / (y @ y))}, "x": y}
        return self

    def forward(self, y, h):
        return {"mean": y[-1] * self.model_["coef"]["ar1"] ** np.arange(1, h + 1)}


def fake_statsforecast() -> dict[str, ModuleType]:
    """The modules of a statsforecast that forecasts by a line of code."""
    package = ModuleType("statsforecast")
    models = ModuleType("statsforecast.models")
    package.models = models
    models.AutoTheta = AutoTheta
    models.AutoARIMA = AutoARIMA
    modules = {"statsforecast": package, "statsforecast.models": models}
    for name, module in modules.items():
        module.__spec__ = ModuleSpec(name, None)
    return modules
