"""The leak audit: nothing that is forecast for a row changes with the rows behind it."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_selector
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skrnn
from skrnn import (
    CalendarFeatures,
    CharacterModel,
    ConvClassifier,
    ConvRegressor,
    DenseClassifier,
    DenseRegressor,
    Differencer,
    DirectForecaster,
    FlattenWindows,
    IntervalForecaster,
    LastSteps,
    LinearWindow,
    LogTransformer,
    MultiOutputForecaster,
    NaiveForecaster,
    RecursiveForecaster,
    RNNClassifier,
    RNNRegressor,
    SeasonalAnchor,
    SeriesScaler,
    SlidingWindow,
    TokenModel,
    TokenSequences,
    TransformedWindowRegressor,
    WindowScaler,
    future_rows,
    make_windows,
)
from skrnn.datasets import make_reviews
from skrnn.evaluation import backtest, lead_scorer, skill_scorer
from skrnn.forecasters.inside import components
from skrnn.sktime import SmoothingRegressor, WindowForecaster, WindowRegressorAdapter

N_ROWS, N_FIT, LEAD, LENGTH = 160, 100, 3, 6
CUTS = (101, 117, 140)

_NET = {"epochs": 1, "batch_size": 64, "random_state": 0}
_QUANTILES = (0.1, 0.5, 0.9)


def series():
    """Hourly rows of a target and a helper, with unknown values and a missing row."""
    rng = np.random.default_rng(3)
    index = pd.date_range("2024-03-30", periods=N_ROWS, freq="h", tz="Europe/Berlin")
    t = np.arange(N_ROWS)
    frame = pd.DataFrame(
        {
            "load": 50 + 10 * np.sin(t / 4) + rng.normal(size=N_ROWS),
            "temp": rng.normal(size=N_ROWS),
        },
        index,
    )
    frame.iloc[[20, 21, 108, 130], 0] = np.nan
    frame.iloc[55, 1] = np.nan
    return frame.drop(frame.index[[40, 112]])


def changed(frame, cut, columns=("load", "temp")):
    """The same rows up to ``cut``, others behind it."""
    other = frame.copy()
    other.loc[other.index[cut + 1] :, list(columns)] = (
        1e3 + 7 * frame[list(columns)].to_numpy()[cut + 1 :]
    )
    return other


def window(**params):
    return SlidingWindow(length=LENGTH, lead=LEAD, **params)


ROW_PIPELINES = {
    "naive": make_pipeline(window(), NaiveForecaster()),
    "naive, seasonal": make_pipeline(window(), NaiveForecaster("seasonal", season=4)),
    "smoothing": make_pipeline(window(), SmoothingRegressor()),
    "smoothing, seasonal": make_pipeline(window(), SmoothingRegressor(season=3)),
    "smoothing, sampling rate": make_pipeline(
        SlidingWindow(3, LEAD, sampling_rate=2), SmoothingRegressor()
    ),
    "linear": make_pipeline(SeriesScaler(), window(), LinearWindow()),
    "linear, alpha is chosen": make_pipeline(
        SeriesScaler(), window(), LinearWindow(alpha="auto", loss="mae")
    ),
    "linear, context none": make_pipeline(
        SeriesScaler("robust"), window(context="none"), LinearWindow()
    ),
    "linear, sampling rate": make_pipeline(
        SeriesScaler("minmax"), SlidingWindow(3, LEAD, sampling_rate=2), LinearWindow()
    ),
    "calendar known ahead": make_pipeline(
        CalendarFeatures(("hour", "dayofyear")),
        SeriesScaler(),
        window(known_ahead=make_column_selector("_(?:sin|cos)$")),
        LinearWindow(),
    ),
    "stock scaler": make_pipeline(
        StandardScaler().set_output(transform="pandas"), window(), LinearWindow()
    ),
    "differenced rows": make_pipeline(Differencer((1, 2)), window(), LinearWindow()),
    "windows scaled": make_pipeline(window(), SeriesScaler(), LastSteps(4), LinearWindow()),
    "windows scaled by themselves": make_pipeline(window(), WindowScaler(), LinearWindow()),
    "flattened": make_pipeline(
        window(), TransformedWindowRegressor(make_pipeline(FlattenWindows(), Ridge()))
    ),
    "differenced against the window": make_pipeline(
        window(),
        TransformedWindowRegressor(
            make_pipeline(SeriesScaler(), LinearWindow()), Differencer((1, 2))
        ),
    ),
    "scaled against the window": make_pipeline(
        window(), TransformedWindowRegressor(LinearWindow(), WindowScaler(), target="load")
    ),
    "nested wrappers": make_pipeline(
        window(),
        TransformedWindowRegressor(
            TransformedWindowRegressor(LinearWindow(), WindowScaler()), Differencer(1)
        ),
    ),
    "since the last season": make_pipeline(
        window(), TransformedWindowRegressor(LinearWindow(), SeasonalAnchor(4))
    ),
    "scaled by size": make_pipeline(
        window(),
        TransformedWindowRegressor(
            LinearWindow(), WindowScaler("last", scale="mean_abs"), weight_by_scale=True
        ),
    ),
    "logarithms of rows": make_pipeline(LogTransformer(columns="load"), window(), LinearWindow()),
    "powers of rows": make_pipeline(LogTransformer("yeo-johnson"), window(), LinearWindow()),
    "logarithms since the last season": make_pipeline(
        window(),
        TransformedWindowRegressor(
            TransformedWindowRegressor(
                TransformedWindowRegressor(LinearWindow(), SeasonalAnchor(4)),
                WindowScaler(min_scale=0.01),
                weight_by_scale=0.5,
            ),
            LogTransformer(columns="load"),
        ),
    ),
    "network in a wrapper": make_pipeline(
        window(), TransformedWindowRegressor(RNNRegressor("gru", 4, **_NET), WindowScaler())
    ),
    "quantiles": make_pipeline(SeriesScaler(), window(), LinearWindow(quantiles=_QUANTILES)),
    "quantiles of a network": make_pipeline(
        SeriesScaler(), window(), RNNRegressor("gru", 4, quantiles=_QUANTILES, **_NET)
    ),
    "dense": make_pipeline(SeriesScaler(), window(), DenseRegressor(4, **_NET)),
    "convolutional": make_pipeline(SeriesScaler(), window(), ConvRegressor(4, **_NET)),
    "recurrent": make_pipeline(SeriesScaler(), window(), RNNRegressor("simple", 4, **_NET)),
    "recurrent, early stopping": make_pipeline(
        SeriesScaler(), window(), RNNRegressor("gru", 4, early_stopping=True, **_NET)
    ),
}


CLASSIFIERS = {
    "dense classes": DenseClassifier(4, **_NET),
    "convolutional classes": ConvClassifier(4, **_NET),
    "recurrent classes": RNNClassifier("gru", 4, early_stopping=True, **_NET),
}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_probabilities_do_not_see_the_rows_behind(name):
    """Labels by row: what is told of a row depends on no row less than ``lead`` before it."""
    frame = series()
    labels = pd.Series(np.where(frame["load"] > 50, "high", "low"), frame.index)
    pipe = make_pipeline(SeriesScaler(), window(), CLASSIFIERS[name])
    pipe.fit(frame[:N_FIT], labels[:N_FIT])
    honest = pipe.predict_proba(frame[N_FIT:])

    for cut in CUTS:
        known = frame.index[N_FIT:] <= frame.index[cut] + LEAD * pd.Timedelta("1h")
        cheating = pipe.predict_proba(changed(frame, cut)[N_FIT:])
        np.testing.assert_array_equal(cheating[known], honest[known])


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classes_behind_the_training_windows_do_not_count(name):
    """Nor does any fit, or its validation, see labels or rows behind the training windows."""
    frame = series().ffill()
    X, y = make_windows(frame, LENGTH, target="load")
    train, _ = next(TimeSeriesSplit(2).split(X))
    last = X.ends[train[-1]] + 1
    rows = X.rows.copy()
    rows[last + 1 :] = 1e3 + 7 * rows[last + 1 :]

    def probabilities(rows):
        windows = X.replace(rows=rows)
        model = make_pipeline(SeriesScaler(), CLASSIFIERS[name])
        model.fit(windows[train], y[train] > 50)
        return model.predict_proba(windows[windows.ends <= last])

    np.testing.assert_array_equal(probabilities(rows), probabilities(X.rows))


def test_other_sequences_do_not_count():
    """What is told of a sequence depends on no other sequence that comes with it."""
    random = np.random.default_rng(0)
    X = [random.normal(size=(n, 2)) for n in random.integers(3, 12, size=60)]
    model = make_pipeline(SeriesScaler(), CLASSIFIERS["recurrent classes"])
    model.fit(X[:40], [x[0, 0] > 0 for x in X[:40]])
    others = [x if i % 2 else 1e3 * x for i, x in enumerate(X[40:])]

    honest, beside_others = model.predict_proba(X[40:]), model.predict_proba(others)

    np.testing.assert_array_equal(honest[1::2], beside_others[1::2])


TEXTS = {
    "average of words and pairs": make_pipeline(
        TokenSequences(ngram_range=(1, 2)),
        DenseClassifier((), pooling="average", embedding=4, **_NET),
    ),
    "recurrent, attention": make_pipeline(
        TokenSequences(20, 12), RNNClassifier("gru", 4, embedding=4, pooling="attention", **_NET)
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_other_texts_do_not_count(name):
    """What is told of a text depends on no other that comes with it, nor on words of these."""
    texts, positive = make_reviews(60, random_state=0)
    model = TEXTS[name].fit(texts[:40], positive[:40])
    others = [text if i % 2 else f"{text} unheard of" * i for i, text in enumerate(texts[40:])]

    honest, beside_others = model.predict_proba(texts[40:]), model.predict_proba(others)

    np.testing.assert_array_equal(honest[1::2], beside_others[1::2])


def test_codes_behind_do_not_count():
    """How many codes there are is known from the training windows alone."""
    codes = np.random.default_rng(0).integers(0, 6, size=(120, 1)).astype(float)
    X, _ = make_windows(codes, LENGTH)
    last = X.ends[80]
    behind = np.where(np.arange(120)[:, None] > last, 99.0, codes)

    def probabilities(rows):
        windows = X.replace(rows=rows)
        model = RNNClassifier("gru", 4, embedding=4, **_NET)
        model.fit(windows[:81], windows[:81].values_at(0, [0])[:, 0] > 2)
        return model.predict_proba(windows[:81])

    np.testing.assert_array_equal(probabilities(behind), probabilities(codes))


@pytest.mark.parametrize("name", ROW_PIPELINES)
def test_rows_behind_do_not_count(name):
    """fit, then predict: a row's forecast depends on no row less than ``lead`` before it."""
    frame = series()
    pipe = ROW_PIPELINES[name].fit(frame[:N_FIT], frame["load"][:N_FIT])
    honest = pipe.predict(frame[N_FIT:])

    for cut in CUTS:
        known = (
            frame.index[N_FIT:]
            <= frame.index[cut] + LEAD * frame.index[:2].to_series().diff().iloc[1]
        )
        cheating = pipe.predict(changed(frame, cut)[N_FIT:])
        assert np.isfinite(cheating).all()
        np.testing.assert_array_equal(cheating[known], honest[known])


