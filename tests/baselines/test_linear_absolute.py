"""loss="mae": against linear programs, and against the conditions of a minimum."""

import numpy as np
import pytest
from scipy.optimize import linprog
from sklearn.exceptions import ConvergenceWarning

from skrnn import LinearWindow, SeriesScaler, Windows, WindowScaler, make_windows
from skrnn.baselines import absolute


def draw(kind, n, n_features=1, seed=0):
    rng = np.random.default_rng(seed)
    rows = {
        "noise": lambda: rng.normal(size=(n, n_features)),
        "heavy tails": lambda: rng.standard_t(1.5, size=(n, n_features)),
        "walk": lambda: 1e3 + rng.normal(size=(n, n_features)).cumsum(axis=0),
        "counts": lambda: rng.poisson(2.0, size=(n, n_features)).astype(float),
    }
    return rows[kind]()


def flat(X):
    return np.asarray(X, dtype=float).reshape(len(X), -1)


def smallest_sum(X, y, weights):
    """The smallest Σ w·|y - x·b - c| there is, by a linear program."""
    n = len(y)
    inputs = flat(X)
    inputs = (inputs - inputs.mean(axis=0)) / inputs.std(axis=0)
    equations = np.hstack([inputs, np.ones((n, 1)), np.eye(n), -np.eye(n)])
    cost = np.r_[np.zeros(inputs.shape[1] + 1), weights, weights]
    free = [(None, None)] * (inputs.shape[1] + 1) + [(0, None)] * (2 * n)
    return linprog(cost, A_eq=equations, b_eq=y, bounds=free).fun


@pytest.mark.parametrize("kind", ["noise", "heavy tails", "walk", "counts"])
@pytest.mark.parametrize("weighted", [False, True])
def test_against_a_linear_program(kind, weighted):
    """Without a penalty the sum of absolute errors is the smallest there is."""
    X, y = make_windows(draw(kind, 300, 2), 4, target=0)
    weights = np.random.default_rng(1).uniform(0.1, 3, len(y)) if weighted else np.ones(len(y))

    model = LinearWindow(0, loss="mae").fit(X, y, weights)

    found = (weights * abs(y - model.predict(X))).sum()
    np.testing.assert_allclose(found, smallest_sum(X, y, weights), rtol=1e-3)


def lower_bound(X, y, alpha, weights, residual, scale):
    """What Σ w·|y - x·b - c| + alpha / (2·s) · Σ b² is at least, by duality.

    Of any d with |d| <= w and Σ d = 0 that is Σ d·y - s / (2·alpha) · |Σ d·x|². The best of some
    thousand steps uphill is taken.
    """
    inputs = flat(X)
    inputs = inputs - inputs.mean(axis=0)
    y = y - y.mean()
    hessian = inputs @ inputs.T * scale / alpha
    step = 1 / np.linalg.eigvalsh(hessian)[-1]
    dual = weights * np.clip(residual / scale, -1, 1)
    ahead = dual
    best = -np.inf
    momentum = 1.0
    for _ in range(2_000):
        new = project(ahead + step * (y - hessian @ ahead), weights)
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = new + (momentum - 1) / following * (new - dual)
        dual = new
        momentum = following
        best = max(best, dual @ y - dual @ hessian @ dual / 2)
    return best


def project(dual, weights):
    """The nearest d with |d| <= w and Σ d = 0."""
    low, high = -abs(dual).max() - weights.max(), abs(dual).max() + weights.max()
    for _ in range(60):
        middle = (low + high) / 2
        if np.clip(dual - middle, -weights, weights).sum() > 0:
            low = middle
        else:
            high = middle
    return np.clip(dual - middle, -weights, weights)


