"""Comparisons from end to end, on small series."""

import contextlib
import re
import signal
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from skrnn.baselines import LinearWindow
from skrnn.comparison import compare, fit_model
from skrnn.comparison.effort import EFFORTS
from skrnn.comparison.forms import Form
from skrnn.comparison.rounds import Unfinished, seconds_left
from skrnn.evaluation import Backtest, backtest
from skrnn.evaluation.past_changes import PastChanges
from skrnn.neural import DenseRegressor
from skrnn.reading import DataProblem
from skrnn.validation import DivergenceError

QUICK = ("naive", "seasonal", "linear")


@pytest.fixture(autouse=True)
def short_training(monkeypatch):
    """Networks of little training, and few recipes of each."""
    monkeypatch.setitem(EFFORTS, "default", replace(EFFORTS["quick"], updates=150, contenders=2))


def test_the_best_model_comes_first_and_the_floor_is_there(weekly, make_reading):
    found = compare(make_reading(weekly, 7), models=["linear", "seasonal"])

    assert set(found.table.index) == set(QUICK)
    assert found.table["mae"].is_monotonic_increasing
    assert found.table.loc["naive", "skill"] == 0
    assert found.verdict.sentence in repr(found)


def test_errors_are_those_of_a_backtest_on_the_same_folds(weekly, make_reading):
    from skrnn import NaiveForecaster, make_windows

    found = compare(make_reading(weekly, 7), models=["seasonal"], horizon=2, window=7, folds=3)

    # Windows of all models are as long as those of the smoothing, and the season that changes look
    # back.
    X, y = make_windows(weekly, 20, 2, target="demand")
    seasonal = NaiveForecaster("seasonal", season=7)
    naive = NaiveForecaster(season=7)
    how = {"cv": found.plan.folds, "baseline": naive, "coverages": (0.8, 0.95)}
    expected = backtest(seasonal, X, y, **how)
    # Few residuals are joined by what the series has changed.
    past = PastChanges(weekly["demand"].to_numpy(), np.array([1, 2]), 7)
    promise = replace(expected.promise, past=past)
    pd.testing.assert_frame_equal(
        found.results["seasonal"].predictions.reset_index(drop=True),
        promise.with_intervals(expected.predictions).reset_index(drop=True),
    )


def test_no_forecast_sees_rows_behind_the_row_at_which_it_is_made(weekly, make_reading):
    weekly.iloc[[30, 31, 120], 0] = np.nan
    models = ["naive", "seasonal", "smoothing", "linear", "dense"]
    later = weekly.copy()
    later.iloc[180:] = later.iloc[180:].abs() * 50 + 9

    before, after = (
        compare(make_reading(frame, 7), models=models, folds=3) for frame in (weekly, later)
    )

    assert before.plan.race.recipes == after.plan.race.recipes
    for name in models:
        early = [
            result.results[name].predictions.query("origin < '2024-06-20'")
            for result in (before, after)
        ]
        assert len(early[0]) > 50
        np.testing.assert_array_equal(early[0]["predicted"], early[1]["predicted"])


def test_the_model_forecasts_the_rows_behind_the_last(weekly, make_reading):
    model = compare(make_reading(weekly, 7), models=["seasonal"]).model

    table = model.forecast()

    assert table.columns.tolist()[:2] == ["time", "demand"]
    assert table["time"].iloc[0] == weekly.index[-1] + pd.Timedelta("1D")
    np.testing.assert_array_equal(table["demand"], weekly["demand"].iloc[-7:])


def test_the_same_seed_gives_the_same_numbers(weekly, make_reading):
    first, same, other = (
        compare(make_reading(weekly, 7), models=["dense"], folds=2, seed=seed).table["mae"]
        for seed in (0, 0, 1)
    )

    assert first.equals(same)
    assert not first.equals(other)


