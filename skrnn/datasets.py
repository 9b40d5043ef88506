"""Data sets to learn and to measure with: made up, shipped, or downloaded once."""

import hashlib
import os
import shutil
import tarfile
import tempfile
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

__all__ = [
    "fetch_jena",
    "fetch_reviews",
    "load_airline",
    "make_reviews",
    "make_waves",
    "read_jena",
]

_JENA_URL = (
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/jena_climate_2009_2016.csv.zip"
)
_JENA_FILE = "jena_climate_2009_2016.csv"
_JENA_SHA256 = "eb3df9da6c25039f10814ded0a14138bb0afa3612be9cf79cafdf1cf6f95172e"
_REVIEWS_URL = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
_REVIEWS_FILE = "aclImdb_v1.tar.gz"
# The sum that those who use the archive publish.
_REVIEWS_MD5 = "7c2ac02c03563afcf9b574c7e56c153a"
_WIND_SPEEDS = ("wv (m/s)", "max. wv (m/s)")
_TIMEOUT_S = 60


def make_waves(
    n_series: int = 10_000, n_steps: int = 51, *, random_state: Any = None
) -> np.ndarray:
    """Draw series that are each the sum of two sine waves and a little noise.

    For t on a grid of `n_steps` over [0, 1]::

        0.5 sin((t - o1)(10 f1 + 10)) + 0.2 sin((t - o2)(20 f2 + 20)) + 0.1 (u - 0.5)

    The frequencies f1, f2 and the offsets o1, o2 are uniform on [0, 1) and drawn once a series, the
    noise u once a step. The noise alone has the variance 0.1²/12 = 0.00083: no one-step forecast
    has a smaller squared error.

    Parameters
    ----------
    n_series : int, default=10_000
        How many series to draw.
    n_steps : int, default=51
        The rows of each series.
    random_state : int, RandomState instance or None, default=None
        The seed, or the generator to draw from. The same seed gives the same series.

    Returns
    -------
    waves : ndarray of shape (n_series, n_steps, 1)
        The series.

    References
    ----------
    .. [1] A. Géron, *Hands-On Machine Learning with Scikit-Learn, Keras, and TensorFlow*, 2nd ed.,
       chapter 15.

    Examples
    --------
    Split 7:2:1, the naive forecast of the last step errs by 0.0202 on the validation series:

    >>> from skrnn.datasets import make_waves
    >>> waves = make_waves(10_000, 51, random_state=42)
    >>> waves.shape
    (10000, 51, 1)
    >>> validation = waves[7_000:9_000, :, 0]
    >>> round(float(((validation[:, -1] - validation[:, -2]) ** 2).mean()), 4)
    0.0202
    """
    rng = check_random_state(random_state)
    f1, f2, o1, o2 = rng.uniform(size=(4, n_series, 1))
    t = np.linspace(0, 1, n_steps)
    waves = 0.5 * np.sin((t - o1) * (10 * f1 + 10))
    waves += 0.2 * np.sin((t - o2) * (20 * f2 + 20))
    waves += 0.1 * (rng.uniform(size=(n_series, n_steps)) - 0.5)
    return waves[..., np.newaxis]


def load_airline() -> pd.DataFrame:
    """Load the monthly totals of international airline passengers, 1949 to 1960, in thousands.

    144 rows with a trend, a season of 12 rows, and a variance that grows with the level. The copy
    is the one that sktime ships, so no network is needed.

    Returns
    -------
    airline : DataFrame of shape (144, 1)
        The column "passengers" (float) over a monthly PeriodIndex named "month".

    References
    ----------
    .. [1] G. E. P. Box, G. M. Jenkins and G. C. Reinsel, *Time Series Analysis, Forecasting and
       Control*, 3rd ed., Holden-Day, 1976, series G.

    Examples
    --------
    >>> from skrnn.datasets import load_airline
    >>> load_airline().head(3)
             passengers
    month
    1949-01       112.0
    1949-02       118.0
    1949-03       132.0
    """
    from sktime.datasets import load_airline as load_from_sktime

    series = load_from_sktime()
    index = pd.PeriodIndex(series.index, freq="M", name="month")
    return pd.DataFrame({"passengers": series.to_numpy(dtype=float)}, index=index)