@pytest.mark.parametrize("kind", ["noise", "heavy tails", "counts"])
@pytest.mark.parametrize(("n", "length"), [(80, 6), (30, 40)])
@pytest.mark.parametrize("alpha", [1.0, 30.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_with_a_penalty(kind, n, length, alpha, weighted):
    """What the penalty is said to be is minimised: no lower bound leaves room for less."""
    X, y = make_windows(draw(kind, n + length), length, target=0)
    X = SeriesScaler().fit_transform(X)
    weights = np.random.default_rng(1).uniform(0.1, 3, len(y)) if weighted else np.ones(len(y))
    errors = y - LinearWindow(alpha).fit(X, y, weights).predict(X)
    scale = np.average(abs(errors), weights=weights)

    model = LinearWindow(alpha, loss="mae").fit(X, y, weights)

    found = (weights * abs(y - model.predict(X))).sum()
    found += alpha / (2 * scale) * (model.coef_**2).sum()
    bound = lower_bound(X, y, alpha, weights, y - model.predict(X), scale)
    np.testing.assert_allclose(found, bound, rtol=2e-3)


def test_outputs_are_as_alone():
    """Several outputs are each what they are alone."""
    X, y = make_windows(draw("heavy tails", 300), 5, 3, target=0)
    model = LinearWindow(loss="mae").fit(X, y)

    for k in range(3):
        alone = LinearWindow(loss="mae").fit(X, y[:, k])
        np.testing.assert_allclose(model.predict(X)[:, k], alone.predict(X), atol=1e-6)


def test_outliers_do_not_count():
    """Some targets that are far off change next to nothing."""
    X, y = make_windows(np.cos(np.arange(300)), 3)
    far = y + 100 * (np.arange(len(y)) % 10 == 0)

    model = LinearWindow(0, loss="mae").fit(X, far)

    np.testing.assert_allclose(model.predict(X), y, atol=1e-2)


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_any_unit_of_the_targets(unit):
    """Forecasts go with the unit of y, whatever the penalty."""
    X, y = make_windows(draw("noise", 300), 5)
    model = LinearWindow(30.0, loss="mae").fit(X, y)

    rescaled = LinearWindow(30.0, loss="mae").fit(X, y * unit)

    np.testing.assert_allclose(rescaled.predict(X) / unit, model.predict(X), atol=1e-6)


def test_a_weight_is_a_repetition():
    """A weight counts as so many windows."""
    X, y = make_windows(draw("heavy tails", 200), 5)
    weights = 1 + np.arange(len(y)) % 3
    repeated = np.repeat(np.arange(len(y)), weights)

    model = LinearWindow(loss="mae").fit(X, y, weights)

    expected = LinearWindow(loss="mae").fit(X[repeated], y[repeated])
    np.testing.assert_allclose(model.predict(X), expected.predict(X), atol=1e-8)


@pytest.mark.parametrize("alpha", [0, 1e-9])
def test_windows_that_are_met(alpha):
    """Fewer windows than inputs are met by the smallest solution, which leaves no error."""
    X, y = make_windows(draw("noise", 60), 40)

    model = LinearWindow(alpha, loss="mae").fit(X, y)

    np.testing.assert_allclose(model.predict(X), y, atol=1e-6)


@pytest.mark.parametrize("n", [30, 300])
def test_constant_series(n):
    """A series that never changes is forecast as it is."""
    X, y = make_windows(np.full(n, 7.0), 20 if n == 30 else 5)

    np.testing.assert_allclose(LinearWindow(loss="mae").fit(X, y).predict(X), 7.0)


def test_alpha_is_chosen_as_for_squared_errors():
    """ "auto" takes the alpha of squared errors."""
    X, y = make_windows(draw("noise", 400), 60)

    chosen = LinearWindow("auto", loss="mae").fit(X, y)

    assert chosen.alpha_ == LinearWindow("auto").fit(X, y).alpha_


def test_windows_that_share_no_rows():
    """Windows that are gathered piece by piece are learned as those of shared rows are."""
    X, y = make_windows(draw("noise", 300, 2), 5, target=0)
    model = LinearWindow(loss="mae").fit(X, y)

    np.testing.assert_allclose(
        LinearWindow(loss="mae").fit(np.asarray(X), y).predict(X), model.predict(X), atol=5e-3
    )
    scaled = LinearWindow(loss="mae").fit(WindowScaler().fit_transform(X), y)
    assert np.isfinite(scaled.coef_).all()


def test_nothing_is_gathered(monkeypatch):
    """Fitting complete windows of one series gathers none of them."""
    X, y = make_windows(draw("noise", 300), 4)

    def fail(self, *args, **kwargs):
        raise AssertionError("windows were gathered")

    monkeypatch.setattr(Windows, "take", fail)

    assert np.isfinite(LinearWindow(loss="mae").fit(X, y).predict(X)).all()


def test_what_has_not_settled_is_told(monkeypatch):
    """Too few steps are told with a warning, and leave a model."""
    monkeypatch.setattr(absolute, "MOST_STEPS", 3)
    X, y = make_windows(draw("noise", 300), 4)

    with pytest.warns(ConvergenceWarning, match='loss="mae" has not settled after 3 steps'):
        model = LinearWindow(loss="mae").fit(X, y)
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize("loss", ["huber", None, 1, ["mae"]])
def test_bad_loss(loss):
    """The loss is one of two."""
    X, y = make_windows(draw("noise", 50), 3)

    with pytest.raises(ValueError, match='loss must be "mse" or "mae", got'):
        LinearWindow(loss=loss).fit(X, y)


def test_quantiles_have_their_own_loss():
    """Quantiles and a loss contradict each other."""
    X, y = make_windows(draw("noise", 50), 3)

    with pytest.raises(ValueError, match="have a loss of their own: leave loss='mae' out"):
        LinearWindow(quantiles=(0.5,), loss="mae").fit(X, y)
