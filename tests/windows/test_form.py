"""Form: each window relative to itself, against a loop over its steps."""

from dataclasses import replace

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
    Form(scale="mean_abs"),
    Form(centre="last", scale="mean_abs"),
    Form(centre="season", season=3, scale="mean_abs", unit=(2.0, -1.0)),
    Form(centre="mean", scale="deviation", min_scale=0.9),
    Form(scale="deviation", min_scale=0.05),
    Form(centre="mean", scale="deviation", features=(1,)),
    Form(centre="season", season=3, origin=(1.0, -2.0), unit=(0.5, -3.0), features=(0,)),
]


def by_loop(window, form):
    """A window (steps, features) in a form, feature by feature and step by step."""
    out = np.empty_like(window)
    length = len(window)
    for f, steps in enumerate(window.T):
        expressed = form.features is None or f in form.features
        mean = steps.sum() / length
        deviation = np.sqrt(((steps - mean) ** 2).sum() / length)
        size = np.abs(steps).sum() / length
        scales = {
            "none": 1,
            "deviation": max(deviation, form.min_scale * size),
            "mean_abs": size,
        }
        for t in range(length):
            same_phase = length - 1 - (length - 1 - t) % form.season
            centres = {"none": 0, "mean": mean, "last": steps[-1], "season": steps[same_phase]}
            value = steps[t]
            if expressed:
                value = (value - centres[form.centre]) / scales[form.scale]
            if form.origin:
                value -= form.origin[f]
            if form.unit:
                value /= form.unit[f]
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


@pytest.mark.parametrize(
    "scaler",
    [
        WindowScaler(),
        WindowScaler(min_scale=0.1),
        WindowScaler("last", scale="mean_abs"),
        WindowScaler(None, scale="mean_abs"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_compiled_constant_windows(dtype, scaler):
    """Windows that stand still, of any level, are the same for both."""
    levels = np.repeat([0.1, 1e6, -1e-6, 0.0], 12)[:, None].astype(dtype)
    X, y = make_windows(levels, length=6, target=0)
    formed = scaler.fit_transform(X)
    model = RNNRegressor("gru", 2, epochs=1, engine="fused", random_state=0).fit(formed, y)

    forecast = model.predict(formed)

    np.testing.assert_allclose(forecast, model.predict(np.asarray(formed)), rtol=1e-5, atol=1e-5)


def test_one_form_after_another_in_some_features(samples):
    """What was done to all steps alike is undone in these features, and stays in the others."""
    X, _ = samples
    scaled = X.formed(Form("last", features=(1,))).rescaled(np.array([3.0, 5.0]), np.array([2, -4]))

    twice = np.asarray(scaled.formed(Form("mean", "deviation", features=(1,))))

    expected = np.asarray(X) * [0.5, -0.25] - [1.5, 0]
    once = Form("mean", "deviation", features=(1,)).of(expected)
    np.testing.assert_allclose(twice, once, rtol=1e-9, atol=1e-9)


def test_forms_of_other_features_are_not_put_together(samples):
    """One column by itself, and then another, is refused in one line."""
    X, _ = samples
    with pytest.raises(ValueError, match="name the same columns= both times"):
        X.formed(Form("last", features=(1,))).formed(Form("mean", features=(0,)))


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
@pytest.mark.parametrize("form", FORMS[:2] + FORMS[5:8] + FORMS[9:11], ids=str)
def test_forms_in_turn(samples, form, later):
    """A transformer of formed windows gives what it gives for the same windows, gathered."""
    formed = samples[0].formed(form)

    again = later().fit_transform(formed)

    expected = later().fit_transform(np.asarray(formed))
    np.testing.assert_allclose(np.asarray(again), expected, rtol=1e-9, atol=1e-9)
    assert again.rows is formed.rows


SIZES = [
    WindowScaler(scale="mean_abs"),
    WindowScaler(None, scale="mean_abs"),
    WindowScaler(None),
    WindowScaler(min_scale=0.5),
]


@pytest.mark.parametrize("later", SIZES, ids=repr)
@pytest.mark.parametrize("form", [FORMS[0], FORMS[1], FORMS[5], FORMS[7]], ids=str)
def test_centred_windows_have_no_size(samples, form, later):
    """What scales by the size of values is refused behind what has taken it away."""
    with pytest.raises(ValueError, match="have lost the size of their values"):
        later.fit_transform(samples[0].formed(form))


@pytest.mark.parametrize("later", [SIZES[0], SIZES[3]], ids=repr)
def test_scaled_windows_keep_their_proportions(samples, later):
    """Behind a scale alone it gives what it gives for the same windows, gathered."""
    formed = samples[0].formed(FORMS[6])

    again = later.fit_transform(formed)

    expected = later.fit_transform(np.asarray(formed))
    np.testing.assert_allclose(np.asarray(again), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("form", FORMS[:5] + FORMS[6:10], ids=str)
def test_targets_are_expressed_as_steps(form):
    """Targets that repeat the last season are expressed as that is."""
    X, _ = make_windows(np.random.default_rng(1).normal(5, 1, size=40), length=8)
    steps = np.asarray(X)
    leads = np.arange(1, form.period + 1)

    centre, scale = form.of_targets(steps, leads)

    season = steps[:, -form.period :, 0]
    plain = replace(form, origin=(), unit=())
    np.testing.assert_allclose((season - centre) / scale, plain.of(steps)[:, -form.period :, 0])
    np.testing.assert_allclose(form.of_targets(steps, leads + 3 * form.period)[0], centre)


def test_targets_of_an_unknown_phase():
    """Of a phase of which nothing is known they are taken against the nearest known one."""
    steps = np.array([1.0, np.nan, 3.0, 4.0, np.nan, 6.0]).reshape(1, 6, 1)

    centre, _ = Form("season", season=3).of_targets(steps, np.array([1, 2, 3]))

    np.testing.assert_array_equal(centre, [[4, 4, 6]])


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


def test_single_precision_is_scaled_as_double():
    """Windows that vary by a few of the numbers that single precision has are not constant."""
    rows = (1e6 + np.random.default_rng(0).normal(size=(50, 24, 1))).astype(np.float32)

    scaled = WindowScaler().fit_transform(rows)

    np.testing.assert_allclose(scaled, WindowScaler().fit_transform(rows.astype(float)), atol=1e-5)
    constant = np.full((2, 24, 1), 0.1, np.float32)
    assert not WindowScaler().fit_transform(constant).any()
