"""Reading: an estimator from a tree of numbers and text, of known classes alone."""

import io
import json
from typing import Any

import numpy as np

from skrnn.files.archive import MAKE, TREE, damaged
from skrnn.files.known import found, is_compiled, is_known_class, is_known_function

_BOOSTING = "sklearn.ensemble._hist_gradient_boosting."


class Unknown(ValueError):
    """A class or function that a file may not name."""


def built(name: str, members: dict[str, bytes]) -> Any:
    """The estimator of a file's members."""
    try:
        return _Builder(members).built(json.loads(members[TREE]))
    except Unknown as error:
        raise ValueError(f"{name} holds {error}, which skrnn does not trust: {MAKE}") from None
    except MemoryError:
        raise
    except Exception as error:
        # What a class raises of a state that is none of its own is not known.
        raise damaged(name, error) from None


class _Builder:
    """What has been built, by its number."""

    def __init__(self, members):
        self._members = members
        self._built = {}

    def built(self, plain):
        """The value of a part of the tree."""
        if isinstance(plain, list):
            return [self.built(part) for part in plain]
        if not isinstance(plain, dict):
            return plain
        value = getattr(self, f"_{plain['kind'].replace(' ', '_')}")(plain)
        if "number" in plain:
            self._built[plain["number"]] = value
        return value

    def _items(self, plain):
        return [self.built(part) for part in plain["items"]]

    def _float(self, plain):
        return float(plain["text"])

    def _tuple(self, plain):
        return tuple(self._items(plain))

    def _set(self, plain):
        return set(self._items(plain))

    def _frozenset(self, plain):
        return frozenset(self._items(plain))

    def _dict(self, plain):
        return {self.built(key): self.built(part) for key, part in plain["items"]}

    def _slice(self, plain):
        return slice(*self._items(plain))

    def _scalar(self, plain):
        return self._array(plain)[()]

    def _scalar_type(self, plain):
        return np.dtype(plain["text"]).type

    def _dtype(self, plain):
        return np.dtype(plain["text"])

    def _ufunc(self, plain):
        ufunc = getattr(np, plain["text"])
        if not isinstance(ufunc, np.ufunc):
            raise Unknown(f"numpy.{plain['text']}")
        return ufunc

    def _name(self, plain):
        thing = found(plain["text"])
        if thing is None:
            raise Unknown(plain["text"])
        return thing

    def _same(self, plain):
        return self._built[plain["number"]]

    def _array(self, plain):
        return np.load(io.BytesIO(self._members[plain["array"]]), allow_pickle=False)

    def _objects(self, plain):
        array = np.empty(len(plain["items"]), object)
        for place, part in enumerate(plain["items"]):
            array[place] = self.built(part)
        return array.reshape(plain["shape"])

    def _masked(self, plain):
        data, mask = self._items(plain)
        return np.ma.MaskedArray(data, mask)

    def _random(self, plain):
        random = np.random.RandomState()
        random.set_state(self.built(plain["state"]))
        return random

    def _generator(self, plain):
        state = self.built(plain["state"])
        bits = getattr(np.random, state["bit_generator"])
        if not issubclass(bits, np.random.BitGenerator):
            raise Unknown(f"numpy.random.{state['bit_generator']}")
        bits = bits()
        bits.state = state
        return np.random.Generator(bits)

    def _object(self, plain):
        cls = self._class(plain["class"])
        if is_compiled(cls):
            raise Unknown(plain["class"])
        value = cls.__new__(cls)
        # Its own parts may refer to it.
        self._built[plain["number"]] = value
        if isinstance(value, dict):
            value.update(self._dict(plain))
        state = self.built(plain["state"])
        if hasattr(value, "__setstate__"):
            value.__setstate__(state)
        elif state is not None:
            vars(value).update(state)
        if plain["class"].startswith(_BOOSTING) and hasattr(value, "_predictors"):
            _check_boosted(value)
        return value

    def _compiled(self, plain):
        cls = self._class(plain["class"])
        if not is_compiled(cls):
            raise Unknown(plain["class"])
        value = cls(*self.built(plain["args"]))
        state = self.built(plain["state"])
        if state is not None:
            value.__setstate__(state)
        if plain["class"] == "sklearn.tree._tree.Tree":
            _check_tree(value)
        return value

    def _class(self, name):
        cls = found(name)
        if cls is None or not is_known_class(cls) or is_known_function(cls):
            raise Unknown(name)
        return cls


def _check_tree(tree):
    """Whether a tree's branches lead to later nodes, and ask for features that there are."""
    nodes = np.arange(tree.node_count)
    branches = tree.children_left != -1
    for children in (tree.children_left, tree.children_right):
        onward = (children > nodes) & (children < tree.node_count)
        if not onward[branches].all():
            raise ValueError("a tree whose branches lead nowhere")
    features = tree.feature[branches]
    if ((features < 0) | (features >= tree.n_features)).any():
        raise ValueError("a tree that asks for features that are none")


def _check_boosted(model):
    """The same of trees of boosting, whose nodes compiled code reads as they are."""
    categorical = np.zeros(model.n_features_in_, bool)
    if model.is_categorical_ is not None:
        categorical[:] = model.is_categorical_
    for tree in (tree for stage in model._predictors for tree in stage):
        nodes = tree.nodes
        if not len(nodes):
            raise ValueError("a tree without nodes")
        branches = np.flatnonzero(nodes["is_leaf"] == 0)
        for children in (nodes["left"][branches], nodes["right"][branches]):
            if ((children <= branches) | (children >= len(nodes))).any():
                raise ValueError("a tree whose branches lead nowhere")
        features = nodes["feature_idx"][branches]
        if ((features < 0) | (features >= model.n_features_in_)).any():
            raise ValueError("a tree that asks for features that are none")
        asks_kinds = nodes["is_categorical"][branches] != 0
        sets = nodes["bitset_idx"][branches][asks_kinds]
        if (sets >= len(tree.raw_left_cat_bitsets)).any() or not categorical[
            features[asks_kinds]
        ].all():
            raise ValueError("a tree that asks for kinds that are none")
