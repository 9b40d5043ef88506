"""compile_kernels: all that networks need compiled, before the first of them needs it."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from skrnn.neural.rnn import RNNRegressor
from skrnn.uncut import uncut
from skrnn.windows.making import make_windows


def compile_kernels() -> Path | None:
    """Compile the kernels of every network of single precision, as images want it.

    Returns
    -------
    folder : Path
        Where they are kept; None where nothing can be kept.
    """
    with uncut():
        from skrnn.neural.fused import loop
        from skrnn.neural.fused.compiling import announced, ready
        from skrnn.neural.fused.layers import KINDS
        from skrnn.neural.fused.optimizers import OPTIMIZERS

    with announced():
        number = ready(np.float32)
        for kind in KINDS.values():
            kind.forward.address(number)
            kind.backward.address(number)
        for optimizer in OPTIMIZERS.values():
            optimizer.step.address(number)
        X, y = make_windows(np.sin(np.arange(20.0)), length=4)
        RNNRegressor("gru", 2, epochs=1, validation_fraction=0.2).fit(X, y).predict(X)
    folder = loop.train.stats.cache_path
    return None if folder is None else Path(folder)


def ship_kernels() -> list[str]:
    """Compile the kernels into the package, for a wheel that brings them along.

    Returns
    -------
    names : list of str
        The processors, by LLVM's names, that the kernels are for: those whose code runs here.
    """
    from skrnn.neural.fused import shipped

    shutil.rmtree(shipped.FOLDER, ignore_errors=True)
    names = []
    with tempfile.TemporaryDirectory() as folder:
        for name, features in shipped.targets():
            told = {"NUMBA_CPU_NAME": name, "NUMBA_CPU_FEATURES": features}
            variables = {**os.environ, **told, "NUMBA_CACHE_DIR": folder}
            call = "from skrnn.neural.compiled import compile_kernels; compile_kernels()"
            subprocess.run([sys.executable, "-c", call], env=variables, check=True)
            names.append(name)
        shipped.FOLDER.mkdir()
        for file in Path(folder).rglob("*.nb[ci]"):
            shutil.copy(file, shipped.FOLDER)
    return names
