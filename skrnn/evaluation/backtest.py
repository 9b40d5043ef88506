"""backtest: forecasts from rolling origins, beside a baseline's, as they would have been made at the time."""

import numbers
import time
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.model_selection import TimeSeriesSplit, check_cv

from skrnn.evaluation.measures import MEASURES, beside_baseline, by
from skrnn.evaluation.samples import samples_of
from skrnn.validation import check_count


@dataclass(frozen=True, repr=False)
class Backtest:
    """What ``backtest`` found.

    Attributes
    ----------
    predictions : DataFrame
        A line for each forecast, with the label of the row that it is for as index: "series" (for a panel), "fold",
        "origin" (the label of the row at which it was made), "lead", "true", "predicted" and "baseline".
    scores : Series
        The errors over all forecasts: "mae", "rmse", "mase", "smape" (percent), "skill", and those of the baseline,
        as "baseline_mae" and so on.
    by_fold : DataFrame
        The same for each fold, with the seconds that the model took to fit and to predict. A fold that goes on with an
        earlier fit has NaN for the first.
    by_lead : DataFrame
        The same for each lead.
    estimators : list
        The fitted models, one for each fold; folds without a refit share theirs.
    """

    predictions: pd.DataFrame
    scores: pd.Series
    by_fold: pd.DataFrame
    by_lead: pd.DataFrame
    estimators: list

    def __repr__(self) -> str:
        both = {name: [self.scores[name], self.scores[f"baseline_{name}"]] for name in MEASURES}
        table = pd.DataFrame(both, index=["model", "baseline"])
        table["skill"] = [self.scores["skill"], 0.0]
        n_folds, n_leads = len(self.by_fold), len(self.by_lead)
        leads = f"{n_leads} leads" if n_leads > 1 else f"lead {self.by_lead.index[0]}"
        title = f"Backtest of {len(self.predictions)} forecasts, {n_folds} folds, {leads}"
        return f"{title}\n{table.to_string(float_format='{:.4g}'.format)}"


def backtest(estimator, X, y, *, cv=5, refit=True, baseline=None, n_jobs=None, verbose=0):
    """Forecast from rolling origins, and measure the errors beside a baseline's.

    ::

        fold 0   train ........ | gap | test ....
        fold 1   train ................... | gap | test ....

    Each fold's model is fitted on what was known before the first forecast of its test was made: training targets end
    at that forecast's origin. The gap that takes is set by itself.

    Parameters
    ----------
    estimator : estimator
        A model on windows, or a pipeline with ``SlidingWindow`` that takes rows. It is cloned for each fit, so that no
        fit goes on with the weights of another.
    X : Windows, array-like of shape (n_samples, steps, n_features), or rows of shape (n_rows, n_features)
        The windows or, for a pipeline that makes them, the rows.
    y : array-like of shape (n_samples,) or (n_samples, n_leads)
        The targets; for rows, the series itself. Unknown targets (NaN) are not scored.
    cv : int or splitter, default=5
        Number of folds, as in ``TimeSeriesSplit``, whose windows expand; or a splitter, such as
        ``TimeSeriesSplit(8, test_size=24, max_train_size=1000)`` for windows that slide. The folds of a panel that
        are only counted share their dates (their distance from the end, where there is no time index). If a splitter
        trains on targets that were not known when its test begins, a warning says by how many rows, and these samples
        are left out.
    refit : bool or int, default=True
        Fit anew in each fold; in the first only (False); or in every so many folds.
    baseline : estimator, default=None
        What to compare with, on windows; for rows it gets windows of y alone. None: the last value. Its ``season`` is
        that of MASE: errors relative to the mean change over a season in the training targets.
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
    >>> result = backtest(pipe, df, df["passengers"], cv=years, baseline=NaiveForecaster("seasonal", season=12))
    >>> result.by_fold[["mae", "baseline_mae", "skill"]].round(2)
            mae  baseline_mae  skill
    fold
    0     35.65         12.58  -1.83
    1     22.70         47.33   0.52
    2     15.45         47.83   0.68
    """
    every = _check_refit(refit)
    samples = samples_of(estimator, X, y)
    folds = _folds(samples, cv)
    groups = [folds[start : start + every] for start in range(0, len(folds), every)]
    jobs = (delayed(_forecast_group)(estimator, baseline, samples, group) for group in groups)
    done = Parallel(n_jobs=n_jobs, return_as="generator")(jobs)
    parts = [fold for group in _progress(done, len(groups), verbose) for fold in group]
    tables = [part.table.assign(fold=number) for number, part in enumerate(parts)]
    table = pd.concat(tables)
    by_fold = by(table, "fold")
    by_fold["fit_time"], by_fold["predict_time"] = [[part.seconds[at] for part in parts] for at in (0, 1)]
    columns = ["fold", "origin", "lead", "true", "predicted", "baseline"]
    return Backtest(
        table[["series", *columns] if samples.is_panel else columns],
        pd.Series(beside_baseline(table)),
        by_fold,
        by(table, "lead"),
        [part.model for part in parts],
    )


@dataclass
class _Part:
    """A fold's table, its model, and the seconds that the model took to fit and to predict."""

    table: pd.DataFrame
    model: object
    seconds: tuple


