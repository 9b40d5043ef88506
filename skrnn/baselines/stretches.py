"""Stretches: what windows and their targets tell of a column, as unbroken series."""

import numpy as np

from skrnn.windows.array import Windows
from skrnn.windows.filling import fill_steps


def target_stretches(windows: Windows, y, weights, *, leads, column, gap, longest, most):
    """The stretches of a column that windows cover or y tells, each with the weight of its windows.

    Parameters
    ----------
    windows : Windows
        The windows.
    y : ndarray of shape (n_windows, n_leads)
        The column's values ``leads`` rows behind the windows; NaN where unknown.
    weights : ndarray of shape (n_windows,) or None
        The weights of the windows; None: 1.
    leads : ndarray of shape (n_leads,)
        How many rows ahead the targets lie.
    column : int
        The column.
    gap : int
        As many steps may be unknown between two known ones of a stretch; they are filled from the
        nearest.
    longest : int
        Of a longer stretch, the newest steps.
    most : int
        From how many series, evenly spread, and how many stretches.

    Returns
    -------
    stretches : list of (ndarray of shape (n_steps,), float)
    """
    weights = np.ones(len(windows)) if weights is None else weights
    if not windows.shares_rows:
        windows, y, weights, leads = _each_by_itself(windows, y, weights, leads, column, most)
        column = 0
    edges = np.unique(np.concatenate([windows.bounds, windows.jumps]))
    series = np.searchsorted(edges, windows.ends, side="right") - 1
    stretches = []
    for one in _spread(np.unique(series), most):
        which = np.flatnonzero(series == one)
        told = _told(windows[which], y[which], leads, column, edges[one], edges[one + 1])
        steps = _fullest_phase(told, windows.sampling_rate)
        parts = _without_gaps(steps, gap)
        total = sum(len(part) for part in parts)
        stretches += [(part[-longest:], weights[which].sum() * len(part) / total) for part in parts]
    return _spread(stretches, most)


def _each_by_itself(windows, y, weights, leads, column, most):
    """Windows that are transformed as a whole share no rows.

    Each is a series, of which y tells what follows.
    """
    some = _spread(np.arange(len(windows)), most)
    whole = leads % windows.sampling_rate == 0
    alone = Windows.from_array(windows.take(some)[:, :, column])
    return alone, y[some][:, whole], weights[some], leads[whole] // windows.sampling_rate


def _told(windows, y, leads, column, first, stop):
    """The rows from ``first`` to ``stop`` and, behind them, what y tells.

    NaN where nobody tells.
    """
    rows = windows.rows[first:stop, [column]]
    windows = windows.feature(column).replace(
        rows=rows, ends=windows.ends - first, bounds=None, series=None, jumps=(), index=None
    )
    told = np.full(len(rows) + max(leads, default=0), np.nan)
    told[: len(rows)] = np.where(windows.covered(), rows, np.nan)[:, 0]
    at = windows.ends[:, None] + leads
    new = np.isnan(told[at]) & ~np.isnan(y)
    told[at[new]] = y[new]
    return told


def _fullest_phase(rows, rate):
    """Rows as far apart as the steps of a window are: of all such, those of which most is known."""
    return max(
        (rows[phase::rate] for phase in range(rate)),
        key=lambda steps: np.count_nonzero(~np.isnan(steps)),
    )


def _without_gaps(steps, gap):
    """The stretches between longer gaps, with shorter ones filled."""
    known = np.flatnonzero(~np.isnan(steps))
    parts = np.split(known, np.flatnonzero(np.diff(known) > gap + 1) + 1)
    filled = (steps[part[0] : part[-1] + 1] for part in parts if len(part))
    return [fill_steps(part[None, :, None], np.zeros(1))[0, :, 0] for part in filled]


def _spread(items, most):
    """At most as many of the items, evenly spread."""
    if len(items) <= most:
        return items
    chosen = np.linspace(0, len(items) - 1, most).round().astype(np.int64)
    return items[chosen] if isinstance(items, np.ndarray) else [items[number] for number in chosen]
