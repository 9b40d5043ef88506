"""Backtest: forecasts from rolling origins beside a baseline's, and their errors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from skrnn.evaluation.intervals import Promise, sentences
from skrnn.evaluation.measures import MEASURES, beside_baseline, by
from skrnn.evaluation.past_changes import PastChanges


@dataclass(frozen=True, repr=False)
class Backtest:
    """What ``backtest`` found.

    Attributes
    ----------
    predictions : DataFrame
        A line for each forecast, with the label of the row that it is for as index: "series" (for a
        panel), "fold", "origin" (the label of the row at which it was made), "lead", "true",
        "predicted", "baseline", and "scale" (the mean change over a season in the training targets,
        which MASE is relative to). With ``coverages`` also the ends of intervals, as "lower_0.95"
        and "upper_0.95", and "baseline_lower_0.95" and so on; NaN where a fold has none.
    scores : Series
        The errors over all forecasts: "mae", "rmse", "mase", "smape" (percent), "skill", and those
        of the baseline, as "baseline_mae" and so on. With ``coverages`` also the share of truths
        that their intervals held ("coverage_0.95"), its standard error ("coverage_se_0.95"), their
        mean width and mean scaled interval score ("width_0.95", "msis_0.95"), and the baseline's.
    by_fold : DataFrame
        The same for each fold, with the seconds that the model took to fit and to predict. A fold
        that goes on with an earlier fit has NaN for the first.
    by_lead : DataFrame
        The same for each lead.
    estimators : list
        The fitted models, one for each fold; folds without a refit share theirs, unless intervals
        follow the truths of each fold.
    promise : Promise or None
        With ``coverages``, which they are, and when each truth was known.
    """

    predictions: pd.DataFrame
    scores: pd.Series
    by_fold: pd.DataFrame
    by_lead: pd.DataFrame
    estimators: list[BaseEstimator]
    promise: Promise | None = None

    @classmethod
    def of_folds(cls, folds: Sequence["Backtest"], past: PastChanges | None = None) -> "Backtest":
        """One result of several that were run one by one, with a fold each.

        Parameters
        ----------
        folds : sequence of Backtest
            Results of the same model on the same samples, in the order of the folds.
        past : PastChanges, default=None
            Of one series, what it has changed: where the forecasts of earlier folds are few, that
            tells with them how wide intervals are.

        Returns
        -------
        result : Backtest
            All of their forecasts, with the folds counted anew, and the errors over all of them.
            Intervals of residuals are those of the folds before, as in one backtest of all.
        """
        tables = [fold.predictions.assign(fold=number) for number, fold in enumerate(folds)]
        return cls.of_table(
            pd.concat(tables),
            fit_times=np.concatenate([fold.by_fold["fit_time"] for fold in folds]),
            predict_times=np.concatenate([fold.by_fold["predict_time"] for fold in folds]),
            estimators=[model for fold in folds for model in fold.estimators],
            promise=Promise.of_folds([fold.promise for fold in folds], past),
        )

    @classmethod
    def of_table(
        cls,
        predictions: pd.DataFrame,
        *,
        fit_times: Sequence[float],
        predict_times: Sequence[float],
        estimators: list[BaseEstimator],
        promise: Promise | None = None,
    ) -> "Backtest":
        """The result of a table of forecasts.

        Parameters
        ----------
        predictions : DataFrame
            A line for each forecast, as in ``predictions``.
        fit_times, predict_times : sequence of float
            The seconds of each fold.
        estimators : list
            The fitted model of each fold.
        promise : Promise, default=None
            What intervals promise, where there are any.

        Returns
        -------
        result : Backtest
            The forecasts, and their errors.
        """
        scores = pd.Series(beside_baseline(predictions))
        by_fold = by(predictions, "fold")
        by_fold["fit_time"] = fit_times
        by_fold["predict_time"] = predict_times
        by_lead = by(predictions, "lead")
        if promise is not None:
            predictions = promise.with_intervals(predictions)
            scores = pd.concat([scores, promise.measures(predictions).iloc[0]])
            by_fold = by_fold.join(promise.measures(predictions, "fold"))
            by_lead = by_lead.join(promise.measures(predictions, "lead"))
        return cls(
            predictions=predictions,
            scores=scores,
            by_fold=by_fold,
            by_lead=by_lead,
            estimators=estimators,
            promise=promise,
        )

    def __repr__(self) -> str:
        both = {name: [self.scores[name], self.scores[f"baseline_{name}"]] for name in MEASURES}
        table = pd.DataFrame(both, index=["model", "baseline"])
        table["skill"] = [self.scores["skill"], 0.0]
        n_leads = len(self.by_lead)
        leads = f"{n_leads} leads" if n_leads > 1 else f"lead {self.by_lead.index[0]}"
        n_forecasts = len(self.predictions)
        title = f"Backtest of {n_forecasts} forecasts, {len(self.by_fold)} folds, {leads}"
        text = f"{title}\n{table.to_string(float_format='{:.4g}'.format)}"
        if self.promise is None:
            return text
        return "\n".join([text, *sentences(self.scores, self.promise.coverages)])
