"""What is compiled, and how long it is kept."""

import importlib.util

import pytest

from skrnn.neural.fused import compiling

MODULE = """
from skrnn.neural.fused.compiling import compiled

@compiled
def one():
    return 1
"""


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


def test_numba_without_a_compiler(monkeypatch):
    """Says which setting is in the way."""
    monkeypatch.setattr("numba.config.DISABLE_JIT", 1)

    with pytest.raises(RuntimeError, match="NUMBA_DISABLE_JIT forbids: unset it, or use engine='keras'"):
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

    assert "in every process, as there is no folder to keep them in (NUMBA_CACHE_DIR" in capsys.readouterr().err
