"""Each command: from the arguments to what is printed."""

import json
import sys

from skrnn.cli import STARTED, commands
from skrnn.cli.printing import (
    Bar,
    as_json,
    console,
    notes_of,
    print_comparison,
    print_facts,
    print_notes,
)

INTERRUPTED = 130


def run(args) -> int:
    """Run a command; returns its exit code."""
    return {
        "compare": _compare,
        "demo": _compare,
        "fit": _fit,
        "forecast": _forecast,
        "show": _show,
    }[args.command](args)


def _compare(args):
    out = console()
    shared = {
        name: getattr(args, name) for name in ("folds", "budget", "jobs", "seed", "out", "force")
    }
    with Bar() as bar:

        def tell(reading):
            with bar.aside():
                print_notes(out, notes_of(reading))

        shared |= {"tell": None if args.json else tell, "progress": bar, "started": STARTED}
        if args.command == "demo":
            comparison, folder = commands.demo(**shared)
        else:
            shared |= {
                name: getattr(args, name)
                for name in ("horizon", "season", "window", "models", "series")
            }
            shared |= {"time_column": args.time, "known_ahead": args.known_ahead}
            comparison, folder = commands.compare(args.data, args.target, **shared)
    files = sorted(path.name for path in folder.iterdir())
    if args.json:
        print(as_json(comparison, folder, files))
    else:
        print_notes(out, comparison.plan.notes)
        print_comparison(out, comparison, folder, files)
        if commands.FORECAST not in files:
            print_notes(out, [f"No {commands.FORECAST}: {commands.why_no_forecast(comparison)}."])
    return INTERRUPTED if comparison.ended == "interrupted" else 0


def _fit(args):
    out = console()
    model, path = commands.fit(
        args.data,
        args.target,
        args.model,
        time_column=args.time,
        series=args.series,
        known_ahead=args.known_ahead,
        horizon=args.horizon,
        season=args.season,
        window=args.window,
        seed=args.seed,
        out=args.out,
        force=args.force,
        tell=None if args.json else lambda reading: print_notes(out, notes_of(reading)),
    )
    if args.json:
        print(json.dumps({"file": str(path), **model.facts}, ensure_ascii=False, indent=2))
    else:
        print_facts(out, {"file": str(path), **model.facts})
    return 0


def _forecast(args):
    table = commands.forecast(
        args.model, args.data, steps=args.steps, out=args.out, force=args.force
    )
    if args.json:
        # pandas's own to_json ends the process at a period.
        print(json.dumps(table.to_dict("records"), ensure_ascii=False, indent=2, default=str))
    elif args.out is None:
        table.to_csv(sys.stdout, index=False)
    else:
        print(f"{args.out}: {len(table)} forecasts")
    return 0


def _show(args):
    facts = commands.show(args.model)
    if args.json:
        print(json.dumps(facts, ensure_ascii=False, indent=2))
    else:
        print_facts(console(), facts)
    return 0
