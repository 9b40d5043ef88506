"""Layers without weights: summaries of steps, dropout, what a decoder reads, numbers in order."""

from skrnn.neural.fused.compiling import part_of, shaped
from skrnn.neural.fused.kernels import (
    add_to,
    copy,
    draw_mask,
    fill,
    largest,
    largest_step,
    leave_out,
    scale,
    sigmoid,
    softplus,
)
from skrnn.neural.fused.layers.kinds import Kind, register
from skrnn.neural.fused.memory import (
    NOTHING_MISSING,
    Stretch,
    backward_kernel,
    clear_missing,
    declare,
    forward_kernel,
    there_in,
    there_in_all,
    there_in_any,
    view,
)
from skrnn.neural.network import Dropout, Ordered, Segments, Summary

AVERAGE, MAXIMUM, DROPOUT, REPEAT, ORDERED, SEGMENTS = range(5, 11)
declare(
    beside="what is known ahead at each lead, beside a step that is repeated for a decoder",
    group="how many numbers are in order: those of a target",
    size="how many steps it reads at once",
    missing_out="how many of the steps that it gives are not there, for each lane",
)


def plan_summary(plan, read, spec):
    """All steps as one vector."""
    if spec.how == "flatten":
        return Stretch(read.offset, 1, read.steps * read.numbers, NOTHING_MISSING)
    kind = {"average": AVERAGE, "max": MAXIMUM}[spec.how]
    return plan.add(read, kind, 1, read.numbers, missing_out=NOTHING_MISSING)


def plan_segments(plan, read, spec):
    """Some steps at a time are the numbers of one: they lie one after the other."""
    steps = read.steps // spec.size
    numbers = spec.size * read.numbers
    offset = read.offset + (read.steps - steps * spec.size) * read.numbers
    missing = plan.reserve(1)
    plan.add(read, SEGMENTS, 0, 0, size=spec.size, missing_out=missing)
    return Stretch(offset, steps, numbers, missing)


def plan_dropout(plan, read, spec):
    """As many numbers, and a mask of them."""
    mask = plan.reserve(read.steps, read.numbers)
    return plan.add(read, DROPOUT, read.steps, read.numbers, dropout=spec.rate, x_mask=mask)


def plan_ordered(plan, read, spec):
    """As many numbers, in order."""
    return plan.add(read, ORDERED, read.steps, read.numbers, group=spec.per_target)


def plan_repeat(plan, read, units):
    """The one step at each lead, beside what is known ahead of it."""
    network = plan.network
    units = units + network.known_ahead
    return plan.add(
        read,
        REPEAT,
        network.targets,
        units,
        beside=plan.known_ahead,
        missing_out=NOTHING_MISSING,
    )


# ---------------------------------------------------------------------- dropout


@forward_kernel
def dropout_forward(layers, at, packed, memory, training, seed):
    """What a mask leaves of the inputs in training."""
    layer = layers[at]
    out = view(memory, layer.out, layer.steps, layer.units)
    copy(view(memory, layer.x, layer.steps, layer.inputs), out)
    if training:
        mask = view(memory, layer.x_mask, layer.steps, layer.inputs)
        rows = mask.shape[0] * mask.shape[1]
        draw_mask(shaped(mask, rows, mask.shape[2]), layer.dropout, seed, memory)
        leave_out(out, mask)


@backward_kernel
def dropout_backward(layers, at, packed, gradient, memory, training):
    """The gradient of the inputs, which lies where that of the outputs does."""
    layer = layers[at]
    if training:
        D = view(memory, layer.d, layer.steps, layer.units)
        leave_out(D, view(memory, layer.x_mask, layer.steps, layer.inputs))


def _in_place(plan, layer):
    return layer["d"]


# ---------------------------------------------------------------------- one vector of all steps


