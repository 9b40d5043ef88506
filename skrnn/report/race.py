"""The race: which recipes were tried for each rung, and what they got."""

from skrnn.comparison import Comparison
from skrnn.report.chart import Table
from skrnn.wording import decimals_for, number, percent

# So many recipes of a rung are listed; the others were worse.
MOST_LISTED = 8


def race_table(comparison: Comparison) -> Table | None:
    """Each rung's recipes, best first, those chosen marked; None where nothing was tried."""
    race = comparison.plan.race
    told = race.table
    if not len(told) or told.groupby("model")["recipe"].nunique().max() < 2:
        return None
    # The longest run of a recipe says most of it.
    told = told.sort_values("training", kind="stable").drop_duplicates(
        ["model", "recipe"], keep="last"
    )
    decimals = decimals_for(told["error"])
    rows = []
    n_left = 0
    for name in race.heats:
        lines = told[told["model"] == name].sort_values(
            ["training", "error"], ascending=[False, True], kind="stable"
        )
        kept = lines.head(MOST_LISTED)
        n_left += len(lines) - len(kept)
        rows += [
            [
                f"{name} *" if line.chosen else name,
                line.recipe,
                percent(line.training),
                number(line.error, decimals),
            ]
            for line in kept.itertuples()
        ]
    unit = "relative to the naive forecast's" if race.relative else "in the target's unit"
    note = (
        "Errors are mean absolute ones on the newest of the oldest fold's training rows, "
        f"{unit}; those that dropped out early were trained for less. * is what was chosen."
    )
    if n_left:
        note += f" {n_left:,} that did worse are not listed."
    return Table(["model", "recipe", "of a full training", "error"], rows, note=note, n_text=2)
