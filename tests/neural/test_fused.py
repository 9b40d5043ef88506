"""The fused engine against Keras, and against central differences."""

import copy
import dataclasses
import itertools
import warnings

import numba
import numpy as np
import pytest
from numba.core import event
from threadpoolctl import threadpool_info, threadpool_limits

from skrnn import ConvRegressor, DenseRegressor, RNNRegressor, make_windows
from skrnn.forecasters.samples import Samples
from skrnn.neural.fused import compiling, engine, kernels, loop
from skrnn.neural.fused.compiling import compiled, ready
from skrnn.neural.fused.engine import train
from skrnn.neural.fused.gathering import gather, nothing
from skrnn.neural.fused.layers import link, recurrent
from skrnn.neural.fused.layers.states import CACHE_BYTES
from skrnn.neural.fused.plan import Plan
from skrnn.neural.fused.threads import allowed_threads
from skrnn.neural.network import Network, Recurrent
from skrnn.neural.training import Course
from tests.neural import gradients
from tests.neural.gradients import fitted

pytestmark = pytest.mark.usefixtures("eager")

LINEAR_CELLS = ("mingru", "minlstm")
CELLS = ("simple", "lstm", "gru", *LINEAR_CELLS)
# What a network can be made of; each is checked on its own and in odd sizes.
NETWORKS = {
    **{cell: RNNRegressor(cell, 5) for cell in CELLS},
    **{f"{cell}, one unit": RNNRegressor(cell, 1) for cell in CELLS},
    **{f"{cell}, 33 units": RNNRegressor(cell, 33) for cell in CELLS},
    **{
        f"{cell}, stack of both directions": RNNRegressor(cell, (4, 3), bidirectional=True)
        for cell in CELLS
    },
    **{f"{cell}, backwards": RNNRegressor(cell, (4, 3), go_backwards=True) for cell in CELLS},
    **{f"{cell}, relu": RNNRegressor(cell, 4, activation="relu") for cell in CELLS},
    **{
        f"{cell}, decoder": RNNRegressor(cell, (3, 4), decoder="recurrent", dense_units=3)
        for cell in CELLS
    },
    **{
        f"{cell}, decoder of both directions": RNNRegressor(
            cell, 3, decoder="recurrent", bidirectional=True
        )
        for cell in CELLS
    },
    **{
        f"{cell}, sequence targets": RNNRegressor(cell, (3, 4), sequence_targets=True)
        for cell in CELLS
    },
    "segments": RNNRegressor("gru", 4, segment=2),
    "segments, some steps left out": RNNRegressor("lstm", 4, segment=4, bidirectional=True),
    "both directions, turned around": RNNRegressor(
        "gru", (4, 3), bidirectional=True, go_backwards=True
    ),
    "dense head": RNNRegressor("lstm", 4, dense_units=(5, 3)),
    "dense": DenseRegressor((6, 4)),
    "dense, tanh": DenseRegressor(6, activation="tanh"),
    "dense, sigmoid": DenseRegressor(6, activation="sigmoid"),
    "convolutions": ConvRegressor((4, 3), kernel_size=(3, 2), pool_size=2),
    "convolution, even kernel": ConvRegressor(4, kernel_size=4, pool_size=3, pooling="average"),
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
    "convolutions of many filters": ConvRegressor(
        (33, 34, 3), kernel_size=(3, 2, 4), strides=(1, 2, 1), dilation=(2, 1, 1)
    ),
    "batch normalisation, strides, pooled": ConvRegressor(
        (4, 3), kernel_size=3, strides=(2, 1), pool_size=2, batch_norm=True, pooling="max"
    ),
    "quantiles": DenseRegressor(6, quantiles=(0.1, 0.4, 0.5, 0.9)),
    "two quantiles": RNNRegressor("gru", 4, quantiles=(0.1, 0.9)),
    "one quantile": RNNRegressor("lstm", 4, quantiles=(0.3,)),
    "quantiles, sequence targets": RNNRegressor(
        "gru", 4, sequence_targets=True, quantiles=(0.1, 0.5, 0.9)
    ),
    "quantiles, decoder": RNNRegressor("simple", 4, decoder="recurrent", quantiles=(0.1, 0.5, 0.9)),
    "convolution, valid": ConvRegressor(4, kernel_size=2, padding="valid", pooling="max"),
    **{
        f"convolution, strides, {padding}": ConvRegressor(
            (4, 3), kernel_size=(3, 2), strides=(2, 3), padding=padding, pooling="average"
        )
        for padding in ("same", "causal")
    },
    "convolution, strides, valid": ConvRegressor(
        4, kernel_size=3, strides=2, pool_size=2, padding="valid"
    ),
    "convolution, strides beyond the kernel": ConvRegressor((5, 3), kernel_size=1, strides=(4, 1)),
    **{
        f"convolution, dilation, {padding}": ConvRegressor(
            (5, 4, 3), kernel_size=2, dilation=(1, 2, 3), padding=padding
        )
        for padding in ("same", "causal")
    },
    "convolution, dilation, valid": ConvRegressor(
        4, kernel_size=3, dilation=2, pool_size=2, padding="valid"
    ),
}


