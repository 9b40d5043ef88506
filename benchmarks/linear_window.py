"""LinearWindow against materialised windows and scikit-learn's Ridge: time and memory.

Both find the same coefficients. Each contender runs in a process of its own, which reports how far
its memory rose above what it held before the fit.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from sklearn.linear_model import Ridge

from skrnn import LinearWindow, make_windows

LENGTH, RATE, LEAD, ALPHA = 120, 6, 144, 1.0


def make_climate(n_rows, n_columns=14):
    """Columns with memory and levels of their own, as those of a weather station."""
    rng = np.random.default_rng(0)
    rows = np.cumsum(rng.normal(size=(n_rows, n_columns)), axis=0) * 0.02
    rows += np.sin(np.arange(n_rows)[:, None] * 2 * np.pi / 144 + rng.uniform(0, 6, n_columns))
    return (rows + rng.normal(scale=0.1, size=rows.shape) + rng.uniform(-3, 3, n_columns)).astype(
        np.float32
    )


def fit_linear_window(X, y):
    return LinearWindow(ALPHA).fit(X, y).coef_


def fit_ridge(X, y):
    flat = np.asarray(X, dtype=np.float32).reshape(len(X), -1)
    return Ridge(ALPHA).fit(flat, y.astype(np.float32)).coef_.reshape(X.shape[1:])


CONTENDERS = {"LinearWindow": fit_linear_window, "Ridge, float32": fit_ridge}


def windows_of(folder):
    return make_windows(
        np.load(Path(folder, "rows.npy")), LENGTH, leads=LEAD, target=1, sampling_rate=RATE
    )


def run(name, folder):
    """One contender in this process: seconds, memory above the start (MB), coefficients."""
    X, y = windows_of(folder)
    # What libraries set up at their first use is part of neither contender.
    CONTENDERS[name](X[:100], y[:100])
    before, start = peak_mb(), time.perf_counter()
    coef = CONTENDERS[name](X, y)
    seconds = time.perf_counter() - start
    np.save(Path(folder, "coef.npy"), coef)
    print(json.dumps({"seconds": seconds, "mb": peak_mb() - before}))


def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(name, folder):
    command = [sys.executable, __file__, "--run", name, "--folder", folder]
    result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return result | {"coef": np.load(Path(folder, "coef.npy"))}


def difference(ours, theirs):
    return np.abs(ours - theirs).max() / np.abs(theirs).max()


parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument("--windows", type=int, default=210_000)
parser.add_argument("--quick", action="store_true", help="a tenth of the windows")
parser.add_argument("--run", choices=CONTENDERS, help=argparse.SUPPRESS)
parser.add_argument("--folder", help=argparse.SUPPRESS)
args = parser.parse_args()

if args.run:
    run(args.run, args.folder)
    sys.exit()

n_windows = args.windows // 10 if args.quick else args.windows
with tempfile.TemporaryDirectory() as folder:
    np.save(Path(folder, "rows.npy"), make_climate(n_windows + (LENGTH - 1) * RATE + LEAD))
    # In turn, so that a busy moment of the machine meets both.
    runs = [
        {name: measure(name, folder) for name in CONTENDERS} for _ in range(1 if args.quick else 3)
    ]
    X, y = windows_of(folder)

results = {
    name: min((run[name] for run in runs), key=lambda result: result["seconds"])
    for name in CONTENDERS
}
print(
    f"{n_windows} windows of {LENGTH} steps × 14 columns, sampling rate {RATE}; best of {len(runs)}"
)
print(f"{'':16}   fit [s]   memory [MB]")
for name, result in results.items():
    print(f"{name:16}{result['seconds']:10.2f}{result['mb']:14.0f}")
ours, theirs = results.values()
print(
    f"Time:   Ridge takes {theirs['seconds'] / ours['seconds']:.1f} times as long (aim: at least 5)"
)
print(f"Memory: LinearWindow takes 1/{theirs['mb'] / ours['mb']:.0f} (aim: at most 1/10)")

# float32 rounds where the columns are as alike as neighbouring steps are: the judge is Ridge in
# float64.
X, y = X[:10_000], y[:10_000]
exact = (
    Ridge(ALPHA)
    .fit(np.asarray(X, dtype=np.float64).reshape(len(X), -1), y)
    .coef_.reshape(X.shape[1:])
)
print(
    "\nLargest error of a coefficient relative to the largest, by Ridge in float64 on 10,000 "
    "windows:"
)
for name, fit in CONTENDERS.items():
    print(f"{name:16}{difference(fit(X, y), exact):10.1e}")