@pytest.mark.parametrize("name", ROW_PIPELINES)
def test_context_is_what_the_row_would_have_seen(name):
    """Behind the fitted rows, a forecast is that of the whole series in one piece."""
    frame = series()
    pipe = ROW_PIPELINES[name].fit(frame[:N_FIT], frame["load"][:N_FIT])
    if "none" in name:
        pytest.skip("this pipeline never carries context")

    whole, pieces = pipe.predict(frame), pipe.predict(frame[N_FIT:])

    np.testing.assert_allclose(pieces, whole[N_FIT:], rtol=1e-6)


@pytest.mark.parametrize(
    "name", ["linear", "calendar known ahead", "differenced against the window", "recurrent"]
)
def test_folds_do_not_see_later_rows(name):
    """In TimeSeriesSplit, a fold's forecasts are the same whatever comes behind the fold."""
    frame = series()
    other = changed(frame, 120)

    def forecasts(data):
        for train, test in TimeSeriesSplit(4).split(data):
            pipe = ROW_PIPELINES[name].fit(data.iloc[train], data["load"].iloc[train])
            yield test, pipe.predict(data.iloc[test])

    for (test, honest), (_, cheating) in zip(forecasts(frame), forecasts(other), strict=True):
        known = test <= 120 + 2  # a missing row behind row 112 makes one of the three rows ahead
        np.testing.assert_array_equal(cheating[known], honest[known])


