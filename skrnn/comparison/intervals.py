"""Intervals: what forecasts of earlier origins missed, and what that promises of the next ones."""

from collections.abc import Sequence

import numpy as np

from skrnn.evaluation import Backtest
from skrnn.evaluation.intervals import end_names
from skrnn.evaluation.past_changes import PastChanges
from skrnn.evaluation.past_residuals import by_origin, ends_of, n_telling, needed_for
from skrnn.wording import count, listing, percent

# A share so many standard errors away from what was promised is no chance.
CLEARLY = 2.0
# What is nearer to the promise than this has kept it.
NEARLY = 0.025


def residuals_of(result: Backtest) -> tuple[np.ndarray, np.ndarray, float]:
    """What a backtest's forecasts missed, the row of each first truth, and the memory of units.

    Residuals (n_origins, n_leads) are truth less forecast, NaN where the truth is not known. Of
    several series they are in units of what each has changed, with the memory (in horizons) by
    which that tells most.
    """
    table = result.predictions
    missed = (table["true"] - table["predicted"]).to_numpy(float)
    at, rows = by_origin(table, result.promise.rows[:, 1])
    relative, _, memory = result.promise.relative(missed, at[1], np.ones(len(missed), bool))
    found = np.full(rows.shape, np.nan)
    found[at] = relative
    return _compact(found), rows[:, 0], memory


def past_of(result: Backtest) -> PastChanges | None:
    """What a series has changed by the newest forecast, numbered as ``residuals_of`` does it."""
    past = result.promise.past
    if past is None:
        return None
    rows = result.promise.rows[:, 1]
    return past.until(rows.max()).counted_from(rows.min())


def promised(
    residuals: np.ndarray,
    coverages: Sequence[float],
    first_rows: np.ndarray | None = None,
    past: PastChanges | None = None,
) -> tuple[float, ...]:
    """The coverages that there are residuals, or past changes, enough for, going up."""
    n = _n_telling(residuals, first_rows, past)
    return tuple(coverage for coverage in sorted(coverages) if n >= needed_for(coverage))


def ends_around(
    forecasts: np.ndarray,
    units: np.ndarray,
    residuals: np.ndarray,
    first_rows: np.ndarray,
    coverages: Sequence[float],
    past: PastChanges | None = None,
) -> dict[str, np.ndarray]:
    """Lower and upper ends (n, n_leads) by the names of their columns, around forecasts like these.

    ``units`` (n, n_leads) are what the residuals of each forecast's series are told in.
    """
    known = np.where(np.isfinite(residuals), residuals, np.nan).astype(float)
    ends = ends_of(known, rows_behind(first_rows, known), coverages, past)
    return {
        name: forecasts + units * ends[:, position, end]
        for position, coverage in enumerate(coverages)
        for end, name in enumerate(end_names(coverage))
    }


def rows_behind(first_rows: np.ndarray, residuals: np.ndarray) -> np.ndarray:
    """The row of each truth (n_origins, n_leads), of the first behind each origin."""
    return first_rows[:, None] + np.arange(residuals.shape[1])


def interval_words(
    residuals: np.ndarray,
    coverages: Sequence[float],
    first_rows: np.ndarray | None = None,
    past: PastChanges | None = None,
) -> str:
    """Which intervals there are, from what, and which lack it."""
    n = _n_known(residuals)
    there = promised(residuals, coverages, first_rows, past)
    missing = [coverage for coverage in sorted(coverages) if coverage not in there]
    words = []
    if there:
        beside = "" if past is None else " and, where these tell too little, how the series changed"
        words.append(f"{_shares(there)}, from what {count(n, 'forecast')} missed{beside}")
    if missing:
        most = count(needed_for(missing[0]), "forecast")
        what = "whose truth is known" if past is None else "or changes"
        words.append(
            f"none of {_shares(missing)}, which take {most} {what}, and there are "
            f"{_n_telling(residuals, first_rows, past):,}"
        )
    return "; ".join(words)


def kept_sentence(result: Backtest, coverages: Sequence[float]) -> str:
    """Whether a result's intervals held what they promise: by fold, and beside what chance does."""
    coverages = sorted(coverages)
    parts = [
        _kept(result, coverage, first=not number) + _judgement(result, coverage)
        for number, coverage in enumerate(coverages)
    ]
    return f"{'; '.join(parts)}."


def _kept(result, coverage, first):
    name = f"coverage_{coverage:g}"
    promise = f"{'Its' if first else 'its'} {_share(coverage)} intervals"
    held = result.scores[name]
    if np.isnan(held):
        return f"{promise} are not tested, as no fold has forecasts enough before it"
    by_fold = result.by_fold[name].dropna()
    between = ""
    if len(by_fold) > 1:
        low, high = (f"{100 * share:.0f}" for share in (by_fold.min(), by_fold.max()))
        between = f", between {low} and {high} by fold" if first else f", between {low} and {high}"
    share = f"{percent(held)} of the truth" if first else percent(held)
    return f"{promise} held {share}{between}"


def _judgement(result, coverage):
    """Whether that is what was promised, as far as so many forecasts tell."""
    held, error = (result.scores[f"{name}_{coverage:g}"] for name in ("coverage", "coverage_se"))
    away = abs(held - coverage)
    if np.isnan(held) or away < NEARLY:
        return ""
    words = f", {'less' if held < coverage else 'more'} than promised"
    return words if away > CLEARLY * error else f"{words}, perhaps by chance"


def _compact(residuals):
    """In single precision, if none is too large or too small for that."""
    with np.errstate(over="ignore", under="ignore"):
        single = residuals.astype(np.float32)
    fits = np.isfinite(single) == np.isfinite(residuals)
    fits &= (single == 0) == (residuals == 0)
    return single if fits.all() else residuals


def _n_telling(residuals, first_rows, past):
    """How many forecasts and changes tell how wide intervals are."""
    likened = None
    if past is not None:
        likened = past.like(residuals, rows_behind(first_rows, residuals))
    return n_telling(residuals, likened)


def _n_known(residuals):
    return int(np.count_nonzero(np.isfinite(residuals)))


def _share(coverage):
    return f"{100 * coverage:g} %"


def _shares(coverages):
    return listing(map(_share, coverages))
