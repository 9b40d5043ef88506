"""compare: backtest the ladder on somebody's series, and say which rung is worth climbing."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from skrnn.comparison.fitting import (
    fit_rung,
    forecast_model,
    learned_facts,
    with_bounds,
    with_intervals,
)
from skrnn.comparison.keeping import Kept
from skrnn.comparison.options import Options
from skrnn.comparison.picking import PickColumns
from skrnn.comparison.planning import make_plan
from skrnn.comparison.recipes import NETWORKS
from skrnn.comparison.result import Comparison
from skrnn.comparison.rounds import Rounds, Unfinished
from skrnn.comparison.stopping import Budget, Stop, patient
from skrnn.comparison.verdict import verdict
from skrnn.forecasters.inside import nested, steps_of
from skrnn.reading import Reading
from skrnn.versions import versions

# The shares of a budget that are kept for the last fit and for what follows it.
KEPT_FOR_FIT = 0.12
KEPT_FOR_REPORT = 0.05
NOT_FITTED_AGAIN = (
    "The model in the file is that of the newest fold: it was not fitted on all rows again."
)


def compare(
    reading: Reading,
    options: Options | None = None,
    *,
    progress: Callable | None = None,
    started: float | None = None,
    command: str = "",
    checkpoint: str | Path | None = None,
    **changes,
) -> Comparison:
    """Backtest the ladder on one series or several, and say which rung is worth climbing.

    Every model forecasts the whole horizon from the same windows, in the same folds, whose training
    ends before the first forecast of their test is made. The recommended model is then fitted on
    all rows; a network is trained for as long as its race has chosen.

    A model that diverges is left out, and the comparison says so. Any other error ends it.

    Parameters
    ----------
    reading : Reading
        The series, as ``read_series`` gives them.
    options : Options, default=None
        Horizon, window, models, columns, folds, budget, jobs and seed. None: the defaults.
    progress : callable, default=None
        Called with the name of a model, how many of all fits are done, and the seconds left, after
        each of them.
    started : float, default=None
        The ``time.monotonic()`` from which the budget counts. None: now.
    command : str, default=""
        The command line, for the report.
    checkpoint : str or Path, default=None
        A folder, made where it is missing, that keeps what is finished: races, and every model in
        every fold. A comparison that was killed goes on from there, to the same numbers. What is
        kept of other data, options or versions, or by another plan, is refused. None keeps nothing.
    **changes
        Single options by name, as in ``compare(reading, horizon=24, models=["linear"])``.

    Returns
    -------
    comparison : Comparison
        The errors of all models, what to use, and that model.
    """
    options = replace(options or Options(), **changes)
    budget = Budget.of(options.budget, started)
    reading = reading.only(options.columns, options.ignore)
    kept = Kept(checkpoint)

    def tell(name, number):
        if progress is not None:
            progress(name, number, None, None)

    try:
        plan, X, y = make_plan(reading, options, budget=budget, tell=tell, kept=kept)
    except KeyboardInterrupt:
        raise Unfinished("no model was finished: stopped by Ctrl-C", interrupted=True) from None
    rounds = Rounds(plan, kept, plan.preparation.past(reading.frames))
    with Stop(budget.deadline(KEPT_FOR_FIT)) as stop:
        rounds.run(X, y, stop, jobs=options.jobs, progress=progress)
    with patient():
        found = _compared(rounds, reading, stop.reason, X)
        found = _with_model(found, budget, X, y)
        return replace(found, seconds=budget.spent(), command=command)


def _compared(rounds, reading, ended, X):
    """The comparison of what is finished."""
    finished = rounds.finished(ended)
    results = finished.results
    n_series = len(reading.frames)
    notes = [*rounds.plan.notes, *finished.notes]
    if n_series > 1:
        notes.append(
            "Models are ranked by errors relative to the naive forecast's, in which each of the "
            "series counts the same, whatever its size."
        )
    return Comparison(
        reading=reading,
        plan=replace(
            rounds.plan,
            ladder=replace(rounds.plan.ladder, members=finished.members),
            folds=finished.folds,
            notes=tuple(notes),
        ),
        results=results,
        unfinished=finished.unfinished,
        verdict=verdict(results, n_series=n_series),
        measure="relative" if n_series > 1 else "mae",
        training=_training(results),
        weights=_weights(results, X),
        ended=ended,
        versions=versions(),
    )


def _with_model(comparison, budget, X, y):
    """The comparison with the recommended model, fitted on all rows where there is time."""
    plan = comparison.plan
    name = comparison.verdict.recommended
    recommended = comparison.results[name]
    estimator = None
    if comparison.ended != "interrupted":
        seconds = recommended.by_fold["fit_time"].max()
        ladder = replace(plan.ladder, lasting=True)
        estimator = _fitted_in_time(ladder, name, X, y, budget, seconds)
    if estimator is None:
        estimator = recommended.estimators[-1]
        plan = replace(plan, notes=(*plan.notes, NOT_FITTED_AGAIN))
    facts = _facts(comparison, estimator)
    model = forecast_model(name, estimator, plan.preparation, comparison.reading, facts)
    model = with_bounds(model, X, y)
    if plan.coverages:
        model = with_intervals(model, recommended, comparison.reading, plan.coverages)
        if model.coverages != plan.coverages:
            plan = replace(plan, notes=(*plan.notes, f"Intervals: {model.facts['intervals']}."))
    return replace(comparison, plan=plan, model=model)


def _fitted_in_time(ladder, name, X, y, budget, seconds):
    """The model fitted on all rows; None where Ctrl-C or the end of the budget came before."""
    if not budget.allows(seconds, KEPT_FOR_REPORT):
        return None
    with Stop(budget.deadline(KEPT_FOR_REPORT)) as stop:
        estimator = fit_rung(ladder, name, X, y)
    return estimator if stop.reason is None else None


def _facts(comparison, estimator):
    """What the model's file says of the comparison."""
    plan = comparison.plan
    best = comparison.results[comparison.verdict.recommended]
    gained = comparison.table.loc[comparison.verdict.recommended, "skill"]
    told = {"promise": comparison.promise} if comparison.promise else {}
    return {
        "verdict": comparison.verdict.sentence,
        "errors": (
            f"MAE {best.scores['mae']:.4g}, RMSE {best.scores['rmse']:.4g}, skill {gained:.1%}"
        ),
        **told,
        **learned_facts(plan.ladder, comparison.verdict.recommended, estimator),
    }


