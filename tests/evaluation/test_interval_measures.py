"""Measures of intervals against loops, scikit-learn, sktime, and numbers worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_pinball_loss
from sktime.performance_metrics.forecasting.probabilistic import EmpiricalCoverage, IntervalWidth

from skrnn.evaluation import calibration_curve, coverage_by_lead, interval_score, msis


def some(shape=(60, 3), seed=0):
    rng = np.random.default_rng(seed)
    true = rng.normal(size=shape)
    return true, np.sort(rng.normal(size=(*shape, 2)), axis=-1)


def test_interval_score_by_hand():
    """Widths of 2 and 4, and a truth that lies 1 above, which costs 2 / 0.2."""
    found = interval_score([1.0, 5.0], [[0.0, 2.0], [0.0, 4.0]], coverage=0.8)

    assert found == pytest.approx((2 + 4 + 10) / 2)


@pytest.mark.parametrize("coverage", [0.5, 0.95])
def test_interval_score_against_scikit_learn(coverage):
    """It is the pinball loss of both ends, 2/α times."""
    true, interval = some((50,))
    alpha = 1 - coverage

    found = interval_score(true, interval, coverage)

    ends = ((alpha / 2, interval[:, 0]), (1 - alpha / 2, interval[:, 1]))
    losses = [mean_pinball_loss(true, end, alpha=level) for level, end in ends]
    assert found == pytest.approx(2 / alpha * sum(losses))


def msis_by_loop(true, interval, past, season, coverage):
    """M4's evaluation, series by series."""
    alpha = 1 - coverage
    of_series = []
    for truth, ends, before in zip(true, interval, past, strict=True):
        penalties = []
        for value, (lower, upper) in zip(truth, ends, strict=True):
            penalty = upper - lower
            if value < lower:
                penalty += 2 / alpha * (lower - value)
            if value > upper:
                penalty += 2 / alpha * (value - upper)
            penalties.append(penalty)
        changes = [abs(before[t] - before[t - season]) for t in range(season, len(before))]
        of_series.append(np.mean(penalties) / np.mean(changes))
    return np.mean(of_series)


@pytest.mark.parametrize("season", [1, 4])
def test_msis_against_a_loop(season):
    """Each series' scores are relative to its own seasonal changes before."""
    true, interval = some((5, 6))
    rng = np.random.default_rng(1)
    past = [rng.normal(size=n).cumsum() for n in (20, 25, 30, 20, 40)]

    found = msis(true, interval, 0.95, y_train=past, season=season)

    assert found == pytest.approx(msis_by_loop(true, interval, past, season, 0.95))


def test_msis_of_an_array_of_series():
    """As a list of them: rows are series, as those of y_true."""
    true, interval = some((3, 4))
    past = np.random.default_rng(1).normal(size=(3, 30)) * [[1], [10], [100]]

    found = msis(true, interval, 0.8, y_train=past)

    assert found == msis(true, interval, 0.8, y_train=list(past))
    assert msis(true, interval, 0.8, y_train=past[:1].T) == msis(
        true, interval, 0.8, y_train=past[0]
    )
    with pytest.raises(ValueError, match="or a list of them, got a DataFrame of 30 columns"):
        msis(true, interval, 0.8, y_train=pd.DataFrame(past))


def test_upper_ends_first_are_an_error():
    """They would count as intervals that hold nothing; a few that cross may be a model's own."""
    true, interval = some((40, 3))
    few = np.where(np.arange(40)[:, None, None] < 3, interval[..., ::-1], interval)

    assert np.isfinite(interval_score(true, few))
    for measure in (interval_score, coverage_by_lead):
        with pytest.raises(ValueError, match="^y_interval must have lower ends first"):
            measure(true, interval[..., ::-1])


def test_leads_that_are_none():
    true, interval = some((40, 2))

    for leads in ([1], [1, 1], ["a", "b"], [0, 1]):
        with pytest.raises(ValueError, match="^leads must"):
            coverage_by_lead(true, interval, leads=leads)
        with pytest.raises(ValueError, match="^leads must"):
            calibration_curve(true, interval[:, :, None], (0.8,), leads=leads)


