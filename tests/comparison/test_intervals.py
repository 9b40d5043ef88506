"""Intervals of comparisons, and of the models that they end with."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from skrnn import IntervalForecaster, NaiveForecaster
from skrnn.comparison import compare, fit_model, load_model
from skrnn.comparison.intervals import interval_words, kept_sentence, promised, residuals_of
from skrnn.evaluation.changes import MEMORIES
from skrnn.evaluation.past_residuals import ends_of

ENDS = ["lower_0.8", "upper_0.8", "lower_0.95", "upper_0.95"]
MODELS = ("naive", "seasonal", "linear")
# How models are set does not matter here.
pytestmark = pytest.mark.usefixtures("no_race")


def noise(n_rows, seed=0, size=1.0):
    """Days of noise, which nothing can forecast."""
    index = pd.date_range("2020-01-01", periods=n_rows, name="time")
    values = 50 + size * np.random.default_rng(seed).normal(size=n_rows)
    return pd.DataFrame({"demand": values}, index)


def scores_of(held, by_fold, error=0.01, coverage=0.95):
    """The scores of a backtest that sentences are made of."""
    name = f"coverage_{coverage:g}"
    scores = pd.Series({name: held, f"coverage_se_{coverage:g}": error})
    return SimpleNamespace(scores=scores, by_fold=pd.DataFrame({name: by_fold}))


@pytest.fixture(scope="module")
def panel():
    return {"small": noise(150), "large": noise(150, 1, size=100.0), "third": noise(150, 2)}


def test_every_rung_has_coverage_and_width(weekly, make_reading):
    """The table has them of each coverage, for the naive forecast too, as the backtests do."""
    found = compare(make_reading(weekly, 7), models=MODELS, horizon=3)

    for name, line in found.table.iterrows():
        expected = found.results[name].scores[["coverage_0.8", "width_0.8", "coverage_0.95"]]
        assert line[expected.index].equals(expected)
        assert 0 < line["width_0.8"] < line["width_0.95"]


def test_they_hold_what_they_promise(make_reading):
    """On noise, of which there is enough."""
    table = compare(make_reading(noise(4000)), models=["naive", "linear"], horizon=3).table

    np.testing.assert_allclose(table["coverage_0.8"], 0.8, atol=0.05)
    np.testing.assert_allclose(table["coverage_0.95"], 0.95, atol=0.03)


def test_without_intervals(weekly, make_reading):
    """Errors are the same, and nothing is said of intervals."""
    asked = {"models": MODELS, "horizon": 3}
    plain = compare(make_reading(weekly, 7), coverages=(), **asked)
    table = compare(make_reading(weekly, 7), **asked).table

    same = ["mae", "rmse", "mase", "smape", "skill", "chance"]
    pd.testing.assert_frame_equal(plain.table[same], table[same])
    assert not any("0.8" in name for name in plain.table)
    assert list(plain.model.forecast()) == ["time", "demand"]
    assert plain.promise is None


def test_the_models_intervals_are_of_what_its_folds_missed(weekly, make_reading):
    """Around the forecasts of the model that is fitted on all rows."""
    found = compare(make_reading(weekly, 7), models=MODELS, horizon=3)
    table = found.results[found.model.name].predictions
    missed = (table["true"] - table["predicted"]).to_numpy().reshape(-1, 3)
    rows = np.arange(len(missed))[:, None] + np.arange(3)

    forecast = found.model.forecast()

    ends = forecast[ENDS].to_numpy() - forecast[["demand"]].to_numpy()
    np.testing.assert_allclose(
        ends, ends_of(missed, rows, (0.8, 0.95)).reshape(3, 4), rtol=1e-4, atol=1e-5
    )


def test_residuals_by_a_plain_loop(panel, make_reading):
    """A row for each forecast, of several series in units of their changes; NaN where unknown."""
    frames = {name: frame.copy() for name, frame in panel.items()}
    frames["small"].iloc[[120, 140, 141]] = np.nan
    found = compare(make_reading(frames), models=["linear"], horizon=2)
    result = found.results["linear"]
    residuals, _, memory = residuals_of(result)

    units = result.promise.changes[:, MEMORIES.index(memory)]
    rows = {}
    for line, unit in zip(result.predictions.itertuples(), units, strict=True):
        row = rows.setdefault((line.fold, line.series, line.origin), [np.nan, np.nan])
        row[line.lead - 1] = (line.true - line.predicted) / unit

    np.testing.assert_allclose(
        np.sort(residuals, axis=0), np.sort(list(rows.values()), axis=0), rtol=1e-5
    )
    assert np.isnan(residuals).any()


def test_series_of_a_panel_have_their_own_width(panel, make_reading):
    """A series that changes a hundred times as much has intervals as much wider."""
    model = compare(make_reading(panel), models=["naive"], horizon=1).model

    table = model.forecast()
    width = (table["upper_0.95"] - table["lower_0.95"]).to_numpy()
    assert 70 < width[1] / width[0] < 140


def test_a_series_that_is_new_has_the_width_of_its_own_rows(panel, make_reading):
    """As wide as the same rows have under a name that is known."""
    model = fit_model(make_reading(panel), "naive", horizon=1)

    known, new = (model.forecast({name: panel["large"]}) for name in ("large", "new"))

    pd.testing.assert_frame_equal(known, new)


def test_of_newer_rows_the_width_is_theirs(panel, make_reading):
    """A series that has become restless since the fit has wider intervals."""
    model = fit_model(make_reading(panel), "naive", horizon=3)
    model = replace(model, memory=2.5)
    newer = panel["small"].copy()
    newer.iloc[-30:] *= 5

    before, after = (
        model.forecast({"small": frame}).eval("`upper_0.8` - `lower_0.8`")
        for frame in (panel["small"], newer)
    )

    assert (after > 3 * before).all()


def test_few_newer_rows_are_told_with_those_of_the_fit(panel, make_reading):
    """A window's rows alone say no more than what was known before them."""
    model = fit_model(make_reading(panel), "naive", horizon=3)

    all_rows, few = (
        replace(model, memory=20.0).forecast({"large": panel["large"].iloc[-n:]}) for n in (150, 30)
    )

    width = "`upper_0.8` - `lower_0.8`"
    np.testing.assert_allclose(few.eval(width), all_rows.eval(width), rtol=0.2)


