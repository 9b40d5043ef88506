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
from sklearn.utils.validation import check_is_fitted

from skrnn import Windows, make_windows
from tests.instances import CLASSIFIERS, NETWORKS, REGRESSORS, TRANSFORMERS

# ``make test-long`` says how many are tried.
N_CASES = int(os.environ.get("SKRNN_CASES", "60"))
EVERY = [*TRANSFORMERS, *REGRESSORS, *NETWORKS, *CLASSIFIERS]
# What any parameter may be set to; nothing of it takes long.
ODD = [None, -1, 0, 1, 2, 3, 0.5, 1.5, float("nan"), "x", True, (), (1, 2), [1], "target"]
STAMPS = ["range", "hours", "gaps", "zone", "months", "shuffled", "twice", "names"]
UNKNOWN = ["none", "some", "column", "row", "all", "infinite"]
TYPES = ["float64", "float32", "int64", "int8", "bool", "object", "str", "complex128"]


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
    n = draw(st.sampled_from([0, 1, 2, 9, 25, 40]))
    n_columns = draw(st.sampled_from([0, 1, 2]))
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
    return partial(make_windows, frame, length, horizon), None


@st.composite
def cases(draw):
    """(estimator, parameters, data, rows to forecast)."""
    estimator = clone(draw(st.sampled_from(EVERY)))
    if "engine" in estimator.get_params():
        estimator.set_params(engine="fused", epochs=1)
    names = sorted(estimator.get_params(deep=False))
    changes = {}
    if names and draw(st.booleans()):
        name = draw(st.sampled_from(names))
        if name not in ("estimator", "regressor", "transformer", "engine", "checkpoint"):
            changes[name] = draw(st.sampled_from(ODD))
    return estimator, changes, draw(data()), draw(data())


def is_told(error):
    """Whether somebody has written the error for whoever reads it: skrnn, scikit-learn, joblib."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    ours = "/skrnn/" in last.filename and (last.line or "").lstrip().startswith("raise")
    return ours or any(f"/{name}/" in last.filename for name in ("sklearn", "joblib"))


def answer(estimator, X):
    """What it gives for X, and how many rows that has."""
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
    if isinstance(outputs, Windows) or not (is_regressor(estimator) or is_classifier(estimator)):
        assert len(outputs) == len(X)
    else:
        assert outputs.shape[0] == len(X)
        assert np.isfinite(outputs).all()
    try:
        answer(estimator, X_new()[0] if callable(X_new) else X_new)
    except (ValueError, TypeError) as error:
        if not is_told(error):
            raise


@given(case=cases())
@settings(
    max_examples=N_CASES,
    derandomize=N_CASES < 1000,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
def test_an_error_that_is_told_or_a_finite_answer(case):
    """Of any shape, type, index, unknown values and parameter."""
    with warnings.catch_warnings():
        # Ours, and that of the ridge regression which some wrap.
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("ignore", LinAlgWarning)
        check(case)
