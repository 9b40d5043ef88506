"""Intervals and quantiles of fitted models, also behind pipelines and searches."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from skrnn.forecasters.inside import chosen, innermost


def before_last(model: BaseEstimator, X: Any) -> Any:
    """The data as the innermost of a fitted model gets it."""
    model = chosen(model)
    if not hasattr(model, "steps"):
        return X
    return before_last(model.steps[-1][1], model[:-1].transform(X))


def interval_forecasts(model: BaseEstimator, X: Any, coverage: float | ArrayLike) -> np.ndarray:
    """Lower and upper ends (n, [H,] 2); of several coverages (n, [H,] n_coverages, 2)."""
    check_answers(model, "predict_interval")
    return innermost(model).predict_interval(before_last(model, X), coverage)


def quantile_forecasts(model: BaseEstimator, X: Any, quantiles: ArrayLike) -> np.ndarray:
    """Quantiles (n, [H,] n_quantiles)."""
    check_answers(model, "predict_quantiles")
    return innermost(model).predict_quantiles(before_last(model, X), quantiles)


def check_answers(model: BaseEstimator, method: str) -> None:
    """Refuse a model without intervals, or without quantiles."""
    if not hasattr(innermost(model), method):
        raise ValueError(
            f"estimator must have {method}, and {type(innermost(model)).__name__} has none: wrap "
            "the model that forecasts in IntervalForecaster"
        )
