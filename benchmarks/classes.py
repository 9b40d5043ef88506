"""Classes of sequences: a ladder of classifiers, an epoch beside Keras, and what lengths cost.

The ladder, on six small public data sets: the majority class, the nearest neighbour, sktime's
MiniRocket, and networks. Each rung's settings, and the rung itself, are chosen by the accuracy on
held-out folds of the training part (``cross-validated``), the same few settings for all data sets;
it is then fitted once on the whole training part, and its accuracy on the test part printed.

An epoch is one of a recurrent network, beside the same network in Keras with the same batches and
masks. What lengths cost is the time of training on sequences as long as they are, beside the same
ones padded to the longest with zeros in front.
"""

import argparse
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import RidgeClassifierCV
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sktime.transformations.panel.rocket import (
    MiniRocketMultivariate,
    MiniRocketMultivariateVariable,
)

from skrnn import (
    ConvClassifier,
    DenseClassifier,
    FlattenWindows,
    RNNClassifier,
    SeriesScaler,
    WindowScaler,
)

# Accuracies on the test part that others have published.
PUBLISHED = {
    "GunPoint": "LSTM-like 0.784, MLP 0.928, ResNet 0.991, MiniRocket 0.992, FCN 1.000",
    "SyntheticControl": "LSTM-like 0.973, FCN 0.989, MiniRocket 0.990, InceptionTime 0.997",
    "ArrowHead": "LSTM-like 0.630, MLP 0.784, FCN 0.843, InceptionTime 0.863, MiniRocket 0.881",
    "ItalyPowerDemand": "MiniRocket 0.960, FCN 0.963, LSTM-like 0.964, InceptionTime 0.966",
    "JapaneseVowels": "LSTM-like 0.976, MLP 0.976, ResNet 0.992, FCN 0.993",
    "BasicMotions": "none at hand",
}

BATCH = 16
TRAINING = {"batch_size": BATCH, "random_state": 0}
# Training steps of every fit, however few samples there are.
STEPS = 1_500
QUICKLY = {"learning_rate": 0.003}
SLOWLY = {"learning_rate": 0.001}
DENSE = (
    {"units": 64, "dropout": 0.2},
    {"units": (64, 64), "dropout": 0.2},
)
# Half as wide as in the literature, which takes a quarter of the time.
CONVOLUTIONAL = ({"filters": (64, 128, 64), **SLOWLY},)
BOTH_WAYS = {"cell": "gru", "bidirectional": True, "dropout": 0.2, **QUICKLY}
# Each is trained for two thirds of the steps of one.
MEMBERS = 3
RECURRENT = (
    {"units": 64, **BOTH_WAYS},
    {"units": (64, 64), **BOTH_WAYS},
)
# Where there are more steps, they are made fewer first.
MANY_STEPS = 60
RECURRENT_MANY_STEPS = (
    {"units": 64, "conv_filters": 32, "conv_kernel_size": 5, "conv_strides": 4, **BOTH_WAYS},
    {"units": 64, "conv_filters": (32, 64), "conv_kernel_size": 5, "conv_strides": 2, **BOTH_WAYS},
)

# The fully convolutional network of the literature, as it is.
FULLY = {"filters": (128, 256, 128), "kernel_size": (8, 5, 3), "batch_norm": True}
FULLY_STEPS = 2_000
FALLING = {**SLOWLY, "learning_rate_schedule": "exponential", "learning_rate_decay": 0.03}
FULLY_PUBLISHED = {
    "GunPoint": 1.000,
    "SyntheticControl": 0.989,
    "ArrowHead": 0.843,
    "ItalyPowerDemand": 0.963,
    "JapaneseVowels": 0.993,
}


def load(folder, name, part):
    """Sequences as one array where all are as long, else as a list; and their classes."""
    file = np.load(folder / f"{name}.npz")
    bounds = np.cumsum(file[f"{part}_lengths"])[:-1]
    X = np.split(file[f"{part}_values"], bounds)
    if len({len(x) for x in X}) == 1:
        X = np.stack(X)
    return X, file[f"{part}_classes"]


