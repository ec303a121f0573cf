"""The filters of the API: one table of parameters, and one specification for requests, rows, SQL and code.

::

    _table        the 33 parameters, and their types for type checkers
    _values       the kinds of value that they take
    _predicates   which rows they match, in pandas and in SQL
    _tags         the same for tags, which are JSON text
    _rows         conditions on rows that the API has no parameter for
    _callfilter   the specification: `CallFilter`
    _days         days that are counted from today, on rows in hand
    _unmatched    values that no row has
"""

from brightcall_pandas.filters import _predicates as predicates
from brightcall_pandas.filters._callfilter import CallFilter, lists_filters
from brightcall_pandas.filters._days import dated
from brightcall_pandas.filters._rows import ROW_FILTERS, RowFilter, parsed_conditions
from brightcall_pandas.filters._table import (
    FILTER_NAMES,
    FILTERS,
    Filter,
    Filters,
    FiltersAndDays,
    Parameters,
    describe_filters,
)
from brightcall_pandas.filters._unmatched import unmatched_values
from brightcall_pandas.filters._values import Codes, Day, Identifier, Many, Number, Text, Word

__all__ = [
    "FILTERS",
    "FILTER_NAMES",
    "ROW_FILTERS",
    "CallFilter",
    "Codes",
    "Day",
    "Filter",
    "Filters",
    "FiltersAndDays",
    "Identifier",
    "Many",
    "Number",
    "Parameters",
    "RowFilter",
    "Text",
    "Word",
    "dated",
    "describe_filters",
    "lists_filters",
    "parsed_conditions",
    "predicates",
    "unmatched_values",
]