def test_known_ahead_is_all_that_reaches_ahead():
    """A column that is known ahead counts up to its row, not behind it; others keep their lead."""
    frame = series()
    pipe = make_pipeline(window(known_ahead="temp"), LinearWindow())
    pipe.fit(frame[:N_FIT], frame["load"][:N_FIT])
    honest = pipe.predict(frame[N_FIT:])

    cheating = pipe.predict(changed(frame, 117, ["temp"])[N_FIT:])

    np.testing.assert_array_equal(cheating[: 118 - N_FIT], honest[: 118 - N_FIT])
    assert cheating[118 - N_FIT] != honest[118 - N_FIT]


def test_a_search_does_not_see_the_rows_behind():
    """A search chooses and fits the same, whatever comes behind the rows that it is given."""
    frame = series()
    pipe = make_pipeline(SeriesScaler(), window(), LinearWindow())
    grid = {"slidingwindow__length": [2, 6], "linearwindow__alpha": [0.1, 10.0]}

    def search(data):
        return GridSearchCV(pipe, grid, cv=TimeSeriesSplit(3)).fit(
            data[:N_FIT], data["load"][:N_FIT]
        )

    one, two = search(frame), search(changed(frame, N_FIT - 1))

    np.testing.assert_array_equal(
        one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"]
    )


