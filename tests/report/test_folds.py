"""The folds, and the skill in each."""

import numpy as np

from skrnn.report.folds import fold_chart, fold_table
from tests.report.conftest import traces_of


def test_skill_of_each_fold_is_that_of_the_backtest(comparison):
    """A point for each fold, a row for each model but the naive one."""
    chart = fold_chart(comparison)

    (trace,) = traces_of(chart, model="linear")
    assert np.allclose(trace.x, comparison.results["linear"].by_fold["skill"])
    assert not traces_of(chart, model="naive")


def test_fold_table_says_what_was_trained_and_tested(comparison):
    """Windows of each fold are counted, and the first and last origin named."""
    table = fold_table(comparison)

    origins = comparison.results["naive"].predictions.query("fold == 0")["origin"]
    assert table.rows[0] == [
        "1",
        "50",
        "50",
        f"{origins.min():%Y-%m-%d %H:%M}",
        f"{origins.max():%Y-%m-%d %H:%M}",
    ]
    assert len(table.rows) == 3
