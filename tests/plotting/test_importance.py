"""LagImportanceDisplay draws coefficients as they are, and finds the lags that matter."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from skrnn import (
    Differencer,
    DirectForecaster,
    FlattenWindows,
    LinearWindow,
    MultiOutputForecaster,
    NaiveForecaster,
    RecursiveForecaster,
    SeriesScaler,
    SlidingWindow,
    TransformedWindowRegressor,
    make_windows,
)
from skrnn.plotting import LagImportanceDisplay

HOURS = pd.date_range("2024-01-01", periods=400, freq="h")


def noise(columns=("a", "b")):
    rng = np.random.default_rng(0)
    return pd.DataFrame(rng.normal(size=(400, len(columns))), HOURS, list(columns))


def lagged():
    """Rows of noise, and a series that is b three rows before."""
    rows = noise()
    return rows, (5 * rows["b"].shift(3)).rename("load")


def colours(display):
    return np.stack([mesh.get_array().ravel() for mesh in display.meshes_], axis=1)


def cell(display, feature, block):
    return display.edges[block : block + 2, feature].tolist()


# ---------------------------------------------------------------------- coefficients


def test_coefficients_are_drawn_as_they_are():
    """The cells hold coef_, in colours about 0; rows are counted from the one that is forecast."""
    rows, y = lagged()
    pipe = make_pipeline(SlidingWindow(6, 2), LinearWindow()).fit(rows, y)

    display = LagImportanceDisplay.from_estimator(pipe)

    np.testing.assert_array_equal(colours(display), pipe[-1].coef_)
    assert cell(display, 0, 5) == [-2.5, -1.5]
    norm = display.meshes_[0].norm
    assert norm.vmax == -norm.vmin == np.abs(pipe[-1].coef_).max()
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == ["a", "b"]
    assert display.ax_.get_xlabel() == "lag in rows of 1 hour; row t is forecast"
    assert display.colorbar_.ax.get_xlabel() == "coefficient"


def test_lags_are_named_as_flattened_windows_are():
    """Ticks are the names of FlattenWindows without the feature."""
    rows, y = lagged()
    sliding = SlidingWindow(3, 2, sampling_rate=2).fit(rows)
    names = FlattenWindows().fit(sliding.transform(rows)).get_feature_names_out()

    display = LagImportanceDisplay.from_estimator(
        make_pipeline(sliding, LinearWindow()).fit(rows, y)
    )

    middles = (display.edges[1:, 0] + display.edges[:-1, 0]) / 2
    ticks = display.ax_.xaxis.get_major_formatter()
    assert [f"a[{ticks(middle)}]" for middle in middles] == names[::2].tolist()
    assert ticks(0) == "t"
    assert ticks(1.5) == ""


def test_output_is_chosen_by_lead():
    """Of several outputs, lead= names the one that is drawn, at its own distance."""
    X, y = make_windows(noise(), 5, leads=[2, 6], target="a")
    model = make_pipeline(SeriesScaler(), LinearWindow()).fit(X, y)

    display = LagImportanceDisplay.from_estimator(model, X, lead=6)

    np.testing.assert_array_equal(display.importances, model[-1].coef_[1])
    assert cell(display, 0, 4) == [-6.5, -5.5]
    assert display.value_name == "coefficient, behind SeriesScaler"
    with pytest.raises(ValueError, match=r"lead=3 is not forecast: there are \[2, 6\]"):
        LagImportanceDisplay.from_estimator(model, X, lead=3)


def test_differences_leave_the_newest_steps():
    """Inside a target transform, the coefficients are those of the differenced, shorter windows."""
    rows, _ = lagged()
    model = TransformedWindowRegressor(LinearWindow(), Differencer(4), target="b")
    pipe = make_pipeline(SlidingWindow(6), model).fit(rows, rows["b"])

    display = LagImportanceDisplay.from_estimator(pipe)

    np.testing.assert_array_equal(display.importances, pipe[-1].regressor_.coef_)
    assert cell(display, 0, 0) == [-2.5, -1.5]
    assert display.value_name == "coefficient, behind Differencer"


def test_known_ahead_features_reach_the_row_itself():
    """A feature that is known ahead has its steps where they are, up to t."""
    rows, y = lagged()
    pipe = make_pipeline(SlidingWindow(4, 3, known_ahead="b"), LinearWindow()).fit(rows, y)

    display = LagImportanceDisplay.from_estimator(pipe)

    assert cell(display, 0, 3) == [-3.5, -2.5]
    assert cell(display, 1, 3) == [-0.5, 0.5]


def test_direct_forecaster_of_linear_models():
    """DirectForecaster's shared linear model is found, with its leads."""
    X, y = make_windows(noise(), 4, 3, target="a")
    model = DirectForecaster(LinearWindow()).fit(X, y)

    display = LagImportanceDisplay.from_estimator(model, X, lead=3)

    np.testing.assert_array_equal(display.importances, model.estimators_[0].coef_[2])


