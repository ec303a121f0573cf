"""A report as an Excel workbook: what matters on the first sheet, then a sheet for each table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from brightcall_pandas.export import write_workbook

if TYPE_CHECKING:
    from brightcall_pandas.reporting._report import Content

__all__ = ["write_book"]


def write_book(content: Content, file: Path) -> None:
    """Write the report as a workbook."""
    front = [(f"{content.title}: {content.here}", True)]
    front += [(f"against {content.there}", False)] if content.there else []
    front += [(content.lead, True), *((each, False) for each in content.warnings), ("", False)]
    front.append(("What differs beyond chance", True))
    if not content.said:
        front.append((content.nothing, False))
    for number, each in enumerate(content.said, 1):
        front.append((f"{number}. {each.claim} {each.detail}", False))
        front += [(f"    It also shows here: {other.claim} {other.detail}", False) for other in each.also]
    front.append((content.looked_at, False))
    if content.alarms:
        front += [("", False), ("Alarms of the watch over lines", True)]
        front += [(each, False) for each in content.alarms]
    if content.unsettled:
        front += [("", False), ("Not settled yet", True), (content.unsettled, False)]
        front += [(f"{each.claim} {each.detail} Too early to tell.", False) for each in content.waiting]
    front += [("", False), ("What this rests on", True), *((line, False) for line in content.certificate)]
    front.append((content.method, False))
    sheets = {part.title: part.table for part in content.parts if part.table is not None}
    for part in content.parts:
        if part.table is None and part.text:
            front += [("", False), (part.title, True), *((line, False) for line in part.text)]
    if content.differs is not None:
        sheets["Against the server"] = content.differs
    sheets["All that was looked at"] = _without_index(content.found)
    sheets["Definitions"] = _without_index(content.definitions)
    write_workbook(file, front, sheets, "Report")


def _without_index(table: pd.DataFrame) -> pd.DataFrame:
    return table.reset_index(drop=True)
