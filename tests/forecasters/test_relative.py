"""TransformedWindowRegressor, and what all regressors on windows share."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline

from skrnn import (
    Differencer,
    FlattenWindows,
    LastSteps,
    LinearWindow,
    LogTransformer,
    NaiveForecaster,
    SeasonalAnchor,
    SeriesScaler,
    SlidingWindow,
    TransformedWindowRegressor,
    WindowScaler,
    future_rows,
    make_windows,
)

TRANSFORMERS = {
    "difference": Differencer(1),
    "season": Differencer(4),
    "both": Differencer((1, 4)),
    "scale": WindowScaler(),
    "size": WindowScaler("last", scale="mean_abs"),
    "anchor": SeasonalAnchor(4),
    "logarithm": LogTransformer(offset=20.0),
    "power": LogTransformer("yeo-johnson"),
}


@pytest.fixture
def rows():
    """A trend, a season of four rows, and noise, in two columns."""
    t = np.arange(150.0)
    noise = np.random.default_rng(0).normal(size=(150, 2))
    return np.column_stack([0.5 * t + 3 * (t % 4) + noise[:, 0], noise[:, 1]])


class Recorder(DummyRegressor):
    """A regressor that keeps what it was fitted on."""

    def fit(self, X, y, sample_weight=None):
        self.seen_ = X, y, sample_weight
        return super().fit(np.zeros((len(y), 1)), y)

    def predict(self, X):
        return super().predict(np.zeros((len(X), 1)))


def recorded(X, y, transformer, weights=None, **params):
    model = TransformedWindowRegressor(Recorder(), transformer, **params).fit(X, y, weights)
    return model.regressor_.seen_


@pytest.mark.parametrize("transformer", TRANSFORMERS.values(), ids=TRANSFORMERS)
@pytest.mark.parametrize("horizon", [1, 6])
@pytest.mark.parametrize("rate", [1, 2])
def test_by_hand(rows, transformer, horizon, rate):
    """Transforming windows and targets, fitting, forecasting, undoing it: one after the other."""
    if isinstance(transformer, Differencer):
        transformer = Differencer(tuple(np.multiply(transformer.lags, rate).ravel().tolist()))
    if isinstance(transformer, SeasonalAnchor):
        transformer = SeasonalAnchor(transformer.season * rate)
    leads = [rate * h for h in range(1, horizon + 1)]
    X, y = make_windows(rows, 12, leads=leads, target=0, sampling_rate=rate)
    cut = 80
    by_hand = clone(transformer).fit(X[:cut])
    relative = by_hand.relative_target(X, y.reshape(len(y), -1), 0)[:cut]
    inner = LinearWindow().fit(by_hand.transform(X[:cut]), relative)
    expected = by_hand.absolute_target(X[cut:], inner.predict(by_hand.transform(X[cut:])), 0)

    model = TransformedWindowRegressor(LinearWindow(), transformer).fit(X[:cut], y[:cut])

    np.testing.assert_allclose(model.predict(X[cut:]), expected.reshape(y[cut:].shape))


def test_perfect_season():
    """A season repeats itself exactly once it is taken out."""
    X, y = make_windows(np.tile([5.0, 1.0, 7.0], 20) + np.repeat(np.arange(20.0), 3), 7, 5)

    model = TransformedWindowRegressor(LinearWindow(alpha=0), Differencer((3, 1))).fit(
        X[:20], y[:20]
    )

    np.testing.assert_allclose(model.predict(X), y)


def test_inner_regressor_sees_relative_targets(rows):
    """What is learned is the change against the window."""
    X, y = make_windows(rows, 5, target=0)

    windows, target, _ = recorded(X, y, Differencer(1))

    np.testing.assert_allclose(target, np.diff(rows[4:, 0]))
    np.testing.assert_allclose(np.asarray(windows), np.diff(np.asarray(X), axis=1))


def test_shape_of_y_travels(rows):
    """A one-dimensional y stays so inside; a column stays a column."""
    X, y = make_windows(rows, 5, target=0)

    assert recorded(X, y, Differencer(1))[1].ndim == 1
    assert recorded(X, y[:, None], Differencer(1))[1].ndim == 2
    assert TransformedWindowRegressor(LinearWindow()).fit(X, y[:, None]).predict(X).shape == (
        len(X),
        1,
    )


@pytest.mark.parametrize("transformer", [None, Differencer(1)])
def test_weights_reach_the_regressor(rows, transformer):
    """Weights go on to the inner regressor, less those of samples left out."""
    X, y = make_windows(rows, 5, target=0)
    y[3] = np.nan
    weights = np.arange(1.0, len(y) + 1)

    np.testing.assert_array_equal(recorded(X, y, transformer, weights)[2], np.delete(weights, 3))


@pytest.mark.parametrize(
    ("transformer", "size"),
    [
        (None, lambda steps: steps.std(axis=1)),
        (SeasonalAnchor(4), lambda steps: steps.std(axis=1)),
        (LogTransformer(offset=20.0), lambda steps: steps.std(axis=1)),
        (WindowScaler("last", scale=None), lambda steps: steps.std(axis=1)),
        (WindowScaler(), lambda steps: steps.std(axis=1)),
        (WindowScaler(None, scale="mean_abs"), lambda steps: np.abs(steps).mean(axis=1)),
    ],
    ids=["nothing", "anchor", "logarithm", "last", "mean and deviation", "mean size"],
)
@pytest.mark.parametrize(("by", "power"), [(True, 1), (0.5, 0.5), (-1, -1)], ids=str)
def test_weights_by_size(rows, transformer, size, by, power):
    """Samples are weighed by a power of the size of their window's target column; 1 on average."""
    X, y = make_windows(rows, 5, target=0)

    weights = recorded(X, y, transformer, weight_by_scale=by)[2]

    factor = size(np.asarray(X)[:, :, 0]) ** power
    np.testing.assert_allclose(weights, factor / factor.mean())


