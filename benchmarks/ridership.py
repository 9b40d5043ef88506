"""Chicago rail ridership tomorrow, from the last 56 days: errors beside a textbook chapter's.

Hands-On Machine Learning (A. Géron), chapter 15: train on 2016 to 2018, validate on 2019-01 to
2019-05 with windows that begin in 2019. Its networks stop at their best error on these very days;
here they are trained as they come, but for the loss.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline

from skrnn import LinearWindow, NaiveForecaster, RNNRegressor, SeriesScaler, make_windows

FILE = Path(__file__).parents[2] / "shared" / "data" / "CTA_-_Ridership_-_Daily_Boarding_Totals.csv"
LENGTH = 56


def load():
    """Boardings of rail and bus by day, and the day's type in columns of 0 and 1.

    The types are working day, Saturday, and Sunday or holiday.
    """
    table = pd.read_csv(FILE, parse_dates=["service_date"], index_col="service_date")
    table = table.set_axis(["day_type", "bus", "rail", "total"], axis=1).sort_index()
    table = table[~table.index.duplicated()].asfreq("D")["2016-01":"2019-05"]
    return table[["rail", "bus"]].join(pd.get_dummies(table["day_type"], dtype=float))


def network(cell, seed):
    few = {"epochs": 2} if args.quick else {}
    return make_pipeline(
        SeriesScaler(), RNNRegressor(cell, 32, loss="mae", random_state=seed, **few)
    )


def forecasts(model, X, y, train):
    return model.fit(X[train], y[train]).predict(X)


parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument("--seeds", type=int, default=3)
parser.add_argument("--quick", action="store_true", help="one seed and two epochs")
args = parser.parse_args()
if not FILE.exists():
    print(f"Nothing measured: {FILE} is not there.")
    sys.exit()
seeds = 1 if args.quick else args.seeds

days = load()
rail, y = make_windows(days[["rail"]], LENGTH)
# The type of the day to come is known ahead; ridership is not.
every, _ = make_windows(days, LENGTH, target="rail", known_ahead=["A", "U", "W"])
when = days.index[LENGTH:]
train = when < "2019"
# The first day whose window begins in 2019, and all of the validation months.
parts = {"2019-02-26…": when >= "2019-02-26", "2019-01…": when >= "2019-01"}


def errors(forecast):
    return [np.abs(forecast[part] - y[part]).mean() for part in parts.values()]


def show(name, forecast, reference="", seconds=None):
    cells = "".join(f"{error:13,.0f}" for error in errors(forecast))
    print(f"{name:40}{cells}{reference:>12}" + (f"{seconds:10.1f}" if seconds else ""), flush=True)


print(
    f"mean absolute error, riders{'':13}"
    + "".join(f"{part:>13}" for part in parts)
    + "   reference   fit [s]"
)
naive = forecasts(NaiveForecaster("seasonal", season=7), rail, y, train)
show("naive (the same weekday last week)", naive)
spring = when >= "2019-03"
spring_error = np.abs(naive[spring] - y[spring]).mean()
print(f"{'  its error from 2019-03 on':40}{spring_error:13,.0f}{'':13}{'42,143':>12}")
show("linear", forecasts(LinearWindow(), rail, y, train), "37,866")
show(
    "linear, all columns", forecasts(make_pipeline(SeriesScaler(), LinearWindow()), every, y, train)
)

for name, cell, X, reference in [
    ("SimpleRNN 32", "simple", rail, "29,015"),
    ("GRU 32", "gru", rail, "29,015"),
    ("SimpleRNN 32, all columns", "simple", every, "22,062"),
    ("GRU 32, all columns", "gru", every, "22,062"),
]:
    start = time.perf_counter()
    runs = [forecasts(network(cell, seed), X, y, train) for seed in range(seeds)]
    seconds = (time.perf_counter() - start) / seeds
    runs.sort(key=lambda run: errors(run)[0])
    show(f"{name}, median of {seeds} seeds", runs[len(runs) // 2], reference, seconds)
    spread = " … ".join(f"{errors(run)[0]:,.0f}" for run in (runs[0], runs[-1]))
    print(f"{'  best and worst seed':40}{spread:>26}")
    show("  mean of their forecasts", np.mean(runs, axis=0))
