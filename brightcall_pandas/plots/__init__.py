"""Pictures of the tables: same module and function names as in `analysis`; a table in, axes out."""

from brightcall_pandas.plots._agents import by_agent
from brightcall_pandas.plots._attempts import attempts
from brightcall_pandas.plots._breakdowns import breakdown
from brightcall_pandas.plots._changes import compare, explain_change
from brightcall_pandas.plots._concurrency import concurrency
from brightcall_pandas.plots._funnels import funnel, talk_time_buckets
from brightcall_pandas.plots._histograms import answer_time_histogram, talk_time_histogram
from brightcall_pandas.plots._lines import by_line
from brightcall_pandas.plots._outcomes import by_outcome
from brightcall_pandas.plots._recalls import recalls
from brightcall_pandas.plots._repeats import repeat_callers
from brightcall_pandas.plots._service import abandonment, service_level
from brightcall_pandas.plots._staffing import staffing
from brightcall_pandas.plots._timelines import heatmap, over_time
from brightcall_pandas.plots.transfers._flow import transfer_flow
from brightcall_pandas.plots.transfers._matrix import transfer_matrix
from brightcall_pandas.plots.transfers._variants import transfer_variants

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
