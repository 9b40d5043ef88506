"""Scorers against scikit-learn's metrics on what a loop collects."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import (
    get_scorer,
    max_error,
    mean_absolute_error,
    mean_squared_error,
    root_mean_squared_error,
)
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline

from skrnn import (
    DirectForecaster,
    LinearWindow,
    MultiOutputForecaster,
    NaiveForecaster,
    RecursiveForecaster,
    SeriesScaler,
    SlidingWindow,
    make_windows,
)
from skrnn.evaluation import (
    backtest,
    interval_score,
    interval_scorer,
    lead_scorer,
    pinball_loss,
    quantile_scorer,
    skill_scorer,
)
from tests.evaluation.ranges import Ranges

ERRORS = {"mae": mean_absolute_error, "mse": mean_squared_error, "rmse": root_mean_squared_error}


def walk(n=150):
    rows = 50 + np.random.default_rng(0).normal(size=(n, 2)).cumsum(axis=0)
    return pd.DataFrame(rows, pd.date_range("2024-01-01", periods=n, freq="h"), ["a", "b"])


@pytest.mark.parametrize("error", [*ERRORS, max_error])
@pytest.mark.parametrize("lead", [None, 2, 5])
def test_windows_against_scikit_learn(error, lead):
    """The error of one lead's column, or of all of them."""
    if callable(error) and lead is None:
        pytest.skip("max_error takes one output")
    X, y = make_windows(walk(), 5, leads=[2, 5], target="a")
    model = LinearWindow().fit(X[:60], y[:60])

    score = lead_scorer(error, lead)(model, X, y)

    columns = slice(None) if lead is None else [2, 5].index(lead)
    expected = (error if callable(error) else ERRORS[error])(
        y[:, columns], model.predict(X)[:, columns]
    )
    assert score == pytest.approx(-expected)


def test_the_stock_scorer_where_it_can():
    """One lead, rows in: what scikit-learn's own scorer says."""
    frame = walk()
    pipe = make_pipeline(SeriesScaler(), SlidingWindow(5, 4), LinearWindow())
    cv = TimeSeriesSplit(3)

    ours, stock = (
        cross_val_score(pipe, frame, frame["a"], cv=cv, scoring=scoring)
        for scoring in (lead_scorer(), get_scorer("neg_mean_absolute_error"))
    )

    np.testing.assert_allclose(ours, stock)


@pytest.mark.parametrize("strategy", [RecursiveForecaster, DirectForecaster, MultiOutputForecaster])
@pytest.mark.parametrize("lead", [None, 1, 3])
def test_rows_of_many_leads(strategy, lead):
    """y is the series; each forecast is scored against its own row, where all of them are among
    those scored.
    """
    frame = walk().drop(walk().index[[110, 111]])
    pipe = make_pipeline(SlidingWindow(5), strategy(LinearWindow(), 3)).fit(
        frame[:90], frame["a"][:90]
    )
    test = frame[90:]

    score = lead_scorer("mse", lead)(pipe, test, test["a"])

    whole = pipe.predict(frame)[90:]
    truth = np.stack(
        [frame["a"].asfreq("h").shift(-ahead)[test.index] for ahead in range(3)], axis=1
    )
    columns = slice(None) if lead is None else [lead - 1]
    known = ~np.isnan(truth[:, columns]).any(axis=1)
    assert score == pytest.approx(
        -mean_squared_error(truth[known][:, columns], whole[known][:, columns])
    )


def test_unknown_targets_do_not_count():
    """NaN in y costs the samples that have it among the leads that are scored."""
    X, y = make_windows(walk(), 5, 3, target="a")
    model = LinearWindow().fit(X, y)
    y[10, 2] = np.nan

    one, every = lead_scorer(lead=1)(model, X, y), lead_scorer()(model, X, y)

    forecast, others = model.predict(X), np.arange(len(X)) != 10
    assert one == pytest.approx(-mean_absolute_error(y[:, 0], forecast[:, 0]))
    assert every == pytest.approx(-mean_absolute_error(y[others], forecast[others]))


@pytest.mark.parametrize("lead", [None, 2])
@pytest.mark.parametrize(
    "naive", [None, NaiveForecaster("seasonal", season=4), NaiveForecaster("mean")]
)
def test_skill_of_windows(naive, lead):
    """The share of the naive forecast's error that is gone."""
    X, y = make_windows(walk(), 5, 3, target="a")
    model = LinearWindow().fit(X[:60], y[:60])

    score = skill_scorer(naive, lead)(model, X[60:], y[60:])

    floor = clone(naive or NaiveForecaster()).fit(X, y).predict(X[60:])
    columns = slice(None) if lead is None else [lead - 1]
    errors = [np.abs(y[60:] - one)[:, columns].mean() for one in (model.predict(X[60:]), floor)]
    assert score == pytest.approx(1 - errors[0] / errors[1])


