"""Whatever is brought to any estimator: an error in words of our own, or a finite answer."""

import os
import traceback
import warnings
from functools import partial

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.linalg import LinAlgWarning
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils.validation import check_is_fitted

from skrnn import (
    CharacterModel,
    DenseClassifier,
    RNNClassifier,
    TokenModel,
    TokenSequences,
    Windows,
    make_windows,
)
from tests.instances import CLASSIFIERS, NETWORKS, REGRESSORS, TEXTS, TRANSFORMERS

# ``make test-long`` says how many are tried.
N_CASES = int(os.environ.get("SKRNN_CASES", "60"))
KEPT = ("estimator", "regressor", "transformer", "engine", "checkpoint", "steps", "memory")
EVERY = [*TRANSFORMERS, *REGRESSORS, *NETWORKS, *CLASSIFIERS]
# What any parameter may be set to; nothing of it takes long.
ODD = [None, -1, 0, 1, 2, 3, 0.5, 1.5, float("nan"), "x", True, (), (1, 2), [1], "target"]
# What is usual comes more often, so that many fits begin.
STAMPS = [
    "range",
    "hours",
    "range",
    "hours",
    "gaps",
    "zone",
    "months",
    "shuffled",
    "twice",
    "names",
]
UNKNOWN = ["none", "none", "some", "some", "column", "row", "all", "infinite"]
TYPES = ["float64"] * 5 + ["float32", "int64", "int8", "bool", "object", "str", "complex128"]


def index_of(kind, n):
    """An index of n rows."""
    hours = pd.date_range("2024-03-30", periods=n + 9, freq="h")
    if kind == "range":
        return pd.RangeIndex(n)
    if kind == "gaps":
        return hours.delete([1, 4, 5])[:n]
    if kind == "zone":
        return hours[:n].tz_localize("UTC").tz_convert("Europe/Berlin")
    if kind == "months":
        return pd.period_range("2020-01", periods=n, freq="M")
    if kind == "shuffled":
        return hours[:n][::-1]
    if kind == "twice":
        return hours[:n].where(np.arange(n) != 2, hours[0])
    if kind == "names":
        return pd.Index([f"row {i}" for i in range(n)])
    return hours[:n]


def values_of(draw, n, n_columns):
    """Numbers of some type, of which some may be unknown."""
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    values = rng.normal(size=(n, n_columns)).cumsum(axis=0) * draw(st.sampled_from([1, 1e-9, 1e9]))
    unknown = draw(st.sampled_from(UNKNOWN))
    if n and n_columns and unknown != "none":
        where = {
            "some": rng.random(values.shape) < 0.2,
            "column": np.arange(n_columns) == 0,
            "row": np.arange(n)[:, None] == n // 2,
            "all": True,
            "infinite": rng.random(values.shape) < 0.1,
        }[unknown]
        values = np.where(where, np.inf if unknown == "infinite" else np.nan, values)
    kind = draw(st.sampled_from(TYPES))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return values.astype(kind)


@st.composite
def data(draw):
    """(X, y): rows, tables, windows of any kind, and targets that may fit."""
    n = draw(st.sampled_from([25, 40, 40, 25, 9, 2, 1, 0]))
    n_columns = draw(st.sampled_from([1, 2, 1, 2, 0]))
    rows = values_of(draw, n, n_columns)
    horizon = draw(st.sampled_from([1, 1, 2]))
    form = draw(st.sampled_from(["array", "frame", "series", "cube", "windows", "sequences"]))
    targets = values_of(draw, n, horizon)
    y = targets[:, 0] if horizon == 1 else targets
    if draw(st.booleans()):
        y = (np.arange(n) % 3).astype(draw(st.sampled_from(["int64", "float64", "object"])))
    if draw(st.integers(0, 9)) == 0:
        y = y[1:]
    if form == "array":
        return rows, y
    if form == "cube":
        steps = draw(st.sampled_from([1, 2, 6]))
        return np.repeat(rows[:, None], steps, axis=1), y
    if form == "sequences":
        lengths = np.arange(n) % draw(st.sampled_from([1, 2, 5]))
        return [np.repeat(rows[i : i + 1], 1 + lengths[i], axis=0) for i in range(n)], y
    index = index_of(draw(st.sampled_from(STAMPS)), n)
    frame = pd.DataFrame(rows, index=index, columns=[f"c{i}" for i in range(n_columns)])
    if form == "frame":
        return frame, draw(st.sampled_from([y, pd.Series(list(y), index[: len(y)])]))
    if form == "series":
        return frame.iloc[:, 0] if n_columns else frame, y
    length = draw(st.sampled_from([1, 3, 6]))
    target = draw(st.sampled_from(["c0", "c0", "c0", None]))
    return partial(make_windows, frame, length, horizon, target=target), None


@st.composite
def cases(draw, estimators=EVERY, engine="fused", data=data):
    """(estimator, parameters, data, rows to forecast)."""
    estimator = clone(draw(st.sampled_from(estimators)))
    if "engine" in estimator.get_params():
        estimator.set_params(engine=engine, epochs=1)
    names = sorted(estimator.get_params(deep=isinstance(estimator, Pipeline)))
    changes = {}
    if names and draw(st.integers(0, 2)) == 2:
        name = draw(st.sampled_from(names))
        if name not in KEPT and not name.endswith(("__engine", "__checkpoint")):
            changes[name] = draw(st.sampled_from(ODD))
    return estimator, changes, draw(data()), draw(data())


# ---------------------------------------------------------------------- texts

