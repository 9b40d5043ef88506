"""Recurrent cells, forward and backward over all steps of a sequence.

Arrays are (steps, rows, lanes). ``S`` holds what each step reads: its inputs, a row of ones, and the states before it;
the weights of all three lie beside each other in ``V``, so that a step is one product and its biases are part of it.
``H`` holds the states, and has one more than there are steps: the first is where the layer begins. Masks leave out
inputs and states in training; without rows they leave out nothing.

Backward, the gates' array becomes the gradient of what the gates were before their activations. ``dh`` (and ``dc``)
come as the gradient of the last state, beside the gradients ``dH`` of all states, and leave as that of the first. ``G``
sums the gradient of ``V``. ``dH`` and ``dX`` may have no steps: there is no such gradient, or nobody asks for it. S and
G have some rows and columns behind those of V, so that whole tiles are summed wherever they begin.
"""

import numpy as np

from skrnn.neural.fused.compiling import compiled, compiled_apart
from skrnn.neural.fused.kernels import activate_row, sigmoid, slope_of, slope_row
from skrnn.neural.fused.products import COLUMNS, add_outer, product

# What a core keeps close: the gradients of the weights are summed over as many steps as fit.
CACHE_BYTES = 2**18
# How many rows and columns S and G have behind those of V.
MORE = COLUMNS - 1


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
    inputs, end = X.shape[0], S.shape[0] - MORE
    _masked(X, x_mask, S[:inputs])
    S[inputs] = 1
    _masked(state, h_mask, S[inputs + 1 : end])
    S[end:] = 0


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


@compiled
def _add_gradient(D, S, G, start, stop):
    """Sum the gradient of some columns of V, and of those behind them that fill a tile."""
    stop += (start - stop) % COLUMNS
    add_outer(D, S[:, start:stop], G[:, start:stop])


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
    inputs = V.shape[1] - 1 - dh.shape[0]
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
            _add_gradient(D[t : t + block], S[t : t + block], G, 0, V.shape[1])


# ---------------------------------------------------------------------- long short-term memory


@compiled
def lstm_forward(V, X, x_mask, h_mask, kind, S, P, C, T, H):
    """P (steps, 4 units, lanes) becomes the gates i, f, g, o; C the cells, T their activation; H the states."""
    for t in range(X.shape[0]):
        _read(X[t], H[t], x_mask, h_mask, S[t])
        product(V, S[t], P[t])
        gates = P[t].reshape(4, -1)
        i, f, g, o = gates[0], gates[1], gates[2], gates[3]
        lstm_gates(i, f, g, o, C[t].ravel(), kind, C[t + 1].ravel(), T[t].ravel(), H[t + 1].ravel())


@compiled_apart
def lstm_gates(i, f, g, o, before, kind, cell, active, state):
    """Apply a step's activations to its gates, and go on from the cell before to the cell and the state."""
    activate_row(g, kind)
    for b in range(i.shape[0]):
        i[b], f[b], o[b] = sigmoid(i[b]), sigmoid(f[b]), sigmoid(o[b])
        cell[b] = f[b] * before[b] + i[b] * g[b]
        active[b] = cell[b]
    activate_row(active, kind)
    for b in range(i.shape[0]):
        state[b] = o[b] * active[b]


@compiled_apart
def lstm_slopes(i, f, g, o, before, active, kind, d, carry):
    """A step's gates become their gradients, for that of its state, d; ``carry`` is the cell's, and goes on."""
    one = i.dtype.type(1)
    for b in range(i.shape[0]):
        at_cell = d[b] * o[b] * slope_of(active[b], kind) + carry[b]
        carry[b] = at_cell * f[b]
        o[b] = d[b] * active[b] * o[b] * (one - o[b])
        f[b] = carry[b] * before[b] * (one - f[b])
        at_g = at_cell * i[b] * slope_of(g[b], kind)
        i[b] = at_cell * g[b] * i[b] * (one - i[b])
        g[b] = at_g


