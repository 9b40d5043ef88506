"""Plainly: indexes, labels, steps and tables as plain data, which a file can hold."""

from typing import Any

import numpy as np
import pandas as pd


def plain_index(index: pd.Index | None) -> dict | None:
    """An index as numbers and text."""
    if index is None:
        return None
    if index.name is not None and not isinstance(index.name, str | int):
        index = index.rename(str(index.name))
    if isinstance(index, pd.RangeIndex):
        bounds = [index.start, index.stop, index.step]
        return {"kind": "range", "bounds": bounds, "name": index.name}
    if isinstance(index, pd.PeriodIndex):
        values = np.array(index.asi8)
        return {"kind": "periods", "values": values, "freq": index.freqstr, "name": index.name}
    if isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex):
        times = isinstance(index, pd.DatetimeIndex)
        return {
            "kind": "times" if times else "lengths",
            "values": np.array(index.asi8),
            "unit": index.unit,
            "zone": str(index.tz) if times and index.tz is not None else None,
            "freq": _plain_freq(index.freq),
            "name": index.name,
        }
    values = index.to_numpy()
    if isinstance(index.dtype, np.dtype) and values.dtype.kind in "biuf":
        return {"kind": "numbers", "values": np.array(values), "name": index.name}
    return {"kind": "names", "values": [_name(value) for value in values], "name": index.name}


def index_from(plain: dict | None) -> pd.Index | None:
    """The index that ``plain_index`` wrote."""
    if plain is None:
        return None
    kind = plain["kind"]
    name = plain["name"]
    if kind == "range":
        return pd.RangeIndex(*plain["bounds"], name=name)
    if kind == "periods":
        return pd.PeriodIndex.from_ordinals(plain["values"], freq=plain["freq"], name=name)
    if kind == "lengths":
        values = plain["values"].view(f"m8[{plain['unit']}]")
        return pd.TimedeltaIndex(values, freq=_freq_from(plain["freq"]), name=name)
    if kind == "times":
        times = pd.DatetimeIndex(plain["values"].view(f"M8[{plain['unit']}]"), name=name)
        if plain["zone"] is not None:
            times = times.tz_localize("UTC").tz_convert(plain["zone"])
        times.freq = _freq_from(plain["freq"])
        return times
    return pd.Index(plain["values"], name=name)


def plain_label(label: Any) -> dict | None:
    """A label of an index as plain data."""
    if label is None:
        return None
    return plain_index(pd.Index([label]))


def label_from(plain: dict | None) -> Any:
    """The label that ``plain_label`` wrote."""
    return None if plain is None else index_from(plain)[0]


def plain_step(step: Any) -> dict | int | None:
    """A step of an index, a number of rows, a length of time or a step of the calendar."""
    if step is None or isinstance(step, int):
        return step
    if isinstance(step, pd.Timedelta):
        return plain_label(step)
    if type(step) is pd.DateOffset and all(isinstance(n, int) for n in step.kwds.values()):
        parts = {"n": step.n, "normalize": step.normalize, **step.kwds}
        return {"kind": "offset", "parts": parts}
    name = step.freqstr
    try:
        same = pd.tseries.frequencies.to_offset(name) == step
    except ValueError:
        same = False
    if not same:
        raise ValueError(f"the index's step {step!r} has no name that a file could hold")
    return {"kind": "calendar", "name": name}


def step_from(plain: dict | int | None) -> Any:
    """The step that ``plain_step`` wrote."""
    if plain is None or isinstance(plain, int):
        return plain
    if plain["kind"] == "calendar":
        return pd.tseries.frequencies.to_offset(plain["name"])
    if plain["kind"] == "offset":
        return pd.DateOffset(**plain["parts"])
    return label_from(plain)


def _plain_freq(freq):
    """The step of an index by its name; one without as a step of the calendar."""
    return plain_step(freq) if type(freq) is pd.DateOffset else getattr(freq, "freqstr", None)


def _freq_from(plain):
    return step_from(plain) if isinstance(plain, dict) else plain


def plain_frame(frame: pd.DataFrame) -> dict:
    """A table as plain data."""
    columns = [frame.iloc[:, i] for i in range(frame.shape[1])]
    return {
        "index": plain_index(frame.index),
        "columns": plain_index(frame.columns),
        "values": [plain_index(pd.Index(column)) for column in columns],
    }


def frame_from(plain: dict) -> pd.DataFrame:
    """The table that ``plain_frame`` wrote."""
    index = index_from(plain["index"])
    columns = {i: index_from(values) for i, values in enumerate(plain["values"])}
    frame = pd.DataFrame(columns, index=index)
    return frame.set_axis(index_from(plain["columns"]), axis=1)


def _name(value):
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, np.generic):
        return value.item()
    raise ValueError(
        f"the index has labels of the type {type(value).__name__}, which a file cannot hold: use "
        "numbers, text or times"
    )
