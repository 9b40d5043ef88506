"""Compiled kernels: recurrent and dense layers, forward and backward, with the samples of a batch innermost.

Arrays are (features, columns). Of sequences the columns are step after step, each of ``n`` samples: column ``t·n + b``
is step ``t`` of sample ``b``. What is the same for a feature is done for all samples at once, which the compiler turns
into vector instructions.

A recurrent layer's input part is one matrix product for all steps (``P``); each step adds the product with the state
before it. States have a block of columns more than there are steps: block 0 is the state that the layer begins with.
"""

import math

import numpy as np
from numba import njit
from numba.extending import overload

TANH, RELU, LINEAR, SIGMOID = range(4)
ACTIVATIONS = {"tanh": TANH, "relu": RELU, "linear": LINEAR, "sigmoid": SIGMOID}


def _compiled(function):
    """Compile when first called. Numba keeps the result beside this file, or else in the user's cache, or nowhere.

    "error_model" leaves division to the processor, and "contract" lets it multiply and add in one go: with both, loops
    become vector instructions.
    """
    options = {"nogil": True, "error_model": "numpy", "fastmath": {"contract", "nsz", "arcp"}}
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:
        return njit(**options)(function)


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


@_compiled
def _activate(row, kind):
    """Apply an activation in place."""
    n = row.shape[0]
    half = row.dtype.type(0.5)
    if kind == TANH:
        for i in range(n):
            row[i] = _tanh(row[i])
    elif kind == SIGMOID:
        for i in range(n):
            row[i] = half * _tanh(half * row[i]) + half
    elif kind == RELU:
        for i in range(n):
            row[i] = max(row[i], row.dtype.type(0))


@_compiled
def _slope(out, row, kind):
    """Multiply ``row`` by the activation's slope, told from what the activation gave."""
    n = row.shape[0]
    one = row.dtype.type(1)
    if kind == TANH:
        for i in range(n):
            row[i] *= one - out[i] * out[i]
    elif kind == SIGMOID:
        for i in range(n):
            row[i] *= out[i] * (one - out[i])
    elif kind == RELU:
        for i in range(n):
            if out[i] <= 0:
                row[i] = 0


# ---------------------------------------------------------------------- windows


@_compiled
def gather(rows, ends, shift, which, length, rate, n, X):
    """The windows ``which``, all of whose steps are rows, into X (features, length·n), filled up with the last."""
    last = which.shape[0] - 1
    first = np.empty(n, np.int64)
    for b in range(n):
        first[b] = ends[which[min(b, last)]] - (length - 1) * rate
    for t in range(length):
        for f in range(rows.shape[1]):
            ahead, column = t * rate + shift[f], X[f, t * n : (t + 1) * n]
            for b in range(n):
                column[b] = rows[first[b] + ahead, f]


# ---------------------------------------------------------------------- recurrent layers


@_compiled
def simple_forward(P, U, H, mask, kind):
    """P (units, steps·n) becomes the states; H (units, (steps+1)·n) has them behind the first. U (units, units)."""
    units, n = H.shape[0], H.shape[1] - P.shape[1]
    h = H[:, :n].copy()
    R = np.empty_like(h)
    for k in range(0, P.shape[1], n):
        if mask.shape[1]:
            h *= mask
        np.dot(U, h, R)
        for j in range(units):
            row, r, out = P[j, k : k + n], R[j], H[j, k + n : k + 2 * n]
            for b in range(n):
                row[b] += r[b]
            _activate(row, kind)
            for b in range(n):
                h[j, b] = row[b]
                out[b] = row[b]


@_compiled
def simple_backward(P, U, H, mask, kind, dH, dh):
    """P becomes the gradient of what it was before the activation; dH (units, steps·n) is that of the states.

    ``dh`` (units, n) is the gradient of the last state beside dH, and becomes that of the first.
    """
    units, n = dh.shape
    D = np.empty_like(dh)
    Ut = np.ascontiguousarray(U.T)
    for k in range(P.shape[1] - n, -1, -n):
        for j in range(units):
            row, d, above, back = P[j, k : k + n], D[j], dH[j, k : k + n], dh[j]
            for b in range(n):
                d[b] = above[b] + back[b]
            _slope(row, d, kind)
            for b in range(n):
                row[b] = d[b]
        np.dot(Ut, D, dh)
        if mask.shape[1]:
            dh *= mask


