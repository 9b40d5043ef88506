"""The loops, compiled as a whole: training on an epoch's batches, and the outputs of many samples.

All threads run the same loop. Each takes the next share of a batch's chunks that nobody has taken;
who is done last sums the shares' gradients, in their order, makes the optimizer's step, and lets
the others go on with the next batch.
"""

import math
from typing import NamedTuple

import numpy as np

from skrnn.neural.fused.compiling import compiled, part_of
from skrnn.neural.fused.gathering import Read, gather, gather_missing, gather_targets, loss_factor
from skrnn.neural.fused.kernels import add_to, fill, mixed
from skrnn.neural.fused.layers import backward, forward
from skrnn.neural.fused.losses import loss_gradient
from skrnn.neural.fused.memory import SAMPLES, view
from skrnn.neural.fused.optimizers import clip, optimize
from skrnn.neural.fused.threads import ARRIVED, DONE, NEXT, OPENED, STOP, add, put, seen, wait_for
from skrnn.neural.network import MOMENTUM

# A chunk has a multiple of this many lanes, so that every loop and product has the same form, and
# rounds the same way.
LANE_STEP = 16


class Places(NamedTuple):
    """A network as the loops take it.

    The table of its layers, and where memory has what is none of theirs.
    """

    layers: np.ndarray
    # How many rows the memory has.
    rows: int
    # How many of the windows' steps are not there.
    missing: int
    windows: int
    known_ahead: int
    # The states before the first step, and how many numbers they are.
    states: int
    n_states: int
    outputs: int
    target: int
    factors: int
    d_outputs: int
    # How many steps have targets, how many targets each, and how many outputs.
    target_steps: int
    n_targets: int
    n_outputs: int


class Inputs(NamedTuple):
    """What samples read: windows, what is known ahead of them, and states before them."""

    windows: Read
    known_ahead: Read
    states: Read


class Weights(NamedTuple):
    """Weights as one vector, packed for the kernels, and where each number is.

    The first ``n_learned`` are learned; moving statistics follow.
    """

    vector: np.ndarray
    packed: np.ndarray
    numbers: np.ndarray
    bounds: np.ndarray
    n_learned: int


class Learning(NamedTuple):
    """What training changes beside the weights."""

    # Of each share of a batch, the gradient of the packed weights, and the loss.
    gradients: np.ndarray
    losses: np.ndarray
    # The gradient of the whole batch, in the order of the vector.
    gradient: np.ndarray
    # The optimizer's settings, and the vectors that it remembers.
    optimizer: np.ndarray
    memory: np.ndarray
    # The sum of all samples' losses, and how many they are.
    totals: np.ndarray


class Batches(NamedTuple):
    """Which samples make the batches of an epoch, and what is done with them."""

    order: np.ndarray
    # Samples of a batch, and at most of a chunk.
    size: int
    lanes: int
    loss: int
    # How many losses a step has.
    n_losses: int
    quantiles: np.ndarray
    # What draws what is left out in the first batch. The next has the next number.
    seed: int


@part_of
def _chunk(network, memory, n):
    """The memory of a chunk of n samples."""
    lanes = n + -n % LANE_STEP
    return memory[: network.rows * lanes].reshape(network.rows, lanes)


@part_of
def read_inputs(network, inputs, order, first, n, memory):
    """Gather what n samples read."""
    windows, known_ahead, states = inputs
    for b in range(memory.shape[1]):
        memory[SAMPLES, b] = 1 if b < n else 0
    steps = windows.offsets.shape[0]
    features = windows.columns.shape[0]
    gather_missing(windows, order, first, n, memory[network.missing])
    gather(windows, order, first, n, view(memory, network.windows, steps, features))
    leads = known_ahead.offsets.shape[0]
    columns = known_ahead.columns.shape[0]
    gather(known_ahead, order, first, n, view(memory, network.known_ahead, leads, columns))
    before = view(memory, network.states, 1, network.n_states)
    if states.columns.shape[0]:
        gather(states, order, first, n, before)
    else:
        fill(before, 0)


@compiled
def pack(weights):
    """Pack the weights anew."""
    fill(weights.packed, 0)
    for i in range(weights.vector.shape[0]):
        weights.packed[weights.numbers[i]] += weights.vector[i]


@part_of
def update(weights, learning, n_shares, n):
    """The optimizer's step, with the gradients of all shares of a batch of n samples."""
    loss = 0.0
    for which in range(n_shares):
        loss += learning.losses[which]
        if which:
            add_to(learning.gradients[which], learning.gradients[0])
    learning.totals[0] += loss * n
    learning.totals[1] += n
    for i in range(weights.vector.shape[0]):
        learning.gradient[i] = learning.gradients[0, weights.numbers[i]]
    n_learned = weights.n_learned
    learned = weights.vector[:n_learned]
    gradient = learning.gradient[:n_learned]
    if learning.optimizer[0].global_clipnorm < math.inf:
        clip(gradient, learning.optimizer[0].global_clipnorm)
    most = learning.optimizer[0].clipnorm
    if most < math.inf:
        for variable in range(weights.bounds.shape[0] - 1):
            clip(gradient[weights.bounds[variable] : weights.bounds[variable + 1]], most)
    optimize(learned, gradient, learning.memory, learning.optimizer)
    moved = weights.vector.dtype.type(1 - MOMENTUM)
    for i in range(n_learned, weights.vector.shape[0]):
        weights.vector[i] += (learning.gradient[i] - weights.vector[i]) * moved
    pack(weights)


