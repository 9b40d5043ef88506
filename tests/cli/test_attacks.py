"""What somebody in a hurry, or with odd data, does to the command."""

import io
import json

import joblib
import numpy as np
import pandas as pd
import pytest

import skrnn
from skrnn.cli import main

QUICK = ["--target", "demand", "--models", "linear", "--folds", "2"]


def days(n=100, **columns):
    """Days of a weekly pattern, and other columns."""
    demand = 10 + np.arange(n) % 7 + np.random.default_rng(n).normal(scale=0.1, size=n)
    return pd.DataFrame(
        {"day": pd.date_range("2024-01-01", periods=n), "demand": demand, **columns}
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def fitted(folder):
    days(sale=np.arange(100) % 3).to_csv("days.csv", index=False)
    assert (
        main(["fit", "days.csv", "--target", "demand", "--model", "linear", "--out", "one.skrnn"])
        == 0
    )
    return folder


def test_series_that_are_shorter_than_a_window_are_forecast_all_the_same(folder, capsys):
    """A panel with a short series is compared, that is forecast too, and a note tells of it."""
    pd.concat([days().assign(shop="a"), days(12).assign(shop="b")]).to_csv("shops.csv", index=False)

    assert main(["compare", "shops.csv", *QUICK, "--series", "shop"]) == 0
    assert (
        "1 series of fewer than 26 rows, a window and what it forecasts, are forecast"
        in capsys.readouterr().out
    )
    forecast = pd.read_csv("shops-skrnn/forecast.csv").query("shop == 'b'")
    assert forecast["day"].iloc[0] == "2024-01-13"
    assert forecast["demand"].between(5, 22).all()


def test_a_column_that_nobody_knew_in_time_is_left_out(folder, capsys):
    """A column known in a single new row does not end all models."""
    days(late=[np.nan] * 95 + [3.0] + [np.nan] * 4).to_csv("days.csv", index=False)

    assert main(["compare", "days.csv", *QUICK]) == 0
    assert (
        "Left out: column 'late' (unknown in the older half of the rows)."
        in capsys.readouterr().out
    )


def test_a_comparison_without_a_forecast_says_why(folder, capsys):
    """What is known ahead has to be told."""
    days(sale=np.arange(100) % 3).to_csv("days.csv", index=False)

    assert main(["compare", "days.csv", *QUICK, "--known-ahead", "sale"]) == 0
    assert (
        "No forecast.csv: column 'sale' is known ahead, but has no value for 2024-04-10: "
        in capsys.readouterr().out
    )


def test_more_jobs_than_fits_start_no_more_processes_than_there_are_cores(
    folder, monkeypatch, capsys
):
    """A large --jobs does not drown the machine."""
    asked = []
    real = joblib.Parallel
    monkeypatch.setattr(
        "skrnn.comparison.rounds.Parallel",
        lambda n_jobs, **more: asked.append(n_jobs) or real(n_jobs=1, **more),
    )
    days().to_csv("days.csv", index=False)

    assert main(["compare", "days.csv", *QUICK, "--jobs", "100000"]) == 0
    assert asked[0] <= min(joblib.cpu_count(), 4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--models", ","],
            "argument --models: names no model: name some, or leave it out to compare all",
        ),
        (["--seed", "-1"], "argument --seed: must be from 0 to 4294967295, got '-1'"),
        (
            ["--seed", "4294967296"],
            "argument --seed: must be from 0 to 4294967295, got '4294967296'",
        ),
    ],
)
def test_options_that_no_run_can_follow_are_wrong_usage(options, message, capsys):
    """They end the command before anything is read."""
    with pytest.raises(SystemExit):
        main(["compare", "none.csv", "--target", "y", *options])

    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["compare", "none.csv", "--target", "y", "--models", "tree"],
            "--models has no 'tree': choose among naive, ",
        ),
        (
            ["fit", "none.csv", "--target", "y", "--model", "../tree"],
            "--model has no '../tree': choose among naive, ",
        ),
    ],
)
def test_models_are_known_before_a_file_is_read(folder, arguments, message, capsys):
    """A slip of the pen costs no reading of a large file."""
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


def test_a_budget_that_is_too_small_says_so(folder, capsys):
    """The remedy is named."""
    days().to_csv("days.csv", index=False)

    assert main(["compare", "days.csv", *QUICK, "--budget", "1e-9"]) == 2
    assert (
        "no model was finished: the budget ended: give it a larger --budget\n"
        in capsys.readouterr().err
    )


