"""Chicago rail ridership of the next 14 days at once: errors beside those of a textbook chapter.

Hands-On Machine Learning (A. Géron), chapter 15: train on 2016 to 2018, validate on 2019-01 to
2019-05 with windows that begin in 2019. Beside rail and bus boardings, the type of every day is
known, also of the 14 days to come. Units were chosen by the error on the last 208 days of 2018 of
networks trained on the days before; training is as it comes, but for the loss.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline

from skrnn import (
    DirectForecaster,
    LinearWindow,
    NaiveForecaster,
    RecursiveForecaster,
    RNNRegressor,
    SeriesScaler,
    make_windows,
)

FILE = Path(__file__).parents[2] / "shared" / "data" / "CTA_-_Ridership_-_Daily_Boarding_Totals.csv"
LENGTH, HORIZON = 56, 14
# The chapter's networks: one that forecasts the 14 days at once, and leads 1 … 14 of one from
# sequence to sequence.
AT_ONCE, SEQUENCE = "35,017", "25,519 … 34,322"


def load():
    """Boardings of rail and bus by day, and the day's type in columns of 0 and 1.

    The types are working day, Saturday, and Sunday or holiday.
    """
    table = pd.read_csv(FILE, parse_dates=["service_date"], index_col="service_date")
    table = table.set_axis(["day_type", "bus", "rail", "total"], axis=1).sort_index()
    table = table[~table.index.duplicated()].asfreq("D")["2016-01":"2019-05"]
    return table[["rail", "bus"]].join(pd.get_dummies(table["day_type"], dtype=float))


def linear():
    return make_pipeline(SeriesScaler(), LinearWindow())


def network(seed, cell="gru", units=32, **options):
    few = {"epochs": 2} if args.quick else {}
    return make_pipeline(
        SeriesScaler(), RNNRegressor(cell, units, loss="mae", random_state=seed, **few, **options)
    )


def recursive(seed):
    return RecursiveForecaster(network(seed))


def wide(seed):
    return network(seed, units=128)


def simple(seed):
    return network(seed, "simple")


def sequence(seed):
    return network(seed, units=64, sequence_targets=True)


def decoder(seed):
    return network(seed, units=64, decoder="recurrent")


def show(name, forecast, reference="", seconds=None):
    error = np.abs(forecast - y[valid]).mean(axis=0)
    cells = "".join(f"{value:9,.0f}" for value in (error.mean(), *error[[0, 6, 13]]))
    print(f"{name:38}{cells}{reference:>18}" + (f"{seconds:9.1f}" if seconds else ""), flush=True)


def forecasts(model, X):
    return model.fit(X[train], y[train]).predict(X[valid])


def compare_networks():
    """Each network with several seeds: the median by its error, and the mean of their forecasts."""
    for name, model, reference in [
        ("GRU 32, recursive", recursive, ""),
        ("SimpleRNN 32, at once", simple, AT_ONCE),
        ("GRU 128, at once", wide, AT_ONCE),
        ("GRU 64, sequence to sequence", sequence, SEQUENCE),
        ("GRU 64, recurrent decoder", decoder, ""),
    ]:
        start = time.perf_counter()
        runs = [forecasts(model(seed), X) for seed in range(seeds)]
        seconds = (time.perf_counter() - start) / seeds
        runs.sort(key=lambda run: np.abs(run - y[valid]).mean())
        show(f"{name}, median of {seeds}", runs[len(runs) // 2], reference, seconds)
        show("  mean of their forecasts", np.mean(runs, axis=0))


parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument("--seeds", type=int, default=9)
parser.add_argument("--quick", action="store_true", help="one seed and two epochs")
args = parser.parse_args()
if not FILE.exists():
    print(f"Nothing measured: {FILE} is not there.")
    sys.exit()
seeds = 1 if args.quick else args.seeds

days = load()
rail, y = make_windows(days[["rail"]], LENGTH, HORIZON)
# The types of the 14 days to come are known ahead; ridership is not.
X, _ = make_windows(days, LENGTH, HORIZON, target="rail", known_ahead=["A", "U", "W"])
first = days.index[LENGTH : len(days) - HORIZON + 1]
# All targets in 2018 at the latest; all of the window in 2019.
train, valid = first + pd.Timedelta(days=HORIZON - 1) < "2019", first >= "2019-02-26"

print(
    f"mean absolute error, riders{'':11}{'14 days':>9}{'+1':>9}{'+7':>9}{'+14':>9}"
    f"{'reference':>18}   fit [s]"
)
show("naive (the same weekday last week)", forecasts(NaiveForecaster("seasonal", season=7), rail))
show("linear, rail alone", forecasts(LinearWindow(), rail))
show("linear", forecasts(linear(), X))
show("linear, recursive", forecasts(RecursiveForecaster(linear()), X))
show("linear, a model for each lead", forecasts(DirectForecaster(linear()), X))
compare_networks()
