"""Products in tiles against NumPy's."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

from skrnn.neural.fused import products
from skrnn.neural.fused.compiling import compiled, ready


@compiled
def product(A, B, out):
    """The kernel, called from compiled code as all kernels are."""
    products.product(A, B, out)


@compiled
def affine(A, B, C, out):
    """The kernel, called from compiled code as all kernels are."""
    products.affine(A, B, C, out)


@compiled
def add_outer(D, S, out):
    """The kernel, called from compiled code as all kernels are."""
    products.add_outer(D, S, out)


@compiled
def affine_of_steps(A, B, out):
    """The kernel, called from compiled code as all kernels are."""
    products.affine_of_steps(A, B, out)


@compiled
def add_product_of_steps(A, B, out):
    """The kernel, called from compiled code as all kernels are."""
    products.add_product_of_steps(A, B, out)


@compiled
def add_outer_transposed(D, S, T, out):
    """The kernel, called from compiled code as all kernels are."""
    products.add_outer_transposed(D, S, T, out)


@compiled
def add_outer_of_many(D, S, spare, out):
    """The kernel, called from compiled code as all kernels are."""
    products.add_outer_of_many(D, S, spare, out)


@pytest.fixture(autouse=True)
def kernels():
    """Kernels of both float types."""
    ready("f4")
    ready("f8")


# Rows, depth or columns, and lanes: whole tiles, parts of tiles, and fewer rows than a tile has.
SHAPES = [(64, 31, 64), (5, 3, 16), (15, 4, 48), (1, 1, 16), (3, 70, 48), (33, 6, 32)]


def matrix(*shape, dtype):
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(dtype)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize(("rows", "depth", "lanes"), SHAPES)
def test_product(rows, depth, lanes, dtype, order):
    """The left matrix may lie in memory as it likes."""
    A, B = matrix(rows, depth, dtype=dtype).copy(order), matrix(depth, lanes, dtype=dtype)
    out = np.empty((rows, lanes), dtype)

    product(A, B, out)

    np.testing.assert_allclose(out, A.astype("f8") @ B, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("first", [0, 1, 4, None])
@pytest.mark.parametrize(("rows", "depth", "lanes"), SHAPES)
def test_affine(rows, depth, lanes, first, dtype):
    """Two matrices with a row of ones between them, either of which may be empty."""
    A, below = matrix(rows, depth + 1, dtype=dtype), matrix(depth, lanes, dtype=dtype)
    first = depth if first is None else min(first, depth)
    out = np.empty((rows, lanes), dtype)

    affine(A, below[:first], below[first:], out)

    whole = np.insert(below.astype("f8"), first, 1, axis=0)
    np.testing.assert_allclose(out, A.astype("f8") @ whole, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize(("rows", "columns", "lanes"), SHAPES)
def test_add_outer(rows, columns, lanes, dtype):
    """What is summed over steps and lanes is added to what is there, also to a part of an array."""
    D, S = matrix(3, rows, lanes, dtype=dtype), matrix(3, columns, lanes, dtype=dtype)
    before = matrix(rows, columns + 2, dtype=dtype)

    out = before.copy()
    add_outer(D, S, out[:, 1:-1])

    added = np.einsum("trb,tcb->rc", D.astype("f8"), S.astype("f8"))
    np.testing.assert_allclose(out[:, 1:-1], before[:, 1:-1] + added, rtol=1e-5, atol=1e-4)
    np.testing.assert_array_equal(out[:, [0, -1]], before[:, [0, -1]])


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("columns", [3, 16, 90])
@pytest.mark.parametrize(("rows", "steps", "lanes"), [(64, 9, 16), (33, 8, 32), (3, 1, 16)])
def test_add_outer_transposed(rows, steps, lanes, columns, dtype):
    """The same sum, where one side has its columns beside each other."""
    D, S = matrix(steps, rows, lanes, dtype=dtype), matrix(steps, columns, lanes, dtype=dtype)
    before = matrix(rows, columns + 2, dtype=dtype)
    T = np.ascontiguousarray(S.transpose(2, 0, 1))

    out = before.copy()
    add_outer_transposed(D, S, T, out[:, 1:-1])

    added = np.einsum("trb,tcb->rc", D.astype("f8"), S.astype("f8"))
    np.testing.assert_allclose(out[:, 1:-1], before[:, 1:-1] + added, rtol=1e-5, atol=1e-4)
    np.testing.assert_array_equal(out[:, [0, -1]], before[:, [0, -1]])


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("columns", [3, 64, 130])
def test_add_outer_of_many(columns, dtype):
    """The same sum, panel by panel, over more steps than are transposed at a time."""
    D, S = matrix(11, 66, 32, dtype=dtype), matrix(11, columns, 32, dtype=dtype)
    before = matrix(66, columns + 2, dtype=dtype)
    spare = np.empty(products.STEPS_OF_SUMS * products.PANEL * 32, dtype)

    out = before.copy()
    add_outer_of_many(D, S, spare, out[:, 1:-1])

    added = np.einsum("trb,tcb->rc", D.astype("f8"), S.astype("f8"))
    np.testing.assert_allclose(out[:, 1:-1], before[:, 1:-1] + added, rtol=1e-5, atol=1e-4)
    np.testing.assert_array_equal(out[:, [0, -1]], before[:, [0, -1]])


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("steps", [1, 4, 7])
@pytest.mark.parametrize(("rows", "depth", "lanes"), [*SHAPES, (9, 150, 16)])
def test_products_of_steps(rows, depth, lanes, steps, dtype):
    """One matrix times that of each step, also where these overlap, and every other is asked."""
    A, below = matrix(rows, depth + 1, dtype=dtype), matrix(steps + depth, lanes, dtype=dtype)
    B = as_strided(below, (steps, depth, lanes), (below.strides[0], *below.strides))
    before = matrix(2 * steps, rows, lanes, dtype=dtype)
    expected = A[:, :-1].astype("f8") @ B

    affine, added = before.copy(), before.copy()
    affine_of_steps(A, B, affine[::2])
    add_product_of_steps(A[:, :-1], B, added[::2])

    np.testing.assert_allclose(affine[::2], expected + A[:, -1:], rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(added[::2], expected + before[::2], rtol=1e-5, atol=1e-4)
    for found in (affine, added):
        np.testing.assert_array_equal(found[1::2], before[1::2])
