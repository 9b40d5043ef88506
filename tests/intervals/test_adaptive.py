"""Adaptive intervals: levels that move as truths arrive."""

import copy

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter
from scipy.stats import t as student
from sklearn.pipeline import make_pipeline

from skrnn import (
    IntervalForecaster,
    LinearWindow,
    MultiOutputForecaster,
    SlidingWindow,
    future_rows,
    load,
    make_windows,
    save,
)
from skrnn.datasets import load_airline
from skrnn.evaluation import interval_scorer, lead_scorer
from skrnn.intervals.adaptive import GRID, MEMORY, STEPS
from tests.intervals.known import Zero, noise


def adaptive(estimator=None, **params):
    return IntervalForecaster(
        Zero() if estimator is None else estimator, method="adaptive", **params
    )


def followed(model, X, y, coverage):
    """Whether each truth was held by the interval that was told before it arrived, and widths."""
    hits = []
    widths = []
    for now in range(len(X)):
        lower, upper = model.predict_interval(X[now : now + 1], coverage)[0]
        hits.append(lower <= y[now] <= upper)
        widths.append(upper - lower)
        model.update(X[now : now + 1], y[now : now + 1])
    return np.array(hits), np.array(widths)


def test_back_at_its_level_after_a_jump():
    """Where the noise becomes four times as large, 200 rows later the share is held again."""
    hits = []
    stays = []
    for seed in range(10):
        rows = np.random.default_rng(seed).normal(size=803) * np.repeat([1, 4], [403, 400])
        X, y = make_windows(rows, 3)
        model = adaptive(calibration_size=200).fit(X[:400], y[:400])
        stays.append(adaptive(calibration_size=200).fit(X[:400], y[:400]))
        hits.append(followed(model, X[400:], y[400:], 0.9)[0])
        lower, upper = stays[-1].predict_interval(X[600:], 0.9).T
        stays[-1] = np.mean((lower <= y[600:]) & (y[600:] <= upper))

    after = np.array(hits)[:, 200:].mean()

    assert abs(after - 0.9) < 0.02
    assert np.mean(stays) < 0.5


def test_noise_without_a_jump():
    """Levels that move hold their share also where nothing happens, no wider than others."""
    X, y = noise(1500)
    model = adaptive(calibration_size=300).fit(X[:500], y[:500])
    exact = 2 * student(4).ppf(0.9)

    hits, widths = followed(model, X[500:], y[500:], 0.8)

    assert abs(hits.mean() - 0.8) < 0.03
    assert widths.mean() < 1.1 * exact


def by_loop(calibrated, arrived, level):
    """The level and the quantile of one lead, as Gibbs and Candès have it."""
    newest = list(calibrated)
    grid = list(GRID)
    for residual in arrived:
        in_order = sorted(newest)
        n = len(newest)
        for i, (moved, asked) in enumerate(zip(sorted(grid), GRID, strict=True)):
            if asked < 0.5:
                rank = min(max(int(np.floor(round(moved * (n + 1), 9))), 1), n)
                inside = residual < in_order[rank - 1]
            else:
                rank = min(max(int(np.ceil(round(moved * (n + 1), 9))), 1), n)
                inside = residual <= in_order[rank - 1]
            grid[i] = min(max(grid[i] + STEPS[i] * (asked - inside), 0), 1)
        newest = [*newest, residual][-MEMORY:]
    moved = sorted(grid)[list(GRID).index(level)]
    n = len(newest)
    side = np.floor if level < 0.5 else np.ceil
    return sorted(newest)[min(max(int(side(round(moved * (n + 1), 9))), 1), n) - 1]


@pytest.mark.parametrize("level", [0.05, 0.5, 0.9])
def test_levels_by_loop(level):
    """Levels and quantiles are those that a plain loop over the truths finds."""
    X, y = noise(500)
    y[300:] *= 3
    model = adaptive(calibration_size=100).fit(X[:300], y[:300])

    for part in (slice(300, 301), slice(301, 350), slice(350, 500)):
        model.update(X[part], y[part])

    expected = by_loop(y[200:300], y[300:500], level)
    np.testing.assert_array_equal(model.predict_quantiles(X[:1], level), [[expected]])


def test_each_lead_learns_from_its_own_truths():
    """Leads that are not known yet are NaN; they count once they are."""
    X, y = noise(400, horizon=3)
    together = adaptive().fit(X[:300], y[:300])
    apart = adaptive().fit(X[:300], y[:300])

    together.update(X[300:350], y[300:350])
    for lead in (2, 0, 1):
        some = np.full((50, 3), np.nan)
        some[:, lead] = y[300:350, lead]
        apart.update(X[300:350], some)

    np.testing.assert_array_equal(
        apart.predict_interval(X[:3], 0.8), together.predict_interval(X[:3], 0.8)
    )


