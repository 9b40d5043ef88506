"""Memory that chunks go through, lent: new memory takes long to come, and most is needed again."""

import contextlib
import threading
from collections.abc import Iterator

import numpy as np

# A line of the processor's caches.
LINE = 64
# So many bytes are kept that nobody needs now, in so many pieces.
MOST, PIECES = 2**26, 16


class Lender:
    """Memory that was given back, for who needs as much, or half as much."""

    def __init__(self, most: int):
        self._most = most
        self._lock = threading.Lock()
        self._kept: list[np.ndarray] = []

    def take(self, size: int) -> np.ndarray:
        """So many bytes or more, which begin with a line of the cache: anything may be there."""
        with self._lock:
            for place in reversed(range(len(self._kept))):
                if size <= self._kept[place].nbytes <= 2 * size:
                    return self._kept.pop(place)
        memory = np.empty(size + LINE, np.uint8)
        start = -memory.ctypes.data % LINE
        return memory[start : start + size]

    def give_back(self, memory: np.ndarray) -> None:
        """Keep what nobody needs any more; what was given back longest ago goes first."""
        with self._lock:
            self._kept.append(memory)
            while len(self._kept) > PIECES or self.n_bytes > self._most:
                self._kept.pop(0)

    @property
    def n_bytes(self) -> int:
        """How much it keeps."""
        return sum(piece.nbytes for piece in self._kept)


_LENDER = Lender(MOST)


@contextlib.contextmanager
def lent(rows: int, lanes: int, dtype: str) -> Iterator[np.ndarray]:
    """Memory of a chunk, rows x lanes numbers in a line, for as long as a block lasts.

    Examples
    --------
    >>> with lent(3, 16, "float32") as memory:
    ...     print(memory.shape)
    (48,)
    """
    size = rows * lanes * np.dtype(dtype).itemsize
    memory = _LENDER.take(size)
    try:
        yield memory[:size].view(dtype)
    finally:
        _LENDER.give_back(memory)
