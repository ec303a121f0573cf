"""Labels that people type, outcomes and tags: how they are read, and which spellings are one label."""

from __future__ import annotations

from typing import Any

import msgspec
import pandas as pd

from brightcall_pandas.frame._documents import php_list
from brightcall_pandas.frame._remembered import factorized

__all__ = ["NONE", "fold", "tags_of", "tags_of_rows"]

NONE = "(none)"
"""The label of rows without one, in every table."""


def fold(text: str) -> str:
    """Return a label without differences of case and blanks; a blank one is ``(none)``.

    Examples
    --------
    >>> fold("  No   ANSWER ")
    'no answer'
    """
    return " ".join(text.split()).casefold() or NONE


def tags_of(text: str | None) -> list[str]:
    """Return the tags of one call, verbatim, in their order.

    Parameters
    ----------
    text
        JSON as the column ``tags`` holds it, or null. A JSON array has one tag an element, and so has an
        object with positions as keys, as PHP may write an array; any other JSON value is the only element.

    Returns
    -------
    list of str
        A text is a tag as it stands; numbers and flags are tags as JSON writes them; of an object its
        ``name`` is the tag. Nulls, blank texts, nested arrays, objects without a name and text that is not
        JSON are not tags.

    Examples
    --------
    >>> tags_of('["VIP", 7, {"id": 3, "name": "Busy"}, null]'), tags_of('"VIP"'), tags_of("VIP")
    (['VIP', '7', 'Busy'], ['VIP'], [])
    """
    if text is None:
        return []
    try:
        document = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return []
    items = document if isinstance(document, list) else php_list(document) or [document]
    labels = map(_label, items)
    return [label for label in labels if label.strip()]


def tags_of_rows(column: pd.Series) -> tuple[Any, list[list[str]]]:
    """Return the position of each row's tags in a list, and the list: each distinct text read once.

    The last entry of the list is that of nulls, which position -1 reaches.
    """
    codes, texts = factorized(column)
    return codes, [*map(tags_of, texts), []]


def _label(item: Any) -> str:
    """Return the tag that an element of JSON is; an empty text where it is none."""
    if isinstance(item, dict):
        item = item.get("name")
    if isinstance(item, str):
        return item
    return msgspec.json.encode(item).decode() if isinstance(item, bool | int | float) else ""
