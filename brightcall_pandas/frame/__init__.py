"""JSON, records or any frame in, typed frame out.

::

    _records       JSON text → rows, decoded once
    _page          rows of one answer → columns
    _kinds         what arrived, sorted into kinds
    _conversions   one rule for each pair of what arrived and what the field is
    _columns       any column of any frame → the dtype of its field
    _table         pages, records or frames → the typed table
    _days          where days begin
    _labels        outcomes and tags: how labels are read and folded
    _phones        telephone numbers: one number, one text
    _fields        the 45 fields
    _statistics    the statistics answer
"""

from brightcall_pandas.frame._columns import Clock, column, optional_column, to_pandas, to_series, typed_array
from brightcall_pandas.frame._conversions import label_array
from brightcall_pandas.frame._days import micros, midnight, midnight_micros
from brightcall_pandas.frame._fields import (
    CALENDAR,
    EXTRAS,
    FIELD_NAMES,
    FIELDS,
    SCHEMA_VERSION,
    Field,
    describe_fields,
)
from brightcall_pandas.frame._labels import NONE, fold, tags_of_rows
from brightcall_pandas.frame._page import Page, page_of, read_page, settle
from brightcall_pandas.frame._phones import checked_region, e164_number, plain_numbers
from brightcall_pandas.frame._records import Envelope, opened
from brightcall_pandas.frame._statistics import (
    STATISTICS_COUNTS,
    STATISTICS_DTYPES,
    STATISTICS_DURATIONS,
    STATISTICS_GROUPS,
    STATISTICS_OUTCOME_TYPES,
    STATISTICS_PARTS,
    STATISTICS_STATES,
    STATISTICS_TOTALS,
)
from brightcall_pandas.frame._table import TABLE_SCHEMA, Typed, to_frame, typed_pages

__all__ = [
    "CALENDAR",
    "EXTRAS",
    "FIELDS",
    "FIELD_NAMES",
    "NONE",
    "SCHEMA_VERSION",
    "STATISTICS_COUNTS",
    "STATISTICS_DTYPES",
    "STATISTICS_DURATIONS",
    "STATISTICS_GROUPS",
    "STATISTICS_OUTCOME_TYPES",
    "STATISTICS_PARTS",
    "STATISTICS_STATES",
    "STATISTICS_TOTALS",
    "TABLE_SCHEMA",
    "Clock",
    "Envelope",
    "Field",
    "Page",
    "Typed",
    "checked_region",
    "column",
    "describe_fields",
    "e164_number",
    "fold",
    "label_array",
    "micros",
    "midnight",
    "midnight_micros",
    "opened",
    "optional_column",
    "page_of",
    "plain_numbers",
    "read_page",
    "settle",
    "tags_of_rows",
    "to_frame",
    "to_pandas",
    "to_series",
    "typed_array",
    "typed_pages",
]
