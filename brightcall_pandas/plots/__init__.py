"""Pictures of the tables: ``plots.<name>(table)`` draws the table that ``analysis.<name>`` returns.

Every function takes the finished table and, optionally, the axes to draw on, and returns the axes. All take
the same options (``title``, ``subtitle``, ``figsize``, ``top``, ``sort``, ``names``, ``color``). ``__all__``
is the catalogue of pictures; `describe` says in a sentence what a picture shows.

::

    picture                                 one signature, the user's own style
    text  fitting                           title, remarks, key; what is fitted each time that it is drawn
    facts                                   what a table says of itself: settings, days, totals
    formats  labels  colors  calendar       numbers, names, colors and ink, time axes
    choice  rows                            which rows are drawn; bars and dots
"""

from brightcall_pandas.plots._breakdowns import breakdown, by_agent, by_line
from brightcall_pandas.plots._changes import compare, explain_change
from brightcall_pandas.plots._clients import attempts, recalls, repeat_callers
from brightcall_pandas.plots._heatmaps import heatmap
from brightcall_pandas.plots._histograms import answer_time_histogram, talk_time_histogram
from brightcall_pandas.plots._outcomes import by_outcome, funnel, talk_time_buckets
from brightcall_pandas.plots._service import abandonment, service_level
from brightcall_pandas.plots._text import describe as describe
from brightcall_pandas.plots._timelines import concurrency, over_time, staffing
from brightcall_pandas.plots._transfers import transfer_flow, transfer_matrix
from brightcall_pandas.plots._variants import transfer_variants

__all__ = [
    "abandonment",
    "answer_time_histogram",
    "attempts",
    "breakdown",
    "by_agent",
    "by_line",
    "by_outcome",
    "compare",
    "concurrency",
    "explain_change",
    "funnel",
    "heatmap",
    "over_time",
    "recalls",
    "repeat_callers",
    "service_level",
    "staffing",
    "talk_time_buckets",
    "talk_time_histogram",
    "transfer_flow",
    "transfer_matrix",
    "transfer_variants",
]
