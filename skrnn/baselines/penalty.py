"""Choosing alpha: every candidate forecasts the newest blocks of time from what is older.

A ridge regression needs sums over its windows alone, and so does its squared error on others. Sums
are taken once for each block of time: they add up to those of the older windows of a block, and of
all windows. Where windows are fewer than inputs, the blocks are those of one matrix, the windows'
products with each other.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import linalg

from skrnn.baselines.solving import cholesky, equation_solver
from skrnn.baselines.sums import window_gram, window_sums
from skrnn.forecasters.samples import Samples, newest_blocks
from skrnn.windows.array import Windows
from skrnn.windows.steps import feature_deviations, feature_means

N_CANDIDATES = 9
MIDDLE = N_CANDIDATES // 2
# From so many times less than the smallest variance of a feature, to as many more than the largest.
SPREAD = 1e4
# The newest three tenths of the windows are forecast, one after the other.
N_BLOCKS = 3
BLOCKS_IN_ALL = 10
# So few windows are no past to learn from.
FEWEST = 2
# By how much a candidate must be better than the middle one, in each block: less is chance.
MARGIN = 0.02
# Squared errors below this share of the targets' variance are rounding.
NOISE = 1e-12


@dataclass(frozen=True)
class AlphaChoice:
    """A penalty, and what it was chosen by.

    Attributes
    ----------
    alpha : float
        The candidate of the smallest error, of those that are better than the middle one in each
        block; else the middle one.
    alphas : ndarray of shape (n_candidates,)
        The candidates.
    scores : ndarray of shape (n_candidates, n_blocks)
        Their squared errors on each block, oldest first, relative to the variance of the targets.
        NaN where a candidate was not tried any more, and where there were too few windows.
    """

    alpha: float
    alphas: np.ndarray
    scores: np.ndarray


@dataclass
class Sums:
    """Sums over windows x with targets y and weights w.

    Attributes
    ----------
    total : float
        Σ w.
    inputs, outputs : ndarray of shape (n_inputs,) and (n_outputs,)
        Σ w·x and Σ w·y.
    gram : ndarray of shape (n_inputs, n_inputs)
        Σ w·x·xᵀ.
    products : ndarray of shape (n_inputs, n_outputs)
        Σ w·x·yᵀ.
    squares : ndarray of shape (n_outputs,)
        Σ w·y².
    """

    total: float
    inputs: np.ndarray
    outputs: np.ndarray
    gram: np.ndarray
    products: np.ndarray
    squares: np.ndarray

    @classmethod
    def of(cls, windows: Windows, y: np.ndarray, weights: np.ndarray | None) -> "Sums":
        """The sums over all of these windows."""
        weighted = y if weights is None else y * weights[:, None]
        gram, inputs = window_gram(windows, weights)
        return cls(
            total=float(len(windows) if weights is None else weights.sum()),
            inputs=inputs,
            outputs=weighted.sum(axis=0),
            gram=gram,
            products=window_sums(windows, weighted).reshape(len(inputs), -1),
            squares=(weighted * y).sum(axis=0),
        )

    def add(self, other: "Sums") -> None:
        """Count the windows of others too."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    def squared_error(self, coef: np.ndarray, intercept: np.ndarray) -> np.ndarray:
        """The mean of (y - x·coef - intercept)² for each output."""
        slopes = self.gram @ coef
        slopes -= 2 * self.products
        error = self.squares + (coef * slopes).sum(axis=0)
        error += intercept * (self.total * intercept - 2 * self.outputs + 2 * self.inputs @ coef)
        return error / self.total


def choose_by_gram(
    samples: Samples, windows: Windows, y: np.ndarray, scales: np.ndarray
) -> tuple[AlphaChoice, Sums]:
    """Choose alpha from sums over blocks of time; the sums over all windows come with it.

    Parameters
    ----------
    samples : Samples
        What there is to learn from.
    windows : Windows
        Its windows, their features divided by ``scales``.
    y : ndarray of shape (n_samples, n_outputs)
        Its targets, of mean 0.
    scales : ndarray of shape (n_features,)
        The features' deviations.
    """
    parts = _Parts(samples, windows, y)
    units = np.tile(scales, windows.length)
    alphas = _candidates(scales)

    def errors() -> Iterator[Callable]:
        for block in range(1, N_BLOCKS + 1):
            yield _errors_of_sums(parts.older(block), parts.of_block(block), units)

    if not parts.enough:
        return _untried(alphas), Sums.of(windows, y, samples.weights)
    choice = _race(alphas, errors(), _variances(samples, y))
    return choice, parts.all()


def choose_by_kernel(samples: Samples, inputs: np.ndarray, y: np.ndarray) -> AlphaChoice:
    """Choose alpha from the products of windows with each other.

    Parameters
    ----------
    samples : Samples
        What there is to learn from.
    inputs : ndarray of shape (n_samples, n_inputs)
        Its windows, of mean 0.
    y : ndarray of shape (n_samples, n_outputs)
        Its targets, of mean 0.
    """
    means = feature_means(samples.windows)
    alphas = _candidates(feature_deviations(samples.windows, means))
    block, enters = _blocks(samples)
    if not _enough(enters):
        return _untried(alphas)
    kernel = inputs @ inputs.T
    weights = np.ones(len(samples)) if samples.weights is None else samples.weights

    def errors() -> Iterator[Callable]:
        for k in range(1, N_BLOCKS + 1):
            older = np.flatnonzero(enters <= k)
            newer = np.flatnonzero(block == k)
            yield _errors_of_kernel(kernel, y, weights, older, newer)

    return _race(alphas, errors(), _variances(samples, y))


