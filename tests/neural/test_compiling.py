"""What is compiled, where and how long it is kept, and what is said of it."""

import errno
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from numba import njit, types
from numba.core.registry import cpu_target

import skrnn
from skrnn.neural.fused import compiling, shipped
from skrnn.neural.fused.layers.kinds import KINDS, add_kind

# One kernel, as networks have many.
KERNEL = """
import numpy as np
from skrnn.neural.fused.compiling import announced
from skrnn.neural.fused.losses import mean_loss
from skrnn.neural.training import Loss

with announced():
    print(mean_loss(np.ones((3, 1)), np.zeros((3, 1)), None, Loss("mse")))
"""


@pytest.fixture
def installed(tmp_path):
    """The package in a place where nothing can be written beside it, also by an administrator."""
    package = tmp_path / "site" / "skrnn"
    shutil.copytree(
        Path(skrnn.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__")
    )
    (package / "neural" / "fused" / "__pycache__").touch()
    return package.parent


def run(installed, home):
    left_out = ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    environment |= {"PYTHONPATH": str(installed), "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    call = [sys.executable, "-c", KERNEL]
    return subprocess.run(
        call, cwd=installed, env=environment, capture_output=True, text=True, check=True
    )


@pytest.mark.skipif(sys.platform == "win32", reason="the cache is elsewhere")
def test_a_package_that_cannot_be_written_to(installed, tmp_path):
    """Kernels are kept in the user's cache then, and whoever waits for them is told so once."""
    home = tmp_path / "home"

    first, second = run(installed, home), run(installed, home)

    assert list(home.rglob("*.nbi"))
    assert first.stderr.count("compiling the network's kernels") == 1
    assert second.stderr == ""
    assert first.stdout == second.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="the cache is elsewhere")
def test_nothing_can_be_written(installed):
    """Each process compiles anew."""
    assert "compiling" in run(installed, "/dev/null").stderr


MODULE = """
from skrnn.neural.fused.compiling import compiled

@compiled
def one():
    return 1
"""


def beside(folder):
    """The environment of a process that finds modules in a folder, and keeps its kernels there."""
    folders = [str(folder), str(Path(skrnn.__file__).parents[1])]
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(folders),
        "NUMBA_CACHE_DIR": str(folder / "kernels"),
    }


