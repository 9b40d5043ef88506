"""Engines: what trains a network and forecasts with it, and which of them does."""

import functools
from typing import Protocol

import numpy as np

from skrnn.neural.feeding import Feed
from skrnn.neural.network import Network
from skrnn.neural.training import Keeper, Trained, Training
from skrnn.uncut import uncut
from skrnn.windows.array import Windows

ENGINES = ("auto", "fused", "keras")


class Engine(Protocol):
    """What an engine's module offers. Weights are lists of arrays in Keras's order and layout."""

    NAME: str

    def uncovered(self, network: Network, training: Training | None = None) -> str | None:
        """What would have to be otherwise for it to train the network; None if it can."""

    def train(
        self,
        network: Network,
        training: Training,
        feed: Feed,
        validation: Feed | None,
        start: Trained | None,
        checkpoint: Keeper | None = None,
    ) -> Trained:
        """Train from new weights, or go on from ``start``, or from what ``checkpoint`` has kept."""

    def predict(
        self,
        network: Network,
        weights: list,
        windows: Windows,
        known_ahead: np.ndarray | None = None,
    ) -> np.ndarray:
        """Outputs (n, n_outputs) for complete windows, and what is known ahead of them."""


@functools.cache
def _fused():
    with uncut():
        from skrnn.neural.fused import engine
    return engine


def engine_for(name: str, network: Network, training: Training | None = None) -> Engine:
    """The engine of that name; for "auto" the fused one wherever it covers the network.

    A training that shows what it does also says why it is not the fused one.
    """
    if name != "keras":
        engine = _fused()
        uncovered = engine.uncovered(network, training)
        if uncovered is None:
            return engine
        if name == "fused":
            raise ValueError(
                f"with engine='fused', {uncovered}: engine='keras' takes all that Keras has"
            )
        if training is not None and training.verbose:
            print(f"engine: Keras (for the fused one, {uncovered})")
    try:
        with uncut():
            from skrnn.neural.keras import engine
    except ImportError as error:
        if name == "keras":
            raise
        raise ImportError(f"{uncovered}, unless Keras trains it. {error}") from error
    return engine
