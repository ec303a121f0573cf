"""Filters as far as files can answer them: which columns they read, and which row groups can be left out.

The expression of a filter takes at least the rows that the filter takes. What it takes too much of,
`CallFilter.mask` sorts out; so both need not agree on every detail, and nothing is lost.
"""

from __future__ import annotations

from functools import reduce
from itertools import chain
from operator import or_
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from brightcall_pandas.filters import FILTERS, CallFilter
from brightcall_pandas.filters import _predicates as ask
from brightcall_pandas.frame import midnight

__all__ = ["columns_asked", "expression"]


def columns_asked(spec: CallFilter) -> list[str]:
    """Return the columns that a filter reads."""
    questions = (FILTERS[argument].rows for argument in spec.to_dict())
    names = dict.fromkeys(name for question in questions if question for name in question.columns)
    return list(names)


def expression(spec: CallFilter, schema: pa.Schema, zone: str, partition: str | None) -> ds.Expression | None:
    """Return what the files are asked.

    Parameters
    ----------
    spec
        The filter.
    schema
        Columns of the files.
    zone
        Zone in which their days begin.
    partition
        ``day`` or ``month``, where folders are named so.
    """
    whole: ds.Expression | None = None
    for argument, value in spec.to_dict().items():
        question = FILTERS[argument].rows
        for part in _parts(question, value, spec.timezone or zone, schema):
            whole = part if whole is None else whole & part
        if partition and isinstance(question, ask.FromDay | ask.ToDay) and spec.timezone in (None, zone):
            period = value if partition == "day" else value[:7]
            folder = pc.field(partition)
            bound = folder >= period if isinstance(question, ask.FromDay) else folder <= period
            whole = bound if whole is None else whole & bound
    return whole


def _parts(question: Any, value: Any, zone: str, schema: pa.Schema) -> list[ds.Expression]:
    """Return the question as an expression; nothing where only the rows themselves can answer."""
    if question is None or not set(question.columns) <= set(schema.names):
        return []  # the mask says what is missing
    match question:
        case ask.AnyOf():
            return [pc.field(question.name).isin(_values(value, question.name, schema))]
        case ask.OutcomeKind():
            found = pc.field(question.name).isin(_values(value, question.name, schema))
            return [found | pc.field(question.name).is_null()]
        case ask.Equals():
            return [pc.field(question.name) == value]
        case ask.AnyPart():
            parts = [_parts(part, value, zone, schema) for part in question.parts]
            return [reduce(or_, chain(*parts))] if all(parts) else []
        case ask.AtLeast():
            return [pc.field(question.name) >= value]
        case ask.AtMost():
            return [pc.field(question.name) <= value]
        case ask.FromDay():
            return [pc.field("timestamp") >= _instant(value, zone, schema)]
        case ask.ToDay():
            return [pc.field("timestamp") < _instant(value, zone, schema, days=1)]
    return []


def _values(value: Any, name: str, schema: pa.Schema) -> pa.Array:
    kind = schema.field(name).type
    return pa.array(list(value), kind.value_type if pa.types.is_dictionary(kind) else kind)


def _instant(day: str, zone: str, schema: pa.Schema, days: int = 0) -> pa.Scalar:
    return pa.scalar(midnight(day, zone, days), schema.field("timestamp").type)
