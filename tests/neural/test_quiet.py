"""What a user sees who asked for no messages."""

import subprocess
import sys

import pytest

from tests.extras import NO_KERAS

SCRIPT = """
import numpy as np
from skrnn import RNNRegressor, make_windows

for length in range(3, 9):
    X, y = make_windows(np.sin(np.arange(60.0)), length=length)
    RNNRegressor("simple", 2, epochs=1, engine="keras").fit(X, y).predict(X)
"""


@pytest.mark.skipif(bool(NO_KERAS), reason="Keras is not installed")
def test_tensorflow_keeps_quiet():
    """Start-up, training and tracing many networks write nothing at all."""
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)

    assert run.stdout == ""
    assert run.stderr == ""


FUSED = """
import pickle
import sys
import numpy as np
from sklearn.model_selection import GridSearchCV
from skrnn import DenseRegressor, RNNRegressor, make_windows

X, y = make_windows(np.sin(np.arange(60.0)), length=4)
search = GridSearchCV(RNNRegressor("gru", epochs=1), {"units": [2, 3]}, cv=2).fit(X, y)
search.predict(X)
assert pickle.loads(pickle.dumps(search)).best_estimator_.engine_ == "fused"
DenseRegressor(3, epochs=1).fit(X, y).predict(X)
heavy = {"tensorflow", "keras", "scikeras"} & set(sys.modules)
assert not heavy, heavy
"""


def test_the_fused_engine_needs_no_tensorflow():
    """Fits, searches and predictions import none of it; once the kernels are compiled, they write
    nothing.
    """
    for _ in range(2):
        run = subprocess.run(
            [sys.executable, "-c", FUSED], capture_output=True, text=True, check=True
        )

    assert run.stdout == ""
    assert run.stderr == ""
