"""Codes: the whole numbers that stand for words or letters, as networks read them."""

import numpy as np

from skrnn.windows.array import Windows

# Whole numbers up to here are exact in single precision.
MOST_CODES = 2**24


def count_codes(windows: Windows) -> int:
    """How many codes there are in windows of codes: one more than the highest.

    Examples
    --------
    >>> from skrnn.windows.sequences import sequences_of
    >>> count_codes(sequences_of([[3, 1], [0, 2, 2]]))
    4
    """
    return int(_checked(windows).max(initial=0)) + 1


def known_codes(windows: Windows, n_codes: int) -> Windows:
    """Windows of codes as an engine reads them: floats, with 0 for those that are not known.

    Examples
    --------
    >>> from skrnn.windows.sequences import sequences_of
    >>> known_codes(sequences_of([[3, 1], [0, 2, 2]]), 3).rows.ravel()
    array([0., 1., 0., 2., 2.], dtype=float32)
    """
    _checked(windows)
    codes = windows.rows.astype(np.float32)
    # What is in no window may be anything; NaN stays unknown.
    codes[(codes >= n_codes) | (codes < 0)] = 0
    return windows.replace(rows=codes)


def _checked(windows):
    """The codes that windows cover; NaN, where they are unknown, is left out."""
    if windows.n_features != 1:
        raise ValueError(
            f"embedding reads codes, one feature a step, got {windows.n_features} features: pass "
            "the column of codes alone, or leave embedding out"
        )
    if not windows.shares_rows:
        raise ValueError(
            "embedding reads codes, which are not to be scaled, got windows that are expressed "
            "relative to themselves: take the WindowScaler out"
        )
    covered = windows.covered()
    codes = windows.rows.ravel() if covered.all() else windows.rows[covered]
    if codes.dtype.kind == "f":
        # No smaller type holds the largest code.
        codes = codes[~np.isnan(codes)].astype(np.promote_types(codes.dtype, np.float32))
    good = (codes >= 0) & (codes < MOST_CODES)
    if codes.dtype.kind == "f":
        good &= codes == np.floor(codes)
    if not good.all():
        bad = codes[~good][0]
        raise ValueError(
            f"embedding reads codes, whole numbers from 0 to {MOST_CODES - 1}, got {bad}: give "
            "each word or letter a number (TokenSequences), or leave embedding out"
        )
    return codes