def test_a_model_file_with_something_else_in_it_is_refused(folder, capsys):
    """What a file holds need not be a model."""
    skrnn.save(skrnn.LinearWindow(), "other.skrnn")

    assert main(["show", "other.skrnn"]) == 2
    assert (
        "other.skrnn holds no model of skrnn's: make one with skrnn fit or compare"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (".", ". is a folder: name a model's file in it"),
        ("none.skrnn", "none.skrnn does not exist: check the path"),
    ],
)
def test_a_model_that_is_no_file_is_told_with_the_remedy(folder, name, message, capsys):
    """A folder and a missing file are told apart."""
    assert main(["show", name]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            days()[["day", "demand"]],
            "new.csv: has no column 'sale': the columns are 'day' and 'demand'; the model was "
            "fitted on demand and sale",
        ),
        (
            days(14, sale=1),
            "14 rows up to the last known 'demand' are too few: a forecast of the model rests on ",
        ),
    ],
)
def test_newer_data_that_do_not_suffice_are_told_with_the_remedy(fitted, table, message, capsys):
    """In the words of the file, not of windows."""
    table.to_csv("new.csv", index=False)

    assert main(["forecast", "one.skrnn", "new.csv"]) == 2
    assert message in capsys.readouterr().err


def test_devices_are_not_overwritten(fitted, capsys):
    """--force is for files: a device with a file's name in its place would be lost."""
    assert main(["forecast", "one.skrnn", "--out", "/dev/null", "--force"]) == 2
    assert "/dev/null is no file: choose another --out" in capsys.readouterr().err


def test_kinds_in_words_may_be_known_ahead(folder, capsys):
    """They become columns of 0 and 1, and the rows to forecast are read as those of the fit were,
    whatever kinds they have.
    """
    kind = np.random.default_rng(0).choice(["work", "free", "fair"], 103)
    table = days(103, kind=kind)
    table["demand"] = 20 + 9 * (kind == "free") + np.arange(103) % 7
    table["demand"] = table["demand"].astype(object)
    table.iloc[:100].to_csv("days.csv", index=False)
    how = ["--target", "demand", "--model", "linear", "--known-ahead", "kind", "--horizon", "3"]

    assert main(["fit", "days.csv", *how, "--out", "kinds.skrnn"]) == 0
    assert "becomes 3 columns of 0 and 1: 'fair', 'free' and 'work'." in capsys.readouterr().out
    expected = 20 + 9 * np.array([1, 0, 0]) + np.arange(100, 103) % 7
    table.loc[100:, "demand"] = ""
    table.loc[100:, "kind"] = ["free", "work", "gala"]
    table.to_csv("next.csv", index=False)
    assert main(["forecast", "kinds.skrnn", "next.csv", "--out", "found.csv"]) == 0
    np.testing.assert_allclose(pd.read_csv("found.csv")["demand"][:2], expected[:2], atol=1)


