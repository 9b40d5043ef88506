"""Ensemble: the median of the forecasts of several rungs."""

from collections.abc import Sequence

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin

from skrnn.evaluation import Backtest
from skrnn.windows import Windows

ENSEMBLE = "ensemble"
# The rungs whose median it is, and no fewer: of two it would be the mean.
N_MEMBERS = 3


class Ensemble(RegressorMixin, BaseEstimator):
    """The median of what fitted models forecast.

    Parameters
    ----------
    names : sequence of str
        The rungs' names.
    members : sequence of estimator
        The fitted models.
    """

    def __init__(self, names: Sequence[str], members: Sequence[BaseEstimator]):
        self.names = names
        self.members = members

    def fit(self, X: Windows, y: np.ndarray) -> "Ensemble":
        """Do nothing, as its members are fitted. Returns self."""
        return self

    def predict(self, X: Windows) -> np.ndarray:
        """The median of the forecasts from each window."""
        return np.median([member.predict(X) for member in self.members], axis=0)

    def __sklearn_is_fitted__(self) -> bool:
        return True


def median_fold(names: Sequence[str], results: Sequence[Backtest]) -> Backtest:
    """One fold of the ensemble of some rungs, of the results of each in that fold."""
    predictions = results[0].predictions
    medians = np.median([result.predictions["predicted"] for result in results], axis=0)
    return Backtest.of_table(
        predictions.assign(predicted=medians),
        fit_times=sum(result.by_fold["fit_time"].to_numpy() for result in results),
        predict_times=sum(result.by_fold["predict_time"].to_numpy() for result in results),
        estimators=[Ensemble(tuple(names), tuple(result.estimators[0] for result in results))],
        promise=results[0].promise,
    )


def members_of(ranked: Sequence[str]) -> tuple[str, ...] | None:
    """The members of an ensemble of rungs, best first; None of too few."""
    return tuple(ranked[:N_MEMBERS]) if len(ranked) >= N_MEMBERS else None
