"""Names of columns that mean a field though they are spelled another way, such as ``talk_time``.

Pipelines rewrite names: dlt to snake case, databases to lower case, people with blanks. Case, underscores,
blanks and dashes do not tell names of fields apart, so they are not looked at.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from brightcall_pandas.errors import warn_user
from brightcall_pandas.frame._agents import AGENT_FIELDS
from brightcall_pandas.frame._fields import EXTRAS, FIELDS

__all__ = ["field_names", "renamed", "warn_of_close_names", "warn_of_other_spellings"]

_SEPARATORS = re.compile(r"[\s_\-]+")
_CLOSE = 0.85


def _plain(name: str) -> str:
    return _SEPARATORS.sub("", name).casefold()


# A field that tells agents counts as one, though the article does not have it: it is found in the extras.
_NAMED = (*FIELDS, *(name for name in AGENT_FIELDS if name not in FIELDS))
_KNOWN = frozenset((*_NAMED, EXTRAS.name))
_BY_PLAIN = {_plain(name): name for name in _NAMED}


def field_names(names: Iterable[Any]) -> dict[str, str]:
    """Return the field of each name that means one and is spelled another way.

    Raises
    ------
    ValueError
        Two names mean the same field.
    """
    taken: dict[str, str] = {}
    for name in names:
        field = name if name in _KNOWN else _BY_PLAIN.get(_plain(name)) if isinstance(name, str) else None
        if field is None:
            continue
        if field in taken and taken[field] != name:
            msg = (
                f"{taken[field]!r} and {name!r} both mean the field {field!r}: keep one, or rename the other"
            )
            raise ValueError(msg)
        taken[field] = name
    return {name: field for field, name in taken.items() if name != field}


def renamed(records: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Return records whose members are named as fields are; the very same ones where all are already."""
    names = set().union(*records) - _KNOWN
    if not any(isinstance(name, str) and _plain(name) in _BY_PLAIN for name in names):
        return records
    fields = [field_names(record) for record in records]
    return [
        {spelled.get(name, name): value for name, value in record.items()}
        for record, spelled in zip(records, fields, strict=True)
    ]


def warn_of_other_spellings(names: Iterable[Any]) -> None:
    """Warn of columns that mean a field but are spelled another way, so that no table reads them."""
    given = set(names)
    passed_over = [
        f"{name!r} ({field})"
        for name in names
        if name not in _KNOWN
        and isinstance(name, str)
        and (field := _BY_PLAIN.get(_plain(name))) is not None
        and field not in given
    ]
    if passed_over:
        warn_user(
            f"no column is read from {', '.join(passed_over)}: tables know fields by their own names only. "
            "bc.to_frame(df) makes a frame that has them."
        )


def warn_of_close_names(names: Iterable[Any]) -> None:
    """Warn of names that resemble a field that is not there otherwise: they go to `extras`."""
    given = [name for name in names if isinstance(name, str)]
    absent = {_plain(field): field for field in FIELDS if field not in given}
    close = [
        f"{name!r} (like {absent[found[0]]!r})"
        for name in given
        if name not in _KNOWN and (found := difflib.get_close_matches(_plain(name), absent, 1, _CLOSE))
    ]
    if close:
        warn_user(
            f"{', '.join(close)}: no field has this name, so it went to 'extras'. If it is that field, "
            "rename it, for example with df.rename(columns=…); bc.describe_fields() lists all names."
        )
