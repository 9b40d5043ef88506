"""The ladder on waves: every model from the naive forecast to the GRU, in one loop."""

import argparse
import time

from sklearn.metrics import mean_absolute_error

from skrnn import ConvRegressor, DenseRegressor, LinearWindow, NaiveForecaster, RNNRegressor
from skrnn.datasets import make_waves

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument(
    "--quick", action="store_true", help="few series and few epochs, to see that it runs"
)
args = parser.parse_args()

n_series, epochs = (500, 2) if args.quick else (10_000, 30)
waves = make_waves(n_series, 51, random_state=42)
X, y = waves[:, :-1], waves[:, -1, 0]
n_train, n_test = int(0.7 * n_series), int(0.1 * n_series)
options = {"epochs": epochs, "batch_size": 128, "random_state": 0}

models = {
    "naive": NaiveForecaster(),
    "linear": LinearWindow(alpha=0),
    "dense": DenseRegressor((64, 32), learning_rate=0.003, **options),
    "conv": ConvRegressor((32, 32), dense_units=32, learning_rate=0.003, **options),
    "simple RNN": RNNRegressor("simple", units=32, learning_rate=0.003, **options),
    "LSTM": RNNRegressor("lstm", units=32, learning_rate=0.01, **options),
    "GRU": RNNRegressor("gru", units=32, learning_rate=0.01, **options),
}

print(
    f"One step ahead from 50 steps of two sines and noise: {n_train} series to learn, {n_test} to "
    f"test.\n"
)
print("model          MAE   skill   fit [s]")
naive = None
for name, model in models.items():
    start = time.perf_counter()
    model.fit(X[:n_train], y[:n_train])
    seconds = time.perf_counter() - start

    error = mean_absolute_error(y[-n_test:], model.predict(X[-n_test:]))
    naive = naive or error
    print(f"{name:10} {error:7.4f} {1 - error / naive:6.1%} {seconds:9.1f}", flush=True)
print("\nskill: the share of the naive forecast's error that is gone")
print("The first time, networks wait for their kernels to be compiled; later runs do not.")
