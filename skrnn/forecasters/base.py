"""WindowRegressor: what all regressors on windows share."""

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_is_fitted

from skrnn.validation import check_target_values, check_weights
from skrnn.windows.array import Windows
from skrnn.windows.filling import fill_steps
from skrnn.windows.inputs import check_windows
from skrnn.windows.steps import feature_means


class WindowRegressor(RegressorMixin, BaseEstimator):
    """A regressor on windows: ``fit`` drops incomplete windows, ``predict`` fills them.

    Subclasses write ``_fit(windows, y, sample_weight)``, which sees complete windows and finite
    targets (n, n_outputs) only, and ``_predict_steps(batch)`` on gathered windows without NaN, or
    ``_predict(windows)``.
    """

    # The outputs whose targets must be known of a sample to learn from it.
    _learns_from = slice(None)
    # How to scale inside what relates y to the window.
    _scaled_inside = 'TransformedWindowRegressor(make_pipeline(SeriesScaler(), RNNRegressor("gru")), Differencer(24))'

    def fit(self, X, y, sample_weight=None):
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
        self._fit(*self._check_training(X, y, sample_weight))
        return self

    def predict(self, X):
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
        windows = self._read(check_windows(self, X, reset=False))
        y = np.asarray(self._predict(windows), dtype=np.float64)
        y[~windows.known()] = self.y_mean_
        return y[:, 0] if self.y_ndim_ == 1 else y

    def score(self, X, y, sample_weight=None):
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
        y = self._targets(
            check_windows(self, X, reset=False), check_target_values(self, y, len(forecast))
        )
        weights = check_weights(sample_weight, len(forecast))
        known = ~np.isnan(y.reshape(len(y), -1)).any(axis=1)
        if not known.any():
            raise ValueError(
                f"y must have a known value to score against, got NaN in all of {len(y)} samples"
            )
        return r2_score(
            y[known], forecast[known], sample_weight=None if weights is None else weights[known]
        )

    def _targets(self, windows, y):
        """The targets as ``predict`` gives them, where they are more than y."""
        return y

    def _read(self, windows, *, reset=False):
        """The windows as the regressor reads them."""
        return windows

    def _complete(self, windows):
        """Mask of the windows of which everything is known that the regressor reads."""
        return windows.complete()

    def _fit(self, windows: Windows, y: np.ndarray, sample_weight: np.ndarray | None) -> None:
        raise NotImplementedError

    def _predict(self, windows):
        """Forecast (n, n_outputs) from windows, some of them incomplete."""
        y = np.empty((len(windows), self.n_outputs_))
        for batch in windows.batches():
            y[batch] = self._predict_steps(fill_steps(windows.take(batch), self.fill_values_))
        return y

    def _predict_steps(self, batch: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def _check_training(self, X, y, sample_weight, *, reset=True):
        """The windows, targets (n, n_outputs) and weights that can be learned from."""
        windows = check_windows(self, X, reset=reset)
        y = self._targets(windows, check_target_values(self, y, len(windows)))
        weights = check_weights(sample_weight, len(windows))
        if reset:
            self.y_ndim_, self.n_outputs_ = y.ndim, 1 if y.ndim == 1 else y.shape[1]
        elif y.size != len(y) * self.n_outputs_:
            raise ValueError(
                f"y must have {self.n_outputs_} output(s) as in the fit before, got shape {y.shape}"
            )
        y, windows = y.reshape(len(y), -1), self._read(windows, reset=reset)
        complete, known = self._complete(windows), ~np.isnan(y[:, self._learns_from]).any(axis=1)
        kept = complete & known if weights is None else complete & known & (weights > 0)
        if not kept.any():
            raise ValueError(_nothing_left(windows, complete, known))
        if not kept.all():
            windows, y = windows[kept], y[kept]
            weights = None if weights is None else weights[kept]
        if reset:
            mean = np.ma.average(np.ma.masked_invalid(y), axis=0, weights=weights)
            self.y_mean_ = np.ma.filled(mean, mean[0])
            self.fill_values_ = feature_means(windows)
        return windows, y, weights

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.three_d_array = True
        tags.target_tags.multi_output = True
        return tags


def _nothing_left(windows, complete, known):
    n = len(windows)
    if not known.any():
        return f"y must have a known value, got NaN in all of {n} samples"
    if not complete.any():
        reach = (windows.length - 1) * windows.sampling_rate + 1
        return (
            f"all {n} windows are incomplete (windows of {windows.length} steps reach over {reach} "
            f"rows, and each of "
            "them has a NaN or begins before the first row): fill the gaps, or use a longer series "
            "or a smaller window"
        )
    return f"no sample is left to learn from: none of {n} has a complete window, a known y and a weight above 0"


def weight_argument(regressor, sample_weight):
    """The weights as ``fit`` takes them: a pipeline hands them to its last step."""
    if sample_weight is None:
        return {}
    prefix = ""
    while hasattr(regressor, "steps"):
        step, regressor = regressor.steps[-1]
        prefix += f"{step}__"
    return {f"{prefix}sample_weight": sample_weight}
