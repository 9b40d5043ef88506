"""Where the fused engine's time goes: a training step, compiling; and what a forecast allocates."""

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
from skrnn.forecasters.samples import Samples
from skrnn.neural.fused import engine, loop
from skrnn.neural.fused.gathering import gather_targets, nothing
from skrnn.neural.fused.kernels import fill
from skrnn.neural.fused.layers import backward, forward
from skrnn.neural.fused.layers import gates as steps
from skrnn.neural.fused.layers import recurrent as cells
from skrnn.neural.fused.layers.recurrent import GRU, LSTM
from skrnn.neural.fused.losses import loss_gradient
from skrnn.neural.fused.memory import view
from skrnn.neural.fused.products import add_outer

LENGTH, FEATURES, BATCH = 120, 14, 256
NETWORKS = {"LSTM 16": ("lstm", (16,)), "GRU 32-32": ("gru", (32, 32))}


def windows_of(n, length=LENGTH):
    rows = np.random.default_rng(0).normal(size=(n + length, FEATURES)).astype(np.float32)
    return make_windows(rows, length, target=0)


# ---------------------------------------------------------------------- a training step

# The compiled loop calls these in turn for each chunk of a batch; here each is called, and timed,
# alone.


@njit(nogil=True)
def gathering(network, inputs, targets, order, memory, n):
    loop.read_inputs(network, inputs, order, 0, n, memory)
    target = view(memory, network.target, network.target_steps, network.n_targets)
    factors = view(memory, network.factors, network.target_steps, 1)
    gather_targets(targets, inputs.windows, order, 0, n, 1 / n, target, factors)


@njit(nogil=True)
def forwards(network, packed, memory):
    forward(network.layers, packed, memory, False, 0)


@njit(nogil=True)
def loss(network, levels, memory):
    places = (network.outputs, network.target, network.d_outputs)
    Y, target, D = [
        view(memory, place, network.target_steps, network.n_outputs) for place in places
    ]
    factors = view(memory, network.factors, network.target_steps, 1)
    return loss_gradient(Y, target, factors, 0, levels, D)


@njit(nogil=True)
def backwards(network, packed, gradient, memory):
    fill(gradient, 0)
    backward(network.layers, packed, gradient, memory, False)


@njit(nogil=True)
def optimizer(network, weights, learning, n_shares):
    loop.update(network, weights, learning, n_shares, 1, 0)


# What is part of a layer is timed alone, too, on the numbers that are there. The rest of a layer
# are products.


@njit(nogil=True)
def gates(layers, memory):
    for layer in layers:
        u = layer.units
        for t in range(layer.steps if layer.kind <= GRU else 0):
            P, H = (
                cells.gates_at(layer, t, 4 * u, memory).reshape(4, -1),
                view(memory, layer.H + t * u, 2, u),
            )
            a, b, c, d, before, after = (
                P[0],
                P[1],
                P[2],
                P[3],
                H[0].ravel(),
                H[1].ravel(),
            )
            if layer.kind == LSTM:
                C, T = view(memory, layer.C + t * u, 2, u), view(memory, layer.T + t * u, 1, u)
                steps.lstm_gates(a, b, c, d, C[0].ravel(), 0, C[1].ravel(), T.ravel(), after)
            else:
                steps.gru_gates(a, b, c, d, before, 0, after)


@njit(nogil=True)
def gates_gradients(layers, memory):
    for layer in layers:
        u = layer.units
        for t in range(layer.steps if layer.kind <= GRU else 0):
            P, H = (
                cells.gates_at(layer, t, 4 * u, memory).reshape(4, -1),
                view(memory, layer.H + t * u, 1, u),
            )
            a, b, c, d = P[0], P[1], P[2], P[3]
            dh, dc = view(memory, layer.dh, 1, u).ravel(), view(memory, layer.dc, 1, u).ravel()
            if layer.kind == LSTM:
                C, T = view(memory, layer.C + t * u, 1, u), view(memory, layer.T + t * u, 1, u)
                steps.lstm_slopes(a, b, c, d, C.ravel(), T.ravel(), 0, dh, dc)
            else:
                steps.gru_slopes(a, b, c, d, H.ravel(), 0, dh, dc)


