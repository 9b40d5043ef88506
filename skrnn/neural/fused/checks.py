"""What reaches compiled code fits the sizes of the plan: beyond them is memory of others."""

import numpy as np

from skrnn.neural.fused.gathering import Source, Targets
from skrnn.neural.network import Attention, Convolution, Network, Segments, Summary

# As many numbers are packed for each weight at most.
MOST_PACKED = 4
# Steps of a convolution lie at most so many windows apart: all of them would be padding.
FURTHEST = 1000


def check_weights(variables: list, weights: list) -> None:
    """Weights have the shapes of a plan's variables."""
    found = [np.shape(weight) for weight in weights]
    expected = [variable.shape for variable in variables]
    if found != expected:
        raise ValueError(
            f"weights must have the shapes {expected} of this network, got {found}: pass the "
            "weights that were learned with it, or fit it anew"
        )


def check_packed(n_packed: int, n_weights: int | None) -> None:
    """A network packs no more numbers than some for each of its weights; None: they are new."""
    if n_weights is not None and n_packed > MOST_PACKED * n_weights + MOST_PACKED:
        raise ValueError(
            f"weights must be all that the network has, got {n_weights:,} numbers for a larger "
            "one: pass the weights that were learned with it, or fit it anew"
        )


def check_claims(network: Network, windows) -> None:
    """A network reads windows like these, and no further than windows could ever reach."""
    _check_read("windows", (network.steps, network.features), (windows.length, windows.n_features))
    for layer in network.layers:
        if isinstance(layer, Convolution) and layer.reach > FURTHEST * windows.length:
            raise ValueError(
                f"a convolution must not reach over {layer.reach:,} steps of windows of "
                f"{windows.length}: fit it anew, with a smaller dilation"
            )


def check_carried(network: Network) -> None:
    """No layer reads steps of the windows before, but those that have states."""
    for layer in network.layers:
        convolution = isinstance(layer, Convolution)
        if convolution and (layer.reach or max(layer.pool_size, layer.strides) > 1):
            raise ValueError(
                "states are of recurrent layers, and a convolution reads steps of the windows "
                "before: carry states through a network without one, or pass whole windows"
            )
        if isinstance(layer, Attention | Summary):
            raise ValueError(
                "states are of recurrent layers, and pooling reads steps of the windows before: "
                'carry states through a network with pooling="last", or pass whole windows'
            )
        if isinstance(layer, Segments) and network.steps % layer.size:
            raise ValueError(
                f"segments of {layer.size} steps leave out some of windows of {network.steps}, "
                "which states would not know: pass windows of whole segments"
            )


def check_inputs(network: Network, windows: Source, known_ahead: Source, order: np.ndarray) -> None:
    """The samples of an order read of rows that there are, as many numbers as the network does."""
    _check_source("windows", windows, (network.steps, network.features), order)
    beside = (network.targets, network.known_ahead) if network.known_ahead else (0, 0)
    _check_source("known_ahead", known_ahead, beside, order)


def check_targets(network: Network, targets: Targets, steps: int, order: np.ndarray) -> None:
    """There are targets and weights of all samples of an order, at so many steps."""
    n = len(targets.y)
    if network.link == "softmax" and n:
        _check_range("classes", targets.y, network.per_target, "classes")
    _check_range("order", order, n, "samples with targets")
    if len(targets.ending):
        _check_shape("targets", targets.y, (n, 1, network.targets))
        _check_shape("weights of targets", targets.weights, (n, 1))
        _check_shape("known steps of targets", targets.known, (n,))
        if targets.ending.max() >= n:
            raise ValueError(
                f"windows that end at a row must be among the {n} with targets, got "
                f"{targets.ending.max()}"
            )
        return
    _check_shape("targets", targets.y, (n, steps, network.targets))
    weighted = targets.weights.shape[1:] == (1,)
    _check_shape("weights of targets", targets.weights, (n, 1 if weighted else steps))


def _check_read(name, shape, found):
    """Steps and features that there are, and those that the network reads."""
    if found != shape and not (0 in found and 0 in shape):
        raise ValueError(
            f"{name} must have {shape[0]} steps and {shape[1]} features, as the network reads "
            f"them, got {found[0]} and {found[1]}: fit it on such windows"
        )


def _check_source(name, source, shape, order):
    read = source.read
    found = (len(read.offsets), len(read.columns))
    # What reads no step reads no column either.
    _check_read(name, shape, found)
    if 0 in found or not len(order):
        return
    _check_range("order", order, len(read.ends), name)
    ends = read.ends[order]
    begins = ends + read.offsets.min()
    if len(read.missing):
        steps = len(read.offsets)
        _check_shape(f"missing steps of {name}", read.missing, read.ends.shape)
        _check_range(f"missing steps of {name}", read.missing[order], steps, "steps")
        begins = ends + read.offsets[read.missing[order]]
    first = begins.min() + read.shift.min()
    last = ends.max() + read.offsets.max() + read.shift.max()
    _check_range(f"the rows of {name}", np.array([first, last]), len(source.rows), "rows")
    _check_range(f"the columns of {name}", read.columns, source.rows.shape[1], "columns")
    if source.read.formed and source.read.relative.period > len(read.offsets):
        raise ValueError(
            f"{name} must have at least the {source.read.relative.period} steps of a season, got "
            f"{len(read.offsets)}"
        )


def _check_range(name, positions, n, of):
    if positions.size and not (positions.min() >= 0 and positions.max() < n):
        raise ValueError(
            f"{name} must lie in 0 … {n - 1}, as there are {n} {of}, got {positions.min()} … "
            f"{positions.max()}"
        )


def _check_shape(name, array, shape):
    if array.shape != shape:
        raise ValueError(f"{name} must have the shape {shape}, got {array.shape}")
