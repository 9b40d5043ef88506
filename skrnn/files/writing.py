"""Writing: an estimator as a tree of numbers and text, beside its arrays."""

import io
import json
import math
from typing import Any

import numpy as np

from skrnn.files.archive import TREE
from skrnn.files.known import is_compiled, is_known_class, is_known_function, name_of

_ONLY = "only numbers, text, arrays, and what skrnn and scikit-learn make of them can"


class Refused(ValueError):
    """Something that no file can hold, without where it stands."""


def written(estimator: Any) -> dict[str, bytes]:
    """The members of the estimator's file."""
    if not is_known_class(type(estimator)):
        shown = name_of(estimator) if isinstance(estimator, type) else repr(estimator)
        raise ValueError(
            f"estimator must be an estimator of skrnn or scikit-learn, got {shown[:80]}"
        )
    tree = _Tree()
    try:
        root = tree.plain(estimator)
    except Refused as error:
        where = _where(estimator)
        # Without a parameter it is something that a fit has left inside.
        what, verb = (where, "is") if where else (f"this {type(estimator).__name__}", "holds")
        raise ValueError(
            f"{what} cannot be written to a file, as it {verb} {error}: {_ONLY}"
        ) from None
    return {TREE: json.dumps(root).encode(), **tree.members}


def _where(estimator):
    """The parameter that cannot be written, in words; None where it is fitted state."""
    if not hasattr(estimator, "get_params"):
        return None
    # Parameters of parts come behind the parts, and say it more exactly.
    for name, value in reversed(estimator.get_params().items()):
        try:
            _Tree().plain(value)
        except Refused:
            return f"{name}={value!r} of {type(estimator).__name__}"
    return None


class _Tree:
    """What has been written: arrays by their member, and objects by their number."""

    def __init__(self):
        self.members = {}
        self._numbers = {}
        # What has a number is kept, so that no other takes its identity.
        self._kept = []

    def plain(self, value):
        """A value as JSON has it; what JSON does not have is a record with its kind."""
        if value is None or type(value) in (bool, int, str):
            return value
        if type(value) is float:
            return value if math.isfinite(value) else {"kind": "float", "text": repr(value)}
        if type(value) is list:
            return [self.plain(part) for part in value]
        if type(value) in (tuple, set, frozenset):
            return {"kind": type(value).__name__, "items": [self.plain(part) for part in value]}
        if type(value) is dict:
            return {"kind": "dict", "items": self._pairs(value)}
        if type(value) is slice:
            bounds = [value.start, value.stop, value.step]
            return {"kind": "slice", "items": [self.plain(part) for part in bounds]}
        if isinstance(value, np.generic):
            return {"kind": "scalar", "array": self._array(np.asarray(value))}
        if isinstance(value, np.dtype):
            return {"kind": "dtype", "text": value.str}
        if isinstance(value, np.ufunc) and getattr(np, value.__name__, None) is value:
            return {"kind": "ufunc", "text": value.__name__}
        if isinstance(value, type) and issubclass(value, np.generic):
            return {"kind": "scalar type", "text": np.dtype(value).str}
        if is_known_class(value) or is_known_function(value):
            return {"kind": "name", "text": name_of(value)}
        return self._numbered(value)

    def _pairs(self, mapping):
        return [[self.plain(key), self.plain(part)] for key, part in mapping.items()]

    def _numbered(self, value):
        """What may be referred to from several places, which stay one."""
        if id(value) in self._numbers:
            return {"kind": "same", "number": self._numbers[id(value)]}
        number = len(self._numbers)
        self._numbers[id(value)] = number
        self._kept.append(value)
        return {**self._record(value), "number": number}

    def _record(self, value):
        if type(value) is np.ndarray:
            if not value.dtype.hasobject:
                return {"kind": "array", "array": self._array(value)}
            items = [self.plain(part) for part in value.ravel().tolist()]
            return {"kind": "objects", "shape": list(value.shape), "items": items}
        if type(value) is np.ma.MaskedArray:
            parts = [np.ma.getdata(value), np.ma.getmaskarray(value)]
            return {"kind": "masked", "items": [self.plain(part) for part in parts]}
        if type(value) is np.random.RandomState:
            return {"kind": "random", "state": self.plain(value.get_state(legacy=False))}
        if type(value) is np.random.Generator:
            state = value.bit_generator.state
            return {"kind": "generator", "state": self.plain(state)}
        return self._object(value)

    def _object(self, value):
        cls = type(value)
        if not is_known_class(cls):
            raise Refused(
                f"a {name_of(cls)}" if not hasattr(value, "__qualname__") else repr(value)
            )
        name = name_of(cls)
        if not is_compiled(cls):
            items = self._pairs(value) if isinstance(value, dict) else []
            state = value.__getstate__()
            return {"kind": "object", "class": name, "state": self.plain(state), "items": items}
        reduced = value.__reduce__()
        if reduced[0] is not cls or any(part is not None for part in reduced[3:]):
            raise Refused(f"a {name}")
        state = reduced[2] if len(reduced) > 2 else None
        return {
            "kind": "compiled",
            "class": name,
            "args": self.plain(list(reduced[1])),
            "state": self.plain(state),
        }

    def _array(self, array):
        name = f"{len(self.members)}.npy"
        file = io.BytesIO()
        np.save(file, array, allow_pickle=False)
        self.members[name] = file.getvalue()
        return name
