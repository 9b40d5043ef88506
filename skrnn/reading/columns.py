"""Columns: which of a table's columns are used, as numbers or as codes of text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from skrnn.reading.kinds import codes_of, is_text
from skrnn.reading.numbers import LARGEST, TRUTHS, known_cells, number_share, without_sign
from skrnn.reading.problem import DataProblem, counted, listed, shown
from skrnn.reading.roles import Roles
from skrnn.reading.stamps import looks_like_stamps
from skrnn.reading.tables import Table

# A column is text, and not numbers with mistakes in them, unless so many of its cells are numbers.
NUMBER_SHARE = 0.5
# Numbers that often stand for an unknown value. They are taken as numbers.
MARKERS = {sign * number for number in (99, 999, 9999, 99999, 999999) for sign in (1, -1)}
# Why a column is left out that was not asked for, or not to be used.
AS_ASKED = "as asked for"
REMEDY = "correct it, or leave the cell empty if it is unknown"


@dataclass(frozen=True)
class Floats:
    """A column as floats, the rows whose cells are no numbers, and what is worth saying of it."""

    values: np.ndarray
    bad: np.ndarray = field(default_factory=lambda: np.array([], int))
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Columns:
    """The columns of a table that are used, as floats: the target first, and codes of text.

    ``words`` has the kinds of each column of text by their codes; ``reasons``, why others are left
    out.
    """

    values: pd.DataFrame
    words: dict[str, tuple[str, ...]]
    reasons: dict[str, str]
    notes: list[str]


def read_columns(table: Table, roles: Roles, others: list[str], kinds: Mapping) -> Columns:
    """Target, needed columns, and those of the others that hold numbers or words.

    Unknown cells are NaN. A needed column that holds neither is a problem; others are left out.

    Parameters
    ----------
    table : Table
        The file.
    roles : Roles
        What was named.
    others : list of str
        The columns that may be used too.
    kinds : dict of str to tuple of str
        Columns of text whose kinds are known before.
    """
    read = {}
    words = {}
    reasons = {}
    for name in dict.fromkeys((roles.target, *roles.needed, *others)):
        needed = name == roles.target or name in roles.needed
        if not needed and (name in roles.ignore or roles.columns is not None):
            reasons[name] = AS_ASKED
        elif name in kinds or (name != roles.target and _holds_words(table, name)):
            codes, words[name] = codes_of(table, name, kinds.get(name))
            read[name] = Floats(codes)
        elif needed:
            read[name] = _needed_column(table, name)
        else:
            found, reason = _other_column(table, name)
            if found is not None:
                read[name] = found
            # A delimiter at the end of each line makes an empty column that nobody knows of.
            elif reason != "empty" or not _is_nameless(name):
                reasons[name] = reason
    order = [roles.target, *(name for name in table.names if name in read)]
    return Columns(
        values=pd.DataFrame({name: read[name].values for name in dict.fromkeys(order)}),
        words=words,
        reasons=reasons,
        notes=[note for column in read.values() for note in column.notes],
    )


def notes_on_left_out(reasons: dict[str, str]) -> list[str]:
    """One sentence for all columns that are left out for the same reason."""
    names = {}
    for name, reason in reasons.items():
        names.setdefault(reason, []).append(name)
    return [
        f"Left out: {'column' if len(own) == 1 else 'columns'} {listed(own)} ({reason})."
        for reason, own in names.items()
    ]


def _holds_words(table, name):
    """Whether a column is text, and not numbers with mistakes in them, nor times."""
    column = table.frame[name]
    if not is_text(column) or looks_like_stamps(column, name):
        return False
    text = known_cells(column)
    n_bad = len(_floats(table, name).bad)
    return n_bad > 0 and len(text) - n_bad < NUMBER_SHARE * len(text)


def _needed_column(table, name):
    column = table.frame[name]
    if not pd.api.types.is_numeric_dtype(column.dtype) and looks_like_stamps(column, name):
        raise DataProblem(
            f"{table.file}, column {shown(name)}: holds times, not numbers: name a column of "
            "numbers"
        )
    _check_no_lists(table, name, column)
    found = _floats(table, name)
    if len(found.bad):
        _raise_not_number(table, name, found.bad)
    if np.isnan(found.values).all():
        raise DataProblem(
            f"{table.file}, column {shown(name)}: has no known value: bring rows in which it "
            "is known, or name another column"
        )
    _check_finite(table, name, found.values)
    return found


def _check_no_lists(table, name, column):
    first = column.dropna().iloc[0] if column.notna().any() else None
    if isinstance(first, list | tuple | np.ndarray):
        raise DataProblem(
            f"{table.file}, column {shown(name)}: holds a list in each row: give each value a row "
            f"of its own, e.g. with frame.explode({name!r})"
        )


def note_on_marker(table: Table, target: str, values: np.ndarray) -> list[str]:
    """A value such as -999, far from all others, that may stand for an unknown one."""
    known = np.unique(values[~np.isnan(values)])
    marker = next((end for end in (known[0], known[-1]) if end in MARKERS), None)
    rest = known[known != marker]
    if marker is None or not len(rest):
        return []
    if rest[0] - np.ptp(rest) <= marker <= rest[-1] + np.ptp(rest):
        return []
    rows = np.flatnonzero(values == marker)
    return [
        f"Column {shown(target)} is {marker:.0f} in {counted(len(rows), 'row')} (first in "
        f"{table.line(rows[0])}), far from its other values: if that stands for an unknown value, "
        "leave these cells empty."
    ]


def _raise_not_number(table, name, bad):
    text = known_cells(table.frame[name])
    numbers = len(text) - len(bad)
    where = f"{table.at(bad[0], name)}: {table.cell(bad[0], name)}"
    if table.style.decimal == "," and table.frame[name].astype(str).iloc[bad[0]].count(".") == 1:
        raise DataProblem(
            f"{where} is not a number where the file's numbers have decimal commas: {REMEDY}"
        )
    if numbers < NUMBER_SHARE * len(text):
        raise DataProblem(
            f"{where} is not a number, nor are most cells of this column: name a column of numbers"
        )
    raise DataProblem(f"{where} is not a number: {REMEDY}")


def _other_column(table, name):
    """(numbers, None) of a column, or (None, why it is left out)."""
    column = table.frame[name]
    if column.isna().all():
        return None, "empty"
    periods = isinstance(column.dtype, pd.PeriodDtype)
    if periods or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return None, "further dates"
    found = _floats(table, name)
    if len(found.bad):
        return None, _why_not(table, name, found.bad)
    if np.isnan(found.values).all():
        return None, "empty"
    if name in table.labels:
        return None, "labels of rows, without a name"
    if _counts_rows(found.values):
        return None, "it counts the rows"
    _check_finite(table, name, found.values)
    return found, None


def _why_not(table, name, bad):
    text = known_cells(table.frame[name])
    if len(text) - len(bad) >= NUMBER_SHARE * len(text):
        return f"{table.line(bad[0])} has {table.cell(bad[0], name)}, which is not a number"
    return "further dates" if looks_like_stamps(table.frame[name], name) else "no numbers"


def _is_nameless(name):
    return re.fullmatch(r"column \d+|Unnamed: \d+|index", name) is not None


def _counts_rows(values):
    return len(values) > 1 and bool((np.diff(values) == 1).all())


def _floats(table, name):
    column = table.frame[name]
    if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
        return Floats(column.to_numpy(dtype=float, na_value=np.nan))
    if pd.api.types.is_timedelta64_dtype(column.dtype):
        return Floats(np.full(len(column), np.nan), np.arange(len(column)))
    return _floats_of_text(table, name, column)


def _floats_of_text(table, name, column):
    values = np.full(len(column), np.nan)
    text = known_cells(column)
    sample = text.iloc[:: max(1, len(text) // 1000)]
    if text.str.lower().isin(TRUTHS.keys()).all():
        values[text.index] = text.str.lower().map(TRUTHS).to_numpy(float)
        return Floats(values)
    text, sign = without_sign(text)
    if sign is None and number_share(sample) < NUMBER_SHARE / 2:
        return Floats(values, text.index.to_numpy())
    fits = _is_infinite(text) | table.style.matches(text)
    values[text.index[fits]] = _read(table.style, text[fits])
    bad = text.index[~fits].to_numpy()
    if not sign or len(bad):
        return Floats(values, bad)
    return Floats(values, bad, (f"The sign {sign} of column {shown(name)} is left out.",))


def _is_infinite(text):
    return text.str.fullmatch(r"[+-]?(?i:inf|infinity)").astype(bool)


def _read(style, text):
    infinite = _is_infinite(text)
    if not infinite.any():
        return style.read(text)
    return np.where(infinite, np.inf, style.read(text.mask(infinite, "0")))


def _check_finite(table, name, values):
    """Squares of all values are floats."""
    with np.errstate(invalid="ignore"):
        bad = np.flatnonzero(np.abs(values) > LARGEST)
    if not len(bad):
        return
    what = "is infinite" if np.isinf(values[bad[0]]) else "is too large to be squared"
    raise DataProblem(f"{table.at(bad[0], name)}: {table.cell(bad[0], name)} {what}: {REMEDY}")
