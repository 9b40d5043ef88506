"""The wheel, installed without extras into a fresh environment."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from skrnn.neural.fused.shipped import targets

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.long

WORK = """
import importlib.util
import numpy as np
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
import skrnn

extras = ("tensorflow", "keras", "scikeras", "matplotlib", "pyarrow")
assert not [name for name in extras if importlib.util.find_spec(name)]
X, y = skrnn.make_windows(np.sin(np.arange(80.0)), length=4)
model = skrnn.RNNRegressor("gru", epochs=2, random_state=0).fit(X, y)
search = GridSearchCV(model, {"units": [2, 3]}, cv=TimeSeriesSplit(2), n_jobs=2).fit(X, y)
skrnn.save(search.best_estimator_, "model.skrnn")
assert (skrnn.load("model.skrnn").predict(X) == search.predict(X)).all()
try:
    model.keras_model()
except ImportError as error:
    print(error)
"""


FIRST = """
import time
import numpy as np
import skrnn

X, y = skrnn.make_windows(np.sin(np.arange(600.0)), length=24, horizon=3)
start = time.perf_counter()
for cell in ("lstm", "gru"):
    skrnn.RNNRegressor(cell, epochs=1, random_state=0).fit(X, y).predict(X)
skrnn.ConvRegressor(8, epochs=1, random_state=0).fit(X, y).predict(X)
print(time.perf_counter() - start)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder of the commands of an environment with the wheel and what it depends on."""
    folder = tmp_path_factory.mktemp("wheel")
    python = [sys.executable, "-m", "pip"]
    quiet = ["--quiet", "--disable-pip-version-check"]
    source = folder / "source"
    shutil.copytree(ROOT / "skrnn", source / "skrnn")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    call = "from skrnn.neural.compiled import ship_kernels; ship_kernels()"
    subprocess.run([sys.executable, "-c", call], cwd=source, check=True)
    build = [*python, "wheel", *quiet, "--no-deps", "--wheel-dir", folder, source]
    if subprocess.run(build, check=False).returncode:
        pytest.skip("no package index is reachable")
    venv.create(folder / "venv", with_pip=True)
    bin = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    wheel = next(folder.glob("*.whl"))
    subprocess.run([bin / "python", "-m", "pip", "install", *quiet, wheel], check=True)
    return bin


def run(bin, *call, folder):
    """What a command of the environment prints, away from the checkout."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [bin / call[0], *call[1:]]
    return subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, check=True
    )


def test_fit_search_save_and_load(installed, tmp_path):
    """All that needs no extra works, and what does says what to install."""
    said = run(installed, "python", "-c", WORK, folder=tmp_path).stdout

    assert said.strip().endswith("pip install 'skrnn[keras]'")


@pytest.mark.skipif(not targets(), reason="no kernels are compiled for this processor")
def test_the_first_fit_compiles_nothing(installed, tmp_path):
    """The wheel has its kernels, which are told of if they are compiled."""
    said = run(installed, "python", "-c", FIRST, folder=tmp_path)

    assert said.stderr == ""
    assert float(said.stdout) > 0


def test_the_demo(installed, tmp_path):
    """The command writes report, model, forecast and scores."""
    said = run(installed, "skrnn", "demo", folder=tmp_path).stdout

    assert "Use the " in said
    assert {path.name for path in (tmp_path / "airline-skrnn").iterdir()} == {
        "forecast.csv",
        "model.skrnn",
        "report.html",
        "scores.csv",
    }