@pytest.mark.parametrize(
    ("naive", "looks_back"),
    [
        (None, 1),
        (NaiveForecaster("seasonal", season=24), 24),
        (NaiveForecaster("mean"), 5),
        (NaiveForecaster("drift"), 5),
    ],
)
def test_skill_of_rows(naive, looks_back):
    """The naive forecast looks back over the rows scored; those without its past are not scored of
    either.
    """
    frame = walk()
    pipe = make_pipeline(SlidingWindow(5, 3), LinearWindow()).fit(frame[:80], frame["a"][:80])

    score = skill_scorer(naive)(pipe, frame[80:], frame["a"][80:])

    values = frame["a"].to_numpy()
    where = np.arange(80 + looks_back + 2, 150)
    floor = {
        1: values[where - 3],
        24: values[where - 24],
        5: np.array([values[row - 7 : row - 2].mean() for row in where]),
    }[looks_back]
    if naive is not None and naive.strategy == "drift":
        floor = values[where - 3] + (values[where - 3] - values[where - 7]) * 3 / 4
    errors = [np.abs(values[where] - one).mean() for one in (pipe.predict(frame)[where], floor)]
    assert score == pytest.approx(1 - errors[0] / errors[1])


def test_skill_of_fewer_rows_than_a_window():
    """The last value needs one row, however long the windows of the model are; a missing row is
    none.
    """
    frame = walk().drop(walk().index[[120, 125]])
    pipe = make_pipeline(SlidingWindow(40), LinearWindow()).fit(frame[:110], frame["a"][:110])

    score = skill_scorer()(pipe, frame[110:], frame["a"][110:])

    floor = frame["a"].asfreq("h").shift(1)[frame.index[110:]].iloc[1:]
    known, forecast = floor.dropna().index, pd.Series(pipe.predict(frame), frame.index)
    errors = [(frame["a"] - one)[known].abs().mean() for one in (forecast, floor)]
    assert score == pytest.approx(1 - errors[0] / errors[1])


def test_a_search_by_skill():
    """A search takes them, in two processes too, and chooses what backtest shows to be better."""
    X, y = make_windows(walk(), 12, 3, target="a")
    alphas = [1e-3, 1e6]

    search = GridSearchCV(
        LinearWindow(),
        {"alpha": alphas},
        cv=TimeSeriesSplit(3, gap=2),
        scoring=skill_scorer(),
        n_jobs=2,
    ).fit(X, y)

    results = [
        backtest(LinearWindow(alpha=alpha), X, y, cv=TimeSeriesSplit(3, gap=2)) for alpha in alphas
    ]
    skills = [result.by_fold["skill"].mean() for result in results]
    np.testing.assert_allclose(search.cv_results_["mean_test_score"], skills)


def test_a_fitted_search_is_scored_as_what_it_chose():
    """Rows in, the lead is that of the model that the search chose."""
    frame = walk()
    pipe = make_pipeline(SlidingWindow(5, 9), LinearWindow())
    search = GridSearchCV(pipe, {"slidingwindow__lead": [2]}, cv=TimeSeriesSplit(2)).fit(
        frame, frame["a"]
    )

    scores = [
        skill_scorer(lead=2)(model, frame, frame["a"]) for model in (search, search.best_estimator_)
    ]

    assert scores[0] == scores[1]


@pytest.mark.parametrize("lead", [None, 2])
def test_intervals_and_quantiles_of_windows(lead):
    """The interval score, and the pinball loss, of one lead or of all."""
    X, y = make_windows(walk(), 5, 3, target="a")
    model = Ranges(LinearWindow()).fit(X[:60], y[:60])

    interval = interval_scorer(0.8, lead)(model, X, y)
    quantiles = quantile_scorer((0.1, 0.6), lead)(model, X, y)

    columns = slice(None) if lead is None else [lead - 1]
    ends = model.predict_interval(X, 0.8)[:, columns]
    assert interval == pytest.approx(-interval_score(y[:, columns], ends, 0.8))
    levels = model.predict_quantiles(X, (0.1, 0.6))[:, columns]
    assert quantiles == pytest.approx(-pinball_loss(y[:, columns], levels, (0.1, 0.6)))


