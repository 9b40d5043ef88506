"""Exponential smoothing's recursion against statsmodels', and on series that it knows exactly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from skrnn.baselines.holt_winters import HoltWinters, damped_steps

AHEAD = np.array([1, 2, 3, 7, 12])
SEASONS = [None, "add", "mul"]
# statsmodels takes the logarithm of errors that may be 0.
LOG_OF_0 = np.errstate(divide="ignore", invalid="ignore")


def series(n=30, kind="add", m=4, seed=0):
    rng = np.random.default_rng(seed)
    season = np.tile(rng.uniform(0.5, 1.5, size=m), n)[:n]
    line = 40 + 0.5 * np.arange(n) + rng.normal(size=n)
    return line * season if kind == "mul" else line + 10 * season


def model(trend="add", damped=False, seasonal=None, m=4):
    return HoltWinters(
        level=0.4,
        trend=None if trend is None else 0.15,
        season=None if seasonal is None else 0.3,
        damping=0.9 if damped else 1.0,
        period=m,
        multiplies=seasonal == "mul",
    )


@LOG_OF_0
def fit_of_statsmodels(steps, ours, trend, damped, seasonal):
    """The smoothing of statsmodels from the same start, with the same shares."""
    level, slope, seasons = ours.start(steps[:, None])
    theirs = ExponentialSmoothing(
        steps,
        trend=trend,
        damped_trend=damped,
        seasonal=seasonal,
        seasonal_periods=None if seasonal is None else ours.period,
        initialization_method="known",
        initial_level=level[0],
        initial_trend=None if trend is None else slope[0],
        initial_seasonal=None if seasonal is None else seasons[:, 0],
    )
    return theirs.fit(
        smoothing_level=ours.level,
        smoothing_trend=ours.trend,
        smoothing_seasonal=ours.season,
        damping_trend=ours.damping if damped else None,
        optimized=False,
    )


@LOG_OF_0
def assert_same_forecasts(forecast, fit, ours, rtol):
    """The forecasts are those of statsmodels.

    But for leads of whole seasons: up to 0.15 it forecasts these as if the season of the last step
    had not been seen.
    """
    whole = (AHEAD % ours.period == 0) & (ours.season is not None)
    expected = fit.forecast(AHEAD.max())[AHEAD - 1]
    np.testing.assert_allclose(forecast[~whole], expected[~whole], rtol=rtol)
    if whole.any():
        trended = fit.level[-1] + fit.trend[-1] * damped_steps(ours.damping, AHEAD[whole])
        expected = trended * fit.season[-1] if ours.multiplies else trended + fit.season[-1]
        np.testing.assert_allclose(forecast[whole], expected, rtol=rtol)


@pytest.mark.parametrize("seasonal", SEASONS)
@pytest.mark.parametrize(("trend", "damped"), [(None, False), ("add", False), ("add", True)])
@pytest.mark.parametrize("n", [4, 11, 30])
def test_statsmodels_forecasts_the_same(n, trend, damped, seasonal):
    """Every combination of parts, over one season, over some and a rest, and over many."""
    ours, steps = model(trend, damped, seasonal), series(n, seasonal)

    forecast = ours.forecast(steps[:, None], AHEAD)

    fit = fit_of_statsmodels(steps, ours, trend, damped, seasonal)
    assert_same_forecasts(forecast[0], fit, ours, rtol=1e-12)


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(SEASONS),
    st.sampled_from([(None, False), ("add", False), ("add", True)]),
    arrays(float, st.integers(3, 25), elements=st.floats(50, 60)),
    st.floats(0.01, 0.99),
    st.floats(0, 1),
)
def test_statsmodels_forecasts_the_same_with_any_shares(seasonal, parts, steps, level, share):
    """Any values, and any shares within the bounds that keep a forecast stable."""
    trend, damped = parts
    ours = HoltWinters(
        level,
        None if trend is None else share * level,
        None if seasonal is None else share * (1 - level),
        0.8 + 0.19 * share if damped else 1.0,
        3,
        seasonal == "mul",
    )

    forecast = ours.forecast(steps[:, None], AHEAD)

    fit = fit_of_statsmodels(steps, ours, trend, damped, seasonal)
    assert_same_forecasts(forecast[0], fit, ours, rtol=1e-9)


@pytest.mark.parametrize("seasonal", SEASONS)
def test_series_do_not_meet(seasonal):
    """Every series is smoothed as if it were alone."""
    ours = model(damped=True, seasonal=seasonal)
    steps = np.stack([series(20, seasonal, seed=seed) for seed in range(5)], axis=1)

    together = ours.forecast(steps, AHEAD)

    for number, alone in enumerate(steps.T):
        np.testing.assert_allclose(
            together[number], ours.forecast(alone[:, None], AHEAD)[0], rtol=1e-12
        )


@settings(max_examples=50, deadline=None)
@given(
    arrays(float, st.integers(1, 5), elements=st.floats(-100, 100)),
    st.floats(-100, 100),
    st.floats(-10, 10),
    st.floats(0, 1),
    st.integers(0, 30),
)
def test_a_line_with_a_season_is_exact(season, level, slope, share, more):
    """The start finds a line with an added season, so that no share can take a forecast off it."""
    m = len(season)
    times = np.arange(2 * m + more + 12.0)
    values = level + slope * times + np.tile(season, len(times))[: len(times)]
    ours = HoltWinters(0.5, 0.5 * share, 0.5 * share, 1.0, m)

    forecast = ours.forecast(values[:-12, None], np.arange(1, 13))

    np.testing.assert_allclose(forecast[0], values[-12:], atol=1e-6)


def test_a_multiplying_season_is_exact():
    """Without a trend, so is a season that multiplies."""
    values = 5 * np.tile([0.5, 1.0, 2.0], 6)

    forecast = model(trend=None, seasonal="mul", m=3).forecast(values[:-3, None], np.arange(1, 4))

    np.testing.assert_allclose(forecast[0], values[-3:])


def test_the_start_of_a_line_is_its_value_one_step_before():
    """The first base, level + slope, is then the first value."""
    level, slope, seasons = model().start(np.array([[3.0], [5.0], [7.0]]))

    assert (level[0], slope[0]) == pytest.approx((1, 2))
    assert seasons.tolist() == [[0]]


@pytest.mark.parametrize(("seasonal", "used"), [(None, 10), ("add", 20), ("mul", 20)])
def test_the_start_knows_the_first_steps_only(seasonal, used):
    """Ten steps, or five seasons of four: what comes behind them changes nothing."""
    steps = series(40)[:, None]
    other = steps.copy()
    other[used:] += 100

    before, after = (model(seasonal=seasonal).start(values) for values in (steps, other))

    for one, two in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, two)
    changed = model(seasonal=seasonal).start(np.where(np.arange(40)[:, None] == used - 1, 0, steps))
    assert changed[0] != before[0]


def test_a_falling_line_has_a_start_that_multiplies():
    """Where the line of the first seasons falls to 0 and below, their mean takes its place."""
    steps = np.array([100.0, 90.0, 3.0, 2.0])[:, None]

    level, slope, seasons = model(seasonal="mul", m=2).start(steps)

    assert level[0] == pytest.approx(48.75)
    assert slope[0] == 0
    assert (seasons > 0).all()


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_what_cannot_be_multiplied_is_nan(value):
    """A series with a value of 0 or less has no forecast with a season that multiplies; others have
    theirs.
    """
    steps = np.stack([series(12), series(12)], axis=1)
    steps[7, 0] = value

    forecast = model(seasonal="mul").forecast(steps, AHEAD)

    assert np.isnan(forecast[0]).all()
    assert np.isfinite(forecast[1]).all()


@pytest.mark.parametrize("damping", [0.5, 0.98])
def test_damped_steps_are_a_sum_of_powers(damping):
    """The closed form is the sum; without damping it is the number of steps, whole or not."""
    expected = [sum(damping**step for step in range(1, h + 1)) for h in AHEAD]

    np.testing.assert_allclose(damped_steps(damping, AHEAD), expected)
    assert damped_steps(1.0, np.array([0.5, 2])).tolist() == [0.5, 2]
