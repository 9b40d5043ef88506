"""Recurrent layers, forward and backward over all steps of a sequence.

A step reads its inputs, a one, and the states before it; the weights of all three lie beside each
other in ``V``, so that a step is one product and its biases are part of it. ``H`` holds the states,
and has one more than there are steps: the first is where the layer begins. Masks leave out inputs
and states in training; without rows they leave out nothing.

Backward, the gates' array becomes the gradient of what the gates were before their activations.
``dh`` (and ``dc``) come as the gradient of the last state, beside the gradients of all states, and
leave as that of the first. ``G`` sums the gradient of ``V``.
"""

import numpy as np

from skrnn.neural.fused.compiling import part_of
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
)
from skrnn.neural.fused.layers.gates import gru_gates, gru_slopes, lstm_gates, lstm_slopes
from skrnn.neural.fused.layers.kinds import Kind, register
from skrnn.neural.fused.layers.plain import plan_repeat
from skrnn.neural.fused.memory import (
    NOTHING_MISSING,
    Stretch,
    backward_kernel,
    declare,
    forward_kernel,
    ones,
    there_in,
    there_in_all,
    there_in_any,
    view,
)
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
    behind="where its own begin there",
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
    kept="the gradients of the state and of the cell, of lanes that have no such step",
)

# What a core keeps close: the gradients of the weights are summed over as many steps as fit.
CACHE_BYTES = 2**19

# ---------------------------------------------------------------------- planning


def n_states(spec) -> int:
    """How many numbers the states before the first step of a layer are."""
    if not isinstance(spec, Recurrent):
        return 0
    return spec.units * (2 if spec.cell == "lstm" else 1) * (2 if spec.bidirectional else 1)