@_compiled
def lstm_forward(P, U, H, C, T, mask, kind):
    """P (4 units, steps·n) becomes the gates i, f, g, o; C the cells, T their activation. U (4 units, units)."""
    units, n = H.shape[0], H.shape[1] - P.shape[1]
    h = H[:, :n].copy()
    R = np.empty((4 * units, n), P.dtype)
    for k in range(0, P.shape[1], n):
        if mask.shape[1]:
            h *= mask
        np.dot(U, h, R)
        for j in range(4 * units):
            row, r = P[j, k : k + n], R[j]
            for b in range(n):
                row[b] += r[b]
            _activate(row, kind if 2 * units <= j < 3 * units else SIGMOID)
        for j in range(units):
            i, f = P[j, k : k + n], P[units + j, k : k + n]
            g, o = P[2 * units + j, k : k + n], P[3 * units + j, k : k + n]
            before, cell, active = C[j, k : k + n], C[j, k + n : k + 2 * n], T[j, k : k + n]
            for b in range(n):
                cell[b] = f[b] * before[b] + i[b] * g[b]
            for b in range(n):
                active[b] = cell[b]
            _activate(active, kind)
            out = H[j, k + n : k + 2 * n]
            for b in range(n):
                out[b] = o[b] * active[b]
            for b in range(n):
                h[j, b] = out[b]


@_compiled
def lstm_backward(P, U, H, C, T, mask, kind, dH, dh, dc):
    """P becomes the gradient of what it was; ``dh`` and ``dc`` come as the last state's and leave as the first's."""
    units, n = dh.shape
    one = P.dtype.type(1)
    D = np.empty((4 * units, n), P.dtype)
    d = np.empty(n, P.dtype)
    Ut = np.ascontiguousarray(U.T)
    for k in range(P.shape[1] - n, -1, -n):
        for j in range(units):
            i, f = P[j, k : k + n], P[units + j, k : k + n]
            g, o = P[2 * units + j, k : k + n], P[3 * units + j, k : k + n]
            di, df, dg, do = D[j], D[units + j], D[2 * units + j], D[3 * units + j]
            before, active = C[j, k : k + n], T[j, k : k + n]
            above, back, carry = dH[j, k : k + n], dh[j], dc[j]
            for b in range(n):
                d[b] = above[b] + back[b]
            for b in range(n):
                do[b] = d[b] * active[b] * o[b] * (one - o[b])
            for b in range(n):
                d[b] *= o[b]
            _slope(active, d, kind)
            for b in range(n):
                d[b] += carry[b]
            for b in range(n):
                di[b] = d[b] * g[b] * i[b] * (one - i[b])
            for b in range(n):
                df[b] = d[b] * before[b] * f[b] * (one - f[b])
            for b in range(n):
                dg[b] = d[b] * i[b]
            _slope(g, dg, kind)
            for b in range(n):
                carry[b] = d[b] * f[b]
        for j in range(4 * units):
            row, new = P[j, k : k + n], D[j]
            for b in range(n):
                row[b] = new[b]
        np.dot(Ut, D, dh)
        if mask.shape[1]:
            dh *= mask


@_compiled
def gru_forward(P, U, bias, H, Q, mask, kind):
    """P (3 units, steps·n) becomes z, r and the candidate; Q (units, steps·n) the candidate's product with the state.

    The reset gate multiplies that product (Keras's ``reset_after``), which has a bias of its own, as z and r have.
    """
    units, n = H.shape[0], H.shape[1] - P.shape[1]
    one = P.dtype.type(1)
    h, before = H[:, :n].copy(), H[:, :n].copy()
    R = np.empty((3 * units, n), P.dtype)
    for k in range(0, P.shape[1], n):
        if mask.shape[1]:
            h *= mask
        np.dot(U, h, R)
        for j in range(2 * units):
            row, r, own = P[j, k : k + n], R[j], bias[j]
            for b in range(n):
                row[b] += r[b] + own
            _activate(row, SIGMOID)
        for j in range(units):
            z, r, g = P[j, k : k + n], P[units + j, k : k + n], P[2 * units + j, k : k + n]
            product, q, own = R[2 * units + j], Q[j, k : k + n], bias[2 * units + j]
            for b in range(n):
                q[b] = product[b] + own
            for b in range(n):
                g[b] += r[b] * q[b]
            _activate(g, kind)
            state, out = before[j], H[j, k + n : k + 2 * n]
            for b in range(n):
                state[b] = z[b] * state[b] + (one - z[b]) * g[b]
            for b in range(n):
                out[b] = state[b]
                h[j, b] = state[b]


