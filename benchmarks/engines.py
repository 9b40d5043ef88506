"""The fused engine beside Keras and PyTorch: the same networks on the same windows, as ratios.

Keras is used as in its own tutorials (``timeseries_dataset_from_array``, ``fit``), PyTorch in a
bare loop. A ``fit`` is a whole one: building, compiling and tracing are part of it, as they are for
whoever waits for it; the fused kernels have been compiled before, once on this machine. Each figure
is the best of some runs, contenders in turn, with a rest between them: threads of PyTorch and of
linear algebra wait for more work by counting, and take the processor from whoever comes next.
"""

import argparse
import itertools
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

from skrnn import (
    CharacterModel,
    ConvClassifier,
    ConvRegressor,
    DenseRegressor,
    RNNRegressor,
    make_windows,
)

try:
    import torch
    import torch._dynamo  # behind TensorFlow it ends the process
except ImportError:
    torch = None

LENGTH, FEATURES, BATCH = 120, 14, 256
REST = 0.5


def rows_of(n, features=FEATURES):
    return np.random.default_rng(0).normal(size=(n, features)).astype(np.float32)


def best(runs, *functions):
    """The least seconds of each function, run in turn."""
    seconds = [[] for _ in functions]
    for _ in range(runs):
        for function, measured in zip(functions, seconds, strict=True):
            time.sleep(REST)
            start = time.perf_counter()
            function()
            measured.append(time.perf_counter() - start)
    return [min(one) for one in seconds]


# ---------------------------------------------------------------------- contenders


