"""TrainingDisplay draws the losses that were recorded, and marks the best epoch."""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from skrnn import (
    DenseClassifier,
    DenseRegressor,
    Differencer,
    LinearWindow,
    SeriesScaler,
    SlidingWindow,
    TransformedWindowRegressor,
    make_windows,
)
from skrnn.plotting import TrainingDisplay

ROWS = np.sin(np.arange(150) / 4)[:, None]


@pytest.fixture(scope="module")
def network():
    """A network that stopped early, behind a pipeline and a target transform."""
    dense = DenseRegressor(
        4, epochs=4, early_stopping=True, patience=1, learning_rate=0.1, random_state=0
    )
    relative = TransformedWindowRegressor(make_pipeline(SeriesScaler(), dense), Differencer(1))
    return make_pipeline(SlidingWindow(6), relative).fit(ROWS, ROWS[:, 0])


def labels(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def test_lines_are_the_losses():
    """The lines hold the losses by epoch, counted from 1."""
    display = TrainingDisplay.from_history({"loss": [3.0, 2.0, 1.5], "val_loss": [4.0, 3.0, 3.5]})

    assert display.loss_line_.get_xydata().tolist() == [[1, 3], [2, 2], [3, 1.5]]
    assert display.validation_line_.get_ydata().tolist() == [4, 3, 3.5]


def test_best_epoch_is_marked_at_the_lowest_validation_loss():
    """The mark stands at the minimum, and the legend says where; NaN is no minimum."""
    display = TrainingDisplay.from_history(
        {"loss": [3, 2, 1, 1], "val_loss": [np.nan, 0.4, 0.31, 0.5]}
    )

    assert display.best_epoch_ == 3
    assert display.best_line_.get_xydata().tolist() == [[3, 0.31]]
    assert labels(display) == ["training", "validation", "lowest validation loss: 0.31 in epoch 3"]


@pytest.mark.parametrize("history", [{"loss": [1.0, 0.5]}, {"loss": [1.0], "val_loss": [np.nan]}])
def test_without_validation_nothing_is_marked(history):
    """There is no best epoch without a validation loss."""
    display = TrainingDisplay.from_history(history)

    assert display.best_epoch_ is None
    assert display.best_line_ is None


@pytest.mark.parametrize(("last", "scale"), [(0.5, "linear"), (0.01, "log"), (0.0, "linear")])
def test_axis_is_logarithmic_where_the_loss_spans_decades(last, scale):
    """A loss that falls by more than ten is drawn on a logarithmic axis, if it is above 0."""
    assert TrainingDisplay.from_history({"loss": [1.0, last]}).ax_.get_yscale() == scale


def test_fitted_network_is_found_inside(network):
    """In a pipeline within a target transform, the network's own history is drawn, with the unit of
    its loss.
    """
    inner = network[-1].regressor_[-1]

    display = TrainingDisplay.from_estimator(network)

    np.testing.assert_array_equal(display.loss_line_.get_ydata(), inner.history_["loss"])
    assert display.best_epoch_ == 1 + np.argmin(inner.history_["val_loss"])
    assert display.ax_.get_ylabel() == "mse loss, in the unit of normalize_y"
    assert labels(display)[-1].startswith("best epoch, its weights are kept")


def test_search_shows_its_best(network):
    """Of a search, the refitted best is drawn."""
    pipe = make_pipeline(
        SlidingWindow(6, context="carry"),
        DenseRegressor(4, epochs=1, normalize_y=False, random_state=0),
    )
    grid = {"denseregressor__loss": ["mae"]}
    search = GridSearchCV(pipe, grid, cv=TimeSeriesSplit(2)).fit(ROWS, ROWS[:, 0])

    display = TrainingDisplay.from_estimator(search)

    assert display.history["loss"].tolist() == search.best_estimator_[-1].history_["loss"]
    assert display.ax_.get_ylabel() == "mae loss, of y as it is"


def test_weights_that_were_trained_on_are_not_called_kept(network):
    """After partial_fit, the best epoch's weights are gone: the mark does not claim them."""
    windows = network[0].transform(ROWS)
    dense = DenseRegressor(4, epochs=2, early_stopping=True, random_state=0).fit(
        windows, ROWS[:, 0]
    )

    display = TrainingDisplay.from_estimator(dense.partial_fit(windows, ROWS[:, 0]))

    assert labels(display)[-1].startswith("lowest validation loss")
    assert len(display.loss_line_.get_xdata()) == 3


@pytest.mark.parametrize(
    ("history", "message"),
    [
        ({"val_loss": [1.0]}, r"must be a dict with a list \"loss\".*got \['val_loss'\]"),
        ({"loss": []}, "at least one epoch"),
        ([1.0, 2.0], "got list"),
        (
            {"loss": [1.0, 2.0], "val_loss": [1.0]},
            "as many values of val_loss as of loss, got 1 and 2: put NaN",
        ),
    ],
)
def test_histories_that_cannot_be_drawn(history, message):
    """What is missing is named."""
    with pytest.raises(ValueError, match=message):
        TrainingDisplay.from_history(history)


def test_estimators_without_training():
    """A model that is not trained by epochs has no such picture."""
    with pytest.raises(ValueError, match="got LinearWindow without history_"):
        TrainingDisplay.from_estimator(LinearWindow())


def test_quantiles_are_learned_with_the_pinball_loss():
    """The axis names the loss that was minimised, whatever the parameter says."""
    X, y = make_windows(np.arange(60.0) % 7, 4)
    network = DenseRegressor(4, quantiles=(0.1, 0.5, 0.9), epochs=1, random_state=0).fit(X, y)

    display = TrainingDisplay.from_estimator(network)

    assert display.ax_.get_ylabel().startswith("pinball loss")


def test_classifiers_learn_with_the_cross_entropy():
    """Which has no unit."""
    X = np.random.default_rng(0).normal(size=(40, 4))
    model = DenseClassifier(3, epochs=3).fit(X, X[:, -1] > 0)

    display = TrainingDisplay.from_estimator(model)

    assert display.ax_.get_ylabel() == "cross-entropy"
