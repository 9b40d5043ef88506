"""Networks on sequences of different length: steps that are not there are not read."""

import copy

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skrnn import (
    ConvRegressor,
    DenseRegressor,
    DirectForecaster,
    LastSteps,
    LogTransformer,
    MultiOutputForecaster,
    RNNRegressor,
    SeasonalAnchor,
    SeriesScaler,
    TransformedWindowRegressor,
    WindowScaler,
)
from skrnn.neural.feeding import Feed
from skrnn.windows.inputs import as_windows
from tests import oracles
from tests.neural.gradients import check_gradient, fitted

pytestmark = pytest.mark.usefixtures("eager")

CELLS = {
    "simple": oracles.simple_rnn,
    "lstm": oracles.lstm,
    "gru": oracles.gru,
    "mingru": oracles.mingru,
    "minlstm": oracles.minlstm,
}
NETWORKS = {
    **{cell: RNNRegressor(cell, 5) for cell in CELLS},
    **{f"{cell}, stack": RNNRegressor(cell, (4, 3)) for cell in CELLS},
    **{f"{cell}, backwards": RNNRegressor(cell, (4, 3), go_backwards=True) for cell in CELLS},
    **{
        f"{cell}, both directions": RNNRegressor(cell, (4, 3), bidirectional=True) for cell in CELLS
    },
    "both directions, turned around": RNNRegressor(
        "lstm", (4, 3, 2), bidirectional=True, go_backwards=True
    ),
    "segments": RNNRegressor("gru", (4, 3), segment=3, bidirectional=True),
    "decoder": RNNRegressor("gru", 4, decoder="recurrent"),
    "decoder, mingru": RNNRegressor("mingru", 4, decoder="recurrent"),
    "sequence targets": RNNRegressor("gru", (3, 4), sequence_targets=True),
    "convolutions below": RNNRegressor(
        "gru", 4, conv_filters=(3, 5), conv_kernel_size=(3, 2), conv_strides=(1, 2)
    ),
    "convolutions below, both directions": RNNRegressor(
        "lstm", (3, 2), bidirectional=True, conv_filters=4, conv_strides=3
    ),
    "convolutions below, backwards": RNNRegressor(
        "simple", (3, 2), go_backwards=True, conv_filters=4, conv_kernel_size=4, conv_strides=2
    ),
    "convolutions below, decoder": RNNRegressor(
        "gru", 3, decoder="recurrent", conv_filters=4, conv_strides=2
    ),
    "batch normalisation": ConvRegressor(
        (4, 3), kernel_size=(4, 2), batch_norm=True, pooling="average"
    ),
    "batch normalisation, strides, pooled": ConvRegressor(
        (4, 3), kernel_size=3, strides=(2, 1), pool_size=2, batch_norm=True, pooling="max"
    ),
    "quantiles": RNNRegressor("gru", 4, quantiles=(0.1, 0.5, 0.9)),
    "convolutions, average": ConvRegressor((4, 3), kernel_size=(3, 2), pooling="average"),
    "convolutions, largest": ConvRegressor((4, 3), kernel_size=4, pool_size=2, pooling="max"),
    "convolutions, valid": ConvRegressor(
        (4, 3), kernel_size=2, pool_size=(3, 1), padding="valid", pooling="average"
    ),
    **{
        f"convolutions, strides, {padding}": ConvRegressor(
            (4, 3), kernel_size=(3, 2), strides=(2, 3), padding=padding, pooling="max"
        )
        for padding in ("same", "causal")
    },
    "convolutions, strides, valid": ConvRegressor(
        4, kernel_size=4, strides=3, pool_size=2, padding="valid", pooling="average"
    ),
    **{
        f"convolutions, dilation, {padding}": ConvRegressor(
            (4, 3), kernel_size=2, dilation=(3, 1), padding=padding, pooling="average"
        )
        for padding in ("same", "valid", "causal")
    },
    "dense, average": DenseRegressor((4, 3), pooling="average"),
    "dense, largest": DenseRegressor(4, pooling="max"),
}
# What Keras, which is slow to start, is asked once for each kind of layer.
FEW = [
    "lstm, both directions",
    "gru, backwards",
    "mingru, backwards",
    "minlstm, both directions",
    "decoder",
    "segments",
    "decoder, mingru",
    "sequence targets",
    "convolutions, largest",
    "convolutions, valid",
    "convolutions below, both directions",
    "convolutions below, backwards",
    *(f"convolutions, strides, {padding}" for padding in ("same", "valid", "causal")),
    *(f"convolutions, dilation, {padding}" for padding in ("same", "valid", "causal")),
    "batch normalisation",
    "batch normalisation, strides, pooled",
    "dense, average",
    "dense, largest",
]


