"""Verdict: which rung of the ladder is worth climbing."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from skrnn.evaluation import Backtest
from skrnn.evaluation.measures import MEASURES, skill
from skrnn.wording import RUNGS, decimals_for, number, percent

# What folds there are is cut into so many stretches at least, as far as it goes, where these are
# fewer than three: two errors say nothing of chance.
N_STRETCHES = 5
FEWEST_FOLDS = 3
# How often chance may make a model of all that are compared look better than it is.
CHANCE = 0.1
# A smaller share of an error is not worth a more complex model, however sure it is.
LEAST_GAIN = 0.01


def ranking_measure(results: dict, n_series: int) -> str:
    """The absolute error; of several series, that relative to each one's changes.

    So large ones do not decide. Where series do not change, it is the absolute error again.
    """
    several = n_series > 1 and all(
        np.isfinite(result.by_fold["mase"]).all() for result in results.values()
    )
    return "mase" if several else "mae"


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
    once in ten times. NaN where there are too few forecasts to tell.
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
        if 0 < self.chance < self.share < LEAST_GAIN:
            return f"{_share(abs(self.share))}, too little to matter"
        kind = "more than" if self.clear else "within"
        return f"{_share(abs(self.share))}, {kind} what chance gives ({_share(self.chance)})"


def gain(model: Backtest, other: Backtest, measure: str = "mae", *, n_models: int = 2) -> Gain:
    """How much less the error of one ``Backtest`` is than that of another, in the same folds.

    It is one of the gains among ``n_models``.
    """
    share = skill(model.scores[measure], other.scores[measure])
    chance = _chance(_errors(model, measure), _errors(other, measure), max(1, n_models - 1))
    return Gain(share, chance)


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


def _errors(result, measure) -> np.ndarray:
    """The errors in each fold; of few folds, in stretches of them that follow one another."""
    n_folds = len(result.by_fold)
    if n_folds >= FEWEST_FOLDS:
        return result.by_fold[measure].to_numpy()
    forecasts = result.predictions
    errors = (forecasts["predicted"] - forecasts["true"]).abs()
    if measure == "mase":
        errors = (errors / forecasts["scale"])[np.isfinite(forecasts["scale"])]
    errors = errors.groupby(forecasts["origin"]).mean().to_numpy()
    n_stretches = N_STRETCHES if len(errors) >= 2 * N_STRETCHES else n_folds
    return np.array([stretch.mean() for stretch in np.array_split(errors, n_stretches)])


def verdict(results: dict, measure: str = "mae") -> Verdict:
    """What to use, of results in the ladder's order."""
    order = [name for name in RUNGS if name in results]
    best = min(order, key=lambda name: results[name].scores[measure])
    recommended = next(
        name for name in order if not any(_clear(results, other, name, measure) for other in order)
    )
    floor = _gain(results, recommended, "naive", measure)
    return Verdict(
        recommended=recommended,
        best=best,
        clear=floor.clear,
        sentence=_sentence(results, recommended, best, measure),
    )


def _clear(results, name, other, measure):
    return _gain(results, name, other, measure).clear


def _gain(results, name, other, measure):
    return gain(results[name], results[other], measure, n_models=len(results))


def _sentence(results, recommended, best, measure):
    error = results[recommended].scores[measure]
    error = number(error, decimals_for([error], 4))
    sentence = f"Use the {RUNGS[recommended]}: its {MEASURES[measure]} is {error}"
    if recommended == best == "naive":
        return f"{sentence}, and no other model has less."
    if recommended != "naive":
        floor = _gain(results, recommended, "naive", measure)
        side = "below" if floor.share > 0 else "above"
        sentence = f"{sentence}, {side} the naive forecast's by {floor}"
    if best != recommended:
        less = _gain(results, best, recommended, measure)
        sentence = f"{sentence}; the {RUNGS[best]} has less by {less}"
    return f"{sentence}."


def _share(share):
    return percent(share, 0 if share >= 0.0995 else 1)
