"""Fitted estimators in files."""

import io
import json
import os
import pickle
import zipfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import skrnn
from skrnn import (
    CalendarFeatures,
    ConvRegressor,
    Differencer,
    FlattenWindows,
    IntervalForecaster,
    LinearWindow,
    LogTransformer,
    RNNClassifier,
    RNNRegressor,
    SeriesScaler,
    SlidingWindow,
    Windows,
    make_windows,
)
from skrnn.files.archive import HEADER, TREE, content_of
from tests.golden.files.models import HERE, MODELS, answers
from tests.instances import CLASSIFIERS, NETWORKS, REGRESSORS

ROWS = np.random.default_rng(0).normal(size=(80, 2)).cumsum(axis=0) + 50
INDEXES = {
    "none": None,
    "counted": pd.RangeIndex(10, 90),
    "odd numbers": pd.Index(range(3, 163, 2)),
    "hours": pd.date_range("2024-03-30", periods=80, freq="h", tz="Europe/Berlin"),
    "hours at an offset": pd.date_range("2024-03-30", periods=80, freq="h", tz="UTC+01:00"),
    "working days": pd.date_range("2024-01-01", periods=80, freq="B"),
    "days with a gap": pd.date_range("2024-01-01", periods=90).delete(range(20, 30)),
    "months": pd.date_range("2015-01-01", periods=80, freq="MS", name="month"),
    "every other month": pd.date_range("2000-01-01", periods=80, freq=pd.DateOffset(months=2)),
    "quarters": pd.period_range("2000Q1", periods=80, freq="Q-JAN"),
    "seconds": pd.timedelta_range("0s", periods=80, freq="30s"),
    "microseconds": pd.date_range("2024-01-01", periods=80, freq="s").as_unit("us"),
    "names": pd.Index([f"row {i}" for i in range(80)]),
}


def through(model, folder):
    """The model that comes back from a file."""
    skrnn.save(model, folder / "model.skrnn")
    return skrnn.load(folder / "model.skrnn")


def windows():
    return make_windows(ROWS, length=6, target=0)


@pytest.mark.parametrize("model", [*REGRESSORS, *NETWORKS, *CLASSIFIERS], ids=str)
def test_an_estimator_forecasts_the_same_from_its_file(model, tmp_path):
    """To the bit."""
    X, y = windows()
    model = clone(model).fit(X, y > 50 if is_classifier(model) else y)

    np.testing.assert_array_equal(through(model, tmp_path).predict(X), model.predict(X))


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(
            StandardScaler().set_output(transform="pandas"),
            SlidingWindow(6),
            RNNRegressor("gru", 3, epochs=1),
        ),
        make_pipeline(Differencer((1, 2)), SlidingWindow(6, lead=1), LinearWindow()),
        make_pipeline(LogTransformer(), SeriesScaler(), SlidingWindow(6), LinearWindow()),
        make_pipeline(SlidingWindow(6), FlattenWindows(), HistGradientBoostingRegressor()),
        make_pipeline(SlidingWindow(6), FlattenWindows(), RandomForestRegressor(3)),
        TransformedTargetRegressor(
            make_pipeline(SlidingWindow(6), LinearWindow()), transformer=StandardScaler()
        ),
        GridSearchCV(
            make_pipeline(SlidingWindow(6), LinearWindow()),
            {"linearwindow__alpha": [1, 10]},
            cv=TimeSeriesSplit(2),
        ),
        IntervalForecaster(make_pipeline(SlidingWindow(6), LinearWindow()), calibration_size=40),
        make_pipeline(FunctionTransformer(np.log), SlidingWindow(6), LinearWindow()),
    ],
    ids=str,
)
def test_a_pipeline_forecasts_the_rows_that_follow(model, tmp_path):
    """It looks back into the fitted rows, as the one that was saved."""
    rows = pd.DataFrame(ROWS, index=INDEXES["hours"], columns=["a", "b"])
    model = clone(model).fit(rows[:70], rows["a"][:70])

    again = through(model, tmp_path)

    np.testing.assert_array_equal(again.predict(rows[70:]), model.predict(rows[70:]))


# Labels that are names prove nothing.
@pytest.mark.filterwarnings("ignore::skrnn.windows.lost.LostRowsWarning")
@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_every_index_comes_back(index, tmp_path):
    """With its step, zone and name, so that rows that follow are told from others."""
    rows = pd.DataFrame(ROWS, index=index, columns=["a", "b"])
    model = make_pipeline(Differencer(1), SlidingWindow(6), LinearWindow())
    model.fit(rows[:70], rows["a"][:70])

    again = through(model, tmp_path)

    pd.testing.assert_index_equal(again[1].context_.index, model[1].context_.index)
    assert again[1].context_.clock == model[1].context_.clock
    np.testing.assert_array_equal(again.predict(rows[70:]), model.predict(rows[70:]))


