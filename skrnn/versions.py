"""Versions of what numbers and files depend on."""

import importlib.metadata
import platform

PACKAGES = ("skrnn", "scikit-learn", "numpy", "pandas", "numba", "sktime", "statsmodels")


def version_of(package: str) -> str:
    """The version of a package; "unknown" where it is not installed but lies on the path."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that the numbers depend on."""
    return {"python": platform.python_version(), **{name: version_of(name) for name in PACKAGES}}