def test_newer_data_need_tell_nothing_new(folder, capsys):
    """A column that is constant there, or text of one kind, is what the model was fitted on."""
    rng = np.random.default_rng(0)
    days(sale=rng.integers(0, 2, 100), sky=rng.choice(["sun", "fog"], 100)).to_csv("days.csv")
    how = ["--target", "demand", "--model", "linear", "--out", "one.skrnn"]
    assert main(["fit", "days.csv", *how]) == 0
    days(60, sale=1, sky="hail").to_csv("newer.csv")
    capsys.readouterr()

    assert main(["forecast", "one.skrnn", "newer.csv", "--steps", "2"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


@pytest.mark.parametrize(
    ("options", "columns"),
    [
        ([], "demand, a, b"),
        (["--columns", "b"], "demand, b"),
        (["--columns", ""], "demand"),
        (["--ignore", "b"], "demand, a"),
    ],
)
def test_columns_as_asked_for(folder, capsys, options, columns):
    """Only these, or not these; and the newer data need no others."""
    rng = np.random.default_rng(0)
    days(a=rng.normal(size=100), b=rng.normal(size=100)).to_csv("days.csv", index=False)

    how = ["--target", "demand", "--model", "linear", "--out", "one.skrnn", "--json"]
    assert main(["fit", "days.csv", *how, *options]) == 0
    assert json.loads(capsys.readouterr().out)["columns"] == columns
    days(a=5.0, b=rng.normal(size=100))[["day", *columns.split(", ")]].to_csv("newer.csv")
    assert main(["forecast", "one.skrnn", "newer.csv"]) == 0


def test_a_comparison_names_its_columns_to_repeat_it(folder, capsys):
    """The target alone, too."""
    days(a=np.arange(100) % 3).to_csv("days.csv", index=False)

    assert main(["compare", "days.csv", *QUICK, "--columns", "", "--json"]) == 0
    assert " --columns '' " in json.loads(capsys.readouterr().out)["command"]


def test_data_from_a_pipe(fitted, monkeypatch, capsys):
    """A lone - is standard input, for each command that reads data."""
    content = (fitted / "days.csv").read_bytes()
    for arguments in (
        ["forecast", "one.skrnn", "-"],
        ["fit", "-", "--target", "demand", "--model", "naive"],
        ["compare", "-", *QUICK],
    ):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
        assert main(arguments) == 0
    assert (fitted / "stdin-naive.skrnn").is_file()
    assert (fitted / "stdin-skrnn" / "forecast.csv").is_file()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    capsys.readouterr()

    assert main(["forecast", "one.skrnn", "-"]) == 2
    assert capsys.readouterr().err == (
        "skrnn forecast: standard input is empty: pass a file with a header and rows\n"
    )


@pytest.mark.parametrize(
    ("freq", "first"),
    [("h", "2024-01-09 00:00:00"), ("D", "2024-07-11"), ("500ms", "2024-01-01 00:01:36.000000")],
)
def test_times_have_one_form_however_many_rows_are_forecast(folder, capsys, freq, first):
    """Also where the only one is at midnight, or on the second."""
    stamps = pd.date_range("2024-01-01", periods=192, freq=freq)
    pd.DataFrame({"when": stamps, "y": np.arange(192) % 24}).to_csv("y.csv", index=False)
    assert main(["fit", "y.csv", "--target", "y", "--model", "naive", "--season", "1"]) == 0
    capsys.readouterr()

    assert main(["forecast", "y-naive.skrnn", "--steps", "1"]) == 0
    (one,) = capsys.readouterr().out.splitlines()[1:]
    assert main(["forecast", "y-naive.skrnn"]) == 0
    assert one == capsys.readouterr().out.splitlines()[1]
    assert one.startswith(f"{first},23.0")


@pytest.mark.parametrize(
    "arguments",
    [
        ["fit", "days.csv", "--target", "demand", "--model", "linear", "--out", "./days.csv"],
        ["forecast", "one.skrnn", "days.csv", "--out", "days.csv"],
        ["forecast", "one.skrnn", "--out", "one.skrnn"],
    ],
)
def test_what_is_read_is_never_overwritten(fitted, arguments, capsys):
    """Not even with --force: data are dearer than results."""
    before = {path: path.read_bytes() for path in fitted.iterdir()}

    assert main([*arguments, "--force"]) == 2
    assert " is what is read: choose another --out" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in fitted.iterdir()} == before


STEERING = "de\x1b[31mmand\x07 \x9b2J"


@pytest.fixture
def steering(folder, capsys):
    """A model of a column whose name would steer a terminal."""
    days().rename(columns={"demand": STEERING}).to_csv("days.csv", index=False)
    how = ["--target", STEERING, "--model", "linear", "--out", "one.skrnn"]
    assert main(["fit", "days.csv", *how]) == 0
    capsys.readouterr()


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", "one.skrnn"],
        ["show", "one.skrnn", "--json"],
        ["forecast", "one.skrnn"],
        ["forecast", "one.skrnn", "--json"],
        ["forecast", "one.skrnn", "none.csv"],
        ["compare", "days.csv", "--target", "none"],
    ],
)
def test_names_do_not_steer_a_terminal(steering, arguments, monkeypatch, capsys):
    """They are spelled out, wherever they are printed."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)

    main(arguments)

    said = "".join(capsys.readouterr())
    assert said
    assert all(letter.isprintable() for letter in said.replace("\n", ""))


def test_names_go_on_to_a_program_as_they_are(steering, capsys):
    """In CSV and in JSON."""
    assert main(["forecast", "one.skrnn"]) == 0
    assert pd.read_csv(io.StringIO(capsys.readouterr().out)).columns[1] == STEERING

    assert main(["show", "one.skrnn", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["target"] == STEERING
