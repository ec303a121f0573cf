"""JSON, records or any frame in, typed table out.

An *answer* is what the server sent, decoded once; its *records* are the calls as JSON rows; a *page* is its
calls as columns; a *table* is typed.

::

    _answer        bytes → answer, with its calls as records
    _page          records → columns
    _inputs        records, JSON, webhooks and frames in hand → the typed frame
    _documents     JSON objects → the calls that they hold
    _words         what a server says when something failed
    _table         pages or columns → the typed table
    _columns       any column of any frame → the dtype of its field
    _kinds         what arrived, sorted into kinds
    _conversions   one rule for each pair of what arrived and what the field is
    _memory        where columns take memory from
    _zones         names of timezones
    _times         times in their rarer forms
    _days          where days begin
    _periods       days as people say them: a month, last week, the last 30 days
    _period_advice what to write instead of days with two meanings
    _identity      which rows are the same call
    _agents        which field tells the agent of a call
    _labels        outcomes and tags: how labels are read and folded
    _leads         which calls are a lead
    _noted         what a frame was told of its calls, in its attributes
    _names         names of agents, lines, parties and projects
    _picture_options  what every picture takes
    _phones        telephone numbers: one number, one text
    _clients       who the client of a call is
    _numbering     what a number tells of whom it belongs to
    _fields        the 45 fields
    _statistics    the statistics answer
    _reference     tables to look something up in
    _remembered    what was read from a column, while the column lives
    _settings      settings and arguments, read or refused
"""

from brightcall_pandas.frame._agents import (
    AGENT_COLUMNS,
    AGENT_FIELDS,
    ENOUGH_ANSWERED,
    AgentCounts,
    agent_field,
    agent_values,
    agents_of,
    checked_agent,
    count_agents,
    known_agent,
    of_one_agent,
    with_agent,
)
from brightcall_pandas.frame._answer import Answer, AnswerReader, NestedTooDeeplyError, read_object
from brightcall_pandas.frame._clients import (
    client_codes,
    client_countries,
    client_of,
    has_number,
    normalize_numbers,
    normalized_labels,
    number_codes,
    of_one_region,
    region_of,
    with_region,
)
from brightcall_pandas.frame._columns import Clock, column, optional_column, to_pandas, to_series, typed_array
from brightcall_pandas.frame._conversions import EPOCH_OF_ID, label_array
from brightcall_pandas.frame._days import WEEKDAYS, micros, midnight, midnight_micros
from brightcall_pandas.frame._documents import php_list
from brightcall_pandas.frame._field_names import warn_of_other_spellings
from brightcall_pandas.frame._fields import (
    EXTRAS,
    FIELD_NAMES,
    FIELDS,
    SCHEMA_VERSION,
    Field,
    describe_fields,
)
from brightcall_pandas.frame._identity import CONSTANT_FIELDS, IDENTITY_FIELDS, NO_ID, call_numbers
from brightcall_pandas.frame._inputs import to_frame, warn_of_unread_times
from brightcall_pandas.frame._labels import NONE, fold, tags_of_rows
from brightcall_pandas.frame._leads import (
    LEAD_DOC,
    checked_lead,
    known_lead,
    lead_field,
    leads_of,
    leads_told,
    of_one_lead,
    warn_of_absent_leads,
    with_lead,
)
from brightcall_pandas.frame._memory import MEMORY
from brightcall_pandas.frame._names import (
    ARROW,
    NAMES_DOC,
    Names,
    documented,
    named_table,
    names_by_id,
    shown_names,
)
from brightcall_pandas.frame._numbering import (
    SEVERAL_ZONES,
    countries_of,
    country_name,
    country_of,
    description_of,
    line_type_of,
    zone_of_country,
    zone_of_number,
)
from brightcall_pandas.frame._page import Page, consolidate, page_of, read_page
from brightcall_pandas.frame._periods import calendar_days, has_own_end, open_period, period
from brightcall_pandas.frame._phones import checked_region, normalized_number, normalized_numbers
from brightcall_pandas.frame._picture_options import PICTURE_OPTIONS, PictureColor, Sort
from brightcall_pandas.frame._reference import ReferenceTable
from brightcall_pandas.frame._remembered import factorized, remembered
from brightcall_pandas.frame._settings import (
    LONGEST_DAYS,
    choice,
    day_text,
    duration,
    flag,
    fraction,
    nearest,
    not_one_of,
    number,
    positive,
    size,
    text,
    timespan,
    type_error,
    value_error,
    whole,
)
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
from brightcall_pandas.frame._table import TABLE_SCHEMA, TypedTable, typed_table
from brightcall_pandas.frame._words import (
    HTTP_FAILURES,
    fault_in,
    is_page,
    may_be_empty,
    names_an_empty_list,
    number_of,
    quoted,
    said_in,
    words_of,
)
from brightcall_pandas.frame._zones import zone_info, zone_name, zone_of_times