def _training(results):
    """The networks' histories, one for each fold."""
    found = {
        name: [_inside(model, "history_") for model in result.estimators]
        for name, result in results.items()
        if name in NETWORKS
    }
    return {name: histories for name, histories in found.items() if histories[-1] is not None}


def _weights(results, windows):
    """How much the newest linear model looks at each step of each column; see ``Comparison``."""
    if "linear" not in results:
        return None
    model = results["linear"].estimators[-1]
    picked = next((step for step in steps_of(model) if isinstance(step, PickColumns)), None)
    if picked is not None:
        windows = picked.transform(windows)
    coefficients = _inside(model, "coef_")
    sizes = np.abs(np.reshape(coefficients, (-1, *coefficients.shape[-2:]))).mean(axis=0)
    # Columns that are known ahead have their newest step so many rows behind that at which the
    # forecast is made.
    columns = {
        name: pd.Series(size, np.arange(len(size)) - ahead)
        for name, size, ahead in zip(
            windows.feature_names, sizes[::-1].T, windows.shift, strict=True
        )
    }
    weights = pd.DataFrame(columns).rename_axis("steps before")
    # A window that is shorter than the horizon leaves rows between what is known ahead and the
    # newest ones that no column looks at.
    return weights.reindex(
        pd.RangeIndex(weights.index.min(), weights.index.max() + 1, name=weights.index.name)
    )


def _inside(estimator, attribute):
    estimators = (inner for inner in nested(estimator) if hasattr(inner, attribute))
    return getattr(next(estimators, None), attribute, None)