def test_weights_by_size_besides_others(rows):
    """They are multiplied with those that come."""
    X, y = make_windows(rows, 5, target=1)
    given = np.arange(1.0, len(y) + 1)

    weights = recorded(X, y, WindowScaler(), given, target=1, weight_by_scale=True)[2]

    by_size = np.asarray(X)[:, :, 1].std(axis=1)
    np.testing.assert_allclose(weights, given * by_size / by_size.mean())


def test_errors_of_scaled_windows_weigh_as_in_the_unit_of_y(rows):
    """By the power 2, least squares in each window's own scale are those of the changes in y."""
    X, y = make_windows(rows[:, 0], 5)
    last = WindowScaler("last", scale=None)
    flat = make_pipeline(FlattenWindows(), LinearRegression(fit_intercept=False))

    plain = TransformedWindowRegressor(flat, last).fit(X, y)
    scaled = TransformedWindowRegressor(
        flat, WindowScaler("last", scale="std"), weight_by_scale=2
    ).fit(X, y)

    np.testing.assert_allclose(scaled.predict(X), plain.predict(X))


@pytest.mark.parametrize("by", ["size", None, np.nan, np.inf], ids=str)
def test_bad_weights_by_size(rows, by):
    """A power is a number."""
    X, y = make_windows(rows, 5, target=0)

    with pytest.raises(ValueError, match="weight_by_scale must be True, False or a finite number"):
        TransformedWindowRegressor(LinearWindow(), WindowScaler(), weight_by_scale=by).fit(X, y)


def test_weights_by_size_stay_when_training_goes_on(rows):
    """A window weighs in partial_fit what it weighed in the first."""
    X, y = make_windows(rows, 5, target=0)

    class Going(Recorder):
        def partial_fit(self, X, y, sample_weight=None):
            return self.fit(X, y, sample_weight)

    model = TransformedWindowRegressor(Going(), WindowScaler(), weight_by_scale=True)
    first = model.partial_fit(X, y).regressor_.seen_[2]

    again = model.partial_fit(X[:30], y[:30]).regressor_.seen_[2]

    np.testing.assert_allclose(again, first[:30])


