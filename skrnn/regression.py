"""WindowRegressor: what all regressors on windows share."""

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_is_fitted

from skrnn.validation import check_target_values, check_weights, check_windows, column_position
from skrnn.windows.array import Windows, fill_steps
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


def leads_of(windows: Windows, n_outputs: int) -> np.ndarray:
    """The lead of each output: as the windows know them.

    Outputs behind a single known lead follow it row by row.
    """
    if len(windows.leads) <= 1:
        first = windows.leads[0] if windows.leads else 1
        return np.arange(first, first + n_outputs)
    if len(windows.leads) != n_outputs:
        raise ValueError(
            f"y must have one output for each lead of the windows, {len(windows.leads)}, got "
            f"{n_outputs}"
        )
    return np.array(windows.leads)


def target_position(windows: Windows, target) -> int:
    """Position of the target's column in the windows."""
    column = column_position(target, windows.feature_names, windows.n_features)
    if windows.shift[column]:
        raise ValueError(f"target={target!r} cannot be known ahead: take it out of known_ahead")
    return column


def check_one_unit(estimator, windows: Windows, y: np.ndarray, target) -> None:
    """Make sure that y is the target column's own values, as far as the rows behind the windows can tell."""
    leads = leads_of(windows, y.shape[1])
    column = target_position(windows, target)
    same = agreement(windows, y, leads, column)
    # Windows that are scaled as a whole have left the unit of their rows; y must have left it too.
    if same is None or (same > 0.5) != bool(windows.maps):
        return
    name = type(estimator).__name__
    names = windows.feature_names or range(windows.n_features)
    for other in [] if windows.maps else range(windows.n_features):
        if other != column and (agreement(windows, y, leads, other) or 0) > 0.5:
            raise ValueError(
                f"{name} relates y to the column target={target!r} of the window, but y is the "
                f"column "
                f"{names[other]!r}: use target={names[other]!r}"
            )
    raise ValueError(
        f"{name} relates y to the column target={target!r} of the window, but y is not in that "
        f"column's unit "
        f"(was the window scaled or transformed before?). Scaling goes inside:\n    "
        f"{estimator._scaled_inside}"
    )


def agreement(windows: Windows, y: np.ndarray, leads: np.ndarray, column: int) -> float | None:
    """Share of the targets that stand in the column at their own rows.

    None if no such row is known.
    """
    part = windows[:: max(1, len(windows) // 1000)]
    values = part.values_at(column, leads)
    targets = y[:: max(1, len(windows) // 1000)]
    known = ~np.isnan(values) & ~np.isnan(targets)
    if known.any():
        # The commonest value proves nothing: a series that is mostly zero looks like any other such
        # series.
        often, counts = np.unique(targets[~np.isnan(targets)], return_counts=True)
        known &= targets != often[counts.argmax()]
    if not known.any():
        return None
    return np.isclose(
        values[known], targets[known], rtol=1e-4, atol=1e-6 * np.nanmax(np.abs(targets))
    ).mean()


def weight_argument(regressor, sample_weight):
    """The weights as ``fit`` takes them: a pipeline hands them to its last step."""
    if sample_weight is None:
        return {}
    prefix = ""
    while hasattr(regressor, "steps"):
        step, regressor = regressor.steps[-1]
        prefix += f"{step}__"
    return {f"{prefix}sample_weight": sample_weight}
