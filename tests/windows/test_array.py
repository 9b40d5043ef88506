"""Windows as an array, and what it knows of its own steps."""

import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import KFold, TimeSeriesSplit, train_test_split
from sklearn.utils import _safe_indexing

from skrnn import SeriesScaler, SlidingWindow, Windows, make_windows
from skrnn.windows.filling import fill_steps, filled_steps_of
from skrnn.windows.gathering import known_back, known_rows, known_streak


def gather_by_loop(windows):
    """Every step of every window, one at a time."""
    out = np.full(windows.shape, np.nan)
    for i, (end, series) in enumerate(zip(windows.ends, windows.series, strict=True)):
        for j in range(windows.length):
            for f, ahead in enumerate(windows.shift):
                row = end + ahead - (windows.length - 1 - j) * windows.sampling_rate
                if windows.bounds[series] <= row < windows.bounds[series + 1]:
                    out[i, j, f] = windows.rows[row, f]
    return out


def covered_by_loop(windows):
    """The values that some window looks at, one step at a time."""
    out = np.zeros(windows.rows.shape, bool)
    for end, series in zip(windows.ends, windows.series, strict=True):
        for j in range(windows.length):
            for f, ahead in enumerate(windows.shift):
                row = end + ahead - j * windows.sampling_rate
                if windows.bounds[series] <= row < windows.bounds[series + 1]:
                    out[row, f] = True
    return out


