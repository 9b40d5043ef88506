"""``skrnn compare`` with the whole ladder on large files: time, memory, and kept budgets."""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd


def write(path, n, step):
    """A load with the seasons of a day and a week, and seven columns that tell something of it."""
    rng, row = np.random.default_rng(0), np.arange(n)
    base = 10 * np.sin(2 * np.pi * row / 24) + 5 * np.sin(2 * np.pi * row / 168)
    columns = {f"x{i}": np.convolve(rng.normal(size=n), np.ones(5) / 5, "same") for i in range(7)}
    load = 100 + base + 3 * columns["x0"] * np.abs(columns["x1"]) + rng.normal(size=n)
    times = pd.date_range("2019-01-01", periods=n, freq=step, name="time")
    pd.DataFrame({"load": load, **columns}, index=times).round(4).to_csv(path)


def measure(path, *options):
    """The seconds of a comparison, and the largest memory of any so far in MB."""
    start = time.perf_counter()
    command = [
        sys.executable,
        "-m",
        "skrnn",
        "compare",
        path.name,
        "--target",
        "load",
        "--force",
        *options,
    ]
    subprocess.run(command, cwd=path.parent, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3


def processor():
    """The processor's seconds of all commands so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--quick", action="store_true", help="a few rows, to see that it runs")
parser.add_argument(
    "--efforts", nargs="+", default=(), help="only what each of these efforts takes"
)
parser.add_argument(
    "--intervals", metavar="EFFORT", help="only what intervals add to what this effort takes"
)
args = parser.parse_args()
scale = 50 if args.quick else 1
# What each effort is to take, in minutes, for 10,000 rows.
MINUTES = {"quick": 1, "default": 5, "best": 20}

with tempfile.TemporaryDirectory() as folder:
    for effort in args.efforts:
        path = Path(folder) / "rows.csv"
        write(path, 10_000 // scale, "h")
        seconds, _ = measure(path, "--effort", effort)
        print(
            f"{10_000 // scale:,} rows x 8 columns, {effort}: {seconds / 60:.1f} minutes (about "
            f"{MINUTES[effort]})",
            flush=True,
        )
    if args.intervals:
        path = Path(folder) / "rows.csv"
        write(path, 10_000 // scale, "h")
        seconds = {}
        # What others do on the machine does not change the processor's seconds.
        for option in ((), ("--no-intervals",)):
            before = processor()
            measure(path, "--effort", args.intervals, *option)
            seconds[option] = processor() - before
        without = seconds["--no-intervals",]
        print(
            f"{10_000 // scale:,} rows x 8 columns, {args.intervals}: {without:.1f} s of "
            f"processor without intervals, {seconds[()]:.1f} s with them: "
            f"{seconds[()] / without - 1:.1%} more (aim: at most 10 %)"
        )
    if args.efforts or args.intervals:
        sys.exit()
    hours, minutes = Path(folder) / "hours.csv", Path(folder) / "minutes.csv"
    write(hours, 50_000 // scale, "h")
    seconds, memory = measure(hours)
    print(
        f"{50_000 // scale:,} rows x 8 columns: {seconds:.1f} s (aim: at most 300), {memory:.0f} "
        f"MB",
        flush=True,
    )
    seconds, _ = measure(hours, "--budget", "0.5")
    print(f"the same with a budget of 30 s: {seconds:.1f} s (aim: at most 33)", flush=True)
    write(minutes, 1_000_000 // scale, "min")
    seconds, memory = measure(minutes, "--folds", "2")
    print(
        f"{1_000_000 // scale:,} rows x 8 columns, 2 folds: {seconds:.1f} s, {memory:.0f} MB (aim: "
        f"at most 4,000)"
    )
