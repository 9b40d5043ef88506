"""LeadErrorDisplay draws the errors by lead of several models."""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from skrnn import (
    DirectForecaster,
    LinearWindow,
    MultiOutputForecaster,
    NaiveForecaster,
    RecursiveForecaster,
    SlidingWindow,
    make_windows,
)
from skrnn.datasets import make_waves
from skrnn.plotting import LeadErrorDisplay

TRUE = np.arange(12.0).reshape(4, 3)


def predictions(error, baseline=2.0):
    """A frame of predictions that are wrong by ``error`` times the lead."""
    lead = np.tile([1, 2, 3], 4)
    true = TRUE.ravel()
    columns = {"fold": 0, "origin": 0, "lead": lead, "true": true, "predicted": true + error * lead}
    return pd.DataFrame(columns).assign(baseline=true + baseline)


def texts(display):
    return [text.get_text() for text in display.legend_.get_texts()]


@pytest.mark.parametrize(
    ("metric", "expected", "words"),
    [
        ("mae", 2.0, "mean absolute error"),
        ("rmse", np.sqrt(5), "root mean squared error"),
        ("mse", 5.0, "mean squared error"),
        (lambda true, predicted: (predicted - true).max(), 3.0, "<lambda>"),
    ],
)
def test_metrics(metric, expected, words):
    """Each metric is taken over the samples of a lead, and named on the axis."""
    wrong = TRUE + np.array([1, 3, 1, 3])[:, None]

    display = LeadErrorDisplay.from_predictions(TRUE, wrong, metric=metric)

    np.testing.assert_allclose(display.lines_["forecast"].get_ydata(), expected)
    assert display.ax_.get_ylabel() == words


def test_unknown_truth_does_not_count():
    """NaN in the truth is left out; a lead without any known truth has no error."""
    true = TRUE.copy()
    true[0, 0] = true[:, 2] = np.nan

    display = LeadErrorDisplay.from_predictions(true, TRUE + 1)

    assert display.lines_["forecast"].get_xydata().tolist() == [[1, 1], [2, 1]]
    assert np.isnan(display.errors["forecast"][3])


def test_names_are_listed_as_the_lines_end():
    """The legend goes from the largest error at the last lead down; the baseline is dashed."""
    models = {"a": TRUE + 1, "b": TRUE + 3, "naive": TRUE + 2}

    display = LeadErrorDisplay.from_predictions(TRUE, models, baseline="naive", leads=[6, 12, 24])

    assert texts(display) == ["b", "naive", "a"]
    assert display.lines_["naive"].get_linestyle() == "--"
    assert display.lines_["a"].get_linestyle() == "-"
    assert display.lines_["a"].get_xdata().tolist() == [6, 12, 24]


def test_eight_models_are_told_apart():
    """Eight models differ in colour and in marker."""
    display = LeadErrorDisplay.from_predictions(TRUE, {f"model {i}": TRUE + i for i in range(8)})

    assert len({line.get_color() for line in display.lines_.values()}) == 8
    assert len({line.get_marker() for line in display.lines_.values()}) == 8


def test_frame_of_predictions():
    """The frame of a backtest gives the model's errors and the baseline's."""
    display = LeadErrorDisplay.from_predictions(predictions(0.5))

    assert display.lines_["forecast"].get_ydata().tolist() == [0.5, 1, 1.5]
    assert display.lines_["baseline"].get_ydata().tolist() == [2, 2, 2]
    assert display.lines_["baseline"].get_linestyle() == "--"


def test_frames_share_a_baseline_that_is_the_same():
    """Several frames have one baseline where theirs agree, and one each where they do not."""
    same = LeadErrorDisplay.from_predictions(
        {"a": predictions(1), "b": predictions(2)}, leads=[1, 3]
    )
    differ = LeadErrorDisplay.from_predictions(
        {"a": predictions(1), "b": predictions(2, baseline=3)}
    )

    assert list(same.lines_) == ["a", "b", "baseline"]
    assert same.lines_["b"].get_xydata().tolist() == [[1, 2], [3, 6]]
    assert list(differ.lines_) == ["a", "b", "a, baseline", "b, baseline"]


def test_fitted_estimators():
    """The errors of fitted estimators are those of their forecasts, and the naive one is the
    baseline.
    """
    waves = make_waves(60, 12, random_state=0)
    X, y = waves[:, :8], waves[:, 8:, 0]
    models = {"linear": LinearWindow().fit(X, y), "naive": NaiveForecaster().fit(X, y)}

    display = LeadErrorDisplay.from_estimator(models, X, y)

    for name, model in models.items():
        expected = np.abs(model.predict(X) - y).mean(axis=0)
        np.testing.assert_allclose(display.lines_[name].get_ydata(), expected)
    assert list(display.baselines) == ["naive"]


