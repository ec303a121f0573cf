"""What a folder of calls holds, and how sure that is: ``_manifest.json``.

Its name begins with an underscore, so readers of parquet pass over it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from brightcall_pandas.cache import write_private
from brightcall_pandas.frame import SCHEMA_VERSION

__all__ = ["MANIFEST", "Held", "Identity", "Manifest", "read_manifest", "told_windows"]

MANIFEST = "_manifest.json"
_INNER = ("pages", "misfits")


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
    query
        The filters, as the API has them, without the days; None where it is not known.
    pseudonymized
        Which key made the tokens; None for calls as they are.
    schema_version
        Version of the typed schema.
    """

    partition: str
    timezone: str
    columns: list[str]
    query: dict[str, Any] | None = None
    pseudonymized: str | None = None
    schema_version: int = SCHEMA_VERSION


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What one partition holds.

    Parameters
    ----------
    rows
        Number of calls.
    days
        The days that it was made of; empty where that is not known.
    complete
        Whether all its windows are proved complete; None where that is not known.
    final
        Whether its calls could no longer change when they were fetched.
    windows
        Report of each window.
    """

    rows: int
    days: list[str] = []
    complete: bool | None = None
    final: bool = False
    windows: list[dict[str, Any]] = []


class _Content(Identity, frozen=True, kw_only=True):
    partitions: dict[str, Held]


@dataclass
class Manifest:
    """The manifest of a folder."""

    folder: Path
    identity: Identity
    partitions: dict[str, Held] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path, identity: Identity, *, same_query: bool = True) -> Manifest:
        """Open a folder for calls of this kind.

        Raises
        ------
        ValueError
            It holds calls of another kind; mixed with these, neither could be read.
        """
        there = read_manifest(folder)
        if there is None:
            return cls(folder, identity)
        for name in Identity.__struct_fields__:
            ours, theirs = getattr(identity, name), getattr(there.identity, name)
            if ours != theirs and (same_query or name != "query"):
                msg = (
                    f"{str(folder)!r} holds calls with {name}={theirs!r}, not {ours!r}: "
                    "choose another folder, or delete this one first"
                )
                raise ValueError(msg)
        return there

    def settled(self, period: str, days: Collection[str], file: Path) -> bool:
        """Tell whether a period is there with all these days and cannot change any more."""
        held = self.partitions.get(period)
        return (
            held is not None
            and held.final
            and held.complete is True
            and set(days) <= set(held.days)
            and file.exists()
        )

    def record(self, period: str, held: Held) -> None:
        """Write what a period holds; others may have written since."""
        latest = read_manifest(self.folder)
        self.partitions = {**(latest.partitions if latest else self.partitions), period: held}
        common = {name: getattr(self.identity, name) for name in Identity.__struct_fields__}
        content = _Content(**common, partitions=dict(sorted(self.partitions.items())))
        text = msgspec.json.format(msgspec.json.encode(content, enc_hook=str), indent=1)
        write_private(self.folder / MANIFEST, text)


def read_manifest(folder: Path) -> Manifest | None:
    """Return the manifest of a folder; None where there is none that can be read."""
    try:
        return decoded(folder, (folder / MANIFEST).read_bytes())
    except OSError:
        return None


def decoded(folder: Path, content: bytes) -> Manifest | None:
    """Return the manifest that a file holds; None where it is damaged."""
    try:
        told = msgspec.json.decode(content, type=_Content)
    except msgspec.DecodeError:
        return None
    common = {name: getattr(told, name) for name in Identity.__struct_fields__}
    return Manifest(folder, Identity(**common), told.partitions)


def told_windows(windows: Collection[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return reports of windows as a manifest tells them: of what did not fit the number, never the value."""
    return [
        {name: value for name, value in each.items() if name not in _INNER}
        | {"misfits": {name: lost["count"] for name, lost in (each.get("misfits") or {}).items()}}
        for each in windows
    ]