_SMALL = {"length": 4, "batch_size": 2, "epochs": 1, "random_state": 0}
WRITERS = [
    CharacterModel("gru", 3, **_SMALL),
    CharacterModel("minlstm", 2, validation_fraction=0.3, **_SMALL),
    TokenModel("gru", 3, embedding=2, **_SMALL),
    TokenModel("simple", 3, embedding=None, max_features=2, **_SMALL),
]
READERS = [
    *TEXTS,
    make_pipeline(TokenSequences(), RNNClassifier("gru", 2, embedding=2, epochs=1)),
    make_pipeline(TokenSequences(4, 2), DenseClassifier(2, embedding=2, epochs=1)),
]
# Letters of all widths, of which some steer, are half of another, or are none.
CHARACTERS = st.sampled_from("aab  .\n\x00\x1bé\u202e\ud800\U0001f600")
LETTERS = st.text(CHARACTERS, max_size=20)
NUMBERS = st.integers(-1, 3)
TOKENS = st.one_of(LETTERS, NUMBERS, st.sampled_from([None, 1.5, float("nan"), b"a"]))
TEXTS_OF_A_KIND = {
    "text": st.text(CHARACTERS, min_size=2, max_size=30),
    "texts": st.lists(LETTERS, min_size=3, max_size=12),
    "numbers": st.lists(NUMBERS, min_size=2, max_size=12),
    "lists of numbers": st.lists(st.lists(NUMBERS, max_size=6), max_size=9),
    "lists of texts": st.lists(st.lists(LETTERS, max_size=6), max_size=9),
    "anything": st.lists(st.one_of(TOKENS, st.lists(TOKENS, max_size=6)), max_size=9),
    "none": st.sampled_from(ODD),
}


@st.composite
def texts(draw):
    """(X, y): texts, lists of tokens, and what is neither."""
    kind = draw(st.sampled_from(["texts", "texts", "text", *TEXTS_OF_A_KIND]))
    X = draw(TEXTS_OF_A_KIND[kind])
    if isinstance(X, list) and draw(st.booleans()):
        X = draw(st.sampled_from([pd.Series, to_array]))(X, dtype=object)
    n = len(X) if hasattr(X, "__len__") else 1
    y = [draw(st.sampled_from([0, 1, 1, 2])) for _ in range(n)]
    return X, np.array(y, dtype=draw(st.sampled_from(["int64", "object", "str"])))


def to_array(X, dtype):
    """An array of what is in a list, whatever that is."""
    values = np.empty(len(X), dtype)
    values[:] = X
    return values


def is_told(error):
    """Whether somebody has written the error for whoever reads it.

    skrnn, scikit-learn, joblib, and of seeds NumPy.
    """
    last = traceback.extract_tb(error.__traceback__)[-1]
    ours = "/skrnn/" in last.filename and (last.line or "").lstrip().startswith("raise")
    others = ("/sklearn/", "/joblib/", "numpy/random/")
    return ours or any(name in last.filename for name in others)


def answer(estimator, X):
    """What it gives for X: rows, probabilities, or how well it tells a text and what it writes."""
    if hasattr(estimator, "generate"):
        written = estimator.generate(n=3, random_state=0)
        return np.array([estimator.score(X), len(written)])
    if is_classifier(estimator):
        return estimator.predict_proba(X)
    return estimator.predict(X) if is_regressor(estimator) else estimator.transform(X)


def check(case):
    estimator, changes, (X, y), (X_new, _) = case
    estimator.set_params(**changes)
    try:
        if callable(X):
            X, y = X()
        estimator.fit(X, y)
        outputs = answer(estimator, X)
    except (ValueError, TypeError, ImportError) as error:
        if is_told(error):
            return
        raise
    check_is_fitted(estimator)
    if hasattr(estimator, "generate"):
        assert np.isfinite(outputs[0])
        assert outputs[1] == 3
    elif isinstance(outputs, Windows) or not (is_regressor(estimator) or is_classifier(estimator)):
        assert len(outputs) == len(X)
    else:
        assert outputs.shape[0] == len(X)
        assert np.isfinite(outputs).all()
    try:
        X_new = X_new()[0] if callable(X_new) else X_new
        answer(estimator, X_new)
        if hasattr(estimator, "generate"):
            assert len(estimator.generate(X_new, 3)) == 3
    except (ValueError, TypeError) as error:
        if not is_told(error):
            raise


def tried(case, share=1):
    """A test of so large a share of the cases."""
    few = settings(
        max_examples=max(1, N_CASES // share),
        derandomize=N_CASES < 1000,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    return lambda test: few(given(case=case)(test))


def is_as_told(case):
    """An error that is told, or a finite answer."""
    with warnings.catch_warnings():
        # Ours, and that of the ridge regression which some wrap.
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("ignore", LinAlgWarning)
        check(case)


@tried(cases())
def test_an_error_that_is_told_or_a_finite_answer(case):
    """Of any shape, type, index, unknown values and parameter."""
    is_as_told(case)


@tried(cases([*NETWORKS, *CLASSIFIERS], "keras"), share=12)
def test_keras_too(case):
    """With the other engine."""
    is_as_told(case)


@tried(cases(WRITERS, data=texts), share=2)
def test_models_that_write(case):
    """Any text, or what is none; they write as much as they are asked for."""
    is_as_told(case)


@tried(cases(READERS, data=texts), share=2)
def test_models_that_read_texts(case):
    """The same of texts as codes, and of a classifier behind them."""
    is_as_told(case)
