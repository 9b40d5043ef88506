"""What the ``skrnn`` command prints: notes, a table, an answer; or JSON."""

import json
import math

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from skrnn.comparison.ladder import RUNGS
from skrnn.comparison.wording import decimals_for, number, percent, seconds

ERRORS = ("mae", "rmse", "mase", "smape")
# Wide enough for the table where there is no terminal that says how wide it is.
PLAIN_WIDTH = 100


class _Console(Console):
    """A console whose reader may leave: ``main`` knows what to do then."""

    def on_broken_pipe(self):
        """Pass the error on; rich would end the process with exit code 1."""
        raise BrokenPipeError


def console(*, stderr=False) -> Console:
    """Where to print; colours only where a terminal has them, and NO_COLOR does not forbid them."""
    made = _Console(stderr=stderr, highlight=False, emoji=False, markup=False, soft_wrap=True)
    if not made.is_terminal:
        made.width = PLAIN_WIDTH
    return made


def print_notes(out, notes):
    """Sentences, one a line."""
    for note in notes:
        out.print(Text(f"- {note}"))


def print_comparison(out, comparison, folder, files):
    """The table, what is missing of it, the answer, and where the files are."""
    plan = comparison.plan
    rows = f"{plan.horizon} rows ahead" if plan.horizon > 1 else "the next row"
    out.print(Text(f"\n{comparison.reading.target}, {rows}, best first:"))
    out.print(_table(comparison))
    for name, why in comparison.unfinished.items():
        out.print(Text(f"{name}: not compared, {why}"))
    out.print(Text(f"\n{comparison.verdict.sentence}", style="bold"))
    out.print(Text(f"\n{folder}: {', '.join(files)}"))


def _table(comparison):
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    table.add_column("model", no_wrap=True)
    for name in ("MAE", "RMSE", "MASE", "sMAPE %", "skill", "spread", "fit", "predict"):
        table.add_column(name, justify="right", no_wrap=True)
    lines = comparison.table
    decimals = {name: decimals_for(lines[name], 4 if name in ("mae", "rmse") else 3) for name in ERRORS}
    for name, line in lines.iterrows():
        style = "bold green" if name == comparison.verdict.recommended else "dim" if name == "naive" else None
        errors = [number(line[error], decimals[error]) for error in ERRORS]
        shares = [percent(line["skill"], 1), _spread(line["spread"])]
        table.add_row(
            _marked(name, comparison.verdict.recommended),
            *errors,
            *shares,
            seconds(line["fit_time"]),
            seconds(line["predict_time"]),
            style=style,
        )
    return table


def _marked(name, recommended):
    mark = {"naive": " (the floor)"}.get(name, "")
    return f"{'*' if name == recommended else ' '} {name}{mark}"


def _spread(share):
    return "–" if math.isnan(share) else f"± {percent(share, 1)}"


def print_facts(out, facts):
    """Names and what is to be said of them."""
    width = max(map(len, facts))
    for name, said in facts.items():
        out.print(Text(f"{name:{width}}  {said}"))


def as_json(comparison, folder, files) -> str:
    """The comparison for programs."""
    table = comparison.table.reset_index().astype(object)
    found = {
        "recommended": comparison.verdict.recommended,
        "best": comparison.verdict.best,
        "clear": comparison.verdict.clear,
        "sentence": comparison.verdict.sentence,
        "target": comparison.reading.target,
        "horizon": comparison.plan.horizon,
        "season": comparison.plan.season,
        "window": comparison.plan.window,
        "table": [_plain(line) for line in table.to_dict("records")],
        "unfinished": comparison.unfinished,
        "notes": [*comparison.reading.notes, *comparison.plan.notes],
        "seconds": round(comparison.seconds, 3),
        "command": comparison.command,
        "versions": comparison.versions,
        "files": [str(folder / name) for name in files],
    }
    return json.dumps(found, ensure_ascii=False, indent=2, allow_nan=False)


def _plain(line):
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value for key, value in line.items()
    }


class Bar:
    """A live progress bar on stderr with the time left; nothing where stderr is no terminal."""

    def __enter__(self):
        out = console(stderr=True)
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[left]}")
        self._progress = Progress(*columns, console=out, transient=True, disable=not out.is_terminal)
        self._task = self._progress.add_task("", total=None, left="")
        self._progress.start()
        return self

    def __exit__(self, *error):
        self._progress.stop()

    def __call__(self, name, done, total, left):
        """What runs now, how much is done, and the seconds left."""
        said = "" if left is None else f"{seconds(left)} left"
        self._progress.update(self._task, description=RUNGS.get(name, ""), completed=done, total=total, left=said)
