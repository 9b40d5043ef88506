"""The data's own portrait: how they were taken, their columns, unknown values and gaps."""

import numpy as np

from skrnn.comparison import Comparison
from skrnn.report.chart import Table
from skrnn.report.shown import is_panel
from skrnn.wording import UNKNOWN, count, moments, number, percent

GAPS_IN_TABLE = 30
COLUMNS_IN_TABLE = 60


def reading_facts(comparison: Comparison) -> list:
    """(name, text) of how the data were taken."""
    reading = comparison.reading
    facts = [("Target", reading.target)]
    if reading.time is not None:
        every = f", a row every {reading.step}" if reading.step else ""
        facts.append(("Time", f"{reading.time}{every}"))
    if reading.season_why:
        facts.append(("Season", reading.season_why))
    return facts


def column_table(comparison: Comparison) -> Table:
    """What is known of each column."""
    reading = comparison.reading
    columns = next(iter(reading.frames.values())).columns
    rows = [_column_row(reading, column) for column in columns[:COLUMNS_IN_TABLE]]
    left_out = len(columns) - len(rows)
    note = f"{count(left_out, 'more column')} not listed." if left_out else ""
    return Table(
        ["column", "used as", "unknown", "least", "mean", "greatest"], rows, note, n_text=2
    )


def _column_row(reading, column):
    values = np.concatenate(
        [frame[column].to_numpy(np.float64) for frame in reading.frames.values()]
    )
    unknown = percent(np.isnan(values).mean(), 1)
    values = values[np.isfinite(values)]
    summary = [UNKNOWN] * 3
    if len(values):
        summary = [number(summarise(values)) for summarise in (np.min, np.mean, np.max)]
    return [str(column), _role(reading, column), unknown, *summary]


def _role(reading, column):
    if column == reading.target:
        return "target"
    return "known ahead" if column in reading.known_ahead else "known up to the forecast"


def gap_table(comparison: Comparison) -> Table | None:
    """Where the target is unknown; None where it is not."""
    gaps = comparison.reading.gaps
    if gaps.empty:
        return None
    ordered = gaps.sort_values("n_rows", ascending=False, kind="stable")
    longest = ordered.head(GAPS_IN_TABLE).sort_index()
    ends = zip(
        longest["series"],
        moments(longest["first"]),
        moments(longest["last"]),
        longest["n_rows"],
        strict=True,
    )
    rows = [[str(series), first, last, f"{n_rows:,}"] for series, first, last, n_rows in ends]
    head = ["series", "first row", "last row", "rows"]
    note = ""
    if len(gaps) > len(rows):
        note = f"The longest are listed; there are {len(gaps) - len(rows):,} more."
    if is_panel(comparison):
        return Table(head, rows, note)
    return Table(head[1:], [row[1:] for row in rows], note)


def gap_sentence(comparison: Comparison) -> str:
    """In how many rows the target is unknown."""
    gaps = comparison.reading.gaps
    if gaps.empty:
        return "The target is known in every row."
    rows = count(int(gaps["n_rows"].sum()), "row")
    if is_panel(comparison):
        rows += f" of {count(gaps['series'].nunique(), 'series', 'series')}"
    return (
        f"The target is unknown in {rows}, in {count(len(gaps), 'gap')}; forecasts of them do not "
        "count."
    )
