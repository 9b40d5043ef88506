"""Verdict: which rung of the ladder is worth climbing."""

from dataclasses import dataclass

import numpy as np

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
# So many ways to exchange errors are looked at; all there are up to 12 folds.
MOST_WAYS = 4096
# What errs more by so many standard errors is not lucky in any.
HOPELESS = 2
ROUNDING = 1e-9
# A smaller share of an error is not worth a more complex model, however sure it is.
LEAST_GAIN = 0.01


@dataclass(frozen=True)
class Verdict:
    """What to use, and the sentence that says so.

    Attributes
    ----------
    recommended : str
        The simplest model that errs less than each simpler one, and that no other beats by more
        than chance gives.
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

    Attributes
    ----------
    share : float
        That of all folds' errors together.
    typical : float
        That of a fold's error, where all folds count the same: a single large one decides nothing.
    chance : float
        Of as many models as are compared, none of them better, the luckiest one's typical share is
        so large once in five times. NaN where there are too few forecasts to tell.
    """

    share: float
    typical: float
    chance: float

    @property
    def clear(self) -> bool:
        """Whether it matters, and is more than chance gives."""
        return bool(min(self.share, self.typical) > self.chance and self.share >= LEAST_GAIN)

    def __str__(self) -> str:
        """The share in words, beside what chance gives."""
        if np.isnan(self.chance):
            return (
                f"{_share(abs(self.share))}, which may be chance, as so few forecasts cannot tell"
            )
        if self.chance >= 1 or self.typical <= self.chance < self.share:
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


def gains(errors: dict[str, np.ndarray], over: str) -> dict[str, Gain]:
    """How much less each model's errors are than those of one, as ``errors_of`` tells them."""
    luck = _luck([errors[name] for name in errors if name != over], errors[over])
    return {name: _gain(ours, errors[over], luck) for name, ours in errors.items()}


def _gain(ours, theirs, luck):
    """The gain of one model over the other, where chance gives so many standard errors."""
    less, error = _less(ours, theirs)
    share = skill(ours.sum(), theirs.sum())
    return Gain(share, _as_share(less), _as_share(np.minimum(luck * error, 1)))


def _as_share(less):
    """By what share an error is below another, of their difference as a share of both together."""
    return -np.inf if less == -1 else float(2 * less / (1 + less))


def _luck(models, theirs):
    """How many standard errors the luckiest model's gain has once in five times by chance.

    Were none better, what a fold adds to a model's error and to the other's could as well be each
    other's. So they are exchanged, for all models at once, in every way there is; NaN where there
    are too few ways to tell. What is clearly worse is left out, so that it costs the others
    nothing.
    """
    exchanged = _ways(len(theirs))
    n_rarer = int(CHANCE * len(exchanged))
    if n_rarer == 0:
        return np.nan
    luckiest = np.zeros(len(exchanged))
    for ours in models:
        if _errors_less(ours, theirs) > -HOPELESS:
            swapped = np.where(exchanged, theirs, ours), np.where(exchanged, ours, theirs)
            luckiest = np.fmax(luckiest, _errors_less(*swapped))
    # As much as what others have by chance is not more.
    return float(np.sort(luckiest)[-1 - n_rarer]) * (1 + ROUNDING)


def _errors_less(ours, theirs):
    """By how many standard errors a fold's error is less; NaN where none is known."""
    less, error = _less(ours, theirs)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.divide(less, error)


def _ways(n_folds):
    """In which folds errors are exchanged, way by way; of many a part, drawn."""
    if 2**n_folds <= MOST_WAYS:
        return np.arange(2**n_folds)[:, None] >> np.arange(n_folds) & 1 == 1
    drawn = np.random.default_rng(0).random((MOST_WAYS, n_folds)) < 0.5
    drawn[0] = False
    return drawn


def _less(ours, theirs):
    """By how much a fold's error is less than the other, and the standard error of that.

    As a share of both together, so that one fold says no more than another, whatever its errors.
    """
    both = np.asarray(ours + theirs, dtype=float)
    less = np.divide(theirs - ours, both, out=np.zeros_like(both), where=both > 0)
    n_folds = both.shape[-1]
    spread = np.std(less, axis=-1, ddof=1) if n_folds > 1 else np.zeros(both.shape[:-1])
    # Nothing but rounding where each fold has the same share.
    spread = np.where(spread > ROUNDING, spread, 0)
    return less.mean(axis=-1), spread / np.sqrt(n_folds)


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

    gained = {name: gains(errors, name) for name in order}
    best = min(order, key=lambda name: errors[name].sum())
    recommended = next(
        name
        for name in _worth_climbing(order, errors)
        if not any(gain.clear for gain in gained[name].values())
    )
    floor = gained["naive"][recommended]
    less = None if best == recommended else gained[recommended][best]
    return Verdict(
        recommended=recommended,
        best=best,
        clear=floor.clear,
        sentence=_sentence(_error(results[recommended], n_series), recommended, floor, best, less),
    )


def _worth_climbing(order, errors):
    """The models that err less than each simpler one."""
    least = np.inf
    for name in order:
        error = errors[name].sum()
        if error < least:
            yield name
        least = min(least, error)


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
