"""Pictures of the tables: same module and function names as in `analysis`; a table in, axes out."""

from brightcall_pandas.plots.agents import by_agent
from brightcall_pandas.plots.attempts import attempts
from brightcall_pandas.plots.breakdowns import breakdown
from brightcall_pandas.plots.changes import compare, explain_change
from brightcall_pandas.plots.concurrency import concurrency
from brightcall_pandas.plots.funnels import funnel, quality_buckets
from brightcall_pandas.plots.histograms import answer_time_histogram, talk_time_histogram
from brightcall_pandas.plots.lines import lines
from brightcall_pandas.plots.outcomes import by_outcome
from brightcall_pandas.plots.recalls import recalls
from brightcall_pandas.plots.repeats import repeat_callers
from brightcall_pandas.plots.service import abandonment, service_level
from brightcall_pandas.plots.staffing import staffing
from brightcall_pandas.plots.timelines import heatmap, over_time
from brightcall_pandas.plots.transfers.flow import transfer_flow
from brightcall_pandas.plots.transfers.matrix import transfer_matrix
from brightcall_pandas.plots.transfers.variants import transfer_variants

__all__ = [
    "abandonment",
    "answer_time_histogram",
    "attempts",
    "breakdown",
    "by_agent",
    "by_outcome",
    "compare",
    "concurrency",
    "explain_change",
    "funnel",
    "heatmap",
    "lines",
    "over_time",
    "quality_buckets",
    "recalls",
    "repeat_callers",
    "service_level",
    "staffing",
    "talk_time_histogram",
    "transfer_flow",
    "transfer_matrix",
    "transfer_variants",
]