@compiled
def lstm_backward(V, x_mask, h_mask, kind, S, P, C, T, dH, dh, dc, G, dX):
    """P becomes the gradient of what it was before the activations."""
    inputs = V.shape[1] - 1 - dh.shape[0]
    Ut, Wt, block = V[:, inputs + 1 :].T, V[:, :inputs].T, _block(P, S)
    for t in range(P.shape[0] - 1, -1, -1):
        if dH.shape[0]:
            _added(dH[t], dh)
        gates = P[t].reshape(4, -1)
        i, f, g, o = gates[0], gates[1], gates[2], gates[3]
        lstm_slopes(i, f, g, o, C[t].ravel(), T[t].ravel(), kind, dh.ravel(), dc.ravel())
        product(Ut, P[t], dh)
        if h_mask.shape[0]:
            dh *= h_mask
        if dX.shape[0]:
            product(Wt, P[t], dX[t])
            if x_mask.shape[0]:
                dX[t] *= x_mask
        if t % block == 0:
            _add_gradient(P[t : t + block], S[t : t + block], G, 0, V.shape[1])


# ---------------------------------------------------------------------- gated recurrent unit


@compiled
def gru_forward(V, X, x_mask, h_mask, kind, S, P, H):
    """P (steps, 4 units, lanes) becomes the candidate, the gates z and r, and the candidate's product with the state.

    The reset gate multiplies that product (Keras's ``reset_after``): of the candidate, inputs and states have products
    of their own, the first and the last rows of V, each with a bias.
    """
    units = H.shape[1]
    inputs = V.shape[1] - 1 - units
    for t in range(X.shape[0]):
        _read(X[t], H[t], x_mask, h_mask, S[t])
        product(V[:units, : inputs + 1], S[t, : inputs + 1], P[t, :units])
        product(V[units : 3 * units], S[t], P[t, units : 3 * units])
        product(V[3 * units :, inputs:], S[t, inputs:], P[t, 3 * units :])
        gates = P[t].reshape(4, -1)
        gru_gates(gates[0], gates[1], gates[2], gates[3], H[t].ravel(), kind, H[t + 1].ravel())


@compiled_apart
def gru_gates(g, z, r, q, before, kind, state):
    """Apply a step's activations to its gates, and go on from the state before to the state."""
    for b in range(g.shape[0]):
        z[b], r[b] = sigmoid(z[b]), sigmoid(r[b])
        g[b] += r[b] * q[b]
    activate_row(g, kind)
    for b in range(g.shape[0]):
        state[b] = g[b] + z[b] * (before[b] - g[b])


@compiled_apart
def gru_slopes(g, z, r, q, before, kind, d, direct):
    """A step's gates become their gradients, for that of its state, d; ``direct`` goes past them to the one before."""
    one = g.dtype.type(1)
    for b in range(g.shape[0]):
        direct[b] = d[b] * z[b]
        at_g = (d[b] - direct[b]) * slope_of(g[b], kind)
        z[b] = direct[b] * (before[b] - g[b]) * (one - z[b])
        at_r = at_g * q[b] * r[b] * (one - r[b])
        g[b], q[b], r[b] = at_g, at_g * r[b], at_r


@compiled
def gru_backward(V, x_mask, h_mask, kind, S, P, H, dH, dh, G, dX):
    """P becomes the gradient of what it was before the activations."""
    units = dh.shape[0]
    inputs = V.shape[1] - 1 - units
    Ut, Wt, block = V[units:, inputs + 1 :].T, V[: 3 * units, :inputs].T, _block(P, S)
    direct = np.empty_like(dh)
    for t in range(P.shape[0] - 1, -1, -1):
        if dH.shape[0]:
            _added(dH[t], dh)
        gates = P[t].reshape(4, -1)
        gru_slopes(gates[0], gates[1], gates[2], gates[3], H[t].ravel(), kind, dh.ravel(), direct.ravel())
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
            _add_gradient(D[:, :units], read, G[:units], 0, inputs + 1)
            _add_gradient(D[:, units : 3 * units], read, G[units : 3 * units], 0, V.shape[1])
            _add_gradient(D[:, 3 * units :], read, G[3 * units :], inputs, V.shape[1])
