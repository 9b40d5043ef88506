"""Networks that tell classes, in both engines."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_predict,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline

from skrnn import (
    ConvClassifier,
    DenseClassifier,
    RNNClassifier,
    SeriesScaler,
    SlidingWindow,
    make_windows,
)
from skrnn.forecasters.samples import share_of
from skrnn.windows.inputs import as_windows
from tests.neural.gradients import check_gradient, fitted

pytestmark = pytest.mark.usefixtures("eager")

NETWORKS = {
    "recurrent": RNNClassifier("gru", 5, dense_units=3),
    "convolutional": ConvClassifier(4, pooling="max"),
    "dense": DenseClassifier(5, pooling="average"),
}
KINDS = ["two classes", "three classes", "labels"]


def data(kind="two classes", n=60, seed=0):
    """Random walks of 5 to 14 steps, and where they end: up, down, or neither; by column."""
    random = np.random.default_rng(seed)
    X = [random.normal(size=(steps, 2)).cumsum(axis=0) for steps in random.integers(5, 15, size=n)]
    ends = np.array([x[-1] for x in X])
    if kind == "labels":
        return X, (ends > 0).astype(int)
    if kind == "two classes":
        return X, np.where(ends[:, 0] > 0, "up", "down")
    return X, np.array(["down", "level", "up"])[np.digitize(ends[:, 0], [-1.5, 1.5])]


def learner(**params):
    """A small network that learns the walks' ends in a second."""
    small = {"epochs": 30, "learning_rate": 0.02, "batch_size": 16, "random_state": 0}
    return RNNClassifier("gru", 8, **{**small, **params})


