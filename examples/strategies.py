"""Waves, ten steps ahead: five strategies for many leads, beside the figures of a textbook.

The series and the split are those of Hands-On Machine Learning (A. Géron), chapter 15, and so is
the measure, the mean squared error over all ten steps on the 2,000 validation series. Every
strategy trains the same two layers of 20 simple cells, as they come; the last line is the best
network found, with these figures in sight. The noise alone makes 0.00083.
"""

import argparse
import time

from sklearn.metrics import mean_squared_error

from skrnn import DirectForecaster, LinearWindow, NaiveForecaster, RecursiveForecaster, RNNRegressor
from skrnn.datasets import make_waves

parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument(
    "--quick", action="store_true", help="few series and few epochs, to see that it runs"
)
parser.add_argument(
    "--picture", default="strategies.png", help="where the picture goes (needs matplotlib)"
)
args = parser.parse_args()

n_series = 500 if args.quick else 10_000
waves = make_waves(n_series, 60, random_state=42)
X, y = waves[:, :50], waves[:, 50:, 0]
train = slice(0, n_series * 7 // 10)
valid = slice(train.stop, n_series * 9 // 10)


def network(cell="simple", units=(20, 20), **params):
    few = {"epochs": 1} if args.quick else {}
    return RNNRegressor(cell, units, random_state=0, **few, **params)


models = {
    "naive": (NaiveForecaster(), "0.2570"),
    "linear, exact": (LinearWindow(alpha=0), "0.01549"),
    "recursive": (RecursiveForecaster(network()), "0.0275"),
    "direct": (DirectForecaster(network()), ""),
    "several outputs": (network(), "0.0083"),
    "sequence to sequence": (network(sequence_targets=True), "0.0058"),
    "encoder and decoder": (network(decoder="recurrent"), ""),
    "GRU, encoder and decoder": (network("gru", 48, decoder="recurrent"), ""),
}

forecasts = {}
print("mean squared error           ten steps     first      last   reference   fit [s]")
for name, (model, reference) in models.items():
    start = time.perf_counter()
    model.fit(X[train], y[train])
    seconds = time.perf_counter() - start
    forecasts[name] = model.predict(X[valid])
    by_lead = mean_squared_error(y[valid], forecasts[name], multioutput="raw_values")
    errors = f"{by_lead.mean():9.5f} {by_lead[0]:9.5f} {by_lead[-1]:9.5f}"
    print(f"{name:28} {errors}   {reference:9} {seconds:9.1f}", flush=True)

try:
    from skrnn.plotting import LeadErrorDisplay
except ImportError:
    print("No picture: matplotlib is not installed.")
else:
    display = LeadErrorDisplay.from_predictions(y[valid], forecasts, metric="mse", baseline="naive")
    display.figure_.savefig(args.picture, dpi=150, bbox_inches="tight")
    print(f"The error by lead: {args.picture}")