# ---------------------------------------------------------------------- the ladder


class MiniRocket(TransformerMixin, BaseEstimator):
    """sktime's MiniRocket on the arrays, or lists of arrays, that skrnn's classifiers take.

    sktime's own transformers do not go into scikit-learn's pipelines.
    """

    def fit(self, X, y=None):
        """Choose the kernels' biases."""
        kind = MiniRocketMultivariate(random_state=0)
        if isinstance(X, list):
            kind = MiniRocketMultivariateVariable(random_state=0, pad_value_short_series=0.0)
        self.rocket_ = kind.fit(self._as_sktime_wants(X))
        return self

    def transform(self, X):
        """The features of each sequence."""
        return self.rocket_.transform(self._as_sktime_wants(X))

    def _as_sktime_wants(self, X):
        if isinstance(X, list):
            return [pd.DataFrame(x) for x in X]
        return np.moveaxis(X, 1, 2)


def network_rung(classifier, candidates, scalers):
    """A network, and the settings to choose from."""
    grids = [
        {"scale": scalers, **{f"network__{name}": [value] for name, value in settings.items()}}
        for settings in candidates
    ]
    return Pipeline([("scale", None), ("network", classifier)]), grids


def ladder(X, training):
    """Each rung's model and settings, and whether folds are fitted side by side."""
    any_length = isinstance(X, list)
    # Windows of one column come scaled, each by itself.
    scalers = [WindowScaler()] if X[0].shape[1] == 1 else [SeriesScaler(), WindowScaler()]
    neighbour = make_pipeline(FlattenWindows(), KNeighborsClassifier(1))
    rocket = make_pipeline(
        MiniRocket(),
        StandardScaler(with_mean=False),
        RidgeClassifierCV(np.logspace(-3, 3, 10)),
    )
    dense = DenseClassifier(pooling="average" if any_length else "flatten", **training, **QUICKLY)
    convolutional = ConvClassifier(**{**FULLY, **training}, pooling="average")
    recurrent = RNNClassifier(clipnorm=1.0, n_estimators=MEMBERS, **training)
    recurrent.set_params(epochs=-(-2 * recurrent.epochs // MEMBERS))
    longest = max(len(x) for x in X)
    recurrences = RECURRENT if longest <= MANY_STEPS else RECURRENT_MANY_STEPS
    return {
        "majority class": (DummyClassifier(), [{}]),
        "nearest neighbour": (
            Pipeline([("scale", None), ("neighbour", neighbour)]),
            [{"scale": scalers}],
        ),
        "MiniRocket, ridge": (rocket, [{}]),
        "dense": network_rung(dense, DENSE, scalers),
        "convolutional": network_rung(convolutional, CONVOLUTIONAL, scalers),
        "recurrent": network_rung(recurrent, recurrences, scalers),
    }


def described(settings, grid):
    """What was chosen of what there was to choose from, in a few words."""
    words = []
    for name, value in settings.items():
        if len({str(choice[name]) for choice in grid if name in choice}) > 1:
            words.append(f"{name.removeprefix('network__')}={value}")
    if "scale" in settings:
        words.append(type(settings["scale"]).__name__)
    return " ".join(words)


def show_ladder(folder, name, quick):
    X, y = load(folder, name, "train")
    X_test, y_test = load(folder, name, "test")
    lengths = sorted({len(x) for x in [*X, *X_test]})
    steps = f"{lengths[0]} to {lengths[-1]}" if len(lengths) > 1 else lengths[0]
    print(
        f"{name}: {len(X)} sequences to learn from, {len(X_test)} to test on; {steps} steps, "
        f"{X[0].shape[1]} columns, {len(np.unique(y))} classes"
    )
    print(f"{'':20}{'cross-validated':>17}{'test':>9}{'fit [s]':>10}   settings")
    epochs = 1 if quick else STEPS * BATCH // len(X)
    folds = StratifiedKFold(2 if quick else 5, shuffle=True, random_state=0)
    scores = {}
    for rung, (model, grid) in ladder(X, {**TRAINING, "epochs": epochs}).items():
        n_jobs = None if rung.startswith("Mini") else -1
        search = GridSearchCV(model, grid, cv=folds, n_jobs=n_jobs, error_score="raise")
        search.fit(X, y)
        scores[rung] = search.best_score_
        print(
            f"{rung:20}{search.best_score_:17.3f}{search.score(X_test, y_test):9.3f}"
            f"{search.refit_time_:10.2f}   {described(search.best_params_, grid)}",
            flush=True,
        )
    chosen = max(scores, key=scores.get)
    of_networks = max(("dense", "convolutional", "recurrent"), key=scores.get)
    print(f"cross-validation chooses: {chosen}; of the networks: {of_networks}")
    print(f"published: {PUBLISHED[name]}\n", flush=True)


# ---------------------------------------------------------------------- fully convolutional


def show_fully_convolutional(folder, quick):
    """The network of the literature on all data sets; its accuracy and its time beside Keras's."""
    steps = BATCH if quick else FULLY_STEPS
    print(f"fully convolutional, 128-256-128, {steps:,} training steps (published; Keras)")
    accuracies = []
    for name, published in FULLY_PUBLISHED.items():
        X, y = load(folder, name, "train")
        epochs = -(-steps // -(-len(X) // BATCH))
        network = ConvClassifier(**FULLY, pooling="average", epochs=epochs, **TRAINING, **FALLING)
        scaler = WindowScaler() if X[0].shape[1] == 1 else SeriesScaler()
        model = make_pipeline(scaler, network)
        (seconds,) = best(1, lambda model=model, X=X, y=y: model.fit(X, y))
        accuracies.append(model.score(*load(folder, name, "test")))
        keras = min(keras_fully_convolutional(X, y, epochs=3)) * epochs
        print(
            f"{name:20}{accuracies[-1]:8.3f} ({published:.3f}){seconds:9.1f} s "
            f"({keras:.0f} s: {keras / seconds:.1f} times)",
            flush=True,
        )
    mean = np.mean(list(FULLY_PUBLISHED.values()))
    print(f"{'mean':20}{np.mean(accuracies):8.4f} (aim {mean:.4f})\n", flush=True)


def keras_fully_convolutional(X, y, epochs):
    """Seconds of each epoch in Keras but the first; of different lengths, on the padded array."""
    import keras

    layers = []
    for filters, kernel in zip(FULLY["filters"], FULLY["kernel_size"], strict=True):
        layers += [
            keras.layers.Conv1D(filters, kernel, padding="same", use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.Activation("relu"),
        ]
    return keras_epochs(X, y, epochs, [*layers, keras.layers.GlobalAveragePooling1D()], BATCH)


# ---------------------------------------------------------------------- times


def best(runs, *functions):
    """The least seconds of each function, run in turn."""
    seconds = [[] for _ in functions]
    for _ in range(runs):
        for function, measured in zip(functions, seconds, strict=True):
            start = time.perf_counter()
            function()
            measured.append(time.perf_counter() - start)
    return [min(measured) for measured in seconds]


def padded(X):
    """Sequences as one array, with zeros in front of those that are shorter than the longest."""
    longest = max(len(x) for x in X)
    return np.stack([np.pad(x, ((longest - len(x), 0), (0, 0))) for x in X])


def network(epochs):
    return RNNClassifier("gru", 64, batch_size=64, epochs=epochs, engine="fused", random_state=0)


def keras_epochs(X, y, epochs, layers, batch_size):
    """Seconds of each epoch in Keras but the first, which traces."""
    import keras

    ends = []
    clock = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: ends.append(time.perf_counter())
    )
    classes, numbers = np.unique(y, return_inverse=True)
    array = padded(X)
    model = keras.Sequential(
        [keras.Input(array.shape[1:]), *layers, keras.layers.Dense(len(classes))]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss)
    model.fit(array, numbers, batch_size=batch_size, epochs=epochs, verbose=0, callbacks=[clock])
    return np.diff(ends)


def keras_recurrent(X, y, epochs):
    import keras

    masks = [keras.layers.Masking()] if isinstance(X, list) else []
    return keras_epochs(X, y, epochs, [*masks, keras.layers.GRU(64)], 64)


def show_epoch(folder, name, quick):
    X, y = load(folder, name, "train")
    runs, epochs = (1, 3) if quick else (5, 30)
    network(1).fit(X, y)
    ours, theirs = [], []
    for _ in range(runs):
        ours += [seconds / epochs for seconds in best(1, lambda: network(epochs).fit(X, y))]
        theirs += list(keras_recurrent(X, y, min(epochs, 10)))
    print(
        f"{name:20}{min(ours) * 1e3:10.1f} ms{min(theirs) * 1e3:10.1f} ms"
        f"{min(theirs) / min(ours):10.1f} times faster (aim 10)",
        flush=True,
    )


def made_sequences(n):
    """Noise in four classes, of 50 to 1500 steps whose logarithms are uniform."""
    random = np.random.default_rng(0)
    lengths = np.exp(random.uniform(np.log(50), np.log(1500), n)).astype(int)
    X = [random.normal(size=(length, 8)).astype(np.float32) for length in lengths]
    return X, random.integers(4, size=n)


def show_lengths(name, X, y, epochs, runs, aim):
    array = padded(X)
    share = sum(map(len, X)) / (array.shape[0] * array.shape[1])
    network(1).fit(X[:64], y[:64])
    network(1).fit(array[:64], y[:64])
    ours, theirs = best(
        runs, lambda: network(epochs).fit(X, y), lambda: network(epochs).fit(array, y)
    )
    print(
        f"{name:32}{share:10.2f}{ours:10.2f} s{theirs:10.2f} s{ours / theirs:9.2f} ({aim(share)})",
        flush=True,
    )


parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument(
    "--data",
    type=Path,
    default=Path(__file__).parents[2] / "shared" / "data" / "sequences",
    help="the folder with the data sets",
)
parser.add_argument("--only", nargs="*", choices=[*PUBLISHED], help="the ladder on these alone")
parser.add_argument(
    "--convolutional", action="store_true", help="the fully convolutional network alone"
)
parser.add_argument("--quick", action="store_true", help="one epoch, one setting, few folds")
args = parser.parse_args()
if not (args.data / "JapaneseVowels.npz").exists():
    print(f"Nothing measured: {args.data} with JapaneseVowels.npz is not there.")
    sys.exit()

if args.convolutional:
    show_fully_convolutional(args.data, args.quick)
    sys.exit()

for name in args.only if args.only is not None else PUBLISHED:
    show_ladder(args.data, name, args.quick)

if args.only is None:
    show_fully_convolutional(args.data, args.quick)

print("GRU of 64 units, batches of 64: seconds of an epoch")
print(f"{'':20}{'fused':>13}{'Keras':>13}")
for name in ("JapaneseVowels", "BasicMotions"):
    show_epoch(args.data, name, args.quick)

print("\nGRU of 64 units, batches of 64: seconds of training on sequences as long as they are")
print(f"{'':32}{'true steps':>10}{'as they are':>12}{'padded':>12}{'ratio (aim)':>13}")
vowels, speakers = load(args.data, "JapaneseVowels", "train")
show_lengths(
    "JapaneseVowels, 30 epochs",
    vowels,
    speakers,
    epochs=3 if args.quick else 30,
    runs=1 if args.quick else 7,
    aim=lambda share: f"at most {1.3 * share:.2f}",
)
X, y = made_sequences(64 if args.quick else 512)
show_lengths(
    "50 to 1500 steps, log-uniform",
    X,
    y,
    epochs=1 if args.quick else 2,
    runs=1 if args.quick else 3,
    aim=lambda share: "at most 0.40",
)
