"""Results are written whole or not at all, wherever they go."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from skrnn.cli.writing import new_file, new_folder
from skrnn.reading import DataProblem

NAMES = ("report", "model")


def write(path, words, force=False):
    with new_folder(path, NAMES, force) as unfinished:
        for name in NAMES:
            (unfinished.results / name).write_text(words)


def read(path):
    return {file.name: file.read_text() for file in path.iterdir()}


OLD, NEW = (dict.fromkeys(NAMES, words) for words in ("old", "new"))


@pytest.fixture
def written(tmp_path):
    """A folder of an earlier run."""
    write(tmp_path / "out", "old")
    return tmp_path / "out"


def test_a_folder_that_is_there_stays_the_same_folder(written):
    """It may be where a volume is mounted, which can be neither moved nor replaced."""
    before = written.stat().st_ino

    write(written, "new", force=True)

    assert (read(written), written.stat().st_ino) == (NEW, before)
    assert list(written.parent.iterdir()) == [written]


def test_an_empty_folder_needs_no_force(tmp_path):
    """A volume that was just mounted has nothing that could be lost."""
    write(tmp_path, "new")

    assert read(tmp_path) == NEW


def test_a_link_to_a_folder_stays_a_link(written):
    """The files go where it leads."""
    link = written.parent / "link"
    link.symlink_to(written)

    write(link, "new", force=True)

    assert link.is_symlink()
    assert read(written) == NEW


def test_a_link_to_a_file_stays_a_link(tmp_path):
    """The file behind it is replaced, and has the same readers."""
    file = tmp_path / "file"
    link = tmp_path / "folder" / "link"
    file.write_text("old")
    file.chmod(0o640)
    link.parent.mkdir()
    link.symlink_to(file)

    with new_file(link, force=True) as unfinished:
        unfinished.write_text("new")

    assert link.is_symlink()
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("new", 0o640)
    assert list(link.parent.iterdir()) == [link]


def test_the_current_folder(written, monkeypatch):
    """It has no name of its own."""
    monkeypatch.chdir(written)

    write(".", "new", force=True)

    assert read(written) == NEW


@pytest.mark.parametrize("n_done", range(4))
def test_a_fault_while_files_are_put_in_place(n_done, written, monkeypatch):
    """Whichever of them cannot be moved, the old ones are there as they were."""
    replace, done = Path.replace, []

    def fail_later(self, target):
        done.append(target)
        if len(done) == n_done + 1:
            raise OSError("injected")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fail_later)
    with pytest.raises(OSError, match="injected"):
        write(written, "new", force=True)

    assert read(written) == OLD


def test_a_full_disk_is_told_with_its_place(tmp_path):
    """What is written says none."""
    full = OSError(errno.ENOSPC, "No space left on device")
    for place, writing in (
        (tmp_path / "out", new_folder(tmp_path / "out", NAMES, False)),
        (tmp_path, new_file(tmp_path / "file", False)),
    ):
        with pytest.raises(OSError, match="No space left") as told, writing:
            raise full
        assert told.value.filename == str(place)
        full.filename = None
    assert list(tmp_path.iterdir()) == []


# A terminal that is left by ``nohup`` would have its signal ignored.
LONG = """
import signal, sys, time
for name in ("SIGTERM", "SIGHUP"):
    signal.signal(getattr(signal, name), signal.SIG_DFL)
from skrnn.cli import main, running

def wait(args):
    from skrnn.cli.writing import new_folder
    with new_folder("out", ("report",), False):
        print("begun", flush=True)
        time.sleep(60)

running.run = wait
sys.exit(main(["demo"]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_process_that_is_told_to_end_leaves_nothing(number, tmp_path):
    """Neither results nor a hidden folder."""
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-c", LONG],
        cwd=tmp_path,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "begun\n"

    process.send_signal(number)
    _, said = process.communicate(timeout=30)

    assert process.returncode == 128 + number
    assert said == "skrnn demo: it was told to end, nothing was written\n"
    assert list(tmp_path.iterdir()) == []


def fail(path, finished=("fold-0-linear.skrnn",)):
    """A run that fails when some things are finished."""
    with new_folder(path, NAMES, False) as unfinished:
        unfinished.kept.mkdir()
        for name in finished:
            (unfinished.kept / name).write_text("finished")
        raise RuntimeError


@pytest.fixture
def kept(tmp_path):
    """A folder of results of which some are finished."""
    with pytest.raises(RuntimeError):
        fail(tmp_path / "out")
    return tmp_path / "out"


def test_what_was_finished_is_told_with_the_error(tmp_path):
    """It stays in a folder that anyone sees, and the error says how to go on."""
    out = tmp_path / "out"

    with pytest.raises(RuntimeError) as caught:
        fail(out)

    assert caught.value.kept == f"what is finished is kept: go on with resume='{out}'"
    assert [file.name for file in out.rglob("*.skrnn")] == ["fold-0-linear.skrnn"]


def test_nothing_finished_leaves_nothing(tmp_path):
    """Not even an empty folder."""
    with pytest.raises(RuntimeError):
        fail(tmp_path / "out", finished=("begun.skrnn",))

    assert list(tmp_path.iterdir()) == []


def test_what_is_finished_is_not_forgotten_by_chance(kept):
    """Who neither goes on nor says so gets an error with both ways."""
    with pytest.raises(DataProblem, match=r"has an unfinished run: go on with resume='.*out', or"):
        write(kept, "new")

    write(kept, "new", force=True)
    assert read(kept) == NEW


def test_a_run_that_goes_on_finds_what_was_finished(kept):
    """And leaves nothing but results."""
    with new_folder(kept, NAMES, False, resume=True) as unfinished:
        assert [file.name for file in unfinished.kept.iterdir()] == ["fold-0-linear.skrnn"]
        (unfinished.results / "report").write_text("new")

    assert read(kept) == {"report": "new"}


def test_there_must_be_something_to_go_on_with(written):
    """A folder that is misspelt begins nothing."""
    with (
        pytest.raises(DataProblem, match="keeps nothing that is unfinished: leave out resume="),
        new_folder(written, NAMES, False, resume=True),
    ):
        pass


@pytest.mark.parametrize("force", [True, False])
def test_results_never_take_the_place_of_what_is_read(tmp_path, force):
    source = tmp_path / "report"
    source.write_text("mine")

    with (
        pytest.raises(DataProblem, match="report is what is read, and results would take its"),
        new_folder(tmp_path, NAMES, force, sources=[source]),
    ):
        pass

    assert read(tmp_path) == {"report": "mine"}
