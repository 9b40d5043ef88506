"""Ctrl-C while something is imported."""

import os
import signal
import subprocess
import sys

import pytest

from skrnn.datasets import load_airline

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT of one process")

# A thread sends the signal so many seconds after a module has begun to be imported.
LATER = """
import os, signal, sys, threading, time

def interrupt(module, seconds):
    def wait():
        while module not in sys.modules:
            time.sleep(0.0005)
        time.sleep(seconds)
        os.kill(os.getpid(), signal.SIGINT)
    threading.Thread(target=wait, daemon=True).start()

signal.signal(signal.SIGINT, signal.default_int_handler)
"""
COMMAND = """
from skrnn.cli import main
interrupt(sys.argv.pop(1), float(sys.argv.pop(1)))
sys.exit(main())
"""
FIT = """
import warnings
import numpy as np
from skrnn import DenseRegressor, make_windows
X, y = make_windows(np.sin(np.arange(60.0)), length=4)
model = DenseRegressor(2, epochs=1, random_state=0)
interrupt("numba", float(sys.argv[1]))
try:
    model.fit(X, y)
except KeyboardInterrupt:
    print("heard")
print(np.isfinite(model.fit(X, y).predict(X)).all())
"""


def run(code, *arguments, folder):
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    call = [sys.executable, "-c", LATER + code, *map(str, arguments)]
    return subprocess.run(call, cwd=folder, env=variables, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("module", "seconds"),
    [("skrnn.cli.arguments", 0), ("numpy", 0), ("pandas", 0.1), ("sklearn", 0.05), ("numba", 0.1)],
)
def test_the_command_ends_with_one_line(module, seconds, tmp_path):
    """From its first moment on: code 130, no traceback, and nothing is left."""
    load_airline().to_csv(tmp_path / "airline.csv")
    fit = ["fit", "airline.csv", "--target", "passengers", "--model", "gru", "--json"]

    ended = run(COMMAND, module, seconds, *fit, folder=tmp_path)

    said = [line for line in ended.stderr.splitlines() if "compiling" not in line]
    assert [line.partition(": ")[2] for line in said] == ["stopped by Ctrl-C, nothing was written"]
    assert ended.returncode == 128 + signal.SIGINT
    assert [file.name for file in tmp_path.iterdir()] == ["airline.csv"]


@pytest.mark.parametrize("seconds", [0, 0.1])
def test_numba_is_imported_whole(seconds, tmp_path):
    """An interrupt in a first fit is heard behind the import, and the next fit works."""
    ended = run(FIT, seconds, folder=tmp_path)

    assert (ended.returncode, ended.stdout.split()) == (0, ["heard", "True"])