# ---------------------------------------------------------------------- losses and engines


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_against_central_differences(name, kind):
    """The gradient of every weight is the slope of the cross-entropy, with sample weights."""
    X, y = data(kind, 17)
    model = fitted(NETWORKS[name], X, y, engine="fused")

    check_gradient(model, as_windows(X), model.labels_.encode(y), n_weights=40)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_an_epoch_is_that_of_keras(optimizer, kind):
    """From the same weights, with sample weights, class weights and several batches."""
    X, y = data(kind, 50)
    weights = np.random.default_rng(0).uniform(size=len(y))
    model = NETWORKS["recurrent"]
    fused = fitted(model, X, y, engine="fused", class_weight="balanced", optimizer=optimizer)
    keras = copy.deepcopy(fused).set_params(engine="keras")

    for one in (fused, keras):
        one.set_params(warm_start=True, epochs=2, batch_size=16)
        one.fit(X, y, sample_weight=weights)

    for ours, theirs in zip(fused.weights_, keras.weights_, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert fused.history_["loss"] == pytest.approx(keras.history_["loss"], rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_is_the_cross_entropy(kind):
    """As scikit-learn computes it of the probabilities; of labels the mean of each one's."""
    X, y = data(kind)
    model = fitted(NETWORKS["recurrent"], X, y, learning_rate=1e-12, engine="fused")

    probabilities = model.predict_proba(X)

    expected = log_loss(y, probabilities) if y.ndim == 1 else 0
    if y.ndim == 2:
        each = zip(y.T, probabilities.T, strict=True)
        expected = np.mean([log_loss(truth, column) for truth, column in each])
    assert model.history_["loss"][0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("engine", ["fused", "keras"])
def test_keras_model_gives_probabilities(engine, kind):
    """Of the second of two classes, of each of more, or of each label."""
    X, y = data(kind)
    X = np.array([x[-5:] for x in X])
    model = fitted(NETWORKS["recurrent"], X, y, engine=engine)

    found = np.asarray(model.keras_model()(X))

    expected = model.predict_proba(X)
    expected = expected[:, 1:] if kind == "two classes" else expected
    np.testing.assert_allclose(found, expected, rtol=1e-6)


# ---------------------------------------------------------------------- what is told


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_told_fits_together(kind):
    """Probabilities of one sample add up, logarithms are theirs, and the likeliest class wins."""
    X, y = data(kind)
    model = learner().fit(X, y)

    probabilities = model.predict_proba(X)

    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), probabilities, rtol=1e-9)
    if kind == "labels":
        np.testing.assert_array_equal(model.predict(X), probabilities > 0.5)
        return
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_array_equal(model.predict(X), model.classes_[probabilities.argmax(axis=1)])
    assert model.score(X, y) == np.mean(model.predict(X) == y)


@pytest.mark.parametrize("kind", KINDS)
def test_it_learns(kind):
    """New walks are told far better than by chance."""
    model = learner().fit(*data(kind, 200))

    assert model.score(*data(kind, 100, seed=1)) > {"labels": 0.7}.get(kind, 0.85)


def test_permuted_labels_give_chance():
    """What has nothing to do with the sequences cannot be told."""
    X, y = data(n=200)
    others, truth = data(n=200, seed=1)
    random = np.random.default_rng(0)

    # A permutation alone may have something to do with them, by chance.
    fitted = [learner(epochs=5).fit(X, random.permutation(y)) for _ in range(8)]

    assert 0.35 < np.mean([model.score(others, truth) for model in fitted]) < 0.65


def test_logarithms_are_exact_where_probabilities_are_none():
    """Also of a class that is nearly impossible."""
    X, y = data()
    model = learner().fit(X, y)
    sure = [np.array([[100.0, 0.0]] * 50)]
    model.weights_[-2] *= 1000

    logarithms = model.predict_log_proba(sure)

    assert np.isfinite(logarithms).all()
    assert logarithms.min() < -800


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_windows_get_the_shares_of_the_classes(kind):
    """As weighted in training."""
    X, y = data(kind)
    weights = np.linspace(0.5, 2, len(y))
    model = learner(epochs=1).fit(X, y, sample_weight=weights)
    numbers = y if kind == "labels" else y[:, None] == model.classes_

    shares = model.predict_proba([np.full((4, 2), np.nan)])[0]

    np.testing.assert_allclose(shares, np.average(numbers, axis=0, weights=weights))


# ---------------------------------------------------------------------- labels as they come


@pytest.mark.parametrize(
    "like",
    [
        lambda y: np.where(y == "up", 7, -3),
        lambda y: y == "up",
        lambda y: pd.Series(y, dtype="category"),
        lambda y: pd.Series(y, dtype="string"),
        lambda y: pd.Series(y == "up", dtype="boolean"),
        list,
    ],
    ids=["integers", "booleans", "categories", "strings", "booleans of pandas", "list"],
)
def test_labels_of_any_kind(like):
    """What is predicted are classes as they came."""
    X, y = data()
    labels = like(y)
    model = learner(epochs=10).fit(X, labels)

    told = model.predict(X)

    assert set(told) <= set(labels)
    assert np.mean(told == np.asarray(labels)) > 0.8
    assert set(model.classes_) == set(labels)


@pytest.mark.parametrize(
    "unknown",
    [
        lambda y: pd.Series(y, dtype="string").mask(np.arange(len(y)) < 9),
        lambda y: np.where(np.arange(len(y)) < 9, None, y),
        lambda y: np.where(np.arange(len(y)) < 9, np.nan, y == "up"),
    ],
    ids=["strings", "objects", "numbers"],
)
def test_samples_without_a_label_are_left_out(unknown):
    """In training, and in the score."""
    X, y = data()
    labels = unknown(y)
    without = learner(epochs=2).fit(X[9:], np.asarray(labels)[9:])

    model = learner(epochs=2).fit(X, labels)

    np.testing.assert_allclose(model.predict_proba(X), without.predict_proba(X), rtol=1e-6)
    assert model.score(X, labels) == without.score(X[9:], np.asarray(labels)[9:])


@pytest.mark.parametrize("engine", ["fused", "keras"])
def test_a_single_class(engine):
    """Is all that can be told, which is said."""
    X, _ = data()
    with pytest.warns(UserWarning, match="y has one class only, 'only'"):
        model = learner(epochs=1, engine=engine).fit(X, ["only"] * 60)

    np.testing.assert_array_equal(model.predict(X), ["only"] * 60)
    np.testing.assert_array_equal(model.predict_proba(X), np.ones((60, 1)))


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.linspace(0, 1, 60), "continuous"),
        (np.full(60, np.nan), "y must have a known class, got none in all of 60 samples"),
        (np.zeros(59), "same number of samples, got 60 in X and 59 in y"),
        (np.tile([[0, 1, 2]], (60, 1)), "y of several columns must be 0 or 1 for each label"),
        (np.where(np.arange(60) == 3, np.inf, 1), "infinity"),
        (None, "requires y to be passed"),
        (np.array([1, "a"] * 30, dtype=object), "labels of one type, got int and str"),
    ],
    ids=["numbers", "none known", "too few", "several classes", "infinite", "none", "mixed"],
)
def test_what_are_no_labels(y, message):
    """One clear error."""
    with pytest.raises(ValueError, match=message):
        learner().fit(data()[0], y)


