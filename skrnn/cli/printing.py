"""What the ``skrnn`` command prints: notes, a table, an answer; or JSON."""

import json
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from skrnn.comparison import Comparison
from skrnn.reading import Reading
from skrnn.wording import (
    RUNGS,
    decimals_for,
    decimals_of_errors,
    number,
    percent,
    printable,
    seconds,
)

# What the measures are called over a column.
LABELS = {"mae": "MAE", "rmse": "RMSE", "mase": "MASE", "smape": "sMAPE %"}
# Wide enough for the table where there is no terminal that says how wide it is.
PLAIN_WIDTH = 120
# What a terminal that is too narrow for the table does without, the first one first.
SPARED = ("predict", "fit", "sMAPE %", "RMSE", "width", "MASE", "held", "MAE", "chance")


class _Console(Console):
    """A console whose reader may leave: ``main`` knows what to do then."""

    def on_broken_pipe(self) -> None:
        """Pass the error on; rich would end the process with exit code 1."""
        raise BrokenPipeError


def console(*, stderr: bool = False) -> Console:
    """Where to print; colours only where a terminal has them, and NO_COLOR does not forbid them."""
    made = _Console(stderr=stderr, highlight=False, emoji=False, markup=False)
    if not made.is_terminal:  # lines are for programs: none is broken
        made.soft_wrap = True
        made.width = PLAIN_WIDTH
    return made


def notes_of(reading: Reading) -> list[str]:
    """What was taken of the data, and why."""
    step = [f"Rows are {reading.step} apart."] if reading.step else []
    return [*reading.notes, *step, reading.season_why]


def print_notes(out: Console, notes: Sequence[str]) -> None:
    """Sentences, one a line."""
    for note in notes:
        out.print(Text(printable(f"- {note}")))


def print_comparison(
    out: Console, comparison: Comparison, folder: Path, files: Sequence[str]
) -> None:
    """The table, what is missing of it, the answer, and where the files are."""
    plan = comparison.plan
    rows = f"{plan.horizon} rows ahead" if plan.horizon > 1 else "the next row"
    out.print(Text(printable(f"\n{comparison.reading.target}, {rows}, best first:")))
    out.print(fitting_table(out, comparison))
    for name, why in comparison.unfinished.items():
        out.print(Text(printable(f"{name}: not compared, {why}")))
    out.print(Text(printable(f"\n{comparison.verdict.sentence}"), style="bold"))
    if comparison.promise:
        out.print(Text(printable(comparison.promise)))
    out.print(Text(printable(f"\n{folder}: {', '.join(files)}")))


def fitting_table(out: Console, comparison: Comparison) -> Table:
    """The table without the columns that the terminal has no room for.

    ``scores.csv`` has them all.
    """
    cells = _cells(comparison)
    spared = [label for name in SPARED for label in cells if label.endswith(name)]
    for n_spared in range(len(spared) + 1):
        table = _table(cells.drop(columns=spared[:n_spared]), comparison.verdict.recommended)
        if Measurement.get(out, out.options.update(max_width=10_000), table).maximum <= out.width:
            break
    return table


def _cells(comparison):
    """The table's texts: a line for each model."""
    lines = comparison.table
    decimals = decimals_of_errors(lines)
    texts = {
        label: [number(value, decimals[name]) for value in lines[name]]
        for name, label in LABELS.items()
    }
    texts["skill"] = [percent(share, 1) for share in lines["skill"]]
    texts["chance"] = [_chance(share) for share in lines["chance"]]
    texts |= _texts_of_intervals(lines)
    texts["fit"] = [seconds(value) for value in lines["fit_time"]]
    texts["predict"] = [seconds(value) for value in lines["predict_time"]]
    return pd.DataFrame(texts, index=lines.index)


def _texts_of_intervals(lines):
    """What the intervals of the largest coverage held, and their width: there is room for one."""
    shares = [name.removeprefix("width_") for name in lines if name.startswith("width_")]
    if not shares:
        return {}
    share = max(shares, key=float)
    widths = lines[f"width_{share}"]
    decimals = decimals_for(widths)
    return {
        f"{100 * float(share):g} % held": [percent(held, 1) for held in lines[f"coverage_{share}"]],
        "width": [number(width, decimals) for width in widths],
    }


