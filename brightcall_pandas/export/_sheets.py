"""A frame of calls, or a table of them → an Excel workbook or a CSV file.

No text becomes a formula in either, whoever wrote it: outcomes, labels and transcripts come from outside.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pandas as pd

from brightcall_pandas.analysis import Meaning, Meanings
from brightcall_pandas.cache import temporary_file
from brightcall_pandas.errors import missing_extra, warn_user
from brightcall_pandas.export._cells import SheetColumn, sheet_columns
from brightcall_pandas.export._lock import writable
from brightcall_pandas.export._progress import writing
from brightcall_pandas.export._write import single_file

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

__all__ = [
    "FORMATS",
    "LONGEST_NAME",
    "NOT_IN_NAMES",
    "appearing",
    "cell_text",
    "check_size",
    "to_csv",
    "to_excel",
    "write_sheet",
    "write_text",
]

_MOST_ROWS, _MOST_COLUMNS, _LONGEST_TEXT = 1_048_576, 16_384, 32_767  # Excel's own limits
LONGEST_NAME = 31  # of a sheet
NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\'\x00-\x1f]")
_FIRST_YEAR = 1900  # of Excel's calendar
_WIDTH = (8, 60)  # of a column, in characters
_LOOKED_AT = 1_000  # rows that decide on the width
FORMATS = {
    "": "General",
    "rate": "0.0%",
    "s": "0.0",
    "date": "yyyy-mm-dd",
    "time": "yyyy-mm-dd hh:mm:ss",
}
_OF_DATES = ("date", "time")
_CUT = "…"
_TOLD_EACH = 100  # rows after which progress is told

_FORMULA = re.compile(r"(?:^|(?<=[;\t\r\n]))(?=[=+\-@\t\r＝＋－＠])")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")

_Write = Callable[[int, int, Any], object]
_Count = Callable[[int], object]
"""Takes how many more rows are written."""


def to_excel(df: pd.DataFrame, path: str | os.PathLike[str], *, progress: bool | None = None) -> Path:
    """Write calls, or a table of them, as an Excel workbook.

    Parameters
    ----------
    df
        A frame of calls, or a table such as ``df.calls.by_outcome()``. Not modified.
    path
        The file, named ``….xlsx``; replaced if it exists.
    progress
        Show a progress bar: True at once, None when writing takes longer than a second, False never.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    ValueError
        There are more than 1,048,575 rows or 16,384 columns, or `path` is not a local file named ``….xlsx``.
        Nothing has been written then.
    ModuleNotFoundError
        The extra ``excel`` is not installed.

    Notes
    -----
    Two sheets: the rows, below a header that stays in view, and the definitions of the columns. Columns are
    in the order of the frame; ``df[["timestamp", "state"]].calls.to_excel(path)`` writes these two. Times are
    those of the clock in the frame's timezone, which the definitions name; of an hour that the clock repeats,
    both look alike. Telephone numbers and identifiers are text, rates are percentages, and an index that only
    counts the rows is left out. A text that Excel has no room for (32,767 characters) is cut, with a warning.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> calls = pd.DataFrame({"outcomeTag": ["Sold", "Sold", "No answer"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = calls.calls.by_outcome().calls.to_excel(pathlib.Path(folder, "outcomes.xlsx"))
    ...     pd.read_excel(file)[["outcome", "n_calls"]]
         outcome  n_calls
    0       Sold        2
    1  No answer        1
    """
    file = single_file(path)
    if file.suffix.lower() != ".xlsx":
        msg = f"{str(file)!r} is not named as a workbook: name it {str(file.with_suffix('.xlsx'))!r}"
        raise ValueError(msg)
    check_size(len(df), len(df.columns) + sum(name is not None for name in df.index.names))
    columns = sheet_columns(df)
    try:
        import xlsxwriter  # noqa: PLC0415 - only for workbooks
    except ImportError as error:
        raise missing_extra("to_excel", "excel", error) from None
    row_by_row = {"constant_memory": True}  # so that a workbook of any size takes little memory
    with appearing(file) as temporary, writing(file, len(df), progress) as written:
        try:
            with xlsxwriter.Workbook(str(temporary), row_by_row) as book:
                cut = _write_book(book, df, columns, written)
        except xlsxwriter.exceptions.FileCreateError as error:
            raise OSError(str(error)) from error
    if cut:
        message = (
            f"{file}: Excel holds {_LONGEST_TEXT:,} characters a cell, and longer texts were cut in "
            f"{', '.join(map(repr, cut))}; to_parquet and to_csv keep them whole"
        )
        warn_user(message)
    return file


def to_csv(df: pd.DataFrame, path: str | os.PathLike[str]) -> Path:
    """Write calls, or a table of them, as a CSV file that is safe to open in a spreadsheet.

    Parameters
    ----------
    df
        A frame of calls, or a table such as ``df.calls.by_outcome()``. Not modified.
    path
        The file; replaced if it exists.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    ValueError
        `path` is a folder or an address. Nothing has been written then.

    Notes
    -----
    UTF-8 with a byte order mark, which spreadsheets need and pandas, DuckDB and Polars skip; commas, and
    lines that end in CRLF. Times carry their offset from UTC (``2026-03-29 03:00:00+02:00``). Where a
    spreadsheet would take a text for a formula, it gets an apostrophe in front; whole numbers such as
    ``+4930901820`` do not. A spreadsheet still reads these as numbers: `to_excel` writes them as text. An
    index that only counts the rows is left out.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> calls = pd.DataFrame({"id": ["1"], "label": ["=1+1"], "toNumber": ["+4930901820"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print(calls.calls.to_csv(pathlib.Path(folder, "calls.csv")).read_text("utf-8-sig").strip())
    id,label,toNumber
    1,'=1+1,+4930901820
    """
    file = single_file(path)
    columns = sheet_columns(df)
    values = {number: _harmless(each.values) for number, each in enumerate(columns)}
    frame = pd.DataFrame(values, index=pd.RangeIndex(len(df)))
    header = [cell_text(_without_formula(each.name)) for each in columns]
    with appearing(file) as temporary:
        frame.to_csv(temporary, header=header, index=False, encoding="utf-8-sig", lineterminator="\r\n")
    return file


def _write_book(
    book: Workbook, df: pd.DataFrame, columns: Sequence[SheetColumn], written: _Count
) -> list[str]:
    """Write both sheets; return the names of the columns of which a text was cut."""
    formats = {name: book.add_format({"num_format": form}) for name, form in FORMATS.items()}
    header = book.add_format({"bold": True, "bottom": 1})
    cut = write_sheet(book.add_worksheet(_sheet_name(df)), columns, formats, header, written=written)
    write_sheet(book.add_worksheet("Definitions"), _explanation(df, columns), formats, header)
    return cut


def _sheet_name(df: pd.DataFrame) -> str:
    """Return what the rows of a sheet are: calls, or those of a table by its index, such as "By agent"."""
    if Meanings(df).is_calls:
        return "Calls"
    levels = [str(name) for name in df.index.names if name not in (None, "group")]
    named = f"By {' and '.join(levels)}".replace("_", " ") if levels else "Table"
    return NOT_IN_NAMES.sub(" ", cell_text(named))[:LONGEST_NAME].strip()


@contextmanager
def appearing(file: Path) -> Iterator[Path]:
    """Make a file that appears in its place when the block ends without error, whole, for its owner only."""
    with writable(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        with temporary_file(file.parent) as temporary:
            yield temporary
            temporary.replace(file)


def check_size(rows: int, columns: int) -> None:
    if rows + 1 > _MOST_ROWS:
        msg = (
            f"{rows:,} rows do not fit in an Excel sheet, which has {_MOST_ROWS:,} with the header: write "
            "some of them (df.calls.filter(day_from=…, day_to=…).calls.to_excel(path)), a table "
            "(df.calls.by_outcome().calls.to_excel(path)), or all with df.calls.to_csv(path) or to_parquet"
        )
        raise ValueError(msg)
    if columns > _MOST_COLUMNS:
        msg = (
            f"{columns:,} columns do not fit in an Excel sheet, which has {_MOST_COLUMNS:,}: choose some of "
            "them, or write all with to_csv(path)"
        )
        raise ValueError(msg)


def _explanation(df: pd.DataFrame, columns: Sequence[SheetColumn]) -> list[SheetColumn]:
    """Return the second sheet: what the columns mean, and where the rows are from."""
    said = df.attrs.get("brightcall")
    known = dict(said) if isinstance(said, dict) else {}
    complete, query = known.get("complete"), known.get("query")
    about = {
        "(rows)": f"{len(df):,}",
        "(complete)": "" if complete is None else "proved" if complete else "not proved",
        "(filters)": msgspec.json.encode(query, enc_hook=str).decode() if query else "",
    }
    rows = [(each.name, *each.meaning) for each in columns]
    rows += [(name, *Meaning(text)) for name, text in about.items() if text]
    names = ("column", *Meaning._fields)
    return [
        SheetColumn(name, pd.Series(values, dtype=object), Meaning())
        for name, values in zip(names, zip(*rows, strict=True), strict=True)
    ]


def write_sheet(
    sheet: Worksheet,
    columns: Sequence[SheetColumn],
    formats: dict[str, Format],
    header: Format,
    *,
    written: _Count = lambda _: None,
    row_units: Sequence[str] | None = None,
) -> list[str]:
    """Write a header and rows; return the names of the columns of which a text was cut.

    `written` is told how many more rows are written. `row_units` has the unit of each row's numbers, where
    rows rather than columns have one.
    """
    cells = [_prepared(each) for each in columns]
    for position, (each, (values, form)) in enumerate(zip(columns, cells, strict=True)):
        sheet.set_column(position, position, _width(each.name, values, form), formats[form])
    sheet.freeze_panes(1, sum(each.in_index for each in columns))
    rows = len(columns[0].values) if columns else 0
    if columns:
        sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{_MOST_ROWS}"})
        sheet.autofilter(0, 0, rows, len(columns) - 1)
    for position, each in enumerate(columns):
        write_text(sheet, 0, position, each.name, header)
    cut: dict[str, None] = {}
    for row in range(rows):
        for position, (values, form) in enumerate(cells):
            own = row_units[row] if row_units is not None and row_units[row] in FORMATS else form
            if _write_cell(sheet, (row + 1, position), values[row], formats, own):
                cut[columns[position].name] = None
        if row % _TOLD_EACH == _TOLD_EACH - 1:
            written(_TOLD_EACH)
    written(rows % _TOLD_EACH)
    return list(cut)


def _prepared(each: SheetColumn) -> tuple[Any, str]:
    """Return the values of a column as Python has them, and the name of their format."""
    values = each.values
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_localize(None)
    if pd.api.types.is_datetime64_dtype(values.dtype):
        known = values.dropna()
        form = "date" if len(known) and (known == known.dt.normalize()).all() else "time"
        return values.astype(object).to_numpy(), form
    unit = each.meaning.unit
    return values.astype(object).to_numpy(), unit if unit in FORMATS else ""


def _width(name: str, values: Any, form: str) -> float:
    if form in _OF_DATES:
        longest = len("2026-03-31 23:59:59")
    else:
        longest = max((len(str(value)) for value in values[:_LOOKED_AT] if value is not None), default=0)
        longest = min(longest, 10) if form in ("rate", "s") else longest
    least, most = _WIDTH
    return min(max(longest, len(name), least) + 2, most)


def _write_cell(
    sheet: Worksheet, place: tuple[int, int], value: Any, formats: dict[str, Format], form: str
) -> bool:
    """Write a value as what it is, and nothing where it is missing; tell whether it was cut."""
    if (
        value is None
        or value is pd.NaT
        or value is pd.NA
        or (isinstance(value, float | np.floating) and math.isnan(value))
    ):
        return False
    if isinstance(value, bool | np.bool_):
        sheet.write_boolean(*place, bool(value))
    elif isinstance(value, int | float | np.number) and math.isfinite(value):
        plain = float(value) if isinstance(value, np.floating) else value
        sheet.write_number(*place, plain, formats[form])
    elif isinstance(value, date) and value.year >= _FIRST_YEAR:
        own = form if form in _OF_DATES else "time" if isinstance(value, datetime) else "date"
        sheet.write_datetime(*place, _excel_time(value), formats[own])
    elif value != "":
        return write_text(sheet, *place, str(value), formats[form])
    return False


def _excel_time(value: date) -> date:
    """Return a time by the clock, without what Excel would round up, into the year 10000 at last."""
    if isinstance(value, pd.Timestamp):
        value = value.to_pydatetime(warn=False)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None, microsecond=value.microsecond // 1000 * 1000)
    return value


def write_text(sheet: Worksheet, row: int, position: int, text: str, form: Format) -> bool:
    """Write a text as text; tell whether it was cut."""
    text = cell_text(text)
    shown = _shortened(text)
    if shown.startswith("<r>") and shown.endswith("</r>"):
        # xlsxwriter would take it for markup of its own; what is in parts, it writes as text.
        sheet.write_rich_string(row, position, form, shown[:1], form, shown[1:])
    else:
        sheet.write_string(row, position, shown, form)
    return shown != text


def _shortened(text: str) -> str:
    """Return as much of a text as a cell holds; Excel counts in units of UTF-16."""
    if len(text) * 2 <= _LONGEST_TEXT:
        return text
    units = text.encode("utf-16-le")
    if len(units) // 2 <= _LONGEST_TEXT:
        return text
    return units[: 2 * (_LONGEST_TEXT - 1)].decode("utf-16-le", "ignore") + _CUT


def _harmless(values: pd.Series) -> pd.Series:
    """Return a column without formulas."""
    if pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_datetime64_any_dtype(values.dtype):
        return values
    safe = [cell_text(_without_formula(each)) if isinstance(each, str) else each for each in values]
    return pd.Series(safe, values.index, dtype=object)


def _without_formula(text: str) -> str:
    """Return a text with an apostrophe wherever a spreadsheet could take what follows for a formula."""
    return text if _NUMBER.fullmatch(text) else _FORMULA.sub("'", text)


def cell_text(text: str) -> str:
    """Return a text that can be written: half an emoji becomes the sign for a character that is unknown."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
