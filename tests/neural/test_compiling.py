"""Where compiled kernels are kept, and what is said while they are made."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import skrnn

FIT = """
import numpy as np
from skrnn import DenseRegressor, make_windows

X, y = make_windows(np.sin(np.arange(60.0)), length=4)
print(DenseRegressor(3, epochs=1, random_state=0, engine="fused").fit(X, y).predict(X)[0])
"""


@pytest.fixture
def installed(tmp_path):
    """The package in a place where nothing can be written beside it, also by an administrator."""
    package = tmp_path / "site" / "skrnn"
    shutil.copytree(Path(skrnn.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "neural" / "fused" / "__pycache__").touch()
    return package.parent


def run(installed, home):
    left_out = ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    environment |= {"PYTHONPATH": str(installed), "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    call = [sys.executable, "-c", FIT]
    return subprocess.run(call, cwd=installed, env=environment, capture_output=True, text=True, check=True)


@pytest.mark.skipif(sys.platform == "win32", reason="the cache is elsewhere")
def test_a_package_that_cannot_be_written_to(installed, tmp_path):
    """Kernels are kept in the user's cache then, and whoever waits for them is told so once."""
    home = tmp_path / "home"

    first, second = run(installed, home), run(installed, home)

    assert list(home.rglob("*.nbi"))
    assert first.stderr.count("compiling the network's kernels") == 1
    assert second.stderr == ""
    assert first.stdout == second.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="the cache is elsewhere")
def test_nothing_can_be_written(installed):
    """Each process compiles anew."""
    assert "compiling" in run(installed, "/dev/null").stderr
