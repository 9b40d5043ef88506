"""What is inside fitted estimators, and what they forecast."""

import numpy as np
from sklearn.pipeline import Pipeline

from skrnn.regression import leads_of
from skrnn.validation import check_target_values, dimensions
from skrnn.windows import SlidingWindow
from skrnn.windows.array import Windows, as_windows


def nested(estimator):
    """The estimator, and what it wraps: a search's best, a pipeline's last step, an inner regressor."""
    while estimator is not None:
        yield estimator
        estimator = _inner(estimator)


def _inner(estimator):
    if hasattr(estimator, "steps"):
        return estimator.steps[-1][1]
    for name in ("best_estimator_", "regressor_"):
        if hasattr(estimator, name):
            return getattr(estimator, name)
    models = getattr(estimator, "estimators_", None)
    return models[0] if isinstance(models, list) and len(models) == 1 else None


def steps_of(estimator):
    """The transformers that data goes through on its way to the innermost estimator."""
    for part in nested(estimator):
        yield from (step for _, step in getattr(part, "steps", [])[:-1])
        if getattr(part, "transformer_", None) is not None:
            yield part.transformer_


def sliding_window_of(estimator) -> SlidingWindow | None:
    """The step that makes windows of rows; None if the estimator takes windows."""
    return next((step for step in steps_of(estimator) if isinstance(step, SlidingWindow)), None)


def takes_rows(estimator, X) -> bool:
    """Whether X is rows of a series, of which the estimator's own SlidingWindow makes windows."""
    return sliding_window_of(estimator) is not None and not isinstance(X, Windows) and dimensions(X) == 2


def split_at_windows(estimator):
    """What turns rows into windows, and what forecasts from these."""
    while hasattr(estimator, "best_estimator_"):
        estimator = estimator.best_estimator_
    steps = [step for _, step in estimator.steps] if isinstance(estimator, Pipeline) else []
    where = [position for position, step in enumerate(steps) if isinstance(step, SlidingWindow)]
    if not where:
        raise ValueError(
            "SlidingWindow must be a step of the outermost pipeline, so that its windows can be permuted: "
            "pass windows, and the estimator behind it"
        )
    return estimator[: where[0] + 1], estimator[where[0] + 1 :]


def name_of(estimator) -> str:
    """The class that forecasts, at the end of searches and pipelines."""
    while hasattr(estimator, "best_estimator_") or hasattr(estimator, "steps"):
        estimator = _inner(estimator)
    return type(estimator).__name__


def forecast(estimator, X, y):
    """The truth and the forecast of every sample, both (n, n_leads), and the leads."""
    predicted = np.asarray(estimator.predict(X), float)
    true = check_target_values(estimator, y, len(predicted))
    flat, predicted = predicted.ndim == 1, predicted.reshape(len(predicted), -1)
    if takes_rows(estimator, X):
        leads = sliding_window_of(estimator).lead + np.arange(predicted.shape[1])
        true = _following(true.ravel(), predicted.shape[1]) if true.size == len(true) and not flat else true
    else:
        leads = leads_of(as_windows(X), predicted.shape[1])
    true = true.reshape(len(true), -1)
    if true.shape != predicted.shape:
        raise ValueError(f"y must have the shape of the forecasts, {predicted.shape}, got {true.shape}")
    return true, predicted, leads


def _following(values, n):
    """Each value and the n - 1 that follow it, NaN behind the last."""
    padded = np.concatenate([values, np.full(n - 1, np.nan)])
    return np.lib.stride_tricks.sliding_window_view(padded, n)
