"""What is inside fitted estimators."""

from sklearn.pipeline import Pipeline

from skrnn.forecasters.leads import DirectForecaster, MultiOutputForecaster
from skrnn.windows import SlidingWindow


def nested(estimator):
    """The estimator, and what it wraps.

    A search's best, a pipeline's last step, an inner model of all leads.
    """
    while estimator is not None:
        yield estimator
        estimator = _inner(estimator)


def _inner(estimator):
    if hasattr(estimator, "steps"):
        return estimator.steps[-1][1]
    if isinstance(estimator, MultiOutputForecaster):
        return getattr(estimator, "estimator_", None)
    if isinstance(estimator, DirectForecaster):
        models = getattr(estimator, "estimators_", [])
        return models[0] if len(models) == 1 else None
    return getattr(estimator, "best_estimator_", getattr(estimator, "regressor_", None))


def steps_of(estimator):
    """The transformers that data goes through on its way to the innermost estimator."""
    for part in nested(estimator):
        yield from (step for _, step in getattr(part, "steps", [])[:-1])
        if getattr(part, "transformer_", None) is not None:
            yield part.transformer_


def chosen(estimator):
    """What a search chose; other estimators are what they are."""
    return getattr(estimator, "best_estimator_", estimator)


def components(estimator) -> list:
    """The estimator, or what a search chose, and all of its parameters, nested ones included."""
    estimator = chosen(estimator)
    return [estimator, *estimator.get_params(deep=True).values()]


def sliding_window_of(estimator) -> SlidingWindow | None:
    """The component that makes the windows, if there is one."""
    windows = (part for part in components(estimator) if isinstance(part, SlidingWindow))
    return next(windows, None)


def split_at_windows(estimator):
    """What turns rows into windows, and what forecasts from these."""
    estimator = chosen(estimator)
    steps = [step for _, step in estimator.steps] if isinstance(estimator, Pipeline) else []
    where = [position for position, step in enumerate(steps) if isinstance(step, SlidingWindow)]
    if not where:
        raise ValueError(
            "SlidingWindow must be a step of the outermost pipeline, so that its windows can be "
            "permuted: "
            "pass windows, and the estimator behind it"
        )
    return estimator[: where[0] + 1], estimator[where[0] + 1 :]


def name_of(estimator) -> str:
    """The class that forecasts, at the end of searches and pipelines."""
    wrappers = ("steps", "best_estimator_")
    return next(
        type(part).__name__
        for part in nested(estimator)
        if not any(hasattr(part, one) for one in wrappers)
    )
