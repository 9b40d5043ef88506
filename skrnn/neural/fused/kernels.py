"""What is computed for all layers: activations, masks, losses and the steps of optimizers.

Arrays are (steps, rows, lanes): a lane is a sample of a chunk, and what is no sequence has one
step. What is the same for a feature is done for all lanes at once, which the compiler turns into
vector instructions.
"""

import math

import numpy as np
from numba import from_dtype, types
from numba.extending import overload, register_jitable

from skrnn.neural.fused.compiling import array, linked, part_of

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


def _half(x):
    """One half, in the precision of x."""
    return 0.5


@overload(_half, inline="always")
def _overload_half(x):
    half = np.float64(0.5) if getattr(x, "bitwidth", 64) == 64 else np.float32(0.5)
    return lambda x: half


@register_jitable
def sigmoid(x):
    """The logistic function."""
    half = _half(x)
    return half * _tanh(half * x) + half


@register_jitable
def softplus(x):
    """A smooth step up from 0: the logarithm of 1 + exp(x)."""
    return max(x, x - x) + math.log1p(math.exp(-abs(x)))


@register_jitable
def slope_of(active, kind):
    """The slope of an activation, told from what it gave."""
    one = _half(active) + _half(active)
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
    x, y = X.ravel(), out.ravel()
    for b in range(x.shape[0]):
        y[b] = x[b]


@part_of
def add_to(X, out):
    """Add one array to another of as many numbers."""
    x, y = X.ravel(), out.ravel()
    for b in range(x.shape[0]):
        y[b] += x[b]


@part_of
def scale(out, factor):
    """Multiply an array by a number."""
    y, factor = out.ravel(), out.dtype.type(factor)
    for b in range(y.shape[0]):
        y[b] *= factor


@part_of
def fill(out, value):
    """Fill an array."""
    y = out.ravel()
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
def draw_mask(mask, rate, seed):
    """1 / (1 - rate) for what stays, 0 for what is left out."""
    m, stays, nothing = mask.ravel(), mask.dtype.type(1 / (1 - rate)), mask.dtype.type(0)
    limit = np.uint64(rate * 2.0**32)
    for b in range(m.shape[0]):
        m[b] = nothing if mixed(seed, b) >> np.uint64(32) < limit else stays


@part_of
def leave_out(X, mask):
    """Leave out what a mask leaves out; without rows it leaves out nothing."""
    x, m = X.ravel(), mask.ravel()
    for b in range(m.shape[0]):
        x[b] *= m[b]


@part_of
def copy_masked(X, mask, out):
    """What a mask leaves."""
    x, m, y = X.ravel(), mask.ravel(), out.ravel()
    for b in range(m.shape[0]):
        y[b] = x[b] * m[b]


# ---------------------------------------------------------------------- losses


MSE, MAE, HUBER, PINBALL = range(4)
LOSSES = {"mse": MSE, "mae": MAE, "huber": HUBER, "pinball": PINBALL}
LEVELS = types.Array(types.float64, 1, "C")


@linked(array(3), array(3), array(3), types.int64, LEVELS, array(3), returns=types.float64)
def loss_gradient(Y, target, factors, kind, quantiles, D):
    """The loss of outputs Y (steps, outputs, lanes), and its gradient in D.

    Each step and lane counts as often as its factor says. Of quantiles, those of a target lie
    beside each other.
    """
    one = Y.dtype.type(1)
    loss = 0.0
    if kind == PINBALL:
        n_levels = quantiles.shape[0]
        for t in range(Y.shape[0]):
            for j in range(Y.shape[1]):
                level = Y.dtype.type(quantiles[j % n_levels])
                for b in range(Y.shape[2]):
                    w = factors[t, 0, b]
                    e = target[t, j // n_levels, b] - Y[t, j, b]
                    slope = level if e >= 0 else level - one
                    loss += w * slope * e
                    D[t, j, b] = -w * slope
        return loss
    for t in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            for b in range(Y.shape[2]):
                e, w = Y[t, j, b] - target[t, j, b], factors[t, 0, b]
                if kind == MSE:
                    loss += w * e * e
                    D[t, j, b] = 2 * w * e
                elif kind == MAE:
                    loss += w * abs(e)
                    D[t, j, b] = w * np.sign(e)
                elif abs(e) <= one:
                    loss += w * e * e / 2
                    D[t, j, b] = w * e
                else:
                    loss += w * (abs(e) - one / 2)
                    D[t, j, b] = w * np.sign(e)
    return loss


def mean_loss(Y, y, weights, loss, quantiles=()):
    """The mean loss of outputs Y (n, outputs)."""
    if loss == "pinball":
        levels = np.array(quantiles, Y.dtype)
        e = y[:, :, None] - Y.reshape(*y.shape, len(levels))
        losses = np.maximum(levels * e, (levels - 1) * e).reshape(len(y), -1)
        return float(np.mean(losses if weights is None else losses * weights[:, None]))
    e = np.abs(Y - y)
    losses = {"mse": e**2, "mae": e, "huber": np.where(e <= 1, e**2 / 2, e - 0.5)}[loss]
    return float(np.mean(losses if weights is None else losses * weights[:, None]))


# ---------------------------------------------------------------------- optimizers, as Keras defines them


ADAM, RMSPROP, SGD = range(3)
OPTIMIZERS = {"adam": ADAM, "rmsprop": RMSPROP, "sgd": SGD}
OPTIMIZER = np.dtype(
    [
        *((name, np.int64) for name in ("kind", "steps", "nesterov")),
        *(
            (name, np.float64)
            for name in ("rate", "beta_1", "beta_2", "rho", "momentum", "epsilon", "clipnorm")
        ),
    ]
)


@linked(array(1), array(1), array(2), from_dtype(OPTIMIZER)[::1])
def optimize(W, G, memory, optimizer):
    """One step of an optimizer; ``memory`` holds as many vectors as it remembers."""
    how, real = optimizer[0], W.dtype.type
    how.steps += 1
    rate, tiny = real(how.rate), real(how.epsilon)
    if how.kind == ADAM:
        # The learning rate with both corrections of the first steps.
        alpha = real(how.rate * math.sqrt(1 - how.beta_2**how.steps) / (1 - how.beta_1**how.steps))
        M, V, first, second = memory[0], memory[1], real(1 - how.beta_1), real(1 - how.beta_2)
        for i in range(W.shape[0]):
            M[i] += (G[i] - M[i]) * first
            V[i] += (G[i] * G[i] - V[i]) * second
            W[i] -= M[i] * alpha / (np.sqrt(V[i]) + tiny)
    elif how.kind == RMSPROP:
        V, kept, new = memory[0], real(how.rho), real(1 - how.rho)
        for i in range(W.shape[0]):
            V[i] = kept * V[i] + new * G[i] * G[i]
            W[i] -= rate * G[i] / np.sqrt(V[i] + tiny)
    elif memory.shape[0]:
        M, kept = memory[0], real(how.momentum)
        for i in range(W.shape[0]):
            M[i] = M[i] * kept - rate * G[i]
            W[i] += M[i] * kept - rate * G[i] if how.nesterov else M[i]
    else:
        for i in range(W.shape[0]):
            W[i] -= rate * G[i]


@part_of
def clip(G, most):
    """Shorten a gradient to the norm ``most``."""
    total = 0.0
    for i in range(G.shape[0]):
        total += G[i] * G[i]
    norm = math.sqrt(total)
    if norm > most:
        factor = G.dtype.type(most / norm)
        for i in range(G.shape[0]):
            G[i] *= factor
