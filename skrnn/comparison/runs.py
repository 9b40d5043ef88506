"""Runs: one rung in one fold, and the same as plain data, which a file can hold."""

from dataclasses import dataclass

import numpy as np

from skrnn.evaluation import Backtest
from skrnn.evaluation.intervals import Promise
from skrnn.windows.plainly import frame_from, plain_frame


@dataclass(frozen=True)
class Run:
    """One rung in one fold.

    Attributes
    ----------
    result : Backtest or None
        What it forecast; None where it failed.
    failure : str or None
        How it failed.
    seconds : float
        How long it took.
    """

    result: Backtest | None
    failure: str | None
    seconds: float


@dataclass(frozen=True)
class PlainRun:
    """A run as plain data: what its backtest was made of.

    Attributes
    ----------
    failure : str or None
        How it failed.
    seconds : float
        How long it took.
    table : dict or None
        The forecasts.
    fit_times, predict_times : ndarray or None
        The seconds of the fold.
    estimators : list or None
        The fitted rung.
    promise : Promise or None
        What intervals promise.
    """

    failure: str | None
    seconds: float
    table: dict | None = None
    fit_times: np.ndarray | None = None
    predict_times: np.ndarray | None = None
    estimators: list | None = None
    promise: Promise | None = None

    @classmethod
    def of(cls, run: Run) -> "PlainRun":
        """That of a run."""
        result = run.result
        if result is None:
            return cls(run.failure, run.seconds)
        return cls(
            failure=None,
            seconds=run.seconds,
            table=plain_frame(result.predictions),
            fit_times=result.by_fold["fit_time"].to_numpy(),
            predict_times=result.by_fold["predict_time"].to_numpy(),
            estimators=result.estimators,
            promise=result.promise,
        )

    def run(self) -> Run:
        """The run that it is of."""
        if self.table is None:
            return Run(None, self.failure, self.seconds)
        result = Backtest.of_table(
            frame_from(self.table),
            fit_times=self.fit_times,
            predict_times=self.predict_times,
            estimators=self.estimators,
            promise=self.promise,
        )
        return Run(result, None, self.seconds)
