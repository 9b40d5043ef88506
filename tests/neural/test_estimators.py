"""What every parameter of the networks does."""

import copy
import gc
import pickle
import random
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from skrnn import (
    ConvRegressor,
    DenseRegressor,
    RNNRegressor,
    SeriesScaler,
    SlidingWindow,
    make_windows,
)
from skrnn.neural.feeding import Feed

CLASSES = [DenseRegressor, ConvRegressor, RNNRegressor]


@pytest.fixture(scope="module")
def data():
    """Windows of a noisy sine, and their targets."""
    rng = np.random.default_rng(0)
    series = np.sin(np.arange(260) / 4) + rng.normal(scale=0.1, size=260)
    return make_windows(series, length=8)


@pytest.fixture(params=["keras", "fused"], autouse=True)
def engine(request, monkeypatch):
    """Every test runs with both engines, except for what is Keras's own."""
    monkeypatch.setitem(CHOSEN, "engine", request.param)
    return request.param


CHOSEN = {"engine": "auto"}


def small(kind=RNNRegressor, **params):
    """A small, fast network."""
    names = {"loss", "optimizer"} & set(params)
    if CHOSEN["engine"] == "fused" and (
        params.get("callbacks") or not all(isinstance(params[n], str) for n in names)
    ):
        pytest.skip("Keras's own objects are for its engine")
    return kind(**{"epochs": 2, "batch_size": 32, "random_state": 0, **CHOSEN, **params})


@pytest.fixture
def plain(data, engine):
    """The small network with no parameter changed."""
    return fitted_once(engine, data)


def fitted_once(engine, data, made={}):  # noqa: B006 - the networks are kept on purpose
    """The small network of an engine, fitted once."""
    if engine not in made:
        made[engine] = small(cell="simple", units=6).fit(*data)
    return made[engine]


@pytest.mark.parametrize("kind", CLASSES)
def test_learns(kind, data):
    """Training halves the loss, and the forecast explains most of the series."""
    model = small(kind, epochs=40, learning_rate=0.01).fit(*data)

    assert model.history_["loss"][-1] < model.history_["loss"][0] / 2
    assert model.score(*data) > 0.8


def test_learns_several_leads():
    """A network with several outputs gives one forecast for each lead."""
    X, y = make_windows(np.sin(np.arange(200) / 4), length=8, horizon=3)

    model = small(DenseRegressor, epochs=60, learning_rate=0.01).fit(X, y)

    assert model.predict(X).shape == y.shape
    assert model.score(X, y) > 0.8


@pytest.mark.parametrize(
    "change",
    [
        {"dropout": 0.5},
        {"recurrent_dropout": 0.5},
        {"output_dropout": 0.5},
        {"loss": "mae"},
        {"loss": "huber"},
        {"optimizer": "rmsprop"},
        {"optimizer": "sgd"},
        {"learning_rate": 0.1},
        {"learning_rate_decay": 0.1},
        {"clipnorm": 1e-4},
        {"batch_size": 7},
        {"activation": "relu"},
        {"go_backwards": True},
        {"normalize_y": False},
        {"random_state": 1},
    ],
    ids=str,
)
def test_parameter_changes_the_training(change, data, plain):
    """Each of these parameters leads to another network."""
    model = small(RNNRegressor, cell="simple", units=6, **change).fit(*data)

    assert not np.allclose(model.predict(data[0]), plain.predict(data[0]), atol=1e-6)


def test_unroll_changes_no_number(data, plain):
    """Unrolling is another way to the same network."""
    model = small(RNNRegressor, cell="simple", units=6, unroll=True).fit(*data)

    np.testing.assert_allclose(model.predict(data[0]), plain.predict(data[0]), atol=1e-4)


def test_dropout_is_for_training_only(data):
    """Dropout leaves predictions repeatable."""
    model = small(recurrent_dropout=0.5, dropout=0.5, output_dropout=0.5).fit(*data)

    np.testing.assert_array_equal(model.predict(data[0]), model.predict(data[0]))