def test_multi_output_forecaster_of_a_linear_model():
    """MultiOutputForecaster's model is found, with its leads; before fit, there is none."""
    rows, _ = lagged()
    pipe = make_pipeline(SlidingWindow(4), MultiOutputForecaster(LinearWindow(), 3))
    with pytest.raises(ValueError, match="does not end in a fitted one"):
        LagImportanceDisplay.from_estimator(pipe)

    display = LagImportanceDisplay.from_estimator(pipe.fit(rows, rows["a"]), lead=2)

    np.testing.assert_array_equal(display.importances, pipe[-1].estimator_.coef_[1])
    assert cell(display, 0, 3) == [-2.5, -1.5]


def test_coefficients_of_quantiles_are_the_medians():
    """A model of quantiles shows the coefficients of its median, between two it learned."""
    X, y = make_windows(np.random.default_rng(0).normal(size=(200, 2)), 4, 2, target=0)
    model = LinearWindow(quantiles=(0.4, 0.6)).fit(X, y)

    display = LagImportanceDisplay.from_estimator(model, X, lead=2)

    np.testing.assert_allclose(display.importances, model.coef_[1].mean(axis=0))


def test_blocks_of_coefficients_are_sums():
    """n_blocks= adds up the coefficients of each block."""
    X, y = make_windows(noise(), 6, target="a")
    model = LinearWindow().fit(X, y)

    display = LagImportanceDisplay.from_estimator(model, X, n_blocks=2)

    np.testing.assert_allclose(display.importances, model.coef_.reshape(2, 3, 2).sum(axis=1))


def test_plain_windows_are_counted_in_steps():
    """Of plain arrays the rows are unknown: steps are counted from the window's last."""
    X = np.random.default_rng(0).normal(size=(50, 4, 1))

    display = LagImportanceDisplay.from_estimator(LinearWindow().fit(X, X[:, 0, 0]))

    assert cell(display, 0, 3) == [-0.5, 0.5]
    assert display.ax_.get_xlabel() == "lag in steps; the window ends with t"
    assert display.feature_names == ["x0"]


@pytest.mark.parametrize(
    ("freq", "name"),
    [
        ("30min", "30 minutes"),
        ("D", "1 day"),
        ("MS", "1 month"),
        ("7D", "7 days"),
        ("QS", "1 quarter"),
    ],
)
def test_length_of_a_row(freq, name):
    """The step of a regular index is said in words."""
    rows = noise().set_index(pd.date_range("2000-01-01", periods=400, freq=freq))

    display = LagImportanceDisplay.from_estimator(
        make_pipeline(SlidingWindow(3), LinearWindow()).fit(rows, rows["a"])
    )

    assert display.ax_.get_xlabel().startswith(f"lag in rows of {name};")


# ---------------------------------------------------------------------- permutation


