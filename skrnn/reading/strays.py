"""Strays: stamps that lie on no step of the others, set to one or left out."""

from dataclasses import replace

import numpy as np
import pandas as pd

from skrnn.reading.problem import counted, when
from skrnn.reading.rows import Rows
from skrnn.reading.steps import DAY, JITTER, in_words, span, step_of, usual_difference
from skrnn.reading.tables import Table
from skrnn.windows.clock import naive

# Up to this share of the rows may lie anywhere.
FEW_STRAYS = 0.01
# A clock that is set anew shifts all later stamps: so many shifts at most, of so many steps.
MOST_SHIFTS = 3
LARGEST_SHIFT = 0.4


def settle_strays(rows: Rows, table: Table) -> Rows:
    """The rows with all stamps on the steps of most, where it is beyond doubt which each one means.

    Few strays take the free step between their neighbours, and are left out where there is none.
    Many are moved to the nearest step where they lie close to it, or all equally far, as behind a
    clock that was set anew. Otherwise the rows stay as they are.
    """
    step = usual_difference(rows)
    if step <= 0:
        return rows
    micros = naive(rows.times, local=step % DAY == 0).as_unit("us").asi8
    phase = micros % step
    usual = _usual_phases(phase, rows.codes)
    off = (phase - usual + step // 2) % step - step // 2
    stray = off != 0
    if not stray.any() or stray.mean() > 0.5:
        return rows
    if stray.mean() <= FEW_STRAYS:
        return _settle_few(rows, micros, usual, step, table)
    return _settle_shifted(rows, off, step)


def _usual_phases(phase, codes):
    """The most frequent phase of each row's series, the first one of equals."""
    counts = pd.DataFrame({"code": codes, "phase": phase}).value_counts(sort=False).reset_index()
    usual = counts.loc[counts.groupby("code")["count"].idxmax()].set_index("code")["phase"]
    return usual.loc[codes].to_numpy()


def _settle_shifted(rows, off, step):
    """Many strays: each to the nearest step, if that is close, or as far for all."""
    stray = off != 0
    largest = JITTER
    if len(np.unique(off[stray])) <= MOST_SHIFTS:
        largest = LARGEST_SHIFT
    moved = _moved(rows, -off)
    same = (np.diff(moved.micros) == 0) & (np.diff(moved.codes) == 0)
    if np.abs(off).max() > largest * step or same.any():
        return rows
    first = when(rows.times[stray][0])
    return moved.noted(
        f"The stamps of {counted(stray.sum(), 'row')} ({first} first) lie up to "
        f"{span(np.abs(off).max())} off the others' steps of {in_words(step_of(step))}: each "
        "was set to the nearest step."
    )


def _settle_few(rows, micros, usual, step, table):
    """Few strays: each to the nearest free step between its neighbours, if there is one."""
    position = (micros - usual) / step
    stray = (micros - usual) % step != 0
    # Steps that are taken; of a stray there is none yet, and never of one that is left out.
    taken = np.where(stray, np.nan, position)
    for row in np.flatnonzero(stray):
        first, last = _free(taken, rows.codes, row)
        if first <= last:
            taken[row] = np.clip(np.round(position[row]), first, last)
    lost = np.isnan(taken)
    change = np.where(lost, 0, np.nan_to_num(taken) * step + usual - micros).astype(np.int64)
    settled = _moved(rows, change)
    moved = stray & ~lost
    if moved.any():
        settled = settled.noted(
            f"{_stamps(rows, moved, step, table)}: set to the free step between the rows beside it."
        )
    if lost.any():
        settled = settled.noted(
            f"{_stamps(rows, lost, step, table)}, and the rows beside it leave none free: left out."
        )
    return settled.take(np.flatnonzero(~lost))


def _free(taken, codes, row):
    """The first and the last step between those of the rows before and behind in its series."""
    first = -np.inf
    last = np.inf
    before = row - 1
    while before >= 0 and codes[before] == codes[row] and np.isnan(taken[before]):
        before -= 1
    if before >= 0 and codes[before] == codes[row]:
        first = taken[before] + 1
    after = row + 1
    while after < len(codes) and codes[after] == codes[row] and np.isnan(taken[after]):
        after += 1
    if after < len(codes) and codes[after] == codes[row]:
        last = taken[after] - 1
    return first, last


def _stamps(rows, which, step, table):
    """How many stamps lie on no step, and where the first one is."""
    first = int(np.flatnonzero(which)[0])
    n = counted(int(which.sum()), "stamp lies", "stamps lie")
    where = f"{when(rows.times[first])}, {table.line(int(rows.source[first]))}"
    others = ", first" if which.sum() > 1 else ""
    return f"{n} on no step of {in_words(step_of(step))} ({where}{others})"


def _moved(rows, change):
    return replace(rows, times=rows.times + change.astype("timedelta64[us]"))
