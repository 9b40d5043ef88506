"""Requests: what is asked of a command, in a record for each matter."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path

from skrnn.reading import Reading, read_series


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file, and how its rows are read; see ``skrnn.reading.read_series``."""

    data: str | Path
    target: str
    time_column: str | None = None
    series: str | None = None
    known_ahead: tuple = ()
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


def sorted_into(kinds: tuple, options: dict) -> list:
    """A record of each kind, with those of the options that it has fields for."""
    known = [{option.name for option in fields(kind)} for kind in kinds]
    everything = set().union(*known)
    for name in options:
        if name not in everything:
            raise TypeError(
                f"there is no option {name!r}: choose among {', '.join(sorted(everything))}"
            )
    return [
        kind(**{name: value for name, value in options.items() if name in names})
        for kind, names in zip(kinds, known, strict=True)
    ]