def test_a_context_is_pickled_as_it_is_written():
    """One way of telling an index, for processes and for files."""
    rows = pd.DataFrame(ROWS, index=INDEXES["months"], columns=["a", "b"])
    context = SlidingWindow(6).fit(rows).context_

    again = pickle.loads(pickle.dumps(context))

    pd.testing.assert_index_equal(again.index, context.index)
    assert again.first_label == context.first_label


def test_training_goes_on_as_that_of_the_saved_would(tmp_path):
    """With the optimizer's state and the generators'."""
    X, y = windows()
    model = RNNRegressor("gru", 3, dropout=0.3, random_state=0).partial_fit(X, y)
    again = through(model, tmp_path)

    np.testing.assert_array_equal(
        again.partial_fit(X, y).predict(X), model.partial_fit(X, y).predict(X)
    )


def test_labels_come_back(tmp_path):
    """Text is text."""
    X, y = windows()
    model = RNNClassifier("gru", 3, epochs=1).fit(X, np.where(y > 50, "above", "below"))

    assert through(model, tmp_path).classes_.tolist() == ["above", "below"]


def test_an_estimator_without_a_fit_comes_back(tmp_path):
    """With its parameters."""
    model = make_pipeline(CalendarFeatures("hour"), SlidingWindow(6, lead=(1, 2)), Ridge(3.0))

    assert str(through(model, tmp_path)) == str(model)


# ---------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            RNNRegressor(loss=lambda true, predicted: 0),
            r"^loss=<function .* of RNNRegressor cannot be written",
        ),
        (
            make_pipeline(FunctionTransformer(lambda X: X), LinearWindow()),
            "^functiontransformer__func=<function .* of Pipeline cannot be written",
        ),
        (LinearWindow(alpha=io.StringIO()), "^alpha=<_io.StringIO .* of LinearWindow "),
        ([LinearWindow()], "^estimator must be an estimator of skrnn or scikit-learn, got "),
        (LinearWindow, "^estimator must be an estimator of skrnn or scikit-learn, got skrnn"),
    ],
)
def test_what_is_not_ours_is_refused_by_its_parameter(model, message, tmp_path):
    """When it is saved, and not only when it is needed."""
    with pytest.raises(ValueError, match=message):
        skrnn.save(model, tmp_path / "model.skrnn")

    assert not list(tmp_path.iterdir())


def written(folder):
    """A small file, as bytes."""
    X, y = windows()
    skrnn.save(LinearWindow().fit(X, y), folder / "model.skrnn")
    return (folder / "model.skrnn").read_bytes()


