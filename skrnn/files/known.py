"""Known: the classes and functions that a file may name."""

import importlib
import re
from types import FunctionType

# What reads, shows and says things has no fitted state.
_ROOMS = r"(?!skrnn\.(cli|report|plotting|datasets)\b)skrnn(\.[a-z0-9_]+)*"
_MODULES = re.compile(rf"({_ROOMS}|sklearn(\.[a-z0-9_]+)*)")
_MEASURES = re.compile(r"sklearn\.metrics(\.[a-z0-9_]+)*")
# Classes of compiled code are not made on the heap.
_HEAP = 1 << 9


# Before 1.8, scikit-learn's compiled losses say that they are of no package.
_LOSSES = {"_loss": "sklearn._loss._loss"}


def name_of(thing: type | FunctionType) -> str:
    """Where a class or function stands."""
    return f"{_module_of(thing)}.{thing.__qualname__}"


def _module_of(thing):
    return _LOSSES.get(thing.__module__, thing.__module__)


def is_known_class(found: object) -> bool:
    """Whether it is a class of skrnn or scikit-learn that fitted state may be made of."""
    if not isinstance(found, type) or not _MODULES.fullmatch(_module_of(found)):
        return False
    return not issubclass(found, BaseException)


def is_compiled(found: type) -> bool:
    """Whether it is a class of scikit-learn's compiled code, which is made by a call."""
    return _module_of(found).startswith("sklearn.") and not found.__flags__ & _HEAP


def is_known_function(found: object) -> bool:
    """Whether it is a measure of scikit-learn, which its scorers hold."""
    return isinstance(found, FunctionType) and bool(_MEASURES.fullmatch(found.__module__))


def found(name: str) -> object | None:
    """What has that name in skrnn or scikit-learn, if it is a class or function that is known."""
    module, _, attribute = name.rpartition(".")
    if not _MODULES.fullmatch(module):
        return None
    try:
        thing = getattr(importlib.import_module(module), attribute, None)
    except ImportError:
        return None
    if not (is_known_class(thing) or is_known_function(thing)):
        return None
    return thing if name_of(thing) == name else None
