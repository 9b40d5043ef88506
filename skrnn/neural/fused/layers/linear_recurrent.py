"""Linear recurrences: cells whose gates read the inputs alone, forward and backward.

With no product of states, a step's state is what its gates leave of the one before, and what they
add: h = keep * before + (1 - keep) * candidate, for each unit by itself. So the gates of a step are
one product of its inputs and a one, which waits for nothing, and the states are a scan over the
steps, of all units and lanes at a time.

L. Feng, F. Tung, M. O. Ahmed, Y. Bengio and H. Hajimirsadeghi, "Were RNNs all we needed?" (2024),
arXiv:2410.01201:

    minGRU    z = sigmoid(x W_z + b_z)              h = (1 - z) before + z candidate
    minLSTM   i = sigmoid(x W_i + b_i)
              f = sigmoid(x W_f + b_f)              h = (f before + i candidate) / (f + i)

The candidate is activation(x W_c + b_c); the paper's has the activation "linear". Weights are one
kernel (inputs, gates * units) and one bias, their columns in the order z, c and i, f, c.
"""

from skrnn.neural.fused.compiling import flat, part_apart, part_of, shaped
from skrnn.neural.fused.initializers import glorot
from skrnn.neural.fused.kernels import (
    activate,
    add_to,
    draw_mask,
    exponential,
    mixed,
    sigmoid,
    slope_of,
)
from skrnn.neural.fused.layers.codes import (
    add_columns,
    begin_columns,
    codes_in,
    plan_columns,
    plan_gradient_of_inputs,
    set_columns,
)
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
    backward_kernel,
    forward_kernel,
    ones,
    there_in_all,
    there_in_any,
    view,
)
from skrnn.neural.fused.products import add_outer, add_to_rows, affine_of_steps, look_up
from skrnn.neural.network import first_biases

MINGRU, MINLSTM = range(20, 22)
NUMBERS = {"mingru": MINGRU, "minlstm": MINLSTM}
GATES = {MINGRU: 2, MINLSTM: 3}


def _plan_cell(plan, read, spec):
    kind = NUMBERS[spec.cell]
    rows = GATES[kind] * spec.units
    start, V = plan.pack(rows, read.numbers + 1)
    plan.variable(glorot, V[:, :-1].T)
    biases = first_biases(spec.cell, spec.units)
    plan.variable(lambda random, shape: biases.copy(), V[:, -1])
    layer = plan_row(plan, read, spec, kind, start)
    plan_gates(plan, layer, rows)
    plan_columns(plan, layer, read, rows)
    return layer


# ---------------------------------------------------------------------- the gates of a step


@part_apart
def _mingru_gates(z, g, before, kind, state):
    """From the products of inputs, and the state before, to the state."""
    activate(g, kind)
    for b in range(z.shape[0]):
        z[b] = sigmoid(z[b])
        state[b] = before[b] + z[b] * (g[b] - before[b])


@part_apart
def _mingru_slopes(z, g, before, kind, d):
    """The gates become the gradients of their products; d goes on to the state before."""
    one = z.dtype.type(1)
    for b in range(z.shape[0]):
        opened = d[b] * z[b]
        z[b] = opened * (g[b] - before[b]) * (one - z[b])
        g[b] = opened * slope_of(g[b], kind)
        d[b] -= opened


# Of the minLSTM's gates u = 1 / i - 1 and v = 1 / f - 1 are exponentials of their products: with
# them i / (f + i) = (1 + v) / (2 + u + v) is exact also where both gates are next to closed. This
# share and the ``part`` 1 / (2 + u + v) are kept, of which slopes need no division any more, as
# u part = 1 - share - part, and v part = share - part.


@part_apart
def _minlstm_gates(u, v, g, before, kind, state):
    """From the products of inputs, and the state before, to the state."""
    activate(g, kind)
    one = u.dtype.type(1)
    for b in range(u.shape[0]):
        u[b] = exponential(-u[b])
        v[b] = exponential(-v[b])
        part = one / (one + u[b] + (one + v[b]))
        share = (one + v[b]) * part
        state[b] = before[b] + share * (g[b] - before[b])
        u[b] = share
        v[b] = part


@part_apart
def _minlstm_slopes(share, part, g, before, kind, d):
    """The gates become the gradients of their products; d goes on to the state before."""
    one = share.dtype.type(1)
    for b in range(share.shape[0]):
        opened = d[b] * share[b]
        at_share = d[b] * (g[b] - before[b])
        rest = one - share[b]
        at_i = at_share * share[b] * (rest - part[b])
        part[b] = at_share * rest * (part[b] - share[b])
        share[b] = at_i
        g[b] = opened * slope_of(g[b], kind)
        d[b] -= opened


# ---------------------------------------------------------------------- all steps


@part_of
def _weights(layer, gates, vector):
    """A layer's weights V, or their gradient, as they are packed: of inputs, and of a one."""
    columns = layer.inputs + 1
    rows = gates * layer.units
    return shaped(vector[layer.weights : layer.weights + rows * columns], rows, columns)


