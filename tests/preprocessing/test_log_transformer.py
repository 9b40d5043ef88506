"""LogTransformer: logarithms and powers of rows, windows and targets, and the way back."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import PowerTransformer

from skrnn import LogTransformer, SeriesScaler, SlidingWindow, Windows, WindowScaler, make_windows
from tests.preprocessing.panels import panel_windows, within_reach

METHODS = ["log", "box-cox", "yeo-johnson"]


@pytest.fixture
def rows():
    """Three positive columns of different size and skewness."""
    random = np.random.default_rng(0)
    return np.exp(random.normal([0, 3, -2], [1, 0.3, 2], size=(100, 3)))


def table(rows):
    index = pd.date_range("2024", periods=len(rows))
    return pd.DataFrame(rows, index=index, columns=list("abc"))


def test_logarithms(rows):
    """Of positive values the logarithm is taken as they are."""
    np.testing.assert_allclose(LogTransformer().fit_transform(rows), np.log(rows))


@pytest.mark.parametrize("method", METHODS[1:])
def test_powers(rows, method):
    """Powers are scikit-learn's."""
    expected = PowerTransformer(method).fit_transform(rows)

    np.testing.assert_allclose(LogTransformer(method).fit_transform(rows), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("values", "offset", "expected"),
    [
        ([2.0, 3.0], "auto", 0),
        ([0.0, 3.0, 1.0], "auto", 1),
        ([0.0, 0.5], "auto", 0.5),
        ([0.0, 0.0], "auto", 1),
        ([-1.0, 3.0], 1.5, 1.5),
        ([2.0, 3.0], -1, -1),
    ],
)
@pytest.mark.parametrize("method", METHODS[:2])
def test_offsets(values, offset, expected, method):
    """What is added: nothing, the smallest positive value where there are zeros, or a number."""
    transformer = LogTransformer(method, offset=offset).fit(np.array(values)[:, None])

    assert transformer.offsets_.tolist() == [expected]


def test_no_offset_for_any_sign():
    """Yeo–Johnson takes any number."""
    rows = np.array([[-3.0], [0.0], [5.0]])

    assert LogTransformer("yeo-johnson").fit(rows).offsets_.tolist() == [0]


# ---------------------------------------------------------------------- there and back


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 2), st.sampled_from([0.0, 0.2]), st.booleans())
def test_inverse(method, seed, skew, unknown, zeros):
    """Rows come back, fitted ones and others, unknown ones too."""
    random = np.random.default_rng(seed)
    rows = np.exp(random.normal(1, skew, size=(60, 2)))
    rows[random.random(rows.shape) < unknown] = np.nan
    if zeros:
        rows[random.random(rows.shape) < 0.2] = 0
    transformer = LogTransformer(method).fit(rows[:40])
    later = rows[40:] + (0 if zeros else 0.01)

    back, beyond = (
        transformer.inverse_transform(transformer.transform(some)) for some in (rows[:40], later)
    )

    np.testing.assert_allclose(back, rows[:40], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(beyond, later, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=30, deadline=None)
@given(panel_windows(positive=True))
def test_target_comes_back(method, samples):
    """So do targets, of panels with gaps."""
    X, y = samples
    y = within_reach(X, y)
    transformer = LogTransformer(method).fit(X)

    back = transformer.absolute_target(X, transformer.relative_target(X, y, 0), 0)

    np.testing.assert_allclose(back, y, rtol=1e-5)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.floats(allow_nan=False, allow_infinity=False))
def test_inverse_of_anything_is_finite(method, seed, value):
    """Whatever is forecast has a way back, whose square is finite."""
    rows = np.random.default_rng(seed).lognormal(size=(30, 1)) ** np.random.default_rng(
        seed
    ).choice([-1, 1])
    transformer = LogTransformer(method).fit(rows)

    back = transformer.inverse_transform(np.array([[value]]))
    target = transformer.absolute_target(None, np.array([[value]]), 0)

    assert np.isfinite(back**2)
    assert np.isfinite(target**2)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("level", [1e-100, 1e3, 1e100])
@pytest.mark.parametrize("spread", [0.5, 1e-3, 1e-6])
def test_inverse_of_values_far_from_one(method, level, spread):
    """Powers are undone at any level, however little values vary."""
    rows = level * (1 + spread * np.random.default_rng(0).random((60, 1)))
    transformer = LogTransformer(method).fit(rows)

    back = transformer.inverse_transform(transformer.transform(rows))

    np.testing.assert_allclose(back, rows, rtol=0, atol=1e-6 * np.ptp(rows))


