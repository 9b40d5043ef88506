"""Gathering: windows, what is known ahead, and targets, from their rows into a chunk's memory."""

import functools
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import typeof, types
from numba.extending import intrinsic

from skrnn.neural.fused.compiling import array, linked, part_of

# What a step is relative to, as compiled code compares it.
NO_CENTRE, MEAN, SEASON = range(3)

# What a step is divided by.
NO_SCALE, DEVIATION, MEAN_ABS = range(3)


class Relative(NamedTuple):
    """How each sample is expressed relative to itself: a ``Form``, as compiled code takes it."""

    centre: int
    # Steps of a season.
    period: int
    scale: int
    # Below what share of the mean the deviation counts as none, and the least that divides, as a
    # share of the mean of the absolute values.
    constant: float
    min_scale: float
    # One for each column.
    origin: np.ndarray
    unit: np.ndarray
    # Whether it is for each column; the others are as they are.
    expressed: np.ndarray


class Read(NamedTuple):
    """What samples read of rows: at ``ends + offsets + shift``, some columns."""

    # Where the rows are, bytes from row to row and from column to column, and bytes of a number.
    layout: np.ndarray
    # One for each sample, each step, each column, and each column.
    ends: np.ndarray
    offsets: np.ndarray
    columns: np.ndarray
    shift: np.ndarray
    # How many steps of each sample, the first, are not there; empty where all of all are.
    missing: np.ndarray
    # Whether samples are expressed relative to themselves, and how.
    formed: bool
    relative: Relative


@dataclass(frozen=True)
class Source:
    """Rows, which stay in memory as long as this does, and what samples read of them."""

    rows: np.ndarray
    read: Read


class Targets(NamedTuple):
    """Targets (n, steps, outputs) of samples, and weights (n, steps), or (n, 1) for all steps.

    Where steps have targets and ``y`` is of the last alone, (n, 1, outputs), those of earlier steps
    are of the samples that end there: ``ending`` has them for every row, or -1, and ``known`` how
    many steps of each sample have targets. Else both are empty.
    """

    y: np.ndarray
    weights: np.ndarray
    ending: np.ndarray
    known: np.ndarray


def readable(rows: np.ndarray) -> bool:
    """Whether rows are numbers that compiled code reads where they lie."""
    return rows.dtype in (np.float32, np.float64) and rows.dtype.isnative


def source(rows, ends, offsets, columns=None, shift=None, form=None, missing=()) -> Source:
    """Some numbers of rows, in their form."""
    columns = np.arange(rows.shape[1]) if columns is None else np.asarray(columns, np.int64)
    shift = np.zeros(len(columns), np.int64) if shift is None else shift
    layout = np.array([rows.__array_interface__["data"][0], *rows.strides, rows.itemsize])
    # Compiled code is for arrays of one kind: others would have it compiled once more.
    read = Read(
        layout=layout,
        ends=_numbers(ends),
        offsets=_numbers(offsets),
        columns=_numbers(columns),
        shift=_numbers(shift),
        missing=_numbers(missing),
        formed=form is not None,
        relative=_relative(form, rows.dtype, len(columns)),
    )
    return Source(rows, read)


def _numbers(values):
    """Whole numbers in one piece that may be written to."""
    found = np.ascontiguousarray(values, np.int64)
    return found if found.flags.writeable else found.copy()


def _relative(form, dtype, n_columns):
    zeros = np.zeros(n_columns)
    ones = np.ones(n_columns)
    if form is None:
        return Relative(NO_CENTRE, 1, NO_SCALE, 0.0, 0.0, zeros, ones, _numbers(ones))
    return Relative(
        centre={"none": NO_CENTRE, "mean": MEAN, "last": SEASON, "season": SEASON}[form.centre],
        period=form.period,
        scale={"none": NO_SCALE, "deviation": DEVIATION, "mean_abs": MEAN_ABS}[form.scale],
        constant=form.noise(dtype),
        min_scale=float(form.min_scale) if form.scale == "deviation" else 0.0,
        origin=np.array(form.origin) if form.origin else zeros,
        unit=np.array(form.unit) if form.unit else ones,
        expressed=_numbers([form.expresses(column) for column in range(n_columns)]),
    )