@st.composite
def any_windows(draw):
    """Windows over a panel with holes: any ends, rate, known-ahead shift; some lie outside their
    series.
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    lengths = draw(st.lists(st.integers(1, 12), min_size=1, max_size=3))
    n_features = draw(st.integers(1, 3))
    rows = rng.normal(size=(sum(lengths), n_features))
    rows[rng.random(rows.shape) < draw(st.sampled_from([0, 0.05, 0.4]))] = np.nan
    n = draw(st.integers(0, 10))
    return Windows(
        rows,
        rng.integers(-3, sum(lengths) + 3, n),
        length=draw(st.integers(1, 4)),
        sampling_rate=draw(st.integers(1, 4)),
        bounds=np.cumsum([0, *lengths]),
        series=rng.integers(0, len(lengths), n),
        shift=rng.integers(0, 3, n_features) if draw(st.booleans()) else None,
    )


@pytest.fixture
def windows():
    """Ten windows of three steps over rows that tell their number."""
    rows = np.arange(24.0).reshape(12, 2)
    return Windows(rows, np.arange(2, 12), length=3, feature_names=("a", "b"))


@pytest.fixture
def never_gather(monkeypatch):
    """Any gathering fails the test."""

    def fail(self, *args, **kwargs):
        raise AssertionError("windows were gathered")

    monkeypatch.setattr(Windows, "take", fail)


@settings(max_examples=150, deadline=None)
@given(any_windows())
def test_gather(windows):
    """np.asarray gathers what a plain loop gathers; steps outside the series are NaN."""
    np.testing.assert_array_equal(np.asarray(windows), gather_by_loop(windows))


@pytest.mark.parametrize("kind", ["C", "F", "reversed", "read-only", "integers"])
@pytest.mark.parametrize("shift", [None, [0, 2, 0]])
@pytest.mark.parametrize("sampling_rate", [1, 3])
def test_gather_whole_windows(kind, shift, sampling_rate):
    """Windows that lie in their rows are what a plain loop gathers, however the rows are stored."""
    rows = np.random.default_rng(0).integers(0, 100, (40, 3)).astype(float)
    rows = {
        "C": rows,
        "F": np.asfortranarray(rows),
        "reversed": rows[::-1],
        "read-only": np.broadcast_to(rows[:, :1], rows.shape),
        "integers": rows.astype(int),
    }[kind]
    ends = np.array([9, 9, 30, 12, 37])
    windows = Windows(rows, ends, length=4, sampling_rate=sampling_rate, shift=shift)
    gathered = windows.take()
    np.testing.assert_array_equal(gathered, gather_by_loop(windows))
    assert gathered.flags.c_contiguous
    assert gathered.flags.writeable
    assert not np.shares_memory(gathered, rows)
    np.testing.assert_array_equal(windows.take([3, 0]), gather_by_loop(windows)[[3, 0]])


@settings(max_examples=150, deadline=None)
@given(any_windows())
def test_complete(windows):
    """A window is complete where none of its gathered steps is NaN."""
    np.testing.assert_array_equal(
        windows.complete(), ~np.isnan(gather_by_loop(windows)).any(axis=(1, 2))
    )


@settings(max_examples=100, deadline=None)
@given(any_windows())
def test_known(windows):
    """A window is known where some gathered step is not NaN."""
    np.testing.assert_array_equal(
        windows.known(), ~np.isnan(gather_by_loop(windows)).all(axis=(1, 2))
    )


@settings(max_examples=150, deadline=None)
@given(any_windows())
def test_covered(windows):
    """The covered values are those that a loop over all steps comes by."""
    np.testing.assert_array_equal(windows.covered(), covered_by_loop(windows))


@settings(max_examples=60, deadline=None)
@given(any_windows(), st.data())
def test_values_at(windows, data):
    """The value at an offset is that of the row there, NaN outside the series."""
    offsets = data.draw(st.lists(st.integers(-4, 4), min_size=1, max_size=3))
    shiftless = windows.replace(shift=None)
    expected = [
        gather_by_loop(shiftless.replace(ends=windows.ends + o, length=1))[:, 0, 0] for o in offsets
    ]

    np.testing.assert_array_equal(windows.values_at(0, offsets), np.stack(expected, axis=1))


@pytest.mark.parametrize(
    "key",
    [
        slice(None),
        slice(2, 7),
        slice(None, None, 3),
        slice(None, None, -2),
        slice(20, 30),
        [0, 3, 3],
        [-1, 0],
        np.array([4, 2]),
        (5, 6),
        np.arange(10) % 2 == 0,
        [True] + [False] * 9,
        [],
        np.array([], dtype=int),
        ...,
        0,
        -1,
        np.int32(4),
        np.array(4),
    ],
    ids=str,
)
def test_index(windows, key):
    """Any index over samples picks what it picks of the gathered array."""
    key = list(key) if isinstance(key, tuple) else key

    np.testing.assert_array_equal(np.asarray(windows[key]), np.asarray(windows)[key])


def test_index_keeps_windows(windows):
    """All but a single integer gives Windows, with the rows shared."""
    part = windows[[1, 2]]

    assert isinstance(part, Windows)
    assert part.rows is windows.rows


def test_slices_copy_nothing(windows):
    """A slice of windows has the rows, and the ends, of all."""
    part = windows[1:3]

    assert part.rows is windows.rows
    assert np.shares_memory(part.ends, windows.ends)


@given(
    known=st.lists(st.booleans(), min_size=1, max_size=30),
    rate=st.integers(1, 4),
    order=st.sampled_from("CF"),
)
def test_known_streak_by_loop(known, rate, order):
    """How many steps up to a row are known is what a loop counts back."""
    rows = np.ones((len(known), 2), order=order)
    rows[~np.array(known), 1] = np.nan

    found = known_streak(known_rows(rows), rate)

    for row, streak in enumerate(found):
        steps = known[row::-rate]
        assert streak == (steps.index(False) if False in steps else len(steps))


@given(
    known=st.lists(st.sampled_from([True, True, True, True, False]), min_size=1, max_size=40),
    rate=st.integers(1, 3),
    steps=st.integers(1, 6),
)
def test_known_back_by_loop(known, rate, steps):
    """Whether all of the steps up to a row are known, of few unknown rows and of many."""
    found = known_back(np.array(known), steps, rate)

    assert found.tolist() == [all(known[row::-rate][:steps]) for row in range(len(known))]


def test_index_with_all_axes(windows):
    """The trailing full slices and ellipses that scikit-learn writes are understood."""
    np.testing.assert_array_equal(np.asarray(windows[[1, 2], ...]), np.asarray(windows)[[1, 2]])
    np.testing.assert_array_equal(np.asarray(windows[1:3, :, :]), np.asarray(windows)[1:3])


@pytest.mark.parametrize(
    "key",
    [
        10,
        -11,
        [10],
        np.ones(9, bool),
        (0, 1),
        (slice(None), [0, 1]),
        np.zeros((2, 2), int),
        [0.5],
        "a",
        None,
    ],
    ids=str,
)
def test_bad_index(windows, key):
    """What cannot index samples is an IndexError, as an array's."""
    with pytest.raises(IndexError):
        windows[key]


