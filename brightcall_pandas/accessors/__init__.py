"""``.calls`` of pandas frames.

``_dask``, the same for dask frames, is the only module that imports dask and is not imported here.
"""

from brightcall_pandas.accessors._frame import CallsAccessor, calls
from brightcall_pandas.accessors._plot import CallsPlot

__all__ = [
    "CallsAccessor",
    "CallsPlot",
    "calls",
]
