"""Stretches: what windows and their targets tell of a column, as unbroken series."""

from dataclasses import dataclass

import numpy as np

from skrnn.forecasters.samples import Samples
from skrnn.windows.array import Windows
from skrnn.windows.filling import fill_steps


@dataclass(frozen=True)
class Limits:
    """How much of the stretches is taken.

    Parameters
    ----------
    gap : int
        As many steps may be unknown between two known ones of a stretch; they are filled from the
        nearest.
    longest : int
        Of a longer stretch, the newest steps.
    most : int
        From how many series, evenly spread, and how many stretches.
    """

    gap: int
    longest: int
    most: int


def target_stretches(
    samples: Samples, leads: np.ndarray, column: int, limits: Limits
) -> list[tuple[np.ndarray, float]]:
    """The stretches of a column that windows cover or y tells, each with the weight of its windows.

    Parameters
    ----------
    samples : Samples
        The windows; the column's values ``leads`` rows behind them as y (n_windows, n_leads), NaN
        where unknown; and their weights.
    leads : ndarray of shape (n_leads,)
        How many rows ahead the targets lie.
    column : int
        The column.
    limits : Limits
        How much of the stretches is taken.

    Returns
    -------
    stretches : list of (ndarray of shape (n_steps,), float)
    """
    if samples.weights is None:
        samples = Samples(samples.windows, samples.y, np.ones(len(samples)))
    if not samples.windows.shares_rows:
        samples, leads = _each_by_itself(samples, leads, column, limits.most)
        column = 0
    windows = samples.windows
    edges = np.unique(np.concatenate([windows.bounds, windows.jumps]))
    series = np.searchsorted(edges, windows.ends, side="right") - 1
    stretches = []
    for number in _spread(np.unique(series), limits.most):
        own = samples.take(np.flatnonzero(series == number))
        values = _known_values(own, leads, column, (edges[number], edges[number + 1]))
        steps = _fullest_phase(values, windows.sampling_rate)
        unbroken = _without_gaps(steps, limits.gap)
        n_steps = sum(map(len, unbroken))
        weight = own.weights.sum()
        stretches += [
            (stretch[-limits.longest :], weight * len(stretch) / n_steps) for stretch in unbroken
        ]
    return _spread(stretches, limits.most)


def _each_by_itself(samples, leads, column, most):
    """Windows that are transformed as a whole share no rows.

    Each is a series, of which y tells what follows.
    """
    samples = samples.take(_spread(np.arange(len(samples)), most))
    rate = samples.windows.sampling_rate
    whole = leads % rate == 0
    alone = Windows.from_array(samples.windows.take()[:, :, column])
    return Samples(alone, samples.y[:, whole], samples.weights), leads[whole] // rate


def _known_values(samples, leads, column, bounds):
    """The column's rows within the bounds and, behind them, what y tells.

    NaN where no window and no target tells.
    """
    first, stop = bounds
    rows = samples.windows.rows[first:stop, [column]]
    windows = samples.windows.feature(column).replace(
        rows=rows,
        ends=samples.windows.ends - first,
        bounds=None,
        series=None,
        jumps=(),
        index=None,
    )
    values = np.full(len(rows) + max(leads, default=0), np.nan)
    values[: len(rows)] = np.where(windows.covered(), rows, np.nan)[:, 0]
    targets = windows.ends[:, None] + leads
    new = np.isnan(values[targets]) & ~np.isnan(samples.y)
    values[targets[new]] = samples.y[new]
    return values


def _fullest_phase(rows, rate):
    """Rows as far apart as the steps of a window are: of all such, those of which most is known."""
    return max(
        (rows[phase::rate] for phase in range(rate)),
        key=lambda steps: np.count_nonzero(~np.isnan(steps)),
    )


def _without_gaps(steps, gap):
    """The stretches between longer gaps, with shorter ones filled."""
    known = np.flatnonzero(~np.isnan(steps))
    runs = np.split(known, np.flatnonzero(np.diff(known) > gap + 1) + 1)
    stretches = (steps[run[0] : run[-1] + 1] for run in runs if len(run))
    return [fill_steps(stretch[None, :, None], np.zeros(1))[0, :, 0] for stretch in stretches]


def _spread(items, most):
    """At most as many of the items, evenly spread."""
    if len(items) <= most:
        return items
    chosen = np.linspace(0, len(items) - 1, most).round().astype(np.int64)
    return items[chosen] if isinstance(items, np.ndarray) else [items[number] for number in chosen]