@pytest.mark.parametrize("around", [True, False], ids=["around a pipeline", "at the end of one"])
def test_intervals_of_rows(around):
    """Rows in, those of which all leads are among the rows scored count, wherever in the pipeline
    the intervals are made.
    """
    frame = walk()
    many = MultiOutputForecaster(LinearWindow(), 3)
    pipe = make_pipeline(SlidingWindow(5), many if around else Ranges(many))
    model = (Ranges(pipe) if around else pipe).fit(frame[:90], frame["a"][:90])
    test = frame[90:]

    score = interval_scorer(0.8)(model, test, test["a"])

    truth = np.stack([test["a"].shift(-ahead) for ahead in range(3)], axis=1)[:-2]
    middle = model.predict(test)[:-2]
    ends = np.stack([middle - 1.2815516, middle + 1.2815516], axis=-1)
    assert score == pytest.approx(-interval_score(truth, ends, 0.8))


def test_a_search_by_intervals():
    """A search takes them, and chooses the size that errors have."""
    frame = walk()
    pipe = make_pipeline(SlidingWindow(5), Ranges(LinearWindow()))

    search = GridSearchCV(
        pipe,
        {"ranges__size": [0.01, 1.0, 100.0]},
        cv=TimeSeriesSplit(2),
        scoring={"interval": interval_scorer(0.9), "quantiles": quantile_scorer()},
        refit="interval",
    ).fit(frame, frame["a"])

    assert search.best_params_ == {"ranges__size": 1.0}
    assert search.cv_results_["mean_test_quantiles"].argmax() == 1


@pytest.mark.parametrize(
    ("scorer", "message"),
    [
        (interval_scorer(), "estimator must have predict_interval, and LinearWindow has none"),
        (quantile_scorer(), "estimator must have predict_quantiles, and LinearWindow has none"),
    ],
)
def test_models_without_intervals(scorer, message):
    """The error says how to get them."""
    X, y = make_windows(walk(), 5, target="a")

    with pytest.raises(ValueError, match=f"{message}: wrap"):
        scorer(make_pipeline(SeriesScaler(), LinearWindow()).fit(X, y), X, y)


@pytest.mark.parametrize(
    "scorer",
    [
        lead_scorer("rmse", 3),
        skill_scorer(NaiveForecaster("mean")),
        interval_scorer(0.8, 3),
        quantile_scorer((0.1, 0.9)),
    ],
)
def test_pickle_and_repr(scorer):
    """Scorers travel to other processes, and tell what they score."""
    X, y = make_windows(walk(), 5, 3, target="a")
    model = Ranges(LinearWindow()).fit(X, y)

    assert pickle.loads(pickle.dumps(scorer))(model, X, y) == scorer(model, X, y)
    assert ("lead=3" in repr(scorer)) == (scorer.lead == 3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: lead_scorer("mape"),
            "error must be one of 'mae', 'mse', 'rmse' or a function, got 'mape'",
        ),
        (lambda: lead_scorer(lead=0), "lead must be a positive whole number, got 0"),
        (lambda: skill_scorer(lead=1.5), "lead must be a positive whole number, got 1.5"),
        (
            lambda: skill_scorer(LinearWindow()),
            "baseline must be a NaiveForecaster.*got LinearWindow",
        ),
        (lambda: skill_scorer(NaiveForecaster), "baseline must be a NaiveForecaster"),
        (lambda: interval_scorer(1), "coverage must be above 0 and below 1, such as 0.9, got 1"),
        (lambda: quantile_scorer((0.9, 0.1)), "quantiles must be numbers above 0 and below 1"),
    ],
)
def test_errors_when_made(make, message):
    """Bad arguments are told before a search begins."""
    with pytest.raises(ValueError, match=message):
        make()


def test_a_lead_that_is_not_forecast():
    """The error lists the leads that are."""
    X, y = make_windows(walk(), 5, leads=[2, 4], target="a")

    with pytest.raises(
        ValueError, match=r"lead=3 is none of the leads that are forecast, \[2, 4\]"
    ):
        lead_scorer(lead=3)(LinearWindow().fit(X, y), X, y)


@pytest.mark.parametrize(
    "scorer", [lead_scorer(), skill_scorer(), interval_scorer(), quantile_scorer()]
)
def test_nothing_to_score(scorer):
    """Without a known target there is no score."""
    X, y = make_windows(walk(), 5, target="a")

    with pytest.raises(ValueError, match="nothing to score"):
        scorer(Ranges(LinearWindow()).fit(X, y), X, y * np.nan)


@pytest.mark.filterwarnings("ignore:.*without a single known step")
def test_rows_too_few_for_the_season():
    """Rows in, a season that does not fit into the rows scored."""
    frame = walk()
    pipe = make_pipeline(SlidingWindow(5), LinearWindow()).fit(frame, frame["a"])

    with pytest.raises(
        ValueError, match="has the past that the naive forecast needs: score more rows"
    ):
        skill_scorer(NaiveForecaster("seasonal", season=24))(pipe, frame[-24:], frame["a"][-24:])
