"""Stop: Ctrl-C and a deadline end the work between these lines, and what is finished stays."""

import _thread
import signal
import threading
import time
from contextlib import contextmanager


@contextmanager
def patient():
    """A block that ends in its own time on the first Ctrl-C, as what it has would be lost.

    The second one is heard.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, lambda number, frame: signal.signal(signal.SIGINT, before))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class Stop:
    """Ends a block on Ctrl-C or at a deadline, and keeps the reason.

    A fit of a network takes Ctrl-C as the wish to go on with what it has learned, so whoever works
    inside asks ``reason`` after each step. Outside of the main thread, where there are no signals,
    the deadline is seen then only.

    Parameters
    ----------
    deadline : float, default=None
        The ``time.monotonic()`` at which the block ends; None: never.
    """

    def __init__(self, deadline=None):
        self.deadline = deadline
        self._interrupted = self._late = self._inside = False

    @property
    def reason(self) -> str | None:
        """Why the block ended before its end: "interrupted", "budget", or None."""
        if self._late or (self.deadline is not None and time.monotonic() >= self.deadline):
            return "budget"
        return "interrupted" if self._interrupted else None

    def __enter__(self):
        self._timer = self._handler = None
        if threading.current_thread() is threading.main_thread():
            self._handler = signal.signal(signal.SIGINT, self._on_signal)
            if self.deadline is not None:
                self._timer = threading.Timer(
                    max(0.0, self.deadline - time.monotonic()), self._on_deadline
                )
                self._timer.daemon = True
                self._timer.start()
        self._inside = True
        return self

    def __exit__(self, kind, error, traceback):
        self._inside = False
        if self._timer is not None:
            self._timer.cancel()
            # One that has just begun to end the block must not end what comes behind it.
            self._timer.join()
        if self._handler is not None:
            signal.signal(signal.SIGINT, self._handler)
        # Frozen: a deadline that passes later did not end this block.
        self._late, self.deadline = self.reason == "budget", None
        return kind is KeyboardInterrupt and self.reason is not None

    def _on_deadline(self):
        self._late = True
        _thread.interrupt_main()

    def _on_signal(self, number, frame):
        self._interrupted = True
        if self._inside:
            raise KeyboardInterrupt
