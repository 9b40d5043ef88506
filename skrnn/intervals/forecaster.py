"""IntervalForecaster: forecasts with the ranges in which their truths will lie."""

import copy
import warnings
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skrnn.evaluation.samples import EvaluationSamples, RowSamples, WindowSamples
from skrnn.forecasters.inside import components, last_step, sliding_window_of, takes_windows
from skrnn.forecasters.leads import MultiOutputForecaster
from skrnn.forecasters.learned_quantiles import all_quantiles, learned_levels
from skrnn.forecasters.samples import Samples
from skrnn.forecasters.wrapping import fit_inner
from skrnn.intervals.adaptive import Adaptive
from skrnn.intervals.conformal import Conformal
from skrnn.intervals.levels import check_levels, levels_of
from skrnn.intervals.quantile import ConformalQuantiles
from skrnn.intervals.residuals import Forecasts, check_calibration_size, rolling_residuals
from skrnn.intervals.sizes import LocalSizes
from skrnn.intervals.telling import TruthsOfRows, TruthsOfWindows
from skrnn.validation import (
    check_count,
    check_forecasts_numbers,
    check_option,
    check_target_values,
    check_weights,
    column_names,
    column_position,
    series_to_frame,
)
from skrnn.wholly import wholly
from skrnn.windows import Windows
from skrnn.windows.inputs import are_windows, check_windows
from skrnn.windows.lost import LostRowsWarning, check_same_index

METHODS = ("conformal", "normalized", "quantile", "adaptive")
DEVIATION = "deviation"


def _moves(forecaster):
    if forecaster.method != "adaptive":
        raise AttributeError(
            f'update moves the levels of method="adaptive", and this one is {forecaster.method!r}'
        )
    return True


