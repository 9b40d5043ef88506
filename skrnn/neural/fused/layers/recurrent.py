"""Recurrent cells, forward and backward over all steps of a sequence.

A step reads its inputs, a one, and the states before it; the weights of all three lie beside each
other in ``V``, so that a step is one product and its biases are part of it. ``H`` holds the states,
and has one more than there are steps: the first is where the layer begins. Masks leave out inputs
and states in training; without rows they leave out nothing.

Backward, the gates' array becomes the gradient of what the gates were before their activations.
``dh`` (and ``dc``) come as the gradient of the last state, beside the gradients of all states, and
leave as that of the first. ``G`` sums the gradient of ``V``.
"""

import numpy as np
from numba import types

from skrnn.neural.fused.compiling import array, linked, part_of
from skrnn.neural.fused.initializers import glorot, open_forget_gate, orthogonal, zeros
from skrnn.neural.fused.kernels import (
    ACTIVATIONS,
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
from skrnn.neural.fused.layers.kinds import Kind, register
from skrnn.neural.fused.layers.plain import plan_repeat
from skrnn.neural.fused.memory import backward_kernel, declare, forward_kernel, ones, view
from skrnn.neural.fused.products import add_outer, affine, product
from skrnn.neural.network import Decoder, Recurrent

SIMPLE, LSTM, GRU = range(3)
CELLS = {"simple": SIMPLE, "lstm": LSTM, "gru": GRU}
GATES = {SIMPLE: 1, LSTM: 4, GRU: 4}
declare(
    backwards="whether it reads the last step first",
    turned="whether it is the second direction, which gives its states in the order of the first",
    sequences="whether it gives all states, or the last alone",
    width="the units of all directions, whose states lie beside each other",
    part="where its own begin there",
    adds="whether the other direction has written dx before",
    directions="of a decoder: with how many layers' last states, beside each other, it begins",
    encoder="of a decoder: the first of these layers",
    handed="whether a decoder has written dh and dc",
    h0="the state before the first step, and behind it the cell of an LSTM; none for a decoder",
    H="states: that before the first step, and those after each",
    P="the gates' products, then the gates, and backward the gradients of the products",
    C="the cells of an LSTM: that before the first step, and those after each",
    T="their activations",
    dh="the gradient of a step's state",
    dc="the gradient of its cell",
    h_mask="what is left out of the states",
    x_masked="what is left of the inputs, at all steps",
    h_masked="what is left of the states, at all steps",
    spare="numbers that are used up in the same step",
)

# What a core keeps close: the gradients of the weights are summed over as many steps as fit.
CACHE_BYTES = 2**19

# ---------------------------------------------------------------------- planning


def n_states(spec) -> int:
    """How many numbers the states before the first step of a layer are."""
    if not isinstance(spec, Recurrent):
        return 0
    return spec.units * (2 if spec.cell == "lstm" else 1) * (2 if spec.bidirectional else 1)


def plan_recurrent(plan, at, shape, spec):
    """A layer that begins with given states, once for each direction."""
    sequences = spec.sequences or plan.every_step
    turns = (False, True) if spec.bidirectional else (False,)
    block = []
    for turned in turns:
        layer = _plan_cell(plan, at, shape, spec)
        layer["backwards"] = turned != spec.go_backwards
        layer["h0"] = plan.take_states(n_states(spec) // len(turns))
        block.append(layer)
    return _plan_outputs(plan, block, shape, spec, sequences)


def plan_decoder(plan, at, shape, spec):
    """A layer over the leads that begins with the last states of the layer before."""
    encoder = plan.blocks[-1]
    first = sum(map(len, plan.blocks)) - len(encoder)
    for layer in encoder:
        layer["handed"] = True
    at, shape = plan_repeat(plan, at, shape, spec.units)
    layer = _plan_cell(plan, at, shape, spec)
    layer["encoder"] = first
    layer["directions"] = len(encoder)
    return _plan_outputs(plan, [layer], shape, spec, sequences=True)


def _plan_outputs(plan, block, shape, spec, sequences):
    """Where the states of all directions lie beside each other; those of one where they are."""
    steps = shape[0] if sequences else 1
    width = len(block) * spec.units
    if len(block) == 1:
        out = block[0]["H"] + (1 if sequences else shape[0]) * spec.units
    else:
        out = plan.reserve(steps, width)
    for number, layer in enumerate(block):
        layer["turned"] = number == 1
        layer["part"] = number * spec.units
        layer["sequences"] = sequences
        layer["width"] = width
        layer["out"] = out
        layer["out_steps"] = steps
    plan.blocks.append(block)
    plan.widest = max(plan.widest, spec.units)
    return out, (steps, width)


def _plan_cell(plan, at, shape, spec):
    steps, inputs = shape
    units = spec.units
    kind = CELLS[spec.cell]
    start = _plan_weights(plan, inputs, units, kind)
    layer = {
        "kind": kind,
        "activation": ACTIVATIONS[spec.activation],
        "steps": steps,
        "inputs": inputs,
        "units": units,
        "x": at,
        "weights": start,
        "dropout": spec.dropout,
        "recurrent_dropout": spec.recurrent_dropout,
    }
    if spec.dropout:
        layer["x_mask"] = plan.reserve(inputs)
        layer["x_masked"] = plan.reserve(steps, inputs)
    if spec.recurrent_dropout:
        layer["h_mask"] = plan.reserve(units)
        layer["h_masked"] = plan.reserve(steps, units)
    layer["H"] = plan.reserve(steps + 1, units)
    if kind != SIMPLE:
        layer["P"] = plan.reserve(steps, GATES[kind] * units)
    if kind == LSTM:
        layer["C"] = plan.reserve(steps + 1, units)
        layer["T"] = plan.reserve(steps, units)
    return layer


def _plan_weights(plan, inputs, units, kind):
    start, V = plan.pack(GATES[kind] * units, inputs + 1 + units)
    # A product of inputs, one and states. Of the GRU the candidate comes first and last, with its
    # inputs and with the states; of its other gates both biases are one number.
    first = last = V
    if kind == GRU:
        first = np.roll(V[: 3 * units], -units, axis=0)
        last = V[units:]
    plan.variable(glorot, first[:, :inputs].T)
    plan.variable(orthogonal, last[:, inputs + 1 :].T)
    if kind == GRU:
        plan.variable(zeros, np.array([first[:, inputs], last[:, inputs]]))
    else:
        plan.variable(open_forget_gate if kind == LSTM else zeros, V[:, inputs])
    return start


def plan_gradient(plan, layer, block):
    """Gradients of a step's state and cell, and of a simple cell's products."""
    layer["dh"] = plan.reserve(layer["units"])
    layer["dc"] = plan.reserve(layer["units"])
    layer["spare"] = plan.reserve(max(layer["inputs"], layer["units"]))
    # Backward the other direction comes first, and writes.
    layer["adds"] = len(block) == 2 and not layer["turned"]
    if layer["kind"] == SIMPLE:
        layer["P"] = plan.reserve(layer["steps"], layer["units"])


# ---------------------------------------------------------------------- what a layer reads


@part_of
def is_recurrent(layer):
    """Whether a layer of the table is a recurrent one."""
    return layer.kind <= GRU


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
def _inputs(layer, memory, x_mask):
    """What all steps read beside states, in the order in which they do."""
    X = view(memory, layer.x, layer.steps, layer.inputs)
    if x_mask.shape[0]:
        X = view(memory, layer.x_masked, layer.steps, layer.inputs)
    return X[:: -1 if layer.backwards else 1]


@part_of
def _states(layer, memory, h_mask):
    """What all steps read of the states before them."""
    if h_mask.shape[0]:
        return view(memory, layer.h_masked, layer.steps, layer.units)
    return view(memory, layer.H, layer.steps, layer.units)


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
    """The states that a layer begins with: those given, or the last of its encoder's directions."""
    layer = layers[at]
    if not layer.directions:
        copy(memory[layer.h0 : layer.h0 + layer.units], memory[layer.H : layer.H + layer.units])
        if layer.kind == LSTM:
            c0 = layer.h0 + layer.units
            copy(memory[c0 : c0 + layer.units], memory[layer.C : layer.C + layer.units])
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
        X = view(memory, layer.x, layer.steps, layer.inputs)
        left = view(memory, layer.x_masked, layer.steps, layer.inputs)
        for t in range(layer.steps):
            copy_masked(X[t], x_mask, left[t])


@part_of
def _put_beside(layer, H, memory):
    """Put what a layer gives beside what the other direction gives."""
    own, out = (
        slice(layer.part, layer.part + layer.units),
        view(memory, layer.out, layer.out_steps, layer.width),
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
    V, H, nothing = _matrix(layer, packed), view(memory, layer.H, steps + 1, u), memory[:0]
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
        P = view(memory, layer.P + t * 4 * u, 4, u)
        gates, flat = P.reshape(4, -1), P.reshape(4 * u, -1)
        if layer.kind == LSTM:
            affine(V, x, h, flat)
            C, T = view(memory, layer.C + t * u, 2, u), view(memory, layer.T + t * u, 1, u)
            i, f, g, o = gates[0], gates[1], gates[2], gates[3]
            lstm_gates(
                i,
                f,
                g,
                o,
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
            g, z, r, q = gates[0], gates[1], gates[2], gates[3]
            gru_gates(g, z, r, q, H[t].ravel(), activation, H[t + 1].ravel())
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
        view(memory, layer.H, steps + 1, u),
    )
    P = view(memory, layer.P, steps, V.shape[0])
    D, dX = (
        view(memory, layer.d, layer.out_steps, layer.width),
        view(memory, layer.dx, steps, inputs),
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
            if layer.kind == LSTM:
                i, f, g, o = gates[0], gates[1], gates[2], gates[3]
                C, T = view(memory, layer.C + t * u, 1, u), view(memory, layer.T + t * u, 1, u)
                lstm_slopes(i, f, g, o, C.ravel(), T.ravel(), activation, dh.ravel(), dc.ravel())
            else:
                g, z, r, q = gates[0], gates[1], gates[2], gates[3]
                gru_slopes(g, z, r, q, H[t].ravel(), activation, dh.ravel(), spare[:u].ravel())
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


_KIND = Kind(recurrent_forward, recurrent_backward, plan_gradient)
register(Recurrent, plan_recurrent, dict.fromkeys((SIMPLE, LSTM, GRU), _KIND))
register(Decoder, plan_decoder, {})
