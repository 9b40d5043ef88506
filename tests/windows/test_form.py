"""Form: each window relative to itself, against a loop over its steps."""

import numpy as np
import pytest
from sklearn.base import clone

from skrnn import RNNRegressor, SeriesScaler, WindowScaler, make_windows
from skrnn.windows.form import Form

COLUMNS = 2
FORMS = [
    Form(centre="mean", scale="deviation"),
    Form(centre="last"),
    Form(centre="season", season=3),
    Form(centre="season", season=4, scale="deviation"),
    Form(scale="deviation"),
    Form(centre="mean", origin=(1.0, -2.0), unit=(0.5, -3.0)),
]


def by_loop(window, form):
    """A window (steps, features) in a form, feature by feature and step by step."""
    out = np.empty_like(window)
    length = len(window)
    for f, steps in enumerate(window.T):
        mean = steps.sum() / length
        deviation = np.sqrt(((steps - mean) ** 2).sum() / length)
        for t in range(length):
            same_phase = length - 1 - (length - 1 - t) % form.season
            centres = {"none": 0, "mean": mean, "last": steps[-1], "season": steps[same_phase]}
            value = steps[t] - centres[form.centre]
            if form.scale == "deviation":
                value /= deviation
            if form.unit:
                value = (value - form.origin[f]) / form.unit[f]
            out[t, f] = value
    return out


@pytest.fixture
def samples():
    rows = np.random.default_rng(0).normal([20, -3], [1, 5], size=(80, COLUMNS)).cumsum(axis=0)
    return make_windows(rows, length=8, target=0, sampling_rate=2)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_forms(samples, form):
    """Every centre and scale is what its words say."""
    X, _ = samples

    formed = np.asarray(X.formed(form))

    expected = [by_loop(window, form) for window in np.asarray(X)]
    np.testing.assert_allclose(formed, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("rows_type", ["float32", "float64"])
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_compiled_forms(samples, form, rows_type):
    """The fused engine reads from rows what NumPy makes of them."""
    X, y = samples
    formed = X.replace(rows=X.rows.astype(rows_type)).formed(form)
    model = RNNRegressor("gru", 2, epochs=2, engine="fused", dtype="float64", random_state=0)

    of_rows = clone(model).fit(formed, y)
    of_array = clone(model).fit(np.asarray(formed, "float64"), y)

    tolerance = 1e-9 if rows_type == "float64" else 1e-4
    forecast = of_array.predict(np.asarray(formed, "float64"))
    np.testing.assert_allclose(of_rows.predict(formed), forecast, rtol=tolerance)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_compiled_constant_windows(dtype):
    """Windows that stand still, of any level, are zeros for both."""
    levels = np.repeat([0.1, 1e6, -1e-6, 0.0], 12)[:, None].astype(dtype)
    X, y = make_windows(levels, length=6, target=0)
    formed = WindowScaler().fit_transform(X)
    model = RNNRegressor("gru", 2, epochs=1, engine="fused", random_state=0).fit(formed, y)

    forecast = model.predict(formed)

    np.testing.assert_allclose(forecast, model.predict(np.asarray(formed)), rtol=1e-5, atol=1e-5)


def test_unknown_steps_take_the_newest_of_their_phase():
    """What the last season does not know, the season before tells; other steps stay unknown."""
    steps = np.array([1.0, 2.0, 3.0, np.nan, 5.0, np.nan]).reshape(1, 6, 1)

    formed = Form("season", season=2).of(steps)

    np.testing.assert_array_equal(formed.ravel(), [-4, 0, -2, np.nan, 0, np.nan])


def test_windows_shorter_than_a_season(samples):
    """A window without a whole season is refused, with the remedy."""
    with pytest.raises(ValueError, match="season=9 steps need windows of at least as many, got 8"):
        samples[0].formed(Form("season", season=9))


@pytest.mark.parametrize("later", [WindowScaler, lambda: SeriesScaler("minmax"), SeriesScaler])
@pytest.mark.parametrize("form", FORMS[:2] + FORMS[5:], ids=str)
def test_forms_in_turn(samples, form, later):
    """A transformer of formed windows gives what it gives for the same windows, gathered."""
    formed = samples[0].formed(form)

    again = later().fit_transform(formed)

    expected = later().fit_transform(np.asarray(formed))
    np.testing.assert_allclose(np.asarray(again), expected, rtol=1e-9, atol=1e-9)
    assert again.rows is formed.rows


def test_negative_units_turn_signs():
    """Scaling once more undoes a unit, but for its sign."""
    turned = Form("mean", "deviation", origin=(1.0, 2.0), unit=(3.0, -4.0))

    assert turned.then(Form("mean", "deviation")) == Form("mean", "deviation", unit=(1.0, -1.0))


@pytest.mark.parametrize("method", ["standard", "minmax", "robust"])
def test_scaling_formed_windows_can_be_undone(samples, method):
    """The way back of a scaler is the same form with the units turned round."""
    formed = WindowScaler().fit_transform(samples[0])
    scaler = SeriesScaler(method).fit(formed)

    back = scaler.inverse_transform(scaler.transform(formed))

    np.testing.assert_allclose(np.asarray(back), np.asarray(formed), rtol=1e-9, atol=1e-9)


def test_a_feature_of_formed_windows(samples):
    """One feature in its form is that column of all."""
    formed = samples[0].formed(FORMS[5])

    feature = np.asarray(formed.feature(1))

    np.testing.assert_allclose(feature, np.asarray(formed)[:, :, 1:], rtol=1e-9)


def test_seasonal_changes_are_not_transformed_again(samples):
    """Two centres of which one differs from step to step are not one."""
    seasonal = samples[0].formed(Form("season", season=2))

    with pytest.raises(ValueError, match="do that first, or leave it out"):
        WindowScaler().fit_transform(seasonal)