def test_weights_reach_the_end_of_a_pipeline(rows):
    """Pipelines within pipelines hand them to the last step."""
    X, y = make_windows(rows, 5, target=0)
    weights = np.arange(1.0, len(y) + 1)
    flat = np.asarray(X).reshape(len(X), -1)
    inner = make_pipeline(FlattenWindows(), make_pipeline(Ridge()))

    model = TransformedWindowRegressor(inner).fit(X, y, weights)

    np.testing.assert_allclose(model.predict(X), Ridge().fit(flat, y, weights).predict(flat))


def test_scaling_inside(rows):
    """Scaling inside leaves y and the window in one unit."""
    X, y = make_windows(rows, 9, 3, target=0)
    model = TransformedWindowRegressor(
        make_pipeline(SeriesScaler(), LinearWindow()), Differencer(4)
    )

    assert model.fit(X[:100], y[:100]).score(X[100:], y[100:]) > 0.8


def test_scaling_outside(rows):
    """Scaling outside is an error whose message shows the right line."""
    X, y = make_windows(rows, 9, 3, target=0)
    model = make_pipeline(
        SeriesScaler(), TransformedWindowRegressor(LinearWindow(), Differencer(4))
    )
    line = (
        'TransformedWindowRegressor(make_pipeline(SeriesScaler(), RNNRegressor("gru")), '
        "Differencer(24))"
    )

    with pytest.raises(ValueError, match="y is not in that column's unit") as caught:
        model.fit(X, y)
    assert str(caught.value).endswith(line)


def test_scaling_outside_in_a_pipeline_on_rows(rows):
    """So it is for rows."""
    pipe = make_pipeline(
        SeriesScaler(), SlidingWindow(9), TransformedWindowRegressor(LinearWindow(), Differencer(4))
    )

    with pytest.raises(ValueError, match="y is not in that column's unit"):
        pipe.fit(rows, rows[:, 0])


def test_one_unit_looks_past_noise(rows):
    """A single wrong value, or single precision, is no other unit."""
    X, y = make_windows(rows.astype("float32"), 9, target=0)
    y = y.astype(float)
    y[5] += 100

    TransformedWindowRegressor(LinearWindow(), Differencer(4)).fit(X, y)


@pytest.mark.parametrize("target", ["load", 1, -1])
def test_target(rows, target):
    """The target column by name or position."""
    frame = pd.DataFrame(rows[:, ::-1], columns=["noise", "load"])
    X, y = make_windows(frame, 9, target="load")

    model = TransformedWindowRegressor(LinearWindow(), Differencer(4), target=target).fit(X, y)

    assert model.score(X, y) > 0.9


def test_wrong_target(rows):
    """y of another column is told by that column's name."""
    frame = pd.DataFrame(rows, columns=["load", "noise"])
    X, y = make_windows(frame, 9, target="load")

    with pytest.raises(ValueError, match="y is the column 'load': use target='load'"):
        TransformedWindowRegressor(LinearWindow(), Differencer(4), target="noise").fit(X, y)


def test_pipeline_on_rows(rows):
    """In a pipeline every row gets a finite forecast, and future ones too."""
    frame = pd.DataFrame(
        rows, columns=["a", "b"], index=pd.date_range("2024", periods=150, freq="h")
    )
    model = TransformedWindowRegressor(
        make_pipeline(SeriesScaler(), LinearWindow()), Differencer(4)
    )
    pipe = make_pipeline(SlidingWindow(9, lead=2), model).fit(frame[:120], frame["a"][:120])

    assert np.isfinite(pipe.predict(frame)).all()
    assert pipe.score(frame[120:], frame["a"][120:]) > 0.8
    with pytest.warns(UserWarning, match="2 of 2 rows .* begin 31 rows behind the last fitted one"):
        forecasts = pipe.predict(future_rows(frame, 2)[-2:])
    assert np.isfinite(forecasts).all()


def test_pipeline_sees_nothing_late(rows):
    """A forecast by a model fitted earlier depends on nothing behind its window."""
    pipe = make_pipeline(
        SlidingWindow(9, lead=2), TransformedWindowRegressor(LinearWindow(), Differencer((1, 4)))
    )
    pipe.fit(rows[:100], rows[:100, 0])
    changed = rows.copy()
    changed[120:] = 1e6

    np.testing.assert_array_equal(pipe.predict(changed)[:122], pipe.predict(rows)[:122])


