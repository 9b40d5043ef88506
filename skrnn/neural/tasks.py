"""Tasks: what a network learns. Targets in, loss and outputs, forecasts out.

A network's layers know nothing of it. The task turns y into targets, says how many numbers the
network gives for each, what they go through and which loss they are trained with, and turns them
into forecasts.
"""

from dataclasses import dataclass

import numpy as np

from skrnn.forecasters.samples import Samples
from skrnn.neural.training import Loss


@dataclass(frozen=True)
class Numbers:
    """Forecasts that are numbers, learned in units of ``scale`` around ``offset``.

    Parameters
    ----------
    loss : Loss
        What training minimises.
    offset, scale : ndarray of shape (n_outputs,)
        What is subtracted from the targets, and what they are divided by.
    """

    loss: Loss
    offset: np.ndarray
    scale: np.ndarray

    per_target = 1
    link = "identity"

    def targets(self, y: np.ndarray) -> np.ndarray:
        """What the network learns of y (…, n_outputs)."""
        return (y - self.offset) / self.scale

    def forecasts(self, outputs: np.ndarray) -> np.ndarray:
        """The forecasts (n, n_outputs) that the network's outputs are."""
        return outputs * self.scale + self.offset

    def unit_of_outputs(self) -> tuple[np.ndarray, np.ndarray]:
        """What the network's outputs are multiplied by, and what is added, to become forecasts."""
        return self.scale, self.offset


@dataclass(frozen=True)
class Quantiles(Numbers):
    """Forecasts that are quantiles of what may come; they never cross.

    Parameters
    ----------
    loss : Loss
        The pinball loss of the quantiles.
    offset, scale : ndarray of shape (n_outputs,)
        What is subtracted from the targets, and what they are divided by.
    """

    link = "ordered"

    @property
    def per_target(self) -> int:
        """Numbers that the network gives for each target."""
        return len(self.loss.quantiles)

    def forecasts(self, outputs: np.ndarray) -> np.ndarray:
        """The quantiles (n, n_outputs, n_quantiles) that the network's outputs are."""
        scale, offset = self.unit_of_outputs()
        values = outputs * scale + offset
        return values.reshape(len(outputs), len(self.scale), self.per_target)

    def unit_of_outputs(self) -> tuple[np.ndarray, np.ndarray]:
        """What the network's outputs are multiplied by, and what is added, to become forecasts."""
        return np.repeat(self.scale, self.per_target), np.repeat(self.offset, self.per_target)


def unit_of(samples: Samples) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of the targets; 1 in place of a deviation that is none but rounding."""
    offset = np.average(samples.y, axis=0, weights=samples.weights)
    deviation = np.sqrt(np.average((samples.y - offset) ** 2, axis=0, weights=samples.weights))
    return offset, np.where(deviation > 1e-12 * np.abs(offset), deviation, 1.0)
