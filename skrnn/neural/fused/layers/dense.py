"""Dense layers, at every step."""

from skrnn.neural.fused.compiling import flat
from skrnn.neural.fused.initializers import glorot, zeros
from skrnn.neural.fused.kernels import ACTIVATIONS, activate, fill, multiply_slope
from skrnn.neural.fused.layers.kinds import Kind, register
from skrnn.neural.fused.memory import (
    LANE_STEP,
    backward_kernel,
    declare,
    forward_kernel,
    matrix,
    ones,
    there_in_any,
    view,
)
from skrnn.neural.fused.products import (
    PANEL,
    STEPS_OF_SUMS,
    TALL,
    add_outer,
    add_outer_of_many,
    affine,
    product,
)
from skrnn.neural.network import Dense

DENSE = 3
declare(spare_steps="where much is read: some numbers of some steps, those of a lane together")


def plan_dense(plan, read, spec):
    """Weights of inputs and a one for each unit."""
    start, numbers = plan.pack(spec.units, read.numbers + 1)
    plan.variable(glorot, numbers[:, :-1].T)
    plan.variable(zeros, numbers[:, -1])
    return plan.add(
        read,
        DENSE,
        read.steps,
        spec.units,
        activation=ACTIVATIONS[spec.activation],
        weights=start,
    )


@forward_kernel
def dense_forward(layers, at, packed, memory, training, seed):
    """A dense layer at every step."""
    layer = layers[at]
    W = matrix(layer, packed, layer.inputs)
    X = view(memory, layer.x, layer.steps, layer.inputs)
    out = view(memory, layer.out, layer.steps, layer.units)
    begin, stop = there_in_any(layer, memory)
    fill(out[:begin], 0)
    fill(out[stop:], 0)
    for t in range(begin, stop):
        affine(W, X[t], memory[:0], out[t])
    activate(flat(out[begin:stop]), layer.activation)


@backward_kernel
def dense_backward(layers, at, packed, gradient, memory, training):
    """The gradients of a dense layer's weights and inputs."""
    layer = layers[at]
    W = matrix(layer, packed, layer.inputs)
    G = matrix(layer, gradient, layer.inputs)
    begin, stop = there_in_any(layer, memory)
    X = view(memory, layer.x, layer.steps, layer.inputs)[begin:stop]
    out = view(memory, layer.out, layer.steps, layer.units)[begin:stop]
    D = view(memory, layer.d, layer.steps, layer.units)[begin:stop]
    dX = view(memory, layer.dx, layer.steps, layer.inputs)[begin:stop]
    multiply_slope(flat(out), flat(D), layer.activation)
    if layer.spare_steps:
        rows = min(layer.steps, STEPS_OF_SUMS) * PANEL
        spare = memory[layer.spare_steps : layer.spare_steps + rows]
        add_outer_of_many(D, X, flat(spare), G[:, :-1])
    else:
        add_outer(D, X, G[:, :-1])
    add_outer(D, ones(memory, D.shape[0]), G[:, -1:])
    if not layer.first:
        for t in range(D.shape[0]):
            product(W[:, :-1].T, D[t], dX[t])


def _plan_gradient(plan, layer, block):
    """Room for a panel of what some steps read, where it is wide."""
    if layer["units"] >= TALL and layer["inputs"] >= LANE_STEP:
        layer["spare_steps"] = plan.reserve(min(layer["steps"], STEPS_OF_SUMS), PANEL)


register(Dense, plan_dense, {DENSE: Kind(dense_forward, dense_backward, _plan_gradient)})
