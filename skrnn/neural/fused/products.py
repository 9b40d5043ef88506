"""Matrix products of small recurrent networks, too small for libraries of linear algebra.

A product is computed in tiles, whose sums stay in the processor's registers until they are done.
Numba makes no such tile of a loop, so tiles are written as the compiler's own code; the loops
around them are ordinary kernels.
"""

import functools

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from skrnn.neural.fused.compiling import VECTOR, array, linked, part_of, shaped

# The rows of a tile, and its columns: its sums, and what is multiplied for them, have a place in
# sixteen registers, or where vectors are wide in thirty-two.
ROWS, VECTORS = 4, 2
COLUMNS = 4 if VECTOR == 64 else 2
# The rows of a tile of one step's product, where registers are many: few sums wait for each other.
TALL = 8 if VECTOR == 64 else ROWS
# The steps of a tile of many products with one matrix, and how deep they go before the next rows:
# what is read of these steps stays close to a core until all rows have read it.
STEPS = COLUMNS
DEPTH = 64
# The steps whose lanes are summed before the next columns: these, too, stay close.
STEPS_OF_SUMS = 8
# The columns of these that are transposed at a time: a tile's, of single precision.
PANEL = STEPS * VECTOR // 4


class _Array:
    """An array in code that is being written.

    What lies at an index, as a number or as a vector of its last axis.
    """

    def __init__(self, context, builder, array_type, value):
        self.builder, self.number = builder, context.get_data_type(array_type.dtype)
        self.size = context.get_abi_sizeof(self.number)
        self.vector = ir.VectorType(self.number, VECTOR // self.size)
        array = context.make_array(array_type)(context, builder, value=value)
        self.shape = cgutils.unpack_tuple(builder, array.shape, array_type.ndim)
        self.strides = cgutils.unpack_tuple(builder, array.strides, array_type.ndim)
        self.start = builder.bitcast(array.data, ir.IntType(8).as_pointer())

    def at(self, index, kind):
        """A pointer to a number or vector."""
        steps = [
            self.builder.mul(number, stride)
            for number, stride in zip(index, self.strides, strict=True)
        ]
        here = self.builder.gep(self.start, [functools.reduce(self.builder.add, steps)])
        return self.builder.bitcast(here, kind.as_pointer())

    def load(self, *index):
        """The vector that begins at an index."""
        return self.builder.load(self.at(index, self.vector), align=self.size)

    def spread(self, *index):
        """The number at an index, in all places of a vector."""
        nothing = ir.Constant(self.vector, ir.Undefined)
        integer = ir.IntType(32)
        number = self.builder.load(self.at(index, self.number))
        first = self.builder.insert_element(nothing, number, ir.Constant(integer, 0))
        everywhere = ir.Constant(ir.VectorType(integer, self.vector.count), None)
        return self.builder.shuffle_vector(first, nothing, everywhere)

    def fetch(self, pointer):
        """Have what is at a pointer come closer, while other work is done; it need not exist."""
        byte, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, flag, flag, flag])
        fetch = cgutils.get_or_insert_function(self.builder.module, kind, "llvm.prefetch.p0i8")
        to_read, close, data = (ir.Constant(flag, number) for number in (0, 3, 1))
        self.builder.call(fetch, [self.builder.bitcast(pointer, byte), to_read, close, data])

    def sums(self, starts, columns):
        """Sums of a tile, which start from a vector for each row.

        The compiler keeps them in registers.
        """
        return [
            [cgutils.alloca_once_value(self.builder, start) for _ in range(columns)]
            for start in starts
        ]

    def zeros(self, rows):
        """A vector of zeros for each row."""
        return [ir.Constant(self.vector, None)] * rows


def _add_products(builder, sums, left, right):
    """Add to every sum of a tile the product of its row's and its column's vectors."""
    for row, one in zip(sums, left, strict=True):
        for total, other in zip(row, right, strict=True):
            product = builder.fmul(one, other, flags=("contract",))
            builder.store(builder.fadd(builder.load(total), product, flags=("contract",)), total)


def _beside(builder, first, n, step=1):
    return [builder.add(first, ir.Constant(first.type, step * place)) for place in range(n)]


