"""The race: which recipes rungs get, by what, and that nothing newer decides."""

import re
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from skrnn.comparison import compare, fit_model
from skrnn.comparison.effort import EFFORTS, Allowance
from skrnn.comparison.folds import make_folds
from skrnn.comparison.forms import Form
from skrnn.comparison.notes import note_on_race
from skrnn.comparison.options import Options
from skrnn.comparison.planning import prepare
from skrnn.comparison.race import Race, race, trials_of
from skrnn.comparison.recipes import (
    FEWEST_SEGMENTS,
    FORMS,
    MOST_STEPS,
    NETWORKS,
    Ground,
    Recipe,
    columns,
    first,
    forms,
    seasons,
    windows,
)
from skrnn.comparison.trial import Trial
from skrnn.evaluation.samples import WindowSamples
from skrnn.forecasters.inside import nested
from skrnn.reading import DataProblem
from skrnn.wording import RUNGS


@pytest.fixture(autouse=True)
def short_training(monkeypatch):
    """Networks of little training, and few recipes of each."""
    monkeypatch.setitem(EFFORTS, "default", replace(EFFORTS["quick"], updates=150, contenders=2))


def test_the_race_is_a_plain_loop(weekly, make_reading):
    """Each error that a linear model got, computed once more on the same rows."""
    reading = make_reading(weekly, 7)
    found = compare(reading, models=["linear"], horizon=3, folds=2)

    X, y = found.plan.preparation.windows(reading.frames)
    trials = Trial.some(X, y, found.plan.folds[0][0], "demand")
    assert len(trials) == 2
    for heat in found.plan.race.heats["linear"]:
        ladder = found.plan.ladder.of({"linear": heat.recipe})
        errors = []
        for trial in trials:
            model = ladder.fit("linear", trial.past, trial.taught)
            errors.append(np.abs(model.predict(trial.recent) - trial.truth).mean())
        np.testing.assert_allclose(heat.error, np.mean(errors), rtol=1e-10)
    chosen = found.plan.race.error("linear")
    assert chosen <= 1.02 * min(heat.error for heat in found.plan.race.heats["linear"])


def raced(frame, make_reading, names, season=7, known=(), **options):
    """The race of some rungs on a series, as a comparison with two folds makes it."""
    reading = make_reading(frame, season, known)
    preparation, ground, ladder = prepare(reading, Options(horizon=5, models=names, **options))
    X, y = preparation.windows(reading.frames)
    oldest = make_folds(WindowSamples(None, X, y), 2, season)[0][0]
    found = race(names, trials_of(X, y, oldest, ladder, ground), ladder, ground)
    return found, (X, oldest)


def test_of_few_windows_an_older_time_judges_too(weekly, make_reading):
    """What is judged begins a horizon behind what teaches, and is never taught in its own trial."""
    _, (X, oldest) = raced(weekly, make_reading, ("linear",))
    y = X.values_at(0, X.leads)

    newer, older = Trial.some(X, y, oldest, "demand")

    for trial in (newer, older):
        assert trial.past.ends.max() + 5 <= trial.recent.ends.min()
        assert len(trial.recent) >= 5
    assert older.recent.ends.max() < newer.recent.ends.max() <= X.ends[oldest].max()


def test_a_network_that_a_shorter_training_serves_better_gets_one(
    weekly, make_reading, monkeypatch
):
    """The rounds of a race tell: a run of half of the last round's training, half of a full one."""
    errors = {1 / 8: 3.0, 1 / 4: 1.0, 1 / 2: 2.0}
    monkeypatch.setattr(
        "skrnn.comparison.race.Track.error",
        lambda track, name, recipe, share: errors.get(share, 1.0),
    )

    found, _ = raced(weekly, make_reading, ("dense",))

    assert found.recipes["dense"].length == 0.5
    assert found.error("dense") == 1.0


def test_the_most_promising_network_goes_on_first(weekly, make_reading, monkeypatch):
    """All choose their form before any chooses more; one that is cut keeps what it had chosen."""
    reading = make_reading(weekly, 7)
    names = ("linear", "dense", "conv")
    preparation, ground, ladder = prepare(reading, Options(horizon=5, models=names, effort="quick"))
    X, y = preparation.windows(reading.frames)
    trials = trials_of(X, y, np.arange(100), ladder, ground)
    monkeypatch.setattr(
        "skrnn.comparison.race.Track.error",
        lambda track, name, recipe, share: (
            (2.0 if name == "dense" else 1.0) - (recipe.form == Form("row"))
        ),
    )
    monkeypatch.setitem(EFFORTS, "quick", replace(EFFORTS["quick"], contenders=20))
    told = []
    how = {"tell": lambda name, number: told.append(name)}
    whole = race(names, trials, ladder, ground, **how)

    def stop(name, number):
        if number == len(names):
            time.sleep(1)

    deadline = time.monotonic() + 1
    cut = race(names, trials, ladder, ground, tell=stop, deadline=deadline)

    assert told == ["linear", "dense", "conv", "conv", "dense"]
    assert whole.untold == ()
    assert cut.untold == ("dense", "conv")
    assert {one.form for one in cut.recipes.values()} == {Form("row")}


