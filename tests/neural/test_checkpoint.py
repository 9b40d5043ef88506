"""Training that is killed goes on from its last whole epoch."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from skrnn import ConvRegressor, DenseClassifier, DenseRegressor, RNNRegressor, make_windows
from skrnn.neural.checkpoint import Checkpoint

ROOT = Path(__file__).parents[2]
FAST = {"epochs": 5, "batch_size": 16, "random_state": 0}
NETWORKS = {
    "recurrent": RNNRegressor("gru", 4, dropout=0.2, recurrent_dropout=0.2, **FAST),
    "sequence targets": RNNRegressor("simple", 4, sequence_targets=True, **FAST),
    "convolutional": ConvRegressor(4, batch_norm=True, dropout=0.2, **FAST),
    "early stopping": DenseRegressor(4, early_stopping=True, patience=1, **FAST),
    "classes": DenseClassifier(4, class_weight="balanced", **FAST),
    "several": DenseRegressor(4, n_estimators=2, **FAST),
    "quantiles": DenseRegressor(4, quantiles=(0.1, 0.9), optimizer="rmsprop", **FAST),
}


class Killed(BaseException):
    """Ends a process, as far as the code can tell."""


@pytest.fixture(scope="module")
def data():
    """Windows of a noisy wave, and their targets."""
    rng = np.random.default_rng(0)
    return make_windows(np.sin(np.arange(90.0)) + rng.normal(size=90), length=6)


def killed_behind(model, data, n_epochs, monkeypatch):
    """Fit until so many epochs were kept."""
    keep, kept = Checkpoint.keep, []

    def keep_some(self, *state):
        keep(self, *state)
        kept.append(self)
        if len(kept) == n_epochs:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "keep", keep_some)
        with pytest.raises(Killed):
            model.fit(*data)


def same(one, other, X):
    """Whether two networks are the same, to the last bit."""
    np.testing.assert_array_equal(one.predict(X), other.predict(X))
    assert one.history_ == other.history_


@pytest.mark.parametrize("name", NETWORKS)
def test_a_cut_fit_is_the_uncut_one(name, data, tmp_path, monkeypatch):
    """Whatever draws at random, or waits for better epochs, goes on where it was."""
    X, y = data
    y = (y > 0).astype(int) if name == "classes" else y
    model = NETWORKS[name]
    uncut = type(model)(**model.get_params()).fit(X, y)
    cut = type(model)(**model.get_params()).set_params(checkpoint=str(tmp_path))

    for n_epochs in (2, 1):
        killed_behind(cut, (X, y), n_epochs, monkeypatch)
    cut.fit(X, y)

    same(cut, uncut, X)


def test_keras_goes_on_as_well(data, tmp_path, monkeypatch):
    """To the same bits, with dropouts."""
    model = RNNRegressor("gru", 3, dropout=0.2, engine="keras", **FAST)
    uncut = type(model)(**model.get_params()).fit(*data)
    model.set_params(checkpoint=str(tmp_path))

    killed_behind(model, data, 2, monkeypatch)
    model.fit(*data)

    same(model, uncut, data[0])


def test_what_was_done_is_taken_as_it_is(data, tmp_path, monkeypatch):
    """A fit that is called again, as by a process that was killed behind it, trains no epoch."""
    model = DenseRegressor(4, checkpoint=str(tmp_path), **FAST)
    first = model.fit(*data).predict(data[0])
    monkeypatch.setattr(Checkpoint, "keep", lambda *_: pytest.fail("an epoch was trained"))

    np.testing.assert_array_equal(model.fit(*data).predict(data[0]), first)


@pytest.mark.parametrize("change", [{"random_state": 1}, {"units": 5}, {"learning_rate": 0.1}])
def test_another_training_has_a_checkpoint_of_its_own(change, data, tmp_path):
    """It begins anew, and leaves the other's as it is."""
    model = DenseRegressor(4, checkpoint=str(tmp_path), **FAST).fit(*data)

    model.set_params(**change).fit(*data)

    assert len(list(tmp_path.iterdir())) == 2


def test_other_data_have_a_checkpoint_of_their_own(data, tmp_path):
    """Monday's fit does not go on from that of the week before."""
    X, y = data
    model = DenseRegressor(4, checkpoint=str(tmp_path), **FAST).fit(X, y)
    monday = model.fit(X, y + 1.5 * (np.arange(len(y)) == 3)).predict(X)

    fresh = DenseRegressor(4, **FAST).fit(X, y + 1.5 * (np.arange(len(y)) == 3)).predict(X)

    np.testing.assert_array_equal(monday, fresh)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_seed_is_needed(data, tmp_path):
    """Without one the next fit is another training."""
    with pytest.raises(ValueError, match="needs a whole number as random_state, got None"):
        DenseRegressor(4, checkpoint=str(tmp_path)).fit(*data)