WINDOW_MODELS = {
    "naive": NaiveForecaster("drift"),
    "smoothing": SmoothingRegressor(season=3),
    "smoothing, windows scaled by themselves": TransformedWindowRegressor(
        SmoothingRegressor(season=3, target="load"), WindowScaler()
    ),
    "linear": make_pipeline(SeriesScaler(), LinearWindow()),
    "linear, alpha is chosen": make_pipeline(SeriesScaler(), LinearWindow(alpha="auto")),
    "linear, absolute errors": make_pipeline(SeriesScaler(), LinearWindow(loss="mae")),
    "robust": make_pipeline(SeriesScaler("robust"), LinearWindow()),
    "last steps": make_pipeline(LastSteps(3), SeriesScaler("minmax"), LinearWindow()),
    "flattened": make_pipeline(
        SeriesScaler(), TransformedWindowRegressor(make_pipeline(FlattenWindows(), Ridge()))
    ),
    "window scaler": make_pipeline(WindowScaler(), SeriesScaler(), LinearWindow()),
    "differenced": TransformedWindowRegressor(
        make_pipeline(SeriesScaler(), LinearWindow()), Differencer(2)
    ),
    "against the window": TransformedWindowRegressor(LinearWindow(), WindowScaler()),
    "nested wrappers": TransformedWindowRegressor(
        TransformedWindowRegressor(LinearWindow(), WindowScaler()), Differencer(1)
    ),
    "since the last season": TransformedWindowRegressor(LinearWindow(), SeasonalAnchor(2)),
    "weights by size": TransformedWindowRegressor(
        DenseRegressor(4, **_NET), WindowScaler("last"), weight_by_scale=-0.5
    ),
    "scaled by size": TransformedWindowRegressor(
        LinearWindow(), WindowScaler(None, scale="mean_abs")
    ),
    "logarithms": TransformedWindowRegressor(LinearWindow(), LogTransformer(columns="load")),
    "powers": TransformedWindowRegressor(LinearWindow(), LogTransformer("box-cox", columns="load")),
    "network on logarithms since the last season": TransformedWindowRegressor(
        TransformedWindowRegressor(RNNRegressor("gru", 4, **_NET), SeasonalAnchor(2)),
        LogTransformer("yeo-johnson"),
    ),
    "network in nested wrappers": TransformedWindowRegressor(
        TransformedWindowRegressor(
            make_pipeline(SeriesScaler(), RNNRegressor("gru", 4, **_NET)), WindowScaler()
        ),
        Differencer(2),
    ),
    "network on windows scaled by themselves": make_pipeline(
        WindowScaler(), DenseRegressor(4, **_NET)
    ),
    "recursive, windows scaled by themselves": RecursiveForecaster(
        TransformedWindowRegressor(DenseRegressor(4, **_NET), WindowScaler())
    ),
    "recursive, since the last season": RecursiveForecaster(
        TransformedWindowRegressor(LinearWindow(), SeasonalAnchor(4))
    ),
    "direct, logarithms since the last season": DirectForecaster(
        TransformedWindowRegressor(
            TransformedWindowRegressor(LinearWindow(), SeasonalAnchor(4)),
            LogTransformer(columns="load"),
        )
    ),
    "direct, differenced": DirectForecaster(
        TransformedWindowRegressor(LinearWindow(), Differencer((1, 2)))
    ),
    "quantiles": make_pipeline(SeriesScaler(), LinearWindow(quantiles=_QUANTILES)),
    "quantiles of a dense network": make_pipeline(
        SeriesScaler(), DenseRegressor(4, quantiles=_QUANTILES, **_NET)
    ),
    "quantiles of a convolutional network": make_pipeline(
        SeriesScaler(), ConvRegressor(4, quantiles=_QUANTILES, **_NET)
    ),
    "quantiles of a recurrent network": make_pipeline(
        SeriesScaler(),
        RNNRegressor("gru", 4, quantiles=_QUANTILES, validation_fraction=0.2, **_NET),
    ),
    "recursive": RecursiveForecaster(TransformedWindowRegressor(LinearWindow(), Differencer(1))),
    "multi-output": make_pipeline(SeriesScaler(), MultiOutputForecaster(Ridge())),
    "direct": make_pipeline(SeriesScaler(), DirectForecaster(Ridge())),
    "dense": make_pipeline(SeriesScaler(), DenseRegressor(4, **_NET)),
    "convolutional": make_pipeline(SeriesScaler(), ConvRegressor(4, **_NET)),
    "recurrent": make_pipeline(
        SeriesScaler(), RNNRegressor("gru", 4, validation_fraction=0.2, **_NET)
    ),
    "sequence to sequence": make_pipeline(
        SeriesScaler(),
        RNNRegressor("simple", 4, sequence_targets=True, validation_fraction=0.2, **_NET),
    ),
    "sequence to sequence, own steps": TransformedWindowRegressor(
        RNNRegressor("simple", 4, sequence_targets=True, **_NET), WindowScaler()
    ),
    "encoder and decoder": make_pipeline(
        SeriesScaler(), RNNRegressor("simple", 4, decoder="recurrent", **_NET)
    ),
}


