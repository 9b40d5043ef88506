"""Without the extra "keras" all else works, and what needs it says in one line what to install."""

import importlib
import sys

import numpy as np
import pytest
from sklearn.base import clone

import skrnn
from skrnn import RNNRegressor, make_windows
from tests.extras import KERAS
from tests.instances import CLASSIFIERS, NETWORKS, REGRESSORS
from tests.test_imports import MODULES, PACKAGE

pytestmark = pytest.mark.usefixtures("without_keras")

REMEDY = "pip install 'skrnn\\[keras\\]'"


@pytest.fixture(scope="module")
def windows():
    """Windows of a wave, and their targets."""
    return make_windows(np.sin(np.arange(60.0)), length=6)


def modules_without_keras():
    """The names of all modules but those of Keras's engine, and of what needs another extra."""
    for path in MODULES:
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        if parts[:3] != ("skrnn", "neural", "keras") and parts[-1] != "__main__":
            yield ".".join(parts).removesuffix(".__init__")


def test_every_module_can_be_imported():
    """None but those of Keras's engine needs Keras, TensorFlow or scikeras."""
    for name in modules_without_keras():
        importlib.import_module(name)

    assert not any(sys.modules.get(name) for name in KERAS)


@pytest.mark.parametrize("estimator", [*REGRESSORS, *NETWORKS, *CLASSIFIERS], ids=repr)
def test_every_estimator_is_fitted_saved_and_loaded(estimator, windows, tmp_path):
    """As in an environment with Keras."""
    X, y = windows
    y = (y > 0).astype(int) if estimator in CLASSIFIERS else y

    fitted = clone(estimator).fit(X, y)
    skrnn.save(fitted, tmp_path / "model.skrnn")

    loaded = skrnn.load(tmp_path / "model.skrnn")
    np.testing.assert_array_equal(loaded.predict(X), fitted.predict(X))


def test_the_engine_says_what_to_install(windows):
    """engine="keras" names what is missing, and the remedy."""
    with pytest.raises(ImportError, match=f"need keras, scikeras, tensorflow: {REMEDY}$"):
        RNNRegressor("gru", 2, epochs=1, engine="keras").fit(*windows)


def test_what_keras_alone_covers(windows):
    """Says what the fused engine would take, beside what to install."""
    model = RNNRegressor("gru", 2, epochs=1, activation="selu")

    with pytest.raises(ImportError, match=rf"^activation must be .*'selu', unless .*{REMEDY}$"):
        model.fit(*windows)


def test_the_keras_model_says_what_to_install(windows):
    """A network can do without one until it is asked for it."""
    model = RNNRegressor("gru", 2, epochs=1).fit(*windows)

    with pytest.raises(ImportError, match=REMEDY):
        model.keras_model()