def test_units_of_an_older_version_are_read(panel, make_reading):
    """One number for each series, whatever the lead; of a series that is new, by its own rows."""
    model = fit_model(make_reading(panel), "naive", horizon=2)
    change = panel["third"]["demand"].diff().abs().mean()
    older = replace(model, changes=None, units={"small": 1.0, "large": 100.0, "third": change})

    one, large, again, new = (
        older.forecast({name: panel["third"]}).eval("`upper_0.8` - demand").to_numpy()
        for name in ("small", "large", "third", "new")
    )

    np.testing.assert_allclose(large, 100 * one)
    np.testing.assert_allclose(again, change * one)
    np.testing.assert_allclose(new, again)


def test_a_series_that_never_changed_has_no_interval(panel, make_reading):
    """There is nothing to tell its errors in."""
    panel = panel | {"still": noise(150, size=0.0)}

    table = fit_model(make_reading(panel), "naive", horizon=1).forecast()

    assert table[ENDS].isna().all(axis=1).tolist() == [False, False, False, True]


def test_a_fit_is_calibrated_as_the_interval_forecaster(weekly, make_reading):
    """What a rung missed on the newest fifth, fitted on what was known before."""
    model = fit_model(make_reading(weekly, 7), "seasonal", horizon=3)
    X, y = model.preparation.windows({"one": weekly})
    oracle = IntervalForecaster(NaiveForecaster("seasonal", season=7, target="demand")).fit(X, y)

    np.testing.assert_allclose(model.residuals, oracle.residuals_.values, rtol=1e-5, atol=1e-5)


def test_other_coverages_of_a_model_in_a_file(weekly, make_reading, tmp_path):
    """A forecast may be asked for others than the model was made with, or for none."""
    fit_model(make_reading(weekly, 7), "linear", horizon=3).save(tmp_path / "model.skrnn")
    model = load_model(tmp_path / "model.skrnn")

    assert list(model.forecast())[2:] == ENDS
    assert list(model.forecast(coverages=0.5))[2:] == ["lower_0.5", "upper_0.5"]
    assert list(model.forecast(coverages=()))[2:] == []


def test_fewer_steps_have_the_intervals_of_the_first(weekly, make_reading):
    """A row's interval is the same, however many are asked for."""
    model = fit_model(make_reading(weekly, 7), "linear", horizon=5)

    pd.testing.assert_frame_equal(model.forecast(steps=2), model.forecast().iloc[:2])


def test_what_too_few_forecasts_cannot_tell_is_left_out(weekly, make_reading):
    """A note says what it would take."""
    found = compare(make_reading(weekly, 7), models=["naive"], horizon=2, coverages=(0.5, 0.999))

    assert list(found.model.forecast())[2:] == ["lower_0.5", "upper_0.5"]
    assert found.plan.notes[-1] == (
        "Intervals: 50 %, from what 100 forecasts missed and, where these tell too little, how the "
        "series changed; none of 99.9 %, which take 1,999 forecasts or changes, and there are 486."
    )


@pytest.mark.parametrize(
    ("made_with", "asked", "message"),
    [
        ((0.8,), (0.999,), "^coverages= has shares that are too large for the model: none of 99.9"),
        ((), (0.8,), "^coverages= asks for intervals, and the model was made without any"),
        ((0.8,), (1.5,), "^coverages= must be above 0 and below 1"),
    ],
)
def test_intervals_that_a_model_has_not_are_refused(
    weekly, make_reading, made_with, asked, message
):
    model = fit_model(make_reading(weekly, 7), "naive", horizon=2, coverages=made_with)

    with pytest.raises(ValueError, match=message):
        model.forecast(coverages=asked)