def fetch_jena(
    *, data_home: str | os.PathLike | None = None, url: str | None = None, download: bool = True
) -> pd.DataFrame:
    """Load eight years of weather in Jena, a row every ten minutes; the first call downloads them.

    The rows come from the station of the Max Planck Institute for Biogeochemistry, in the file that
    the Keras tutorials use. The download (13 MB) is kept, and a file is only ever used when its
    SHA-256 is the expected one. See `read_jena` for what is done to the rows.

    Parameters
    ----------
    data_home : str or path-like, default=None
        The folder that keeps the file. None takes the environment variable SKRNN_DATA, and
        ~/.cache/skrnn where that is not set.
    url : str, default=None
        Another address of the zip archive, or of the CSV itself; it has to hold the same CSV.
    download : bool, default=True
        False never touches the network.

    Returns
    -------
    climate : DataFrame of shape (420_768, 14)
        The measurements (float), 2009-01-01 00:10 to 2017-01-01 00:00, over a DatetimeIndex of ten
        minutes. The temperature is "T (degC)".

    Raises
    ------
    FileNotFoundError
        The file is not there, and `download` is False.
    OSError
        The download failed. The message says where to put the file by hand.
    ValueError
        The file's SHA-256 is not the expected one.

    See Also
    --------
    read_jena : Read a copy of the file from any path, without a check of its contents.

    References
    ----------
    .. [1] F. Chollet, *Deep Learning with Python*, 2nd ed., chapter 10.

    Examples
    --------
    >>> from skrnn.datasets import fetch_jena
    >>> climate = fetch_jena()  # doctest: +SKIP
    >>> fetch_jena(data_home="nowhere", download=False)
    Traceback (most recent call last):
        ...
    FileNotFoundError: nowhere/jena_climate_2009_2016.csv is not there, and download=False: ...
    """
    path = _data_home(data_home) / _JENA_FILE
    if not path.exists():
        if not download:
            raise FileNotFoundError(f"{path} is not there, and download=False: {_by_hand(path)}")
        _download(_JENA_URL if url is None else url, path, _by_hand(path), _take_jena)
    _check_sha256(path, path)
    return read_jena(path)


def read_jena(path: str | os.PathLike) -> pd.DataFrame:
    """Read a copy of the Jena climate file.

    Four things are done to the rows:

    - They are put in the order of their time stamps, "Date Time" in the file.
    - Where a time stamp comes twice, the first row stays. The file repeats some of its rows.
    - Where rows are missing, rows of NaN stand in, so that k rows are always the same time apart
      and the index has a frequency. The step is the most frequent one of the file. Should a stamp
      lie off that grid, nothing is put in.
    - A negative wind speed stands for a missing one and becomes NaN.

    Parameters
    ----------
    path : str, path-like or file-like
        The CSV file.

    Returns
    -------
    climate : DataFrame
        One float column for each measurement, over a DatetimeIndex named "Date Time".

    Examples
    --------
    >>> import io
    >>> from skrnn.datasets import read_jena
    >>> file = io.StringIO('''"Date Time","T (degC)","wv (m/s)"
    ... 01.01.2009 00:10:00,-8.02,1.03
    ... 01.01.2009 00:20:00,-8.41,-9999.0
    ... 01.01.2009 00:20:00,-8.41,0.72
    ... 01.01.2009 00:40:00,-8.31,0.19
    ... ''')
    >>> read_jena(file)
                         T (degC)  wv (m/s)
    Date Time
    2009-01-01 00:10:00     -8.02      1.03
    2009-01-01 00:20:00     -8.41       NaN
    2009-01-01 00:30:00       NaN       NaN
    2009-01-01 00:40:00     -8.31      0.19
    """
    table = pd.read_csv(path)
    if "Date Time" not in table.columns:
        raise ValueError(
            f'the file needs a column "Date Time", got {list(table.columns)}: pass a copy of '
            f"{_JENA_FILE}, "
            f"or read another file with pandas.read_csv."
        )
    stamps = pd.to_datetime(table.pop("Date Time"), format="%d.%m.%Y %H:%M:%S")
    table = table.astype(float).set_index(pd.DatetimeIndex(stamps))
    table = table[~table.index.duplicated(keep="first")].sort_index()
    for column in table.columns.intersection(_WIND_SPEEDS):
        table[column] = table[column].where(table[column] >= 0)
    return _with_missing_rows(table)


