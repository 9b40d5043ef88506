"""Pool: the things that were needed last, each made once."""

import collections
import threading
from collections.abc import Callable
from typing import Any


class Pool:
    """So many things at most, each under a key; those that were needed longest ago go first."""

    def __init__(self, size: int):
        self._size, self._things, self._lock = size, collections.OrderedDict(), threading.Lock()

    def get(self, key, make: Callable) -> Any:
        """What is kept under a key, or what ``make`` makes of it."""
        with self._lock:
            if key not in self._things:
                self._things[key] = make()
            self._things.move_to_end(key)
            if len(self._things) > self._size:
                self._things.popitem(last=False)
            return self._things[key]

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._things.clear()