def data(n=40, steps=6, features=3, outputs=4, known_ahead=False, seed=0):
    """Windows of rows that are noise, and their targets."""
    rows = np.random.default_rng(seed).normal(size=(n + steps + outputs - 1, features))
    ahead = list(range(1, features)) if known_ahead else None
    return make_windows(rows, steps, outputs, target=0, known_ahead=ahead)


def check_gradient(model, X, y, n_weights):
    """The gradient of some weights is the slope of the loss."""
    model = fitted(model, X, y, engine="fused", normalize_y=False)
    gradients.check_gradient(model, X, np.reshape(y, (len(X), -1)), n_weights)


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_against_central_differences(name):
    """The gradient of every weight is the slope of the loss."""
    check_gradient(NETWORKS[name], *data(n=17, known_ahead="decoder" in name), n_weights=60)


@pytest.mark.parametrize(
    "name",
    [
        *(f"{cell}, stack of both directions" for cell in CELLS),
        "gru, backwards",
        "mingru, backwards",
        "dense head",
        "dense",
        "convolutions",
        "convolution, strides, same",
        "convolutions of many filters",
        "batch normalisation",
    ],
)
def test_gradients_of_windows_against_central_differences(name):
    """How much an output changes with each number that a network reads."""
    X, y = data(n=17)
    model = fitted(NETWORKS[name], X, y, engine="fused", normalize_y=False)
    network = model._network_on(model.network_, X)
    steps = np.asarray(X, float)

    slopes = engine.input_gradients(network, model.weights_, X, output=2)

    for place in [(0, 5, 0), (3, 0, 2), (8, 2, 1), (16, 4, 0), (16, 0, 0)]:
        moved = np.zeros_like(steps)
        moved[place] = 1e-6
        upper, lower = (model.predict(steps + side * moved)[place[0], 2] for side in (1, -1))
        assert slopes[place] == pytest.approx((upper - lower) / 2e-6, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_of_more_steps_than_a_core_keeps_close(cell):
    """Weights' gradients are summed over some steps at a time; none is left out."""
    X, y = data(n=17, steps=60, outputs=1)
    gates_inputs_and_units = 40 + 3 + 40
    assert 60 * gates_inputs_and_units * 32 * 8 > 2 * CACHE_BYTES

    check_gradient(RNNRegressor(cell, 40), X, y, n_weights=6)


@pytest.mark.parametrize("cell", ["lstm", "gru", "simple"])
def test_gradients_of_wide_layers(cell, monkeypatch):
    """Where weights are many they are transposed first, and their gradient is summed otherwise."""
    monkeypatch.setattr(recurrent, "FAR", 0)
    X, y = data(n=17, steps=9, outputs=1)
    model = RNNRegressor(cell, (recurrent.WIDE, recurrent.WIDE))

    check_gradient(model, X, y, n_weights=12)


@pytest.mark.parametrize("name", NETWORKS)
def test_forecasts_and_an_epoch_are_those_of_keras(name):
    """From the same weights, both engines forecast the same and learn the same from an epoch."""
    X, y = data(known_ahead="decoder" in name)
    fused = fitted(NETWORKS[name], X, y, engine="fused")
    keras = copy.deepcopy(fused).set_params(engine="keras")

    np.testing.assert_allclose(fused.predict(X), keras.predict(X), rtol=1e-8, atol=1e-10)
    for model in (fused, keras):
        model.set_params(warm_start=True, epochs=2).fit(X, y)
    for ours, theirs in zip(fused.weights_, keras.weights_, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert fused.history_["loss"] == pytest.approx(keras.history_["loss"], rel=1e-4)


@pytest.mark.parametrize("first", ["fused", "keras"])
@pytest.mark.parametrize("loss", ["mse", "mae", "huber"])
@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "sgd"])
def test_optimizers_and_losses_are_those_of_keras(optimizer, loss, first):
    """An epoch of several steps in the same order gives the same weights, with clipping, decay and
    sample weights.
    """
    X, y = data(90)
    model = RNNRegressor(
        "gru", 4, optimizer=optimizer, loss=loss, learning_rate=0.02, learning_rate_decay=0.3
    )
    weights = np.random.default_rng(0).uniform(size=len(y))
    fused = fitted(model, X, y, engine=first, clipnorm=0.05)
    keras = copy.deepcopy(fused).set_params(engine="keras")
    fused.set_params(engine="fused")

    for one in (fused, keras):
        one.set_params(warm_start=True, epochs=3, batch_size=32).fit(X, y, sample_weight=weights)

    for ours, theirs in zip(fused.weights_, keras.weights_, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


@pytest.mark.parametrize(
    "options",
    [
        {"weight_decay": 0.3},
        {"weight_decay": 0.3, "optimizer": "sgd"},
        {"weight_decay": 0.3, "optimizer": "rmsprop", "clipnorm": 0.05},
        {"global_clipnorm": 0.02, "optimizer": "sgd"},
        {"learning_rate_schedule": "cosine", "learning_rate_decay": 0},
        {"learning_rate_schedule": "cosine", "learning_rate_decay": 0.3, "weight_decay": 0.1},
    ],
    ids=str,
)
def test_what_is_done_around_steps_is_what_keras_does(options):
    """Decoupled weight decay, clipping of the whole gradient, and a cosine of the learning rate."""
    X, y = data(90)
    fused = fitted(RNNRegressor("gru", 4, **options, learning_rate=0.1), X, y, engine="fused")
    plain = {name: None for name in ("weight_decay", "global_clipnorm") if name in options}
    plain |= {"learning_rate_schedule": "constant", "learning_rate_decay": 1.0}
    keras, without = copy.deepcopy(fused), copy.deepcopy(fused)
    keras.set_params(engine="keras")
    without.set_params(**plain)

    for model in (fused, keras, without):
        model.set_params(warm_start=True, epochs=3, batch_size=32).fit(X, y)

    for ours, theirs in zip(fused.weights_, keras.weights_, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert np.abs(fused.weights_[0] - without.weights_[0]).max() > 1e-3


def test_a_cosine_falls_to_what_is_left():
    """Half a cosine over the epochs; what is left of the rate is there behind the last."""
    training = fitted(RNNRegressor("gru", 1), *data()).set_params(
        learning_rate_schedule="cosine", learning_rate_decay=0.2, epochs=4
    )
    course = Course(training._training(), 1, None)
    shares = []
    for _ in range(4):
        shares.append(course.rate_share())
        course.history.setdefault("loss", []).append(0.0)

    half = np.sqrt(0.5)
    expected = [0.2 + 0.8 * (1 + share) / 2 for share in (1, half, 0, -half)]
    assert shares == pytest.approx(expected)


def test_settings_of_keras_optimizers_are_followed():
    """Also what is done around their steps, without Keras."""
    keras = pytest.importorskip("keras")
    X, y = data(90)
    options = {"weight_decay": 0.3, "global_clipnorm": 0.02}
    named = fitted(RNNRegressor("gru", 4, learning_rate=0.1, **options), X, y, engine="fused")

    optimizer = keras.optimizers.Adam(0.1, **options)
    built = fitted(RNNRegressor("gru", 4, optimizer=optimizer), X, y, engine="fused")

    np.testing.assert_allclose(named.weights_[0], built.weights_[0], rtol=1e-6)


@pytest.mark.parametrize(
    ("n", "steps", "features"), [(1, 6, 3), (7, 1, 3), (257, 3, 1), (40, 1, 1)]
)
@pytest.mark.parametrize("cell", CELLS)
def test_odd_sizes(cell, n, steps, features):
    """One sample, one step, one feature, and batches that fill no chunk."""
    X, y = data(n, steps, features, outputs=2)
    model = RNNRegressor(cell, 5, normalize_y=False, learning_rate=0.001)
    fused = fitted(model, X, y, engine="fused")
    keras = copy.deepcopy(fused).set_params(engine="keras")

    for one in (fused, keras):
        one.set_params(warm_start=True).fit(X, y)

    np.testing.assert_allclose(fused.predict(X), keras.predict(X), atol=1e-6)


@pytest.mark.parametrize(
    ("cell", "dropout"),
    [
        (cell, dropout)
        for cell in CELLS
        for dropout in ("dropout", "recurrent_dropout", "output_dropout")
        if dropout != "recurrent_dropout" or cell not in LINEAR_CELLS
    ],
)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_gradients_with_dropout(cell, bidirectional, dropout):
    """With the same mask, the gradient is the slope of the loss."""
    check_gradient(
        RNNRegressor(cell, (4, 3), bidirectional=bidirectional, **{dropout: 0.4}),
        *data(n=7),
        n_weights=40,
    )


def test_initial_weights_are_drawn_as_keras_draws_them():
    """The same ranges, an orthogonal recurrent kernel, and a forget gate that is open at first."""
    X, y = data()
    network = fitted(RNNRegressor("lstm", 30), X, y, engine="fused").network_.on(X.length)

    kernel, recurrent, bias, out, out_bias = Plan(network).initial_weights(np.random.default_rng(0))

    assert 0.9 < np.abs(kernel).max() / np.sqrt(6 / (3 + 120)) <= 1
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(30), atol=1e-12)
    np.testing.assert_array_equal(bias, np.repeat([0.0, 1.0, 0.0, 0.0], 30))
    assert 0.9 < np.abs(out).max() / np.sqrt(6 / (30 + 4)) <= 1
    np.testing.assert_array_equal(out_bias, np.zeros(4))


@pytest.mark.parametrize(("cell", "n_gates"), [("mingru", 2), ("minlstm", 3)])
def test_linear_recurrences_forget_at_many_rates_at_first(cell, n_gates):
    """From one half to one hundredth of the state a step, in both engines."""
    from skrnn.neural.keras.building import build

    network = Network(6, 3, 1, (Recurrent(cell, 9),), dtype="float64")
    drawn = Plan(network).initial_weights(np.random.default_rng(0))
    stock = build(network).get_weights()

    gates = np.split(1 / (1 + np.exp(-drawn[1])), n_gates)
    share = gates[0] if cell == "mingru" else gates[0] / (gates[0] + gates[1])

    np.testing.assert_allclose(share, 1 / (1 + np.geomspace(1, 100, 9)))
    np.testing.assert_allclose(drawn[1], stock[1])
    assert 0.7 < np.abs(drawn[0]).max() / np.abs(stock[0]).max() < 1.3


def test_initial_weights_are_those_of_any_number_of_threads():
    """Also of layers so wide that linear algebra would share their work."""
    plan = Plan(Network(3, 2, 1, (Recurrent("simple", 300),), dtype="float64"))
    drawn = []
    for limit in (1, 2):
        with threadpool_limits(limit, user_api="blas"):
            drawn.append(plan.initial_weights(np.random.default_rng(0)))

    for one, two in zip(*drawn, strict=True):
        np.testing.assert_array_equal(one, two)


def test_weights_of_another_network_are_refused():
    """Before they are packed: what compiled code wrote beyond its memory would end the process."""
    X, y = data(outputs=1)
    model = RNNRegressor("lstm", 64, epochs=1, engine="fused").fit(X, y)
    network = dataclasses.replace(model.network_, layers=(Recurrent("lstm", 2),)).on(X.length)

    with pytest.raises(ValueError, match=r"weights must have the shapes \[\(3, 8\), .*\(3, 256\)"):
        engine.predict(network, model.weights_, X)


@pytest.mark.parametrize(("steps", "features"), [(7, 3), (5, 3), (6, 4)])
def test_windows_of_another_shape_are_refused(steps, features):
    """Before they are gathered into memory that has no room for them."""
    X, y = data(outputs=1)
    model = RNNRegressor("gru", 3, epochs=1, engine="fused").fit(X, y)
    others = data(steps=steps, features=features)[0]

    with pytest.raises(ValueError, match="windows must have 6 steps and 3 features"):
        engine.predict(model.network_.on(X.length), model.weights_, others)


def test_windows_beyond_their_rows_are_refused():
    """No row before the first or behind the last is read."""
    X, y = data(outputs=1)
    model = RNNRegressor("gru", 3, epochs=1, engine="fused").fit(X, y)

    for ends in (X.ends - 1, X.ends + len(X.rows)):
        with pytest.raises(ValueError, match=r"the rows of windows must lie in 0 … 45"):
            engine.predict(
                model.network_.on(X.length), model.weights_, X.replace(ends=np.array(ends))
            )


def test_targets_of_another_shape_are_refused():
    """As many of each sample as the network has."""
    X, y = data()
    model = RNNRegressor("gru", 3, engine="fused", epochs=1).fit(X, y)
    feed = model._feed(Samples(X, y), seed=0)
    feed.y = feed.y[:, :2]

    with pytest.raises(ValueError, match=r"targets must have the shape \(40, 1, 4\), got"):
        train(model.network_.on(X.length), model._training(), feed, None, None)


def test_the_tangent_of_single_precision():
    """The approximation is as good as single precision asks for."""
    ready("float32")
    activate = compiled(lambda row: kernels.activate(row, kernels.TANH))
    x = np.linspace(-12, 12, 100_001, dtype=np.float32)

    active = x.copy()
    activate(active)

    assert np.abs(active - np.tanh(x.astype(float))).max() < 4e-7


def test_the_exponential_of_single_precision():
    """The approximation is as good as single precision asks for, and finite far out."""
    ready("float32")

    @compiled
    def exponentials(row):
        for i in range(row.shape[0]):
            row[i] = kernels.exponential(row[i])

    x = np.linspace(-80, 80, 100_001, dtype=np.float32)
    found = x.copy()
    far = np.array([-1e30, 1e30], np.float32)

    exponentials(found)
    exponentials(far)

    assert np.abs(found / np.exp(x.astype(float)) - 1).max() < 2e-7
    assert np.isfinite(far).all()


def test_the_number_of_threads_changes_nothing(monkeypatch):
    """Chunks and the order in which their gradients are summed are the same for any number of
    threads.
    """
    X, y = data(400)
    model = RNNRegressor(
        "gru", 5, dropout=0.3, epochs=2, batch_size=300, random_state=0, engine="fused"
    )
    forecasts = []
    for n in (1, 2, 5):
        monkeypatch.setattr("skrnn.neural.fused.engine.allowed_threads", lambda n=n: n)
        forecasts.append(copy.deepcopy(model).fit(X, y).predict(X))

    for one, two in itertools.pairwise(forecasts):
        np.testing.assert_array_equal(one, two)


def test_linear_algebra_keeps_its_threads():
    """A fit leaves the limit as it was."""
    X, y = data()
    with threadpool_limits(2, user_api="blas"):
        before = [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]
        RNNRegressor("gru", 3, epochs=1, engine="fused").fit(X, y).predict(X)
        after = [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]

    assert after == before


def test_threads_keep_to_the_limit():
    """What threadpoolctl allows, as joblib does in its workers, is what there is."""
    with threadpool_limits(1, user_api="blas"):
        assert allowed_threads() == 1


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"loss": "log_cosh"},
            "with engine='fused', loss must be one of 'mse', .*, got 'log_cosh'",
        ),
        (
            {"optimizer": "nadam"},
            "with engine='fused', optimizer must be one of 'adam', .*, got 'nadam'",
        ),
        (
            {"activation": "elu"},
            "with engine='fused', activation must be one of 'tanh', .*: engine='keras' takes all",
        ),
        (
            {"cell": "mingru", "recurrent_dropout": 0.2},
            "recurrent_dropout must be 0 with cell='mingru', whose gates read no state, got 0.2",
        ),
        ({"callbacks": ["one"]}, "with engine='fused', callbacks must be None, got 1"),
    ],
    ids=str,
)
def test_what_is_not_covered(params, message):
    """The fused engine says what it would take."""
    X, y = data()

    with pytest.raises(ValueError, match=message):
        RNNRegressor(**{"cell": "gru", "units": 3, "engine": "fused", **params}).fit(X, y)


