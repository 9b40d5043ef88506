"""Numbers: text as floats, with the decimal and thousands separators that the whole file has."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

# What stands for an unknown value. -999 and the like are numbers.
MISSING = frozenset(
    [
        "",
        "na",
        "n/a",
        "n.a.",
        "#n/a",
        "<na>",
        "nan",
        "null",
        "none",
        "nil",
        "nat",
        "-",
        "--",
        "–",
        "—",
        "?",
        ".",
        "..",
    ]
)
MISSING_CELLS = sorted(
    {form for word in MISSING for form in (word, word.upper(), word.title())}
    | {"NaN", "NaT", "#NA"}
)
TRUTHS = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0, "t": 1.0, "f": 0.0, "y": 1.0, "n": 0.0}
SIGNS = "%$€£¥"
# Its square is no float any more, and errors are squared.
LARGEST = 1e150


@dataclass(frozen=True)
class NumberStyle:
    """How a file writes numbers: the decimal separator, and what may group digits."""

    decimal: str
    groups: str

    @property
    def pattern(self) -> str:
        """A regular expression of the whole cell."""
        grouped = "|".join(
            rf"[1-9]\d{{0,2}}(?:{re.escape(group)}\d{{3}})+" for group in self.groups
        )
        decimal = re.escape(self.decimal)
        return rf"[+-]?(?:(?:\d+|{grouped})(?:{decimal}\d*)?|{decimal}\d+)(?:[eE][+-]?\d+)?"

    def matches(self, text: pd.Series) -> pd.Series:
        """Which cells are numbers of this style."""
        return text.str.fullmatch(self.pattern).astype(bool)

    def read(self, text: pd.Series) -> np.ndarray:
        """Floats of cells that match."""
        plain = text.str.replace(f"[{re.escape(self.groups)}]", "", regex=True)
        if self.decimal != ".":
            plain = plain.str.replace(self.decimal, ".", regex=False)
        return plain.astype(object).astype(float).to_numpy()


POINT = NumberStyle(".", ", '\u00a0\u202f")
COMMA = NumberStyle(",", ". '\u00a0\u202f")


def known_cells(column: pd.Series) -> pd.Series:
    """The cells that are not missing, stripped, with a plain minus sign."""
    text = column.dropna().astype(str).str.strip().str.replace("\u2212", "-", regex=False)
    return text[~text.str.lower().isin(MISSING)]


def unsigned(text: pd.Series) -> pd.Series:
    """The cells without percent or currency signs."""
    return text.str.strip(SIGNS).str.strip()


def without_sign(text: pd.Series) -> tuple[pd.Series, str | None]:
    """The cells without the percent or currency sign that all of them have, and that sign."""
    first = text.iloc[0] if len(text) else ""
    sign = next((mark for mark in SIGNS if mark in (first[:1], first[-1:])), None)
    if sign is None or not (text.str.startswith(sign) | text.str.endswith(sign)).all():
        return text, None
    return unsigned(text), sign


def number_share(text: pd.Series) -> float:
    """Share of cells that are numbers in some style."""
    return float((POINT.matches(text) | COMMA.matches(text)).mean()) if len(text) else 0.0


def looks_grouped(text: pd.Series, mark: str) -> bool:
    """Whether a mark groups thousands.

    Behind it always three digits, and without it nothing as large as 1000.
    """
    marked = text.str.contains(mark, regex=False)
    grouped = text[marked].str.fullmatch(rf"[+-]?[1-9]\d{{0,2}}(?:{re.escape(mark)}\d{{3}})+")
    rest = text[~marked].str.fullmatch(r"[+-]?\d{1,3}")
    return bool(marked.any() and len(rest) and grouped.all() and rest.all())


def choose_style(columns: list[pd.Series], delimiter: str | None) -> tuple[NumberStyle, str]:
    """The one style of a file by the cells of its columns of numbers, and why.

    "" where nothing is worth saying.
    """
    only_point, only_comma = _evidence(columns)
    if only_comma > only_point:
        return COMMA, "numbers have decimal commas"
    return (POINT, "") if only_point else _choose_ambiguous(columns, delimiter)


def is_ambiguous(columns: list[pd.Series]) -> bool:
    """Whether every number reads both ways, as 1,234 does, and 1234."""
    return not any(_evidence(columns))


def _evidence(columns):
    """How many cells are numbers with a decimal point alone, and with a decimal comma alone."""
    cells = pd.concat(columns) if columns else pd.Series(dtype=str)
    point = POINT.matches(cells)
    comma = COMMA.matches(cells)
    return int((point & ~comma).sum()), int((comma & ~point).sum())


def _choose_ambiguous(columns, delimiter):
    """The likelier of two readings.

    Thousands are grouped where no number of a thousand is without a mark.
    """
    commas = [text for text in columns if text.str.contains(",", regex=False).any()]
    if commas:
        if delimiter == "," or any(looks_grouped(text, ",") for text in commas):
            return POINT, "commas in numbers group thousands (1,234 is 1234)"
        return COMMA, "commas in numbers are decimal ones (1,234 is 1.234)"
    if delimiter == ";" and any(looks_grouped(text, ".") for text in columns):
        return COMMA, "points in numbers group thousands (1.234 is 1234)"
    if delimiter == ";" and any(_all_in_threes(text) for text in columns):
        return POINT, "points in numbers are decimal ones (1.234 is not 1234)"
    return POINT, ""


def _all_in_threes(text):
    """Whether each cell has three digits behind a point: thousandths, or thousands."""
    return len(text) > 0 and bool(text.str.fullmatch(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})").all())
