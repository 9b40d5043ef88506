"""alpha="auto": against a loop that refits, and what it must not look at."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from skrnn import (
    Differencer,
    DirectForecaster,
    LinearWindow,
    SeriesScaler,
    SlidingWindow,
    TransformedWindowRegressor,
    Windows,
    WindowScaler,
    make_windows,
)


def noise(n, n_features=2, seed=0):
    return np.random.default_rng(seed).normal(size=(n, n_features))


def wave(n, n_features=2, seed=0):
    return noise(n, n_features, seed) + np.sin(np.arange(n) / 5)[:, None]


def blocks_of(windows, span):
    """For each block of the newest windows, oldest block first: positions before it, and in it."""
    ends = windows.ends
    series = windows.series
    rank = np.empty(len(ends))
    for one in np.unique(series):
        own = np.flatnonzero(series == one)
        rank[own[np.argsort(ends[own], kind="stable")]] = (1 + np.arange(len(own))) / len(own)
    order = np.argsort(rank, kind="stable")
    size = len(ends) // 10
    for k in (3, 2, 1):
        newer = order[len(order) - k * size :]
        older = []
        for i in order[: len(order) - k * size]:
            same = newer[series[newer] == series[i]]
            if not len(same) or ends[i] + span < ends[same].min():
                older.append(i)
        yield np.sort(older), np.sort(newer[:size])


def choose_by_refitting(X, y, span, weights=None):
    """The candidates' choice, with a fit for each candidate and block: alpha, errors."""
    deviations = np.nanstd(np.where(X.covered(), X.rows, np.nan), axis=0)
    middle = deviations.min() * deviations.max()
    alphas = np.geomspace(deviations.min() ** 2 / 1e4, deviations.max() ** 2 * 1e4, 9)
    weights = np.ones(len(y)) if weights is None else weights
    outputs = y.reshape(len(y), -1)
    centre = np.average(outputs, axis=0, weights=weights)
    variances = np.average((outputs - centre) ** 2, axis=0, weights=weights)
    errors = np.full((9, 3), np.nan)

    def try_on(block, i):
        older, newer = list(blocks_of(X, span))[block]
        model = LinearWindow(alphas[i]).fit(X[older], y[older], weights[older])
        squares = (model.predict(X[newer]).reshape(len(newer), -1) - outputs[newer]) ** 2
        errors[i, block] = (np.average(squares, axis=0, weights=weights[newer]) / variances).mean()
        return errors[i, block]

    try_on(2, 4)
    for outwards in (1, -1):
        for i in 4 + outwards * np.arange(1, 5):
            if not try_on(2, i) < errors[i - outwards, 2]:
                break
    best = int(np.nanargmin(errors[:, 2]))
    if not errors[best, 2] < 0.98 * errors[4, 2]:
        return middle, errors
    for block in (1, 0):
        if not try_on(block, best) < 0.98 * try_on(block, 4):
            return middle, errors
    return alphas[best], errors


def random_walks(n, n_features=2, seed=0):
    return 1e3 + noise(n, n_features, seed).cumsum(axis=0)


SERIES = {
    "waves": (wave(500), {"length": 10, "horizon": 3}),
    "noise": (noise(400, 1), {"length": 60}),
    "walks, far above 0": (random_walks(600), {"length": 12, "horizon": 4}),
    "fewer windows than inputs": (wave(90), {"length": 30, "horizon": 2}),
    "far leads": (wave(400), {"length": 20, "leads": [30, 60]}),
    "columns of other sizes": (wave(500, 3) * [1, 1e3, 1e-3], {"length": 6}),
    "steps apart": (wave(700), {"length": 8, "sampling_rate": 3, "stride": 2}),
    "known ahead": (wave(400), {"length": 8, "leads": [5], "known_ahead": [1]}),
    "panel": ([wave(n, seed=n) for n in (120, 40, 300)], {"length": 5, "horizon": 4}),
    "short panel": ([wave(14, seed=n) for n in range(30)], {"length": 5, "horizon": 2}),
}


@pytest.mark.parametrize("name", SERIES)
@pytest.mark.parametrize("weighted", [False, True])
def test_against_a_loop_that_refits(name, weighted):
    """Sums over blocks of time give the errors, and the choice, of a fit for each of them."""
    rows, params = SERIES[name]
    X, y = make_windows(rows, target=0, **params)
    span = max(params.get("leads", [params.get("horizon", 1)])) - 1
    weights = np.random.default_rng(0).uniform(0.1, 2, len(y)) if weighted else None
    alpha, errors = choose_by_refitting(X, y, span, weights)

    model = LinearWindow("auto").fit(X, y, weights)

    np.testing.assert_allclose(model.alpha_scores_, errors, rtol=1e-6)
    np.testing.assert_allclose(model.alpha_, alpha)