def test_auto_takes_keras_for_the_rest_and_says_so(capsys):
    """The engine that was taken is a fitted attribute, and said where it is Keras."""
    X, y = data()

    covered = RNNRegressor("gru", 3, epochs=1, verbose=2).fit(X, y)
    first = capsys.readouterr().out
    rest = RNNRegressor("gru", 3, epochs=1, verbose=2, activation="elu").fit(X, y)

    assert (covered.engine_, rest.engine_) == ("fused", "keras")
    assert "engine" not in first
    assert "engine: Keras (for the fused one, activation must be" in capsys.readouterr().out


def test_a_memmap_is_read_where_it_lies(tmp_path):
    """Rows on disk are trained on as rows in memory are."""
    rows = np.random.default_rng(0).normal(size=(60, 2)).astype("f4")
    rows.tofile(tmp_path / "rows")
    mapped = np.memmap(tmp_path / "rows", "f4", "r", shape=rows.shape)

    forecasts = []
    for one in (rows, mapped):
        X, y = make_windows(one, 5, target=0)
        forecasts.append(
            RNNRegressor("gru", 3, epochs=1, random_state=0, engine="fused").fit(X, y).predict(X)
        )

    np.testing.assert_array_equal(*forecasts)


def test_nothing_is_looked_up_where_nothing_is_read():
    """What a network does not read has no ends, however many windows there are."""

    @numba.njit
    def look_up(read, order, X):
        gather(read, order, 50, 3, X)

    compiling.ready("float32")
    look_up(nothing().read, np.arange(99), np.empty((0, 0, 16), np.float32))


