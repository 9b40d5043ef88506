"""Backtests, measures of intervals and quantiles, and scorers for forecasts of many leads."""

from skrnn.evaluation.backtest import Backtest, backtest
from skrnn.evaluation.interval_measures import (
    calibration_curve,
    coverage_by_lead,
    interval_score,
    msis,
)
from skrnn.evaluation.quantile_measures import (
    crps_from_quantiles,
    pinball_loss,
    weighted_quantile_loss,
)
from skrnn.evaluation.scorers import (
    interval_scorer,
    lead_scorer,
    quantile_scorer,
    skill_scorer,
)

__all__ = [
    "Backtest",
    "backtest",
    "calibration_curve",
    "coverage_by_lead",
    "crps_from_quantiles",
    "interval_score",
    "interval_scorer",
    "lead_scorer",
    "msis",
    "pinball_loss",
    "quantile_scorer",
    "skill_scorer",
    "weighted_quantile_loss",
]
