"""The commands as functions: ``skrnn compare``, ``fit``, ``forecast``, ``show`` and ``demo``."""

import contextlib
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

import pandas as pd

from skrnn.cli.requests import Source, Watch, sorted_into, stem_of
from skrnn.cli.writing import new_file, new_folder
from skrnn.comparison import Comparison, ForecastModel, Options, fit_model, load_model
from skrnn.comparison import compare as compare_reading
from skrnn.comparison.ladder import check_rungs
from skrnn.comparison.options import COVERAGES
from skrnn.comparison.stopping import patient
from skrnn.reading import DataProblem
from skrnn.reading.columns import AS_ASKED
from skrnn.reading.contents import name_of
from skrnn.reading.kinds import columns_in_file
from skrnn.reading.problem import shown
from skrnn.reading.spellings import UNSURE_DATES
from skrnn.wording import listing

REPORT = "report.html"
MODEL = "model.skrnn"
FORECAST = "forecast.csv"
SCORES = "scores.csv"
DEMO = "airline.csv"


def compare(
    data: str | Path,
    target: str,
    *,
    out: str | Path | None = None,
    resume: str | Path | None = None,
    force: bool = False,
    **options,
) -> tuple[Comparison, Path]:
    """Backtest the ladder on a file's series, and write report, model, forecast and scores.

    Parameters
    ----------
    data : path
        A CSV or Parquet file.
    target : str
        The column to forecast.
    out : path, default=None
        The folder. None: in the current one, the data's name and "-skrnn".
    resume : path, default=None
        The folder of a run that was cut, to go on with what it has finished, to the same numbers.
    force : bool, default=False
        Overwrite what an earlier run wrote there, and forget what one that was cut has kept.
    **options
        ``time_column``, ``series``, ``known_ahead``, ``columns``, ``ignore`` and ``season`` as in
        ``skrnn.reading.read_series``; ``horizon``, ``window``, ``models``, ``effort``, ``folds``,
        ``budget``, ``jobs``, ``seed``, ``coverages``, ``progress`` and ``started`` as in
        ``skrnn.comparison.compare``; and ``tell``, which is called with the ``Reading`` as soon as
        the data are read.

    Returns
    -------
    comparison : Comparison
        What was found.
    folder : Path
        What was written.
    """
    everything = {"data": data, "target": target, **options}
    source, asked, watch = sorted_into((Source, Options, Watch), everything)
    if resume is not None and out is not None and Path(resume) != Path(out):
        raise DataProblem(f"out= is not what resume={str(resume)!r} goes on with: leave it out")
    folder = Path(resume or out or f"{stem_of(data)}-skrnn")
    check_rungs(asked.models or (), "models")
    names = (REPORT, MODEL, FORECAST, SCORES)
    with new_folder(folder, names, force, resume is not None, [data]) as unfinished:
        comparison = compare_reading(
            watch.told(source.read()),
            asked,
            progress=watch.progress,
            started=watch.started,
            command=_command_line(source, asked),
            checkpoint=unfinished.kept,
        )
        with patient():
            write_comparison(comparison, unfinished.results)
    return comparison, folder


def write_comparison(comparison: Comparison, folder: Path) -> None:
    """Write report, model, scores and, where its future is known, the forecast."""
    from skrnn.report import write_report

    write_report(comparison, folder / REPORT)
    comparison.model.save(folder / MODEL)
    comparison.table.to_csv(folder / SCORES)
    # Columns may be known ahead of which the future is missing; ``why_no_forecast`` says which.
    with contextlib.suppress(DataProblem):
        text = comparison.model.csv(comparison.model.forecast())
        (folder / FORECAST).write_text(text, encoding="utf-8")


def demo(
    *,
    out: str | Path | None = None,
    resume: str | Path | None = None,
    force: bool = False,
    **options,
) -> tuple[Comparison, Path]:
    """Write a small real series to ``airline.csv``, and ``compare`` on it.

    They are the monthly airline passengers of 1949 to 1960.

    Parameters
    ----------
    out, resume, force
        As in ``compare``.
    **options
        The others of ``compare``.

    Returns
    -------
    comparison : Comparison
        What was found.
    folder : Path
        What was written.
    """
    from skrnn.datasets import load_airline

    table = load_airline()
    text = table.to_csv(index_label="month")
    if not Path(DEMO).is_file() or Path(DEMO).read_text(encoding="utf-8") != text:
        with new_file(DEMO, force) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
    return compare(DEMO, table.columns[0], out=out, resume=resume, force=force, **options)


def fit(
    data: str | Path,
    target: str,
    model: str,
    *,
    out: str | Path | None = None,
    force: bool = False,
    **options,
) -> tuple[ForecastModel, Path]:
    """Fit one model on a file's series, and write it.

    Parameters
    ----------
    data, target, force
        As in ``compare``.
    model : str
        The rung of the ladder.
    out : path, default=None
        The file. None: in the current folder, the data's name, the model's, and ".skrnn".
    **options
        ``time_column``, ``series``, ``known_ahead``, ``columns``, ``ignore``, ``season``,
        ``horizon``, ``window``, ``effort``, ``seed``, ``coverages`` and ``tell``, as in
        ``compare``.

    Returns
    -------
    model : ForecastModel
        The fitted model.
    path : Path
        Where it was written.
    """
    everything = {"data": data, "target": target, **options}
    source, asked, watch = sorted_into((Source, Options, Watch), everything)
    check_rungs([model], "name")
    path = Path(out or f"{stem_of(data)}-{model}.skrnn")
    with new_file(path, force, [data]) as unfinished:
        reading = watch.told(source.read())
        fitted = fit_model(
            reading,
            model,
            horizon=asked.horizon,
            window=asked.window,
            effort=asked.effort,
            seed=asked.seed,
            coverages=asked.coverages,
        )
        fitted.save(unfinished)
    return fitted, path


