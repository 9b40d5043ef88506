"""The verdict on made-up errors."""

import itertools
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from skrnn.comparison import compare
from skrnn.comparison.verdict import errors_of, gains, verdict
from skrnn.reading import read_series

NAIVE = [10.0] * 5


def result(*mae, naive=NAIVE):
    """A model that is so far off in each fold, once; and the naive forecast."""
    predictions = pd.DataFrame(
        {"fold": range(len(mae)), "origin": 0, "true": 0.0, "predicted": mae, "baseline": naive}
    )
    return SimpleNamespace(scores={"mae": np.mean(mae)}, predictions=predictions)


def results(**mae):
    return {name: result(*errors, naive=mae["naive"]) for name, errors in mae.items()}


def test_a_rung_that_clearly_beats_the_one_before_is_taken():
    found = verdict(
        results(naive=NAIVE, linear=[5.0, 5.5, 6.0, 5.5, 5.5], gru=[3.0, 3.2, 3.4, 3.2, 3.2])
    )

    assert (found.recommended, found.best, found.clear) == ("gru", "gru", True)
    assert found.sentence == (
        "Use the GRU: its mean absolute error is 3.200, below the naive forecast's by 68 %, more "
        "than what chance gives (0.8 %)."
    )


def test_a_network_that_does_not_clearly_beat_linear_is_not_recommended():
    found = verdict(
        results(naive=NAIVE, linear=[5.0, 5.5, 6.0, 5.5, 5.5], gru=[5.5, 5.0, 5.7, 5.4, 5.4])
    )

    assert (found.recommended, found.best) == ("linear", "gru")
    assert found.sentence.endswith("; the GRU has less by 1.8 %, within what chance gives (2.9 %).")


def test_one_large_error_does_not_decide():
    """Here linear errs less in each fold but one, as where a pandemic begins; so does the GRU."""
    ours = [5.0, 5.5, 5.2, 5.1, 9.0]
    rare = [6.0, 6.4, 6.3, 6.2, 30.0]
    wild = [6.0, 6.5, 6.2, 6.1, 2.0]

    assert verdict(results(naive=NAIVE, linear=rare, gru=ours)).recommended == "gru"
    found = verdict(results(naive=NAIVE, linear=[5.0, 5.5, 5.2, 5.1, 20.0], gru=wild))
    assert (found.recommended, found.best) == ("linear", "gru")
    assert found.sentence.endswith(" by 34 %, which may be chance, as folds differ so much.")


def test_a_rung_that_errs_more_than_a_simpler_one_is_not_climbed_where_chance_hides_it():
    """The GRU clearly beats linear, and not conv, which errs more than linear, but not always."""
    linear, conv, gru = [6.0, 6.1, 6.2, 6.1, 6.0], [3.0, 9.5, 9.5, 3.0, 9.5], [5.0] * 5

    found = verdict(results(naive=NAIVE, linear=linear, conv=conv, gru=gru))

    assert found.recommended == "gru"


def gain(ours, naive):
    """That of one model over the naive forecast."""
    return gains({"naive": errors_of(naive), "ours": errors_of(ours)}, "naive")["ours"]


