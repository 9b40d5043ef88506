"""What is computed for all layers: activations, masks, losses and the steps of optimizers.

Arrays are (steps, rows, lanes): a lane is a sample of a chunk, and what is no sequence has one
step. What is the same for a feature is done for all lanes at once, which the compiler turns into
vector instructions.
"""

import math

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload, register_jitable

from skrnn.neural.fused.compiling import array, flat, linked, part_of
from skrnn.neural.fused.memory import AHEAD, ALL

TANH, RELU, LINEAR, SIGMOID = range(4)
ACTIVATIONS = {"tanh": TANH, "relu": RELU, "linear": LINEAR, "sigmoid": SIGMOID}


def _tanh(x):
    """Hyperbolic tangent; in single precision a rational approximation that vectorises, to 3e-7."""
    return math.tanh(x)


@overload(_tanh, inline="always")
def _overload_tanh(x):
    if getattr(x, "bitwidth", 64) == 64:
        return lambda x: math.tanh(x)

    def rational(x):
        # The coefficients of Eigen's and XLA's ptanh.
        x = min(max(x, np.float32(-7.90531110763549805)), np.float32(7.90531110763549805))
        s = x * x
        p = np.float32(-2.76076847742355e-16)
        p = p * s + np.float32(2.00018790482477e-13)
        p = p * s + np.float32(-8.60467152213735e-11)
        p = p * s + np.float32(5.12229709037114e-08)
        p = p * s + np.float32(1.48572235717979e-05)
        p = p * s + np.float32(6.37261928875436e-04)
        p = p * s + np.float32(4.89352455891786e-03)
        q = np.float32(1.19825839466702e-06)
        q = q * s + np.float32(1.18534705686654e-04)
        q = q * s + np.float32(2.26843463243900e-03)
        q = q * s + np.float32(4.89352518554385e-03)
        return x * p / q

    return rational


def half_like(x):
    """One half, in the precision of x."""
    return 0.5


@overload(half_like, inline="always")
def _overload_half_like(x):
    half = np.float64(0.5) if getattr(x, "bitwidth", 64) == 64 else np.float32(0.5)
    return lambda x: half


@register_jitable
def sigmoid(x):
    """The logistic function."""
    half = half_like(x)
    return half * _tanh(half * x) + half


def exponential(x):
    """The exponential of a number of moderate size.

    In single precision by an approximation that vectorises, to 2e-7 of it; finite everywhere.
    """
    return math.exp(min(max(x, -_FARTHEST), _FARTHEST))


_FARTHEST = 700.0


@overload(exponential, inline="always")
def _overload_exponential(x):
    if getattr(x, "bitwidth", 64) == 64:
        return lambda x: math.exp(min(max(x, -_FARTHEST), _FARTHEST))

    def reduced(x):
        # The powers of two in x are put into the exponent's bits, and the rest is a polynomial:
        # the coefficients of Cephes's expf. Adding the large number rounds to a whole one.
        x = min(max(x, np.float32(-80)), np.float32(80))
        shifted = x * np.float32(1.44269504088896341) + np.float32(12582912)
        n = shifted - np.float32(12582912)
        r = x - n * np.float32(0.693359375)
        r = r - n * np.float32(-2.12194440e-4)
        p = np.float32(1.9875691500e-4)
        p = p * r + np.float32(1.3981999507e-3)
        p = p * r + np.float32(8.3334519073e-3)
        p = p * r + np.float32(4.1665795894e-2)
        p = p * r + np.float32(1.6666665459e-1)
        p = p * r + np.float32(5.0000001201e-1)
        p = p * r * r + r + np.float32(1)
        return _times_power_of_two(p, shifted)

    return reduced


@intrinsic
def _times_power_of_two(typing, p, shifted):
    """P 2**n, for the number n in the last bits of a large one."""

    def code(context, builder, _, values):
        integer = ir.IntType(32)
        bits = builder.bitcast(values[1], integer)
        power = builder.shl(bits, ir.Constant(integer, 23))
        return builder.bitcast(
            builder.add(builder.bitcast(values[0], integer), power), ir.FloatType()
        )

    return p(p, shifted), code


@register_jitable
def softplus(x):
    """A smooth step up from 0: the logarithm of 1 + exp(x)."""
    return max(x, x - x) + math.log1p(math.exp(-abs(x)))


@register_jitable
def slope_of(active, kind):
    """The slope of an activation, told from what it gave."""
    one = half_like(active) + half_like(active)
    if kind == TANH:
        return one - active * active
    if kind == SIGMOID:
        return active * (one - active)
    if kind == RELU:
        return one if active > 0 else one - one
    return one


