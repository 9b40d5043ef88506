"""Layers without weights: summaries of all steps, dropout, what a decoder reads, numbers in order."""

from skrnn.neural.fused.compiling import part_of
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
from skrnn.neural.fused.memory import backward_kernel, declare, forward_kernel, view
from skrnn.neural.network import Dropout, Ordered, Summary

AVERAGE, MAXIMUM, DROPOUT, REPEAT, ORDERED = range(5, 10)
declare(
    beside="what is known ahead at each lead, beside a step that is repeated for a decoder",
    group="how many numbers are in order: those of a target",
)


def plan_summary(plan, at, shape, spec):
    """All steps as one vector."""
    steps, units = shape
    if spec.how == "flatten":
        return at, (1, steps * units)
    return plan.add(at, shape, {"average": AVERAGE, "max": MAXIMUM}[spec.how], (1, units))


def plan_dropout(plan, at, shape, spec):
    """As many numbers, and a mask of them."""
    return plan.add(at, shape, DROPOUT, shape, dropout=spec.rate, x_mask=plan.reserve(*shape))


def plan_ordered(plan, at, shape, spec):
    """As many numbers, in order."""
    return plan.add(at, shape, ORDERED, shape, group=spec.per_target)


def plan_repeat(plan, at, shape, units):
    """The one step at each lead, beside what is known ahead of it."""
    out_shape = (plan.network.targets, units + plan.network.known_ahead)
    return plan.add(at, shape, REPEAT, out_shape, beside=plan.known_ahead)


def _in_place(plan, layer):
    return layer["d"]


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
def plain_forward(layers, at, packed, memory, training, seed):
    """A layer without weights."""
    layer = layers[at]
    X = view(memory, layer.x, layer.steps, layer.inputs)
    out = view(memory, layer.out, layer.out_steps, layer.units)
    if layer.kind == DROPOUT:
        copy(X, out)
        if training:
            mask = view(memory, layer.x_mask, layer.steps, layer.inputs)
            draw_mask(mask, layer.dropout, seed)
            leave_out(out, mask)
    elif layer.kind == REPEAT:
        known = view(memory, layer.beside, layer.out_steps, layer.units - layer.inputs)
        for t in range(layer.out_steps):
            copy(X, out[t, : layer.inputs])
            copy(known[t], out[t, layer.inputs :])
    elif layer.kind == AVERAGE:
        fill(out, 0)
        for t in range(layer.steps):
            add_to(X[t], out)
        scale(out, 1 / layer.steps)
    elif layer.kind == MAXIMUM:
        largest(X, 0, layer.steps, out[0])
    elif layer.kind == ORDERED:
        for t in range(layer.steps):
            for start in range(0, layer.inputs, layer.group):
                _in_order(X[t, start : start + layer.group], out[t, start : start + layer.group])


@backward_kernel
def plain_backward(layers, at, packed, gradient, memory, training):
    """The gradient of the inputs of a layer without weights."""
    layer = layers[at]
    X = view(memory, layer.x, layer.steps, layer.inputs)
    D = view(memory, layer.d, layer.out_steps, layer.units)
    dX = view(memory, layer.dx, layer.steps, layer.inputs)
    if layer.kind == DROPOUT and training:
        leave_out(D, view(memory, layer.x_mask, layer.steps, layer.inputs))  # dX is where D is
    elif layer.kind == REPEAT:
        fill(dX, 0)
        for t in range(layer.out_steps):
            add_to(D[t, : layer.inputs], dX)
    elif layer.kind == AVERAGE:
        scale(D, 1 / layer.steps)
        for t in range(layer.steps):
            copy(D, dX[t])
    elif layer.kind == MAXIMUM:
        fill(dX, 0)
        for j in range(layer.units):
            for b in range(memory.shape[1]):
                dX[largest_step(X[:, j], 0, layer.steps, b), j, b] = D[0, j, b]
    elif layer.kind == ORDERED:
        for t in range(layer.steps):
            for start in range(0, layer.inputs, layer.group):
                stop = start + layer.group
                _in_order_backward(X[t, start:stop], D[t, start:stop], dX[t, start:stop])


_PLAIN = Kind(plain_forward, plain_backward)
register(Summary, plan_summary, {AVERAGE: _PLAIN, MAXIMUM: _PLAIN})
register(
    Dropout,
    plan_dropout,
    {DROPOUT: Kind(plain_forward, plain_backward, plan_gradient_of_inputs=_in_place)},
)
register(Ordered, plan_ordered, {ORDERED: _PLAIN, REPEAT: _PLAIN})
