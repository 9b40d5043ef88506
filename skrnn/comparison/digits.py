"""Numbers as people read them."""

import math


def digits(value: float) -> str:
    """Four digits, without an exponent where that can be read."""
    if not math.isfinite(value):
        return "–"
    if value == 0 or not 1e-4 <= abs(value) < 1e12:
        return f"{value:.4g}"
    return f"{value:,.{max(0, 3 - math.floor(math.log10(abs(value))))}f}"


def percent(share: float) -> str:
    """A share as a percentage of two digits, or of all digits before the point."""
    if not math.isfinite(share):
        return "–"
    size = abs(100 * share)
    return f"{100 * share:.{0 if size >= 9.95 or size == 0 else 1}f} %"


def seconds(value: float) -> str:
    """A time in the unit that suits it."""
    if not math.isfinite(value):
        return "–"
    return f"{value * 1e3:.0f} ms" if value < 0.9995 else f"{value:.1f} s" if value < 60 else f"{value / 60:.1f} min"