@linked(array(1), types.int64)
def activate(row, kind):
    """Apply an activation in place."""
    n = row.shape[0]
    if kind == TANH:
        for i in range(n):
            row[i] = _tanh(row[i])
    elif kind == SIGMOID:
        for i in range(n):
            row[i] = sigmoid(row[i])
    elif kind == RELU:
        for i in range(n):
            row[i] = max(row[i], row.dtype.type(0))


@part_of
def multiply_slope(out, row, kind):
    """Multiply ``row`` by the activation's slope, told from what the activation gave."""
    for i in range(row.shape[0]):
        row[i] *= slope_of(out[i], kind)


# ---------------------------------------------------------------------- arrays in one piece

# NumPy's own ways would check shapes and explain errors, which takes long to compile.


@part_of
def copy(X, out):
    """Copy one array to another of as many numbers."""
    x = flat(X)
    y = flat(out)
    for b in range(x.shape[0]):
        y[b] = x[b]


@part_of
def add_to(X, out):
    """Add one array to another of as many numbers."""
    x = flat(X)
    y = flat(out)
    for b in range(x.shape[0]):
        y[b] += x[b]


@part_of
def scale(out, factor):
    """Multiply an array by a number."""
    y = flat(out)
    factor = out.dtype.type(factor)
    for b in range(y.shape[0]):
        y[b] *= factor


@part_of
def fill(out, value):
    """Fill an array."""
    y = flat(out)
    for b in range(y.shape[0]):
        y[b] = value


# ---------------------------------------------------------------------- masks


@part_of
def mixed(seed, number):
    """Another seed, as if drawn at random, for each number (the finalizer of SplitMix64)."""
    z = np.uint64(seed) + (np.uint64(number) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@part_of
def draw_mask(mask, rate, seed, memory):
    """1 / (1 - rate) for what stays, 0 for what is left out: drawn anew for each row and sample.

    The same whichever chunk of its batch a sample is in.
    """
    ahead = np.uint64(int(memory[AHEAD, 0]))
    lanes = np.uint64(int(memory[ALL, 0]))
    stays = mask.dtype.type(1 / (1 - rate))
    nothing = mask.dtype.type(0)
    limit = np.uint64(rate * 2.0**32)
    for j in range(mask.shape[0]):
        first = np.uint64(j) * lanes + ahead
        for b in range(mask.shape[1]):
            drawn = mixed(seed, first + np.uint64(b))
            mask[j, b] = nothing if drawn >> np.uint64(32) < limit else stays


@part_of
def leave_out(X, mask):
    """Leave out what a mask leaves out; without rows it leaves out nothing."""
    x = flat(X)
    m = flat(mask)
    for b in range(m.shape[0]):
        x[b] *= m[b]


@part_of
def copy_masked(X, mask, out):
    """What a mask leaves."""
    x = flat(X)
    m = flat(mask)
    y = flat(out)
    for b in range(m.shape[0]):
        y[b] = x[b] * m[b]


# ---------------------------------------------------------------------- some lanes

# Every lane is written, marked or not, which the compiler turns into vector instructions.


@linked(array(1), array(2), array(2), apart=True)
def copy_where(marks, X, out):
    """Copy the lanes that are marked, not 0, of rows (rows, lanes)."""
    nothing = out.dtype.type(0)
    for j in range(out.shape[0]):
        for b in range(out.shape[1]):
            old = out[j, b]
            new = X[j, b]
            out[j, b] = old if marks[b] == nothing else new


@linked(array(1), array(2), apart=True)
def clear_where(marks, out):
    """Zeros in the lanes that are marked, not 0, of rows (rows, lanes)."""
    nothing = out.dtype.type(0)
    for j in range(out.shape[0]):
        for b in range(out.shape[1]):
            old = out[j, b]
            out[j, b] = old if marks[b] == nothing else nothing


# ---------------------------------------------------------------------- the largest of some steps


@part_of
def largest(X, first, stop, out):
    """The maximum of some steps."""
    copy(X[first], out)
    best = flat(out)
    for t in range(first + 1, stop):
        row = flat(X[t])
        for b in range(row.shape[0]):
            best[b] = max(best[b], row[b])


@part_of
def largest_step(row, first, stop, b):
    """The step of the largest of a row's numbers; the first of them."""
    best = first
    for t in range(first + 1, stop):
        if row[t, b] > row[best, b]:
            best = t
    return best
