"""DataProblem: what is wrong with a file, where, and what to do about it; and the words for it."""

import difflib
from collections.abc import Iterable

import pandas as pd

from skrnn.wording import count, listing


class DataProblem(ValueError):
    """What is wrong with a file: a line that names the file, the line or column, and the remedy."""

    def __init__(self, message: str):
        super().__init__(" ".join(str(message).split()))


def shown(value: object, width: int = 40) -> str:
    """A cell as it can stand in a sentence."""
    text = repr(str(value))
    return text if len(text) <= width else f"{text[: width - 2]}…{text[0]}"


def listed(values: Iterable, limit: int = 12) -> str:
    """Names in a row: 'a', 'b' and 3 more."""
    names = [shown(value) for value in values]
    if len(names) > limit + 1:
        names = [*names[:limit], f"{len(names) - limit} more"]
    return listing(names) if names else "none"


def counted(n: int, noun: str, plural: str | None = None) -> str:
    """A number and its noun: 1 row, 2,000 rows."""
    return count(n, noun, plural or "")


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The name that was probably meant."""
    lower = {str(known).lower(): known for known in names}
    found = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
    return lower[found[0]] if found else None


def when(label: object) -> str:
    """A label of an index as it can stand in a sentence: midnight goes without saying."""
    zone = ""
    if isinstance(label, pd.Timestamp) and label.tz is not None:
        local = label.tz_localize(None)
        zone = str(label).removeprefix(str(local))
        label = local
    return str(label).removesuffix(" 00:00:00").removesuffix(":00") + zone