def _tile(write):
    """A function of arrays and of where a tile begins in the last, with the code of ``write``."""

    @intrinsic
    def tile(typing, *given):
        def code(context, builder, _, values):
            values = zip(given, cgutils.unpack_tuple(builder, values[0]), strict=True)
            write(
                builder,
                *(
                    _Array(context, builder, kind, value)
                    if isinstance(kind, types.Array)
                    else value
                    for kind, value in values
                ),
            )
            return context.get_dummy_value()

        return types.none(types.StarArgTuple(given)), code

    return tile


def _product_tile(rows, vectors, *, add=False):
    """A tile of a product, which may be added to what is there.

    A number of A for each row, everywhere in a vector, times some vectors of B.
    """

    def write(builder, A, B, out, j, b):
        sums = out.sums(out.zeros(rows), vectors)
        if add:
            columns = _beside(builder, b, vectors, out.vector.count)
            for row, totals in zip(_beside(builder, j, rows), sums, strict=True):
                for lanes, total in zip(columns, totals, strict=True):
                    builder.store(out.load(row, lanes), total)
        _add_depth(builder, A, B, sums, j, b)
        _store(builder, sums, out, j, b)

    return _tile(write)


def _affine_tile(rows, vectors):
    """A tile of a product with two matrices, one below the other, and a row of ones between."""

    def write(builder, A, B, C, out, j, b):
        between = B.shape[0]
        sums = out.sums([A.spread(j, between) for j in _beside(builder, j, rows)], vectors)
        _add_depth(builder, A, B, sums, j, b)
        _add_depth(builder, A, C, sums, j, b, builder.add(between, ir.Constant(between.type, 1)))
        _store(builder, sums, out, j, b)

    return _tile(write)


def _add_depth(builder, A, B, sums, j, b, first=None):
    js = _beside(builder, j, len(sums))
    bs = _beside(builder, b, len(sums[0]), B.vector.count)
    with cgutils.for_range(builder, B.shape[0]) as depth:
        column = depth.index if first is None else builder.add(depth.index, first)
        _add_products(
            builder, sums, [A.spread(j, column) for j in js], [B.load(depth.index, b) for b in bs]
        )


def _store(builder, sums, out, j, b):
    js = _beside(builder, j, len(sums))
    bs = _beside(builder, b, len(sums[0]), out.vector.count)
    for row, place in zip(sums, js, strict=True):
        for total, lanes in zip(row, bs, strict=True):
            builder.store(builder.load(total), out.at((place, lanes), out.vector), align=out.size)


def _steps_tile(rows, steps, *, add):
    """A tile of the products of a matrix with the matrices of some steps, a vector of each.

    They are added to what is there, or else to the matrix's last column.
    """

    def write(builder, A, B, out, j, t, b):
        depth = B.shape[1]
        last = builder.sub(A.shape[1], ir.Constant(depth.type, 1))
        js = _beside(builder, j, rows)
        ts = _beside(builder, t, steps)
        if add:
            starts = [[out.load(step, row, b) for step in ts] for row in js]
        else:
            starts = [[A.spread(row, last)] * steps for row in js]
        sums = [
            [cgutils.alloca_once_value(builder, start) for start in row_starts]
            for row_starts in starts
        ]
        with cgutils.for_range(builder, depth) as loop:
            left = [A.spread(row, loop.index) for row in js]
            right = [B.load(step, loop.index, b) for step in ts]
            _add_products(builder, sums, left, right)
        for row, totals in zip(js, sums, strict=True):
            for step, total in zip(ts, totals, strict=True):
                place = out.at((step, row, b), out.vector)
                builder.store(builder.load(total), place, align=out.size)

    return _tile(write)