@part_of
def _rows(layer, t, gates, memory):
    """The gates of a step, each of all units and lanes."""
    products = gates_at(layer, t, gates * layer.units, memory)
    return shaped(products, gates, layer.units * memory.shape[1])


@part_of
def _n_gates(layer):
    """How many products a unit has."""
    return 2 if layer.kind == MINGRU else 3


@forward_kernel
def linear_forward(layers, at, packed, memory, training, seed):
    """The states of a linear recurrence for its inputs."""
    layer = layers[at]
    gates = _n_gates(layer)
    V = _weights(layer, gates, packed)
    H = view(memory, layer.H, layer.steps + 1, layer.units)
    P = gates_of(layer, gates * layer.units, memory)
    x_mask = input_mask(layer, memory, training)
    draw_mask(x_mask, layer.dropout, mixed(seed, 0), memory)
    leave_out_inputs(layer, memory, x_mask)
    begin_states(layers, at, memory)
    X = inputs_of(layer, memory, x_mask)
    states = shaped(H, layer.steps + 1, H[0].size)
    columns = set_columns(layer, memory, V)
    block = steps_at_once(gates * layer.units, layer.inputs, layer.units, memory)
    begin, stop = there_in_any(layer, memory)
    full, full_stop = there_in_all(layer, memory)
    for t in range(layer.steps):
        if t < begin or t >= stop:
            pass_on(layer, t, H, memory)
            continue
        if layer.coded:
            look_up(columns, codes_in(layer, X[t, 0]), P[t])
        elif (t - begin) % block == 0:
            end = min(t + block, stop)
            affine_of_steps(V, X[t:end], P[t:end])
        p = _rows(layer, t, gates, memory)
        if layer.kind == MINGRU:
            _mingru_gates(p[0], p[1], states[t], layer.activation, states[t + 1])
        else:
            _minlstm_gates(p[0], p[1], p[2], states[t], layer.activation, states[t + 1])
        if t < full or t >= full_stop:
            pass_on_missing(layer, t, H, memory)
    if layer.width > layer.units:
        put_beside(layer, H, memory)


@backward_kernel
def linear_backward(layers, at, packed, gradient, memory, training):
    """The gradients of a linear recurrence's weights and inputs."""
    layer = layers[at]
    u = layer.units
    inputs = layer.inputs
    steps = layer.steps
    gates = _n_gates(layer)
    V = _weights(layer, gates, packed)
    G = _weights(layer, gates, gradient)
    Wt = V[:, :inputs].T
    x_mask = input_mask(layer, memory, training)
    X = inputs_of(layer, memory, x_mask)
    H = view(memory, layer.H, steps + 1, u)
    P = gates_of(layer, gates * u, memory)
    D = view(memory, layer.d, layer.out_steps, layer.width)
    dX = view(memory, layer.dx, 0 if layer.vectors else steps, inputs)
    spare = memory[layer.spare : layer.spare + inputs]
    dh = memory[layer.dh : layer.dh + u]
    dc = memory[layer.dc : layer.dc + u]
    states = shaped(H, steps + 1, H[0].size)
    d = flat(dh)
    d_columns = begin_columns(layer, memory, gates * u)
    begin_back(layer, D, dh, dc)
    block = steps_at_once(gates * u, inputs, u, memory)
    begin, stop = there_in_any(layer, memory)
    full, full_stop = there_in_all(layer, memory)
    for t in range(stop - 1, begin - 1, -1):
        if layer.sequences:
            add_to(D[steps - 1 - t if layer.turned else t, layer.behind : layer.behind + u], dh)
        some_miss_it = t < full or t >= full_stop
        if some_miss_it:
            keep_missing(layer, t, dh, dc, memory)
        p = _rows(layer, t, gates, memory)
        if layer.kind == MINGRU:
            _mingru_slopes(p[0], p[1], states[t], layer.activation, d)
        else:
            _minlstm_slopes(p[0], p[1], p[2], states[t], layer.activation, d)
        if some_miss_it:
            pass_back_missing(layer, dh, dc, memory)
        if layer.coded:
            add_to_rows(P[t], codes_in(layer, X[t, 0]), d_columns)
        if not (layer.first or layer.vectors):
            read = dX[steps - 1 - t if layer.backwards else t]
            back_to_inputs(layer, Wt, P[t], x_mask, read, spare)
        if t % block == 0 or t == begin:
            end = min(t - t % block + block, stop)
            if not layer.coded:
                add_outer(P[t:end], X[t:end], G[:, :inputs])
            add_outer(P[t:end], ones(memory, end - t), G[:, inputs:])
    add_columns(layer, memory, d_columns, V[:, :inputs], G[:, :inputs])
    hand_back(layers, at, memory)


_KIND = Kind(linear_forward, linear_backward, plan_gradient, plan_gradient_of_inputs)
for _name, _number in NUMBERS.items():
    register_cell(_name, _plan_cell, _number, _KIND)
