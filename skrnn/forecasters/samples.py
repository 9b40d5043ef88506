"""Samples: what there is to learn from, and the split that validates on the newest."""

from dataclasses import dataclass, replace

import numpy as np

from skrnn.forecasters.residual_pools import ROUNDING
from skrnn.warn import warn
from skrnn.windows.array import Windows
from skrnn.windows.leads import leads_of
from skrnn.wording import listing


@dataclass(frozen=True)
class Samples:
    """Windows, their targets, and their weights.

    Parameters
    ----------
    windows : Windows
        The windows.
    y : ndarray of shape (n_samples, n_outputs)
        Their targets; NaN where unknown.
    weights : ndarray of shape (n_samples,) or None
        Their weights.
    """

    windows: Windows
    y: np.ndarray
    weights: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.windows)

    def take(self, which) -> "Samples":
        """Some of the samples: a mask, a slice or positions."""
        weights = self.weights
        if weights is not None:
            weights = weights[which]
        return Samples(self.windows[which], self.y[which], weights)

    def with_windows(self, windows: Windows) -> "Samples":
        """The same samples, whose windows are read otherwise."""
        return replace(self, windows=windows)

    def known(self, complete: np.ndarray, outputs=slice(None)) -> "Samples":
        """The samples of which all is known that is learned from.

        Parameters
        ----------
        complete : ndarray of shape (n_samples,)
            Mask of the windows of which everything is known that is read.
        outputs : slice, default=slice(None)
            The outputs whose targets must be known.
        """
        known = ~np.isnan(self.y[:, outputs]).any(axis=1)
        kept = complete & known
        _warn_of_padding(self.windows, ~complete & known)
        if self.weights is not None:
            kept &= self.weights > 0
        if not kept.any():
            raise ValueError(_nothing_left(self.windows, complete, known))
        return self if kept.all() else self.take(kept)

    def split_newest(self, fraction: float) -> tuple["Samples", "Samples"]:
        """The samples to train on, and the newest, to validate on; see ``newest_part``."""
        train, newest = newest_part(self.windows, fraction, self.y.shape[1])
        return self.take(train), self.take(newest)

    def split_blocks(self, n_blocks: int, size: int) -> list[tuple["Samples", "Samples"]]:
        """For each of the newest blocks, what was known before it, and the block.

        Only of those that something was known before; see ``newest_blocks``.
        """
        if not size:
            return []
        block, enters = newest_blocks(self.windows, n_blocks, size, self.y.shape[1])
        return [
            (self.take(enters <= k), self.take(block == k))
            for k in range(1, n_blocks + 1)
            if (enters <= k).any()
        ]

    def split_share(
        self, fraction: float, seed: int, classes: np.ndarray | None
    ) -> tuple["Samples", "Samples"]:
        """The samples to train on, and a share of each class to validate on; see ``share_of``."""
        chosen = share_of(len(self), fraction, seed, classes)
        return self.take(~chosen), self.take(chosen)


def share_of(n: int, fraction: float, seed: int, classes: np.ndarray | None) -> np.ndarray:
    """Mask (n,) of a share of the samples, drawn evenly from each class.

    Without ``classes`` (n, n_targets) from all alike. One sample of each class is never drawn.

    Examples
    --------
    >>> import numpy as np
    >>> classes = np.repeat([0.0, 1.0], [4, 8])[:, None]
    >>> np.flatnonzero(share_of(12, 0.25, seed=1, classes=classes)).tolist()
    [2, 4, 10]
    """
    random = np.random.default_rng(seed)
    kind = np.zeros(n, np.int64)
    if classes is not None:
        kind = np.unique(classes, axis=0, return_inverse=True)[1].reshape(n)
    order = random.permutation(n)
    order = order[np.argsort(kind[order], kind="stable")]
    _, firsts = np.unique(kind[order], return_index=True)
    order = np.delete(order, firsts)
    n_chosen = int(np.ceil(fraction * n - ROUNDING))
    if n_chosen > len(order):
        of_classes = "" if classes is None else f" in {len(firsts)} classes"
        raise ValueError(
            f"validation_fraction={fraction} of {n} sequences{of_classes} leaves none to train on "
            "for some: use a smaller fraction, more sequences, or validation_data of your own"
        )
    # Every so many of those that lie class beside class.
    picked = (np.arange(n_chosen) + random.uniform()) * len(order) / n_chosen
    chosen = np.zeros(n, bool)
    chosen[order[picked.astype(int)]] = True
    return chosen


