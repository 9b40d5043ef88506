"""Where the fused engine's time goes: in a training step of one thread, and in compiling; what a forecast allocates."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import tracemalloc

os.environ["NUMBA_NRT_STATS"] = "1"

import numpy as np
from numba import njit
from numba.core.runtime import rtsys
from threadpoolctl import threadpool_limits

from skrnn import RNNRegressor, make_windows
from skrnn.neural.fused import cells, kernels
from skrnn.neural.fused.products import add_outer

LENGTH, FEATURES, BATCH = 120, 14, 256
NETWORKS = {"LSTM 16": ("lstm", (16,)), "GRU 32-32": ("gru", (32, 32))}


def windows_of(n, length=LENGTH):
    rows = np.random.default_rng(0).normal(size=(n + length, FEATURES)).astype(np.float32)
    return make_windows(rows, length, target=0)


# ---------------------------------------------------------------------- a training step

# What is part of a kernel is timed alone, on copies of the arrays that the kernel was called with: behind it going
# forward, when the gates are there, and before it going backward, when they still are. The rest are products.


@njit(nogil=True)
def lstm_gates(P, C, T, H, kind):
    for t in range(len(P)):
        gates = P[t].reshape(4, -1)
        cells.lstm_gates(
            gates[0], gates[1], gates[2], gates[3], C[t].ravel(), kind, C[t + 1].ravel(), T[t].ravel(), H[t + 1].ravel()
        )


@njit(nogil=True)
def lstm_slopes(P, C, T, kind, dh, dc):
    for t in range(len(P)):
        gates = P[t].reshape(4, -1)
        cells.lstm_slopes(
            gates[0], gates[1], gates[2], gates[3], C[t].ravel(), T[t].ravel(), kind, dh.ravel(), dc.ravel()
        )


@njit(nogil=True)
def gru_gates(P, H, kind):
    for t in range(len(P)):
        gates = P[t].reshape(4, -1)
        cells.gru_gates(gates[0], gates[1], gates[2], gates[3], H[t].ravel(), kind, H[t + 1].ravel())


@njit(nogil=True)
def gru_slopes(P, H, kind, dh, direct):
    for t in range(len(P)):
        gates = P[t].reshape(4, -1)
        cells.gru_slopes(gates[0], gates[1], gates[2], gates[3], H[t].ravel(), kind, dh.ravel(), direct.ravel())


@njit(nogil=True)
def weights_gradient(D, S, G, block):
    for t in range(0, len(D), block):
        add_outer(D[t : t + block], S[t : t + block], G)


def forward_parts(cell, V, X, x_mask, h_mask, kind, S, P, *states):
    P, states = P.copy(), [one.copy() for one in states]
    alone = (lstm_gates, (P, *states, kind)) if cell == "lstm" else (gru_gates, (P, *states, kind))
    return {"of it, gates": alone}


def backward_parts(cell, V, x_mask, h_mask, kind, S, P, *others):
    P, others = P.copy(), [one.copy() for one in others]
    used = slice(None) if cell == "lstm" else slice(0, 3 * others[0].shape[1])
    gradient = P[:, used].copy(), S[:, : V.shape[1]].copy(), np.zeros((P[:, used].shape[1], V.shape[1]), V.dtype)
    if cell == "lstm":
        C, T, _, dh, dc, _, _ = others
        slopes = lstm_slopes, (P, C, T, kind, dh, dc)
    else:
        H, _, dh, _, _ = others
        slopes = gru_slopes, (P, H, kind, dh, dh.copy())
    return {"of it, gates' gradients": slopes, "of it, weights' gradients": (weights_gradient, (*gradient, 4))}


def timed(function, *values):
    """The processor's seconds, which others on the same machine change little, and the result."""
    start = time.thread_time()
    result = function(*values)
    return time.thread_time() - start, result