def test_iterates(windows):
    """A loop over windows sees each of them once."""
    np.testing.assert_array_equal(np.stack(list(windows)), np.asarray(windows))


def test_shape(windows):
    """Shape, dimensions and length are those of the gathered array."""
    assert (windows.shape, windows.ndim, len(windows)) == ((10, 3, 2), 3, 10)


@pytest.mark.parametrize(
    ("dtype", "gathered"),
    [("float32", "float32"), ("float64", "float64"), ("int64", "float64"), ("bool", "float32")],
)
def test_dtype(dtype, gathered):
    """Windows are floats, of the rows' precision, because an unknown step is NaN."""
    windows = Windows(np.ones((4, 1), dtype), [0, 1, 2], length=2)

    assert windows.dtype == gathered
    assert np.asarray(windows).dtype == gathered


def test_asarray_dtype(windows):
    """np.asarray gathers in the precision that it is asked for."""
    assert np.asarray(windows, dtype="float32").dtype == np.float32


def test_asarray_copy(windows):
    """Gathering always copies; a promise not to is refused."""
    assert not np.shares_memory(np.array(windows, copy=True), windows.rows)
    with pytest.raises(ValueError, match="copy=False"):
        np.asarray(windows, copy=False)


def test_gathered_single_steps_do_not_share_memory():
    """Writing into gathered windows never reaches the rows."""
    rows = np.zeros((3, 1))

    np.asarray(Windows(rows, [0, 1, 2], length=1))[:] = 1

    assert not rows.any()


def test_repr(windows):
    """The repr counts windows, steps, features and rows."""
    assert repr(windows) == "Windows(10 windows of 3 steps × 2 features, over 12 rows)"


def test_rows_are_two_dimensional():
    """Rows of one dimension are refused."""
    with pytest.raises(
        ValueError, match=r"rows must be 2-D \(n_rows, n_features\), got 1 dimension"
    ):
        Windows(np.zeros(3), [0], length=1)


def test_from_array():
    """A plain array is its own windows, each of them a series."""
    X = np.random.default_rng(0).normal(size=(5, 4, 2))
    windows = Windows.from_array(X)

    np.testing.assert_array_equal(np.asarray(windows), X)
    assert np.shares_memory(windows.rows, X)
    assert windows.complete().all()


def test_from_flat_array():
    """(n, steps) are windows of one feature."""
    assert Windows.from_array(np.zeros((5, 4))).shape == (5, 4, 1)


def test_feature(windows):
    """One feature of windows is cut without gathering."""
    part = windows.feature(1)

    assert part.feature_names == ("b",)
    np.testing.assert_array_equal(np.asarray(part), np.asarray(windows)[:, :, [1]])


def test_safe_indexing(windows):
    """scikit-learn's indexing takes samples."""
    np.testing.assert_array_equal(_safe_indexing(windows, [1, 4]).ends, [3, 6])


def test_time_series_split(windows, never_gather):
    """TimeSeriesSplit cuts windows in order, without gathering: ends by hand."""
    folds = list(TimeSeriesSplit(2, gap=2).split(windows))

    assert [windows[train].ends.tolist() for train, _ in folds] == [[2, 3], [2, 3, 4, 5, 6]]
    assert [windows[test].ends.tolist() for _, test in folds] == [[6, 7, 8], [9, 10, 11]]


def test_k_fold(windows, never_gather):
    """KFold cuts windows without gathering: ends by hand."""
    train, test = next(KFold(5).split(windows))

    assert windows[test].ends.tolist() == [2, 3]
    assert windows[train].ends.tolist() == [4, 5, 6, 7, 8, 9, 10, 11]


