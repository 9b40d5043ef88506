"""Comparison: what a run of the ladder found."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from skrnn.comparison.verdict import Verdict


@dataclass(frozen=True, repr=False)
class Comparison:
    """What ``compare`` found.

    Attributes
    ----------
    reading : Reading
        The data as they were taken: series, target, season, notes, gaps.
    plan : Plan
        What was forecast, from what, and in which folds.
    results : dict of str to Backtest
        The finished models by name, in the ladder's order.
    unfinished : dict of str to str
        The models that were not finished, and why.
    verdict : Verdict
        What to use, and the sentence that says so.
    training : dict of str to list of dict
        The networks' ``history_``, one for each fold.
    weights : DataFrame or None
        How much the linear model looks at each step (rows: how many steps before the forecast is made, 0 the newest,
        and negative for those ahead of it) of each column: the mean size of its coefficients over all leads, in units
        of the target for a change of one standard deviation. NaN where it does not look.
    model : ForecastModel or None
        The recommended model, fitted on all rows; None where nothing was finished.
    seconds : float
        How long it took.
    ended : str or None
        Why it ended before all was finished: "interrupted" (Ctrl-C) or "budget".
    command : str
        The command line that repeats it.
    versions : dict of str to str
        Versions of Python and of the packages that the numbers depend on.
    """

    reading: object
    plan: object
    results: dict
    unfinished: dict
    verdict: Verdict
    training: dict
    weights: pd.DataFrame | None
    model: object
    seconds: float
    ended: str | None = None
    command: str = ""
    versions: dict = field(default_factory=dict)

    @property
    def table(self) -> pd.DataFrame:
        """A line for each finished model, best first.

        Errors over all forecasts ("mae", "rmse", "mase", "smape" in percent), "skill" (the share of the naive
        forecast's MAE that is gone), "spread" (standard deviation of the skill over the folds), and the mean seconds of
        a fold's fit and predict ("fit_time", "predict_time").
        """
        lines = {name: self._line(result) for name, result in self.results.items()}
        columns = ["mae", "rmse", "mase", "smape", "skill", "spread", "fit_time", "predict_time"]
        table = pd.DataFrame.from_dict(lines, orient="index", columns=columns).rename_axis("model")
        return table.sort_values("mae", kind="stable")

    @staticmethod
    def _line(result):
        by_fold = result.by_fold
        line = dict(result.scores[["mae", "rmse", "mase", "smape", "skill"]])
        # Beside a naive forecast without errors there is no share of them.
        spread = by_fold["skill"].std() if np.isfinite(by_fold["skill"]).all() else np.nan
        return {**line, "spread": spread, **dict(by_fold[["fit_time", "predict_time"]].mean())}

    def __repr__(self) -> str:
        return f"{self.verdict.sentence}\n{self.table.to_string(float_format='{:.4g}'.format)}"
