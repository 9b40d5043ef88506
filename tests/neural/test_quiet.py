"""What a user sees who asked for no messages."""

import subprocess
import sys

SCRIPT = """
import numpy as np
from skrnn import RNNRegressor, make_windows

for length in range(3, 9):
    X, y = make_windows(np.sin(np.arange(60.0)), length=length)
    RNNRegressor("simple", 2, epochs=1).fit(X, y).predict(X)
"""


def test_tensorflow_keeps_quiet():
    """Start-up, training and tracing many networks write nothing at all."""
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)

    assert run.stdout == ""
    assert run.stderr == ""