def test_msis_of_one_series():
    """An array is the past of all forecasts; scores of 2 and 12 relative to a change of 2."""
    found = msis([1.0, 5.0], [[0.0, 2.0], [0.0, 4.0]], 0.75, y_train=[3.0, 1.0, 3.0])

    assert found == pytest.approx((2 + 12) / 2 / 2)


def test_msis_leaves_out_series_that_never_changed():
    """They have no scale."""
    true, interval = some((2, 3))

    found = msis(true, interval, y_train=[np.ones(9), np.arange(9.0)])

    assert found == pytest.approx(interval_score(true[1], interval[1], 0.95))


def test_coverage_against_sktime():
    """The share and the width of each lead."""
    true, interval = some()

    found = coverage_by_lead(true, interval, coverage=0.8)

    assert found.index.tolist() == [1, 2, 3]
    columns = pd.MultiIndex.from_product([["y"], [0.8], ["lower", "upper"]])
    for column in range(3):
        ends = pd.DataFrame(interval[:, column], columns=columns)
        truth = pd.DataFrame({"y": true[:, column]})
        line = found.loc[column + 1]
        assert line["coverage"] == pytest.approx(EmpiricalCoverage()(truth, ends))
        assert line["width"] == pytest.approx(IntervalWidth()(truth, ends))


def test_truths_at_an_end_are_held():
    """An interval includes its ends."""
    found = coverage_by_lead([0.0, 2.0, 3.0], [[0.0, 2.0]] * 3)

    assert found.loc[1, "coverage"] == pytest.approx(2 / 3)


def test_calibration_curve_is_coverage_over_all_leads():
    """Each stated share has what its intervals held, whatever the lead."""
    true, narrow = some()
    wide = np.add(narrow, (-1, 1))

    found = calibration_curve(true, np.stack([narrow, wide], axis=2), (0.3, 0.8))

    for stated, ends in ((0.3, narrow), (0.8, wide)):
        held = (ends[..., 0] <= true) & (true <= ends[..., 1])
        assert found.loc[stated, "coverage"] == pytest.approx(held.mean())
        assert found.loc[stated, "width"] == pytest.approx((ends[..., 1] - ends[..., 0]).mean())


def test_unknown_truths_do_not_count():
    """NaN in y_true leaves its forecast out of everything."""
    true, interval = some()
    true[3, 1] = np.nan
    others = np.delete(np.arange(60), 3)

    table = coverage_by_lead(true, interval)

    np.testing.assert_allclose(
        table.loc[2, ["coverage", "width"]],
        coverage_by_lead(true[others], interval[others]).loc[2, ["coverage", "width"]],
    )
    known = ~np.isnan(true)
    assert interval_score(true, interval) == pytest.approx(
        interval_score(true[known], interval[known])
    )


def test_a_lead_without_truth_is_unknown():
    """Its line is there, and says nothing."""
    true, interval = some()
    true[:, 2] = np.nan

    found = coverage_by_lead(true, interval)

    assert found.loc[3].isna().all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: interval_score([1.0], [[0.0, 1.0]], 1), "coverage must be above 0 and below 1"),
        (lambda: interval_score([1.0], [[0.0, 1.0]], True), "coverage must be above 0"),
        (lambda: interval_score([1.0], [[0.0, 1.0]], (0.8,)), "coverage must be one number"),
        (lambda: interval_score([1.0], [0.0, 1.0]), r"y_interval must have the shape of y_true"),
        (
            lambda: calibration_curve([1.0], [[[0.0, 1.0]] * 2], (0.5, 0.5)),
            "coverages must name each share once",
        ),
        (lambda: calibration_curve([1.0], [[[0.0, 1.0]]], ()), "coverages must be above 0"),
        (
            lambda: coverage_by_lead([1.0], [[0.0, 1.0]], leads=[1, 2]),
            "leads must name each of 1 columns",
        ),
        (
            lambda: msis([1.0], [[0.0, 1.0]], y_train=[1.0, 1.0]),
            "y_train must change over a season of 1 rows",
        ),
        (
            lambda: msis([1.0], [[0.0, 1.0]], y_train=[[1.0, 2.0], [1.0, 2.0]]),
            "y_train must be one series, or one for each of 1 rows",
        ),
    ],
)
def test_errors(call, message):
    """Each names the argument, and what is required."""
    with pytest.raises(ValueError, match=message):
        call()