@part_of
def _divide_by_steps(layer, memory, out):
    """Divide by how many steps are there in each lane."""
    begin, stop = there_in_all(layer, memory)
    if stop - begin == layer.steps:
        scale(out, 1 / layer.steps)
        return
    for b in range(out.shape[2]):
        first, last = there_in(layer, memory, b)
        for j in range(out.shape[1]):
            out[0, j, b] /= last - first


@forward_kernel
def average_forward(layers, at, packed, memory, training, seed):
    """The mean of all steps."""
    layer = layers[at]
    X = view(memory, layer.x, layer.steps, layer.inputs)
    out = view(memory, layer.out, 1, layer.units)
    fill(out, 0)
    begin, stop = there_in_all(layer, memory)
    for t in range(begin, stop):
        add_to(X[t], out)
    for b in range(memory.shape[1]):
        first, last = there_in(layer, memory, b)
        for t in range(first, last):
            if t < begin or t >= stop:
                for j in range(layer.units):
                    out[0, j, b] += X[t, j, b]
    _divide_by_steps(layer, memory, out)


@backward_kernel
def average_backward(layers, at, packed, gradient, memory, training):
    """Every step has its share of the gradient."""
    layer = layers[at]
    D = view(memory, layer.d, 1, layer.units)
    dX = view(memory, layer.dx, layer.steps, layer.inputs)
    _divide_by_steps(layer, memory, D)
    begin, stop = there_in_any(layer, memory)
    for t in range(begin, stop):
        copy(D, dX[t])
    clear_missing(layer, memory, dX)


@forward_kernel
def maximum_forward(layers, at, packed, memory, training, seed):
    """The maximum of all steps."""
    layer = layers[at]
    X = view(memory, layer.x, layer.steps, layer.inputs)
    out = view(memory, layer.out, 1, layer.units)[0]
    begin, stop = there_in_all(layer, memory)
    largest(X, begin, stop, out)
    for b in range(memory.shape[1]):
        first, last = there_in(layer, memory, b)
        for t in range(first, last):
            if t < begin or t >= stop:
                for j in range(layer.units):
                    out[j, b] = max(out[j, b], X[t, j, b])


@backward_kernel
def maximum_backward(layers, at, packed, gradient, memory, training):
    """The gradient of a maximum is that of the step that was the largest."""
    layer = layers[at]
    X = view(memory, layer.x, layer.steps, layer.inputs)
    D = view(memory, layer.d, 1, layer.units)
    dX = view(memory, layer.dx, layer.steps, layer.inputs)
    fill(dX, 0)
    for b in range(memory.shape[1]):
        first, last = there_in(layer, memory, b)
        for j in range(layer.units):
            dX[largest_step(X[:, j], first, last, b), j, b] = D[0, j, b]


# ---------------------------------------------------------------------- steps beside each other


@forward_kernel
def segments_forward(layers, at, packed, memory, training, seed):
    """How many segments are missing: also those of which a step is."""
    layer = layers[at]
    n_segments = layer.steps // layer.size
    for b in range(memory.shape[1]):
        first, last = there_in(layer, memory, b)
        memory[layer.missing_out, b] = n_segments - (last - first) // layer.size


@backward_kernel
def segments_backward(layers, at, packed, gradient, memory, training):
    """The gradient of the steps that are read; nothing comes back to those that are left out."""
    layer = layers[at]
    n_segments = layer.steps // layer.size
    D = view(memory, layer.d, n_segments, layer.size * layer.inputs)
    dX = view(memory, layer.dx, layer.steps, layer.inputs)
    row = memory[layer.missing_out]
    begin = row[0]
    for b in range(1, row.shape[0]):
        begin = min(begin, row[b])
    first = int(begin)
    read = layer.steps - (n_segments - first) * layer.size
    fill(dX[:read], 0)
    copy(D[first:], dX[read:])


# ---------------------------------------------------------------------- a step for each lead


