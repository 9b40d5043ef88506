"""The training of the networks: losses by epoch."""

import numpy as np

from skrnn.report.chart import Chart, Table, colours_of, figure, model_choice, plain
from skrnn.report.thinning import buckets_for, extremes
from skrnn.wording import number

DECADES = 20
# The oldest fold is the palest.
PALEST = 0.35


def training_chart(comparison) -> Chart | None:
    """Loss and validation loss by epoch, for each network and fold.

    None where no network was trained.
    """
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
            meta = {"model": name, "colour": colours_of(comparison)[name]}
            _draw(drawn, history, "loss", f"fold {fold + 1}, training", meta, "dot", shade, n_lines)
            _draw(
                drawn,
                history,
                "val_loss",
                f"fold {fold + 1}, validation",
                meta,
                "solid",
                shade,
                n_lines,
            )
    _scale(drawn, networks)
    chosen = next(
        (name for name in comparison.table.index if name in networks), next(iter(networks))
    )
    return Chart(
        "training",
        "Training of the networks",
        _finding(networks),
        drawn,
        _table(networks),
        [model_choice(comparison, list(networks), {chosen}, "radio", "Network")],
        "Solid lines are validation losses, dotted lines training losses; the newest fold is the "
        "strongest.",
    )


def _has_loss(history):
    return len(history.get("loss", ())) > 0


def _draw(drawn, history, key, name, meta, dash, shade, n_lines):
    if key not in history or not len(history[key]):
        return
    values = np.asarray(history[key], np.float64)
    kept = extremes(values, buckets_for(n_lines))
    drawn.add_scatter(
        x=(kept + 1).astype(np.int32),
        y=values[kept].astype(np.float32),
        name=plain(name),
        mode="lines" if len(values) > 1 else "markers",
        line={"dash": dash, "width": 2},
        opacity=shade,
        hovertemplate="%{y:.4~g}",
        meta=meta,
    )


def _scale(drawn, networks):
    values = np.concatenate(
        [folds_values for folds in networks.values() for folds_values in _losses(folds)]
    )
    values = values[np.isfinite(values)]
    if len(values) and values.min() > 0 and values.max() / values.min() > DECADES:
        drawn.update_yaxes(type="log")


def _losses(folds):
    return [
        np.asarray(history[key], float)
        for history in folds
        for key in ("loss", "val_loss")
        if key in history
    ]


def _best(history):
    """(epoch, loss, validation loss) of the best epoch, by validation loss where there is one."""
    judged = history.get("val_loss") or history["loss"]
    epoch = int(np.nanargmin(judged)) if np.isfinite(judged).any() else len(judged) - 1
    return (
        epoch + 1,
        history["loss"][epoch],
        history["val_loss"][epoch] if history.get("val_loss") else np.nan,
    )


def _finding(networks):
    parts = []
    for name, folds in networks.items():
        trained = [history for history in folds if _has_loss(history)]
        lengths, best = (
            [len(history["loss"]) for history in trained],
            [_best(history)[0] for history in trained],
        )
        parts.append(f"{name} {_range(lengths)}, the best of them {_range(best)}")
    return f"Epochs of the folds: {'; '.join(parts)}."


def _range(numbers):
    low, high = min(numbers), max(numbers)
    return f"{low} to {high}" if low < high else f"{low}"


def _table(networks):
    rows = []
    for name, folds in networks.items():
        for fold, history in enumerate(folds):
            if _has_loss(history):
                epoch, loss, validation = _best(history)
                rows.append(
                    [
                        name,
                        str(fold + 1),
                        str(len(history["loss"])),
                        str(epoch),
                        number(loss),
                        number(validation),
                    ]
                )
    return Table(
        ["network", "fold", "epochs", "best epoch", "loss there", "validation loss there"], rows
    )
