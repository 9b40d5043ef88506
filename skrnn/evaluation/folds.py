"""Folds: which samples train and which are tested, by the time at which forecasts are made."""

import numbers
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from sklearn.model_selection import check_cv

from skrnn.evaluation.base import EvaluationSamples
from skrnn.validation import check_count
from skrnn.warn import warn
from skrnn.wording import count

# The origin of a series that is not tested.
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class FoldGroup:
    """Folds that share a fit: the samples that it learns from, and those that each fold tests."""

    train: np.ndarray
    tests: list[np.ndarray]


def successive_tests(origin: np.ndarray, n_folds: int, size: int) -> list[np.ndarray]:
    """The samples that each fold tests: those of ``size`` origins, the newest in the last fold.

    ::

        fold 0   ................... | test ..
        fold 1   .......................... | test ..
    """
    origins, rank = np.unique(origin, return_inverse=True)
    order = np.argsort(rank, kind="stable")
    first_ranks = len(origins) - size * np.arange(n_folds, -1, -1)
    edges = np.searchsorted(rank[order], first_ranks)
    return [np.sort(order[first:stop]) for first, stop in pairwise(edges)]


def known_at(newest: np.ndarray, moment: int) -> np.ndarray:
    """The samples whose targets are all known when a forecast is made."""
    return np.flatnonzero(newest <= moment)


def make_groups(samples: EvaluationSamples, cv, every: int) -> list[FoldGroup]:
    """The folds of a backtest, ``every`` so many of which share a fit.

    Targets of training samples are known when the first forecast of the group is made.
    """
    counted = isinstance(cv, numbers.Integral) and not isinstance(cv, bool)
    if counted:
        return _counted_groups(samples, check_count("cv", cv, minimum=2), every)
    if isinstance(cv, bool | str) or not (hasattr(cv, "split") or isinstance(cv, Iterable)):
        raise ValueError(
            f"cv must be a number of folds, a splitter such as TimeSeriesSplit(5), or a list of "
            f"(train, test), got {cv!r}"
        )
    return _given_groups(samples, cv, every)


def _counted_groups(samples, n_folds, every):
    origin, newest = samples.shared()
    n_origins = len(np.unique(origin))
    if n_folds >= n_origins:
        raise ValueError(
            f"cv={n_folds} is too large a number of folds for {n_origins} samples in a row: use "
            f"fewer folds, or a longer series"
        )
    if samples.lined_up:
        warn(samples.lined_up)
    tests = successive_tests(origin, n_folds, n_origins // (n_folds + 1))
    groups = []
    for fold in range(0, n_folds, every):
        moment = origin[tests[fold]].min()
        train = known_at(newest, moment)
        if not len(train):
            _raise_nothing_to_train_on(fold, np.count_nonzero(origin < moment))
        groups.append(FoldGroup(train, tests[fold : fold + every]))
    return groups


def _given_groups(samples, cv, every):
    """Those of a splitter, without what was not known in time."""
    groups = []
    n_rows = 0
    n_left_out = 0
    for fold, train, tests in _split_groups(samples, cv, every):
        ahead = _rows_ahead(samples, train, np.concatenate(tests))
        known = ahead <= 0
        if not known.any():
            _raise_nothing_to_train_on(fold, len(train))
        groups.append(FoldGroup(train[known], tests))
        n_rows = max(n_rows, ahead.max())
        n_left_out = max(n_left_out, np.count_nonzero(~known))
    if not groups:
        raise ValueError("cv must give at least one fold, got none")
    if n_left_out:
        _warn_of_leaks(n_rows, n_left_out)
    return groups


def _split_groups(samples, cv, every):
    """(number of the first fold, its train, tests of all folds) of each group."""
    positions = np.arange(len(samples))
    train = tests = None
    for fold, (learned, tested) in enumerate(check_cv(cv).split(samples.X, samples.y)):
        if not len(learned) or not len(tested):
            raise ValueError(
                f"fold {fold} of cv must train and test on some samples, got {len(learned)} and "
                f"{len(tested)}"
            )
        if fold % every == 0:
            if fold:
                yield fold - every, train, tests
            # Rows are fitted on in their order, whatever a shuffled splitter makes of it.
            train = np.sort(_named(positions, learned, fold))
            tests = []
        tests.append(np.sort(_named(positions, tested, fold)))
    if tests:
        yield fold - fold % every, train, tests


def _named(positions, which, fold):
    """The positions that a splitter names, by number or by a mask."""
    which = np.asarray(which)
    outside = len(which) != len(positions)
    if which.dtype != bool:
        outside = which.min() < -len(positions) or which.max() >= len(positions)
    if outside:
        raise ValueError(
            f"fold {fold} of cv must name some of {len(positions)} samples, got "
            f"{len(which)} of which some are not among them: split the X that is backtested"
        )
    return positions[which]


def _rows_ahead(samples, train, test):
    """How many rows newer than the first origin tested each training sample's targets are.

    A series that is not tested knows of none that is: a splitter may keep series for the test whose
    dates others are trained on.
    """
    first = np.full(int(samples.series.max()) + 1, NEVER)
    np.minimum.at(first, samples.series[test], samples.origin[test])
    first = first[samples.series[train]]
    newest = samples.newest[train]
    return np.where(first < NEVER, newest - first, 0)


def _raise_nothing_to_train_on(fold, n_train):
    raise ValueError(
        f"fold {fold} has nothing to train on: none of its {n_train} training samples has targets "
        f"that were known when its test begins. Use fewer folds, a longer series, or a splitter in "
        f"time order"
    )


def _warn_of_leaks(n_rows, n_samples):
    warn(
        f"cv leaks by {count(n_rows, 'row')}: it trains on targets that much newer than the origin "
        f"of the first forecast that it tests. They were left out of training, up to {n_samples} "
        f"samples in a fold. A gap in cv that is longer by as many samples leaves them out too; a "
        f"number of folds (cv=5) sets it by itself"
    )