def test_clipnorm_limits_the_step(data):
    """With plain gradient descent, no weight moves further than learning rate times clipnorm a
    step.
    """
    sgd = {
        "optimizer": "sgd",
        "learning_rate": 1.0,
        "clipnorm": 1e-3,
        "batch_size": 1000,
        "units": 6,
    }
    one, two = (small(cell="simple", epochs=epochs, **sgd).fit(*data) for epochs in (1, 2))

    moved = [np.linalg.norm(b - a) for a, b in zip(one.weights_, two.weights_, strict=True)]

    assert 0 < max(moved) <= 1e-3 * (1 + 1e-4)


def test_recurrent_networks_shorten_the_gradient_of_all_weights(data, engine):
    """By default, where nothing else is said; others do not."""
    X, y = data
    large = {"normalize_y": False, "optimizer": "sgd", "learning_rate": 0.001}

    def weights(model, **options):
        model = clone(model).set_params(engine=engine, epochs=2, random_state=0, **large, **options)
        return np.concatenate([np.ravel(one) for one in model.fit(X, 10 * y).weights_])

    for model, norm in ((RNNRegressor("gru", 3), 1.0), (DenseRegressor(3), None)):
        as_it_is = weights(model)
        np.testing.assert_array_equal(as_it_is, weights(model, global_clipnorm=norm))
        assert not np.array_equal(
            weights(model, global_clipnorm=1.0), weights(model, global_clipnorm=None)
        )
        by_weight = weights(model, clipnorm=0.5)
        np.testing.assert_array_equal(by_weight, weights(model, clipnorm=0.5, global_clipnorm=None))
        assert not np.array_equal(by_weight, as_it_is)


def test_learning_rate_falls_evenly(data):
    """The last epoch has its share of the learning rate, and each epoch the same share of the one
    before.
    """
    import keras

    class Rates(keras.callbacks.Callback):
        seen: ClassVar = []

        def on_epoch_end(self, epoch, logs=None):
            self.seen.append(float(self.model.optimizer.learning_rate))

    model = small(
        cell="simple",
        epochs=3,
        learning_rate=0.1,
        learning_rate_schedule="exponential",
        learning_rate_decay=0.01,
        callbacks=[Rates()],
    )
    model.fit(*data).fit(*data)

    np.testing.assert_allclose(Rates.seen, [0.1, 0.01, 0.001] * 2, rtol=1e-5)
    schedule = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 10))
    with pytest.raises(ValueError, match="the optimizer has a schedule of its own"):
        small(optimizer=schedule, learning_rate_decay=0.1).fit(*data)


@pytest.mark.parametrize(
    ("params", "rate", "left"),
    [
        ({}, 0.01, 0.0),
        ({"learning_rate_schedule": "exponential"}, 0.01, 0.01),
        ({"learning_rate_decay": 0.2}, 0.01, 0.2),
        ({"learning_rate_schedule": "constant"}, None, 1.0),
        ({"learning_rate_decay": 1}, None, 1.0),
        ({"learning_rate": 0.1}, 0.1, 0.0),
        ({"optimizer": "rmsprop"}, 0.01, 0.0),
        ({"optimizer": "sgd"}, None, 0.0),
    ],
    ids=str,
)
def test_what_unsaid_rates_stand_for(params, rate, left, data):
    """Rates that fall begin higher than an optimizer's own, and the parameters stay as they are."""
    model = small(epochs=1, **params)
    before = model.get_params()

    model.fit(*data)

    assert (model.training_.learning_rate, model.training_.learning_rate_decay) == (rate, left)
    assert model.get_params() == before


def test_partial_fit_has_a_rate_that_stays(data):
    """No end is in sight, to which it could fall."""
    model = small().partial_fit(*data)

    assert model.training_.learning_rate is None
    assert model.training_.learning_rate_decay == 1.0


def test_keras_objects_keep_their_own_rate(data):
    """An optimizer of Keras's may have a schedule, and a callback may set the rate."""
    import keras

    schedule = keras.optimizers.schedules.CosineDecay(0.1, 10)
    optimizer = small(epochs=1, optimizer=keras.optimizers.Adam(schedule)).fit(*data)
    callback = small(epochs=1, callbacks=[keras.callbacks.TerminateOnNaN()]).fit(*data)

    for model in (optimizer, callback):
        assert model.training_.learning_rate is None
        assert model.training_.learning_rate_decay == 1.0


