"""The catalogue: every table of calls, one pure function each.

``__all__`` is the catalogue. The accessor, the plots, the dask form and the reference are derived from it.
An additive table is two functions in the same module: ``tally_<name>`` returns sums that can be added up
(`tallies.merge`), ``finish_<name>`` turns them into the table.
"""

from brightcall_pandas.analysis.histograms import answer_time_histogram, talk_time_histogram
from brightcall_pandas.analysis.outcomes import by_outcome
from brightcall_pandas.analysis.quality import quality
from brightcall_pandas.analysis.summaries import summary
from brightcall_pandas.analysis.transfers.chains import transfer_chains, transfer_shapes
from brightcall_pandas.analysis.transfers.events import handovers, to_event_log
from brightcall_pandas.analysis.transfers.flow import transfer_flow
from brightcall_pandas.analysis.transfers.graph import to_networkx
from brightcall_pandas.analysis.transfers.masks import (
    chains_at_least,
    chains_contain,
    chains_contain_eventually,
    chains_end_with,
    chains_loop,
    chains_start_with,
)
from brightcall_pandas.analysis.transfers.matrix import transfer_matrix
from brightcall_pandas.analysis.transfers.parties import transfer_parties
from brightcall_pandas.analysis.transfers.summaries import transfer_summary
from brightcall_pandas.analysis.transfers.variants import transfer_variants

__all__ = [
    "answer_time_histogram",
    "by_outcome",
    "chains_at_least",
    "chains_contain",
    "chains_contain_eventually",
    "chains_end_with",
    "chains_loop",
    "chains_start_with",
    "handovers",
    "quality",
    "summary",
    "talk_time_histogram",
    "to_event_log",
    "to_networkx",
    "transfer_chains",
    "transfer_flow",
    "transfer_matrix",
    "transfer_parties",
    "transfer_shapes",
    "transfer_summary",
    "transfer_variants",
]
