"""Recurrent cells, forward and backward over all steps of a sequence.

Arrays are (steps, rows, lanes). ``S`` holds what each step reads: its inputs, a row of ones, and the states before it; the
weights of all three lie beside each other in ``V``, so that a step is one product and its biases are part of it. ``H``
holds the states, and has one more than there are steps: the first is where the layer begins. Masks leave out inputs and
states in training; without rows they leave out nothing.

Backward, the gates' array becomes the gradient of what the gates were before their activations. ``dh`` (and ``dc``) come
as the gradient of the last state, beside the gradients ``dH`` of all states, and leave as that of the first. ``G`` sums the
gradient of ``V``. ``dH`` and ``dX`` may have no steps: there is no such gradient, or nobody asks for it.
"""

import numpy as np

from skrnn.neural.fused.compiling import compiled
from skrnn.neural.fused.kernels import SIGMOID, activate_row, slope_row
from skrnn.neural.fused.products import add_outer, product

# What a core keeps close: the gradients of the weights are summed over as many steps as fit.
CACHE_BYTES = 2**19


@compiled
def _masked(X, mask, out):
    x, y = X.ravel(), out.ravel()
    if mask.shape[0]:
        m = mask.ravel()
        for b in range(x.shape[0]):
            y[b] = x[b] * m[b]
    else:
        for b in range(x.shape[0]):
            y[b] = x[b]


@compiled
def _read(X, state, x_mask, h_mask, S):
    """What a step reads."""
    features = X.shape[0]
    _masked(X, x_mask, S[:features])
    S[features] = 1
    _masked(state, h_mask, S[features + 1 :])


@compiled
def _added(X, out):
    x, y = X.ravel(), out.ravel()
    for b in range(x.shape[0]):
        y[b] += x[b]


