"""The catalogue: every table of calls, one pure function each.

``__all__`` is the catalogue. The accessor, the plots, the dask form and the reference are derived from it.
An additive table is two functions in the same module: ``tally_<name>`` returns sums that can be added up
(`tallies.merge`), ``finish_<name>`` turns them into the table.
"""

from brightcall_pandas.analysis.histograms import answer_time_histogram, talk_time_histogram
from brightcall_pandas.analysis.outcomes import by_outcome
from brightcall_pandas.analysis.quality import quality
from brightcall_pandas.analysis.summaries import summary

__all__ = [
    "answer_time_histogram",
    "by_outcome",
    "quality",
    "summary",
    "talk_time_histogram",
]