@pytest.mark.parametrize(
    ("params", "shapes"),
    [
        (
            {"cell": "simple", "units": (5, 3)},
            [(1, 5), (5, 5), (5,), (5, 3), (3, 3), (3,), (3, 1), (1,)],
        ),
        ({"cell": "lstm", "units": 5}, [(1, 20), (5, 20), (20,), (5, 1), (1,)]),
        (
            {"cell": "gru", "units": 5, "dense_units": 4},
            [(1, 15), (5, 15), (2, 15), (5, 4), (4,), (4, 1), (1,)],
        ),
        (
            {"cell": "simple", "units": 2, "bidirectional": True},
            [(1, 2), (2, 2), (2,), (1, 2), (2, 2), (2,), (4, 1), (1,)],
        ),
    ],
)
def test_shapes_of_recurrent_weights(params, shapes, data):
    """Cells, stacks, directions and the dense head show in the weights' shapes."""
    model = small(epochs=1, **params).fit(*data)

    assert [w.shape for w in model.weights_] == shapes


def test_shapes_of_dense_weights(data):
    """Several units are several hidden layers."""
    model = small(DenseRegressor, units=(5, 3), epochs=1).fit(*data)

    assert [w.shape for w in model.weights_] == [(8, 5), (5,), (5, 3), (3,), (3, 1), (1,)]


@pytest.mark.parametrize(
    ("params", "inputs_of_the_output"),
    [
        ({"filters": 4}, 8 * 4),
        ({"filters": 4, "padding": "valid"}, 6 * 4),
        ({"filters": (4, 2), "pool_size": 2}, 2 * 2),
        ({"filters": 4, "strides": 3}, 3 * 4),
        ({"filters": (4, 2), "strides": (2, 1), "padding": "causal"}, 4 * 2),
        ({"filters": 4, "dilation": 3, "padding": "valid"}, 2 * 4),
        ({"filters": 4, "pooling": "average"}, 4),
        ({"filters": 4, "pooling": "max"}, 4),
        ({"filters": 4, "dense_units": 3}, 3),
    ],
)
def test_shapes_of_convolutions(params, inputs_of_the_output, data):
    """Padding and pooling decide how many steps reach the output."""
    model = small(ConvRegressor, epochs=1, **params).fit(*data)

    assert model.weights_[-2].shape == (inputs_of_the_output, 1)


def test_kernel_too_long(data):
    """Unpadded kernels that leave no step are refused before anything is built."""
    with pytest.raises(ValueError, match="kernel_size=9 leaves nothing of windows of 8 steps"):
        small(ConvRegressor, kernel_size=9, padding="valid").fit(*data)


def test_strides_and_dilation(data):
    """A layer has one of them, as in Keras."""
    model = small(ConvRegressor, filters=(4, 4), strides=(1, 2), dilation=(1, 2))

    with pytest.raises(ValueError, match=r"strides=\(1, 2\) and dilation=\(1, 2\) cannot both"):
        model.fit(*data)


@pytest.mark.parametrize("engine", ["fused", "keras"])
def test_causal_layers_look_back(engine, data):
    """What a causal stack gives for a step depends on no later one: behind the first step in reach
    of which something changes, and nowhere before.
    """
    X, y = data
    model = small(
        ConvRegressor,
        filters=(3, 2),
        kernel_size=2,
        padding="causal",
        dilation=(1, 2),
        activation="linear",
        engine=engine,
        epochs=1,
    ).fit(X, y)
    model.weights_[-2][:] = 0
    model.weights_[-2][2 * 4 : 2 * 5] = 1  # of eight steps, the fifth alone is seen
    x = np.asarray(X[:1])
    seen = []
    for step in range(8):
        other = x.copy()
        other[:, step] += 1.0
        seen.append(model.predict(other)[0] != model.predict(x)[0])

    assert seen == [False, True, True, True, True, False, False, False]


# ---------------------------------------------------------------------- going on


def test_fit_starts_anew(data):
    """Without warm_start, a second fit is the first once more."""
    model = small().fit(*data)
    first = model.predict(data[0])

    assert len(model.fit(*data).history_["loss"]) == 2
    np.testing.assert_array_equal(model.predict(data[0]), first)


