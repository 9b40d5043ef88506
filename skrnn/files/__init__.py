"""Files: fitted estimators as numbers and text, opened without trusting who wrote them.

A file is an uncompressed zip of arrays, of a tree that says what they are part of, and of a header
with the format's version and a checksum. What it is made of is checked before anything is built.
"""

from pathlib import Path
from typing import Any

from skrnn.files.archive import content_of, members_of, write_whole
from skrnn.files.reading import built
from skrnn.files.writing import written

__all__ = ["load", "save"]


def save(estimator: Any, path: str | Path) -> None:
    """Write a fitted estimator to a file: numbers and text, no pickle.

    Parameters
    ----------
    estimator : estimator
        An estimator of skrnn or scikit-learn, a Pipeline or search of them, or a ``ForecastModel``.
        What is not theirs, such as functions of one's own, callbacks and Keras objects, is refused
        by the name of the parameter that holds it.
    path : str or Path
        The file. One that is there is replaced in the end, whole or not at all.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import skrnn
    >>> from skrnn.datasets import load_airline
    >>> X, y = skrnn.make_windows(load_airline(), length=24)
    >>> model = skrnn.LinearWindow().fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     skrnn.save(model, Path(folder, "airline.skrnn"))
    ...     loaded = skrnn.load(Path(folder, "airline.skrnn"))
    >>> bool((loaded.predict(X) == model.predict(X)).all())
    True
    """
    write_whole(Path(path), content_of(written(estimator)))


def load(path: str | Path) -> Any:
    """Read what ``save`` wrote.

    Nothing in a file is run. It is refused, with a ``ValueError`` that says why, if it is damaged,
    of a newer version, or holds anything but numbers, text, and the state of skrnn's and
    scikit-learn's own classes. A checksum tells what was damaged on the way, not who wrote it: a
    model that a stranger made up may still forecast nonsense, claim a network larger than memory,
    or, of scikit-learn's trees, stop the process.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    estimator : estimator
        It forecasts what the one that was saved does, and goes on learning as that would.
    """
    path = Path(path)
    return built(path.name, members_of(path))
