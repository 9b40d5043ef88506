"""Intervals of a backtest: those that a model gives itself, and those of earlier residuals."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from skrnn.evaluation.changes import MEMORIES, sharpest
from skrnn.evaluation.interval_measures import interval_scores, is_held
from skrnn.evaluation.past_changes import PastChanges
from skrnn.evaluation.past_residuals import by_origin, ends_of
from skrnn.evaluation.standard_error import standard_error

# The columns of forecasts, and what the names of their intervals begin with.
FORECASTS = {"predicted": "", "baseline": "baseline_"}


@dataclass(frozen=True, eq=False)
class Promise:
    """What the intervals of a backtest promise, and when which truth was known.

    Attributes
    ----------
    coverages : tuple of float
        The shares of truths that they promise to hold.
    own : bool
        Whether they are the model's own; otherwise they come from residuals of earlier folds.
    rows : ndarray of shape (n_forecasts, 2)
        The row at which each forecast was made, and the one that it is for, counted as all series
        share them.
    changes : ndarray of shape (n_forecasts, n_memories) or None
        Of several series, how much each had changed over the forecast's lead when it was made, by
        ``changes_by_lead``; None of one.
    past : PastChanges or None
        Of one series, what it has changed, where that is to join in.
    least : ndarray of shape (n_forecasts,) or None
        What no end is below; None where nothing is bounded.
    """

    coverages: tuple[float, ...]
    own: bool
    rows: np.ndarray
    changes: np.ndarray | None = None
    past: PastChanges | None = None
    least: np.ndarray | None = None

    @classmethod
    def of_folds(
        cls, promises: list["Promise | None"], past: PastChanges | None = None
    ) -> "Promise | None":
        """That of several backtests of the same model; None where any of them promises nothing."""
        if None in promises:
            return None
        first = promises[0]
        several = first.changes is not None
        return cls(
            coverages=first.coverages,
            own=first.own,
            rows=np.concatenate([one.rows for one in promises]),
            changes=np.concatenate([one.changes for one in promises]) if several else None,
            past=past,
            least=None if first.least is None else np.concatenate([one.least for one in promises]),
        )

    def relative(
        self, missed: np.ndarray, leads: np.ndarray, known: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray | float, float]:
        """What forecasts missed, in units of what their series changed; these units; the memory.

        Which changes count how much is chosen by those forecasts whose truth is ``known``. Of one
        series nothing is changed.
        """
        if self.changes is None:
            return missed, 1.0, np.inf
        memory = sharpest(missed[known], leads[known], self.changes[known])
        units = self.changes[:, memory]
        return missed / units, units, MEMORIES[memory]

    def with_intervals(self, predictions: pd.DataFrame) -> pd.DataFrame:
        """The forecasts with lower and upper ends, as far as earlier folds tell them."""
        plain = dict(FORECASTS)
        if self.own:
            del plain["predicted"]
        ends = {
            name: values
            for column, prefix in plain.items()
            for name, values in self._ends_of_residuals(predictions, column, prefix)
        }
        order = [
            name
            for prefix in FORECASTS.values()
            for coverage in self.coverages
            for name in end_names(coverage, prefix)
        ]
        others = [name for name in predictions if name not in order]
        return predictions.assign(**ends)[[*others, *order]]

    def measures(self, predictions: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
        """Coverage, its standard error, width and MSIS for each value of a column; None: of all."""
        groups = [
            predictions[name].to_numpy() for name in ("fold", "series") if name in predictions
        ]
        values = np.zeros(len(predictions), int) if by is None else predictions[by].to_numpy()
        number, names = pd.factorize(values, sort=True)
        order = np.argsort(number, kind="stable")
        lines = np.split(order, np.flatnonzero(np.diff(number[order])) + 1)
        columns = {
            f"{prefix}{name}": found
            for prefix in FORECASTS.values()
            for coverage in self.coverages
            for name, found in self._of_lines(predictions, lines, groups, coverage, prefix).items()
        }
        return pd.DataFrame(columns, index=pd.Index(names, name=by))

    def _ends_of_residuals(self, predictions, column, prefix):
        """(name, ends) of intervals from what forecasts missed whose truth was known by then."""
        fold = predictions["fold"].to_numpy()
        forecast = predictions[column].to_numpy(float)
        missed = predictions["true"].to_numpy(float) - forecast
        at, rows = by_origin(predictions, self.rows[:, 1])
        first = self.rows[:, 1].min()
        found = np.full((len(predictions), len(self.coverages), 2), np.nan)
        for which in (fold == value for value in np.unique(fold)):
            made_at = self.rows[which, 0].min()
            known = self.rows[:, 1] <= made_at
            relative, units, _ = self.relative(missed, at[1], known)
            residuals = np.full(rows.shape, np.nan)
            residuals[at] = np.where(known & np.isfinite(relative), relative, np.nan)
            past = None if self.past is None else self.past.until(made_at).counted_from(first)
            ends = ends_of(residuals, rows, self.coverages, past)[at[1][which]]
            found[which] = np.broadcast_to(units, len(fold))[which, None, None] * ends
        found += forecast[:, None, None]
        if self.least is not None:
            found = np.maximum(found, self.least[:, None, None])
        for position, coverage in enumerate(self.coverages):
            yield from zip(end_names(coverage, prefix), found[:, position].T, strict=True)

    def _of_lines(self, predictions, lines, groups, coverage, prefix):
        """The measures of each group of lines."""
        lower, upper = (predictions[name].to_numpy(float) for name in end_names(coverage, prefix))
        there = np.isfinite(lower)
        if not there.any():
            names = ("coverage", "coverage_se", "width", "msis")
            return {f"{name}_{coverage:g}": np.full(len(lines), np.nan) for name in names}
        true, scale = (predictions[name].to_numpy(float) for name in ("true", "scale"))
        held = is_held(true, lower, upper)
        scores = interval_scores(true, lower, upper, coverage) / scale
        rows = [which[there[which]] for which in lines]
        errors = [
            standard_error(
                held[which],
                *self.rows[which].T,
                coverage,
                [group[which] for group in groups],
            )
            for which in rows
        ]
        return {
            f"coverage_{coverage:g}": [_mean(held[which]) for which in rows],
            f"coverage_se_{coverage:g}": errors,
            f"width_{coverage:g}": [_mean((upper - lower)[which]) for which in rows],
            f"msis_{coverage:g}": [_mean(scores[which]) for which in rows],
        }


def end_names(coverage: float, prefix: str = "") -> tuple[str, str]:
    """The columns of an interval's ends.

    Examples
    --------
    >>> end_names(0.95)
    ('lower_0.95', 'upper_0.95')
    """
    return f"{prefix}lower_{coverage:g}", f"{prefix}upper_{coverage:g}"


def coverages_in(predictions: pd.DataFrame) -> list[float]:
    """The coverages of a table's intervals, going up."""
    ends = [name.removeprefix("lower_") for name in predictions if str(name).startswith("lower_")]
    return sorted(float(share) for share in ends if f"upper_{share}" in predictions)


def ends_by_name(ends: np.ndarray, coverages: tuple[float, ...]) -> dict[str, np.ndarray]:
    """The columns of intervals (n, n_leads, n_coverages, 2), forecast after forecast."""
    return {
        name: ends[:, :, share, end].ravel()
        for share, coverage in enumerate(coverages)
        for end, name in enumerate(end_names(coverage))
    }


def sentences(scores: pd.Series, coverages: tuple[float, ...]) -> list[str]:
    """What the intervals of each coverage held, in words."""
    told = []
    for coverage in coverages:
        held, error = (scores[f"{name}_{coverage:g}"] for name in ("coverage", "coverage_se"))
        give_or_take = "" if np.isnan(error) else f" ± {100 * error:.1f}"
        what = f"{100 * held:.1f}{give_or_take} % of the truths"
        if np.isnan(held):
            what = "nothing that counts: no fold has residuals enough before it"
        told.append(f"{100 * coverage:g} % intervals held {what}")
    return told


def _mean(values):
    """The mean of what is known; NaN of nothing."""
    known = values[~np.isnan(values)]
    return known.mean() if len(known) else np.nan
