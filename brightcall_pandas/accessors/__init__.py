"""``.calls`` of pandas frames.

``_about`` is what ``.calls`` says of itself, and ``_show`` shows calls and tables as people read them.
``_words`` are what Tab offers within quotes. ``_rows`` tells which rows ``.calls.filter`` keeps.
``_plot``, their pictures, and ``_dask``, the same for dask frames and the only module that imports dask, are
not imported here.
"""

from brightcall_pandas.accessors._frame import CallsAccessor, calls
from brightcall_pandas.accessors._show import display_tables, shown_texts
from brightcall_pandas.accessors._words import offer_words

__all__ = [
    "CallsAccessor",
    "calls",
    "display_tables",
    "offer_words",
    "shown_texts",
]