def newest_part(windows: Windows, fraction: float, n_outputs: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions to train on, and of the newest windows, to validate on.

    The newest are those with the highest rank within their series, relative to its size; of windows
    that are alone in their series, the last ones. Windows whose targets were not all known when the
    first of the newest ended are in neither.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import make_windows
    >>> X, y = make_windows(np.arange(12.0), length=2, horizon=2)
    >>> train, newest = newest_part(X, 0.25, n_outputs=2)
    >>> train, newest
    (array([0, 1, 2, 3, 4]), array([6, 7, 8]))
    """
    n = len(windows)
    n_newest = int(np.ceil(fraction * n - ROUNDING))
    if n_newest >= n:
        raise ValueError(
            f"validation_fraction={fraction} of {n} windows leaves none to train on: "
            "use a smaller fraction or more rows"
        )
    block, enters = newest_blocks(windows, 1, n_newest, n_outputs)
    train = np.flatnonzero(enters == 1)
    newest = np.flatnonzero(block == 1)
    if not len(train):
        span = leads_of(windows, n_outputs).max()
        raise ValueError(
            f"validation_fraction={fraction} of {n} windows, and targets {span} rows long, "
            "leave none to train on: use a smaller fraction or more rows"
        )
    return train, newest


def newest_blocks(
    windows: Windows, n_blocks: int, size: int, n_outputs: int
) -> tuple[np.ndarray, np.ndarray]:
    """Blocks of the newest windows, as ``newest_part`` finds them, and what is known before each.

    Returns
    -------
    block : ndarray of shape (n_windows,)
        The block that a window is in, 1 to ``n_blocks``; 0 for those older than all of them.
    enters : ndarray of shape (n_windows,)
        The first block before whose windows ended all targets of this one were known. Block k may
        be forecast from the windows with ``enters <= k``.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import make_windows
    >>> X, y = make_windows(np.arange(12.0), length=2, horizon=2)
    >>> newest_blocks(X, n_blocks=2, size=3, n_outputs=2)
    (array([0, 0, 0, 1, 1, 1, 2, 2, 2]), array([1, 1, 2, 2, 2, 3, 3, 3, 3]))
    """
    n = len(windows)
    block = np.zeros(n, int)
    by_age = np.argsort(_age_ranks(windows), kind="stable")
    block[by_age[n - n_blocks * size :]] = 1 + np.arange(n_blocks * size) // size
    span = int(leads_of(windows, n_outputs).max()) - 1
    names, series = np.unique(windows.series, return_inverse=True)
    ends = windows.ends
    if len(names) == n:
        # Windows that are alone in their series follow each other.
        series = np.zeros(n, int)
        ends = np.arange(n)
    enters = np.full(n, n_blocks + 1)
    for k in range(n_blocks, 0, -1):
        first = np.full(len(names), np.iinfo(np.int64).max)
        newer = block >= k
        np.minimum.at(first, series[newer], ends[newer])
        enters[~newer & (ends < first[series] - span)] = k
    return block, enters


def _age_ranks(windows):
    """The rank of each window within its series, relative to the series' size."""
    order = np.lexsort((windows.ends, windows.series))
    _, size = np.unique(windows.series[order], return_counts=True)
    before = np.repeat(np.cumsum(size) - size, size)
    ranks = np.empty(len(windows))
    ranks[order] = (np.arange(len(windows)) - before + 1) / np.repeat(size, size)
    return ranks


def _warn_of_padding(windows, left_out):
    """Say once how many arrays are left out that may be sequences with NaN in front."""
    if not left_out.any() or windows.lengths is not None:
        return
    alone = len(np.unique(windows.series)) == len(windows) > 1
    if not alone or not windows.shares_rows:
        return
    steps = windows[left_out].values_at(0, [1 - windows.length, 0])
    padded = np.isnan(steps[:, 0]) & ~np.isnan(steps[:, 1])
    # A gap leaves few such windows, and sequences of different length most.
    if 2 * padded.sum() > len(windows):
        warn(
            f"{padded.sum()} of {len(windows)} windows begin with unknown steps (NaN) and are left "
            "out of the fit: if these are steps that are not there, bring sequences, a list of "
            "arrays (steps, features)"
        )


def _nothing_left(windows, complete, known):
    n = len(windows)
    if not known.any():
        return f"y must have a known value, got NaN in all of {n} samples"
    if not complete.any():
        unknown = _unknown_columns(windows)
        if unknown:
            return f"X has no known value at all in {listing(unknown)}: leave this out"
        if (windows.ends < 0).all():
            return (
                f"all {n} windows begin before the first row, so that nothing is known of them: "
                "use a smaller lead, or a longer series"
            )
        reach = (windows.length - 1) * windows.sampling_rate + 1
        return (
            f"all {n} windows are incomplete (windows of {windows.length} steps reach over {reach} "
            "rows, and each of them has a NaN or begins before the first row): fill the gaps, or "
            "use a longer series or a smaller window"
        )
    return (
        f"no sample is left to learn from: none of {n} has a complete window, a known y and a "
        "weight above 0"
    )


def _unknown_columns(windows):
    """The columns of which nothing is known, where there are others."""
    unknown = np.isnan(windows.rows).all(axis=0)
    if unknown.all():
        return []
    names = windows.feature_names or [f"column {number}" for number in range(len(unknown))]
    return [str(names[number]) for number in np.flatnonzero(unknown)]
