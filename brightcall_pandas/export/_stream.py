"""The API → parquet: a few windows in memory at a time, and as often as you like into the same folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date
from datetime import datetime as Moment  # noqa: N812
from itertools import chain, groupby, islice
from pathlib import Path
from typing import Any, Literal, Unpack

import pyarrow as pa

from brightcall_pandas.api import WriteQueue
from brightcall_pandas.errors import brief_errors
from brightcall_pandas.export._footer import (
    FILE,
    Identity,
    Period,
    held_periods,
    period_metadata,
    window_reports,
)
from brightcall_pandas.export._layout import (
    chosen_fields,
    parquet_writer,
    period_of,
    schema_of,
    table_of,
    write_rows,
)
from brightcall_pandas.export._lock import Scratch, folder_lock
from brightcall_pandas.export._pseudonyms import FreeText, Pseudonyms, query_without_numbers
from brightcall_pandas.export._write import folder_path
from brightcall_pandas.filters import Filters, lists_filters
from brightcall_pandas.frame import SCHEMA_VERSION, choice, to_pandas
from brightcall_pandas.load import (
    AccountAgent,
    Client,
    Day,
    Loading,
    Progress,
    checked_as_of,
    current_client,
    fields_of,
    loading_client,
    spans_of,
    spec_of,
    warn_of_unproved,
    zone_of,
)

__all__ = ["export_calls"]

_Day = tuple[date, pa.Table, list[dict[str, Any]]]
"""A day, its calls, and the reports of the windows that hold it."""

_UNPROVED = "They are written as they are, marked in the files, and read again by the next export."
_ROWS_AT_ONCE = 25_000  # calls in memory, roughly; a busier day is not cut up


@brief_errors
@lists_filters
def export_calls(
    day_from: Day,
    day_to: Day | None,
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
    as_of: str | date | None = None,
    client: Client | None = None,
    **filters: Unpack[Filters],
) -> Path:
    """Write the calls of some days as parquet, however many they are.

    Run it again, every night if you like: days that are there and can no longer change are not requested.
    Two runs into one folder at once take turns.

    Parameters
    ----------
    day_from, day_to
        First and last day, as in `load_calls`: ``"30d", "yesterday"`` are the last 30 whole days.
    path
        The **folder** to write into, made if missing: each period gets a folder of its own in it
        (``day=2026-03-31``) with one file. A period that is read again is replaced as a whole; others stay.
    partition
        ``"day"`` or ``"month"``.
    columns
        Fields to write, in that order; None writes all 45 and `extras`.
    pseudonymize_key
        Secret that turns numbers and agents into tokens, as in `pseudonymize`.
    region, keep, free_text
        As in `pseudonymize`; they need a `pseudonymize_key`.
    refresh
        Read all days from the server again.
    on_incomplete
        What to do when a window cannot be proved complete: ``"raise"`` `IncompleteDataError`, or
        ``"warn"``, write it, mark it in the file, and read it again next time.
    progress
        Whether to show a progress bar: True at once, None after a second, False never.
    as_of
        Write the calls as they were known at an earlier time, as in `load_calls`, without asking the server.
        A folder holds the calls of one such time.
    client
        The client to use; None means the default one.
    **filters
        Any of `bc.describe_filters()`.

    Returns
    -------
    pathlib.Path
        `path`. The footer of each file records the windows it was made of, and whether they are proved
        complete.

    Raises
    ------
    TypeError, ValueError
        A filter, day or column does not exist; `path` is or is named like a file, or is an address
        (``s3://…``); or the folder holds other calls (columns, filters, timezone, key or what it keeps).
        Raised before any request for calls, with nothing written.
    BrightcallError
        See `brightcall_pandas.errors`. What was written before stays, and the next run continues from there.

    Notes
    -----
    Memory is bounded by about 25,000 calls, or by the busiest day if that has more. What is read is also kept
    in the client's cache.
    """
    path = folder_path(path, partition)
    choice("on_incomplete", on_incomplete, ("raise", "warn"))
    chosen = fields_of(columns)
    tokens = None
    if pseudonymize_key is not None:
        region = current_client(client).region if region is None else region
        tokens = Pseudonyms(pseudonymize_key, region, keep, free_text, columns=chosen)
    elif region is not None or keep or free_text != "drop":
        msg = "region, keep and free_text control pseudonyms; pass a pseudonymize_key as well"
        raise ValueError(msg)
    client = loading_client(client)
    spec = spec_of(client, day_from, day_to, filters)
    agent = AccountAgent(client, spec)
    loading = Loading(
        client,
        spec,
        agent.columns(chosen),
        refresh=refresh,
        strict=on_incomplete == "raise",
        progress=Progress(progress),
        as_of=checked_as_of(as_of, refresh=refresh),
    )
    export = _Export(loading, chosen, agent, path, partition, tokens)
    with loading.progress as shown:
        shown.finish(export.run())
    warn_of_unproved(export.unproved, _UNPROVED)
    return path


@dataclass
class _Export:
    """One run."""

    loading: Loading
    columns: list[str]
    agent: AccountAgent
    folder: Path
    partition: str
    tokens: Pseudonyms | None
    zone: str = ""
    as_of: str | None = None
    unproved: list[dict[str, Any]] = field(default_factory=list)

    @property
    def client(self) -> Client:
        """The client to use."""
        return self.loading.client

    def run(self) -> int:
        """Write every period that is not final yet; return the number of calls written."""
        moment = self.loading.moment
        self.zone = self.loading.zone if moment else zone_of(self.client, self.loading.spec)
        self.as_of = None if moment is None else moment.astimezone(UTC).isoformat()
        with folder_lock(self.folder) as scratch:
            return self._update(scratch)

    def _update(self, scratch: Scratch) -> int:
        identity = self._identity()
        dates = self._dates(held_periods(self.folder, identity))
        metadata = {"source": "api", "schema_version": SCHEMA_VERSION, "timezone": self.zone, "set": identity}
        metadata |= {"query": identity.query, "pseudonymized": identity.pseudonymized}
        if self.client.region is not None:
            metadata["region"] = self.client.region
        days = self._load(dates)
        days = chain([first for first in [next(days, None)] if first is not None], days)
        rows = 0
        for period, group in groupby(dates, lambda day: period_of(day, self.partition)):
            known = metadata | self.agent.said() | {"period": period}  # of the agent once calls were read
            schema = schema_of(chosen_fields(self.columns), self.zone, known)
            rows += self._write(period, schema, islice(days, len(list(group))), scratch)
        return rows

    def _identity(self) -> Identity:
        query = self.loading.spec.without("day_from", "day_to").to_request()
        return Identity(
            partition=self.partition,
            timezone=self.zone,
            columns=self.columns,
            query=query if self.tokens is None else query_without_numbers(query, self.tokens),
            pseudonymized=None if self.tokens is None else self.tokens.fingerprint,
            as_of=self.as_of,
        )

    def _file(self, period: str) -> Path:
        return self.folder / f"{self.partition}={period}" / FILE

    def _dates(self, held: Mapping[str, Period]) -> list[date]:
        """Return the days to write: all days of each period that is not final, old ones included."""
        dates: list[date] = []
        for period, group in groupby(self.loading.days, lambda day: period_of(day, self.partition)):
            wanted = {str(day) for day in group}
            before = held.get(period)
            if self.loading.refresh or before is None or not before.is_final(wanted):
                wanted.update(before.days if before else ())
                dates += [date.fromisoformat(day) for day in sorted(wanted)]
        return dates

    def _load(self, dates: Sequence[date]) -> Iterator[_Day]:
        """Return the days one by one; about as many calls as may be in memory are loaded at a time."""
        for span in spans_of(self.loading, dates, _ROWS_AT_ONCE):
            # In a function of its own, whose variables end with it: else two loads would be in memory.
            yield from self._load_span(self.loading.of_days(span[0], span[-1]))

    def _load_span(self, loading: Loading) -> Iterator[_Day]:
        with WriteQueue() as writes:
            parts = list(loading.parts(writes))
            self.agent.decide(part.table for part in parts)
        self.unproved += (each for part in parts for each in part.windows if not each["complete"])
        loading.progress.end_part(len(loading.days), sum(sum(part.rows) for part in parts))
        for part in parts:
            begin = 0
            for day, rows in zip(part.days, part.rows, strict=True):
                windows = [each for each in part.windows if each["day_from"] <= str(day) <= each["day_to"]]
                yield day, part.table.select(self.columns).slice(begin, rows), windows
                begin += rows

    def _write(self, period: str, schema: pa.Schema, days: Iterator[_Day], scratch: Scratch) -> int:
        """Write the file of a period, which appears when the last of its days is in; return its calls."""
        written: list[date] = []
        rows = 0
        windows: dict[tuple[str, str], dict[str, Any]] = {}
        with parquet_writer(self._file(period), schema, scratch) as writer:
            for day, table, reports in days:
                write_rows(writer, self._pseudonymized(table))
                written.append(day)
                rows += len(table)
                windows |= {(each["day_from"], each["day_to"]): each for each in reports}
                del table  # else two days would be in memory
            reports = list(windows.values())
            held = Period(
                rows=rows,
                days=[str(day) for day in written],
                complete=all(each["complete"] for each in reports),
                final=all(self._is_final(each, written[-1]) for each in reports),
                windows=window_reports(reports),
            )
            writer.add_key_value_metadata(period_metadata(held))
        return rows

    def _is_final(self, window: dict[str, Any], last: date) -> bool:
        read = Moment.fromisoformat(window["fetched_at"])
        return self.as_of is not None or self.client.is_final(read, last)

    def _pseudonymized(self, table: pa.Table) -> pa.Table:
        if self.tokens is None:
            return table
        return table_of(self.tokens.of_frame(to_pandas(table, self.zone)))
