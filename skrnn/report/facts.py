"""Facts: what was forecast, and from what, in words."""

from skrnn.comparison import Comparison
from skrnn.comparison.recipes import LEARNING, STATISTICAL
from skrnn.wording import count, listing


def plan_facts(comparison: Comparison) -> list:
    """(name, text) of what was forecast, and from what."""
    plan = comparison.plan
    reading = comparison.reading
    horizon, window = (
        f"{count(n, 'row')}{as_time(n, reading.step)}" for n in (plan.horizon, plan.window)
    )
    facts = [
        ("Forecast", f"the next {horizon} of {reading.target}"),
        ("Windows", f"a forecast looks at up to {window}"),
    ]
    if len(plan.known_ahead):
        facts.append(("Known ahead", listing(plan.known_ahead)))
    for name in plan.models:
        if name in LEARNING and name in plan.ladder.recipes:
            facts.append((name, f"learns {plan.ladder.recipes[name].words(name)}"))
    for name in ("smoothing", *STATISTICAL):
        if name in plan.models:
            facts.append((name, f"follows {plan.ladder.recipes[name].words(name)}"))
    if plan.ladder.members:
        facts.append(("ensemble", f"the median of {listing(plan.ladder.members)}"))
    return facts


def as_time(n_rows: int, step: str | None) -> str:
    """So many rows as a time in brackets, where a step is a number of units."""
    amount, _, unit = (step or "").partition(" ")
    if not (amount.isdigit() and unit):
        return f", {step} each" if step else ""
    total = n_rows * int(amount)
    return f" ({total:,} {unit.removesuffix('s')}{'s' if total != 1 else ''})"