@pytest.mark.parametrize("name", WINDOW_MODELS)
def test_windows_behind_the_training_windows_do_not_count(name):
    """Windows by origin: no row behind the training windows' last target is seen by any fit."""
    frame, horizon = series().ffill(), 3
    X, _ = make_windows(frame, LENGTH, horizon, target="load")
    train, _ = next(TimeSeriesSplit(2, gap=horizon - 1).split(X))
    last = X.ends[train[-1]] + horizon

    def forecast(rows):
        windows = X.replace(rows=rows)
        targets = windows.values_at(0, windows.leads)
        model = WINDOW_MODELS[name].fit(windows[train], targets[train])
        return model.predict(windows[windows.ends <= last])

    rows = X.rows.copy()
    rows[last + 1 :] = 1e3 + 7 * rows[last + 1 :]

    np.testing.assert_array_equal(forecast(rows), forecast(X.rows))


@pytest.mark.parametrize("strategy", [RecursiveForecaster, DirectForecaster, MultiOutputForecaster])
def test_many_leads_do_not_see_the_rows_behind(strategy):
    """Rows in, many leads out: forecasts made up to row ``cut`` ignore the rows behind it."""
    frame = series()
    pipe = make_pipeline(SlidingWindow(LENGTH), strategy(LinearWindow(), 12))
    pipe.fit(frame[:N_FIT], frame["load"][:N_FIT])
    honest = pipe.predict(frame[N_FIT:])

    cheating = pipe.predict(changed(frame, 117)[N_FIT:])

    np.testing.assert_array_equal(cheating[: 119 - N_FIT], honest[: 119 - N_FIT])


@pytest.mark.parametrize("params", [{"sequence_targets": True}, {"decoder": "recurrent"}], ids=str)
def test_networks_of_many_leads_do_not_see_the_rows_behind(params):
    """Many leads: behind the origin only what is known ahead is seen, up to the last lead."""
    frame, horizon = series(), 4
    network = RNNRegressor("simple", 4, **params, **_NET)
    pipe = make_pipeline(
        SeriesScaler(),
        SlidingWindow(LENGTH, known_ahead="temp"),
        MultiOutputForecaster(network, horizon),
    ).fit(frame[:N_FIT], frame["load"][:N_FIT])
    honest = pipe.predict(frame[N_FIT:])

    load, temp = (
        pipe.predict(changed(frame, 117, [column])[N_FIT:]) for column in ("load", "temp")
    )

    np.testing.assert_array_equal(load[: 119 - N_FIT], honest[: 119 - N_FIT])
    np.testing.assert_array_equal(temp[: 119 - N_FIT - horizon], honest[: 119 - N_FIT - horizon])


def made_until(result, label):
    """The forecasts of a backtest, and of its baseline, that were made at a row or before it, with
    their intervals.
    """
    made = result.predictions[result.predictions["origin"] <= label]
    ends = [name for name in made if "lower" in name or "upper" in name]
    return made[["origin", "lead", "predicted", "baseline", *ends]]


