"""Backtests: forecasts from rolling origins beside a baseline's, as they would have been made."""

import copy
import numbers
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import BaseCrossValidator

from skrnn.evaluation.changes import MEMORIES, changes_by_lead
from skrnn.evaluation.folds import make_groups
from skrnn.evaluation.intervals import Promise, end_names, ends_by_name
from skrnn.evaluation.own_intervals import answers, learns_from_truths, numbered, own_intervals
from skrnn.evaluation.promises import check_coverages
from skrnn.evaluation.result import Backtest
from skrnn.evaluation.row_samples import season_of
from skrnn.evaluation.samples import forecast_table, samples_of
from skrnn.validation import check_forecasts_numbers
from skrnn.windows import Windows
from skrnn.wording import count

# More folds than there are.
ALL_FOLDS = 10**9
# What the series of a panel have changed when a forecast is made, by memory.
CHANGES = [f"changed_{memory:g}" for memory in MEMORIES]


def backtest(
    estimator: BaseEstimator,
    X: Windows | ArrayLike,
    y: ArrayLike,
    *,
    cv: int | BaseCrossValidator = 5,
    refit: bool | int = True,
    baseline: BaseEstimator | None = None,
    coverages: float | Sequence[float] | None = None,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> Backtest:
    """Forecast from rolling origins, and measure the errors beside a baseline's.

    ::

        fold 0   train ........ | gap | test ....
        fold 1   train ................... | gap | test ....

    Each fold's model is fitted on what was known before the first forecast of its test was made:
    training targets end at that forecast's origin. The gap that takes is set by itself.

    Parameters
    ----------
    estimator : estimator
        A model on windows, or a pipeline with ``SlidingWindow`` that takes rows. It is cloned for
        each fit, so that no fit goes on with the weights of another.
    X : Windows, array-like of shape (n_samples, steps, n_features), or rows (n_rows, n_features)
        The windows or, for a pipeline that makes them, the rows.
    y : array-like of shape (n_samples,) or (n_samples, n_leads)
        The targets; for rows, the series itself. Unknown targets (NaN) are not scored.
    cv : int or splitter, default=5
        Number of folds, as in ``TimeSeriesSplit``, whose windows expand; or a splitter, such as
        ``TimeSeriesSplit(8, test_size=24, max_train_size=1000)`` for windows that slide. The folds
        of a panel that are only counted share their dates. Where there is no time index, or most of
        the series end before the newest three tenths of all dates, they share their distance from
        the end; of the latter a warning tells. If a splitter trains on targets that were not known
        when its test begins, a warning says by how many rows, and these samples are left out. A
        series of a panel that a splitter does not test in a fold may be trained on as a whole.
    refit : bool or int, default=True
        Fit anew in each fold; in the first only (False); or in every so many folds. Each fit knows
        what was known before all the forecasts that it makes.
    baseline : estimator, default=None
        What to compare with, on windows; for rows it gets windows of y alone, or the rows if it
        makes windows of its own. None: the last value. Its ``season`` is that of MASE: errors
        relative to the mean change over a season in the training targets.
    coverages : float or sequence of float, default=None
        Measure intervals that are to hold these shares of truths, such as (0.8, 0.95). A model with
        ``predict_interval`` gives its own, and is told by ``update``, if it has that, of the truths
        that are known before each origin. For others, and for the baseline, they are as wide as
        what forecasts of the same lead missed in other folds, as far as that was known when the
        fold's first forecast was made; the first fold has none, and does not count. Of a panel
        these are in units of what each series has changed over that lead.
    n_jobs : int, default=None
        Fits in parallel, as in joblib.
    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    result : Backtest
        Forecasts and their errors, by fold and by lead.

    Examples
    --------
    >>> from sklearn.model_selection import TimeSeriesSplit
    >>> from sklearn.pipeline import make_pipeline
    >>> from skrnn import LinearWindow, NaiveForecaster, SlidingWindow
    >>> from skrnn.datasets import load_airline
    >>> from skrnn.evaluation import backtest
    >>> df = load_airline()
    >>> pipe = make_pipeline(SlidingWindow(length=24, lead=12), LinearWindow())
    >>> years = TimeSeriesSplit(3, test_size=12, gap=11)
    >>> seasonal = NaiveForecaster("seasonal", season=12)
    >>> result = backtest(pipe, df, df["passengers"], cv=years, baseline=seasonal)
    >>> result.by_fold[["mae", "baseline_mae", "skill"]].round(2)
            mae  baseline_mae  skill
    fold
    0     35.65         12.58  -1.83
    1     22.70         47.33   0.52
    2     15.45         47.83   0.68
    """
    check_forecasts_numbers("estimator", estimator)
    if baseline is not None:
        check_forecasts_numbers("baseline", baseline)
    if coverages is not None:
        coverages = tuple(sorted(check_coverages("coverages", coverages)))
        X = numbered(estimator, X)
    samples = samples_of(estimator, X, y)
    groups = make_groups(samples, cv, _check_refit(refit))
    jobs = (
        delayed(_forecast_group)(estimator, baseline, samples, group, coverages) for group in groups
    )
    done = Parallel(n_jobs=n_jobs, return_as="generator")(jobs)
    folds = [fold for group in _progress(done, len(groups), verbose) for fold in group]
    table = pd.concat([fold.table.assign(fold=number) for number, fold in enumerate(folds)])
    columns = ["fold", "origin", "lead", "true", "predicted", "baseline", "scale"]
    if samples.is_panel:
        columns = ["series", *columns]
    promise = None
    if coverages is not None:
        ends = [name for coverage in coverages for name in end_names(coverage) if name in table]
        promise = Promise(
            coverages=coverages,
            own=bool(ends),
            rows=table[["made_at", "made_for"]].to_numpy(),
            changes=table[CHANGES].to_numpy() if samples.is_panel else None,
        )
        columns += ends
    return Backtest.of_table(
        table[columns],
        fit_times=[fold.fit_time for fold in folds],
        predict_times=[fold.predict_time for fold in folds],
        estimators=[fold.model for fold in folds],
        promise=promise,
    )


@dataclass(frozen=True)
class _Fold:
    """A fold's table, its model, and the seconds that the model took to fit and to predict."""

    table: pd.DataFrame
    model: BaseEstimator
    fit_time: float
    predict_time: float


def _check_refit(refit):
    """How many folds share a fit."""
    if isinstance(refit, bool | np.bool_):
        return 1 if refit else ALL_FOLDS
    if not isinstance(refit, numbers.Integral) or refit < 1:
        raise ValueError(
            f"refit must be True, False or after how many folds to fit anew, got {refit!r}"
        )
    return int(refit)


def _forecast_group(estimator, baseline, samples, group, coverages):
    """Fit on the training samples, and forecast all of the tests."""
    scale = _scale(samples, group.train, season_of(baseline))
    start = time.perf_counter()
    model = _fit(estimator, samples, group.train)
    fit_time = time.perf_counter() - start
    folds = []
    floor = None
    for test in group.tests:
        start = time.perf_counter()
        forecasts = samples.predict(model, test)
        predict_time = time.perf_counter() - start
        if floor is None:
            floor_samples, floor = samples.for_baseline(baseline, forecasts.shape[1])
            floor = clone(floor).fit(*floor_samples.take(group.train))
        columns = {"baseline": _floor(floor_samples.predict(floor, test), forecasts, samples)}
        told = model
        if coverages is not None and answers(model):
            # Each fold that a model is told of begins with what is known then.
            again = len(group.tests) > 1 and learns_from_truths(model)
            told = copy.deepcopy(model) if again else model
            found = own_intervals(told, samples, group.train, test, forecasts.shape[1], coverages)
            columns |= ends_by_name(found, coverages)
        if coverages is not None and samples.is_panel:
            changes = _changes(samples, test, forecasts.shape[1], season_of(baseline))
            columns |= dict(zip(CHANGES, changes.reshape(-1, len(MEMORIES)).T, strict=True))
        table = _table(samples, test, forecasts, scale, columns)
        folds.append(_Fold(table, told, fit_time, predict_time))
        # The next fold goes on with this fit.
        fit_time = np.nan
    return folds


def _fit(estimator, samples, train):
    try:
        return clone(estimator).fit(*samples.take(train))
    except Exception as error:
        # It goes on as it is, with what only the backtest knows.
        error.add_note(
            f"This fold of the backtest has {len(train)} samples to train on; fewer folds have "
            f"more."
        )
        raise


def _floor(floor, forecasts, samples):
    """The baseline's forecasts, which are of the model's leads."""
    n_leads = len(samples.leads_of(forecasts.shape[1]))
    if floor.shape != forecasts.shape:
        raise ValueError(
            f"baseline must forecast the model's {n_leads} leads, got {floor.shape[1]}"
        )
    return floor.ravel()


def _table(samples, test, forecasts, scale, columns):
    """A line for each forecast whose truth is known; ``columns`` are of further forecasts."""
    n_leads = forecasts.shape[1]
    table = forecast_table(
        samples,
        test,
        forecasts,
        scale=np.repeat(scale[samples.series[test]], n_leads),
        made_at=np.repeat(samples.shared()[0][test], n_leads),
        made_for=samples.shared_rows(test, n_leads).ravel(),
        **columns,
    )
    known = table["true"].notna().to_numpy()
    if not known.any():
        raise ValueError(
            f"none of the {len(table)} targets of a test fold is known: there is nothing to "
            f"compare forecasts with. Use fewer folds, or leave these rows out of cv"
        )
    if not known.all():
        table = table[known]
    for name in ("predicted", *(name for name in columns if name not in CHANGES)):
        _check_finite("baseline" if name == "baseline" else "estimator", table[name])
    return table


def _check_finite(name, forecasts):
    finite = np.isfinite(forecasts.to_numpy(float))
    if not finite.all():
        raise ValueError(
            f"{name} must forecast finite numbers, got {forecasts[~finite].iloc[0]} for "
            f"{count(np.count_nonzero(~finite), 'row')} of {len(forecasts)}, the first of them "
            f"{forecasts.index[~finite][0]}: fill unknown values before the model"
        )


def _scale(samples, train, season):
    """For each series the mean change over a season in what the training targets tell.

    NaN where they do not.
    """
    series, rows, values = samples.targets(train)
    known = ~np.isnan(values)
    # One number for each row, with a season between one series and the next.
    span = int(rows.max()) + 1 + season
    keys, first = np.unique((series * span + rows)[known], return_index=True)
    values = values[known][first]
    before = np.searchsorted(keys, keys - season)
    pairs = keys[before] == keys - season
    changes = pd.Series(np.abs(values - values[before])[pairs]).groupby(keys[pairs] // span).mean()
    return changes.where(changes > 0).reindex(np.arange(int(samples.series.max()) + 1)).to_numpy()


def _changes(samples, test, n_leads, season):
    """What series have changed over each lead when some forecasts are made, by memory."""
    series, rows, values = samples.targets(np.arange(len(samples)))
    # Rows are counted over all series: each begins with the first at which it is forecast.
    n_series = int(samples.series.max()) + 1
    first = np.full(n_series, np.iinfo(np.int64).max)
    np.minimum.at(first, samples.series, samples.origin)
    rows = rows - first[series]
    n_rows = np.zeros(n_series, np.int64)
    np.maximum.at(n_rows, series, rows + 1)
    bounds = np.cumsum([0, *n_rows])
    targets = np.full(bounds[-1], np.nan)
    targets[bounds[series] + rows] = values
    at = (bounds[:-1] - first)[samples.series[test]] + samples.origin[test]
    leads = samples.leads_of(n_leads)
    return changes_by_lead(targets, bounds, at, leads=leads, season=season)


def _progress(done, total, verbose):
    """The groups as they come, behind a progress bar if one is wanted."""
    if not verbose:
        return done
    from rich.console import Console
    from rich.progress import track

    return track(done, description="backtest", total=total, console=Console(stderr=True))
