"""Backtests against a plain loop over the folds."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    LeaveOneGroupOut,
    PredefinedSplit,
    TimeSeriesSplit,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import (
    DenseRegressor,
    Differencer,
    DirectForecaster,
    LinearWindow,
    MultiOutputForecaster,
    NaiveForecaster,
    RecursiveForecaster,
    RNNClassifier,
    RNNRegressor,
    SeriesScaler,
    SlidingWindow,
    TransformedWindowRegressor,
    make_windows,
)
from skrnn.evaluation import Backtest, backtest, skill_scorer
from skrnn.evaluation.folds import make_groups
from skrnn.evaluation.samples import WindowSamples
from skrnn.windows import Windows


def walk(n=150, seed=0, columns=("a", "b")):
    rows = 50 + np.random.default_rng(seed).normal(size=(n, len(columns))).cumsum(axis=0)
    return pd.DataFrame(rows, pd.date_range("2024-01-01", periods=n, freq="h"), columns)


def quiet_backtest(*args, **params):
    """A backtest whose cv may leak."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "cv leaks")
        return backtest(*args, **params)


class Witness(NaiveForecaster):
    """Remembers the largest target that it was fitted on: the newest row of a series that counts
    its rows.
    """

    def fit(self, X, y):
        self.newest_ = np.max(y)
        return super().fit(X, y)


def newest_seen(result):
    return [getattr(model, "steps", [(0, model)])[-1][1].newest_ for model in result.estimators]


def oldest_origins(result):
    return result.predictions.groupby("fold")["origin"].min().tolist()


# ---------------------------------------------------------------------- windows

SPLITTERS = {
    "expanding": TimeSeriesSplit(3),
    "sliding": TimeSeriesSplit(3, max_train_size=40, test_size=10),
    "gap": TimeSeriesSplit(3, gap=20),
    "reversed": PredefinedSplit(np.repeat([-1, 2, 1, 0], 40)[:140]),
    "indices": [(list(range(60)), list(range(70, 90))), (list(range(20, 80)), [139, 100])],
    "masks": [(np.arange(140) < 70, np.arange(140) > 90)],
}


def splits_of(cv, X):
    for train, test in cv.split(X) if hasattr(cv, "split") else cv:
        yield np.arange(len(X))[train], np.arange(len(X))[test]


def window_forecasts_by_loop(model, X, y, cv):
    """Fold by fold, sample by sample: {(fold, origin, lead): forecast}."""
    found = {}
    for fold, (train, test) in enumerate(splits_of(cv, X)):
        first = {s: min(X.ends[i] for i in test if X.series[i] == s) for s in set(X.series[test])}
        known = [i for i in train if X.ends[i] + max(X.leads) <= first.get(X.series[i], np.inf)]
        fitted = clone(model).fit(X[known], y[known])
        for i in test:
            for lead, value in zip(X.leads, np.ravel(fitted.predict(X[[i]])), strict=True):
                found[fold, int(X.series[i]), int(X.ends[i] - X.bounds[X.series[i]]), lead] = value
    return found


@pytest.mark.parametrize("name", SPLITTERS)
@pytest.mark.parametrize("leads", [[1], [5], [1, 2, 3], [2, 7]], ids=str)
def test_windows_against_a_loop(name, leads):
    """Each fold is fitted on the targets that were known when its first forecast was made."""
    rows = walk(140 + 5 - 1 + max(leads)).to_numpy()
    X, y = make_windows(rows, 5, leads=leads, target=1)
    model = make_pipeline(SeriesScaler(), LinearWindow())

    table = quiet_backtest(model, X, y, cv=SPLITTERS[name]).predictions

    expected = window_forecasts_by_loop(model, X, y, SPLITTERS[name])
    keys = zip(
        table["fold"], np.zeros(len(table), int), table["origin"], table["lead"], strict=True
    )
    found = dict(zip(keys, table["predicted"], strict=True))
    assert found.keys() == expected.keys()
    np.testing.assert_allclose([found[key] for key in expected], list(expected.values()), rtol=1e-9)
    np.testing.assert_array_equal(table["true"], rows[table["origin"] + table["lead"], 1])
    np.testing.assert_array_equal(table["baseline"], rows[table["origin"], 1])
    np.testing.assert_array_equal(table.index, table["origin"] + table["lead"])


def test_labels_of_windows():
    """The index tells the row that a forecast is for, "origin" the row at which it was made."""
    frame = walk().drop(walk().index[[60, 61, 80]])
    X, y = make_windows(frame, 5, 3, target="a")

    table = backtest(LinearWindow(), X, y).predictions

    np.testing.assert_array_equal(table["true"], frame["a"].loc[table.index])
    np.testing.assert_array_equal(
        table.index - table["origin"], pd.to_timedelta(table["lead"], unit="h")
    )


