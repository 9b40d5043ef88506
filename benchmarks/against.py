"""The fused engine of this checkout against that of another one, as ratios of times.

Both work in processes of their own, in turn, on what ``engines.py`` measures of the fused engine.
Every shape has been compiled before, once on this machine. A ratio above 1 is how many times faster
this checkout is: ``python benchmarks/against.py ../before``.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

LENGTH = 120
FEATURES = 14
BATCH = 256
# A ratio of medians below this is worth a look.
SLOWER = 0.95


def rows_of(n, features=FEATURES):
    return np.random.default_rng(0).normal(size=(n, features)).astype(np.float32)


def network(cell, units, **params):
    from skrnn import RNNRegressor

    settings = {"epochs": 1, "batch_size": BATCH, "engine": "fused", "random_state": 0}
    return RNNRegressor(cell, units, **{**settings, **params})


def windows_of(n, length=LENGTH, features=FEATURES):
    from skrnn import make_windows

    return make_windows(rows_of(n + length, features), length, target=0)


def fit(cell, units, *, n=20_000, length=LENGTH, features=FEATURES, **params):
    """A whole fit of an epoch."""

    def prepare():
        X, y = windows_of(n, length, features)
        return lambda: network(cell, units, **params).fit(X, y)

    return prepare


def fit_scaled():
    from skrnn import TransformedWindowRegressor, WindowScaler

    X, y = windows_of(20_000)
    scaled = TransformedWindowRegressor(network("gru", (32,)), WindowScaler())
    return lambda: scaled.fit(X, y)


def search():
    from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

    X, y = windows_of(1000, 24, 3)
    sizes = {"units": list(range(8, 65, 8))}
    model = network("lstm", 8, epochs=5, batch_size=64)
    return lambda: GridSearchCV(model, sizes, cv=TimeSeriesSplit(3)).fit(X, y)


def predict(n, times=1):
    """Forecasts of n windows, so many times."""

    def prepare():
        X, y = windows_of(max(600, n))
        model = network("lstm", (16,)).fit(X[:600], y[:600])
        some = np.asarray(X[:n]) if n == 1 else X
        return lambda: [model.predict(some) for _ in range(times)]

    return prepare


def step(**shape):
    """Eight training steps of an LSTM."""
    settings = {"units": 16, "length": LENGTH, "batch": BATCH, "features": FEATURES, **shape}

    def prepare():
        batch = settings["batch"]
        X, y = windows_of(8 * batch, settings["length"], settings["features"])
        model = network("lstm", settings["units"], batch_size=batch)
        return lambda: [model.fit(X, y) for _ in range(3)]

    return prepare


SHAPES: dict[str, Callable[[], Callable[[], object]]] = {
    "fit, an epoch: LSTM 16": fit("lstm", (16,)),
    "fit, an epoch: GRU 32-32, dropout": fit("gru", (32, 32), recurrent_dropout=0.5),
    "fit, an epoch: GRU 32-32": fit("gru", (32, 32)),
    "fit, an epoch: GRU 32, windows scaled": fit_scaled,
    "GridSearchCV, 8 x 3 fits": search,
    "predict 100,000 windows": predict(100_000),
    "predict one window, 200 times": predict(1, 200),
    **{f"8 steps x 3: {units} units": step(units=units) for units in (8, 32, 64)},
    **{f"8 steps x 3: {length} steps": step(length=length) for length in (30, 60, 120, 240)},
    **{f"8 steps x 3: batches of {batch}": step(batch=batch) for batch in (32, 64, 1024)},
    **{f"8 steps x 3: {n} features": step(features=n) for n in (1, 56)},
}


def answer_requests():
    """Each line names a shape: prepare it where it is new, run it once, and print the seconds."""
    prepared = {}
    for line in sys.stdin:
        name = line.strip()
        if name not in prepared:
            prepared.clear()
            prepared[name] = SHAPES[name]()
            prepared[name]()
        start = time.perf_counter()
        prepared[name]()
        print(time.perf_counter() - start, flush=True)


class Checkout:
    """A process that works with the code of a checkout."""

    def __init__(self, path):
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--answer", str(path)],
            env={**os.environ, "PYTHONPATH": str(path), "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def seconds(self, name):
        """The seconds of one run of a shape."""
        self._process.stdin.write(f"{name}\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def end(self):
        """Let the process end."""
        self._process.stdin.close()
        self._process.wait()


def compare(other, only, runs):
    """A line for each shape; the faster of the two begins as often as the slower."""
    print(f"{'':40} {'here':>10} {'other':>10} {'times faster':>13} {'of the best':>12}")
    here = Checkout(Path(__file__).resolve().parents[1])
    there = Checkout(other.resolve())
    for name in SHAPES:
        if only not in name:
            continue
        here.seconds(name)
        there.seconds(name)
        ours = []
        theirs = []
        for run in range(runs):
            both = [(here, ours), (there, theirs)]
            for checkout, seconds in both if run % 2 else reversed(both):
                seconds.append(checkout.seconds(name))
        ratio = np.median(theirs) / np.median(ours)
        print(
            f"{name:40} {1e3 * np.median(ours):7.1f} ms {1e3 * np.median(theirs):7.1f} ms "
            f"{ratio:13.2f} {min(theirs) / min(ours):12.2f}   {'slower' if ratio < SLOWER else ''}",
            flush=True,
        )
    here.end()
    there.end()


parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument("other", type=Path, nargs="?", help="the other checkout")
parser.add_argument("--only", default="", help="shapes whose name has this in it")
parser.add_argument("--runs", type=int, default=9)
parser.add_argument("--answer", action="store_true", help=argparse.SUPPRESS)
args = parser.parse_args()

if args.answer:
    answer_requests()
elif args.other is None:
    print("name another checkout to compare with: git worktree add ../before COMMIT")
else:
    compare(args.other, args.only, args.runs)
