"""compile_kernels: all that networks need compiled, before the first of them needs it."""

from pathlib import Path

import numpy as np

from skrnn.neural.rnn import RNNRegressor
from skrnn.windows.making import make_windows


def compile_kernels() -> Path | None:
    """Compile the kernels of every network of single precision, as images want it.

    Returns
    -------
    folder : Path
        Where they are kept; None where nothing can be kept.
    """
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