def _check_refit(refit):
    """How many folds share a fit."""
    if isinstance(refit, bool | np.bool_):
        return 1 if refit else 10**9
    if not isinstance(refit, numbers.Integral) or refit < 1:
        raise ValueError(f"refit must be True, False or after how many folds to fit anew, got {refit!r}")
    return int(refit)


# ---------------------------------------------------------------------- folds


def _folds(samples, cv):
    """(train, test) of each fold; training targets are known when the first test forecast is made."""
    counted = isinstance(cv, numbers.Integral) and not isinstance(cv, bool)
    splits = _counted_splits(samples, check_count("cv", cv, minimum=2)) if counted else _given_splits(samples, cv)
    folds, leaks = [], []
    for number, (train, test) in enumerate(splits):
        ahead = _rows_ahead(samples, train, test, apart=not counted)
        leaks.append(int(ahead.max(initial=0)))
        folds.append((train[ahead <= 0], test))
        if not len(folds[-1][0]):
            raise ValueError(
                f"fold {number} has nothing to train on: none of its {len(train)} training samples has targets that "
                "were known when its test begins. Use fewer folds, a longer series, or a splitter in time order"
            )
    if max(leaks) > 0 and not counted:
        warnings.warn(
            f"cv leaks by {max(leaks)} rows: it trains on targets up to {max(leaks)} rows newer than the origin of the "
            f"first forecast that it tests. They were left out of training. A gap in cv, as in "
            f"TimeSeriesSplit(gap={max(leaks)}), leaves them out too; a number of folds (cv=5) sets it by itself",
            UserWarning,
            stacklevel=3,
        )
    return folds


def _counted_splits(samples, n_splits):
    origins, which = np.unique(samples.origin, return_inverse=True)
    for train, test in TimeSeriesSplit(n_splits).split(origins):
        yield np.flatnonzero(which <= train[-1]), np.flatnonzero((which >= test[0]) & (which <= test[-1]))


def _given_splits(samples, cv):
    for train, test in check_cv(cv).split(samples.X, samples.y):
        yield np.flatnonzero(train) if train.dtype == bool else train, test


def _rows_ahead(samples, train, test, *, apart):
    """How many rows newer than the first test origin each training sample's targets are (of its series, ``apart``)."""
    if not apart:
        return samples.newest[train] - samples.origin[test].min()
    first = np.full(int(samples.series.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, samples.series[test], samples.origin[test])
    untested = first[samples.series[train]] == np.iinfo(np.int64).max
    return np.where(untested, 0, samples.newest[train] - np.where(untested, 0, first[samples.series[train]]))


# ---------------------------------------------------------------------- forecasts


def _forecast_group(estimator, baseline, samples, folds):
    """Fit on the first fold's training samples, and forecast all of the folds' tests."""
    train = folds[0][0]
    start = time.perf_counter()
    model = clone(estimator).fit(*samples.part(train))
    fit_time = time.perf_counter() - start
    parts, floor = [], None
    for number, (_, test) in enumerate(folds):
        start = time.perf_counter()
        forecasts = samples.predict(model, test)
        seconds = np.nan if number else fit_time, time.perf_counter() - start
        if floor is None:
            floor_samples, floor = samples.for_baseline(baseline, forecasts.shape[1])
            floor = clone(floor).fit(*floor_samples.part(train))
        table = _table(samples, test, forecasts, floor_samples.predict(floor, test))
        table["scale"] = _scale(samples, train, getattr(baseline, "season", 1))[table["series"]]
        parts.append(_Part(table, model, seconds))
    return parts


def _table(samples, test, forecasts, floor):
    """A line for each forecast whose truth is known."""
    n_leads = forecasts.shape[1]
    truth = samples.truth(test, n_leads)
    leads = samples.leads_of(n_leads)
    at, lead = np.nonzero(~np.isnan(truth))
    if not len(at):
        raise ValueError("no target of a test fold is known: there is nothing to compare forecasts with")
    table = pd.DataFrame({"series": samples.series[test][at]}, index=pd.Index(samples.labels(test[at], leads[lead])))
    table["origin"] = samples.labels(test[at], 0)
    table["lead"], table["true"] = leads[lead], truth[at, lead]
    table["predicted"], table["baseline"] = forecasts[at, lead], floor[at, lead]
    return table


def _scale(samples, train, season):
    """For each series the mean change over a season in what the training targets tell; NaN where they do not."""
    series, rows, values = samples.told(train)
    known = ~np.isnan(values)
    keys = np.stack([series[known], rows[known]], axis=1)
    keys, at = np.unique(keys, axis=0, return_index=True)
    values = values[known][at]
    wide = keys[:, 0] * (np.ptp(rows) + 1 + 2 * season) + keys[:, 1] - rows.min()
    before = np.minimum(np.searchsorted(wide, wide - season), len(wide) - 1)
    pairs = wide[before] == wide - season
    changes = pd.Series(np.abs(values - values[before])[pairs]).groupby(keys[pairs, 0]).mean()
    changes = changes.where(changes > 0)
    return changes.reindex(np.arange(int(samples.series.max()) + 1)).to_numpy()


def _progress(done, total, verbose):
    """The parts as they come, behind a progress bar if one is wanted."""
    if not verbose:
        return done
    from rich.console import Console
    from rich.progress import track

    return track(done, description="backtest", total=total, console=Console(stderr=True))
