"""Recurrent cells, forward and backward over all steps of a sequence.

A step reads its inputs, a one, and the states before it; the weights of all three lie beside each
other in ``V``, so that a step is one product and its biases are part of it. ``H`` holds the states,
and has one more than there are steps: the first is where the layer begins. Masks leave out inputs
and states in training; without rows they leave out nothing.

Backward, the gates' array becomes the gradient of what the gates were before their activations.
``dh`` (and ``dc``) come as the gradient of the last state, beside the gradients of all states, and
leave as that of the first. ``G`` sums the gradient of ``V``.
"""

from functools import partial

from numba import from_dtype, types
from numpy.lib.stride_tricks import as_strided

from skrnn.neural.fused.compiling import Kernel, Signature, array, linked, part_of
from skrnn.neural.fused.kernels import (
    activate,
    add_to,
    copy,
    copy_masked,
    draw_mask,
    fill,
    leave_out,
    mixed,
    multiply_slope,
    sigmoid,
    slope_of,
)
from skrnn.neural.fused.plan import GRU, LAYER, LSTM, SIMPLE
from skrnn.neural.fused.products import add_outer, affine, product

LAYERS = from_dtype(LAYER)[::1]
# What a layer's kernels take: the table and the layer's place in it, packed weights, (backward)
# their gradient, a chunk's memory, whether anything is left out, and (forward) a seed that tells
# what.
FORWARD = Signature(LAYERS, types.int64, array(1), array(2), types.boolean, types.uint64)
BACKWARD = Signature(LAYERS, types.int64, array(1), array(1), array(2), types.boolean)
forward_kernel, backward_kernel = (
    partial(Kernel, signature=signature) for signature in (FORWARD, BACKWARD)
)

# What a core keeps close: the gradients of the weights are summed over as many steps as fit.
CACHE_BYTES = 2**19


@part_of
def part(memory, place, steps, rows):
    """What lies at a place of a chunk's memory."""
    return memory[place : place + steps * rows].reshape(steps, rows, memory.shape[1])


@part_of
def _masks(layer, memory, training):
    """The masks of inputs and states; without rows if nothing is left out."""
    x_rows = layer.inputs if training and layer.dropout > 0 else 0
    h_rows = layer.units if training and layer.recurrent_dropout > 0 else 0
    return memory[layer.x_mask : layer.x_mask + x_rows], memory[
        layer.h_mask : layer.h_mask + h_rows
    ]


@part_of
def _rows(layer):
    """How many rows V has: one for each gate of each unit."""
    return layer.units if layer.kind == SIMPLE else 4 * layer.units


@part_of
def _matrix(layer, vector):
    """A layer's weights V, or their gradient, as they are packed."""
    rows, columns = _rows(layer), layer.inputs + 1 + layer.units
    return vector[layer.weights : layer.weights + rows * columns].reshape(rows, columns)


@part_of
def readers(layer):
    """How many rows of V, its first, read inputs.

    And from which row on, to its last, they read states.
    """
    return (3 * layer.units, layer.units) if layer.kind == GRU else (_rows(layer), 0)


