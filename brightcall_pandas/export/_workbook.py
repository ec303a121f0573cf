"""Several tables → one Excel workbook, a sheet each."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from brightcall_pandas.errors import missing_extra
from brightcall_pandas.export._cells import sheet_columns
from brightcall_pandas.export._sheets import (
    FORMATS,
    LONGEST_NAME,
    NOT_IN_NAMES,
    appearing,
    cell_text,
    check_size,
    write_sheet,
    write_text,
)
from brightcall_pandas.export._write import single_file

__all__ = ["ROW_UNITS", "require_excel", "workbook_path", "write_workbook"]

ROW_UNITS = "row_units"
"""Attribute of a table whose rows have units of their own: the unit of each."""

_LINE = {False: (80, 15.0), True: (56, 21.0)}  # characters of a line, and its height in points


def require_excel(what: str) -> None:
    """Raise an error that names the extra, if what writes workbooks is not installed."""
    try:
        import xlsxwriter  # noqa: F401, PLC0415
    except ImportError as error:
        raise missing_extra(what, "excel", error) from None


def workbook_path(path: str | os.PathLike[str]) -> Path:
    """Return the file of a report; refuse a folder, an address, and a path below a file."""
    return single_file(path)


def write_workbook(
    file: Path, front: Sequence[tuple[str, bool]], sheets: Mapping[str, pd.DataFrame], front_name: str
) -> None:
    """Write a sheet of text and a sheet for each table, whole or not at all.

    Parameters
    ----------
    file
        Replaced if it exists.
    front
        Lines of the first sheet, and whether each is a heading.
    sheets
        Tables by the name of their sheet; names that Excel has no room for are shortened.
    front_name
        Name of the first sheet.
    """
    import xlsxwriter  # noqa: PLC0415

    for table in sheets.values():
        check_size(len(table), len(table.columns) + table.index.nlevels)
    with appearing(file) as temporary:
        try:
            with xlsxwriter.Workbook(str(temporary), {"constant_memory": True}) as book:
                formats = {name: book.add_format({"num_format": form}) for name, form in FORMATS.items()}
                header = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"})
                titles = book.add_format({"bold": True, "font_size": 14, "text_wrap": True})
                words = book.add_format({"text_wrap": True, "valign": "top"})
                names = _distinct([front_name, *sheets])
                first = book.add_worksheet(names[0])
                first.set_column(0, 0, 80)
                first.set_paper(9)
                first.fit_to_pages(1, 0)
                for row, (line, is_heading) in enumerate(front):
                    a_line, height = _LINE[is_heading]
                    first.set_row(row, height * max(1, -(-len(line) // a_line)))
                    write_text(first, row, 0, line, titles if is_heading else words)
                for name, table in zip(names[1:], sheets.values(), strict=True):
                    sheet = book.add_worksheet(name)
                    sheet.set_paper(9)
                    sheet.set_landscape()
                    sheet.fit_to_pages(1, 0)
                    sheet.repeat_rows(0)
                    units = table.attrs.get(ROW_UNITS)
                    write_sheet(sheet, sheet_columns(table), formats, header, row_units=units)
        except xlsxwriter.exceptions.FileCreateError as error:
            raise OSError(str(error)) from error


def _distinct(names: Sequence[str]) -> list[str]:
    """Return names that sheets can have, each once, whatever their case."""
    taken: dict[str, None] = {}
    found = []
    for name in names:
        plain = NOT_IN_NAMES.sub(" ", cell_text(name)).strip()[:LONGEST_NAME].strip() or "Section"
        number = 2
        label = plain
        while label.casefold() in taken or label.casefold() == "history":  # Excel keeps that one for itself
            ending = f" {number}"
            label, number = plain[: LONGEST_NAME - len(ending)] + ending, number + 1
        taken[label.casefold()] = None
        found.append(label)
    return found
