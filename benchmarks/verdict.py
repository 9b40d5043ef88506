"""How often the comparison names a model that is better, and how often one that is not.

Series are simulated, so that it is known which is which. On random walks nothing beats the naive
forecast; on the others a linear model does, by a little or by much.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from skrnn.comparison import compare
from skrnn.reading import read_series

N_ROWS = 500
HORIZON = 12


def walk(rng):
    """A random walk."""
    return rng.normal(size=N_ROWS).cumsum()


def returning(share):
    """A series that keeps a share of its distance from its mean."""
    return lambda rng: lfilter([1.0], [1.0, -share], rng.normal(size=N_ROWS))


KINDS = {
    "random walks": walk,
    "that keep 98 % of a distance": returning(0.98),
    "that keep 95 %": returning(0.95),
    "that keep 80 %": returning(0.8),
}


def named(series, models, effort):
    """The recommended model, and the least error's share below the naive forecast's."""
    days = pd.date_range("2020-01-01", periods=N_ROWS, name="day")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "series.csv")
        pd.DataFrame({"value": series}, days).to_csv(path)
        reading = read_series(path, "value")
    found = compare(reading, models=models, effort=effort, horizon=HORIZON, coverages=())
    return found.verdict.recommended, found.table["skill"].max()


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=50, help="of each kind (default: 50)")
    parser.add_argument("--models", default="linear,gru")
    parser.add_argument("--effort", default="quick")
    options = parser.parse_args()
    models = options.models.split(",")
    print(f"{options.series} series of {N_ROWS} rows; naive, {options.models}; {options.effort}")
    print(f"{'series':32}{'naive is named':>16}{'best skill, median':>20}")
    for kind, make in KINDS.items():
        found = [
            named(make(np.random.default_rng(seed)), models, options.effort)
            for seed in range(options.series)
        ]
        share = np.mean([name == "naive" for name, _ in found])
        skill = np.median([skill for _, skill in found])
        print(f"{kind:32}{share:16.0%}{skill:20.1%}", flush=True)


if __name__ == "__main__":
    main()
