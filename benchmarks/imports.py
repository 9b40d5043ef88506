"""What importing skrnn costs, beside scikit-learn with those of its modules that skrnn needs.

Processor time of fresh processes, in turn; the ratio is the median of the pairs'.
"""

import argparse
import resource
import statistics
import subprocess
import sys

SKLEARN = "import sklearn"
NEEDED = "import sklearn.metrics, sklearn.pipeline, sklearn.preprocessing"
SKRNN = "import skrnn"
ALL = "from skrnn import *"
AIM = 1.2


def seconds(code):
    """Processor time of a process that runs some code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--rounds", type=int, default=15)
parser.add_argument("--quick", action="store_true", help="three rounds")
args = parser.parse_args()

codes = (SKLEARN, NEEDED, SKRNN, ALL)
for code in codes:  # what is read from the disk once
    seconds(code)
rounds = [[seconds(code) for code in codes] for _ in range(3 if args.quick else args.rounds)]
for code, times in zip(codes, zip(*rounds, strict=True), strict=True):
    needed = statistics.median(time / one[1] for time, one in zip(times, rounds, strict=True))
    print(f"{code:66} {statistics.median(times):5.2f} s, {needed:.2f} times the second line")
print(f"aim: the third at most {AIM} times the second")
