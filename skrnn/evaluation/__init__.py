"""Backtests, and scorers for forecasts of many leads."""

from skrnn.evaluation.backtest import Backtest, backtest
from skrnn.evaluation.scorers import lead_scorer, skill_scorer

__all__ = ["Backtest", "backtest", "lead_scorer", "skill_scorer"]