def test_newer_rows_decide_nothing(weekly, make_reading):
    """The leak audit: other rows behind the oldest fold's training, and bit-equal errors."""
    names = ("smoothing", "linear", "dense", "gru")
    first_race, (X, oldest) = raced(weekly, make_reading, names)
    other = weekly.copy()
    other.iloc[X.ends[oldest].max() + 6 :] = 1e6

    second, _ = raced(other, make_reading, names)

    assert first_race.heats == second.heats
    assert first_race.recipes == second.recipes


def test_too_little_to_tell_recipes_apart_is_no_error(weekly, make_reading):
    """Nothing is known of the rows that would judge: rungs are set as they begin."""
    reading = make_reading(weekly, 7)
    preparation, ground, ladder = prepare(reading, Options(horizon=5, models=("linear",)))
    X, y = preparation.windows(reading.frames)
    y[40:] = np.nan

    found = race(("linear",), trials_of(X, y, np.arange(100), ladder, ground), ladder, ground)

    assert found.heats == {}
    assert found.recipes == {"linear": first("linear", ground)}
    assert note_on_race(found) == [
        "Models are set as they begin: the oldest fold's training rows do not tell what is "
        "forecast better."
    ]


def test_every_rung_chooses_its_own(make_reading):
    """A walk with a season: changes for the linear model, and what they like for the others."""
    walk = 100 + np.cumsum(np.random.default_rng(0).normal(size=400))
    index = pd.date_range("2024", periods=400, freq="D", name="time")
    frame = pd.DataFrame({"y": walk + 10 * np.tile([0, 0, 0, 0, 0, 5, 5], 58)[:400]}, index=index)

    found, _ = raced(frame, make_reading, ("linear", "dense"))

    assert found.recipes["linear"].form != Form()
    assert found.recipes["dense"].form != Form()
    assert set(found.heats) == {"linear", "dense"}
    assert {heat.recipe.form for heat in found.heats["linear"]} == set(FORMS)


def test_a_linear_model_tries_other_seasons_and_tells_the_networks():
    """In the forms that a season is part of: what it finds best they try first."""
    ground = Ground(
        horizon=5,
        season=1,
        seasons=(7, 30),
        window=12,
        windows=(24, 96),
        is_asked=False,
        columns=("y",),
    )
    tried = forms("linear", first("linear", ground), ground)

    assert {one.season for one in tried} == {1, 7, 30}
    assert all(one.form.is_seasonal for one in tried if one.season > 1)
    assert all(one.window >= 2 * one.season for one in tried if one.form.since == "last season")
    assert {one.form for one in tried if one.season == 30} == {f for f in FORMS if f.is_seasonal}

    best = Recipe(window=96, season=30, form=Form("last season"))
    found = forms("dense", first("dense", ground), replace(ground, scouted=(best,)))
    assert (found[0].season, found[0].window, found[0].form) == (30, 96, best.form)
    assert {one.season for one in found[1:]} == {1}


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_begin_with_what_serves_a_linear_model_best(name):
    """Its form and season, with a window that has two of them, or by segments."""
    best = Recipe(window=480, season=96, form=Form("last season"))
    ground = Ground(
        horizon=24,
        season=24,
        seasons=(24, 96),
        window=48,
        windows=(192, 480),
        is_asked=False,
        columns=("y",),
        scouted=(best, Recipe(window=192, season=24, form=Form("last season", scaled=True))),
    )
    begun = first(name, ground)
    found = forms(name, begun, ground)

    assert (begun.form, begun.season) == (best.form, 96)
    assert begun.window == (192 if name in ("simple", "lstm", "gru") else 480)
    assert {one.form for one in (begun, *found)} == set(FORMS)
    for one in (begun, *found):
        assert one.form.since != "last season" or one.window >= 2 * one.season
    segmented = [(one.window, one.segment) for one in found if one.segment > 1]
    assert segmented == ([(480, 24), (192, 24)] if name in ("lstm", "gru") else [])


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_other_windows_of_a_network_that_reads_by_segments(name):
    """They have segments enough, or are read step by step."""
    ground = Ground(
        horizon=26,
        season=52,
        seasons=(52,),
        window=52,
        windows=(26, 104, 208, 416),
        is_asked=False,
        columns=("y",),
    )
    recipe = Recipe(window=208, season=52, segment=52)

    found = windows(name, recipe, ground)

    assert (26, 1) in [(one.window, one.segment) for one in found]
    for one in found:
        assert one.segment == 1 or one.window >= FEWEST_SEGMENTS * one.segment
        assert one.segment > 1 or one.window <= MOST_STEPS


