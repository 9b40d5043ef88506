"""Ends: which window of a series ends at a row."""

import numpy as np

from skrnn.windows.array import Windows


class Ends:
    """Finds the window that ends at a row of a series.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import Windows
    >>> ends = Ends(Windows(np.zeros((9, 1)), ends=[3, 5, 7], length=2))
    >>> ends.find(series=[0, 0, 0], ends=[5, 6, 7])
    array([ 1, -1,  2])
    """

    def __init__(self, windows: Windows):
        self._first = int(windows.ends.min())
        self._last = int(windows.ends.max())
        keys = self._keys(windows.series, windows.ends)
        self._order = np.argsort(keys, kind="stable")
        self._sorted = keys[self._order]

    def find(self, series, ends) -> np.ndarray:
        """Position of the window that ends there, -1 where there is none."""
        ends = np.asarray(ends, np.int64)
        keys = self._keys(series, ends)
        at = np.minimum(np.searchsorted(self._sorted, keys), len(self._sorted) - 1)
        found = (self._sorted[at] == keys) & (ends >= self._first) & (ends <= self._last)
        return np.where(found, self._order[at], -1)

    def _keys(self, series, ends):
        return np.asarray(series, np.int64) * (self._last - self._first + 1) + (ends - self._first)


def targets_at(
    windows: Windows, y: np.ndarray, offsets, ends: Ends | None = None, which=slice(None)
) -> np.ndarray:
    """The targets (n, n_offsets, n_outputs) of windows that end ``offsets`` rows behind others.

    The others are the windows ``which``. NaN where no window ends there. What y does not tell stays
    unknown, whatever the rows of the windows know.
    """
    ends = Ends(windows) if ends is None else ends
    at = ends.find(windows.series[which, None], windows.ends[which, None] + np.asarray(offsets))
    return np.where((at >= 0)[:, :, None], y[at], np.nan)
