"""Convolutions over the steps."""

from numpy.lib.stride_tricks import as_strided

from skrnn.neural.fused.compiling import flat, part_of, shaped
from skrnn.neural.fused.initializers import glorot, zeros
from skrnn.neural.fused.kernels import (
    ACTIVATIONS,
    activate,
    copy,
    fill,
    largest,
    largest_step,
    multiply_slope,
)
from skrnn.neural.fused.layers.kinds import Kind, register
from skrnn.neural.fused.layers.normalisation import (
    normalise,
    normalise_backward,
    plan_normalisation,
)
from skrnn.neural.fused.memory import (
    backward_kernel,
    clear_missing,
    declare,
    forward_kernel,
    matrix,
    ones,
    there_in_any,
    view,
)
from skrnn.neural.fused.products import (
    add_outer,
    add_outer_transposed,
    add_product_of_steps,
    affine_of_steps,
)
from skrnn.neural.network import Convolution

CONVOLUTION = 4
SAME, VALID, CAUSAL = range(3)
# So many filters are worth transposing the padded steps for their gradient.
MANY = 32
PADDINGS = {"same": SAME, "valid": VALID, "causal": CAUSAL}
declare(
    size="how many steps it reads at once",
    stride="how many steps it goes on for the next that it gives",
    dilation="how far apart the steps lie that it reads at once",
    reach="how many steps lie between the first that it reads at once and the last",
    padding="one of ``PADDINGS``",
    span="how many steps it gives, before the maximum of every ``pool`` of them",
    pool="how many steps give one",
    shift="by how many steps the padded ones lie behind those that it reads, for each lane",
    missing_span="how many of the ``span`` are not there, for each lane",
    missing_out="how many of the steps that it gives are not there, for each lane",
    padded="its inputs between steps of zeros, as ``_position`` says",
    padded_steps="how many these are",
    convolved="what it gives before the maximum",
    transposed="the padded steps with their numbers beside each other; 0 where filters are few",
    d_padded="gradient of its inputs between steps of zeros",
    d_convolved="gradient of what it gives before the maximum",
)


