"""uncut: a block that Ctrl-C does not cut."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncut() -> Iterator[None]:
    """A block that ends before Ctrl-C is heard.

    An import that is cut leaves a library half there: Numba and TensorFlow do not recover from that
    in the same process. Outside of the main thread nothing is cut anyway.

    Examples
    --------
    >>> import signal
    >>> from skrnn.uncut import uncut
    >>> before = signal.signal(signal.SIGINT, signal.default_int_handler)
    >>> try:
    ...     with uncut():
    ...         signal.raise_signal(signal.SIGINT)
    ...         print("to its end")
    ... except KeyboardInterrupt:
    ...     print("and then it is heard")
    to its end
    and then it is heard
    >>> signal.signal(signal.SIGINT, before) is signal.default_int_handler
    True
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is None:
        yield
        return
    heard = []
    signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if heard:
            signal.raise_signal(signal.SIGINT)