@_compiled
def gru_backward(P, U, H, Q, mask, kind, dH, dh):
    """P becomes the gradient of the input part; Q that of the candidate's product with the state."""
    units, n = dh.shape
    one = P.dtype.type(1)
    D = np.empty((3 * units, n), P.dtype)
    d, direct = np.empty(n, P.dtype), np.empty_like(dh)
    Ut = np.ascontiguousarray(U.T)
    for k in range(P.shape[1] - n, -1, -n):
        for j in range(units):
            z, r, g = P[j, k : k + n], P[units + j, k : k + n], P[2 * units + j, k : k + n]
            dz, dr, dq = D[j], D[units + j], D[2 * units + j]
            before, q = H[j, k : k + n], Q[j, k : k + n]
            above, back, kept = dH[j, k : k + n], dh[j], direct[j]
            for b in range(n):
                d[b] = above[b] + back[b]
            for b in range(n):
                dz[b] = d[b] * (before[b] - g[b]) * z[b] * (one - z[b])
            for b in range(n):
                kept[b] = d[b] * z[b]
            for b in range(n):
                d[b] *= one - z[b]
            _slope(g, d, kind)
            for b in range(n):
                dr[b] = d[b] * q[b] * r[b] * (one - r[b])
            for b in range(n):
                dq[b] = d[b] * r[b]
            for b in range(n):
                g[b] = d[b]
            for b in range(n):
                z[b] = dz[b]
                r[b] = dr[b]
                q[b] = dq[b]
        np.dot(Ut, D, dh)
        if mask.shape[1]:
            dh *= mask
        dh += direct


# ---------------------------------------------------------------------- parts of all layers


@_compiled
def affine(W, X, bias, P):
    """P = W X + bias, for W (outputs, inputs)."""
    np.dot(W, X, P)
    for j in range(P.shape[0]):
        row, own = P[j], bias[j]
        for i in range(row.shape[0]):
            row[i] += own


@_compiled
def activate(P, kind):
    """Apply an activation to every row in place."""
    for j in range(P.shape[0]):
        _activate(P[j], kind)


@_compiled
def slope(out, D, kind):
    """Multiply D by the slope of the activation that gave ``out``."""
    for j in range(D.shape[0]):
        _slope(out[j], D[j], kind)


# ---------------------------------------------------------------------- losses


MSE, MAE, HUBER = range(3)
LOSSES = {"mse": MSE, "mae": MAE, "huber": HUBER}


@_compiled
def loss_gradient(Y, target, weights, kind, total, D):
    """The loss of outputs Y (outputs, columns), and its gradient in D: each column weighted, over ``total`` values."""
    one, share = Y.dtype.type(1), Y.dtype.type(1 / total)
    loss = 0.0
    for j in range(Y.shape[0]):
        for i in range(Y.shape[1]):
            e, w = Y[j, i] - target[j, i], weights[i] * share
            if kind == MSE:
                loss += w * e * e
                D[j, i] = 2 * w * e
            elif kind == MAE:
                loss += w * abs(e)
                D[j, i] = w * np.sign(e)
            elif abs(e) <= one:
                loss += w * e * e / 2
                D[j, i] = w * e
            else:
                loss += w * (abs(e) - one / 2)
                D[j, i] = w * np.sign(e)
    return loss


# ---------------------------------------------------------------------- optimizers, as Keras defines them


@_compiled
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


@_compiled
def adam(W, G, M, V, alpha, beta_1, beta_2, epsilon):
    """One step; ``alpha`` is the learning rate with both corrections of the first steps."""
    real = W.dtype.type
    alpha, first, second, tiny = real(alpha), real(1 - beta_1), real(1 - beta_2), real(epsilon)
    for i in range(W.shape[0]):
        M[i] += (G[i] - M[i]) * first
        V[i] += (G[i] * G[i] - V[i]) * second
        W[i] -= M[i] * alpha / (np.sqrt(V[i]) + tiny)


@_compiled
def rmsprop(W, G, V, rate, rho, epsilon):
    """One step."""
    real = W.dtype.type
    rate, kept, new, tiny = real(rate), real(rho), real(1 - rho), real(epsilon)
    for i in range(W.shape[0]):
        V[i] = kept * V[i] + new * G[i] * G[i]
        W[i] -= rate * G[i] / np.sqrt(V[i] + tiny)


@_compiled
def sgd(W, G, M, rate, momentum, nesterov):
    """One step; M is empty without momentum."""
    rate, kept = W.dtype.type(rate), W.dtype.type(momentum)
    for i in range(M.shape[0]):
        M[i] = M[i] * kept - rate * G[i]
        W[i] += M[i] * kept - rate * G[i] if nesterov else M[i]
    for i in range(M.shape[0], W.shape[0]):
        W[i] -= rate * G[i]
