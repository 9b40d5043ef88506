"""The commands as functions.

What ``skrnn compare``, ``fit``, ``forecast``, ``show`` and ``demo`` do.
"""

import contextlib
import shlex
import time
from pathlib import Path

import pandas as pd

from skrnn.cli.writing import new_file, new_folder
from skrnn.comparison import Comparison, ForecastModel, fit_model, load_model
from skrnn.comparison import compare as compare_reading
from skrnn.comparison.ladder import check_rungs
from skrnn.comparison.preparation import with_future
from skrnn.comparison.stopping import patient
from skrnn.reading import DataProblem, read_series
from skrnn.wording import listing

REPORT, MODEL, FORECAST, SCORES = "report.html", "model.skrnn", "forecast.csv", "scores.csv"
DEMO = "airline.csv"


def compare(
    data,
    target,
    *,
    time_column=None,
    series=None,
    known_ahead=(),
    horizon=None,
    season="auto",
    window=None,
    models=None,
    folds=5,
    budget=None,
    jobs=1,
    seed=0,
    out=None,
    force=False,
    tell=None,
    progress=None,
    started=None,
) -> tuple[Comparison, Path]:
    """Backtest the ladder on a file's series, and write report, model, forecast and scores into a folder.

    Parameters
    ----------
    data : path
        A CSV or Parquet file.
    target : str
        The column to forecast.
    time_column, series, known_ahead, season
        As in ``skrnn.reading.read_series``.
    horizon, window, models, folds, budget, jobs, seed, progress, started
        As in ``skrnn.comparison.compare``.
    out : path, default=None
        The folder. None: in the current one, the data's name and "-skrnn".
    force : bool, default=False
        Overwrite what an earlier run wrote there.
    tell : callable, default=None
        Called with the ``Reading`` as soon as the data are read.

    Returns
    -------
    comparison : Comparison
        What was found.
    folder : Path
        What was written.
    """
    started = time.monotonic() if started is None else started
    folder = Path(out or f"{Path(data).name.split('.')[0]}-skrnn")
    options = {
        "time": time_column,
        "series": series,
        "known-ahead": ",".join(known_ahead),
        "horizon": horizon,
    }
    options |= {
        "season": None if season == "auto" else season,
        "window": window,
        "models": ",".join(models or ()),
    }
    options |= {"folds": folds, "budget": budget, "jobs": None if jobs == 1 else jobs, "seed": seed}
    command = _command_line("compare", data, {"target": target, **options})
    check_rungs(models or (), "--models")
    with new_folder(folder, (REPORT, MODEL, FORECAST, SCORES), force) as place:
        reading = read_series(
            data, target, time=time_column, series=series, season=season, known_ahead=known_ahead
        )
        if tell is not None:
            tell(reading)
        comparison = compare_reading(
            reading,
            horizon=horizon,
            window=window,
            models=models,
            folds=folds,
            budget=budget,
            jobs=jobs,
            seed=seed,
            progress=progress,
            started=started,
            command=command,
        )
        with patient():
            write_comparison(comparison, place)
    return comparison, folder


def write_comparison(comparison, folder):
    """Write report, model, scores and, where its future is known, the forecast."""
    from skrnn.report import write_report

    write_report(comparison, folder / REPORT)
    comparison.model.save(folder / MODEL)
    comparison.table.to_csv(folder / SCORES)
    # Columns may be known ahead that nobody has told yet; ``why_no_forecast`` says which.
    with contextlib.suppress(DataProblem):
        comparison.model.forecast().to_csv(folder / FORECAST, index=False)


def why_no_forecast(comparison) -> str | None:
    """Why the recommended model cannot forecast yet, in one line; None where it can."""
    try:
        comparison.model.forecast(steps=1)
    except DataProblem as error:
        return str(error)
    return None


def demo(*, out=None, force=False, **options) -> tuple[Comparison, Path]:
    """Write a small real series to ``airline.csv``, monthly airline passengers of 1949 to 1960, and ``compare`` on it.

    Parameters
    ----------
    out, force
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
        with new_file(DEMO, force) as place:
            place.write_text(text, encoding="utf-8")
    return compare(DEMO, table.columns[0], out=out, force=force, **options)


def fit(
    data,
    target,
    model,
    *,
    time_column=None,
    series=None,
    known_ahead=(),
    horizon=None,
    season="auto",
    window=None,
    seed=0,
    out=None,
    force=False,
    tell=None,
) -> tuple[ForecastModel, Path]:
    """Fit one model on a file's series, and write it.

    Parameters
    ----------
    data, target, time_column, series, known_ahead, horizon, season, window, seed, force, tell
        As in ``compare``.
    model : str
        The rung of the ladder.
    out : path, default=None
        The file. None: in the current folder, the data's name, the model's, and ".skrnn".

    Returns
    -------
    model : ForecastModel
        The fitted model.
    path : Path
        Where it was written.
    """
    check_rungs([model], "--model")
    path = Path(out or f"{Path(data).name.split('.')[0]}-{model}.skrnn")
    with new_file(path, force, [data]) as place:
        reading = read_series(
            data, target, time=time_column, series=series, season=season, known_ahead=known_ahead
        )
        if tell is not None:
            tell(reading)
        fitted = fit_model(reading, model, horizon=horizon, window=window, seed=seed)
        fitted.save(place)
    return fitted, path


def forecast(model, data=None, *, steps=None, out=None, force=False) -> pd.DataFrame:
    """Forecast with a model's file.

    Parameters
    ----------
    model : path
        A file that ``compare`` or ``fit`` wrote.
    data : path, default=None
        Newer data, as those that it was fitted on. None: forecast what follows these.
    steps : int, default=None
        How many rows. None: all that the model forecasts.
    out : path, default=None
        Where the CSV goes. None: nowhere.
    force : bool, default=False
        Overwrite the file.

    Returns
    -------
    table : DataFrame
        A line for each forecast.
    """
    fitted = load_model(model)
    if out is None:
        return fitted.forecast(_frames(fitted, data), steps)
    with new_file(out, force, [model, data]) as place:
        table = fitted.forecast(_frames(fitted, data), steps)
        table.to_csv(place, index=False)
    return table


def show(model) -> dict:
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


def _frames(fitted, data):
    """The series of newer data, read as those of the fit were."""
    if data is None:
        return None
    how = fitted.preparation
    reading = read_series(
        data,
        how.target,
        time=fitted.time,
        series=fitted.series,
        season=how.season,
        known_ahead=how.known_ahead,
    )
    missing = [
        column for column in how.columns if column not in next(iter(reading.frames.values()))
    ]
    if missing:
        raise DataProblem(
            f"{Path(data).name}: has no numbers, or too few, in a column {missing[0]!r}, which the "
            f"model was fitted "
            f"on: bring all of {listing(how.columns)}"
        )
    if reading.step != fitted.step:
        raise DataProblem(
            f"{Path(data).name}: its step is {reading.step or 'a row'}, but the model was fitted on "
            f"rows of "
            f"{fitted.step or 'no known time'}: resample the data, or fit a model on them"
        )
    return with_future(reading)


def _command_line(command, data, options):
    given = [
        f"--{name} {shlex.quote(str(value))}"
        for name, value in options.items()
        if value not in (None, "")
    ]
    return " ".join(["skrnn", command, shlex.quote(str(data)), *given])