BACKTESTED = {
    **ROW_PIPELINES,
    **{
        f"{strategy.__name__}": make_pipeline(
            CalendarFeatures("hour"),
            SlidingWindow(LENGTH, known_ahead=["hour_sin", "hour_cos"]),
            strategy(LinearWindow(), 5),
        )
        for strategy in (RecursiveForecaster, DirectForecaster, MultiOutputForecaster)
    },
}


@pytest.mark.parametrize("name", BACKTESTED)
def test_backtests_of_rows_do_not_see_the_rows_behind(name):
    """No forecast of a backtest changes with the rows behind the one at which it was made."""
    frame = series()
    cut = frame.index[117]

    honest, cheating = (
        backtest(
            BACKTESTED[name],
            data,
            data["load"],
            cv=3,
            baseline=NaiveForecaster("seasonal", season=4),
        )
        for data in (frame, changed(frame, 117))
    )

    before = made_until(honest, cut)
    assert len(before) > 50
    assert before["origin"].max() == cut
    pd.testing.assert_frame_equal(made_until(cheating, cut), before, check_exact=True)


@pytest.mark.parametrize(
    ("name", "cv"),
    [*((name, 3) for name in WINDOW_MODELS), ("linear", TimeSeriesSplit(2, test_size=30))],
)
def test_backtests_of_windows_do_not_see_the_rows_behind(name, cv):
    """The same for windows, also where the splitter leaves no gap."""
    frame = series().ffill()
    cut = frame.index[117]

    def forecasts(data):
        X, y = make_windows(data, LENGTH, 3, target="load")
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "cv leaks")
            return made_until(backtest(WINDOW_MODELS[name], X, y, cv=cv), cut)

    honest, cheating = forecasts(frame), forecasts(changed(frame, 117))

    assert len(honest) > 40
    pd.testing.assert_frame_equal(cheating, honest, check_exact=True)


def test_backtests_of_panels_do_not_see_the_rows_behind():
    """Nothing that any series of a panel tells behind a date changes what is forecast at it."""
    frame = series().ffill()
    cut = frame.index[117]

    def forecasts(data):
        X, y = make_windows([data, data[30:-10], data[:50]], LENGTH, 3, target="load")
        model = make_pipeline(SeriesScaler(), LinearWindow())
        return made_until(backtest(model, X, y, cv=3, coverages=0.8), cut)

    honest, cheating = forecasts(frame), forecasts(changed(frame, 117))

    assert honest["upper_0.8"].notna().any()
    pd.testing.assert_frame_equal(cheating, honest, check_exact=True)


@pytest.mark.parametrize(
    "transformer",
    [
        SeriesScaler(),
        SeriesScaler("robust"),
        Differencer((1, 5)),
        LogTransformer("yeo-johnson"),
        window(),
    ],
)
def test_transformers_look_back_only(transformer):
    """Transformed rows do not change with the rows behind them."""
    frame = series()
    transformer.fit(frame[:N_FIT])

    honest, cheating = (
        np.asarray(transformer.transform(data[N_FIT:])) for data in (frame, changed(frame, 117))
    )

    np.testing.assert_array_equal(cheating[: 118 - N_FIT], honest[: 118 - N_FIT])


def quantiles_of(pipe, X):
    return pipe[-1].predict_quantiles(pipe[:-1].transform(X))


@pytest.mark.parametrize("name", ["quantiles", "quantiles of a network"])
def test_quantiles_of_rows_do_not_see_the_rows_behind(name):
    """Every quantile of a row's forecast, not only the median, is the same whatever follows."""
    frame = series()
    pipe = ROW_PIPELINES[name].fit(frame[:N_FIT], frame["load"][:N_FIT])
    honest = quantiles_of(pipe, frame[N_FIT:])

    cheating = quantiles_of(pipe, changed(frame, 117)[N_FIT:])

    # A missing row behind the cut makes one of the three rows ahead.
    np.testing.assert_array_equal(cheating[: 120 - N_FIT], honest[: 120 - N_FIT])


@pytest.mark.parametrize("name", [name for name in WINDOW_MODELS if name.startswith("quantiles")])
def test_quantiles_of_windows_do_not_see_the_rows_behind(name):
    """Nor do those of windows, fitted and scaled on what was known."""
    frame = series().ffill()
    X, _ = make_windows(frame, LENGTH, 3, target="load")
    last = X.ends[60] + 3
    rows = X.rows.copy()
    rows[last + 1 :] = 1e3 + 7 * rows[last + 1 :]

    def forecast(rows):
        windows = X.replace(rows=rows)
        model = WINDOW_MODELS[name].fit(windows[:61], windows[:61].values_at(0, windows.leads))
        return quantiles_of(model, windows[windows.ends <= last])

    np.testing.assert_array_equal(forecast(rows), forecast(X.rows))


