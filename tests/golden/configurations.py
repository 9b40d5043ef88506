"""Golden numbers: what is forecast and learned on fixed data, with every parameter named."""

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from skrnn import (
    ConvClassifier,
    ConvRegressor,
    DenseClassifier,
    DenseRegressor,
    Differencer,
    DirectForecaster,
    LastSteps,
    LinearWindow,
    MultiOutputForecaster,
    NaiveForecaster,
    RecursiveForecaster,
    RNNClassifier,
    RNNRegressor,
    SeriesScaler,
    SlidingWindow,
    TransformedWindowRegressor,
    WindowScaler,
    make_windows,
)

TRAINING = {
    "loss": "mse",
    "optimizer": "adam",
    "learning_rate": 0.01,
    "learning_rate_schedule": "exponential",
    "learning_rate_decay": 1.0,
    "clipnorm": None,
    "global_clipnorm": None,
    "weight_decay": None,
    "batch_size": 32,
    "epochs": 2,
    "engine": "fused",
    "early_stopping": False,
    "validation_fraction": None,
    "patience": 10,
    "normalize_y": True,
    "callbacks": None,
    "warm_start": False,
    "verbose": 0,
    "random_state": 7,
    "n_estimators": 1,
    "dtype": "float64",
}
RECURRENT = {
    "cell": "lstm",
    "units": 6,
    "bidirectional": False,
    "dropout": 0.0,
    "recurrent_dropout": 0.0,
    "go_backwards": False,
    "dense_units": (),
    "output_dropout": 0.0,
    "activation": "tanh",
    "sequence_targets": False,
    "decoder": None,
    "segment": 1,
    "unroll": False,
    "conv_filters": (),
    "conv_kernel_size": 3,
    "conv_strides": 1,
}
DENSE = {"units": (7, 5), "activation": "relu", "pooling": "flatten", "dropout": 0.0}
CONVOLUTIONAL = {
    "filters": (5, 4),
    "kernel_size": 3,
    "pool_size": 1,
    "pooling": "flatten",
    "padding": "same",
    "strides": 1,
    "dilation": 1,
    "batch_norm": False,
    "activation": "relu",
    "dropout": 0.0,
    "dense_units": (),
}


def rnn(**changes):
    return RNNRegressor(**{**RECURRENT, **TRAINING, **changes})


def dense(**changes):
    return DenseRegressor(**{**DENSE, **TRAINING, **changes})


def conv(**changes):
    return ConvRegressor(**{**CONVOLUTIONAL, **TRAINING, **changes})


def classifier(kind, architecture, **changes):
    """A classifier: what is a regressor's alone left out."""
    regression = ("loss", "normalize_y", "sequence_targets", "decoder")
    params = {**architecture, **TRAINING, "class_weight": None, **changes}
    return kind(**{name: value for name, value in params.items() if name not in regression})


def relative(regressor, transformer):
    return TransformedWindowRegressor(regressor=regressor, transformer=transformer, target=0)


def difference(lags):
    return Differencer(lags=lags, columns=None, context="auto")


# ---------------------------------------------------------------------- data


