"""Sequence to sequence: targets of every step of the window."""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from skrnn import (
    Differencer,
    RNNRegressor,
    SeriesScaler,
    TransformedWindowRegressor,
    WindowScaler,
    make_windows,
)
from skrnn.neural.feeding import Feed
from skrnn.neural.sequence import LastStep, LaterEnds, step_targets

pytestmark = pytest.mark.usefixtures("eager")

NET = {"cell": "simple", "units": 4, "epochs": 1, "random_state": 0, "sequence_targets": True}


def rows(n=60, columns=1, seed=0):
    return np.random.default_rng(seed).normal(size=(n, columns)).cumsum(axis=0)


def unscaled(y):
    return y


def seen_targets(model, X, y, monkeypatch):
    """The targets of every step that the network is trained on."""
    seen = {}

    def remember(estimator, windows, targets, column, scale):
        found = step_targets(estimator, windows, targets, column, unscaled)
        steps = windows.take()
        seen["windows"], seen["targets"] = windows, found(np.arange(len(windows)), steps)
        return found

    monkeypatch.setattr("skrnn.neural.estimators.step_targets", remember)
    model.fit(X, y)
    return seen["windows"], seen["targets"]


@pytest.mark.parametrize(
    ("sampling_rate", "stride", "leads"), [(1, 1, [1, 2, 3]), (3, 1, [1, 5]), (2, 2, [4])]
)
def test_targets_of_a_panel_against_a_loop(sampling_rate, stride, leads):
    """Each step has the targets of the window that ends there, where y tells them."""
    panel = [rows(40, 2, seed) for seed in range(3)]
    X, y = make_windows(panel, 4, leads=leads, target=1, sampling_rate=sampling_rate, stride=stride)
    y = y.reshape(len(y), -1)
    order = np.random.default_rng(0).permutation(len(X))[:-5]
    X, y = X[order], y[order]

    found = LaterEnds(X, y)(np.arange(len(X)), None)

    told = {
        (series, end): targets for series, end, targets in zip(X.series, X.ends, y, strict=True)
    }
    unknown = np.full(len(leads), np.nan)
    for i, (series, end) in enumerate(zip(X.series, X.ends, strict=True)):
        steps = [end - age * sampling_rate for age in (3, 2, 1, 0)]
        np.testing.assert_array_equal(
            found[i], [told.get((series, step), unknown) for step in steps]
        )


@pytest.mark.parametrize(
    "scaler", [None, SeriesScaler(), SeriesScaler("minmax"), SeriesScaler("robust")]
)
def test_targets_are_in_the_unit_of_y_under_scaling(scaler, monkeypatch):
    """Scaling the windows leaves all targets as they are."""
    X, y = make_windows(100 + rows(), 5, 3)

    windows, targets = seen_targets(make_pipeline(scaler, RNNRegressor(**NET)), X, y, monkeypatch)

    inner = targets[4, :, :]
    np.testing.assert_array_equal(inner, y[:5])
    assert windows.rows is (X.rows if scaler is None else windows.rows)


@pytest.mark.parametrize("lag", [1, 4])
def test_targets_behind_differences(lag, monkeypatch):
    """A step's targets are relative to what is known at that step."""
    X, y = make_windows(rows(), 6, 3)
    model = TransformedWindowRegressor(RNNRegressor(**NET), Differencer(lag))

    windows, targets = seen_targets(model, X, y, monkeypatch)

    level = X.rows[:, 0]
    for step, end in enumerate(range(windows.ends[9] - windows.length + 1, windows.ends[9] + 1)):
        relative = [
            level[end + lead] - level[end + lead - lag * -(-lead // lag)] for lead in (1, 2, 3)
        ]
        np.testing.assert_allclose(targets[9, step], relative)


def test_targets_of_textbook_arrays(monkeypatch):
    """Windows of their own are followed by their own steps, and then by y."""
    waves = rows(8, 40).T
    X, y = waves[:, :6], waves[:, 6:]

    _, targets = seen_targets(RNNRegressor(**NET), X, y, monkeypatch)

    expected = [[wave[step + 1 : step + 3] for step in range(6)] for wave in waves]
    np.testing.assert_allclose(targets, expected)


def test_targets_of_windows_scaled_by_themselves(monkeypatch):
    """Behind WindowScaler, the steps and targets of a window are in its own unit."""
    X, y = make_windows(rows(columns=2), 6, 2, target=1)
    model = TransformedWindowRegressor(
        RNNRegressor(**{**NET, "sequence_targets": 1}), WindowScaler(), target=1
    )

    _, targets = seen_targets(model, X, y, monkeypatch)

    steps = np.asarray(X)[:, :, 1]
    scaled = (np.hstack([steps, y]) - steps.mean(axis=1, keepdims=True)) / steps.std(
        axis=1, keepdims=True
    )
    expected = [[one[step + 1 : step + 3] for step in range(6)] for one in scaled]
    np.testing.assert_allclose(targets, expected, rtol=1e-5, atol=1e-5)


def test_steps_without_targets_do_not_count():
    """Steps whose targets nobody told have weight 0, and the others 1 on average, or the sample's
    own weight.
    """
    X, y = make_windows(rows(12), 4, 2)
    feed = Feed(X, y, None, batch_size=99, dtype="float64", step_targets=LaterEnds(X, y))
    weighted = Feed(
        X, y, np.arange(1.0, 8), batch_size=99, dtype="float64", step_targets=LaterEnds(X, y)
    )

    _, _, targets, weights = feed[0]

    known = np.add.outer(np.arange(7), np.arange(4)) >= 3
    np.testing.assert_array_equal(weights > 0, known)
    assert weights.mean() == pytest.approx(1)
    assert np.isfinite(targets).all()
    np.testing.assert_allclose(
        weighted[0].weights[:, -1] / weighted[0].weights[0, -1], np.arange(1.0, 8)
    )


def test_validation_is_of_the_last_step():
    """What predict uses is what early stopping looks at."""
    X, y = make_windows(rows(200), 5, 3)
    model = RNNRegressor(**{**NET, "normalize_y": False, "validation_fraction": 0.2}).fit(X, y)

    newest = X[-39:], y[-39:]
    error = np.mean((model.predict(newest[0]) - newest[1]) ** 2)

    assert model.history_["val_loss"][0] == pytest.approx(error, rel=1e-4)
    np.testing.assert_array_equal(LastStep(y)([3], np.zeros((1, 5, 1)))[0, -1], y[3])


def test_every_step_is_trained():
    """The loss is that of all steps: a network that is trained no further than one epoch tells by
    its loss.
    """
    X, y = make_windows(rows(100), 5, 2)
    one, every = (
        RNNRegressor(
            **{**NET, "sequence_targets": targets, "learning_rate": 1e-12, "normalize_y": False}
        ).fit(X, y)
        for targets in (False, True)
    )

    cut = [np.asarray(X)[:, : step + 1] for step in range(5)]
    states = [RNNRegressor(**{**NET, "learning_rate": 1e-12}).fit(steps, y) for steps in cut]
    for state in states:
        state.weights_, state.y_offset_, state.y_scale_ = every.weights_, np.zeros(2), np.ones(2)
    known = [slice(4 - step, None) for step in range(5)]
    errors = [
        (state.predict(steps)[where] - y[: len(y) - 4 + step]) ** 2
        for step, (state, steps, where) in enumerate(zip(states, cut, known, strict=True))
    ]

    np.testing.assert_allclose(one.predict(X), every.predict(X), rtol=1e-5)
    assert every.history_["loss"][0] == pytest.approx(np.concatenate(errors).mean(), rel=0.05)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"bidirectional": True}, "would have read the rows"),
        ({"go_backwards": True}, "would have read the rows"),
        ({"conv_filters": 4}, r"conv_filters=4: the inner steps would have read the rows"),
        ({"decoder": "recurrent"}, "choose one of them"),
    ],
)
def test_inner_steps_must_not_know_their_targets(params, message):
    """What reads the window from its end knows what the inner steps are to forecast."""
    X, y = make_windows(rows(), 5, 2)

    with pytest.raises(ValueError, match=message):
        RNNRegressor(**{**NET, **params}).fit(X, y)


