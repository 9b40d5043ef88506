"""Tasks: what a network learns. Targets in, loss and outputs, forecasts out.

A network's layers know nothing of it. The task turns y into targets, says how many numbers the
network gives for each, what they go through and which loss they are trained with, and turns them
into forecasts.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_expit, log_softmax, softmax

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


@dataclass(frozen=True)
class Classes:
    """One of some classes, or each of several labels or not: scores, and probabilities of them.

    Parameters
    ----------
    n_classes : int
        How many classes, or labels, there are.
    several : bool
        Whether a sample has any number of them.
    """

    n_classes: int
    several: bool = False

    @property
    def link(self) -> str:
        """What makes probabilities of scores."""
        return "logistic" if self.several or self.n_classes == 2 else "softmax"

    @property
    def loss(self) -> Loss:
        """The cross-entropy of scores."""
        return Loss(self.link)

    @property
    def per_target(self) -> int:
        """Numbers that the network gives for each target."""
        return self.n_classes if self.link == "softmax" else 1

    def targets(self, y: np.ndarray) -> np.ndarray:
        """What the network learns of y (n, n_targets): the numbers of classes."""
        return y

    def forecasts(self, outputs: np.ndarray) -> np.ndarray:
        """The probabilities (n, n_classes) that the network's scores stand for."""
        if self.link == "softmax":
            return softmax(outputs, axis=1)
        scores = outputs if self.several else np.hstack([-outputs, outputs])
        return expit(scores)

    def logarithms(self, outputs: np.ndarray) -> np.ndarray:
        """Their logarithms."""
        if self.link == "softmax":
            return log_softmax(outputs, axis=1)
        scores = outputs if self.several else np.hstack([-outputs, outputs])
        return log_expit(scores)

    def unit_of_outputs(self) -> tuple[np.ndarray, np.ndarray]:
        """Scores are as they are."""
        return np.ones(1), np.zeros(1)


def unit_of(samples: Samples) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of the targets; 1 in place of a deviation that is none but rounding."""
    offset = np.average(samples.y, axis=0, weights=samples.weights)
    deviation = np.sqrt(np.average((samples.y - offset) ** 2, axis=0, weights=samples.weights))
    return offset, np.where(deviation > 1e-12 * np.abs(offset), deviation, 1.0)