def test_train_test_split(windows, never_gather):
    """train_test_split cuts windows without gathering."""
    train, test = train_test_split(windows, shuffle=False, test_size=0.3)

    assert (train.ends.tolist(), test.ends.tolist()) == ([2, 3, 4, 5, 6, 7, 8], [9, 10, 11])


def test_making_scaling_splitting_gather_nothing(never_gather):
    """From rows to the scaled windows of a fold nothing is gathered."""
    X, y = make_windows(np.random.default_rng(0).normal(size=(100, 2)), 10, 3, target=0)

    train, test = next(TimeSeriesSplit(3).split(X))
    scaled = SeriesScaler().fit(X[train]).transform(X[test])

    assert scaled.shape == (len(test), 10, 2)
    assert len(y) == len(X)
    SlidingWindow(5).fit_transform(np.zeros((50, 1))).complete()


def test_pickle(windows):
    """A pickled array of windows is the same."""
    again = pickle.loads(pickle.dumps(windows[3:6]))

    assert again.feature_names == ("a", "b")
    np.testing.assert_array_equal(np.asarray(again), np.asarray(windows[3:6]))


def _sum_of(windows):
    return np.asarray(windows).sum()


def test_joblib_workers(windows):
    """Windows travel to joblib's processes."""
    sums = joblib.Parallel(n_jobs=2)(joblib.delayed(_sum_of)(windows[i : i + 5]) for i in (0, 5))

    assert sums == [_sum_of(windows[:5]), _sum_of(windows[5:])]


@pytest.fixture
def memmap(tmp_path):
    """Rows in a file."""
    rows = np.memmap(tmp_path / "rows", dtype="float32", mode="w+", shape=(50, 3))
    rows[:] = np.arange(150).reshape(50, 3)
    rows.flush()
    return np.memmap(tmp_path / "rows", dtype="float32", mode="r", shape=(50, 3))


def test_memmap_rows_are_not_copied(memmap):
    """Windows are views of a memmap, however they were made."""
    X, _ = make_windows(memmap, 5, target=0)
    sliding = SlidingWindow(5).fit_transform(memmap)

    assert np.shares_memory(X.rows, memmap)
    assert np.shares_memory(X[10:20].rows, memmap)
    assert np.shares_memory(sliding.rows, memmap)
    assert np.shares_memory(Windows(memmap, [5], length=2).rows, memmap)


def test_memmap_windows(memmap):
    """Windows of a memmap are gathered into memory, as plain arrays."""
    X, _ = make_windows(memmap, 5, target=0)

    assert type(np.asarray(X)) is np.ndarray
    assert X.complete().all()


def test_panel_memmap_is_not_copied(tmp_path):
    """A 3-D memmap is a panel whose rows stay in the file."""
    panel = np.memmap(tmp_path / "panel", dtype="float64", mode="w+", shape=(4, 20, 2))
    X, _ = make_windows(panel, 5, target=0)

    assert np.shares_memory(X.rows, panel)


def test_fill_steps():
    """Unknown steps take the last known value before, then the first after, then the fallback."""
    nan = np.nan
    batch = np.array([[[nan, nan], [1, nan], [nan, nan], [4, nan], [nan, nan]], [[7, 1]] * 5])

    filled = fill_steps(batch, np.array([100.0, 50.0]))

    assert filled[0].tolist() == [[1, 50], [1, 50], [1, 50], [4, 50], [4, 50]]
    assert filled[1].tolist() == [[7, 1]] * 5
    assert np.isnan(batch[0, 0, 0])


def test_nothing_counts_across_a_jump():
    """Steps and values on the other side of a jump are unknown."""
    windows = Windows(np.arange(8.0)[:, None], ends=[2, 3, 5], length=2, shift=[1], jumps=[4])

    np.testing.assert_array_equal(np.asarray(windows)[:, :, 0], [[2, 3], [3, np.nan], [5, 6]])
    np.testing.assert_array_equal(windows.values_at(0, [-1, 2]), [[1, np.nan], [2, np.nan], [4, 7]])
    assert windows.complete().tolist() == [True, False, True]
    assert windows[1:].covered()[:, 0].tolist() == [
        False,
        False,
        False,
        True,
        False,
        True,
        True,
        False,
    ]


