"""Choosing alpha: candidates forecast the newest blocks of time from what is older.

A ridge regression needs sums over its windows alone, and so does its squared error on others. Sums
are taken once for each block of time: they add up to those of the older windows of a block, and of
all windows. Where windows are fewer than inputs, the blocks are those of one matrix, the windows'
products with each other.
"""

from collections.abc import Callable
from dataclasses import dataclass

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
# The newest three tenths of the windows are forecast, each from what is older.
N_BLOCKS = 3
BLOCKS_IN_ALL = 10
# Fewer windows are no past to learn from.
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
        The candidate that forecasts the newest block best, if it is better than the middle one in
        each block; else the middle one.
    alphas : ndarray of shape (n_candidates,)
        The candidates.
    scores : ndarray of shape (n_candidates, n_blocks)
        Their squared errors on each block, oldest first, relative to the variance of the targets.
        NaN where a candidate was not tried: outwards from the middle, none is tried behind one that
        was worse than the one before, and the best alone is tried on the older blocks.
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
        Σ w·x·xᵀ, its upper triangle.
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

    @classmethod
    def added(cls, parts: list["Sums"]) -> "Sums":
        """The sums over the windows of all parts."""
        first, *others = parts
        sums = {name: np.array(value) for name, value in vars(first).items()}
        for other in others:
            for name, value in vars(other).items():
                sums[name] += value
        return cls(**sums)

    def squared_error(self, coef: np.ndarray, intercept: np.ndarray) -> np.ndarray:
        """The mean of (y - x·coef - intercept)² for each output."""
        # In Fortran's order the upper triangle is the lower one.
        squares = linalg.blas.dsymm(1.0, self.gram.T, coef, lower=True)
        error = self.squares + (coef * (squares - 2 * self.products)).sum(axis=0)
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
    units = np.tile(scales, windows.length)
    alphas = _candidates(scales)
    block, enters = _blocks(samples)
    if not _enough(enters):
        return _untried(alphas), Sums.of(windows, y, samples.weights)
    parts = list(_parts(windows, y, samples.weights, block, enters))

    def errors(k: int) -> Callable:
        older = Sums.added([sums for _, first, sums in parts if first <= k])
        newer = Sums.added([sums for inside, _, sums in parts if inside == k])
        return _errors_of_sums(older, newer, units)

    choice = _tried(alphas, errors, _variances(samples, y))
    return choice, Sums.added([sums for *_, sums in parts])


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

    def errors(k: int) -> Callable:
        older = np.flatnonzero(enters <= k)
        newer = np.flatnonzero(block == k)
        return _errors_of_kernel(kernel, y, weights, older, newer)

    return _tried(alphas, errors, _variances(samples, y))


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


def _tried(alphas, errors, variances):
    """The choice among candidates; ``errors(k)`` gives their squared errors on block k."""
    scores = np.full((N_CANDIDATES, N_BLOCKS), np.nan)

    def score(i, block):
        relative = errors_on_block(alphas[i]) / variances
        scores[i, block - 1] = np.maximum(relative, NOISE).mean()
        return scores[i, block - 1]

    errors_on_block = errors(N_BLOCKS)
    smallest = score(MIDDLE, N_BLOCKS)
    bound = (1 - MARGIN) * smallest
    best = MIDDLE
    for outwards in (range(MIDDLE + 1, N_CANDIDATES), range(MIDDLE - 1, -1, -1)):
        last = scores[MIDDLE, -1]
        for i in outwards:
            last, before = score(i, N_BLOCKS), last
            if not last < before:
                break
            if last < min(smallest, bound):
                best = i
                smallest = last
    for block in range(N_BLOCKS - 1, 0, -1):
        if best == MIDDLE:
            break
        errors_on_block = errors(block)
        if not score(best, block) < (1 - MARGIN) * score(MIDDLE, block):
            best = MIDDLE
    return AlphaChoice(float(alphas[best]), alphas, scores)


def _parts(windows, y, weights, block, enters):
    """The sums over windows of one block, from which the same later ones are forecast.

    With both numbers: (block, enters, sums).
    """
    latest = enters.max() + 1
    # Both numbers as one, by which windows are told apart in one pass.
    kinds, kind = np.unique(block * latest + enters, return_inverse=True)
    for i, (inside, first) in enumerate(zip(*np.divmod(kinds, latest), strict=True)):
        which = np.flatnonzero(kind == i)
        own = None if weights is None else weights[which]
        yield inside, first, Sums.of(windows[which], y[which], own)


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
        factor = cholesky(matrix, overwrite=True)
        if factor is not None:
            coef = linalg.cho_solve(factor, products)
        else:
            # Columns of very different size, or that depend on each other.
            matrix = gram.copy()
            matrix.flat[:: len(matrix) + 1] += penalty
            coef = equation_solver(matrix, np.sqrt(older.total + penalty), units)(products)
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
        factor = cholesky(matrix, overwrite=True)
        if factor is None:
            return np.full(y.shape[1], np.nan)
        forecast = asked @ linalg.cho_solve(factor, targets) + level
        return np.average((y[newer] - forecast) ** 2, axis=0, weights=weights[newer])

    return errors