def keras_network(cell, units, recurrent_dropout=0.0, length=LENGTH, features=FEATURES):
    import keras

    kind = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[cell]
    layers = [
        kind(size, return_sequences=depth < len(units) - 1, recurrent_dropout=recurrent_dropout)
        for depth, size in enumerate(units)
    ]
    model = keras.Sequential([keras.Input((length, features)), *layers, keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    return model


def keras_fit(rows, cell, units, recurrent_dropout=0.0):
    import keras

    data = keras.utils.timeseries_dataset_from_array(
        rows[:-1], rows[LENGTH:, 0], sequence_length=LENGTH, batch_size=BATCH, shuffle=True
    )
    keras_network(cell, units, recurrent_dropout).fit(data, epochs=1, verbose=0)


# The convolutional network of the books, the one of the literature on classes of series, and
# convolutions that shorten what a recurrent layer reads.
BOOKS = {"filters": (8, 8, 8), "kernel_size": (24, 12, 6), "pool_size": (2, 2, 1)}
FULLY = {"filters": (128, 256, 128), "kernel_size": (8, 5, 3), "batch_norm": True}
SERIES, SERIES_LENGTH, SERIES_BATCH = 160, 150, 16


def keras_windows_fit(rows, layers):
    import keras

    data = keras.utils.timeseries_dataset_from_array(
        rows[:-1], rows[LENGTH:, 0], sequence_length=LENGTH, batch_size=BATCH, shuffle=True
    )
    model = keras.Sequential([keras.Input((LENGTH, FEATURES)), *layers, keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(data, epochs=1, verbose=0)


def keras_books_fit(rows):
    import keras

    layers = []
    for filters, kernel, pool in zip(*BOOKS.values(), strict=True):
        layers.append(keras.layers.Conv1D(filters, kernel, activation="relu"))
        if pool > 1:
            layers.append(keras.layers.MaxPooling1D(pool, padding="same"))
    keras_windows_fit(rows, [*layers, keras.layers.GlobalAveragePooling1D()])


def keras_below_fit(rows):
    import keras

    conv = keras.layers.Conv1D(16, 5, strides=4, padding="same", activation="relu")
    keras_windows_fit(rows, [conv, keras.layers.GRU(32)])


def keras_fully_fit(X, y, epochs):
    import keras

    layers = []
    for filters, kernel in zip(FULLY["filters"], FULLY["kernel_size"], strict=True):
        layers += [
            keras.layers.Conv1D(filters, kernel, padding="same", use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.Activation("relu"),
        ]
    head = [keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input(X.shape[1:]), *layers, *head])
    model.compile(optimizer="adam", loss=keras.losses.BinaryCrossentropy(from_logits=True))
    model.fit(X, y, epochs=epochs, batch_size=SERIES_BATCH, verbose=0)


def torch_fit(rows, cell, units):
    kind = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell]
    layer = kind(rows.shape[1], units[0], num_layers=len(units), batch_first=True)
    head = torch.nn.Linear(units[0], 1)
    adam = torch.optim.Adam([*layer.parameters(), *head.parameters()])
    series = torch.from_numpy(rows)
    windows = series.unfold(0, LENGTH, 1)[:-1].transpose(1, 2)
    for which in torch.randperm(len(windows)).split(BATCH):
        adam.zero_grad()
        states, _ = layer(windows[which])
        loss = torch.nn.functional.mse_loss(head(states[:, -1])[:, 0], series[which + LENGTH, 0])
        loss.backward()
        adam.step()


def torch_letters(codes, units, length=128, batch=BATCH // 4):
    """Letter by letter with the state carried, an epoch, as its tutorials do it."""
    n_letters = int(codes.max()) + 1
    layer = torch.nn.LSTM(n_letters, units[0], num_layers=len(units), batch_first=True)
    head = torch.nn.Linear(units[0], n_letters)
    weights = [*layer.parameters(), *head.parameters()]
    adam = torch.optim.Adam(weights)
    lanes = torch.from_numpy(codes[: len(codes) // batch * batch].reshape(batch, -1))
    state = None
    for first in range(0, lanes.shape[1] - 1, length):
        read = lanes[:, first : first + length]
        told = lanes[:, first + 1 : first + length + 1]
        inputs = torch.nn.functional.one_hot(read[:, : told.shape[1]], n_letters).float()
        states, state = layer(inputs, state)
        state = tuple(part.detach() for part in state)
        scores = head(states)
        scores = scores.reshape(-1, n_letters)
        loss = torch.nn.functional.cross_entropy(scores, told.reshape(-1))
        adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        adam.step()


def skrnn_fit(X, y, cell, units, **params):
    return RNNRegressor(cell, units, epochs=1, batch_size=BATCH, engine="fused", **params).fit(X, y)


def keras_search(X, y):
    from scikeras.wrappers import KerasRegressor

    def make(units):
        return keras_network("lstm", (units,), length=X.shape[1], features=X.shape[2])

    model = KerasRegressor(make, units=8, epochs=5, batch_size=64, verbose=0)
    GridSearchCV(model, {"units": list(range(8, 65, 8))}, cv=TimeSeriesSplit(3)).fit(
        np.asarray(X), y
    )


def skrnn_search(X, y):
    model = RNNRegressor("lstm", epochs=5, batch_size=64, engine="fused")
    GridSearchCV(model, {"units": list(range(8, 65, 8))}, cv=TimeSeriesSplit(3)).fit(X, y)


# ---------------------------------------------------------------------- the processor's own limit


def products_per_second(rows, inner, columns):
    """Floating-point operations a second of a product of single-precision matrices."""
    many = max(1, int(2e9 / (2 * rows * inner * columns)))
    (seconds,) = best(3, product_of(rows, inner, columns, many))
    return 2 * rows * inner * columns * many / seconds


def product_of(rows, inner, columns, times=1):
    """A function that makes a product of single-precision matrices so many times."""
    a, b = np.ones((rows, inner), np.float32), np.ones((inner, columns), np.float32)
    out = np.empty((rows, columns), np.float32)
    return lambda: [np.dot(a, b, out=out) for _ in range(times)]


def operations(cell, units, features=FEATURES, length=LENGTH, batch=BATCH):
    """Floating-point operations of a training step's products: forward, and twice that backward.

    Dense layers read all steps of a window at once.
    """
    if cell == "dense":
        sizes = (length * features, *units, 1)
        return 6 * sum(a * b for a, b in itertools.pairwise(sizes)) * batch
    gates = {"simple": 1, "lstm": 4, "gru": 3}[cell]
    inputs = (features, *units[:-1])
    return (
        6
        * sum(gates * size * (size + below) for size, below in zip(units, inputs, strict=True))
        * length
        * batch
    )


# ---------------------------------------------------------------------- the table

parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument("--windows", type=int, default=20_000, help="windows of an epoch")
parser.add_argument("--runs", type=int, default=3)
parser.add_argument("--cells", action="store_true", help="only the cells beside the fused LSTM")
parser.add_argument("--letters", action="store_true", help="only letters, beside PyTorch")
parser.add_argument("--quick", action="store_true", help="a few windows, to see that it runs")
args = parser.parse_args()


def cells_beside_the_lstm(windows, runs):
    """An epoch of each cell, and how many times faster it is than that of the LSTM."""
    print("an epoch of the fused engine, and how many times faster than its LSTM (aim)")
    print(f"{'steps':>5} {'units':>5} {'windows':>8} {'lstm':>9} {'gru':>16} ", end="")
    print(f"{'mingru':>16} {'minlstm':>16}")
    for steps in (120, 1000):
        for units in (8, 32, 128):
            n = max(BATCH, windows * 120 // steps * 8 // units)
            X, y = make_windows(rows_of(n + steps), steps, target=0)
            cells = ("lstm", "gru", "mingru", "minlstm")
            for cell in cells:
                skrnn_fit(X[:BATCH], y[:BATCH], cell, units)
            lstm, *others = best(runs, *(_fit_of(X, y, cell, units) for cell in cells))
            print(f"{steps:5} {units:5} {n:8,} {lstm:7.2f} s", end="")
            for cell, seconds in zip(cells[1:], others, strict=True):
                aim = " (3)" if units == 32 and cell != "gru" else "    "
                print(f" {seconds:6.2f} s{lstm / seconds:5.1f}{aim}", end="")
            print(flush=True)


def letters(n_windows, runs):
    """An epoch of letters, softmax included, beside PyTorch and the processor's own limit."""
    batch, length, alphabet = 64, 128, 65
    side = 4096
    product = product_of(side, side, side)
    print(f"letters, {batch} x {length}, beside a product of {side} x {side}")
    print(
        f"{'units':>9} {'letters/s':>10} {'GFLOP/s':>8} {'product':>8} {'of it':>7} "
        f"{'PyTorch':>9} (aim)"
    )
    aims = {(256,): "(1.8)", (512,): "(1.2)"}
    for units in ((128,), (256,), (512,), (512, 512)):
        n = batch * length * n_windows
        codes = np.random.default_rng(0).integers(alphabet, size=n)
        text = "".join(map(chr, codes + 32))
        model = CharacterModel(units=units, batch_size=batch, length=length, epochs=1)
        model.fit(text[: batch * length * 10])
        contenders = [product, lambda model=model, text=text: model.fit(text)]
        if torch is not None:
            contenders.append(lambda units=units, codes=codes: torch_letters(codes, units))
        large, ours, *theirs = best(runs, *contenders)
        large = 2 * side**3 / large
        # What reads letters looks rows up: that is no product.
        below = (0, *units[:-1])
        products = sum(
            4 * size * (size + inputs) for size, inputs in zip(units, below, strict=True)
        )
        speed = 6 * (products + units[-1] * alphabet) * n / ours
        beside = f"{theirs[0] / ours:7.2f} x" if theirs else ""
        name = "-".join(map(str, units))
        print(
            f"{name:>9} {n / ours:10,.0f} {speed / 1e9:8.0f} {large / 1e9:8.0f} "
            f"{100 * speed / large:5.0f} % {beside} {aims.get(units, '')}",
            flush=True,
        )


def _fit_of(X, y, cell, units):
    return lambda: skrnn_fit(X, y, cell, units)


if args.cells:
    cells_beside_the_lstm(2_000 if args.quick else args.windows, 1 if args.quick else args.runs)
    raise SystemExit
if args.letters:
    letters(10 if args.quick else 40, args.runs)
    raise SystemExit
n, runs = (600, 1) if args.quick else (args.windows, args.runs)
rows = rows_of(n + LENGTH)
X, y = make_windows(rows, LENGTH, target=0)
n_steps = -(-len(X) // BATCH)

print(f"{'':46} {'fused':>9} {'other':>9}   times faster (aim)")


def show(work, ours, theirs, aim, unit="s"):
    scale = {"s": 1, "ms": 1e3}[unit]
    print(
        f"{work:46} {ours * scale:7.2f} {unit:2}{theirs * scale:7.2f} {unit:2} "
        f"{theirs / ours:7.1f} ({aim})",
        flush=True,
    )


def fits(name, cell, units, aims, **params):
    skrnn_fit(X[:600], y[:600], cell, units, **params)
    contenders = [lambda: skrnn_fit(X, y, cell, units, **params)]
    names = []
    if "Keras" in aims:
        names.append("Keras")
        contenders.append(lambda: keras_fit(rows, cell, units, **params))
    if "PyTorch" in aims and torch is not None:
        names.append("PyTorch")
        contenders.append(lambda: torch_fit(rows, cell, units))
    ours, *others = best(runs, *contenders)
    for other, seconds in zip(names, others, strict=True):
        show(f"fit, an epoch: {name}; {other}", ours, seconds, aims[other])
    return ours


lstm = fits("LSTM 16", "lstm", (16,), {"Keras": 6, "PyTorch": 3})
fits("GRU 32-32, dropout", "gru", (32, 32), {"Keras": 10}, recurrent_dropout=0.5)
gru = fits("GRU 32-32", "gru", (32, 32), {"PyTorch": 3})

convolutions = ConvRegressor(
    **BOOKS, padding="valid", pooling="average", epochs=1, batch_size=BATCH, engine="fused"
)
below = RNNRegressor(
    "gru",
    32,
    conv_filters=16,
    conv_kernel_size=5,
    conv_strides=4,
    epochs=1,
    batch_size=BATCH,
    engine="fused",
)
for name, network, theirs in (
    ("conv 8-8-8, of the books", convolutions, keras_books_fit),
    ("GRU 32 behind conv 16, every 4th step", below, keras_below_fit),
):
    network.fit(X[:600], y[:600])
    seconds = best(runs, lambda net=network: net.fit(X, y), lambda fit=theirs: fit(rows))
    show(f"fit, an epoch: {name}; Keras", *seconds, 5)

epochs = 1 if args.quick else 10
series = np.random.default_rng(0).normal(size=(SERIES, SERIES_LENGTH, 1)).astype(np.float32)
classes = np.arange(SERIES) % 2
fully = ConvClassifier(
    **FULLY, pooling="average", epochs=epochs, batch_size=SERIES_BATCH, engine="fused"
)
fully.fit(series[:32], classes[:32])
seconds = best(
    runs,
    lambda: fully.fit(series, classes),
    lambda: keras_fully_fit(series, classes, epochs),
)
show(f"fit, {epochs} epochs: conv 128-256-128; Keras", *seconds, 1)

weeks, weeks_y = make_windows(rows_of(n // 4 + 168, 3), 168, target=0)
by_hours = RNNRegressor("gru", 32, epochs=1, batch_size=BATCH, engine="fused")
by_days = clone(by_hours).set_params(segment=24)
for network in (by_hours, by_days):
    network.fit(weeks[:600], weeks_y[:600])
seconds = best(runs, lambda: by_days.fit(weeks, weeks_y), lambda: by_hours.fit(weeks, weeks_y))
show("fit, an epoch: GRU 32, 7 days; 168 hours", *seconds, 5)

short, short_y = make_windows(rows_of(n // 8 + 24, 3), 24, target=0)
large = products_per_second(2048, 2048, 2048)
epochs = 1 if args.quick else 5
for cell, units in (
    ("dense", 64),
    ("simple", 16),
    ("gru", 4),
    ("gru", 8),
    ("gru", 16),
    ("gru", 32),
    ("lstm", 32),
):
    lone = DenseRegressor((units,)) if cell == "dense" else RNNRegressor(cell, units)
    lone.set_params(epochs=epochs, engine="fused")
    several = clone(lone).set_params(n_estimators=8)
    several.fit(short[:600], short_y[:600])
    seconds = best(
        runs,
        lambda several=several: several.fit(short, short_y),
        lambda lone=lone: [lone.fit(short, short_y) for _ in range(8)],
    )
    flop = 8 * operations(cell, (units,), 3, 24, len(short) * epochs)
    share = flop / seconds[1] / large
    # What keeps the processor busy where it is fitted alone cannot be much faster together.
    aim = f"1.5; alone {share:.0%} of a large product"
    show(f"fit, 8 members of {cell} {units}; 8 fits", *seconds, aim)

small, small_y = make_windows(rows_of(1000 + 24, 3), 24, target=0)
skrnn_search(small[:200], small_y[:200])
ours, theirs = best(1, lambda: skrnn_search(small, small_y), lambda: keras_search(small, small_y))
show("GridSearchCV, 8 x 3 fits; scikeras", ours, theirs, 15)

many, _ = make_windows(rows_of((2_000 if args.quick else 100_000) + LENGTH), LENGTH, target=0)
model = skrnn_fit(X[:600], y[:600], "lstm", (16,))
stock = keras_network("lstm", (16,))
batches = np.asarray(many) if args.quick else None


def keras_predict():
    import keras

    data = keras.utils.timeseries_dataset_from_array(
        many.rows[:-1], None, sequence_length=LENGTH, batch_size=1024, shuffle=False
    )
    stock.predict(data, verbose=0)


keras_predict()
show(
    f"predict {len(many):,} windows; Keras",
    *best(runs, lambda: model.predict(many), keras_predict),
    5,
)
one = np.asarray(many[:1])
stock.predict(one, verbose=0)
ours, theirs = best(
    3,
    lambda: [model.predict(one) for _ in range(50)],
    lambda: [stock.predict(one, verbose=0) for _ in range(5)],
)
show("predict one window; Keras", ours / 50, theirs / 5, 80, unit="ms")

print("\nwhere a training step stands against the processor")
shaped = products_per_second(64, 16, 64)
print(
    f"products of 2048 x 2048: {large / 1e9:.0f} GFLOP/s; "
    f"of 64 x 16 by 16 x 64, as in a step: {shaped / 1e9:.0f} GFLOP/s"
)
for name, seconds, cell, units in (
    ("LSTM 16", lstm, "lstm", (16,)),
    ("GRU 32-32", gru, "gru", (32, 32)),
):
    step, flop = seconds / n_steps, operations(cell, units)
    print(
        f"{name}: {step * 1e3:.2f} ms a step, {flop / 1e6:.0f} MFLOP: {flop / step / 1e9:.0f} "
        f"GFLOP/s"
    )

print()
cells_beside_the_lstm(args.windows if not args.quick else 2_000, runs)

print()
letters(10, runs)

print("\nhow the time of a step grows (LSTM; ms)")


def step_time(units=16, length=LENGTH, batch=BATCH, features=FEATURES):
    X, y = make_windows(rows_of(8 * batch + length, features), length, target=0)
    network = RNNRegressor("lstm", units, epochs=1, batch_size=batch, engine="fused")
    (seconds,) = best(runs, lambda: network.fit(X, y))
    return seconds / 8 * 1e3


GROWTH = {
    "units": (8, 16, 32, 64),
    "length": (30, 60, 120, 240),
    "batch": (32, 64, 256, 1024),
    "features": (1, 14, 56),
}
for name, values in GROWTH.items():
    times = [f"{value}: {step_time(**{name: value}):.2f}" for value in values]
    print(f"{name:9} {'   '.join(times)}", flush=True)