def _transposed_tile(rows, vectors):
    """A tile of sums over steps and lanes, a number of D for each row times some vectors of S.

    They are added to what is there.
    """

    def write(builder, D, S, out, j, i):
        js = _beside(builder, j, rows)
        columns = _beside(builder, i, vectors, D.vector.count)
        sums = [
            [cgutils.alloca_once_value(builder, out.load(row, column)) for column in columns]
            for row in js
        ]
        steps, _, lanes = D.shape
        begin, one, many = (ir.Constant(steps.type, number) for number in (0, 1, rows))
        below = builder.add(j, many)
        with cgutils.for_range(builder, steps) as step:
            # Steps of D lie far apart, and so do rows of sums: what is read next is fetched now.
            after = builder.add(step.index, one)
            goes_on = builder.icmp_signed("<", after, steps)
            here, there = D.at((after, j, begin), D.number), D.at((begin, below, begin), D.number)
            following = builder.select(goes_on, here, there)
            row_below = builder.add(below, builder.urem(step.index, many))
            for column in columns:
                out.fetch(out.at((row_below, column), out.number))
            with cgutils.for_range(builder, lanes) as lane:
                D.fetch(builder.gep(following, [builder.mul(lane.index, many)]))
                left = [D.spread(step.index, row, lane.index) for row in js]
                right = [S.load(lane.index, step.index, column) for column in columns]
                _add_products(builder, sums, left, right)
        for row, totals in zip(js, sums, strict=True):
            for column, total in zip(columns, totals, strict=True):
                place = out.at((row, column), out.vector)
                builder.store(builder.load(total), place, align=out.size)

    return _tile(write)


def _outer_tile(rows, columns, *, narrow=False):
    """A tile of sums over lanes.

    Rows of D times rows of S, a vector of lanes at a time, and all steps; ``narrow`` are lanes that
    are one vector.
    """

    def write(builder, D, S, out, j, i):
        sums = D.sums(D.zeros(rows), columns)
        js = _beside(builder, j, rows)
        indices = _beside(builder, i, columns)
        steps, _, lanes = D.shape

        def add(step, b):
            left, right = (
                [array.load(step, row, b) for row in at] for array, at in ((D, js), (S, indices))
            )
            _add_products(builder, sums, left, right)

        with cgutils.for_range(builder, steps) as step:
            if narrow:
                # A loop inside would take as long as what it does.
                add(step.index, ir.Constant(lanes.type, 0))
            else:
                n_vectors = builder.udiv(lanes, ir.Constant(lanes.type, D.vector.count))
                with cgutils.for_range(builder, n_vectors) as vector:
                    b = builder.mul(vector.index, ir.Constant(lanes.type, D.vector.count))
                    add(step.index, b)
        totals = _across(builder, [builder.load(total) for row in sums for total in row])
        for j in js:
            row = functools.reduce(
                lambda vector, at: builder.insert_element(
                    vector, next(totals), ir.Constant(ir.IntType(32), at)
                ),
                range(columns),
                ir.Constant(ir.VectorType(out.number, columns), ir.Undefined),
            )
            place = out.at((j, i), row.type)
            builder.store(
                builder.fadd(builder.load(place, align=out.size), row), place, align=out.size
            )

    return _tile(write)


def _across(builder, vectors):
    """The sum of each vector's numbers.

    Neighbours are added, of two vectors at a time, until the sums are left.
    """
    count = vectors[0].type.count
    n = len(vectors)
    # As many as can be halved until one is left.
    vectors = vectors + [ir.Constant(vectors[0].type, None)] * (2 ** (n - 1).bit_length() - n)
    evens, odds = (
        ir.Constant(ir.VectorType(ir.IntType(32), count), list(range(first, 2 * count, 2)))
        for first in (0, 1)
    )
    for _ in range(count.bit_length() - 1):
        pairs = zip(vectors[::2], vectors[1::2], strict=True) if len(vectors) > 1 else [vectors * 2]
        vectors = [
            builder.fadd(*(builder.shuffle_vector(one, two, places) for places in (evens, odds)))
            for one, two in pairs
        ]
    for k, at in (divmod(place, count) for place in range(n)):
        yield builder.extract_element(vectors[k], ir.Constant(ir.IntType(32), at))


def _turned(builder, vectors):
    """Vectors whose n-th numbers, in their order, are the n-th of those that are given.

    Squares of numbers change places, of one, of two by two, and so on.
    """
    vectors = list(vectors)
    n = len(vectors)
    side = 1
    while side < n:
        masks = [
            [place if not place & side else n + place - side for place in range(n)],
            [place + side if not place & side else n + place for place in range(n)],
        ]
        masks = [ir.Constant(ir.VectorType(ir.IntType(32), n), mask) for mask in masks]
        for i in range(n):
            if not i & side:
                upper, lower = vectors[i], vectors[i + side]
                vectors[i] = builder.shuffle_vector(upper, lower, masks[0])
                vectors[i + side] = builder.shuffle_vector(upper, lower, masks[1])
        side *= 2
    return vectors


