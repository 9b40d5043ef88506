"""The skrnn command from end to end."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from skrnn.cli import main
from skrnn.cli.arguments import make_parser
from skrnn.datasets import load_airline

QUICK = ["--models", "seasonal,linear", "--folds", "2"]


@pytest.fixture
def airline(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    load_airline().to_csv("airline.csv", index_label="month")
    return tmp_path


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of a comparison, which is made once."""
    folder = tmp_path_factory.mktemp("finished")
    with contextlib.chdir(folder):
        load_airline().to_csv("airline.csv", index_label="month")
        assert main(["compare", "airline.csv", "--target", "passengers", *QUICK]) == 0
    return folder / "airline-skrnn"


@pytest.fixture
def compared(airline, finished):
    """A copy of it beside its file, for a test of its own."""
    return shutil.copytree(finished, airline / "airline-skrnn")


def test_compare_prints_the_table_and_the_answer(airline, capsys):
    main(["compare", "airline.csv", "--target", "passengers", *QUICK])
    printed = capsys.readouterr()

    assert printed.err == ""
    assert "- The time is column 'month'." in printed.out
    table = printed.out.split("best first:\n")[1].split("\n\n")[0].splitlines()
    assert table[0].split() == [
        "model",
        "MAE",
        "RMSE",
        "MASE",
        "sMAPE",
        "%",
        "skill",
        "chance",
        "95",
        "%",
        "held",
        "width",
        "fit",
        "predict",
    ]
    assert sorted(line.removeprefix("*").split()[0] for line in table[1:]) == [
        "linear",
        "naive",
        "seasonal",
    ]
    assert "\nUse the " in printed.out
    assert "\nIts 80 % intervals held " in printed.out


def test_compare_writes_report_model_forecast_and_scores(compared):
    assert sorted(path.name for path in compared.iterdir()) == [
        "forecast.csv",
        "model.skrnn",
        "report.html",
        "scores.csv",
    ]
    assert pd.read_csv(compared / "forecast.csv")["month"].tolist()[:2] == ["1961-01", "1961-02"]
    assert pd.read_csv(compared / "scores.csv")["mae"].is_monotonic_increasing


def test_results_are_not_overwritten_without_force(compared, capsys):
    again = ["compare", "airline.csv", "--target", "passengers", *QUICK]
    capsys.readouterr()

    assert main(again) == 2
    assert capsys.readouterr().err == (
        "skrnn compare: airline-skrnn exists already: choose another --out, or add --force to "
        "overwrite it\n"
    )
    assert main([*again, "--force"]) == 0


def test_force_spares_folders_with_other_files(compared, capsys):
    (compared / "thesis.txt").write_text("years of work")

    assert main(["compare", "airline.csv", "--target", "passengers", *QUICK, "--force"]) == 2
    assert (
        "airline-skrnn has other files (thesis.txt): choose another --out"
        in capsys.readouterr().err
    )
    assert (compared / "thesis.txt").exists()


def test_nothing_is_left_where_a_run_fails(airline, capsys):
    (airline / "airline.csv").write_text("month,passengers\n1949-01,many\n" * 20)

    assert main(["compare", "airline.csv", "--target", "passengers"]) == 2
    assert [path.name for path in airline.iterdir()] == ["airline.csv"]


