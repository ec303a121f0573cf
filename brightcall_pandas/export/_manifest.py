"""What a folder of calls holds, and how sure that is: ``_manifest.json``.

Readers of parquet skip it, since its name begins with an underscore.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from brightcall_pandas.cache import write_private
from brightcall_pandas.frame import SCHEMA_VERSION

__all__ = [
    "MANIFEST",
    "Identity",
    "Manifest",
    "Partition",
    "parse_manifest",
    "read_manifest",
    "window_reports",
]

MANIFEST = "_manifest.json"
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
    query
        The filters by their API names, without the days; None if unknown.
    pseudonymized
        Fingerprint of the key that made the tokens; None for calls as they are.
    schema_version
        Version of the typed schema.
    """

    partition: str
    timezone: str
    columns: list[str]
    query: dict[str, Any] | None = None
    pseudonymized: str | None = None
    schema_version: int = SCHEMA_VERSION


class Partition(msgspec.Struct, frozen=True, kw_only=True):
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


class _Content(Identity, frozen=True, kw_only=True):
    partitions: dict[str, Partition]


_CONTENT = msgspec.json.Decoder(
    _Content
)  # made before there are threads: msgspec could crash in the first two


@dataclass
class Manifest:
    """The manifest of a folder."""

    folder: Path
    identity: Identity
    partitions: dict[str, Partition] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, identity: Identity, *, same_query: bool = True) -> Manifest:
        """Return the manifest of a folder that is about to get calls of this kind; an empty one if it is new.

        Raises
        ------
        ValueError
            The folder holds calls of another kind; mixed with these, neither could be read.
        """
        present = read_manifest(folder)
        if present is None:
            return cls(folder, identity)
        for name in Identity.__struct_fields__:
            ours, theirs = getattr(identity, name), getattr(present.identity, name)
            if ours != theirs and (same_query or name != "query"):
                msg = (
                    f"{str(folder)!r} holds calls with {name}={theirs!r}, not {ours!r}: "
                    "choose another folder, or delete this one first"
                )
                raise ValueError(msg)
        return present

    def is_final(self, period: str, days: Collection[str], file: Path) -> bool:
        """Tell whether a period has all these days, proved complete, and can no longer change."""
        partition = self.partitions.get(period)
        return (
            partition is not None
            and partition.final
            and partition.complete is True
            and set(days) <= set(partition.days)
            and file.exists()
        )

    def record(self, period: str, partition: Partition) -> None:
        """Write what a period holds, and keep what others have written since."""
        latest = read_manifest(self.folder)
        self.partitions = {**(latest.partitions if latest else self.partitions), period: partition}
        common = {name: getattr(self.identity, name) for name in Identity.__struct_fields__}
        content = _Content(**common, partitions=dict(sorted(self.partitions.items())))
        text = msgspec.json.format(msgspec.json.encode(content, enc_hook=str), indent=1)
        write_private(self.folder / MANIFEST, text)


def read_manifest(folder: Path) -> Manifest | None:
    """Return the manifest of a folder; None if there is none, or if it is damaged."""
    try:
        return parse_manifest(folder, (folder / MANIFEST).read_bytes())
    except OSError:
        return None


def parse_manifest(folder: Path, content: bytes) -> Manifest | None:
    """Return the manifest of a folder from the text of its file; None if that is damaged."""
    try:
        parsed = _CONTENT.decode(content)
    except msgspec.DecodeError:
        return None
    common = {name: getattr(parsed, name) for name in Identity.__struct_fields__}
    return Manifest(folder, Identity(**common), parsed.partitions)


def window_reports(windows: Collection[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return reports on windows as a manifest has them: misfits are counted, and their values left out."""
    return [
        {name: value for name, value in each.items() if name not in _LEFT_OUT}
        | {"misfits": {name: lost["count"] for name, lost in (each.get("misfits") or {}).items()}}
        for each in windows
    ]