def forecast(
    model: str | Path,
    data: str | Path | None = None,
    *,
    steps: int | None = None,
    coverages: Sequence[float] | None = None,
    out: str | Path | TextIO | None = None,
    force: bool = False,
    tell: Callable | None = None,
) -> pd.DataFrame:
    """Forecast with a model's file.

    Parameters
    ----------
    model : path
        A file that ``compare`` or ``fit`` wrote.
    data : path, default=None
        Newer data, as those that it was fitted on; "-" reads standard input. None: forecast what
        follows these.
    steps : int, default=None
        How many rows. None: all that the model forecasts.
    coverages : sequence of float, default=None
        The shares of truths that intervals are to hold; () without any. None: the model's.
    out : path or text file, default=None
        Where the CSV goes. None: nowhere.
    force : bool, default=False
        Overwrite the file.
    tell : callable, default=None
        Called with the notes on newer data, before the forecast: what was left out of them, and
        what was repaired.

    Returns
    -------
    table : DataFrame
        A line for each forecast.
    """
    fitted = load_model(model)
    if out is None or hasattr(out, "write"):
        table = fitted.forecast(_frames(fitted, data, tell), steps, coverages)
        if out is not None:
            out.write(fitted.csv(table))
        return table
    with new_file(out, force, [model, data]) as unfinished:
        table = fitted.forecast(_frames(fitted, data, tell), steps, coverages)
        unfinished.write_text(fitted.csv(table), encoding="utf-8")
    return table


def show(model: str | Path) -> dict:
    """What is inside a model's file.

    Parameters
    ----------
    model : path
        A file that ``compare`` or ``fit`` wrote.

    Returns
    -------
    facts : dict of str to str
        What it forecasts, from what, how well, and what it was made with.
    """
    return load_model(model).facts


def _frames(fitted, data, tell):
    """The series of newer data, read as those of the fit were."""
    if data is None:
        return None
    how = fitted.preparation
    kinds = fitted.kinds or {}
    source = Source(
        data=data,
        target=how.target,
        time_column=fitted.time,
        series=fitted.series,
        season=how.season,
        known_ahead=columns_in_file(how.known_ahead, kinds),
        columns=columns_in_file(how.columns[1:], kinds),
        kinds=kinds,
    )
    try:
        reading = source.read()
    except DataProblem as problem:
        if any(shown(name) in str(problem) for name in source.columns):
            fitted_on = listing(columns_in_file(how.columns, kinds))
            raise DataProblem(f"{problem}; the model was fitted on {fitted_on}") from None
        raise
    if reading.step != fitted.step:
        step = reading.step or "a row"
        # Another order of day and month gives other steps.
        unsure = [note for note in reading.notes if note.startswith(UNSURE_DATES)]
        remedy = ["resample the data, or fit a model on them", *unsure]
        raise DataProblem(
            f"{name_of(data)}: its step is {step}, but the model was fitted on rows of "
            f"{fitted.step or 'no known time'}: {'. '.join(remedy).removesuffix('.')}"
        )
    if tell is not None:
        notes = [note.replace(f"({AS_ASKED})", "(the model uses none)") for note in reading.notes]
        notes += _note_on_zone(fitted, reading)
        if notes:
            tell(notes)
    return reading


def _note_on_zone(fitted, reading):
    """That the forecast's times are not in the zone of the data."""
    theirs, ours = (
        getattr(next(iter(frames.values())).index, "tz", None)
        for frames in (reading.frames, fitted.frames)
    )
    if None in (theirs, ours) or str(theirs) == str(ours):
        return []
    return [f"Times of the forecast are in {ours}, as those that the model was fitted on."]


def _command_line(source, asked):
    """The command that repeats a comparison."""
    options = {
        "target": source.target,
        "time": source.time_column,
        "series": source.series,
        "known-ahead": ",".join(source.known_ahead) or None,
        "columns": None if source.columns is None else ",".join(source.columns),
        "ignore": ",".join(source.ignore) or None,
        "horizon": asked.horizon,
        "season": None if source.season == "auto" else source.season,
        "window": asked.window,
        "models": ",".join(asked.models or ()) or None,
        "folds": asked.folds,
        "effort": asked.effort,
        "budget": asked.budget,
        "jobs": None if asked.jobs == 1 else asked.jobs,
        "seed": asked.seed,
        "coverage": None if asked.coverages in (COVERAGES, ()) else _joined(asked.coverages),
    }
    given = [
        f"--{name} {shlex.quote(str(value))}"
        for name, value in options.items()
        if value is not None
    ]
    if not asked.coverages:
        given.append("--no-intervals")
    return " ".join(["skrnn compare", shlex.quote(str(source.data)), *given])


def _joined(coverages):
    return ",".join(f"{coverage:g}" for coverage in coverages)
