"""Electricity demand a day ahead: naive forecasts, linear models and networks, on two series.

Every half-hour of the next day is forecast from the demand until a day before. For Victoria,
temperature is known as far as the demand is; what is known ahead are the calendar and the holidays.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline

from skrnn import (
    CalendarFeatures,
    Differencer,
    LinearWindow,
    NaiveForecaster,
    RNNRegressor,
    SeriesScaler,
    TransformedWindowRegressor,
    make_windows,
)

DATA = Path(__file__).parents[2] / "shared" / "data"
DAY, WEEK = 48, 336


def load_victoria():
    """Demand (MW), temperature (°C) and holidays by local time; the calendar appended."""
    table = pd.read_csv(DATA / "vic_electricity.csv", parse_dates=["Time"])
    # Standard time all year: a clock that is put forward would leave holes in the rows.
    table.index = pd.DatetimeIndex(table["Time"]).tz_convert("Etc/GMT-10")
    table = table[["Demand", "Temperature", "Holiday"]].astype(float).asfreq("30min")
    return CalendarFeatures().fit_transform(table)


def load_taylor():
    """Demand (MW) of England and Wales over twelve weeks.

    The file has no dates; the first row is a Monday's.
    """
    table = pd.read_csv(DATA / "taylor.csv").set_axis(["Demand"], axis=1).astype(float)
    table.index = pd.date_range("2000-06-05", periods=len(table), freq="30min")
    return CalendarFeatures(("hour", "dayofweek")).fit_transform(table)


def networks():
    """A GRU on the demand itself, and one on its change since the week before."""

    def gru():
        few = {"epochs": 1} if args.quick else {}
        return make_pipeline(
            SeriesScaler(), RNNRegressor("gru", dense_units=32, loss="mae", random_state=0, **few)
        )

    weekly = TransformedWindowRegressor(gru(), Differencer(WEEK, columns=["Demand"]))
    return {"GRU": (gru(), DAY), "GRU, weekly differences": (weekly, DAY + WEEK)}


def compare(title, table, *, test_days):
    known_ahead = [name for name in table if name not in ("Demand", "Temperature")]
    n_test = test_days * DAY
    weekly = TransformedWindowRegressor(
        make_pipeline(SeriesScaler(), LinearWindow()), Differencer(WEEK, columns=["Demand"])
    )
    # Each model with the length of its windows; differences of a week take a week off them.
    models = {
        "naive, day": (NaiveForecaster("seasonal", season=DAY, target="Demand"), WEEK),
        "naive, week": (NaiveForecaster("seasonal", season=WEEK, target="Demand"), WEEK),
        "linear": (make_pipeline(SeriesScaler(), LinearWindow()), WEEK),
        "linear, weekly differences": (weekly, DAY + WEEK),
        **networks(),
    }
    print(f"{title}: the last {test_days} days of {len(table) // DAY}")
    print(f"{'':28}MAE [MW]   skill   fit [s]")
    naive = None
    for name, (model, length) in models.items():
        X, y = make_windows(table, length, leads=DAY, target="Demand", known_ahead=known_ahead)
        # None of the training targets is known later than the newest step of the first test window.
        train, test = slice(0, len(y) - n_test - DAY), slice(len(y) - n_test, None)
        start = time.perf_counter()
        model.fit(X[train], y[train])
        seconds = time.perf_counter() - start
        error = np.abs(model.predict(X[test]) - y[test]).mean()
        naive = naive or error
        print(f"{name:28}{error:8.0f}{1 - error / naive:8.1%}{seconds:10.1f}", flush=True)
    print()


parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument("--quick", action="store_true", help="a part of the rows and one epoch")
args = parser.parse_args()
if not (DATA / "vic_electricity.csv").exists():
    print(f"Nothing measured: {DATA} with vic_electricity.csv and taylor.csv is not there.")
    sys.exit()

victoria, taylor = load_victoria(), load_taylor()
if args.quick:
    victoria = victoria[-120 * DAY :]
compare("Victoria", victoria, test_days=28 if args.quick else 182)
compare("England and Wales", taylor, test_days=14)
