"""The verdict on made-up errors."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from skrnn.comparison.verdict import gain, ranking_measure, verdict


def result(*mae):
    return SimpleNamespace(scores={"mae": sum(mae) / len(mae)}, by_fold=pd.DataFrame({"mae": mae}))


NAIVE = result(10.0, 10.0, 10.0)


def test_a_rung_that_clearly_beats_the_one_before_is_taken():
    found = verdict({"naive": NAIVE, "linear": result(5.0, 5.5, 6.0), "gru": result(3.0, 3.2, 3.4)})

    assert (found.recommended, found.best, found.clear) == ("gru", "gru", True)
    assert found.sentence == (
        "Use the GRU: its mean absolute error is 3.200, below the naive forecast's by 68 %, more "
        "than the folds' spread of 2.0 %."
    )


def test_a_network_that_does_not_clearly_beat_linear_is_not_recommended():
    found = verdict({"naive": NAIVE, "linear": result(5.0, 5.5, 6.0), "gru": result(5.5, 5.0, 5.7)})

    assert (found.recommended, found.best) == ("linear", "gru")
    assert found.sentence.endswith(
        "5.0 %; the GRU has less by 1.8 %, within the folds' spread of 10 %."
    )


def test_the_naive_forecast_is_used_where_nothing_clearly_beats_it():
    found = verdict({"naive": NAIVE, "linear": result(5.0, 14.0, 10.4)})

    assert (found.recommended, found.clear) == ("naive", False)
    assert found.sentence.startswith(
        "Use the naive forecast: its mean absolute error is 10.00; the linear model has less by "
    )


def test_a_rung_that_is_worse_than_a_simpler_one_is_not_climbed():
    found = verdict(
        {"naive": NAIVE, "linear": result(2.0, 2.1, 2.0), "dense": result(4.0, 4.1, 4.0)}
    )

    assert found.recommended == "linear"


def test_a_network_must_beat_linear_clearly_also_where_linear_does_not_beat_the_rung_below():
    smoothing = result(6.0, 6.0, 6.0)
    linear = result(3.0, 7.0, 4.0)
    gru = result(4.5, 4.6, 4.5)

    found = verdict({"naive": NAIVE, "smoothing": smoothing, "linear": linear, "gru": gru})

    assert (found.recommended, found.best) == ("linear", "gru")


def test_a_gain_that_is_sure_but_tiny_is_not_worth_a_network():
    found = verdict(
        {"naive": NAIVE, "linear": result(5.0, 5.0, 5.0), "gru": result(4.98, 4.981, 4.982)}
    )

    assert (found.recommended, found.best) == ("linear", "gru")
    assert found.sentence.endswith("the GRU has less by 0.4 %, too little to matter.")


def one_fold(errors):
    """A fold of two forecasts from each origin, with the absolute errors of the origins."""
    origins = np.repeat(np.arange(len(errors)), 2)
    table = pd.DataFrame({"origin": origins, "true": 0.0, "predicted": np.repeat(errors, 2)})
    mae = float(np.mean(errors))
    return SimpleNamespace(
        scores={"mae": mae}, by_fold=pd.DataFrame({"mae": [mae]}), predictions=table
    )


def test_one_fold_has_the_spread_of_its_parts():
    naive = one_fold(np.full(20, 10.0))
    linear = one_fold(np.repeat([1.0, 2.0, 3.0, 2.0, 2.0], 4))

    found = verdict({"naive": naive, "linear": linear})

    assert found.recommended == "linear"
    assert found.sentence.endswith("by 80 %, more than the fold's own spread of 7.1 %.")


def test_one_fold_of_few_forecasts_makes_nothing_clear():
    found = verdict({"naive": one_fold([10.0, 10.0]), "linear": one_fold([1.0, 1.0])})

    assert found.recommended == "naive"
    assert found.sentence.endswith(
        "has less by 90 %, which may be chance, as so few forecasts cannot tell."
    )


@pytest.mark.parametrize("mae", [(0.0, 0.0), (1.0, 0.0)])
def test_a_perfect_naive_forecast_is_not_divided_by(mae):
    assert gain(result(*mae), result(0.0, 0.0)).clear is False


def test_several_series_count_the_same():
    """Their errors relative to their own changes decide, also where one fold is cut in parts."""
    naive = one_fold(np.full(20, 10.0))
    linear = one_fold(np.full(20, 9.0))
    for found, mase in ((naive, 1.0), (linear, 0.5)):
        found.scores["mase"] = mase
        found.by_fold["mase"] = mase
        found.predictions["scale"] = found.predictions["predicted"] / mase

    assert ranking_measure({"naive": naive, "linear": linear}, 2) == "mase"
    assert ranking_measure({"naive": naive, "linear": linear}, 1) == "mae"
    found = verdict({"naive": naive, "linear": linear}, "mase")

    assert found.sentence.startswith(
        "Use the linear model: its mean absolute scaled error is 0.5000, below the naive"
    )
    assert gain(linear, naive, "mase").share == 0.5
    assert gain(linear, naive, "mase").spread == 0.0
