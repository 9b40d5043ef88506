"""Fitting one rung on all rows, and what a model's file says of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin

from skrnn.comparison.bounds import least_of, not_below, words_of
from skrnn.comparison.ensemble import ENSEMBLE, members_of
from skrnn.comparison.folds import make_folds
from skrnn.comparison.intervals import interval_words, past_of, promised, residuals_of
from skrnn.comparison.ladder import Ladder, check_rungs
from skrnn.comparison.model import ForecastModel
from skrnn.comparison.options import COVERAGES, Options, asked_coverages
from skrnn.comparison.planning import prepare, wanted
from skrnn.comparison.preparation import Preparation, taught_targets, thinned, with_future
from skrnn.comparison.race import race, trials_of
from skrnn.comparison.recipes import LEARNING, STATISTICAL
from skrnn.evaluation import Backtest, backtest
from skrnn.evaluation.samples import WindowSamples
from skrnn.forecasters.inside import nested
from skrnn.intervals.residuals import calibration_blocks
from skrnn.reading import DataProblem, Reading
from skrnn.validation import DivergenceError
from skrnn.versions import versions
from skrnn.windows import Windows
from skrnn.wording import RUNGS, listing, moments

# Without folds, the newest share of the origins tells how wide intervals are, by as many windows.
CALIBRATION_SHARE = 0.2
MOST_CALIBRATED = 2_000


def fit_model(
    reading: Reading,
    name: str,
    *,
    horizon: int | None = None,
    window: int | None = None,
    effort: str | None = None,
    columns: Sequence[str] | None = None,
    ignore: Sequence[str] = (),
    seed: int = 0,
    coverages: Sequence[float] = COVERAGES,
) -> ForecastModel:
    """Fit one rung of the ladder on all rows, as ``compare`` fits the one that it recommends.

    How it is set is chosen by a race on the training rows of the oldest of five folds, as in
    ``compare``.

    Parameters
    ----------
    reading : Reading
        The series, as ``read_series`` gives them.
    name : str
        The rung: naive, seasonal, smoothing, linear, dense, conv, mingru, simple, lstm, gru,
        ensemble or, where statsforecast is installed, theta or arima.
    horizon, window : int, default=None
        Rows that are forecast, and steps that a forecast looks at; None: as in ``compare``.
    effort : {"quick", "default", "best"}, default=None
        How many recipes are tried, and how long a network is trained. None: "default".
    columns : sequence of str, default=None
        The only columns that are used beside the target and those known ahead. None: all.
    ignore : sequence of str, default=()
        Columns that are not used.
    seed : int, default=0
        The random state of a network.
    coverages : sequence of float, default=(0.8, 0.95)
        The shares of truths that intervals are to hold. They are as wide as what forecasts of the
        newest fifth of the windows missed, by the same rung fitted on what was known before. None
        without any and without that fit: ().

    Returns
    -------
    model : ForecastModel
        The fitted model.
    """
    check_rungs([name], "name")
    if name == "seasonal" and reading.season == 1:
        raise DataProblem(
            "name='seasonal' needs a season, and none was found: give season=N, or choose naive"
        )
    coverages = asked_coverages(coverages)
    reading = reading.only(columns, ignore)
    names = (name,) if name != ENSEMBLE else wanted(None, reading.season)[:-1]
    options = Options(horizon=horizon, window=window, seed=seed, effort=effort, models=names)
    preparation, ground, ladder = prepare(reading, options, in_folds=False)
    X, y = preparation.windows(reading.frames)
    older, newest = _parts(X, y, ladder)
    oldest = _oldest(X, y, older, ladder)
    ladder = replace(ladder, least=tuple(least_of(X[oldest], y[oldest])))
    trials = trials_of(X, y, oldest, ladder, ground)
    found = race(names, trials, ladder, ground)
    ladder = replace(ladder.of(found.recipes), members=members_of(found.ranked()) or names[:1])
    fitted = fit_rung(replace(ladder, lasting=True), name, X, y)
    lined_up = WindowSamples(None, X, y).lined_up
    facts = learned_facts(ladder, name, fitted) | ({"dates": lined_up} if lined_up else {})
    model = forecast_model(name, fitted, preparation, reading, facts)
    model = with_bounds(model, X, y)
    if not coverages:
        return model
    try:
        tested = RungInFold(ladder, name, coverages)(X, y, older, newest)
        promise = replace(tested.promise, past=preparation.past(reading.frames))
        tested = replace(tested, promise=promise)
    except (ValueError, np.linalg.LinAlgError) as error:
        # There is a model all the same, which says what it lacks.
        words = f"none, as no forecast could be tested on the newest rows: {_first_line(error)}"
        return replace(model, facts={**model.facts, "intervals": words})
    return with_intervals(model, tested, reading, coverages)


def _parts(X, y, ladder):
    """The windows by which a recipe is chosen, and the newest, of which nothing is known then."""
    ((older, newest),) = calibration_blocks(WindowSamples(None, X, y), CALIBRATION_SHARE, 1)
    return older, np.sort(thinned(newest, MOST_CALIBRATED, ladder.season))


def _oldest(X, y, older, ladder):
    """The training windows of the oldest fold of ``compare``; where there is none, the older.

    Both are older than what tells how wide intervals are.
    """
    try:
        return make_folds(WindowSamples(None, X, y), None, ladder.season)[0][0]
    except DataProblem:
        return older


def _first_line(error):
    return (str(error).splitlines() or [type(error).__name__])[0]


def learned_facts(ladder: Ladder, name: str, fitted: BaseEstimator) -> dict[str, str]:
    """How a fitted rung is set, for its file; nothing of a rung that learns nothing."""
    if name == ENSEMBLE:
        return {"learns": f"the median of {listing(ladder.members)}"}
    if name not in (*LEARNING, "smoothing", *STATISTICAL):
        return {}
    words = ladder.recipes[name].words(name)
    n_networks = max(getattr(one, "n_estimators", 1) for one in nested(fitted))
    return {"learns": f"{words}, the median of {n_networks} networks" if n_networks > 1 else words}


def fit_rung(ladder: Ladder, name: str, X: Windows, y: np.ndarray) -> BaseEstimator:
    """A rung, fitted on all windows whose targets are known."""
    y = taught_targets(X, y)
    which = np.flatnonzero(np.isfinite(np.reshape(y, (len(y), -1))).all(axis=1))
    return ladder.fit(name, X[which], y[which])


class Rung(RegressorMixin, BaseEstimator):
    """A rung that chooses by itself what it learns from.

    So all rungs are tested on the same samples.

    Parameters
    ----------
    ladder : Ladder
        The ladder that it is of.
    name : str
        The rung's name.
    season : int, default=1
        The season that MASE is relative to, if it is the baseline.

    Attributes
    ----------
    model_ : estimator
        The fitted rung.
    """

    def __init__(self, ladder, name, season=1):
        self.ladder = ladder
        self.name = name
        self.season = season

    def fit(self, X: Windows, y: np.ndarray) -> "Rung":
        """Fit the rung on some windows. Returns self."""
        self.model_ = fit_rung(self.ladder, self.name, X, y)
        return self

    def predict(self, X: Windows) -> np.ndarray:
        """Forecast from windows."""
        forecasts = self.model_.predict(X)
        if not np.isfinite(forecasts).all():
            raise DivergenceError("some of its forecasts are not finite")
        if self.ladder.least is None:
            return forecasts
        return not_below(self.ladder.least, X.series, forecasts)


@dataclass(frozen=True)
class RungInFold:
    """The backtest of one rung in one fold.

    Attributes
    ----------
    ladder : Ladder
        The ladder that it is of.
    name : str
        The rung's name.
    coverages : tuple of float or None
        The shares of truths that intervals are to hold; None without any.
    """

    ladder: Ladder
    name: str
    coverages: tuple | None

    def __call__(self, X: Windows, y: np.ndarray, train: np.ndarray, test: np.ndarray) -> Backtest:
        """The backtest, with the fitted rung itself as its estimator."""
        rung = Rung(self.ladder, self.name, self.ladder.season)
        floor = Rung(self.ladder, "naive", self.ladder.season)
        folds = [(train, test)]
        result = backtest(rung, X, y, cv=folds, baseline=floor, coverages=self.coverages)
        estimators = [rung.model_ for rung in result.estimators]
        if result.promise is None:
            return replace(result, estimators=estimators)
        least = None
        if self.ladder.least is not None:
            least = np.take(self.ladder.least, _series_of(result.predictions))
        promise = replace(result.promise, least=least)
        return replace(result, estimators=estimators, promise=promise)


def forecast_model(
    name: str,
    estimator: BaseEstimator,
    preparation: Preparation,
    reading: Reading,
    facts: dict | None = None,
) -> ForecastModel:
    """The fitted rung with all that it takes to forecast from it."""
    season = f"{preparation.season} rows" if preparation.season > 1 else "none"
    known = {
        "model": RUNGS[name],
        "target": reading.target,
        "horizon": f"{preparation.horizon} rows",
        "season": season,
        "columns": ", ".join(preparation.columns),
        "known ahead": ", ".join(preparation.known_ahead) or "none",
        "calendar": ", ".join(preparation.calendar) or "none",
        "step": reading.step or "rows",
        "data": f"{reading.path} ({reading.n_bytes:,} bytes, SHA-256 {reading.sha256})",
        "rows": _extent(reading),
        **(facts or {}),
        "versions": ", ".join(f"{package} {version}" for package, version in versions().items()),
    }
    return ForecastModel(
        name=name,
        estimator=estimator,
        preparation=preparation,
        frames=preparation.tail(with_future(reading)),
        facts=known,
        step=reading.step,
        time=reading.time,
        series=reading.series,
        kinds=reading.kinds,
    )


def with_bounds(model: ForecastModel, X: Windows, y: np.ndarray) -> ForecastModel:
    """The model that forecasts no amount below zero, as far as all windows tell."""
    least = least_of(X, y)
    words = words_of(least)
    if words is None:
        return model
    return replace(model, least=least, facts={**model.facts, "bound": words})


def with_intervals(
    model: ForecastModel, tested: Backtest, reading: Reading, coverages: Sequence[float]
) -> ForecastModel:
    """The model with intervals of what a backtest of its kind missed."""
    residuals, first_rows, memory = residuals_of(tested)
    past = past_of(tested)
    several = len(reading.frames) > 1
    words = interval_words(residuals, coverages, first_rows, past)
    return replace(
        model,
        facts={**model.facts, "intervals": words},
        coverages=promised(residuals, coverages, first_rows, past),
        residuals=residuals,
        first_rows=first_rows,
        past=past,
        changes=model.preparation.changes(reading.frames, memory) if several else None,
        memory=memory,
    )


def _series_of(predictions):
    """The number of each forecast's series."""
    if "series" in predictions:
        return predictions["series"].to_numpy()
    return np.zeros(len(predictions), int)


def _extent(reading):
    """How many rows there are, from the first known target to the last."""
    frames = list(reading.frames.values())
    column = frames[0].columns.get_loc(reading.target)
    # Of many short series, taking a column out of each frame would take most of the time.
    targets = [frame.to_numpy(np.float64)[:, column] for frame in frames]
    known = [np.flatnonzero(~np.isnan(values)) for values in targets]
    oldest = min(frame.index[rows[0]] for frame, rows in zip(frames, known, strict=True))
    newest = max(frame.index[rows[-1]] for frame, rows in zip(frames, known, strict=True))
    first, last = moments([oldest, newest])
    series = f" of {len(frames)} series" if len(frames) > 1 else ""
    return f"{sum(map(len, frames)):,}{series}, from {first} to {last}"
