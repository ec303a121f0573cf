"""Ask for the tags of a call, which are JSON text."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from brightcall_pandas.filters._predicates import literal, lowered
from brightcall_pandas.frame import NONE, column, fold, tags_of_rows

__all__ = ["HasTag", "PartOfTag"]

# As `frame.tags_of` reads them: a value that is not an array is its own only element.
_IS_PHP_LIST_SQL = (
    "list_transform([json_keys(tags)], lambda names: len(names) > 0 "
    "AND len(list_filter(names, lambda name: NOT regexp_full_match(name, '0|[1-9][0-9]{0,3}'))) = 0 "
    "AND list_max(list_transform(names, lambda name: try_cast(name AS INTEGER))) < len(names) + 10)[1]"
)
# TRY does not catch what json_extract says of text that is not JSON.
_ITEMS_SQL = (
    "CASE WHEN json_valid(tags) THEN from_json(CASE json_type(tags) WHEN 'ARRAY' THEN tags "
    f"WHEN 'OBJECT' THEN CASE WHEN {_IS_PHP_LIST_SQL} THEN to_json(json_extract(tags, '$.*')) "
    """ELSE '[' || tags || ']' END ELSE '[' || tags || ']' END, '["JSON"]') END"""
)
_NAMED_SQL = f"list_transform({_ITEMS_SQL}, lambda tag: coalesce(tag -> '$.name', tag))"
_TAGS_SQL = (
    f"TRY(list_transform(list_filter({_NAMED_SQL}, lambda tag: json_type(tag) NOT IN ('ARRAY', 'OBJECT')), "
    "lambda tag: tag ->> '$'))"
)


class _OfTags:
    columns = ("tags",)


class HasTag(_OfTags):
    """One of the call's tags is one of the values."""

    def mask(self, df: pd.DataFrame, value: tuple[str, ...], _zone: str | None) -> np.ndarray:
        """Answer for each row."""
        wanted = set(value)
        return _by_tags(df, lambda tags: not wanted.isdisjoint(tags))

    def mask_of_labels(self, df: pd.DataFrame, value: tuple[str, ...]) -> np.ndarray:
        """Answer for each row whether a table counts it under one of these labels."""
        wanted = set(map(fold, value))
        return _by_tags(df, lambda tags: not wanted.isdisjoint(map(fold, tags or [NONE])))

    def sql(self, value: tuple[str, ...], _zone: str) -> str:
        """Write it as SQL."""
        return f"coalesce(list_has_any({_TAGS_SQL}, [{', '.join(map(literal, value))}]), FALSE)"


class PartOfTag(_OfTags):
    """The text is part of one of the call's tags; case does not matter."""

    def mask(self, df: pd.DataFrame, value: str, _zone: str | None) -> np.ndarray:
        """Answer for each row."""
        (part,) = lowered([value])
        return _by_tags(df, lambda tags: any(part in tag for tag in lowered(tags)))

    def sql(self, value: str, _zone: str) -> str:
        """Write it as SQL."""
        found = f"list_filter({_TAGS_SQL}, lambda tag: contains(lower(tag), lower({literal(value)})))"
        return f"coalesce(len({found}) > 0, FALSE)"


def _by_tags(df: pd.DataFrame, holds: Callable[[list[str]], bool]) -> np.ndarray:
    """Ask each distinct text of the tags once."""
    codes, tags = tags_of_rows(column(df, "tags"))
    answers = np.array([holds(each) for each in tags])
    return np.asarray(answers[codes])
