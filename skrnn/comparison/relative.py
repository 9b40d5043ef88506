"""Errors relative to the naive forecast's, by which models are ranked: each series counts the same.

They are told of errors, or of tables of forecasts as ``backtest`` makes them, beside the naive
ones.
"""

import numpy as np
import pandas as pd

# What the errors that are told of one series, and of several, are called.
MEASURES = {
    "mae": "mean absolute error",
    "relative": "error relative to the naive forecast's",
}


def parts_of(errors: np.ndarray, naive: np.ndarray, series: np.ndarray) -> np.ndarray:
    """The part of each error in the relative error, which is their sum.

    The error of each series, which are numbered, is relative to the naive forecast's over the same
    rows. Series without a naive error are left out; where there is no other, errors are as they
    are.
    """
    sums = np.bincount(series, naive)
    n_moving = np.count_nonzero(sums)
    if n_moving == 0:
        return errors / len(errors)
    weights = np.divide(1, sums * n_moving, out=np.zeros(len(sums)), where=sums > 0)
    return errors * weights[series]


def parts(table: pd.DataFrame) -> pd.Series:
    """The part of each forecast of a table in the relative error."""
    errors = (table["true"] - table["predicted"]).abs()
    naive = (table["true"] - table["baseline"]).abs()
    series = table["series"].to_numpy() if "series" in table else np.zeros(len(table), int)
    return parts_of(errors, naive, np.unique(series, return_inverse=True)[1])


def relative_error(table: pd.DataFrame) -> float:
    """The mean over all series of the errors relative to the naive forecast's."""
    return float(parts(table).sum())


def relative_by(table: pd.DataFrame, column: str) -> pd.Series:
    """The errors of folds or leads, as large as the naive forecast's are there: 1 on average."""
    sums = parts(table).groupby(table[column].to_numpy()).sum()
    return sums * len(sums)