def test_panel_by_dates():
    """The folds that are counted share their dates, whenever the series begin and end."""
    panel = [walk(100, 0), walk(130, 1)[20:], walk(90, 2)[::2]]
    panel[2].index += pd.Timedelta("30min")
    X, y = make_windows(panel, 5, 3, target="a")

    result = backtest(LinearWindow(), X, y, cv=4)

    table = result.predictions
    spans = table.groupby("fold")["origin"].agg(["min", "max"])
    assert (spans["max"].shift().dropna() < spans["min"].iloc[1:]).all()
    for fold, first in enumerate(spans["min"]):
        known = X.index[X.ends + 3] <= first
        expected = LinearWindow().fit(X[known], y[known])
        np.testing.assert_allclose(result.estimators[fold].coef_, expected.coef_)


def test_panel_without_dates_ends_together():
    """Series of arrays are taken to end on the same day."""
    panel = [walk(100, 0).to_numpy(), walk(60, 1).to_numpy()]
    X, y = make_windows(panel, 5, 2, target=0)

    table = backtest(LinearWindow(), X, y, cv=4).predictions

    last = table[table["fold"] == 3].groupby("series")["origin"].agg(["min", "max"])
    assert last["max"].tolist() == [97, 57]
    assert (last["min"].diff().dropna() == -40).all()


def test_panel_of_dates_that_are_not_shared():
    """Series that are never there at the same time end together, and a warning says so."""
    panel = [walk(100, 0), walk(60, 1)]
    panel[1].index += pd.Timedelta("900D")
    X, y = make_windows(panel, 5, 2, target="a")
    other, _ = make_windows([one.to_numpy() for one in panel], 5, 2, target=0)

    with pytest.warns(UserWarning, match="^Only 1 of the 2 series has rows among the newest"):
        found = backtest(LinearWindow(), X, y, cv=4)

    expected = backtest(LinearWindow(), other, y, cv=4)
    np.testing.assert_array_equal(found.predictions["predicted"], expected.predictions["predicted"])
    assert found.predictions.groupby("fold")["series"].nunique().tolist() == [1, 2, 2, 2]


def test_a_series_kept_for_the_test():
    """A splitter may train on other series of the same dates: that is its user's choice, and no
    leak.
    """
    X, y = make_windows([walk(60, seed) for seed in range(3)], 5, 2, target="a")
    cv = list(LeaveOneGroupOut().split(X, groups=X.series))

    result = backtest(LinearWindow(), X, y, cv=cv)

    for fold, (train, test) in enumerate(cv):
        expected = LinearWindow().fit(X[train], y[train]).predict(X[test])
        part = result.predictions[result.predictions["fold"] == fold]
        assert set(part["series"]) == {fold}
        np.testing.assert_allclose(part["predicted"], expected.ravel(), rtol=1e-9)


@pytest.mark.parametrize("ndim", [2, 3])
def test_textbook_arrays(ndim):
    """Windows without rows around them follow each other as they come."""
    X, y = make_windows(walk(columns=["a"]), 5, 2)
    plain = np.asarray(X) if ndim == 3 else np.asarray(X)[:, :, 0]

    table = backtest(LinearWindow(), plain, y, cv=3).predictions

    expected = backtest(LinearWindow(), X, y, cv=3).predictions
    for column in ("fold", "lead", "true", "predicted", "baseline"):
        np.testing.assert_allclose(table[column], expected[column])


# ---------------------------------------------------------------------- rows


def gaps(frame):
    return frame.drop(frame.index[[30, 31, 75, 76, 77, 101]])


INDEXES = {
    "hours": lambda frame: frame,
    "hours with gaps": gaps,
    "spring in Berlin": lambda frame: gaps(
        frame.set_axis(
            pd.date_range("2024-03-28", periods=len(frame), freq="h", tz="Europe/Berlin")
        )
    ),
    "days in Berlin": lambda frame: gaps(
        frame.set_axis(
            pd.date_range("2024-01-28", periods=len(frame), freq="D", tz="Europe/Berlin")
        )
    ),
    "months": lambda frame: gaps(
        frame.set_axis(pd.period_range("1990-01", periods=len(frame), freq="M"))
    ),
    "month ends": lambda frame: frame.set_axis(
        pd.date_range("1990-01", periods=len(frame), freq="ME")
    ),
    "counted": lambda frame: frame.reset_index(drop=True),
    "counted by two": lambda frame: frame.set_axis(pd.RangeIndex(10, 10 + 2 * len(frame), 2)),
    "names": lambda frame: frame.set_axis([f"row {i}" for i in range(len(frame))]),
    "array": lambda frame: frame.to_numpy(),
}


