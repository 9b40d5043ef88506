"""Readings: a feed's epochs as the loops read them."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from skrnn.neural.fused.gathering import (
    Source,
    Targets,
    missing_steps,
    nothing,
    readable,
    source,
    source_of_array,
    source_of_windows,
)


class Reading(NamedTuple):
    """Samples in an order, and their targets, or None for forecasts."""

    windows: Source
    known_ahead: Source
    targets: Targets | None
    order: np.ndarray


class Readings:
    """An epoch's readings: one, whose windows lie in their rows, or as many as NumPy gathers.

    Of one that lies there only the order changes from epoch to epoch. ``check`` is asked before
    anything is read: what lies in rows is checked once. With ``forecasts`` targets are left out.
    """

    def __init__(self, feed, check: Callable, *, forecasts: bool = False):
        self.feed = feed
        self._check = check
        self._forecasts = forecasts
        self._lying = None
        if readable(feed.windows.rows) and (forecasts or feed.places is not None):
            self._lying = _lying(feed, forecasts)
            check(self._lying)

    def __iter__(self) -> Iterator[tuple[Reading, int]]:
        """Readings, and how many batches each has."""
        if self._lying is not None:
            yield self._lying._replace(order=self.feed.order), len(self.feed)
            return
        for batches in self.feed.together():
            gathered = _gathered(self.feed, batches, self._forecasts)
            self._check(gathered)
            yield gathered, len(batches)


def _lying(feed, forecasts):
    """All windows, where they lie in their rows."""
    windows = feed.windows
    known_ahead = nothing()
    if feed.known_ahead is not None:
        ahead = feed.known_ahead
        known_ahead = source(windows.rows, windows.ends, ahead.leads, ahead.columns)
    targets = None
    if not forecasts:
        y = np.ascontiguousarray(feed.y[:, None])
        targets = Targets(y, _weights_of(feed.weights, y), *feed.places)
    return Reading(source_of_windows(windows), known_ahead, targets, feed.order)


def _weights_of(weights, y):
    """Weights (n, 1), or of each step (n, steps), for targets y (n, steps, outputs)."""
    return (
        np.ones((len(y), 1), y.dtype)
        if weights is None
        else np.ascontiguousarray(weights.reshape(len(y), -1))
    )


def _gathered(feed, batches, forecasts):
    """Some batches, gathered."""
    gathered = [feed[i] for i in batches]
    missing = missing_steps(feed.windows)
    if len(missing):
        missing = np.concatenate([missing[feed.which(i)] for i in batches])
    steps = source_of_array(np.concatenate([batch.steps for batch in gathered]), missing)
    known_ahead = nothing()
    if feed.known_ahead is not None:
        known_ahead = source_of_array(np.concatenate([batch.known_ahead for batch in gathered]))
    targets = None
    if not forecasts:
        y = [batch.y.reshape(len(batch.y), -1, batch.y.shape[-1]) for batch in gathered]
        weights = [_weights_of(batch.weights, y) for batch, y in zip(gathered, y, strict=True)]
        empty = np.zeros(0, np.int64)
        y = np.ascontiguousarray(np.concatenate(y))
        targets = Targets(y, np.concatenate(weights), empty, empty)
    return Reading(steps, known_ahead, targets, np.arange(len(steps.read.ends)))