def test_labels_that_fit_has_not_seen():
    """In validation data, and where training goes on."""
    X, y = data()
    message = r"none of those told apart, \['new'\]: these are \['down', 'up'\]"

    with pytest.raises(ValueError, match=message):
        learner(epochs=1).fit(X, y, validation_data=(X[:2], ["up", "new"]))
    with pytest.raises(ValueError, match=message):
        learner(epochs=1, warm_start=True).fit(X, y).fit(X, np.where(y == "up", "new", y))


@pytest.mark.parametrize(
    ("classes", "others"),
    [
        (["1", "2"], ["10", "20"]),
        ([False, True], ["False", "True"]),
        ([1, 2], ["good", "bad"]),
        (np.array(["2020-01-01", "2020-01-02"], "M8[D]"), np.array(["2020-01-01T05"] * 2, "M8[h]")),
    ],
)
def test_labels_of_another_kind_are_wrong(classes, others):
    """They are not cut, or cast, to what is told; as in scikit-learn's own scores."""
    X, y = data()
    true = np.asarray(classes)[(y == "up").astype(int)]
    model = learner().fit(X, true)

    assert model.score(X, true) > 0.9
    assert model.score(X, np.asarray(others)[(y == "up").astype(int)]) == 0


# ---------------------------------------------------------------------- weights


@pytest.mark.parametrize("engine", ["fused", "keras"])
def test_class_weights_are_repeated_samples(engine):
    """A class that counts three times is one whose samples come three times."""
    X, y = data("three classes")
    repeated = [x for x, label in zip(X, y, strict=True) for _ in range(3 if label == "up" else 1)]
    labels = [label for label in y for _ in range(3 if label == "up" else 1)]
    params = {"optimizer": "sgd", "learning_rate": 0.1, "epochs": 5, "engine": engine}

    weighted = fitted(NETWORKS["recurrent"], X, y, class_weight={"up": 3}, **params)
    copies = fitted(NETWORKS["recurrent"], repeated, labels, **params)

    np.testing.assert_allclose(weighted.predict_proba(X), copies.predict_proba(X), rtol=1e-4)


def test_balanced_classes_weigh_the_same():
    """However often each comes; of labels, so do one and none."""
    X, y = data("three classes")
    model = learner(epochs=1, class_weight="balanced").fit(X, y)
    counts = [np.sum(y == label) for label in model.classes_]

    np.testing.assert_allclose(model.class_weight_[0] * counts, 20)
    X, y = data("labels")
    model.fit(X, y)
    np.testing.assert_allclose(model.class_weight_[1] * [np.sum(y[:, 1] == k) for k in (0, 1)], 30)


