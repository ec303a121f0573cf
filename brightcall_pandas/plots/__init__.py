"""Pictures of the tables: same module and function names as in `analysis`; a table in, axes out."""

from brightcall_pandas.plots.histograms import answer_time_histogram, talk_time_histogram
from brightcall_pandas.plots.outcomes import by_outcome
from brightcall_pandas.plots.transfers.flow import transfer_flow
from brightcall_pandas.plots.transfers.matrix import transfer_matrix
from brightcall_pandas.plots.transfers.variants import transfer_variants

__all__ = [
    "answer_time_histogram",
    "by_outcome",
    "talk_time_histogram",
    "transfer_flow",
    "transfer_matrix",
    "transfer_variants",
]
