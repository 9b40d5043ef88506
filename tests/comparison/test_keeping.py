"""A comparison that was cut goes on from what it has finished."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from skrnn.comparison import compare
from skrnn.comparison.effort import EFFORTS
from skrnn.comparison.keeping import Kept
from skrnn.reading import DataProblem
from skrnn.versions import versions

MODELS = {"models": ["seasonal", "linear"], "folds": 2}
NETWORKS = {"models": ["linear", "dense"], "folds": 2}


class Killed(BaseException):
    """Ends a process, as far as the code can tell."""


@pytest.fixture(autouse=True)
def short_training(monkeypatch):
    """Networks of little training, and few recipes of each."""
    monkeypatch.setitem(EFFORTS, "default", replace(EFFORTS["quick"], updates=60, contenders=2))


def killed_behind(reading, folder, n_kept, monkeypatch, **options):
    """Compare until so many things were kept."""
    put, kept = Kept.put, []

    def put_some(self, *what):
        if len(kept) == n_kept:
            raise Killed
        put(self, *what)
        kept.append(what)

    with monkeypatch.context() as patch:
        patch.setattr(Kept, "put", put_some)
        with pytest.raises(Killed):
            compare(reading, checkpoint=folder, **MODELS | options)


def same(one, other):
    """Whether two comparisons are the same, but for the seconds that they took."""
    times = ["fit_time", "predict_time"]
    pd.testing.assert_frame_equal(
        one.table.drop(columns=times), other.table.drop(columns=times), check_exact=True
    )
    for name, result in one.results.items():
        pd.testing.assert_frame_equal(
            result.predictions, other.results[name].predictions, check_exact=True
        )
    pd.testing.assert_frame_equal(one.plan.race.table, other.plan.race.table, check_exact=True)
    pd.testing.assert_frame_equal(one.model.forecast(), other.model.forecast(), check_exact=True)
    assert one.verdict == other.verdict
    assert one.plan.notes == other.plan.notes
    assert one.training == other.training


def test_a_cut_comparison_is_the_uncut_one(weekly, make_reading, tmp_path, monkeypatch):
    """However often it is cut: before the race, in it, behind it, and in the folds."""
    reading = make_reading(weekly, 7)
    folder = tmp_path / "kept"

    for n_more in (0, 2, 3):
        killed_behind(reading, folder, n_more, monkeypatch, **NETWORKS)

    same(compare(reading, checkpoint=folder, **NETWORKS), compare(reading, **NETWORKS))


@pytest.mark.parametrize("times", ["periods", "zone", "rows", "series"])
def test_rows_of_any_kind_come_back(times, weekly, make_reading, tmp_path, monkeypatch):
    """Their labels, and which series they are of."""
    frames = weekly
    if times == "periods":
        frames = weekly.set_axis(weekly.index.to_period("D"))
    elif times == "zone":
        frames = weekly.set_axis(weekly.index.tz_localize("Europe/Berlin"))
    elif times == "rows":
        frames = weekly.reset_index(drop=True)
    elif times == "series":
        frames = {"b": weekly, "a": weekly * 2}
    reading = make_reading(frames, 7)
    options = {"models": ["seasonal"]}

    killed_behind(reading, tmp_path / "kept", 7, monkeypatch, **options)
    cut = compare(reading, checkpoint=tmp_path / "kept", **MODELS | options)

    same(cut, compare(reading, **MODELS | options))


def test_what_is_finished_is_not_run_again(weekly, make_reading, tmp_path, monkeypatch):
    """Neither race nor folds."""
    reading = make_reading(weekly, 7)
    compare(reading, checkpoint=tmp_path, **MODELS)
    for name in ("race.run", "rounds._run"):
        monkeypatch.setattr(f"skrnn.comparison.{name}", lambda *_: pytest.fail("it ran again"))

    compare(reading, checkpoint=tmp_path, **MODELS)


def test_what_is_damaged_is_run_again(weekly, make_reading, tmp_path):
    """To the same numbers."""
    reading = make_reading(weekly, 7)
    first = compare(reading, checkpoint=tmp_path, **MODELS)
    for file in [*tmp_path.glob("*-linear.skrnn"), tmp_path / "race.skrnn"]:
        file.write_bytes(file.read_bytes()[:-9])

    same(compare(reading, checkpoint=tmp_path, **MODELS), first)


def test_what_is_kept_is_of_one_comparison(weekly, make_reading, tmp_path, monkeypatch):
    """Of the same file, options, versions and plan, or it is refused, and nothing is changed."""
    reading = make_reading(weekly, 7)
    compare(reading, checkpoint=tmp_path, **MODELS)
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    other = replace(reading, sha256="1" * 64)
    changed = make_reading(weekly.assign(demand=weekly["demand"].cumsum()), 7)
    go_on = "go on as it was begun, or begin anew with force=True and without resume="

    with pytest.raises(DataProblem, match=f"keeps was made from other data: {go_on}"):
        compare(other, checkpoint=tmp_path, **MODELS)
    with pytest.raises(DataProblem, match="was made with folds=2, not 3: "):
        compare(reading, checkpoint=tmp_path, **MODELS | {"folds": 3})
    with pytest.raises(DataProblem, match="was made by another plan: "):
        compare(changed, checkpoint=tmp_path, **MODELS)
    monkeypatch.setattr("skrnn.comparison.keeping.versions", lambda: {**versions(), "numpy": "99"})
    with pytest.raises(DataProblem, match="was made with numpy .*, not 99: "):
        compare(reading, checkpoint=tmp_path, **MODELS)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_fits_in_parallel_may_be_more_or_fewer(weekly, make_reading, tmp_path):
    """They change no number."""
    reading = make_reading(weekly, 7)
    first = compare(reading, checkpoint=tmp_path, **MODELS)

    same(compare(reading, checkpoint=tmp_path, jobs=2, **MODELS), first)


def test_nobody_goes_on_from_what_cannot_be_read(weekly, make_reading, tmp_path):
    """Of whom it is, is not known."""
    (tmp_path / "begun.skrnn").write_bytes(np.random.default_rng(0).bytes(99))

    with pytest.raises(DataProblem, match="keeps cannot be read: begin anew with force=True"):
        compare(make_reading(weekly, 7), checkpoint=tmp_path, **MODELS)
