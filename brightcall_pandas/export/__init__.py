"""Files: parquet from frames and from the API, and back into frames.

::

    _write       a frame → a folder of parquet files, or a single file
    _stream      the API → a folder, in bounded memory, as often as you like
    _read        parquet → the typed frame, and what the files themselves can filter
    _once        files read at different times: each call once
    _layout      columns, metadata and folders of the files
    _manifest    what a folder holds, and how sure that is
    _lock        one writer a folder
    _pseudonyms  numbers → tokens, in every column and text
    _column_texts  columns that are no fields → texts to search
"""

from brightcall_pandas.export._manifest import read_manifest
from brightcall_pandas.export._pseudonyms import pseudonymize
from brightcall_pandas.export._read import CallFiles, Surplus, read_calls, row_filter
from brightcall_pandas.export._stream import export_calls
from brightcall_pandas.export._write import to_parquet

__all__ = [
    "CallFiles",
    "Surplus",
    "export_calls",
    "pseudonymize",
    "read_calls",
    "read_manifest",
    "row_filter",
    "to_parquet",
]
