"""What each file says of itself, in its footer: which set of files it belongs to, and what of it it holds.

So nothing but parquet lies in the folder, which some readers insist on, and a file tells where it belongs
wherever it was copied to. What is known before the rows is in the metadata of the schema (`META`), what is
known after the last one beside it (`PERIOD`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from brightcall_pandas.frame import SCHEMA_VERSION

__all__ = [
    "FILE",
    "META",
    "NO_TIME",
    "PERIOD",
    "PERIODS",
    "Footer",
    "Identity",
    "Period",
    "can_be_said",
    "footer_of",
    "held_periods",
    "last_read",
    "period_metadata",
    "window_reports",
]

PERIODS = {"day": "%Y-%m-%d", "month": "%Y-%m"}
"""Partition → format of the period in the name of its folder."""

NO_TIME = {"day": "1970-01-01", "month": "1970-01"}
"""Period of calls without a time: a date like all others, since pandas and dask read no null as a period."""

FILE = "calls.parquet"
META = b"brightcall"
PERIOD = b"brightcall.period"

_LEFT_OUT = ("pages", "misfits")


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """What all files of a folder have in common.

    Parameters
    ----------
    partition
        ``day`` or ``month``.
    timezone
        Zone in which days begin.
    columns
        Columns of each file, in their order.
    other_types
        Arrow types of the columns that are no fields, by name.
    query
        The filters by their API names, without the days; None if unknown.
    pseudonymized
        Fingerprint of the key that made the tokens; None for calls as they are.
    as_of
        Time as of which the calls were known so, UTC; None for what was read last.
    schema_version
        Version of the typed schema.
    """

    partition: str
    timezone: str
    columns: list[str]
    other_types: dict[str, str] = {}
    query: dict[str, Any] | None = None
    pseudonymized: str | None = None
    as_of: str | None = None
    schema_version: int = SCHEMA_VERSION

    def difference(self, other: Identity, *, same_query: bool = True) -> str | None:
        """Return the first thing in which another identity differs, as ``name=ours, not theirs``."""
        for name in self.__struct_fields__:
            ours, theirs = getattr(self, name), getattr(other, name)
            if ours != theirs and (same_query or name != "query"):
                return f"{name}={_apart(ours, theirs)}, not {_apart(theirs, ours)}"
        return None


def _apart(value: Any, other: Any) -> str:
    """Return what a message shows of a value: of a list only what the other one lacks."""
    if not (isinstance(value, list) and isinstance(other, list)) or set(value) == set(other):
        return repr(value)
    return f"[{', '.join(['…', *(repr(each) for each in value if each not in other)])}]"


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """What the file of one period holds.

    Parameters
    ----------
    rows
        Number of calls.
    days
        The days that it was made of; empty if unknown.
    complete
        Whether all its windows are proved complete; None if unknown.
    final
        Whether its calls could no longer change when they were fetched.
    windows
        Report on each window.
    """

    rows: int
    days: list[str] = []
    complete: bool | None = None
    final: bool = False
    windows: list[dict[str, Any]] = []

    def is_final(self, days: Collection[str]) -> bool:
        """Tell whether it has all these days, proved complete, and can no longer change.

        Never so where it was fetched at a time that is still to come: the clock was ahead then, and may have
        passed days for over that were not.
        """
        return (
            self.final
            and self.complete is True
            and set(days) <= set(self.days)
            and all(has_passed(each.get("fetched_at")) for each in self.windows)
        )


class Footer(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says of itself.

    Parameters
    ----------
    timezone
        Zone of its times.
    query
        The filters by their API names; None if unknown.
    pseudonymized
        Fingerprint of the key that made the tokens; None for calls as they are.
    agent, agent_by
        Field that tells the agents, and who says so; None if unknown.
    region
        Country whose numbers are written without country code; None if unknown.
    windows
        Report on each window of a file that is by itself.
    complete
        Whether these are proved complete; None if unknown.
    identity
        The set it belongs to; None for a file by itself.
    period
        Name of its period, such as ``2026-03-31``.
    held
        What it holds of the period.
    """

    timezone: str = "UTC"
    query: dict[str, Any] | None = None
    pseudonymized: str | None = None
    agent: str | None = None
    agent_by: str | None = None
    region: str | None = None
    windows: list[dict[str, Any]] = []
    complete: bool | None = None
    identity: Identity | None = msgspec.field(default=None, name="set")
    period: str | None = None
    held: Period | None = None

    @property
    def folder(self) -> str:
        """Name of the folder that it belongs in; empty for a file by itself."""
        return f"{self.identity.partition}={self.period}" if self.identity is not None else ""

    @property
    def read_at(self) -> str:
        """When the last of its windows was fetched; nothing where that is not known, or is to come."""
        windows = self.held.windows if self.held is not None else self.windows
        return last_read(windows)