@compiled
def _block(P, S):
    """Steps whose gates and inputs a core keeps close."""
    bytes_of_step = (P.shape[1] + S.shape[1]) * P.shape[2] * P.itemsize
    return max(1, CACHE_BYTES // bytes_of_step)


# ---------------------------------------------------------------------- simple


@compiled
def simple_forward(V, X, x_mask, h_mask, kind, S, H):
    """States H of Elman's network. V (units, inputs + 1 + units)."""
    for t in range(X.shape[0]):
        _read(X[t], H[t], x_mask, h_mask, S[t])
        product(V, S[t], H[t + 1])
        activate_row(H[t + 1].ravel(), kind)


@compiled
def simple_backward(V, x_mask, h_mask, kind, S, H, D, dH, dh, G, dX):
    """D (steps, units, lanes) becomes the gradient before the activation."""
    inputs = S.shape[1] - 1 - dh.shape[0]
    Ut, Wt, block = V[:, inputs + 1 :].T, V[:, :inputs].T, _block(D, S)
    for t in range(D.shape[0] - 1, -1, -1):
        if dH.shape[0]:
            _added(dH[t], dh)
        slope_row(H[t + 1].ravel(), dh.ravel(), kind)
        D[t] = dh
        product(Ut, D[t], dh)
        if h_mask.shape[0]:
            dh *= h_mask
        if dX.shape[0]:
            product(Wt, D[t], dX[t])
            if x_mask.shape[0]:
                dX[t] *= x_mask
        if t % block == 0:
            add_outer(D[t : t + block], S[t : t + block], G)


# ---------------------------------------------------------------------- long short-term memory


@compiled
def lstm_forward(V, X, x_mask, h_mask, kind, S, P, C, T, H):
    """P (steps, 4 units, lanes) becomes the gates i, f, g, o; C the cells, T their activation; H the states."""
    for t in range(X.shape[0]):
        _read(X[t], H[t], x_mask, h_mask, S[t])
        product(V, S[t], P[t])
        gates = P[t].reshape(4, -1)
        activate_row(gates[:2].ravel(), SIGMOID)
        activate_row(gates[2], kind)
        activate_row(gates[3], SIGMOID)
        i, f, g, o = gates[0], gates[1], gates[2], gates[3]
        before, cell, active, state = C[t].ravel(), C[t + 1].ravel(), T[t].ravel(), H[t + 1].ravel()
        for b in range(cell.shape[0]):
            cell[b] = f[b] * before[b] + i[b] * g[b]
        active[:] = cell
        activate_row(active, kind)
        for b in range(state.shape[0]):
            state[b] = o[b] * active[b]


@compiled
def _lstm_slopes(gates, before, active, kind, d, carry, e):
    """The gradients of a step's gates, for that of its state, d; ``carry`` goes on to the cell before."""
    one = gates.dtype.type(1)
    i, f, g, o = gates[0], gates[1], gates[2], gates[3]
    lanes = range(d.shape[0])
    for b in lanes:
        e[b] = d[b] * o[b]
    slope_row(active, e, kind)
    for b in lanes:
        e[b] += carry[b]
    for b in lanes:
        o[b] = d[b] * active[b] * o[b] * (one - o[b])
    for b in lanes:
        carry[b] = e[b] * f[b]
    for b in lanes:
        f[b] = carry[b] * before[b] * (one - f[b])
    for b in lanes:
        d[b] = e[b] * i[b]
    for b in lanes:
        i[b] = d[b] * g[b] * (one - i[b])
    slope_row(g, d, kind)
    g[:] = d


@compiled
def lstm_backward(V, x_mask, h_mask, kind, S, P, C, T, dH, dh, dc, G, dX):
    """P becomes the gradient of what it was before the activations."""
    inputs = S.shape[1] - 1 - dh.shape[0]
    Ut, Wt, block = V[:, inputs + 1 :].T, V[:, :inputs].T, _block(P, S)
    e = np.empty(dh.size, dh.dtype)
    for t in range(P.shape[0] - 1, -1, -1):
        if dH.shape[0]:
            _added(dH[t], dh)
        _lstm_slopes(P[t].reshape(4, -1), C[t].ravel(), T[t].ravel(), kind, dh.ravel(), dc.ravel(), e)
        product(Ut, P[t], dh)
        if h_mask.shape[0]:
            dh *= h_mask
        if dX.shape[0]:
            product(Wt, P[t], dX[t])
            if x_mask.shape[0]:
                dX[t] *= x_mask
        if t % block == 0:
            add_outer(P[t : t + block], S[t : t + block], G)


# ---------------------------------------------------------------------- gated recurrent unit


@compiled
def gru_forward(V, X, x_mask, h_mask, kind, S, P, H):
    """P (steps, 4 units, lanes) becomes the candidate, the gates z and r, and the candidate's product with the state.

    The reset gate multiplies that product (Keras's ``reset_after``): of the candidate, inputs and states have products of
    their own, the first and the last rows of V, each with a bias.
    """
    one = P.dtype.type(1)
    units = H.shape[1]
    inputs = S.shape[1] - 1 - units
    for t in range(X.shape[0]):
        _read(X[t], H[t], x_mask, h_mask, S[t])
        product(V[:units, : inputs + 1], S[t, : inputs + 1], P[t, :units])
        product(V[units : 3 * units], S[t], P[t, units : 3 * units])
        product(V[3 * units :, inputs:], S[t, inputs:], P[t, 3 * units :])
        gates = P[t].reshape(4, -1)
        activate_row(gates[1:3].ravel(), SIGMOID)
        g, z, r, q = gates[0], gates[1], gates[2], gates[3]
        for b in range(g.shape[0]):
            g[b] += r[b] * q[b]
        activate_row(g, kind)
        before, state = H[t].ravel(), H[t + 1].ravel()
        for b in range(g.shape[0]):
            state[b] = z[b] * before[b] + (one - z[b]) * g[b]


@compiled
def _gru_slopes(gates, before, kind, d, direct, e):
    """The gradients of a step's gates, for that of its state, d; ``direct`` goes past them to the state before."""
    one = gates.dtype.type(1)
    g, z, r, q = gates[0], gates[1], gates[2], gates[3]
    lanes = range(d.shape[0])
    for b in lanes:
        direct[b] = d[b] * z[b]
    for b in lanes:
        e[b] = d[b] - direct[b]
    for b in lanes:
        z[b] = direct[b] * (before[b] - g[b]) * (one - z[b])
    slope_row(g, e, kind)
    for b in lanes:
        d[b] = e[b] * r[b]
    for b in lanes:
        r[b] = d[b] * q[b] * (one - r[b])
    for b in lanes:
        g[b] = e[b]
    for b in lanes:
        q[b] = d[b]


@compiled
def gru_backward(V, x_mask, h_mask, kind, S, P, H, dH, dh, G, dX):
    """P becomes the gradient of what it was before the activations."""
    units = dh.shape[0]
    inputs = S.shape[1] - 1 - units
    Ut, Wt, block = V[units:, inputs + 1 :].T, V[: 3 * units, :inputs].T, _block(P, S)
    direct, e = np.empty_like(dh), np.empty(dh.size, dh.dtype)
    for t in range(P.shape[0] - 1, -1, -1):
        if dH.shape[0]:
            _added(dH[t], dh)
        _gru_slopes(P[t].reshape(4, -1), H[t].ravel(), kind, dh.ravel(), direct.ravel(), e)
        product(Ut, P[t, units:], dh)
        if h_mask.shape[0]:
            dh *= h_mask
        _added(direct, dh)
        if dX.shape[0]:
            product(Wt, P[t, : 3 * units], dX[t])
            if x_mask.shape[0]:
                dX[t] *= x_mask
        if t % block == 0:
            D, read = P[t : t + block], S[t : t + block]
            add_outer(D[:, :units], read[:, : inputs + 1], G[:units, : inputs + 1])
            add_outer(D[:, units : 3 * units], read, G[units : 3 * units])
            add_outer(D[:, 3 * units :], read[:, inputs:], G[3 * units :, inputs:])
