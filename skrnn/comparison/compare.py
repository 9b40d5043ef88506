"""compare: backtest the ladder on somebody's series, and say which rung is worth climbing."""

import time
from dataclasses import replace

import numpy as np
import pandas as pd

from skrnn.comparison.fitting import fit_rung, forecast_model
from skrnn.comparison.plan import make_ladder, make_plan
from skrnn.comparison.result import Comparison
from skrnn.comparison.rounds import Rounds
from skrnn.comparison.stopping import Stop, patient
from skrnn.comparison.verdict import gain, ranking_measure, verdict
from skrnn.comparison.versions import versions
from skrnn.forecasters.inside import nested
from skrnn.validation import check_positive

# The shares of a budget that are kept for the last fit and for what follows it.
KEPT_FOR_FIT, KEPT_FOR_REPORT = 0.12, 0.05


def compare(
    reading,
    *,
    horizon=None,
    window=None,
    models=None,
    folds=5,
    budget=None,
    jobs=1,
    seed=0,
    progress=None,
    started=None,
    command="",
) -> Comparison:
    """Backtest the ladder on one series or several, and say which rung is worth climbing.

    Every model forecasts the whole horizon from the same windows, in the same folds, whose training
    ends before the first forecast of their test is made. The recommended model is then fitted on
    all rows; a network keeps the newest tenth of its windows to stop early.

    Parameters
    ----------
    reading : Reading
        The series, as ``read_series`` gives them.
    horizon : int, default=None
        How many rows are forecast. None: a season of at most 48 rows, else 24 or 12.
    window : int, default=None
        Steps that a forecast looks at. None: about a season.
    models : sequence of str, default=None
        Names of rungs: naive, seasonal, smoothing, linear, dense, conv, simple, lstm, gru. None:
        all. The naive forecast is always among them.
    folds : int, default=5
        Folds of the backtest, over the newest 30 % of the rows.
    budget : float, default=None
        Minutes that it may take. What is not finished by then is left out.
    jobs : int, default=1
        Fits in parallel, as in joblib. Each fit uses all cores by itself where it is alone.
    seed : int, default=0
        The random state of the networks.
    progress : callable, default=None
        Called with the name of a model, how many of all fits are done, and the seconds left, after
        each of them.
    started : float, default=None
        The ``time.monotonic()`` from which the budget counts. None: now.
    command : str, default=""
        The command line, for the report.

    Returns
    -------
    comparison : Comparison
        The errors of all models, what to use, and that model.
    """
    started = time.monotonic() if started is None else started
    seconds = np.inf if budget is None else 60 * check_positive("budget", budget)
    plan, preparation, X, y = make_plan(reading, horizon, window, models, folds, seed)
    ladder = make_ladder(preparation, plan.window, seed, plan.form)

    with Stop(_deadline(started, seconds, KEPT_FOR_FIT)) as stop:
        rounds = Rounds(ladder, plan)
        rounds.run(X, y, stop, jobs, progress)
    with patient():
        return _finish(rounds, reading, preparation, X, y, stop.reason, started, seconds, command)


def _finish(rounds, reading, preparation, X, y, ended, started, seconds, command):
    """The comparison of what is finished, with the recommended model fitted on all rows where there is time."""
    plan, ladder = rounds.plan, rounds.ladder
    results, done, unfinished, notes = rounds.compared(ended)
    measure = ranking_measure(results, len(reading.frames))
    chosen = verdict(results, measure)
    if measure == "mase":
        notes.append(
            "Models are ranked by MASE, in which each of the series counts the same, whatever its "
            "size."
        )
    recommended, end = results[chosen.recommended], _deadline(started, seconds, KEPT_FOR_REPORT)
    estimator = last = None
    if ended != "interrupted" and (
        end is None or time.monotonic() + recommended.by_fold["fit_time"].max() < end
    ):
        with Stop(end) as last:
            estimator = fit_rung(ladder, chosen.recommended, X, y)
    if estimator is None or last.reason is not None:
        estimator = recommended.estimators[-1]
        notes.append(
            "The model in the file is that of the newest fold: it was not fitted on all rows again."
        )
    facts = _facts(results, chosen, plan, measure)
    model = forecast_model(chosen.recommended, estimator, preparation, reading, facts)
    return Comparison(
        reading,
        replace(plan, folds=done, notes=(*plan.notes, *notes)),
        results,
        unfinished,
        chosen,
        measure,
        _training(results),
        _weights(results, X),
        model,
        time.monotonic() - started,
        ended,
        command,
        versions(),
    )


def _deadline(started, seconds, kept):
    return None if np.isinf(seconds) else started + (1 - kept) * seconds


def _facts(results, chosen, plan, measure):
    """What the model's file says of the comparison."""
    scores = results[chosen.recommended].scores
    gained = gain(results[chosen.recommended], results["naive"], measure).share
    return {
        "verdict": chosen.sentence,
        "errors": f"MAE {scores['mae']:.4g}, RMSE {scores['rmse']:.4g}, skill {gained:.1%}",
        "learns": plan.form.words(plan.season),
    }


def _training(results):
    """The networks' histories, one for each fold."""
    found = {
        name: [_inside(model, "history_") for model in result.estimators]
        for name, result in results.items()
    }
    return {name: histories for name, histories in found.items() if histories[-1] is not None}


def _weights(results, windows):
    """How much the newest linear model looks at each step of each column; see ``Comparison``."""
    coefficients = (
        _inside(results["linear"].estimators[-1], "coef_") if "linear" in results else None
    )
    if coefficients is None:
        return None
    sizes = np.abs(np.reshape(coefficients, (-1, *coefficients.shape[-2:]))).mean(axis=0)
    # Columns that are known ahead have their newest step so many rows behind that at which the
    # forecast is made.
    columns = {
        name: pd.Series(size, np.arange(len(size)) - ahead)
        for name, size, ahead in zip(
            windows.feature_names, sizes[::-1].T, windows.shift, strict=True
        )
    }
    return pd.DataFrame(columns).rename_axis("steps before")


def _inside(estimator, attribute):
    return next(
        (getattr(part, attribute) for part in nested(estimator) if hasattr(part, attribute)), None
    )
