"""What was forecast, in words."""

import pytest

from skrnn.report.facts import as_time


@pytest.mark.parametrize(
    ("step", "text"),
    [
        ("1 hour", " (24 hours)"),
        ("10 minutes", " (240 minutes)"),
        (None, ""),
        ("month", ", month each"),
    ],
)
def test_rows_are_times_where_the_step_is_known(step, text):
    """So many rows are so much time, where the step is a number of units."""
    assert as_time(24, step) == text
