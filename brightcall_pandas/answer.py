"""One answer of the calls endpoint, taken apart as little as possible.

The 13 parts of the envelope are read leniently; a row stays the JSON text that the server sent, field by
field, until `frame` gives it types. Rows with exactly the fields we know take the fast form (`Record`);
any other shape takes the general one, a dict.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import msgspec

from brightcall_pandas.schema import FIELD_NAMES

__all__ = ["Page", "Record", "read_page"]

ABSENT = msgspec.Raw(b"null")

Record = msgspec.defstruct(
    "Record",
    [(name, msgspec.Raw, ABSENT) for name in FIELD_NAMES],
    gc=False,
    forbid_unknown_fields=True,
)
"""A row whose fields are all known, each as JSON text; an absent one reads as null."""


class _Envelope(msgspec.Struct):
    tags: Any = None
    outcomes: Any = None
    projects: Any = None
    timezone: Any = None
    pagesCount: Any = None  # noqa: N815  (the API's name)
    totalItems: Any = None  # noqa: N815


class _Uniform(_Envelope):
    calls: list[Record] = []  # type: ignore[valid-type]


class _General(_Envelope):
    calls: list[msgspec.Raw] = []


@dataclass
class Page:
    """One answer.

    Parameters
    ----------
    body
        The bytes as received, or None when the rows came from elsewhere.
    records
        Rows with known fields only; None when some row is otherwise.
    loose
        Rows in general form, API name → JSON text; used when `records` is None.
    strange
        JSON texts standing where a row should be that are no objects.
    timezone, pages_count, total_items
        From the envelope; None where absent or of a wrong type.
    catalog
        ``tags``, ``outcomes`` and ``projects`` of the envelope.
    """

    body: bytes | None
    records: list[Any] | None
    loose: list[dict[str, msgspec.Raw]]
    strange: list[str] = field(default_factory=list)
    timezone: str | None = None
    pages_count: int | None = None
    total_items: int | None = None
    catalog: dict[str, list[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.loose) if self.records is None else len(self.records)

    def texts(self, name: str) -> list[bytes]:
        """Return a field's JSON text in every row."""
        if self.records is None:
            return [bytes(row.get(name, ABSENT)) for row in self.loose]
        return list(map(bytes, map(attrgetter(name), self.records)))


_uniform = msgspec.json.Decoder(_Uniform)
_general = msgspec.json.Decoder(_General)
_row = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_page(body: bytes) -> Page:
    """Read one answer of the calls endpoint.

    Raises
    ------
    msgspec.DecodeError
        The bytes are no JSON object, or ``calls`` is no array.
    """
    records, loose, strange = None, [], []
    envelope: _Envelope
    try:
        envelope = uniform = _uniform.decode(body)
        records = uniform.calls
    except msgspec.ValidationError:
        envelope = general = _general.decode(body)
        for text in general.calls:
            try:
                loose.append(_row.decode(text))
            except msgspec.ValidationError:
                strange.append(bytes(text).decode(errors="replace"))
    return Page(
        body=body,
        records=records,
        loose=loose,
        strange=strange,
        timezone=envelope.timezone if isinstance(envelope.timezone, str) else None,
        pages_count=_count(envelope.pagesCount),
        total_items=_count(envelope.totalItems),
        catalog={
            name: value if isinstance(value := getattr(envelope, name), list) else []
            for name in ("tags", "outcomes", "projects")
        },
    )


def _count(value: Any) -> int | None:
    if isinstance(value, str) and value.isdigit():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value >= 0 else None
