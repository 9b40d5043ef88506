"""Quiet: what TensorFlow says unasked."""

import contextlib
import logging
import os
import sys
import tempfile


@contextlib.contextmanager
def quiet_start():
    """Keep TensorFlow's start-up messages from a user who did not ask for them.

    Who does, sets TF_CPP_MIN_LOG_LEVEL.

    They are written by C++ before any log level is read, so the file descriptor itself is turned
    away. What was written is shown after all if the import fails.
    """
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        yield
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:
        kept = None
    with tempfile.TemporaryFile() as said:
        try:
            if kept is not None:
                os.dup2(said.fileno(), 2)
            yield
        except BaseException:
            if kept is not None:
                said.seek(0)
                os.write(kept, said.read())
            raise
        finally:
            if kept is not None:
                os.dup2(kept, 2)
                os.close(kept)
            del os.environ["TF_CPP_MIN_LOG_LEVEL"]


class _NoRetracingAdvice(logging.Filter):
    """Every new network is traced anew, which TensorFlow takes for a caller's mistake."""

    def filter(self, record):
        return "retracing" not in record.getMessage()


@contextlib.contextmanager
def without_retracing_advice():
    """Keep TensorFlow's advice on retracing to itself in this block."""
    logger, advice = logging.getLogger("tensorflow"), _NoRetracingAdvice()
    logger.addFilter(advice)
    try:
        yield
    finally:
        logger.removeFilter(advice)
