"""Frames: the regular frame of each series, and where its target is unknown."""

import numpy as np
import pandas as pd

from skrnn.reading.clocks import skipped_hours
from skrnn.reading.problem import DataProblem, counted, listed, shown, when
from skrnn.reading.rows import Rows
from skrnn.reading.steps import DAY, micros_of
from skrnn.windows.clock import Clock

# A series with fewer known values of the target cannot be learned from and tested on.
MIN_KNOWN = 10


def regular_frames(
    rows: Rows, clock: Clock | None, columns: list[str], keys: list[str], name: str | None
) -> dict[str, pd.DataFrame]:
    """The regular frame of each series."""
    starts = np.flatnonzero(np.diff(rows.codes, prepend=-1))
    ordinals = clock.rows(rows.times) if clock else None
    frames = {}
    for start, end in zip(starts, np.append(starts[1:], len(rows.codes)), strict=True):
        values = rows.values[start:end]
        if clock is None:
            index = pd.RangeIndex(end - start)
        else:
            at = ordinals[start:end] - ordinals[start]
            index = clock.labels_from(rows.times[start : start + 1], int(at[-1]) + 1).rename(name)
            values = _on_grid(values, at)
        frames[keys[rows.codes[start]]] = pd.DataFrame(values, index=index, columns=columns)
    return frames


def _on_grid(values, at):
    if at[-1] + 1 == len(values):
        return values
    grid = np.full((int(at[-1]) + 1, values.shape[1]), np.nan)
    grid[at] = values
    return grid


def usable_frames(frames: dict, target: str, known_ahead: tuple, file: str) -> tuple:
    """(frames, future, notes): the series with enough known values of the target.

    They are cut from the first to the last of these; what is known ahead behind that is future.
    """
    cut = {}
    future = {}
    short = []
    n_before = 0
    n_after = 0
    for key, frame in frames.items():
        known = np.flatnonzero(frame[target].notna())
        if len(known) < MIN_KNOWN:
            short.append((key, len(known)))
            continue
        after = frame.iloc[known[-1] + 1 :]
        if len(after) and known_ahead and after[list(known_ahead)].notna().any(axis=None):
            future[key] = after[list(known_ahead)]
        n_before += known[0]
        n_after += len(after)
        cut[key] = frame if len(known) == len(frame) else frame.iloc[known[0] : known[-1] + 1]
    if not cut:
        most = max(n for _, n in short)
        which = "" if len(frames) == 1 else f" in the longest of {len(frames)} series"
        raise DataProblem(
            f"{file}, column {shown(target)}: has {counted(most, 'known value')}{which}, and at "
            f"least {MIN_KNOWN} are needed: pass a longer file"
        )
    return cut, future, _notes_on_cuts(short, n_before, n_after, bool(future), target)


def _notes_on_cuts(short, n_before, n_after, has_future, target):
    notes = []
    if short:
        names = listed([key for key, _ in short], 5)
        n = counted(len(short), "series", "series")
        notes.append(f"{n} of fewer than {MIN_KNOWN} known values left out: {names}.")
    if n_before:
        notes.append(
            f"{counted(n_before, 'row')} before the first known {shown(target)}: left out."
        )
    if n_after:
        what = "what they know ahead is kept" if has_future else "left out"
        notes.append(f"{counted(n_after, 'row')} after the last known {shown(target)}: {what}.")
    return notes


def timely_frames(frames: dict, target: str, known_ahead: tuple, needed: tuple, file: str) -> tuple:
    """(frames, notes): the series without columns that are known too late to learn from.

    That is in the newer half of the rows. A column that is needed is a problem then.
    """
    total = sum(map(len, frames.values()))
    late = []
    starts = {}
    for column in next(iter(frames.values())).columns.drop(target):
        known = [np.flatnonzero(frame[column].notna()) for frame in frames.values()]
        since = [
            len(frame) - at[0] if len(at) else 0
            for at, frame in zip(known, frames.values(), strict=True)
        ]
        if sum(since) < total / 2:
            late.append(column)
        elif sum(since) < total:
            starts[column] = total - sum(since)
    for column in late:
        if column in needed:
            role = "needed"
            remedy = "leave it out"
            if column in known_ahead:
                role = "known ahead"
                remedy = "take it out of known ahead"
            raise DataProblem(
                f"{file}, column {shown(column)}: is {role}, but unknown in the older half of the "
                f"rows: fill it, or {remedy}"
            )
    notes = []
    if late:
        what = "column" if len(late) == 1 else "columns"
        notes.append(f"Left out: {what} {listed(late)} (unknown in the older half of the rows).")
    if starts:
        verb = "begins" if len(starts) == 1 else "begin"
        rows = counted(max(starts.values()), "row is", "rows are")
        notes.append(
            f"{listed(starts)} {verb} later than {shown(target)}: {rows} not learned from."
        )
    if not late:
        return frames, notes
    return {key: frame.drop(columns=late) for key, frame in frames.items()}, notes


def find_gaps(frames: dict, target: str) -> pd.DataFrame:
    """Stretches of unknown targets, longest first."""
    found = []
    for key, frame in frames.items():
        unknown = frame[target].isna().to_numpy()
        if unknown.any():
            edges = np.diff(unknown.astype(np.int8), prepend=0, append=0)
            for first, end in zip(
                np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True
            ):
                found.append((key, frame.index[first], frame.index[end - 1], int(end - first)))
    gaps = pd.DataFrame(found, columns=["series", "first", "last", "n_rows"])
    return gaps.sort_values("n_rows", ascending=False, kind="stable", ignore_index=True)


def notes_on_frames(frames: dict, target: str, gaps: pd.DataFrame) -> list[str]:
    """What is worth saying about the target and what is missing of it."""
    notes = []
    if all(frame[target].nunique() == 1 for frame in frames.values()):
        notes.append(f"Column {shown(target)} never changes.")
    if len(gaps):
        n = int(gaps["n_rows"].sum())
        longest = gaps.iloc[0]
        share = n / sum(map(len, frames.values()))
        rows = counted(n, "row") + (" lacks" if n == 1 else " lack")
        notes.append(
            f"{rows} {shown(target)} ({share:.1%} of all), in {counted(len(gaps), 'gap')}; the "
            f"longest has {counted(int(longest['n_rows']), 'row')} from {when(longest['first'])}."
        )
    return notes


def note_on_spring(rows: Rows, clock: Clock | None) -> list[str]:
    """Local clocks skip an hour in spring: the rows of that hour are not in the file."""
    length = None if clock is None else micros_of(clock.step)
    if length is None or (DAY // 24) % length:
        return []
    days = skipped_hours(rows.times.unique().sort_values()).normalize()
    if not len(days):
        return []
    more = f" and {counted(len(days) - 1, 'more day')}" if len(days) > 1 else ""
    return [
        f"Clocks go forward an hour on {days[0]:%Y-%m-%d}{more}: the hour that is missing is "
        "left as a gap."
    ]