def test_continued_training_does_not_see_the_rows_behind():
    """A network that goes on learning from newer rows learns from no rows behind these."""
    frame = series()
    steps = make_pipeline(SeriesScaler(), window()).fit(frame[:60])

    def forecast(data):
        network = RNNRegressor("gru", 4, **_NET)
        network.fit(steps.transform(data[:60]), data["load"][:60])
        network.partial_fit(steps.transform(data[60:N_FIT]), data["load"][60:N_FIT])
        return network.predict(steps.transform(data[60 : N_FIT + 1]))

    np.testing.assert_array_equal(forecast(changed(frame, N_FIT)), forecast(frame))


def test_the_future_is_forecast_from_the_past():
    """Rows that do not exist yet are forecast as they are once they do."""
    frame = series().ffill()
    pipe = make_pipeline(SeriesScaler(), window(), LinearWindow())
    pipe.fit(frame[:N_FIT], frame["load"][:N_FIT])

    forecast = pipe.predict(future_rows(frame[:N_FIT], LEAD))[-LEAD:]

    once_there = pipe.predict(frame[N_FIT:])[:LEAD]
    np.testing.assert_allclose(forecast, once_there, rtol=1e-12)


@pytest.mark.parametrize(
    "scorer",
    [lead_scorer("mae"), skill_scorer(), skill_scorer(NaiveForecaster("drift"))],
    ids=["mae", "skill", "skill beside drift"],
)
def test_scores_do_not_see_the_rows_behind(scorer):
    """The scores of a search's folds count no row behind those that the search is given."""
    frame = series()
    pipe = make_pipeline(SeriesScaler(), window(), LinearWindow())

    def scores(data):
        search = GridSearchCV(
            pipe, {"linearwindow__alpha": [0.1, 10]}, cv=TimeSeriesSplit(3), scoring=scorer
        )
        return search.fit(data[:N_FIT], data["load"][:N_FIT]).cv_results_["mean_test_score"]

    np.testing.assert_array_equal(scores(changed(frame, N_FIT - 1)), scores(frame))


@pytest.mark.parametrize("strategy", ["recursive", "direct", "multioutput"])
def test_forecasters_of_sktime_see_the_columns_that_they_are_told_to(strategy):
    """X is known up to the row that is forecast (multioutput: up to the last), not behind it."""
    frame = series().ffill().tz_localize(None).asfreq("h").ffill()
    y, X = frame["load"], frame[["temp"]]
    forecaster = WindowForecaster(LinearWindow(), window_length=LENGTH, strategy=strategy)
    forecaster.fit(y[:N_FIT], X[:N_FIT], fh=[1, 2, 3, 4])
    honest = forecaster.predict(X=X[N_FIT : N_FIT + 9])

    later = X[N_FIT : N_FIT + 9].copy()
    later.iloc[2 if strategy != "multioutput" else 4 :] += 1e3
    cheating = forecaster.predict(X=later)

    known = 4 if strategy == "multioutput" else 2
    np.testing.assert_array_equal(cheating[:known], honest[:known])


def test_regressors_of_sktime_know_one_instance_at_a_time():
    """What is forecast of an instance of a panel changes with no other instance."""
    X = np.random.default_rng(0).normal(size=(40, 2, 6))
    model = WindowRegressorAdapter(LinearWindow()).fit(X[:30], X[:30, 0].sum(axis=1))
    honest = model.predict(X[30:])
    other = X[30:].copy()
    other[1:] += 1e3

    cheating = model.predict(other)

    np.testing.assert_array_equal(cheating[0], honest[0])


INTERVALS = {
    "conformal": IntervalForecaster(make_pipeline(SeriesScaler(), LinearWindow())),
    "of a network": IntervalForecaster(RNNRegressor("gru", 4, **_NET), n_blocks=2),
    "normalized": IntervalForecaster(LinearWindow(), method="normalized", target=0),
    "learned size": IntervalForecaster(
        LinearWindow(), method="normalized", size=LinearWindow(), target=0
    ),
    "quantile": IntervalForecaster(LinearWindow(quantiles=_QUANTILES), method="quantile"),
    "adaptive": IntervalForecaster(RecursiveForecaster(LinearWindow()), method="adaptive"),
}


