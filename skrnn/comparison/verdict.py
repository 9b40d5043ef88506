"""Verdict: which rung of the ladder is worth climbing."""

from dataclasses import dataclass

import numpy as np

from skrnn.comparison.ladder import RUNGS
from skrnn.comparison.wording import decimals_for, number, percent
from skrnn.evaluation.measures import skill

# Into so many parts a single fold is cut, to see a spread.
PARTS = 5
# A smaller share of an error is not worth a more complex model, however sure it is.
LEAST_GAIN = 0.01


@dataclass(frozen=True)
class Verdict:
    """What to use, and the sentence that says so.

    Attributes
    ----------
    recommended : str
        The simplest model that no other beats by more than the folds' spread.
    best : str
        The model with the least error.
    clear : bool
        Whether the recommended model beats the naive forecast by more than the folds' spread.
    sentence : str
        What to use, by how much it wins, and whether that is more than the folds' spread.
    """

    recommended: str
    best: str
    clear: bool
    sentence: str


@dataclass(frozen=True)
class Gain:
    """By what share one model's error is below another's, and the standard deviation of that share over the folds.

    ``over`` names these: the parts of the fold, where there is but one.
    """

    share: float
    spread: float
    over: str = "the folds'"

    @property
    def clear(self) -> bool:
        """Whether it matters, and is more than the folds' spread."""
        return bool(self.share > self.spread and self.share >= LEAST_GAIN)

    def __str__(self) -> str:
        """The share in words, beside the folds' spread."""
        if np.isnan(self.spread):
            return f"{_share(abs(self.share))}, which may be chance, as so few forecasts cannot tell"
        if 0 < self.spread < self.share < LEAST_GAIN:
            return f"{_share(abs(self.share))}, too little to matter"
        kind = "more than" if self.clear else "within"
        return f"{_share(abs(self.share))}, {kind} {self.over} spread of {_share(self.spread)}"


def gain(model, other) -> Gain:
    """How much less the error of one ``Backtest`` is than that of another, in the same folds."""
    ours, theirs = _errors(model), _errors(other)
    shares = np.array([skill(*errors) for errors in zip(ours, theirs, strict=True)])
    spread = np.nan if len(shares) == 1 else np.std(shares, ddof=1) if np.isfinite(shares).all() else np.inf
    over = "the folds'" if len(model.by_fold) > 1 else "the fold's own"
    return Gain(skill(model.scores["mae"], other.scores["mae"]), float(spread), over)


def _errors(result) -> np.ndarray:
    """The errors in each fold; if there is but one, in parts of it that follow one another."""
    if len(result.by_fold) > 1:
        return result.by_fold["mae"].to_numpy()
    forecasts = result.predictions.sort_values("origin", kind="stable")
    errors = (forecasts["predicted"] - forecasts["true"]).abs().groupby(forecasts["origin"]).mean().to_numpy()
    parts = np.array_split(errors, PARTS) if len(errors) >= 2 * PARTS else [errors]
    return np.array([part.mean() for part in parts])


def verdict(results: dict) -> Verdict:
    """What to use, of results in the ladder's order."""
    order = [name for name in RUNGS if name in results]
    best = min(order, key=lambda name: results[name].scores["mae"])
    recommended = next(name for name in order if not any(gain(results[other], results[name]).clear for other in order))
    floor = gain(results[recommended], results["naive"])
    return Verdict(recommended, best, floor.clear, _sentence(results, recommended, best, floor))


def _sentence(results, recommended, best, floor):
    error = results[recommended].scores["mae"]
    error = number(error, decimals_for([error], 4))
    said = f"Use the {RUNGS[recommended]}: its mean absolute error is {error}"
    if recommended == best == "naive":
        return f"{said}, and no other model has less."
    if recommended != "naive":
        side = "below" if floor.share > 0 else "above"
        said = f"{said}, {side} the naive forecast's by {floor}"
    if best != recommended:
        said = f"{said}; the {RUNGS[best]} has less by {gain(results[best], results[recommended])}"
    return f"{said}."


def _share(share):
    return percent(share, 0 if share >= 0.0995 else 1)
