"""Verdict: which rung of the ladder is worth climbing."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from skrnn.comparison.relative import MEASURES, parts
from skrnn.evaluation import Backtest
from skrnn.evaluation.measures import skill
from skrnn.wording import RUNGS, decimals_for, number, percent

# What folds there are is cut into so many stretches at least, as far as it goes, where these are
# fewer than three: two errors say nothing of chance.
N_STRETCHES = 5
FEWEST_FOLDS = 3
# How often chance may make a model of all that are compared look better than it is.
CHANCE = 0.2
# A smaller share of an error is not worth a more complex model, however sure it is.
LEAST_GAIN = 0.01


@dataclass(frozen=True)
class Verdict:
    """What to use, and the sentence that says so.

    Attributes
    ----------
    recommended : str
        The simplest model that no other beats by more than chance gives.
    best : str
        The model with the least error.
    clear : bool
        Whether the recommended model beats the naive forecast by more than chance gives.
    sentence : str
        What to use, by how much it wins, and whether that is more than chance gives.
    """

    recommended: str
    best: str
    clear: bool
    sentence: str


@dataclass(frozen=True)
class Gain:
    """By what share one model's error is below another's, and the share that chance gives.

    Of as many models as are compared, none of them better, the luckiest one has so large a share
    once in five times. NaN where there are too few forecasts to tell.
    """

    share: float
    chance: float

    @property
    def clear(self) -> bool:
        """Whether it matters, and is more than chance gives."""
        return bool(self.share > self.chance and self.share >= LEAST_GAIN)

    def __str__(self) -> str:
        """The share in words, beside what chance gives."""
        if np.isnan(self.chance):
            return (
                f"{_share(abs(self.share))}, which may be chance, as so few forecasts cannot tell"
            )
        if self.chance >= 1:
            return f"{_share(abs(self.share))}, which may be chance, as folds differ so much"
        if 0 < self.chance < self.share < LEAST_GAIN:
            return f"{_share(abs(self.share))}, too little to matter"
        kind = "more than" if self.clear else "within"
        return f"{_share(abs(self.share))}, {kind} what chance gives ({_share(self.chance)})"


def errors_of(result: Backtest) -> np.ndarray:
    """What each fold adds to a result's error relative to the naive forecast's.

    Of few folds, what stretches of them add.
    """
    return np.bincount(_stretches(result.predictions), parts(result.predictions))


def gain(ours: np.ndarray, theirs: np.ndarray, *, n_models: int = 2) -> Gain:
    """How much less one model's errors are than another's, as ``errors_of`` tells both.

    It is one of the gains among ``n_models``.
    """
    chance = _chance(ours, theirs, max(1, n_models - 1))
    return Gain(skill(ours.sum(), theirs.sum()), chance)


def _chance(ours, theirs, n_others):
    """How far the share of all errors may be from the truth: one side of Student's interval.

    The errors of a fold count by their size, as they do in the share. With several other models
    each has its part of what is left to chance.
    """
    if len(ours) == 1:
        return np.nan
    apart = ours - ours.mean() / theirs.mean() * theirs if theirs.any() else ours
    if not apart.any():
        return 0.0
    if not theirs.any():
        return np.inf
    error = np.std(apart, ddof=1) / theirs.mean() / np.sqrt(len(apart))
    return float(error * stats.t.isf(CHANCE / n_others, len(apart) - 1))


def _stretches(table) -> np.ndarray:
    """The number of each forecast's fold; of few folds, that of its part of their origins."""
    folds, numbers = np.unique(table["fold"], return_inverse=True)
    if len(folds) >= FEWEST_FOLDS:
        return numbers
    origins, numbers = np.unique(table["origin"], return_inverse=True)
    n_stretches = N_STRETCHES if len(origins) >= 2 * N_STRETCHES else len(folds)
    return numbers * n_stretches // len(origins)


def verdict(results: dict, *, n_series: int = 1) -> Verdict:
    """What to use, of results in the ladder's order."""
    order = [name for name in RUNGS if name in results]
    errors = {name: errors_of(results[name]) for name in order}

    def gained(name, other):
        return gain(errors[name], errors[other], n_models=len(order))

    best = min(order, key=lambda name: errors[name].sum())
    recommended = next(
        name for name in order if not any(gained(other, name).clear for other in order)
    )
    floor = gained(recommended, "naive")
    less = None if best == recommended else gained(best, recommended)
    return Verdict(
        recommended=recommended,
        best=best,
        clear=floor.clear,
        sentence=_sentence(_error(results[recommended], n_series), recommended, floor, best, less),
    )


def _sentence(error, recommended, floor, best, less):
    """What to use, and by what; ``error`` is that of a single series in words, else None."""
    words = []
    if error is not None:
        words.append(f"its {error}")
    if recommended != "naive":
        side = "below" if floor.share > 0 else "above"
        words.append(f"{side} the naive forecast's by {floor}")
    told = ", ".join(words)
    if error is None:
        told = f"series by series, its mean absolute error is {told}" if told else ""
    if less is not None:
        other = f"the {RUNGS[best]} has less by {less}"
        told = f"{told}; {other}" if told else f"series by series, {other}"
    elif recommended == "naive":
        told = f"{told}, and no other model has less" if told else "no other model errs less"
    return f"Use the {RUNGS[recommended]}: {told}."


def _error(result, n_series):
    """The error that is told, in words; None of several series, whose errors differ in size."""
    if n_series > 1:
        return None
    error = result.scores["mae"]
    return f"{MEASURES['mae']} is {number(error, decimals_for([error], 4))}"


def _share(share):
    return percent(share, 0 if share >= 0.0995 else 1)
