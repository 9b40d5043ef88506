"""From `fit` to the compiled loop each module is entered once: a call never turns back."""

import itertools
import sys
from pathlib import Path

import numpy as np
import pytest

import skrnn
from skrnn import (
    ConvRegressor,
    DenseRegressor,
    RNNClassifier,
    RNNRegressor,
    make_windows,
)
from skrnn.neural.fused import threads

PACKAGE = Path(skrnn.__file__).parent
SMALL = {"epochs": 1, "engine": "fused", "random_state": 0}


@pytest.fixture
def ways(monkeypatch):
    """Which modules stand behind each start of the compiled loop, from `fit` inwards."""
    found = []
    inner = threads.together

    def together(*args, **kwargs):
        files = []
        frame = sys._getframe(1)
        while frame is not None:
            files.append(Path(frame.f_code.co_filename))
            frame = frame.f_back
        rooms = [path.relative_to(PACKAGE) for path in files[::-1] if PACKAGE in path.parents]
        found.append([str(room) for room, _ in itertools.groupby(rooms)])
        return inner(*args, **kwargs)

    monkeypatch.setattr(threads, "together", together)
    return found


def windows():
    """Windows of two columns, and what follows them."""
    rows = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    return make_windows(rows, length=8, horizon=2, target=0)


@pytest.mark.parametrize(
    "model",
    [
        RNNRegressor("gru", 4, **SMALL),
        RNNRegressor("lstm", (4, 4), **SMALL),
        RNNRegressor("gru", 4, decoder="recurrent", **SMALL),
        ConvRegressor((4,), **SMALL),
        DenseRegressor((4,), **SMALL),
    ],
)
def test_each_module_once(model, ways):
    """Windows and numbers."""
    model.fit(*windows())
    assert ways
    assert all(len(set(way)) == len(way) for way in ways)


def test_each_module_once_for_classes(ways):
    """Another task goes the same way."""
    X, y = windows()
    RNNClassifier("gru", 4, **SMALL).fit(X, y[:, 0] > 0)
    assert all(len(set(way)) == len(way) for way in ways)
