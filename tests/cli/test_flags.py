"""Arguments in the words of the command line."""

import pytest

from skrnn.cli.flags import as_flags


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("use folds=3 or less", "use --folds 3 or less"),
        ("a smaller horizon= or window=, or", "a smaller --horizon or --window, or"),
        ("pass series='shop'", "pass --series shop"),
        ("pass series='the shop'", "pass --series 'the shop'"),
        ('pass time="day\'s end"', "pass --time 'day'\"'\"'s end'"),
        ("name='seasonal' needs a season", "--model seasonal needs a season"),
        ("or add force=True to overwrite it", "or add --force to overwrite it"),
        ("take it out of known_ahead=", "take it out of --known-ahead"),
    ],
)
def test_arguments_become_flags(message, expected):
    """With their values, quoted as a shell needs it."""
    assert as_flags(message) == expected


@pytest.mark.parametrize("message", ["length=3 and lag=1", "column 'out=1'", "the horizon is 3"])
def test_all_else_stays(message):
    """What is no argument of a command, or is a name of the data, is left alone."""
    assert as_flags(message) == message