def _turning_tile():
    """A square of a matrix, transposed."""

    def write(builder, X, out, j, b):
        n = X.vector.count
        columns = _turned(builder, [X.load(row, b) for row in _beside(builder, j, n)])
        for lane, vector in zip(_beside(builder, b, n), columns, strict=True):
            builder.store(vector, out.at((lane, j), out.vector), align=out.size)

    return _tile(write)


def _rows_of(builder, table, which, j, b):
    """Where some numbers of the rows lie that some lanes have chosen."""
    lanes = _beside(builder, b, table.vector.count)
    chosen = [builder.load(which.at((lane,), which.number)) for lane in lanes]
    return [table.at((row, j), table.vector) for row in chosen]


def _looking_up_tile():
    """For some lanes as many numbers of the row that each has chosen."""

    def write(builder, table, which, out, j, b):
        places = _rows_of(builder, table, which, j, b)
        rows = [builder.load(place, align=table.size) for place in places]
        for row, vector in zip(_beside(builder, j, len(rows)), _turned(builder, rows), strict=True):
            builder.store(vector, out.at((row, b), out.vector), align=out.size)

    return _tile(write)


def _adding_rows_tile():
    """Of some lanes as many numbers are added to the row that each has chosen."""

    def write(builder, D, which, table, j, b):
        n = D.vector.count
        lanes = _turned(builder, [D.load(row, b) for row in _beside(builder, j, n)])
        # One behind the other: lanes may have chosen the same.
        for place, vector in zip(_rows_of(builder, table, which, j, b), lanes, strict=True):
            total = builder.fadd(builder.load(place, align=table.size), vector)
            builder.store(total, place, align=table.size)

    return _tile(write)


def _row_tile(*, add=False):
    """A row of X, copied to a row of another matrix or added to what is there.

    Rows are a few vectors: of a loop over numbers the compiler would make one number at a time.
    """

    def write(builder, X, i, out, k):
        n = out.shape[1]
        count = ir.Constant(n.type, out.vector.count)
        rest = builder.urem(n, count)

        def move(kind, j):
            place = out.at((k, j), kind)
            found = builder.load(X.at((i, j), kind), align=X.size)
            if add:
                found = builder.fadd(builder.load(place, align=out.size), found)
            builder.store(found, place, align=out.size)

        with cgutils.for_range(builder, builder.udiv(n, count)) as loop:
            move(out.vector, builder.mul(loop.index, count))
        with cgutils.for_range(builder, rest) as loop:
            move(out.number, builder.add(builder.sub(n, rest), loop.index))

    return _tile(write)


def _fetching_row():
    """A row of X comes closer, while other work is done."""

    def write(builder, X, i):
        n = X.shape[1]
        count = ir.Constant(n.type, X.vector.count)
        with cgutils.for_range(builder, builder.udiv(n, count)) as loop:
            X.fetch(X.at((i, builder.mul(loop.index, count)), X.number))

    return _tile(write)