def test_leads_of_windows():
    """Windows know their leads."""
    X, y = make_windows(np.cos(np.arange(80.0)), 5, leads=[2, 6])

    display = LeadErrorDisplay.from_estimator(LinearWindow().fit(X, y), X, y)

    assert display.lines_["LinearWindow"].get_xdata().tolist() == [2, 6]


def test_rows_are_compared_with_the_rows_that_follow():
    """Rows in, a forecast of several leads is compared with the series from each row on."""
    rows = np.random.default_rng(0).normal(size=(50, 1))
    naive = make_pipeline(SlidingWindow(4), RecursiveForecaster(NaiveForecaster(), 3)).fit(
        rows, rows[:, 0]
    )

    display = LeadErrorDisplay.from_estimator({"naive": naive}, rows, rows[:, 0])

    forecast = naive.predict(rows)[:48]
    expected = [np.abs(forecast[:, h] - rows[h : h + 48, 0]).mean() for h in range(3)]
    np.testing.assert_allclose(
        display.errors["naive"][1], np.abs(naive.predict(rows)[:, 0] - rows[:, 0]).mean()
    )
    np.testing.assert_allclose(display.errors["naive"][3], expected[2])
    assert list(display.baselines) == ["naive"]


def test_naive_forecasters_are_found_inside():
    """What ends in a naive forecaster is a baseline, however its leads are made."""
    rows = np.random.default_rng(0).normal(size=(50, 1))
    made = {
        "recursive": RecursiveForecaster,
        "direct": DirectForecaster,
        "at once": MultiOutputForecaster,
    }
    naive = {
        name: make_pipeline(SlidingWindow(4), one(NaiveForecaster(), 3))
        for name, one in made.items()
    }
    models = {
        **naive,
        "linear": make_pipeline(SlidingWindow(4), MultiOutputForecaster(LinearWindow(), 3)),
    }

    display = LeadErrorDisplay.from_estimator(
        {k: m.fit(rows, rows[:, 0]) for k, m in models.items()}, rows, rows[:, 0]
    )

    assert list(display.baselines) == list(made)


def test_pipelines_of_other_leads_stand_side_by_side():
    """One-lead pipelines of several leads are points at their leads."""
    rows = np.random.default_rng(0).normal(size=(50, 1)).cumsum(axis=0)
    models = {
        f"lead {lead}": make_pipeline(SlidingWindow(4, lead), NaiveForecaster()).fit(
            rows, rows[:, 0]
        )
        for lead in (1, 5)
    }

    display = LeadErrorDisplay.from_estimator(models, rows, rows[:, 0], baseline=[])

    assert display.lines_["lead 5"].get_xdata().tolist() == [5]
    assert list(display.errors.index) == [1, 5]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: LeadErrorDisplay.from_predictions(TRUE, TRUE[:, :2]),
            r"'forecast' must have the shape of y_true",
        ),
        (
            lambda: LeadErrorDisplay.from_predictions(TRUE, TRUE, metric="mape"),
            "one of 'mae', 'mse', 'rmse' or a function",
        ),
        (
            lambda: LeadErrorDisplay.from_predictions(TRUE, TRUE, leads=[1]),
            r"each of 3 columns of y_true, got \[1\]",
        ),
        (
            lambda: LeadErrorDisplay.from_predictions(TRUE, TRUE, baseline="naive"),
            "there are 'forecast'",
        ),
        (lambda: LeadErrorDisplay.from_predictions(TRUE), "y_pred is needed"),
        (lambda: LeadErrorDisplay.from_predictions([], []), "must have the shape of y_true"),
        (lambda: LeadErrorDisplay.from_estimator({}, TRUE, TRUE), "got an empty dict"),
        (
            lambda: LeadErrorDisplay.from_predictions({"a": TRUE}),
            "must hold frames with the columns lead, true",
        ),
        (
            lambda: LeadErrorDisplay.from_predictions(predictions(1), leads=[4]),
            r"leads=\[4\] were not forecast",
        ),
    ],
)
def test_what_cannot_be_drawn_is_named(call, message):
    """Each message names the argument, and what there is."""
    with pytest.raises(ValueError, match=message):
        call()


def test_errors_of_several_decades_are_drawn_on_a_logarithmic_axis():
    """A hundredth of the largest error would lie on the axis."""
    y = np.zeros((4, 3))

    far, near = (
        LeadErrorDisplay.from_predictions(y, {"model": y + 1, "naive": y + most})
        for most in (200, 20)
    )

    assert [far.ax_.get_yscale(), near.ax_.get_yscale()] == ["log", "linear"]
