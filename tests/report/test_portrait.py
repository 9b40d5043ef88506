"""Columns, unknown values and gaps."""

import numpy as np
import pandas as pd

from skrnn.report.portrait import column_table, gap_sentence, gap_table
from skrnn.wording import percent
from tests.report.conftest import data_alone, rows_of


def test_column_table_has_unknown_values():
    """The share of unknown values is that of all series."""
    frames = {"a": rows_of(40), "b": rows_of(60)}
    frames["a"].iloc[:10, 1] = np.nan
    comparison = data_alone(frames)

    (target, wind) = column_table(comparison).rows

    assert (target[:3], wind[:3]) == (
        ["temperature", "target", percent(0, 1)],
        ["wind", "known up to the forecast", percent(0.1, 1)],
    )


def test_gaps_are_listed():
    """Rows that are missing are counted and listed, the longest gaps of many."""
    when = pd.date_range("2024-01-01", periods=40, freq="D")
    gaps = pd.DataFrame({"series": "a", "first": when, "last": when, "n_rows": range(1, 41)})
    comparison = data_alone({"a": rows_of(40)}, gaps=gaps)

    table = gap_table(comparison)

    assert (
        gap_sentence(comparison)
        == "The target is unknown in 820 rows, in 40 gaps; forecasts of them do not count."
    )
    assert (len(table.rows), table.rows[0]) == (30, ["2024-01-11", "2024-01-11", "11"])
    assert table.note == "The longest are listed; there are 10 more."


def test_without_gaps_a_sentence_says_so(comparison):
    """No empty table stands for no gaps."""
    assert gap_table(comparison) is None
    assert gap_sentence(comparison) == "The target is known in every row."
