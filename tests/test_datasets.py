"""The data sets."""

import contextlib
import hashlib
import io
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pandas as pd
import pytest

from skrnn import datasets
from skrnn.datasets import (
    fetch_jena,
    fetch_reviews,
    load_airline,
    make_reviews,
    make_waves,
    read_jena,
)

COLUMNS = [
    "p (mbar)", "T (degC)", "Tpot (K)", "Tdew (degC)", "rh (%)",
    "VPmax (mbar)", "VPact (mbar)", "VPdef (mbar)", "sh (g/kg)", "H2OC (mmol/mol)",
    "rho (g/m**3)", "wv (m/s)", "max. wv (m/s)", "wd (deg)",
]  # fmt: skip
WIND, GUST, TEMPERATURE = COLUMNS.index("wv (m/s)"), COLUMNS.index("max. wv (m/s)"), 1


def jena_csv(minutes=(10, 20, 30, 40, 50), temperature=None, wind=None):
    """A file like the real one, a row for each of `minutes` past midnight."""
    rows = np.tile(np.arange(1.0, 15), (len(minutes), 1))
    rows[:, TEMPERATURE] = range(len(minutes)) if temperature is None else temperature
    if wind is not None:
        rows[:, WIND] = rows[:, GUST] = wind
    lines = [",".join(f'"{name}"' for name in ["Date Time", *COLUMNS])]
    for minute, row in zip(minutes, rows, strict=True):
        stamp = f"31.01.2009 {minute // 60:02d}:{minute % 60:02d}:00"
        lines.append(",".join([stamp, *(f"{value:.2f}" for value in row)]))
    return "\n".join(lines) + "\n"


def read(text):
    return read_jena(io.StringIO(text))


def zipped(text, name="jena_climate_2009_2016.csv"):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
    return file.getvalue()


