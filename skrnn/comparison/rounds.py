"""Rounds: every rung in the newest fold, then in the fold before, while there is time."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, cpu_count, delayed

from skrnn.comparison.ensemble import ENSEMBLE, median_fold, members_of
from skrnn.comparison.fitting import RungInFold
from skrnn.comparison.keeping import Kept
from skrnn.comparison.plan import Plan
from skrnn.comparison.race import FAILURES
from skrnn.comparison.recipes import NETWORKS
from skrnn.comparison.relative import relative_error
from skrnn.comparison.runs import PlainRun, Run
from skrnn.comparison.stopping import Stop
from skrnn.evaluation import Backtest
from skrnn.evaluation.past_changes import PastChanges
from skrnn.validation import check_count
from skrnn.windows import Windows

WHY = {"interrupted": "stopped by Ctrl-C", "budget": "the budget ended"}


class Unfinished(ValueError):
    """Not even the naive forecast was finished before Ctrl-C or the end of the budget."""

    def __init__(self, message, *, interrupted):
        super().__init__(message)
        self.interrupted = interrupted


@dataclass(frozen=True)
class Finished:
    """What was finished in the same folds.

    Attributes
    ----------
    results : dict of str to Backtest
        The finished models by name, in the ladder's order.
    folds : list of tuple (train, test)
        The folds that all of them finished.
    unfinished : dict of str to str
        The models that were not finished, and why.
    notes : list of str
        What is to be said of folds that are missing.
    members : tuple of str
        The rungs that were best in all of these folds, whose median the ensemble is from now on.
    """

    results: dict
    folds: list
    unfinished: dict
    notes: list
    members: tuple


class Rounds:
    """Backtests of all rungs of a plan, fold after fold from the newest, and what is finished.

    What is ``kept`` of rounds that were cut is not run again. ``past`` is what a single series has
    changed.
    """

    def __init__(self, plan: Plan, kept: Kept | None = None, past: PastChanges | None = None):
        self.plan = plan
        self.past = past
        self.kept = kept or Kept()
        self._results = {}
        self._failed = {}
        self._seconds = {}
        self._windows = {}

    def run(
        self,
        X: Windows,
        y: np.ndarray,
        stop: Stop,
        *,
        jobs: int = 1,
        progress: Callable | None = None,
    ) -> None:
        """Run them until all are finished, or ``stop`` has a reason."""
        for fold, (_, test) in enumerate(self.plan.folds):
            truth = np.reshape(y[test], (len(test), -1))
            self._windows[fold] = np.repeat(test, truth.shape[1])[np.isfinite(truth).ravel()]
        newest_first = reversed(range(len(self.plan.folds)))
        models = [name for name in self.plan.models if name != ENSEMBLE]
        runs = [(name, fold) for fold in newest_first for name in models]
        found = {run: self.kept.get(_name(run)) for run in runs}
        calls = [
            delayed(_run)(self._rung(run[0]), X, y, *self.plan.folds[run[1]])
            for run in runs
            if found[run] is None
        ]
        # Each process costs memory and seconds: no more than there are cores, or fits to make.
        jobs = min(check_count("jobs", jobs), max(1, len(calls)), cpu_count())
        bar = _Progress(progress, len(runs), jobs)
        done = Parallel(n_jobs=jobs, return_as="generator")(calls) if calls else iter(())
        for number, run in enumerate(runs):
            bar.show(runs[number:], self._seconds)
            one = next(done) if found[run] is None else found[run].run()
            # A model that was interrupted may have been learned by half.
            if stop.reason is not None:
                return
            self._count(run, one)
            if found[run] is None:
                self.kept.put(_name(run), PlainRun.of(one))
        bar.show([], self._seconds)

    def finished(self, reason: str | None) -> Finished:
        """What was finished in the same folds; ``reason`` is why no more was.

        These are the folds that all rungs finished or, where there is none, the newest for those
        that finished it.
        """
        newest = len(self.plan.folds) - 1
        failed = (*self._failed, ENSEMBLE)
        models = [name for name in self.plan.models if name not in failed]
        folds = [fold for fold in range(newest + 1) if self._have(models, fold)] or [newest]
        done = [name for name in models if all(self._have([name], fold) for fold in folds)]
        if "naive" not in done:
            self._raise_unfinished(reason)
        results = {
            name: Backtest.of_folds([self._results[name, fold] for fold in folds], self.past)
            for name in done
        }
        unfinished = {name: WHY[reason] for name in models if name not in done}
        members = self._members(done, folds)
        if ENSEMBLE in self.plan.models:
            if members is None:
                unfinished[ENSEMBLE] = "it takes three other models"
            else:
                results[ENSEMBLE] = self._ensemble(done, folds)
        return Finished(
            results=results,
            folds=[self.plan.folds[fold] for fold in folds],
            unfinished=unfinished | self._failed,
            notes=[] if reason is None else [_note_on_end(reason, len(folds), newest + 1)],
            members=members or (),
        )

    def _ensemble(self, done, folds):
        """The backtest of the median of the best, in each fold by what was known when it began."""
        found = []
        for number, fold in enumerate(folds):
            train, _ = self.plan.folds[fold]
            names = self._members(done, folds[:number], train)
            found.append(median_fold(names, [self._results[name, fold] for name in names]))
        return Backtest.of_folds(found, self.past)

    def _members(self, done, folds, known=None):
        """The best of some rungs in folds, of windows that are known; without any, in the race."""
        kept = {fold: np.ones(len(self._windows[fold]), bool) for fold in folds}
        if known is not None:
            kept = {fold: np.isin(self._windows[fold], known) for fold in folds}
        folds = [fold for fold in folds if kept[fold].any()]
        if not folds:
            ranked = [name for name in self.plan.race.ranked() if name in done]
            return members_of([*ranked, *(name for name in done if name not in ranked)])
        errors = {
            name: np.mean([self._error(name, fold, kept[fold]) for fold in folds]) for name in done
        }
        return members_of(sorted(errors, key=errors.get))

    def _error(self, name, fold, kept):
        return relative_error(self._results[name, fold].predictions[kept])

    def _rung(self, name):
        return RungInFold(self.plan.ladder, name, self.plan.coverages or None)

    def _have(self, models, fold):
        return all((name, fold) in self._results for name in models)

    def _raise_unfinished(self, reason):
        why = WHY.get(reason, self._failed.get("naive"))
        remedy = ": give it a larger budget=" if reason == "budget" else ""
        raise Unfinished(
            f"no model was finished: {why}{remedy}", interrupted=reason == "interrupted"
        )

    def _count(self, run, one):
        name, _ = run
        self._seconds[name] = one.seconds
        if one.result is None:
            self._failed[name] = f"it failed: {one.failure}"
        else:
            self._results[run] = one.result


def _note_on_end(reason, n_done, n_folds):
    why = WHY[reason]
    verb = "is" if n_done == 1 else "are"
    return (
        f"{why[0].upper()}{why[1:]}: {n_done} of {n_folds} folds, the newest, {verb} finished and "
        "compared."
    )


class _Progress:
    """Tells what runs, how much is done, and how long the rest takes."""

    def __init__(self, call, n_runs, jobs):
        self.call = call
        self.n_runs = n_runs
        self.jobs = jobs

    def show(self, ahead: list, seconds: dict) -> None:
        if self.call is not None:
            name = ahead[0][0] if ahead else None
            left = seconds_left([name for name, _ in ahead], seconds, self.jobs)
            self.call(name, self.n_runs - len(ahead), self.n_runs, left)


def seconds_left(ahead: list[str], seconds: dict, jobs: int) -> float | None:
    """The seconds that the models ahead take, by what others took; None where that says nothing.

    Networks are given the same time: one that was not seen yet takes what others took.
    """
    seen = [seconds[name] for name in seconds if name in NETWORKS]
    unseen = set(ahead) - set(seconds)
    if not unseen <= set(NETWORKS if seen else ()):
        return None
    expected = {**dict.fromkeys(unseen, sum(seen) / max(1, len(seen))), **seconds}
    return sum(expected[name] for name in ahead) / jobs


def _name(run):
    """Under which a run is kept."""
    name, fold = run
    return f"fold-{fold}-{name}"


def _run(rung, X, y, train, test):
    """A run: one model that fails does not end the others."""
    start = time.monotonic()
    result = None
    words = None
    try:
        result = rung(X, y, train, test)
    except FAILURES as failure:
        words = (str(failure).splitlines() or [type(failure).__name__])[0]
    return Run(result, words, time.monotonic() - start)
