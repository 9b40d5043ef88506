"""How much worse forecasts become when a part of all windows is exchanged between them."""

import numpy as np
import pandas as pd

from skrnn.windows.array import Windows
from skrnn.windows.inputs import as_windows


def permutation_importance(error_of, X, blocks, *, n_repeats, rng, ahead=0) -> np.ndarray:
    """Increase of the error when a feature's steps of a block are exchanged between the windows.

    Parameters
    ----------
    error_of : callable
        The error of a model's forecasts from windows like X.
    X : Windows, ndarray of shape (n, steps, n_features) or (n, steps), or DataFrame of the latter
        The windows; not changed.
    blocks : list of ndarray
        The steps of each block, counted from the oldest.
    n_repeats : int
        How often each part is exchanged.
    rng : RandomState
        The order of exchange.
    ahead : int, default=0
        How many rows behind a window may be looked at by features that are known ahead.

    Returns
    -------
    increases : ndarray of shape (n_blocks, n_features, n_repeats)
    """
    held = _Held(X, ahead)
    before = error_of(X)
    increases = np.empty((len(blocks), held.where.shape[1], n_repeats))
    for block, feature in np.ndindex(increases.shape[:2]):
        rows = held.where[blocks[block], feature]
        rows = rows[(rows >= 0) & (rows < held.values.shape[1])]
        for repeat in range(n_repeats):
            exchanged = held.values.copy()
            exchanged[:, rows, feature] = held.values[rng.permutation(len(X))][:, rows, feature]
            increases[block, feature, repeat] = error_of(held.like(exchanged)) - before
    return increases


class _Held:
    """Windows with rows of their own, so that one can change without its neighbours.

    ``values`` (n, n_rows, n_features) are the rows around each window: its steps, those between
    them, and those that are known ahead. ``where`` (length, n_features) tells which of them are
    steps.
    """

    def __init__(self, X, ahead):
        self.X = X
        windows = as_windows(X)
        self.reach = (windows.length - 1) * windows.sampling_rate
        ahead = max(ahead, int(windows.shift.max())) if windows.shift.any() else 0
        offsets = np.arange(-self.reach, ahead + 1)
        columns = [windows.values_at(column, offsets) for column in range(windows.n_features)]
        self.values = np.stack(columns, axis=2)
        self.where = np.arange(windows.length)[:, None] * windows.sampling_rate + windows.shift

    def like(self, values):
        """The values as the kind of windows that came."""
        if not isinstance(self.X, Windows):
            if isinstance(self.X, pd.DataFrame):
                return pd.DataFrame(values[:, :, 0], self.X.index, self.X.columns)
            return values[:, :, 0] if self.X.ndim == 2 else values
        n, n_rows, n_features = values.shape
        first = np.arange(n + 1) * n_rows
        return self.X.replace(
            rows=values.reshape(-1, n_features),
            ends=first[:-1] + self.reach,
            bounds=first,
            series=np.arange(n),
            index=None,
            jumps=(),
        )