def _candidates(deviations):
    """Penalties from far less than a feature's variance to far more, evenly in logarithms."""
    variances = np.clip(deviations, 1e-140, 1e140) ** 2
    return np.geomspace(variances.min() / SPREAD, variances.max() * SPREAD, N_CANDIDATES)


def _variances(samples, y):
    variances = np.average(y**2, axis=0, weights=samples.weights)
    return np.where(variances > 0, variances, 1.0)


def _blocks(samples):
    size = len(samples) // BLOCKS_IN_ALL
    return newest_blocks(samples.windows, N_BLOCKS, size, samples.y.shape[1])


def _enough(enters):
    """Whether there is a past to each of the blocks."""
    return len(enters) >= BLOCKS_IN_ALL and (enters == 1).sum() >= FEWEST


def _untried(alphas):
    return AlphaChoice(float(alphas[MIDDLE]), alphas, np.full((N_CANDIDATES, N_BLOCKS), np.nan))


def _race(alphas, folds, variances):
    """Try candidates block by block, as long as they are better than the middle one."""
    scores = np.full((N_CANDIDATES, N_BLOCKS), np.nan)
    running = np.ones(N_CANDIDATES, bool)
    for block, errors in enumerate(folds):
        for i in np.flatnonzero(running):
            relative = errors(alphas[i]) / variances
            scores[i, block] = np.maximum(relative, NOISE).mean()
        running &= scores[:, block] < (1 - MARGIN) * scores[MIDDLE, block]
        if not running.any():
            return AlphaChoice(float(alphas[MIDDLE]), alphas, scores)
        running[MIDDLE] = True
    mean = (scores / scores[MIDDLE]).mean(axis=1)
    best = np.argmin(np.where(running, mean, np.inf))
    return AlphaChoice(float(alphas[best]), alphas, scores)


class _Parts:
    """The sums over parts of the windows, each taken once, in the order of time.

    The windows of a part are in one block, and the same later blocks are forecast from them.
    """

    def __init__(self, samples, windows, y):
        self.weights = samples.weights
        self.windows = windows
        self.y = y
        self.block, self.enters = _blocks(samples)
        self.enough = _enough(self.enters)
        self.next_block = 0
        self.learned = None
        # Those that no block so far is forecast from, with the first that is.
        self.waiting = []

    def older(self, block):
        """The sums over all windows that a block is forecast from."""
        self._take_until(block - 1)
        entering = [sums for enters, sums in self.waiting if enters <= block]
        self.waiting = [(enters, sums) for enters, sums in self.waiting if enters > block]
        self.learned = _added(self.learned, entering)
        return self.learned

    def of_block(self, block):
        """The sums over a block's windows."""
        return _added(None, self._take_until(block))

    def all(self):
        """The sums over all windows."""
        self._take_until(N_BLOCKS)
        return _added(self.learned, [sums for _, sums in self.waiting])

    def _take_until(self, block):
        """Take the sums of the blocks up to this one; those of the last come back."""
        taken = []
        while self.next_block <= block:
            inside = self.block == self.next_block
            taken = [
                (enters, self._sums(inside, enters)) for enters in np.unique(self.enters[inside])
            ]
            self.waiting += taken
            self.next_block += 1
        return [sums for _, sums in taken]

    def _sums(self, inside, enters):
        which = np.flatnonzero(inside & (self.enters == enters))
        weights = None if self.weights is None else self.weights[which]
        return Sums.of(self.windows[which], self.y[which], weights)


def _added(sums, others):
    """The sums with others added to them; none are changed but the first."""
    for other in others:
        if sums is None:
            sums = replace(other, gram=other.gram.copy())
        else:
            sums.add(other)
    return sums


def _errors_of_sums(older, newer, units):
    """A function of alpha: the squared errors of outputs, learned from older windows, on newer."""
    mean = older.inputs / older.total
    level = older.outputs / older.total
    gram = older.gram - older.total * np.outer(mean, mean)
    products = older.products - older.total * np.outer(mean, level)

    def errors(alpha):
        penalty = alpha / units**2
        matrix = gram.copy()
        matrix.flat[:: len(matrix) + 1] += penalty
        solve = equation_solver(matrix, np.sqrt(older.total + penalty), units)
        coef = solve(products)
        return newer.squared_error(coef, level - mean @ coef)

    return errors


def _errors_of_kernel(kernel, y, weights, older, newer):
    """A function of alpha: the squared errors of outputs, learned from older windows, on newer."""
    shares = weights[older] / weights[older].sum()
    root = np.sqrt(weights[older])
    level = shares @ y[older]
    # Windows less the mean of the older ones.
    known = kernel[np.ix_(older, older)]
    asked = kernel[np.ix_(newer, older)]
    mean = known @ shares
    asked = asked - (asked @ shares)[:, None] - mean + shares @ mean
    known = known - mean[:, None] - mean + shares @ mean
    known *= root * root[:, None]
    asked *= root
    targets = (y[older] - level) * root[:, None]

    def errors(alpha):
        matrix = known.copy()
        matrix.flat[:: len(matrix) + 1] += alpha
        factor = cholesky(matrix)
        if factor is None:
            return np.full(y.shape[1], np.nan)
        forecast = asked @ linalg.cho_solve(factor, targets) + level
        return np.average((y[newer] - forecast) ** 2, axis=0, weights=weights[newer])

    return errors
