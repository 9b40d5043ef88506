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

from skrnn.neural.fused.compiling import flat, part_of, shaped
from skrnn.neural.fused.initializers import glorot, open_forget_gate, orthogonal, zeros
from skrnn.neural.fused.kernels import (
    activate,
    add_to,
    copy,
    copy_masked,
    draw_mask,
    leave_out,
    mixed,
    multiply_slope,
)
from skrnn.neural.fused.layers.codes import (
    add_columns,
    begin_columns,
    codes_in,
    plan_columns,
    plan_gradient_of_inputs,
    set_columns,
)
from skrnn.neural.fused.layers.gates import gru_gates, gru_slopes, lstm_gates, lstm_slopes
from skrnn.neural.fused.layers.kinds import Kind
from skrnn.neural.fused.layers.states import (
    back_to_inputs,
    begin_back,
    begin_states,
    gates_at,
    gates_of,
    hand_back,
    input_mask,
    inputs_of,
    keep_missing,
    leave_out_inputs,
    pass_back_missing,
    pass_on,
    pass_on_missing,
    plan_gates,
    plan_gradient,
    plan_row,
    put_beside,
    register_cell,
    steps_at_once,
)
from skrnn.neural.fused.memory import (
    LANE_STEP,
    backward_kernel,
    declare,
    forward_kernel,
    ones,
    there_in_all,
    there_in_any,
    view,
)
from skrnn.neural.fused.products import (
    PANEL,
    STEPS_OF_SUMS,
    add_outer,
    add_outer_of_many,
    add_product,
    add_to_rows,
    affine,
    look_up,
    product,
    transpose,
)

SIMPLE, LSTM, GRU = range(3)
NUMBERS = {"simple": SIMPLE, "lstm": LSTM, "gru": GRU}
GATES = {SIMPLE: 1, LSTM: 4, GRU: 4}
declare(
    T="the activations of an LSTM's cells",
    h_mask="what is left out of the states",
    h_masked="what is left of the states, at all steps",
    Ut="of many weights: those of states transposed, so that none lies far from the next",
    Wt="of many weights: those of inputs transposed",
)

# From so many units on the gradient of weights is not summed across vectors.
WIDE = 64
# From so many weights on, which no core keeps close, they are transposed once a chunk.
FAR = 2**19


# ---------------------------------------------------------------------- planning


def _plan_cell(plan, read, spec):
    units = spec.units
    kind = NUMBERS[spec.cell]
    start = _plan_weights(plan, read.numbers, units, kind)
    plan.waits = True
    layer = plan_row(plan, read, spec, kind, start)
    if spec.recurrent_dropout:
        layer["h_mask"] = plan.reserve(units)
        layer["h_masked"] = plan.reserve(read.steps, units)
    if kind != SIMPLE:
        plan_gates(plan, layer, GATES[kind] * units)
    plan_columns(plan, layer, read, (3 if kind == GRU else GATES[kind]) * units)
    if kind == LSTM:
        layer["C"] = plan.reserve(read.steps + 1, units)
        layer["T"] = plan.reserve(read.steps, units)
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