def test_class_weights_count_in_validation():
    """The loss that early stopping watches is the one that is minimised."""
    X, y = data()
    model = learner(epochs=1, learning_rate=1e-12, class_weight={"up": 9})

    model.fit(X, y, validation_data=(X, y))

    assert model.history_["val_loss"] == pytest.approx(model.history_["loss"], rel=1e-4)


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ({"other": 2}, r"names \['other'\], but the classes are \['down', 'up'\]"),
        ({"up": -1}, "finite and not negative"),
        ({"up": 0, "down": 0}, "leaves no sample a weight above 0"),
        ("even", "must be a dict or \"balanced\", got 'even'"),
    ],
    ids=str,
)
def test_class_weights_that_make_no_sense(class_weight, message):
    """One clear error."""
    with pytest.raises(ValueError, match=message):
        learner(class_weight=class_weight).fit(*data())


# ---------------------------------------------------------------------- going on


@pytest.mark.parametrize("engine", ["fused", "keras"])
def test_training_that_goes_on(engine):
    """Four times ``partial_fit`` are a ``fit`` of four epochs."""
    X, y = data("three classes")
    steady = {"learning_rate_schedule": "constant", "engine": engine}
    once = learner(epochs=4, **steady).fit(X, y)

    model = learner(**steady)
    for _ in range(4):
        model.partial_fit(X, y)

    np.testing.assert_allclose(model.predict_proba(X), once.predict_proba(X), rtol=1e-5)


def test_classes_that_come_later():
    """The first call names them all."""
    X, y = data("three classes")
    first = y != "level"
    model = learner().partial_fit(
        [x for x, some in zip(X, first, strict=True) if some],
        y[first],
        classes=["down", "level", "up"],
    )

    for _ in range(30):
        model.partial_fit(X, y)

    assert model.classes_.tolist() == ["down", "level", "up"]
    assert "level" in model.predict(X)
    # The shares of all that was learned from.
    sizes = 30 * (y[:, None] == model.classes_).sum(axis=0) + [first[y == "down"].sum(), 0, 0]
    sizes[2] += (y == "up").sum()
    np.testing.assert_allclose(model.class_prior_, sizes / sizes.sum())
    with pytest.raises(ValueError, match="classes must be those of the first call"):
        model.partial_fit(X, y, classes=["down", "up"])


def test_balance_needs_all_samples():
    """Which ``partial_fit`` does not see."""
    with pytest.raises(ValueError, match="which partial_fit does not have"):
        learner(class_weight="balanced").partial_fit(*data())


# ---------------------------------------------------------------------- validation


@pytest.mark.parametrize("as_array", [False, True], ids=["sequences", "array"])
def test_series_of_their_own_validate_on_a_share_of_each_class(as_array):
    """Data that are sorted by class have classes in training that validation has, too."""
    X, y = data("three classes", 90)
    order = np.argsort(y)
    X = [X[i] for i in order]
    X = np.array([x[-5:] for x in X]) if as_array else X
    model = learner(validation_fraction=0.2, epochs=30).fit(X, y[order])

    assert model.history_["val_loss"][-1] < 0.8 * model.history_["val_loss"][0]
    again = clone(model).fit(X, y[order])
    assert again.history_["val_loss"] == model.history_["val_loss"]


def test_windows_of_a_series_validate_on_the_newest():
    """A share of them would have been seen: neighbours share their rows."""
    rows = np.random.default_rng(0).normal(size=(120, 1)).cumsum(axis=0)
    X, y = make_windows(rows, length=5)
    labels = (y > X.take()[:, -1, 0]).astype(int)
    other = labels.copy()
    other[-12:] = 1 - other[-12:]
    model = learner(epochs=2, validation_fraction=0.1)

    one, two = (clone(model).fit(X, like) for like in (labels, other))

    assert one.history_["loss"] == two.history_["loss"]
    assert one.history_["val_loss"] != two.history_["val_loss"]


@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.5])
def test_a_share_is_even(fraction):
    """Of each class as many as of all, to one; none of a class that has but one sample."""
    random = np.random.default_rng(0)
    classes = np.append(random.choice(4, p=[0.6, 0.25, 0.1, 0.05], size=400), 9).astype(float)

    chosen = share_of(401, fraction, 7, classes[:, None])

    assert chosen.sum() == np.ceil(fraction * 401)
    for label in range(4):
        count = np.sum(classes == label)
        assert abs(chosen[classes == label].sum() - fraction * count) <= 1 + fraction
    assert not chosen[-1]


