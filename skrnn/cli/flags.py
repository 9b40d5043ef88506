"""Flags: what the library says of its arguments, in the words of the command line."""

import re
import shlex

# The arguments whose flags are called otherwise; those that a command takes bare come as "".
CALLED_OTHERWISE = {"name": "--model", "known_ahead": "--known-ahead", "coverages": "--coverage"}
ARGUMENTS = (
    "budget",
    "columns",
    "coverages",
    "folds",
    "force",
    "horizon",
    "ignore",
    "jobs",
    "known_ahead",
    "models",
    "name",
    "out",
    "resume",
    "season",
    "seed",
    "series",
    "steps",
    "time",
    "window",
)
# An argument with its value, as in "folds=3" or "series='the shop'", or with none, as in "folds=".
NAMED = re.compile(rf"(?<![\w'])({'|'.join(ARGUMENTS)})=(?:(['\"])(.*?)\2|(\w+))?")


def as_flags(message: str) -> str:
    """A message in which arguments are spelled as flags: ``folds=3`` is ``--folds 3``.

    Examples
    --------
    >>> from skrnn.cli.flags import as_flags
    >>> as_flags("use folds=3 or less, or a smaller horizon=")
    'use --folds 3 or less, or a smaller --horizon'
    """
    return NAMED.sub(_flag, message)


def _flag(found):
    argument, _, text, word = found.groups()
    flag = CALLED_OTHERWISE.get(argument, f"--{argument}")
    value = word if text is None else text
    # A flag that is either there or not has no value.
    if value is None or value == "True":
        return flag
    return f"{flag} {shlex.quote(value)}"