def data(n=40, seed=0):
    """Random walks of 5 to 18 steps and two columns, and what comes next."""
    random = np.random.default_rng(seed)
    walks = [
        random.normal(size=(steps, 2)).cumsum(axis=0) for steps in random.integers(6, 20, size=n)
    ]
    return [walk[:-1] for walk in walks], np.array([walk[-1, 0] for walk in walks])


# ---------------------------------------------------------------------- alone and together


@pytest.mark.parametrize(
    ("name", "engine"),
    [*((name, "fused") for name in NETWORKS), *((name, "keras") for name in FEW)],
)
def test_a_sequence_is_forecast_as_if_it_were_alone(name, engine):
    """Beside longer ones, in either engine."""
    X, y = data()
    model = fitted(NETWORKS[name], X, y, engine=engine)

    together = model.predict(X)

    alone = np.concatenate([model.predict([x]) for x in X[:12]])
    np.testing.assert_allclose(together[:12], alone, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["gru", "lstm, both directions", "convolutions, average"])
def test_a_sequence_alone_is_a_window(name):
    """Of one length, sequences are what the array of them is, also in training."""
    X, y = data()
    X = [x[-5:] for x in X]

    listed = fitted(NETWORKS[name], X, y, engine="fused", epochs=3)
    array = fitted(NETWORKS[name], np.array(X), y, engine="fused", epochs=3)

    np.testing.assert_allclose(listed.predict(X), array.predict(np.array(X)), rtol=1e-6)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_forecasts_are_the_equations_of_each_sequence(cell, bidirectional):
    """A loop over the sequences, written from the equations of the cells."""
    X, y = data()
    model = fitted(RNNRegressor(cell, 4, bidirectional=bidirectional), X, y, engine="fused")
    *weights, kernel, bias = model.weights_
    layer = CELLS[cell]
    half = len(weights) // 2

    expected = []
    for x in X:
        if bidirectional:
            last = oracles.bidirectional(layer, x[None], weights[:half], weights[half:])
        else:
            last = layer(x[None], *weights)[:, -1]
        expected.append(last @ kernel + bias)
    expected = np.concatenate(expected)[:, 0] * model.y_scale_ + model.y_offset_

    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-8)


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_against_central_differences(name):
    """The gradient of every weight is the slope of the loss."""
    X, y = data(17)
    model = fitted(NETWORKS[name], X, y, engine="fused", normalize_y=False)

    check_gradient(model, as_windows(X), y[:, None], n_weights=40)


