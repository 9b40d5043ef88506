"""Stop: Ctrl-C and a deadline end the work between these lines, and what is finished stays."""

import _thread
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from skrnn.validation import check_positive

# Python swallows what is raised inside of these, so that a block goes on.
SWALLOWING = ("__del__", "finalize.__call__")
SOON = 0.02


@dataclass(frozen=True)
class Budget:
    """The seconds that a comparison may take, from the ``time.monotonic()`` at which it started."""

    started: float
    seconds: float = np.inf

    @classmethod
    def of(cls, minutes: float | None, started: float | None = None) -> "Budget":
        """So many minutes, None for as long as it takes, from now on or from when it started."""
        seconds = np.inf if minutes is None else 60 * check_positive("budget", minutes)
        return cls(time.monotonic() if started is None else started, seconds)

    def deadline(self, kept: float) -> float | None:
        """When all but a share of it is spent; None for never."""
        return None if np.isinf(self.seconds) else self.started + (1 - kept) * self.seconds

    def spent(self) -> float:
        """The seconds since the start."""
        return time.monotonic() - self.started

    def allows(self, seconds: float, kept: float) -> bool:
        """Whether something that takes so long leaves a share of it."""
        return self.spent() + seconds < (1 - kept) * self.seconds


@contextmanager
def patient() -> Iterator[None]:
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

    A fit by itself takes Ctrl-C as the wish to go on with what it has learned, so whoever works
    inside asks ``reason`` after each step, and counts nothing that ended then. Outside of the main
    thread, where there are no signals, the deadline is seen then only.

    Parameters
    ----------
    deadline : float, default=None
        The ``time.monotonic()`` at which the block ends; None: never.
    """

    def __init__(self, deadline=None):
        self.deadline = deadline
        self._interrupted = False
        self._late = False
        self._inside = False

    @property
    def reason(self) -> str | None:
        """Why the block ended before its end: "interrupted", "budget", or None."""
        if self._late or (self.deadline is not None and time.monotonic() >= self.deadline):
            return "budget"
        return "interrupted" if self._interrupted else None

    def __enter__(self):
        self._timer = None
        self._again = None
        self._handler = None
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
        for timer in (self._timer, self._again):
            if timer is not None:
                timer.cancel()
                # One that has just begun to end the block must not end what comes behind it.
                timer.join()
        if self._handler is not None:
            signal.signal(signal.SIGINT, self._handler)
        # Frozen: a deadline that passes later did not end this block.
        self._late = self.reason == "budget"
        self.deadline = None
        return kind is KeyboardInterrupt and self.reason is not None

    def _on_deadline(self):
        self._late = True
        _thread.interrupt_main()

    def _on_signal(self, number, frame):
        self._interrupted = True
        if not self._inside:
            return
        if not _is_swallowed(frame):
            raise KeyboardInterrupt
        self._again = threading.Timer(SOON, _thread.interrupt_main)
        self._again.start()


def _is_swallowed(frame):
    """Whether what is raised there reaches nobody: in a destructor, or a weak reference's call."""
    while frame is not None:
        if frame.f_code.co_qualname.endswith(SWALLOWING):
            return True
        frame = frame.f_back
    return False
