"""Memory of fitting and predicting 210,000 windows, above what the engine takes itself."""

import argparse
import importlib
import resource

import numpy as np
from sklearn.pipeline import make_pipeline

from skrnn import RNNRegressor, SeriesScaler, make_windows

LENGTH, RATE, LEAD, COLUMNS, AIM = 120, 6, 144, 14, 400


def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--windows", type=int, default=210_000)
parser.add_argument("--engine", default="fused", choices=["fused", "keras"])
parser.add_argument("--quick", action="store_true", help="a tenth of the windows")
args = parser.parse_args()

n_windows = args.windows // 10 if args.quick else args.windows

# The engine as every network loads it: with "keras", TensorFlow is part of it.
importlib.import_module(
    {"fused": "skrnn.neural.fused.engine", "keras": "skrnn.neural.keras.engine"}[args.engine]
)
loaded = peak_mb()

rng = np.random.default_rng(0)
rows = rng.standard_normal((n_windows + (LENGTH - 1) * RATE + LEAD, COLUMNS), dtype=np.float32)
X, y = make_windows(rows, LENGTH, leads=LEAD, target=1, sampling_rate=RATE)
model = make_pipeline(SeriesScaler(), RNNRegressor(epochs=1, random_state=0, engine=args.engine))

print(
    f"{n_windows} windows of {LENGTH} steps × {COLUMNS} columns "
    f"({np.prod(X.shape) * 4 / 2**20:,.0f} MB as an array)"
)
print(f"Peak of the process above the {args.engine} engine loaded:")
for name, step in {"fit": lambda: model.fit(X, y), "predict": lambda: model.predict(X)}.items():
    step()
    print(f"after {name:8}{peak_mb() - loaded:6.0f} MB (aim: at most {AIM} MB)", flush=True)
