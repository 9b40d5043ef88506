"""Versions of what the numbers depend on."""

import importlib.metadata
import platform

PACKAGES = ("skrnn", "scikit-learn", "numpy", "pandas", "numba", "sktime", "statsmodels")


def versions() -> dict:
    """Versions of Python and of the packages that the numbers depend on."""
    return {
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in PACKAGES},
    }
