"""Pictures of the tables: ``plots.<name>(table)`` draws the table that ``analysis.<name>`` returns.

`agent_funnel`, `by_country`, `calendar`, `changes`, `control_chart`, `outcome_shares`, `small_multiples` and
`talk_time_survival` show a table of another name; each says which.

Every function takes the finished table and, optionally, the axes to draw on, and returns the axes. All take
the same options (``title``, ``subtitle``, ``figsize``, ``top``, ``sort``, ``names``, ``color``). ``__all__``
is the catalogue of pictures; `describe` says in a sentence what a picture shows.

::

    picture                                 one signature, the user's own style
    text  fitting                           title, remarks, key; what is fitted each time that it is drawn
    facts                                   what a table says of itself: settings, days, totals
    formats  labels  colors  calendar       numbers, names, colors and ink, time axes
    choice  rows  cells  placed             which rows are drawn; bars, dots and cells; labels beside the data
    limits                                  between which limits rates lie that differ by chance alone
"""

from brightcall_pandas.plots._agent_funnel import agent_funnel
from brightcall_pandas.plots._attempt_gaps import attempt_gaps
from brightcall_pandas.plots._breakdowns import breakdown, by_agent, by_line
from brightcall_pandas.plots._card import summary
from brightcall_pandas.plots._changes import compare, explain_change
from brightcall_pandas.plots._checks import quality, reconcile
from brightcall_pandas.plots._clients import attempts, recalls, repeat_callers
from brightcall_pandas.plots._control import control_chart, small_multiples
from brightcall_pandas.plots._countries import by_country
from brightcall_pandas.plots._days import calendar
from brightcall_pandas.plots._flow import transfer_flow
from brightcall_pandas.plots._forest import changes
from brightcall_pandas.plots._heatmaps import heatmap
from brightcall_pandas.plots._histograms import answer_time_histogram, talk_time_histogram
from brightcall_pandas.plots._outcome_shares import outcome_shares
from brightcall_pandas.plots._outcomes import by_outcome, funnel, talk_time_buckets
from brightcall_pandas.plots._parties import transfer_parties
from brightcall_pandas.plots._restated import restated
from brightcall_pandas.plots._service import abandonment, service_level
from brightcall_pandas.plots._survival import talk_time_survival
from brightcall_pandas.plots._text import describe as describe
from brightcall_pandas.plots._timelines import concurrency, over_time, staffing
from brightcall_pandas.plots._transfers import transfer_matrix
from brightcall_pandas.plots._variants import transfer_variants
from brightcall_pandas.plots._watch import watch

__all__ = [
    "abandonment",
    "agent_funnel",
    "answer_time_histogram",
    "attempt_gaps",
    "attempts",
    "breakdown",
    "by_agent",
    "by_country",
    "by_line",
    "by_outcome",
    "calendar",
    "changes",
    "compare",
    "concurrency",
    "control_chart",
    "explain_change",
    "funnel",
    "heatmap",
    "outcome_shares",
    "over_time",
    "quality",
    "recalls",
    "reconcile",
    "repeat_callers",
    "restated",
    "service_level",
    "small_multiples",
    "staffing",
    "summary",
    "talk_time_buckets",
    "talk_time_histogram",
    "talk_time_survival",
    "transfer_flow",
    "transfer_matrix",
    "transfer_parties",
    "transfer_variants",
    "watch",
]
