"""Events in a stream: faults foreseen from rows, and counted event by event.

Before a fault the pressure falls, then rises; some rows later the fault begins. Other swings rise,
then fall, and nothing follows. Both have the same values, so that no threshold tells them apart:
their order does.

What is said of a row is said from the rows up to LEAD rows before it. The oldest rows teach. On
those that follow the threshold is chosen above which a probability is an alarm. The newest are
looked at once. A fault is found if a row of an alarm lies in it, or at most NEAR rows from it; an
alarm (alarmed rows in one stretch) that finds no fault is false.
"""

import argparse

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skrnn import ConvClassifier, FlattenWindows, RNNClassifier, SeriesScaler, SlidingWindow

LENGTH, LEAD, NEAR = 30, 3, 2
FAULT_ROWS = 5


def make_stream(n_rows):
    """Pressure and flow, and what each row is: "fault" or "normal"."""
    rng = np.random.default_rng(0)
    noise = pd.DataFrame(rng.normal(size=(n_rows, 2)), columns=["pressure", "flow"])
    rows = noise.ewm(alpha=0.5).mean()
    label = np.full(n_rows, "normal", dtype=object)
    start = LENGTH
    while start < n_rows - 2 * LENGTH:
        half = rng.integers(4, 8)
        swing = np.sin(np.linspace(0, 2 * np.pi, 2 * half + 1)) * rng.uniform(1.5, 3.0)
        fault = rng.random() < 0.4
        behind = start + len(swing)
        rows.iloc[start:behind, 0] += -swing if fault else swing
        if fault:
            begin = behind + rng.integers(LEAD, LEAD + 5)
            label[begin : begin + FAULT_ROWS] = "fault"
        start = behind + rng.integers(15, 60)
    rows.index = pd.date_range("2026-01-01", periods=n_rows, freq="min")
    return rows, pd.Series(label, index=rows.index)


def stretches(mask):
    """Of each stretch of True, its first row and the one behind its last, (n, 2)."""
    edges = np.flatnonzero(np.diff(np.r_[False, mask, False]))
    return edges.reshape(-1, 2)


def by_event(fault, alarm):
    """How many faults there are, how many are found, and the same of alarms."""
    faults = stretches(fault)
    alarms = stretches(alarm)
    meet = (alarms[:, :1] < faults[:, 1] + NEAR) & (alarms[:, 1:] > faults[:, 0] - NEAR)
    return {
        "faults": len(faults),
        "found": int(meet.any(axis=0).sum()),
        "alarms": len(alarms),
        "true": int(meet.any(axis=1).sum()),
    }


def share(part, whole):
    return part / whole if whole else np.nan


def f_score(counts):
    """The harmonic mean of precision and recall; 0 without an alarm."""
    precision = share(counts["true"], counts["alarms"])
    recall = share(counts["found"], counts["faults"])
    return 2 * precision * recall / (precision + recall) if counts["true"] else 0.0


def best_threshold(fault, score):
    """The threshold whose alarms have the best harmonic mean of precision and recall."""
    candidates = np.quantile(score, np.linspace(0.5, 0.999, 200))
    return max(candidates, key=lambda threshold: f_score(by_event(fault, score > threshold)))


parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument(
    "--quick", action="store_true", help="few rows and few epochs, to see that it runs"
)
args = parser.parse_args()

rows, label = make_stream(3_000 if args.quick else 15_000)
n_train = round(0.6 * len(rows))
n_seen = round(0.8 * len(rows))
newer, newer_label = rows[n_train:], label[n_train:]
valid = np.arange(len(newer)) < n_seen - n_train
fault = (newer_label == "fault").to_numpy()

options = {"epochs": 2 if args.quick else 20, "random_state": 0}
models = {
    "logistic, on all steps": make_pipeline(FlattenWindows(), LogisticRegression(max_iter=1000)),
    "convolutional": ConvClassifier((16, 16), kernel_size=7, pooling="max", **options),
    "GRU": RNNClassifier("gru", units=16, **options),
}

known = newer["pressure"].shift(LEAD).fillna(0.0).to_numpy()
scores = {
    "naive: never an alarm": np.zeros(len(newer)),
    "pressure above a value": known,
    "pressure below a value": -known,
}
for name, model in models.items():
    pipe = make_pipeline(SeriesScaler(), SlidingWindow(LENGTH, LEAD), model)
    pipe.fit(rows[:n_train], label[:n_train])
    scores[name] = pipe.predict_proba(newer)[:, list(pipe.classes_).index("fault")]

n_faults = len(stretches(fault[~valid]))
title = f"Alarms {LEAD} rows ahead, in the newest {sum(~valid)} of {len(rows)} rows"
print(f"{title}: {n_faults} faults\n")
print(f"{'':24}   found   alarms   false   recall   precision")
for name, score in scores.items():
    threshold = best_threshold(fault[valid], score[valid])
    counts = by_event(fault[~valid], score[~valid] > threshold)
    false = counts["alarms"] - counts["true"]
    recall = share(counts["found"], counts["faults"])
    precision = share(counts["true"], counts["alarms"])
    print(
        f"{name:24}{counts['found']:8}{counts['alarms']:9}{false:8}{recall:9.0%}{precision:12.0%}"
    )
