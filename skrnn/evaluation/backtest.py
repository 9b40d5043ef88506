"""backtest.

Forecasts from rolling origins, beside a baseline's, as they would have been made at the time.
"""

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
from skrnn.evaluation.samples import forecast_table, samples_of, season_of
from skrnn.validation import check_count


@dataclass(frozen=True, repr=False)
class Backtest:
    """What ``backtest`` found.

    Attributes
    ----------
    predictions : DataFrame
        A line for each forecast, with the label of the row that it is for as index: "series" (for a
        panel), "fold", "origin" (the label of the row at which it was made), "lead", "true",
        "predicted", "baseline", and "scale" (the mean change over a season in the training targets,
        which MASE is relative to).
    scores : Series
        The errors over all forecasts: "mae", "rmse", "mase", "smape" (percent), "skill", and those
        of the baseline, as "baseline_mae" and so on.
    by_fold : DataFrame
        The same for each fold, with the seconds that the model took to fit and to predict. A fold
        that goes on with an earlier fit has NaN for the first.
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

    @classmethod
    def of_folds(cls, folds):
        """One result of several with a fold each, in the order in which they come: of folds that were run one by one.

        Parameters
        ----------
        folds : sequence of Backtest
            Results of the same model on the same samples.

        Returns
        -------
        result : Backtest
            All of their forecasts, with the folds counted anew, and the errors over all of them.
        """
        tables = [fold.predictions.assign(fold=number) for number, fold in enumerate(folds)]
        seconds = [
            seconds
            for fold in folds
            for seconds in fold.by_fold[["fit_time", "predict_time"]].to_numpy()
        ]
        return cls._of(
            pd.concat(tables), seconds, [model for fold in folds for model in fold.estimators]
        )

    @classmethod
    def _of(cls, table, seconds, estimators):
        by_fold = by(table, "fold")
        by_fold["fit_time"], by_fold["predict_time"] = zip(*seconds, strict=True)
        return cls(table, pd.Series(beside_baseline(table)), by_fold, by(table, "lead"), estimators)

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

    Each fold's model is fitted on what was known before the first forecast of its test was made:
    training targets end at that forecast's origin. The gap that takes is set by itself.

    Parameters
    ----------
    estimator : estimator
        A model on windows, or a pipeline with ``SlidingWindow`` that takes rows. It is cloned for
        each fit, so that no fit goes on with the weights of another.
    X : Windows, array-like of shape (n_samples, steps, n_features), or rows of shape (n_rows,
    n_features)
        The windows or, for a pipeline that makes them, the rows.
    y : array-like of shape (n_samples,) or (n_samples, n_leads)
        The targets; for rows, the series itself. Unknown targets (NaN) are not scored.
    cv : int or splitter, default=5
        Number of folds, as in ``TimeSeriesSplit``, whose windows expand; or a splitter, such as
        ``TimeSeriesSplit(8, test_size=24, max_train_size=1000)`` for windows that slide. The folds
        of a panel that are only counted share their dates (their distance from the end, where there
        is no time index). If a splitter trains on targets that were not known when its test begins,
        a warning says by how many rows, and these samples are left out. A series of a panel that a
        splitter does not test in a fold may be trained on as a whole.
    refit : bool or int, default=True
        Fit anew in each fold; in the first only (False); or in every so many folds. Each fit knows
        what was known before all the forecasts that it makes.
    baseline : estimator, default=None
        What to compare with, on windows; for rows it gets windows of y alone, or the rows if it
        makes windows of its own. None: the last value. Its ``season`` is that of MASE: errors
        relative to the mean change over a season in the training targets.
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
    _check_estimator("estimator", estimator)
    if baseline is not None:
        _check_estimator("baseline", baseline)
    samples = samples_of(estimator, X, y)
    groups = _groups(samples, cv, _check_refit(refit))
    jobs = (delayed(_forecast_group)(estimator, baseline, samples, *group) for group in groups)
    done = Parallel(n_jobs=n_jobs, return_as="generator")(jobs)
    parts = [part for group in _progress(done, len(groups), verbose) for part in group]
    table = pd.concat([part.table.assign(fold=number) for number, part in enumerate(parts)])
    columns = ["fold", "origin", "lead", "true", "predicted", "baseline", "scale"]
    table = table[["series", *columns] if samples.is_panel else columns]
    return Backtest._of(table, [part.seconds for part in parts], [part.model for part in parts])


@dataclass
class _Part:
    """A fold's table, its model, and the seconds that the model took to fit and to predict."""

    table: pd.DataFrame
    model: object
    seconds: tuple


def _check_estimator(name, estimator):
    if isinstance(estimator, type) or not hasattr(estimator, "predict"):
        got = (
            f"the class {estimator.__name__}: add ()"
            if isinstance(estimator, type)
            else repr(estimator)
        )
        raise ValueError(f"{name} must be an estimator that predicts, got {got}")


def _check_refit(refit):
    """How many folds share a fit."""
    if isinstance(refit, bool | np.bool_):
        return 1 if refit else 10**9
    if not isinstance(refit, numbers.Integral) or refit < 1:
        raise ValueError(
            f"refit must be True, False or after how many folds to fit anew, got {refit!r}"
        )
    return int(refit)


# ---------------------------------------------------------------------- folds