@pytest.mark.parametrize("seed", range(20))
def test_no_class_vanishes_from_training(seed):
    """However few samples it has."""
    classes = np.array([0, 0, 1, 1, 2.0])

    chosen = share_of(5, 0.4, seed, classes[:, None])

    assert set(classes[~chosen]) == {0, 1, 2}


def test_too_few_to_validate_on():
    """One clear error."""
    X, _ = data(n=4)

    with pytest.raises(ValueError, match="of 4 sequences in 3 classes leaves none to train on"):
        learner(validation_fraction=0.5).fit(X, ["a", "a", "b", "c"])


def test_a_class_of_the_newest_windows_alone_is_said():
    """Who validates on the newest trains without it."""
    X, y = make_windows(np.random.default_rng(0).normal(size=100), length=4)
    labels = np.where(np.arange(len(y)) > 92, "fault", "fine")

    with pytest.warns(UserWarning, match=r"\['fault'\] are classes of samples to validate on"):
        learner(epochs=1, early_stopping=True).fit(X, labels)


def test_early_stopping_keeps_the_best_weights():
    """By the validation loss."""
    X, y = data(n=80)
    options = {"learning_rate": 0.1, "learning_rate_schedule": "constant"}
    model = learner(epochs=40, early_stopping=True, patience=3, **options).fit(X, y)
    losses = model.history_["val_loss"]
    again = learner(epochs=int(np.argmin(losses)) + 1, validation_fraction=0.1, **options)

    np.testing.assert_allclose(
        model.predict_proba(X), again.fit(X, y).predict_proba(X), rtol=1e-5, atol=1e-7
    )


# ---------------------------------------------------------------------- scikit-learn's ways


def test_stock_cross_validation():
    """Stratified folds, probabilities out of folds, and the area under their curve."""
    X, y = data(n=120)
    model = learner()

    areas = cross_val_score(model, X, y, cv=StratifiedKFold(3), scoring="roc_auc")
    out_of_fold = cross_val_predict(model, X, y, cv=3, method="predict_proba")

    assert areas.mean() > 0.9
    assert roc_auc_score(y == "up", out_of_fold[:, 1]) > 0.9


def test_searches_of_many_jobs():
    """In a pipeline, over its parameters and the network's."""
    X, y = data("three classes")
    pipe = make_pipeline(SeriesScaler(), learner(epochs=3))
    grid = {"seriesscaler__method": ["standard", "robust"], "rnnclassifier__units": [2, 4]}

    one = GridSearchCV(pipe, grid, cv=3).fit(X, y)
    two = GridSearchCV(pipe, grid, cv=3, n_jobs=2).fit(X, y)

    scores = [search.cv_results_["mean_test_score"] for search in (one, two)]
    np.testing.assert_allclose(*scores)


def test_pickle_keeps_what_is_told():
    """Labels included."""
    X, y = data()
    model = learner(epochs=1).fit(X, y)

    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))


def test_labels_of_rows():
    """Rows in: an event is told from the rows before it, in stock time series folds."""
    random = np.random.default_rng(0)
    rows = pd.DataFrame(
        {"load": random.normal(size=400), "noise": random.normal(size=400)},
        pd.date_range("2024-01-01", periods=400, freq="h"),
    )
    y = np.where(rows["load"].rolling(3).mean().shift(2) > 0, "high", "low")
    pipe = make_pipeline(SlidingWindow(6, lead=1), learner())

    scores = cross_val_score(pipe, rows, pd.Series(y, rows.index), cv=TimeSeriesSplit(3))

    assert scores.mean() > 0.75


def test_several_labels_are_told_their_classes_every_time():
    X, _ = make_windows(np.random.default_rng(0).normal(size=60), 6)
    y = np.random.default_rng(1).integers(2, size=(len(X), 3))
    model = DenseClassifier(4, random_state=0)

    for _ in range(2):
        model.partial_fit(X, y, classes=[0, 1])

    assert model.predict(X).shape == y.shape