@pytest.mark.parametrize("method", METHODS)
def test_inverse_goes_up(rows, method):
    """The way back never goes down, also where it is clipped."""
    transformer = LogTransformer(method).fit(rows)
    values = np.repeat(np.linspace(-1000, 1000, 4001)[:, None], 3, axis=1)

    assert (np.diff(transformer.inverse_transform(values), axis=0) >= 0).all()


@pytest.mark.parametrize("method", METHODS[:2])
def test_values_without_a_logarithm(rows, method):
    """At predict they count as the smallest of the fit, and that is said once."""
    transformer = LogTransformer(method).fit(rows)
    later = rows[:4].copy()
    later[1, 0] = 0
    later[3] = -5

    with pytest.warns(UserWarning, match="4 values have no logarithm") as caught:
        found = transformer.transform(later)

    assert len(caught) == 1
    smallest = transformer.transform(rows).min(axis=0)
    np.testing.assert_allclose(found[3], smallest)
    np.testing.assert_allclose(found[1, 0], smallest[0])


def test_only_values_that_are_looked_at_are_told_of():
    """Rows that no window looks at are none of the matter."""
    X, _ = make_windows(np.append(np.arange(1.0, 30), np.zeros(5)), 4)
    transformer = LogTransformer().fit(X[:20])

    transformer.transform(X[:20])

    with pytest.warns(UserWarning, match="4 values have no logarithm"):
        transformer.transform(X)


def test_targets_without_a_logarithm():
    """Targets are told of as targets."""
    X, y = make_windows(np.arange(1.0, 30), 4)
    transformer = LogTransformer().fit(X)
    y[3] = 0

    with pytest.warns(UserWarning, match="1 targets have no logarithm"):
        relative = transformer.relative_target(X, y[:, None], 0)

    assert relative[3, 0] == 0


# ---------------------------------------------------------------------- what is learned from


@pytest.mark.parametrize("method", METHODS)
def test_windows_learn_from_the_rows_that_they_look_at(rows, method):
    """And from no others."""
    X, _ = make_windows(rows, 5, target=0)
    of_windows = LogTransformer(method).fit(X[10:30])

    of_rows = LogTransformer(method).fit(rows[10:34])

    np.testing.assert_allclose(of_windows.transform(rows), of_rows.transform(rows), rtol=1e-9)


def test_rows_are_transformed_once(rows):
    """Windows stay lazy: what they share is transformed as rows."""
    X, _ = make_windows(rows, 5, target=0)

    logarithms = LogTransformer().fit_transform(X)

    assert isinstance(logarithms, Windows)
    np.testing.assert_allclose(logarithms.rows, np.log(rows))


@pytest.mark.parametrize("method", METHODS)
def test_arrays_of_windows(rows, method):
    """(n, steps, features) comes back as an array, transformed as its rows are."""
    X = rows[:96].reshape(8, 12, 3)
    transformer = LogTransformer(method).fit(X)

    found = transformer.transform(X)

    expected = LogTransformer(method).fit_transform(rows[:96])
    np.testing.assert_allclose(found.reshape(96, 3), expected)
    np.testing.assert_allclose(transformer.inverse_transform(found), X)


def test_sequences_of_different_length():
    """Every step that is there."""
    X = [np.full((2, 1), 2.0), np.full((4, 1), 3.0)]

    logarithms = LogTransformer().fit(X).transform(X)

    np.testing.assert_allclose(logarithms[0], np.log(X[0]))
    np.testing.assert_allclose(logarithms[1], np.log(X[1]))


@pytest.mark.parametrize("columns", ["b", 1, ["b"], [-2], lambda X: ["b"]])
def test_columns(rows, columns):
    """The others pass unchanged, as rows, in windows, and as targets."""
    frame = table(rows)
    transformer = LogTransformer(columns=columns)

    found = transformer.fit_transform(frame)

    pd.testing.assert_frame_equal(found[["a", "c"]], frame[["a", "c"]])
    np.testing.assert_allclose(found["b"], np.log(frame["b"]))
    pd.testing.assert_frame_equal(transformer.inverse_transform(found), frame)
    y = np.ones((4, 1))
    assert transformer.relative_target(None, y, 0) is y
    assert transformer.absolute_target(None, y, 0) is y


