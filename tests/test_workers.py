"""Processes that fit in parallel, and are killed."""

import os
import signal
import subprocess
import sys
from concurrent.futures.process import BrokenProcessPool

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

from skrnn import DenseRegressor, make_windows
from skrnn.datasets import load_airline
from skrnn.evaluation import backtest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")

FAST = {"epochs": 1, "random_state": 0}


class Killed(DenseRegressor):
    """A network whose process is killed in its fit where it has three units."""

    def fit(self, X, y, sample_weight=None):
        if self.units == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().fit(X, y, sample_weight)


@pytest.fixture
def data():
    return make_windows(np.sin(np.arange(60.0)), length=4)


def test_a_search_ends_with_an_error(data):
    """It neither waits for ever nor counts what is missing."""
    model = Killed(2, **FAST)
    search = GridSearchCV(model, {"units": [2, 3]}, cv=TimeSeriesSplit(2), n_jobs=2)

    with pytest.raises(BrokenProcessPool, match="A worker process .* was unexpectedly terminated"):
        search.fit(*data)

    assert not hasattr(search, "best_estimator_")
    assert search.set_params(param_grid={"units": [2, 4]}).fit(*data).best_score_ < 1


def test_a_backtest_ends_with_an_error(data):
    """The same of folds."""
    with pytest.raises(BrokenProcessPool, match="A worker process .* was unexpectedly terminated"):
        backtest(Killed(3, **FAST), *data, cv=TimeSeriesSplit(2), n_jobs=2)


# The first process that fits is killed as soon as it is there.
COMPARE = """
import os, signal, sys, threading, time
from joblib.externals.loky import reusable_executor
from skrnn.cli import main

def kill():
    while not getattr(reusable_executor._executor, "_processes", None):
        time.sleep(0.01)
    os.kill(next(iter(reusable_executor._executor._processes)), signal.SIGKILL)

threading.Thread(target=kill, daemon=True).start()
sys.exit(main(sys.argv[1:]))
"""


def test_a_comparison_ends_with_one_line(tmp_path):
    """It says what may help."""
    load_airline().to_csv(tmp_path / "airline.csv")
    asked = ["--target", "passengers", "--models", "seasonal,linear", "--jobs", "2", "--json"]

    ended = subprocess.run(
        [sys.executable, "-c", COMPARE, "compare", "airline.csv", *asked],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )

    assert (ended.returncode, ended.stderr) == (
        2,
        "skrnn compare: a process that fitted in parallel was ended from outside, as systems do "
        "where memory is short: use fewer --jobs\n",
    )
