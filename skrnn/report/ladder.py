"""The ladder's table: the finished models, best first."""

from skrnn.comparison import Comparison
from skrnn.report.chart import colours_of, dash_of
from skrnn.wording import decimals_of_errors, number, percent, seconds


def ladder_rows(comparison: Comparison) -> list:
    """A dict of text for each finished model, best first."""
    table = comparison.table
    colours = colours_of(comparison)
    decimals = decimals_of_errors(table)
    return [
        _row(comparison, name, line, decimals, colours[name]) for name, line in table.iterrows()
    ]


def _row(comparison, name, line, decimals, colour):
    return {
        "name": name,
        "colour": colour,
        "dash": dash_of(name),
        "recommended": name == comparison.verdict.recommended,
        "naive": name == "naive",
        "best": name == comparison.verdict.best,
        **{measure: number(line[measure], digits) for measure, digits in decimals.items()},
        "skill": percent(line["skill"], 1),
        "spread": f"± {percent(line['spread'], 1)}" if line["spread"] > 0 else "",
        "fit": seconds(line["fit_time"]),
        "predict": seconds(line["predict_time"]),
    }
