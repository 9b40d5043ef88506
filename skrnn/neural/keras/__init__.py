"""The Keras engine: builds a Network as a Keras model and trains it. Nothing else imports Keras."""

from importlib.util import find_spec

_missing = [name for name in ("keras", "scikeras", "tensorflow") if find_spec(name) is None]
if _missing:
    raise ImportError(
        f"Keras's engine and models need {', '.join(_missing)}: pip install 'skrnn[keras]'"
    )
