"""Race: which recipe each rung gets, judged on the training rows of the oldest fold."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from joblib import Parallel, cpu_count, delayed

from skrnn.comparison.keeping import Kept
from skrnn.comparison.ladder import Ladder
from skrnn.comparison.preparation import thinned
from skrnn.comparison.recipes import (
    LONGEST_SEASON,
    NETWORKS,
    SEASONAL,
    Ground,
    Recipe,
    first,
    stages,
)
from skrnn.comparison.stopping import Stop
from skrnn.comparison.trial import Trial
from skrnn.validation import DivergenceError, check_count
from skrnn.windows import Windows

# As many windows tell which recipe is best.
ENOUGH_WINDOWS = 50_000
# Windows that judge at most: neighbours are alike.
MOST_JUDGED = 1_000
# The shares of a full training that networks get, while half of them drop out each time.
SHARES = (1 / 8, 1 / 4, 1 / 2)
SHARE_OF_LINEAR = 1 / 4
# Absolute errors are learned step by step: of windows × inputs × leads up to so many, in seconds.
MOST_OF_ABSOLUTE = 5e6
# So many recipes go on to the next stage.
KEPT = 2
# A recipe behind another is taken only if its error is less by this share.
LEAST_GAIN = 0.01
# Networks lead that are no more behind the best of them, by the share of its error, after the first
# stage.
LEAD = 0.05
# The name under which a race that is over is kept.
WHOLE = "race"
# What a recipe may fail with, and the others go on: its numbers got out of hand.
FAILURES = (DivergenceError, np.linalg.LinAlgError)


@dataclass(frozen=True)
class Heat:
    """One run of a recipe.

    Attributes
    ----------
    recipe : Recipe
        How the rung was set.
    share : float
        The share of a full training that it got.
    error : float
        Its error on the rows that judge; infinite where it failed.
    """

    recipe: Recipe
    share: float
    error: float


@dataclass(frozen=True)
class Race:
    """What was tried for each rung, and what it got.

    Attributes
    ----------
    heats : dict of str to list of Heat
        Every run by the rung's name, in the order in which they were made.
    recipes : dict of str to Recipe
        How each rung is set.
    chosen : dict of str to Heat
        The run of each rung by which it is set so.
    relative : bool
        Whether errors are relative to the naive forecast's, as of several series.
    untold : tuple of str
        The rungs whose race did not end before the budget did: they are set as they stood then.
    behind : tuple of str
        The networks whose race was over after the first stage, as others led: what theirs would
        have taken, these got.
    """

    heats: dict[str, list[Heat]] = field(default_factory=dict)
    recipes: dict[str, Recipe] = field(default_factory=dict)
    chosen: dict[str, Heat] = field(default_factory=dict)
    relative: bool = False
    untold: tuple = ()
    behind: tuple = ()

    @property
    def table(self) -> pd.DataFrame:
        """A line for each run: model, recipe, share of a full training, error, and if chosen."""
        lines = [
            {
                "model": name,
                "recipe": heat.recipe.words(name),
                "training": heat.share,
                "error": heat.error,
                "chosen": heat.recipe == self.chosen[name].recipe,
            }
            for name, heats in self.heats.items()
            for heat in heats
        ]
        return pd.DataFrame(lines, columns=["model", "recipe", "training", "error", "chosen"])

    def error(self, name: str) -> float:
        """The error of a rung as it is set; infinite where there was no race of it."""
        return self.chosen[name].error if name in self.chosen else np.inf

    def ranked(self) -> list[str]:
        """The rungs that were judged, best first."""
        errors = {name: self.error(name) for name in self.heats}
        return sorted((name for name in errors if np.isfinite(errors[name])), key=errors.get)


@dataclass(frozen=True)
class Raced:
    """The race of one rung, as far as it has come.

    Attributes
    ----------
    heats : list of Heat
        What it ran.
    chosen : Heat
        The run by which it is set.
    best : list of Recipe
        The recipes that go on to the next stage.
    n_left : int
        The stages that are left.
    at_first : float
        The error after the first stage.
    behind : bool, default=False
        Whether it was over then, as others led.
    """

    heats: list[Heat]
    chosen: Heat
    best: list[Recipe]
    n_left: int
    at_first: float
    behind: bool = False


@dataclass(frozen=True)
class Track:
    """Where rungs race: the trials that judge, the ladder of the rungs, and what reading found."""

    trials: list[Trial]
    ladder: Ladder
    ground: Ground

    @property
    def n_windows(self) -> int:
        """The windows of a fit."""
        return len(self.trials[0].past)

    def begun(self, name: str) -> Recipe:
        """The recipe that a rung starts from."""
        recipe = first(name, self.ground)
        if self.is_possible(name, recipe):
            return recipe
        # What serves the linear model may take a network too long.
        return first(name, replace(self.ground, scouted=()))

    def is_possible(self, name: str, recipe: Recipe) -> bool:
        """Whether windows have the steps, and a network of it can be trained for long enough."""
        trial = self.trials[0]
        if recipe.steps > trial.past.length or (recipe.form.logs and not trial.is_positive):
            return False
        if name in SEASONAL:
            longest = LONGEST_SEASON.get(name, trial.past.length)
            return recipe.season <= min(longest, trial.past.length)
        if name == "linear" and recipe.loss == "mae":
            n_inputs = recipe.n_inputs(trial.past.n_features)
            return trial.taught.size * n_inputs <= MOST_OF_ABSOLUTE
        return name not in NETWORKS or self.ladder.allowance.affords(name, recipe, self.n_windows)

    def stages(self, name: str) -> list:
        """What of a rung's recipe is tried."""
        among = self.ladder.allowance.effort.stages
        return [one for one in stages(name) if name not in NETWORKS or one.__name__ in among]

    def contenders(self, name: str, best: list[Recipe], stage: Callable) -> list[Recipe]:
        """The best recipes so far, and those that a stage has beside them."""
        others = dict.fromkeys(one for recipe in best for one in stage(name, recipe, self.ground))
        possible = [one for one in others if self.is_possible(name, one)]
        if name in NETWORKS:
            possible = possible[: self.ladder.allowance.effort.contenders]
        return list(dict.fromkeys([*best, *possible]))

    def error(self, name: str, recipe: Recipe, share: float) -> float:
        """What a recipe with a share of its training errs, in the mean over all trials."""
        ladder = self.ladder.of({name: recipe})
        try:
            fitted = (ladder.fit(name, one.past, one.taught, share) for one in self.trials)
            errors = [one.error(fit) for one, fit in zip(self.trials, fitted, strict=True)]
        except FAILURES:
            return np.inf
        return float(np.mean(errors))


