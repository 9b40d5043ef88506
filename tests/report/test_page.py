"""The page: what is on it, what is not, and that it needs nothing else."""

import base64
import gzip
import hashlib
import json
import re
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from skrnn.comparison.verdict import Verdict
from skrnn.evaluation.backtest import Backtest
from skrnn.report import report_html, write_report
from skrnn.report.page import as_json, packed_library
from tests.report.conftest import MADE, NASTY, comparison_of, reading_of, rows_of

VOID = {"meta", "link", "br", "img", "input", "line"}
LOADING = {
    "src",
    "srcset",
    "poster",
    "data",
    "action",
    "formaction",
    "background",
    "ping",
    "manifest",
    "archive",
}


class Outline(HTMLParser):
    """Elements with their attributes, the text in view, and what is not closed."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.elements = []
        self.open = []
        self.text = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"script", "style"} & set(self.open):
            self.text.append(data)

    def attributes(self, name):
        return [attrs[name] for _, attrs in self.elements if name in attrs]

    def words(self):
        return " ".join(" ".join(self.text).split())


def without_library(page):
    return page.replace(packed_library().packed, "")


def figures_of(page):
    return json.loads(
        re.search(r'<script type="application/json" id="figures">(.*?)</script>', page, re.S)[1]
    )


def headings_of(page):
    return re.findall(r"<h[23][^>]*>([^<]*)", page)


# ---------------------------------------------------------------------- what is on it


def test_answer_comes_first(page, comparison):
    """Target, file and answer stand above all else."""
    words = Outline(page).words()

    start = words.index("Forecasting temperature")
    assert (
        start
        < words.index("from weather.csv")
        < words.index(comparison.verdict.sentence)
        < words.index("The models")
    )


def test_all_parts_are_there(page):
    """The page has all its parts, in order."""
    assert headings_of(page) == [
        "The models, best first",
        "Not finished",
        "Skill in each fold",
        "Forecasts and the truth in the test folds",
        "Error by lead",
        "What intervals held, by lead",
        "Training of the networks",
        "What the linear model looks at",
        "How they were compared",
        "The data",
        "The series",
        "The average season of 24 rows",
        "Columns",
        "Gaps",
        "How to repeat it",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "it took longer than 60 seconds",
        "The horizon is a guess.",
        "Season of 24 rows (a day): the value of one season before errs less than the last value.",
        "2 rows with the same time were averaged.",
        'skrnn compare data/weather.csv --target "temperature" --horizon 6',
        "Python 3.11.9, skrnn 0.1.0",
        "3c" * 32,
        "data/weather.csv, 123 kB",
        "1 min 23 s",
        "2026-03-04 05:06",
        "the next 6 rows (6 hours) of temperature",
    ],
)
def test_page_says(page, text):
    """What was given is on the page."""
    assert text in Outline(page).words()


def test_every_chart_has_words(page):
    """Each chart has words that tell its finding, and the same in its caption."""
    charts = [
        attrs
        for tag, attrs in Outline(page).elements
        if tag == "div" and attrs.get("class") == "chart"
    ]

    assert [attrs["data-chart"] for attrs in charts] == list(figures_of(page))
    findings = [" ".join(attrs["data-words"].partition(". ")[2].split()) for attrs in charts]
    assert all(len(finding) > 30 and finding in Outline(page).words() for finding in findings)


def test_write_report_writes_the_page(comparison, page, tmp_path):
    """The file is the page, in UTF-8."""
    write_report(comparison, tmp_path / "report.html", made=MADE)

    assert (tmp_path / "report.html").read_bytes() == page.encode()


def test_page_is_the_same_each_time(comparison, page):
    """The same comparison makes the same page, but for its date."""
    other = report_html(comparison, made=datetime(2027, 1, 1))

    assert report_html(comparison, made=MADE) == page
    assert other.replace("2027-01-01 00:00", "2026-03-04 05:06") == page


def test_date_is_now_by_default(comparison):
    """Without a date the page bears the present one."""
    assert f"{datetime.now():%Y-%m-%d}" in Outline(report_html(comparison)).words()


# ---------------------------------------------------------------------- what is missing


def test_what_is_missing_is_left_out(comparison):
    """Without networks, linear model, notes and season their parts are left out."""
    reading = reading_of(
        comparison.reading.frames, season=1, notes=[], season_why="", path=None, sha256=""
    )
    bare = replace(
        comparison, training={}, weights=None, unfinished={}, reading=reading, command=""
    )

    headings = headings_of(report_html(bare, made=MADE))

    assert not {"Training of the networks", "What the linear model looks at", "Not finished"} & set(
        headings
    )
    assert not [heading for heading in headings if "season" in heading]


def test_one_lead_is_a_sentence(single_lead):
    """Where one lead is forecast a sentence stands in for the errors by lead."""
    assert "One lead is forecast" in Outline(report_html(single_lead, made=MADE)).words()


def test_nothing_finished_is_a_page(comparison):
    """Where no model was finished the page says so, and shows the data."""
    verdict = Verdict("", "", False, "No model was finished in time.")
    nothing = replace(comparison, results={}, training={}, weights=None, verdict=verdict)

    page = report_html(nothing, made=MADE)

    assert "No model was finished." in Outline(page).words()
    assert list(figures_of(page)) == ["portrait", "profile"]


@pytest.mark.parametrize(
    "index",
    [
        pd.period_range("1990-01", periods=160, freq="M"),
        pd.RangeIndex(160),
        pd.date_range("2024-03-01", periods=160, freq="h", tz="Europe/Berlin"),
    ],
    ids=["periods", "range", "time zone"],
)
def test_any_index_has_a_page(index):
    """Periods, numbers and times of a zone have all charts."""
    frame = rows_of(160).set_axis(index)
    made = comparison_of(
        {"series": frame}, horizon=3, window=12, season=12, names=("naive", "linear")
    )

    assert set(figures_of(report_html(made, made=MADE))) >= {
        "folds",
        "forecasts",
        "leads",
        "portrait",
        "profile",
    }


def test_unknown_values_have_a_page():
    """A target with unknown values, and a column of which nothing is known, have a page."""
    frame = rows_of(200, columns=("load", "wind"))
    frame.iloc[50:60, 0] = np.nan
    made = comparison_of({"series": frame}, names=("naive", "seasonal"))
    made.reading.frames["series"] = frame.assign(wind=np.nan)

    words = Outline(report_html(made, made=MADE)).words()

    assert "wind known up to the forecast 100.0 % – – –" in words


# ---------------------------------------------------------------------- what it must not do


def test_page_loads_nothing(page):
    """No element, style or script of the page's own asks for anything from elsewhere."""
    outline = Outline(page)

    assert not [value for name in LOADING for value in outline.attributes(name)]
    assert set(outline.attributes("href")) == {"data:,"}
    assert not re.search(
        r"url\(|@import|https?:|fetch\(|XMLHttpRequest|import\(|WebSocket", without_library(page)
    )


