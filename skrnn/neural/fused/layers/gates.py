"""A step of an LSTM and of a GRU, behind the products of its inputs and states.

Backward, the gates become the gradients of what they were before their activations.
"""

from numba import types

from skrnn.neural.fused.compiling import array, linked
from skrnn.neural.fused.kernels import activate, sigmoid, slope_of

ROW = array(1)


@linked(ROW, ROW, ROW, ROW, ROW, types.int64, ROW, ROW, ROW, apart=True)
def lstm_gates(i, f, g, o, before, kind, cell, active, state):
    """From the gates' products, and the cell before, to the cell and the state."""
    activate(g, kind)
    for b in range(i.shape[0]):
        i[b] = sigmoid(i[b])
        f[b] = sigmoid(f[b])
        o[b] = sigmoid(o[b])
        cell[b] = f[b] * before[b] + i[b] * g[b]
        active[b] = cell[b]
    activate(active, kind)
    for b in range(i.shape[0]):
        state[b] = o[b] * active[b]


@linked(ROW, ROW, ROW, ROW, ROW, ROW, types.int64, ROW, ROW, apart=True)
def lstm_slopes(i, f, g, o, before, active, kind, d, carry):
    """A step's gates become their gradients, for that of its state, d.

    ``carry`` is the cell's, and goes on.
    """
    one = i.dtype.type(1)
    for b in range(i.shape[0]):
        at_cell = d[b] * o[b] * slope_of(active[b], kind) + carry[b]
        carry[b] = at_cell * f[b]
        o[b] = d[b] * active[b] * o[b] * (one - o[b])
        f[b] = carry[b] * before[b] * (one - f[b])
        at_g = at_cell * i[b] * slope_of(g[b], kind)
        i[b] = at_cell * g[b] * i[b] * (one - i[b])
        g[b] = at_g


@linked(ROW, ROW, ROW, ROW, ROW, types.int64, ROW, apart=True)
def gru_gates(g, z, r, q, before, kind, state):
    """From the gates' products, and the state before, to the state.

    The candidate has two products: g of inputs, and q of states.
    """
    for b in range(g.shape[0]):
        z[b] = sigmoid(z[b])
        r[b] = sigmoid(r[b])
        g[b] += r[b] * q[b]
    activate(g, kind)
    for b in range(g.shape[0]):
        state[b] = g[b] + z[b] * (before[b] - g[b])


@linked(ROW, ROW, ROW, ROW, ROW, types.int64, ROW, ROW, apart=True)
def gru_slopes(g, z, r, q, before, kind, d, direct):
    """A step's gates become their gradients, for that of its state, d.

    ``direct`` goes past them to the one before.
    """
    one = g.dtype.type(1)
    for b in range(g.shape[0]):
        direct[b] = d[b] * z[b]
        at_g = (d[b] - direct[b]) * slope_of(g[b], kind)
        z[b] = direct[b] * (before[b] - g[b]) * (one - z[b])
        at_r = at_g * q[b] * r[b] * (one - r[b])
        g[b] = at_g
        q[b] = at_g * r[b]
        r[b] = at_r
