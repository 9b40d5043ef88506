"""Members: several networks from different seeds, trained side by side."""

from collections.abc import Callable

import numpy as np


def train_side_by_side(train: Callable, members: list, *, threads: bool) -> list:
    """What ``train`` makes of each member, in their order.

    With ``threads`` several are trained at once, each on one thread of its own: small networks gain
    nothing from more. Ctrl-C, or an error in one of them, ends them all.
    """
    from skrnn.neural.fused.threads import STOP, allowed_threads, together, working_for

    n_threads = min(len(members), allowed_threads()) if threads else 1
    trained = [None] * len(members)
    if n_threads == 1:
        return [train(member) for member in members]
    waiting = list(range(len(members)))[::-1]

    def work(thread, shared):
        with working_for(shared):
            while waiting and not shared[STOP]:
                number = waiting.pop()
                trained[number] = train(members[number])

    together(n_threads, work)
    return trained


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
