"""Measures of a table of forecasts.

MAE, RMSE, MASE, sMAPE and skill, each beside the baseline's.
"""

import numpy as np
import pandas as pd
from sklearn.metrics import mean_absolute_error, mean_squared_error, root_mean_squared_error

MEASURES = ("mae", "rmse", "mase", "smape")
ERRORS = {"mae": mean_absolute_error, "mse": mean_squared_error, "rmse": root_mean_squared_error}


def error_function(argument: str, error):
    """An error by its name, or the function that came."""
    if not callable(error) and error not in ERRORS:
        raise ValueError(
            f"{argument} must be one of {', '.join(map(repr, ERRORS))} or a function, got {error!r}"
        )
    return error if callable(error) else ERRORS[error]


def error_name(function) -> str:
    """The error in words."""
    return getattr(function, "__name__", type(function).__name__).strip("_").replace("_", " ")


def error_where_known(function, true: np.ndarray, forecasts: np.ndarray) -> float:
    """The error over what is known of both; NaN if nothing is."""
    known = ~(np.isnan(true) | np.isnan(forecasts))
    return float(function(true[known], forecasts[known])) if known.any() else np.nan


def measures(table: pd.DataFrame, forecast: str = "predicted") -> dict:
    """Errors of one column of forecasts against the column "true"; "scale" is what MASE is relative to.

    sMAPE is in percent, from 0 to 200. MASE leaves out rows without a scale, and is NaN where none
    has one.
    """
    from sktime.performance_metrics.forecasting import mean_absolute_percentage_error

    true, forecasts = table["true"].to_numpy(), table[forecast].to_numpy()
    scaled = np.isfinite(table["scale"].to_numpy())
    scale = table["scale"].to_numpy()[scaled]
    return {
        "mae": mean_absolute_error(true, forecasts),
        "rmse": root_mean_squared_error(true, forecasts),
        "mase": mean_absolute_error(true[scaled] / scale, forecasts[scaled] / scale)
        if scaled.any()
        else np.nan,
        "smape": 100 * mean_absolute_percentage_error(true, forecasts, symmetric=True),
    }


def beside_baseline(table: pd.DataFrame) -> dict:
    """The forecasts' errors, the baseline's, and skill.

    The share of the baseline's MAE that is gone.
    """
    ours, theirs = measures(table), measures(table, "baseline")
    return {
        **ours,
        "skill": skill(ours["mae"], theirs["mae"]),
        **{f"baseline_{k}": v for k, v in theirs.items()},
    }


def skill(error: float, baseline_error: float) -> float:
    """1 for a perfect forecast, 0 for one as good as the baseline's, negative for a worse one."""
    if baseline_error == 0:
        return 0.0 if error == 0 else -np.inf
    return 1 - error / baseline_error


def by(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """The errors for each value of a column."""
    return pd.DataFrame(
        {value: beside_baseline(part) for value, part in table.groupby(column)}
    ).T.rename_axis(column)