def trials_of(
    X: Windows, y: np.ndarray, train: np.ndarray, ladder: Ladder, ground: Ground
) -> list[Trial]:
    """The trials by which the recipes of rungs are judged, on some training windows.

    All but these is untouched. None where the windows do not tell.
    """
    train = thinned(train, ENOUGH_WINDOWS, ladder.season)
    trials = Trial.some(X, y, train, ladder.target)
    return [
        one.known(ladder.season, MOST_JUDGED)
        for one in trials
        if one.tells(ground.window + ground.season)
    ]


def race(
    names: tuple,
    trials: list[Trial],
    ladder: Ladder,
    ground: Ground,
    *,
    deadline: float | None = None,
    jobs: int = 1,
    tell: Callable | None = None,
    kept: Kept | None = None,
) -> Race:
    """The recipes of some rungs, by what they forecast in some trials.

    A rung begins with its first recipe, a network with the one that serves the linear model best,
    and stage by stage others contend with the best so far: forms, windows, columns and so on. Half
    of the networks drop out at a time, short trainings first. The first stage of all comes before
    what is left of any, the most promising first; where networks would learn more from longer
    trainings, those that lead then get the time of the others. Without a trial rungs stay as they
    begin, and those whose race the deadline, a ``time.monotonic()``, cuts, as they stand then. What
    is ``kept`` of a race that was cut is not run again.
    """
    kept = kept or Kept()
    whole = kept.get(WHOLE)
    if whole is not None:
        return whole
    if not trials:
        return Race(recipes={name: first(name, ground) for name in names}, relative=ground.several)
    track = Track(trials, ladder, ground)
    found = _kept_races(names, kept)
    raced = {}
    with Stop(deadline) as stop:
        if any(name in NETWORKS for name in names):
            # It costs next to nothing, and tells what is worth a network's time.
            if "linear" not in found:
                found["linear"] = run("linear", track)
            scouted = _best_of_forms(found["linear"].heats)
            track = replace(track, ground=replace(ground, scouted=scouted))
        for name, one in _each(names, found, track, jobs, tell):
            # What was interrupted may have been learned by half.
            if stop.reason is not None:
                break
            raced[name] = one
            kept.put(f"race-{name}", one)
    if stop.reason == "interrupted":
        raise KeyboardInterrupt
    whole = _told(names, raced, track)
    if raced:
        kept.put(WHOLE, whole)
    return whole


def _told(names, raced, track):
    """What the races of some rungs tell; the others stay as they begin."""
    chosen = {name: one.chosen for name, one in raced.items()}
    won = {name: _recipe_of(name, heat) for name, heat in chosen.items()}
    return Race(
        heats={name: one.heats for name, one in raced.items()},
        recipes={name: track.begun(name) for name in names} | won,
        chosen=chosen,
        relative=track.ground.several,
        untold=tuple(name for name in names if name not in raced or raced[name].n_left),
        behind=tuple(name for name, one in raced.items() if one.behind),
    )


def _kept_races(names, kept):
    """The races that a comparison which was cut has kept."""
    found = {name: kept.get(f"race-{name}") for name in names}
    return {name: one for name, one in found.items() if one is not None}


