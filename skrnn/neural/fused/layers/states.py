"""States: what recurrent layers of any cell do with theirs, and how they lie.

``H`` holds the states, and has one more than there are steps: the first is where the layer begins.
``dh`` (and ``dc``, of a cell) come as the gradient of the last state, beside the gradients of all
states, and leave as that of the first. Steps that are missing leave states as they are.
"""

from collections.abc import Callable

from skrnn.neural.fused.compiling import part_of
from skrnn.neural.fused.kernels import (
    ACTIVATIONS,
    add_to,
    clear_where,
    copy,
    copy_masked,
    copy_where,
    fill,
    leave_out,
)
from skrnn.neural.fused.layers.kinds import Kind, add_kind, register
from skrnn.neural.fused.layers.plain import plan_repeat
from skrnn.neural.fused.memory import (
    NOTHING_MISSING,
    Stretch,
    declare,
    mark_missing,
    view,
)
from skrnn.neural.fused.products import product
from skrnn.neural.network import Decoder, Recurrent

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
    dh="the gradient of a step's state",
    dc="the gradient of its cell",
    x_masked="what is left of the inputs, at all steps",
    spare="numbers that are used up in the same step",
    kept="the gradients of the state and of the cell, of lanes that have no such step",
    gone="which lanes have no such step",
)

# A row between the gates of two steps: at distances of powers of two, steps would share the places
# of a cache.
APART = 1
# What a core keeps close: the gradients of the weights are summed over as many steps as fit.
CACHE_BYTES = 2**18

# How the layer of a cell is planned, by the cell's name: a function of the plan, the ``Stretch``
# that it reads, and the layer's data, which gives the layer's row of the table.
CELLS = {}

# ---------------------------------------------------------------------- planning


def register_cell(name: str, planner: Callable, number: int, kind: Kind) -> None:
    """Make a cell known, by its name and by the number of its kind."""
    CELLS[name] = planner
    add_kind(number, kind)


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
        layer = CELLS[spec.cell](plan, read, spec)
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
    layer = CELLS[spec.cell](plan, read, spec)
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


def plan_row(plan, read, spec, kind, start):
    """A layer's row of the table, with its states, and its inputs as a mask leaves them."""
    layer = {
        "kind": kind,
        "activation": ACTIVATIONS[spec.activation],
        "steps": read.steps,
        "inputs": read.numbers,
        "units": spec.units,
        "x": read.offset,
        "missing": read.missing,
        "late": False,
        "coded": read.coded,
        "weights": start,
        "dropout": spec.dropout,
        "recurrent_dropout": spec.recurrent_dropout,
    }
    if spec.dropout:
        layer["x_mask"] = plan.reserve(read.numbers)
        layer["x_masked"] = plan.reserve(read.steps, read.numbers)
    layer["gone"] = plan.reserve(1)
    layer["H"] = plan.reserve(read.steps + 1, spec.units)
    return layer


def plan_gates(plan, layer, rows):
    """So many rows of gates for each step."""
    layer["P"] = plan.reserve(layer["steps"], rows + APART)


def plan_gradient(plan, layer, block):
    """Gradients of a step's state and cell."""
    layer["dh"] = plan.reserve(layer["units"])
    layer["dc"] = plan.reserve(layer["units"])
    layer["spare"] = plan.reserve(max(layer["inputs"], layer["units"]))
    layer["kept"] = plan.reserve(2 * layer["units"])
    # Backward the other direction comes first, and writes.
    layer["adds"] = len(block) == 2 and not layer["turned"]


# ---------------------------------------------------------------------- what a layer reads


@part_of
def input_mask(layer, memory, training):
    """The mask of inputs; without rows if nothing is left out."""
    n = layer.inputs if training and layer.dropout > 0 else 0
    return memory[layer.x_mask : layer.x_mask + n]


@part_of
def gates_of(layer, rows, memory):
    """The gates of all steps (steps, rows, lanes)."""
    return view(memory, layer.P, layer.steps, rows + APART)[:, :rows]


@part_of
def gates_at(layer, t, rows, memory):
    """Those of one step (rows, lanes), in one piece."""
    start = layer.P + t * (rows + APART)
    return memory[start : start + rows]


