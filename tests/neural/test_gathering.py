"""Windows and targets read where they lie, against the same gathered by NumPy."""

import copy

import numpy as np
import pytest

from skrnn import DenseRegressor, RNNRegressor, WindowScaler, make_windows
from skrnn.neural.feeding import Feed
from skrnn.neural.sequence import LaterEnds

COMMON = {"epochs": 3, "batch_size": 16, "random_state": 0, "engine": "fused"}
DROPS = {"dropout": 0.3, "recurrent_dropout": 0.3}


def numbers(n=90, columns=2, seed=0):
    """Whole numbers, which every type holds exactly."""
    return np.random.default_rng(seed).integers(-3, 4, size=(n, columns))


def check_same_fits(model, *data):
    """The same weights are learned of both, to the last digit."""
    one, two = (copy.deepcopy(model).fit(*arrays) for arrays in data)
    for ours, theirs in zip(one.weights_, two.weights_, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert one.history_ == two.history_


@pytest.fixture
def few_at_once(monkeypatch):
    """Batches are gathered three at a time."""
    monkeypatch.setattr("skrnn.neural.feeding.BATCH_NUMBERS", 3 * 16 * 5 * 2)


@pytest.mark.parametrize(
    "model",
    [
        RNNRegressor("gru", 3, **DROPS),
        RNNRegressor("lstm", 3, decoder="recurrent", **DROPS),
        RNNRegressor("simple", (3, 2), loss="huber", clipnorm=0.1, early_stopping=True),
        DenseRegressor(3, dropout=0.3, validation_fraction=0.2),
    ],
    ids=str,
)
def test_gathered_in_parts(model, few_at_once):
    """Rows of whole numbers, which are gathered a few batches at a time, give what floats do, masks
    included.
    """
    model.set_params(**COMMON)
    floats, whole = (
        make_windows(numbers().astype(dtype), 5, 2, target=0, known_ahead=[1], sampling_rate=2)
        for dtype in ("f4", int)
    )

    check_same_fits(model, floats, whole)


def test_windows_scaled_by_themselves(few_at_once):
    """They are gathered, and as an array of windows they are read where they lie."""
    X, y = make_windows(numbers().astype(float), 5, target=0)
    scaled = WindowScaler().fit_transform(X)
    model = RNNRegressor("gru", 3, **COMMON)

    check_same_fits(model, (scaled, y), (np.asarray(scaled), y))


def panel(**params):
    """Windows in any order, some of them twice and some left out, and their targets."""
    X, y = make_windows(
        [numbers(40, seed=seed).astype(float) for seed in range(3)], 5, 2, target=1, **params
    )
    which = np.random.default_rng(1).integers(len(X), size=len(X))
    return X[which], y[which]


@pytest.mark.parametrize("params", [{}, {"sampling_rate": 3}, {"stride": 2}], ids=str)
def test_places_of_targets(params):
    """Where a step's targets are looked up are those that are gathered for it."""
    X, y = panel(**params)
    targets = LaterEnds(X, y)

    ending, known = targets.places

    gathered = targets(np.arange(len(X)), None)
    rows = X.ends[:, None] + np.arange(-4, 1) * X.sampling_rate
    at = np.where(rows < 0, -1, ending[rows])
    np.testing.assert_array_equal(np.where((at < 0)[:, :, None], np.nan, y[at]), gathered)
    np.testing.assert_array_equal(known, (at >= 0).sum(axis=1))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("params", [{}, {"sampling_rate": 3}, {"stride": 2}], ids=str)
def test_sequence_targets_where_they_lie(params, weighted, monkeypatch):
    """The network learns what it learns from gathered targets, of samples with weights too."""
    X, y = panel(**params)
    weights = np.random.default_rng(2).uniform(size=len(y)) if weighted else None
    model = RNNRegressor("gru", 3, sequence_targets=1, dtype="float64", **COMMON)

    native = copy.deepcopy(model).fit(X, y, sample_weight=weights)
    monkeypatch.setattr(Feed, "places", None)
    gathered = model.fit(X, y, sample_weight=weights)

    assert native.history_["loss"] == pytest.approx(gathered.history_["loss"], rel=1e-9)
    for ours, theirs in zip(native.weights_, gathered.weights_, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)