def _groups(samples, cv, every):
    """(train, tests) of the folds that share a fit.

    Training targets are known when the first forecast is made.
    """
    counted = isinstance(cv, numbers.Integral) and not isinstance(cv, bool)
    splits = list(
        _counted_splits(samples, check_count("cv", cv, minimum=2))
        if counted
        else _given_splits(samples, cv)
    )
    if not splits:
        raise ValueError("cv must give at least one fold, got none")
    # A splitter may keep a series for the test whose dates others are trained on.
    series, moments = samples.series, (samples.origin, samples.newest)
    if counted:
        series, moments = np.zeros_like(series), samples.shared()
    groups, leaks = [], []
    for fold in range(0, len(splits), every):
        train, tests = splits[fold][0], [test for _, test in splits[fold : fold + every]]
        ahead = _rows_ahead(series, *moments, train, np.concatenate(tests))
        known = ahead <= 0
        if not known.any():
            raise ValueError(
                f"fold {fold} has nothing to train on: none of its {len(train)} training samples "
                f"has targets that "
                "were known when its test begins. Use fewer folds, a longer series, or a splitter "
                "in time order"
            )
        groups.append((train[known], tests))
        leaks.append((ahead.max(), np.sum(~known)))
    if not counted:
        _warn_of_leaks(*np.max(leaks, axis=0))
    return groups


def _warn_of_leaks(n_rows, n_samples):
    if n_samples:
        warnings.warn(
            f"cv leaks by {n_rows} {'row' if n_rows == 1 else 'rows'}: it trains on targets that "
            f"much newer than the "
            f"origin of the first forecast that it tests. They were left out of training, up to "
            f"{n_samples} samples in "
            "a fold. A gap in cv that is longer by as many samples leaves them out too; a number of "
            "folds (cv=5) sets "
            "it by itself",
            UserWarning,
            stacklevel=4,
        )


def _counted_splits(samples, n_splits):
    origins, which = np.unique(samples.shared()[0], return_inverse=True)
    for train, test in TimeSeriesSplit(n_splits).split(origins):
        yield (
            np.flatnonzero(which <= train[-1]),
            np.flatnonzero((which >= test[0]) & (which <= test[-1])),
        )


def _given_splits(samples, cv):
    places = np.arange(len(samples.series))
    for fold, split in enumerate(check_cv(cv).split(samples.X, samples.y)):
        # Rows are fitted on in their order, whatever a shuffled splitter makes of it.
        train, test = (np.sort(places[part]) if len(part) else places[:0] for part in split)
        if not len(train) or not len(test):
            raise ValueError(
                f"fold {fold} of cv must train and test on some samples, got {len(train)} and "
                f"{len(test)}"
            )
        yield train, test


def _rows_ahead(series, origin, newest, train, test):
    """How many rows newer than the first origin tested in its series each training sample's targets are."""
    first = np.full(int(series.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, series[test], origin[test])
    first = first[series[train]]
    # A series that is not tested knows of none that is.
    return newest[train] - np.where(first < np.iinfo(np.int64).max, first, newest[train])


# ---------------------------------------------------------------------- forecasts


def _forecast_group(estimator, baseline, samples, train, tests):
    """Fit on the training samples, and forecast all of the tests."""
    scale = _scale(samples, train, season_of(baseline))
    start = time.perf_counter()
    try:
        model = clone(estimator).fit(*samples.part(train))
    except Exception as error:
        error.add_note(
            f"This fold of the backtest has {len(train)} samples to train on; fewer folds have "
            f"more."
        )
        raise
    fit_time, parts = time.perf_counter() - start, []
    for test in tests:
        start = time.perf_counter()
        forecasts = samples.predict(model, test)
        seconds = np.nan if parts else fit_time, time.perf_counter() - start
        if not parts:
            floor_samples, floor = samples.for_baseline(baseline, forecasts.shape[1])
            floor = clone(floor).fit(*floor_samples.part(train))
        table = _table(samples, test, forecasts, floor_samples.predict(floor, test))
        parts.append(_Part(table.assign(scale=scale[table["series"]]), model, seconds))
    return parts


def _table(samples, test, forecasts, floor):
    """A line for each forecast whose truth is known."""
    table = forecast_table(samples, test, forecasts)
    if floor.shape != forecasts.shape:
        raise ValueError(
            f"baseline must forecast the model's {forecasts.shape[1]} leads, got {floor.shape[1]}"
        )
    known = table["true"].notna()
    if not known.any():
        raise ValueError(
            f"none of the {len(table)} targets of a test fold is known: there is nothing to compare "
            f"forecasts with. "
            "Use fewer folds, or leave these rows out of cv"
        )
    return table.assign(baseline=floor.ravel())[known]


def _scale(samples, train, season):
    """For each series the mean change over a season in what the training targets tell.

    NaN where they do not.
    """
    series, rows, values = samples.told(train)
    known = ~np.isnan(values)
    # One number for each row, with a season between one series and the next.
    span = int(rows.max()) + 1 + season
    keys, at = np.unique((series * span + rows)[known], return_index=True)
    values = values[known][at]
    before = np.searchsorted(keys, keys - season)
    pairs = keys[before] == keys - season
    changes = pd.Series(np.abs(values - values[before])[pairs]).groupby(keys[pairs] // span).mean()
    return changes.where(changes > 0).reindex(np.arange(int(samples.series.max()) + 1)).to_numpy()


def _progress(done, total, verbose):
    """The parts as they come, behind a progress bar if one is wanted."""
    if not verbose:
        return done
    from rich.console import Console
    from rich.progress import track

    return track(done, description="backtest", total=total, console=Console(stderr=True))