def test_columns_of_windows(rows):
    """By name too."""
    X, _ = make_windows(table(rows), 5, target="a")

    found = LogTransformer(columns="b").fit_transform(X)

    np.testing.assert_allclose(np.asarray(found)[:, :, 1], np.log(np.asarray(X)[:, :, 1]))
    np.testing.assert_allclose(np.asarray(found)[:, :, 0], np.asarray(X)[:, :, 0])


@pytest.mark.parametrize("method", METHODS)
def test_constant_and_unknown_columns(rows, method):
    """They stay finite, or unknown, without a warning, come back, and harm no other."""
    rows[:, 1] = 7
    rows[:, 2] = np.nan
    transformer = LogTransformer(method).fit(rows)

    found = transformer.transform(rows)

    assert np.isfinite(found[:, :2]).all()
    np.testing.assert_allclose(transformer.inverse_transform(found), rows)


@pytest.mark.parametrize("method", METHODS)
def test_types(rows, method):
    """Single precision stays single; whole numbers become floats."""
    single = rows.astype("float32")
    whole = np.arange(20).reshape(10, 2)
    transformer = LogTransformer(method).fit(whole)

    assert LogTransformer(method).fit_transform(single).dtype == np.float32
    np.testing.assert_allclose(
        transformer.inverse_transform(transformer.transform(whole)), whole, atol=1e-9
    )


@pytest.mark.parametrize("method", METHODS)
def test_frame_stays_a_frame(rows, method):
    """Index and columns survive both ways, whatever scikit-learn is told."""
    frame = table(rows)

    with sklearn.config_context(transform_output="pandas"):
        transformer = LogTransformer(method).fit(frame)
        back = transformer.inverse_transform(transformer.transform(frame))

    pd.testing.assert_frame_equal(back, frame)


def test_in_front_of_sliding_windows(rows):
    """Rows with gaps become logarithms with gaps."""
    rows[30] = np.nan

    windows = SlidingWindow(3).fit_transform(LogTransformer().fit_transform(table(rows)))

    assert windows.complete().sum() == 100 - 3 - 3


# ---------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"method": "sqrt"}, "method must be one of 'log', 'box-cox', 'yeo-johnson', got 'sqrt'"),
        ({"offset": "zero"}, "offset must be \"auto\" or a finite number, got 'zero'"),
        ({"offset": np.nan}, 'offset must be "auto" or a finite number, got nan'),
        ({"offset": None}, 'offset must be "auto" or a finite number, got None'),
        ({"offset": -100}, "method='log' takes values above 100, got .* in column 'a'"),
        ({"columns": "z"}, "columns='z' is not a column"),
    ],
    ids=str,
)
def test_bad_parameters(rows, params, message):
    """One clear error, in fit."""
    with pytest.raises(ValueError, match=message):
        LogTransformer(**params).fit(table(rows))


@pytest.mark.parametrize("method", METHODS[:2])
def test_negative_values(rows, method):
    """The column is named, and the remedies."""
    frame = table(rows)
    frame.iloc[5, 1] = -2

    with pytest.raises(
        ValueError, match="takes values above 0, got -2 in column 'b': .* method=\"yeo-johnson\""
    ):
        LogTransformer(method).fit(frame)


@pytest.mark.parametrize("when", ["fit", "transform", "inverse_transform"])
def test_windows_that_are_centred(rows, when):
    """Windows that are expressed relative to themselves have no logarithm."""
    X, _ = make_windows(rows, 5, target=0)
    transformer = LogTransformer("yeo-johnson").fit(X)

    with pytest.raises(ValueError, match=r"take it first, as LogTransformer\(\) before WindowSc"):
        getattr(transformer, when)(WindowScaler().fit_transform(X))


def test_behind_a_scaler_of_rows(rows):
    """Minimum and maximum keep the sign; means do not, which is an error."""
    X, _ = make_windows(rows, 5, target=0)

    LogTransformer().fit(SeriesScaler("minmax").fit_transform(X))
    with pytest.raises(ValueError, match="take the logarithm before what centres values"):
        LogTransformer().fit(SeriesScaler().fit_transform(X))