def rows(n=150, seed=3):
    """A series of three columns: a wave with a trend, a walk, and noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(n)
    wave = 10 + 0.02 * t + np.sin(t / 4) + 0.2 * rng.normal(size=n)
    walk = rng.normal(size=n).cumsum()
    return np.stack([wave, walk, rng.normal(size=n)], axis=1)


def windows(horizon=1, length=12, **options):
    return make_windows(rows(), length, horizon, target=0, **options)


def one_lead():
    return windows()


def three_leads():
    return windows(3)


def known_ahead():
    return windows(3, known_ahead=[2])


def panel():
    return make_windows([rows(60, 1), rows(80, 2)], 12, 3, target=0)


def gaps():
    values = rows()
    values[40:43, 0] = np.nan
    values[90, 1] = np.nan
    return make_windows(values, 12, 1, target=0)


def alone():
    X, y = windows(3)
    return np.asarray(X)[::2], y[::2]


def single():
    X, y = make_windows(rows().astype(np.float32), 12, 1, target=0)
    return X, y


def sampled():
    return windows(3, length=6, sampling_rate=2)


def frame():
    index = pd.date_range("2024-01-01", periods=150, freq="h").delete(range(70, 75))
    return pd.DataFrame(np.delete(rows(), range(70, 75), axis=0), index, ["a", "b", "c"])


def series():
    return frame(), frame()["a"]


def sequences():
    rng = np.random.default_rng(5)
    lengths = rng.integers(4, 15, size=60)
    X = [rng.normal(size=(length, 2)).cumsum(axis=0) for length in lengths]
    return X, np.array([x[-1, 0] + x[0, 1] for x in X])


def two_classes():
    X, y = sequences()
    return X, np.where(y > 0, "up", "down")


def three_classes():
    X, y = sequences()
    return X, np.digitize(y, [-1, 1])


def labels():
    X, y = windows()
    return X, np.stack([y > 11, np.asarray(X)[:, -1, 1] > 0], axis=1).astype(int)


SCALED = SeriesScaler(method="standard")
LINEAR = LinearWindow(alpha=0.5)
SLIDING = {"length": 12, "sampling_rate": 1, "known_ahead": None, "context": "auto"}
WEIGHTED = "weighted"

# Name: (estimator, data), or with weights (estimator, data, WEIGHTED).
CONFIGURATIONS = {
    "naive last": (NaiveForecaster("last", season=1, target=0), three_leads),
    "naive seasonal": (NaiveForecaster("seasonal", season=5, target=0), three_leads),
    "naive mean": (NaiveForecaster("mean", season=1, target=0), gaps),
    "naive drift": (NaiveForecaster("drift", season=1, target=0), sampled),
    "linear": (LINEAR, three_leads),
    "linear, least squares": (LinearWindow(alpha=0), one_lead),
    "linear, weights": (LINEAR, one_lead, WEIGHTED),
    "linear, gaps": (LINEAR, gaps),
    "linear, panel": (LINEAR, panel),
    "linear, known ahead": (LINEAR, known_ahead),
    "linear, alone": (LINEAR, alone),
    "differences": (relative(LINEAR, difference(1)), three_leads),
    "seasonal differences": (relative(LINEAR, difference((1, 5))), panel),
    "window scaler": (relative(LINEAR, WindowScaler()), three_leads),
    "window scaler, network": (relative(rnn(cell="gru"), WindowScaler()), three_leads),
    "window scaler, series scaler": (
        relative(make_pipeline(SeriesScaler(method="robust"), rnn()), WindowScaler()),
        panel,
    ),
    "series scaler inside": (relative(make_pipeline(SCALED, dense()), difference(1)), gaps),
    "series scaler of targets": (relative(rnn(), SCALED), three_leads),
    "last steps": (make_pipeline(LastSteps(length=5), LINEAR), three_leads),
    "recursive": (RecursiveForecaster(LINEAR, horizon=None, target=0), three_leads),
    "recursive, known ahead": (RecursiveForecaster(LINEAR, horizon=None, target=0), known_ahead),
    "recursive, network": (
        RecursiveForecaster(make_pipeline(SCALED, rnn(cell="simple")), horizon=3, target=0),
        one_lead,
    ),
    "direct": (DirectForecaster(LINEAR, horizon=None, n_jobs=None), known_ahead),
    "direct, ridge": (DirectForecaster(Ridge(alpha=1.0), horizon=3, n_jobs=None), one_lead),
    "many outputs": (MultiOutputForecaster(dense(), horizon=3), one_lead),
    "rows": (make_pipeline(SCALED, SlidingWindow(**SLIDING, lead=2), LINEAR), series),
    "rows, network": (
        make_pipeline(difference(1), SlidingWindow(**SLIDING, lead=1), rnn(cell="gru")),
        series,
    ),
    "rows, known ahead": (
        make_pipeline(SlidingWindow(**{**SLIDING, "known_ahead": ["c"]}, lead=3), LINEAR),
        series,
    ),
    **{f"{cell}": (rnn(cell=cell), three_leads) for cell in ("simple", "lstm", "gru")},
    **{
        f"{cell}, stack, dropouts": (
            rnn(cell=cell, units=(5, 4), dropout=0.2, recurrent_dropout=0.3, output_dropout=0.1),
            three_leads,
        )
        for cell in ("simple", "lstm", "gru")
    },
    **{
        f"{cell}, both directions": (rnn(cell=cell, units=(4, 3), bidirectional=True), one_lead)
        for cell in ("simple", "lstm", "gru")
    },
    **{
        f"{cell}, decoder": (
            rnn(cell=cell, decoder="recurrent", dense_units=4, bidirectional=cell == "gru"),
            known_ahead,
        )
        for cell in ("simple", "lstm", "gru")
    },
    "decoder, nothing ahead": (rnn(cell="gru", decoder="recurrent"), gaps),
    "backwards": (rnn(go_backwards=True, units=(4, 3)), one_lead),
    "relu": (rnn(cell="gru", activation="relu"), one_lead),
    "mingru": (rnn(cell="mingru", units=(5, 4), bidirectional=True, dropout=0.2), three_leads),
    "minlstm": (rnn(cell="minlstm", units=(5, 4), decoder="recurrent"), known_ahead),
    "sequence targets": (rnn(cell="gru", sequence_targets=True), three_leads),
    "sequence targets, panel, weights": (rnn(sequence_targets=True), panel, WEIGHTED),
    "sequence targets, alone": (rnn(cell="simple", sequence_targets=True), alone),
    "sequence targets, window scaler": (
        relative(rnn(cell="gru", sequence_targets=True), WindowScaler()),
        three_leads,
    ),
    "weights": (rnn(cell="gru"), one_lead, WEIGHTED),
    "clipped": (rnn(clipnorm=0.05), one_lead),
    "decay": (rnn(learning_rate_decay=0.1, epochs=4), one_lead),
    "rmsprop": (rnn(optimizer="rmsprop"), one_lead),
    "sgd, huber": (rnn(optimizer="sgd", loss="huber", learning_rate=0.1), one_lead),
    "mae": (rnn(loss="mae"), gaps),
    "as it is": (rnn(normalize_y=False), one_lead),
    "early stopping": (
        rnn(early_stopping=True, patience=1, epochs=8, validation_fraction=0.2),
        three_leads,
    ),
    "sampled": (rnn(cell="gru"), sampled),
    "single precision": (rnn(cell="gru", dtype="float32"), single),
    "single precision, lstm": (rnn(units=(8, 8), dtype="float32", dropout=0.1), three_leads),
    "dense": (dense(), three_leads),
    "dense, dropout": (dense(dropout=0.3, activation="sigmoid"), gaps),
    "conv": (conv(), three_leads),
    "conv, pooled": (conv(pool_size=(2, 1), pooling="max", dropout=0.2, dense_units=3), one_lead),
    "conv, valid": (conv(padding="valid", pooling="average", kernel_size=(2, 4)), panel),
    "quantiles": (rnn(cell="gru", quantiles=(0.1, 0.5, 0.9)), three_leads),
    "sequences": (rnn(units=(5, 4), bidirectional=True, dropout=0.2), sequences),
    "sequences, scaled": (make_pipeline(WindowScaler(), rnn(cell="gru")), sequences),
    "sequences, conv": (conv(pool_size=2, pooling="average"), sequences),
    "sequences, dense": (dense(pooling="max"), sequences),
    "two classes": (classifier(RNNClassifier, RECURRENT, cell="gru", batch_size=16), two_classes),
    "three classes": (
        classifier(ConvClassifier, CONVOLUTIONAL, pooling="max", class_weight="balanced", epochs=4),
        three_classes,
        WEIGHTED,
    ),
    "labels": (classifier(DenseClassifier, DENSE, validation_fraction=0.2), labels),
    **{
        f"keras, {name}": (model.set_params(engine="keras", dtype="float64"), data)
        for name, model, data in (
            ("lstm, dropouts", rnn(dropout=0.2, recurrent_dropout=0.2), three_leads),
            ("gru, both directions", rnn(cell="gru", bidirectional=True, units=(4, 3)), one_lead),
            ("decoder", rnn(cell="gru", decoder="recurrent", dense_units=3), known_ahead),
            ("sequence targets", rnn(cell="simple", sequence_targets=True), three_leads),
            ("early stopping", rnn(early_stopping=True, patience=1, epochs=6), one_lead),
            ("decay, clipped", rnn(learning_rate_decay=0.1, clipnorm=0.1, epochs=3), one_lead),
            ("conv", conv(pool_size=2, dropout=0.2, pooling="average"), three_leads),
            ("dense", dense(dropout=0.2, loss="mae"), gaps),
            ("sequences", rnn(units=(5, 4), bidirectional=True), sequences),
            ("three classes", classifier(RNNClassifier, RECURRENT, cell="gru"), three_classes),
        )
    },
}


def numbers_of(name):
    """Forecasts, and of networks the sums of their weights and the losses of their epochs."""
    estimator, data, *weighted = CONFIGURATIONS[name]
    X, y = data()
    n_fitted = len(y) * 3 // 4
    options = {}
    if weighted:
        options["sample_weight"] = np.random.default_rng(1).uniform(0.1, 2, size=n_fitted)
    estimator.fit(X[:n_fitted], y[:n_fitted], **options)
    tells = getattr(estimator, "predict_proba", estimator.predict)
    found = {"forecast": np.ravel(tells(X[n_fitted:]))[-12:].tolist()}
    network = _network(estimator)
    if network is not None:
        found["weights"] = [float(weight.sum()) for weight in network.weights_]
        found["sizes"] = [float(np.abs(weight).sum()) for weight in network.weights_]
        found.update(network.history_)
    return found


def precision_of(name):
    """The precision of the network inside."""
    network = _network(CONFIGURATIONS[name][0])
    return "float64" if network is None else network.dtype


def _network(estimator):
    while estimator is not None and not hasattr(estimator, "epochs"):
        if hasattr(estimator, "steps"):
            estimator = estimator.steps[-1][1]
        elif hasattr(estimator, "models_"):
            estimator = estimator.models_[0][0]
        else:
            estimator = getattr(estimator, "regressor_", getattr(estimator, "estimator_", None))
    return estimator