copy_row, add_row, fetch_row = _row_tile(), _row_tile(add=True), _fetching_row()
_turning = _turning_tile()
_looking_up = _looking_up_tile()
_adding_rows = _adding_rows_tile()
_tall_block = _product_tile(TALL, VECTORS)
_tall = _product_tile(TALL, 1)
_block = _product_tile(ROWS, VECTORS)
_narrow = _product_tile(ROWS, 1)
_row = _product_tile(1, 1)
_adding_tall_block = _product_tile(TALL, VECTORS, add=True)
_adding_tall = _product_tile(TALL, 1, add=True)
_adding_block = _product_tile(ROWS, VECTORS, add=True)
_adding_narrow = _product_tile(ROWS, 1, add=True)
_adding_row = _product_tile(1, 1, add=True)
_affine_tall_block = _affine_tile(TALL, VECTORS)
_affine_tall = _affine_tile(TALL, 1)
_affine_block = _affine_tile(ROWS, VECTORS)
_affine_narrow = _affine_tile(ROWS, 1)
_affine_row = _affine_tile(1, 1)
_affine_steps, _affine_steps_row = (_steps_tile(rows, STEPS, add=False) for rows in (ROWS, 1))
_affine_step, _affine_step_row = (_steps_tile(rows, 1, add=False) for rows in (ROWS, 1))
_adding_steps, _adding_steps_row = (_steps_tile(rows, STEPS, add=True) for rows in (ROWS, 1))
_adding_step, _adding_step_row = (_steps_tile(rows, 1, add=True) for rows in (ROWS, 1))
_transposed, _transposed_row = (_transposed_tile(rows, STEPS) for rows in (ROWS, 1))
_transposed_vector, _transposed_row_vector = (_transposed_tile(rows, 1) for rows in (ROWS, 1))
_square = _outer_tile(ROWS, COLUMNS)
_narrow_square = _outer_tile(ROWS, COLUMNS, narrow=True)
# What is left of the columns, and one alone.
_three_columns, _two_columns, _column = (_outer_tile(ROWS, columns) for columns in (3, 2, 1))
_tall_column = _outer_tile(TALL, 1)
_dot = _outer_tile(1, 1)


CHOSEN = types.Array(types.int64, 1, "C")


@linked(array(2, "A"), array(2, "A"))
def transpose(X, out):
    """Copy X (rows, lanes) to ``out`` (lanes, rows), both with neighbours beside each other."""
    rows, lanes = X.shape
    side = VECTOR // out.itemsize
    whole_rows = rows - rows % side
    whole_lanes = lanes - lanes % side
    for j in range(0, whole_rows, side):
        for b in range(0, whole_lanes, side):
            _turning(X, out, j, b)
    for b in range(lanes):
        for j in range(whole_rows if b < whole_lanes else 0, rows):
            out[b, j] = X[j, b]


@linked(array(2), CHOSEN, array(2, "A"))
def look_up(table, which, out):
    """The row of a table that each lane has chosen: ``out`` (columns, lanes)."""
    columns, lanes = out.shape
    side = VECTOR // out.itemsize
    whole = columns - columns % side
    for b in range(0, lanes, side):
        for j in range(0, whole, side):
            _looking_up(table, which, out, j, b)
    for j in range(whole, columns):
        for b in range(lanes):
            out[j, b] = table[which[b], j]


@linked(array(2, "A"), CHOSEN, array(2))
def add_to_rows(D, which, table):
    """Add D (columns, lanes) to the rows of a table that lanes have chosen."""
    columns, lanes = D.shape
    side = VECTOR // D.itemsize
    whole = columns - columns % side
    for b in range(0, lanes, side):
        for j in range(0, whole, side):
            _adding_rows(D, which, table, j, b)
    for j in range(whole, columns):
        for b in range(lanes):
            table[which[b], j] += D[j, b]


@linked(array(2, "A"), array(2, "A"), array(2, "A"))
def product(A, B, out):
    """The product A B, for A (rows, depth) in any order of memory and B (depth, lanes).

    Lanes are whole vectors.
    """
    rows, lanes = out.shape
    vector = VECTOR // out.itemsize
    tall_rows = rows - rows % TALL
    whole_rows = rows - rows % ROWS
    whole_lanes = lanes - lanes % (VECTORS * vector)
    for j in range(0, tall_rows, TALL):
        for b in range(0, whole_lanes, VECTORS * vector):
            _tall_block(A, B, out, j, b)
        for b in range(whole_lanes, lanes, vector):
            _tall(A, B, out, j, b)
    for j in range(tall_rows, whole_rows, ROWS):
        for b in range(0, whole_lanes, VECTORS * vector):
            _block(A, B, out, j, b)
        for b in range(whole_lanes, lanes, vector):
            _narrow(A, B, out, j, b)
    for j in range(whole_rows, rows):
        for b in range(0, lanes, vector):
            _row(A, B, out, j, b)