@pytest.mark.parametrize("name", FEW)
def test_an_epoch_is_that_of_keras(name):
    """From the same weights, batch by batch, with sample weights."""
    X, y = data(70)
    weights = np.random.default_rng(0).uniform(size=len(y))
    fused = fitted(NETWORKS[name], X, y, engine="fused")
    keras = copy.deepcopy(fused).set_params(engine="keras")

    for model in (fused, keras):
        model.set_params(warm_start=True, epochs=2, batch_size=16)
        model.fit(X, y, sample_weight=weights)

    for ours, theirs in zip(fused.weights_, keras.weights_, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert fused.history_["loss"] == pytest.approx(keras.history_["loss"], rel=1e-4)


@pytest.mark.parametrize("name", ["gru", "both directions, turned around", *FEW[7:]])
def test_keras_model_takes_sequences(name):
    """With NaN in front, which is its mask, of any length."""
    X, y = data()
    model = fitted(NETWORKS[name], X, y, engine="fused")
    padded = np.full((len(X), 25, 2), np.nan)
    for row, x in zip(padded, X, strict=True):
        row[25 - len(x) :] = x

    forecast = np.asarray(model.keras_model()(padded))[:, 0]

    np.testing.assert_allclose(forecast, model.predict(X), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", ["gru", "lstm, both directions", "convolutions, largest"])
def test_what_lies_before_a_sequence_is_not_read(name):
    """Neither in training nor in a forecast: other rows, or unknown ones, change nothing."""
    X, y = data()
    windows = as_windows(X).replace(length=6)
    junk = windows.rows.copy()
    before = ~windows.covered().any(axis=1)
    junk[before] = np.where(np.arange(before.sum())[:, None] % 2, np.nan, 1e30)
    assert before.sum() > 100

    forecasts = [
        fitted(NETWORKS[name], like, y, engine="fused").predict(like)
        for like in (windows, windows.replace(rows=junk))
    ]

    np.testing.assert_array_equal(*forecasts)


# ---------------------------------------------------------------------- forms and fillings


@pytest.mark.parametrize(
    "transformer",
    [
        WindowScaler(),
        WindowScaler("last", scale="mean_abs"),
        WindowScaler(min_scale=0.9),
        SeasonalAnchor(2),
        SeriesScaler(),
        LogTransformer("yeo-johnson"),
        LastSteps(7),
    ],
    ids=repr,
)
def test_behind_transformers(transformer):
    """What is scaled by itself is read where it lies, and is what the gathered steps are."""
    X, y = data()
    windows = transformer.fit_transform(X)
    gathered = [
        np.asarray(windows)[i, windows.length - steps :]
        for i, steps in enumerate(windows.steps_there())
    ]
    model = fitted(RNNRegressor("gru", 4), windows, y, engine="fused")

    np.testing.assert_allclose(model.predict(windows), model.predict(gathered), rtol=1e-9)


def test_unknown_steps_are_filled_from_the_sequence():
    """In ``predict``; what is not there is not filled. ``fit`` leaves such sequences out."""
    X, y = data()
    holes = [x.copy() for x in X]
    holes[3][:2, 0] = np.nan
    holes[5][:, 1] = np.nan
    filled = [x.copy() for x in X]
    filled[3][:2, 0] = X[3][2, 0]
    model = fitted(RNNRegressor("gru", 4), holes, y, engine="fused")
    filled[5][:, 1] = model.fill_values_[1]
    known = [i for i in range(len(X)) if i not in (3, 5)]
    without = fitted(RNNRegressor("gru", 4), [X[i] for i in known], y[known], engine="fused")

    np.testing.assert_allclose(model.predict(holes), model.predict(filled), rtol=1e-9)
    np.testing.assert_allclose(model.predict(X), without.predict(X), rtol=1e-9)


def test_a_sequence_without_a_known_step_gets_the_mean():
    """As windows do."""
    X, y = data()
    model = fitted(RNNRegressor("gru", 4), X, y, engine="fused")

    assert model.predict([np.full((3, 2), np.nan)])[0] == pytest.approx(y.mean())


@pytest.mark.parametrize(
    "forecaster",
    [
        lambda network: TransformedWindowRegressor(network, WindowScaler()),
        lambda network: TransformedWindowRegressor(network, SeasonalAnchor(2)),
        lambda network: TransformedWindowRegressor(network, LogTransformer("yeo-johnson")),
        lambda network: DirectForecaster(network),
        lambda network: MultiOutputForecaster(network),
    ],
    ids=["transformed", "since a season", "powers", "direct", "many outputs"],
)
def test_inside_forecasters(forecaster):
    """Those that hand windows on take sequences too."""
    X, y = data()
    model = forecaster(RNNRegressor("gru", 4, epochs=1, random_state=0)).fit(X, y)

    together = model.predict(X)

    np.testing.assert_allclose(together[7], model.predict([X[7]])[0], rtol=1e-6)


# ---------------------------------------------------------------------- batches


def feed_of(X, batch_size=8, seed=3):
    windows = as_windows(X)
    y = np.arange(len(X))[:, None]
    return Feed(windows, y, None, batch_size=batch_size, dtype="float32", seed=seed)


def test_every_sequence_comes_once_an_epoch():
    """In another order each time, the last and smaller batch included."""
    feed = feed_of(data(45)[0])
    orders = []
    for _ in range(2):
        orders.append(np.concatenate([feed.which(i) for i in range(len(feed))]))
        feed.shuffle()

    for order in orders:
        np.testing.assert_array_equal(np.sort(order), np.arange(45))
    assert (orders[0] != orders[1]).any()


def test_batches_are_of_like_lengths():
    """They take few steps more than there are, and longer and shorter ones come in turn."""
    random = np.random.default_rng(0)
    X = [np.zeros((steps, 1)) for steps in random.integers(5, 200, size=400)]
    feed = feed_of(X, batch_size=16)

    batches = [feed.windows.lengths[feed.which(i)] for i in range(len(feed))]

    read = sum(lengths.max() * len(lengths) for lengths in batches)
    assert read < 1.2 * sum(map(len, X))
    longest = np.array([lengths.max() for lengths in batches])
    assert (np.diff(longest) > 0).sum() > 5
    assert (np.diff(longest) < 0).sum() > 5


@pytest.mark.parametrize("engine", ["fused", "keras"])
def test_training_that_goes_on(engine):
    """Four times ``partial_fit`` are a ``fit`` of four epochs."""
    X, y = data()
    options = {"learning_rate_schedule": "constant", "batch_size": 8, "dropout": 0.2}
    model = RNNRegressor("gru", 4, **options, random_state=0, engine=engine)
    once = clone(model).set_params(epochs=4).fit(X, y)

    for _ in range(4):
        model.partial_fit(X, y)

    np.testing.assert_allclose(model.predict(X), once.predict(X), rtol=1e-6)


@pytest.mark.parametrize("engine", ["fused", "keras"])
def test_validation_on_longer_sequences(engine):
    """The validation loss is that of what is forecast, whatever the lengths there."""
    X, y = data()
    longer, truth = data(20, seed=1)
    longer = [np.concatenate([x, x, x]) for x in longer]
    model = RNNRegressor("gru", 4, epochs=2, random_state=0, normalize_y=False, engine=engine)

    model.fit(X, y, validation_data=(longer, truth, np.arange(20.0)))

    errors = (model.predict(longer) - truth) ** 2
    expected = np.average(errors, weights=np.arange(20.0))
    assert model.history_["val_loss"][-1] == pytest.approx(expected, rel=1e-4)


def test_sequences_validate_on_any_of_them():
    """They have no newest: a share as the seed draws it, of all lengths."""
    X, y = data(100)
    model = RNNRegressor("gru", 4, epochs=1, validation_fraction=0.2)
    losses = [
        clone(model).set_params(random_state=seed).fit(X, y).history_["val_loss"]
        for seed in (0, 0, 1)
    ]

    assert losses[0] == losses[1]
    assert losses[0] != losses[2]


def test_searches_of_many_jobs():
    """Lists are cut by stock splitters, and sent to other processes."""
    X, y = data()
    grid = {"rnnregressor__units": [2, 4]}
    pipe = make_pipeline(SeriesScaler(), RNNRegressor("gru", epochs=1, random_state=0))

    one = GridSearchCV(pipe, grid, cv=3).fit(X, y)
    two = GridSearchCV(pipe, grid, cv=3, n_jobs=2).fit(X, y)

    scores = [search.cv_results_["mean_test_score"] for search in (one, two)]
    np.testing.assert_allclose(*scores)


# ---------------------------------------------------------------------- errors


def test_arrays_with_nothing_in_front_are_said_to_be_left_out():
    """They may be sequences, of which a list is taken."""
    X, y = data()
    padded = np.asarray(as_windows(X))

    with pytest.warns(UserWarning, match=r"of 40 windows begin with unknown steps .* a list of"):
        RNNRegressor("gru", 3, epochs=1).fit(padded, y)


def test_one_sequence_is_a_list_of_one():
    """A table of one column is no sequence of one feature."""
    X, y = data()
    X = [x[:, :1] for x in X]

    with pytest.raises(ValueError, match=r"got an array of shape .*: pass one sequence as \[X\]"):
        RNNRegressor("gru", 3, epochs=1).fit(X, y).predict(X[0])


def test_what_flattens_steps_needs_a_pooling():
    """It says so."""
    X, y = data()

    with pytest.raises(ValueError, match=r'dense ones with pooling="average"'):
        DenseRegressor().fit(X, y)
    with pytest.raises(ValueError, match=r'convolutional and dense ones with pooling="average"'):
        ConvRegressor().fit(X, y)


def test_kernels_need_as_many_steps():
    """In ``fit`` and in ``predict``."""
    X, y = data()
    model = ConvRegressor(4, kernel_size=5, padding="valid", pooling="max", epochs=1)

    with pytest.raises(
        ValueError, match="cannot be read, the first of them number 0: it has 4 steps"
    ):
        model.fit(X, y).predict([x[:4] for x in X])


def test_unrolled_networks_have_one_length():
    """In Keras, where that counts, and so in either engine."""
    with pytest.raises(ValueError, match="unroll=True needs windows of one length"):
        RNNRegressor("gru", 4, unroll=True).fit(*data())