@pytest.mark.filterwarnings("ignore:.*without a single known step")
@pytest.mark.parametrize("index", INDEXES)
@pytest.mark.parametrize("lead", [1, 6])
@pytest.mark.parametrize(
    "cv", [TimeSeriesSplit(3), TimeSeriesSplit(2, max_train_size=60, test_size=15, gap=2), 4]
)
def test_rows_against_a_loop(index, lead, cv):
    """Each row's forecast is that of a model fitted up to the first origin, in the whole series."""
    rows = INDEXES[index](walk())
    X = rows if index == "array" else rows[["a", "b"]]
    y = rows[:, 0] if index == "array" else rows["a"]
    pipe = make_pipeline(SeriesScaler(), SlidingWindow(5, lead), LinearWindow())
    places = (
        np.arange(150) if len(rows) == 150 else np.delete(np.arange(150), [30, 31, 75, 76, 77, 101])
    )

    table = quiet_backtest(pipe, X, y, cv=cv).predictions

    splitter = TimeSeriesSplit(cv) if isinstance(cv, int) else cv
    for fold, (train, test) in enumerate(splitter.split(X)):
        known = train[places[train] <= places[test[0]] - lead]
        part = X[known] if index == "array" else X.iloc[known]
        fitted = clone(pipe).fit(part, np.asarray(y)[known])
        part = table[table["fold"] == fold]
        np.testing.assert_allclose(part["predicted"], fitted.predict(X)[test], rtol=1e-9)
        np.testing.assert_array_equal(part["true"], np.asarray(y)[test])
        series = pd.Series(np.asarray(y), places).reindex(range(150)).ffill()
        np.testing.assert_array_equal(part["baseline"], series[places[test] - lead])
        if isinstance(X, pd.DataFrame):
            np.testing.assert_array_equal(part.index, X.index[test])
            whole = INDEXES["hours"](walk()).set_axis(_whole_index(X, index))
            np.testing.assert_array_equal(part["origin"], whole.index[places[test] - lead])


def _whole_index(X, index):
    """The labels of all rows, also of those that are missing."""
    if len(X) == 150:
        return X.index
    if isinstance(X.index, pd.PeriodIndex):
        return pd.period_range(X.index[0], periods=150, freq=X.index.freq)
    return pd.date_range(X.index[0], periods=150, freq="D" if "days" in index else "h")


@pytest.mark.parametrize("strategy", [RecursiveForecaster, DirectForecaster, MultiOutputForecaster])
@pytest.mark.parametrize(
    "scaler", [None, SeriesScaler(), StandardScaler().set_output(transform="pandas")]
)
def test_rows_of_many_leads_against_a_loop(strategy, scaler):
    """Every row is an origin, of forecasts from it on; the last ones have no truth yet."""
    if strategy is RecursiveForecaster and scaler is not None:
        pytest.skip("a recursion's windows and y are in one unit")
    frame = gaps(walk())
    pipe = make_pipeline(scaler, SlidingWindow(5), strategy(LinearWindow(), 4))

    table = quiet_backtest(pipe, frame, frame["a"], cv=TimeSeriesSplit(3)).predictions

    expected = {}
    for fold, (train, test) in enumerate(TimeSeriesSplit(3).split(frame)):
        forecast = clone(pipe).fit(frame.iloc[train], frame["a"].iloc[train]).predict(frame)
        for row in test:
            for ahead in range(4):
                label = frame.index[row] + pd.Timedelta(ahead, "h")
                if label in frame.index:
                    expected[fold, label, ahead + 1] = forecast[row, ahead], frame.loc[label, "a"]
    found = dict(
        zip(
            zip(table["fold"], table.index, table["lead"], strict=True),
            zip(table["predicted"], table["true"], strict=True),
            strict=True,
        )
    )
    assert found.keys() == expected.keys()
    np.testing.assert_allclose([found[key] for key in expected], list(expected.values()), rtol=1e-7)
    assert (table["origin"] == table.index - pd.to_timedelta(table["lead"], unit="h")).all()


@pytest.mark.parametrize("strategy", [RecursiveForecaster, DirectForecaster, MultiOutputForecaster])
def test_what_is_known_ahead_is_known_to_the_last_forecast(strategy):
    """The last origins of a fold read a price list as far as the others do."""
    rng = np.random.default_rng(0)
    price = rng.normal(size=200)
    frame = pd.DataFrame({"demand": -10 * price, "price": price})
    pipe = make_pipeline(
        SlidingWindow(4, known_ahead="price"), strategy(LinearWindow(alpha=1e-8), 4)
    )

    table = backtest(pipe, frame, frame["demand"], cv=3).predictions

    np.testing.assert_allclose(table["predicted"], table["true"], atol=1e-4)