def test_policy_allows_its_own_scripts_alone(page):
    """The page's policy forbids all loading, and trusts its two scripts by their hashes."""
    (policy,) = [attrs["content"] for _, attrs in Outline(page).elements if attrs.get("http-equiv")]

    script = re.findall(r"<script>(.*?)</script>", page, re.S)[0]
    library = gzip.decompress(base64.b64decode(packed_library().packed)).decode()
    hashes = [
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in (script, library)
    ]
    assert policy.startswith(
        f"default-src 'none'; script-src 'sha256-{hashes[0]}' 'sha256-{hashes[1]}';"
    )


def test_names_do_no_harm(nasty):
    """Names that are HTML, scripts or paths are text, on the page and in its data."""
    outline = Outline(report_html(nasty, made=MADE))

    tags = [tag for tag, _ in outline.elements]
    assert tags.count("script") == 3
    assert "img" not in tags
    assert not [name for _, attrs in outline.elements for name in attrs if name.startswith("on")]
    assert all(name in outline.words() for name in NASTY)


def test_file_of_windows_is_named_by_its_last_part(nasty):
    """The last part of a path of Windows is the file's name."""
    assert "from <b>new.csv" in Outline(report_html(nasty, made=MADE)).words()


def test_data_cannot_end_their_script():
    """Data in a script are the same data, without a sign that could end it."""
    data = {"</script><!--": ["&", "\u2028"]}

    assert json.loads(as_json(data)) == data
    assert not set("<>&\u2028") & set(as_json(data))


def test_page_is_well_formed(page, panel):
    """Each element is closed, no id is there twice, and each label has its element."""
    for each in (page, report_html(panel, made=MADE)):
        outline = Outline(each)

        ids = outline.attributes("id")
        assert outline.open == []
        assert len(ids) == len(set(ids))
        assert set(outline.attributes("aria-labelledby")) <= set(ids)
        assert ("html", {"lang": "en"}) in outline.elements


def test_long_series_make_no_long_page(comparison):
    """A hundred thousand rows of many columns weigh less than two megabytes beyond the library."""
    frame = rows_of(100_000, columns=[f"column {number}" for number in range(20)])
    many = pd.concat([frame.iloc[-2000:]] * 20)
    table = pd.DataFrame(
        {
            "fold": np.repeat(np.arange(20), 2000),
            "origin": many.index,
            "lead": 1,
            "true": 1.0,
            "predicted": 2.0,
            "baseline": 3.0,
            "lower_0.8": 1.5,
            "upper_0.8": 2.5,
            "lower_0.95": 1.0,
            "upper_0.95": 3.0,
        },
        index=many.index,
    )
    result = comparison.results["linear"]
    by_fold = pd.concat([result.by_fold] * 7, ignore_index=True)[:20]
    long = Backtest(table, result.scores, by_fold, result.by_lead, [])
    plan = replace(comparison.plan, folds=[([0], [0])] * 20)
    results = dict.fromkeys(comparison.results, long)

    page = report_html(
        replace(comparison, reading=reading_of({"long": frame}), results=results, plan=plan),
        made=MADE,
    )

    assert len(without_library(page)) < 2e6