@functools.cache
def nothing() -> Source:
    """What a network reads that reads nothing."""
    return source(np.zeros((1, 0), np.float32), [], [])


def source_of_windows(windows) -> Source:
    """Complete windows."""
    offsets = (np.arange(windows.length) - (windows.length - 1)) * windows.sampling_rate
    return source(
        windows.rows,
        windows.ends,
        offsets,
        shift=windows.shift,
        form=windows.form,
        missing=missing_steps(windows),
    )


def source_of_array(X, missing=()) -> Source:
    """Samples (n, steps, features) that are an array."""
    n, steps, features = X.shape
    rows = X.reshape(n * steps, features)
    return source(rows, np.arange(n) * steps, np.arange(steps), missing=missing)


def missing_steps(windows) -> np.ndarray:
    """How many steps of each window, the first, are not there; empty where all of all are."""
    if windows.lengths is None:
        return np.zeros(0, np.int64)
    return windows.length - windows.lengths


# ---------------------------------------------------------------------- in compiled code


def _number_at(number):
    @intrinsic
    def load(typing, address):
        def code(context, builder, signature, values):
            kind = ir.FloatType() if number is types.float32 else ir.DoubleType()
            return builder.load(builder.inttoptr(values[0], kind.as_pointer()), align=1)

        return number(types.int64), code

    return load


_single, _double = _number_at(types.float32), _number_at(types.float64)


@part_of
def gather_missing(read, order, first, n, row):
    """How many steps of the samples order[first:first + n] are not there."""
    for b in range(row.shape[0]):
        row[b] = 0
        if read.missing.shape[0]:
            row[b] = read.missing[order[first + min(b, n - 1)]]


@part_of
def _load_steps(read, starts, begins, f, steps):
    """One column of all samples into ``steps`` (steps, lanes); 0 before a lane begins."""
    row = read.layout[1]
    column = read.layout[2]
    size = read.layout[3]
    for t in range(steps.shape[0]):
        ahead = (read.offsets[t] + read.shift[f]) * row + read.columns[f] * column
        for b in range(steps.shape[1]):
            if t < begins[b]:
                steps[t, b] = 0
            elif size == 4:
                steps[t, b] = _single(starts[b] + ahead)
            else:
                steps[t, b] = _double(starts[b] + ahead)


@part_of
def _express(relative, f, steps, begins, X):
    """``steps`` (steps, lanes) relative to themselves, as column f of X (steps, columns, lanes).

    Before a lane begins they are 0, and do not count.
    """
    length, lanes = steps.shape
    origin = relative.origin[f]
    unit = relative.unit[f]
    if not relative.expressed[f]:
        for t in range(length):
            out = X[t, f]
            for b in range(lanes):
                out[b] = (steps[t, b] - origin) / unit
        return
    mean = np.zeros(lanes)
    scale = np.zeros(lanes)
    if relative.centre == MEAN or relative.scale == DEVIATION:
        for t in range(length):
            for b in range(lanes):
                mean[b] += steps[t, b]
        for b in range(lanes):
            mean[b] /= length - begins[b]
    if relative.scale == MEAN_ABS or relative.min_scale > 0:
        for t in range(length):
            for b in range(lanes):
                scale[b] += abs(steps[t, b])
        share = 1.0 if relative.scale == MEAN_ABS else relative.min_scale
        for b in range(lanes):
            scale[b] *= share / (length - begins[b])
    if relative.scale == DEVIATION:
        squares = np.zeros(lanes)
        for t in range(length):
            for b in range(lanes):
                squares[b] += (steps[t, b] - mean[b]) ** 2 if t >= begins[b] else 0.0
        for b in range(lanes):
            root = math.sqrt(squares[b] / (length - begins[b]))
            if root > relative.constant * abs(mean[b]):
                scale[b] = max(scale[b], root)
    for b in range(lanes):
        scale[b] = 1.0 if scale[b] == 0 else scale[b]
    if relative.centre == NO_CENTRE:
        mean[:] = 0
    for t in range(length):
        centre = mean
        if relative.centre == SEASON:
            centre = steps[length - relative.period + (t - length) % relative.period]
        out = X[t, f]
        for b in range(lanes):
            out[b] = ((steps[t, b] - centre[b]) / scale[b] - origin) / unit