@linked(array(2, "A"), array(2, "A"), array(2, "A"))
def add_product(A, B, out):
    """Add the product A B to what is there, as ``product`` gives it."""
    rows, lanes = out.shape
    vector = VECTOR // out.itemsize
    tall_rows = rows - rows % TALL
    whole_rows = rows - rows % ROWS
    whole_lanes = lanes - lanes % (VECTORS * vector)
    for j in range(0, tall_rows, TALL):
        for b in range(0, whole_lanes, VECTORS * vector):
            _adding_tall_block(A, B, out, j, b)
        for b in range(whole_lanes, lanes, vector):
            _adding_tall(A, B, out, j, b)
    for j in range(tall_rows, whole_rows, ROWS):
        for b in range(0, whole_lanes, VECTORS * vector):
            _adding_block(A, B, out, j, b)
        for b in range(whole_lanes, lanes, vector):
            _adding_narrow(A, B, out, j, b)
    for j in range(whole_rows, rows):
        for b in range(0, lanes, vector):
            _adding_row(A, B, out, j, b)


@linked(array(2, "A"), array(2, "A"), array(2, "A"), array(2, "A"))
def affine(A, B, C, out):
    """The product of A with B, a row of ones and C, one below the other.

    B or C may have no rows.
    """
    rows, lanes = out.shape
    vector = VECTOR // out.itemsize
    tall_rows = rows - rows % TALL
    whole_rows = rows - rows % ROWS
    whole_lanes = lanes - lanes % (VECTORS * vector)
    for j in range(0, tall_rows, TALL):
        for b in range(0, whole_lanes, VECTORS * vector):
            _affine_tall_block(A, B, C, out, j, b)
        for b in range(whole_lanes, lanes, vector):
            _affine_tall(A, B, C, out, j, b)
    for j in range(tall_rows, whole_rows, ROWS):
        for b in range(0, whole_lanes, VECTORS * vector):
            _affine_block(A, B, C, out, j, b)
        for b in range(whole_lanes, lanes, vector):
            _affine_narrow(A, B, C, out, j, b)
    for j in range(whole_rows, rows):
        for b in range(0, lanes, vector):
            _affine_row(A, B, C, out, j, b)


@part_of
def _whole(n, size):
    """How many of n are in whole groups of a size."""
    return n - n % size


@linked(array(2, "A"), array(3, "A"), array(3, "A"))
def affine_of_steps(A, B, out):
    """The product of A with the matrix of each step and a row of ones below it.

    For B (steps, depth, lanes), which may overlap, and ``out`` (steps, rows, lanes).
    """
    steps, rows, lanes = out.shape
    vector = VECTOR // out.itemsize
    depth = B.shape[1]
    whole_rows = _whole(rows, ROWS)
    first = B[:, :DEPTH]
    for t in range(0, _whole(steps, STEPS), STEPS):
        for b in range(0, lanes, vector):
            for j in range(0, whole_rows, ROWS):
                _affine_steps(A, first, out, j, t, b)
            for j in range(whole_rows, rows):
                _affine_steps_row(A, first, out, j, t, b)
            for k in range(DEPTH, depth, DEPTH):
                A_k = A[:, k : min(depth, k + DEPTH)]
                _add_steps(A_k, B[:, k : k + DEPTH], out, t, b)
    for t in range(_whole(steps, STEPS), steps):
        for b in range(0, lanes, vector):
            for j in range(0, whole_rows, ROWS):
                _affine_step(A, B, out, j, t, b)
            for j in range(whole_rows, rows):
                _affine_step_row(A, B, out, j, t, b)


@part_of
def _add_steps(A, B, out, t, b):
    """Add the products of A with the matrices of as many steps as a tile has."""
    rows = out.shape[1]
    whole_rows = _whole(rows, ROWS)
    for j in range(0, whole_rows, ROWS):
        _adding_steps(A, B, out, j, t, b)
    for j in range(whole_rows, rows):
        _adding_steps_row(A, B, out, j, t, b)


