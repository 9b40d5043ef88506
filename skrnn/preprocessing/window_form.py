"""WindowForm: what transformers share that express each window relative to itself."""

from abc import abstractmethod
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skrnn.preprocessing.rows import positions_of
from skrnn.wholly import wholly
from skrnn.windows.array import Windows
from skrnn.windows.form import Form
from skrnn.windows.inputs import as_came, check_windows
from skrnn.windows.leads import leads_of


class WindowForm(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):
    """A transformer of windows, and of targets against them, that learns nothing.

    Subclasses write ``_form(windows)``, which also checks parameters, and have ``columns``.
    """

    reads_sequences = True
    # Files of versions that expressed all columns have neither.
    columns = None
    columns_ = None

    def __init_subclass__(cls, **kwargs):
        # scikit-learn would wrap each subclass's transform anew, and make a table of windows.
        super().__init_subclass__(auto_wrap_output_keys=None, **kwargs)

    @wholly
    def fit(self, X: Any, y: Any = None) -> "WindowForm":
        """Check the parameters and the windows. Returns self."""
        windows = check_windows(self, X, reset=True)
        self.columns_ = None
        if self.columns is not None:
            self.columns_ = positions_of(self.columns, windows, windows.n_features)
        self._formed(windows)
        return self

    def transform(self, X: Any) -> Any:
        """Express every window; the result is of the kind that came, and ``Windows`` stay lazy."""
        check_is_fitted(self)
        return as_came(self._formed(check_windows(self, X, reset=False)), X)

    def relative_target(self, windows: Windows, y: np.ndarray, column: int) -> np.ndarray:
        """The target y (n, n_leads) as its window's target column is expressed."""
        centre, scale = self._of_targets(windows, y.shape[1], column)
        return (y - centre) / scale

    def absolute_target(self, windows: Windows, y: np.ndarray, column: int) -> np.ndarray:
        """Undo ``relative_target``."""
        centre, scale = self._of_targets(windows, y.shape[1], column)
        return y * scale + centre

    def set_output(self, *, transform: str | None = None) -> "WindowForm":
        """Do nothing, as windows are no table; a pipeline calls this on all of its steps."""
        return self

    @abstractmethod
    def _form(self, windows: Windows) -> Form: ...

    def _formed(self, windows):
        form = self._chosen_form(windows)
        # Windows of which nothing is to be done stay windows of rows.
        return windows if form == Form() else windows.formed(form)

    def _chosen_form(self, windows):
        form = self._form(windows)
        return form if self.columns_ is None else form.only(self.columns_, windows.n_features)

    def _of_targets(self, windows, n_outputs, column):
        """What is taken from targets (n, n_outputs), and what divides them (n, 1)."""
        form = self._chosen_form(windows).of_feature(column)
        rate = windows.sampling_rate
        leads = leads_of(windows, n_outputs)
        if form.centre == "season" and (leads % rate).any():
            raise ValueError(
                f"leads must be multiples of sampling_rate={rate} for changes since a season, got "
                f"{leads.tolist()}"
            )
        feature = windows.feature(column)
        parts = [form.of_targets(feature.take(batch), leads // rate) for batch in feature.batches()]
        centre, scale = zip(*parts, strict=True)
        return np.concatenate(centre), np.concatenate(scale)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.three_d_array = True
        return tags


def sizes(windows: Windows, column: int, form: Form) -> np.ndarray:
    """What a form divides each window's column by (n,)."""
    feature = windows.feature(column)
    lead = np.ones(1, int)
    parts = [form.of_targets(feature.take(batch), lead)[1] for batch in feature.batches()]
    return np.concatenate(parts)[:, 0]