def hits(path):
    """How often a function of a file was found in the cache, when it is called."""
    spec = importlib.util.spec_from_file_location("kept", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.one() == 1
    return sum(module.one.stats.cache_hits.values())


def test_what_was_compiled_of_another_version_is_compiled_anew(tmp_path, monkeypatch):
    """Functions of one file are parts of those of others: a change of any of them counts."""
    monkeypatch.setattr("numba.config.CACHE_DIR", "")
    path = tmp_path / "kept.py"
    path.write_text(MODULE)

    first, second = hits(path), hits(path)
    monkeypatch.setattr(compiling, "_sources", lambda: b"another version")

    assert (first, second, hits(path)) == (0, 1, 0)


def test_what_came_with_a_wheel_is_not_compiled(tmp_path, monkeypatch):
    """Where the processor runs it: it is found under the name of a class of processors."""
    path = tmp_path / "kept.py"
    path.write_text(MODULE)
    monkeypatch.setattr("numba.config.CACHE_DIR", str(tmp_path / "here"))
    monkeypatch.setattr(shipped, "FOLDER", tmp_path / "wheel")
    monkeypatch.setattr(
        shipped, "TARGETS", {("a class", "+fma"): (), ("another", "+fma"): ("new",)}
    )
    with monkeypatch.context() as patched:
        codegen = cpu_target.target_context.codegen()
        triple, *_ = codegen.magic_tuple()
        patched.setattr(type(codegen), "magic_tuple", lambda _: (triple, "a class", "+fma"))
        assert hits(path) == 0
    (tmp_path / "wheel").mkdir()
    for file in (tmp_path / "here").rglob("*.nb?"):
        file.rename(tmp_path / "wheel" / file.name)

    assert hits(path) == 1
    monkeypatch.setattr(shipped, "TARGETS", {("a class", "+fma"): ("new",)})
    assert hits(path) == 0


def test_a_damaged_kernel_of_a_wheel_is_compiled_anew(tmp_path, monkeypatch):
    """Whatever its files hold."""
    path = tmp_path / "kept.py"
    path.write_text(MODULE)
    monkeypatch.setattr("numba.config.CACHE_DIR", str(tmp_path / "here"))
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    hits(path)
    for file in (tmp_path / "here").rglob("*.nb?"):
        (tmp_path / file.name).write_bytes(b"no kernel")
        file.unlink()

    assert hits(path) == 0


def test_what_two_processes_need_is_compiled_once(tmp_path):
    """The second waits for the first, and takes what that has kept."""
    module = tmp_path / "kept.py"
    module.write_text(MODULE)
    code = (
        "import kept, time\n"
        "from skrnn.neural.fused import compiling\n"
        "keep = compiling._Kept._keep\n"
        "def late(*arguments):\n"
        "    print('compiled')\n"
        "    time.sleep(1)\n"
        "    keep(*arguments)\n"
        "compiling._Kept._keep = late\n"
        "print(kept.one())"
    )

    call = [sys.executable, "-c", code]
    both = [
        subprocess.Popen(call, env=beside(tmp_path), stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]

    said = [process.communicate()[0].split() for process in both]
    assert sorted(said) == [["1"], ["compiled", "1"]]


def test_a_full_disk_costs_no_more_than_compiling_anew(tmp_path, monkeypatch, capsys):
    """What cannot be kept is said once."""
    monkeypatch.setattr("numba.config.CACHE_DIR", "")
    monkeypatch.setattr(compiling._Announcer, "failed", False)
    path = tmp_path / "kept.py"
    path.write_text(MODULE)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("numba.core.caching.IndexDataCacheFile._open_for_write", full)

    assert (hits(path), hits(path)) == (0, 0)
    said = capsys.readouterr().err
    assert said.count("the compiled kernels cannot be kept (No space left on device)") == 1


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
def test_damaged_files_of_kernels_are_compiled_anew(suffix, tmp_path, monkeypatch):
    """As they are left by a process that ends while it writes."""
    monkeypatch.setattr("numba.config.CACHE_DIR", "")
    path = tmp_path / "kept.py"
    path.write_text(MODULE)
    hits(path)

    for file in tmp_path.rglob(f"*.{suffix}"):
        file.write_bytes(file.read_bytes()[:-10])

    assert (hits(path), hits(path)) == (0, 1)


def test_numba_without_a_compiler(monkeypatch):
    """Says which setting is in the way."""
    monkeypatch.setattr("numba.config.DISABLE_JIT", 1)

    with pytest.raises(
        RuntimeError, match="NUMBA_DISABLE_JIT forbids: unset it, or use engine='keras'"
    ):
        compiling.compiled(lambda: None)


def test_where_nothing_can_be_kept(monkeypatch, capsys):
    """Each process compiles anew, and says how to change that."""
    njit = compiling.njit

    def nowhere(cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function")
        return njit(**options)

    monkeypatch.setattr(compiling, "njit", nowhere)
    monkeypatch.setattr(compiling._Announcer, "often", "once on this machine")
    monkeypatch.setattr(compiling._Announcer, "said", False)

    with compiling.announced():
        assert compiling.compiled(lambda: 1)() == 1

    assert (
        "in every process, as there is no folder to keep them in (NUMBA_CACHE_DIR"
        in capsys.readouterr().err
    )


def test_nobody_counts_who_looks_at_an_array():
    """Arrays are lent for as long as a call: no kernel counts, in places that threads share.

    Loops are turned into the widest instructions that there are.
    """
    kernel = next(one for one in compiling._LINKED if one._name.endswith("products_affine"))
    anew = njit(pipeline_class=compiling._Lean)(kernel._dispatcher.py_func)
    anew.compile(kernel._signature.of(types.float32))

    code = anew.inspect_llvm(anew.signatures[0])
    body = code[code.index("define") : code.index("\n}", code.index("define"))]

    assert f'"prefer-vector-width"="{8 * compiling.VECTOR}"' in code
    assert "NRT_incref" not in body
    assert "NRT_decref" not in body


def test_kinds_of_layers_have_numbers_of_their_own():
    """Two layers with one number would run each other's kernels."""
    number, kind = next(iter(KINDS.items()))

    with pytest.raises(ValueError, match=f"a number of its own, got {number}"):
        add_kind(number, kind)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_ctrl_c_while_something_is_compiled_is_heard(tmp_path):
    """Inside of LLVM it would be swallowed: it is heard when that is done."""
    (tmp_path / "kept.py").write_text(MODULE)
    code = (
        "import signal\n"
        "from numba.core import event\n"
        "import kept\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "class Cut(event.Listener):\n"
        "    def on_start(self, event):\n"
        "        signal.raise_signal(signal.SIGINT)\n"
        "        print('compiled')\n"
        "    def on_end(self, event):\n"
        "        pass\n"
        "with event.install_listener('numba:run_pass', Cut()):\n"
        "    try:\n"
        "        kept.one()\n"
        "    except KeyboardInterrupt:\n"
        "        print('heard')\n"
    )

    said = subprocess.run(
        [sys.executable, "-c", code],
        env=beside(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout.split()[-1] == "heard"
    assert said.stdout.split()[0] == "compiled"