def spy(module, name, work, seconds):
    """Put a function in a kernel's place that adds its seconds to ``work``, and those of its parts to theirs."""
    kernel, cell = getattr(module, name), name.split("_")[0]

    def called(*values):
        parts = backward_parts(cell, *values) if work == "backward" else {}
        took, result = timed(kernel, *values)
        parts |= forward_parts(cell, *values) if work == "forward" else {}
        seconds[work] = seconds.get(work, 0) + took
        for part, (function, arguments) in parts.items():
            seconds[part] = seconds.get(part, 0) + timed(function, *arguments)[0]
        return result

    setattr(module, name, called)
    return lambda: setattr(module, name, kernel)


def spies(seconds):
    yield spy(kernels, "gather", "gathering", seconds)
    for cell in ("lstm", "gru"):
        yield spy(cells, f"{cell}_forward", "forward", seconds)
        yield spy(cells, f"{cell}_backward", "backward", seconds)
    for name in ("affine", "affine_back", "loss_gradient"):
        yield spy(kernels, name, "dense layer and loss", seconds)
    yield spy(kernels, "adam", "optimizer", seconds)


def profile(name, n, runs):
    cell, units = NETWORKS[name]
    X, y = windows_of(n)
    model = RNNRegressor(cell, units, epochs=1, batch_size=BATCH, engine="fused")
    n_steps = -(-len(X) // BATCH)
    best, total = {}, np.inf
    for run in range(runs + 1):
        took, _ = timed(model.fit, X, y)
        seconds = {}
        ends = list(spies(seconds))
        model.fit(X, y)
        for end in ends:
            end()
        if run:  # the first compiles
            total = min(total, took)
            best = {part: min(best.get(part, np.inf), value) for part, value in seconds.items()}
    print(f"\n{name}, a training step on one thread: {total / n_steps * 1e3:.2f} ms")
    best["Python and the rest"] = total - sum(value for part, value in best.items() if not part.startswith("of it"))
    for part, value in best.items():
        print(f"  {part:26} {value / n_steps * 1e3:7.2f} ms {100 * value / total:5.0f} %")


# ---------------------------------------------------------------------- compiling

FIRST = """
import time
import numpy as np
from skrnn import RNNRegressor, make_windows
from skrnn.neural.fused import engine
X, y = make_windows(np.random.default_rng(0).normal(size=(60, 14)).astype(np.float32), 12, target=0)
start = time.perf_counter()
RNNRegressor("{cell}", {units}, epochs=1, engine="fused").fit(X, y).predict(X)
print(time.perf_counter() - start)
"""


def first_fit(cell, units, cache):
    script, environment = FIRST.format(cell=cell, units=units), {**os.environ, "NUMBA_CACHE_DIR": cache}
    run = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    return float(run.stdout)


def compiling(name):
    with tempfile.TemporaryDirectory() as cache:
        empty, full = (first_fit(*NETWORKS[name], cache) for _ in range(2))
    print(f"  {name:24} {empty:7.1f} s with an empty cache (aim: at most 15), {full:.2f} s from it")


# ---------------------------------------------------------------------- what one prediction allocates


def allocated(length):
    """Arrays that compiled code allocates for the forecast of one window, and the most bytes that NumPy holds."""
    X, y = windows_of(40, length)
    model = RNNRegressor("lstm", 16, epochs=1, engine="fused").fit(X, y)
    one = np.asarray(X[:1])
    model.predict(one)
    before = rtsys.get_allocation_stats().alloc
    tracemalloc.start()
    model.predict(one)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return rtsys.get_allocation_stats().alloc - before, peak


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--windows", type=int, default=10_000)
parser.add_argument("--runs", type=int, default=3)
parser.add_argument("--quick", action="store_true", help="a few windows, to see that it runs")
args = parser.parse_args()

with threadpool_limits(1):
    for name in NETWORKS:
        profile(name, 600 if args.quick else args.windows, 1 if args.quick else args.runs)

print("\nthe first fit and forecast of a network in a process")
for name in NETWORKS:
    compiling(name)

print("\nthe forecast of one window, LSTM 16")
for length in (60, 120, 480):
    arrays, peak = allocated(length)
    print(f"  {length:4} steps: {arrays} arrays in compiled code, {peak / 1024:.0f} KB at most in NumPy and Python")
