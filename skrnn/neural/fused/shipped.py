"""Kernels that come with a wheel: compiled when it was built, for processors like this one."""

from pathlib import Path

import llvmlite.binding
from numba.core.caching import IndexDataCacheFile

FOLDER = Path(__file__).parent / "compiled"
# What kernels are compiled for where a wheel is built, the best first: a processor by LLVM's name,
# its features as LLVM is told of them, and those that it takes. Vectors of 512 bits are asked for,
# as LLVM avoids them otherwise.
TARGETS = {
    ("x86-64-v4", "+avx512f,-prefer-256-bit"): ("avx512f", "avx512bw", "avx512dq", "avx512vl"),
    ("x86-64-v3", "+avx2,+fma"): ("avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe"),
}


def targets() -> list[tuple[str, str]]:
    """The targets whose code this processor runs, the best first."""
    has = llvmlite.binding.get_host_cpu_features()
    return [target for target, needed in TARGETS.items() if all(has.get(one) for one in needed)]


class Shipped:
    """What of one function came with the wheel."""

    def __init__(self, name: str, stamp: object):
        self._file = IndexDataCacheFile(str(FOLDER), name, stamp)

    def load(self, key: tuple) -> tuple | None:
        """What Numba kept under a key, compiled for one of the targets; None without any.

        A key is the signature, the target and what tells the function from others.
        """
        signature, (triple, *_), function = key
        if not FOLDER.is_dir():
            return None
        keys = ((signature, (triple, *target), function) for target in targets())
        return next((found for key in keys if (found := self._file.load(key)) is not None), None)
