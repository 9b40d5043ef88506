"""Feed: batches of windows and targets, gathered when needed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from skrnn.windows.array import BATCH_NUMBERS, Windows
from skrnn.windows.filling import fill_ahead


@dataclass(frozen=True)
class KnownAhead:
    """What is known ahead of windows, as a decoder reads it: some columns at the rows forecast.

    Parameters
    ----------
    columns : ndarray of shape (n_columns,)
        The columns that are known ahead.
    leads : ndarray of shape (n_leads,)
        How many rows ahead the forecasts lie.
    """

    columns: np.ndarray
    leads: np.ndarray

    def take(self, windows: Windows) -> np.ndarray:
        """(n_windows, n_leads, n_columns), NaN where it is not known after all."""
        return np.stack([windows.values_at(column, self.leads) for column in self.columns], axis=2)

    def filled(self, windows: Windows, steps: np.ndarray, fallback: np.ndarray) -> np.ndarray:
        """The same, with unknown values filled from the nearest known ones.

        Those of the windows, which were gathered as ``steps``, are among them.
        """
        return fill_ahead(self.take(windows), steps[:, :, self.columns], fallback[self.columns])


class Batch(NamedTuple):
    """Samples as arrays: windows, what is known ahead of them, targets and weights, or None."""

    steps: np.ndarray
    known_ahead: np.ndarray | None
    y: np.ndarray
    weights: np.ndarray | None


class Feed:
    """Batches of windows in an order that is shuffled anew for every epoch.

    Sequences of different length are beside others of about the same.

    Parameters
    ----------
    windows : Windows
        Complete windows.
    y : ndarray of shape (n, n_outputs)
        Their targets.
    weights : ndarray of shape (n,) or None
        Their weights.
    batch_size : int
        Windows in a batch; the last may have fewer.
    dtype : str
        The float type of all arrays.
    seed : int or None
        Shuffles the order; None keeps it.
    known_ahead : KnownAhead or None
        What a decoder reads beside the windows.
    step_targets : callable or None
        Gives the targets of every step (n, steps, n_outputs), NaN where there are none, for the
        windows ``which`` that were gathered as ``steps``: ``step_targets(which, steps)``. Its
        ``places`` tell of which windows they are the targets (``LaterEnds.places``), or are None.
    """

    def __init__(
        self,
        windows: Windows,
        y: np.ndarray,
        weights: np.ndarray | None,
        *,
        batch_size: int,
        dtype: str,
        seed: int | None = None,
        known_ahead: KnownAhead | None = None,
        step_targets=None,
    ):
        self.windows = windows
        self.dtype = dtype
        self.y = y.astype(dtype)
        self.weights = None if weights is None else weights.astype(dtype)
        self.batch_size = min(batch_size, len(windows))
        self.known_ahead = known_ahead
        self.step_targets = step_targets
        self.order = np.arange(len(windows))
        self._random = None if seed is None else np.random.default_rng(seed)
        self.shuffle()

    def __len__(self) -> int:
        return -(-len(self.order) // self.batch_size)

    def most_steps(self) -> int:
        """How many steps a batch has at most."""
        longest = np.sort(self.windows.steps_there())[len(self.windows) - self.batch_size :]
        return int(longest.sum())

    @property
    def length(self) -> int:
        """Steps of the windows; of sequences, of the longest."""
        return self.windows.length

    def which(self, i: int) -> np.ndarray:
        """The windows of batch ``i`` of this epoch."""
        if not 0 <= i < len(self):
            raise IndexError(f"batch {i} of {len(self)}")
        return self.order[i * self.batch_size : (i + 1) * self.batch_size]

    def longest(self, i: int) -> int:
        """Steps of the longest window of batch ``i``."""
        if self.windows.lengths is None:
            return self.windows.length
        return int(self.windows.lengths[self.which(i)].max())

    def __getitem__(self, i: int) -> Batch:
        """Batch ``i`` of this epoch, gathered."""
        which = self.which(i)
        steps = self.windows.take(which, dtype=self.dtype)
        known_ahead = None
        if self.known_ahead is not None:
            known_ahead = self.known_ahead.take(self.windows[which]).astype(self.dtype)
        return Batch(steps, known_ahead, *self._targets(which, steps))

    def _targets(self, which, steps):
        """Targets and weights (or None) of the windows ``which``, gathered as ``steps``."""
        weights = None if self.weights is None else self.weights[which]
        if self.step_targets is None:
            return self.y[which], weights
        y = self.step_targets(which, steps).astype(self.dtype)
        if self.windows.lengths is not None:
            y[~self.windows.there(which)] = np.nan
        return _every_step(y, weights)

    @property
    def varies(self) -> bool:
        """Whether some samples have fewer steps than others."""
        return self.windows.lengths is not None

    @property
    def places(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Where the targets of inner steps are (``LaterEnds.places``).

        Empty without any, None if none has a place.
        """
        if self.step_targets is None:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        return self.step_targets.places

    def together(self) -> Iterator[range]:
        """Batches that are gathered at once, as many as their size allows."""
        numbers = self.batch_size * self.windows.length * self.windows.n_features
        size = max(1, BATCH_NUMBERS // numbers)
        for first in range(0, len(self), size):
            yield range(first, min(first + size, len(self)))

    def shuffle(self) -> None:
        """Begin the next epoch."""
        if self._random is not None:
            self._random.shuffle(self.order)
        if self.windows.lengths is not None:
            self._put_like_lengths_together()

    def _put_like_lengths_together(self):
        """Batches of sequences of about the same length, longer and shorter ones in turn.

        A batch takes as long as its longest. Who is beside whom is drawn anew, from lengths that
        differ by a tenth, and so is the order of the batches; the last, smaller one is any.
        """
        lengths = self.windows.lengths
        if self._random is None:
            self.order = np.argsort(lengths, kind="stable")
            return
        size = self.batch_size
        n_whole = len(self.order) // size * size
        whole = self.order[:n_whole]
        whole = whole[np.argsort(lengths[whole] * self._random.uniform(0.9, 1.1, n_whole))]
        batches = self._random.permutation(whole.reshape(-1, size))
        rest = self.order[n_whole:]
        batches = [*batches, rest] if len(rest) else list(batches)
        self.order = np.concatenate([batch[np.argsort(lengths[batch])] for batch in batches])

    # What a training that goes on needs to draw what one without a break would have drawn.

    def state(self) -> dict:
        """The order, and the state of what shuffles it."""
        return {"order": self.order.astype(np.int32), "shuffle": self._random.bit_generator.state}

    def restore(self, state: dict) -> None:
        """Go on from the state of an earlier feed; other samples begin in an order of their own."""
        self._random.bit_generator.state = state["shuffle"]
        if len(state["order"]) == len(self.order):
            self.order = state["order"].astype(np.int64)
            return
        self.order = np.arange(len(self.order))
        self.shuffle()


def _every_step(y, weights):
    """Targets of every step without NaN; weights (n, steps) leave out the steps without targets."""
    known = ~np.isnan(y).any(axis=2)
    mean = 1.0 if weights is None else weights.mean()
    weights = known if weights is None else known * weights[:, None]
    of_steps = weights.mean()
    share = mean / of_steps if of_steps else 0.0  # weights that are nothing in single precision
    return np.where(known[:, :, None], y, 0), (weights * share).astype(y.dtype)
