"""``.calls`` of pandas frames (`_frame`) and of dask frames (`_dask`, which is loaded on first use)."""

from brightcall_pandas.accessors._frame import CallsAccessor, CallsPlot

__all__ = [
    "CallsAccessor",
    "CallsPlot",
]
