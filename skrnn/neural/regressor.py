"""NetworkRegressor: the task of forecasting numbers, or quantiles of them."""

from dataclasses import KW_ONLY
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skrnn.forecasters.base import WindowRegressor, finite_forecasts
from skrnn.forecasters.quantiles import (
    asked_quantiles,
    check_quantiles,
    median_of,
    target_quantiles,
)
from skrnn.neural.estimators import NetworkEstimator
from skrnn.neural.parameters import parameters
from skrnn.neural.tasks import Numbers, Quantiles, unit_of
from skrnn.neural.training import Loss
from skrnn.windows.inputs import check_windows


@parameters
class NetworkRegressor(NetworkEstimator, WindowRegressor):
    """The task of forecasting numbers, or their quantiles."""

    _: KW_ONLY
    loss: Any = "mse"
    quantiles: tuple[float, ...] | None = None
    normalize_y: bool = True

    def predict(self, X) -> np.ndarray:
        """Forecast from windows.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, steps, n_features) or (n_samples, steps)
            The windows. Unknown steps are filled from the window's own nearest known ones; a window
            with no known step gets the mean of the training target (with ``quantiles``, its
            median).

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs), as y was in ``fit``
        """
        check_is_fitted(self, "network_")
        if not self.quantiles_:
            return super().predict(X)
        return median_of(self.predict_quantiles(X), self.quantiles_)

    def predict_quantiles(self, X, quantiles=None) -> np.ndarray:
        """Forecast quantiles of what may come, each at least as large as the one below.

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
        check_is_fitted(self, "network_")
        if not self.quantiles_:
            raise ValueError(
                "quantiles must be learned to be predicted: fit with quantiles=(0.1, 0.5, 0.9)"
            )
        windows = check_windows(self, X, reset=False)
        values = finite_forecasts(self._forecasts(windows), self.y_quantiles_)
        values[~windows.known()] = self.y_quantiles_
        values = asked_quantiles(values, self.quantiles_, quantiles)
        return values[:, 0] if self.y_ndim_ == 1 else values

    def _predict(self, windows):
        return self._forecasts(windows)

    def _forecasts(self, windows):
        if self._members:
            return np.median([member._forecasts(windows) for member in self._members], axis=0)
        return self._fitted_task().forecasts(self._outputs(windows))

    def _loss(self) -> Loss:
        if self.quantiles is None:
            if isinstance(self.loss, str) and self.loss in ("pinball", "logistic", "softmax"):
                raise ValueError(
                    "loss must be 'mse', 'mae', 'huber' or a Keras loss, got "
                    f"{self.loss!r}: pass quantiles=(0.1, 0.5, 0.9) to learn quantiles, and "
                    "classes to a classifier"
                )
            return Loss(self.loss)
        if self.loss != "mse":
            raise ValueError(
                f"quantiles are learned with the pinball loss, in place of loss={self.loss!r}: "
                "leave one of them out"
            )
        return Loss("pinball", check_quantiles(self.quantiles))

    def _learn_task(self, samples):
        self.y_offset_ = np.zeros(self.n_outputs_)
        self.y_scale_ = np.ones(self.n_outputs_)
        if self.normalize_y:
            self.y_offset_, self.y_scale_ = unit_of(samples)
        self.quantiles_ = self._loss().quantiles
        if self.quantiles_:
            self.y_quantiles_ = target_quantiles(samples.y, self.quantiles_, samples.weights)

    def _task(self):
        return self._task_of(self._loss())

    def _fitted_task(self):
        return self._task_of(Loss("pinball", self.quantiles_))

    def _task_of(self, loss):
        kind = Quantiles if loss.quantiles else Numbers
        return kind(loss, self.y_offset_, self.y_scale_)
