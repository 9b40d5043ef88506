"""Scorers for searches: errors of one lead or of all, skill, and what intervals are worth."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone

from skrnn.baselines import NaiveForecaster
from skrnn.evaluation.interval_measures import interval_score
from skrnn.evaluation.measures import error_function, skill
from skrnn.evaluation.promises import check_coverage
from skrnn.evaluation.quantile_measures import pinball_loss
from skrnn.evaluation.samples import samples_of
from skrnn.forecasters.probabilistic import interval_forecasts, quantile_forecasts
from skrnn.forecasters.quantiles import check_quantiles
from skrnn.validation import check_count


def lead_scorer(
    error: str | Callable = "mae", lead: int | None = None
) -> Callable[[BaseEstimator, ArrayLike, ArrayLike], float]:
    """Make a scorer of one lead, or of all leads together.

    It takes what scikit-learn's scorers do not: forecasts of many leads from rows, whose y is the
    series itself, and targets that are unknown (NaN), which it leaves out.

    Parameters
    ----------
    error : {"mae", "mse", "rmse"} or callable, default="mae"
        The error, or a function of ``(y_true, y_pred)`` that gives one. Its negative is the score.
    lead : int, default=None
        The lead to score, in rows ahead of the window. None: all of them, averaged.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y)``, for the ``scoring`` of scikit-learn's searches.

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
    >>> from skrnn import LinearWindow, make_windows
    >>> from skrnn.datasets import load_airline
    >>> from skrnn.evaluation import lead_scorer
    >>> X, y = make_windows(load_airline(), length=24, horizon=12)
    >>> search = GridSearchCV(
    ...     LinearWindow(),
    ...     {"alpha": [1, 1e3]},
    ...     cv=TimeSeriesSplit(3, gap=11),
    ...     scoring=lead_scorer("mae", lead=12),
    ... )
    >>> search.fit(X, y).best_params_
    {'alpha': 1000.0}
    """
    return _LeadScorer(error_function("error", error), _checked(lead))


def skill_scorer(
    baseline: NaiveForecaster | None = None, lead: int | None = None
) -> Callable[[BaseEstimator, ArrayLike, ArrayLike], float]:
    """Make a scorer of skill: the share of the naive forecast's mean absolute error that is gone.

    Parameters
    ----------
    baseline : NaiveForecaster, default=None
        The naive forecast of the same targets. None: the last value.
    lead : int, default=None
        The lead to score, in rows ahead of the window. None: all of them together.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y)``: 1 is a perfect forecast, 0 one as good as the naive.

    Notes
    -----
    Rows in, the naive forecast looks back over the rows that are scored, and over no others. Those
    that it would need more rows for, at the beginning and behind a missing row, are not scored,
    neither of it nor of the model.

    Examples
    --------
    >>> from sklearn.model_selection import TimeSeriesSplit, cross_val_score
    >>> from skrnn import LinearWindow, NaiveForecaster, make_windows
    >>> from skrnn.datasets import load_airline
    >>> from skrnn.evaluation import skill_scorer
    >>> X, y = make_windows(load_airline(), length=24, horizon=12)
    >>> seasonal = skill_scorer(NaiveForecaster("seasonal", season=12))
    >>> cv = TimeSeriesSplit(3, gap=11)
    >>> cross_val_score(LinearWindow(), X, y, cv=cv, scoring=seasonal).round(2)
    array([ 0.25, -0.18,  0.43])
    """
    if baseline is not None and not isinstance(baseline, NaiveForecaster):
        raise ValueError(
            f"baseline must be a NaiveForecaster, which has nothing to learn, got "
            f"{type(baseline).__name__}: compare with other models in backtest"
        )
    return _SkillScorer(baseline, _checked(lead))


def interval_scorer(
    coverage: float = 0.9, lead: int | None = None
) -> Callable[[BaseEstimator, ArrayLike, ArrayLike], float]:
    """Make a scorer of intervals: the negative of their mean interval score.

    It asks for ``predict_interval``, also of what is at the end of a pipeline.

    Parameters
    ----------
    coverage : float, default=0.9
        The share of truths that the intervals promise to hold.
    lead : int, default=None
        The lead to score, in rows ahead of the window. None: all of them, averaged.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y)``, for the ``scoring`` of scikit-learn's searches.

    Examples
    --------
    >>> from skrnn.evaluation import interval_scorer
    >>> scoring = {"all leads": interval_scorer(0.95), "last lead": interval_scorer(0.95, lead=12)}
    """
    return _IntervalScorer(check_coverage("coverage", coverage), _checked(lead))


def quantile_scorer(
    quantiles: ArrayLike = (0.1, 0.5, 0.9), lead: int | None = None
) -> Callable[[BaseEstimator, ArrayLike, ArrayLike], float]:
    """Make a scorer of quantiles: the negative of their mean pinball loss.

    It asks for ``predict_quantiles``, also of what is at the end of a pipeline.

    Parameters
    ----------
    quantiles : sequence of float, default=(0.1, 0.5, 0.9)
        The levels. A model that learns quantiles must have learned them.
    lead : int, default=None
        The lead to score, in rows ahead of the window. None: all of them, averaged.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y)``, for the ``scoring`` of scikit-learn's searches.

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
    >>> from skrnn import LinearWindow, make_windows
    >>> from skrnn.datasets import load_airline
    >>> from skrnn.evaluation import quantile_scorer
    >>> X, y = make_windows(load_airline(), length=24)
    >>> search = GridSearchCV(
    ...     LinearWindow(quantiles=(0.1, 0.9)),
    ...     {"alpha": [0.1, 1e3]},
    ...     cv=TimeSeriesSplit(2),
    ...     scoring=quantile_scorer((0.1, 0.9)),
    ... )
    >>> search.fit(X, y).best_params_
    {'alpha': 0.1}
    """
    return _QuantileScorer(check_quantiles(quantiles), _checked(lead))


def _checked(lead):
    return None if lead is None else check_count("lead", lead)


class _Scorer:
    """Forecasts and truth of the samples that can be scored, cut to the lead that is asked for."""

    # What a forecast of one lead is: a number, or several of them.
    shape = ()

    def __init__(self, measure, lead):
        # The error, the naive forecast that skill is relative to, or what is asked for.
        self.measure = measure
        self.lead = lead

    def __call__(self, estimator, X, y):
        samples = samples_of(estimator, X, y)
        forecast = self._forecast(estimator, X)
        forecast = np.reshape(forecast, (len(forecast), -1, *self.shape))
        n_leads = forecast.shape[1]
        truth = samples.truth(np.arange(len(forecast)), n_leads)
        leads = samples.leads_of(n_leads)
        if self.lead is not None and self.lead not in leads:
            raise ValueError(
                f"lead={self.lead} is none of the leads that are forecast, {leads.tolist()}"
            )
        columns = slice(None) if self.lead is None else leads == self.lead
        return self._score(samples, forecast, truth, columns)

    def _forecast(self, estimator, X):
        return estimator.predict(X)

    def __repr__(self):
        return f"{type(self).__name__}({self.measure!r}, lead={self.lead})"


class _LeadScorer(_Scorer):
    def _score(self, samples, forecast, truth, columns):
        scored = _known(truth[:, columns])
        return -self.measure(truth[:, columns][scored], forecast[:, columns][scored])


class _SkillScorer(_Scorer):
    def _score(self, samples, forecast, truth, columns):
        every = np.arange(len(forecast))
        floor_samples, floor, has_past = samples.for_score(self.measure, forecast.shape[1])
        scored = _known(truth[:, columns]) & has_past
        if not scored.any():
            raise ValueError(
                f"none of the {len(every)} rows to score has the past that the naive forecast "
                f"needs: score more rows"
            )
        floor = clone(floor).fit(*floor_samples.take(every))
        floor_forecast = floor_samples.predict(floor, every)
        error = _mean_error(truth, forecast, scored, columns)
        return skill(error, _mean_error(truth, floor_forecast, scored, columns))


class _IntervalScorer(_Scorer):
    shape = (2,)

    def _forecast(self, estimator, X):
        return interval_forecasts(estimator, X, self.measure)

    def _score(self, samples, forecast, truth, columns):
        scored = _known(truth[:, columns])
        return -interval_score(
            truth[:, columns][scored], forecast[:, columns][scored], self.measure
        )


class _QuantileScorer(_Scorer):
    @property
    def shape(self):
        """A number for each quantile."""
        return (len(self.measure),)

    def _forecast(self, estimator, X):
        return quantile_forecasts(estimator, X, self.measure)

    def _score(self, samples, forecast, truth, columns):
        scored = _known(truth[:, columns])
        return -pinball_loss(truth[:, columns][scored], forecast[:, columns][scored], self.measure)


def _mean_error(truth, forecast, scored, columns):
    return np.abs(truth - forecast)[:, columns][scored].mean()


def _known(truth):
    scored = ~np.isnan(truth).any(axis=1)
    if not scored.any():
        raise ValueError(
            f"no target of the {len(truth)} samples is known with all its leads: there is nothing "
            f"to score"
        )
    return scored
