"""Losses: value and gradient of each, written once. A new one is a name and a branch here."""

import numpy as np
from numba import types

from skrnn.neural.fused.compiling import array, compiled, linked, ready

MSE, MAE, HUBER, PINBALL = range(4)
LOSSES = {"mse": MSE, "mae": MAE, "huber": HUBER, "pinball": PINBALL}
LEVELS = types.Array(types.float64, 1, "C")


@linked(array(3), array(3), array(3), types.int64, LEVELS, array(3), returns=types.float64)
def loss_gradient(Y, target, factors, kind, quantiles, D):
    """The loss of outputs Y (steps, outputs, lanes), and its gradient in D.

    Each step and lane counts as often as its factor says. Of quantiles, those of a target lie
    beside each other.
    """
    one = Y.dtype.type(1)
    loss = 0.0
    if kind == PINBALL:
        n_levels = quantiles.shape[0]
        for t in range(Y.shape[0]):
            for j in range(Y.shape[1]):
                level = Y.dtype.type(quantiles[j % n_levels])
                for b in range(Y.shape[2]):
                    w = factors[t, 0, b]
                    e = target[t, j // n_levels, b] - Y[t, j, b]
                    slope = level if e >= 0 else level - one
                    loss += w * slope * e
                    D[t, j, b] = -w * slope
        return loss
    for t in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            for b in range(Y.shape[2]):
                e, w = Y[t, j, b] - target[t, j, b], factors[t, 0, b]
                if kind == MSE:
                    loss += w * e * e
                    D[t, j, b] = 2 * w * e
                elif kind == MAE:
                    loss += w * abs(e)
                    D[t, j, b] = w * np.sign(e)
                elif abs(e) <= one:
                    loss += w * e * e / 2
                    D[t, j, b] = w * e
                else:
                    loss += w * (abs(e) - one / 2)
                    D[t, j, b] = w * np.sign(e)
    return loss


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
    return total / Y.size