def test_warm_start_goes_on(data):
    """With warm_start, the loss goes on from where it was, and the history grows."""
    model = small(warm_start=True, epochs=5, learning_rate=0.01).fit(*data).fit(*data)

    loss = model.history_["loss"]
    assert len(loss) == 10
    assert loss[5] < loss[0] / 2


def test_warm_start_keeps_the_optimizer(data):
    """Going on with Adam's moments differs from going on with new ones."""
    model = small(warm_start=True).fit(*data)
    forgetful = copy.deepcopy(model)
    forgetful.trained_.optimizer_state[:] = []

    model.fit(*data)
    forgetful.fit(*data)

    assert not np.allclose(model.predict(data[0]), forgetful.predict(data[0]), atol=1e-6)


@pytest.mark.parametrize("engine", ["fused", "keras"])
def test_an_optimizer_state_of_another_shape_is_an_error(engine, data):
    """It is that of another training, and to begin anew in silence would be another one too."""
    model = small(warm_start=True, engine=engine).fit(*data)
    state = model.trained_.optimizer_state
    state[-1] = np.zeros(7, np.float32)

    with pytest.raises(ValueError, match="the optimizer's state must have the shapes"):
        model.fit(*data)


def test_warm_start_after_pickle(data):
    """A pickled network goes on as the original does."""
    model = small(warm_start=True).fit(*data)
    twin = pickle.loads(pickle.dumps(model))

    np.testing.assert_array_equal(
        twin.fit(*data).predict(data[0]), model.fit(*data).predict(data[0])
    )


def test_warm_start_needs_the_same_network(data):
    """Going on with another number of units is an error."""
    model = small(units=4, warm_start=True).fit(*data)

    with pytest.raises(ValueError, match="but units changed since"):
        model.set_params(units=5).fit(*data)


def test_partial_fit_is_one_epoch(data):
    """Each partial_fit adds an epoch, whatever ``epochs`` says."""
    model = small(epochs=7).partial_fit(*data).partial_fit(*data)

    assert len(model.history_["loss"]) == 2


def test_epochs_without_validation_are_counted(data):
    """Where some epochs had no validation, their validation loss is NaN: both lists count the same
    epochs.
    """
    model = small(validation_fraction=0.2).fit(*data).partial_fit(*data)
    assert np.isnan(model.history_["val_loss"]).tolist() == [False, False, True]

    model = (
        small(warm_start=True, epochs=1).fit(*data).set_params(validation_fraction=0.2).fit(*data)
    )
    assert np.isnan(model.history_["val_loss"]).tolist() == [True, False]


# ---------------------------------------------------------------------- validation


def test_validates_on_the_newest(data):
    """The validation loss is that of the newest windows."""
    X, y = data
    model = small(validation_fraction=0.25, normalize_y=False).fit(X, y)

    newest = slice(len(y) - int(np.ceil(len(y) / 4)), None)
    expected = np.mean((model.predict(X[newest]) - y[newest]) ** 2)

    np.testing.assert_allclose(model.history_["val_loss"][-1], expected, rtol=1e-4)


def test_validation_data(data):
    """validation_data takes the place of the newest part."""
    X, y = data
    model = small(normalize_y=False).fit(X[:150], y[:150], validation_data=(X[150:], y[150:]))

    expected = np.mean((model.predict(X[150:]) - y[150:]) ** 2)
    np.testing.assert_allclose(model.history_["val_loss"][-1], expected, rtol=1e-4)


def test_weights_of_validation_data(data):
    """The validation loss is the weighted mean, and no window's whose weight is 0."""
    X, y = data
    weights = np.arange(len(y) - 150.0) % 3
    model = small(normalize_y=False).fit(
        X[:150], y[:150], validation_data=(X[150:], y[150:], weights)
    )

    expected = np.average((model.predict(X[150:]) - y[150:]) ** 2, weights=weights)
    np.testing.assert_allclose(model.history_["val_loss"][-1], expected, rtol=1e-4)


def test_scale_of_y_ignores_the_validation_part(data):
    """normalize_y learns from the windows that are trained on, not from those that are validated
    on.
    """
    X, y = data
    y = np.where(np.arange(len(y)) < 200, y, 1e6)
    model = small(validation_fraction=0.25, epochs=1).fit(X, y)

    assert model.y_offset_[0] < 10