@contextlib.contextmanager
def served(body, *, claimed_length=None):
    """The address of a server on loopback that answers with `body`, and a list of its requests."""
    requests = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            requests.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(claimed_length or len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/jena.zip", requests
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    """Keep requests to loopback away from any proxy of the machine."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def expected(monkeypatch):
    """The small file, with its own hash as the expected one."""
    text = jena_csv()
    monkeypatch.setattr(datasets, "_JENA_SHA256", hashlib.sha256(text.encode()).hexdigest())
    return text


def test_waves_give_the_published_error_of_the_naive_forecast_one_step_ahead():
    """The naive forecast of the last of 51 steps has a validation MSE of 0.020211."""
    validation = make_waves(10_000, 51, random_state=42)[7_000:9_000, :, 0]

    assert np.mean((validation[:, -1] - validation[:, -2]) ** 2) == pytest.approx(
        0.020211, abs=5e-7
    )


def test_waves_give_the_published_error_of_the_naive_forecast_ten_steps_ahead():
    """The naive forecast of the last 10 of 60 steps has a validation MSE of 0.2570."""
    validation = make_waves(10_000, 60, random_state=42)[7_000:9_000, :, 0]

    assert np.mean((validation[:, 50:] - validation[:, 49:50]) ** 2) == pytest.approx(
        0.2570, abs=5e-5
    )


def test_waves_follow_the_formula_in_the_published_order_of_draws():
    """One series is the two sines and the noise of the formula, drawn as f1, f2, o1, o2, u."""
    rng = np.random.RandomState(3)
    f1, f2, o1, o2 = rng.rand(4)
    u = rng.rand(5)
    t = np.array([0, 0.25, 0.5, 0.75, 1])
    by_hand = (
        0.5 * np.sin((t - o1) * (10 * f1 + 10))
        + 0.2 * np.sin((t - o2) * (20 * f2 + 20))
        + 0.1 * (u - 0.5)
    )

    np.testing.assert_allclose(make_waves(1, 5, random_state=3)[0, :, 0], by_hand, rtol=1e-12)


def test_waves_take_a_generator_as_well_as_a_seed():
    """A RandomState draws what its seed draws."""
    assert np.array_equal(
        make_waves(3, 4, random_state=np.random.RandomState(0)), make_waves(3, 4, random_state=0)
    )


def test_airline_is_monthly():
    """The airline rows are 144 months in order, as a PeriodIndex."""
    airline = load_airline()

    pd.testing.assert_index_equal(
        airline.index, pd.period_range("1949-01", "1960-12", freq="M", name="month")
    )


def test_airline_holds_the_published_totals():
    """The one column starts with 112, 118, 132 and ends with 390, 432 thousand passengers."""
    airline = load_airline()

    assert list(airline.columns) == ["passengers"]
    assert [*airline["passengers"][:3], *airline["passengers"][-2:]] == [112, 118, 132, 390, 432]


def test_jena_reads_days_before_months():
    """31.01.2009 is the last of January, and the index is one of ten minutes."""
    climate = read(jena_csv())

    assert climate.index[0] == pd.Timestamp(2009, 1, 31, 0, 10)
    assert climate.index.freq == pd.Timedelta(minutes=10)


def test_jena_has_fourteen_float_columns():
    """Every measurement is a float column and the time stamp is none of them."""
    climate = read(jena_csv())

    assert list(climate.columns) == COLUMNS
    assert {str(dtype) for dtype in climate.dtypes} == {"float64"}


def test_jena_keeps_the_first_of_two_rows_with_the_same_stamp():
    """A repeated stretch of the file is read once, in the order of time."""
    climate = read(jena_csv(minutes=(10, 20, 30, 20, 30, 40), temperature=[1, 2, 3, 90, 91, 4]))

    assert climate["T (degC)"].tolist() == [1, 2, 3, 4]


def test_jena_puts_rows_of_nan_where_rows_are_missing():
    """A gap of twenty minutes becomes a row that is unknown throughout."""
    climate = read(jena_csv(minutes=(10, 20, 40, 50)))

    assert climate.isna().all(axis=1).tolist() == [False, False, True, False, False]


def test_jena_drops_no_row_that_lies_off_the_grid():
    """Rows at odd times stay as they are, and nothing is put between them."""
    climate = read(jena_csv(minutes=(10, 20, 30, 43, 50)))

    assert climate.index.minute.tolist() == [10, 20, 30, 43, 50]


def test_jena_takes_negative_wind_speeds_as_missing():
    """-9999 m/s is a missing wind speed; a calm is not; a frost is no error."""
    climate = read(jena_csv(temperature=[-9, 1, 2, 3, 4], wind=[1, -9999, 0, 2, -1]))

    for column in ("wv (m/s)", "max. wv (m/s)"):
        np.testing.assert_array_equal(climate[column], [1, np.nan, 0, 2, np.nan])
    assert climate["T (degC)"].iloc[0] == -9


def test_jena_says_what_is_wrong_with_another_file():
    """A file without time stamps is refused with its own columns in the message."""
    with pytest.raises(
        ValueError, match=r'needs a column "Date Time", got \[\'a\', \'b\'\]: pass a copy of'
    ):
        read("a,b\n1,2\n")


def test_fetch_reads_what_the_server_sends(tmp_path, expected):
    """The rows of the zip archive come back as a frame."""
    with served(zipped(expected)) as (url, _):
        climate = fetch_jena(data_home=tmp_path, url=url)

    pd.testing.assert_frame_equal(climate, read(expected))


def test_fetch_takes_a_bare_csv(tmp_path, expected):
    """An address that serves the CSV itself does as well."""
    with served(expected.encode()) as (url, _):
        climate = fetch_jena(data_home=tmp_path, url=url)

    pd.testing.assert_frame_equal(climate, read(expected))


def test_fetch_asks_once(tmp_path, expected):
    """The second call reads the kept file, and the folder holds that file alone."""
    with served(zipped(expected)) as (url, requests):
        fetch_jena(data_home=tmp_path, url=url)
        fetch_jena(data_home=tmp_path, url=url)

    assert len(requests) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["jena_climate_2009_2016.csv"]


def test_fetch_takes_a_file_put_there_by_hand(tmp_path, expected):
    """With the file in its place no network is needed."""
    (tmp_path / "jena_climate_2009_2016.csv").write_text(expected, newline="")

    assert len(fetch_jena(data_home=tmp_path, download=False)) == 5


def test_fetch_keeps_the_file_where_the_environment_says(tmp_path, expected, monkeypatch):
    """SKRNN_DATA names the folder, which is made when it is missing."""
    monkeypatch.setenv("SKRNN_DATA", str(tmp_path / "deep" / "data"))
    with served(zipped(expected)) as (url, _):
        fetch_jena(url=url)

    assert (tmp_path / "deep" / "data" / "jena_climate_2009_2016.csv").exists()


def test_fetch_keeps_the_file_in_the_users_cache_by_default(tmp_path, expected, monkeypatch):
    """Without an argument or SKRNN_DATA the folder is ~/.cache/skrnn."""
    monkeypatch.delenv("SKRNN_DATA", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    with served(zipped(expected)) as (url, _):
        fetch_jena(url=url)

    assert (tmp_path / ".cache" / "skrnn" / "jena_climate_2009_2016.csv").exists()


def test_fetch_refuses_a_file_with_another_hash(tmp_path, expected):
    """A changed file is an error that shows both hashes, and nothing is kept."""
    changed = expected.replace("1.00", "1.01")
    with (
        served(zipped(changed)) as (url, _),
        pytest.raises(
            ValueError, match=rf"{datasets._JENA_SHA256}, got {sha256(changed)}: it is damaged"
        ),
    ):
        fetch_jena(data_home=tmp_path, url=url)

    assert list(tmp_path.iterdir()) == []


def test_fetch_refuses_a_kept_file_with_another_hash(tmp_path, expected):
    """A file that was damaged after it was kept is an error that names its path."""
    path = tmp_path / "jena_climate_2009_2016.csv"
    path.write_text(expected + "more")

    with pytest.raises(
        ValueError, match="jena_climate_2009_2016.csv needs the SHA-256 .* Delete it and fetch"
    ):
        fetch_jena(data_home=tmp_path, download=False)


def test_fetch_refuses_an_archive_of_something_else(tmp_path, expected):
    """An archive without the file is an error that lists what it holds."""
    with (
        served(zipped(expected, name="other.csv")) as (url, _),
        pytest.raises(
            ValueError, match=r"needs to hold jena_climate_2009_2016.csv, got \['other.csv'\]"
        ),
    ):
        fetch_jena(data_home=tmp_path, url=url)


def test_fetch_says_offline_where_to_put_the_file(tmp_path):
    """When nobody answers, the message names address and folder, and nothing is left behind."""
    with served(b"") as (url, _):
        pass  # the port is free again, and nobody listens there

    with pytest.raises(
        OSError, match=rf"could not be downloaded .*tf-keras-datasets.* into {tmp_path}\.$"
    ):
        fetch_jena(data_home=tmp_path, url=url)
    assert list(tmp_path.iterdir()) == []


def test_fetch_keeps_nothing_of_a_broken_download(tmp_path, expected):
    """A connection that closes early is an error, and nothing is left behind."""
    body = zipped(expected)
    with (
        served(body, claimed_length=len(body) + 1) as (url, _),
        pytest.raises(OSError, match=f"closed after {len(body)} of {len(body) + 1} bytes"),
    ):
        fetch_jena(data_home=tmp_path, url=url)

    assert list(tmp_path.iterdir()) == []


def test_fetch_without_download_says_where_to_put_the_file(tmp_path):
    """download=False with nothing kept names the missing path and the remedy."""
    with pytest.raises(
        FileNotFoundError, match=rf"download=False: download https://.* into {tmp_path}\.$"
    ):
        fetch_jena(data_home=tmp_path, download=False)


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


# ---------------------------------------------------------------------- reviews


def reviews_archive(monkeypatch):
    """A small archive of reviews, whose sum is the expected one."""
    texts = {
        "aclImdb/README": "read me",
        "aclImdb/train/pos/0_9.txt": "fine<br />film",
        "aclImdb/train/neg/0_2.txt": "dull",
        "aclImdb/train/unsup/0_0.txt": "who knows",
        "aclImdb/test/pos/1_10.txt": "superb é",
    }
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, text in texts.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    body = file.getvalue()
    monkeypatch.setattr(datasets, "_REVIEWS_MD5", hashlib.md5(body).hexdigest())
    return body


def test_reviews_are_downloaded_once(tmp_path, monkeypatch):
    """The first call keeps the archive; texts are those of the subset, with their classes."""
    with served(reviews_archive(monkeypatch)) as (url, _):
        reviews = fetch_reviews(data_home=tmp_path, url=url)

    again = fetch_reviews(data_home=tmp_path, download=False)

    pd.testing.assert_frame_equal(reviews, again)
    assert dict(zip(reviews["text"], reviews["positive"], strict=True)) == {
        "fine\nfilm": 1,
        "dull": 0,
    }
    other = fetch_reviews("test", data_home=tmp_path, download=False)
    assert other["text"].tolist() == ["superb é"]


def test_reviews_refuse_an_archive_with_another_sum(tmp_path):
    """A changed archive is an error that shows both sums, and nothing is kept."""
    with (
        served(b"something else") as (url, _),
        pytest.raises(ValueError, match=f"needs the MD5 sum {datasets._REVIEWS_MD5}, got"),
    ):
        fetch_reviews(data_home=tmp_path, url=url)

    assert list(tmp_path.iterdir()) == []


def test_reviews_say_offline_where_to_put_the_file(tmp_path):
    """When nobody answers, the message names address and folder."""
    with served(b"") as (url, _):
        pass

    with pytest.raises(OSError, match=rf"could not be downloaded .*stanford.* into {tmp_path}\.$"):
        fetch_reviews(data_home=tmp_path, url=url)


def test_reviews_know_their_subsets():
    """Another subset than the two is refused."""
    with pytest.raises(ValueError, match="subset must be one of 'train', 'test', got 'all'"):
        fetch_reviews("all")


def test_the_order_decides_in_made_reviews():
    """Reviews of both classes have the same words as often; what stands behind "but" decides."""
    texts, positive = make_reviews(2000, random_state=0)
    behind = [text.split(" but ")[1] for text in texts]
    good = ("fine", "clever", "moving", "joy", "superb")

    decided = [any(word in text.split() for word in good) for text in behind]

    assert decided == positive.astype(bool).tolist()
    shares = [
        np.mean([" fine " in f" {text} " for text, own in zip(texts, positive, strict=True) if own])
        for positive in (positive, 1 - positive)
    ]
    assert shares[0] == pytest.approx(shares[1], abs=0.05)