def test_the_relevant_lag_is_found():
    """Exchanging the one lag that matters costs most; a feature that does not matter costs about
    nothing.
    """
    rows, y = lagged()
    pipe = make_pipeline(SlidingWindow(6), LinearWindow(alpha=0.1)).fit(rows, y)

    display = LagImportanceDisplay.from_estimator(pipe, rows, y, kind="permutation", random_state=0)

    best = np.unravel_index(display.importances.argmax(), display.importances.shape)
    assert display.feature_names[best[1]] == "b"
    assert cell(display, 1, best[0]) == [-3.5, -2.5]
    # Two independent normal values differ by 2/√π on average.
    np.testing.assert_allclose(display.importances.max(), 5 * 2 / np.sqrt(np.pi), rtol=0.1)
    assert np.abs(np.delete(display.importances.ravel(), display.importances.argmax())).max() < 0.05
    assert display.value_name == "increase of the mean absolute error of load"
    assert display.meshes_[0].norm.vmin == 0


def test_blocks_hold_the_relevant_lag():
    """Grouped lags are exchanged together; many steps are grouped into 12 blocks by themselves."""
    rows, y = lagged()
    pipe = make_pipeline(SlidingWindow(48), LinearWindow()).fit(rows, y)

    display = LagImportanceDisplay.from_estimator(
        pipe, rows, y, kind="permutation", n_repeats=2, random_state=0
    )

    assert display.importances.shape == (12, 2)
    assert display.importances.argmax() == 12 * 2 - 1
    assert cell(display, 1, 11) == [-4.5, -0.5]


def test_neighbours_keep_their_rows():
    """Only the exchanged step changes: windows share rows, and a model of another lag does not
    notice.
    """
    rows = noise(["a"])
    X, y = make_windows(rows, 3)
    naive = NaiveForecaster().fit(X, y)

    display = LagImportanceDisplay.from_estimator(naive, X, y, kind="permutation", random_state=0)

    np.testing.assert_allclose(display.importances[:2], 0, atol=1e-12)


def test_many_leads_together_or_one():
    """The error is over all leads, or over the one that is named."""
    rows = noise(["a"]).rolling(4).sum().dropna()
    X, y = make_windows(rows, 4, 3)
    model = LinearWindow().fit(X, y)
    options = {"kind": "permutation", "random_state": 0}

    together = LagImportanceDisplay.from_estimator(model, X, y, **options)
    last = LagImportanceDisplay.from_estimator(model, X, y, lead=3, **options)

    assert together.ax_.get_xlabel() == "lag in rows of 1 hour; the window ends with t"
    assert cell(together, 0, 3) == [-0.5, 0.5]
    assert cell(last, 0, 3) == [-3.5, -2.5]
    assert last.importances.max() < together.importances.max()


def test_data_is_not_changed():
    """The user's rows, windows and arrays stay as they are."""
    rows, y = lagged()
    X, targets = make_windows(rows, 4, target="b")
    array = np.asarray(X)
    before = rows.copy(), X.rows.copy(), array.copy(), targets.copy()

    pipe = make_pipeline(SlidingWindow(4), LinearWindow()).fit(rows, y)
    LagImportanceDisplay.from_estimator(pipe, rows, y, kind="permutation")
    LagImportanceDisplay.from_estimator(
        LinearWindow().fit(X, targets), X, targets, kind="permutation"
    )
    LagImportanceDisplay.from_estimator(
        LinearWindow().fit(array, targets), array, targets, kind="permutation"
    )

    for now, then in zip((rows, X.rows, array, targets), before, strict=True):
        np.testing.assert_array_equal(now, then)


AS = {
    "3-D": np.asarray,
    "2-D": lambda X: np.asarray(X)[:, :, 0],
    "DataFrame": lambda X: pd.DataFrame(np.asarray(X)[:, :, 0]).rename(columns=str),
}


@pytest.mark.parametrize("convert", AS.values(), ids=AS)
def test_arrays_and_windows_agree(convert):
    """Plain windows, (n, steps) or (n, steps, features), give what Windows of them give."""
    X, y = make_windows(noise(["a"]).rolling(3).sum().dropna(), 5)
    array = convert(X)
    options = {"kind": "permutation", "random_state": 0}

    expected = LagImportanceDisplay.from_estimator(LinearWindow().fit(X, y), X, y, **options)
    display = LagImportanceDisplay.from_estimator(LinearWindow().fit(array, y), array, y, **options)

    np.testing.assert_allclose(display.importances, expected.importances, rtol=1e-6, atol=1e-9)


