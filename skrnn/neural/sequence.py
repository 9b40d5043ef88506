"""Targets of every step of a window, for networks that learn from sequence to sequence."""

from functools import cached_property

import numpy as np

from skrnn.forecasters.units import agreement, check_one_unit
from skrnn.validation import column_position
from skrnn.windows.array import Windows
from skrnn.windows.ends import Ends, targets_at
from skrnn.windows.leads import leads_of

# Consecutive values of one series: their medians and interquartile ranges are about the same.
SAME_SPREAD = 5


class LaterEnds:
    """The targets of a step are those of the window that ends there.

    They are looked up in y, in whatever unit it is, and nothing is known of a row that y does not
    tell.
    """

    def __init__(self, windows: Windows, y: np.ndarray):
        self.windows = windows
        self.y = y
        self._ends = Ends(windows)
        self._offsets = (np.arange(windows.length) - (windows.length - 1)) * windows.sampling_rate

    def __call__(self, which, steps):
        """Targets (n, steps, n_outputs) of the windows ``which``, NaN where there are none."""
        return targets_at(self.windows, self.y, self._offsets, self._ends, which)

    @cached_property
    def places(self):
        """For every row the window that ends there (-1: none).

        And for every window how many steps have targets.
        """
        ends = self.windows.ends
        ending = np.full(max(len(self.windows.rows), int(ends.max()) + 1), -1)
        ending[ends[::-1]] = np.arange(len(ends))[::-1]
        known = np.zeros(len(ends), np.int64)
        for rows in (ends + offset for offset in self._offsets):
            known += (rows >= 0) & (ending[np.maximum(rows, 0)] >= 0)
        return ending, known


class OwnSteps:
    """The targets of a step are the window's own later steps, and behind the last its targets.

    For windows of which each is a series of its own, and those that are scaled as a whole: no other
    window speaks in their unit. The column ``target`` must be in the unit of y.
    """

    places = None

    def __init__(self, windows: Windows, y: np.ndarray, column: int, scale):
        leads = leads_of(windows, y.shape[1])
        rate = windows.sampling_rate
        if (leads % rate).any():
            raise ValueError(
                f"sequence_targets needs leads that are multiples of sampling_rate={rate}, where "
                "each window is a series of its own or is scaled by itself: the others are none of "
                f"its steps. Got {leads.tolist()}"
            )
        self.y = y
        self.column = column
        self._scale = scale
        self._ahead = leads // rate

    def __call__(self, which, steps):
        """Targets (n, steps, n_outputs) of the windows ``which``, NaN where there are none."""
        n, length = steps.shape[:2]
        values = np.full((n, length + self._ahead.max()), np.nan)
        values[:, :length] = steps[:, :, self.column]
        values[:, length - 1 + self._ahead] = self.y[which]
        return self._scale(values[:, np.arange(length)[:, None] + self._ahead])


class LastStep:
    """The targets of the last step alone, which is the one that forecasts."""

    places = None

    def __init__(self, y: np.ndarray):
        self.y = y

    def __call__(self, which, steps):
        """Targets (n, steps, n_outputs) of the windows ``which``, NaN except for the last step."""
        targets = np.full((*steps.shape[:2], self.y.shape[1]), np.nan)
        targets[:, -1] = self.y[which]
        return targets


def step_targets(estimator, windows: Windows, y: np.ndarray, target, scale):
    """The targets of every step, ``scale``d.

    A function of which windows, and of their gathered steps.
    """
    alone = len(np.unique(windows.series)) == len(windows) > 1
    column = column_position(
        target, windows.feature_names, windows.n_features, argument="sequence_targets"
    )
    if not alone and windows.shares_rows:
        return LaterEnds(windows, scale(y))
    check_one_unit(estimator, windows, y, target)
    if agreement(windows, y, leads_of(windows, y.shape[1]), column) is None:
        _check_alike(windows, y, column)
    return OwnSteps(windows, y, column, scale)


def _check_alike(windows, y, column):
    """The last step and the first target are neighbours.

    Values of another size are in another unit.
    """
    some = slice(None, None, max(1, len(y) // 1000))
    ends = np.stack([windows[some].take()[:, -1, column], y[some, 0]])
    last, first = np.median(ends, axis=1)
    ours, theirs = np.ptp(np.quantile(ends, [0.25, 0.75], axis=1), axis=0)
    narrow, wide = sorted([ours, theirs])
    apart = abs(last - first) > SAME_SPREAD * wide > 0
    if ends.shape[1] > 10 and (apart or wide > SAME_SPREAD * narrow > 0):
        raise ValueError(
            "sequence_targets takes the targets of each window's inner steps from the window "
            f"itself, but its column is not in the unit of y (medians of last steps: {last:.3g}, "
            f"of y: {first:.3g}; interquartile ranges: {ours:.3g}, {theirs:.3g}). Scale both "
            "together:\n    "
            "TransformedWindowRegressor(RNNRegressor(sequence_targets=True), SeriesScaler())"
        )
