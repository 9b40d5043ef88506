"""What is printed, in terminals of all widths."""

import io
from types import SimpleNamespace

import pandas as pd
import pytest
from rich.console import Console

from skrnn.cli.printing import Bar, console, fitting_table


@pytest.fixture
def comparison():
    line = {"mae": 18.38, "rmse": 24.89, "mase": 1.6, "smape": 40.5, "skill": 0.15, "chance": 0.02}
    lines = pd.DataFrame(
        [line | {"fit_time": 0.59, "predict_time": 0.01}] * 2, index=["dense", "naive"]
    )
    chosen = SimpleNamespace(recommended="dense")
    return SimpleNamespace(table=lines.rename_axis("model"), verdict=chosen, measure="mae")


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_a_narrow_terminal_gets_fewer_columns_and_whole_numbers(comparison, width):
    """The error and the skill are there, and nothing is cut off."""
    out = Console(file=io.StringIO(), width=width)

    out.print(fitting_table(out, comparison))
    printed = out.file.getvalue()
    assert "…" not in printed
    assert {"MAE", "skill"} <= set(printed.split())
    assert ("predict" in printed) == (width >= 80)


def test_the_share_that_ranks_is_there(comparison):
    """However narrow the terminal is."""
    out = Console(file=io.StringIO(), width=20)

    out.print(fitting_table(out, comparison))

    printed = set(out.file.getvalue().split())
    assert "skill" in printed
    assert "MAE" not in printed


def test_sentences_break_between_words_in_a_terminal(monkeypatch):
    """A terminal would break them anywhere."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "20")

    assert not console().soft_wrap


def test_stdout_stays_stdout_beside_a_bar(monkeypatch, capsys):
    """What is printed while the bar on stderr moves goes where stdout goes."""
    monkeypatch.setenv("FORCE_COLOR", "1")

    with Bar() as bar, bar.aside():
        print("- a note")
    assert capsys.readouterr().out == "- a note\n"