# Made before there are threads: msgspec could crash in the first two.
_FOOTER = msgspec.json.Decoder(Footer)
_PERIOD = msgspec.json.Decoder(Period)


def footer_of(metadata: Mapping[bytes, bytes] | None) -> Footer | None:
    """Return what the metadata of a file says of it; None if another program wrote it."""
    try:
        footer = _FOOTER.decode((metadata or {})[META])
        if PERIOD not in (metadata or {}):  # a file by itself, or one that was written anew by others
            return footer
        return msgspec.structs.replace(footer, held=_PERIOD.decode((metadata or {})[PERIOD]))
    except (KeyError, msgspec.DecodeError):
        return None


def can_be_said(provenance: Mapping[str, Any]) -> bool:
    """Tell whether a footer can hold what the attributes of a frame say; anybody may write into these."""
    try:
        footer = _FOOTER.decode(msgspec.json.encode(provenance, enc_hook=str))
    except (TypeError, msgspec.MsgspecError):
        return False
    dated = all(each.get("day_from") and each.get("day_to") for each in footer.windows)
    return dated and "set" not in provenance and "held" not in provenance


def period_metadata(held: Period) -> dict[bytes, bytes]:
    """Return what is known of a period after its last row, as the metadata of its file."""
    return {PERIOD: msgspec.json.encode(held, enc_hook=str)}


def held_periods(
    folder: Path, identity: Identity | None = None, *, same_query: bool = True
) -> dict[str, Period]:
    """Return what a folder holds, by period, going by the footers of its files.

    Parameters
    ----------
    folder
        The folder; it need not exist.
    identity
        Kind of the calls that are about to be written into it.
    same_query
        Whether these must have passed the same filters.

    Raises
    ------
    ValueError
        The folder holds calls of another kind; mixed with these, neither could be read.

    Notes
    -----
    A damaged file is as good as none, and so is one that was written by itself: it is written again.
    """
    periods = {}
    for path in sorted(path for partition in PERIODS for path in folder.glob(f"{partition}=*/{FILE}")):
        if not path.is_file():
            continue  # a pipe would be waited for
        try:
            footer = footer_of(pq.read_metadata(path).metadata)
        except (OSError, pa.ArrowException):
            continue
        if footer is None:
            msg = (
                f"{str(path)!r} was not written by brightcall_pandas: choose another folder, "
                "or move this file away first"
            )
            raise ValueError(msg)
        if footer.identity is None or footer.held is None:
            continue
        if identity and (difference := footer.identity.difference(identity, same_query=same_query)):
            msg = (
                f"{str(folder)!r} holds calls with {difference}: "
                "choose another folder, or delete this one first"
            )
            raise ValueError(msg)
        if path.parent.name == footer.folder:
            periods[str(footer.period)] = footer.held
    return periods


def window_reports(windows: Collection[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return reports on windows as a footer has them: misfits are counted, and their values left out."""
    return [
        {name: value for name, value in each.items() if name not in _LEFT_OUT}
        | {"misfits": {name: lost["count"] for name, lost in (each.get("misfits") or {}).items()}}
        for each in windows
    ]


def last_read(windows: Iterable[Mapping[str, Any]]) -> str:
    """Return when the last of some windows was fetched; nothing where that is not known, or is to come."""
    return max((str(at) for each in windows if has_passed(at := each.get("fetched_at"))), default="")


def has_passed(moment: Any) -> bool:
    """Tell whether a time, written in ISO 8601 with its offset, is known and not to come."""
    try:
        return datetime.fromisoformat(str(moment)) <= datetime.now(UTC)
    except (TypeError, ValueError):
        return False
