"""The loops, compiled as a whole: training on an epoch's batches, and the outputs of many samples.

All threads run the same loop. Each takes the next share of a batch's chunks that nobody has taken;
who is done last sums the shares' gradients, in their order, makes the optimizer's step, and lets
the others go on with the next batch. Of many weights each makes a part of that step.
"""

import math
from typing import NamedTuple

import numpy as np

from skrnn.neural.fused.compiling import compiled, part_of, shaped
from skrnn.neural.fused.gathering import Read, gather, gather_missing, gather_targets, loss_factor
from skrnn.neural.fused.kernels import add_to, copy, fill, mixed, scale
from skrnn.neural.fused.layers import backward, forward
from skrnn.neural.fused.layers.embedding import Table
from skrnn.neural.fused.losses import loss_gradient, softmax_losses
from skrnn.neural.fused.memory import AHEAD, ALL, LANE_STEP, SAMPLES, view
from skrnn.neural.fused.optimizers import begin_step, optimize, shortening, squares
from skrnn.neural.fused.table import PARTS, Reads, keep_codes, move_part, n_read, sum_part
from skrnn.neural.fused.threads import ARRIVED, DONE, NEXT, OPENED, STOP, add, put, seen, wait_for
from skrnn.neural.fused.tiny import put_back, tiny_as_zero
from skrnn.neural.network import MOMENTUM


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
    table: Table


class Inputs(NamedTuple):
    """What samples read: windows, what is known ahead of them, and states before them.

    The states behind the last step of a batch's samples go to the rows of ``carried``, in their
    order; without rows nowhere. They may be those that the next batch reads.
    """

    windows: Read
    known_ahead: Read
    states: Read
    carried: np.ndarray


class Weights(NamedTuple):
    """Weights as one vector, packed for the kernels, and where each number is.

    The first ``n_learned`` are learned; moving statistics follow. The last of those that are
    learned, from ``n_dense`` on, are a table, of which the rows change that a batch reads: in
    training those of the packed weights alone; they lie there behind all others, from ``n_packed``
    on. The first lie there in ``runs``: for each where it begins in the vector, and in what is
    packed, and its length; and these in ``blocks``. ``others`` are the packed numbers of what is in
    no run: of those that are learned, which are added to another, and of moving statistics.
    """

    vector: np.ndarray
    packed: np.ndarray
    others: np.ndarray
    runs: np.ndarray
    blocks: np.ndarray
    # Of which variable each number is, where the gradient of each is shortened.
    variable_of: np.ndarray
    n_variables: int
    n_dense: int
    n_learned: int
    n_packed: int


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
    reads: Reads


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


class Batch(NamedTuple):
    """Samples whose gradients are summed: the first of the order's, and the one behind the last."""

    begin: int
    end: int
    # How many gradients are summed apart, and how many codes of a table are read.
    n_shares: int
    n_codes: int
    # What losses are multiplied by, beside weights, and what draws what is left out.
    factor: float
    seed: int


@part_of
def _chunk(network, memory, n):
    """The memory of a chunk of n samples."""
    lanes = n + -n % LANE_STEP
    return shaped(memory[: network.rows * lanes], network.rows, lanes)


@part_of
def read_inputs(network, inputs, order, first, n, memory):
    """Gather what n samples read."""
    windows = inputs.windows
    known_ahead = inputs.known_ahead
    states = inputs.states
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
    _pack_dense(weights)
    table = weights.vector[weights.n_dense : weights.n_learned]
    copy(table, weights.packed[weights.n_packed : weights.n_packed + table.shape[0]])


@part_of
def _pack_dense(weights):
    """Pack all but the table."""
    for block in range(weights.blocks.shape[0] - 1):
        _pack_block(weights, block)
    _pack_rest(weights)


@part_of
def _pack_block(weights, block):
    """Pack the weights of some runs."""
    for which in range(weights.blocks[block], weights.blocks[block + 1]):
        start = weights.runs[which, 0]
        first = weights.runs[which, 1]
        n = weights.runs[which, 2]
        copy(weights.vector[start : start + n], weights.packed[first : first + n])


