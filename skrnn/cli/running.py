"""Each command: from the arguments to what is printed."""

import argparse
import io
import sys

from skrnn.cli import INTERRUPTED, STARTED, commands
from skrnn.cli.printing import (
    Bar,
    as_json,
    console,
    json_text,
    notes_of,
    plain,
    print_comparison,
    print_facts,
    print_notes,
)
from skrnn.wording import printable

# The arguments that are options of the library under the same names.
COMPARING = ("effort", "folds", "budget", "jobs", "seed", "coverages")
SHAPE = ("series", "known_ahead", "columns", "ignore", "horizon", "season", "window")


def run(args: argparse.Namespace) -> int:
    """Run a command; returns its exit code."""
    commands = {
        "compare": _compare,
        "demo": _compare,
        "fit": _fit,
        "forecast": _forecast,
        "show": _show,
        "compile": _compile,
    }
    return commands[args.command](args)


def _compare(args):
    out = console()
    with Bar() as bar:

        def tell(reading):
            with bar.aside():
                print_notes(out, notes_of(reading))

        options = {
            **_named(args, (*COMPARING, "out", "resume", "force")),
            "tell": None if args.json else tell,
            "progress": bar,
            "started": STARTED,
        }
        if args.command == "demo":
            comparison, folder = commands.demo(**options)
        else:
            options |= {**_named(args, (*SHAPE, "models")), "time_column": args.time}
            comparison, folder = commands.compare(args.data, args.target, **options)
    files = sorted(path.name for path in folder.iterdir())
    if args.json:
        print(as_json(comparison, folder, files))
    else:
        print_notes(out, comparison.plan.notes)
        print_comparison(out, comparison, folder, files)
        if commands.FORECAST not in files:
            why = comparison.why_no_forecast
            print_notes(out, [f"No {commands.FORECAST}: {why}."])
    return INTERRUPTED if comparison.ended == "interrupted" else 0


def _fit(args):
    out = console()

    def tell(reading):
        print_notes(out, notes_of(reading))

    model, path = commands.fit(
        args.data,
        args.target,
        args.model,
        time_column=args.time,
        tell=None if args.json else tell,
        **_named(args, (*SHAPE, "effort", "seed", "coverages", "out", "force")),
    )
    facts = {"file": str(path), **model.facts}
    if args.json:
        print(json_text(facts))
    else:
        print_facts(out, facts)
    return 0


def _named(args, names):
    return {name: getattr(args, name) for name in names}


def _forecast(args):
    out = args.out
    if out is None and not args.json:
        out = io.StringIO()
    how = _named(args, ("steps", "coverages", "force"))

    def tell(notes):
        print_notes(console(stderr=True), notes)

    table = commands.forecast(args.model, args.data, out=out, tell=tell, **how)
    if args.json:
        # pandas's own to_json ends the process at a period.
        lines = [plain(line) for line in table.to_dict("records")]
        print(json_text(lines))
    elif args.out is None:
        csv = out.getvalue()
        # What goes on to a file or a program stays as it is.
        print(printable(csv) if sys.stdout.isatty() else csv, end="")
    else:
        print(f"{args.out}: {len(table)} forecasts")
    return 0


def _show(args):
    facts = commands.show(args.model)
    if args.json:
        print(json_text(facts))
    else:
        print_facts(console(), facts)
    return 0


def _compile(args):
    from skrnn.neural.compiled import compile_kernels

    folder = compile_kernels()
    print(f"kernels: {'nowhere to keep them' if folder is None else folder}")
    return 0
