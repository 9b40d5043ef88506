"""Learned quantiles: those of what is inside pipelines, searches and wrappers."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from skrnn.forecasters.inside import chosen, innermost


def learned_levels(model: BaseEstimator) -> tuple[float, ...] | None:
    """The levels that a fitted model has learned; None where it has learned none."""
    model = innermost(model)
    if hasattr(model, "learned_levels"):
        return model.learned_levels()
    return getattr(model, "quantiles_", None) or None


def all_quantiles(model: BaseEstimator, X: Any) -> np.ndarray:
    """All quantiles that a fitted model has learned: (n, n_quantiles) or (n, n_leads, n_quantiles).

    A pipeline's are those of its last step, behind its transformers.
    """
    model = chosen(model)
    if hasattr(model, "steps"):
        return all_quantiles(model.steps[-1][1], model[:-1].transform(X))
    return model.predict_quantiles(X)
