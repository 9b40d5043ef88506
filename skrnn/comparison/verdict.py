"""Verdict: which rung of the ladder is worth climbing."""

from dataclasses import dataclass

import numpy as np

from skrnn.evaluation import Backtest
from skrnn.evaluation.measures import MEASURES, skill
from skrnn.wording import RUNGS, decimals_for, number, percent

# Into so many stretches a single fold is cut, to see a spread.
N_STRETCHES = 5
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
    """By what share one model's error is below another's, and that share's spread over the folds.

    The spread is a standard deviation. ``over`` names the folds: stretches of the only one, where
    there are not several.
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
            return (
                f"{_share(abs(self.share))}, which may be chance, as so few forecasts cannot tell"
            )
        if 0 < self.spread < self.share < LEAST_GAIN:
            return f"{_share(abs(self.share))}, too little to matter"
        kind = "more than" if self.clear else "within"
        return f"{_share(abs(self.share))}, {kind} {self.over} spread of {_share(self.spread)}"


def gain(model: Backtest, other: Backtest, measure: str = "mae") -> Gain:
    """How much less the error of one ``Backtest`` is than that of another, in the same folds."""
    ours = _errors(model, measure)
    theirs = _errors(other, measure)
    shares = np.array([skill(*errors) for errors in zip(ours, theirs, strict=True)])
    over = "the folds'" if len(model.by_fold) > 1 else "the fold's own"
    return Gain(skill(model.scores[measure], other.scores[measure]), _spread(shares), over)


def _spread(shares):
    """The standard deviation: unknown of a single share, and infinite where one is."""
    if len(shares) == 1:
        return np.nan
    return float(np.std(shares, ddof=1)) if np.isfinite(shares).all() else np.inf


def _errors(result, measure) -> np.ndarray:
    """The errors in each fold; if there is but one, in stretches of it that follow one another."""
    if len(result.by_fold) > 1:
        return result.by_fold[measure].to_numpy()
    forecasts = result.predictions.sort_values("origin", kind="stable")
    errors = (forecasts["predicted"] - forecasts["true"]).abs()
    if measure == "mase":
        errors = (errors / forecasts["scale"])[np.isfinite(forecasts["scale"])]
    errors = errors.groupby(forecasts["origin"]).mean().to_numpy()
    n_stretches = N_STRETCHES if len(errors) >= 2 * N_STRETCHES else 1
    return np.array([stretch.mean() for stretch in np.array_split(errors, n_stretches)])


def verdict(results: dict, measure: str = "mae") -> Verdict:
    """What to use, of results in the ladder's order."""
    order = [name for name in RUNGS if name in results]
    best = min(order, key=lambda name: results[name].scores[measure])
    recommended = next(
        name for name in order if not any(_clear(results, other, name, measure) for other in order)
    )
    floor = gain(results[recommended], results["naive"], measure)
    return Verdict(
        recommended=recommended,
        best=best,
        clear=floor.clear,
        sentence=_sentence(results, recommended, best, measure),
    )


def _clear(results, name, other, measure):
    return gain(results[name], results[other], measure).clear


def _sentence(results, recommended, best, measure):
    error = results[recommended].scores[measure]
    error = number(error, decimals_for([error], 4))
    sentence = f"Use the {RUNGS[recommended]}: its {MEASURES[measure]} is {error}"
    if recommended == best == "naive":
        return f"{sentence}, and no other model has less."
    if recommended != "naive":
        floor = gain(results[recommended], results["naive"], measure)
        side = "below" if floor.share > 0 else "above"
        sentence = f"{sentence}, {side} the naive forecast's by {floor}"
    if best != recommended:
        less = gain(results[best], results[recommended], measure)
        sentence = f"{sentence}; the {RUNGS[best]} has less by {less}"
    return f"{sentence}."


def _share(share):
    return percent(share, 0 if share >= 0.0995 else 1)