@part_of
def _pack_rest(weights):
    """Pack the second of two weights that are one number, and moving statistics."""
    begin = _n_in_runs(weights)
    for i in range(begin, weights.n_dense):
        weights.packed[weights.others[i - begin]] += weights.vector[i]
    begin += weights.n_learned - weights.n_dense
    for i in range(weights.n_learned, weights.vector.shape[0]):
        weights.packed[weights.others[i - begin]] = weights.vector[i]


@part_of
def _n_in_runs(weights):
    """How many weights lie in runs: those behind them are the second of two."""
    last = weights.runs.shape[0] - 1
    return weights.runs[last, 0] + weights.runs[last, 2] if last >= 0 else 0


# ---------------------------------------------------------------------- the optimizer's step

# Of many weights threads move blocks of some at a time, each from the sum of its gradients to what
# is packed; of few, or where the size of all gradients is asked for, one thread moves all.


@part_of
def _in_blocks(weights, learning):
    """Whether threads share the optimizer's step."""
    optimizer = learning.optimizer[0]
    clipped = optimizer.clipnorm < math.inf or optimizer.global_clipnorm < math.inf
    return weights.blocks.shape[0] > 2 and not clipped


@part_of
def _sum_block(weights, learning, n_shares, block):
    """The gradients of a block, summed over all shares of a batch."""
    for which in range(weights.blocks[block], weights.blocks[block + 1]):
        start = weights.runs[which, 0]
        first = weights.runs[which, 1]
        n = weights.runs[which, 2]
        total = learning.gradient[start : start + n]
        copy(learning.gradients[0, first : first + n], total)
        for share in range(1, n_shares):
            add_to(learning.gradients[share, first : first + n], total)


@part_of
def _move(weights, learning, start, stop):
    """The optimizer's step for some weights."""
    some = slice(start, stop)
    optimize(
        weights.vector[some], learning.gradient[some], learning.memory, start, learning.optimizer
    )


@part_of
def _move_block(weights, learning, block):
    """The optimizer's step for a block, which is packed."""
    start = weights.runs[weights.blocks[block], 0]
    last = weights.blocks[block + 1] - 1
    _move(weights, learning, start, weights.runs[last, 0] + weights.runs[last, 2])
    _pack_block(weights, block)


@part_of
def update_block(weights, learning, n_shares, block):
    """Sum the gradients of a block, and move and pack its weights."""
    _sum_block(weights, learning, n_shares, block)
    _move_block(weights, learning, block)


@part_of
def update(weights, learning, n_shares, n):
    """The optimizer's step, with the gradients of all shares of a batch of n samples.

    But for what threads share, which goes on from here.
    """
    loss = 0.0
    for share in range(n_shares):
        loss += learning.losses[share]
    learning.totals[0] += loss * n
    learning.totals[1] += n
    n_blocks = weights.blocks.shape[0] - 1
    shared = _in_blocks(weights, learning)
    n_in_runs = _n_in_runs(weights)
    n_dense = weights.n_dense
    for i in range(n_in_runs, n_dense):
        number = weights.others[i - n_in_runs]
        learning.gradient[i] = _total(learning.gradients, n_shares, number)
    if not shared:
        for block in range(n_blocks):
            _sum_block(weights, learning, n_shares, block)
    _clip(weights, learning.optimizer[0], learning.gradient[:n_dense], learning.reads)
    begin_step(learning.optimizer)
    if n_in_runs < n_dense:
        _move(weights, learning, n_in_runs, n_dense)
    moved = weights.vector.dtype.type(1 - MOMENTUM)
    begin = n_in_runs + weights.n_learned - n_dense
    for i in range(weights.n_learned, weights.vector.shape[0]):
        goal = _total(learning.gradients, n_shares, weights.others[i - begin])
        weights.vector[i] += (goal - weights.vector[i]) * moved
    if not shared:
        for block in range(n_blocks):
            _move_block(weights, learning, block)
        _pack_rest(weights)


@part_of
def _total(gradients, n_shares, number):
    """The gradient of a number, summed over all shares of a batch."""
    total = gradients[0, number]
    for share in range(1, n_shares):
        total += gradients[share, number]
    return total


