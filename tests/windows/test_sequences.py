"""Sequences of different length, wherever windows are taken."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import StandardScaler

from skrnn import (
    CalendarFeatures,
    Differencer,
    FlattenWindows,
    LastSteps,
    LinearWindow,
    NaiveForecaster,
    RNNRegressor,
    SeriesScaler,
    Windows,
    WindowScaler,
)
from skrnn.windows.inputs import as_windows
from skrnn.windows.sequences import are_sequences


def sequences(n=20, features=2, seed=0):
    """Arrays of 4 to 11 steps."""
    random = np.random.default_rng(seed)
    return [random.normal(size=(steps, features)) for steps in random.integers(4, 12, size=n)]


def assert_sequences(found, expected):
    """The steps that are there are those expected, and in front of them there is nothing."""
    assert len(found) == len(expected)
    array = np.asarray(found)
    for steps, row in zip(expected, array, strict=True):
        np.testing.assert_allclose(row[len(row) - len(steps) :], steps, rtol=1e-6)
        assert np.isnan(row[: len(row) - len(steps)]).all()


# ---------------------------------------------------------------------- the array


def test_a_list_becomes_windows_as_long_as_the_longest():
    """In front of a shorter sequence there is nothing."""
    X = sequences()

    windows = as_windows(X)

    assert windows.shape == (20, max(map(len, X)), 2)
    assert_sequences(windows, X)
    np.testing.assert_array_equal(windows.steps_there(), [len(x) for x in X])


def test_a_sequence_is_indexed_as_it_came():
    """Its own steps, and none in front."""
    X = sequences()

    np.testing.assert_array_equal(as_windows(X)[3], X[3])


@pytest.mark.parametrize("key", [slice(2, 9, 3), [5, 1, 1], np.arange(20) % 2 == 0], ids=repr)
def test_samples_are_cut_with_their_lengths(key):
    """Slices, positions and masks."""
    X = sequences()
    chosen = np.arange(20)[key]

    assert_sequences(as_windows(X)[key], [X[i] for i in chosen])


def test_unknown_is_not_missing():
    """A sequence with NaN inside is incomplete; one that is short is not."""
    X = sequences()
    X[4][2, 0] = np.nan
    X[7][:] = np.nan

    windows = as_windows(X)

    np.testing.assert_array_equal(np.flatnonzero(~windows.complete()), [4, 7])
    np.testing.assert_array_equal(np.flatnonzero(~windows.known()), [7])


def test_only_the_steps_that_are_there_are_covered():
    """Of sequences that were cut, the steps before do not count."""
    X = sequences()
    windows = as_windows(X).replace(length=5)

    covered = windows.covered().all(axis=1)

    expected = [np.arange(len(x)) >= len(x) - 5 for x in X]
    np.testing.assert_array_equal(covered, np.concatenate(expected))


@pytest.mark.parametrize("lengths", [[0, 2], [-3, 2], [1, 4]], ids=str)
def test_lengths_are_those_of_steps(lengths):
    """None is longer than the windows, and none is empty."""
    with pytest.raises(ValueError, match="lengths must be 1 to 3 steps"):
        Windows(np.zeros((9, 1)), [4, 8], length=3, lengths=lengths)


def test_repr_and_pickle():
    """The lengths are told, and kept."""
    windows = as_windows([np.ones((2, 1)), np.ones((5, 1))])

    assert repr(windows) == "Windows(2 sequences of 2 to 5 steps × 1 feature)"
    assert_sequences(pickle.loads(pickle.dumps(windows)), [np.ones((2, 1)), np.ones((5, 1))])


# ---------------------------------------------------------------------- what is taken


@pytest.mark.parametrize(
    "like",
    [
        tuple,
        lambda X: np.array(X, dtype=object),
        lambda X: [pd.DataFrame(x, columns=["a", "b"]) for x in X],
        lambda X: [x.tolist() for x in X],
        pd.Series,
    ],
    ids=["tuple", "object array", "tables", "lists", "column of a table"],
)
def test_kinds_of_lists(like):
    """Tuples, arrays of objects, tables, and lists of lists."""
    X = sequences()

    assert are_sequences(like(X))
    assert_sequences(as_windows(like(X)), X)


def test_sequences_of_one_feature():
    """Arrays (steps,) are sequences where their lengths differ, and rows of a table otherwise."""
    X = [np.arange(3.0), np.arange(5.0)]

    assert_sequences(as_windows(X), [x[:, None] for x in X])
    assert not are_sequences([np.arange(3.0), np.arange(3.0)])


def test_numbers_of_any_kind():
    """Whole numbers, booleans and single precision."""
    X = [(10 * x).astype(int) for x in sequences()]

    assert_sequences(as_windows(X), X)
    assert as_windows([x > 0 for x in X]).dtype == np.float32
    assert as_windows([x.astype("f4") for x in sequences()]).dtype == np.float32


def test_names_of_tables_are_kept():
    """Sequences that come as tables have named features; those of predict have the same."""
    X = [pd.DataFrame(x, columns=["a", "b"]) for x in sequences()]
    scaler = SeriesScaler().fit(X)

    assert scaler.feature_names_in_.tolist() == ["a", "b"]
    with pytest.raises(ValueError, match="must have the columns that SeriesScaler was fitted on"):
        scaler.transform([x[["b", "a"]] for x in X])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda X: [*X, np.ones((0, 2))],
            "at least 1 step and 1 feature, got .0, 2. for sequence 20",
        ),
        (lambda X: [*X, np.ones((3, 3))], r"same number of features, got \[2, 3\]"),
        (lambda X: [*X, np.full((3, 2), np.inf)], "infinity"),
        (lambda X: [*X, [[1.0, 2.0], [3.0]]], "as many features each, got others in sequence 20"),
        (lambda X: [pd.DataFrame(X[0]), pd.DataFrame(X[1], columns=[5, 6])], "same columns"),
        (lambda X: [pd.DataFrame({"a": ["x", "y"]})], "columns must be numeric"),
    ],
    ids=["no step", "features", "infinite", "ragged steps", "columns", "text"],
)
def test_what_no_network_could_read(change, message):
    """One clear error, which says which sequence it is."""
    with pytest.raises(ValueError, match=message):
        SeriesScaler().fit(change(sequences()))


@pytest.mark.parametrize("estimator", [LinearWindow(), NaiveForecaster("mean")], ids=repr)
def test_what_reads_one_length_says_so(estimator):
    """With the remedies."""
    X = sequences()

    with pytest.raises(ValueError, match=r"reads windows of one length, got sequences of 4 to 11"):
        estimator.fit(X, np.arange(20.0))


def test_sequences_that_happen_to_be_alike_are_windows_of_one_length():
    """A list of arrays of one length is what the array of them is."""
    X = [np.random.default_rng(i).normal(size=(5, 2)) for i in range(30)]
    y = np.arange(30.0)

    listed = LinearWindow().fit(X, y).predict(X)

    np.testing.assert_allclose(listed, LinearWindow().fit(np.array(X), y).predict(np.array(X)))


def test_rows_are_those_of_one_series():
    """What transforms rows alone refuses a list of series, and says what to do."""
    with pytest.raises(ValueError, match=r"takes the rows of one series, got a list of 20 tables"):
        CalendarFeatures("hour").fit(sequences())


# ---------------------------------------------------------------------- transformers


def test_series_scaler():
    """Statistics are taken over the steps that are there."""
    X = sequences()

    scaled = SeriesScaler().fit(X).transform(X)

    stock = StandardScaler().fit(np.concatenate(X))
    assert isinstance(scaled, Windows)
    assert_sequences(scaled, [stock.transform(x) for x in X])


def test_series_scaler_behind_window_scaler():
    """Also of sequences that are scaled by themselves."""
    X = sequences()
    own = [StandardScaler().fit_transform(x) for x in X]

    scaled = SeriesScaler().fit_transform(WindowScaler().fit_transform(X))

    stock = StandardScaler().fit(np.concatenate(own))
    assert_sequences(scaled, [stock.transform(x) for x in own])


def test_window_scaler():
    """Every sequence by its own mean and deviation."""
    X = sequences()

    scaled = WindowScaler().fit(X).transform(X)

    assert_sequences(scaled, [StandardScaler().fit_transform(x) for x in X])


def test_differencer():
    """Every sequence loses as many steps as the lags reach back."""
    X = sequences()

    changes = Differencer((1, 2)).fit(X).transform(X)

    assert_sequences(changes, [np.diff(x, axis=0)[2:] - np.diff(x, axis=0)[:-2] for x in X])
    with pytest.raises(ValueError, match="leave nothing of windows of 4 steps"):
        Differencer(4).fit(X)


def test_last_steps():
    """The newest steps of longer sequences; shorter ones stay as they are."""
    X = sequences()

    assert_sequences(LastSteps(6).fit(X).transform(X), [x[-6:] for x in X])
    assert_sequences(LastSteps(60).fit(X).transform(X), X)


@pytest.mark.parametrize(
    ("fill", "expected"),
    [
        (True, [[1.0, 1.0, 1.0, 2.0], [3.0, 4.0, 5.0, 6.0]]),
        (False, [[np.nan, np.nan, 1.0, 2.0], [3.0, 4.0, 5.0, 6.0]]),
        (-1, [[-1.0, -1.0, 1.0, 2.0], [3.0, 4.0, 5.0, 6.0]]),
    ],
    ids=str,
)
def test_flatten_windows(fill, expected):
    """The cells in front of a shorter sequence: its nearest step, NaN, or a number."""
    X = [np.array([[1.0], [2.0]]), np.array([[3.0], [4.0], [5.0], [6.0]])]

    np.testing.assert_array_equal(FlattenWindows(fill=fill).fit(X).transform(X), expected)


def test_flatten_windows_is_as_wide_as_in_fit():
    """Of longer sequences the newest steps are taken, which is said once."""
    flat = FlattenWindows(fill=0.0).fit([np.ones((2, 1)), np.ones((3, 1))])

    with pytest.warns(UserWarning, match="1 of 2 sequences are longer than the longest of fit"):
        table = flat.transform([np.arange(5.0)[:, None], np.ones((1, 1))])

    np.testing.assert_array_equal(table, [[2.0, 3.0, 4.0], [0.0, 0.0, 1.0]])
    assert flat.get_feature_names_out().tolist() == ["x0[t-2]", "x0[t-1]", "x0[t]"]


def test_fill_must_be_a_number():
    """What cannot stand in a table is refused."""
    with pytest.raises(ValueError, match="fill must be True, False or a number, got 'mean'"):
        FlattenWindows(fill="mean").fit(sequences())


def test_windows_and_sequences_fit_the_same_network():
    """After sequences, arrays of any length are taken; after an array, sequences of any length."""
    X = sequences()
    y = np.arange(20.0)
    array = np.array([x[-4:] for x in X])
    model = RNNRegressor("gru", 3, epochs=1, random_state=0)

    of_sequences = model.fit(X, y).predict(array)
    assert of_sequences == pytest.approx(model.predict(list(array)), rel=1e-6)
    of_array = model.fit(array, y).predict(X)
    assert of_array[3] == pytest.approx(model.predict([X[3]])[0], rel=1e-6)
    with pytest.raises(ValueError, match="2 features a step"):
        model.fit(X, y).predict([np.ones((3, 1))])