class IntervalForecaster(RegressorMixin, BaseEstimator):
    """Forecast with intervals that hold the share of truths that they promise.

    The newest part of the training data is forecast from fits on what was known before, and what
    these forecasts missed, by lead, says how wide intervals must be. Then the estimator is fitted
    on everything. ::

        fit on ........ | gap | forecast, compare    the calibration
        fit on ..............................        what predicts

    Parameters
    ----------
    estimator : estimator
        What forecasts: a regressor or pipeline on windows, any scikit-learn regressor, which gets
        flattened ones, or a pipeline with ``SlidingWindow`` that takes rows. One lead or many.
    method : {"conformal", "normalized", "quantile", "adaptive"}, default="conformal"
        "conformal": order statistics of each lead's residuals. "normalized": of residuals relative
        to a local size of error, so that intervals widen where errors do; see ``size``. "quantile":
        between quantiles that the estimator has learned, each moved by how much it missed.
        "adaptive": of the newest residuals, at levels that move as truths arrive; see ``update``.
    calibration_size : float or int, default=0.2
        The share of the samples, or the number of origins, that are calibrated on: the newest.
    n_blocks : int, default=1
        How many fits the calibration takes. Each forecasts its part of these origins from what was
        known before; with more of them, forecasts are from fresher fits.
    size : "deviation", int or estimator, default=None
        The local size of errors that residuals are counted in, by all methods but "quantile".
        "deviation": the standard deviation of the target's steps in the window. A number: the mean
        absolute change over so many rows in the window, as over a season. A regressor on windows:
        it learns how large errors are relative to the deviation, as a logarithm, from the older
        half of the residuals; the newer half is calibrated with. None: the deviation with
        "normalized", and of panels; otherwise residuals are counted as they are.
    target : str or int, default=None
        The column that y continues, by name or position. None: the one that has y's values. It is
        asked for where sizes are those of windows.

    Attributes
    ----------
    estimator_ : estimator
        The estimator, fitted on all samples.
    residuals_ : Residuals
        What the forecasts of the calibration missed, by origin and lead, and their sizes.
    leads_ : ndarray of shape (n_leads,)
        How many rows ahead each output lies.
    rule_ : object
        The method, with what it has learned.

    Notes
    -----
    *What is promised.* Of n residuals a quantile of level q is the ⌈q·(n + 1)⌉th (below the middle
    the ⌊q·(n + 1)⌋th), by which an interval holds at least its share of truths that are
    exchangeable with the calibration's. Truths of series are only nearly so: measure what an
    interval has held with ``backtest``. Both ends have their own level: an interval of 0.9 leaves
    out 0.05 below and 0.05 above. 0.95 takes 39 residuals of each lead, 0.8 takes 9. Where there
    are fewer, those of neighbouring leads are pooled and a warning says so.

    *Panels.* Residuals are those of all series together, each in units of its window's ``size``, by
    which intervals of small and large series have their own widths; those of "quantile" in units of
    the distance between the outermost quantiles.

    *Cost.* One fit of the estimator for each block, on the older part of the data, and its
    forecasts, beside the fit on everything.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import IntervalForecaster, LinearWindow, make_windows
    >>> noise = np.random.default_rng(0).normal(size=1000)
    >>> X, y = make_windows(noise, length=2)
    >>> model = IntervalForecaster(LinearWindow()).fit(X[:800], y[:800])
    >>> lower, upper = model.predict_interval(X[800:], coverage=0.9).T
    >>> print(f"{np.mean((lower <= y[800:]) & (y[800:] <= upper)):.2f}")
    0.93
    """

    reads_sequences = True
    # Not inside of one, as only its own methods tell intervals.
    is_around_pipelines = True

    def __init__(
        self,
        estimator,
        *,
        method="conformal",
        calibration_size=0.2,
        n_blocks=1,
        size=None,
        target=None,
    ):
        self.estimator = estimator
        self.method = method
        self.calibration_size = calibration_size
        self.n_blocks = n_blocks
        self.size = size
        self.target = target

    @property
    def inner_model(self) -> BaseEstimator | None:
        """The fitted estimator, where there is one."""
        return getattr(self, "estimator_", None)

    @wholly
    def fit(self, X, y, sample_weight=None) -> "IntervalForecaster":
        """Calibrate, then fit the estimator on everything.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, steps, n_features), or rows (n_rows, \
n_features)
            The windows or, for a pipeline that makes them, the rows.
        y : array-like of shape (n_samples,) or (n_samples, n_leads)
            The targets; for rows, the series itself. Unknown ones are NaN.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights that the estimator is fitted with.

        Returns
        -------
        self : IntervalForecaster
        """
        check_option("method", self.method, METHODS)
        check_forecasts_numbers("estimator", self.estimator)
        if hasattr(self.size, "fit") or isinstance(self.size, type):
            check_forecasts_numbers("size", self.size)
        if self.method == "quantile" and self.size is not None:
            raise ValueError(
                f'size={self.size!r} has no part in method="quantile", which counts in the '
                "distance between quantiles: leave it out, or use another method"
            )
        size = check_calibration_size(self.calibration_size)
        n_blocks = check_count("n_blocks", self.n_blocks)
        samples = self._samples(X, y)
        weights = check_weights(sample_weight, len(samples))
        template = self._template()
        self._check_learns_quantiles()
        self.method_ = self.method
        self.is_panel_ = samples.is_panel
        self.sizes_ = self._local_sizes(samples)
        residuals = rolling_residuals(
            samples,
            template,
            weights,
            size=size,
            n_blocks=n_blocks,
            with_quantiles=self.method == "quantile",
        )
        if self.sizes_ is not None:
            sizes = self.sizes_.of_samples(samples.X, residuals.which)
            residuals = replace(residuals, sizes=sizes)
        if hasattr(self.size, "fit"):
            residuals = self._learn_size(samples, residuals)
        everything = Samples(samples.X, samples.y, weights)
        self.estimator_ = fit_inner(template, None, everything, going_on=False)
        if self.takes_rows_ and hasattr(self.estimator_, "n_features_in_"):
            self.n_features_in_ = self.estimator_.n_features_in_
        self.leads_ = residuals.leads
        self.residuals_ = residuals
        self.rule_ = self._rule(residuals)
        self.truths_ = TruthsOfWindows()
        if self.takes_rows_:
            self.truths_ = TruthsOfRows.behind(samples.X, self.estimator)
        return self

    def predict(self, X) -> np.ndarray:
        """Forecast, as the estimator does.

        Parameters
        ----------
        X : as in ``fit``
            Windows, or rows.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_leads)
        """
        check_is_fitted(self, "estimator_")
        return self.estimator_.predict(self._inputs(X))

    def predict_interval(self, X, coverage: float | ArrayLike = 0.9) -> np.ndarray:
        """The range in which the truth will lie, with a chance of ``coverage``.

        Parameters
        ----------
        X : as in ``fit``
            Windows, or rows.
        coverage : float or sequence of float, default=0.9
            The share of truths that intervals hold, above 0 and below 1.

        Returns
        -------
        interval : ndarray of shape (n_samples, [n_leads,] 2)
            Lower and upper end. Of several coverages (n_samples, [n_leads,] n_coverages, 2).
        """
        coverages = check_levels("coverage", coverage)
        ends = self._quantiles(X, levels_of(coverages).ravel())
        one = np.ndim(coverage) == 0
        return ends if one else ends.reshape(*ends.shape[:-1], len(coverages), 2)

    def predict_quantiles(self, X, quantiles: float | ArrayLike) -> np.ndarray:
        """Quantiles of what may come, which never cross.

        Parameters
        ----------
        X : as in ``fit``
            Windows, or rows.
        quantiles : float or sequence of float
            Their levels, above 0 and below 1.

        Returns
        -------
        y : ndarray of shape (n_samples, [n_leads,] n_quantiles)
        """
        return self._quantiles(X, check_levels("quantiles", quantiles))

    def sample_paths(self, X, n: int = 100, random_state=None) -> np.ndarray:
        """What may come, drawn: forecasts with the residuals of origins of the calibration.

        The residuals of an origin are drawn whole, all leads together: so what is added up over the
        horizon is as uncertain as it has been, which intervals of single leads cannot tell.

        Parameters
        ----------
        X : as in ``fit``
            Windows, or rows.
        n : int, default=100
            How many paths are drawn for each sample.
        random_state : int, RandomState instance or None, default=None
            What is drawn.

        Returns
        -------
        paths : ndarray of shape (n, n_samples, n_leads)
        """
        check_count("n", n)
        forecasts, _ = self._forecasts(X)
        return self.rule_.paths(forecasts, n, check_random_state(random_state))

    @available_if(_moves)
    @wholly
    def update(self, X, y) -> "IntervalForecaster":
        """Move the levels of intervals by truths that have arrived; the estimator stays.

        Parameters
        ----------
        X : as in ``fit``
            Windows or rows in order of time, behind those that came before. Rows need an index, and
            those in front that their windows look back to; they are told once: those that were told
            before do not count again. A forecast from fewer rows than it looks back to says
            nothing, and does not count.
        y : array-like of shape (n_samples,) or (n_samples, n_leads)
            Their targets. Leads that are not known yet are NaN; they count when they come in a
            further update, as rows that follow or, of windows, as the same window with the others
            NaN.

        Returns
        -------
        self : IntervalForecaster
        """
        check_is_fitted(self, "estimator_")
        if self.takes_rows_:
            check_same_index(X, y)
        with warnings.catch_warnings():
            # Rows that are there for the windows of others do not count, nor do their forecasts.
            warnings.simplefilter("ignore", LostRowsWarning)
            forecasts, _ = self._forecasts(X)
        self.rule_ = copy.copy(self.rule_)
        self.truths_ = copy.copy(self.truths_)
        truth = check_target_values(self, y, len(forecasts.values)).reshape(len(X), -1)
        expected = 1 if self.takes_rows_ else len(self.leads_)
        if truth.shape[1] != expected:
            raise ValueError(
                f"y must have {expected} output(s) as in fit, got {truth.shape[1]}: leads that are "
                "not known yet are NaN"
            )
        told = truth, forecasts.values, forecasts.sizes
        for residuals in self.truths_.arrived(self._inputs(X), *told):
            self.rule_.learn(residuals)
        return self

    @available_if(_moves)
    def forecasts(self, X) -> tuple[np.ndarray, np.ndarray]:
        """What intervals are made around, which no truth moves.

        Parameters
        ----------
        X : as in ``fit``
            Windows, or rows.

        Returns
        -------
        values : ndarray of shape (n_samples, n_leads)
            The estimator's forecasts.
        sizes : ndarray of shape (n_samples,)
            What residuals are told in: 1 or, of panels and with ``size``, the local size of errors.
        """
        forecasts, _ = self._forecasts(X)
        return forecasts.values, forecasts.sizes

    @available_if(_moves)
    def intervals_around(
        self, values: np.ndarray, sizes: np.ndarray, coverages: ArrayLike
    ) -> np.ndarray:
        """The intervals (n, n_leads, n_coverages, 2) around ``forecasts``, as levels stand."""
        coverages = check_levels("coverages", coverages)
        forecasts = Forecasts(np.asarray(values), np.asarray(sizes), None)
        ends = self.rule_.quantiles(forecasts, levels_of(coverages).ravel())
        return ends.reshape(*ends.shape[:-1], len(coverages), 2)

    @available_if(_moves)
    def learn(self, missed: np.ndarray) -> "IntervalForecaster":
        """Move the levels by what ``forecasts`` of one time missed, as ``update`` does.

        Parameters
        ----------
        missed : ndarray of shape (n, n_leads)
            Truths less forecasts, each divided by its size; NaN where a truth is not known.

        Returns
        -------
        self : IntervalForecaster
        """
        self.rule_ = copy.copy(self.rule_)
        self.rule_.learn(np.asarray(missed, np.float64))
        return self

    def score(self, X, y, sample_weight=None) -> float:
        """The estimator's own score, R² of its forecasts.

        Parameters
        ----------
        X : as in ``fit``
            Windows, or rows.
        y : array-like of shape (n_samples,) or (n_samples, n_leads)
            The targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        score : float
        """
        check_is_fitted(self, "estimator_")
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        return self.estimator_.score(self._inputs(X), y, **weights)

    # ------------------------------------------------------------------ what comes in

    def _samples(self, X, y) -> EvaluationSamples:
        """The samples to fit on, of rows or of windows."""
        window = sliding_window_of(self.estimator)
        self.takes_rows_ = window is not None and not are_windows(X)
        if self.takes_rows_:
            return RowSamples(self.estimator, series_to_frame(X), y)
        return WindowSamples(self, check_windows(self, X, reset=True), y)

    def _inputs(self, X):
        """Rows or windows as the estimator takes them."""
        if self.takes_rows_:
            return series_to_frame(X)
        windows = check_windows(self, X, reset=False)
        known = windows.leads
        if known and list(known) not in (self.leads_.tolist(), self.leads_[:1].tolist()):
            raise ValueError(
                f"X must have the leads that were calibrated, {_listed(self.leads_)}, got windows "
                f"for {_listed(known)}: fit for these"
            )
        return windows

    def _forecasts(self, X) -> tuple[Forecasts, tuple]:
        """The forecasts of each lead, and the shape that they have for the user."""
        check_is_fitted(self, "estimator_")
        inputs = self._inputs(X)
        forecast = np.asarray(self.estimator_.predict(inputs), np.float64)
        values = forecast.reshape(len(forecast), -1)
        sizes = np.ones(len(values)) if self.sizes_ is None else self.sizes_(inputs)
        quantiles = None
        if self.method_ == "quantile":
            learned = all_quantiles(self.estimator_, inputs)
            quantiles = learned.reshape(*values.shape, -1)
        return Forecasts(values, sizes, quantiles), forecast.shape

    def _quantiles(self, X, levels):
        forecasts, shape = self._forecasts(X)
        found = self.rule_.quantiles(forecasts, levels)
        return found.reshape(*shape, len(levels))

    # ------------------------------------------------------------------ what is learned

    def _template(self):
        """What is fitted; what takes tables gets complete windows, as others see to themselves."""
        if self.takes_rows_ or takes_windows(self.estimator):
            return self.estimator
        return MultiOutputForecaster(self.estimator)

    def _check_learns_quantiles(self):
        if self.method != "quantile":
            return
        inside = components(self.estimator)
        if not any(getattr(part, "quantiles", None) is not None for part in inside):
            name = type(last_step(self.estimator)).__name__
            raise ValueError(
                f'method="quantile" moves quantiles that the estimator has learned, and {name} '
                "learns none: use another method, or a network or linear model with "
                "quantiles=(0.05, 0.5, 0.95)"
            )

    def _local_sizes(self, samples) -> LocalSizes | None:
        """What tells the size of errors from windows; None where all count alike."""
        by_default = self.method == "normalized" or (samples.is_panel and self.method != "quantile")
        if self.size is None and not by_default:
            return None
        season = None
        if self.size not in (None, DEVIATION) and not hasattr(self.size, "fit"):
            season = _season(self.size)
        column = self._target_column(samples)
        window = None
        if self.takes_rows_:
            window = clone(sliding_window_of(self.estimator)).set_params(known_ahead=None)
        return LocalSizes.of(samples.X, column, season=season, window=window)

    def _target_column(self, samples):
        """The column of the target in windows or rows."""
        windows = samples.X if isinstance(samples.X, Windows) else None
        names = column_names(samples.X) if windows is None else windows.feature_names
        if self.target is not None:
            return column_position(self.target, names, np.shape(samples.X)[-1])
        column = _column_of_y(samples) if self.takes_rows_ else samples.target()
        if column is None:
            raise ValueError(
                "the size of errors is told by the past of y, and X has no column with y's values: "
                'name it (target=), or use method="conformal"'
            )
        return column

    def _learn_size(self, samples, residuals):
        """Learn sizes from the older half of the residuals; the newer half, in these sizes."""
        middle = np.unique(residuals.origins)
        newer = residuals.origins >= middle[len(middle) // 2]
        if newer.all():
            raise ValueError(
                f"size is learned from one half of the calibration's origins, and there is only "
                f"{len(middle)}: use a larger calibration_size"
            )
        self.sizes_ = self.sizes_.learned(self.size, samples.X, residuals.take(~newer))
        sizes = self.sizes_.of_samples(samples.X, residuals.which[newer])
        return replace(residuals.take(newer), sizes=sizes)

    def _rule(self, residuals):
        if self.method == "quantile":
            learned = learned_levels(self.estimator_)
            return ConformalQuantiles(residuals, learned, of_panel=self.is_panel_)
        return Adaptive(residuals) if self.method == "adaptive" else Conformal(residuals)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator).target_tags
        tags.input_tags.allow_nan = True
        tags.input_tags.three_d_array = sliding_window_of(self.estimator) is None
        tags.target_tags.multi_output = inner.multi_output
        return tags


def _season(size):
    """The rows of a season that ``size`` is."""
    try:
        return check_count("size", size)
    except ValueError:
        raise ValueError(
            f'size must be "deviation", a whole number of rows, a regressor or None, got {size!r}'
        ) from None


def _column_of_y(samples):
    """The column of rows that has y's values; None where none has."""
    y = samples.truth(np.arange(len(samples)), 1)[:, 0]
    columns = samples.X.items() if hasattr(samples.X, "items") else enumerate(samples.X.T)
    for position, (_, column) in enumerate(columns):
        values = np.asarray(column)
        if values.dtype.kind in "fiu" and np.array_equal(values.astype(float), y, equal_nan=True):
            return position
    return None


def _listed(leads):
    leads = [int(lead) for lead in leads]
    if len(leads) > 2 and leads == list(range(leads[0], leads[-1] + 1)):
        return f"{leads[0]} to {leads[-1]}"
    return ", ".join(map(str, leads))
