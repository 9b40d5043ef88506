"""Gathering: steps out of rows, and which rows are known."""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from skrnn.validation import IN_CACHE, surely_finite

# A batch of gathered windows stays around this many numbers (16 MB as float32), whatever the
# window's size.
BATCH_NUMBERS = 1 << 22


def gather(rows, steps, first, stop, columns, dtype) -> np.ndarray:
    """``rows[steps, columns]`` (n, n_steps, n_columns), NaN where a step is outside first:stop."""
    inside = (steps >= first) & (steps < stop)
    everywhere = inside.all()
    if not everywhere:
        steps = np.where(inside, steps, 0)
    if not len(rows):
        return np.full((*steps.shape, len(columns)), np.nan, dtype)
    if len(columns) == rows.shape[1]:
        out = rows[steps].astype(dtype, copy=False)
    else:
        out = rows[steps[:, :, None], columns].astype(dtype, copy=False)
    if not everywhere:
        out[~inside] = np.nan
    return np.asarray(out)


def gather_whole(rows, begins, length, rate, columns, dtype) -> np.ndarray:
    """The same of ``length`` steps from each begin on, ``rate`` apart, that all are in the rows.

    Each window is copied as a piece.
    """
    row, column = rows.strides
    shape = (len(rows) - (length - 1) * rate, length, rows.shape[1])
    steps = as_strided(rows, shape, (row, rate * row, column), writeable=False)
    out = steps[begins]
    if len(columns) < rows.shape[1]:
        out = out[:, :, columns]
    return np.ascontiguousarray(out, dtype)


def known_streak(known, rate) -> np.ndarray:
    """For each row, how many steps up to it, ``rate`` rows apart, are known one after the other."""
    padded = np.zeros(-(-len(known) // rate) * rate, bool)
    padded[: len(known)] = known
    # Every rate-th row, one after the other.
    phases = padded.reshape(-1, rate).T
    # A known step is one more, and an unknown one takes back those since the last.
    streak = np.ones(phases.shape, np.int32 if len(known) < 1 << 31 else np.int64)
    for phase, steps in zip(streak, phases, strict=True):
        unknown = np.flatnonzero(~steps)
        if len(unknown):
            phase[unknown] -= np.diff(unknown, prepend=-1)
    np.cumsum(streak, axis=1, out=streak)
    return streak.T.ravel()[: len(known)]


def known_back(known, steps, rate) -> np.ndarray:
    """For each row, whether all ``steps`` up to it that there are, ``rate`` rows apart, are known.

    Before the first row there are none.
    """
    unknown = np.flatnonzero(~known)
    if len(unknown) * steps > len(known):
        streak = known_streak(known, rate)
        return streak >= np.minimum(steps, 1 + np.arange(len(known)) // rate)
    # Few rows are unknown, and few windows look at one.
    whole = np.ones(len(known), bool)
    looking = np.add.outer(unknown, rate * np.arange(steps)).ravel()
    whole[looking[looking < len(known)]] = False
    return whole


def known_rows(rows, columns=slice(None)) -> np.ndarray:
    """Mask (n_rows,): no NaN in the columns; reads the rows piece by piece."""
    if rows.dtype.kind != "f":
        return np.ones(len(rows), bool)
    if not isinstance(columns, slice) and len(columns) == rows.shape[1]:
        # All of them, which no copy has to pick.
        columns = slice(None)
    known = np.ones(len(rows), bool)
    by_column = rows.flags.f_contiguous and rows.shape[1] > 1
    size = IN_CACHE if by_column else max(1, IN_CACHE // max(1, rows.shape[1]))
    for start in range(0, len(rows), size):
        piece = rows[start : start + size, columns]
        parts = piece.T if by_column else [piece.ravel()]
        if not all(map(surely_finite, parts)):
            known[start : start + size] = ~np.isnan(piece).any(axis=1)
    return known


def as_slice(mask) -> slice | np.ndarray:
    """A mask as the slice that it is, which copies nothing; one with holes as it came."""
    first = int(mask.argmax())
    stop = first + int(np.count_nonzero(mask))
    return slice(first, stop) if mask[first:stop].all() else mask