def test_differences_in_front():
    """The rows that the differences need are handed along too, also of an array."""
    rows = walk().to_numpy()
    pipe = make_pipeline(Differencer((1, 24)), SlidingWindow(5, 3), LinearWindow())

    table = backtest(pipe, rows, rows[:, 0], cv=2).predictions

    test = np.arange(50, 100)
    fitted = pipe.fit(rows[: 50 - 2], rows[: 50 - 2, 0])
    np.testing.assert_allclose(table["predicted"][table["fold"] == 0], fitted.predict(rows)[test])


def test_target_transformed_outside():
    """The pipeline may sit inside another estimator."""
    frame = walk()
    pipe = make_pipeline(SlidingWindow(5, 3), LinearWindow())

    plain, logs = (
        backtest(model, frame, frame["a"], cv=3).predictions
        for model in (pipe, TransformedTargetRegressor(pipe, func=np.log, inverse_func=np.exp))
    )

    np.testing.assert_array_equal(plain["true"], logs["true"])
    assert 0 < np.abs(plain["predicted"] - logs["predicted"]).max() < 5


@pytest.mark.filterwarnings("ignore:.*without a single known step")
def test_a_search_in_each_fold():
    """A search is fitted in each fold, and what it chose looks back as far as it needs."""
    frame = walk()
    pipe = make_pipeline(SlidingWindow(2, 3), LinearWindow())
    search = GridSearchCV(
        pipe, {"slidingwindow__length": [20]}, cv=[(np.arange(30), np.arange(30, 35))]
    )

    table = backtest(search, frame.to_numpy(), frame["a"].to_numpy(), cv=3).predictions

    expected = backtest(
        make_pipeline(SlidingWindow(20, 3), LinearWindow()), frame, frame["a"], cv=3
    ).predictions
    np.testing.assert_allclose(table["predicted"], expected["predicted"])


def test_a_search_keeps_the_lead():
    """Forecasts of another lead were made at other rows."""
    frame = walk()
    pipe = make_pipeline(SlidingWindow(5, 3), LinearWindow())

    with pytest.raises(ValueError, match="lead must stay as it is, 3"):
        backtest(GridSearchCV(pipe, {"slidingwindow__lead": [1]}, cv=2), frame, frame["a"])


# ---------------------------------------------------------------------- leaks


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 12), st.integers(0, 9), st.integers(2, 4), st.booleans())
def test_rows_the_warning_tells_by_how_much(lead, gap, n_splits, sliding):
    """Rows in: the newest training target less the oldest origin, in rows; and training leaves
    these out.
    """
    rows = np.arange(150.0)[:, None]
    cv = TimeSeriesSplit(n_splits, gap=gap, max_train_size=28 if sliding else None)
    expected = max(train.max() - (test.min() - lead) for train, test in cv.split(rows))

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = backtest(make_pipeline(SlidingWindow(2, lead), Witness()), rows, rows[:, 0], cv=cv)

    caught = [one for one in caught if one.category is UserWarning]
    told = [int(re.search(r"leaks by (\d+) row", str(one.message))[1]) for one in caught]
    assert told == [expected] * bool(expected > 0)
    known = [min(train.max(), test.min() - lead) for train, test in cv.split(rows)]
    assert newest_seen(result) == known


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, 24), min_size=1, max_size=3, unique=True).map(sorted),
    st.integers(1, 6),
    st.integers(0, 9),
    st.integers(2, 4),
)
def test_windows_the_warning_tells_by_how_much(leads, stride, gap, n_splits):
    """Windows first: the same, whatever the stride; a gap longer by as many samples as it tells
    leaks nothing.
    """
    X, y = make_windows(np.arange(300.0), 4, leads=leads, stride=stride)
    cv = TimeSeriesSplit(n_splits, gap=gap)
    expected = max(
        X.ends[train].max() + leads[-1] - X.ends[test].min() for train, test in cv.split(X)
    )

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = backtest(Witness(), X, y, cv=cv)

    told = [
        re.search(r"leaks by (\d+) rows?: .* up to (\d+) samples", str(one.message))
        for one in caught
        if one.category is UserWarning
    ]
    assert [int(one[1]) for one in told] == [expected] * bool(expected > 0)
    assert all(
        seen <= origin
        for seen, origin in zip(newest_seen(result), oldest_origins(result), strict=True)
    )
    longer = sum(int(one[2]) for one in told)
    backtest(Witness(), X, y, cv=TimeSeriesSplit(n_splits, gap=gap + longer))
    if longer:
        with pytest.warns(UserWarning, match="cv leaks"):
            backtest(Witness(), X, y, cv=TimeSeriesSplit(n_splits, gap=gap + longer - 1))


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from([[1], [24], [1, 2, 3], [3, 12]]),
    st.integers(1, 6),
    st.integers(2, 5),
    st.booleans(),
)
def test_counted_folds_leak_nothing(leads, stride, n_splits, rows_in):
    """A number of folds sets the gap by itself, and no longer than it must be."""
    rows = np.arange(300.0)[:, None]
    if rows_in:
        X, y, model = rows, rows[:, 0], make_pipeline(SlidingWindow(2, leads[0]), Witness())
        leads, stride = leads[:1], 1
    else:
        X, y = make_windows(rows, 4, leads=leads, stride=stride)
        model = Witness()

    result = backtest(model, X, y, cv=n_splits)

    left = [
        origin - seen
        for seen, origin in zip(newest_seen(result), oldest_origins(result), strict=True)
    ]
    assert min(left) >= 0
    assert max(left) < stride