@pytest.mark.parametrize("name", INTERVALS)
def test_intervals_of_windows_do_not_see_the_rows_behind(name):
    """Neither their calibration, nor what is forecast, nor what moves them, sees later rows."""
    frame, horizon = series().ffill(), 3
    X, _ = make_windows(frame, LENGTH, horizon, target="load")
    last = X.ends[110] + horizon
    rows = X.rows.copy()
    rows[last + 1 :] = 1e3 + 7 * rows[last + 1 :]

    def intervals(rows):
        windows = X.replace(rows=rows)
        targets = windows.values_at(0, windows.leads)
        model = clone(INTERVALS[name]).fit(windows[:90], targets[:90])
        if name == "adaptive":
            model.update(windows[90:111], targets[90:111])
        known = windows[windows.ends <= last]
        return model.predict_interval(known, 0.8), model.sample_paths(known, 5, random_state=0)

    for honest, cheating in zip(intervals(X.rows), intervals(rows), strict=True):
        np.testing.assert_array_equal(cheating, honest)


@pytest.mark.parametrize("method", ["conformal", "normalized", "adaptive"])
@pytest.mark.parametrize(
    "name", ["linear", "differenced rows", "scaled against the window", "recurrent"]
)
def test_intervals_of_rows_do_not_see_the_rows_behind(name, method):
    """A row's interval depends on no row less than ``lead`` before it."""
    frame = series()
    model = IntervalForecaster(clone(ROW_PIPELINES[name]), method=method)
    model.fit(frame[:N_FIT], frame["load"][:N_FIT])
    honest = model.predict_interval(frame[N_FIT:], 0.8)

    cheating = model.predict_interval(changed(frame, 117)[N_FIT:], 0.8)

    # A missing row behind the cut makes one of the three rows ahead.
    np.testing.assert_array_equal(cheating[: 120 - N_FIT], honest[: 120 - N_FIT])


def test_the_calibration_forecasts_as_it_was_then():
    """Residuals of an origin depend on no row behind their truths, nor on what a later fit saw."""
    frame, horizon = series().ffill(), 3
    X, _ = make_windows(frame, LENGTH, horizon, target="load")
    model = IntervalForecaster(make_pipeline(SeriesScaler(), LinearWindow()), calibration_size=30)

    def residuals(rows):
        windows = X.replace(rows=rows)
        return model.fit(windows, windows.values_at(0, windows.leads)).residuals_.values

    rows = X.rows.copy()
    cut = X.ends[-10]
    rows[cut + 1 :] = 1e3 + 7 * rows[cut + 1 :]

    n_before = 30 - 9 - horizon
    np.testing.assert_array_equal(residuals(rows)[:n_before], residuals(X.rows)[:n_before])


@pytest.mark.parametrize("cell", ["lstm", "gru", "mingru"])
@pytest.mark.parametrize("estimator", [CharacterModel, TokenModel])
def test_letters_and_tokens_do_not_see_those_behind(estimator, cell):
    """What is held out changes nothing that is learned, and no letter changes those before it."""
    rng = np.random.default_rng(0)
    letters = rng.choice(list("abcd"), 900)
    other = letters.copy()
    other[600:] = rng.choice(list("abcd"), 300)
    texts = ["".join(letters), "".join(other)]
    if estimator is TokenModel:
        texts = [list(text) for text in texts]
    params = {"units": (6, 6), "length": 8, "epochs": 2, "random_state": 0}

    models = [estimator(cell, **params, validation_fraction=1 / 3).fit(text) for text in texts]

    for honest, cheating in zip(models[0].weights_, models[1].weights_, strict=True):
        np.testing.assert_array_equal(cheating, honest)
    model = models[0]
    for cut in (1, 8, 100):
        before = texts[0][:cut]
        told = cut * model.score(before)
        behind = "abcd" if estimator is CharacterModel else [[token] for token in "abcd"]
        likelihoods = [(cut + 1) * model.score(before + after) - told for after in behind]
        # A letter that had seen itself would be told with more than it has.
        assert np.sum(2.0 ** np.array(likelihoods)) == pytest.approx(1, abs=2e-3)


def test_nothing_public_is_left_out():
    """Every public class that is fitted takes part in the audit."""
    models = [*BACKTESTED.values(), *WINDOW_MODELS.values(), *CLASSIFIERS.values()]
    models += [*INTERVALS.values(), *TEXTS.values()]
    audited = {type(part) for model in models for part in components(model)}
    audited |= {CharacterModel, TokenModel}

    every = [getattr(skrnn, name) for name in skrnn.__all__]
    public = {value for value in every if isinstance(value, type) and hasattr(value, "fit")}

    assert public <= audited