@part_of
def steps_at_once(gates, inputs, units, memory):
    """Steps whose gates, inputs and states a core keeps close."""
    return max(1, CACHE_BYTES // ((gates + inputs + units) * memory.shape[1] * memory.itemsize))


@part_of
def leave_out_inputs(layer, memory, x_mask):
    """What a mask leaves of the inputs, at all steps."""
    if x_mask.shape[0]:
        X = view(memory, layer.x, layer.steps, layer.inputs)
        left = view(memory, layer.x_masked, layer.steps, layer.inputs)
        for t in range(layer.steps):
            copy_masked(X[t], x_mask, left[t])


@part_of
def inputs_of(layer, memory, x_mask):
    """What all steps read beside states, in the order in which they do."""
    X = view(memory, layer.x, layer.steps, 1 if layer.coded else layer.inputs)
    if x_mask.shape[0]:
        X = view(memory, layer.x_masked, layer.steps, layer.inputs)
    return X[:: -1 if layer.backwards else 1]


# ---------------------------------------------------------------------- forward


@part_of
def _hand(memory, giver, taker, rows):
    """Copy some rows of a chunk's memory to others."""
    copy(memory[giver : giver + rows], memory[taker : taker + rows])


@part_of
def begin_states(layers, at, memory):
    """The states that a layer begins with: those given, or the last of its encoder's directions."""
    layer = layers[at]
    if not layer.directions:
        _hand(memory, layer.h0, layer.H, layer.units)
        if layer.C:
            _hand(memory, layer.h0 + layer.units, layer.C, layer.units)
    for direction in range(layer.directions):
        encoder = layers[layer.encoder + direction]
        behind = direction * encoder.units
        last = encoder.steps * encoder.units
        _hand(memory, encoder.H + last, layer.H + behind, encoder.units)
        if layer.C:
            _hand(memory, encoder.C + last, layer.C + behind, encoder.units)


# Steps that are missing, in the order in which the layer reads them, leave states as they are: a
# sequence begins with the first of its own, and its last state is the last of its own.


@part_of
def pass_on(layer, t, H, memory):
    """Step t is missing: the state and the cell behind it are those before it."""
    copy(H[t], H[t + 1])
    if layer.C:
        C = view(memory, layer.C + t * layer.units, 2, layer.units)
        copy(C[0], C[1])


@part_of
def pass_on_missing(layer, t, H, memory):
    """So it is in those lanes where step t is missing."""
    gone = memory[layer.gone]
    mark_missing(layer, memory, t, gone)
    copy_where(gone, H[t], H[t + 1])
    if layer.C:
        C = view(memory, layer.C + t * layer.units, 2, layer.units)
        copy_where(gone, C[0], C[1])


@part_of
def put_beside(layer, H, memory):
    """Put what a layer gives beside what the other direction gives."""
    own = slice(layer.behind, layer.behind + layer.units)
    out = view(memory, layer.out, layer.out_steps, layer.width)
    if layer.sequences:
        for t in range(layer.steps):
            copy(H[t + 1], out[layer.steps - 1 - t if layer.turned else t, own])
    else:
        copy(H[layer.steps], out[0, own])


# ---------------------------------------------------------------------- backward


@part_of
def begin_back(layer, D, dh, dc):
    """The gradients of the last states."""
    if not layer.handed:
        fill(dh, 0)
        fill(dc, 0)
    if not layer.sequences:
        add_to(D[0, layer.behind : layer.behind + layer.units], dh)


@part_of
def hand_back(layers, at, memory):
    """The gradients of the states that a layer began with are those of its encoder's last."""
    layer = layers[at]
    for direction in range(layer.directions):
        encoder = layers[layer.encoder + direction]
        behind = direction * encoder.units
        _hand(memory, layer.dh + behind, encoder.dh, encoder.units)
        _hand(memory, layer.dc + behind, encoder.dc, encoder.units)


@part_of
def keep_missing(layer, t, dh, dc, memory):
    """Keep the gradients of the state and the cell behind step t, which is missing in some lanes.

    There they become 0, and so do those of the step's products.
    """
    gone = memory[layer.gone]
    mark_missing(layer, memory, t, gone)
    copy(dh, memory[layer.kept : layer.kept + layer.units])
    clear_where(gone, dh)
    if layer.C:
        copy(dc, memory[layer.kept + layer.units : layer.kept + 2 * layer.units])
        clear_where(gone, dc)


@part_of
def pass_back_missing(layer, dh, dc, memory):
    """Where the step is missing, the gradients before it are those behind it, which were kept."""
    gone = memory[layer.gone]
    copy_where(gone, memory[layer.kept : layer.kept + layer.units], dh)
    if layer.C:
        copy_where(gone, memory[layer.kept + layer.units : layer.kept + 2 * layer.units], dc)


@part_of
def back_to_inputs(layer, Wt, d, x_mask, read, spare):
    """The gradient of what a step reads, beside that of the other direction."""
    if layer.adds:
        product(Wt, d, spare)
        leave_out(spare, x_mask)
        add_to(spare, read)
    else:
        product(Wt, d, read)
        leave_out(read, x_mask)


register(Recurrent, plan_recurrent, {})
register(Decoder, plan_decoder, {})