@pytest.mark.parametrize("refit", [True, False, 2])
def test_folds_that_share_a_fit_are_all_tested_later(refit):
    """Whatever order the folds come in, no model has seen a target behind the origins that it
    forecasts.
    """
    X, y = make_windows(np.arange(100.0), 4, 3)
    cv = PredefinedSplit(np.repeat([-1, 2, 1, 0, 3], 20)[: len(X)])

    result = quiet_backtest(Witness(), X, y, cv=cv, refit=refit)

    seen = newest_seen(result)
    assert all(one <= origin for one, origin in zip(seen, oldest_origins(result), strict=True))


@pytest.mark.parametrize("cv", [KFold(3), KFold(3, shuffle=True, random_state=0)])
def test_folds_in_no_order_of_time_are_refused(cv):
    """A fold with nothing before it has nothing to train on."""
    frame = walk()

    with pytest.raises(
        ValueError, match=r"fold \d has nothing to train on.*a splitter in time order"
    ):
        backtest(make_pipeline(SlidingWindow(5), LinearWindow()), frame, frame["a"], cv=cv)


def test_shuffled_rows_are_fitted_in_their_order():
    """A splitter that shuffles its training rows trains on the series as it is."""
    frame = walk()
    pipe = make_pipeline(SlidingWindow(5, 2), LinearWindow())
    cv, shuffled = (
        [(np.arange(80), np.arange(85, 99))],
        [(np.random.default_rng(0).permutation(80), np.arange(85, 99))],
    )

    one, two = (backtest(pipe, frame, frame["a"], cv=folds).predictions for folds in (cv, shuffled))

    pd.testing.assert_frame_equal(one, two)


# ---------------------------------------------------------------------- fits


@pytest.mark.parametrize(
    ("refit", "n_fits"), [(True, 6), (np.True_, 6), (False, 1), (1, 6), (2, 3), (4, 2), (99, 1)]
)
def test_refit(refit, n_fits):
    """Folds without a refit share the model of the fold before, and have no time of fitting."""
    frame = walk()

    result = backtest(
        make_pipeline(SlidingWindow(5), LinearWindow()), frame, frame["a"], cv=6, refit=refit
    )

    assert len({id(model) for model in result.estimators}) == n_fits
    assert result.by_fold["fit_time"].notna().sum() == n_fits
    assert result.by_fold["predict_time"].notna().all()


@pytest.mark.parametrize("refit", [0, -1, 1.5, "yes", None])
def test_refit_is_a_count(refit):
    """refit is a truth value or a whole number from 1."""
    frame = walk()

    with pytest.raises(ValueError, match="refit must be True, False or after how many folds"):
        backtest(make_pipeline(SlidingWindow(5), LinearWindow()), frame, frame["a"], refit=refit)


def test_in_parallel():
    """Two processes find the same."""
    X, y = make_windows(walk(80_000), 24, 3, target="a")

    one, two = (
        backtest(make_pipeline(SeriesScaler(), LinearWindow()), X, y, cv=2, n_jobs=n)
        for n in (None, 2)
    )

    pd.testing.assert_frame_equal(one.predictions, two.predictions)


@pytest.mark.parametrize("warm_start", [False, True])
def test_networks_start_anew(warm_start):
    """A refit equals a fit of its own, also of a network that goes on by itself, and the estimator
    stays as it was.
    """
    X, y = make_windows(walk(), 5, 2, target="a")
    network = DenseRegressor(4, epochs=2, random_state=0, warm_start=warm_start)
    model = make_pipeline(SeriesScaler(), network).fit(X, y)
    weights = [one.copy() for one in network.weights_]

    result = quiet_backtest(model, X, y, cv=TimeSeriesSplit(2, gap=1))

    for fold, (train, test) in enumerate(TimeSeriesSplit(2, gap=1).split(X)):
        expected = clone(model).fit(X[train], y[train]).predict(X[test])
        part = result.predictions[result.predictions["fold"] == fold]
        np.testing.assert_array_equal(part["predicted"], expected.ravel())
    for one, other in zip(network.weights_, weights, strict=True):
        np.testing.assert_array_equal(one, other)


