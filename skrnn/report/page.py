"""report_html and write_report: a comparison as one page that needs nothing else."""

import base64
import gzip
import hashlib
import json
from datetime import datetime
from functools import cache
from importlib import resources
from pathlib import Path, PurePath, PureWindowsPath

from jinja2 import Environment, PackageLoader, StrictUndefined
from plotly.offline import get_plotlyjs

from skrnn.comparison import Comparison
from skrnn.report.ahead import ahead_chart
from skrnn.report.coverage import coverage_chart
from skrnn.report.facts import plan_facts
from skrnn.report.folds import fold_chart, fold_table
from skrnn.report.forecasts import forecast_chart
from skrnn.report.ladder import interval_table, ladder_rows
from skrnn.report.leads import lead_chart
from skrnn.report.portrait import column_table, gap_sentence, gap_table, reading_facts
from skrnn.report.profile import profile_chart
from skrnn.report.race import race_table
from skrnn.report.repeat import repeat_facts
from skrnn.report.series import series_chart
from skrnn.report.training import training_chart
from skrnn.report.weights import weights_chart

CHARTS = {
    "ahead": ahead_chart,
    "folds": fold_chart,
    "forecasts": forecast_chart,
    "leads": lead_chart,
    "coverage": coverage_chart,
    "training": training_chart,
    "weights": weights_chart,
    "portrait": series_chart,
    "profile": profile_chart,
}


def write_report(comparison: Comparison, path: str | Path, *, made: datetime | None = None) -> None:
    """Write the page that says which model is worth using.

    Parameters
    ----------
    comparison : Comparison
        What a run of the ladder found.
    path : str or path
        The file to write, HTML.
    made : datetime, default=None
        The date that the page bears. None: now.
    """
    Path(path).write_text(report_html(comparison, made=made), encoding="utf-8", newline="\n")


def report_html(comparison: Comparison, *, made: datetime | None = None) -> str:
    """The page that says which model is worth using, as HTML.

    It is one file that needs no other and no network: charts that zoom are in it, with all that
    they need.

    Parameters
    ----------
    comparison : Comparison
        What a run of the ladder found.
    made : datetime, default=None
        The date that the page bears. None: now.

    Returns
    -------
    page : str
        The same for the same comparison and date.
    """
    charts = {name: make(comparison) for name, make in CHARTS.items()}
    library = packed_library()
    script = _own_file("script.js")
    figures = {name: json.loads(chart.figure.to_json()) for name, chart in charts.items() if chart}
    template = _environment().get_template("page.html")
    return template.render(
        title=f"{comparison.reading.target}: which model is worth using",
        target=comparison.reading.target,
        measure=comparison.measure,
        file=_file_name(comparison.reading.path),
        verdict=comparison.verdict,
        promise=comparison.promise,
        why_no_forecast=None if charts["ahead"] else comparison.why_no_forecast,
        shares=[f"{100 * coverage:g} %" for coverage in comparison.plan.coverages],
        ladder=ladder_rows(comparison),
        intervals=interval_table(comparison),
        unfinished=list(comparison.unfinished.items()),
        charts=charts,
        figures=as_json(figures),
        plan=plan_facts(comparison),
        plan_notes=comparison.plan.notes,
        folds=fold_table(comparison),
        race=race_table(comparison),
        reading=reading_facts(comparison),
        columns=column_table(comparison),
        gaps=gap_table(comparison),
        gap_sentence=gap_sentence(comparison),
        reading_notes=comparison.reading.notes,
        repeat=repeat_facts(comparison, made or datetime.now()),
        command=comparison.command,
        style=_own_file("style.css"),
        script=script,
        script_hash=_hash(script),
        library=library.packed,
        library_hash=library.hash,
    )


def as_json(data: object) -> str:
    """Data for a script element, which nothing in them can end."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


class _Library:
    """The charting library, packed to a third, and the hash by which the page trusts it."""

    def __init__(self):
        source = get_plotlyjs()
        self.packed = base64.b64encode(gzip.compress(source.encode(), 9, mtime=0)).decode("ascii")
        self.hash = _hash(source)


@cache
def packed_library() -> _Library:
    """The charting library, packed once for all pages."""
    return _Library()


@cache
def _environment():
    loader = PackageLoader("skrnn.report", "template")
    return Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _own_file(name):
    return resources.files("skrnn.report").joinpath("template", name).read_text(encoding="utf-8")


def _hash(source):
    """What a content security policy calls a script that may run."""
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode("ascii")


def _file_name(path):
    """The last part of a path, be it one of Windows."""
    path = str(path or "")
    return PureWindowsPath(path).name if "\\" in path else PurePath(path).name
