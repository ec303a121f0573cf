"""The filters of the API: one table, one specification, a face for each place that asks.

`table` declares the 33 parameters, `values` what they take, `predicates` and `tags` what they ask of a
row, `callfilter` the specification itself.
"""

from brightcall_pandas.filters._callfilter import CallFilter, lists_filters
from brightcall_pandas.filters._settings import LONGEST_DAYS, duration, flag, number, positive, text, whole
from brightcall_pandas.filters._table import FILTER_NAMES, FILTERS, Filter, describe_filters
from brightcall_pandas.filters._values import Codes, Day, Identifier, Many, Number, Text, Word, nearest

__all__ = [
    "FILTERS",
    "FILTER_NAMES",
    "LONGEST_DAYS",
    "CallFilter",
    "Codes",
    "Day",
    "Filter",
    "Identifier",
    "Many",
    "Number",
    "Text",
    "Word",
    "describe_filters",
    "duration",
    "flag",
    "lists_filters",
    "nearest",
    "number",
    "positive",
    "text",
    "whole",
]