def test_any_regressor_with_known_ahead_features_and_sampled_steps():
    """Steps several rows apart, features known ahead, gaps, and scikit-learn's regressors behind
    FlattenWindows.
    """
    rows, y = lagged()
    rows.iloc[50, 0] = np.nan
    sliding = SlidingWindow(3, 3, sampling_rate=3, known_ahead="b")
    pipe = make_pipeline(sliding, FlattenWindows(), Ridge()).fit(rows.fillna(0), y.fillna(0))

    display = LagImportanceDisplay.from_estimator(pipe, rows, y, kind="permutation", random_state=0)

    assert display.importances.argmax() == 1 * 2 + 1
    assert cell(display, 1, 1) == [-4.5, -1.5]


def test_rows_far_apart():
    """Where so many rows are missing that windows do not count across, those that are whole are
    exchanged.
    """
    rows, y = lagged()
    rows, y = (
        data.set_axis(HOURS[:200].append(HOURS[200:] + pd.Timedelta("500D"))) for data in (rows, y)
    )
    pipe = make_pipeline(SlidingWindow(6), LinearWindow(alpha=0.1)).fit(rows, y)

    display = LagImportanceDisplay.from_estimator(pipe, rows, y, kind="permutation", random_state=0)

    np.testing.assert_allclose(display.importances[3, 1], 5 * 2 / np.sqrt(np.pi), rtol=0.1)
    assert np.isfinite(display.importances).all()


def test_recursion_sees_what_is_known_ahead():
    """A recursive forecast behind exchanged windows still has the future of its known columns."""
    rows, y = lagged()
    X, targets = make_windows(rows.assign(load=y).iloc[3:], 4, 3, target="load", known_ahead="b")
    model = RecursiveForecaster(LinearWindow(), target="load").fit(X, targets)

    display = LagImportanceDisplay.from_estimator(
        model, X, targets, kind="permutation", random_state=0
    )

    assert display.importances.argmax(axis=0)[1] in (0, 1, 2, 3)
    assert display.importances[:, 1].max() > 10 * np.abs(display.importances[:, 0]).max()


def test_few_samples_of_many():
    """max_samples bounds the windows that are forecast, and random_state repeats the choice."""
    rows, y = lagged()
    pipe = make_pipeline(SlidingWindow(6), LinearWindow()).fit(rows, y)
    options = {"kind": "permutation", "max_samples": 50, "random_state": 3}

    first = LagImportanceDisplay.from_estimator(pipe, rows, y, **options)
    second = LagImportanceDisplay.from_estimator(pipe, rows, y, **options)

    np.testing.assert_array_equal(first.importances, second.importances)
    assert first.deviations.shape == (6, 2)


X, Y = make_windows(noise(["a"]), 3)
LINEAR = LinearWindow().fit(X, Y)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: LagImportanceDisplay.from_estimator(NaiveForecaster().fit(X, Y)),
            'use kind="permutation"',
        ),
        (lambda: LagImportanceDisplay.from_estimator(LinearWindow()), "not fitted"),
        (
            lambda: LagImportanceDisplay.from_estimator(LINEAR, kind="shap"),
            "'coefficients', 'permutation'",
        ),
        (lambda: LagImportanceDisplay.from_estimator(LINEAR, kind="permutation"), "needs X and y"),
        (
            lambda: LagImportanceDisplay.from_estimator(LINEAR, n_blocks=4),
            "n_blocks=4 is more than the 3 steps",
        ),
        (
            lambda: LagImportanceDisplay.from_estimator(LINEAR, n_blocks=0),
            "n_blocks must be a positive whole number",
        ),
        (
            lambda: LagImportanceDisplay.from_estimator(LINEAR, X, Y * np.nan, kind="permutation"),
            "at least 2 complete windows with a known y, got 0 of 397",
        ),
    ],
)
def test_what_cannot_be_drawn_is_named(call, message):
    """Each message names the argument, and the remedy."""
    with pytest.raises(ValueError, match=message):
        call()
