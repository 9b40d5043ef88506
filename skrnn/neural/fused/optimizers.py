"""Optimizers, as Keras defines them: by name, or with the settings of a Keras optimizer."""

import math

import numpy as np
from numba import from_dtype

from skrnn.neural.fused.compiling import array, linked, part_of

DEFAULTS = {
    "adam": {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
    "rmsprop": {"learning_rate": 0.001, "rho": 0.9, "epsilon": 1e-7},
    "sgd": {"learning_rate": 0.01, "momentum": 0.0, "nesterov": False},
}
# What else a Keras optimizer's settings may hold, as long as it is switched off.
_IGNORED = {"name", "clipnorm", "ema_momentum", "ema_overwrite_frequency"}


def settings(optimizer) -> tuple[str, dict] | None:
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


def clipnorm_of(training):
    """The largest norm of a gradient: of the training, or of its Keras optimizer."""
    if training.clipnorm is not None or isinstance(training.optimizer, str):
        return training.clipnorm
    return training.optimizer.get_config().get("clipnorm")


def optimizer_record(name: str, values: dict, clipnorm: float | None) -> tuple[np.ndarray, int]:
    """An optimizer as the kernels take it, and how many vectors it remembers."""
    record = np.zeros(1, OPTIMIZER)
    record["kind"] = KINDS[name]
    record["clipnorm"] = np.inf if clipnorm is None else clipnorm
    for key in values.keys() - {"learning_rate"}:
        record[key] = values[key]
    n_remembered = {"adam": 2, "rmsprop": 1, "sgd": int(values.get("momentum", 0) != 0)}
    return record, n_remembered[name]


# ---------------------------------------------------------------------- in compiled code

ADAM, RMSPROP, SGD = range(3)
KINDS = {"adam": ADAM, "rmsprop": RMSPROP, "sgd": SGD}
OPTIMIZER = np.dtype(
    [
        *((name, np.int64) for name in ("kind", "steps", "nesterov")),
        *(
            (name, np.float64)
            for name in ("rate", "beta_1", "beta_2", "rho", "momentum", "epsilon", "clipnorm")
        ),
    ]
)


@linked(array(1), array(1), array(2), from_dtype(OPTIMIZER)[::1])
def optimize(W, G, memory, optimizer):
    """One step of an optimizer; ``memory`` holds as many vectors as it remembers."""
    how, real = optimizer[0], W.dtype.type
    how.steps += 1
    rate, tiny = real(how.rate), real(how.epsilon)
    if how.kind == ADAM:
        # The learning rate with both corrections of the first steps.
        alpha = real(how.rate * math.sqrt(1 - how.beta_2**how.steps) / (1 - how.beta_1**how.steps))
        M, V, first, second = memory[0], memory[1], real(1 - how.beta_1), real(1 - how.beta_2)
        for i in range(W.shape[0]):
            M[i] += (G[i] - M[i]) * first
            V[i] += (G[i] * G[i] - V[i]) * second
            W[i] -= M[i] * alpha / (np.sqrt(V[i]) + tiny)
    elif how.kind == RMSPROP:
        V, kept, new = memory[0], real(how.rho), real(1 - how.rho)
        for i in range(W.shape[0]):
            V[i] = kept * V[i] + new * G[i] * G[i]
            W[i] -= rate * G[i] / np.sqrt(V[i] + tiny)
    elif memory.shape[0]:
        M, kept = memory[0], real(how.momentum)
        for i in range(W.shape[0]):
            M[i] = M[i] * kept - rate * G[i]
            W[i] += M[i] * kept - rate * G[i] if how.nesterov else M[i]
    else:
        for i in range(W.shape[0]):
            W[i] -= rate * G[i]


@part_of
def clip(G, most):
    """Shorten a gradient to the norm ``most``."""
    total = 0.0
    for i in range(G.shape[0]):
        total += G[i] * G[i]
    norm = math.sqrt(total)
    if norm > most:
        factor = G.dtype.type(most / norm)
        for i in range(G.shape[0]):
            G[i] *= factor
