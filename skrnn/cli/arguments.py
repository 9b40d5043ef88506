"""What the ``skrnn`` command understands."""

import argparse
import math
from typing import NoReturn

import skrnn
from skrnn.wording import RUNGS, listing

EPILOG = (
    "Exit codes: 0 done, 2 wrong usage or data (one line on stderr says which), 130 stopped by "
    "Ctrl-C."
)
# As the library's, which would have to be imported for it.
COVERAGES = (0.8, 0.95)
EFFORTS = ("quick", "default", "best")
MODEL_FILE = "a file that compare or fit wrote; open only files you trust"


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong on one line, and leave with exit code 2."""
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def make_parser() -> Parser:
    """The parser of ``skrnn`` with all of its commands."""
    parser = Parser(
        prog="skrnn",
        description="From a CSV to an honest answer: which forecast is worth it?",
        epilog=EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"skrnn {skrnn.__version__}")
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="command", parser_class=Parser
    )

    _add_compare(commands)
    _add_fit(commands)
    _add_forecast(commands)
    _add_show(commands)
    _add_demo(commands)
    commands.add_parser("compile", help="compile what networks need, ahead of the first of them")
    return parser


def _add_compare(commands):
    parser = commands.add_parser(
        "compare", help="backtest the ladder of models on your data, and recommend one"
    )
    _data(parser)
    _shape(parser)
    parser.add_argument(
        "--models",
        type=_models,
        metavar="A,B…",
        help=f"which to compare: {', '.join(RUNGS)} (default: all but theta and arima, "
        "which need statsforecast)",
    )
    _effort(parser, words="default, or what fits into the budget")
    _comparing(parser)
    folder = "folder for report, model, forecast and scores (default: DATA's name and -skrnn)"
    _output(parser, "DIR", folder)


def _add_fit(commands):
    parser = commands.add_parser("fit", help="fit one model on your data, and write it to a file")
    _data(parser)
    parser.add_argument("--model", required=True, type=str.lower, help=listing(RUNGS, "or"))
    _shape(parser)
    _effort(parser)
    parser.add_argument(
        "--seed", type=_seed, default=0, metavar="N", help="random state of a network (default: 0)"
    )
    _intervals(parser, COVERAGES, "0.8,0.95")
    _output(parser, "FILE", "the model's file (default: DATA's name, the model's, and .skrnn)")


def _add_forecast(commands):
    parser = commands.add_parser("forecast", help="forecast from a model's file, as CSV")
    parser.add_argument("model", metavar="MODEL", help=MODEL_FILE)
    parser.add_argument(
        "data",
        metavar="DATA",
        nargs="?",
        help="newer data, in place of those it was fitted on; - reads standard input",
    )
    parser.add_argument(
        "--steps", type=_whole, metavar="N", help="rows to forecast (default: the model's horizon)"
    )
    _intervals(parser, None, "the model's")
    _output(parser, "FILE", "where the CSV goes (default: standard output)")


def _add_show(commands):
    parser = commands.add_parser("show", help="say what is inside a model's file")
    parser.add_argument("model", metavar="MODEL", help=MODEL_FILE)
    parser.add_argument("--json", action="store_true", help="print JSON")


def _add_demo(commands):
    parser = commands.add_parser(
        "demo",
        help="compare on a small real series that needs no network, airline.csv, which is written "
        "into this folder",
    )
    _effort(parser, "quick", "quick")
    _comparing(parser)
    folder = "folder for report, model, forecast and scores (default: airline-skrnn)"
    _output(parser, "DIR", folder)


def _data(parser):
    parser.add_argument(
        "data",
        metavar="DATA",
        help="a CSV or Parquet file, a row for each time step; - reads standard input",
    )
    parser.add_argument("--target", required=True, metavar="COL", help="the column to forecast")
    parser.add_argument("--time", metavar="COL", help="the column of times (default: found)")
    parser.add_argument(
        "--series", metavar="COL", help="the column that tells several series apart"
    )
    parser.add_argument(
        "--known-ahead",
        type=_names,
        default=(),
        metavar="A,B…",
        help="columns whose future is known, as holidays are",
    )
    parser.add_argument(
        "--columns",
        type=_names,
        metavar="A,B…",
        help="the only other columns to use; '' for the target alone (default: all that tell "
        "something)",
    )
    parser.add_argument(
        "--ignore", type=_names, default=(), metavar="A,B…", help="columns not to use"
    )


def _shape(parser):
    parser.add_argument(
        "--horizon",
        type=_count,
        metavar="N",
        help="rows to forecast (default: a season of up to 48, else 24 or 12)",
    )
    parser.add_argument(
        "--season",
        type=_season,
        default="auto",
        metavar="N",
        help="rows of a season (default: auto)",
    )
    parser.add_argument(
        "--window",
        type=_count,
        metavar="N",
        help="rows a forecast looks at (default: what each model forecasts best from)",
    )


def _comparing(parser):
    parser.add_argument(
        "--folds",
        type=_count,
        metavar="N",
        help="folds of the backtest (default: 5, or as many as a short file has windows for)",
    )
    parser.add_argument(
        "--budget",
        type=_minutes,
        metavar="MINUTES",
        help="plan for so long, and end then with what is finished",
    )
    parser.add_argument(
        "--jobs",
        type=_count,
        default=1,
        metavar="N",
        help="fits in parallel (default: 1; one alone uses all cores by itself)",
    )
    parser.add_argument(
        "--seed", type=_seed, default=0, metavar="N", help="random state of networks (default: 0)"
    )
    _intervals(parser, COVERAGES, "0.8,0.95")
    parser.add_argument(
        "--resume",
        metavar="DIR",
        help="go on with what a run that was cut has finished in its folder",
    )


def _effort(parser, default=None, words="default"):
    parser.add_argument(
        "--effort",
        choices=EFFORTS,
        default=default,
        help="how much is tried, and for how long networks are trained: about 1, 5 or 20 minutes "
        f"for 10,000 rows (default: {words})",
    )


def _intervals(parser, default, words):
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "--coverage",
        dest="coverages",
        type=_coverages,
        default=default,
        metavar="A,B…",
        help=f"shares of truths that intervals are to hold (default: {words})",
    )
    either.add_argument(
        "--no-intervals",
        dest="coverages",
        action="store_const",
        const=(),
        help="forecasts without intervals",
    )


def _output(parser, metavar, text):
    parser.add_argument("--out", metavar=metavar, help=text)
    parser.add_argument(
        "--force", action="store_true", help="overwrite what an earlier run wrote there"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


# ---------------------------------------------------------------------- values


def _names(text):
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _models(text):
    names = _names(text)
    if not names:
        raise argparse.ArgumentTypeError(
            "names no model: name some, or leave it out to compare all"
        )
    return names


def _whole(text):
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a whole number, got {text!r}") from None


def _count(text):
    value = _whole(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {text!r}")
    return value


def _seed(text):
    value = _whole(text)
    if not 0 <= value < 2**32:
        raise argparse.ArgumentTypeError(f"must be from 0 to {2**32 - 1}, got {text!r}")
    return value


def _season(text):
    return text if text == "auto" else _count(text)


def _coverages(text):
    names = _names(text)
    try:
        shares = [float(name) for name in names]
    except ValueError:
        shares = []
    if not shares or not all(0 < share < 1 for share in shares):
        raise argparse.ArgumentTypeError(
            f"must be above 0 and below 1, as 0.8,0.95 are, got {text!r}"
        )
    return tuple(sorted(set(shares)))


def _minutes(text):
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"must be minutes above 0, got {text!r}")
    return value
