"""``.calls`` of pandas frames.

``_plot``, their pictures, and ``_dask``, the same for dask frames and the only module that imports dask, are
not imported here.
"""

from brightcall_pandas.accessors._frame import CallsAccessor, calls

__all__ = [
    "CallsAccessor",
    "calls",
]
