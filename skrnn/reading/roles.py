"""Roles: what each column is named for, checked before anything is read from it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from skrnn.reading.layout import TRIED
from skrnn.reading.problem import DataProblem, listed, nearest, shown
from skrnn.reading.tables import Table, TextTable


@dataclass(frozen=True)
class Roles:
    """The columns that were named.

    Attributes
    ----------
    target, time, series : str or None
        The columns to forecast, with the time, and with the series.
    known_ahead : tuple of str
        Those whose future is known.
    columns : tuple of str or None
        The only others that are used; None: all.
    ignore : tuple of str
        Those that are not used.
    """

    target: str
    time: str | None
    series: str | None
    known_ahead: tuple[str, ...]
    columns: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns beside the target that were asked for."""
        named = dict.fromkeys((*self.known_ahead, *(self.columns or ())))
        return tuple(name for name in named if name != self.target)


def check_names(table: Table, roles: Roles) -> None:
    """Every named column is there, once, and has one role."""
    named = {"target": roles.target, "time": roles.time, "series": roles.series}
    for name in (*named.values(), *roles.known_ahead, *(roles.columns or ()), *roles.ignore):
        if name is not None:
            _check_name(table, name)
    for role, other in (("target", "time"), ("target", "series"), ("time", "series")):
        if named[role] is not None and named[role] == named[other]:
            raise DataProblem(
                f"{table.file}, column {shown(named[role])}: is named as {role} and as {other}: "
                "name two columns"
            )
    for role, name in named.items():
        if name in roles.known_ahead:
            raise DataProblem(
                f"{table.file}, column {shown(name)}: is named as {role} and as known ahead: take "
                "it out of known ahead"
            )
        if role != "target" and name is not None and name in (roles.columns or ()):
            raise DataProblem(
                f"{table.file}, column {shown(name)}: is named as {role} and among columns=: take "
                "it out of these"
            )
        if name is not None and name in roles.ignore:
            raise DataProblem(
                f"{table.file}, column {shown(name)}: is named as {role} and to be ignored: take "
                "it out of ignore="
            )
    for name in roles.needed:
        if name in roles.ignore:
            raise DataProblem(
                f"{table.file}, column {shown(name)}: is to be used and to be ignored: take it out "
                "of ignore="
            )


def _check_name(table, name):
    if name in table.repeated:
        raise DataProblem(f"{table.file}: has two columns named {shown(name)}: rename one of them")
    if name in table.names:
        return
    if isinstance(table, TextTable) and len(table.names) == 1:
        raise DataProblem(
            f"{table.file}: has no column {shown(name)}: its one column is {listed(table.names)}, "
            f"as none of {TRIED} splits its lines alike: separate the columns by commas"
        )
    near = nearest(name, table.names)
    hint = f"did you mean {shown(near)}? The columns are" if near else "the columns are"
    raise DataProblem(
        f"{table.file}: has no column {shown(name)}: {hint} {listed(table.names)}{_headless(table)}"
    )


def _headless(table):
    values = [
        name.replace(".", "").replace("-", "").replace(":", "").isdigit() for name in table.names
    ]
    return "; line 1 seems to hold values: put the columns' names above them" if all(values) else ""


def series_keys(table: Table, series: str | None) -> tuple[np.ndarray, list[str]]:
    """The number of each row's series, and the names of the series."""
    if series is None:
        return np.zeros(len(table.frame), np.int64), [table.contents.stem]
    text = table.text(series)
    codes, keys = pd.factorize(text.to_numpy(dtype=object))
    empty = np.flatnonzero(text.to_numpy(dtype=object) == "")
    filled = table.frame.iloc[empty].drop(columns=series).notna().any(axis=1).to_numpy()
    if filled.any():
        row = int(empty[filled][0])
        raise DataProblem(
            f"{table.at(row, series)}: is empty: write the name of the series in every row"
        )
    return codes, [str(key) for key in keys]
