"""Which calls are meant, apart from the days: what is sent, and what names the cache's folder."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import msgspec

from brightcall_pandas.filters import CallFilter
from brightcall_pandas.frame import zone_name
from brightcall_pandas.load._proof import PROOF_VERSION

__all__ = ["Query", "known_zone", "request_body"]


@dataclass(frozen=True)
class Query:
    """One question, to be asked of any days.

    Parameters
    ----------
    profile
        Name of the API's version.
    body
        Parameters by API name, without the days.
    zone
        Timezone in which days start.
    padded
        Whether one more day is read at both ends, because the server starts days in another timezone.
    """

    profile: str
    body: dict[str, Any]
    zone: str
    padded: bool

    @property
    def key(self) -> str:
        """Name of the query in the cache, beginning with the version of the rules that prove its windows.

        Windows read with and without padding are kept apart: the latter may lack calls at their ends.
        """
        identity = [self.profile, self.body, self.zone, self.padded]
        hashed = hashlib.sha256(msgspec.json.encode(identity, order="sorted")).hexdigest()[:24]
        return f"{PROOF_VERSION}-{hashed}"

    def request(self, first: date, last: date) -> dict[str, Any]:
        """Return the body that asks for some days."""
        pad = timedelta(days=1 if self.padded else 0)
        return self.body | {"dayFrom": str(first - pad), "dayTo": str(last + pad)}


def request_body(spec: CallFilter, zone: str | None) -> dict[str, Any]:
    """Return the body that a specification sends, with what clients in the wild always send.

    Parameters
    ----------
    spec
        Which calls.
    zone
        Timezone to name; None names none, and the server takes the account's.
    """
    filled = spec.replace(
        timezone=zone,
        all_users=True if spec.all_users is None else spec.all_users,
        date_interval=spec.date_interval or "day",
    )
    return filled.to_request()


def known_zone(name: Any) -> str | None:
    """Return the name of a timezone, as an answer has it, where it is one that is known here."""
    if not isinstance(name, str):
        return None
    try:
        return zone_name("timezone", name)
    except ValueError:
        return None