__all__ = [
    "AGENT_COLUMNS",
    "AGENT_FIELDS",
    "ARROW",
    "CONSTANT_FIELDS",
    "ENOUGH_ANSWERED",
    "EPOCH_OF_ID",
    "EXTRAS",
    "FIELDS",
    "FIELD_NAMES",
    "HTTP_FAILURES",
    "IDENTITY_FIELDS",
    "LEAD_DOC",
    "LONGEST_DAYS",
    "MEMORY",
    "NAMES_DOC",
    "NONE",
    "NO_ID",
    "PICTURE_OPTIONS",
    "SCHEMA_VERSION",
    "SEVERAL_ZONES",
    "STATISTICS_COUNTS",
    "STATISTICS_DTYPES",
    "STATISTICS_DURATIONS",
    "STATISTICS_GROUPS",
    "STATISTICS_OUTCOME_TYPES",
    "STATISTICS_PARTS",
    "STATISTICS_STATES",
    "STATISTICS_TOTALS",
    "TABLE_SCHEMA",
    "WEEKDAYS",
    "AgentCounts",
    "Answer",
    "AnswerReader",
    "Clock",
    "Field",
    "Names",
    "NestedTooDeeplyError",
    "Page",
    "PictureColor",
    "ReferenceTable",
    "Sort",
    "TypedTable",
    "agent_field",
    "agent_values",
    "agents_of",
    "calendar_days",
    "call_numbers",
    "checked_agent",
    "checked_lead",
    "checked_region",
    "choice",
    "client_codes",
    "client_countries",
    "client_of",
    "column",
    "consolidate",
    "count_agents",
    "countries_of",
    "country_name",
    "country_of",
    "day_text",
    "describe_fields",
    "description_of",
    "documented",
    "duration",
    "factorized",
    "fault_in",
    "flag",
    "fold",
    "fraction",
    "has_number",
    "has_own_end",
    "is_page",
    "known_agent",
    "known_lead",
    "label_array",
    "lead_field",
    "leads_of",
    "leads_told",
    "line_type_of",
    "may_be_empty",
    "micros",
    "midnight",
    "midnight_micros",
    "named_table",
    "names_an_empty_list",
    "names_by_id",
    "nearest",
    "normalize_numbers",
    "normalized_labels",
    "normalized_number",
    "normalized_numbers",
    "not_one_of",
    "number",
    "number_codes",
    "number_of",
    "of_one_agent",
    "of_one_lead",
    "of_one_region",
    "open_period",
    "optional_column",
    "page_of",
    "period",
    "php_list",
    "positive",
    "quoted",
    "read_object",
    "read_page",
    "region_of",
    "remembered",
    "said_in",
    "shown_names",
    "size",
    "tags_of_rows",
    "text",
    "timespan",
    "to_frame",
    "to_pandas",
    "to_series",
    "type_error",
    "typed_array",
    "typed_table",
    "value_error",
    "warn_of_absent_leads",
    "warn_of_other_spellings",
    "warn_of_unread_times",
    "whole",
    "with_agent",
    "with_lead",
    "with_region",
    "words_of",
    "zone_info",
    "zone_name",
    "zone_of_country",
    "zone_of_number",
    "zone_of_times",
]
