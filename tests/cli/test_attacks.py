"""What somebody in a hurry, or with odd data, does to the command."""

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
            "new.csv: has no numbers, or too few, in a column 'sale', which the model",
        ),
        (
            days(14, sale=1),
            "14 rows are too few: a forecast of the model rests on 19, so bring as many",
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


def test_kinds_in_words_cannot_be_known_ahead_and_the_remedy_is_said(folder, capsys):
    """Columns of 0 and 1 are what models learn from."""
    days(kind=["work", "free"] * 50).to_csv("days.csv", index=False)

    assert main(["compare", "days.csv", *QUICK, "--known-ahead", "kind"]) == 2
    assert (
        "'work' is not a number, nor are most cells of this column: write its kinds as columns of "
        "0 and 1" in (capsys.readouterr().err)
    )


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
