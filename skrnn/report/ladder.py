"""The ladder's table: the finished models, best first."""

import itertools

from skrnn.comparison import Comparison
from skrnn.report.chart import Table, colours_of, dash_of
from skrnn.wording import decimals_for, decimals_of_errors, number, percent, seconds


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
        "chance": f"± {percent(line['chance'], 1)}" if line["chance"] > 0 else "",
        **_of_widest(comparison, line),
        "fit": seconds(line["fit_time"]),
        "predict": seconds(line["predict_time"]),
    }


def _of_widest(comparison, line):
    """What the intervals of the largest coverage held, and their width."""
    coverages = comparison.plan.coverages
    if not coverages:
        return {}
    held, width = _held_and_width(comparison.table, line, max(coverages))
    return {"held": held, "width": width}


def _held_and_width(table, line, coverage):
    decimals = decimals_for(table[f"width_{coverage:g}"])
    return [
        percent(line[f"coverage_{coverage:g}"], 1),
        number(line[f"width_{coverage:g}"], decimals),
    ]


def interval_table(comparison: Comparison) -> Table | None:
    """What the intervals of each coverage held, and their width; None of a single one."""
    coverages = comparison.plan.coverages
    if len(coverages) < 2 or not comparison.results:
        return None
    lines = comparison.table
    rows = [
        [name, *itertools.chain(*[_held_and_width(lines, line, share) for share in coverages])]
        for name, line in lines.iterrows()
    ]
    heads = [[f"{100 * coverage:g} % held", "width"] for coverage in coverages]
    return Table(["intervals", *itertools.chain(*heads)], rows)