def test_chance_is_what_errors_give_that_could_be_each_others():
    """Of the ways to exchange them fold by fold, what a fifth exceeds: by a plain loop."""
    naive = np.array([5.0, 8.0, 9.0, 2.5])
    models = np.array([[3.0, 7.0, 4.0, 2.0], [5.5, 7.0, 8.0, 2.5]])

    errors = [errors_of(result(*mae, naive=naive)) for mae in (naive, *models)]
    found = gains(dict(zip(["naive", "linear", "gru"], errors, strict=True)), "naive")

    luckiest = []
    for ways in itertools.product((False, True), repeat=4):
        less, error = less_of(np.where(ways, naive, models), np.where(ways, models, naive))
        luckiest.append(max(less / error))
    luck = sorted(luckiest, reverse=True)[16 // 5]
    less, error = less_of(models, naive)
    told = [found["linear"], found["gru"]]
    np.testing.assert_allclose([one.share for one in told], 1 - models.sum(axis=1) / naive.sum())
    np.testing.assert_allclose([one.typical for one in told], 2 * less / (1 + less))
    chance = luck * error
    np.testing.assert_allclose([one.chance for one in told], 2 * chance / (1 + chance))


def less_of(ours, theirs):
    """How much less a fold's error is, as a share of both, and the standard error: of four."""
    less = (theirs - ours) / (theirs + ours)
    mean = less.mean(axis=1)
    squares = ((less - mean[:, None]) ** 2).sum(axis=1)
    return mean, np.sqrt(squares / 3 / 4)


def test_the_luckiest_of_many_needs_more():
    """What is clear of two models may be chance of ten others, each as lucky in another fold."""
    naive = errors_of(result(*NAIVE))
    better = errors_of(result(8.2, 10.1, 9.4, 9.4, 9.0))
    rng = np.random.default_rng(0)
    others = {f"{n}": errors_of(result(*np.add(10, rng.normal(size=5)))) for n in range(10)}

    assert gains({"naive": naive, "linear": better}, "naive")["linear"].clear
    assert not gains({"naive": naive, "linear": better, **others}, "naive")["linear"].clear


def test_models_that_go_together_share_their_luck():
    """Ten that make the same errors need no more than one."""
    naive = errors_of(result(*NAIVE))
    better = errors_of(result(8.2, 10.1, 9.4, 9.4, 9.0))

    alone = gains({"naive": naive, "linear": better}, "naive")["linear"]
    many = gains({"naive": naive} | {f"{n}": better for n in range(10)}, "naive")["0"]
    assert many.chance == alone.chance


def test_what_is_clearly_worse_costs_the_others_nothing():
    naive = errors_of(result(*NAIVE))
    better = errors_of(result(8.2, 10.1, 9.4, 9.4, 9.0))
    worse = errors_of(result(20.0, 21.0, 20.0, 19.0, 20.0))

    alone = gains({"naive": naive, "linear": better}, "naive")["linear"]
    assert gains({"naive": naive, "seasonal": worse, "linear": better}, "naive")["linear"] == alone


def test_many_folds_are_exchanged_in_a_part_of_all_ways():
    """The same part again, and about what Student's interval gives for one model."""
    rng = np.random.default_rng(1)
    naive, ours = rng.normal(10, 1, (2, 60))

    found = gain(result(*ours, naive=naive), result(*naive, naive=naive))

    assert found == gain(result(*ours, naive=naive), result(*naive, naive=naive))
    left = ours - ours.mean() / naive.mean() * naive
    error = np.std(left, ddof=1) / np.sqrt(60) / naive.mean()
    assert found.chance == pytest.approx(0.848 * error, rel=0.1)


def test_of_models_that_are_no_better_one_is_rarely_clear():
    """Of nine whose errors are those of naive but for chance, in one of five series or fewer."""
    rng = np.random.default_rng(0)
    rungs = ["seasonal", "smoothing", "linear", "dense", "conv", "simple", "lstm", "gru"]
    errors = rng.normal(10, 1, (200, 1 + len(rungs), 5))
    named = [verdict(results(**dict(zip(["naive", *rungs], each, strict=True)))) for each in errors]

    assert np.mean([found.recommended == "naive" for found in named]) >= 0.8


def test_the_naive_forecast_is_used_where_nothing_clearly_beats_it():
    found = verdict(results(naive=NAIVE, linear=[5.0, 14.0, 10.4, 9.8, 9.8]))

    assert (found.recommended, found.clear) == ("naive", False)
    assert found.sentence.startswith(
        "Use the naive forecast: its mean absolute error is 10.00; the linear model has less by "
    )


def test_a_rung_that_is_worse_than_a_simpler_one_is_not_climbed():
    found = verdict(
        results(naive=NAIVE, linear=[2.0, 2.1, 2.0, 2.0, 2.0], dense=[4.0, 4.1, 4.0, 4.0, 4.0])
    )

    assert found.recommended == "linear"


def test_a_network_must_beat_linear_clearly_also_where_linear_does_not_beat_the_rung_below():
    smoothing = [6.0] * 5
    linear = [3.0, 8.0, 4.0, 3.0, 7.0]
    gru = [4.5, 4.6, 4.5, 4.5, 4.5]

    found = verdict(results(naive=NAIVE, smoothing=smoothing, linear=linear, gru=gru))

    assert (found.recommended, found.best) == ("linear", "gru")


def test_a_gain_that_is_sure_but_tiny_is_not_worth_a_network():
    found = verdict(results(naive=NAIVE, linear=[5.0] * 5, gru=[4.98, 4.981, 4.982, 4.98, 4.981]))

    assert (found.recommended, found.best) == ("linear", "gru")
    assert found.sentence.endswith("the GRU has less by 0.4 %, too little to matter.")


def one_fold(errors, naive):
    """A fold of two forecasts from each origin, with the absolute errors of the origins."""
    origins = np.repeat(np.arange(len(errors)), 2)
    table = pd.DataFrame({"fold": 0, "origin": origins, "true": 0.0})
    table = table.assign(predicted=np.repeat(errors, 2), baseline=np.repeat(naive, 2))
    return SimpleNamespace(scores={"mae": np.mean(errors)}, predictions=table)


def of_one_fold(**errors):
    return {name: one_fold(each, errors["naive"]) for name, each in errors.items()}


def test_one_fold_is_cut_to_see_what_chance_gives():
    linear = np.repeat([1.0, 2.0, 3.0, 2.0, 2.0], 4)

    found = verdict(of_one_fold(naive=np.full(20, 10.0), linear=linear))

    assert found.recommended == "linear"
    assert found.sentence.endswith("by 80 %, more than what chance gives (5.0 %).")


def test_one_fold_of_few_forecasts_makes_nothing_clear():
    found = verdict(of_one_fold(naive=[10.0, 10.0], linear=[1.0, 1.0]))

    assert found.recommended == "naive"
    assert found.sentence.endswith(
        "has less by 90 %, which may be chance, as so few forecasts cannot tell."
    )


@pytest.mark.parametrize("mae", [(0.0, 0.0, 0.0), (1.0, 0.0, 2.0)])
def test_a_perfect_naive_forecast_is_not_divided_by(mae):
    naive = (0.0, 0.0, 0.0)

    found = gain(result(*mae, naive=naive), result(*naive, naive=naive))
    assert found.clear is False


def test_several_series_count_the_same():
    """The error is the mean of what each one's is, relative to its naive forecast's."""
    fold, series = np.divmod(np.arange(15), 3)
    size = np.array([1.0, 1000.0, 0.0])[series]
    naive = size * (1 + fold)
    share = np.array([0.5, 0.8, 1.0])[series]
    table = pd.DataFrame({"fold": fold, "origin": fold, "series": series, "true": 0.0})
    found = {
        name: SimpleNamespace(predictions=table.assign(predicted=errors, baseline=naive))
        for name, errors in (("naive", naive), ("linear", share * naive))
    }

    told = verdict(found, n_series=3)

    assert told.sentence.startswith(
        "Use the linear model: series by series, its mean absolute error is below the naive "
        "forecast's by 35 %, more than what chance gives"
    )
    gained = gain(found["linear"], found["naive"])
    assert gained.share == pytest.approx(0.35)
    assert gained.chance == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (
            0.9,
            "Use the naive forecast: series by series, the linear model has less by 10 %, within ",
        ),
        (1.2, "Use the naive forecast: no other model errs less."),
    ],
)
def test_the_naive_forecast_of_several_series(size, said):
    """No error is told, as series differ in size."""
    fold, series = np.divmod(np.arange(10), 2)
    table = pd.DataFrame({"fold": fold, "origin": fold, "series": series, "true": 0.0})
    errors = size + 0.9 * np.tile([1, -1, 0, 1, -1], 2)
    found = {
        name: SimpleNamespace(predictions=table.assign(predicted=each, baseline=1.0))
        for name, each in (("naive", np.ones(10)), ("linear", np.abs(errors)))
    }

    assert verdict(found, n_series=2).sentence.startswith(said)