def fetch_reviews(
    subset: str = "train",
    *,
    data_home: str | os.PathLike | None = None,
    url: str | None = None,
    download: bool = True,
) -> pd.DataFrame:
    """Load 25,000 film reviews, of which half are positive; the first call downloads them.

    The Large Movie Review Dataset of Stanford. The download (84 MB) is kept, and is only ever used
    when its MD5 sum is the published one.

    Parameters
    ----------
    subset : {"train", "test"}, default="train"
        Which half: no film has reviews in both.
    data_home : str or path-like, default=None
        The folder that keeps the file. None takes the environment variable SKRNN_DATA, and
        ~/.cache/skrnn where that is not set.
    url : str, default=None
        Another address of the same archive.
    download : bool, default=True
        False never touches the network.

    Returns
    -------
    reviews : DataFrame of shape (25_000, 2)
        The columns "text" and "positive" (0 or 1), in an order that is drawn once for all. Line
        breaks of web pages ("<br />") are line breaks.

    Raises
    ------
    FileNotFoundError
        The file is not there, and `download` is False.
    OSError
        The download failed. The message says where to put the file by hand.
    ValueError
        The file's MD5 sum is not the expected one.

    References
    ----------
    .. [1] A. L. Maas, R. E. Daly, P. T. Pham, D. Huang, A. Y. Ng and C. Potts, "Learning word
       vectors for sentiment analysis", ACL 2011.

    Examples
    --------
    >>> from skrnn.datasets import fetch_reviews
    >>> reviews = fetch_reviews()  # doctest: +SKIP
    >>> fetch_reviews(data_home="nowhere", download=False)
    Traceback (most recent call last):
        ...
    FileNotFoundError: nowhere/aclImdb_v1.tar.gz is not there, and download=False: ...
    """
    if subset not in ("train", "test"):
        raise ValueError(f"subset must be one of 'train', 'test', got {subset!r}")
    path = _data_home(data_home) / _REVIEWS_FILE
    by_hand = (
        f"download {_REVIEWS_URL} with any browser, and put {_REVIEWS_FILE} into "
        f"{path.parent.absolute()}."
    )
    if not path.exists():
        if not download:
            raise FileNotFoundError(f"{path} is not there, and download=False: {by_hand}")
        _download(_REVIEWS_URL if url is None else url, path, by_hand, _take_reviews)
    _check_md5(path, path)
    texts, positive = _read_reviews(path, subset)
    order = np.random.default_rng(0).permutation(len(texts))
    reviews = pd.DataFrame({"text": texts, "positive": positive})
    return reviews.iloc[order].reset_index(drop=True)


def _take_reviews(loaded, target, url):
    _check_md5(loaded, url)
    loaded.rename(target)


def _check_md5(path, origin):
    with path.open("rb") as file:
        # It tells a damaged file, and guards against nobody.
        found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if found != _REVIEWS_MD5:
        raise ValueError(
            f"{origin} needs the MD5 sum {_REVIEWS_MD5}, got {found}: it is damaged or another "
            "version. Delete it and fetch again."
        )


def _read_reviews(path, subset):
    """Texts of the archive and whether each is positive, in the order of their names."""
    found = {}
    with tarfile.open(path) as archive:
        for member in archive:
            parts = member.name.split("/")
            if len(parts) == 4 and parts[1] == subset and parts[2] in ("neg", "pos"):
                text = archive.extractfile(member).read().decode("utf-8")
                found[parts[2], parts[3]] = text.replace("<br />", "\n")
    names = sorted(found)
    return [found[name] for name in names], [int(kind == "pos") for kind, _ in names]


