"""One epoch of the Keras engine against bare Keras: an LSTM on the same 120 steps × 14 columns."""

import argparse
import importlib
import time

import numpy as np

from skrnn import RNNRegressor, make_windows

LENGTH, RATE, LEAD, COLUMNS, BATCH, UNITS = 120, 6, 144, 14, 256, 16

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--windows", type=int, default=20_000)
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--quick", action="store_true", help="few windows and one round")
args = parser.parse_args()

importlib.import_module("skrnn.neural.keras.engine")  # TensorFlow, without its start-up messages
import keras  # noqa: E402

n_windows, rounds = (2_000, 1) if args.quick else (args.windows, args.rounds)
rng = np.random.default_rng(0)
rows = rng.standard_normal((n_windows + (LENGTH - 1) * RATE + LEAD, COLUMNS), dtype=np.float32)


def clock(seconds):
    """A callback that appends the time at the end of every epoch."""
    return keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seconds.append(time.perf_counter())
    )


def bare_keras(epochs):
    delay = (LENGTH - 1) * RATE + LEAD
    data = keras.utils.timeseries_dataset_from_array(
        rows[: n_windows + (LENGTH - 1) * RATE],
        rows[delay:, 1],
        sequence_length=LENGTH,
        sampling_rate=RATE,
        batch_size=BATCH,
        shuffle=True,
    )
    inputs = keras.Input((LENGTH, COLUMNS))
    model = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.LSTM(UNITS)(inputs)))
    model.compile("adam", "mse", jit_compile=False)
    ends = []
    model.fit(data, epochs=epochs, verbose=0, shuffle=False, callbacks=[clock(ends)])
    return np.diff(ends)


def skrnn_keras(epochs):
    X, y = make_windows(rows, LENGTH, leads=LEAD, target=1, sampling_rate=RATE)
    ends = []
    options = {"batch_size": BATCH, "epochs": epochs, "engine": "keras", "callbacks": [clock(ends)]}
    RNNRegressor("lstm", UNITS, **options).fit(X, y)
    return np.diff(ends)


contenders = {"bare Keras": bare_keras, "RNNRegressor": skrnn_keras}
seconds = {name: [] for name in contenders}
# In turn, so that a busy moment of the machine meets both. The first epoch of each fit, which
# traces, is left out.
for _ in range(rounds):
    for name, fit in contenders.items():
        seconds[name] += list(fit(3))

best = {name: min(values) for name, values in seconds.items()}
print(
    f"{n_windows} windows of {LENGTH} steps × {COLUMNS} columns, LSTM of {UNITS} units, batches of "
    f"{BATCH}"
)
print(f"{'':14}  epoch [s]  (best of {2 * rounds})")
for name, value in best.items():
    print(f"{name:14}{value:11.2f}")
print(
    f"RNNRegressor takes {best['RNNRegressor'] / best['bare Keras']:.2f} times as long as bare "
    f"Keras"
)