def test_arrays_in_another_unit_are_refused():
    """Nothing tells how scaled arrays and y hang together; scaling both together does."""
    waves = 300 + rows(8, 40).T

    with pytest.raises(ValueError, match="Scale both together"):
        make_pipeline(SeriesScaler(), RNNRegressor(**NET)).fit(waves[:, :6], waves[:, 6:])
    model = TransformedWindowRegressor(RNNRegressor(**NET), SeriesScaler()).fit(
        waves[:, :6], waves[:, 6:]
    )
    assert model.predict(waves[:, :6]).shape == (40, 2)


@pytest.mark.parametrize("as_array", [True, False])
def test_a_jump_is_no_other_unit(as_array):
    """A few windows across a jump do not make the targets look like another unit's."""
    series = rows(120)
    series[100:] += 1000
    X, y = make_windows(series, 6, 2)
    X = np.asarray(X) if as_array else X

    model = TransformedWindowRegressor(RNNRegressor(**NET), WindowScaler()).fit(X, y)

    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize("off", [False, np.False_, None])
def test_truth_values_of_any_kind(off):
    """A search over an array of truth values switches it on and off."""
    X, y = make_windows(rows(), 5, 2)

    models = [
        RNNRegressor(**{**NET, "sequence_targets": value}).fit(X, y) for value in (off, np.True_)
    ]

    assert [model.network_.every_step for model in models] == [False, True]


def test_a_column_that_is_not_there():
    """The name of the column is looked up, also where its values are not needed."""
    X, y = make_windows(pd.DataFrame(rows(), columns=["load"]), 5, 2)

    with pytest.raises(
        ValueError, match="sequence_targets='lod' is not a column: did you mean 'load'"
    ):
        RNNRegressor(**{**NET, "sequence_targets": "lod"}).fit(X, y)


def test_one_scaled_window_at_a_time():
    """Going on with a single window is no reason to take it for a series of its own."""
    X, y = make_windows(100 + rows(), 5, 2)
    X = SeriesScaler().fit_transform(X)
    model = RNNRegressor(**NET).partial_fit(X, y)
    before = model.predict(X)

    model.partial_fit(X[[3]], y[[3]])

    assert len(model.history_["loss"]) == 2
    assert not np.array_equal(model.predict(X), before)


def test_no_target_behind_the_training_windows():
    """The inner steps of the training windows learn nothing of the windows that are held out."""
    X, y = make_windows(rows(200), 5, 3)
    options = {**NET, "validation_fraction": 0.2}
    other = y.copy()
    other[-40:] += 1000

    one, two = (RNNRegressor(**options).fit(X, targets) for targets in (y, other))

    np.testing.assert_array_equal(one.predict(X), two.predict(X))


@pytest.mark.parametrize("engine", ["fused", "keras"])
def test_weights_that_are_nothing_in_single_precision(engine):
    """A batch of such weights teaches nothing, and spoils nothing."""
    X, y = make_windows(rows(), 5, 2)
    weights = np.r_[np.full(20, 1e-60), np.ones(len(y) - 20)]

    model = RNNRegressor(**NET, batch_size=1, engine=engine).fit(X, y, sample_weight=weights)

    assert np.isfinite(model.history_["loss"]).all()
