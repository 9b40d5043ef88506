"""What was forecast and learned before is forecast and learned still."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.golden.configurations import CONFIGURATIONS, numbers_of, precision_of

GOLDEN = json.loads(Path(__file__).with_name("numbers.json").read_text(encoding="utf-8"))
TOLERANCES = {"float64": 1e-9, "float32": 1e-4}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_nothing_that_was_right_has_changed(name):
    """The same forecasts, weights and losses as ever."""
    tolerance = TOLERANCES[precision_of(name)]

    found = numbers_of(name)

    assert found.keys() == GOLDEN[name].keys()
    for what, numbers in GOLDEN[name].items():
        floor = tolerance * np.abs(numbers).max()
        np.testing.assert_allclose(found[what], numbers, tolerance, floor, err_msg=what)
