"""Optimizers of the fused engine, as Keras defines them: by name, or with the settings of a Keras optimizer."""

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


class Optimizer:
    """Steps of one vector of weights, and what is remembered of past gradients."""

    def __init__(self, name: str, values: dict, vector: np.ndarray):
        self.name, self.values, self.steps = name, values, 0
        remembers = {"adam": 2, "rmsprop": 1, "sgd": int(values.get("momentum", 0) != 0)}[name]
        self.memory = [np.zeros_like(vector) for _ in range(remembers)]
        self._nothing = np.zeros(0, vector.dtype)

    def step(self, vector, gradient, rate):
        """Change the weights in place."""
        self.steps += 1
        values = self.values
        if self.name == "adam":
            betas = values["beta_1"], values["beta_2"]
            alpha = rate * np.sqrt(1 - betas[1] ** self.steps) / (1 - betas[0] ** self.steps)
            kernels.adam(vector, gradient, *self.memory, alpha, *betas, values["epsilon"])
        elif self.name == "rmsprop":
            kernels.rmsprop(vector, gradient, *self.memory, rate, values["rho"], values["epsilon"])
        else:
            memory = self.memory[0] if self.memory else self._nothing
            kernels.sgd(vector, gradient, memory, rate, values["momentum"], bool(values["nesterov"]))
