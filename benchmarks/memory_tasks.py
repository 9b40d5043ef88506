"""Tasks that nothing but memory solves: what each cell has learned after the same time.

The adding problem (S. Hochreiter and J. Schmidhuber, 1997): of random numbers two are marked, one
in either half, and their sum is asked for at the end. Chance is to say the mean of all sums.
Copying (the same; M. Arjovsky et al., 2016): a few symbols are shown, then blanks, and at the end
all symbols are asked for in their order; here as bits, all at once. Chance is one in as many as
there are symbols.

All cells have the same sizes and settings, and see new samples in every batch. Only the time of
training counts.
"""

import argparse
import time

import numpy as np

from skrnn import RNNClassifier, RNNRegressor

CELLS = ("simple", "lstm", "gru", "mingru", "minlstm")
N_SHOWN, N_SYMBOLS = 5, 4
N_BITS = 2
SAMPLES, TESTS = 1024, 1000
OPTIONS = {
    "units": (32, 32),
    "batch_size": 64,
    "learning_rate": 0.005,
    "clipnorm": 1.0,
    "engine": "fused",
    "random_state": 0,
}


def adding(n, steps, rng):
    """Numbers and marks (n, steps, 2), and the sum of the two that are marked."""
    X = np.zeros((n, steps, 2), np.float32)
    X[:, :, 0] = rng.uniform(size=(n, steps))
    marked = np.stack([rng.integers(0, steps // 2, n), rng.integers(steps // 2, steps, n)], axis=1)
    every = np.arange(n)[:, None]
    X[every, marked, 1] = 1
    return X, X[every, marked, 0].sum(axis=1)


def copying(n, blanks, rng):
    """Symbols, blanks and a question (n, steps, symbols + 2), and the bits of all symbols."""
    shown = rng.integers(N_SYMBOLS, size=(n, N_SHOWN))
    signs = np.full((n, N_SHOWN + blanks + 1), N_SYMBOLS)
    signs[:, :N_SHOWN] = shown
    signs[:, -1] = N_SYMBOLS + 1
    bits = shown[:, :, None] >> np.arange(N_BITS) & 1
    return np.eye(N_SYMBOLS + 2, dtype=np.float32)[signs], bits.reshape(n, -1)


def trained(model, task, steps, seconds):
    """The model after so many seconds of training, and how many samples it saw."""
    rng = np.random.default_rng(1)
    spent = 0.0
    n_samples = 0
    while spent < seconds:
        X, y = task(SAMPLES, steps, rng)
        start = time.perf_counter()
        model.partial_fit(X, y)
        spent += time.perf_counter() - start
        n_samples += SAMPLES
    return model, n_samples


def error_of_sums(cell, steps, seconds):
    model, n_samples = trained(RNNRegressor(cell, **OPTIONS), adding, steps, seconds)
    X, y = adding(TESTS, steps, np.random.default_rng(2))
    return np.mean((model.predict(X) - y) ** 2), n_samples


def share_of_symbols(cell, blanks, seconds):
    model, n_samples = trained(RNNClassifier(cell, **OPTIONS), copying, blanks, seconds)
    X, y = copying(TESTS, blanks, np.random.default_rng(2))
    right = (model.predict(X) == y).reshape(TESTS, N_SHOWN, N_BITS).all(axis=2)
    return right.mean(), n_samples


parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument("--seconds", type=float, default=60, help="of training, for each cell and task")
parser.add_argument("--cells", nargs="+", default=CELLS[:4], choices=CELLS)
parser.add_argument("--quick", action="store_true", help="short sequences and a moment each")
args = parser.parse_args()
seconds = 0.5 if args.quick else args.seconds
tasks = [
    ("adding, squared error", error_of_sums, (200, 600), 1 / 6),
    ("copying, symbols right", share_of_symbols, (100, 500), 1 / N_SYMBOLS),
]

for cell in args.cells:
    # What is compiled is no part of training.
    RNNRegressor(cell, **OPTIONS).fit(*adding(64, 4, np.random.default_rng(0)))
print(f"stacks of {OPTIONS['units']} units after {seconds:g} s (in brackets: thousands of samples)")
print(f"{'':24}{'steps':>6}{'chance':>9}", *(f"{cell:>16}" for cell in args.cells))
for title, measured, lengths, chance in tasks:
    for steps in lengths:
        steps = steps // 10 if args.quick else steps
        print(f"{title:24}{steps:6}{chance:9.4f}", end="", flush=True)
        for cell in args.cells:
            found, n_samples = measured(cell, steps, seconds)
            print(f"{found:10.4f} ({n_samples / 1000:4.0f})", end="", flush=True)
        print()