def test_half_of_the_networks_drop_out_at_a_time(weekly, make_reading, monkeypatch):
    """Short trainings first."""
    monkeypatch.setitem(EFFORTS, "default", replace(EFFORTS["quick"], updates=60, contenders=7))
    found, _ = raced(weekly, make_reading, ("dense",), window=14)

    shares = [heat.share for heat in found.heats["dense"]]
    assert [shares.count(share) for share in (1 / 8, 1 / 4, 1 / 2)] == [8, 4, 2]


def test_columns_must_earn_their_place(make_reading, monkeypatch):
    """Columns of noise are left out where the target alone is forecast better."""
    monkeypatch.setattr("skrnn.comparison.race.stages", lambda name: (columns,))
    rng = np.random.default_rng(0)
    y = np.zeros(200)
    for row in range(1, 200):
        y[row] = 0.9 * y[row - 1] + rng.normal()
    noise = rng.normal(size=(200, 30))
    names = [f"noise_{number}" for number in range(30)]
    frame = pd.DataFrame(np.column_stack([y, noise]), columns=["y", *names])

    found, _ = raced(frame, make_reading, ("linear",), season=1)

    assert found.recipes["linear"].columns == ("y",)
    assert "the target alone" in found.recipes["linear"].words("linear")


def test_a_column_that_tells_something_stays(make_reading):
    """It says two rows before what the target will be."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=300)
    frame = pd.DataFrame({"y": np.roll(x, 5) + 0.1 * rng.normal(size=300), "x": x})

    found, _ = raced(frame, make_reading, ("linear",), season=1)

    assert found.recipes["linear"].columns is None


def test_logarithms_only_where_all_is_positive(weekly, make_reading):
    """Of values that are not they are not tried."""
    positive, _ = raced(weekly, make_reading, ("linear",))
    mixed, _ = raced(weekly - 20, make_reading, ("linear",))

    assert any(heat.recipe.form.logs for heat in positive.heats["linear"])
    assert not any(heat.recipe.form.logs for heat in mixed.heats["linear"])


@pytest.mark.filterwarnings("ignore:.*no logarithm")
def test_rows_that_become_negative_later_are_no_error(weekly, make_reading, monkeypatch):
    """What logarithms were chosen for need not stay positive: values are learned then."""
    weekly.iloc[-30:, 0] -= 40
    logs = {"linear": Recipe(window=14, season=7, form=Form(logs=True))}
    monkeypatch.setattr("skrnn.comparison.planning.race", lambda *args, **how: Race(recipes=logs))

    found = compare(make_reading(weekly, 7), models=["linear"], horizon=3, folds=2)

    assert list(found.results) == ["naive", "linear"]


def test_natural_seasons_are_tried(make_reading):
    """Exponential smoothing and the seasonal naive forecast follow the one that they do best by."""
    rng = np.random.default_rng(0)
    index = pd.date_range("2020-01-01", periods=900, name="time")
    week = np.tile([9.0, 0, 0, 0, 0, 0, 0], 129)[:900]
    frame = pd.DataFrame({"temp": week + rng.normal(size=900)}, index)
    reading = replace(make_reading(frame, 60), seasons=(7, 60))

    found = compare(reading, models=["seasonal", "smoothing"], horizon=7, folds=2)

    assert found.plan.ladder.recipes["smoothing"].season == 7
    assert found.plan.ladder.recipes["seasonal"].season == 7
    assert found.plan.season == 60


def test_smoothing_follows_no_season_where_none_is_better(make_reading):
    """A long season that fits hardly twice into a window loses against none at all."""
    rng = np.random.default_rng(0)
    weather = np.zeros(1200)
    for day in range(1, 1200):
        weather[day] = 0.7 * weather[day - 1] + rng.normal()
    index = pd.date_range("2020-01-01", periods=1200, name="time")
    frame = pd.DataFrame({"temp": np.cos(np.arange(1200) / 200 * 2 * np.pi) + weather}, index)

    found = compare(make_reading(frame, 200), models=["smoothing"], horizon=7, folds=2)

    assert found.plan.ladder.recipes["smoothing"].season == 1
    assert fit_model(make_reading(frame, 200), "smoothing", horizon=7).facts["learns"] == (
        "no season"
    )


def test_a_longer_training_where_a_network_still_learns(make_reading, monkeypatch):
    """A network that a short training leaves in the middle of it goes on."""
    few = replace(EFFORTS["default"], updates=24, stages=("lengths",))
    monkeypatch.setitem(EFFORTS, "default", few)
    wave = np.sin(np.arange(400) / 5)
    frame = pd.DataFrame({"y": wave + 0.01 * np.random.default_rng(0).normal(size=400)})

    found, _ = raced(frame, make_reading, ("dense",), season=1)

    assert found.recipes["dense"].length == 3.0


def test_the_page_and_the_json_show_the_race(weekly, make_reading):
    """What was tried, what it got, and what was chosen."""
    from skrnn.report.race import race_table

    found = compare(make_reading(weekly, 7), models=["linear", "dense"], horizon=3, folds=2)

    table = found.plan.race.table
    assert table.groupby("model")["chosen"].any().all()
    shown = race_table(found)
    assert {row[0] for row in shown.rows} >= {"linear", "linear *", "dense *"}
    assert any(re.search(r"a race of \d+ recipes", note) for note in found.plan.notes)


# ---------------------------------------------------------------------- the plan's costs


@pytest.mark.parametrize("name", NETWORKS)
def test_a_plan_is_fixed_by_effort_and_data(name):
    """More effort gives more updates, and a larger network gets fewer of the same time."""
    recipe = Recipe(window=48)
    updates = [
        Allowance.of(EFFORTS[effort], NETWORKS, 5, horizon=24).updates(name, recipe, 10_000)
        for effort in ("quick", "best")
    ]
    large = Allowance.of(EFFORTS["quick"], NETWORKS, 5, horizon=24)

    assert updates[0] < updates[1]
    seconds = [
        large.seconds_of_update(name, replace(recipe, size=size), 64) for size in ("small", "large")
    ]
    assert seconds[0] < seconds[1]


@pytest.mark.parametrize(("seconds", "n_members"), [(1e-6, 1), (1e3, 3)])
def test_as_many_networks_forecast_as_the_time_suffices_for(
    seconds, n_members, weekly, make_reading
):
    """The first rounds of a race tell recipes apart by one of each."""
    reading = make_reading(weekly, 7)
    preparation, ground, ladder = prepare(reading, Options(horizon=5))
    X, y = preparation.windows(reading.frames)
    effort = replace(EFFORTS["default"], updates=3, members=3)
    ladder = replace(ladder, allowance=replace(ladder.allowance, seconds=seconds, effort=effort))
    ladder = ladder.of({"dense": first("dense", ground)})

    for share, expected in ((1.0, n_members), (0.5, n_members), (0.25, 1)):
        model = ladder.fit("dense", X, y, share)
        networks = [one for one in nested(model) if hasattr(one, "n_estimators")]
        assert networks[0].n_estimators == expected


def test_a_race_that_a_budget_ended_says_nothing_of_rows():
    """Whether these tell, nobody has seen."""
    recipes = {"linear": Recipe(window=7)}
    assert note_on_race(Race(recipes=recipes, untold=("linear",))) == []
    assert len(note_on_race(Race(recipes=recipes))) == 1


def test_an_effort_that_there_is_not(weekly, make_reading):
    """In one line, with the remedy."""
    message = "^effort= must be one of quick, default or best, got 'huge'$"
    with pytest.raises(DataProblem, match=message):
        compare(make_reading(weekly, 7), effort="huge", models=["linear"])


# ---------------------------------------------------------------------- the ensemble


def test_the_ensemble_is_the_median_of_the_best_of_the_folds_before(weekly, make_reading):
    """Computed once more; in the first fold they are the best of the race."""
    names = ["naive", "seasonal", "smoothing", "linear", "dense", "ensemble"]
    found = compare(make_reading(weekly, 7), models=names, horizon=3, folds=3)

    result = found.results["ensemble"]
    others = [name for name in found.results if name != "ensemble"]
    tables = {name: found.results[name].predictions for name in others}
    for fold in range(3):
        here = result.predictions["fold"] == fold
        begun = result.predictions.loc[here, "origin"].min()
        # The label of a forecast is the row that it is for; of a window all must be known.
        newest = tables["naive"].groupby("origin")["lead"].transform(lambda lead: lead.index.max())
        known = (tables["naive"]["fold"] < fold) & (newest <= begun)
        ranked = found.plan.race.ranked()
        if known.any():
            errors = {name: [] for name in others}
            for name, table in tables.items():
                for _, part in table[known.to_numpy()].groupby("fold"):
                    missed = (part["true"] - part["predicted"]).abs().mean()
                    floor = (part["true"] - part["baseline"]).abs().mean()
                    errors[name].append(missed / floor)
            ranked = sorted(others, key=lambda name, errors=errors: np.mean(errors[name]))
        members = ranked[:3]
        expected = np.median([tables[name].loc[here, "predicted"] for name in members], axis=0)
        np.testing.assert_allclose(result.predictions.loc[here, "predicted"], expected)
        assert set(result.estimators[fold].names) == set(members)
    assert "coverage_0.8" in result.scores


def test_an_ensemble_that_is_recommended_holds_its_members(weekly, make_reading, tmp_path):
    """Its file forecasts the median of what they forecast."""
    from skrnn.comparison import load_model

    model = fit_model(make_reading(weekly, 7), "ensemble", horizon=3)
    model.save(tmp_path / "model.skrnn")
    again = load_model(tmp_path / "model.skrnn")

    pd.testing.assert_frame_equal(again.forecast(), model.forecast())
    assert len(again.estimator.members) == 3
    assert again.facts["learns"].startswith("the median of ")


def test_an_ensemble_of_too_few_says_so(weekly, make_reading):
    """Of two it would be their mean."""
    found = compare(make_reading(weekly, 7), models=["seasonal", "ensemble"], horizon=3, folds=2)

    assert found.unfinished == {"ensemble": "it takes three other models"}


def test_recipes_say_what_they_are():
    """As the page and the model's file have it."""
    recipe = Recipe(
        window=336,
        season=24,
        form=Form("last season", scaled=True, logs=True),
        columns=("y",),
        segment=24,
        size="large",
        length=3.0,
    )

    assert recipe.words("gru") == (
        "logarithms' changes since the window's last season (24 rows), each window in units of its "
        "own deviation, windows of 336, 24 steps at a time, the target alone, large, trained 3 "
        "times as long"
    )
    assert set(RUNGS) >= {"mingru", "ensemble"}