# ---------------------------------------------------------------------- baselines


def test_seasonal_baseline_behind_short_windows():
    """Rows in, the baseline's own windows are as long as its season."""
    frame = walk()
    pipe = make_pipeline(SlidingWindow(2, 3), LinearWindow())

    table = backtest(
        pipe, frame, frame["a"], cv=2, baseline=NaiveForecaster("seasonal", season=24)
    ).predictions

    expected = frame["a"].shift(24).loc[table.index]
    np.testing.assert_array_equal(table["baseline"], expected)


@pytest.mark.parametrize("target", ["b", 1])
def test_baseline_on_a_named_column(target):
    """Rows in, the baseline gets y alone: its target is y, whatever the model's windows call it."""
    frame = walk()
    pipe = make_pipeline(
        SlidingWindow(4), TransformedWindowRegressor(LinearWindow(), Differencer(1), target=target)
    )

    table = backtest(
        pipe, frame, frame["b"], cv=2, baseline=NaiveForecaster(target=target)
    ).predictions

    np.testing.assert_array_equal(table["baseline"], frame["b"].shift(1).loc[table.index])


def test_default_baseline_of_windows_finds_the_target():
    """Windows of several columns: the last value of the one that y continues."""
    X, y = make_windows(walk(), 4, 2, target="b")

    table = backtest(LinearWindow(), X, y, cv=2).predictions

    np.testing.assert_array_equal(table["baseline"], walk()["b"].loc[table["origin"]])


def test_baseline_with_windows_of_its_own():
    """A pipeline of the user's own gets the rows, and forecasts the model's leads."""
    frame = walk()
    pipe = make_pipeline(SlidingWindow(4, 3), LinearWindow())
    own = make_pipeline(SeriesScaler(), SlidingWindow(9, 3), LinearWindow(alpha=5))

    table = backtest(pipe, frame, frame["a"], cv=2, baseline=own).predictions

    np.testing.assert_array_equal(
        table["baseline"], backtest(own, frame, frame["a"], cv=2).predictions["predicted"]
    )


@pytest.mark.parametrize(
    ("baseline", "message"),
    [
        (
            make_pipeline(SlidingWindow(4, 1), LinearWindow()),
            "baseline must forecast the model's lead=3, got lead=1",
        ),
        (
            make_pipeline(SlidingWindow(4, 3), DirectForecaster(LinearWindow(), 2)),
            "the model's 1 leads, got 2",
        ),
        (NaiveForecaster("seasonal", season="week"), "season must be a positive whole number"),
    ],
)
def test_baselines_of_other_leads_are_refused(baseline, message):
    """Model and baseline forecast the same."""
    frame = walk()

    with pytest.raises(ValueError, match=message):
        backtest(
            make_pipeline(SlidingWindow(4, 3), LinearWindow()),
            frame,
            frame["a"],
            cv=2,
            baseline=baseline,
        )


def test_baseline_does_without_values_that_are_missing_often():
    """Where every window of y has an unknown value, the baseline repeats the last one that is
    known.
    """
    frame = walk()
    frame.iloc[::5, 0] = np.nan
    impute = SimpleImputer().set_output(transform="pandas")

    table = backtest(
        make_pipeline(impute, SlidingWindow(6), LinearWindow()), frame, frame["a"], cv=2
    ).predictions

    np.testing.assert_array_equal(table["baseline"], frame["a"].ffill().shift(1).loc[table.index])


# ---------------------------------------------------------------------- unknown values, and errors


