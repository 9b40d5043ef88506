"""RowTransformer: what transformers of rows share.

A DataFrame stays a DataFrame, with its index.
"""

import numpy as np
import pandas as pd
from sklearn import get_config
from sklearn.base import BaseEstimator, TransformerMixin

from skrnn.validation import column_positions
from skrnn.windows.array import Windows


class RowTransformer(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):
    """A transformer of rows: DataFrame in, DataFrame out; unknown values (NaN) are welcome."""

    def __init_subclass__(cls, **kwargs):
        # scikit-learn would wrap each subclass's transform anew, and make a table of windows.
        super().__init_subclass__(auto_wrap_output_keys=None, **kwargs)

    def set_output(self, *, transform: str | None = None) -> "RowTransformer":
        """Choose the container of tables.

        Parameters
        ----------
        transform : {"default", "pandas"}, default=None
            "pandas" makes DataFrames of arrays too; a DataFrame always stays one, and windows stay
            windows.

        Returns
        -------
        self : RowTransformer
        """
        if transform not in (None, "default", "pandas"):
            raise ValueError(f'transform must be "default" or "pandas", got {transform!r}')
        if transform is not None:
            # scikit-learn's own name for it: clone() carries it over.
            self._sklearn_output_config = {"transform": transform}
        return self

    def _positions(self, X) -> np.ndarray:
        """Positions of the parameter ``columns`` in rows, or in ``Windows``; of all for None."""
        return positions_of(self.columns, X, self.n_features_in_)

    def _like(self, X, values: np.ndarray):
        """The values as the kind of table that came."""
        if isinstance(X, pd.Series):
            X = X.to_frame()
        if isinstance(X, pd.DataFrame):
            return pd.DataFrame(values, index=X.index, columns=self._columns(X))
        output = getattr(self, "_sklearn_output_config", {}).get(
            "transform", get_config()["transform_output"]
        )
        if output == "pandas" and values.ndim == 2:
            return pd.DataFrame(values, columns=self.get_feature_names_out())
        return values

    def _columns(self, X):
        return X.columns if self.n_features_in_ == X.shape[1] else self.get_feature_names_out()

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.three_d_array = True
        return tags


def as_floats(rows: np.ndarray) -> np.ndarray:
    """A copy of rows in the float type that holds them, unknown ones included."""
    return rows.astype(np.result_type(rows, np.float32))


def positions_of(columns, X, n_features: int) -> np.ndarray:
    """Positions of columns, as a parameter names them, in rows or in ``Windows``; None: all."""
    if columns is None:
        return np.arange(n_features)
    if isinstance(X, Windows):
        X = _columns_of(X)
    return column_positions(columns, X, argument="columns")


def _columns_of(windows):
    """The columns of windows as a table without rows, for ``column_positions``."""
    empty = np.empty((0, windows.n_features))
    if windows.feature_names is None:
        return empty
    return pd.DataFrame(empty, columns=list(windows.feature_names))
