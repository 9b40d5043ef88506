"""Temperature in Jena a day ahead: the models of a well-known textbook chapter, beside its figures.

Deep Learning with Python (F. Chollet), chapter 10: windows of 120 hourly steps, the temperature 24
hours behind the last one, half of the rows to train on, a quarter to validate, a quarter to test.
The weights of the best epoch on the validation part are kept, as the chapter does it. All of it
takes hours on a laptop: choose with --models and --epochs.
"""

import argparse
import sys
import time

import numpy as np
import pandas as pd

from skrnn import (
    ConvRegressor,
    DenseRegressor,
    LinearWindow,
    NaiveForecaster,
    RNNRegressor,
    SeriesScaler,
    make_windows,
)
from skrnn.datasets import fetch_jena, read_jena

TARGET, LENGTH, RATE, LEAD = "T (degC)", 120, 6, 144

# Mean absolute errors in °C (validation, test), and the epochs behind them.
REFERENCE = {
    "naive": ("2.44", "2.62", None),
    "linear": ("", "", None),
    "dense": ("~2.44", "2.5-2.7", 10),
    "conv": ("2.9", "2.9-3.2", 10),
    "lstm": ("2.36", "2.55", 10),
    "lstm-dropout": ("2.27", "2.45", 50),
    "gru-stack": ("", "2.39", 50),
    "lstm-backwards": (">2.44", "3.8", 10),
    "lstm-bidirectional": (">2.36", "2.60", 10),
}
QUICK = ["naive", "linear", "dense", "conv", "lstm"]


def build(name, epochs):
    options = {"optimizer": "rmsprop", "batch_size": 256, "random_state": 0}
    options |= {"epochs": epochs, "early_stopping": True, "patience": epochs}
    models = {
        "naive": lambda: NaiveForecaster(target=TARGET),
        "linear": lambda: LinearWindow(),
        "dense": lambda: DenseRegressor(16, **options),
        "conv": lambda: ConvRegressor(
            (8, 8, 8),
            kernel_size=(24, 12, 6),
            pool_size=(2, 2, 1),
            pooling="average",
            padding="valid",
            **options,
        ),
        "lstm": lambda: RNNRegressor("lstm", 16, **options),
        "lstm-dropout": lambda: RNNRegressor(
            "lstm", 32, recurrent_dropout=0.25, output_dropout=0.5, **options
        ),
        "gru-stack": lambda: RNNRegressor(
            "gru", (32, 32), recurrent_dropout=0.5, output_dropout=0.5, **options
        ),
        "lstm-backwards": lambda: RNNRegressor("lstm", 16, go_backwards=True, **options),
        "lstm-bidirectional": lambda: RNNRegressor("lstm", 16, bidirectional=True, **options),
    }
    return models[name]()


def make_climate(n_days):
    """Rows every ten minutes with a daily and a yearly cycle, and weather that lasts for days."""
    rng = np.random.default_rng(0)
    index = pd.date_range("2009-01-01", periods=144 * n_days, freq="10min", name="Date Time")
    days = np.arange(len(index)) / 144
    weather = pd.Series(rng.normal(size=(len(index)))).ewm(halflife=288).mean().to_numpy() * 60
    temperature = (
        9 - 9 * np.cos(2 * np.pi * days / 365) - 4 * np.cos(2 * np.pi * (days - 0.1)) + weather
    )
    temperature += rng.normal(scale=0.3, size=len(index))
    pressure = 990 - 3 * np.roll(weather, -72) + rng.normal(scale=0.5, size=len(index))
    return pd.DataFrame({"p (mbar)": pressure, TARGET: temperature}, index=index)


def load(args):
    if args.quick:
        return make_climate(730)
    try:
        return read_jena(args.csv) if args.csv else fetch_jena()
    except OSError as error:
        sys.exit(str(error))


parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument("--csv", help="the climate file; without it, it is downloaded once")
parser.add_argument(
    "--models",
    nargs="+",
    choices=list(REFERENCE),
    metavar="MODEL",
    help=f"some of {', '.join(REFERENCE)}",
)
parser.add_argument("--epochs", type=int, help="in place of the reference's")
parser.add_argument(
    "--quick", action="store_true", help="one epoch on weather that is made up, to see that it runs"
)
args = parser.parse_args()
names = args.models or (QUICK if args.quick else list(REFERENCE))

climate = load(args)
stride = 72 if args.quick else 1
X, y = make_windows(climate, LENGTH, leads=LEAD, target=TARGET, sampling_rate=RATE, stride=stride)

# A part of the rows is the targets in it: none of the training targets lies in the validation part.
share = (np.arange(len(y)) * stride + (LENGTH - 1) * RATE + LEAD) / len(climate)
known = ~np.isnan(y)
train, valid, test = (
    known & (share < 0.5),
    known & (share >= 0.5) & (share < 0.75),
    known & (share >= 0.75),
)
scaled = SeriesScaler().fit(X[train]).transform(X)

print(
    f"{len(climate)} rows; windows to train, validate and test: {train.sum()}, {valid.sum()}, "
    f"{test.sum()}"
)
if args.quick:
    print("The weather is made up: its errors have nothing to do with the reference.")
print("\nmean absolute error, °C         measured          reference")
print("model                   validation     test   validation     test   epochs   fit [s]")
for name in names:
    epochs = REFERENCE[name][2] and (1 if args.quick else args.epochs or REFERENCE[name][2])
    model = build(name, epochs)
    steps = X if name == "naive" else scaled
    network = {"validation_data": (steps[valid], y[valid])} if epochs else {}
    start = time.perf_counter()
    model.fit(steps[train], y[train], **network)
    seconds = time.perf_counter() - start

    errors = [abs(model.predict(steps[part]) - y[part]).mean() for part in (valid, test)]
    measured, reference = (
        f"{errors[0]:14.2f} {errors[1]:8.2f}",
        "{:>12} {:>8}".format(*REFERENCE[name]),
    )
    print(f"{name:20}{measured} {reference} {epochs or '':8} {seconds:9.1f}", flush=True)
