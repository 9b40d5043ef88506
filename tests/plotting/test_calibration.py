"""CalibrationDisplay: what is drawn is what was measured."""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from skrnn import IntervalForecaster, LinearWindow, SlidingWindow, make_windows
from skrnn.evaluation import backtest, calibration_curve
from skrnn.plotting import CalibrationDisplay

STATED = (0.5, 0.8)


def walk(n=240):
    values = np.random.default_rng(0).normal(size=n).cumsum()
    return pd.DataFrame({"v": values}, pd.date_range("2024", periods=n, freq="h"))


X, Y = make_windows(walk(), 5, 2)


def drawn(display, name):
    """The points (n, 2) of a model, and its bars (n, 2) from low to high."""
    points = np.transpose(display.lines_[name].get_data(orig=False))
    bars = np.array([segment[:, 1] for segment in display.bars_[name].get_segments()])
    return points, bars


def test_arrays():
    """Stated and reached coverage of each model, and one standard error to each side."""
    wide = np.stack([Y - 2, Y + 1], axis=-1)
    interval = {"a": np.stack([wide + 1.5, wide + 0.5], axis=2), "b": np.stack([wide, wide], 2)}

    display = CalibrationDisplay.from_predictions(Y, interval, coverages=STATED)

    for name, ends in interval.items():
        curve = calibration_curve(Y, ends, STATED)
        points, bars = drawn(display, name)
        np.testing.assert_allclose(points, np.transpose([STATED, curve["coverage"]]))
        np.testing.assert_allclose(np.diff(bars)[:, 0], 2 * curve["standard_error"])
    assert [text.get_text() for text in display.legend_.get_texts()] == ["as promised", "a", "b"]


def test_backtests():
    """Their scores, of the coverages that were measured, and the first one's baseline."""
    results = {
        name: backtest(model, X, Y, cv=4, coverages=STATED)
        for name, model in {
            "residuals": LinearWindow(),
            "conformal": IntervalForecaster(LinearWindow()),
        }.items()
    }

    display = CalibrationDisplay.from_predictions(results)

    assert list(display.lines_) == ["residuals", "conformal", "baseline"]
    for name, prefix in (("conformal", ""), ("baseline", "baseline_")):
        scores = results["residuals" if prefix else name].scores
        points, bars = drawn(display, name)
        for share, point, bar in zip(STATED, points, bars, strict=True):
            assert point.tolist() == [share, scores[f"{prefix}coverage_{share}"]]
            assert np.diff(bar) == pytest.approx(2 * scores[f"{prefix}coverage_se_{share}"])


@pytest.mark.parametrize("rows_in", [True, False])
def test_estimators(rows_in):
    """What their intervals hold of the truths that are known."""
    frame = walk()
    if rows_in:
        pipe = make_pipeline(SlidingWindow(5), LinearWindow())
        model = IntervalForecaster(pipe).fit(frame[:150], frame["v"][:150])
        test, truth = frame[150:], frame["v"][150:].copy()
        truth.iloc[10] = np.nan
    else:
        model = IntervalForecaster(LinearWindow()).fit(X[:150], Y[:150])
        test, truth = X[150:], Y[150:].copy()
        truth[10, 0] = np.nan

    display = CalibrationDisplay.from_estimator(model, test, truth, coverages=STATED)

    curve = calibration_curve(truth, model.predict_interval(test, STATED), STATED)
    pd.testing.assert_frame_equal(display.curves["IntervalForecaster"], curve)


def test_a_backtest_of_nothing_that_counts_is_drawn():
    """A model without a fold that counts has no points."""
    result = backtest(
        LinearWindow(), X, Y, cv=[(np.arange(100), np.arange(101, 150))], coverages=0.8
    )

    display = CalibrationDisplay.from_predictions(result)

    assert list(display.lines_) == ["forecast"]
    assert not len(display.lines_["forecast"].get_xdata())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: CalibrationDisplay.from_predictions(Y),
            "y_interval and coverages are needed beside an array of truths",
        ),
        (
            lambda: CalibrationDisplay.from_predictions(backtest(LinearWindow(), X, Y, cv=2)),
            "the backtest of 'forecast' has no intervals",
        ),
        (
            lambda: CalibrationDisplay.from_predictions(
                backtest(LinearWindow(), X, Y, cv=2, coverages=0.8), coverages=[0.9]
            ),
            r"coverages=\[0.9\] were not measured: there are \[0.8\]",
        ),
        (
            lambda: CalibrationDisplay.from_predictions({"a": Y}),
            "a dict in place of y_true must hold results of backtests",
        ),
        (
            lambda: CalibrationDisplay.from_estimator(LinearWindow().fit(X, Y), X, Y),
            "estimator must have predict_interval, and LinearWindow has none",
        ),
        (lambda: CalibrationDisplay.from_estimator({}, X, Y), "got an empty dict"),
    ],
)
def test_errors(call, message):
    """Each says what is needed."""
    with pytest.raises(ValueError, match=message):
        call()


def test_a_model_may_be_called_baseline():
    result = backtest(LinearWindow(), X, Y, cv=4, coverages=STATED)

    display = CalibrationDisplay.from_predictions({"baseline": result})

    assert list(display.lines_) == ["baseline", "baseline (floor)"]
    points, _ = drawn(display, "baseline")
    assert points[0, 1] == result.scores[f"coverage_{STATED[0]}"]