def test_fits_in_parallel_give_the_same_numbers(weekly, make_reading):
    alone, beside = (
        compare(make_reading(weekly, 7), models=["linear"], folds=2, jobs=jobs).table
        for jobs in (1, 2)
    )

    pd.testing.assert_frame_equal(alone.iloc[:, :6], beside.iloc[:, :6])


def test_a_column_that_is_known_ahead_helps(weekly, make_reading):
    weekly["noise"] = (np.random.default_rng(1).random(200) < 0.3).astype(float)
    weekly["demand"] += 40 * weekly["noise"]

    without, knowing = (
        compare(make_reading(weekly, 7, known), models=["linear"]).table.loc["linear", "mae"]
        for known in ((), ("noise",))
    )

    assert knowing < without / 3


@pytest.mark.parametrize("since", ["nothing", "row"])
def test_what_is_known_ahead_counts_for_every_lead(make_reading, no_race, since):
    no_race(Form(since))
    rng = np.random.default_rng(0)
    holiday = (rng.random(300) < 0.3).astype(float)
    demand = 40 * holiday + rng.normal(size=300)
    frame = pd.DataFrame({"demand": demand, "holiday": holiday})

    found = compare(
        make_reading(frame, known_ahead=("holiday",)), models=["linear"], horizon=24, folds=2
    )

    mae = found.results["linear"].by_lead["mae"]
    assert mae.max() < 4
    assert sorted(found.weights["holiday"].nlargest(24).index) == list(range(-24, 0))


def test_a_window_that_misses_what_is_known_ahead_says_so(weekly, make_reading):
    found = compare(
        make_reading(weekly, 7, ("noise",)), models=["linear"], horizon=10, window=6, folds=2
    )

    assert found.plan.notes[-2].startswith(
        "Of the columns known ahead, the values at the first 4 of 10 rows that are"
    )


def test_a_longer_horizon_and_window_are_what_is_asked_for(weekly, make_reading, no_race):
    found = compare(make_reading(weekly, 7), models=["linear"], horizon=9, window=15, folds=2)

    assert found.results["linear"].by_lead.index.tolist() == list(range(1, 10))
    assert set(found.weights.notna().sum()) == {15}
    assert found.weights.first_valid_index() == -9
    assert found.plan.ladder.recipes["linear"].window == 15


def test_series_of_a_panel_are_forecast_by_one_model(weekly, make_reading):
    panel = {"one": weekly, "other": weekly * 2 + 1}

    found = compare(make_reading(panel, 7), models=["linear"], folds=2)

    assert set(found.results["linear"].predictions["series"]) == {0, 1}
    assert len(found.model.forecast()) == 2 * found.plan.horizon


def test_series_that_ended_are_named_as_not_tested(weekly, make_reading):
    """Most are there to the end, and share the dates of the folds."""
    panel = {"one": weekly, "closed": weekly.iloc[: len(weekly) // 2], "other": weekly * 2 + 1}

    found = compare(make_reading(panel, 7), models=["seasonal"], folds=2)

    assert set(found.results["naive"].predictions["series"]) == {0, 2}
    assert (
        "1 series is not tested, but learned from, as no fold has forecasts of so old dates: "
        "'closed'."
    ) in found.plan.notes


def test_series_of_which_no_window_is_drawn_are_not_old(weekly, make_reading, monkeypatch):
    """Of many series folds test some windows alone."""
    monkeypatch.setattr("skrnn.comparison.folds.MOST_TESTED", 2)
    panel = {str(number): weekly + number for number in range(6)}

    found = compare(make_reading(panel, 7), models=["naive"], folds=2, coverages=())

    assert len(set(found.results["naive"].predictions["series"])) < 6
    assert not any("not tested" in note for note in found.plan.notes)


@pytest.mark.parametrize(
    ("n_rows", "season", "horizon"), [(20, 7, 7), (20, 1, 12), (60, 1, 40), (200, 7, 150)]
)
def test_as_many_rows_as_are_asked_for_are_enough(make_reading, n_rows, season, horizon):
    """Also as windows are longer then."""
    days = pd.date_range("2020-01-01", periods=1000)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"demand": rng.normal(size=1000)}, days)

    def compared(n):
        options = {"models": ["naive"], "horizon": horizon, "coverages": ()}
        return compare(make_reading(frame.iloc[:n], season), **options)

    with pytest.raises(DataProblem, match="bring at least") as error:
        compared(n_rows)
    enough = int(re.search("at least ([0-9]+) rows", str(error.value))[1])
    with pytest.raises(DataProblem, match=f"bring at least {enough} rows"):
        compared(enough - 1)
    assert len(compared(enough).results) == 1


