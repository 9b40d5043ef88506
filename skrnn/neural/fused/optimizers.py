"""Optimizers of the fused engine, as Keras defines them.

By name, or with the settings of a Keras optimizer.
"""

import numpy as np

from skrnn.neural.fused import kernels

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
    record = np.zeros(1, kernels.OPTIMIZER)
    record["kind"] = kernels.OPTIMIZERS[name]
    record["clipnorm"] = np.inf if clipnorm is None else clipnorm
    for key in values.keys() - {"learning_rate"}:
        record[key] = values[key]
    return record, {"adam": 2, "rmsprop": 1, "sgd": int(values.get("momentum", 0) != 0)}[name]
