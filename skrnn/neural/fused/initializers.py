"""Initializers: new weights, drawn as Keras's initializers draw them."""

import numpy as np

from skrnn.quietly import one_thread


def glorot(random: np.random.Generator, shape: tuple) -> np.ndarray:
    """Uniform, in a range that keeps the size of what goes through."""
    around = np.prod(shape[:-2], dtype=int)
    limit = np.sqrt(6 / (around * (shape[-2] + shape[-1])))
    return random.uniform(-limit, limit, shape)


def orthogonal(random: np.random.Generator, shape: tuple) -> np.ndarray:
    """Columns, or rows, at right angles to each other."""
    rows, columns = shape
    drawn = random.normal(size=(max(shape), min(shape)))
    with one_thread():  # large ones would be rounded by the number of threads
        q, r = np.linalg.qr(drawn)
    q *= np.sign(np.diag(r))
    return q if rows >= columns else q.T


def small(random: np.random.Generator, shape: tuple) -> np.ndarray:
    """Uniform around 0, as embeddings begin."""
    return random.uniform(-0.05, 0.05, shape)


def zeros(random: np.random.Generator, shape: tuple) -> np.ndarray:
    """Nothing."""
    return np.zeros(shape)


def open_forget_gate(random: np.random.Generator, shape: tuple) -> np.ndarray:
    """The biases of an LSTM, whose forget gate is open at first."""
    biases = np.zeros(shape)
    biases[len(biases) // 4 : len(biases) // 2] = 1
    return biases