def test_the_large_series_of_a_panel_do_not_decide(make_reading):
    """Models are ranked by errors relative to each series' naive ones."""
    rng = np.random.default_rng(0)
    days = pd.date_range("2024-01-01", periods=200, freq="D")
    week = np.tile([0.0, 5.0, 6.0, 5.0, 4.0, 2.0, -3.0], 29)[:200]
    small = [pd.DataFrame({"demand": week + 0.1 * rng.normal(size=200)}, days) for _ in range(4)]
    large = pd.DataFrame({"demand": 1e5 * rng.normal(size=200).cumsum()}, days)
    panel = {str(number): frame for number, frame in enumerate([*small, large])}

    found = compare(make_reading(panel, 7), models=["seasonal"], horizon=7, folds=3)

    assert found.measure == "relative"
    assert found.results["seasonal"].scores["mae"] > found.results["naive"].scores["mae"]
    assert found.table.index[0] == found.verdict.recommended == "seasonal"
    assert "series by series, its mean absolute error is below" in found.verdict.sentence
    assert found.plan.notes[-1].startswith("Models are ranked by errors relative")


def test_series_of_many_sizes_are_learned_each_window_by_itself(make_reading):
    """What small and large series have in common is seen then, and the forecasts are in each one's
    own unit.
    """
    rng = np.random.default_rng(0)
    days = pd.date_range("2024-01-01", periods=300, freq="D")
    week = np.tile([0.0, 5.0, 6.0, 5.0, 4.0, 2.0, -3.0], 43)[:300]
    slow = np.sin(np.arange(300) / 20)
    sizes = 10.0 ** np.arange(8)
    panel = {
        f"{size:g}": pd.DataFrame(
            {"demand": size * (20 + week + 9 * slow + rng.normal(size=300))}, days
        )
        for size in sizes
    }

    found = compare(make_reading(panel, 7), models=["seasonal", "linear"], horizon=7, folds=3)

    assert found.plan.ladder.recipes["linear"].form.scaled
    assert found.verdict.recommended == "linear"
    assert "each window in units of its own deviation" in found.model.facts["learns"]
    forecast = found.model.forecast()["demand"].to_numpy().reshape(len(sizes), 7)
    np.testing.assert_allclose(forecast.mean(axis=1) / sizes, 20, atol=15)


def test_a_series_that_starts_late_keeps_its_place(weekly, make_reading):
    panel = {"one": weekly, "late": weekly.iloc[-40:]}

    found = compare(make_reading(panel, 7), models=["linear"], horizon=3)

    assert found.results["linear"].predictions["series"].isin([0, 1]).all()


def test_the_longest_series_decides_on_the_calendar(weekly, make_reading):
    panel = {"short": weekly.iloc[:12], "one": weekly}

    assert compare(make_reading(panel, 7), models=["naive"], folds=2).plan.preparation.calendar == (
        "dayofweek",
    )


def test_a_series_shorter_than_a_window_is_forecast(weekly, make_reading):
    panel = {"short": weekly.iloc[:12], "one": weekly}

    table = compare(make_reading(panel, 7), models=["linear"], folds=2).model.forecast()

    assert table["time"].iloc[[0, 7]].tolist() == [
        weekly.index[12],
        weekly.index[-1] + pd.Timedelta("1D"),
    ]
    assert np.isfinite(table["demand"]).all()


