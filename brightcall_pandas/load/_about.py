"""What a client says of itself in a notebook: its server, its account, what is cached, what to try next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from html import escape
from typing import TYPE_CHECKING, Any

from brightcall_pandas.errors import BrightcallError
from brightcall_pandas.load._keys import KEY_VARIABLE

if TYPE_CHECKING:
    from brightcall_pandas.load._client import Client

__all__ = ["as_html", "as_text"]

Line = tuple[str, str]
"""What it is about, and what is said."""


def as_text(client: Client) -> str:
    """Return lines for a terminal."""
    lines = list(_lines(client))
    width = max(len(topic) for topic, _ in lines)
    return "\n".join(["Client", *(f"  {topic:<{width}}  {told}" for topic, told in lines)])


def as_html(client: Client) -> str:
    """Return the same for a notebook."""
    rows = "".join(
        f"<tr><th style='text-align: left'>{escape(topic)}</th>"
        f"<td style='text-align: left'>{escape(told)}</td></tr>"
        for topic, told in _lines(client)
    )
    return f"<div><b>Client</b><table>{rows}</table></div>"


def _lines(client: Client) -> Iterable[Line]:
    yield "server", f"{client.base_url}, API {client.profile.name}"
    if client.key is not None:
        yield "key", "there is one; it is never shown"
    else:
        yield "key", f"none: set {KEY_VARIABLE}, or call bc.login()"
    days = '"30d"'
    try:
        account = client.account
        yield "account", account.name
        zone = client.timezone or account.timezone
        yield "timezone", zone or "the account's, which the first load learns"
        if client.region is not None:
            yield "numbers", f"without country code are of {client.region}"
        held = client.cache.info()
        yield "cache", _cached(held)
        if held["calls"] and _is_whole(held):
            days = f'"{held["first_day"]}", "{held["last_day"]}"'
        elif there := client.cache.account.sandbox_days:
            days = f'"{there[0]}", "{there[1]}"'
    except (BrightcallError, OSError) as error:
        if client.key is not None:
            yield "cache", f"cannot be read: {error}"
    if client.offline:
        yield "offline", "the server is never asked"
    tries = f"bc.load_calls({days})  bc.count_calls({days})  client.account  client.cache.info()"
    yield "to try", tries if client.key is not None or client.offline else "bc.start_sandbox()"


def _is_whole(held: Mapping[str, Any]) -> bool:
    """Tell whether no day is missing between the first and the last one that is cached."""
    first, last = (date.fromisoformat(str(held[end])) for end in ("first_day", "last_day"))
    return bool(held["days"] == (last - first).days + 1)


def _cached(held: Mapping[str, Any]) -> str:
    if not held["days"]:
        return f"nothing yet, in {held['folder']}"
    days = f"{held['days']:,} day{'s' * (held['days'] != 1)} from {held['first_day']} to {held['last_day']}"
    return f"{held['calls']:,} calls on {days}, {held['bytes'] / 1e6:,.1f} MB in {held['folder']}"