def make_reviews(
    n_reviews: int = 1000, *, random_state: Any = None
) -> tuple[list[str], np.ndarray]:
    """Draw short reviews in which the order of the words decides.

    Each names a good and a bad thing about a film, in the same words whichever wins: "the cast is
    fine … but the plot is dull …" ends badly, "the plot is dull … but the cast is fine …" well.
    What stands behind "but" decides. Phrases of other words stand around both, so that neither a
    bag of words nor one of pairs can tell.

    Parameters
    ----------
    n_reviews : int, default=1000
        How many reviews to draw.
    random_state : int, RandomState instance or None, default=None
        The seed, or the generator to draw from. The same seed gives the same reviews.

    Returns
    -------
    texts : list of str
        The reviews.
    positive : ndarray of shape (n_reviews,)
        1 where the good thing stands behind "but", 0 elsewhere.

    Examples
    --------
    >>> from skrnn.datasets import make_reviews
    >>> texts, positive = make_reviews(3, random_state=1)
    >>> texts[1]
    'to be fair the plot is a mess i had heard a lot about it but the ending is superb to be fair'
    >>> positive.tolist()
    [1, 1, 0]
    """
    rng = check_random_state(random_state)
    positive = rng.randint(2, size=n_reviews)
    texts = []
    for good_wins in positive:
        first, second = rng.permutation(_THINGS)[:2]
        good = f"the {first} is {_GOOD[rng.randint(len(_GOOD))]}"
        bad = f"the {second} is {_BAD[rng.randint(len(_BAD))]}"
        pair = (bad, good) if good_wins else (good, bad)
        ahead, between, behind = (_AROUND[rng.randint(len(_AROUND))] for _ in range(3))
        texts.append(" ".join([ahead, pair[0], between, "but", pair[1], behind]))
    return texts, positive


_THINGS = ["plot", "cast", "music", "ending", "dialogue", "camera"]
_GOOD = ["fine", "clever", "moving", "a joy", "superb"]
_BAD = ["dull", "silly", "a mess", "weak", "awful"]
_AROUND = ["to be fair", "saw it with friends", "seen on a rainy day", "i had heard a lot about it"]


def _with_missing_rows(table):
    """Give a sorted table without duplicates the regular grid of its most frequent step."""
    if len(table) < 3:
        return table
    step = table.index.to_series().diff().mode().iloc[0]
    grid = pd.date_range(table.index[0], table.index[-1], freq=step, name=table.index.name)
    return table.reindex(grid) if table.index.isin(grid).all() else table


def _data_home(data_home):
    if data_home is None:
        data_home = os.environ.get("SKRNN_DATA") or Path("~/.cache/skrnn")
    return Path(data_home).expanduser()


def _by_hand(path):
    folder = path.parent.absolute()
    return f"download {_JENA_URL} with any browser, unpack it, and put {_JENA_FILE} into {folder}."


def _download(url, path, by_hand, take):
    """Download what `take` makes a file of at `path`; nothing is there unless it is whole.

    `take(loaded, target, url)` checks what was loaded and leaves it at a target.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, so that the last step is a rename on one file system and thereby atomic.
    with tempfile.TemporaryDirectory(prefix=".skrnn-", dir=path.parent) as folder:
        loaded, target = Path(folder, "loaded"), Path(folder, path.name)
        try:
            _stream(url, loaded)
        except OSError as error:
            raise OSError(f"{url} could not be downloaded ({error}): {by_hand}") from error
        take(loaded, target, url)
        target.replace(path)


def _take_jena(loaded, target, url):
    if zipfile.is_zipfile(loaded):
        _unpack(loaded, target, url)
    else:
        loaded.rename(target)
    _check_sha256(target, url)


def _stream(url, path):
    with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as response, path.open("wb") as file:
        shutil.copyfileobj(response, file)
        expected = response.headers.get("Content-Length")
    if expected is not None and path.stat().st_size != int(expected):
        raise OSError(f"the connection closed after {path.stat().st_size} of {expected} bytes")


def _unpack(archive, path, url):
    with zipfile.ZipFile(archive) as members:
        if _JENA_FILE not in members.namelist():
            raise ValueError(
                f"{url} needs to hold {_JENA_FILE}, got {members.namelist()}: pass another url."
            )
        with members.open(_JENA_FILE) as source, path.open("wb") as target:
            shutil.copyfileobj(source, target)


def _check_sha256(path, origin):
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != _JENA_SHA256:
        raise ValueError(
            f"{origin} needs the SHA-256 {_JENA_SHA256}, got {found}: it is damaged or another "
            f"version. "
            f"Delete it and fetch again, or read a copy that you trust with "
            f"skrnn.datasets.read_jena."
        )