def test_all_models_have_the_scale_of_what_is_known(weekly, make_reading, monkeypatch):
    monkeypatch.setitem(EFFORTS, "default", replace(EFFORTS["quick"], updates=4, contenders=1))
    weekly.iloc[60:80, 0] = np.nan

    found = compare(make_reading(weekly, 7), models=["linear", "dense"], horizon=2, folds=1)

    first = weekly.index.get_loc(found.results["linear"].predictions["origin"].min())
    # The first target is behind the steps of the first window.
    length = found.plan.preparation.length
    scale = weekly["demand"].iloc[length : first + 1].diff(7).abs().mean()
    for result in found.results.values():
        np.testing.assert_allclose(result.predictions["scale"], scale, rtol=1e-12)


def test_networks_tell_how_they_learned(weekly, make_reading):
    found = compare(make_reading(weekly, 7), models=["dense", "linear"], folds=2)

    assert list(found.training) == ["dense"]
    assert [sorted(history) for history in found.training["dense"]] == [["loss"]] * 2


def test_where_seasons_matter_changes_are_learned(make_reading):
    walk = np.cumsum(np.random.default_rng(0).normal(size=300))
    index = pd.date_range("2024", periods=300, freq="D", name="time")
    frame = pd.DataFrame({"y": walk + 10 * np.tile([0, 0, 0, 0, 0, 5, 5], 43)[:300]}, index=index)

    found = compare(make_reading(frame, 7), models=["linear"], horizon=1, folds=2)

    assert found.plan.ladder.recipes["linear"].form != Form()


@pytest.mark.parametrize("kind", [np.linalg.LinAlgError, DivergenceError])
def test_a_model_that_fails_does_not_end_the_others(weekly, make_reading, monkeypatch, kind):
    """What its numbers came to is said of it alone."""
    make_failing(monkeypatch, kind("singular today"))

    found = compare(make_reading(weekly, 7), models=["linear", "seasonal"], folds=2)

    assert list(found.results) == ["naive", "seasonal"]
    assert found.unfinished["linear"].startswith("it failed: singular today")


def make_failing(monkeypatch, error):
    """Fits of the linear model raise this."""

    def fail(self, samples):
        raise error

    monkeypatch.setattr(LinearWindow, "_fit", fail)


def test_an_error_that_is_not_understood_ends_the_comparison(
    weekly, make_reading, monkeypatch, no_race
):
    """It is a fault or wrong data: nothing that could be said of one model alone."""
    make_failing(monkeypatch, ValueError("not in that column's unit"))

    with pytest.raises(ValueError, match="^not in that column's unit"):
        compare(make_reading(weekly, 7), models=["linear", "seasonal"], folds=2)


def test_an_error_in_the_choice_of_what_is_learned_ends_the_comparison(
    weekly, make_reading, monkeypatch
):
    """It is not taken for too few rows."""
    make_failing(monkeypatch, ValueError("not in that column's unit"))

    with pytest.raises(ValueError, match="^not in that column's unit$"):
        compare(make_reading(weekly, 7), models=["linear"], folds=2)


def test_a_network_that_diverges_does_not_end_the_others(weekly, make_reading, monkeypatch):
    """Its training says so by an error of its own."""

    def diverging(units, **training):
        return DenseRegressor(
            units, **{**training, "optimizer": "sgd", "loss": "mse", "learning_rate": 1e30}
        )

    monkeypatch.setattr("skrnn.comparison.ladder.DenseRegressor", diverging)

    found = compare(make_reading(weekly, 7), models=["seasonal", "dense"], folds=2)

    assert list(found.results) == ["naive", "seasonal"]
    assert found.unfinished["dense"].startswith("it failed: training became infinite")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_model_that_does_not_forecast_numbers_has_failed(
    weekly, make_reading, monkeypatch, no_race, value
):
    monkeypatch.setattr(LinearWindow, "predict", lambda self, X: np.full((len(X), 7), value))
    found = compare(make_reading(weekly, 7), models=["linear"], folds=2)

    assert found.unfinished == {"linear": "it failed: some of its forecasts are not finite"}


