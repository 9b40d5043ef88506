"""What is left out of long lines, so that the page stays small and the drawing stays true."""

import itertools

import numpy as np

# Values in all the lines of a chart together: about a megabyte of page.
VALUES_OF_A_CHART = 60_000
# No chart is wider than this many buckets of pixels, and few are narrower.
MOST_BUCKETS = 1000
FEWEST_BUCKETS = 100
# Series of a panel, and columns, that a chart lets the reader choose from.
MOST_SERIES = 12
MOST_COLUMNS = 12


def buckets_for(n_lines: int) -> int:
    """Into how many buckets each of some lines is thinned; a bucket keeps two values."""
    return int(np.clip(VALUES_OF_A_CHART // (2 * max(1, n_lines)), FEWEST_BUCKETS, MOST_BUCKETS))


def extremes(values: np.ndarray, n_buckets: int) -> np.ndarray:
    """Positions, in order, of each bucket's least and greatest value, and its first unknown one.

    No peak is lost and no gap is closed, as they would be by taking every so many values.
    """
    if len(values) <= 2 * n_buckets:
        return np.arange(len(values))
    edges = np.linspace(0, len(values), n_buckets + 1).astype(np.int64)
    kept = [_extremes_of(values[start:stop]) + start for start, stop in itertools.pairwise(edges)]
    return np.concatenate(kept)


def _extremes_of(bucket):
    unknown = np.isnan(bucket)
    gap = np.flatnonzero(unknown)[:1]
    if unknown.all():
        return gap
    return np.unique(np.concatenate([[np.nanargmin(bucket), np.nanargmax(bucket)], gap]))


def evenly(n: int, most: int) -> np.ndarray:
    """Positions of at most so many of n things, evenly spread from the first to the last."""
    if not n:
        return np.arange(0)
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(np.int64))