def changed(content, changes, header=None, compression=zipfile.ZIP_STORED):
    """The file with other members, and a checksum that fits."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist() if name != HEADER}
    again = content_of({**members, **changes})
    with zipfile.ZipFile(io.BytesIO(again)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    told = {**json.loads(members.pop(HEADER)), **(header or {})}
    return zip_of({**members, HEADER: json.dumps(told)}, compression)


def zip_of(members, compression=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, value in members.items():
            archive.writestr(name, value)
    return file.getvalue()


def huge_array(content):
    header = io.BytesIO()
    described = {"descr": "<f8", "fortran_order": False, "shape": (10**12,)}
    np.lib.format.write_array_header_1_0(header, described)
    return changed(content, {"0.npy": header.getvalue()})


def of_objects(content):
    file = io.BytesIO()
    np.save(file, np.array([print], dtype=object), allow_pickle=True)
    return changed(content, {"0.npy": file.getvalue()})


def with_tree(content, tree):
    return changed(content, {TREE: json.dumps(tree).encode()})


def an_object(name):
    return {"kind": "object", "class": name, "state": {}, "items": [], "number": 0}


DAMAGES = {
    "empty": (lambda content: b"", "is not a file that skrnn wrote"),
    "text": (lambda content: b"day,value\n", "is not a file that skrnn wrote"),
    "another zip": (
        lambda content: zip_of({"a.json": "{}"}),
        "is not a file that skrnn wrote",
    ),
    "cut": (lambda content: content[:-100], "is damaged"),
    "cut early": (lambda content: content[:60], "is damaged"),
    "a pickle": (lambda content: pickle.dumps([1]), "is a pickle"),
    "an older model": (lambda content: b"skrnn model 1\n" + content, "is a pickle"),
    "newer": (
        lambda content: changed(content, {}, {"format": 99, "versions": {"skrnn": "9.0"}}),
        "was written by skrnn 9.0",
    ),
    "another checksum": (
        lambda content: changed(content, {}, {"sha256": "0" * 64}),
        "its checksum is another",
    ),
    "compressed": (
        lambda content: changed(content, {"9.json": b" " * 10**7}, None, zipfile.ZIP_DEFLATED),
        "is compressed",
    ),
    "a path": (lambda content: changed(content, {"../up.npy": b""}), "is no name of a member"),
    "a huge array": (huge_array, "is not as large as it says"),
    "an array of objects": (of_objects, "an array of objects"),
    "another type": (
        lambda content: with_tree(content, an_object("subprocess.Popen")),
        "holds subprocess.Popen, which skrnn does not trust",
    ),
    "a function": (
        lambda content: with_tree(content, {"kind": "name", "text": "os.system"}),
        "holds os.system, which skrnn does not trust",
    ),
    "a function of ours": (
        lambda content: with_tree(content, {"kind": "name", "text": "skrnn.cli.main.main"}),
        "holds skrnn.cli.main.main, which skrnn does not trust",
    ),
    "a module within": (
        lambda content: with_tree(content, an_object("sklearn.utils.os.PathLike")),
        "does not trust",
    ),
    "what NumPy has besides": (
        lambda content: with_tree(content, {"kind": "ufunc", "text": "load"}),
        "holds numpy.load, which skrnn does not trust",
    ),
    "a call": (
        lambda content: with_tree(
            content,
            {**an_object("skrnn.windows.array.Windows"), "kind": "compiled", "args": []},
        ),
        "does not trust",
    ),
    "a kind that is none": (lambda content: with_tree(content, {"kind": "class__"}), "is damaged"),
    "a tree that is none": (lambda content: changed(content, {TREE: b"[" * 100_000}), "is damaged"),
    "a format of no number": (
        lambda content: changed(content, {}, {"format": True}),
        "its format is True",
    ),
}


@pytest.mark.parametrize(("damage", "message"), DAMAGES.values(), ids=DAMAGES)
def test_other_files_are_one_clear_error(damage, message, tmp_path):
    """Whoever made them."""
    path = tmp_path / "model.skrnn"
    path.write_bytes(damage(written(tmp_path)))

    with pytest.raises(ValueError, match=f"^model.skrnn .*{message}|^model.skrnn {message}"):
        skrnn.load(path)


def test_a_folder_and_a_missing_file_are_told(tmp_path):
    """As what they are."""
    with pytest.raises(ValueError, match="is a folder: name a model's file in it"):
        skrnn.load(tmp_path)
    with pytest.raises(FileNotFoundError):
        skrnn.load(tmp_path / "none.skrnn")


def test_a_mutated_file_is_an_error_or_the_same_model(tmp_path):
    """``SKRNN_FUZZ`` says how many are tried."""
    X, _ = windows()
    content = written(tmp_path)
    path = tmp_path / "model.skrnn"
    expected = skrnn.load(path).predict(X)
    random = np.random.default_rng(0)
    n_errors = 0
    n_files = int(os.environ.get("SKRNN_FUZZ", "300"))
    for _ in range(n_files):
        mutated = np.frombuffer(content, np.uint8).copy()
        places = random.integers(len(mutated), size=random.choice([1, 1, 3, 20]))
        mutated[places] = random.integers(256, size=len(places))
        length = len(mutated) if random.random() < 0.9 else random.integers(len(mutated))
        path.write_bytes(mutated[:length].tobytes())
        try:
            model = skrnn.load(path)
        except ValueError:
            n_errors += 1
        else:
            np.testing.assert_array_equal(model.predict(X), expected)

    assert n_errors > 0.9 * n_files


def test_weights_that_do_not_fit_are_an_error(tmp_path):
    """And never read beyond their end."""
    X, y = windows()
    model = RNNRegressor("gru", 3, epochs=1).fit(X, y)
    model.weights_ = [weight[:1] for weight in model.weights_]

    with pytest.raises(ValueError, match="weight"):
        through(model, tmp_path).predict(X)


@pytest.mark.parametrize("field", ["features", "targets", "per_target", "units"])
def test_a_network_larger_than_its_weights_takes_no_memory(field, tmp_path):
    """A size that a file claims, and has no weights for, is an error before memory is taken."""
    X, y = windows()
    model = RNNRegressor("gru", 3, epochs=1, engine="fused").fit(X, y)
    if field == "units":
        layers = (replace(model.network_.layers[0], units=10**11), *model.network_.layers[1:])
        model.network_ = replace(model.network_, layers=layers)
    else:
        model.network_ = replace(model.network_, **{field: 10**11})

    with pytest.raises(ValueError, match="weights|features"):
        through(model, tmp_path).predict(X)


def test_a_decoder_has_as_many_targets_as_it_has_learned(tmp_path):
    """Its weights are the same for each, however many a file claims."""
    X, y = windows()
    y = np.column_stack([y, y])
    model = RNNRegressor("gru", 3, epochs=1, engine="fused", decoder="recurrent").fit(X, y)
    model.network_ = replace(model.network_, targets=10**11)

    with pytest.raises(ValueError, match="has 100000000000 targets"):
        through(model, tmp_path).predict(X)


def test_a_convolution_that_reads_padding_alone_takes_no_memory(tmp_path):
    """Nor does a dilation that no window reaches over."""
    X, y = windows()
    model = ConvRegressor(4, 3, epochs=1, engine="fused").fit(X, y)
    layer, *others = model.network_.layers
    layers = (replace(layer, dilation=10**11), *others)
    model.network_ = replace(model.network_, layers=layers)

    with pytest.raises(ValueError, match="a convolution must not reach over"):
        through(model, tmp_path).predict(X)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("left", 10**6, "lead nowhere"),
        ("right", 0, "lead nowhere"),
        ("feature_idx", 10**6, "features that are none"),
        ("feature_idx", -1, "features that are none"),
        ("is_categorical", 1, "kinds that are none"),
    ],
)
def test_trees_of_boosting_are_checked(field, value, message, tmp_path):
    """Compiled code follows the branches of a tree wherever they lead."""
    model = HistGradientBoostingRegressor(max_iter=2).fit(ROWS, ROWS[:, 0])
    model._predictors[0][0].nodes[field][0] = value
    skrnn.save(model, tmp_path / "model.skrnn")

    with pytest.raises(ValueError, match=message):
        skrnn.load(tmp_path / "model.skrnn")


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    """Nothing is left behind where it fails."""
    before = written(tmp_path)

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        skrnn.save(LinearWindow(alpha=3.0), tmp_path / "model.skrnn")

    assert [path.name for path in tmp_path.iterdir()] == ["model.skrnn"]
    assert (tmp_path / "model.skrnn").read_bytes() == before


def test_a_folder_that_is_not_there_is_named(tmp_path):
    """And not the file beside the one that was asked for."""
    with pytest.raises(FileNotFoundError, match=r"^model.skrnn cannot be written, as there is no"):
        skrnn.save(LinearWindow(), tmp_path / "none" / "model.skrnn")


def test_a_link_stays_one_and_readers_stay_the_same(tmp_path):
    """What is replaced is the file behind it."""
    written(tmp_path)
    os.chmod(tmp_path / "model.skrnn", 0o640)
    (tmp_path / "link.skrnn").symlink_to("model.skrnn")

    skrnn.save(LinearWindow(alpha=3.0), tmp_path / "link.skrnn")

    assert (tmp_path / "link.skrnn").is_symlink()
    assert skrnn.load(tmp_path / "model.skrnn").alpha == 3.0
    assert (tmp_path / "model.skrnn").stat().st_mode & 0o777 == 0o640


# ---------------------------------------------------------------------- files of older versions


# The files are of another scikit-learn than the one that reads them, which it tells.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.InconsistentVersionWarning")
@pytest.mark.parametrize("name", MODELS)
def test_files_of_older_versions_say_what_they_said(name):
    """Once written, always read."""
    _, data = MODELS[name]()
    said = json.loads((HERE / "answers-1.json").read_text(encoding="utf-8"))[name]

    model = skrnn.load(HERE / f"{name}-1.skrnn")

    np.testing.assert_allclose(answers(name, model, data), said, rtol=1e-9)


def test_windows_take_sequences_of_a_loaded_network(tmp_path):
    """Of different length, as the one that was saved."""
    sequences = [ROWS[:n] for n in (5, 9, 14)]
    model = RNNRegressor("gru", 3, epochs=1).fit(sequences, [1.0, 2.0, 3.0])

    again = through(model, tmp_path)

    np.testing.assert_array_equal(
        again.predict(Windows.from_sequences(sequences)), model.predict(sequences)
    )
