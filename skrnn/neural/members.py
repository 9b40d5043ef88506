"""Members: several networks from different seeds, trained side by side."""

import threading
import warnings
from collections.abc import Callable

import numpy as np


def train_side_by_side(train: Callable, members: list, *, threads: bool) -> list:
    """What ``train`` makes of each member, in their order.

    With ``threads`` several are trained at once, each on one thread of its own: small networks gain
    nothing from more. Ctrl-C, or an error in one of them, ends them all.
    """
    from skrnn.neural.fused.threads import STOP, allowed_threads, together

    if not threads:
        with warnings.catch_warnings():
            # That one of them was cut, and has what it has learned so far.
            warnings.filterwarnings("ignore", "training was interrupted", UserWarning)
            return [_whole(train(member)) for member in members]
    trained = [None] * len(members)
    waiting = list(range(len(members)))[::-1]
    lock = threading.Lock()

    def work(thread, shared):
        while not shared[STOP]:
            # Another may take the last one at the same time.
            with lock:
                if not waiting:
                    return
                number = waiting.pop()
            trained[number] = train(members[number])

    together(min(len(members), allowed_threads()), work)
    return trained


def _whole(member):
    """A member that was trained; Ctrl-C, which ends a network alone with what it has, ends all."""
    if member.trained_.ended == "interrupted":
        raise KeyboardInterrupt
    return member


def mean_history(histories: list[dict]) -> dict:
    """The mean losses of some trainings, epoch by epoch; of those that were not stopped before."""
    n_epochs = max(len(history["loss"]) for history in histories)
    means = {}
    for name in histories[0]:
        losses = np.full((len(histories), n_epochs), np.nan)
        for row, history in zip(losses, histories, strict=True):
            row[: len(history[name])] = history[name]
        known = ~np.isnan(losses)
        total = np.where(known, losses, 0).sum(axis=0)
        count = known.sum(axis=0)
        means[name] = np.where(count, total / np.maximum(count, 1), np.nan).tolist()
    return means