def test_early_stopping_keeps_the_best_weights(data):
    """Training stops before its time, with the weights of the lowest validation loss."""
    X, y = data
    noise = np.random.default_rng(1).normal(size=len(y))
    model = small(
        DenseRegressor,
        units=64,
        epochs=200,
        early_stopping=True,
        patience=3,
        learning_rate=0.02,
        normalize_y=False,
        validation_fraction=0.2,
    ).fit(X, noise)

    losses = model.history_["val_loss"]
    newest = slice(len(y) - int(np.ceil(len(y) / 5)), None)
    reached = np.mean((model.predict(X[newest]) - noise[newest]) ** 2)
    assert len(losses) < 200
    np.testing.assert_allclose(reached, min(losses), rtol=1e-4)


# ------------------------------------------------------------ weights, callbacks, interruption


def test_sample_weights_decide(data):
    """Samples with a weight are learned, those with next to none are not."""
    X, y = data
    two = np.where(np.arange(len(y)) % 2, 5.0, -5.0)
    weights = np.where(np.arange(len(y)) % 2, 1.0, 1e-6)

    model = small(epochs=30).fit(X, two, sample_weight=weights)

    np.testing.assert_allclose(model.predict(X).mean(), 5.0, atol=0.5)


def collecting_callback():
    """A callback that keeps epochs in a list of the user's."""
    import keras

    class Collector(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.epochs = []

        def on_epoch_end(self, epoch, logs=None):
            self.epochs.append(epoch)

    return Collector()


def test_callbacks_are_called_and_left_alone(data):
    """A callback sees every epoch, and is not tied to the model afterwards."""
    callback = collecting_callback()
    small(callbacks=[callback]).fit(*data)

    assert callback.epochs == [0, 1]
    assert callback.model is None


def test_model_checkpoint(data, tmp_path):
    """Keras's ModelCheckpoint writes a stock model that predicts as the network does."""
    import keras

    path = tmp_path / "best.keras"
    checkpoint = keras.callbacks.ModelCheckpoint(path, monitor="val_loss", save_best_only=False)
    model = small(callbacks=[checkpoint], normalize_y=False, validation_fraction=0.2).fit(*data)

    saved = keras.saving.load_model(path)

    np.testing.assert_allclose(
        saved(np.asarray(data[0], "f4"))[:, 0], model.predict(data[0]), atol=1e-5
    )


def interrupt_after(monkeypatch, epochs):
    """Press Ctrl-C when so many epochs are done and the next batches are shuffled."""
    shuffle, done = Feed.shuffle, []

    def interrupted(feed):
        shuffle(feed)
        done.append(feed._random is not None)
        if sum(done) > epochs:  # the first is when the feed is made
            raise KeyboardInterrupt

    monkeypatch.setattr(Feed, "shuffle", interrupted)


def test_interrupt_leaves_a_fitted_model(data, monkeypatch):
    """Ctrl-C ends training with a warning, and what was learned is kept."""
    three = small(epochs=3, learning_rate_schedule="constant").fit(*data)
    model = small(epochs=9, learning_rate_schedule="constant")
    interrupt_after(monkeypatch, 3)

    with pytest.warns(UserWarning, match="interrupted after 3 of 9 epochs"):
        model.fit(*data)

    assert len(model.history_["loss"]) == 3
    np.testing.assert_array_equal(model.predict(data[0]), three.predict(data[0]))


def test_interrupt_keeps_the_best_weights(data, monkeypatch):
    """Ctrl-C during early stopping goes back to the best weights so far."""
    model = small(epochs=9, early_stopping=True, learning_rate=0.5, normalize_y=False)
    X, y = data
    interrupt_after(monkeypatch, 6)

    with pytest.warns(UserWarning, match="interrupted"):
        model.fit(X, y)

    newest = slice(len(y) - int(np.ceil(len(y) / 10)), None)
    reached = np.mean((model.predict(X[newest]) - y[newest]) ** 2)
    np.testing.assert_allclose(reached, min(model.history_["val_loss"]), rtol=1e-3)


def test_progress_bar(data, capsys):
    """verbose=1 shows a bar for every epoch, verbose=0 nothing."""
    small().fit(*data)
    silent = capsys.readouterr().out
    small(verbose=1).fit(*data)

    assert silent == ""
    assert "Epoch 2/2" in capsys.readouterr().out


# ---------------------------------------------------------------------- Keras's own objects


def test_keras_objects(data):
    """A Keras optimizer and loss are taken, and are as new for the next fit."""
    import keras

    model = small(optimizer=keras.optimizers.SGD(momentum=0.9), loss=keras.losses.LogCosh())
    first = model.fit(*data).predict(data[0])

    np.testing.assert_array_equal(model.fit(*data).predict(data[0]), first)


def test_keras_model(data):
    """keras_model() is a stock Keras model that predicts the same."""
    import keras

    X, _ = data
    model = small(normalize_y=True).fit(*data)
    stock = model.keras_model()

    assert isinstance(stock, keras.Model)
    forecast = np.asarray(stock(np.asarray(X, "f4")))[:, 0]
    np.testing.assert_allclose(forecast, model.predict(X), atol=1e-5)


def test_float64(data):
    """dtype decides the precision of the weights."""
    assert {w.dtype.name for w in small(dtype="float64", epochs=1).fit(*data).weights_} == {
        "float64"
    }


# ---------------------------------------------------------------------- in company


def test_a_forecast_does_not_depend_on_its_company(data):
    """A window alone is forecast as in a batch, to the last digit."""
    model, X = small().fit(*data), data[0]

    np.testing.assert_array_equal(model.predict(X[5:6]), model.predict(X)[5:6])


@pytest.mark.parametrize("stage", ["new", "fitted", "used"])
def test_pickle_at_every_stage(stage, data):
    """A network can be pickled before fit, after it, and after a prediction."""
    model = small()
    if stage != "new":
        model.fit(*data)
    if stage == "used":
        model.predict(data[0])

    twin = pickle.loads(pickle.dumps(model))

    expected = model.fit(*data) if stage == "new" else model
    twin = twin.fit(*data) if stage == "new" else twin
    np.testing.assert_array_equal(twin.predict(data[0]), expected.predict(data[0]))


def test_grid_search_in_parallel():
    """A search over a whole pipeline runs in two processes, and finds what one process finds."""
    rows = np.sin(np.arange(150) / 4)[:, None]
    pipe = make_pipeline(
        SeriesScaler(), SlidingWindow(length=4, context="carry"), small(DenseRegressor)
    )
    grid = {"denseregressor__units": [2, 16], "slidingwindow__length": [2, 6]}

    two = GridSearchCV(pipe, grid, cv=TimeSeriesSplit(2), n_jobs=2).fit(rows, rows[:, 0])
    one = GridSearchCV(pipe, grid, cv=TimeSeriesSplit(2)).fit(rows, rows[:, 0])

    np.testing.assert_allclose(
        two.cv_results_["mean_test_score"], one.cv_results_["mean_test_score"], rtol=1e-5
    )


def test_textbook_arrays():
    """(n, steps, features) and, for one feature, (n, steps) are windows too."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 6)), rng.normal(size=40)

    flat, deep = (small(cell="simple").fit(x, y) for x in (X, X[:, :, None]))

    np.testing.assert_array_equal(flat.predict(X), deep.predict(X[:, :, None]))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"cell": "rnn"}, "cell must be one of 'lstm', 'gru', 'simple', .*, got 'rnn'"),
        ({"units": 0}, "units must be a positive whole number, got 0"),
        ({"units": (8, 2.5)}, "units must be a positive whole number, got 2.5"),
        ({"dropout": 1.0}, "dropout must be at least 0 and below 1, got 1.0"),
        ({"epochs": -1}, "epochs must be a positive whole number, got -1"),
        ({"batch_size": 0}, "batch_size must be a positive whole number, got 0"),
        ({"engine": "torch"}, "engine must be one of 'auto', 'fused', 'keras', got 'torch'"),
        ({"learning_rate": 0}, "learning_rate must be above 0, got 0"),
        ({"learning_rate_decay": 1.5}, "must be at least 0 and at most 1, got 1.5"),
        (
            {"learning_rate_schedule": "exponential", "learning_rate_decay": 0},
            "must be above 0 and at most 1, got 0",
        ),
        ({"learning_rate_schedule": "linear"}, "learning_rate_schedule must be one of"),
        ({"learning_rate_decay": -0.1}, "must be at least 0 and at most 1, got -0.1"),
        (
            {"learning_rate_schedule": "constant", "learning_rate_decay": 0.5},
            "learning_rate_decay=0.5 needs a learning_rate_schedule by which it falls",
        ),
        ({"weight_decay": -1}, "weight_decay must be above 0, got -1"),
        ({"global_clipnorm": 0}, "global_clipnorm must be above 0, got 0"),
        ({"global_clipnorm": "on"}, "global_clipnorm must be \"auto\", a number or None, got 'on'"),
        ({"global_clipnorm": 1, "clipnorm": 1}, "set one of them to None"),
        ({"clipnorm": -1.0}, "clipnorm must be above 0, got -1.0"),
        ({"validation_fraction": 1.5}, "validation_fraction must be above 0 and below 1, got 1.5"),
        (
            {"early_stopping": True, "patience": -1},
            "patience must be a whole number of at least 0, got -1",
        ),
        ({"loss": "mean"}, "loss must be .*'mse', 'mae', 'huber'.* got 'mean'"),
        ({"optimizer": "adamant"}, "optimizer must be .*'adam', .* got 'adamant'"),
        ({"activation": "tanhh"}, "activation must be .*'tanh'.* got 'tanhh'"),
        ({"learning_rate": "0.1"}, "learning_rate must be above 0, got '0.1'"),
        ({"loss": None}, "loss must be one of .* got None"),
        ({"optimizer": None}, "optimizer must be one of .* got None"),
        ({"callbacks": 3}, "callbacks must be a list of Keras callbacks, got 3"),
        ({"dtype": "float16"}, "dtype must be one of 'float32', 'float64', got 'float16'"),
    ],
    ids=str,
)
def test_wrong_parameters(params, message, data):
    """A wrong parameter is named with what it may be, before anything is built."""
    with pytest.raises(ValueError, match=message):
        small(**params).fit(*data)


def test_two_networks_side_by_side(data):
    """Estimators of the same network keep their own weights, however their fits and predictions
    alternate.
    """
    X, y = data
    one, two = small().fit(X, y), small(random_state=1)
    first = one.predict(X)

    second = two.fit(X, -y).predict(X)

    np.testing.assert_array_equal(one.predict(X), first)
    np.testing.assert_array_equal(two.predict(X), second)
    assert not np.allclose(first, second)


def test_fits_in_threads(data):
    """Fits at the same time in several threads give what they give one after the other."""
    X, y = data
    seeds = [0, 1, 0, 1]

    with ThreadPoolExecutor(4) as pool:
        together = list(
            pool.map(lambda seed: small(random_state=seed, dropout=0.2).fit(X, y).predict(X), seeds)
        )

    for seed, forecast in zip(seeds, together, strict=True):
        np.testing.assert_array_equal(
            forecast, small(random_state=seed, dropout=0.2).fit(X, y).predict(X)
        )


def test_keras_is_left_as_it_was(data):
    """A fit with a random state does not make TensorFlow refuse the user's own layers that have
    none.
    """
    import tensorflow as tf

    small(engine="keras").fit(*data)

    assert tf.random.uniform((3,)).shape == (3,)  # an error, where operations must be deterministic


def test_global_random_state_is_left_alone(data):
    """Fitting and predicting neither read nor change the generators of Python and NumPy when there
    is a seed.
    """
    random.seed(3)
    np.random.seed(3)
    expected = random.random(), np.random.rand()
    random.seed(3)
    np.random.seed(3)

    small().fit(*data).predict(data[0])

    assert (random.random(), np.random.rand()) == expected


def test_many_fits_do_not_pile_up(data):
    """Fits of equal networks share one traced model: no object is left behind for each of them."""
    X, y = data
    for _ in range(2):
        small(DenseRegressor, epochs=1).fit(X, y).predict(X)
    gc.collect()
    before = len(gc.get_objects())

    for _ in range(5):
        small(DenseRegressor, epochs=1).fit(X, y).predict(X)
    gc.collect()

    assert len(gc.get_objects()) - before < 5 * 1000


def test_validation_data_must_be_a_pair(data):
    """Windows without their targets are no validation data."""
    with pytest.raises(ValueError, match=r"validation_data must be a tuple \(X, y\)"):
        small().fit(*data, validation_data=data[0])
