"""What the extra "keras" installs, and what of it is not installed here."""

from importlib.util import find_spec

KERAS = ("keras", "scikeras", "tensorflow")
NO_KERAS = [name for name in KERAS if find_spec(name) is None]