def test_a_season_that_is_too_long_for_a_rung_is_not_begun_with():
    """Exponential smoothing looks at a thousand rows: two weeks of half hours are there once."""
    ground = Ground(
        horizon=48,
        season=672,
        seasons=(48,),
        window=60,
        windows=(),
        is_asked=False,
        columns=("load",),
    )
    begun = first("smoothing", ground)

    assert begun.season == 1
    assert first("seasonal", ground).season == 672
    assert {one.season for one in seasons("smoothing", begun, ground)} == {1, 48}


def led(make_reading, monkeypatch, errors, updates=1_000):
    """A race of three networks whose errors are as said, and less of a longer training."""
    names = ("dense", "conv", "gru")
    index = pd.date_range("2024-01-01", periods=2_000, freq="h", name="time")
    rows = pd.DataFrame({"load": np.random.default_rng(0).normal(size=2_000)}, index=index)
    monkeypatch.setattr(
        "skrnn.comparison.race.Track.error",
        lambda track, name, recipe, share: errors.get(name, 1.0) / (1 + share * recipe.time),
    )
    effort = replace(EFFORTS["default"], updates=updates, contenders=2)
    monkeypatch.setitem(EFFORTS, "default", effort)
    found, _ = raced(rows, make_reading, names, season=24)
    return found, Allowance.of(effort, names, 5)


def test_networks_that_lead_get_the_time_of_the_others(make_reading, monkeypatch):
    """Who is further behind than chance is not raced on, and those who lead are trained longer."""
    found, allowance = led(make_reading, monkeypatch, {"conv": 1.2, "gru": 1.04})

    time = allowance.time_of(2)
    assert time > 1.2
    assert {name: one.time for name, one in found.recipes.items()} == {
        "dense": time,
        "gru": time,
        "conv": 1.0,
    }
    assert found.behind == ("conv",)
    assert found.untold == ()
    dense = found.recipes["dense"]
    assert f"trained {time * dense.length:.2g} times as long" in dense.words("dense")
    (_, led_by) = note_on_race(found)
    assert led_by.startswith("After the first stage, dense network and GRU led among the networks")


def test_all_networks_race_on_where_none_leads(make_reading, monkeypatch):
    """Or where networks see all windows so often that no training would be longer."""
    alike, _ = led(make_reading, monkeypatch, {"conv": 1.04, "gru": 1.04})
    few, _ = led(make_reading, monkeypatch, {"conv": 1.2}, updates=10**6)

    for found in (alike, few):
        assert found.behind == ()
        assert {one.time for one in found.recipes.values()} == {1.0}