def _table(cells, recommended):
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    table.add_column("model", no_wrap=True)
    for label in cells:
        table.add_column(label, justify="right", no_wrap=True)
    for name, texts in cells.iterrows():
        styles = {"naive": "dim", recommended: "bold green"}
        table.add_row(_marked(name, recommended), *texts, style=styles.get(name))
    return table


def _marked(name, recommended):
    star = "*" if name == recommended else " "
    floor = " (floor)" if name == "naive" else ""
    return f"{star} {name}{floor}"


def _chance(share):
    return "–" if math.isnan(share) else f"± {percent(share, 1)}"


def print_facts(out: Console, facts: dict) -> None:
    """Names and what is to be said of them."""
    width = max(map(len, facts))
    for name, said in facts.items():
        out.print(Text(printable(f"{name:{width}}  {said}")))


def as_json(comparison: Comparison, folder: Path, files: Sequence[str]) -> str:
    """The comparison for programs."""
    table = comparison.table.reset_index().astype(object)
    found = {
        "recommended": comparison.verdict.recommended,
        "best": comparison.verdict.best,
        "clear": comparison.verdict.clear,
        "sentence": comparison.verdict.sentence,
        "promise": comparison.promise,
        "coverages": comparison.plan.coverages,
        "measure": comparison.measure,
        "target": comparison.reading.target,
        "horizon": comparison.plan.horizon,
        "season": comparison.plan.season,
        "window": comparison.plan.window,
        "recipes": {
            name: recipe.words(name) for name, recipe in comparison.plan.ladder.recipes.items()
        },
        "race": [plain(line) for line in comparison.plan.race.table.to_dict("records")],
        "members": comparison.plan.ladder.members,
        "table": [plain(line) for line in table.to_dict("records")],
        "unfinished": comparison.unfinished,
        "notes": [*notes_of(comparison.reading), *comparison.plan.notes],
        "seconds": round(comparison.seconds, 3),
        "command": comparison.command,
        "versions": comparison.versions,
        "files": [str(folder / name) for name in files],
    }
    return json_text(found)


def json_text(found: object) -> str:
    """JSON, in which escapes stand for the characters that steer a terminal."""
    text = json.dumps(found, ensure_ascii=False, indent=2, allow_nan=False, default=str)
    return "".join(
        letter if letter.isprintable() or letter == "\n" else json.dumps(letter)[1:-1]
        for letter in text
    )


def plain(line: dict) -> dict:
    """A line of a table for JSON, which has no number for what is unknown."""
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in line.items()
    }


class Bar:
    """A live progress bar on stderr with the time left; nothing where stderr is no terminal."""

    def __enter__(self):
        out = console(stderr=True)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[left]}"),
        )
        # What is printed on stdout belongs there, whoever reads it.
        self._progress = Progress(
            *columns,
            console=out,
            transient=True,
            disable=not out.is_terminal,
            redirect_stdout=False,
        )
        self._task = self._progress.add_task("reading", total=None, left="")
        self._progress.start()
        return self

    def __exit__(self, *error):
        self._stop()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Makes room for lines on stdout, which may be the same terminal."""
        self._stop()
        yield
        self._progress.update(self._task, description="planning")
        self._progress.start()

    def _stop(self):
        # Before 14.3, rich ends a line also where there is no bar.
        if not self._progress.disable:
            self._progress.stop()

    def __call__(self, name, done, total, left):
        """What runs now, how much is done, and the seconds left; no name.

        All are done, and one is fitted at last.
        """
        said = "" if left is None or name is None else f"{seconds(left)} left"
        doing = RUNGS.get(name, "the last fit, and the report")
        if total is None:
            doing = f"how to set the {doing}"
        self._progress.update(self._task, description=doing, completed=done, total=total, left=said)