def test_compare_for_programs(airline, capsys):
    assert main(["compare", "airline.csv", "--target", "passengers", *QUICK, "--json"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert found["recommended"] in ("naive", "seasonal", "linear")
    assert [set(line) for line in found["table"]] == [
        {"model", "mae", "rmse", "mase", "smape", "skill", "chance", "fit_time", "predict_time"}
        | {"coverage_0.8", "width_0.8", "coverage_0.95", "width_0.95"}
    ] * 3
    assert found["promise"].startswith("Its 80 % intervals held ")
    assert (
        found["command"]
        == "skrnn compare airline.csv --target passengers --models seasonal,linear --folds 2 "
        "--seed 0"
    )


def test_forecast_writes_what_follows(compared, capsys):
    capsys.readouterr()

    assert main(["forecast", str(compared / "model.skrnn"), "--steps", "3"]) == 0
    printed = capsys.readouterr().out
    ends = "lower_0.8,upper_0.8,lower_0.95,upper_0.95"
    assert printed.splitlines()[0] == f"month,passengers,{ends}"
    assert [line[:7] for line in printed.splitlines()[1:]] == ["1961-01", "1961-02", "1961-03"]
    assert printed.splitlines()[1:] == (compared / "forecast.csv").read_text().splitlines()[1:4]


def test_forecast_goes_on_from_newer_data(compared, airline, capsys):
    load_airline()[:"1955"].to_csv("older.csv", index_label="month")
    capsys.readouterr()

    assert main(["forecast", str(compared / "model.skrnn"), "older.csv", "--out", "next.csv"]) == 0
    assert capsys.readouterr().out == "next.csv: 12 forecasts\n"
    assert pd.read_csv("next.csv")["month"].iloc[0] == "1956-01"


def test_a_guess_at_the_order_of_dates_is_told_where_it_may_be_why(airline, capsys):
    """The days of a year's months could as well be its first twelve days."""
    months = pd.date_range("2010", periods=96, freq="MS").strftime("%d/%m/%Y")
    table = pd.DataFrame({"month": months, "sales": np.arange(96.0) % 12})
    table.to_csv("sales.csv", index=False)
    table.tail(12).to_csv("newer.csv", index=False)
    asked = ["--target", "sales", "--model", "naive", "--out", "sales.skrnn"]
    assert main(["fit", "sales.csv", *asked]) == 0
    capsys.readouterr()

    assert main(["forecast", "sales.skrnn", "newer.csv"]) == 2
    assert capsys.readouterr().err == (
        "skrnn forecast: newer.csv: its step is 1 day, but the model was fitted on rows of 1 "
        "month: resample the data, or fit a model on them. Dates such as '01/01/2017' were read as "
        "month/day/year: if that is wrong, write them as 2024-01-31\n"
    )


def test_forecast_says_what_it_left_out_of_newer_data(airline, capsys):
    """On standard error: standard output has forecasts alone."""
    days = pd.date_range("2020", periods=80).strftime("%Y-%m-%d")
    rows = [(name, day, row) for name in "ab" for row, day in enumerate(days)]
    table = pd.DataFrame(rows, columns=["shop", "day", "sales"])
    table.to_csv("shops.csv", index=False)
    asked = ["--target", "sales", "--series", "shop", "--model", "naive", "--out", "shops.skrnn"]
    assert main(["fit", "shops.csv", *asked]) == 0
    pd.concat([table[:80], table[80:85]]).to_csv("newer.csv", index=False)
    capsys.readouterr()

    assert main(["forecast", "shops.skrnn", "newer.csv", "--steps", "1"]) == 0
    printed = capsys.readouterr()
    assert printed.err == "- 1 series of fewer than 10 known values left out: 'b'.\n"
    assert [line[:1] for line in printed.out.splitlines()] == ["s", "a"]


def test_forecast_reads_times_in_the_zone_of_the_fit(airline, capsys):
    """The newest rows alone have one offset from UTC, where all rows have two."""
    times = pd.date_range("2024-03-20", periods=24 * 20, freq="h", tz="Europe/Berlin")
    load = 10 * np.sin(np.arange(len(times)) * np.pi / 12) + times.day
    table = pd.DataFrame({"time": times.strftime("%Y-%m-%dT%H:%M:%S%z"), "load": load.round(3)})
    table.to_csv("all.csv", index=False)
    table.tail(200).to_csv("newest.csv", index=False)
    asked = ["--target", "load", "--horizon", "3", "--model", "linear", "--effort", "quick"]
    assert main(["fit", "all.csv", *asked, "--out", "load.skrnn"]) == 0
    assert main(["forecast", "load.skrnn", "all.csv"]) == 0
    whole = capsys.readouterr().out.splitlines()[-3:]

    assert main(["forecast", "load.skrnn", "newest.csv"]) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines()[-3:] == whole
    assert printed.err.splitlines()[-1] == (
        "- Times of the forecast are in UTC, as those that the model was fitted on."
    )
    table["time"] = times.tz_localize(None)
    table.tail(200).to_csv("local.csv", index=False)
    assert main(["forecast", "load.skrnn", "local.csv"]) == 2
    assert "have no time zone, and those that the model was fitted on are in UTC" in (
        capsys.readouterr().err
    )


def test_forecast_refuses_data_of_another_step(compared, airline, capsys):
    pd.DataFrame(
        {"month": pd.date_range("2020", periods=60, freq="D"), "passengers": range(60)}
    ).to_csv("days.csv")
    capsys.readouterr()

    assert main(["forecast", str(compared / "model.skrnn"), "days.csv"]) == 2
    assert capsys.readouterr().err == (
        "skrnn forecast: days.csv: its step is 1 day, but the model was fitted on rows of 1 month: "
        "resample the data, "
        "or fit a model on them\n"
    )


def test_forecasts_take_what_is_known_ahead_from_the_rows_to_forecast(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    sale = (np.random.default_rng(0).random(103) < 0.3).astype(int)
    demand = (
        (10 + 5 * sale + np.random.default_rng(1).normal(scale=0.1, size=103)).round(2).astype(str)
    )
    table = pd.DataFrame(
        {"day": pd.date_range("2024-01-01", periods=103), "demand": demand, "sale": sale}
    )
    table.loc[100:, "demand"] = ""
    table.iloc[:100].to_csv("past.csv", index=False)
    table.to_csv("both.csv", index=False)
    how = ["--target", "demand", "--known-ahead", "sale", "--horizon", "3", "--season", "1"]
    assert main(["fit", "past.csv", "--model", "linear", *how]) == 0

    assert main(["forecast", "past-linear.skrnn"]) == 2
    assert (
        "column 'sale' is known ahead, but has no value for 2024-04-10" in capsys.readouterr().err
    )
    assert main(["forecast", "past-linear.skrnn", "both.csv", "--out", "next.csv"]) == 0
    np.testing.assert_allclose(pd.read_csv("next.csv")["demand"], 10 + 5 * sale[100:], atol=1)
    assert main(["fit", "both.csv", "--model", "linear", *how]) == 0
    assert main(["forecast", "both-linear.skrnn", "--out", "same.csv"]) == 0
    np.testing.assert_allclose(pd.read_csv("same.csv")["demand"], pd.read_csv("next.csv")["demand"])


def test_fit_writes_a_model_that_forecasts_and_show_tells_of_it(airline, capsys):
    assert (
        main(
            ["fit", "airline.csv", "--target", "passengers", "--model", "linear", "--horizon", "6"]
        )
        == 0
    )
    assert main(["forecast", "airline-linear.skrnn", "--json"]) == 0
    capsys.readouterr()

    assert main(["show", "airline-linear.skrnn", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["model"] == "linear model"
    assert facts["horizon"] == "6 rows"
    assert facts["rows"] == "144, from 1949-01 to 1960-12"


def test_options_reach_the_comparison(airline, capsys):
    options = [
        "--horizon",
        "4",
        "--season",
        "6",
        "--window",
        "18",
        "--folds",
        "3",
        "--out",
        "there",
        "--seed",
        "7",
        "--coverage",
        "0.9, 0.5",
    ]

    assert (
        main(
            [
                "compare",
                "airline.csv",
                "--target",
                "passengers",
                "--models",
                "linear",
                *options,
                "--json",
            ]
        )
        == 0
    )
    found = json.loads(capsys.readouterr().out)
    assert (found["horizon"], found["season"], found["window"]) == (4, 6, 18)
    assert found["files"][0] == "there/forecast.csv"
    assert found["command"].endswith(
        "--horizon 4 --season 6 --window 18 --models linear --folds 3 --seed 7 --coverage 0.5,0.9"
    )
    header = (airline / "there" / "forecast.csv").read_text().splitlines()[0]
    assert header == "month,passengers,lower_0.5,upper_0.5,lower_0.9,upper_0.9"


def test_nothing_is_said_of_intervals_that_are_not_wanted(airline, capsys):
    """No columns, no sentence, and the command says so where it is repeated."""
    options = [*QUICK, "--no-intervals", "--json"]

    main(["compare", "airline.csv", "--target", "passengers", *options])

    found = json.loads(capsys.readouterr().out)
    assert found["promise"] is None
    assert "coverage_0.8" not in found["table"][0]
    assert found["command"].endswith(" --no-intervals")
    assert "--coverage" not in found["command"]
    assert (airline / "airline-skrnn" / "forecast.csv").read_text().startswith("month,passengers\n")


def test_a_forecast_has_the_intervals_that_it_is_asked_for(compared, capsys):
    """Others than the model was made with, none, or too large ones, which are refused."""
    capsys.readouterr()
    forecast = ["forecast", str(compared / "model.skrnn"), "--steps", "1"]

    assert main([*forecast, "--coverage", "0.5", "--json"]) == 0
    (line,) = json.loads(capsys.readouterr().out)
    assert line["lower_0.5"] < line["passengers"] < line["upper_0.5"]

    assert main([*forecast, "--no-intervals"]) == 0
    assert capsys.readouterr().out.startswith("month,passengers\n")

    assert main([*forecast, "--coverage", "0.9999"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("skrnn forecast: --coverage has shares that are too large for the model")
    assert said.count("\n") == 1


def test_what_is_unknown_has_no_number_in_json(tmp_path, monkeypatch, capsys):
    """The ends of a series that has never changed: JSON knows no NaN."""
    monkeypatch.chdir(tmp_path)
    line = load_airline().reset_index(names="month")
    still = line.assign(line="B", passengers=7)
    pd.concat([line.assign(line="A"), still]).to_csv("lines.csv", index=False)
    target = ["--target", "passengers", "--series", "line"]
    main(["fit", "lines.csv", *target, "--model", "naive", "--horizon", "1"])
    capsys.readouterr()

    main(["forecast", "lines-naive.skrnn", "--json"])

    moving, unmoved = json.loads(capsys.readouterr().out)
    assert moving["lower_0.8"] is not None
    assert unmoved["lower_0.8"] is None


def test_several_series_in_a_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    line = load_airline().reset_index(names="month")
    pd.concat(
        [line.assign(line="A"), line.assign(line="B", passengers=line["passengers"] * 3)]
    ).to_csv("lines.csv")

    assert main(["compare", "lines.csv", "--target", "passengers", "--series", "line", *QUICK]) == 0
    forecast = pd.read_csv("lines-skrnn/forecast.csv")
    assert forecast.columns.tolist()[:3] == ["line", "month", "passengers"]
    assert forecast["line"].unique().tolist() == ["A", "B"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["compare", "x.csv"],
            "skrnn compare: the following arguments are required: --target (see skrnn compare "
            "--help)",
        ),
        (
            ["compare", "x.csv", "--target", "y", "--horizon", "0"],
            "argument --horizon: must be at least 1, got '0'",
        ),
        (
            ["compare", "x.csv", "--target", "y", "--folds", "2.5"],
            "must be a whole number, got '2.5'",
        ),
        (
            ["compare", "x.csv", "--target", "y", "--budget", "-1"],
            "must be minutes above 0, got '-1'",
        ),
        (
            ["compare", "x.csv", "--target", "y", "--season", "weekly"],
            "must be a whole number, got 'weekly'",
        ),
        (
            ["compare", "x.csv", "--target", "y", "--horizn", "2"],
            "unrecognized arguments: --horizn 2",
        ),
        (
            ["forecast", "x.skrnn", "--coverage", "95"],
            "must be above 0 and below 1, as 0.8,0.95 are, got '95'",
        ),
        (
            ["fit", "x.csv", "--coverage", "0.8", "--no-intervals"],
            "argument --no-intervals: not allowed with argument --coverage",
        ),
        (["explain"], "invalid choice: 'explain'"),
    ],
)
def test_wrong_usage_is_one_line(arguments, message, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)

    assert caught.value.code == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.err.count("\n") == 1


def test_every_command_has_help_for_all_that_it_takes():
    parsers = next(iter(make_parser()._subparsers._group_actions)).choices

    for parser in parsers.values():
        assert all(action.help for action in parser._actions)


def test_compile_says_where_the_kernels_are(capsys):
    assert main(["compile"]) == 0

    folder = capsys.readouterr().out.removeprefix("kernels: ").strip()
    assert any(name.startswith("loop.train") for name in os.listdir(folder))


# ---------------------------------------------------------------------- as a process of its own


def command(*arguments, **environment):
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment}
    return subprocess.Popen(
        [sys.executable, "-m", "skrnn", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=variables,
    )


def test_piped_output_has_no_colours_and_no_bar(airline):
    process = command("compare", "airline.csv", "--target", "passengers", *QUICK)
    out, err = process.communicate()

    assert (process.returncode, err) == (0, "")
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
)
def test_no_colour_is_respected(airline, variables, coloured):
    out, _ = command(
        "compare", "airline.csv", "--target", "passengers", *QUICK, **variables
    ).communicate()

    assert ("\x1b[1;32m" in out) == coloured


def test_a_reader_that_has_seen_enough_is_no_error(airline):
    process = command("compare", "airline.csv", "--target", "passengers", *QUICK)
    with process:
        process.stdout.close()

        assert process.stderr.read() == ""
    assert process.returncode == 0


def test_ctrl_c_reports_what_is_finished(airline):
    process = command(
        "compare",
        "airline.csv",
        "--target",
        "passengers",
        "--folds",
        "9",
    )
    assert process.stdout.readline() == "- The time is column 'month'.\n"
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()

    # Where it cuts an import that runs code of its own, Python ends as a process does that the
    # signal has ended: to a shell both are 130.
    assert process.returncode in (0, 130, -signal.SIGINT)
    said = [line for line in err.splitlines() if line.startswith("skrnn compare: ")]
    early = ("no model was finished: stopped by Ctrl-C", "stopped by Ctrl-C, nothing was written")
    assert said == [] or said[0].removeprefix("skrnn compare: ").startswith(early)
    assert (said == []) == ("Use the " in out)


def test_a_terminal_that_knows_few_letters_gets_the_table_all_the_same(airline):
    process = command(
        "compare", "airline.csv", "--target", "passengers", *QUICK, PYTHONIOENCODING="ascii"
    )
    out, err = process.communicate()

    assert (process.returncode, err) == (0, "")
    assert "? " in out
