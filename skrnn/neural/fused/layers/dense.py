"""Dense layers, at every step."""

from skrnn.neural.fused.initializers import glorot, zeros
from skrnn.neural.fused.kernels import ACTIVATIONS, activate, multiply_slope
from skrnn.neural.fused.layers.kinds import Kind, register
from skrnn.neural.fused.memory import backward_kernel, forward_kernel, matrix, ones, view
from skrnn.neural.fused.products import add_outer, affine, product
from skrnn.neural.network import Dense

DENSE = 3


def plan_dense(plan, at, shape, spec):
    """Weights of inputs and a one for each unit."""
    steps, inputs = shape
    start, numbers = plan.pack(spec.units, inputs + 1)
    plan.variable(glorot, numbers[:, :-1].T)
    plan.variable(zeros, numbers[:, -1])
    return plan.add(
        at,
        shape,
        DENSE,
        (steps, spec.units),
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
    for t in range(layer.steps):
        affine(W, X[t], memory[:0], out[t])
    activate(out.ravel(), layer.activation)


@backward_kernel
def dense_backward(layers, at, packed, gradient, memory, training):
    """The gradients of a dense layer's weights and inputs."""
    layer = layers[at]
    W = matrix(layer, packed, layer.inputs)
    G = matrix(layer, gradient, layer.inputs)
    X = view(memory, layer.x, layer.steps, layer.inputs)
    out = view(memory, layer.out, layer.steps, layer.units)
    D = view(memory, layer.d, layer.steps, layer.units)
    dX = view(memory, layer.dx, layer.steps, layer.inputs)
    multiply_slope(out.ravel(), D.ravel(), layer.activation)
    add_outer(D, X, G[:, :-1])
    add_outer(D, ones(memory, D.shape[0]), G[:, -1:])
    if not layer.first:
        for t in range(layer.steps):
            product(W[:, :-1].T, D[t], dX[t])


register(Dense, plan_dense, {DENSE: Kind(dense_forward, dense_backward)})