@pytest.mark.parametrize("model", [RNNRegressor("gru", 3), DenseRegressor(3)], ids=str)
def test_no_window_is_complete(model):
    """Forecasts are made from what is known of each."""
    X, y = data()
    model = fitted(model, X, y, engine="fused")
    some = np.asarray(X[:3])
    some[:, 0] = np.nan
    filled = some.copy()
    filled[:, 0] = some[:, 1]

    np.testing.assert_array_equal(model.predict(some), model.predict(filled))


def test_arrays_of_other_kinds_need_no_other_code():
    """What lies otherwise in memory, or cannot be written to, has nothing compiled once more."""
    X, y = data()
    model = RNNRegressor("gru", 3, epochs=1, engine="fused")
    model.fit(X, y).predict(X)
    before = [len(one.signatures) for one in (loop.train, loop.predict)]
    weights, fixed = np.ones(2 * len(y))[::2], X.replace(ends=X.ends.copy(), shift=X.shift.copy())
    for one in (weights, fixed.ends, fixed.shift, fixed.rows):
        one.flags.writeable = False

    model.fit(fixed, np.asfortranarray(y), sample_weight=weights).predict(fixed)
    model.set_params(sequence_targets=True).fit(np.asarray(X), np.asfortranarray(y))

    assert [len(one.signatures) for one in (loop.train, loop.predict)] == before