@linked(array(2, "A"), array(3, "A"), array(3, "A"))
def add_product_of_steps(A, B, out):
    """Add the product of A with the matrix of each step to what is there.

    For B (steps, depth, lanes) and ``out`` (steps, rows, lanes), whose steps do not overlap.
    """
    steps, rows, lanes = out.shape
    vector = VECTOR // out.itemsize
    whole_rows = _whole(rows, ROWS)
    for t in range(0, _whole(steps, STEPS), STEPS):
        for b in range(0, lanes, vector):
            _add_steps(A, B, out, t, b)
    for t in range(_whole(steps, STEPS), steps):
        for b in range(0, lanes, vector):
            for j in range(0, whole_rows, ROWS):
                _adding_step(A, B, out, j, t, b)
            for j in range(whole_rows, rows):
                _adding_step_row(A, B, out, j, t, b)


@linked(array(3, "A"), array(3, "A"), array(2, "A"))
def add_outer(D, S, out):
    """Add to ``out`` the sum over all steps of D S'.

    For D (steps, rows, lanes) and S (steps, columns, lanes).
    """
    rows, columns = out.shape
    whole_rows = rows - rows % ROWS
    whole_columns = columns - columns % COLUMNS
    left = columns - whole_columns
    narrow = D.shape[2] == VECTOR // D.itemsize
    tall_rows = rows - rows % TALL if columns == 1 else 0
    for j in range(0, tall_rows, TALL):
        _tall_column(D, S, out, j, 0)
    for j in range(tall_rows, whole_rows, ROWS):
        for i in range(0, whole_columns, COLUMNS):
            if narrow:
                _narrow_square(D, S, out, j, i)
            else:
                _square(D, S, out, j, i)
        if left == 3:
            _three_columns(D, S, out, j, whole_columns)
        elif left == 2:
            _two_columns(D, S, out, j, whole_columns)
        elif left == 1:
            _column(D, S, out, j, whole_columns)
    for j in range(whole_rows, rows):
        for i in range(columns):
            _dot(D, S, out, j, i)


@linked(array(3, "A"), array(3, "A"), array(3, "A"), array(2, "A"))
def add_outer_transposed(D, S, T, out):
    """``add_outer`` with T, which is S transposed: (lanes, steps, columns).

    Its columns lie beside each other, and nothing is summed across vectors: worth it where D has
    many rows.
    """
    rows, columns = out.shape
    vector = VECTOR // out.itemsize
    whole_rows = _whole(rows, ROWS)
    whole_columns = _whole(columns, vector)
    for t in range(0, D.shape[0], STEPS_OF_SUMS):
        D_t = D[t : t + STEPS_OF_SUMS]
        T_t = T[:, t : t + STEPS_OF_SUMS]
        for i in range(0, _whole(columns, STEPS * vector), STEPS * vector):
            for j in range(0, whole_rows, ROWS):
                _transposed(D_t, T_t, out, j, i)
            for j in range(whole_rows, rows):
                _transposed_row(D_t, T_t, out, j, i)
        for i in range(_whole(columns, STEPS * vector), whole_columns, vector):
            for j in range(0, whole_rows, ROWS):
                _transposed_vector(D_t, T_t, out, j, i)
            for j in range(whole_rows, rows):
                _transposed_row_vector(D_t, T_t, out, j, i)
    add_outer(D, S[:, whole_columns:], out[:, whole_columns:])


@linked(array(3, "A"), array(3, "A"), array(1), array(2, "A"))
def add_outer_of_many(D, S, spare, out):
    """``add_outer`` for D of many rows and S of many columns.

    ``spare`` has room for ``PANEL`` columns of ``STEPS_OF_SUMS`` steps, which are transposed there.
    """
    _, columns, lanes = S.shape
    for t in range(0, D.shape[0], STEPS_OF_SUMS):
        D_t = D[t : t + STEPS_OF_SUMS]
        S_t = S[t : t + STEPS_OF_SUMS]
        n_steps = D_t.shape[0]
        for i in range(0, columns, PANEL):
            panel = S_t[:, i : i + PANEL]
            n = panel.shape[1]
            # In the order in which a tile reads them: neighbours never share a place in a cache.
            T = shaped(spare[: n_steps * lanes * n], n_steps, lanes, n)
            for step in range(n_steps):
                transpose(panel[step], T[step])
            add_outer_transposed(D_t, panel, T.transpose(1, 0, 2), out[:, i : i + n])
