"""Files: parquet out of frames and of the API, and back in.

::

    write       a frame → parquet
    stream      the API → parquet, in bounded memory, again and again
    read        parquet → the typed frame; pushdown: what the files themselves can sort out
    layout      columns, metadata and folders of the files; manifest: what a folder holds, and how sure
    pseudonyms  numbers → tokens, in every column and text; tokens: one number → one token
"""

from brightcall_pandas.export._manifest import read_manifest
from brightcall_pandas.export._pseudonyms import pseudonymize
from brightcall_pandas.export._read import Calls, read_calls, row_filter
from brightcall_pandas.export._stream import export_calls
from brightcall_pandas.export._write import to_parquet

__all__ = [
    "Calls",
    "export_calls",
    "pseudonymize",
    "read_calls",
    "read_manifest",
    "row_filter",
    "to_parquet",
]
