"""Measures of a table of forecasts: MAE, RMSE, MASE, sMAPE and skill beside the baseline's."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.metrics import mean_absolute_error, mean_squared_error, root_mean_squared_error

MEASURES = {
    "mae": "mean absolute error",
    "rmse": "root mean squared error",
    "mase": "mean absolute scaled error",
    "smape": "symmetric mean absolute percentage error",
}
ERRORS = {"mae": mean_absolute_error, "mse": mean_squared_error, "rmse": root_mean_squared_error}


def error_function(argument: str, error: str | Callable) -> Callable:
    """An error by its name, or the function that came."""
    if not callable(error) and error not in ERRORS:
        raise ValueError(
            f"{argument} must be one of {', '.join(map(repr, ERRORS))} or a function, got {error!r}"
        )
    return error if callable(error) else ERRORS[error]


def error_name(function: Callable) -> str:
    """The error in words."""
    return getattr(function, "__name__", type(function).__name__).strip("_").replace("_", " ")


def error_where_known(function: Callable, true: np.ndarray, forecasts: np.ndarray) -> float:
    """The error over what is known of both; NaN if nothing is."""
    known = ~(np.isnan(true) | np.isnan(forecasts))
    return float(function(true[known], forecasts[known])) if known.any() else np.nan


def measures(table: pd.DataFrame, forecast: str = "predicted") -> dict[str, float]:
    """Errors of one column of forecasts against the column "true"; MASE is relative to "scale".

    sMAPE is in percent, from 0 to 200. MASE leaves out rows without a scale, and is NaN where none
    has one.
    """
    return {name: values[0] for name, values in _means(table, forecast, np.zeros(1, int)).items()}


def beside_baseline(table: pd.DataFrame) -> dict[str, float]:
    """The forecasts' errors, the baseline's, and skill: the share of its MAE that is gone."""
    lines = by(table.assign(all=0), "all")
    return lines.iloc[0].to_dict()


def skill(error: float, baseline_error: float) -> float:
    """1 for a perfect forecast, 0 for one as good as the baseline's, negative for a worse one."""
    if baseline_error == 0:
        return 0.0 if error == 0 else -np.inf
    return 1 - error / baseline_error


def by(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """The errors for each value of a column, the baseline's, and skill."""
    table = table.sort_values(column, kind="stable")
    groups, starts = np.unique(table[column].to_numpy(), return_index=True)
    ours = _means(table, "predicted", starts)
    theirs = _means(table, "baseline", starts)
    columns = {
        **ours,
        "skill": list(map(skill, ours["mae"], theirs["mae"])),
        **{f"baseline_{name}": values for name, values in theirs.items()},
    }
    return pd.DataFrame(columns, index=pd.Index(groups, name=column))


def _means(table, forecast, starts):
    """The measures of the lines from each start to the next."""
    true = table["true"].to_numpy(float)
    forecasts = table[forecast].to_numpy(float)
    scale = table["scale"].to_numpy(float)
    error = np.abs(true - forecasts)
    scaled = np.isfinite(scale)
    size = np.abs(true) + np.abs(forecasts)
    shares = np.divide(error, size, out=np.zeros(len(table)), where=size > 0)
    n_lines = np.diff([*starts, len(table)])
    n_scaled = np.add.reduceat(scaled, starts, dtype=np.int64)
    relative = np.divide(error, scale, out=np.zeros(len(table)), where=scaled)
    with np.errstate(invalid="ignore"):
        # Where no line has a scale, 0 / 0 is NaN.
        mase = np.add.reduceat(relative, starts) / n_scaled
    return {
        "mae": np.add.reduceat(error, starts) / n_lines,
        "rmse": np.sqrt(np.add.reduceat(error**2, starts) / n_lines),
        "mase": mase,
        "smape": 200 * np.add.reduceat(shares, starts) / n_lines,
    }
