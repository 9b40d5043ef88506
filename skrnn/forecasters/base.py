"""WindowRegressor: what all regressors on windows share."""

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_is_fitted

from skrnn.forecasters.samples import Samples
from skrnn.validation import check_target_values, check_weights, dimensions
from skrnn.warn import warn
from skrnn.wholly import wholly
from skrnn.windows.array import Windows
from skrnn.windows.inputs import check_windows
from skrnn.windows.steps import feature_means


class WindowRegressor(RegressorMixin, BaseEstimator):
    """A regressor on windows: ``fit`` drops incomplete windows, ``predict`` fills them.

    Subclasses write ``_fit(samples)``, which sees complete windows and finite targets alone, and
    ``_predict(windows)``, which gives (n, n_outputs) also for incomplete ones. Those that learn
    from other targets than y say so in ``_samples``, those that do not need all of them in
    ``_learnable``.
    """

    # How to scale inside what relates y to the window.
    scaled_inside = (
        'TransformedWindowRegressor(make_pipeline(SeriesScaler(), RNNRegressor("gru")), '
        "Differencer(24))"
    )

    @wholly
    def fit(self, X, y, sample_weight=None) -> "WindowRegressor":
        """Fit the regressor.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, steps, n_features) or (n_samples, steps)
            The windows. Those with unknown steps (NaN) are left out, with their y and weight.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets. Samples with an unknown target (NaN) are left out.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        self : WindowRegressor
            The fitted regressor.
        """
        samples = self._samples(check_windows(self, X, reset=True), y, sample_weight)
        samples = self._learnable(samples)
        self._remember(samples, y)
        self._fit(samples)
        return self

    def predict(self, X) -> np.ndarray:
        """Forecast from windows.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, steps, n_features) or (n_samples, steps)
            The windows. Unknown steps are filled from the window's own nearest known ones; a window
            with no known step gets the mean of the training target.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs), as y was in ``fit``
        """
        check_is_fitted(self, "y_mean_")
        windows = check_windows(self, X, reset=False)
        y = np.asarray(self._predict(windows), dtype=np.float64)
        y[~windows.known()] = self.y_mean_
        y = finite_forecasts(y, self.y_mean_)
        return y[:, 0] if self.y_ndim_ == 1 else y

    def score(self, X, y, sample_weight=None) -> float:
        """R² of the forecast. Samples with an unknown target (NaN) do not count.

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
        score : float
            1 for a perfect forecast, 0 for one no better than the mean of y.
        """
        forecast = self.predict(X)
        samples = self._samples(check_windows(self, X, reset=False), y, sample_weight)
        known = ~np.isnan(samples.y).any(axis=1)
        if not known.any():
            raise ValueError(
                f"y must have a known value to score against, got NaN in all of {len(samples)} "
                "samples"
            )
        samples = samples.take(known)
        forecast = forecast[known].reshape(len(samples), -1)
        if samples.y.shape != forecast.shape:
            raise ValueError(
                f"y must have {forecast.shape[1]} output(s) as in fit to be scored against, got "
                f"{samples.y.shape[1]}"
            )
        return r2_score(samples.y, forecast, sample_weight=samples.weights)

    def _samples(self, windows: Windows, y, sample_weight) -> Samples:
        """The windows, with the targets and weights that came."""
        y = check_target_values(self, y, len(windows))
        weights = check_weights(sample_weight, len(windows))
        return Samples(windows, y.reshape(len(y), -1), weights)

    def _learnable(self, samples: Samples) -> Samples:
        """The samples of which all is known that the regressor learns from."""
        return samples.known(samples.windows.complete())

    def _remember(self, samples: Samples, y) -> None:
        """Keep the shape of y, and what stands in for what is unknown in ``predict``."""
        self.n_outputs_ = samples.y.shape[1]
        self.y_ndim_ = 1 if dimensions(y) == self.n_outputs_ == 1 else 2
        self.y_mean_ = _known_mean(samples.y, samples.weights)
        self.fill_values_ = feature_means(samples.windows)

    def _fit(self, samples: Samples) -> None:
        raise NotImplementedError

    def _predict(self, windows: Windows) -> np.ndarray:
        raise NotImplementedError

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.three_d_array = True
        tags.target_tags.multi_output = True
        return tags


def _known_mean(y, weights):
    """The mean of each output, of one that is never known that of the first."""
    if np.isfinite(y).all():
        return np.average(y, axis=0, weights=weights)
    known = np.ma.masked_invalid(y)
    # Without weights the average would have NumPy 2.0 warn of its own doing.
    mean = known.mean(axis=0) if weights is None else np.ma.average(known, axis=0, weights=weights)
    return np.ma.filled(mean, mean[0])


def finite_forecasts(values: np.ndarray, stand_in: np.ndarray) -> np.ndarray:
    """Forecasts of which those that are not finite are replaced by what stands in for them."""
    infinite = ~np.isfinite(values)
    if not infinite.any():
        return values
    rows = np.flatnonzero(infinite.reshape(len(values), -1).any(axis=1))
    warn(
        f"{len(rows)} of {len(values)} forecasts became infinite, the first for sample {rows[0]}, "
        "and are what training targets were on average: look for values in X that are far beyond "
        "those of the fit"
    )
    return np.where(infinite, stand_in, values)
