"""Files read at different times, together: each call once.

A call whose time was changed between two runs of an export can stand in two files: then the later reading
counts. Which files can have a call in common at all, their statistics of ids tell, so that as a rule no call
is looked at twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds

from brightcall_pandas.cache import groups_of
from brightcall_pandas.export._footer import NO_TIME, last_read
from brightcall_pandas.frame import IDENTITY_FIELDS, call_numbers

__all__ = ["Stretch", "in_doubt", "surplus_rows"]

_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Stretch:
    """A row group of a file.

    Parameters
    ----------
    file
        The file.
    period
        Its period.
    number, begin
        Number of the row group, and how many rows of the file come before it.
    low, high
        Lowest and highest id, as text; None where the file does not say.
    """

    file: ds.ParquetFileFragment
    period: str
    number: int
    begin: int
    low: str | None
    high: str | None

    def identities(self, schema: pa.Schema) -> pa.Table:
        """Return what its calls are known by."""
        rows = self.file.subset(row_group_ids=[self.number])
        return rows.to_table(schema=schema, columns=list(IDENTITY_FIELDS))


def in_doubt(files: Sequence[tuple[str, ds.ParquetFileFragment]]) -> list[Stretch]:
    """Return the row groups of files, each with its period, whose span of ids meets that of another one."""
    stretches = [each for period, file in files for each in _stretches(file, period)]
    known = [
        (each.low, each.high, each) for each in stretches if each.low is not None and each.high is not None
    ]
    if len(known) < len(stretches):
        return stretches if len(stretches) > 1 else []
    clusters: list[list[Stretch]] = []
    end = ""
    for low, high, each in sorted(known, key=lambda span: span[0]):
        if clusters and low <= end:
            clusters[-1].append(each)
        else:
            clusters.append([each])
        end = max(end, high)
    return [each for cluster in clusters if len(cluster) > 1 for each in cluster]


def _stretches(file: ds.ParquetFileFragment, period: str) -> Iterator[Stretch]:
    metadata, begin = file.metadata, 0
    place = metadata.schema.names.index("id")
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        said = group.column(place).statistics
        low, high = (said.min, said.max) if said is not None and said.has_min_max else (None, None)
        if low is not None and said.null_count:
            low = ""
        if group.num_rows:
            yield Stretch(file, period, number, begin, low, high)
        begin += group.num_rows


@dataclass(frozen=True)
class _Place:
    """Where a call stands, and whether it has a time that can be believed."""

    file: str
    row: int
    period: str
    day: str
    dated: bool

    @property
    def where(self) -> tuple[bool, str, str]:
        """The file and the day: copies of both are the server's own. Any day comes before none."""
        return self.period in NO_TIME.values(), self.period, self.day


def surplus_rows(
    stretches: Sequence[Stretch],
    table: pa.Table,
    zone: str,
    windows: Mapping[str, Sequence[Mapping[str, Any]]],
) -> list[tuple[str, int, str]]:
    """Return the rows to leave out: path of the file, position in it, and its period.

    Parameters
    ----------
    stretches
        Row groups.
    table
        What their calls are known by, typed, one row group after the other.
    zone
        Zone in which days begin.
    windows
        The windows that the file of each period was made of.
    """
    sizes = [each.file.metadata.row_group(each.number).num_rows for each in stretches]
    stretch = np.repeat(np.arange(len(stretches)), sizes)
    offset = np.concatenate([np.arange(size) for size in sizes])
    days = table["timestamp"].to_pandas().dt.tz_convert(zone).dt.tz_localize(None)

    def place(row: int) -> _Place:
        each, time = stretches[stretch[row]], days.iloc[row]
        near = [] if pd.isna(time) else [f"{time + shift:%Y-%m-%d}" for shift in (_DAY, -_DAY, 0 * _DAY)]
        dated = any(day.startswith(each.period) for day in near)
        day = near[-1] if dated else each.period
        return _Place(each.file.path, int(each.begin + offset[row]), each.period, day, dated)

    surplus = []
    for group in groups_of(call_numbers(table), stretch):
        places = [place(row) for row in group]
        if any(each.dated for each in places):
            counts = max((_read_at(windows.get(each.period, ()), each), each.where) for each in places)[1]
        else:
            counts = min(each.where for each in places)
        surplus += [(each.file, each.row, each.period) for each in places if each.where != counts]
    return surplus


def _read_at(windows: Sequence[Mapping[str, Any]], place: _Place) -> str:
    """Return when the day of a call was read last; nothing where that is not known, or said to be to come."""
    of_day = [each for each in windows if str(each["day_from"]) <= place.day <= str(each["day_to"])]
    return last_read(of_day or windows)
