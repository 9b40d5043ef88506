"""Kinds: columns of text as columns of 0 and 1, one for each kind of text."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from skrnn.reading.numbers import known_cells
from skrnn.reading.problem import counted, listed, shown
from skrnn.reading.seasons import OLDEST_SHARE
from skrnn.reading.tables import Table

# A column of more kinds is left out: each kind would be a column of its own, and seldom come.
MOST_KINDS = 20
# The code of a cell in which nothing is written, which is none of the kinds.
NOTHING = -1


def is_text(column: pd.Series) -> bool:
    """Whether a column may hold words, by the type of its cells."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return True
    words = pd.api.types.is_object_dtype(column.dtype) or pd.api.types.is_string_dtype(column.dtype)
    first = column.dropna().iloc[0] if words and column.notna().any() else None
    return isinstance(first, str)


def codes_of(table: Table, name: str, kinds: tuple[str, ...] | None) -> tuple[np.ndarray, tuple]:
    """(codes, kinds): the number of each cell's kind, first of those that are known before."""
    text = known_cells(table.text(name))
    kinds = tuple(kinds or ())
    kinds = (*kinds, *sorted(set(text.unique()) - set(kinds)))
    codes = np.full(len(table.frame), float(NOTHING))
    codes[text.index] = pd.Index(kinds, dtype=object).get_indexer(text.astype(object))
    return codes, kinds


def kind_columns(name: str, kinds: Iterable[str]) -> list[str]:
    """The names of the columns of 0 and 1."""
    return [f"{name}={kind}" for kind in kinds]


def columns_in_file(columns: Iterable[str], kinds: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """The file's columns that some columns come from, each once."""
    origin = {made: name for name, own in kinds.items() for made in kind_columns(name, own)}
    return tuple(dict.fromkeys(origin.get(name, name) for name in columns))


@dataclass(frozen=True)
class Kinds:
    """The kinds of each column of text that become columns, and why other columns are left out.

    ``made`` has the columns of 0 and 1 of each column of text, and the code of each.
    """

    chosen: dict[str, tuple[str, ...]]
    made: dict[str, dict[str, int]]
    reasons: dict[str, str]
    notes: list[str]

    def spread(self, frame: pd.DataFrame) -> pd.DataFrame:
        """A frame with columns of 0 and 1 in place of those of codes."""
        if not any(name in frame for name in self.made):
            return frame
        # Of many short series, taking columns out of each frame would take most of the time.
        values = frame.to_numpy()
        columns = []
        for at, name in enumerate(frame.columns):
            column = values[:, at]
            if name not in self.made:
                columns.append(column)
            for code in self.made.get(name, {}).values():
                columns.append(np.where(np.isnan(column), np.nan, column == code))
        names = self.columns(frame.columns)
        return pd.DataFrame(np.column_stack(columns), index=frame.index, columns=names)

    def origin(self, column: str) -> str:
        """The column of the file that a column comes from."""
        return next((name for name, made in self.made.items() if column in made), column)

    def columns(self, names: Iterable[str]) -> tuple[str, ...]:
        """The columns that come of some columns."""
        return tuple(new for name in names for new in self.made.get(name, [name]))


def choose_kinds(frames: dict, n_old: list[int], words: dict, given: Mapping) -> Kinds:
    """Those kinds that the oldest rows have.

    Parameters
    ----------
    frames : dict of str to DataFrame
        The series, with the codes of text.
    n_old : list of int
        How many rows of each series are among the oldest.
    words : dict of str to tuple of str
        The columns of text, and all kinds of each by their codes.
    given : dict of str to tuple of str
        Columns of text whose kinds are known before.
    """
    chosen = {}
    made = {}
    reasons = {}
    notes = []
    for name, kinds in words.items():
        if name not in next(iter(frames.values())):
            continue
        codes = np.unique(
            np.concatenate(
                [
                    frame[name].to_numpy()[:n]
                    for frame, n in zip(frames.values(), n_old, strict=True)
                ]
            )
        )
        codes = [int(code) for code in codes if not np.isnan(code)]
        seen = [code for code in codes if code != NOTHING]
        if name in given:
            seen = list(range(len(given[name])))
        reason = None if name in given else _why_not(seen, codes)
        if reason is not None:
            reasons[name] = reason
            seen = []
        else:
            later = [kind for code, kind in enumerate(kinds) if code not in seen]
            notes.append(_note(name, [kinds[code] for code in seen], later))
            chosen[name] = tuple(kinds[code] for code in seen)
        made[name] = {f"{name}={kinds[code]}": code for code in seen}
    return Kinds(chosen, made, reasons, notes)


def _why_not(seen, codes):
    """Why a column of text tells nothing, or too much; None where it is worth its columns."""
    oldest = f"in the oldest {OLDEST_SHARE:.0%} of the rows"
    if len(seen) > MOST_KINDS:
        return f"text of {len(seen):,} kinds {oldest}, and {MOST_KINDS} at most become columns"
    if not seen:
        return f"text that is empty {oldest}"
    return f"text that never changes {oldest}" if len(codes) == 1 else None


def _note(name, kinds, later):
    columns = counted(len(kinds), "column")
    note = f"Text column {shown(name)} becomes {columns} of 0 and 1: {listed(kinds, MOST_KINDS)}"
    if later:
        come = "comes later and is" if len(later) == 1 else "come later and are"
        note = f"{note}; {listed(later, MOST_KINDS)} {come} none of these"
    return f"{note}."
