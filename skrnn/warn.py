"""Warn: a warning points to the user's line, however deep inside a fit it is made."""

import sys
import warnings

# What a user's line calls, and what lies between that and us.
_INSIDE = ("skrnn.", "sklearn.", "sktime.", "joblib.", "contextlib")


def warn(words: str, category: type[Warning] = UserWarning) -> None:
    """Warn where skrnn was called."""
    level = 1
    frame = sys._getframe()
    while frame is not None and frame.f_globals.get("__name__", "").startswith(_INSIDE):
        level += 1
        frame = frame.f_back
    warnings.warn(words, category, stacklevel=level)