_INTEGERS = types.Array(types.int64, 1, "C")


@linked(typeof(nothing().read), _INTEGERS, types.int64, types.int64, array(3))
def gather(read, order, first, n, X):
    """The samples order[first:first + n] into X (steps, features, lanes); the last fills it up."""
    if not X.size:  # where nothing is read there are no ends
        return
    address = read.layout[0]
    row = read.layout[1]
    column = read.layout[2]
    size = read.layout[3]
    starts = np.empty(X.shape[2], np.int64)
    for b in range(X.shape[2]):
        starts[b] = address + read.ends[order[first + min(b, n - 1)]] * row
    begins = np.zeros(X.shape[2], np.int64)
    if read.missing.shape[0]:
        for b in range(X.shape[2]):
            begins[b] = read.missing[order[first + min(b, n - 1)]]
    if read.formed:
        steps = np.empty((X.shape[0], X.shape[2]))
        for f in range(X.shape[1]):
            _load_steps(read, starts, begins, f, steps)
            _express(read.relative, f, steps, begins, X)
        return
    if read.missing.shape[0]:
        for f in range(X.shape[1]):
            _load_steps(read, starts, begins, f, X[:, f])
        return
    for t in range(X.shape[0]):
        for f in range(X.shape[1]):
            out = X[t, f]
            ahead = (read.offsets[t] + read.shift[f]) * row + read.columns[f] * column
            if size == 4:
                for b in range(out.shape[0]):
                    out[b] = _single(starts[b] + ahead)
            else:
                for b in range(out.shape[0]):
                    out[b] = _double(starts[b] + ahead)


@part_of
def loss_factor(targets, order, first, n, n_losses, steps):
    """What losses are multiplied by, beside weights: they add up to the mean of all.

    Where some steps have no targets the others count more, so that the weights' mean is that of
    all.
    """
    total = n * steps * n_losses
    if not targets.ending.shape[0]:
        return 1 / total
    weight = known = 0.0
    for i in order[first : first + n]:
        weight += targets.weights[i, 0]
        known += targets.weights[i, 0] * targets.known[i]
    # Weights may be nothing in single precision.
    return steps * weight / known / total if known else 0.0


@part_of
def gather_targets(targets, read, order, first, n, factor, target, factors):
    """Targets of the samples order[first:first + n], and the factors of their losses.

    These are 0 for what fills the lanes up.
    """
    steps = target.shape[0]
    last = targets.weights.shape[1] - 1
    n_rows = targets.ending.shape[0]
    for t in range(steps):
        for b in range(target.shape[2]):
            i = order[first + min(b, n - 1)]
            # The sample that has the target of this step, and of which step it is there.
            owner = i
            step = t
            if n_rows:
                row = read.ends[i] + read.offsets[t + read.offsets.shape[0] - steps]
                owner = targets.ending[row] if 0 <= row < n_rows else -1
                step = 0
            factors[t, 0, b] = 0
            if owner < 0:
                owner = i
                step = 0
            elif b < n:
                factors[t, 0, b] = factor * targets.weights[i, min(t, last)]
            for j in range(target.shape[1]):
                target[t, j, b] = targets.y[owner, step, j]