def plan_convolution(plan, read, spec):
    """Weights of ``size`` steps and a one for each filter.

    What is normalised has an offset of its own, and learns none here.
    """
    inputs = read.numbers
    size = spec.kernel_size
    start, numbers = plan.pack(spec.filters, size * inputs + 1)
    plan.variable(glorot, numbers[:, :-1].T.reshape(size, inputs, -1))
    if not spec.batch_norm:
        plan.variable(zeros, numbers[:, -1])
    steps = read.steps - (spec.reach if spec.padding == "valid" else 0)
    span = -(-steps // spec.strides)
    padded_steps = (span - 1) * spec.strides + spec.reach + 1
    padded_steps += -padded_steps % spec.dilation
    normalisation = plan_normalisation(plan, spec.filters) if spec.batch_norm else {}
    given = plan.add(
        read,
        CONVOLUTION,
        -(-span // spec.pool_size),
        spec.filters,
        activation=ACTIVATIONS[spec.activation],
        weights=start,
        size=size,
        stride=spec.strides,
        dilation=spec.dilation,
        reach=spec.reach,
        padding=PADDINGS[spec.padding],
        pool=spec.pool_size,
        span=span,
        shift=plan.reserve(1),
        missing_span=plan.reserve(1),
        missing_out=plan.reserve(1),
        padded_steps=padded_steps,
        padded=plan.reserve(padded_steps, inputs),
        **normalisation,
    )
    layer = plan.blocks[-1][0]
    layer["convolved"] = given.offset
    if spec.pool_size > 1:
        layer["convolved"] = plan.reserve(span, spec.filters)
    return given


def plan_gradient(plan, layer, block):
    """Where the gradient of what it gives before the maximum lies."""
    if layer["units"] >= MANY:
        layer["transposed"] = plan.reserve(layer["padded_steps"], layer["inputs"])
    layer["d_convolved"] = layer["d"]
    if layer["pool"] > 1:
        layer["d_convolved"] = plan.reserve(layer["span"], layer["units"])
    if layer.get("normalised"):
        layer["standard"] = plan.reserve(layer["span"], layer["units"])


def plan_gradient_of_inputs(plan, layer):
    """Of the padded steps, and of those that it reads."""
    layer["d_padded"] = plan.reserve(layer["padded_steps"], layer["inputs"])
    return plan.reserve(layer["steps"], layer["inputs"])


# ---------------------------------------------------------------------- steps between zeros

# What a convolution reads for a step are the rows of some padded steps, which lie one after the
# other: with a dilation, steps that are so far apart are neighbours. Of a lane's steps the first
# that are missing are zeros, as those in front of the first and behind the last are. A sequence
# among longer ones is padded, and read every ``stride`` steps, as if it were alone, with its last
# step where theirs are: each lane has a shift of its own.


@part_of
def _position(layer, step):
    """Where a padded step lies."""
    return step % layer.dilation * (layer.padded_steps // layer.dilation) + step // layer.dilation


@part_of
def _align(layer, memory):
    """Where the steps of each lane lie, and how many of those that it gives are missing.

    Whether any are missing, and whether all lanes have the same shift.
    """
    some_missing = False
    same_shift = True
    for b in range(memory.shape[1]):
        missing = int(memory[layer.missing, b])
        steps = layer.steps - missing
        given = steps - layer.reach if layer.padding == VALID else steps
        given = (given + layer.stride - 1) // layer.stride
        before = 0
        if layer.padding == CAUSAL:
            before = layer.reach
        elif layer.padding == SAME:
            before = max(0, (given - 1) * layer.stride + layer.reach + 1 - steps) // 2
        memory[layer.shift, b] = missing - before - (layer.span - given) * layer.stride
        memory[layer.missing_span, b] = layer.span - given
        pooled = (given + layer.pool - 1) // layer.pool
        memory[layer.missing_out, b] = layer.out_steps - pooled
        some_missing |= missing > 0
        same_shift &= memory[layer.shift, b] == memory[layer.shift, 0]
    return some_missing, same_shift


@part_of
def _same_shift(layer, memory):
    """Whether all lanes have the same shift."""
    same = True
    for b in range(1, memory.shape[1]):
        same &= memory[layer.shift, b] == memory[layer.shift, 0]
    return same


@part_of
def _pad(layer, memory, X, padded):
    """The steps X that it reads, between steps of zeros."""
    some_missing, same_shift = _align(layer, memory)
    begin = there_in_any(layer, memory)[0]
    for p in range(layer.padded_steps):
        row = padded[_position(layer, p)]
        if same_shift:
            t = p + int(memory[layer.shift, 0])
            if begin <= t < layer.steps:
                copy(X[t], row)
            else:
                fill(row, 0)
            if not some_missing:
                continue
        for b in range(memory.shape[1]):
            t = p + int(memory[layer.shift, b])
            there = memory[layer.missing, b] <= t < layer.steps
            if there and same_shift:
                continue
            for j in range(layer.inputs):
                row[j, b] = X[t, j, b] if there else 0


@part_of
def _unpad(layer, memory, d_padded, dX):
    """The gradient of the steps that it reads, from that of the padded ones."""
    same_shift = _same_shift(layer, memory)
    for t in range(there_in_any(layer, memory)[0], layer.steps):
        if same_shift:
            p = t - int(memory[layer.shift, 0])
            if 0 <= p < layer.padded_steps:
                copy(d_padded[_position(layer, p)], dX[t])
            else:
                fill(dX[t], 0)
            continue
        for b in range(memory.shape[1]):
            p = t - int(memory[layer.shift, b])
            read = 0 <= p < layer.padded_steps
            for j in range(layer.inputs):
                dX[t, j, b] = d_padded[_position(layer, p), j, b] if read else 0
    clear_missing(layer, memory, dX)


@part_of
def _phase(layer, phase, begin):
    """Every ``dilation``-th step from ``begin`` on: the number of the first, and how many."""
    first = max(0, -((phase - begin) // layer.dilation))
    return first, max(0, (layer.span - phase + layer.dilation - 1) // layer.dilation - first)


@part_of
def _read(layer, padded, phase, first, n):
    """What is read for n steps of a phase: (n, size * inputs, lanes), which overlap."""
    start = phase * (layer.padded_steps // layer.dilation) + first * layer.stride
    strides = padded.strides
    return as_strided(
        padded[start],
        (n, layer.size * layer.inputs, padded.shape[2]),
        (layer.stride * strides[0], strides[1], strides[2]),
    )


@part_of
def _transposed(layer, memory):
    """The padded steps with their numbers beside each other: (lanes, steps, inputs)."""
    numbers = flat(view(memory, layer.transposed, layer.padded_steps, layer.inputs))
    return shaped(numbers, memory.shape[1], layer.padded_steps, layer.inputs)


@part_of
def _transpose(padded, transposed):
    for p in range(padded.shape[0]):
        for i in range(padded.shape[1]):
            for b in range(padded.shape[2]):
                transposed[b, p, i] = padded[p, i, b]


@part_of
def _add_gradient(layer, memory, padded, phase, first, D, G):
    """Add to the gradient of the kernel, from that of some steps of a phase."""
    n = D.shape[0]
    read = _read(layer, padded, phase, first, n)
    if not layer.transposed:
        add_outer(D, read, G)
        return
    start = phase * (layer.padded_steps // layer.dilation) + first * layer.stride
    transposed = _transposed(layer, memory)
    strides = transposed.strides
    T = as_strided(
        transposed[:, start],
        (memory.shape[1], n, read.shape[1]),
        (strides[0], layer.stride * strides[1], strides[2]),
    )
    add_outer_transposed(D, read, T, G)


# ---------------------------------------------------------------------- the maximum of some steps


@part_of
def _pooled(layer, memory, t, b):
    """The steps whose maximum is step t of a lane; none where that is missing."""
    missing = int(memory[layer.missing_span, b])
    missing_out = int(memory[layer.missing_out, b])
    if t < missing_out:
        return 0, 0
    # The first maximum has fewer steps, if there are not as many as ``pool`` for each.
    ahead = ((layer.out_steps - missing_out) * layer.pool - (layer.span - missing)) // 2
    first = missing + (t - missing_out) * layer.pool - ahead
    return max(missing, first), min(layer.span, first + layer.pool)


@part_of
def _first_of_any(layer, memory):
    """The first of the ``span`` that is there in any lane; whether some are missing in any."""
    begin = layer.span
    some_missing = False
    for b in range(memory.shape[1]):
        missing = int(memory[layer.missing_span, b])
        begin = min(begin, missing)
        some_missing |= missing > 0
    return begin, some_missing


@part_of
def _maximum(layer, memory, convolved, some_missing):
    """The maximum of every ``pool`` steps."""
    out = view(memory, layer.out, layer.out_steps, layer.units)
    for t in range(layer.out_steps):
        if not some_missing:
            first, stop = _pooled(layer, memory, t, 0)
            largest(convolved, first, stop, out[t])
            continue
        for b in range(memory.shape[1]):
            first, stop = _pooled(layer, memory, t, b)
            for j in range(layer.units):
                out[t, j, b] = 0
                if stop:
                    out[t, j, b] = convolved[largest_step(convolved[:, j], first, stop, b), j, b]


@part_of
def _give(x, best, left, d):
    """Give the gradient that is left to the steps that are the best."""
    nothing = left.dtype.type(0)
    for b in range(x.shape[0]):
        mine = x[b] == best[b]
        d[b] = left[b] if mine else nothing
        left[b] = nothing if mine else left[b]


@part_of
def _maximum_backward(layer, memory, convolved, D, some_missing):
    """The gradient D of all steps, from that of the maximum of every ``pool``.

    The first of those that are the largest has all of it.
    """
    out = view(memory, layer.out, layer.out_steps, layer.units)
    d = view(memory, layer.d, layer.out_steps, layer.units)
    if some_missing:
        fill(D, 0)
    for t in range(layer.out_steps):
        if not some_missing:
            first, stop = _pooled(layer, memory, t, 0)
            for step in range(first, stop):
                _give(flat(convolved[step]), flat(out[t]), flat(d[t]), flat(D[step]))
            continue
        for j in range(layer.units):
            for b in range(memory.shape[1]):
                first, stop = _pooled(layer, memory, t, b)
                if stop:
                    D[largest_step(convolved[:, j], first, stop, b), j, b] += d[t, j, b]


# ---------------------------------------------------------------------- both passes


@forward_kernel
def convolution_forward(layers, at, packed, memory, training, seed):
    """A convolution over the steps, and then the maximum of every ``pool`` of them."""
    layer = layers[at]
    W = matrix(layer, packed, layer.size * layer.inputs)
    padded = view(memory, layer.padded, layer.padded_steps, layer.inputs)
    _pad(layer, memory, view(memory, layer.x, layer.steps, layer.inputs), padded)
    begin, some_missing = _first_of_any(layer, memory)
    convolved = view(memory, layer.convolved, layer.span, layer.units)
    fill(convolved[:begin], 0)
    for phase in range(layer.dilation):
        first, n = _phase(layer, phase, begin)
        if n:
            out = convolved[first * layer.dilation + phase :: layer.dilation]
            affine_of_steps(W, _read(layer, padded, phase, first, n), out)
    if layer.normalised:
        normalise(layer, packed, memory, begin, convolved, training)
    activate(flat(convolved[begin:]), layer.activation)
    if layer.pool > 1:
        _maximum(layer, memory, convolved, some_missing)


@backward_kernel
def convolution_backward(layers, at, packed, gradient, memory, training):
    """The gradients of a convolution's weights and inputs."""
    layer = layers[at]
    inputs = layer.inputs
    W = matrix(layer, packed, layer.size * inputs)
    G = matrix(layer, gradient, layer.size * inputs)
    begin, some_missing = _first_of_any(layer, memory)
    convolved = view(memory, layer.convolved, layer.span, layer.units)
    D = view(memory, layer.d_convolved, layer.span, layer.units)
    if layer.pool > 1:
        _maximum_backward(layer, memory, convolved, D, some_missing)
    multiply_slope(flat(convolved[begin:]), flat(D[begin:]), layer.activation)
    if layer.normalised:
        normalise_backward(layer, packed, gradient, memory, begin, D, training)
    else:
        add_outer(D[begin:], ones(memory, layer.span - begin), G[:, -1:])
    padded = view(memory, layer.padded, layer.padded_steps, inputs)
    d_padded = view(memory, layer.d_padded, layer.padded_steps, inputs)
    if not layer.first:
        fill(d_padded, 0)
    if layer.transposed:
        _transpose(padded, _transposed(layer, memory))
    for phase in range(layer.dilation):
        first, n = _phase(layer, phase, begin)
        if not n:
            continue
        given = D[first * layer.dilation + phase :: layer.dilation]
        _add_gradient(layer, memory, padded, phase, first, given, G[:, :-1])
        if layer.first:
            continue
        # For one of the steps that are read at once, what is read for several does not overlap.
        read = _read(layer, d_padded, phase, first, n)
        for rows in range(0, layer.size * inputs, inputs):
            kernel = W[:, rows : rows + inputs].T
            add_product_of_steps(kernel, given, read[:, rows : rows + inputs])
    if not layer.first:
        dX = view(memory, layer.dx, layer.steps, inputs)
        _unpad(layer, memory, d_padded, dX)


register(
    Convolution,
    plan_convolution,
    {
        CONVOLUTION: Kind(
            convolution_forward, convolution_backward, plan_gradient, plan_gradient_of_inputs
        )
    },
)
