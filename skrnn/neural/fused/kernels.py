"""Compiled kernels of all layers: activations, windows, dense layers, losses and optimizers, with samples innermost.

Arrays are (steps, rows, lanes): a lane is a sample of a chunk, and what is no sequence has one step. What is the same
for a feature is done for all lanes at once, which the compiler turns into vector instructions.
"""

import math

import numpy as np
from numba.extending import overload, register_jitable

from skrnn.neural.fused.compiling import compiled
from skrnn.neural.fused.products import add_outer, product

TANH, RELU, LINEAR, SIGMOID = range(4)
ACTIVATIONS = {"tanh": TANH, "relu": RELU, "linear": LINEAR, "sigmoid": SIGMOID}


def _tanh(x):
    """Hyperbolic tangent; in single precision a rational approximation that vectorises, to 3e-7."""
    return math.tanh(x)


@overload(_tanh, inline="always")
def _overload_tanh(x):
    if getattr(x, "bitwidth", 64) == 64:
        return lambda x: math.tanh(x)

    def rational(x):
        # The coefficients of Eigen's and XLA's ptanh.
        x = min(max(x, np.float32(-7.90531110763549805)), np.float32(7.90531110763549805))
        s = x * x
        p = np.float32(-2.76076847742355e-16)
        p = p * s + np.float32(2.00018790482477e-13)
        p = p * s + np.float32(-8.60467152213735e-11)
        p = p * s + np.float32(5.12229709037114e-08)
        p = p * s + np.float32(1.48572235717979e-05)
        p = p * s + np.float32(6.37261928875436e-04)
        p = p * s + np.float32(4.89352455891786e-03)
        q = np.float32(1.19825839466702e-06)
        q = q * s + np.float32(1.18534705686654e-04)
        q = q * s + np.float32(2.26843463243900e-03)
        q = q * s + np.float32(4.89352518554385e-03)
        return x * p / q

    return rational


def _half(x):
    """One half, in the precision of x."""
    return 0.5


@overload(_half, inline="always")
def _overload_half(x):
    half = np.float64(0.5) if getattr(x, "bitwidth", 64) == 64 else np.float32(0.5)
    return lambda x: half


@register_jitable
def sigmoid(x):
    """The logistic function."""
    half = _half(x)
    return half * _tanh(half * x) + half


@register_jitable
def slope_of(active, kind):
    """The slope of an activation, told from what it gave."""
    one = _half(active) + _half(active)
    if kind == TANH:
        return one - active * active
    if kind == SIGMOID:
        return active * (one - active)
    if kind == RELU:
        return one if active > 0 else one - one
    return one


@compiled
def activate_row(row, kind):
    """Apply an activation in place."""
    n = row.shape[0]
    if kind == TANH:
        for i in range(n):
            row[i] = _tanh(row[i])
    elif kind == SIGMOID:
        for i in range(n):
            row[i] = sigmoid(row[i])
    elif kind == RELU:
        for i in range(n):
            row[i] = max(row[i], row.dtype.type(0))


@compiled
def slope_row(out, row, kind):
    """Multiply ``row`` by the activation's slope, told from what the activation gave."""
    for i in range(row.shape[0]):
        row[i] *= slope_of(out[i], kind)


# ---------------------------------------------------------------------- windows


@compiled
def gather(rows, ends, shift, which, rate, X):
    """The windows ``which``, all of whose steps are rows, into X (length, features, lanes), filled up with the last."""
    last, (length, _, n) = which.shape[0] - 1, X.shape
    # Without a sign, so that no place is counted from the end: that would have to be checked for every value.
    first = np.empty(n, np.uint64)
    for b in range(n):
        first[b] = ends[which[min(b, last)]] - (length - 1) * rate
    for t in range(length):
        for f in range(rows.shape[1]):
            ahead, column = np.uint64(t * rate + shift[f]), X[t, f]
            for b in range(n):
                column[b] = rows[first[b] + ahead, f]


# ---------------------------------------------------------------------- parts of all layers


@compiled
def affine(W, X, bias, out):
    """W X + bias at every step, for W (outputs, inputs)."""
    for t in range(X.shape[0]):
        product(W, X[t], out[t])
        for j in range(out.shape[1]):
            row, own = out[t, j], bias[j]
            for b in range(row.shape[0]):
                row[b] += own


@compiled
def affine_back(W, X, D, dW, dbias, dX):
    """The gradients of weights, biases and, if dX has steps, inputs."""
    dW[:] = 0
    dbias[:] = 0
    add_outer(D, X, dW)
    for t in range(D.shape[0]):
        for j in range(D.shape[1]):
            dbias[j] += D[t, j].sum()
        if dX.shape[0]:
            product(W.T, D[t], dX[t])


@compiled
def activate(X, kind):
    """Apply an activation in place."""
    activate_row(X.ravel(), kind)


@compiled
def slope(out, D, kind):
    """Multiply D by the slope of the activation that gave ``out``."""
    slope_row(out.ravel(), D.ravel(), kind)


# ---------------------------------------------------------------------- losses


MSE, MAE, HUBER = range(3)
LOSSES = {"mse": MSE, "mae": MAE, "huber": HUBER}


@compiled
def loss_gradient(Y, target, weights, kind, total, D):
    """The loss of outputs Y (steps, outputs, lanes), and its gradient in D; ``weights`` (steps, lanes) of ``total``."""
    one, share = Y.dtype.type(1), Y.dtype.type(1 / total)
    loss = 0.0
    for t, j, b in np.ndindex(Y.shape):
        e, w = Y[t, j, b] - target[t, j, b], weights[t, b] * share
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


# ---------------------------------------------------------------------- optimizers, as Keras defines them


@compiled
def clip_norm(G, most):
    """Shorten a gradient to the norm ``most``."""
    total = 0.0
    for i in range(G.shape[0]):
        total += G[i] * G[i]
    norm = math.sqrt(total)
    if norm > most:
        factor = G.dtype.type(most / norm)
        for i in range(G.shape[0]):
            G[i] *= factor


@compiled
def adam(W, G, M, V, alpha, beta_1, beta_2, epsilon):
    """One step; ``alpha`` is the learning rate with both corrections of the first steps."""
    real = W.dtype.type
    alpha, first, second, tiny = real(alpha), real(1 - beta_1), real(1 - beta_2), real(epsilon)
    for i in range(W.shape[0]):
        M[i] += (G[i] - M[i]) * first
        V[i] += (G[i] * G[i] - V[i]) * second
        W[i] -= M[i] * alpha / (np.sqrt(V[i]) + tiny)


@compiled
def rmsprop(W, G, V, rate, rho, epsilon):
    """One step."""
    real = W.dtype.type
    rate, kept, new, tiny = real(rate), real(rho), real(1 - rho), real(epsilon)
    for i in range(W.shape[0]):
        V[i] = kept * V[i] + new * G[i] * G[i]
        W[i] -= rate * G[i] / np.sqrt(V[i] + tiny)


@compiled
def sgd(W, G, M, rate, momentum, nesterov):
    """One step; M is empty without momentum."""
    rate, kept = W.dtype.type(rate), W.dtype.type(momentum)
    for i in range(M.shape[0]):
        M[i] = M[i] * kept - rate * G[i]
        W[i] += M[i] * kept - rate * G[i] if nesterov else M[i]
    for i in range(M.shape[0], W.shape[0]):
        W[i] -= rate * G[i]