def test_unknown_targets_are_not_scored():
    """NaN in y, and in X, cost these forecasts, and no others."""
    frame = walk()
    frame.iloc[[20, 90, 120], 0] = np.nan
    frame.iloc[110, 1] = np.nan
    X, y = make_windows(frame, 4, 3, target="a")

    rows = backtest(
        make_pipeline(SlidingWindow(4), LinearWindow()), frame, frame["a"], cv=2
    ).predictions
    windows = backtest(LinearWindow(), X, y, cv=2).predictions

    assert not rows[["true", "predicted", "baseline"]].isna().any(axis=None)
    assert sorted(rows.index) == sorted(frame.index[50:][frame["a"][50:].notna()])
    assert len(windows) == np.sum(~np.isnan(y[-(len(y) // 3) * 2 :]))


def test_tables_hang_together():
    """Scores are those of all forecasts; each fold and lead has its own line; a panel names its
    series.
    """
    X, y = make_windows([walk(seed=1), walk(seed=2)], 4, 3, target="a")

    result = backtest(LinearWindow(), X, y, cv=4)

    error = (result.predictions["true"] - result.predictions["predicted"]).abs()
    assert result.scores["mae"] == pytest.approx(error.mean())
    np.testing.assert_allclose(
        result.by_fold["mae"], error.groupby(result.predictions["fold"].to_numpy()).mean()
    )
    np.testing.assert_allclose(
        result.by_lead["mae"], error.groupby(result.predictions["lead"].to_numpy()).mean()
    )
    assert result.by_lead.index.tolist() == [1, 2, 3]
    assert set(result.predictions["series"]) == {0, 1}
    assert repr(result).startswith(f"Backtest of {len(error)} forecasts, 4 folds, 3 leads")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": "short"}, "same number of samples, got 150 in X and 140 in y"),
        ({"y": None}, "requires y to be passed"),
        ({"y": "two"}, r"y must be the series itself \(n,\)"),
        ({"y": "unknown"}, "y must have a known value"),
        ({"cv": 1}, "cv must be a whole number of at least 2, got 1"),
        ({"cv": 200}, "number of folds"),
        ({"cv": []}, "cv must give at least one fold, got none"),
        ({"cv": None}, "cv must be a number of folds, a splitter.*got None"),
        ({"cv": "5"}, "cv must be a number of folds, a splitter.*got '5'"),
        ({"cv": True}, "cv must be a number of folds, a splitter.*got True"),
        ({"cv": [(range(9), [150])]}, "fold 0 of cv must name some of 150 samples"),
        ({"cv": [([], [3])]}, "fold 0 of cv must train and test on some samples, got 0 and 1"),
        ({"estimator": LinearWindow()}, "X must be windows.*put SlidingWindow before the model"),
        (
            {"estimator": make_pipeline(SlidingWindow("long"), LinearWindow())},
            "length must be a positive whole",
        ),
        ({"X": "sorted down"}, "the time index must be sorted"),
    ],
    ids=str,
)
def test_errors(change, message):
    """Each names the argument, what is required, and what came."""
    frame = walk()
    y = {"short": frame["a"][:140], "two": frame, "unknown": frame["a"] * np.nan, None: None}
    arguments = {"estimator": make_pipeline(SlidingWindow(5), LinearWindow()), "cv": 3, **change}
    X = frame[::-1] if "X" in change else frame
    arguments |= {"X": X, "y": y[change["y"]] if "y" in change else frame["a"]}

    with pytest.raises(ValueError, match=message):
        backtest(**arguments)


@pytest.mark.parametrize("argument", ["estimator", "baseline"])
@pytest.mark.parametrize(
    ("model", "message"),
    [(NaiveForecaster, r"the class NaiveForecaster: add \(\)"), ("naive", "'naive'")],
)
def test_models_are_estimators(argument, model, message):
    """A class, or a word, is none."""
    arguments = {"estimator": LinearWindow(), argument: model}

    with pytest.raises(
        ValueError, match=f"{argument} must be an estimator that predicts, got {message}"
    ):
        backtest(X=np.zeros((50, 4)), y=np.zeros(50), **arguments)


def test_a_fold_too_short_for_the_windows():
    """What a fit complains of is said of its fold."""
    frame = walk()

    with pytest.raises(ValueError, match="length=60 .* needs 60 rows") as caught:
        backtest(make_pipeline(SlidingWindow(60), LinearWindow()), frame, frame["a"], cv=4)

    assert caught.value.__notes__ == [
        "This fold of the backtest has 30 samples to train on; fewer folds have more."
    ]


def test_one_dimension_is_no_window():
    """An array of one dimension is neither windows nor rows."""
    with pytest.raises(ValueError, match=r"X must be windows \(n, steps\)"):
        backtest(LinearWindow(), np.arange(30.0), np.arange(30.0))


def test_leads_that_y_does_not_have():
    """Windows first, y has every lead that is scored."""
    X, y = make_windows(walk(), 4, target="a")

    with pytest.raises(ValueError, match="y must have all leads that are forecast, 6, got 1"):
        backtest(DirectForecaster(Ridge(), 6), X, y)


def test_a_fold_without_truth():
    """A fold without a known target has nothing to compare."""
    frame = walk()
    frame.iloc[-80:, 0] = np.nan

    with pytest.raises(ValueError, match="none of the 37 targets of a test fold is known"):
        backtest(make_pipeline(SlidingWindow(5), LinearWindow()), frame, frame["a"], cv=3)


def test_windows_in_any_order():
    """Windows that are not sorted are forecast in the order of their ends."""
    X, y = make_windows(walk(), 4, 2, target="a")
    order = np.random.default_rng(0).permutation(len(X))

    one, two = (
        backtest(LinearWindow(), X[which], y[which], cv=3) for which in (np.arange(len(X)), order)
    )

    pd.testing.assert_series_equal(one.scores, two.scores)


def test_progress_goes_to_stderr(capsys):
    """verbose=1 shows a bar, which leaves what is printed alone."""
    frame = walk()

    backtest(make_pipeline(SlidingWindow(5), LinearWindow()), frame, frame["a"], cv=3, verbose=1)

    shown = capsys.readouterr()
    assert shown.out == ""
    assert "backtest" in shown.err


def test_folds_run_one_by_one_are_the_same_in_one_result():
    X, y = make_windows(walk(50), 5, 2, target="a")
    splits = [(np.arange(20), np.arange(21, 30)), (np.arange(30), np.arange(31, 40))]

    joined = Backtest.of_folds([backtest(LinearWindow(), X, y, cv=[split]) for split in splits])

    whole = backtest(LinearWindow(), X, y, cv=splits)
    pd.testing.assert_frame_equal(joined.predictions, whole.predictions)
    pd.testing.assert_frame_equal(joined.by_lead, whole.by_lead)
    pd.testing.assert_series_equal(joined.scores, whole.scores)
    assert len(joined.estimators) == 2


class Stopped(RegressorMixin, BaseEstimator):
    """A regressor whose fit the user stops, once it has samples enough."""

    def __init__(self, least=0):
        self.least = least

    def fit(self, X, y):
        if len(y) >= self.least:
            raise KeyboardInterrupt
        return self

    def predict(self, X):
        return np.zeros(len(X))


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_the_users_stop_is_not_caught(n_jobs):
    """Ctrl-C in a fit ends the backtest, and nothing of it is a result."""
    X, y = make_windows(walk(60), 5, target="a")

    with pytest.raises(KeyboardInterrupt):
        backtest(Stopped(least=30), X, y, cv=3, n_jobs=n_jobs)


class Unknowing(RegressorMixin, BaseEstimator):
    """A regressor that forecasts no number."""

    def fit(self, X, y):
        return self

    def predict(self, X):
        return np.full(len(X), np.nan)


@pytest.mark.parametrize("argument", ["estimator", "baseline"])
def test_forecasts_are_finite_numbers(argument):
    """Measures of what is no number would say nothing: the error names whose forecast it is."""
    X, y = make_windows(walk(60), 5, target="a")
    models = {"estimator": LinearWindow(), argument: Unknowing()}

    with pytest.raises(ValueError, match=f"^{argument} must forecast finite numbers, got nan for"):
        backtest(X=X, y=y, cv=3, **models)


def test_folds_that_share_a_fit_keep_one_training_set():
    """A splitter's training sets are kept where a fit needs them, and nowhere else."""
    X, y = make_windows(walk(120), 5, target="a")

    groups = make_groups(WindowSamples(None, X, y), TimeSeriesSplit(8), 3)

    assert [len(group.tests) for group in groups] == [3, 3, 2]
    starts = [group.tests[0][0] for group in groups]
    assert [group.train[-1] for group in groups] == [start - 1 for start in starts]


def test_there_are_rows_to_forecast():
    """No rows, and no windows, are refused in words of their own."""
    frame = walk()
    X, y = make_windows(frame, 5, target="a")

    with pytest.raises(ValueError, match="X must have at least one row to forecast, got none"):
        backtest(make_pipeline(SlidingWindow(5), LinearWindow()), frame[:0], frame["a"][:0])
    with pytest.raises(ValueError, match="X must have at least one window to forecast from"):
        backtest(LinearWindow(), X[:0], y[:0])


def test_classes_are_no_forecasts():
    """A classifier is compared by stock means, which the error names."""
    with pytest.raises(ValueError, match="must forecast numbers, got the classifier"):
        backtest(RNNClassifier(), walk(), walk()["a"])


def test_sequences_of_different_length():
    """As they come, or as ``Windows``; the naive forecast repeats each one's last value."""
    rng = np.random.default_rng(0)
    sequences = [rng.normal(size=(n, 1)) for n in rng.integers(5, 20, 60)]
    y = np.array([sequence.mean() for sequence in sequences])
    model = RNNRegressor("gru", 4, epochs=1, random_state=0)

    found = backtest(model, sequences, y, cv=3).predictions

    tested = found["origin"].to_numpy()
    last = [sequences[number][-1, 0] for number in tested]
    np.testing.assert_allclose(found["baseline"], last)
    np.testing.assert_allclose(found["true"], y[tested])
    as_windows = backtest(model, Windows.from_sequences(sequences), y, cv=3).predictions
    pd.testing.assert_frame_equal(found, as_windows)
    assert np.isfinite(skill_scorer()(model.fit(sequences, y), sequences, y))
