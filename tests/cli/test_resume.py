"""A comparison whose process was ended goes on to the same results."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from skrnn.cli import main
from skrnn.datasets import load_airline

COMPARE = ["compare", "airline.csv", "--target", "passengers", "--effort", "quick", "--json"]
COMPARE += ["--models", "linear,dense", "--folds", "3"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")


@pytest.fixture
def airline(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    load_airline().to_csv("airline.csv", index_label="month")
    return tmp_path


def ended_behind(name, number, out):
    """End the process of a comparison as soon as something is kept: what it said, and its code."""
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-m", "skrnn", *COMPARE, *out],
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    kept = f"{out[1]}/unfinished/kept/{name}.skrnn"
    while not os.path.exists(kept) and process.poll() is None:
        time.sleep(0.002)
    process.send_signal(number)
    _, said = process.communicate()
    return said, process.returncode


def without_times(text):
    """A comparison's JSON or page without the seconds that it took, and its folder."""
    text = re.sub(r'"(fit_time|predict_time|seconds)": [0-9.e-]+', r'"\1"', text)
    return re.sub(r"(cut|uncut)/", "", text)


def test_a_comparison_that_is_killed_goes_on(airline, capsys):
    """In the race, by SIGKILL, and in the folds, by SIGTERM, to the same bits."""
    assert main([*COMPARE, "--out", "uncut"]) == 0
    uncut = capsys.readouterr().out

    _, code = ended_behind("race-linear", signal.SIGKILL, ["--out", "cut"])
    assert code == -signal.SIGKILL
    said, code = ended_behind("fold-2-linear", signal.SIGTERM, ["--resume", "cut"])
    assert (code, said) == (
        128 + signal.SIGTERM,
        "skrnn compare: it was told to end, what is finished is kept: go on with --resume cut\n",
    )
    assert main([*COMPARE, "--out", "cut"]) == 2
    assert capsys.readouterr().err == (
        "skrnn compare: cut has an unfinished run: go on with --resume cut, or begin anew with "
        "--force\n"
    )
    assert main([*COMPARE, "--resume", "cut"]) == 0

    cut = capsys.readouterr().out
    assert without_times(cut) == without_times(uncut)
    files = {path.name for path in (airline / "uncut").iterdir()}
    assert files == {path.name for path in (airline / "cut").iterdir()}
    for name in ("model.skrnn", "forecast.csv"):
        assert (airline / "cut" / name).read_bytes() == (airline / "uncut" / name).read_bytes()
    assert json.loads(cut)["command"] == json.loads(uncut)["command"]


def test_another_comparison_does_not_go_on(airline, capsys):
    """It says in one line what differs, and leaves what is finished."""
    ended_behind("fold-2-linear", signal.SIGKILL, ["--out", "cut"])
    kept = sorted(path.name for path in (airline / "cut" / "unfinished" / "kept").iterdir())

    assert main([*COMPARE, "--resume", "cut", "--horizon", "5"]) == 2
    assert capsys.readouterr().err == (
        "skrnn compare: what cut/unfinished keeps was made with --horizon None, not 5: go on as it "
        "was begun, or begin anew with --force and without --resume\n"
    )
    assert main([*COMPARE, "--resume", "cut", "--models", "naive,linear"]) == 2
    assert "--models linear,dense, not naive,linear: go on" in capsys.readouterr().err
    assert kept == sorted(path.name for path in (airline / "cut" / "unfinished" / "kept").iterdir())
