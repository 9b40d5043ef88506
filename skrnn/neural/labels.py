"""Labels: the classes that y names, as numbers and back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import assert_all_finite, column_or_1d


@dataclass(frozen=True)
class Labels:
    """The classes of a y, of which each sample has one; or labels, of which it has any number.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        The classes in order; of labels their numbers.
    several : bool
        Whether y is (n, n_labels), 0 or 1 for each label.
    """

    classes: np.ndarray
    several: bool = False

    @classmethod
    def of(cls, y: np.ndarray, classes: Sequence | None = None) -> "Labels":
        """The labels that a target knows, or those that are named."""
        if y.ndim == 2:
            return cls(np.arange(y.shape[1]), several=True)
        if classes is not None:
            return cls(np.unique(np.asarray(classes)))
        known = y[~pd.isna(y)]
        if not len(known):
            raise ValueError(f"y must have a known class, got none in all of {len(y)} samples")
        if known.dtype == object and any(np.ndim(value) for value in known):
            raise ValueError(
                f"y must have one class a sample, got {known[0]!r}: bring several labels as an "
                "array (n_samples, n_labels) of 0 and 1"
            )
        return cls(np.unique(known.tolist() if known.dtype == object else known))

    @property
    def n_targets(self) -> int:
        """How many numbers stand for the y of a sample."""
        return len(self.classes) if self.several else 1

    def encode(self, y: np.ndarray) -> np.ndarray:
        """Numbers of classes, or 0 and 1 for each label, (n, n_targets); NaN where unknown."""
        if y.ndim == 2 or self.several:
            if not self.several or y.shape[1:] != self.classes.shape:
                raise ValueError(
                    f"y must have the {self.n_targets} column(s) of the fit before, got shape "
                    f"{y.shape}"
                )
            return y.astype(np.float64)
        unknown = pd.isna(y)
        known = y[~unknown]
        numbers = np.full(len(y), np.nan)
        numbers[~unknown] = self.numbers_of(known)
        if (numbers < 0).any():
            new = sorted(set(known[numbers[~unknown] < 0].tolist()), key=str)
            raise ValueError(
                f"y has classes that are none of those told apart, {new[:5]}: these are "
                f"{self.classes.tolist()}, of the y of fit, or named in partial_fit(classes=…)"
            )
        return numbers[:, None]

    def numbers_of(self, y: np.ndarray) -> np.ndarray:
        """The number of each sample's class, -1 for one that is not told apart."""
        return pd.Index(self.classes).get_indexer(pd.Index(y))

    def decode(self, probabilities: np.ndarray) -> np.ndarray:
        """The likeliest class of each sample, or 1 for each label that is likelier than not."""
        if self.several:
            return (probabilities > 0.5).astype(np.int64)
        return self.classes[probabilities.argmax(axis=1)]

    def weights(self, class_weight: Any, numbers: np.ndarray) -> list[np.ndarray]:
        """For each target, the weight of each class, as told, or as "balanced" by its numbers."""
        wanted = [class_weight] * self.n_targets
        if self.several and isinstance(class_weight, list | tuple):
            wanted = list(class_weight)
        kinds = {type(weight) for weight in wanted}
        alike = kinds == {dict} or wanted == ["balanced"] * self.n_targets
        if not alike or len(wanted) != self.n_targets:
            each = f", or a list of a dict for each of {self.n_targets} labels"
            raise ValueError(
                f'class_weight must be a dict or "balanced"{each if self.several else ""}, got '
                f"{class_weight!r}"
            )
        classes = np.arange(2) if self.several else self.classes
        return [
            _weights_of(weight, classes, column.astype(int))
            for weight, column in zip(wanted, numbers.T, strict=True)
        ]


def _weights_of(class_weight, classes, numbers):
    """The weight of each class."""
    if class_weight == "balanced":
        counts = np.bincount(numbers, minlength=len(classes))
        n_there = (counts > 0).sum()
        return len(numbers) / (n_there * np.maximum(counts, 1))
    known = classes.tolist()
    unknown = [name for name in class_weight if name not in known]
    if unknown:
        raise ValueError(f"class_weight names {unknown}, but the classes are {known}")
    weights = np.array([class_weight.get(name, 1.0) for name in known], np.float64)
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise ValueError(f"class_weight must be finite and not negative, got {class_weight!r}")
    return weights


def check_labels(estimator, y: Any, n: int, *, warn: bool = False) -> np.ndarray:
    """The target y as labels (n,), or (n, n_labels) of 0 and 1; unknown ones are NaN or None."""
    name = type(estimator).__name__
    if y is None:
        raise ValueError(f"{name} requires y to be passed, but the target y is None")
    if issparse(y):
        y = y.toarray()
    y = np.asarray(y)
    several = y.ndim == 2 and y.shape[1] > 1
    y = y if several else column_or_1d(y, warn=warn)
    if len(y) != n:
        raise ValueError(
            f"X and y must have the same number of samples, got {n} in X and {len(y)} in y"
        )
    if y.dtype.kind == "f":
        assert_all_finite(np.nan_to_num(y, nan=0.0, posinf=np.inf, neginf=-np.inf), input_name="y")
    unknown = pd.isna(y)
    known = y[~unknown.any(axis=1)] if several else y[~unknown]
    if known.dtype == object and len(known):
        kinds = sorted({type(label).__name__ for label in known.tolist()})
        if len(kinds) > 1:
            raise ValueError(f"y must have labels of one type, got {' and '.join(kinds)}")
        known = np.array(known.tolist())
    if not len(known):
        return y
    check_classification_targets(known)
    kind = type_of_target(known, input_name="y")
    if several and kind != "multilabel-indicator":
        raise ValueError(
            "y of several columns must be 0 or 1 for each label, got values of another kind "
            f"({kind}): fit a classifier for each column"
        )
    return y
