"""The Monday report: calls in, one file out that is read in two minutes.

::

    _report       `report`: what it is made of, and the file
    _options      what a caller may say of it
    _section      sections, of the report and of the user
    _contents     the sections that every report can have
    _statements   sentences about what differs beyond chance
    _certificate  which days, how complete, what may still change, what the numbers mean
    _costs        what calls cost
    _watch        alarms of lines, and since when
    _checks       what is refused
    _sentences    what a report says of itself
    _pictures     pictures, drawn once
    _tables       cells as texts, and as HTML
    _page         the HTML file        _book    the workbook
    _words        numbers, days and names in sentences
"""

from brightcall_pandas.reporting._checks import checked_options
from brightcall_pandas.reporting._options import Options
from brightcall_pandas.reporting._report import (
    FORMATS,
    Content,
    checked_path,
    content_of,
    report,
    write_report,
)
from brightcall_pandas.reporting._section import Section

__all__ = [
    "FORMATS",
    "Content",
    "Options",
    "Section",
    "checked_options",
    "checked_path",
    "content_of",
    "report",
    "write_report",
]
