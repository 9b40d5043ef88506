"""What was forecast, from what, and in which folds, in words."""

import numpy as np

from skrnn.report.chart import Table
from skrnn.report.wording import count, listing, moment


def plan_facts(comparison) -> list:
    """(name, text) of what was forecast, and from what."""
    plan, reading = comparison.plan, comparison.reading
    facts = [
        ("Forecast", f"the next {count(plan.horizon, 'row')} of {reading.target}{_as_time(plan.horizon, reading.step)}"),
        ("Windows", f"each forecast looks at {count(plan.window, 'row')}{_as_time(plan.window, reading.step)}"),
    ]
    if len(plan.known_ahead):
        facts.append(("Known ahead", listing(plan.known_ahead)))
    learnt = "changes from a season before" if plan.season > 1 else "changes from the newest row"
    facts.append(("Learnt", f"linear model and networks learn {learnt if plan.changes else 'values as they are'}"))
    return facts


def _as_time(n_rows, step):
    """So many rows as a time, where a step is a number of units."""
    amount, _, unit = (step or "").partition(" ")
    if not (amount.isdigit() and unit):
        return f" of {step} each" if step else ""
    total = n_rows * int(amount)
    return f" ({total:,} {unit.removesuffix('s')}{'s' if total != 1 else ''})"


def fold_table(comparison) -> Table | None:
    """The windows that each fold trains on and tests, and when its test begins and ends; None where none was."""
    if not comparison.results:
        return None
    table = next(iter(comparison.results.values())).predictions
    rows = []
    for fold, (train, test) in enumerate(comparison.plan.folds):
        origins = table.loc[(table["fold"] == fold).to_numpy(), "origin"]
        dates = [moment(origins.min()), moment(origins.max())] if len(origins) else ["", ""]
        rows.append([str(fold + 1), f"{_size(train):,}", f"{_size(test):,}", *dates])
    head = ["fold", "windows trained on", "windows tested", "first forecast made at", "last forecast made at"]
    return Table(head, rows)


def _size(windows):
    windows = np.asarray(windows)
    return int(windows.sum()) if windows.dtype == bool else len(windows)
