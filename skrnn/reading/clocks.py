"""Clocks: the hours that local clocks skip in spring and show twice in autumn."""

import zoneinfo

import numpy as np
import pandas as pd

HOUR = pd.Timedelta(hours=1)
# Of each rule by which clocks are changed somewhere, and the hour at which they are, one zone.
ZONES = (
    "Europe/Berlin",
    "Europe/London",
    "Europe/Athens",
    "Europe/Moscow",
    "Europe/Istanbul",
    "Atlantic/Azores",
    "America/New_York",
    "America/Mexico_City",
    "America/Havana",
    "America/Sao_Paulo",
    "America/Santiago",
    "America/Asuncion",
    "Australia/Sydney",
    "Pacific/Auckland",
    "Asia/Jerusalem",
    "Asia/Beirut",
    "Asia/Tehran",
    "Africa/Cairo",
)


def skipped_hours(times: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """The hours that clocks skipped in spring, if the times are local ones of some zone.

    They are if no hour that clocks skipped there is among the times, but for longer gaps. Nobody
    can tell it from an hour that lacks for another reason but by its date, and by all other years.

    Parameters
    ----------
    times : DatetimeIndex
        The stamps of a file, in order, each once.

    Returns
    -------
    hours : DatetimeIndex
        When each of them begins; empty where no zone fits.
    """
    if times.tz is not None:
        return pd.DatetimeIndex([])
    there = _hours(times)
    beside = [there - HOUR, there + HOUR]
    found = pd.DatetimeIndex([])
    for zone in ZONES:
        hours = _changes(there, zone, forward=True)
        hours = hours[np.all([hours.isin(hour) for hour in beside], axis=0)]
        if len(hours) > len(found) and not hours.isin(there).any():
            found = hours
    return found


def repeated_hours(times: pd.DatetimeIndex, repeated: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """The hours that clocks showed twice in autumn, if the times are local ones of some zone.

    They are if every such hour there that is among the times is among the ``repeated`` too.
    """
    if times.tz is not None:
        return pd.DatetimeIndex([])
    there = _hours(times)
    again = _hours(repeated)
    found = pd.DatetimeIndex([])
    for zone in ZONES:
        hours = _changes(there, zone, forward=False)
        hours = hours[hours.isin(there)]
        # A file may end with the hour that is shown for the first time.
        whole = hours[hours < there[-1]]
        if whole.isin(again).all() and hours.isin(again).sum() > len(found):
            found = hours[hours.isin(again)]
    return found


def _hours(times):
    return times.floor("h").unique().sort_values()


def _changes(hours, zone, *, forward):
    """The local hours within the span of others that clocks of a zone skip, or show twice."""
    try:
        zoneinfo.ZoneInfo(zone)
    except zoneinfo.ZoneInfoNotFoundError:
        return pd.DatetimeIndex([])
    noons = pd.date_range(hours[0].normalize(), hours[-1].normalize() + pd.Timedelta(days=1))
    noons += pd.Timedelta(hours=12)
    # No clock is changed at noon.
    offset = noons - noons.tz_localize(zone).tz_convert(None)
    change = HOUR if forward else -HOUR
    changed = noons[1:][np.diff(offset) == change.to_timedelta64()]
    near = changed.to_numpy()[:, None] - np.arange(24) * HOUR.to_timedelta64()
    near = pd.DatetimeIndex(np.sort(near.ravel()))
    kinds = {"nonexistent": "NaT", "ambiguous": np.ones(len(near), bool)}
    if not forward:
        kinds = {"nonexistent": "shift_forward", "ambiguous": "NaT"}
    found = near[near.tz_localize(zone, **kinds).isna()]
    return found[(found >= hours[0]) & (found <= hours[-1])]
