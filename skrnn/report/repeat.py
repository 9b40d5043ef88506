"""How to repeat a comparison: command, seed, versions, and the data's fingerprint."""

from datetime import datetime

from skrnn.comparison import Comparison
from skrnn.wording import seconds, size


def repeat_facts(comparison: Comparison, made: datetime) -> list:
    """(name, text) of what a run depends on."""
    reading = comparison.reading
    facts = [
        ("Seed", str(comparison.plan.seed)),
        (
            "Versions",
            ", ".join(f"{name} {version}" for name, version in comparison.versions.items()),
        ),
        ("File", f"{reading.path}, {size(reading.n_bytes)}" if reading.path else ""),
        ("SHA-256", reading.sha256),
        ("Took", seconds(comparison.seconds)),
        ("Made", f"{made:%Y-%m-%d %H:%M}"),
    ]
    return [(name, text) for name, text in facts if text]
