"""Layout: delimiters, headers and lines."""

import pytest

from skrnn.reading import DataProblem, read_series
from tests.reading.files import days, table, times, values, with_cell


def frame_of(path, target="load"):
    return read_series(path, target).frames["demand"]


def notes_of(path, target="load"):
    return read_series(path, target).notes


def problem_of(path, target="load"):
    with pytest.raises(DataProblem) as caught:
        read_series(path, target)
    return str(caught.value)


@pytest.mark.parametrize(
    ("mark", "notes"),
    [
        (",", []),
        (";", ["Columns are separated by semicolons."]),
        ("\t", ["Columns are separated by tabs."]),
        ("|", ["Columns are separated by bars."]),
    ],
)
def test_delimiters(write, mark, notes):
    """Four delimiters are told apart, and named unless they are commas."""
    path = write(days().replace(",", mark))

    assert frame_of(path)["load"].tolist() == values(40).tolist()
    assert [note for note in notes_of(path) if "separated" in note] == notes


def test_quoted_fields(write):
    """Quoted fields may hold delimiters, quotes and line ends."""
    text = table(
        times().strftime("%Y-%m-%d"), [f'"a ""b"", c\nd",{y}' for y in values(40)], "day,note,load"
    )

    assert frame_of(write(text))["load"].tolist() == values(40).tolist()


def test_lines_after_quoted_line_ends(write):
    """A message has the line that an editor shows, whatever the rows above it hold."""
    lines = [f'"a\nb",{y}' for y in values(40)]
    lines[5] = '"a\nb",abc'

    assert problem_of(
        write(table(times().strftime("%Y-%m-%d"), lines, "day,note,load"))
    ).startswith("demand.csv, line 12, column 'load': 'abc'")


def test_lines_after_blank_ones(write):
    """Blank lines are no rows, and count as lines."""
    text = with_cell(days(), 8, "abc").replace("\n", "\n\n")

    assert problem_of(write(text)).startswith("demand.csv, line 15, column 'load': 'abc'")


def test_titles_and_comments(write):
    """Lines before the header are left out, and counted for messages."""
    path = write("Load of 2024, in MW\n# made by hand\n\n" + days())

    assert len(frame_of(path)) == 40
    assert "2 lines before the header left out ('Load of 2024 in MW')." in notes_of(path)


def test_line_of_a_file_with_titles(write):
    """A message has the line of the file, titles included."""
    assert problem_of(write("Load\n\n" + with_cell(days(), 8, "abc"))).startswith(
        "demand.csv, line 10,"
    )


def test_header_as_comment(write):
    """A header that is written as a comment is a header."""
    assert len(frame_of(write("# " + days()))) == 40


def test_word_of_the_target_in_a_row(write):
    """A row of values that holds the target's name as well is no header."""
    text = table(times().strftime("%Y-%m-%d"), [f"{y},y" for y in values(40)], "day,load,flag")

    assert (
        problem_of(write(text), "y")
        == "demand.csv: has no column 'y': the columns are 'day', 'load' and 'flag'"
    )


def test_excel_separator_line(write):
    """The line in which Excel names the delimiter is passed over without a word."""
    path = write("sep=;\n" + days().replace(",", ";"))

    assert len(frame_of(path)) == 40
    assert not any("before the header" in note for note in notes_of(path))


def test_delimiters_at_line_ends(write):
    """A delimiter at the end of each line makes no column, with or without one in the header."""
    rows = days().replace("\n", ",\n")

    assert list(frame_of(write(rows)).columns) == ["load"]
    assert list(frame_of(write(rows.replace("load,", "load"))).columns) == ["load"]


def test_row_counters_without_a_name(write):
    """A column that counts rows is left out, be its name empty or not in the header at all."""
    head, *rows = days().strip().split("\n")
    rows = "\n".join(f"{number},{row}" for number, row in enumerate(rows, 1))

    assert list(frame_of(write(f",{head}\n{rows}")).columns) == ["load"]
    assert list(frame_of(write(f"{head}\n{rows}")).columns) == ["load"]


def test_empty_lines_of_delimiters(write):
    """Lines of delimiters alone, as spreadsheets leave them behind, are no rows."""
    assert len(frame_of(write(days() + ",\n,\n"))) == 40


def test_one_column(write):
    """A file of one column is read; an empty line is an unknown value."""
    lines = ["load", *map(str, values(40))]
    lines[5] = ""

    frame = frame_of(write("\n".join(lines) + "\n\n"))

    assert len(frame) == 40
    assert frame["load"].isna().tolist().index(True) == 4


def test_header_only(write):
    """A header without rows."""
    assert problem_of(write("day,load\n")) == (
        "demand.csv has a header (line 1) and no rows: pass a file with rows"
    )


def test_too_many_fields(write):
    """A line that is too long, with its number and text."""
    text = with_cell(days(), 17, "7,5")

    assert problem_of(write(text)) == (
        "demand.csv, line 17: has 3 fields where the header (line 1) has 2 ('2024-01-16,7,5'): put "
        "quotes around text with commas, and write numbers with decimal points"
    )


def test_too_few_fields(write):
    """A line that is too short."""
    text = days().replace("2024-01-16,21.75", "2024-01-16")

    assert problem_of(write(text)) == (
        "demand.csv, line 17: has 1 field where the header (line 1) has 2 ('2024-01-16'): correct "
        "the line, or remove it"
    )


def test_mixed_delimiters(write):
    """A line with another delimiter."""
    text = days().replace("2024-01-16,", "2024-01-16;")

    assert problem_of(write(text)) == (
        "demand.csv, line 17: has 1 field where the header (line 1) has 2 ('2024-01-16;21.75'): it "
        "is split by semicolons, the header by commas: use one of them throughout"
    )


@pytest.mark.parametrize("rows_left", [40, 16])
def test_unclosed_quote(write, rows_left):
    """A quotation mark that is never closed, with the line where it opens."""
    lines = table(
        times().strftime("%Y-%m-%d"), [f"{y},a" for y in values(40)], "day,load,note"
    ).split("\n")
    lines[16] = lines[16].removesuffix("a") + '"a'

    assert problem_of(write("\n".join(lines[: rows_left + 1]))) == (
        'demand.csv, line 17: a quotation mark (") is opened and never closed: close or remove it'
    )


def test_unclosed_quote_in_a_large_file(write):
    """The line is that where the mark is, be the file as long as it may."""
    lines = [f"{i},{i % 7}" for i in range(50_000)]
    lines[15] = '"15,2'

    assert problem_of(write("\n".join(["id,load", *lines]))).startswith(
        "demand.csv, line 17: a quotation mark"
    )


def test_no_delimiter(write):
    """Columns that are split by spaces."""
    assert problem_of(write(days().replace(",", "   "))) == (
        "demand.csv: has no column 'load': its one column is 'day load', as none of tab, "
        "semicolon, bar and comma splits its lines alike: separate the columns by commas"
    )