def plan_recurrent(plan, read, spec):
    """A layer that begins with given states, once for each direction."""
    sequences = spec.sequences or plan.every_step
    turns = (False, True) if spec.bidirectional else (False,)
    block = []
    for turned in turns:
        layer = _plan_cell(plan, read, spec)
        layer["backwards"] = turned != spec.go_backwards
        layer["late"] = layer["backwards"] != read.late
        layer["h0"] = plan.take_states(n_states(spec) // len(turns))
        block.append(layer)
    return _plan_outputs(plan, block, read, spec, sequences)


def plan_decoder(plan, read, spec):
    """A layer over the leads that begins with the last states of the layer before."""
    encoder = plan.blocks[-1]
    first = sum(map(len, plan.blocks)) - len(encoder)
    for layer in encoder:
        layer["handed"] = True
    read = plan_repeat(plan, read, spec.units)
    layer = _plan_cell(plan, read, spec)
    layer["encoder"] = first
    layer["directions"] = len(encoder)
    return _plan_outputs(plan, [layer], read, spec, sequences=True)


def _plan_outputs(plan, block, read, spec, sequences):
    """Where the states of all directions lie beside each other; those of one where they are."""
    steps = read.steps if sequences else 1
    width = len(block) * spec.units
    if len(block) == 1:
        out = block[0]["H"] + (1 if sequences else read.steps) * spec.units
    else:
        out = plan.reserve(steps, width)
    for number, layer in enumerate(block):
        layer["turned"] = number == 1
        layer["behind"] = number * spec.units
        layer["sequences"] = sequences
        layer["width"] = width
        layer["out"] = out
        layer["out_steps"] = steps
    plan.blocks.append(block)
    plan.widest = max(plan.widest, spec.units)
    if not sequences:
        return Stretch(out, 1, width, NOTHING_MISSING)
    return Stretch(out, steps, width, read.missing, bool(block[0]["late"]))


def _plan_cell(plan, read, spec):
    steps = read.steps
    inputs = read.numbers
    units = spec.units
    kind = CELLS[spec.cell]
    start = _plan_weights(plan, inputs, units, kind)
    layer = {
        "kind": kind,
        "activation": ACTIVATIONS[spec.activation],
        "steps": steps,
        "inputs": inputs,
        "units": units,
        "x": read.offset,
        "missing": read.missing,
        "late": False,
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
    layer["kept"] = plan.reserve(2 * layer["units"])
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
def _input_mask(layer, memory, training):
    """The mask of inputs; without rows if nothing is left out."""
    n = layer.inputs if training and layer.dropout > 0 else 0
    return memory[layer.x_mask : layer.x_mask + n]


@part_of
def _state_mask(layer, memory, training):
    """The mask of states; without rows if nothing is left out."""
    n = layer.units if training and layer.recurrent_dropout > 0 else 0
    return memory[layer.h_mask : layer.h_mask + n]


@part_of
def _n_products(layer):
    """How many rows V has: one for each product of each unit."""
    return layer.units if layer.kind == SIMPLE else 4 * layer.units


@part_of
def _weights(layer, vector):
    """A layer's weights V, or their gradient, as they are packed."""
    columns = layer.inputs + 1 + layer.units
    rows = _n_products(layer)
    return vector[layer.weights : layer.weights + rows * columns].reshape(rows, columns)


@part_of
def readers(layer):
    """How many rows of V, its first, read inputs.

    And from which row on, to its last, they read states.
    """
    return (3 * layer.units, layer.units) if layer.kind == GRU else (_n_products(layer), 0)


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


# ---------------------------------------------------------------------- forward


@part_of
def _hand(memory, giver, taker, rows):
    """Copy some rows of a chunk's memory to others."""
    copy(memory[giver : giver + rows], memory[taker : taker + rows])


@part_of
def _begin(layers, at, memory):
    """The states that a layer begins with: those given, or the last of its encoder's directions."""
    layer = layers[at]
    if not layer.directions:
        _hand(memory, layer.h0, layer.H, layer.units)
        if layer.kind == LSTM:
            _hand(memory, layer.h0 + layer.units, layer.C, layer.units)
    for direction in range(layer.directions):
        encoder = layers[layer.encoder + direction]
        behind = direction * encoder.units
        last = encoder.steps * encoder.units
        _hand(memory, encoder.H + last, layer.H + behind, encoder.units)
        if layer.kind == LSTM:
            _hand(memory, encoder.C + last, layer.C + behind, encoder.units)


# Steps that are missing, in the order in which the layer reads them, leave states as they are: a
# sequence begins with the first of its own, and its last state is the last of its own.


@part_of
def _pass_on(layer, t, H, memory):
    """Step t is missing: the state and the cell behind it are those before it."""
    copy(H[t], H[t + 1])
    if layer.kind == LSTM:
        C = view(memory, layer.C + t * layer.units, 2, layer.units)
        copy(C[0], C[1])


@part_of
def _pass_on_missing(layer, t, H, memory):
    """So it is in those lanes where step t is missing."""
    for b in range(memory.shape[1]):
        first, last = there_in(layer, memory, b)
        if first <= t < last:
            continue
        for j in range(layer.units):
            H[t + 1, j, b] = H[t, j, b]
            if layer.kind == LSTM:
                before = layer.C + t * layer.units + j
                memory[before + layer.units, b] = memory[before, b]


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
    own = slice(layer.behind, layer.behind + layer.units)
    out = view(memory, layer.out, layer.out_steps, layer.width)
    if layer.sequences:
        for t in range(layer.steps):
            copy(H[t + 1], out[layer.steps - 1 - t if layer.turned else t, own])
    else:
        copy(H[layer.steps], out[0, own])


@part_of
def _rows(P):
    """The gates of a step, each of all units and lanes."""
    gates = P.reshape(4, -1)
    return gates[0], gates[1], gates[2], gates[3]


@part_of
def _lstm_step(layer, t, V, x, h, H, memory):
    """The state and the cell of an LSTM behind step t."""
    u = layer.units
    P = view(memory, layer.P + t * 4 * u, 4, u)
    affine(V, x, h, P.reshape(4 * u, -1))
    i, f, g, o = _rows(P)
    C = view(memory, layer.C + t * u, 2, u)
    active = view(memory, layer.T + t * u, 1, u).ravel()
    before = C[0].ravel()
    cell = C[1].ravel()
    lstm_gates(i, f, g, o, before, layer.activation, cell, active, H[t + 1].ravel())


@part_of
def _gru_step(layer, t, V, x, h, H, memory):
    """The state of a GRU behind step t.

    The reset gate multiplies the candidate's product with the state (Keras's ``reset_after``):
    inputs and states have products of their own, the first and the last rows of V, each with a
    bias.
    """
    u = layer.units
    nothing = memory[:0]
    P = view(memory, layer.P + t * 4 * u, 4, u)
    products = P.reshape(4 * u, -1)
    affine(V[:u, : layer.inputs + 1], x, nothing, products[:u])
    affine(V[u : 3 * u], x, h, products[u : 3 * u])
    affine(V[3 * u :, layer.inputs :], nothing, h, products[3 * u :])
    g, z, r, q = _rows(P)
    gru_gates(g, z, r, q, H[t].ravel(), layer.activation, H[t + 1].ravel())


@forward_kernel
def recurrent_forward(layers, at, packed, memory, training, seed):
    """The states of a recurrent layer for its inputs."""
    layer = layers[at]
    V = _weights(layer, packed)
    H = view(memory, layer.H, layer.steps + 1, layer.units)
    x_mask = _input_mask(layer, memory, training)
    h_mask = _state_mask(layer, memory, training)
    draw_mask(x_mask, layer.dropout, mixed(seed, 0))
    draw_mask(h_mask, layer.recurrent_dropout, mixed(seed, 1))
    _leave_out_inputs(layer, memory, x_mask)
    _begin(layers, at, memory)
    X = _inputs(layer, memory, x_mask)
    states = _states(layer, memory, h_mask)
    begin, stop = there_in_any(layer, memory)
    full, full_stop = there_in_all(layer, memory)
    for t in range(layer.steps):
        if t < begin or t >= stop:
            _pass_on(layer, t, H, memory)
            continue
        x = X[t]
        h = states[t]
        if h_mask.shape[0]:
            copy_masked(H[t], h_mask, h)
        if layer.kind == SIMPLE:
            affine(V, x, h, H[t + 1])
            activate(H[t + 1].ravel(), layer.activation)
        elif layer.kind == LSTM:
            _lstm_step(layer, t, V, x, h, H, memory)
        else:
            _gru_step(layer, t, V, x, h, H, memory)
        if t < full or t >= full_stop:
            _pass_on_missing(layer, t, H, memory)
    if layer.width > layer.units:
        _put_beside(layer, H, memory)


# ---------------------------------------------------------------------- backward


@part_of
def _begin_back(layer, D, dh, dc):
    """The gradients of the last states."""
    if not layer.handed:
        fill(dh, 0)
        fill(dc, 0)
    if not layer.sequences:
        add_to(D[0, layer.behind : layer.behind + layer.units], dh)


@part_of
def _hand_back(layers, at, memory):
    """The gradients of the states that a layer began with are those of its encoder's last."""
    layer = layers[at]
    for direction in range(layer.directions):
        encoder = layers[layer.encoder + direction]
        behind = direction * encoder.units
        _hand(memory, layer.dh + behind, encoder.dh, encoder.units)
        _hand(memory, layer.dc + behind, encoder.dc, encoder.units)


@part_of
def _slopes(layer, t, H, P, dh, dc, direct, memory):
    """The gates of step t become the gradients of their products."""
    u = layer.units
    if layer.kind == SIMPLE:
        multiply_slope(H[t + 1].ravel(), dh.ravel(), layer.activation)
        copy(dh, P[t])
        return
    if layer.kind == LSTM:
        i, f, g, o = _rows(P[t])
        before = view(memory, layer.C + t * u, 1, u).ravel()
        active = view(memory, layer.T + t * u, 1, u).ravel()
        lstm_slopes(i, f, g, o, before, active, layer.activation, dh.ravel(), dc.ravel())
    else:
        g, z, r, q = _rows(P[t])
        gru_slopes(g, z, r, q, H[t].ravel(), layer.activation, dh.ravel(), direct.ravel())


@part_of
def _keep(layer, dh, dc, memory):
    """Keep the gradients of the state and the cell behind a step."""
    copy(dh, memory[layer.kept : layer.kept + layer.units])
    copy(dc, memory[layer.kept + layer.units : layer.kept + 2 * layer.units])


@part_of
def _pass_back_missing(layer, t, dh, dc, memory):
    """Where step t is missing, the gradients before it are those behind it, which were kept."""
    for b in range(memory.shape[1]):
        first, last = there_in(layer, memory, b)
        if first <= t < last:
            continue
        for j in range(layer.units):
            dh[j, b] = memory[layer.kept + j, b]
            dc[j, b] = memory[layer.kept + layer.units + j, b]


@part_of
def _clear_missing(layer, t, P, memory):
    """Where step t is missing, nothing of its products P matters."""
    for b in range(memory.shape[1]):
        first, last = there_in(layer, memory, b)
        if t < first or t >= last:
            for j in range(P.shape[0]):
                P[j, b] = 0


@part_of
def _back_to_inputs(layer, Wt, d, x_mask, read, spare):
    """The gradient of what a step reads, beside that of the other direction."""
    if layer.adds:
        product(Wt, d, spare)
        leave_out(spare, x_mask)
        add_to(spare, read)
    else:
        product(Wt, d, read)
        leave_out(read, x_mask)


@backward_kernel
def recurrent_backward(layers, at, packed, gradient, memory, training):
    """The gradients of a recurrent layer's weights and inputs."""
    layer = layers[at]
    u = layer.units
    inputs = layer.inputs
    steps = layer.steps
    V = _weights(layer, packed)
    G = _weights(layer, gradient)
    first, last = readers(layer)
    Ut = V[last:, inputs + 1 :].T
    Wt = V[:first, :inputs].T
    x_mask = _input_mask(layer, memory, training)
    h_mask = _state_mask(layer, memory, training)
    X = _inputs(layer, memory, x_mask)
    states = _states(layer, memory, h_mask)
    H = view(memory, layer.H, steps + 1, u)
    P = view(memory, layer.P, steps, V.shape[0])
    D = view(memory, layer.d, layer.out_steps, layer.width)
    dX = view(memory, layer.dx, steps, inputs)
    spare = memory[layer.spare : layer.spare + max(u, inputs)]
    dh = memory[layer.dh : layer.dh + u]
    dc = memory[layer.dc : layer.dc + u]
    _begin_back(layer, D, dh, dc)
    block = steps_at_once(V.shape[0], inputs, u, memory)
    begin, stop = there_in_any(layer, memory)
    full, full_stop = there_in_all(layer, memory)
    for t in range(stop - 1, begin - 1, -1):
        if layer.sequences:
            add_to(D[steps - 1 - t if layer.turned else t, layer.behind : layer.behind + u], dh)
        some_miss_it = t < full or t >= full_stop
        if some_miss_it:
            _keep(layer, dh, dc, memory)
        _slopes(layer, t, H, P, dh, dc, spare[:u], memory)
        if some_miss_it:
            _clear_missing(layer, t, P[t], memory)
        product(Ut, P[t, last:], dh)
        leave_out(dh, h_mask)
        if layer.kind == GRU:
            add_to(spare[:u], dh)
        if some_miss_it:
            _pass_back_missing(layer, t, dh, dc, memory)
        if not layer.first:
            read = dX[steps - 1 - t if layer.backwards else t]
            _back_to_inputs(layer, Wt, P[t, :first], x_mask, read, spare[:inputs])
        if t % block == 0 or t == begin:
            end = min(t - t % block + block, stop)
            d = P[t:end]
            add_outer(d[:, :first], X[t:end], G[:first, :inputs])
            add_outer(d[:, last:], states[t:end], G[last:, inputs + 1 :])
            add_outer(d, ones(memory, d.shape[0]), G[:, inputs : inputs + 1])
    _hand_back(layers, at, memory)


_KIND = Kind(recurrent_forward, recurrent_backward, plan_gradient)
register(Recurrent, plan_recurrent, dict.fromkeys((SIMPLE, LSTM, GRU), _KIND))
register(Decoder, plan_decoder, {})
