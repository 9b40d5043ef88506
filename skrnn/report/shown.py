"""Shown: the series, columns and folds that the charts let the reader choose from."""

import numpy as np
import pandas as pd

from skrnn.comparison import Comparison
from skrnn.evaluation import Backtest
from skrnn.report.thinning import MOST_COLUMNS, MOST_SERIES, evenly


def all_series(comparison: Comparison) -> list:
    """The names of the series, in the order in which the backtests number them."""
    return list(comparison.reading.frames)


def is_panel(comparison: Comparison) -> bool:
    """Whether there are several series."""
    return len(comparison.reading.frames) > 1


def shown_series(comparison: Comparison) -> list:
    """The series to choose from; of many, some spread from the best forecast to the worst."""
    names = all_series(comparison)
    if len(names) <= MOST_SERIES:
        return names
    skill = _skill_by_series(comparison)
    ranked = [names[code] for code in skill.sort_values(ascending=False, kind="stable").index]
    ranked += [name for name in names if name not in set(ranked)]
    return [ranked[rank] for rank in evenly(len(ranked), MOST_SERIES)]


def _skill_by_series(comparison):
    first = next(iter(comparison.results.values()), None)
    result = comparison.results.get(comparison.verdict.recommended, first)
    if result is None or "series" not in result.predictions:
        return pd.Series(dtype=float)
    table = result.predictions
    errors = pd.DataFrame(
        {
            "series": table["series"].to_numpy(),
            "model": (table["predicted"] - table["true"]).abs().to_numpy(),
            "naive": (table["baseline"] - table["true"]).abs().to_numpy(),
        }
    )
    sums = errors.groupby("series").sum()
    return (1 - sums["model"] / sums["naive"].where(sums["naive"] > 0)).fillna(-np.inf)


def shown_columns(comparison: Comparison) -> list:
    """The columns to choose from, the target first."""
    target = comparison.reading.target
    columns = next(iter(comparison.reading.frames.values())).columns
    return [target, *[column for column in columns if column != target]][:MOST_COLUMNS]


def forecasts_of(result: Backtest, code: int) -> pd.DataFrame:
    """The forecasts of one series; of the only one, all."""
    table = result.predictions
    return table[table["series"] == code] if "series" in table else table


def series_labels(comparison: Comparison) -> dict:
    """The series to choose from, by number, as the page calls them."""
    shown = set(shown_series(comparison))
    return {code: str(name) for code, name in enumerate(all_series(comparison)) if name in shown}
