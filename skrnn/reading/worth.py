"""Worth: which columns tell nothing that rows and other columns do not tell."""

import warnings
from collections.abc import Callable

import numpy as np

from skrnn.reading.problem import shown
from skrnn.reading.seasons import OLDEST_SHARE

# Values are the same that differ by no more than rounding, as a share of their range.
ROUNDING = 1e-9
# A counter is known by so many values of a series.
FEWEST = 4
# Columns are compared by so many rows first.
SAMPLED = 64


def worthless_columns(
    frames: dict, n_old: list[int], named: tuple[str, ...], origin: Callable
) -> dict[str, str]:
    """Columns that are constant, count rows, or copy another column, and which of that they do.

    The oldest rows tell, so that no row that will be forecast does.

    Parameters
    ----------
    frames : dict of str to DataFrame
        The series; all have the same columns.
    n_old : list of int
        How many rows of each series are among the oldest.
    named : tuple of str
        The columns that stay, whatever they hold; the target is the first.
    origin : callable
        The column of the file that a column comes from: those of the same one are no copies.
    """
    columns = list(next(iter(frames.values())).columns)
    if len(columns) == len(named):
        return {}
    blocks = [frame.to_numpy()[:n] for frame, n in zip(frames.values(), n_old, strict=True)]
    values = np.concatenate(blocks)
    others = [at for at, name in enumerate(columns) if name not in named]
    reasons = {}
    with warnings.catch_warnings():
        # Of columns of which nothing is known in the oldest rows.
        warnings.simplefilter("ignore", RuntimeWarning)
        low = np.nanmin(values, axis=0)
        high = np.nanmax(values, axis=0)
    for at in others:
        if not high[at] > low[at]:
            reasons[columns[at]] = f"never changes in the oldest {OLDEST_SHARE:.0%} of the rows"
        elif _counts([block[:, at] for block in blocks]):
            reasons[columns[at]] = "changes by the same from row to row"
    stay = [name for name in columns if name not in reasons]
    stay.sort(key=lambda name: name not in named)
    return reasons | _copies(values[:, [columns.index(name) for name in stay]], stay, named, origin)


def _counts(series):
    """Whether a column changes by the same from row to row, or from known one to known one."""
    told = False
    for values in series:
        rows = np.flatnonzero(~np.isnan(values))
        if len(rows) < FEWEST:
            continue
        told = True
        known = values[rows]
        if not (_is_line(known, rows) or _is_line(known, np.arange(len(rows)))):
            return False
    return told


def _is_line(values, at):
    slope = (values[-1] - values[0]) / (at[-1] - at[0])
    line = values[0] + slope * (at - at[0])
    return slope != 0 and bool(np.abs(values - line).max() <= ROUNDING * np.ptp(values))


def _copies(values, names, named, origin):
    """Columns that are another one before them, or that one in another unit."""
    unit = _without_unit(values)
    rows = np.unique(np.linspace(0, len(unit) - 1, SAMPLED).round().astype(int))
    sample = np.nan_to_num(unit[rows], nan=-1.0)
    reasons = {}
    for at, name in enumerate(names):
        if name in named:
            continue
        like = np.abs(sample[:, :at] - sample[:, [at]]).max(axis=0, initial=0) <= ROUNDING
        for other in np.flatnonzero(like):
            first = names[other]
            if first in reasons or origin(first) == origin(name):
                continue
            if _same(unit[:, other], unit[:, at]):
                same = np.array_equal(values[:, other], values[:, at], equal_nan=True)
                reasons[name] = f"{shown(first)} once more{'' if same else ', in another unit'}"
                break
    return reasons


def _without_unit(values):
    """Columns from 0 to 1, of which the first end that each one reaches is 0."""
    low = np.nanmin(values, axis=0)
    high = np.nanmax(values, axis=0)
    first_low = np.argmax(values == low, axis=0)
    first_high = np.argmax(values == high, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = (values - low) / (high - low)
    return np.where(first_high < first_low, 1 - unit, unit)


def _same(first, second):
    unknown = np.isnan(first)
    if not np.array_equal(unknown, np.isnan(second)):
        return False
    return bool((np.abs(first - second)[~unknown] <= ROUNDING).all())
