"""The 414 hourly series of M4, 48 hours ahead: one global model, measured as in the competition.

The measures are the mean sMAPE (percent) and the mean MASE with season 24; the last 48 rows of each
series are the test. The seasonal naive forecast shows that they are the competition's; its winner
was a recurrent network with exponential smoothing. The models learn from logarithms, where equal
errors are equal percentages.

Logarithms, changes since the last day, weights, layers, lengths, strides, epochs and the networks
to average were chosen among about thirty configurations by the 48 rows before the test
(--validation), which those models had not seen either. The test has seen what is printed here,
once.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from skrnn import (
    DenseRegressor,
    LinearWindow,
    LogTransformer,
    NaiveForecaster,
    RNNRegressor,
    SeasonalAnchor,
    TransformedWindowRegressor,
    WindowScaler,
    make_windows,
)

FILE = Path(__file__).parents[2] / "shared" / "data" / "m4_hourly.parquet"
DAY, HORIZON = 24, 48


def load():
    """The series, each as an array of its hours."""
    table = pd.read_parquet(FILE, columns=["series_id", "value"])
    return [values.to_numpy() for _, values in table.groupby("series_id", sort=False)["value"]]


def measures(forecast):
    """Mean sMAPE in percent, and mean MASE."""
    error = np.abs(forecast - truth)
    change = [np.abs(one[DAY:] - one[:-DAY]).mean() for one in past]
    return (200 * error / (np.abs(forecast) + np.abs(truth))).mean(), (
        error.mean(axis=1) / change
    ).mean()


def relative(network):
    """Windows and targets as logarithms, changes since the window's last day, in deviations.

    Windows weigh halfway from the percentages of one measure to the deviations of the other.
    """
    since_last_day = TransformedWindowRegressor(network, SeasonalAnchor(DAY))
    scaled = TransformedWindowRegressor(since_last_day, WindowScaler(), weight_by_scale=0.5)
    return TransformedWindowRegressor(scaled, LogTransformer())


def options(epochs, rate):
    """Training with a learning rate that falls to zero along a cosine, of several networks."""
    return {
        "loss": "mae",
        "batch_size": 256,
        "normalize_y": False,
        "epochs": 1 if args.quick else epochs,
        "learning_rate": rate,
        "learning_rate_schedule": "cosine",
        "learning_rate_decay": 0,
        "n_estimators": args.seeds,
        "random_state": 0,
    }


def dense():
    return relative(DenseRegressor((512, 512, 512), **options(10, 0.001)))


def recurrent():
    """The cell reads a day of hours at a time."""
    return relative(RNNRegressor("gru", 128, segment=DAY, **options(20, 0.002)))


def forecast(model, length, stride):
    """Fit on past windows, ``stride`` rows from one to the next, and forecast what follows."""
    X, y = make_windows(past, length, HORIZON, stride=20 * stride if args.quick else stride)
    newest = np.stack([one[-length:, None] for one in past])
    return model.fit(X, y).predict(newest)


def show(name, values, seconds=None):
    smape, mase = measures(values)
    print(f"{name:44}{smape:8.3f}{mase:8.3f}" + (f"{seconds:9.0f}" if seconds else ""), flush=True)


def compare_baselines():
    daily = NaiveForecaster("seasonal", season=DAY)
    weekly = NaiveForecaster("seasonal", season=7 * DAY)
    scaled = TransformedWindowRegressor(LinearWindow(), WindowScaler())
    show("naive, the same hour of the last day", forecast(daily, DAY, HORIZON))
    show("naive, the same hour of the last week", forecast(weekly, 7 * DAY, HORIZON))
    show("linear, windows scaled", forecast(scaled, 336, 3))
    show("linear, logarithms since the last day", forecast(relative(LinearWindow()), 336, 3))


def compare_networks():
    """The networks of each kind, and the median of all kinds' forecasts."""
    runs = []
    for name, model, length, stride in [
        ("GRU 128 over 14 days", recurrent, 336, 4),
        ("dense 512-512-512, 336 hours", dense, 336, 4),
        ("dense 512-512-512, 264 hours", dense, 264, 5),
        ("dense 512-512-512, 504 hours", dense, 504, 2),
    ]:
        begin = time.perf_counter()
        runs.append(forecast(model(), length, stride))
        show(f"{name}, {args.seeds} networks", runs[-1], time.perf_counter() - begin)
    show(f"median of these {len(runs)}", np.median(runs, axis=0))


parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument("--seeds", type=int, default=3, help="networks of each kind")
parser.add_argument(
    "--validation", action="store_true", help="forecast the 48 hours before the test instead"
)
parser.add_argument(
    "--quick", action="store_true", help="few windows and one epoch, to see that it runs"
)
args = parser.parse_args()
if not FILE.exists():
    print(f"Nothing measured: {FILE} is not there.")
    sys.exit()

start = time.perf_counter()
try:
    every = load()
except ImportError:
    print(f"Nothing measured: pandas needs pyarrow to read {FILE.name}; pip install pyarrow.")
    sys.exit()
if args.validation:
    every = [one[:-HORIZON] for one in every]
past, truth = [one[:-HORIZON] for one in every], np.stack([one[-HORIZON:] for one in every])
print(f"{'validation' if args.validation else 'test':44}   sMAPE    MASE  fit [s]")
if not args.validation:
    print(f"{'reference: seasonal naive':44}{'13.91':>8}{'1.193':>8}")
    print(f"{'reference: the winner of M4':44}{'9.328':>8}{'0.893':>8}")
compare_baselines()
compare_networks()
print(f"{(time.perf_counter() - start) / 60:.0f} minutes in all")