@forward_kernel
def repeat_forward(layers, at, packed, memory, training, seed):
    """The inputs at every lead, beside what is known ahead of it."""
    layer = layers[at]
    X = view(memory, layer.x, 1, layer.inputs)
    out = view(memory, layer.out, layer.out_steps, layer.units)
    known_ahead = view(memory, layer.beside, layer.out_steps, layer.units - layer.inputs)
    for t in range(layer.out_steps):
        copy(X, out[t, : layer.inputs])
        copy(known_ahead[t], out[t, layer.inputs :])


@backward_kernel
def repeat_backward(layers, at, packed, gradient, memory, training):
    """The gradients of all leads, added."""
    layer = layers[at]
    D = view(memory, layer.d, layer.out_steps, layer.units)
    dX = view(memory, layer.dx, 1, layer.inputs)
    fill(dX, 0)
    for t in range(layer.out_steps):
        add_to(D[t, : layer.inputs], dX)


# ---------------------------------------------------------------------- numbers in order


@part_of
def _in_order(X, out):
    """The middle number as it is, and the others a positive step away from the one before."""
    middle = X.shape[0] // 2
    for b in range(X.shape[1]):
        out[middle, b] = X[middle, b]
        for k in range(middle + 1, X.shape[0]):
            out[k, b] = out[k - 1, b] + softplus(X[k, b])
        for k in range(middle - 1, -1, -1):
            out[k, b] = out[k + 1, b] - softplus(X[k, b])


@part_of
def _in_order_backward(X, D, dX):
    """The gradient of the numbers before they were in order: a step moves all beyond it."""
    middle = X.shape[0] // 2
    for b in range(X.shape[1]):
        above = D[middle, b] - D[middle, b]
        for k in range(X.shape[0] - 1, middle, -1):
            above += D[k, b]
            dX[k, b] = above * sigmoid(X[k, b])
        below = D[middle, b] - D[middle, b]
        for k in range(middle):
            below += D[k, b]
            dX[k, b] = -below * sigmoid(X[k, b])
        dX[middle, b] = D[middle, b] + above + below


@forward_kernel
def ordered_forward(layers, at, packed, memory, training, seed):
    """The numbers of each target in order, at every step."""
    layer = layers[at]
    X = view(memory, layer.x, layer.steps, layer.inputs)
    out = view(memory, layer.out, layer.steps, layer.units)
    for t in range(layer.steps):
        for start in range(0, layer.inputs, layer.group):
            stop = start + layer.group
            _in_order(X[t, start:stop], out[t, start:stop])


@backward_kernel
def ordered_backward(layers, at, packed, gradient, memory, training):
    """The gradient of the numbers before they were in order."""
    layer = layers[at]
    X = view(memory, layer.x, layer.steps, layer.inputs)
    D = view(memory, layer.d, layer.steps, layer.units)
    dX = view(memory, layer.dx, layer.steps, layer.inputs)
    for t in range(layer.steps):
        for start in range(0, layer.inputs, layer.group):
            stop = start + layer.group
            _in_order_backward(X[t, start:stop], D[t, start:stop], dX[t, start:stop])


# ---------------------------------------------------------------------- the registry

_SUMMARIES = {
    AVERAGE: Kind(average_forward, average_backward),
    MAXIMUM: Kind(maximum_forward, maximum_backward),
}
_DROPOUT = Kind(dropout_forward, dropout_backward, plan_gradient_of_inputs=_in_place)
_ORDERED = Kind(ordered_forward, ordered_backward)
_REPEAT = Kind(repeat_forward, repeat_backward)
_SEGMENTS = Kind(segments_forward, segments_backward)
register(Segments, plan_segments, {SEGMENTS: _SEGMENTS})
register(Summary, plan_summary, _SUMMARIES)
register(Dropout, plan_dropout, {DROPOUT: _DROPOUT})
register(Ordered, plan_ordered, {ORDERED: _ORDERED, REPEAT: _REPEAT})
