"""Every Python block of the README and of the documentation runs, and prints what stands there."""

import contextlib
import doctest
import io
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# These show Keras's engine and models; the others need no Keras.
WITH_KERAS = ("engines.md", "ladder.md")
# A block may be indented (in a list), and a comment `<!-- skip -->` right before it takes it out.
BLOCK = re.compile(
    r"(?P<skip>^[ ]*<!-- skip -->\s*\n)?"
    r"^(?P<indent>[ ]*)```python\b[^\n]*\n(?P<code>.*?)^(?P=indent)```[ ]*$"
    # What stands right behind is what it prints.
    r"(\n*^(?P=indent)```text\n(?P<printed>.*?)^(?P=indent)```[ ]*$)?",
    re.MULTILINE | re.DOTALL,
)
NUMBER = re.compile(r"\d+(?:\.\d+)?")
# Processors round differently, and networks learn a little otherwise then.
ROUNDING = 0.05
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def python_blocks(text):
    """The line number and code of every block that is to run, and what it is to print, if told."""
    blocks = []
    for match in BLOCK.finditer(text):
        if match["skip"] is None:
            line = text.count("\n", 0, match.start("code"))
            code, printed = (
                part and re.sub(rf"^{match['indent']}", "", part, flags=re.MULTILINE)
                for part in (match["code"], match["printed"])
            )
            blocks.append((line, code, printed))
    return blocks


def run_doctest(code, names, filename, line):
    """Run a block of `>>>` lines, compare what they print, and keep the names that they leave."""
    test = doctest.DocTestParser().get_doctest(code, names, filename, filename, line)
    report = []
    doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=report.append, clear_globs=False)
    names.update(test.globs)
    assert not report, "".join(report)


def run_blocks(text, filename):
    """Run the blocks of one document in order, in one namespace."""
    names = {"__name__": "__main__"}
    for line, code, expected in python_blocks(text):
        if code.lstrip().startswith(">>>"):
            run_doctest(code, names, filename, line)
        else:
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                # The empty lines in front make a traceback point into the document.
                exec(compile("\n" * line + code, filename, "exec"), names)
            if expected is not None and printed.getvalue():
                check_printed(printed.getvalue(), expected, f"{filename}:{line}")
    return names


def check_printed(found, expected, where):
    """The same words, and nearly the same numbers."""
    words, others = (NUMBER.sub("#", text).split() for text in (expected, found))
    told = f"{where} prints\n{found}where there stands\n{expected}"
    assert words == others, told
    for number, other in zip(NUMBER.findall(expected), NUMBER.findall(found), strict=True):
        assert float(other) == pytest.approx(float(number), rel=ROUNDING), told


def with_blocks(documents):
    return [
        path
        for path in documents
        if path.exists() and python_blocks(path.read_text(encoding="utf-8"))
    ]


# Before its release 0.15 statsmodels ends in places where it says this.
@pytest.mark.filterwarnings("ignore:Optimization failed to converge:UserWarning")
@pytest.mark.parametrize("path", with_blocks(DOCUMENTS), ids=lambda path: path.name)
def test_document_runs(path, tmp_path, monkeypatch, request):
    """The document's code runs from top to bottom, without a warning."""
    if path.name not in WITH_KERAS:
        request.getfixturevalue("without_keras")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")

    run_blocks(
        path.read_text(encoding="utf-8"), str(path)
    )  # raises, or fails an assertion in run_doctest

    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


def test_blocks_share_their_names_and_skipped_ones_do_not_run():
    """A later block sees the names of earlier ones, plain or `>>>`, but not of skipped ones."""
    text = """
```python
a = 1
```

<!-- skip -->
```python
raise RuntimeError
```

- in a list:

  ```python
  >>> b = a + 1
  >>> b
  2
  ```

```text
2
```

```python
c = b + 1
```
"""

    names = run_blocks(text, "text.md")

    assert (names["a"], names["b"], names["c"]) == (1, 2, 3)


def test_a_printed_line_that_is_wrong_fails():
    """A `>>>` block whose output differs is reported with what was expected and what came."""
    with pytest.raises(AssertionError, match=r"Expected:\s+3\s+Got:\s+2"):
        run_blocks("```python\n>>> 1 + 1\n3\n```\n", "text.md")


@pytest.mark.parametrize(
    ("printed", "fits"),
    [("naive  35.9", True), ("naive 36.1", True), ("naive 40.1", False), ("linear 35.9", False)],
)
def test_printed_text_behind_a_block_is_compared(printed, fits):
    """In its words, and in its numbers but for rounding."""
    text = f'```python\nprint("naive", 35.9)\n```\n\n```text\n{printed}\n```\n'

    with contextlib.nullcontext() if fits else pytest.raises(AssertionError, match="text.md:1 pri"):
        run_blocks(text, "text.md")


def test_an_error_points_at_the_documents_line():
    """The traceback of a failing block names the line of the document."""
    with pytest.raises(ZeroDivisionError) as error:
        run_blocks("# Title\n\n```python\na = 1\na / 0\n```\n", "text.md")

    assert error.traceback[-1].lineno + 1 == 5
