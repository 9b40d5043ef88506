"""What a comparison may cost."""

from dataclasses import replace

from skrnn.comparison.effort import EFFORTS, effort_of


def test_a_budget_chooses_the_effort_that_fits():
    """A minute is little, an hour is enough for the best; between two lies what is between."""
    assert effort_of(None, 0.5) == replace(EFFORTS["quick"], seconds=24.0)
    assert effort_of(None, 5.0) == EFFORTS["default"]
    assert effort_of(None, 60.0) == replace(EFFORTS["best"], seconds=2880.0)
    assert effort_of("best", 1.0) == replace(EFFORTS["best"], seconds=48.0)
    tried = [effort_of(None, minutes) for minutes in (0.5, 1.0, 2.0, 5.0, 8.0, 15.0, 25.0)]
    for name in ("seconds", "contenders", "updates", "members"):
        values = [getattr(one, name) for one in tried]
        assert values == sorted(values)
    updates = [one.updates for one in tried]
    assert len(set(updates)) == len(updates)
    stages = [len(one.stages) for one in tried]
    assert stages == [2, 2, 2, 5, 5, 5, 5]