def test_rows_that_are_too_few_to_calibrate_leave_a_model_without(make_reading):
    """It forecasts, and says what it lacks."""
    rows = noise(40)
    rows.iloc[:28] = np.nan
    model = fit_model(make_reading(rows), "linear", horizon=6, window=6)

    assert list(model.forecast()) == ["time", "demand"]
    assert model.facts["intervals"].startswith("none, as no forecast could be tested on the newest")


def test_a_coverage_that_is_none_is_refused(weekly, make_reading):
    with pytest.raises(ValueError, match="^coverages= must be above 0 and below 1"):
        compare(make_reading(weekly, 7), coverages=(95,))


@pytest.mark.parametrize(
    ("held", "by_fold", "error", "sentence"),
    [
        (0.94, [np.nan, 0.91, 0.97], 0.01, "held 94 % of the truth, between 91 and 97 by fold."),
        (0.94, [np.nan, 0.94], 0.01, "held 94 % of the truth."),
        (0.88, [0.8, 0.9], 0.01, "held 88 % of the truth, between 80 and 90 by fold, less than "),
        (1.0, [1.0, 1.0], 0.01, "held 100 % of the truth, between 100 and 100 by fold, more than "),
        (0.6, [0.4, 0.8], 0.2, "by fold, less than promised, perhaps by chance."),
        (np.nan, [np.nan], np.nan, "are not tested, as no fold has forecasts enough before it."),
    ],
)
def test_whether_the_promise_held(held, by_fold, error, sentence):
    """What was held, by fold, and whether that is what was promised."""
    said = kept_sentence(scores_of(held, by_fold, error), (0.95,))

    assert said.startswith("Its 95 % intervals ")
    assert sentence in said


def test_each_coverage_is_judged():
    """Of intervals that all hold less than they promise each says so."""
    results = [scores_of(share - 0.2, [0.1, 0.2], coverage=share) for share in (0.8, 0.95)]
    both = SimpleNamespace(
        scores=pd.concat([result.scores for result in results]),
        by_fold=pd.concat([result.by_fold for result in results], axis=1),
    )

    assert kept_sentence(both, (0.8, 0.95)) == (
        "Its 80 % intervals held 60 % of the truth, between 10 and 20 by fold, less than promised; "
        "its 95 % intervals held 75 %, between 10 and 20, less than promised."
    )


@pytest.mark.parametrize("size", [1e-100, 1e100])
def test_of_any_size(weekly, make_reading, size):
    """Residuals that single precision has no numbers for have intervals, too."""
    asked = {"models": ["naive"], "horizon": 2}
    small = compare(make_reading(weekly, 7), **asked).model.forecast()

    found = compare(make_reading(weekly.assign(demand=weekly["demand"] * size), 7), **asked)

    np.testing.assert_allclose(found.model.forecast()[ENDS] / size, small[ENDS], rtol=1e-4)


def test_a_file_of_forty_rows_has_intervals(make_reading, tmp_path):
    """Of few forecasts, and all changes of the series; the model's file keeps them."""
    rows = np.random.default_rng(0).normal(size=40).cumsum()
    index = pd.date_range("2024-01-01", periods=40, freq="MS", name="time")
    found = compare(make_reading(pd.DataFrame({"demand": rows}, index)), models=["naive"])

    assert found.model.coverages == (0.8, 0.95)
    assert "how the series changed" in found.model.facts["intervals"]
    forecast = found.model.forecast()
    changes = found.model.past
    assert (np.diff(forecast[ENDS].to_numpy()[:, [2, 0, 1, 3]], axis=1) > 0).all()
    assert np.isfinite(forecast[ENDS].to_numpy()).all()
    assert len(changes.values) == 40
    found.model.save(tmp_path / "model.skrnn")
    pd.testing.assert_frame_equal(load_model(tmp_path / "model.skrnn").forecast(), forecast)


def test_a_single_fold_tests_no_intervals_and_tells_of_the_next(weekly, make_reading):
    """Its own would be of what they are tested on; the forecast's are of it."""
    found = compare(make_reading(weekly, 7), models=["naive"], horizon=2, folds=1)

    assert "are not tested" in found.promise
    assert np.isfinite(found.model.forecast()[ENDS].to_numpy()).all()


def test_words_for_what_there_is():
    """Coverages go up, and what too few forecasts tell is named."""
    residuals = np.array([[1.0, np.nan], [2.0, 3.0]] * 5)

    assert promised(residuals, (0.95, 0.8, 0.5)) == (0.5, 0.8)
    assert interval_words(residuals, (0.95, 0.8)) == (
        "80 %, from what 15 forecasts missed; none of 95 %, which take 39 forecasts whose truth is "
        "known, and there are 15"
    )
