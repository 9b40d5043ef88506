"""Comparison: what a run of the ladder found."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from skrnn.comparison.intervals import kept_sentence
from skrnn.comparison.model import ForecastModel
from skrnn.comparison.plan import Plan
from skrnn.comparison.relative import relative_by
from skrnn.comparison.verdict import Verdict, errors_of, gains
from skrnn.evaluation import Backtest
from skrnn.evaluation.measures import skill
from skrnn.reading import DataProblem, Reading


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
    measure : str
        What is told of the error by which models are ranked: "mae", or "relative" to the naive
        forecast's where there are several series, so that large ones do not decide.
    training : dict of str to list of dict
        The networks' ``history_``, one for each fold.
    weights : DataFrame or None
        How much the linear model looks at each step (rows: how many steps before the forecast is
        made, 0 the newest, and negative for those ahead of it) of each column: the mean size of its
        coefficients over all leads, in units of the target (or of its deviation in the window,
        where its recipe's form is scaled) for a change of one standard deviation. NaN where it
        does not look.
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

    reading: Reading
    plan: Plan
    results: dict
    unfinished: dict
    verdict: Verdict
    measure: str
    training: dict
    weights: pd.DataFrame | None
    model: ForecastModel | None = None
    seconds: float = 0.0
    ended: str | None = None
    command: str = ""
    versions: dict = field(default_factory=dict)

    @property
    def table(self) -> pd.DataFrame:
        """A line for each finished model, best first.

        Errors over all forecasts ("mae", "rmse", "mase", "smape" in percent), "skill" (the share of
        the naive forecast's error that is gone, each series counting the same), "chance" (the skill
        that chance gives: the luckiest of as many models that are no better than naive has it once
        in five times), the mean seconds of a fold's fit and predict ("fit_time", "predict_time"),
        and for each coverage the share of truths that intervals held and their mean width
        ("coverage_0.95", "width_0.95"): those of a fold are of what the folds before it missed, and
        the first fold has none.
        """
        lines = {name: self._line(name) for name in self.results}
        columns = ["mae", "rmse", "mase", "smape", "skill", "chance", "fit_time", "predict_time"]
        columns += [*self._of_intervals()]
        table = pd.DataFrame.from_dict(lines, orient="index", columns=columns).rename_axis("model")
        return table.sort_values("skill", ascending=False, kind="stable")

    @property
    def promise(self) -> str | None:
        """Whether the recommended model's intervals held what they promise; None without any."""
        coverages = self.plan.coverages
        if not coverages or self.verdict.recommended not in self.results:
            return None
        return kept_sentence(self.results[self.verdict.recommended], coverages)

    def skills(self, result: Backtest) -> pd.Series:
        """The share of the naive forecast's error that is gone in each fold of a result."""
        ours, naive = (
            relative_by(one.predictions, "fold") for one in (result, self.results["naive"])
        )
        skills = [skill(*errors) for errors in zip(ours, naive, strict=True)]
        return pd.Series(skills, ours.index.rename("fold"))

    @property
    def why_no_forecast(self) -> str | None:
        """Why the recommended model cannot forecast yet, in one line; None where it can.

        Columns may be known ahead of which the future is missing. None also without a model.
        """
        if self.model is None:
            return None
        try:
            self.model.forecast(steps=1)
        except DataProblem as error:
            return str(error)
        return None

    def errors(self, by: str) -> dict[str, pd.Series]:
        """The errors of each model at each "lead" or in each "fold", as ``measure`` says."""
        if self.measure == "relative":
            return {name: relative_by(one.predictions, by) for name, one in self.results.items()}
        return {name: getattr(one, f"by_{by}")["mae"] for name, one in self.results.items()}

    @cached_property
    def _gains(self):
        errors = {name: errors_of(result) for name, result in self.results.items()}
        return gains(errors, "naive")

    def _line(self, name):
        result = self.results[name]
        by_fold = result.by_fold
        line = dict(result.scores[["mae", "rmse", "mase", "smape"]])
        gained = self._gains[name]
        times = dict(by_fold[["fit_time", "predict_time"]].mean())
        intervals = dict(result.scores[[*self._of_intervals()]])
        return {
            **line,
            "skill": gained.share,
            # Beside a naive forecast without errors there is no share of them.
            "chance": gained.chance if np.isfinite(gained.chance) else np.nan,
            **times,
            **intervals,
        }

    def _of_intervals(self):
        for coverage in self.plan.coverages:
            yield from (f"coverage_{coverage:g}", f"width_{coverage:g}")

    def __repr__(self) -> str:
        return f"{self.verdict.sentence}\n{self.table.to_string(float_format='{:.4g}'.format)}"