@pytest.mark.parametrize("name", SERIES)
def test_fits_with_what_it_chose(name):
    """The model is that of the alpha that was chosen."""
    rows, params = SERIES[name]
    X, y = make_windows(rows, target=0, **params)
    model = LinearWindow("auto").fit(X, y)

    expected = LinearWindow(model.alpha_).fit(X, y)

    np.testing.assert_allclose(model.predict(X), expected.predict(X), rtol=1e-7, atol=1e-7)


def test_is_taken_where_it_helps():
    """Where the windows tell nothing, a large penalty is chosen, and test errors fall."""
    X, y = make_windows(noise(700, 1), length=100)

    model = LinearWindow("auto").fit(X[:400], y[:400])

    fixed = LinearWindow().fit(X[:400], y[:400])
    assert model.alpha_ > 100
    assert np.mean((model.predict(X[400:]) - y[400:]) ** 2) < 0.9 * np.mean(
        (fixed.predict(X[400:]) - y[400:]) ** 2
    )


def test_no_penalty_is_taken_where_it_would_harm():
    """A series without noise is best forecast with next to no penalty."""
    X, y = make_windows(np.sin(np.arange(400) / 5), length=10)
    model = LinearWindow("auto").fit(X, y)

    assert model.alpha_ <= model.alphas_[1]


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_any_unit_of_the_features(unit):
    """alpha goes with the square of the features' unit, and the forecasts do not change."""
    X, y = make_windows(random_walks(500), 12, 4, target=0)
    other = X.replace(rows=X.rows * unit)
    model = LinearWindow("auto").fit(X, y)

    rescaled = LinearWindow("auto").fit(other, y)

    np.testing.assert_allclose(rescaled.alpha_, model.alpha_ * unit**2)
    np.testing.assert_allclose(rescaled.predict(other), model.predict(X))


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_any_unit_of_the_targets(unit):
    """The unit of an output does not count."""
    X, y = make_windows(random_walks(500), 12, 2, target=0)
    model = LinearWindow("auto").fit(X, y)

    assert LinearWindow("auto").fit(X, y * [1, unit]).alpha_ == model.alpha_


def test_scaled_features_have_candidates_around_1():
    """In features of deviation 1 the candidates are powers of ten, and 1 is the middle one."""
    X, y = make_windows(random_walks(500), 12, target=0)
    scaled = SeriesScaler().fit_transform(X)

    model = LinearWindow("auto").fit(scaled, y)

    np.testing.assert_allclose(model.alphas_, 10.0 ** np.arange(-4, 5))


def test_a_weight_is_a_repetition():
    """A weight of 2 counts as the window twice."""
    X, y = make_windows(wave(300), 8, 2, target=0)
    twice = np.sort(np.r_[np.arange(len(y)), np.arange(len(y))])
    weighted = LinearWindow("auto").fit(X, y, np.full(len(y), 2.0))
    repeated = LinearWindow("auto").fit(X[twice], y[twice])

    np.testing.assert_allclose(weighted.alpha_scores_, repeated.alpha_scores_, rtol=0.05)
    assert weighted.alpha_ == repeated.alpha_


def test_order_does_not_count():
    """Shuffled windows have the blocks of time that they had in order."""
    X, y = make_windows(wave(300), 8, 2, target=0)
    shuffled = np.random.default_rng(0).permutation(len(y))

    model = LinearWindow("auto").fit(X[shuffled], y[shuffled])

    np.testing.assert_allclose(model.alpha_scores_, LinearWindow("auto").fit(X, y).alpha_scores_)


def test_no_validated_target_was_seen():
    """Before a block no target counts that lies behind the end of the block's first window."""
    X, y = make_windows(wave(400), 8, 5, target=0)
    size = len(y) // 10
    first = X.ends[len(y) - 3 * size]
    strange = y.copy()
    reaches_behind = X.ends[:, None] + np.arange(1, 6) > first
    strange[(reaches_behind.any(axis=1)) & (X.ends < first)] *= 100
    older, _ = next(blocks_of(X, 4))

    _, errors = choose_by_refitting(X, strange, 4)

    model = LinearWindow("auto").fit(X, strange)
    np.testing.assert_allclose(model.alpha_scores_, errors, rtol=1e-6)
    assert not reaches_behind[older].any()
    assert reaches_behind[older[-1] + 1].any()


