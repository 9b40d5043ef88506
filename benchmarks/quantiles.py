"""Quantiles of a day ahead: a network's beside a naive forecast's residuals and gradient boosting.

The 10, 50 and 90 % quantiles of Victoria's electricity demand in a day's time, and of Chicago's
rail ridership tomorrow. All models look at the same windows; the naive forecast's quantiles are
those of its errors on the training rows. Settings were chosen by the pinball loss on the
validation rows (``--validation`` prints these), which lie before the test rows; what is measured
on the test rows was trained on all rows before them. Times are of fitting and forecasting.
"""

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline

from skrnn import (
    CalendarFeatures,
    FlattenWindows,
    NaiveForecaster,
    RNNRegressor,
    SeriesScaler,
    Windows,
    make_windows,
)

QUANTILES = (0.1, 0.5, 0.9)
ELECTRICITY = "vic_electricity.csv"
RIDERSHIP = "CTA_-_Ridership_-_Daily_Boarding_Totals.csv"
DAY = 48


@dataclass(frozen=True)
class Problem:
    """Windows, what they are to forecast, and the settings of the models that do.

    ``holdout`` counts the test windows, and the validation windows before them; ``lead`` windows
    before these are left out, as their targets were not known when the first of these was made.
    """

    title: str
    unit: str
    X: Windows
    y: np.ndarray
    lead: int
    holdout: int
    naive: NaiveForecaster
    network: dict
    boosting: dict


def electricity(folder, quick):
    """Half-hourly demand, temperature, calendar and holidays; the last two are known ahead."""
    table = pd.read_csv(folder / ELECTRICITY, parse_dates=["Time"])
    # Standard time all year: a clock that is put forward would leave holes in the rows.
    table.index = pd.DatetimeIndex(table["Time"]).tz_convert("Etc/GMT-10")
    table = table[["Demand", "Temperature", "Holiday"]].astype(float).asfreq("30min")
    table = CalendarFeatures().fit_transform(table)
    if quick:
        table = table[-120 * DAY :]
    known_ahead = [name for name in table if name not in ("Demand", "Temperature")]
    X, y = make_windows(
        table, DAY // 2, sampling_rate=2, leads=[DAY], target="Demand", known_ahead=known_ahead
    )
    return Problem(
        title="electricity, Victoria, a day ahead",
        unit="MW",
        X=X,
        y=y,
        lead=DAY,
        holdout=(14 if quick else 182) * DAY,
        naive=NaiveForecaster("seasonal", season=DAY, target="Demand"),
        network={"dense_units": 32, "output_dropout": 0.2, "batch_size": 128, "epochs": 3},
        boosting={"max_iter": 100, "min_samples_leaf": 500, "max_leaf_nodes": 8},
    )


def ridership(folder, quick):
    """Daily boardings of rail and bus, and the day's type, which is known ahead."""
    table = pd.read_csv(folder / RIDERSHIP, parse_dates=["service_date"], index_col="service_date")
    table = table.set_axis(["day_type", "bus", "rail", "total"], axis=1).sort_index()
    table = table[~table.index.duplicated()].asfreq("D")["2010":"2019"]
    table = table[["rail", "bus"]].join(pd.get_dummies(table["day_type"], dtype=float))
    X, y = make_windows(table, 56, target="rail", known_ahead=["A", "U", "W"])
    return Problem(
        title="rail ridership, Chicago, the next day",
        unit="riders",
        X=X,
        y=y,
        lead=1,
        holdout=365,
        naive=NaiveForecaster("seasonal", season=7, target="rail"),
        network={"batch_size": 32, "epochs": 2 if quick else 20},
        boosting={"max_iter": 100},
    )


def naive_quantiles(problem, X, y, X_test):
    """The naive forecast, and around it the quantiles of what it missed on the training rows."""
    model = problem.naive.fit(X, y)
    residuals = np.quantile(y - model.predict(X), QUANTILES)
    return model.predict(X_test)[:, np.newaxis] + residuals


def boosted_quantiles(problem, X, y, X_test):
    """A boosted model for each quantile, their forecasts in order."""
    forecasts = []
    for quantile in QUANTILES:
        boosting = HistGradientBoostingRegressor(
            loss="quantile", quantile=quantile, early_stopping=False, **problem.boosting
        )
        forecasts.append(make_pipeline(FlattenWindows(), boosting).fit(X, y).predict(X_test))
    return np.sort(np.column_stack(forecasts), axis=1)


def network_quantiles(problem, X, y, X_test):
    """One network for all quantiles."""
    gru = RNNRegressor(
        "gru", 32, quantiles=QUANTILES, learning_rate=0.005, random_state=0, **problem.network
    )
    model = make_pipeline(SeriesScaler(), gru).fit(X, y)
    return model[-1].predict_quantiles(model[:-1].transform(X_test))


MODELS = {
    "naive, and its residuals": naive_quantiles,
    "gradient boosting": boosted_quantiles,
    "GRU": network_quantiles,
}


def pinball(y, forecasts):
    """The mean pinball loss of each quantile."""
    error = y[:, np.newaxis] - forecasts
    return np.maximum(np.multiply(QUANTILES, error), np.subtract(QUANTILES, 1) * error).mean(axis=0)


def compare(problem, *, validation):
    end = len(problem.y) - problem.holdout * validation
    begin = end - problem.holdout
    # None of the training targets is known later than the newest step of the first held-out window.
    train = slice(0, begin - problem.lead + 1)
    held_out = slice(begin, end)
    X, y = problem.X[train], problem.y[train]
    X_test, y_test = problem.X[held_out], problem.y[held_out]

    print(
        f"{problem.title}: the last {len(y_test):,} windows{' before the test rows' * validation}, "
        f"after {len(y):,}"
    )
    heads = [f"{quantile:.0%}" for quantile in QUANTILES]
    print(f"{'pinball loss, ' + problem.unit:28}" + "".join(f"{head:>9}" for head in heads), end="")
    print(f"{'mean':>9}{'in 10-90 %':>12}{'time [s]':>10}")
    for name, forecast in MODELS.items():
        start = time.perf_counter()
        forecasts = forecast(problem, X, y, X_test)
        seconds = time.perf_counter() - start
        losses = pinball(y_test, forecasts)
        covered = (forecasts[:, 0] <= y_test) & (y_test <= forecasts[:, -1])
        print(f"{name:28}" + "".join(f"{loss:9,.1f}" for loss in losses), end="")
        print(f"{losses.mean():9,.1f}{covered.mean():12.1%}{seconds:10.1f}", flush=True)
    print()


parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument(
    "--data",
    type=Path,
    default=Path(__file__).parents[2] / "shared" / "data",
    help="the folder with the data",
)
parser.add_argument(
    "--validation", action="store_true", help="measure on the rows that settings were chosen on"
)
parser.add_argument("--quick", action="store_true", help="a part of the rows and few epochs")
args = parser.parse_args()
for file in (ELECTRICITY, RIDERSHIP):
    if not (args.data / file).exists():
        print(f"Nothing measured: {args.data} with {file} is not there.")
        sys.exit()

compare(electricity(args.data, args.quick), validation=args.validation)
compare(ridership(args.data, args.quick), validation=args.validation)
