"""main: the ``skrnn`` command's entry point."""

import contextlib
import os
import signal
import sys
import threading
import warnings
from concurrent.futures import BrokenExecutor

from skrnn.cli import INTERRUPTED

ENDING = ("SIGINT", "SIGTERM", "SIGHUP")


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    with _ended_at_once():
        from skrnn.cli.arguments import make_parser

        args = make_parser().parse_args(argv)
        # Imported behind the parser: a usage error and --help need not wait for it.
        from skrnn.cli.running import run

        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):  # a terminal that has no ± shows a question mark
                stream.reconfigure(errors="replace")
    try:
        with _no_warnings(), _ended_cleanly():
            return run(args)
    except BrokenPipeError:
        # Whoever read the output has seen enough. Nothing is left to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (KeyboardInterrupt, ToldToEnd, Exception) as error:
        words, code = _told(error)
        return _fail(f"skrnn {args.command}", words, code)


class ToldToEnd(SystemExit):
    """The process was asked to end."""


def _told(error):
    """What is said of an error, and the exit code."""
    match error:
        case KeyboardInterrupt():
            return f"stopped by Ctrl-C, {_left(error)}", INTERRUPTED
        case ToldToEnd():
            return f"it was told to end, {_left(error)}", error.code
        case MemoryError():
            words = (
                "the memory is not enough for this: bring fewer rows or columns, or a smaller "
                "--window"
            )
        case OSError():
            words = f"{error.filename or 'the output'}: {error.strerror or error}"
        case BrokenExecutor():
            words = (
                "a process that fitted in parallel was ended from outside, as systems do where "
                "memory is short: use fewer --jobs"
            )
        case _ if os.environ.get("SKRNN_TRACEBACK"):
            raise error
        case ValueError():
            words = _as_flags(_in_one_line(error))
        case _:
            said = f"{type(error).__name__}: {_in_one_line(error)}"
            words = (
                f"a fault of skrnn's own ({said}): run it again with SKRNN_TRACEBACK=1, and report "
                "it"
            )
    return words + _kept(error), INTERRUPTED if getattr(error, "interrupted", False) else 2


def _in_one_line(error):
    return " ".join(str(error).split())


def _left(error):
    """What is left behind by a command that was cut."""
    return _as_flags(getattr(error, "kept", "nothing was written"))


def _kept(error):
    """The same, behind an error's own words."""
    return f"; {_left(error)}" if hasattr(error, "kept") else ""


@contextlib.contextmanager
def _ended_cleanly():
    """What asks the process to end lets it clean up first: nothing hidden stays behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number, _):
        # Once is enough: cleaning up is not to be cut.
        signal.signal(number, signal.SIG_IGN)
        raise ToldToEnd(128 + number)

    with _handled(ENDING[1:], end):
        yield


@contextlib.contextmanager
def _ended_at_once():
    """What asks the process to end while it only imports ends it: there is nothing to clean up.

    An error that is raised in an import of compiled code may be swallowed, or come out as another.
    """
    if (
        threading.current_thread() is not threading.main_thread()
        or "skrnn.cli.running" in sys.modules
    ):
        yield
        return

    def end(number, _):
        why = "stopped by Ctrl-C" if number == signal.SIGINT else "it was told to end"
        os.write(2, f"skrnn: {why}, nothing was written\n".encode())
        os._exit(128 + number)

    with _handled(ENDING, end):
        yield


@contextlib.contextmanager
def _handled(names, handler):
    """A block in which signals that nobody else handles are handled so."""
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    unhandled = (signal.SIG_DFL, signal.default_int_handler)
    before = {number: signal.getsignal(number) for number in numbers}
    before = {number: found for number, found in before.items() if found in unhandled}
    for number in before:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, found in before.items():
            signal.signal(number, found)


@contextlib.contextmanager
def _no_warnings():
    """Warnings are for who writes code.

    Those of processes that fit in parallel are left out too.
    """
    before = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = "ignore"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if before is None:
            del os.environ["PYTHONWARNINGS"]
        else:
            os.environ["PYTHONWARNINGS"] = before


def _as_flags(message):
    from skrnn.cli.flags import as_flags

    return as_flags(message)


def _fail(prog, message, code=2):
    from skrnn.wording import printable

    print(printable(f"{prog}: {message}"), file=sys.stderr)
    return code