@pytest.mark.parametrize(("n", "horizon"), [(1, 1), (2, 1), (9, 1), (12, 12), (60, 50)])
def test_too_few_windows(n, horizon):
    """Where there is no past to forecast from, the middle candidate is taken."""
    X, y = make_windows(noise(n + horizon + 2), 3, horizon, target=0)
    X = SeriesScaler().fit_transform(X)

    model = LinearWindow("auto").fit(X[:n], y[:n])

    assert np.isnan(model.alpha_scores_).all()
    assert model.alpha_ == model.alphas_[4]
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize("n", [30, 300])
def test_constant_series(n):
    """Windows and targets that never change take the middle candidate, and are forecast."""
    X, y = make_windows(np.full(n, 7.0), length=20 if n == 30 else 5)
    model = LinearWindow("auto").fit(X, y)

    assert model.alpha_ == model.alphas_[4]
    np.testing.assert_allclose(model.predict(X), 7.0)


def test_plain_arrays():
    """Windows that are alone in their series follow each other, as they do in TimeSeriesSplit."""
    X, y = make_windows(wave(300), 8, target=0)

    scores = LinearWindow("auto").fit(np.asarray(X), y).alpha_scores_

    # The candidates differ a little: rows count as often as windows look at them.
    np.testing.assert_allclose(scores, LinearWindow("auto").fit(X, y).alpha_scores_, rtol=1e-2)


def test_windows_expressed_otherwise():
    """Windows that share no rows, and differences, are chosen by as any others."""
    X, y = make_windows(random_walks(400), 8, 2, target=0)
    for transformer in (WindowScaler(), Differencer(1)):
        model = TransformedWindowRegressor(LinearWindow("auto"), transformer).fit(X, y)

        assert model.regressor_.alpha_ in model.regressor_.alphas_


def test_dependent_columns():
    """Columns that depend on each other are no obstacle, whatever their sizes."""
    rows = wave(400, 3)
    rows[:, 1] = 1e6 * rows[:, 0]
    rows[:, 2] = 0.1
    X, y = make_windows(rows, 6, target=0)

    assert np.isfinite(LinearWindow("auto").fit(X, y).predict(X)).all()


def test_large_values():
    """Few windows of values whose squares are no numbers are forecast as with any alpha."""
    large, y = make_windows(noise(40) * 1e160, 20, target=0)

    model = LinearWindow("auto").fit(large, y)

    assert model.alpha_ == model.alphas_[4]
    assert np.isfinite(model.predict(large)).all()


def test_nothing_is_gathered(monkeypatch):
    """Blocks of one series are summed up from its rows."""
    X, y = make_windows(noise(900), 4, target=0, sampling_rate=2)

    def fail(self, *args, **kwargs):
        raise AssertionError("windows were gathered")

    monkeypatch.setattr(Windows, "take", fail)

    assert np.isfinite(LinearWindow("auto").fit(X, y).predict(X)).all()


def test_in_a_pipeline_of_rows():
    """In a pipeline on rows, the lead leaves a gap, and incomplete windows are left out."""
    rows = wave(300)
    rows[[50, 200]] = np.nan
    pipe = make_pipeline(SeriesScaler(), SlidingWindow(6, lead=40), LinearWindow("auto"))
    pipe.fit(rows, rows[:, 0])
    windows = pipe[:-1].fit_transform(rows)
    known = windows.complete() & ~np.isnan(rows[:, 0])

    alpha, errors = choose_by_refitting(windows[known], rows[known, 0], 39)

    np.testing.assert_allclose(pipe[-1].alpha_scores_, errors, rtol=1e-6)
    np.testing.assert_allclose(pipe[-1].alpha_, alpha)


def test_models_of_one_lead_choose_for_themselves():
    """One model for each lead has an alpha of its own for each."""
    X, y = make_windows(wave(300), 8, 3, target=0)
    model = DirectForecaster(LinearWindow("auto")).fit(X, y)

    for lead, one in enumerate(model.estimators_):
        alone = LinearWindow("auto").fit(X.replace(leads=[lead + 1]), y[:, lead])
        assert one.alpha_ == alone.alpha_


def test_a_number_is_not_chosen():
    """A number is taken as it is."""
    X, y = make_windows(noise(50), 3, target=0)
    model = LinearWindow(3).fit(X, y)

    assert (model.alpha_, model.alphas_, model.alpha_scores_) == (3.0, None, None)


def test_quantiles_have_no_choice():
    """Quantiles want a number."""
    X, y = make_windows(noise(50), 3, target=0)

    with pytest.raises(ValueError, match='alpha="auto".*set alpha to a number'):
        LinearWindow("auto", quantiles=(0.1, 0.9)).fit(X, y)