def _each(names, found, track, jobs, tell):
    """The races of all rungs as they come on: (name, race), first in their order, then on merit."""
    so_far = dict(found)
    jobs = min(check_count("jobs", jobs), len(names), cpu_count())
    number = 0

    def runs(order, done_before=(), **options):
        """Runs of rungs, one after the other or side by side, and what they found."""
        nonlocal number
        calls = [
            delayed(run)(name, track, so_far.get(name), **options)
            for name in order
            if name not in done_before
        ]
        done = Parallel(n_jobs=jobs, return_as="generator")(calls) if calls else iter(())
        for name in order:
            if tell is not None:
                tell(name, number)
            if name not in done_before:
                so_far[name] = next(done)
            number += 1
            yield name, so_far[name]

    yield from runs(names, found, whole=False)
    behind, time = _behind(names, so_far, track)
    for name in behind:
        so_far[name] = replace(so_far[name], n_left=0, behind=True)
        yield name, so_far[name]
    left = [name for name in names if so_far[name].n_left]
    yield from runs(sorted(left, key=lambda name: so_far[name].chosen.error), time=time)


def _behind(names, raced, track):
    """(names, time): the networks whose race is over after the first stage, and the others' time.

    None are over where the others would not be trained for longer, as they see all they can.
    """
    firsts = {name: raced[name].at_first for name in names if name in NETWORKS}
    least = min(firsts.values(), default=np.inf)
    leading = [name for name, error in firsts.items() if error <= (1 + LEAD) * least]
    if len(leading) in (0, len(firsts)):
        return [], 1.0
    allowance = track.ladder.allowance
    time = allowance.time_of(len(leading))

    def updates(name, time):
        recipe = replace(raced[name].best[0], time=time)
        return allowance.updates(name, recipe, track.n_windows)

    if not any(updates(name, time) > updates(name, 1.0) for name in leading):
        return [], 1.0
    return [name for name in firsts if name not in leading], time


def run(
    name: str,
    track: Track,
    before: Raced | None = None,
    *,
    whole: bool = True,
    time: float = 1.0,
) -> Raced:
    """The race of one rung, from where it stood before; of a network its next stage, or all.

    A network's trainings may take ``time`` times as long from now on.
    """
    heats = {} if before is None else {(heat.recipe, heat.share): heat for heat in before.heats}
    shares = _shares(name)

    def error(recipe, share):
        """The least error of a recipe up to some share of a training."""
        if (recipe, share) not in heats:
            heats[recipe, share] = Heat(recipe, share, track.error(name, recipe, share))
        so_far = shares[: shares.index(share) + 1]
        return min(heats[recipe, one].error for one in so_far if (recipe, one) in heats)

    left, best = track.stages(name), [track.begun(name)]
    if before is not None:
        left, best = left[len(left) - before.n_left :], before.best
        if name in NETWORKS:
            best = [replace(recipe, time=time) for recipe in best]
    n_now = len(left) if whole or name not in NETWORKS else 1
    for stage in left[:n_now]:
        contenders = track.contenders(name, best, stage)
        if len(contenders) > len(best):
            best = _winners(contenders, shares, error)
    for recipe in best:
        # Without any other there is nothing to judge, but the rank among the rungs.
        error(recipe, shares[-1])
    found = list(heats.values())
    chosen = _chosen(found, shares[-1])
    at_first = chosen.error if before is None else before.at_first
    return Raced(found, chosen, best, len(left[n_now:]), at_first)


def _winners(contenders, shares, error):
    """The best of contenders in the last round; from round to round half of them drop out."""
    for share in shares:
        contenders = sorted(contenders, key=lambda recipe: error(recipe, share))
        if share != shares[-1]:
            contenders = contenders[: max(KEPT, -(-len(contenders) // 2))]
    return contenders[:KEPT]


def _shares(name):
    """The shares of a full training of the rounds."""
    return SHARES if name in NETWORKS else (SHARE_OF_LINEAR if name == "linear" else 1.0,)


def _best_of_forms(heats):
    """The recipes that got least errors, of a form each."""
    best = {}
    for heat in sorted(heats, key=lambda heat: heat.error):
        best.setdefault(heat.recipe.form, heat.recipe)
    return tuple(best.values())[:KEPT]


def _chosen(heats, last):
    """The best run of those that went on to the last round, or one before it that is hardly worse.

    What was tried first is simpler. Of one recipe a longer training must be better.
    """
    finished = [heat.recipe for heat in heats if heat.share == last]
    heats = [heat for heat in heats if heat.recipe in finished]
    least = min(heat.error for heat in heats)
    near = [heat for heat in heats if heat.error * (1 - LEAST_GAIN) <= least]
    return min(near or heats, key=lambda heat: finished.index(heat.recipe))


def _recipe_of(name, heat):
    """The recipe of a run: trained for a shorter time, if that was not of the last round."""
    shorter = heat.share / _shares(name)[-1]
    return replace(heat.recipe, length=heat.recipe.length * shorter)