def test_a_damaged_checkpoint_begins_anew(data, tmp_path):
    """And says so."""
    model = DenseRegressor(4, checkpoint=str(tmp_path), **FAST)
    first = model.fit(*data).predict(data[0])
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-20])

    with pytest.warns(UserWarning, match="training begins anew, as .* is damaged") as told:
        model.fit(*data)

    assert told[0].filename == __file__
    np.testing.assert_array_equal(model.predict(data[0]), first)


def test_a_full_disk_ends_no_training(data, tmp_path, monkeypatch):
    """It is told once, and what was kept before is there to go on from."""
    model = DenseRegressor(4, checkpoint=str(tmp_path), **FAST)
    uncut = DenseRegressor(4, **FAST).fit(*data)
    killed_behind(model, data, 1, monkeypatch)

    def full(handle):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.warns(UserWarning, match="could not be kept in .*No space left") as told:
            model.fit(*data)

    assert [warning.filename for warning in told] == [__file__]
    same(model, uncut, data[0])
    same(model.fit(*data), uncut, data[0])


def test_a_folder_that_cannot_be_made_is_told_before_training(data, tmp_path):
    """With the remedy."""
    (tmp_path / "file").touch()

    with pytest.raises(ValueError, match=r"file/folder' cannot be written to \(Not a directory\)"):
        DenseRegressor(4, checkpoint=str(tmp_path / "file" / "folder"), **FAST).fit(*data)


SCRIPT = """
import sys
import numpy as np
from skrnn import RNNRegressor, make_windows

X, y = make_windows(np.sin(np.arange(2000.0)), length=24)
model = RNNRegressor("gru", 16, dropout=0.1, epochs=40, random_state=0, checkpoint=sys.argv[1])
np.save(sys.argv[2], model.fit(X, y).predict(X))
"""


def killed_runs(folder, n_kills, seed):
    """Kill the script so many times at random moments, and let it end: how many were cut."""
    rng = np.random.default_rng(seed)
    checkpoint = folder / "checkpoint"
    call = [sys.executable, "-c", SCRIPT, str(checkpoint), str(folder / "cut.npy")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    n_cut = 0
    for _ in range(n_kills):
        before = max((file.stat().st_mtime_ns for file in checkpoint.glob("*.skrnn")), default=0)
        process = subprocess.Popen(call, env=environment)
        while process.poll() is None:
            now = max((file.stat().st_mtime_ns for file in checkpoint.glob("*.skrnn")), default=0)
            if now > before:
                time.sleep(rng.uniform(0, 0.1))
                process.kill()
                break
            time.sleep(0.005)
        n_cut += process.wait() == -9
    subprocess.run(call, env=environment, check=True)
    return n_cut


@pytest.mark.parametrize("n_kills", [1, pytest.param(20, marks=pytest.mark.long)])
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_process_that_is_killed(n_kills, tmp_path):
    """Forecasts to the same bits what one that nobody has killed does."""
    call = [sys.executable, "-c", SCRIPT, str(tmp_path / "other"), str(tmp_path / "uncut.npy")]
    subprocess.run(call, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True)

    n_cut = killed_runs(tmp_path, n_kills, seed=n_kills)

    assert n_cut > 0
    np.testing.assert_array_equal(np.load(tmp_path / "cut.npy"), np.load(tmp_path / "uncut.npy"))


def test_windows_of_other_series_are_another_training(tmp_path):
    """The same rows as one series, and each window alone, teach other targets of inner steps."""
    rows = np.random.default_rng(0).normal(size=60)
    X, y = make_windows(rows, 8, stride=8)
    bounds = np.append(8 * np.arange(len(X)), 60)
    alone = X.replace(bounds=bounds, series=np.arange(len(X)))
    params = {"epochs": 1, "random_state": 0, "checkpoint": str(tmp_path)}

    DenseRegressor(4, **params).fit(X, y)
    DenseRegressor(4, **params).fit(alone, y)

    assert len(list(tmp_path.iterdir())) == 2


def test_several_networks_need_a_seed_too(tmp_path):
    X, y = make_windows(np.arange(40.0), 4)

    with pytest.raises(ValueError, match="needs a whole number as random_state, got None"):
        DenseRegressor(4, n_estimators=2, checkpoint=str(tmp_path)).fit(X, y)
