"""Files as they are published, where somebody has them: what is found, what it comes to."""

import json
from pathlib import Path

import pandas as pd
import pytest

from skrnn.cli import main

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"the published files are not in {DATA}")

# For each file: options, season, notes that it must bring, what is recommended, and the least skill
# of that.
FILES = {
    "airline-passengers.csv": (
        ["--target", "Passengers"],
        12,
        ["The time is column 'Month'."],
        "seasonal",
        0.4,
    ),
    "monthly-sunspots.csv": (
        ["--target", "Sunspots", "--window", "48"],
        1,
        [
            "The time is column 'Month'.",
            "The seasonal naive forecast is left out: there is no season.",
        ],
        "linear",
        0.08,
    ),
    "CTA_-_Ridership_-_Daily_Boarding_Totals.csv": (
        ["--target", "rail_boardings", "--time", "service_date", "--window", "28"],
        7,
        [
            "Dates are read as month/day/year, as '01/13/2001' is.",
            "Rows were not in time order: they were sorted.",
            "62 rows repeat others in every value: dropped (2011-10-01 first).",
        ],
        "seasonal",
        0.6,
    ),
    "vic_electricity.csv": (
        ["--target", "Demand", "--season", "48", "--window", "48"],
        48,
        ["The time is column 'Time'.", "Times are in UTC."],
        "linear",
        0.6,
    ),
    "taylor.csv": (
        ["--target", "Y", "--window", "48"],
        336,
        ["No column holds times: rows are counted."],
        "linear",
        0.9,
    ),
    "m4_hourly.parquet": (
        ["--target", "value", "--series", "series_id", "--window", "24"],
        24,
        [
            "Left out: column 'category' (text that never changes in the oldest 60% of the rows).",
            "The time is column 'timestamp'.",
        ],
        "linear",
        0.55,
    ),
}


SLOW = ("taylor.csv", "vic_electricity.csv", "m4_hourly.parquet")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] * (name in SLOW)) for name in FILES]
)
def test_a_published_file(name, tmp_path, monkeypatch, capsys):
    """It is read as it is meant, and the simple models do on it what they are known to do."""
    options, season, notes, recommended, skill = FILES[name]
    monkeypatch.chdir(tmp_path)

    code = main(
        [
            "compare",
            str(DATA / name),
            *options,
            "--models",
            "seasonal,linear",
            "--folds",
            "3",
            "--json",
        ]
    )

    printed = capsys.readouterr()
    assert (code, printed.err) == (0, "")
    found = json.loads(printed.out)
    assert (found["season"], found["recommended"]) == (season, recommended)
    assert set(notes) <= set(found["notes"])
    assert next(line["skill"] for line in found["table"] if line["model"] == recommended) > skill
    forecast = pd.read_csv(
        next(path for path in map(Path, found["files"]) if path.name == "forecast.csv")
    )
    assert len(forecast) == found["horizon"] * (414 if name == "m4_hourly.parquet" else 1)