def test_search(rows):
    """A search finds the season."""
    pipe = make_pipeline(
        SlidingWindow(9, context="carry"),
        TransformedWindowRegressor(NaiveForecaster("mean"), WindowScaler()),
    )
    grid = {
        "transformedwindowregressor__transformer": [
            WindowScaler(),
            None,
            Differencer(4),
            Differencer(3),
        ]
    }
    pipe.set_params(transformedwindowregressor__regressor=LinearWindow(alpha=1e6))

    search = GridSearchCV(pipe, grid, cv=TimeSeriesSplit(3)).fit(rows, rows[:, 0])

    assert search.best_params_["transformedwindowregressor__transformer"].lags == 4


def test_search_over_windows(rows):
    """Ready-made windows are searched as any samples."""
    X, y = make_windows(rows, 9, 3, target=0)

    scores = cross_val_score(
        TransformedWindowRegressor(LinearWindow(), Differencer(4)),
        X,
        y,
        cv=TimeSeriesSplit(3, gap=2),
    )

    assert (scores > 0.5).all()


def test_without_transformer(rows):
    """None leaves windows as they are, and gives a stock regressor the complete ones."""
    X = SlidingWindow(3).fit_transform(rows)
    flat = np.asarray(X)[3:].reshape(-1, 6)

    model = TransformedWindowRegressor(make_pipeline(FlattenWindows(), LinearRegression())).fit(
        X, rows[:, 0]
    )

    np.testing.assert_allclose(
        model.predict(X)[3:], LinearRegression().fit(flat, rows[3:, 0]).predict(flat), rtol=1e-6
    )


def test_transformer_that_cannot_be_undone(rows):
    """Other transformers belong inside."""
    X, y = make_windows(rows, 9, target=0)

    with pytest.raises(
        ValueError,
        match="transformer must be undone against a window, .* got LastSteps: put it inside",
    ):
        TransformedWindowRegressor(LinearWindow(), LastSteps(4)).fit(X, y)


def test_nothing_that_came_changes(rows):
    """The regressor and the transformer are cloned; rows, y and weights stay."""
    X, y = make_windows(rows, 9, target=0)
    copies, weights = (rows.copy(), y.copy()), np.ones(len(y))
    regressor, transformer = LinearWindow(), Differencer(4)

    TransformedWindowRegressor(regressor, transformer).fit(X, y, weights).predict(X)

    assert vars(regressor) == vars(LinearWindow(alpha=1.0))
    assert set(vars(transformer)) == {"lags", "columns", "context"}
    np.testing.assert_array_equal(rows, copies[0])
    np.testing.assert_array_equal(y, copies[1])


@pytest.mark.parametrize("transformer", TRANSFORMERS.values(), ids=TRANSFORMERS)
def test_pickle(rows, transformer):
    """A fitted model survives pickling."""
    X, y = make_windows(rows, 9, target=0)
    model = TransformedWindowRegressor(LinearWindow(), transformer).fit(X, y)

    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))


# ---------------------------------------------------------------------- incomplete windows

MODELS = {
    "naive": NaiveForecaster(),
    "linear": LinearWindow(),
    **{
        name: TransformedWindowRegressor(LinearWindow(), transformer)
        for name, transformer in TRANSFORMERS.items()
    },
    "ridge": TransformedWindowRegressor(make_pipeline(FlattenWindows(), Ridge()), Differencer(4)),
}


@pytest.fixture(params=MODELS.values(), ids=MODELS)
def model(request):
    return clone(request.param)


