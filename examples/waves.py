"""Waves, one step ahead: measured errors beside those of a well-known textbook chapter.

The series and the split are those of Hands-On Machine Learning (A. Géron), chapter 15, and so is
the measure, the mean squared error on the 2,000 validation series. The networks are trained as they
come; the GRU was chosen among five recurrent ones by the error on the last 1,000 of the 7,000
training series, training on the others. The noise alone makes 0.00083.
"""

import argparse
import time

from sklearn.metrics import mean_squared_error

from skrnn import LinearWindow, NaiveForecaster, RNNRegressor
from skrnn.datasets import make_waves

parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument(
    "--quick", action="store_true", help="few series and few epochs, to see that it runs"
)
args = parser.parse_args()

n_series = 500 if args.quick else 10_000
waves = make_waves(n_series, 51, random_state=42)
X, y = waves[:, :-1], waves[:, -1, 0]
train = slice(0, n_series * 7 // 10)
valid = slice(train.stop, n_series * 9 // 10)
test = slice(valid.stop, n_series)

options = {"random_state": 0, **({"epochs": 2} if args.quick else {})}
models = {
    "naive": (NaiveForecaster(), "0.0202"),
    "linear, exact": (LinearWindow(alpha=0), "0.00293"),
    "SimpleRNN 1": (RNNRegressor("simple", 1, **options), "0.0109"),
    "SimpleRNN 20-20": (RNNRegressor("simple", (20, 20), **options), "0.0026-0.0029"),
    "GRU 32": (RNNRegressor("gru", 32, **options), ""),
}

print("mean squared error   validation      test   reference       fit [s]")
for name, (model, reference) in models.items():
    start = time.perf_counter()
    model.fit(X[train], y[train])
    seconds = time.perf_counter() - start
    errors = [mean_squared_error(y[part], model.predict(X[part])) for part in (valid, test)]
    print(
        f"{name:20} {errors[0]:10.5f} {errors[1]:9.5f}   {reference:13} {seconds:9.1f}", flush=True
    )
