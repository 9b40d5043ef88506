"""Bad files: a line on stderr that names file, line or column, and the remedy; no traceback."""

import datetime as dt

import numpy as np
import pytest

from skrnn.cli import main


def days(n=120, value=lambda day: 10 + day % 7):
    """A file of a row for each day."""
    first = dt.date(2024, 1, 1)
    return "day,demand\n" + "".join(
        f"{first + dt.timedelta(day)},{value(day)}\n" for day in range(n)
    )


def every_other_hour_with_offset():
    stamps = [
        f"2024-01-{1 + hour // 24:02}T{hour % 24:02}:00{'+01:00' * (hour % 2)}"
        for hour in range(200)
    ]
    return "time,demand\n" + "".join(f"{stamp},{hour % 24}\n" for hour, stamp in enumerate(stamps))


def irregular():
    rng = np.random.default_rng(0)
    some = sorted(rng.choice(360, 70, replace=False))
    return "day,demand\n" + "".join(
        f"{dt.date(2024, 1, 1) + dt.timedelta(int(day))},{day}\n" for day in some
    )


def shops():
    rows = days().splitlines()[1:]
    return "day,shop,demand\n" + "".join(
        f"{row[:10]},{shop}{row[10:]}\n" for row in rows for shop in "abc"
    )


BAD = {
    "empty.csv": ("", "empty.csv is empty: pass a file with a header and rows"),
    "header.csv": (
        "day,demand\n",
        "header.csv has a header (line 1) and no rows: pass a file with rows",
    ),
    "one.csv": (days(1), "one.csv: has 1 row, and at least 10 are needed: pass a longer file"),
    "few.csv": (days(8), "few.csv: has 8 rows, and at least 10 are needed: pass a longer file"),
    "short.csv": (
        days(25),
        "25 rows are too few for a window of 4 and a season of 7 behind a horizon of 7: bring at "
        "least 34 rows, or choose a smaller --window, --season or --horizon",
    ),
    "text.csv": (
        days(value=lambda day: "closed" if day == 40 else 5),
        "text.csv, line 42, column 'demand': 'closed' is not a number: correct it, or leave the "
        "cell empty if it is unknown",
    ),
    "two.csv": (
        days().replace("day,demand", "demand,demand"),
        "two.csv: has two columns named 'demand': rename one of them",
    ),
    "zones.csv": (
        every_other_hour_with_offset(),
        "zones.csv, line 3, column 'time': '2024-01-01T01:00+01:00' has an offset from UTC, and "
        "others have none: correct it, or name another column with --time",
    ),
    "unknown.csv": (
        days(value=lambda day: ""),
        "unknown.csv, column 'demand': has no known value: bring rows in which it is known, or",
    ),
    "huge.csv": (
        days(value=lambda day: "1e308" if day == 3 else 1),
        "huge.csv, line 5, column 'demand': '1e308' is too large to be squared: correct it, or "
        "leave the cell empty if it is unknown",
    ),
    "infinite.csv": (
        days(value=lambda day: "inf" if day == 9 else 1),
        "infinite.csv, line 11, column 'demand': 'inf' is infinite: correct it, or leave the cell "
        "empty if it is unknown",
    ),
    "nul.csv": (
        days().replace("12", "1\0002"),
        "nul.csv, line 4: holds 21 NUL bytes, so it is binary or damaged: pass a CSV or Parquet "
        "file",
    ),
    "delimiter.csv": (
        days().replace(",", "#"),
        "delimiter.csv: has no column 'demand': its one column is 'day#demand', as none of tab, "
        "semicolon, bar and comma splits its lines alike: separate the columns by commas",
    ),
    "ragged.csv": (
        days().replace("2024-02-01,", "2024-02-01,4,"),
        "ragged.csv, line 33: has 3 fields where the header (line 1) has 2 ('2024-02-01,4,13'): "
        "put quotes around text with commas, and write numbers with decimal points",
    ),
    "stamp.csv": (
        days().replace("2024-02-01", "2024-02-31"),
        "stamp.csv, line 33, column 'day': '2024-02-31' is no date or time like the others, such "
        "as '2024-01-01': correct it, or name another column with --time",
    ),
    "irregular.csv": (
        irregular(),
        "the rows have no regular step: they are from 1 day to 26 days apart",
    ),
    "shops.csv": (shops(), "the file seems to hold several series, so pass --series shop"),
    "table.parquet": (
        "not one",
        "table.parquet is not a Parquet file, though it is named like one: write it again",
    ),
    "table.xlsx": ("PK\3\4rubbish", "table.xlsx is a zip archive that does not open"),
    "column.csv": (
        days().replace("demand", "demands"),
        "column.csv: has no column 'demand': did you mean 'demands'? The columns are 'day' and "
        "'demands'",
    ),
    "none.csv": (None, "none.csv does not exist: check the path"),
}


def run(path, capsys, *options):
    code = main(["compare", str(path), "--target", "demand", *options])
    return code, capsys.readouterr()


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_told_in_one_line(name, tmp_path, monkeypatch, capsys):
    content, message = BAD[name]
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / name).write_bytes(content.encode())

    code, printed = run(name, capsys)

    assert code == 2
    assert printed.err.startswith("skrnn compare: ")
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ([name] if content is not None else [])


GOOD = {
    "unsorted.csv": (
        days().replace("2024-01-01,10\n", "") + "2024-01-01,10\n",
        "Rows were not in time order",
    ),
    "constant.csv": (days(value=lambda day: 7), "Column 'demand' never changes."),
    "gaps.csv": (
        "".join(
            line
            for number, line in enumerate(days(200).splitlines(keepends=True))
            if number % 5 or not number
        ),
        "39 rows lack 'demand'",
    ),
    "german.csv": (
        days(value=lambda day: f"1.234,{day % 7}").replace(",", ";", 1).replace(",1.", ";1."),
        "Numbers have decimal commas",
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_an_odd_file_is_compared_and_what_is_odd_is_told(name, tmp_path, monkeypatch, capsys):
    content, note = GOOD[name]
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(content)

    code, printed = run(name, capsys, "--models", "linear", "--folds", "2")

    assert (code, printed.err) == (0, "")
    assert note in printed.out


@pytest.mark.long
def test_a_million_rows_are_compared(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    n = 1_000_000
    seconds = np.arange(n).astype("datetime64[s]").astype(str)
    values = np.sin(np.arange(n) / 10).round(3).astype(str)
    (tmp_path / "long.csv").write_text(
        "time,demand\n" + "\n".join(f"{t},{v}" for t, v in zip(seconds, values, strict=True))
    )

    code, printed = run(
        "long.csv", capsys, "--models", "seasonal", "--folds", "2", "--horizon", "6"
    )

    assert (code, printed.err) == (0, "")
