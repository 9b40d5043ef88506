"""The table of the models, and their colours."""

from skrnn.report.ladder import ladder_rows
from skrnn.wording import percent


def test_ladder_is_best_first_and_marked(comparison):
    """The least error comes first, and the naive and the recommended model are marked."""
    rows = ladder_rows(comparison)

    errors = [float(row["mae"]) for row in rows]
    assert errors == sorted(errors)
    assert [row["name"] for row in rows if row["recommended"]] == [comparison.verdict.recommended]
    assert [row["name"] for row in rows if row["naive"]] == ["naive"]


def test_the_naive_model_owes_nothing_to_chance(comparison):
    """The naive forecast's skill is nothing in every fold."""
    (naive,) = [row for row in ladder_rows(comparison) if row["naive"]]

    assert (naive["skill"], naive["chance"]) == (percent(0, 1), "")
