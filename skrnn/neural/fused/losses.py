"""Losses: value and gradient of each, written once. A new one is a function and a branch."""

import math

import numpy as np
from numba import types
from numba.extending import register_jitable

from skrnn.neural.fused.compiling import array, compiled, linked, part_of, ready
from skrnn.neural.fused.kernels import exponential, half_like, sigmoid, softplus

MSE, MAE, HUBER, PINBALL, LOGISTIC, SOFTMAX = range(6)
LOSSES = {
    "mse": MSE,
    "mae": MAE,
    "huber": HUBER,
    "pinball": PINBALL,
    "logistic": LOGISTIC,
    "softmax": SOFTMAX,
}
LEVELS = types.Array(types.float64, 1, "C")


# ---------------------------------------------------------------------- value and slope of each

# Of an error e, output less target; ``level`` is a quantile, of which the pinball loss alone knows.


@register_jitable
def _mse(e, level):
    return e * e, e + e


@register_jitable
def _mae(e, level):
    return abs(e), np.sign(e)


@register_jitable
def _huber(e, level):
    size = abs(e)
    half = half_like(e)
    if size <= half + half:
        return half * e * e, e
    return size - half, np.sign(e)


@register_jitable
def _pinball(e, level):
    half = half_like(e)
    slope = -level if e <= 0 else half + half - level
    return slope * e, slope


@register_jitable
def _logistic(y, target):
    """Of a score y, and how often it is true: 0 or 1."""
    return softplus(y) - target * y, sigmoid(y) - target


@part_of
def _value_and_slope(kind, y, target, level):
    if kind == LOGISTIC:
        return _logistic(y, target)
    e = y - target
    if kind == MSE:
        return _mse(e, level)
    if kind == MAE:
        return _mae(e, level)
    if kind == HUBER:
        return _huber(e, level)
    return _pinball(e, level)


@linked(array(2, "A"), array(1), array(1), array(2, "A"), returns=types.float64, apart=True)
def _softmax(Y, target, factors, D):
    """The cross-entropy of scores Y (classes, lanes) for the classes ``target``, gradient in D."""
    classes, lanes = Y.shape
    highest = np.empty(lanes, Y.dtype)
    total = np.empty(lanes, Y.dtype)
    for b in range(lanes):
        highest[b] = Y[0, b]
        total[b] = 0
    for j in range(1, classes):
        for b in range(lanes):
            highest[b] = max(highest[b], Y[j, b])
    for j in range(classes):
        for b in range(lanes):
            D[j, b] = exponential(Y[j, b] - highest[b])
            total[b] += D[j, b]
    loss = 0.0
    for b in range(lanes):
        true = int(target[b])
        if factors[b]:
            loss += factors[b] * (math.log(total[b]) + highest[b] - Y[true, b])
        total[b] = factors[b] / total[b]
    for j in range(classes):
        for b in range(lanes):
            D[j, b] *= total[b]
    for b in range(lanes):
        D[int(target[b]), b] -= factors[b]
    return loss


# ---------------------------------------------------------------------- of all outputs


@linked(array(3), array(3), array(3), types.int64, LEVELS, array(3), returns=types.float64)
def loss_gradient(Y, target, factors, kind, quantiles, D):
    """The loss of outputs Y (steps, outputs, lanes), and its gradient in D.

    Each step and lane counts as often as its factor says. The outputs of a target, quantiles or the
    scores of classes, lie beside each other.
    """
    group = Y.shape[1] // target.shape[1]
    level = Y.dtype.type(0)
    loss = 0.0
    for t in range(Y.shape[0]):
        if kind == SOFTMAX:
            for j in range(target.shape[1]):
                which = slice(j * group, (j + 1) * group)
                loss += _softmax(Y[t, which], target[t, j], factors[t, 0], D[t, which])
            continue
        for j in range(Y.shape[1]):
            if kind == PINBALL:
                level = Y.dtype.type(quantiles[j % group])
            for b in range(Y.shape[2]):
                w = factors[t, 0, b]
                value, slope = _value_and_slope(kind, Y[t, j, b], target[t, j // group, b], level)
                loss += w * value
                D[t, j, b] = w * slope
    return loss


@linked(array(3), array(3), array(3), types.Array(types.float64, 1, "A"))
def softmax_losses(Y, target, factors, sums):
    """Of each lane the cross-entropy of scores Y (steps, classes, lanes), over all steps."""
    for b in range(sums.shape[0]):
        sums[b] = 0
        for t in range(Y.shape[0]):
            if factors[t, 0, b] == 0:
                continue
            highest = Y[t, 0, b]
            for j in range(1, Y.shape[1]):
                highest = max(highest, Y[t, j, b])
            total = 0.0
            for j in range(Y.shape[1]):
                total += exponential(Y[t, j, b] - highest)
            surprise = math.log(total) + highest - Y[t, int(target[t, 0, b]), b]
            sums[b] += factors[t, 0, b] * surprise


@compiled
def _total(Y, y, factors, kind, quantiles, D):
    return loss_gradient(Y, y, factors, kind, quantiles, D)


def mean_loss(Y: np.ndarray, y: np.ndarray, weights: np.ndarray | None, loss) -> float:
    """The mean loss of outputs Y (n, outputs) for targets y (n, targets)."""
    ready(Y.dtype)
    factors = np.ones(len(y)) if weights is None else weights
    samples_last = (
        np.ascontiguousarray(values.T[None], Y.dtype) for values in (Y, y, factors.reshape(-1, 1))
    )
    levels = np.array(loss.quantiles, np.float64)
    total = _total(*samples_last, LOSSES[loss.kind], levels, np.empty((1, *Y.T.shape), Y.dtype))
    return total / (len(Y) * n_losses(loss.kind, y.shape[1], Y.shape[1]))


def n_losses(kind: str, n_targets: int, n_outputs: int) -> int:
    """How many losses a step has: one for each output; of classes for each target."""
    return n_targets if kind == "softmax" else n_outputs