def test_rows_tell_all_leads():
    """A row is the truth of every forecast that was made of it, however rows are handed over."""
    frame = load_airline()
    y = frame["passengers"]
    pipe = make_pipeline(SlidingWindow(12), MultiOutputForecaster(LinearWindow(), 4))
    at_once = adaptive(pipe, calibration_size=40).fit(frame[:110], y[:110])
    bit_by_bit = adaptive(pipe, calibration_size=40).fit(frame[:110], y[:110])

    at_once.update(frame[110:], y[110:])
    for stop in (111, 112, 120, 121, 144):
        # Rows that windows look back to come along, and do not count again.
        bit_by_bit.update(frame[90:stop], y[90:stop])

    np.testing.assert_array_equal(bit_by_bit.rule_.levels, at_once.rule_.levels)
    forecast = at_once.predict(frame)
    known = at_once.residuals_.values
    for lead in range(4):
        arrived = [y.iloc[row] - forecast[row - lead, lead] for row in range(110 + lead, 144)]
        newest = [*known[~np.isnan(known[:, lead]), lead], *arrived]
        found = at_once.rule_.newest[:, lead]
        np.testing.assert_allclose(found[~np.isnan(found)], newest)


def test_rows_to_come_are_no_forecasts_of_their_own():
    """Those behind the next one were forecast from windows of which half is not known yet."""
    frame = load_airline()
    y = frame["passengers"]
    pipe = make_pipeline(SlidingWindow(12), MultiOutputForecaster(LinearWindow(), 4))
    known = adaptive(pipe, calibration_size=40).fit(frame[:110], y[:110])
    coming = copy.deepcopy(known)

    for stop in (112, 115, 130, 140):
        known.update(frame[90:stop], y[90:stop])
        rows = future_rows(frame[90:stop], 4)
        coming.update(rows, np.r_[y[90:stop], np.full(4, np.nan)])

    np.testing.assert_array_equal(coming.rule_.levels, known.rule_.levels)
    np.testing.assert_array_equal(coming.rule_.newest, known.rule_.newest)


def test_truths_that_come_late_are_said():
    """They do not count, as levels moved by newer ones; those that stay unknown are no news."""
    frame = load_airline()
    y = frame["passengers"]
    pipe = make_pipeline(SlidingWindow(12), LinearWindow())
    model = adaptive(pipe, calibration_size=40).fit(frame[:110], y[:110])
    late = y[90:130].copy()
    late.iloc[22:30] = np.nan

    model.update(frame[90:130], late).update(frame[100:131], y[100:131].where(late.notna(), np.nan))
    with pytest.warns(UserWarning, match="^truths of 8 rows came later than newer ones"):
        model.update(frame[100:132], y[100:132])


def test_labels_of_other_rows_are_refused():
    """As in fit: truths of other rows would move the levels."""
    frame = load_airline()
    y = frame["passengers"]
    pipe = make_pipeline(SlidingWindow(12), LinearWindow())
    model = adaptive(pipe, calibration_size=40).fit(frame[:110], y[:110])

    with pytest.raises(ValueError, match="y must have the index of X, but its row 0 is"):
        model.update(frame[110:130], y[130:110:-1])
    for scorer in (lead_scorer(), interval_scorer(0.8)):
        with pytest.raises(ValueError, match="y must have the index of X, but its row 0 is"):
            scorer(model, frame[100:130], y[129:99:-1])


def days_of_trade(n):
    """Days of which some are missing, without a step."""
    every = pd.bdate_range("2020-01-01", periods=2 * n)
    return every.delete(np.arange(7, 2 * n, 23))[:n]


@pytest.mark.parametrize("index", [pd.RangeIndex(300), days_of_trade(300)], ids=["rows", "trade"])
def test_a_forecast_counts_if_all_rows_that_it_looks_back_to_are_there(index, tmp_path):
    """Those that came with it or, right behind them, the fitted ones; whatever labels rows have."""
    values = np.random.default_rng(0).normal(size=300).cumsum()
    frame = pd.DataFrame({"a": values}, index)
    X, y = make_windows(values, 8)
    pipe = make_pipeline(SlidingWindow(8), LinearWindow())
    rows = adaptive(pipe, calibration_size=50).fit(frame[:200], frame["a"][:200])
    windows = adaptive(LinearWindow(), calibration_size=50).fit(X[:192], y[:192])

    def told(start, stop):
        return copy.deepcopy(rows).update(frame[start:stop], frame["a"][start:stop])

    windows.update(X[192:252], y[192:252])
    rows = told(197, 230)
    for start, stop in ((230, 238), (237, 238)):
        with pytest.warns(UserWarning, match="^none of . new rows? counts, as no forecast of them"):
            alone = told(start, stop)
        np.testing.assert_array_equal(alone.rule_.levels, rows.rule_.levels)

    # Also what comes from a file knows where it stands.
    save(rows, tmp_path / "rows.skrnn")
    rows = load(tmp_path / "rows.skrnn")
    rows = told(222, 260)

    np.testing.assert_allclose(rows.rule_.levels, windows.rule_.levels, atol=1e-12)


