"""PickColumns: windows of some of their columns."""

from collections.abc import Sequence

from sklearn.base import BaseEstimator, TransformerMixin

from skrnn.windows import Windows


class PickColumns(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):
    """Keep some columns of windows, by name.

    Parameters
    ----------
    columns : sequence of str
        The columns to keep.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns of the windows seen in ``fit``.
    """

    def __init__(self, columns: Sequence[str]):
        self.columns = columns

    def fit(self, X: Windows, y: object = None) -> "PickColumns":
        """Look at the windows. Returns self."""
        self.n_features_in_ = X.n_features
        return self

    def transform(self, X: Windows) -> Windows:
        """The windows with these columns only, in the order of the windows."""
        which = [n for n, name in enumerate(X.feature_names) if name in self.columns]
        return X.replace(
            rows=X.rows[:, which],
            shift=X.shift[which],
            feature_names=tuple(X.feature_names[n] for n in which),
            labels=X.labels,
        )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "n_features_in_")