@part_of
def _clip(weights, optimizer, gradient, reads):
    """Shorten the gradients of all weights, of which some are of a table."""
    of_table = 0.0
    for part in range(reads.squares.shape[0]):
        of_table += reads.squares[part]
    reads.factor[0] = 1.0
    if optimizer.global_clipnorm < math.inf:
        factor = shortening(squares(gradient) + of_table, optimizer.global_clipnorm)
        if factor < 1.0:
            scale(gradient, factor)
        of_table *= factor * factor
        reads.factor[0] = factor
    most = optimizer.clipnorm
    if most < math.inf:
        factors = np.zeros(weights.n_variables)
        for i in range(weights.n_dense):
            factors[weights.variable_of[i]] += gradient[i] * gradient[i]
        for variable in range(weights.n_variables):
            factors[variable] = shortening(factors[variable], most)
        for i in range(weights.n_dense):
            gradient[i] *= gradient.dtype.type(factors[weights.variable_of[i]])
        reads.factor[0] *= shortening(of_table, most)


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
def train(network, inputs, targets, batches, weights, learning, memory, shared, n_threads):
    """Train on all batches once, as one of ``n_threads`` threads."""
    before = tiny_as_zero()
    _train(network, inputs, targets, batches, weights, learning, memory, shared, n_threads)
    put_back(before)


@part_of
def _train(network, inputs, targets, batches, weights, learning, memory, shared, n_threads):
    for begin in range(0, batches.order.shape[0], batches.size):
        batch = _batch(network, inputs, targets, batches, learning, begin)
        _learn_shares(network, inputs, targets, batches, batch, weights, learning, memory, shared)
        if batch.n_codes:
            if not _meet(shared, n_threads):
                return
            _sum_rows(network.table, learning.reads, batch.n_codes, shared)
        opened = seen(shared, OPENED)
        if seen(shared, STOP):
            return
        if _is_last(shared, n_threads):
            update(weights, learning, batch.n_shares, batch.end - begin)
            add(shared, DONE, 1)
            _open(shared)
        elif not wait_for(shared, OPENED, opened):
            return
        if not (_in_blocks(weights, learning) or batch.n_codes):
            continue
        _move_shares(network.table, weights, learning, batch, shared)
        opened = seen(shared, OPENED)
        if _is_last(shared, n_threads):
            if _in_blocks(weights, learning):
                _pack_rest(weights)
            _open(shared)
        elif not wait_for(shared, OPENED, opened):
            return