@part_of
def _read_chunk(network, inputs, targets, batches, first, n, factor, numbers):
    """Gather n samples, and their targets."""
    read_inputs(network, inputs, batches.order, first, n, numbers)
    target = view(numbers, network.target, network.target_steps, network.n_targets)
    factors = view(numbers, network.factors, network.target_steps, 1)
    gather_targets(targets, inputs.windows, batches.order, first, n, factor, target, factors)


@part_of
def _learn(network, batches, packed, gradient, numbers, seed):
    """The loss of a chunk that was read, and the gradient, which is added to what is there."""
    forward(network.layers, packed, numbers, True, seed)
    Y = view(numbers, network.outputs, network.target_steps, network.n_outputs)
    target = view(numbers, network.target, network.target_steps, network.n_targets)
    factors = view(numbers, network.factors, network.target_steps, 1)
    D = view(numbers, network.d_outputs, network.target_steps, network.n_outputs)
    loss = loss_gradient(Y, target, factors, batches.loss, batches.quantiles, D)
    backward(network.layers, packed, gradient, numbers, True)
    return loss


@compiled
def train(network, inputs, targets, batches, weights, learning, memory, shared, n_threads):
    """Train on all batches once, as one of ``n_threads`` threads."""
    n_samples = batches.order.shape[0]
    for batch in range(-(-n_samples // batches.size)):
        begin = batch * batches.size
        end = min(begin + batches.size, n_samples)
        n_chunks = -(-(end - begin) // batches.lanes)
        n_shares = min(n_chunks, learning.losses.shape[0])
        factor = loss_factor(
            targets, batches.order, begin, end - begin, batches.n_losses, network.target_steps
        )
        while not seen(shared, STOP):
            which = add(shared, NEXT, 1)
            if which >= n_shares:
                break
            loss = 0.0
            gradient = learning.gradients[which]
            fill(gradient, 0)
            for chunk in range(which, n_chunks, n_shares):
                if seen(shared, STOP):
                    return
                first = begin + chunk * batches.lanes
                n = min(batches.lanes, end - first)
                numbers = _chunk(network, memory, n)
                _read_chunk(network, inputs, targets, batches, first, n, factor, numbers)
                seed = mixed(batches.seed + batch, chunk)
                loss += _learn(network, batches, weights.packed, gradient, numbers, seed)
            learning.losses[which] = loss
        opened = seen(shared, OPENED)
        if seen(shared, STOP):
            return
        if add(shared, ARRIVED, 1) == n_threads - 1:
            update(weights, learning, n_shares, end - begin)
            put(shared, NEXT, 0)
            put(shared, ARRIVED, 0)
            add(shared, DONE, 1)
            add(shared, OPENED, 1)
        elif not wait_for(shared, OPENED, opened):
            return


@part_of
def _keep_states(network, numbers, first, n, states):
    """The last states of each layer that begins with some, in the order of these."""
    for at in range(network.layers.shape[0]):
        layer = network.layers[at]
        if not layer.h0:
            continue
        column = layer.h0 - network.states
        last = layer.steps * layer.units
        for j in range(layer.units):
            for b in range(n):
                states[first + b, column + j] = numbers[layer.H + last + j, b]
                if layer.C:
                    states[first + b, column + layer.units + j] = numbers[layer.C + last + j, b]


@compiled
def predict(network, inputs, order, lanes, packed, memory, shared, outputs, states):
    """The outputs of some samples, as one of some threads, and if asked for their last states."""
    n_all = order.shape[0]
    while not seen(shared, STOP):
        first = add(shared, NEXT, 1) * lanes
        if first >= n_all:
            return
        n = min(lanes, n_all - first)
        numbers = _chunk(network, memory, n)
        read_inputs(network, inputs, order, first, n, numbers)
        forward(network.layers, packed, numbers, False, 0)
        Y = view(numbers, network.outputs, 1, network.n_outputs)
        for b in range(n):
            for j in range(network.n_outputs):
                outputs[first + b, j] = Y[0, j, b]
        if states.shape[0]:
            _keep_states(network, numbers, first, n, states)


@compiled
def input_gradients(network, inputs, order, lanes, packed, gradient, memory, slopes, given):
    """The slopes (n, steps, features) of one output, for every number of some samples' windows.

    ``given`` are where the gradient of windows lies, and which output it is.
    """
    d_windows, output = given
    n_all = order.shape[0]
    steps = slopes.shape[1]
    features = slopes.shape[2]
    for first in range(0, n_all, lanes):
        n = min(lanes, n_all - first)
        numbers = _chunk(network, memory, n)
        read_inputs(network, inputs, order, first, n, numbers)
        forward(network.layers, packed, numbers, False, 0)
        D = view(numbers, network.d_outputs, 1, network.n_outputs)
        fill(D, 0)
        fill(D[0, output], 1)
        backward(network.layers, packed, gradient, numbers, False)
        dX = view(numbers, d_windows, steps, features)
        for b in range(n):
            for t in range(steps):
                for j in range(features):
                    slopes[first + b, t, j] = dX[t, j, b]
