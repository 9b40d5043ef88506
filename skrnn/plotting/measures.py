"""How far forecasts are from the truth, in words and numbers."""

import numpy as np


def _mae(true, predicted):
    return np.abs(true - predicted).mean()


def _mse(true, predicted):
    return ((true - predicted) ** 2).mean()


def _rmse(true, predicted):
    return np.sqrt(_mse(true, predicted))


MEASURES = {
    "mae": (_mae, "mean absolute error"),
    "rmse": (_rmse, "root mean squared error"),
    "mse": (_mse, "mean squared error"),
}


def measure_of(metric):
    """The function of a metric on (true, predicted) without gaps, and its name in words."""
    if callable(metric):
        name = getattr(metric, "__name__", type(metric).__name__)
        return metric, name.strip("_").replace("_", " ")
    if metric not in MEASURES:
        raise ValueError(f"metric must be one of {', '.join(map(repr, MEASURES))} or a function, got {metric!r}")
    return MEASURES[metric]


def error(function, true, predicted) -> float:
    """The error over the samples whose truth and forecast are known; NaN if there is none."""
    known = ~(np.isnan(true) | np.isnan(predicted))
    return float(function(true[known], predicted[known])) if known.any() else np.nan
