"""What the README shows of the command."""

import re
from pathlib import Path

from skrnn.cli import main

ROOT = Path(__file__).parents[1]


def lines_without_numbers(text):
    """The lines up to their first number, those of the table's models in the ladder's order."""
    return sorted(
        re.split(r"\d", line.removeprefix("*").strip())[0].strip() for line in text.splitlines()
    )


def test_the_demo_prints_what_the_readme_shows(tmp_path, monkeypatch, capsys, without_keras):
    """Errors and times differ in their digits from machine to machine; all else is the same.

    It needs no arguments.
    """
    monkeypatch.chdir(tmp_path)
    shown = re.search(
        r"```text\n(- The time.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL
    )[1]

    assert main(["demo"]) == 0

    assert sorted(path.name for path in tmp_path.iterdir()) == ["airline-skrnn", "airline.csv"]
    printed = capsys.readouterr().out.replace("\n\n", "\n").strip()
    assert (
        lines_without_numbers(shown.replace("\n\n", "\n").strip())[1:]
        == lines_without_numbers(printed)[1:]
    )
