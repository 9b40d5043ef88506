"""Options: what a comparison may be asked for."""

import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skrnn.evaluation.promises import check_coverages
from skrnn.reading import DataProblem

# The shares of truths that intervals hold, unless others are asked for.
COVERAGES = (0.8, 0.95)
N_FOLDS = 5


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a comparison may be asked for.

    Attributes
    ----------
    horizon : int, default=None
        How many rows are forecast. None: a season of at most 48 rows, else 24 or 12.
    window : int, default=None
        Steps that a forecast looks at. None: what each model forecasts best from, as its race
        finds.
    models : sequence of str, default=None
        Names of rungs: naive, seasonal, smoothing, linear, dense, conv, mingru, simple, lstm, gru,
        ensemble. None: all of these. Where statsforecast is installed, theta and arima may be asked
        for, too. The naive forecast is always among them.
    columns : sequence of str, default=None
        The only columns that are used beside the target and those known ahead. None: all.
    ignore : sequence of str, default=()
        Columns that are not used.
    folds : int, default=None
        Folds of the backtest, over the newest 30 % of the rows. None: five, or as many as there are
        windows to test.
    effort : {"quick", "default", "best"}, default=None
        How many recipes are tried, and how long networks are trained: about one minute, five or
        twenty for 10,000 rows. None: "default", or what fits into ``budget``.
    budget : float, default=None
        Minutes that it may take: as much is planned before anything is fitted, and what is not
        finished by then is left out.
    jobs : int, default=1
        Fits in parallel, as in joblib. Each fit uses all cores by itself where it is alone.
    seed : int, default=0
        The random state of the networks.
    coverages : sequence of float, default=(0.8, 0.95)
        The shares of truths that intervals are to hold. None without any: ().
    """

    horizon: int | None = None
    window: int | None = None
    models: tuple | None = None
    columns: tuple | None = None
    ignore: tuple = ()
    folds: int | None = None
    effort: str | None = None
    budget: float | None = None
    jobs: int = 1
    seed: int = 0
    coverages: tuple = COVERAGES


def asked_coverages(coverages: float | Sequence[float]) -> tuple[float, ...]:
    """The shares that intervals are to hold, going up; none where none are asked for."""
    if np.size(coverages) == 0:
        return ()
    return tuple(sorted(check_coverages("coverages=", coverages)))


def whole(name: str, value: Any) -> int:
    """A whole number of at least 1, which came as an option of that name."""
    number = isinstance(value, numbers.Integral) and not isinstance(value, bool | np.bool_)
    if not number or value < 1:
        raise DataProblem(f"{name}= must be a whole number of at least 1, got {value!r}")
    return int(value)
