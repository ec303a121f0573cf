"""What a filter asks of a call's tags, which are JSON text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import numpy as np
import pandas as pd

from brightcall_pandas.filters._predicates import literal, lowered
from brightcall_pandas.frame import column

__all__ = ["HasTag", "PartOfTag", "tags_of"]

_TAGS_SQL = """TRY(from_json(tags, '["VARCHAR"]'))"""


class _OfTags:
    columns = ("tags",)


@dataclass(frozen=True)
class HasTag(_OfTags):
    """One of the call's tags is one of the values."""

    def mask(self, df: pd.DataFrame, value: tuple[str, ...], _zone: str | None) -> np.ndarray:
        """Answer for each row."""
        wanted = set(value)
        return _by_tags(df, lambda tags: not wanted.isdisjoint(tags))

    def sql(self, value: tuple[str, ...], _zone: str) -> str:
        """Write it as SQL."""
        return f"coalesce(list_has_any({_TAGS_SQL}, [{', '.join(map(literal, value))}]), FALSE)"


@dataclass(frozen=True)
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
    codes, texts = pd.factorize(column(df, "tags"))
    answers = np.array([holds(tags_of(text)) for text in texts] + [False])
    return np.asarray(answers[codes])


def tags_of(text: str) -> list[str]:
    """Return the tags of one call from their JSON text; what is no list has none."""
    try:
        tags = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return []
    if not isinstance(tags, list):
        return []
    texts = (tag if isinstance(tag, str) else msgspec.json.encode(tag).decode() for tag in tags)
    return [text for tag, text in zip(tags, texts, strict=True) if tag is not None]
