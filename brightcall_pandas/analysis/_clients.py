"""Clients as dimensions: who they are, where, on what kind of line, and what their own clock says.

Each number is looked up once. What is not known of a client is null and counted: `told_of_clients`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._groups import Key, key_of
from brightcall_pandas.frame import (
    SEVERAL_ZONES,
    client_codes,
    column,
    country_of,
    description_of,
    line_type_of,
    zone_of_number,
)

__all__ = [
    "add_told",
    "client_key",
    "client_times",
    "country_key",
    "line_type_key",
    "reads_clients",
    "region_key",
    "told_of_clients",
]

_DIMENSIONS = ("client", "country", "region", "number_type", "client_hour", "client_weekday")
_OF_CLOCK = ("client_hour", "client_weekday")


def client_key(df: pd.DataFrame, name: str) -> Key:
    """Return the key of the clients' numbers."""
    return _key(df, name, lambda number: number)


def country_key(df: pd.DataFrame, name: str) -> Key:
    """Return the key of the clients' countries."""
    return _key(df, name, country_of)


def region_key(df: pd.DataFrame, name: str) -> Key:
    """Return the key of the towns, states or countries of the clients' numbers."""
    return _key(df, name, description_of)


def line_type_key(df: pd.DataFrame, name: str) -> Key:
    """Return the key of the kinds of the clients' lines."""
    return _key(df, name, line_type_of)


def _key(df: pd.DataFrame, name: str, of: Callable[[str], str | None]) -> Key:
    codes, numbers = client_codes(df)
    # The last label is that of code -1, no client.
    return key_of(pd.Series([*map(of, numbers), None], dtype="str"), name).take(codes)


def client_times(df: pd.DataFrame) -> pd.Series:
    """Return when each call began by the clock of its client, without a zone; null where it is not known."""
    codes, numbers = client_codes(df)
    zones = _zones(numbers)
    stamps = column(df, "timestamp").dt.tz_convert("UTC")
    utc = pd.DatetimeIndex(stamps)
    walls = np.full(len(df), np.datetime64("NaT"), dtype="datetime64[us]")
    of_call, names = pd.factorize(zones.take(codes))
    for place, zone in enumerate(names):
        if zone != SEVERAL_ZONES:
            rows = np.flatnonzero(of_call == place)
            walls[rows] = utc.take(rows).tz_convert(zone).tz_localize(None).to_numpy()
    return pd.Series(walls, index=df.index, name="timestamp")


def _zones(numbers: pd.Index) -> pd.Index:
    """Return the zone of each number, and a null more, which is that of code -1, no client."""
    return pd.Index([*map(zone_of_number, numbers), None], dtype="str")


def reads_clients(names: Iterable[str]) -> bool:
    """Tell whether any of the names in ``by=`` is read from the client's number."""
    return not set(names).isdisjoint(_DIMENSIONS)


def told_of_clients(df: pd.DataFrame, names: Iterable[str]) -> dict[str, int]:
    """Count the calls about whose client a table does not know what it is split by.

    Parameters
    ----------
    df
        Calls.
    names
        What they are split by.

    Returns
    -------
    dict
        ``no_client``: calls without a client; ``no_country_code``: calls of clients whose number does not say
        its country; for a clock also ``several_timezones``: calls of clients whose number may be in zones of
        different clocks. Nothing where no name is read from the client's number.
    """
    asked = [name for name in names if name in _DIMENSIONS and name not in df.columns]
    if not asked or "clientNumber" not in df.columns:
        return {}
    codes, numbers = client_codes(df)
    calls = np.bincount(codes + 1, minlength=len(numbers) + 1)
    told = {"no_client": int(calls[0])}
    if asked != ["client"]:
        told["no_country_code"] = _calls_where(calls, ~numbers.str.startswith("+"))
    if set(asked).intersection(_OF_CLOCK):
        told["several_timezones"] = _calls_where(calls, _zones(numbers)[:-1] == SEVERAL_ZONES)
    return told


def _calls_where(calls: NDArray[np.int64], clients: NDArray[np.bool_]) -> int:
    return int(calls[1:][np.asarray(clients, dtype=bool)].sum())


def add_told(table: pd.DataFrame, told: Iterable[Mapping[str, int]], region: str | None) -> pd.DataFrame:
    """Note in a table's attributes the region of its clients, and what `told_of_clients` counted in parts."""
    counts: dict[str, int] = {}
    for part in told:
        for name, calls in part.items():
            counts[name] = counts.get(name, 0) + calls
    said = table.attrs.get("brightcall") or {}
    table.attrs["brightcall"] = {**said, "region": region, **({"clients": counts} if counts else {})}
    return table
