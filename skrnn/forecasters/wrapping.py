"""WrappingForecaster: what forecasts with other estimators, and goes on with them."""

import copy
from abc import abstractmethod

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, clone
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skrnn.forecasters.base import WindowRegressor
from skrnn.forecasters.inside import components, last_step, plain_parameters, same_kinds
from skrnn.forecasters.quantiles import asked_quantiles
from skrnn.forecasters.samples import Samples
from skrnn.wholly import wholly
from skrnn.windows.inputs import check_windows


def _inner_goes_on(forecaster):
    template = last_step(forecaster.template)
    if not hasattr(template, "partial_fit"):
        raise AttributeError(
            f"partial_fit is that of what {type(forecaster).__name__} wraps, and "
            f"{type(template).__name__} has none"
        )
    return True


def _learns_quantiles(forecaster):
    if type(forecaster).learned_levels is WrappingForecaster.learned_levels:
        raise AttributeError(
            f"{type(forecaster).__name__} feeds on forecasts of single numbers and has no "
            "quantiles: use DirectForecaster or MultiOutputForecaster"
        )
    inside = components(forecaster.template)
    if not any(getattr(part, "quantiles", None) is not None for part in inside):
        raise AttributeError(
            f"predict_quantiles is that of what {type(forecaster).__name__} wraps, which learns "
            "no quantiles: pass it quantiles=(0.1, 0.5, 0.9)"
        )
    return True


class WrappingForecaster(WindowRegressor):
    """A regressor on windows that forecasts with clones of another, its template.

    Subclasses write ``template``, and ``_fit_models(samples, going_on)``, which fits with
    ``fit_inner``.
    """

    @property
    @abstractmethod
    def template(self) -> BaseEstimator:
        """The estimator that is cloned."""

    @property
    def warm_start(self) -> bool:
        """Whether a further ``fit`` goes on: as the template does."""
        return getattr(last_step(self.template), "warm_start", False)

    @property
    def inner_model(self) -> BaseEstimator | None:
        """The one fitted model behind all forecasts, where there is one."""
        return None

    @available_if(_inner_goes_on)
    @wholly
    def partial_fit(self, X, y, sample_weight=None) -> "WrappingForecaster":
        """Go on with the models as they are, by their own ``partial_fit``.

        What the first call learns beside them stays: transformers, and what stands in for what is
        unknown.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, steps, n_features) or (n_samples, steps)
            The windows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        self : WrappingForecaster
            The forecaster.
        """
        first = not hasattr(self, "y_mean_")
        samples = self._samples(check_windows(self, X, reset=first), y, sample_weight)
        samples = self._learnable(samples)
        if first:
            self._remember(samples, y)
        elif samples.y.shape[1] != self.n_outputs_:
            raise ValueError(
                f"y must have {self.n_outputs_} output(s) as in the fit before, got shape "
                f"{np.shape(y)}"
            )
        self._fit_models(samples, going_on=True)
        return self

    @available_if(_learns_quantiles)
    def predict_quantiles(self, X, quantiles=None) -> np.ndarray:
        """Forecast the quantiles that what is wrapped has learned.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, steps, n_features) or (n_samples, steps)
            The windows.
        quantiles : float or sequence of float, default=None
            Some of those that were learned. None: all of them.

        Returns
        -------
        y : ndarray of shape (n_samples, n_quantiles) or (n_samples, n_outputs, n_quantiles)
        """
        check_is_fitted(self, "y_mean_")
        windows = check_windows(self, X, reset=False)
        values = np.sort(self._quantiles(windows), axis=2)
        # Where nothing is known, all quantiles are what ``predict`` gives.
        known = windows.known() & np.isfinite(values).all(axis=(1, 2))
        values = np.where(known[:, None, None], values, self.y_mean_[:, None])
        values = asked_quantiles(values, self.learned_levels(), quantiles)
        return values[:, 0] if self.y_ndim_ == 1 else values

    def learned_levels(self) -> tuple[float, ...] | None:
        """The quantiles that were learned; None where none were."""
        return None

    def _fit(self, samples):
        self._fit_models(samples, going_on=False)

    @abstractmethod
    def _fit_models(self, samples: Samples, *, going_on: bool) -> None: ...


def fit_inner(
    template: BaseEstimator,
    fitted: BaseEstimator | None,
    samples: Samples,
    *,
    going_on: bool,
) -> BaseEstimator:
    """Fit a model.

    Parameters
    ----------
    template : estimator
        What a new model is a clone of.
    fitted : estimator or None
        The model of an earlier fit, which stays as it is: what goes on is a copy of it.
    samples : Samples
        What to learn from.
    going_on : bool
        Whether to go on by ``partial_fit``.
    """
    if going_on:
        model = clone(template) if fitted is None else _continued(template, fitted)
        return _partial_fit(model, samples, first=fitted is None)
    warm = getattr(last_step(template), "warm_start", False)
    if warm and fitted is not None and same_kinds(template, fitted):
        model = _continued(template, fitted)
    else:
        model = clone(template)
    return _fit(model, samples)


def _continued(template, fitted):
    """A copy of a fitted model, with the template's parameters."""
    if not same_kinds(template, fitted):
        raise ValueError(
            "partial_fit goes on with the estimators as they are, but some were replaced since: "
            "call fit, which begins anew"
        )
    model = copy.deepcopy(fitted)
    return model.set_params(**plain_parameters(clone(template)))


def _fit(model, samples):
    if samples.weights is not None and get_config()["enable_metadata_routing"]:
        # A pipeline hands on only what its steps have requested, and nobody asked them.
        steps, last = _split(model)
        windows = _through(steps, samples, first=True)
        last.fit(windows, samples.y, sample_weight=samples.weights)
        return model
    return model.fit(samples.windows, samples.y, **weight_argument(model, samples.weights))


def _partial_fit(model, samples, *, first):
    steps, last = _split(model)
    windows = _through(steps, samples, first=first)
    last.partial_fit(windows, samples.y, **weight_argument(last, samples.weights))
    return model


def _split(model):
    """The transformers of a pipeline, and of pipelines at its end, and what is behind them."""
    steps = []
    while hasattr(model, "steps"):
        steps += [step for _, step in model.steps[:-1] if step not in (None, "passthrough")]
        model = model.steps[-1][1]
    return steps, model


def _through(steps, samples, *, first):
    """The windows as transformers give them, which learn from them the first time."""
    windows = samples.windows
    for step in steps:
        if first:
            step.fit(windows, samples.y)
        windows = step.transform(windows)
    return windows


def weight_argument(regressor: BaseEstimator, sample_weight) -> dict:
    """The weights as ``fit`` takes them: a pipeline hands them to its last step."""
    if sample_weight is None:
        return {}
    prefix = ""
    while hasattr(regressor, "steps"):
        step, regressor = regressor.steps[-1]
        prefix += f"{step}__"
    return {f"{prefix}sample_weight": sample_weight}
