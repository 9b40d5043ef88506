"""Rounds.

Every rung in the newest fold, then every rung in the fold before, and so on, while there is time.
"""

import time
from dataclasses import dataclass, replace

from joblib import Parallel, cpu_count, delayed

from skrnn.comparison.fitting import Rung
from skrnn.comparison.ladder import Ladder
from skrnn.evaluation import Backtest, backtest
from skrnn.validation import check_count

# What a network costs beside the others, until it has been seen.
GUESSED_COSTS = {"dense": 10, "conv": 15, "simple": 20, "lstm": 30, "gru": 30}
WHY = {"interrupted": "stopped by Ctrl-C", "budget": "the budget ended"}


class Unfinished(ValueError):
    """Not even the naive forecast was finished before Ctrl-C or the end of the budget."""

    def __init__(self, message, *, interrupted):
        super().__init__(message)
        self.interrupted = interrupted


class Rounds:
    """Backtests of all rungs of a plan, fold after fold from the newest, and what is finished of them."""

    def __init__(self, ladder, plan):
        self.ladder, self.plan = ladder, plan
        self.finished = {}
        self.failed = {}
        self._seconds = {}

    def run(self, X, y, stop, jobs, progress):
        """Run them until all are finished, or ``stop`` has a reason."""
        runs = [
            (name, fold)
            for fold in reversed(range(len(self.plan.folds)))
            for name in self.plan.models
        ]
        calls = (
            delayed(_run)(_Run(self.ladder, name), X, y, *self.plan.folds[fold])
            for name, fold in runs
        )
        # Each process costs memory and seconds: no more than there are cores, or fits to make.
        jobs = min(check_count("jobs", jobs), len(runs), cpu_count())
        done = Parallel(n_jobs=jobs, return_as="generator")(calls)
        for place, (name, fold) in enumerate(runs):
            self._tell(progress, runs[place:], place, len(runs), jobs)
            result, seconds = next(done)
            if stop.reason is not None:
                break
            self._keep(name, fold, result, seconds)
        else:
            self._tell(progress, [], len(runs), len(runs), jobs)

    def compared(self, reason):
        """(results, folds, unfinished, notes): what was finished in the same folds.

        These are the folds that all rungs finished or, where there is none, the newest for those
        that finished it.
        """
        newest = len(self.plan.folds) - 1
        models = [name for name in self.plan.models if name not in self.failed]
        folds = [
            fold
            for fold in range(newest + 1)
            if all((name, fold) in self.finished for name in models)
        ]
        folds = folds or [newest]
        done = [name for name in models if all((name, fold) in self.finished for fold in folds)]
        if "naive" not in done:
            why = WHY.get(reason, self.failed.get("naive"))
            remedy = ": give it a larger --budget" if reason == "budget" else ""
            raise Unfinished(
                f"no model was finished: {why}{remedy}", interrupted=reason == "interrupted"
            )
        results = {
            name: Backtest.of_folds([self.finished[name, fold] for fold in folds]) for name in done
        }
        unfinished = {name: WHY[reason] for name in models if name not in done} | self.failed
        notes = []
        if reason is not None:
            said, n = WHY[reason], len(folds)
            notes = [
                f"{said[0].upper()}{said[1:]}: {n} of {newest + 1} folds, the newest, "
                f"{'is' if n == 1 else 'are'} finished and compared."
            ]
        return results, [self.plan.folds[fold] for fold in folds], unfinished, notes

    def _keep(self, name, fold, result, seconds):
        self._seconds[name] = seconds
        if isinstance(result, Exception):
            self.failed[name] = (
                f"it failed: "
                f"{str(result).splitlines()[0] if str(result) else type(result).__name__}"
            )
        else:
            self.finished[name, fold] = result

    def _tell(self, progress, ahead, n_done, n_runs, jobs):
        if progress is None:
            return
        left = self._left(ahead, jobs)
        progress(ahead[0][0] if ahead else None, n_done, n_runs, left)

    def _left(self, ahead, jobs):
        """The seconds left; None as long as nothing tells them."""
        seen = [name for name in self._seconds if name in GUESSED_COSTS]
        each = (
            sum(self._seconds[name] for name in seen) / sum(GUESSED_COSTS[name] for name in seen)
            if seen
            else None
        )
        unseen = {name for name, _ in ahead} - set(self._seconds)
        if not unseen <= set(GUESSED_COSTS if seen else ()):
            return None
        guessed = {name: each * GUESSED_COSTS[name] for name in unseen}
        return sum({**guessed, **self._seconds}[name] for name, _ in ahead) / jobs


@dataclass(frozen=True)
class _Run:
    """One rung in one fold."""

    ladder: Ladder
    name: str

    def __call__(self, X, y, train, test):
        rung, floor = (Rung(self.ladder, name, self.ladder.season) for name in (self.name, "naive"))
        result = backtest(rung, X, y, cv=[(train, test)], baseline=floor)
        return replace(result, estimators=[rung.model_ for rung in result.estimators])


def _run(run, X, y, train, test):
    """(result or the error, seconds): one model that fails does not end the others."""
    start = time.monotonic()
    try:
        result = run(X, y, train, test)
    except Exception as error:
        result = error
    return result, time.monotonic() - start
