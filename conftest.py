"""Set-up of the test session."""

import os
import sys

import hypothesis
import pytest

from tests.extras import KERAS, NO_KERAS

# Two workers on two cores: TensorFlow's threads would only wait for each other.
for variable in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(variable, "1")

# A busy machine is no fault of what is tested.
hypothesis.settings.register_profile("skrnn", deadline=None)
hypothesis.settings.load_profile("skrnn")


def pytest_configure(config):
    """Where tests run side by side, what each of them trains has one thread."""
    if config.getoption("numprocesses", None):
        for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            os.environ.setdefault(variable, "1")


collect_ignore_glob = ["skrnn/neural/keras/*", "tests/neural/test_linear_cells.py"] * bool(NO_KERAS)


@pytest.fixture
def without_keras(monkeypatch):
    """An environment in which nothing of the extra "keras" can be imported."""
    for name in list(sys.modules):
        if name.partition(".")[0] in KERAS or name.startswith("skrnn.neural.keras"):
            monkeypatch.delitem(sys.modules, name)
    for name in KERAS:
        monkeypatch.setitem(sys.modules, name, None)


@pytest.fixture
def eager():
    """Keras runs layer by layer, as an oracle: to trace a network takes longer than to train it."""
    if NO_KERAS:
        yield
        return
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Where Keras is not installed, tests that need it are skipped."""
    try:
        return (yield)
    except ImportError as error:
        missing = error.name in NO_KERAS or "skrnn[keras]" in str(error)
        if NO_KERAS and missing:
            pytest.skip(f"needs {', '.join(NO_KERAS)}")
        raise