@part_of
def steps_at_once(gates, inputs, units, memory):
    """Steps whose gates, inputs and states a core keeps close."""
    return max(1, CACHE_BYTES // ((gates + inputs + units) * memory.shape[1] * memory.itemsize))


@part_of
def ones(memory, steps):
    """A one for every step and lane: the first row of a chunk's memory, again and again."""
    return as_strided(
        memory, (steps, 1, memory.shape[1]), (0, memory.strides[0], memory.strides[1])
    )


@part_of
def _inputs(layer, memory, x_mask):
    """What all steps read beside states, in the order in which they do."""
    X = part(memory, layer.x, layer.steps, layer.inputs)
    if x_mask.shape[0]:
        X = part(memory, layer.x_masked, layer.steps, layer.inputs)
    return X[:: -1 if layer.backwards else 1]


@part_of
def _states(layer, memory, h_mask):
    """What all steps read of the states before them."""
    if h_mask.shape[0]:
        return part(memory, layer.h_masked, layer.steps, layer.units)
    return part(memory, layer.H, layer.steps, layer.units)


# ---------------------------------------------------------------------- gates

ROW = array(1)


@linked(ROW, ROW, ROW, ROW, ROW, types.int64, ROW, ROW, ROW, apart=True)
def lstm_gates(i, f, g, o, before, kind, cell, active, state):
    """Apply a step's activations to its gates, and go on from the cell before to the cell and the state."""
    activate(g, kind)
    for b in range(i.shape[0]):
        i[b], f[b], o[b] = sigmoid(i[b]), sigmoid(f[b]), sigmoid(o[b])
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
    """Apply a step's activations to its gates, and go on from the state before to the state."""
    for b in range(g.shape[0]):
        z[b], r[b] = sigmoid(z[b]), sigmoid(r[b])
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
        g[b], q[b], r[b] = at_g, at_g * r[b], at_r


# ---------------------------------------------------------------------- all steps, forward


@part_of
def _hand(memory, giver, taker, rows):
    """Copy some rows of a chunk's memory to others."""
    copy(memory[giver : giver + rows], memory[taker : taker + rows])


@part_of
def _begin(layers, at, memory):
    """The states that a layer begins with: none, or the last of its encoder's directions."""
    layer = layers[at]
    fill(memory[layer.H : layer.H + layer.units], 0)
    if layer.kind == LSTM:
        fill(memory[layer.C : layer.C + layer.units], 0)
    for direction in range(layer.directions):
        encoder, behind = layers[layer.encoder + direction], direction * layers[layer.encoder].units
        last = encoder.steps * encoder.units
        _hand(memory, encoder.H + last, layer.H + behind, encoder.units)
        if layer.kind == LSTM:
            _hand(memory, encoder.C + last, layer.C + behind, encoder.units)


@part_of
def _leave_out_inputs(layer, memory, x_mask):
    """What a mask leaves of the inputs, at all steps."""
    if x_mask.shape[0]:
        X = part(memory, layer.x, layer.steps, layer.inputs)
        left = part(memory, layer.x_masked, layer.steps, layer.inputs)
        for t in range(layer.steps):
            copy_masked(X[t], x_mask, left[t])


@part_of
def _put_beside(layer, H, memory):
    """Put what a layer gives beside what the other direction gives."""
    own, out = (
        slice(layer.part, layer.part + layer.units),
        part(memory, layer.out, layer.out_steps, layer.width),
    )
    if layer.sequences:
        for t in range(layer.steps):
            copy(H[t + 1], out[layer.steps - 1 - t if layer.turned else t, own])
    else:
        copy(H[layer.steps], out[0, own])


@forward_kernel
def recurrent_forward(layers, at, packed, memory, training, seed):
    """The states of a recurrent layer for its inputs."""
    layer = layers[at]
    activation, u, inputs, steps = layer.activation, layer.units, layer.inputs, layer.steps
    V, H, nothing = _matrix(layer, packed), part(memory, layer.H, steps + 1, u), memory[:0]
    x_mask, h_mask = _masks(layer, memory, training)
    draw_mask(x_mask, layer.dropout, mixed(seed, 0))
    draw_mask(h_mask, layer.recurrent_dropout, mixed(seed, 1))
    _leave_out_inputs(layer, memory, x_mask)
    _begin(layers, at, memory)
    X, states = _inputs(layer, memory, x_mask), _states(layer, memory, h_mask)
    for t in range(steps):
        x, h = X[t], states[t]
        if h_mask.shape[0]:
            copy_masked(H[t], h_mask, h)
        if layer.kind == SIMPLE:
            affine(V, x, h, H[t + 1])
            activate(H[t + 1].ravel(), activation)
            continue
        P = part(memory, layer.P + t * 4 * u, 4, u)
        gates, flat = P.reshape(4, -1), P.reshape(4 * u, -1)
        one, two, three, four = gates[0], gates[1], gates[2], gates[3]
        if layer.kind == LSTM:
            affine(V, x, h, flat)
            C, T = part(memory, layer.C + t * u, 2, u), part(memory, layer.T + t * u, 1, u)
            lstm_gates(
                one,
                two,
                three,
                four,
                C[0].ravel(),
                activation,
                C[1].ravel(),
                T.ravel(),
                H[t + 1].ravel(),
            )
        else:
            # The reset gate multiplies the candidate's product with the state (Keras's
            # ``reset_after``): inputs and states have products of their own, the first and the last
            # rows of V, each with a bias.
            affine(V[:u, : inputs + 1], x, nothing, flat[:u])
            affine(V[u : 3 * u], x, h, flat[u : 3 * u])
            affine(V[3 * u :, inputs:], nothing, h, flat[3 * u :])
            gru_gates(one, two, three, four, H[t].ravel(), activation, H[t + 1].ravel())
    if layer.width > u:
        _put_beside(layer, H, memory)


# ---------------------------------------------------------------------- all steps, backward


@part_of
def _begin_back(layer, D, memory):
    """The gradients of the last states."""
    dh, dc = memory[layer.dh : layer.dh + layer.units], memory[layer.dc : layer.dc + layer.units]
    if not layer.handed:
        fill(dh, 0)
        fill(dc, 0)
    if not layer.sequences:
        add_to(D[0, layer.part : layer.part + layer.units], dh)
    return dh, dc


@part_of
def _hand_back(layers, at, memory):
    """The gradients of the states that a layer began with are those of its encoder's last."""
    layer = layers[at]
    for direction in range(layer.directions):
        encoder, behind = layers[layer.encoder + direction], direction * layers[layer.encoder].units
        _hand(memory, layer.dh + behind, encoder.dh, encoder.units)
        _hand(memory, layer.dc + behind, encoder.dc, encoder.units)


@backward_kernel
def recurrent_backward(layers, at, packed, gradient, memory, training):
    """The gradients of a recurrent layer's weights and inputs."""
    layer = layers[at]
    activation, u, inputs, steps = layer.activation, layer.units, layer.inputs, layer.steps
    V, G = _matrix(layer, packed), _matrix(layer, gradient)
    first, last = readers(layer)
    Ut, Wt = V[last:, inputs + 1 :].T, V[:first, :inputs].T
    x_mask, h_mask = _masks(layer, memory, training)
    X, states, H = (
        _inputs(layer, memory, x_mask),
        _states(layer, memory, h_mask),
        part(memory, layer.H, steps + 1, u),
    )
    P = part(memory, layer.P, steps, V.shape[0])
    D, dX = (
        part(memory, layer.d, layer.out_steps, layer.width),
        part(memory, layer.dx, steps, inputs),
    )
    spare = memory[layer.spare : layer.spare + max(u, inputs)]
    dh, dc = _begin_back(layer, D, memory)
    block = steps_at_once(V.shape[0], inputs, u, memory)
    for t in range(steps - 1, -1, -1):
        if layer.sequences:
            add_to(D[steps - 1 - t if layer.turned else t, layer.part : layer.part + u], dh)
        if layer.kind == SIMPLE:
            multiply_slope(H[t + 1].ravel(), dh.ravel(), activation)
            copy(dh, P[t])
        else:
            gates = P[t].reshape(4, -1)
            one, two, three, four = gates[0], gates[1], gates[2], gates[3]
            if layer.kind == LSTM:
                C, T = part(memory, layer.C + t * u, 1, u), part(memory, layer.T + t * u, 1, u)
                lstm_slopes(
                    one, two, three, four, C.ravel(), T.ravel(), activation, dh.ravel(), dc.ravel()
                )
            else:
                gru_slopes(
                    one, two, three, four, H[t].ravel(), activation, dh.ravel(), spare[:u].ravel()
                )
        product(Ut, P[t, last:], dh)
        leave_out(dh, h_mask)
        if layer.kind == GRU:
            add_to(spare[:u], dh)
        if not layer.first:
            read = dX[steps - 1 - t if layer.backwards else t]
            if layer.adds:
                product(Wt, P[t, :first], spare[:inputs])
                leave_out(spare[:inputs], x_mask)
                add_to(spare[:inputs], read)
            else:
                product(Wt, P[t, :first], read)
                leave_out(read, x_mask)
        if t % block == 0:
            of = P[t : t + block]
            add_outer(of[:, :first], X[t : t + block], G[:first, :inputs])
            add_outer(of[:, last:], states[t : t + block], G[last:, inputs + 1 :])
            add_outer(of, ones(memory, of.shape[0]), G[:, inputs : inputs + 1])
    _hand_back(layers, at, memory)
