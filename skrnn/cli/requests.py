"""Requests: what is asked of a command, in a record for each matter."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path

from skrnn.reading import Reading, read_series
from skrnn.reading.contents import STDIN, without_ending


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file, and how its rows and columns are read; see ``skrnn.reading.read_series``."""

    data: str | Path
    target: str
    time_column: str | None = None
    series: str | None = None
    known_ahead: tuple = ()
    columns: tuple | None = None
    ignore: tuple = ()
    kinds: dict | None = None
    season: int | str = "auto"

    def read(self) -> Reading:
        """The series of the file."""
        return read_series(
            self.data,
            self.target,
            time=self.time_column,
            series=self.series,
            season=self.season,
            known_ahead=self.known_ahead,
            columns=self.columns,
            ignore=self.ignore,
            kinds=self.kinds,
        )


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Who is told what is going on.

    Attributes
    ----------
    tell : callable, default=None
        Called with the ``Reading`` as soon as the data are read.
    progress : callable, default=None
        Called after each fit; see ``skrnn.comparison.compare``.
    started : float
        The ``time.monotonic()`` from which a budget counts. By default: now.
    """

    tell: Callable | None = None
    progress: Callable | None = None
    started: float = field(default_factory=time.monotonic)

    def told(self, reading: Reading) -> Reading:
        """The reading, of which who wants to know has been told."""
        if self.tell is not None:
            self.tell(reading)
        return reading


def stem_of(data: str | Path) -> str:
    """What results of a file are named after."""
    return "stdin" if Path(data) == STDIN else without_ending(Path(data).name)


def sorted_into(kinds: tuple, options: dict) -> list:
    """A record of each kind, with those of the options that it is the first to have fields for."""
    known = [{option.name for option in fields(kind)} for kind in kinds]
    everything = set().union(*known)
    for name in options:
        if name not in everything:
            raise TypeError(
                f"there is no option {name!r}: choose among {', '.join(sorted(everything))}"
            )
    made = []
    left = dict(options)
    for kind, names in zip(kinds, known, strict=True):
        own = {name: left.pop(name) for name in list(left) if name in names}
        made.append(kind(**own))
    return made
