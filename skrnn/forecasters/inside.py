"""What is inside estimators: the one place that looks into searches, pipelines and wrappers."""

from collections.abc import Iterator

from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils import get_tags

from skrnn.windows import FlattenWindows, SlidingWindow


def nested(estimator: BaseEstimator) -> Iterator[BaseEstimator]:
    """The estimator, and what it wraps.

    A search's best, a pipeline's last step, the one model behind all forecasts of a wrapper.
    """
    while estimator is not None:
        yield estimator
        estimator = _inner(estimator)


def _inner(estimator):
    if hasattr(estimator, "steps"):
        return estimator.steps[-1][1]
    if hasattr(estimator, "inner_model"):
        return estimator.inner_model
    return getattr(estimator, "best_estimator_", getattr(estimator, "regressor_", None))


def last_step(estimator: BaseEstimator) -> BaseEstimator:
    """What is at the end of a pipeline, and of pipelines inside it; an estimator itself."""
    while hasattr(estimator, "steps"):
        estimator = estimator.steps[-1][1]
    return estimator


def steps_of(estimator: BaseEstimator) -> Iterator[BaseEstimator]:
    """The transformers that data goes through on its way to the innermost estimator."""
    for outer in nested(estimator):
        yield from (step for _, step in getattr(outer, "steps", [])[:-1])
        if getattr(outer, "transformer_", None) is not None:
            yield outer.transformer_


def chosen(estimator: BaseEstimator) -> BaseEstimator:
    """What a search chose; other estimators are what they are."""
    return getattr(estimator, "best_estimator_", estimator)


def innermost(estimator: BaseEstimator) -> BaseEstimator:
    """What searches chose at the end of pipelines, however many lie inside each other."""
    inner = last_step(chosen(estimator))
    return inner if inner is estimator else innermost(inner)


def components(estimator: BaseEstimator) -> list:
    """The estimator, or what a search chose, and all of its parameters, nested ones included."""
    estimator = chosen(estimator)
    return [estimator, *estimator.get_params(deep=True).values()]


def sliding_window_of(estimator: BaseEstimator) -> SlidingWindow | None:
    """The component that makes the windows, if there is one."""
    windows = (part for part in components(estimator) if isinstance(part, SlidingWindow))
    return next(windows, None)


def split_at_windows(estimator: BaseEstimator) -> tuple[Pipeline, Pipeline]:
    """What turns rows into windows, and what forecasts from these."""
    estimator = chosen(estimator)
    steps = [step for _, step in estimator.steps] if isinstance(estimator, Pipeline) else []
    where = [position for position, step in enumerate(steps) if isinstance(step, SlidingWindow)]
    if not where:
        raise ValueError(
            "SlidingWindow must be a step of the outermost pipeline, so that its windows can be "
            "permuted: pass windows, and the estimator behind it"
        )
    return estimator[: where[0] + 1], estimator[where[0] + 1 :]


def learns(estimator: BaseEstimator) -> bool:
    """Whether anything at the end of searches, pipelines and strategies learns.

    Naive forecasts do not, and say so.
    """
    innermost = list(nested(estimator))[-1]
    wrapped = getattr(innermost, "estimator", None)
    return getattr(innermost, "learns", True) if wrapped is None else learns(wrapped)


def name_of(estimator: BaseEstimator) -> str:
    """The class that forecasts, at the end of searches and pipelines."""
    wrappers = ("steps", "best_estimator_")
    return next(
        type(inner).__name__
        for inner in nested(estimator)
        if not any(hasattr(inner, attribute) for attribute in wrappers)
    )


def on_windows(estimator: BaseEstimator) -> BaseEstimator:
    """The estimator; behind FlattenWindows if it takes tables only."""
    if sliding_window_of(estimator) is not None:
        raise ValueError(
            "SlidingWindow takes the rows of a series, but here come windows, which it would take "
            "for rows: leave it out of what forecasts from them"
        )
    return estimator if takes_windows(estimator) else make_pipeline(FlattenWindows(), estimator)


def takes_windows(estimator: BaseEstimator) -> bool:
    """Whether an estimator takes windows.

    A search or an ensemble does if it hands them to others that do.
    """
    while hasattr(estimator, "steps"):
        estimator = estimator.steps[0][1]
    if get_tags(estimator).input_tags.three_d_array:
        return True
    return any(takes_windows(inner) for inner in _parameters_that_fit(estimator))


def _parameters_that_fit(estimator):
    """The estimators among the parameters, alone, in lists, or in lists of (name, estimator)."""
    for value in estimator.get_params(deep=False).values():
        for item in value if isinstance(value, list | tuple) else [value]:
            named = isinstance(item, tuple) and len(item) == 2
            inner = item[1] if named else item
            if hasattr(inner, "fit") and hasattr(inner, "get_params"):
                yield inner


def same_kinds(estimator: BaseEstimator, other: BaseEstimator) -> bool:
    """Whether two are estimators of the same classes, wherever they have any inside."""
    return _kinds(estimator) == _kinds(other)


def _kinds(estimator):
    params = estimator.get_params()
    inner = {name: type(value) for name, value in params.items() if hasattr(value, "get_params")}
    return type(estimator), inner


def plain_parameters(estimator: BaseEstimator) -> dict:
    """The parameters of an estimator, and of those inside it, that hold no estimators."""
    params = estimator.get_params()
    return {name: value for name, value in params.items() if not _holds_estimators(value)}


def _holds_estimators(value):
    if isinstance(value, list | tuple):
        return any(_holds_estimators(item) for item in value)
    return hasattr(value, "get_params") and not isinstance(value, type)
