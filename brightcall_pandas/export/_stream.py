"""The API → parquet: a few windows in memory at a time, again and again into the same folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from datetime import datetime as Moment  # noqa: N812
from itertools import groupby, islice
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from brightcall_pandas.api import WriteQueue
from brightcall_pandas.export._layout import (
    FILE,
    chosen_fields,
    period_of,
    schema_of,
    table_of,
    write_rows,
    written_whole,
)
from brightcall_pandas.export._manifest import Held, Identity, Manifest, told_windows
from brightcall_pandas.export._pseudonyms import FreeText, Pseudonyms, query_without_numbers
from brightcall_pandas.export._write import folder_path
from brightcall_pandas.filters import lists_filters
from brightcall_pandas.frame import SCHEMA_VERSION, to_pandas
from brightcall_pandas.load import (
    Client,
    Day,
    Loading,
    Progress,
    current_client,
    fields_of,
    spans_of,
    spec_of,
    zone_of,
)

__all__ = ["export_calls"]

_Piece = tuple[date, pa.Table, list[dict[str, Any]]]
_ROWS_AT_ONCE = 25_000  # about so many calls are in memory; a busier day is not cut up


@lists_filters
def export_calls(
    day_from: Day,
    day_to: Day,
    path: str | os.PathLike[str],
    *,
    partition: Literal["day", "month"] = "day",
    columns: Sequence[str] | None = None,
    pseudonymize_key: str | bytes | None = None,
    region: str | None = None,
    keep: Sequence[str] = (),
    free_text: FreeText = "drop",
    refresh: bool = False,
    on_incomplete: Literal["raise", "warn"] = "raise",
    progress: bool | None = None,
    client: Client | None = None,
    **filters: Any,
) -> Path:
    """Write the calls of some days as parquet, however many they are.

    Run it again, every night if you like: days that are there and can no longer change are not asked for.

    Parameters
    ----------
    day_from, day_to
        First and last day, both inclusive, in the client's timezone (or the filter's `timezone`).
    path
        The **folder** to write into, made if missing: each period gets a folder of its own in it
        (``day=2026-03-31``) with one file. A period that is read again is replaced as a whole; others stay.
    partition
        ``"day"`` or ``"month"``.
    columns
        Fields to write, in that order; None writes all 45 and `extras`.
    pseudonymize_key
        Secret with which numbers and agents become tokens, as `pseudonymize` does it.
    region, keep, free_text
        With a `pseudonymize_key`: as `pseudonymize` takes them.
    refresh
        Read all days from the server again.
    on_incomplete
        What to do when a window cannot be proved complete: ``"raise"`` `IncompleteDataError`, or
        ``"warn"``, write it, mark it in the manifest, and read it again next time.
    progress
        Show a progress bar: True at once, None when it takes longer than a second, False never.
    client
        The client to use; None takes the default one.
    **filters
        Any of `bc.describe_filters()`.

    Returns
    -------
    pathlib.Path
        `path`. Its ``_manifest.json`` tells of each period the rows, the windows, and whether they are proved
        complete.

    Raises
    ------
    TypeError, ValueError
        A filter, day or column does not exist; `path` is or is named like a file, or is an address
        (``s3://…``); or the folder holds other calls (columns, filters, timezone, key or what it keeps).
        Raised before any request for calls, with nothing written.
    BrightcallError
        As ``bc.errors`` draws them; what was written before stays, and the next run goes on from there.

    Notes
    -----
    Memory is bounded by about 25,000 calls, or by the busiest day where that has more. What is read is kept
    in the client's cache as well.
    """
    path = folder_path(path, partition)
    if on_incomplete not in ("raise", "warn"):
        msg = f"on_incomplete={on_incomplete!r} is not known; it takes 'raise' or 'warn'"
        raise ValueError(msg)
    spec = spec_of(day_from, day_to, filters)
    chosen = fields_of(columns)
    tokens = None
    if pseudonymize_key is not None:
        tokens = Pseudonyms(pseudonymize_key, region, keep, free_text, columns=chosen)
    elif region is not None or keep or free_text != "drop":
        msg = "region, keep and free_text say how pseudonyms are made; they need pseudonymize_key"
        raise ValueError(msg)
    loading = Loading(
        current_client(client),
        spec,
        chosen,
        refresh=refresh,
        strict=on_incomplete == "raise",
        progress=Progress(progress),
    )
    export = _Export(loading, path, partition, tokens)
    try:
        export.run()
    finally:
        loading.progress.close()
    return path


@dataclass
class _Export:
    """One run."""

    loading: Loading
    folder: Path
    partition: str
    tokens: Pseudonyms | None
    zone: str = ""
    schema: pa.Schema = field(default_factory=lambda: pa.schema([]))

    @property
    def client(self) -> Client:
        """The client to use."""
        return self.loading.client

    @property
    def columns(self) -> list[str]:
        """Columns of the files."""
        return list(self.loading.columns)

    def run(self) -> None:
        """Write every period that is not settled."""
        self.zone = zone_of(self.client, self.loading.spec)
        identity = self._identity()
        manifest = Manifest.of(self.folder, identity)
        says = {"source": "api", "schema_version": SCHEMA_VERSION, "timezone": self.zone}
        says |= {"query": identity.query, "pseudonymized": identity.pseudonymized}
        self.schema = schema_of(chosen_fields(self.columns), self.zone, says)
        self.folder.mkdir(parents=True, exist_ok=True)
        days = self._days(manifest)
        pieces = self._pieces(days)
        for period, group in groupby(days, lambda day: period_of(day, self.partition)):
            manifest.record(period, self._written(period, islice(pieces, len(list(group)))))

    def _identity(self) -> Identity:
        query = self.loading.spec.without("day_from", "day_to").to_request()
        told = query if self.tokens is None else query_without_numbers(query, self.tokens)
        return Identity(
            partition=self.partition,
            timezone=self.zone,
            columns=self.columns,
            query=told,
            pseudonymized=None if self.tokens is None else self.tokens.fingerprint,
        )

    def _file(self, period: str) -> Path:
        return self.folder / f"{self.partition}={period}" / FILE

    def _days(self, manifest: Manifest) -> list[date]:
        """Return the days to be written: whole periods, so with the days that these held before."""
        days: list[date] = []
        for period, group in groupby(self.loading.days, lambda day: period_of(day, self.partition)):
            wanted = {str(day) for day in group}
            if self.loading.refresh or not manifest.settled(period, wanted, self._file(period)):
                held = manifest.partitions.get(period)
                days += [date.fromisoformat(day) for day in sorted(wanted.union(held.days if held else ()))]
        return days

    def _pieces(self, days: Sequence[date]) -> Iterator[_Piece]:
        """Return the calls of each day, with the reports of the windows that hold it."""
        for loading in self._loadings(days):
            yield from self._pieces_of(
                loading
            )  # whose names end with it: else the next day comes beside this

    def _pieces_of(self, loading: Loading) -> Iterator[_Piece]:
        with WriteQueue() as writes:
            parts = list(loading.parts(writes))
        for part in parts:
            begin = 0
            for day, rows in zip(part.days, part.rows, strict=True):
                windows = [each for each in part.windows if each["day_from"] <= str(day) <= each["day_to"]]
                yield day, part.table.select(self.columns).slice(begin, rows), windows
                begin += rows

    def _loadings(self, days: Sequence[date]) -> Iterator[Loading]:
        """Cut the load into smaller ones, of about as many calls as may be in memory."""
        for span in spans_of(self.client, self.loading.spec, days, _ROWS_AT_ONCE):
            yield self.loading.of_days(span[0], span[-1])

    def _written(self, period: str, pieces: Iterator[_Piece]) -> Held:
        """Write the file of a period; it appears when the last of its days is in."""
        file = self._file(period)
        file.parent.mkdir(exist_ok=True)
        days: list[date] = []
        rows = 0
        windows: dict[tuple[str, str], dict[str, Any]] = {}
        with written_whole(file, self.schema) as writer:
            for day, table, reports in pieces:
                write_rows(writer, self._told(table))
                days.append(day)
                rows += len(table)
                windows |= {(each["day_from"], each["day_to"]): each for each in reports}
                del table  # else the next day comes beside it
        reports = list(windows.values())
        return Held(
            rows=rows,
            days=[str(day) for day in days],
            complete=all(each["complete"] for each in reports),
            final=all(self._is_final(each, days[-1]) for each in reports),
            windows=told_windows(reports),
        )

    def _is_final(self, window: dict[str, Any], last: date) -> bool:
        return self.client.is_final(Moment.fromisoformat(window["fetched_at"]), last)

    def _told(self, table: pa.Table) -> pa.Table:
        """Return the rows as they go into the file."""
        if self.tokens is None:
            return table
        return table_of(self.tokens.of_frame(to_pandas(table, self.zone)))