def test_a_series_that_jumps_does_not_decide():
    """Whatever its own past says of its size."""
    fold, series = np.divmod(np.arange(25), 5)
    naive = np.where(series == 4, 1e6, 1.0)
    errors = np.where(series == 4, 1.1, 0.6) * naive
    table = pd.DataFrame({"fold": fold, "origin": fold, "series": series, "true": 0.0})
    linear, floor = (
        SimpleNamespace(predictions=table.assign(predicted=each, baseline=naive))
        for each in (errors, naive)
    )

    assert gain(linear, floor).share == pytest.approx(1 - (4 * 0.6 + 1.1) / 5)


@pytest.mark.long
def test_on_random_walks_naive_is_named(tmp_path):
    """Nothing beats it there, so what seems to is chance: on 50 walks of 500 rows."""
    days = pd.date_range("2020-01-01", periods=500, name="day")
    named = []
    for seed in range(50):
        walk = np.random.default_rng(seed).normal(size=500).cumsum()
        pd.DataFrame({"value": walk}, days).to_csv(tmp_path / "walk.csv")
        reading = read_series(tmp_path / "walk.csv", "value")
        found = compare(reading, models=["linear", "gru"], effort="quick", coverages=())
        named.append(found.verdict.recommended)

    assert np.mean([name == "naive" for name in named]) >= 0.8