@pytest.mark.parametrize("dtype", ["f4", "f8", "i4", ">f8"])
def test_rows_of_any_kind(dtype):
    """Rows of other numbers, in any order of memory, are gathered as they are."""
    rows = np.asfortranarray(np.arange(80).reshape(40, 2) % 7).astype(dtype)
    X, y = make_windows(rows, 5, target=0, sampling_rate=2)
    model = RNNRegressor("gru", 3, epochs=1, random_state=0, engine="fused", normalize_y=False)

    np.testing.assert_array_equal(
        model.fit(X, y).predict(X), model.fit(np.asarray(X, "f8"), y).predict(np.asarray(X))
    )


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("SGD", {"momentum": 0.8, "learning_rate": 0.05}),
        ("SGD", {"momentum": 0.8, "nesterov": True, "clipnorm": 0.1}),
        ("Adam", {"beta_1": 0.7, "beta_2": 0.9, "epsilon": 1e-3}),
        ("RMSprop", {"rho": 0.5}),
    ],
    ids=str,
)
def test_settings_of_keras_optimizers(kind, settings):
    """A Keras optimizer's settings are those of the kernels, and its memory goes from one engine to
    the other.
    """
    import keras

    X, y = data(90)
    model = RNNRegressor("gru", 4, optimizer=getattr(keras.optimizers, kind)(**settings))
    fused = fitted(model, X, y, engine="fused")
    other = copy.deepcopy(fused).set_params(engine="keras")

    for one in (fused, other):
        one.set_params(warm_start=True, epochs=3, batch_size=32).fit(X, y)

    for ours, theirs in zip(fused.weights_, other.weights_, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_keras_optimizers_that_no_kernel_knows():
    """Anything beyond the kernels' own settings goes to Keras."""
    import keras

    X, y = data()
    for optimizer in (
        keras.optimizers.Adam(amsgrad=True),
        keras.optimizers.Nadam(),
        keras.optimizers.SGD(use_ema=True),
    ):
        model = RNNRegressor("gru", 3, epochs=1, optimizer=optimizer).fit(X, y)
        assert model.engine_ == "keras"


def test_a_fit_that_diverges_shows_it():
    """A warning says so, and the weights of before are kept."""
    X, y = data(90, outputs=1)
    model = DenseRegressor(
        16, activation="linear", optimizer="sgd", learning_rate=1.0, epochs=60, batch_size=256
    )
    model.set_params(engine="fused", random_state=0, early_stopping=True, patience=60)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        with pytest.warns(UserWarning, match="became infinite.* after .* of 60 epochs"):
            model.fit(X, y)

    assert len(model.history_["val_loss"]) < 60
    assert np.isfinite(model.history_["val_loss"]).all()
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize("engine", ["fused", "keras"])
def test_no_patience_goes_on_while_it_gets_better(engine):
    """Only an epoch that is no better ends training."""
    X, y = make_windows(np.sin(np.arange(300) / 5), 12)
    model = RNNRegressor(
        "gru", 8, epochs=6, early_stopping=True, patience=0, random_state=0, engine=engine
    )

    history = model.fit(X, y).history_["val_loss"]

    assert len(history) == 6
    assert (np.diff(history) < 0).all()


@pytest.mark.parametrize("engine", ["fused", "keras"])
def test_weights_that_are_changed_count(engine):
    """The forecast is that of the weights as they are."""
    X, y = data(outputs=1)
    model = RNNRegressor("gru", 3, epochs=1, random_state=0, normalize_y=False, engine=engine).fit(
        X, y
    )
    model.predict(X)

    for weight in model.weights_:
        weight[...] = 0

    np.testing.assert_array_equal(model.predict(X), 0)


@pytest.mark.parametrize("engine", ["fused", "keras"])
def test_another_optimizer_begins_anew(engine):
    """What one optimizer remembers is of no use to another, also if it has the same shape."""
    import keras

    X, y = data(outputs=1)
    model = DenseRegressor(4, optimizer="rmsprop", epochs=2, random_state=0, engine=engine).fit(
        X, y
    )
    before = [np.array(weight) for weight in model.weights_]

    model.set_params(
        optimizer=keras.optimizers.SGD(1e-9, momentum=0.9), warm_start=True, epochs=1
    ).fit(X, y)

    for one, two in zip(before, model.weights_, strict=True):
        np.testing.assert_allclose(one, two, atol=1e-6)


def test_compiling_is_said_before_it_begins(monkeypatch, capsys):
    """Also of a layer's kernels, which are compiled as soon as its network is planned."""
    X, y = data(outputs=1)
    model, said = RNNRegressor("gru", 3, epochs=1, engine="fused"), []

    def slow(layers, dtype):
        with event.trigger_event("numba:compile"):
            said.append(capsys.readouterr().err)
            link(layers, dtype)

    monkeypatch.setattr("skrnn.neural.fused.engine.link", slow)
    for work in (lambda: model.fit(X, y), lambda: model.predict(X)):
        engine._PLANS.clear()
        monkeypatch.setattr(compiling._Announcer, "said", False)
        work()

    assert len(said) == 2
    assert all(one.startswith("skrnn: compiling") for one in said)