@njit(nogil=True)
def weights_gradients(layers, gradient, memory):
    for layer in layers:
        if layer.kind <= GRU:
            u, x = layer.units, layer.inputs
            P, X = (
                cells.gates_of(layer, 4 * u, memory),
                view(memory, layer.x, layer.steps, x),
            )
            H, block = (
                view(memory, layer.H, layer.steps, u),
                cells.steps_at_once(4 * u, x, u, memory),
            )
            G, (first, last) = (
                gradient[: 4 * u * (x + u)].reshape(4 * u, x + u),
                cells.readers(layer),
            )
            for t in range(0, layer.steps, block):
                of = P[t : t + block]
                add_outer(of[:, :first], X[t : t + block], G[:first, :x])
                add_outer(of[:, last:], H[t : t + block], G[last:, x:])


def profile(name, n, runs):
    cell, units = NETWORKS[name]
    X, y = windows_of(n)
    model = RNNRegressor(cell, units, epochs=1, batch_size=BATCH, engine="fused").fit(X, y)
    trainer, parts, network, memory = prepared(model, X, y)
    n_chunks, size = BATCH // trainer.lanes, trainer.lanes
    layers, packed, gradient = network.layers, trainer.packed.packed, trainer.learning.gradients[0]
    learning, least = trainer.learning, {}

    def timed(name, times, function, *values):
        start = time.thread_time()
        function(*values)
        took = (time.thread_time() - start) * times
        least[name] = min(least.get(name, np.inf), took)

    for run in range(runs * 20 + 1):
        timed("gathering", n_chunks, gathering, network, *parts, memory, size)
        timed("forward", n_chunks, forwards, network, packed, memory)
        timed("loss", n_chunks, loss, network, np.zeros(0), memory)
        timed("backward", n_chunks, backwards, network, packed, gradient, memory)
        timed("optimizer", 1, optimizer, network, trainer.packed, learning, len(learning.losses))
        forwards(network, packed, memory)
        timed("  of it, weights' gradients", n_chunks, weights_gradients, layers, gradient, memory)
        timed("  of it, gates", n_chunks, gates, layers, memory)
        timed("  of it, gates' gradients", n_chunks, gates_gradients, layers, memory)
        if not run:
            least.clear()  # the first compiles
    whole, python = whole_fit(model, X, y, runs)
    least["Python, a batch's share"] = python / -(-n // BATCH)
    whole /= -(-n // BATCH)
    print(f"\n{name}, a training step on one thread: {whole * 1e3:.2f} ms")
    order = (
        "gathering",
        "forward",
        "  of it, gates",
        "loss",
        "backward",
        "  of it, gates' gradients",
    )
    for part_name in (
        *order,
        "  of it, weights' gradients",
        "optimizer",
        "Python, a batch's share",
    ):
        value = least[part_name]
        print(f"  {part_name:28} {value * 1e3:7.2f} ms {100 * value / whole:5.1f} %")


def whole_fit(model, X, y, runs):
    """The seconds of a fit of one epoch, and those of them that are not in the compiled loop."""
    whole = python = np.inf
    compiled, inside = loop.train, []

    def train(*values):
        start = time.perf_counter()
        compiled(*values)
        inside.append(time.perf_counter() - start)

    loop.train = train
    for _ in range(runs):
        start = time.perf_counter()
        model.fit(X, y)
        took = time.perf_counter() - start
        whole, python = min(whole, took), min(python, took - inside[-1])
    loop.train = compiled
    return whole, python


def prepared(model, X, y):
    """What the loop works with, for one chunk."""
    feed = model._feed(Samples(X, np.reshape(y, (len(X), -1))), seed=0)
    trainer = engine.Trainer(model.network_.on(X.length), model._training(), feed, None)
    (windows, known_ahead, targets, order), _ = next(iter(trainer.readings))
    no_states = np.empty((0, 0), np.float32)
    inputs = loop.Inputs(windows.read, known_ahead.read, nothing().read, no_states)
    network = engine.places_of(trainer.plan, training=True)
    memory = trainer.memories[0].reshape(trainer.plan.rows, trainer.lanes)
    return trainer, (inputs, targets, order), network, memory


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
    script, environment = (
        FIRST.format(cell=cell, units=units),
        {**os.environ, "NUMBA_CACHE_DIR": cache},
    )
    run = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    return float(run.stdout)


def compiling(name):
    with tempfile.TemporaryDirectory() as cache:
        empty, full = (first_fit(*NETWORKS[name], cache) for _ in range(2))
    print(f"  {name:24} {empty:7.1f} s with an empty cache (aim: at most 15), {full:.2f} s from it")


# -------------------------------------------------------------------- what one prediction allocates


def allocated(length):
    """Arrays that compiled code allocates for one window's forecast, and NumPy's most bytes."""
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
    print(
        f"  {length:4} steps: {arrays} arrays in compiled code, {peak / 1024:.0f} KB at most in "
        f"NumPy and Python"
    )