def test_arrays_do_not_tell_which_rows_are_new():
    values = np.random.default_rng(0).normal(size=(120, 1)).cumsum(axis=0)
    pipe = make_pipeline(SlidingWindow(8), LinearWindow())
    model = adaptive(pipe, calibration_size=50).fit(values[:100], values[:100, 0])

    with pytest.raises(ValueError, match="^rows without an index do not tell which of them are ne"):
        model.update(values[100:], values[100:, 0])


def test_panels_move_together():
    """Truths of all series at one time are one step, by the share of them that was held."""
    random = np.random.default_rng(0)
    X, y = make_windows(list(random.normal(size=(5, 60, 1))), 8)
    old = X.ends - X.bounds[X.series] < 45
    model = adaptive().fit(X[old], y[old])

    model.update(X[~old], 100 * np.abs(y[~old]))

    steps = len(np.unique(X.ends[~old] - X.bounds[X.series[~old]]))
    np.testing.assert_allclose(model.rule_.levels[0, 0], GRID[0] * (1 + STEPS[0] * steps))


def test_quantiles_never_cross():
    """Also after surprises a higher level has no lower quantile."""
    X, y = noise(400, horizon=2)
    model = adaptive().fit(X[:300], y[:300])
    model.update(X[300:330], np.abs(20 * y[300:330]))
    levels = np.linspace(0.02, 0.98, 60)

    quantiles = model.predict_quantiles(X[:3], levels)

    assert (np.diff(quantiles, axis=2) >= 0).all()
    np.testing.assert_array_equal(model.predict_quantiles(X[:3], levels[7]), quantiles[:, :, [7]])


def test_forecasts_made_at_once_are_followed_the_same():
    """Levels move by what known forecasts missed as an update moves them, and so do intervals."""
    X, y = noise(400, horizon=2)
    updated = adaptive().fit(X[:300], y[:300])
    learned = adaptive().fit(X[:300], y[:300])
    values, sizes = learned.forecasts(X[300:])

    updated.update(X[300:310], 5 * y[300:310])
    for now in range(10):
        learned.learn((5 * y[300 + now] - values[now])[None] / sizes[now])

    np.testing.assert_array_equal(
        learned.intervals_around(values, sizes, (0.5, 0.9)),
        updated.predict_interval(X[300:], (0.5, 0.9)),
    )


def test_update_is_all_or_nothing():
    """An update that fails has changed nothing; neither has one of which nothing is known."""
    X, y = noise(300, horizon=2)
    model = adaptive().fit(X, y)
    before = model.predict_interval(X[:2])

    with pytest.raises(ValueError, match=r"y must have 2 output\(s\) as in fit, got 1"):
        model.update(X[:3], y[:3, 0])
    model.update(X[:3], np.full((3, 2), np.nan))

    np.testing.assert_array_equal(model.predict_interval(X[:2]), before)


def test_long_leads_hold_their_share_too():
    """Neighbouring forecasts of a long lead err alike, and levels do not run after each error."""
    steps = np.random.default_rng(0).normal(size=4000)
    rows = lfilter([1.0], [1.0, -0.95], steps)
    X, y = make_windows(rows, 3, leads=[24])
    model = adaptive(Zero(), calibration_size=500).fit(X[:1500], y[:1500])
    values, sizes = model.forecasts(X)
    held = []

    for now in range(1524, len(X)):
        model.learn((y[now - 24] - values[now - 24])[None])
        lower, upper = model.intervals_around(values[now : now + 1], sizes[now : now + 1], 0.8)[
            0, 0, 0
        ]
        held.append(lower <= y[now] <= upper)

    assert np.mean(held) == pytest.approx(0.8, abs=0.03)


def test_residuals_of_rows_are_in_the_size_of_their_own_forecast(monkeypatch):
    """That of a lead ahead was told where it was made, however large errors are by now."""
    rng = np.random.default_rng(0)
    index = pd.date_range("2024", periods=320, freq="D")
    scale = np.where(np.arange(320) < 260, 1.0, 10.0)
    rows = pd.DataFrame({"a": scale * rng.normal(size=320)}, index)
    leads = MultiOutputForecaster(LinearWindow(), horizon=3)
    model = IntervalForecaster(
        make_pipeline(SlidingWindow(10), leads), method="adaptive", size="deviation"
    ).fit(rows[:250], rows["a"][:250])
    values, sizes = model.forecasts(rows)
    learned = []
    monkeypatch.setattr(model.rule_.__class__, "learn", lambda self, one: learned.append(one))

    model.update(rows[200:], rows["a"][200:])

    found = np.concatenate(learned)
    truth = rows["a"].to_numpy()
    for row, line in zip(range(250, 320), found, strict=True):
        for lead in range(3):
            made = row - lead
            expected = np.nan
            if made >= 250:
                expected = (truth[row] - values[made, lead]) / sizes[made]
            np.testing.assert_allclose(line[lead], expected, rtol=1e-6)