@pytest.mark.parametrize("horizon", [1, 3])
def test_fit_drops(rows, model, horizon):
    """Incomplete windows and unknown targets count for nothing."""
    holed = rows.copy()
    holed[60, 1], holed[90] = np.nan, np.nan
    X, y = make_windows(holed, 9, horizon, target=0)
    kept = X.complete() & ~np.isnan(y.reshape(len(y), -1)).any(axis=1)
    weights = np.linspace(1, 2, len(y))

    dropped = clone(model).fit(X, y, weights)
    without = clone(model).fit(X[kept], y[kept], weights[kept])

    assert 0 < kept.sum() < len(X)
    np.testing.assert_allclose(dropped.predict(X), without.predict(X))


@pytest.mark.parametrize("horizon", [1, 3])
def test_predict_is_finite(rows, model, horizon):
    """However few steps are known, forecasts are finite; the mean of the training target where none
    is.
    """
    X, y = make_windows(rows, 9, horizon, target=0)
    model.fit(X, y)
    new = np.asarray(X).copy()
    holes = np.random.default_rng(0).random(new.shape)
    new[holes < np.linspace(0, 1, len(new))[:, None, None]] = np.nan
    new[-1] = np.nan

    forecasts = model.predict(new)

    assert np.isfinite(forecasts).all()
    np.testing.assert_allclose(forecasts[-1], y.mean(axis=0))


@pytest.mark.parametrize(
    "model", [NaiveForecaster("mean"), LinearWindow()], ids=["naive", "linear"]
)
def test_predict_fills_forward_then_backward(rows, model):
    """An incomplete window is forecast as the one that its own nearest steps complete."""
    X, y = make_windows(rows, 9, target=0)
    model.fit(X, y)
    new = np.asarray(X)[:3].copy()
    filled = new.copy()
    new[0, :3], filled[0, :3] = np.nan, new[0, 3]
    new[1, 4:6], filled[1, 4:6] = np.nan, new[1, 3]
    new[2, -2:], filled[2, -2:] = np.nan, new[2, -3]

    np.testing.assert_allclose(model.predict(new), model.predict(filled))


def test_windows_and_arrays_agree(rows, model):
    """A window forecasts the same, lazy or gathered, known or not."""
    X = SlidingWindow(9).fit_transform(np.where(np.arange(150)[:, None] % 40 == 30, np.nan, rows))
    model.fit(X, rows[:, 0])

    np.testing.assert_allclose(model.predict(np.asarray(X)), model.predict(X))


def test_mean_of_the_training_target_is_weighted(rows):
    """The mean is that of the samples that count, by their weights."""
    X, y = make_windows(rows, 9, target=0)
    weights = np.arange(len(y)) % 5.0

    model = LinearWindow().fit(X, y, weights)

    assert model.predict(np.full((1, 9, 2), np.nan))[0] == pytest.approx(
        np.average(y, weights=weights)
    )


SEASONAL = 0.5 * np.arange(200) + np.array([0, 5, 6, 5, 4, 2, -3])[np.arange(200) % 7]


@pytest.mark.parametrize("inner", [Differencer(7), SeasonalAnchor(7)], ids=type)
@pytest.mark.parametrize("leads", [5, (3, 5)])
def test_changes_over_several_rows_have_no_season(inner, leads):
    """In changes from row to row what a window knows of its season says nothing of their sum."""
    n = {"horizon": leads} if leads == 5 else {"leads": leads}
    X, y = make_windows(SEASONAL, length=20, **n)
    model = TransformedWindowRegressor(
        TransformedWindowRegressor(LinearWindow(), inner), Differencer(1)
    )

    with pytest.raises(ValueError, match=rf"{type(inner).__name__} relates.*Differencer\(\(1, 24"):
        model.fit(X, y)


@pytest.mark.parametrize(
    ("inner", "outer"),
    [
        (Differencer(1), Differencer(7)),
        (SeasonalAnchor(7), Differencer(7)),
        (None, Differencer((1, 7))),
    ],
)
def test_within_the_lag_changes_have_a_season(inner, outer):
    X, y = make_windows(SEASONAL, length=20, horizon=5)
    model = LinearWindow() if inner is None else TransformedWindowRegressor(LinearWindow(), inner)
    model = TransformedWindowRegressor(model, outer).fit(X[:100], y[:100])

    np.testing.assert_allclose(model.predict(X[100:]), y[100:], atol=1e-6)