def _plan_gradient(plan, layer, block):
    """Gradients of a step's state and cell, and of a simple cell's products."""
    plan_gradient(plan, layer, block)
    if layer["kind"] == SIMPLE:
        plan_gates(plan, layer, layer["units"])
    if layer["units"] >= WIDE:
        layer["spare_steps"] = plan.reserve(STEPS_OF_SUMS, PANEL)
    rows = GATES[layer["kind"]] * layer["units"]
    if rows * (layer["inputs"] + layer["units"]) >= FAR:
        layer["Ut"] = plan.reserve(rows, -(-layer["units"] // LANE_STEP))
        layer["Wt"] = plan.reserve(rows, -(-layer["inputs"] // LANE_STEP))


# ---------------------------------------------------------------------- what a layer reads


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
    return shaped(vector[layer.weights : layer.weights + rows * columns], rows, columns)


@part_of
def readers(layer):
    """How many rows of V, its first, read inputs.

    And from which row on, to its last, they read states.
    """
    return (3 * layer.units, layer.units) if layer.kind == GRU else (_n_products(layer), 0)


@part_of
def _states(layer, memory, h_mask):
    """What all steps read of the states before them."""
    if h_mask.shape[0]:
        return view(memory, layer.h_masked, layer.steps, layer.units)
    return view(memory, layer.H, layer.steps, layer.units)


# ---------------------------------------------------------------------- forward


@part_of
def _rows(products):
    """The gates of a step, each of all units and lanes."""
    gates = shaped(products, 4, products.size // 4)
    return gates[0], gates[1], gates[2], gates[3]


@part_of
def _affine(layer, V, columns, x, h, out):
    """The product of V with a step's inputs, a one and the states before it."""
    if layer.coded:
        look_up(columns, codes_in(layer, x[0]), out)
        add_product(V[:, layer.inputs + 1 :], h, out)
    else:
        affine(V, x, h, out)


@part_of
def _lstm_step(layer, t, V, columns, x, h, H, memory):
    """The state and the cell of an LSTM behind step t."""
    u = layer.units
    products = gates_at(layer, t, 4 * u, memory)
    _affine(layer, V, columns, x, h, products)
    i, f, g, o = _rows(products)
    C = view(memory, layer.C + t * u, 2, u)
    active = flat(view(memory, layer.T + t * u, 1, u))
    before = flat(C[0])
    cell = flat(C[1])
    lstm_gates(i, f, g, o, before, layer.activation, cell, active, flat(H[t + 1]))


@part_of
def _gru_step(layer, t, V, columns, x, h, H, memory):
    """The state of a GRU behind step t.

    The reset gate multiplies the candidate's product with the state (Keras's ``reset_after``):
    inputs and states have products of their own, the first and the last rows of V, each with a
    bias.
    """
    u = layer.units
    nothing = memory[:0]
    products = gates_at(layer, t, 4 * u, memory)
    if layer.coded:
        look_up(columns, codes_in(layer, x[0]), products[: 3 * u])
        add_product(V[u : 3 * u, layer.inputs + 1 :], h, products[u : 3 * u])
    else:
        affine(V[:u, : layer.inputs + 1], x, nothing, products[:u])
        affine(V[u : 3 * u], x, h, products[u : 3 * u])
    affine(V[3 * u :, layer.inputs :], nothing, h, products[3 * u :])
    g, z, r, q = _rows(products)
    gru_gates(g, z, r, q, flat(H[t]), layer.activation, flat(H[t + 1]))


@forward_kernel
def recurrent_forward(layers, at, packed, memory, training, seed):
    """The states of a recurrent layer for its inputs."""
    layer = layers[at]
    V = _weights(layer, packed)
    H = view(memory, layer.H, layer.steps + 1, layer.units)
    x_mask = input_mask(layer, memory, training)
    h_mask = _state_mask(layer, memory, training)
    draw_mask(x_mask, layer.dropout, mixed(seed, 0), memory)
    draw_mask(h_mask, layer.recurrent_dropout, mixed(seed, 1), memory)
    leave_out_inputs(layer, memory, x_mask)
    begin_states(layers, at, memory)
    X = inputs_of(layer, memory, x_mask)
    states = _states(layer, memory, h_mask)
    columns = set_columns(layer, memory, V[: readers(layer)[0], : layer.inputs + 1])
    begin, stop = there_in_any(layer, memory)
    full, full_stop = there_in_all(layer, memory)
    for t in range(layer.steps):
        if t < begin or t >= stop:
            pass_on(layer, t, H, memory)
            continue
        x = X[t]
        h = states[t]
        if h_mask.shape[0]:
            copy_masked(H[t], h_mask, h)
        if layer.kind == SIMPLE:
            _affine(layer, V, columns, x, h, H[t + 1])
            activate(flat(H[t + 1]), layer.activation)
        elif layer.kind == LSTM:
            _lstm_step(layer, t, V, columns, x, h, H, memory)
        else:
            _gru_step(layer, t, V, columns, x, h, H, memory)
        if t < full or t >= full_stop:
            pass_on_missing(layer, t, H, memory)
    if layer.width > layer.units:
        put_beside(layer, H, memory)


# ---------------------------------------------------------------------- backward


@part_of
def _slopes(layer, t, H, dh, dc, direct, memory):
    """The gates of step t become the gradients of their products."""
    u = layer.units
    if layer.kind == SIMPLE:
        multiply_slope(flat(H[t + 1]), flat(dh), layer.activation)
        copy(dh, gates_at(layer, t, u, memory))
        return
    products = gates_at(layer, t, 4 * u, memory)
    if layer.kind == LSTM:
        i, f, g, o = _rows(products)
        before = flat(view(memory, layer.C + t * u, 1, u))
        active = flat(view(memory, layer.T + t * u, 1, u))
        lstm_slopes(i, f, g, o, before, active, layer.activation, flat(dh), flat(dc))
    else:
        g, z, r, q = _rows(products)
        gru_slopes(g, z, r, q, flat(H[t]), layer.activation, flat(dh), flat(direct))


@part_of
def _steps_of_sums(layer, gates, memory):
    """Over how many steps the gradients of the weights are summed at a time."""
    if layer.spare_steps:
        return STEPS_OF_SUMS
    return steps_at_once(gates, layer.inputs, layer.units, memory)


@part_of
def _add_outer(layer, memory, D, S, out):
    """Add to ``out`` the sum over some steps of D S'."""
    if layer.spare_steps:
        spare = memory[layer.spare_steps : layer.spare_steps + STEPS_OF_SUMS * PANEL]
        add_outer_of_many(D, S, flat(spare), out)
    else:
        add_outer(D, S, out)


@part_of
def _transposed(memory, offset, A):
    """A matrix transposed: where it is, or with an offset there, in one piece."""
    rows, columns = A.shape
    if not offset:
        return A.T
    numbers = flat(memory[offset:])[: rows * columns]
    out = shaped(numbers, columns, rows)[:, :rows]
    transpose(A, out)
    return out


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
    Ut = _transposed(memory, layer.Ut, V[last:, inputs + 1 :])
    Wt = _transposed(memory, layer.Wt, V[: 0 if layer.first else first, :inputs])
    x_mask = input_mask(layer, memory, training)
    h_mask = _state_mask(layer, memory, training)
    X = inputs_of(layer, memory, x_mask)
    states = _states(layer, memory, h_mask)
    H = view(memory, layer.H, steps + 1, u)
    P = gates_of(layer, V.shape[0], memory)
    D = view(memory, layer.d, layer.out_steps, layer.width)
    dX = view(memory, layer.dx, 0 if layer.vectors else steps, inputs)
    spare = memory[layer.spare : layer.spare + max(u, inputs)]
    dh = memory[layer.dh : layer.dh + u]
    dc = memory[layer.dc : layer.dc + u]
    d_columns = begin_columns(layer, memory, first)
    begin_back(layer, D, dh, dc)
    block = _steps_of_sums(layer, V.shape[0], memory)
    begin, stop = there_in_any(layer, memory)
    full, full_stop = there_in_all(layer, memory)
    for t in range(stop - 1, begin - 1, -1):
        if layer.sequences:
            add_to(D[steps - 1 - t if layer.turned else t, layer.behind : layer.behind + u], dh)
        some_miss_it = t < full or t >= full_stop
        if some_miss_it:
            keep_missing(layer, t, dh, dc, memory)
        _slopes(layer, t, H, dh, dc, spare[:u], memory)
        product(Ut, P[t, last:], dh)
        leave_out(dh, h_mask)
        if layer.kind == GRU:
            add_to(spare[:u], dh)
        if some_miss_it:
            pass_back_missing(layer, dh, dc, memory)
        if layer.coded:
            add_to_rows(P[t, :first], codes_in(layer, X[t, 0]), d_columns)
        if not (layer.first or layer.vectors):
            read = dX[steps - 1 - t if layer.backwards else t]
            back_to_inputs(layer, Wt, P[t, :first], x_mask, read, spare[:inputs])
        if t % block == 0 or t == begin:
            end = min(t - t % block + block, stop)
            d = P[t:end]
            if not layer.coded:
                _add_outer(layer, memory, d[:, :first], X[t:end], G[:first, :inputs])
            _add_outer(layer, memory, d[:, last:], states[t:end], G[last:, inputs + 1 :])
            add_outer(d, ones(memory, d.shape[0]), G[:, inputs : inputs + 1])
    add_columns(layer, memory, d_columns, V[:first, :inputs], G[:first, :inputs])
    hand_back(layers, at, memory)


_KIND = Kind(recurrent_forward, recurrent_backward, _plan_gradient, plan_gradient_of_inputs)
for _name, _number in NUMBERS.items():
    register_cell(_name, _plan_cell, _number, _KIND)