@settings(deadline=None)
@given(any_windows())
def test_trimmed_windows_are_the_same(windows):
    """Over fewer rows the steps are the same, what is known of them, and what is one row ahead."""
    trimmed = windows.trimmed()

    np.testing.assert_array_equal(trimmed.take(), windows.take())
    np.testing.assert_array_equal(trimmed.complete(), windows.complete())
    np.testing.assert_array_equal(trimmed.values_at(0, [0, 1]), windows.values_at(0, [0, 1]))


def test_trimmed_windows_keep_labels_and_jumps():
    """The labels go with their rows, and no window counts across what is missing."""
    labels = pd.date_range("2024", periods=50, freq="h")
    windows = Windows(
        np.arange(50.0)[:, None], [20, 22, 25], length=4, leads=(2,), index=labels, jumps=[5, 22]
    )

    trimmed = windows.trimmed()

    assert len(trimmed.rows) == 14
    assert trimmed.index[trimmed.ends].equals(labels[[20, 22, 25]])
    np.testing.assert_array_equal(trimmed.take(), windows.take())


def test_trimming_copies_nothing():
    """The rows are a view of those that were, and windows of all rows stay themselves."""
    X, _ = make_windows(np.arange(100.0), length=5)

    assert np.shares_memory(X[40:42].trimmed().rows, X.rows)
    assert X.trimmed() is X


def test_what_is_known_ahead_is_kept_ahead():
    """A forecaster of more leads looks further ahead than the windows that came."""
    X, _ = make_windows(np.zeros((100, 2)), length=5, target=0, known_ahead=[1])

    trimmed = X[80:82].trimmed()

    assert len(trimmed.rows) == 100 - 80


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_infinite_rows_are_known(dtype):
    """Values that overflowed are known, however unknown ones are found."""
    rows = np.array([[1, np.inf], [np.nan, np.inf], [-np.inf, np.inf], [1, np.nan]], dtype)

    assert known_rows(rows).tolist() == [True, False, True, False]
    assert known_rows(rows, np.array([1])).tolist() == [True, True, True, False]


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_what_is_known_whatever_its_sum(order, dtype):
    """Values whose sum overflows, or is no number, are known; NaN beside them is not."""
    most = np.finfo(dtype).max
    rows = np.array(
        [[most, most], [np.inf, -np.inf], [1, np.nan], [most, most]], dtype, order=order
    )

    assert known_rows(rows).tolist() == [True, True, False, True]


def test_steps_of_a_feature_are_those_of_filled_windows():
    """Some steps of one feature, filled, are what filling whole windows gives."""
    rows = np.random.default_rng(0).normal(size=(60, 2))
    rows[np.random.default_rng(1).random(60) < 0.4, 0] = np.nan
    windows = Windows(rows, np.arange(4, 60), length=4, sampling_rate=2)

    steps = filled_steps_of(windows, 0, np.array([-3, 0]))

    filled = fill_steps(np.asarray(windows), np.full(2, np.nan))
    np.testing.assert_array_equal(steps, filled[:, [0, 3], 0])


def test_windows_of_many_batches_are_known_alike(monkeypatch):
    """A batch of incomplete windows says nothing of which the next ones are."""
    rows = np.random.default_rng(0).normal(size=(300, 2))
    rows[::10, 0] = np.nan
    rows[150:170] = np.nan
    X, _ = make_windows(rows, 8, target=1)
    expected = ~np.isnan(np.asarray(X)).all(axis=(1, 2))
    monkeypatch.setattr("skrnn.windows.array.BATCH_NUMBERS", 16 * 10)

    found, _ = make_windows(rows, 8, target=1)

    np.testing.assert_array_equal(found.known(), expected)
    assert not expected.all()
