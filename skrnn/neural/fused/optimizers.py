"""Optimizers of the fused engine, as Keras defines them: settings, and the steps that they make.

By name, or with the settings of a Keras optimizer.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numba import from_dtype, types

from skrnn.neural.fused.compiling import Kernel, Signature, array, caller, part_of, ready
from skrnn.neural.training import Training

# Settings by default, from which the fields of the record are made.
DEFAULTS = {
    "adam": {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
    "rmsprop": {"learning_rate": 0.001, "rho": 0.9, "epsilon": 1e-7},
    "sgd": {"learning_rate": 0.01, "momentum": 0.0, "nesterov": False},
}
_SETTINGS = dict.fromkeys(name for settings in DEFAULTS.values() for name in settings)
# Beside settings: the address of the step's kernel, steps that were made, and the learning rate of
# the epoch; and what is done around each step, whatever it is.
_AROUND = ("clipnorm", "global_clipnorm", "weight_decay")
OPTIMIZER = np.dtype(
    [("address", np.int64), ("steps", np.int64), ("rate", np.float64)]
    + [(name, np.float64) for name in _AROUND]
    + [(name, np.float64) for name in _SETTINGS if name != "learning_rate"]
)

# ---------------------------------------------------------------------- steps

# Weights, their gradient, the vectors that the optimizer remembers, and the optimizer.
STEP = Signature(array(1), array(1), array(2), types.int64, from_dtype(OPTIMIZER)[::1])
_step_at = caller(STEP)


def adam_step(W, G, memory, first, optimizer):
    """Means of gradients and of their squares, corrected for the first steps."""
    settings = optimizer[0]
    real = W.dtype.type
    # The learning rate, with both corrections.
    rate = settings.rate * math.sqrt(1 - settings.beta_2**settings.steps)
    alpha = real(rate / (1 - settings.beta_1**settings.steps))
    tiny = real(settings.epsilon)
    new = real(1 - settings.beta_1)
    new_squares = real(1 - settings.beta_2)
    M = memory[0, first:]
    V = memory[1, first:]
    for i in range(W.shape[0]):
        M[i] += (G[i] - M[i]) * new
        V[i] += (G[i] * G[i] - V[i]) * new_squares
        W[i] -= M[i] * alpha / (np.sqrt(V[i]) + tiny)


def rmsprop_step(W, G, memory, first, optimizer):
    """A mean of squares divides the gradient."""
    settings = optimizer[0]
    real = W.dtype.type
    rate = real(settings.rate)
    tiny = real(settings.epsilon)
    kept = real(settings.rho)
    new = real(1 - settings.rho)
    V = memory[0, first:]
    for i in range(W.shape[0]):
        V[i] = kept * V[i] + new * G[i] * G[i]
        W[i] -= rate * G[i] / np.sqrt(V[i] + tiny)


def sgd_step(W, G, memory, first, optimizer):
    """The gradient; with momentum, also what is kept of the steps before."""
    settings = optimizer[0]
    real = W.dtype.type
    rate = real(settings.rate)
    if not memory.shape[0]:
        for i in range(W.shape[0]):
            W[i] -= rate * G[i]
        return
    kept = real(settings.momentum)
    M = memory[0, first:]
    for i in range(W.shape[0]):
        M[i] = M[i] * kept - rate * G[i]
        W[i] += M[i] * kept - rate * G[i] if settings.nesterov else M[i]


@part_of
def begin_step(optimizer):
    """One step more is made."""
    optimizer[0].steps += 1


@part_of
def optimize(W, G, memory, first, optimizer):
    """A step for some weights, from the ``first`` on of those that are remembered.

    ``memory`` holds as many vectors as the optimizer remembers.
    """
    decay = W.dtype.type(optimizer[0].weight_decay * optimizer[0].rate)
    if decay > 0:
        for i in range(W.shape[0]):
            W[i] -= W[i] * decay
    _step_at(optimizer[0].address, W, G, memory, first, optimizer)


@part_of
def squares(G):
    """The square of a gradient's norm."""
    n = G.shape[0]
    whole = n - n % 4
    # Four sums, none of which waits for another.
    a = b = c = d = 0.0
    for i in range(0, whole, 4):
        a += G[i] * G[i]
        b += G[i + 1] * G[i + 1]
        c += G[i + 2] * G[i + 2]
        d += G[i + 3] * G[i + 3]
    for i in range(whole, n):
        a += G[i] * G[i]
    return (a + b) + (c + d)


@part_of
def shortening(squared, most):
    """What makes a gradient no longer than ``most``, from the square of its norm: a factor."""
    norm = math.sqrt(squared)
    return most / norm if norm > most else 1.0


# ---------------------------------------------------------------------- the registry


@dataclass(frozen=True)
class Optimizer:
    """An optimizer: its step, and how many vectors it remembers with some settings."""

    step: Kernel
    n_remembered: Callable[[dict], int]


OPTIMIZERS = {
    "adam": Optimizer(Kernel(adam_step, STEP), lambda settings: 2),
    "rmsprop": Optimizer(Kernel(rmsprop_step, STEP), lambda settings: 1),
    "sgd": Optimizer(Kernel(sgd_step, STEP), lambda settings: int(settings["momentum"] != 0)),
}


def optimizer_record(training: Training, dtype: str) -> tuple[np.ndarray, int]:
    """A training's optimizer as the kernels take it, and how many vectors it remembers."""
    name, values = settings(training.optimizer)
    optimizer = OPTIMIZERS[name]
    record = np.zeros(1, OPTIMIZER)
    record["address"] = optimizer.step.address(ready(dtype))
    record["clipnorm"] = _around(training, "clipnorm", np.inf)
    record["global_clipnorm"] = _around(training, "global_clipnorm", np.inf)
    record["weight_decay"] = _around(training, "weight_decay", 0.0)
    for key in values.keys() - {"learning_rate"}:
        record[key] = values[key]
    return record, optimizer.n_remembered(values)


# ---------------------------------------------------------------------- Keras's optimizers

# What else a Keras optimizer's settings may hold, as long as it is switched off.
_IGNORED = {"name", *_AROUND, "ema_momentum", "ema_overwrite_frequency"}


def settings(optimizer: object) -> tuple[str, dict] | None:
    """The name and settings of an optimizer; None if the kernels do not know it."""
    if isinstance(optimizer, str):
        return (optimizer, DEFAULTS[optimizer]) if optimizer in DEFAULTS else None
    name = type(optimizer).__name__.lower()
    if name not in DEFAULTS or not type(optimizer).__module__.startswith("keras."):
        return None
    config = optimizer.get_config()
    known = {key: config.pop(key) for key in DEFAULTS[name]}
    others = [value for key, value in config.items() if key not in _IGNORED]
    if any(others) or not isinstance(known["learning_rate"], int | float):
        return None
    return name, known


def _around(training, name, nothing):
    """What is done around each step: as the training says, or its Keras optimizer."""
    value = getattr(training, name)
    if value is None and not isinstance(training.optimizer, str):
        value = training.optimizer.get_config().get(name)
    return nothing if value is None else value