class Interrupt:
    """Presses Ctrl-C, or lets time pass, once so many runs are done, or rungs have raced."""

    def __init__(self, after, seconds=None, *, of_race=False):
        self.after = after
        self.of_race = of_race
        self.seconds = seconds
        self.seen = []

    def __call__(self, name, done, total, left):
        if (total is None) != self.of_race:
            return
        self.seen.append((name, done, total, left))
        if done == self.after and self.seconds is None:
            signal.raise_signal(signal.SIGINT)
        if done == self.after and self.seconds is not None:
            time.sleep(self.seconds)


def test_ctrl_c_reports_the_folds_that_are_finished(weekly, make_reading):
    found = compare(make_reading(weekly, 7), models=QUICK, progress=Interrupt(7))

    assert found.ended == "interrupted"
    assert (
        {len(result.by_fold) for result in found.results.values()} == {len(found.plan.folds)} == {2}
    )
    assert (
        found.plan.notes[-2]
        == "Stopped by Ctrl-C: 2 of 5 folds, the newest, are finished and compared."
    )
    assert found.model is not None


def test_ctrl_c_in_the_first_fold_reports_the_models_that_are_finished(weekly, make_reading):
    found = compare(make_reading(weekly, 7), models=QUICK, progress=Interrupt(2))

    assert list(found.results) == ["naive", "seasonal"]
    assert found.unfinished == {"linear": "stopped by Ctrl-C"}


@pytest.mark.parametrize("takes_it", [False, True], ids=["passes it on", "keeps what it has"])
def test_a_model_that_ctrl_c_cuts_short_does_not_count(
    weekly, make_reading, monkeypatch, no_race, takes_it
):
    """Whether its fit passes Ctrl-C on or returns the half-trained model."""
    fit = DenseRegressor.fit

    def cut_short(self, X, y=None, **options):
        with contextlib.suppress(KeyboardInterrupt) if takes_it else contextlib.nullcontext():
            signal.raise_signal(signal.SIGINT)
        return fit(self.set_params(epochs=1), X, y, **options)

    monkeypatch.setattr(DenseRegressor, "fit", cut_short)

    found = compare(make_reading(weekly, 7), models=["seasonal", "dense"], folds=2)

    assert found.ended == "interrupted"
    assert list(found.results) == ["naive", "seasonal"]
    assert found.unfinished == {"dense": "stopped by Ctrl-C"}


def test_ctrl_c_before_anything_is_finished_says_so(weekly, make_reading):
    with pytest.raises(Unfinished, match="^no model was finished: stopped by Ctrl-C$"):
        compare(make_reading(weekly, 7), models=QUICK, progress=Interrupt(0))


def test_ctrl_c_in_the_race_says_so(weekly, make_reading):
    """Nothing is finished then."""
    with pytest.raises(Unfinished, match="^no model was finished: stopped by Ctrl-C$"):
        compare(make_reading(weekly, 7), models=QUICK, progress=Interrupt(1, of_race=True))


def test_a_race_that_the_budget_cuts_says_so(weekly, make_reading):
    """Who has not raced is set as it begins, and all are compared."""
    slow = Interrupt(2, seconds=6, of_race=True)

    found = compare(make_reading(weekly, 7), models=QUICK, budget=10 / 60, progress=slow)

    assert (
        "The budget ended before the race of linear model did: set as it stood then."
        in found.plan.notes
    )
    assert set(found.results) == set(QUICK)


