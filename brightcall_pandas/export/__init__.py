"""Files: parquet from frames and from the API, and back into frames; Excel and CSV for others.

::

    _write       a frame → a folder of parquet files, or a single file
    _stream      the API → a folder, in bounded memory, as often as you like
    _read        parquet → the typed frame, and what the files themselves can filter
    _listing     which files of a folder are the calls
    _once        files read at different times: each call once
    _layout      columns and metadata of the files
    _footer      which set a file belongs to, what it holds, and how sure that is
    _lock        one writer a folder
    _sheets      a frame or a table → an Excel workbook, or CSV
    _workbook    several tables → one workbook
    _cells       what of a frame is in its sheet, and what the columns mean
    _pseudonyms  numbers → tokens, in every column and text
    _column_texts  columns that are no fields → texts to search
"""

from brightcall_pandas.export._footer import Period, held_periods
from brightcall_pandas.export._listing import Place
from brightcall_pandas.export._pseudonyms import pseudonymize
from brightcall_pandas.export._read import CallFiles, Surplus, read_calls, row_filter
from brightcall_pandas.export._sheets import appearing, to_csv, to_excel
from brightcall_pandas.export._stream import export_calls
from brightcall_pandas.export._workbook import ROW_UNITS, require_excel, workbook_path, write_workbook
from brightcall_pandas.export._write import to_parquet

__all__ = [
    "ROW_UNITS",
    "CallFiles",
    "Period",
    "Place",
    "Surplus",
    "appearing",
    "export_calls",
    "held_periods",
    "pseudonymize",
    "read_calls",
    "require_excel",
    "row_filter",
    "to_csv",
    "to_excel",
    "to_parquet",
    "workbook_path",
    "write_workbook",
]
