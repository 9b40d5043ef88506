"""The training of the networks: losses by epoch."""

import numpy as np

from skrnn.comparison import Comparison
from skrnn.report.chart import Chart, Table, colours_of, figure, model_choice, plain
from skrnn.report.thinning import buckets_for, extremes
from skrnn.wording import number

DECADES = 20
# The oldest fold is the palest.
PALEST = 0.35
# What a history calls a loss, what the page calls it, and how its line is drawn.
LOSSES = (("loss", "training", "dot"), ("val_loss", "validation", "solid"))


def training_chart(comparison: Comparison) -> Chart | None:
    """Loss and validation loss by epoch, for each network and fold; None where there is none."""
    networks = {
        name: folds for name, folds in comparison.training.items() if any(map(_has_loss, folds))
    }
    if not networks:
        return None
    drawn = figure(
        xaxis={"title": {"text": "epoch"}}, yaxis={"title": {"text": "loss, of scaled targets"}}
    )
    n_lines = sum(2 * len(folds) for folds in networks.values())
    for name, folds in networks.items():
        for fold, history in enumerate(folds):
            shade = PALEST + (1 - PALEST) * (fold + 1) / len(folds)
            style = {
                "meta": {"model": name, "colour": colours_of(comparison)[name]},
                "opacity": shade,
            }
            for key, words, dash in LOSSES:
                losses = np.asarray(history.get(key, ()), np.float64)
                line = {"dash": dash, "width": 2}
                _draw(drawn, f"fold {fold + 1}, {words}", losses, n_lines, line=line, **style)
    _scale(drawn, networks)
    ranked = [name for name in comparison.table.index if name in networks]
    chosen = next(iter(ranked or networks))
    return Chart(
        name="training",
        title="Training of the networks",
        finding=_finding(networks),
        figure=drawn,
        table=_table(networks),
        choices=[model_choice(comparison, list(networks), {chosen}, "radio", "Network")],
        note="Solid lines are validation losses, dotted lines training losses; the newest fold is "
        "the strongest.",
    )


def _has_loss(history):
    return len(history.get("loss", ())) > 0


def _draw(drawn, name, values, n_lines, **style):
    if not len(values):
        return
    kept = extremes(values, buckets_for(n_lines))
    drawn.add_scatter(
        x=(kept + 1).astype(np.int32),
        y=values[kept].astype(np.float32),
        name=plain(name),
        mode="lines" if len(values) > 1 else "markers",
        hovertemplate="%{y:.4~g}",
        **style,
    )


def _scale(drawn, networks):
    values = np.concatenate([losses for folds in networks.values() for losses in _losses(folds)])
    values = values[np.isfinite(values)]
    if len(values) and values.min() > 0 and values.max() / values.min() > DECADES:
        drawn.update_yaxes(type="log")


def _losses(folds):
    return [
        np.asarray(history[key], float)
        for history in folds
        for key, _, _ in LOSSES
        if key in history
    ]


def _best(history):
    """(epoch, loss, validation loss) of the best epoch, by validation loss where there is one."""
    validation = history.get("val_loss") or [np.nan] * len(history["loss"])
    judged = history.get("val_loss") or history["loss"]
    epoch = int(np.nanargmin(judged)) if np.isfinite(judged).any() else len(judged) - 1
    return epoch + 1, history["loss"][epoch], validation[epoch]


def _finding(networks):
    of_networks = []
    for name, folds in networks.items():
        trained = [history for history in folds if _has_loss(history)]
        lengths = [len(history["loss"]) for history in trained]
        best = [_best(history)[0] for history in trained]
        of_networks.append(f"{name} {_range(lengths)}, the best of them {_range(best)}")
    return f"Epochs of the folds: {'; '.join(of_networks)}."


def _range(numbers):
    low = min(numbers)
    high = max(numbers)
    return f"{low} to {high}" if low < high else f"{low}"


def _table(networks):
    rows = []
    for name, folds in networks.items():
        for fold, history in enumerate(folds):
            if _has_loss(history):
                epoch, *losses = _best(history)
                counts = [str(fold + 1), str(len(history["loss"])), str(epoch)]
                rows.append([name, *counts, *map(number, losses)])
    return Table(
        ["network", "fold", "epochs", "best epoch", "loss there", "validation loss there"], rows
    )