def test_who_has_not_raced_is_set_as_served_the_linear_model(weekly, make_reading):
    """A network whose race the budget cuts."""
    slow = Interrupt(2, seconds=12, of_race=True)

    found = compare(
        make_reading(weekly, 7),
        models=("linear", "dense"),
        effort="quick",
        budget=20 / 60,
        progress=slow,
    )

    recipes = found.plan.ladder.recipes
    assert found.plan.race.untold == ("dense",)
    assert recipes["dense"].form == recipes["linear"].form
    assert recipes["dense"].window == recipes["linear"].window


@pytest.mark.usefixtures("no_race")
def test_the_budget_ends_it_with_what_is_finished(weekly, make_reading):
    found = compare(
        make_reading(weekly, 7), models=QUICK, budget=6 / 60, progress=Interrupt(4, seconds=7)
    )

    assert found.ended == "budget"
    assert {len(result.by_fold) for result in found.results.values()} == {1}


def test_progress_tells_what_runs_and_how_long_it_takes(weekly, make_reading):
    progress = Interrupt(None)

    compare(make_reading(weekly, 7), models=["seasonal"], folds=2, progress=progress)

    assert [step[:3] for step in progress.seen] == [
        ("naive", 0, 4),
        ("seasonal", 1, 4),
        ("naive", 2, 4),
        ("seasonal", 3, 4),
        (None, 4, 4),
    ]
    assert progress.seen[0][3] is None
    assert progress.seen[-1][3] == 0


def test_the_time_left_is_told_as_soon_as_a_network_tells_it():
    """A naive forecast's time says nothing of a network's; fits in parallel share the time."""
    ahead = ["dense", "gru"]

    assert seconds_left(ahead, {"naive": 0.1, "linear": 0.1}, jobs=1) is None
    assert seconds_left(ahead, {"naive": 0.1, "dense": 2.0}, jobs=1) == 4.0
    assert seconds_left(ahead, {"naive": 0.1, "dense": 2.0}, jobs=2) == 2.0


def test_folds_of_one_result_are_counted_anew(weekly, make_reading):
    found = compare(make_reading(weekly, 7), models=["linear"], folds=3).results["linear"]

    assert isinstance(found, Backtest)
    assert found.by_fold.index.tolist() == [0, 1, 2]
    assert found.predictions.groupby("fold")["origin"].min().is_monotonic_increasing
    assert len(found.estimators) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"models": ["linnear"]},
            r"^models= has no 'linnear': choose among naive, seasonal, smoothing, theta, arima, ",
        ),
        ({"seed": -1}, r"^seed= must be a whole number from 0 to 2\*\*32 - 1, got -1$"),
        ({"horizon": 0}, r"^horizon= must be a whole number of at least 1, got 0$"),
        (
            {"window": 190},
            r"^200 rows are too few for a window of 190 and a season of 7 behind a horizon of 7: ",
        ),
        ({"folds": 60}, r"^\d+ windows are too few for 60 folds"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_remedy(weekly, make_reading, options, message):
    with pytest.raises(DataProblem, match=message):
        compare(make_reading(weekly, 7), **options)


def test_one_rung_is_fitted_as_it_would_be_recommended(weekly, make_reading):
    compared = compare(make_reading(weekly, 7), models=["linear"])

    fitted = fit_model(make_reading(weekly, 7), "linear")

    assert compared.verdict.recommended == "linear"
    plain = [model.forecast(coverages=()) for model in (fitted, compared.model)]
    pd.testing.assert_frame_equal(*plain)


def test_a_target_with_many_gaps_is_learned_from_and_scored_where_it_is_known(weekly, make_reading):
    weekly.iloc[::3, 0] = np.nan

    found = compare(make_reading(weekly, 7), models=["linear", "dense"])

    assert found.unfinished == {}
    assert found.table.loc["linear", "skill"] > 0.3
    truth = found.results["linear"].predictions["true"]
    assert truth.isin(weekly["demand"].dropna()).all()