@part_of
def _batch(network, inputs, targets, batches, learning, begin):
    """The batch that begins with a sample."""
    end = min(begin + batches.size, batches.order.shape[0])
    n_codes = 0
    if network.table.codes:
        n_codes = n_read(network.table, inputs.windows, batches.order, begin, end)
    return Batch(
        begin=begin,
        end=end,
        n_shares=min(-(-(end - begin) // batches.lanes), learning.losses.shape[0]),
        n_codes=n_codes,
        factor=loss_factor(
            targets, batches.order, begin, end - begin, batches.n_losses, network.target_steps
        ),
        seed=mixed(batches.seed + begin // batches.size, 0),
    )


@part_of
def _learn_shares(network, inputs, targets, batches, batch, weights, learning, memory, shared):
    """The losses and gradients of those shares of a batch that no other thread takes."""
    while not seen(shared, STOP):
        which = add(shared, NEXT, 1)
        if which >= batch.n_shares:
            break
        loss = 0.0
        gradient = learning.gradients[which]
        fill(gradient, 0)
        for first in range(
            batch.begin + which * batches.lanes, batch.end, batch.n_shares * batches.lanes
        ):
            if seen(shared, STOP):
                break
            n = min(batches.lanes, batch.end - first)
            ahead = first - batch.begin
            numbers = _chunk(network, memory, n)
            _read_chunk(network, inputs, targets, batches, first, n, batch.factor, numbers)
            numbers[AHEAD, 0] = ahead
            numbers[ALL, 0] = batch.end - batch.begin + -(batch.end - batch.begin) % LANE_STEP
            loss += _learn(network, batches, weights.packed, gradient, numbers, batch.seed)
            if batch.n_codes:
                before = n_read(network.table, inputs.windows, batches.order, batch.begin, first)
                missing = numbers[network.missing]
                keep_codes(network.table, missing, numbers, n, ahead, before, learning.reads)
            if inputs.carried.shape[0]:
                _keep_states(network, numbers, ahead, n, inputs.carried)
        learning.losses[which] = loss


@part_of
def _sum_rows(table, reads, n_codes, shared):
    """Sum the gradients of those rows of a table that no other thread takes."""
    while not seen(shared, STOP):
        part = add(shared, NEXT, 1)
        if part >= PARTS:
            break
        sum_part(table, reads, n_codes, part)


@part_of
def _move_shares(table, weights, learning, batch, shared):
    """Move those blocks of weights and parts of a table's rows that no other thread takes.

    Once begun it is finished, whatever stops the training.
    """
    n_blocks = weights.blocks.shape[0] - 1 if _in_blocks(weights, learning) else 0
    n_parts = PARTS if batch.n_codes else 0
    while True:
        which = add(shared, NEXT, 1)
        if which >= n_blocks + n_parts:
            break
        if which < n_blocks:
            update_block(weights, learning, batch.n_shares, which)
        else:
            move_part(table, weights, learning, which - n_blocks)


@part_of
def _meet(shared, n_threads):
    """Wait for all threads; False where all shall stop."""
    opened = seen(shared, OPENED)
    if _is_last(shared, n_threads):
        _open(shared)
        return True
    return wait_for(shared, OPENED, opened)


@part_of
def _is_last(shared, n_threads):
    """Whether all other threads are done with what they shared."""
    return add(shared, ARRIVED, 1) == n_threads - 1


@part_of
def _open(shared):
    """Let the other threads go on."""
    put(shared, NEXT, 0)
    put(shared, ARRIVED, 0)
    add(shared, OPENED, 1)


@compiled
def predict(network, inputs, order, lanes, packed, memory, shared, outputs):
    """The outputs of some samples, as one of some threads, and if asked for their last states."""
    before = tiny_as_zero()
    _predict(network, inputs, order, lanes, packed, memory, shared, outputs)
    put_back(before)


@part_of
def _predict(network, inputs, order, lanes, packed, memory, shared, outputs):
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
        if inputs.carried.shape[0]:
            _keep_states(network, numbers, first, n, inputs.carried)


@compiled
def losses(network, inputs, targets, batches, packed, memory, shared, sums):
    """The loss of each sample of a batch, summed over its steps, as one of some threads."""
    n_all = batches.order.shape[0]
    while not seen(shared, STOP):
        first = add(shared, NEXT, 1) * batches.lanes
        if first >= n_all:
            return
        n = min(batches.lanes, n_all - first)
        numbers = _chunk(network, memory, n)
        _read_chunk(network, inputs, targets, batches, first, n, 1.0, numbers)
        forward(network.layers, packed, numbers, False, 0)
        Y = view(numbers, network.outputs, network.target_steps, network.n_outputs)
        target = view(numbers, network.target, network.target_steps, network.n_targets)
        factors = view(numbers, network.factors, network.target_steps, 1)
        softmax_losses(Y, target, factors, sums[first : first + n])
        if inputs.carried.shape[0]:
            _keep_states(network, numbers, first, n, inputs.carried)


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


@compiled
def attention(network, inputs, order, lanes, packed, memory, at, shares):
    """How much each step of some samples counts (n, steps), by the attention at an offset."""
    n_all = order.shape[0]
    steps = shares.shape[1]
    for first in range(0, n_all, lanes):
        n = min(lanes, n_all - first)
        numbers = _chunk(network, memory, n)
        read_inputs(network, inputs, order, first, n, numbers)
        forward(network.layers, packed, numbers, False, 0)
        found = view(numbers, at, steps, 1)
        for b in range(n):
            for t in range(steps):
                shares[first + b, t] = found[t, 0, b]
