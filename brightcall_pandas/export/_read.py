"""Parquet → the typed frame, reading no more than needed."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import chain, groupby
from operator import attrgetter, or_
from typing import Any, Unpack

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from brightcall_pandas.errors import brief_errors
from brightcall_pandas.export._footer import META, PERIODS, Footer
from brightcall_pandas.export._layout import is_field
from brightcall_pandas.export._listing import (
    CallFile,
    Place,
    first_of_set,
    footers_read,
    of_one_set,
    place_of,
    readable,
)
from brightcall_pandas.export._once import in_doubt, surplus_rows
from brightcall_pandas.filters import FILTERS, CallFilter, FiltersAndDays, dated, lists_filters, predicates
from brightcall_pandas.frame import (
    EXTRAS,
    FIELDS,
    IDENTITY_FIELDS,
    SCHEMA_VERSION,
    label_array,
    midnight,
    nearest,
    to_pandas,
    typed_array,
)
from brightcall_pandas.load import Provenance

__all__ = ["CallFiles", "read_calls"]

_FORMAT = ds.ParquetFileFormat(
    default_fragment_scan_options=ds.ParquetFragmentScanOptions(page_checksum_verification=True)
)
_KNOWN = FIELDS | {EXTRAS.name: EXTRAS}


@brief_errors
@lists_filters
def read_calls(
    path: str | os.PathLike[str], columns: Sequence[str] | None = None, **filters: Unpack[FiltersAndDays]
) -> pd.DataFrame:
    """Read calls from parquet.

    Parameters
    ----------
    path
        What `bc.export_calls` or ``df.calls.to_parquet`` wrote: a folder, or one file. An address such as
        ``s3://bucket/calls`` is read through fsspec. Whatever else lies in the folder is left out; a parquet
        file, such as a sync tool's conflict copy of a day, with a warning.
    columns
        Columns to return, in that order; None means all that the files have. Others are not read.
    **filters
        Any of `bc.describe_filters()` that work on rows. Folders and row groups without such calls are not
        read.

    Returns
    -------
    pandas.DataFrame
        Calls in the order of the files, index from 0; dtypes as in `bc.describe_fields()`, times in the zone
        they were written in. ``df.attrs["brightcall"]`` has what is known of the windows.

    Raises
    ------
    TypeError, ValueError
        A filter or a column does not exist, or a filter does not work on rows.
    KeyError
        The files lack a column that a filter reads.
    FileNotFoundError
        There is nothing at `path`, or no parquet file.
    ModuleNotFoundError
        An address needs a library that is not installed; the message names what to install.
    BrightcallError
        A file is damaged, or the folder mixes calls of different kinds.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> calls = pd.DataFrame({"id": ["1", "2"], "state": [0, 1], "timestamp": "2026-03-02T09:00:00Z"})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = calls.calls.to_parquet(pathlib.Path(folder, "calls"))
    ...     read_calls(pathlib.Path(folder, "calls"), columns=["id"], states="answered")
      id
    0  2
    """
    calls = CallFiles.at(path)
    spec = row_filter(filters, lambda: calls.zone)
    columns = calls.chosen_columns(columns)
    files = calls.files(spec)
    surplus = calls.surplus(files)
    frame = calls.frame(columns, spec, files, surplus=surplus)
    frame.attrs["brightcall"] = Provenance(calls.provenance(files) | {"moved": surplus.moved})
    return frame


def row_filter(filters: Mapping[str, Any], zone: Callable[[], str]) -> CallFilter:
    """Return the filter of some arguments; refuse those that only page and sort an answer.

    `zone` returns that of the rows, in which days counted from today are meant.
    """
    for name in filters:
        if name in FILTERS and FILTERS[name].paging:
            msg = f"{name!r} is not a filter: it only controls how the API pages and sorts its answer"
            raise TypeError(msg)
    return CallFilter(**dated(filters, zone))


@dataclass(frozen=True)
class Surplus:
    """Rows of files that are left out, since their calls stand in another file as well.

    Parameters
    ----------
    rows
        Their positions, by path of the file.
    moved
        How many they are, by period of the file.
    """

    rows: dict[str, list[int]] = field(default_factory=dict)
    moved: dict[str, int] = field(default_factory=dict)


class CallFiles:
    """The files of calls at a path or address.

    Parameters
    ----------
    place
        Where they are.
    schema
        Their columns, where these are known already.
    """

    def __init__(self, place: Place, schema: pa.Schema | None = None) -> None:
        # Below a folder the names under it may be partitions; a file by itself has none.
        known: dict[str, Any] = {"format": _FORMAT, "filesystem": place.filesystem, "schema": schema}
        if not place.is_file:
            known |= {"partitioning": "hive", "partition_base_dir": place.path}
        files = place.files
        if schema is None:  # Arrow takes that of the first file
            first = first_of_set(place)
            files = [first, *(each for each in files if each != first)]
        with readable(files[0] if files else place.path):
            self.dataset = ds.dataset(files, **known)
        self.place = place
        self.listed = [CallFile(each, place.below(each.path)) for each in self.dataset.get_fragments()]
        metadata = self.dataset.schema.metadata or {}
        written = msgspec.json.decode(metadata.get(META, b"{}"), type=dict[str, Any])
        kinds = [each.type for each in self.dataset.schema if pa.types.is_timestamp(each.type)]
        self.zone: str = (
            written.get("timezone") or next((kind.tz for kind in kinds if kind.tz), None) or "UTC"
        )
        region = written.get("region")
        self.region = region if isinstance(region, str) else None
        self._is_set = "set" in written
        agent = {name: written[name] for name in ("agent", "agent_by") if written.get(name)}
        self.agent: dict[str, str] = agent if "agent" in agent else {}
        self._dtypes = {b"pandas": metadata[b"pandas"]} if written and b"pandas" in metadata else None

    @classmethod
    def at(cls, path: str | os.PathLike[str]) -> CallFiles:
        """Return the files at a path or address."""
        return cls(place_of(path))

    @property
    def columns(self) -> list[str]:
        """Columns of the files, without those of the folders' names for a period."""
        names = self.dataset.schema.names
        folders = {folder.partition("=")[0] for each in self.listed for folder in each.below[:-1]}
        return [name for name in names if name not in PERIODS or name not in folders]

    def chosen_columns(self, columns: Sequence[str] | None) -> list[str]:
        """Return the columns to read, and check that they exist; None means all."""
        if columns is None:
            return self.columns
        chosen = [columns] if isinstance(columns, str) else list(columns)
        for name in chosen:
            if name not in self.columns:
                msg = f"the files have no column {name!r}{nearest(str(name), self.columns)}"
                raise ValueError(msg)
        return list(dict.fromkeys(chosen))

    def files(self, spec: CallFilter) -> list[CallFile]:
        """Return the files that may hold such calls, going by their folders' names, in order."""
        near = [each for each in self.listed if self._may_hold(each.period, spec)]
        if self._is_set:
            return of_one_set(near, self.columns)
        return sorted(near, key=lambda each: each.in_order)

    def surplus(self, files: Sequence[CallFile]) -> Surplus:
        """Return what to leave out, so that each call of some files stands once.

        Only of files that were written by period: others hold what somebody put there. In folders named by
        what they differ in, such as ``account=north``, equal ids are different calls.
        """
        surplus = Surplus()
        if not set(IDENTITY_FIELDS) <= set(self.columns):
            return surplus
        keys = attrgetter("other_keys")
        for _, alike in groupby(sorted(files, key=keys), keys):
            for file, row, period in self._surplus_rows(list(alike)):
                surplus.rows.setdefault(file, []).append(row)
                surplus.moved[period] = surplus.moved.get(period, 0) + 1
        return surplus

    def _surplus_rows(self, files: Sequence[CallFile]) -> list[tuple[str, int, str]]:
        periods = [each.held_period for each in files]
        if not all(periods):
            return []
        stretches = in_doubt([(period, each.fragment) for period, each in zip(periods, files, strict=True)])
        if not stretches:
            return []
        schema = self.dataset.schema
        table = pa.concat_tables([_typed(each.identities(schema)) for each in stretches])
        windows = dict(zip(periods, map(_windows, footers_read(files)), strict=True))
        return surplus_rows(stretches, table, self.zone, windows)

    def frame(
        self,
        columns: Sequence[str],
        spec: CallFilter,
        files: Collection[CallFile],
        surplus: Surplus | None = None,
    ) -> pd.DataFrame:
        """Return the calls that pass a filter.

        Parameters
        ----------
        columns
            The columns.
        spec
            The filter.
        files
            The files to read.
        surplus
            Rows to leave out.
        """
        left_out = surplus.rows if surplus is not None else {}
        needed = dict.fromkeys([*filter_columns(spec), *self._agent_of(spec)])
        filtered = [name for name in needed if name in self.columns]
        read = list(dict.fromkeys([*columns, *filtered]))
        nothing = _typed(self.dataset.schema.empty_table().select(read))
        # On no row at all: refuses a filter that does not work on rows, and one whose column is missing.
        spec.mask(self._pandas_frame(nothing), agent=self.agent.get("agent"))
        tables = [nothing.select(columns)]
        expression = filter_expression(spec, self.dataset.schema, self.zone)
        for each in files:
            rows = left_out.get(each.path)
            passing = None if rows else expression  # positions are those in the whole file
            with readable(each.path):
                table = each.fragment.to_table(schema=self.dataset.schema, columns=read, filter=passing)
            if rows:
                keep = np.ones(len(table), dtype=bool)
                keep[rows] = False
                table = table.filter(pa.array(keep))
            tables.append(self._passing(_typed(table), columns, filtered, spec))
        frame = self._pandas_frame(pa.concat_tables(tables))
        told = self.agent | ({"region": self.region} if self.region is not None else {})
        if told:  # so that all partitions of a dask frame have it
            frame.attrs["brightcall"] = Provenance(told)
        return frame

    def provenance(self, files: Sequence[CallFile]) -> Provenance:
        """Return what is known of the windows of some files."""
        said = [footer for footer in footers_read(files) if footer is not None]
        known: dict[str, Any] = {"source": "files", "timezone": self.zone, "schema_version": SCHEMA_VERSION}
        told = [{"agent": each.agent, "agent_by": each.agent_by} for each in said if each.agent]
        known |= self.agent or (told[0] if told else {})
        if self.region is not None:
            known["region"] = self.region
        if said and len(said) == len(files):
            # A window of several days is reported in each of them.
            windows = {
                (each["day_from"], each["day_to"], each.get("fetched_at")): each
                for footer in said
                for each in _windows(footer)
            }
            complete = [each.complete if each.held is None else each.held.complete for each in said]
            known |= {
                "query": said[0].query,
                "pseudonymized": said[0].pseudonymized,
                "windows": [{k: v for k, v in each.items() if k != "misfits"} for each in windows.values()],
            }
            if any(each is not None for each in complete):
                known["complete"] = all(each is True for each in complete)
        return Provenance(known)

    def _agent_of(self, spec: CallFilter) -> list[str]:
        """Return the column that tells the agents, where a filter asks for some."""
        return [self.agent["agent"]] if self.agent and spec.agent_ids is not None else []

    def _may_hold(self, period: str, spec: CallFilter) -> bool:
        if not period or spec.timezone not in (None, self.zone):
            return True
        first, last = spec.day_from, spec.day_to
        return (first is None or str(first)[: len(period)] <= period) and (
            last is None or period <= str(last)[: len(period)]
        )

    def _pandas_frame(self, table: pa.Table) -> pd.DataFrame:
        """Return a table as a frame: fields in their own dtypes, other columns in those they were given."""
        fields = [name for name in table.column_names if is_field(name)]
        others = [name for name in table.column_names if not is_field(name)]
        frame = to_pandas(table.select(fields), self.zone)
        if not others:
            return frame
        own: pd.DataFrame = table.select(others).replace_schema_metadata(self._dtypes).to_pandas()
        return own if not fields else pd.concat([frame, own], axis=1)[table.column_names]

    def _passing(
        self, table: pa.Table, columns: Sequence[str], filtered: list[str], spec: CallFilter
    ) -> pa.Table:
        if filtered:
            mask = spec.mask(self._pandas_frame(table.select(filtered)), agent=self.agent.get("agent"))
            table = table.filter(pa.array(mask.to_numpy()))
        return table.select(columns)


def _windows(footer: Footer | None) -> list[dict[str, Any]]:
    if footer is None:
        return []
    return footer.windows if footer.held is None else footer.held.windows


def _typed(table: pa.Table) -> pa.Table:
    """Return a table in the types of the fields, whatever program wrote the file."""
    for position, name in enumerate(table.column_names):
        if name in _KNOWN and (table[name].type != _KNOWN[name].arrow_type or _KNOWN[name].kind == "label"):
            table = table.set_column(position, name, _converted(table[name], name))
    return table.replace_schema_metadata(None)


def _converted(values: pa.ChunkedArray, name: str) -> pa.Array | pa.ChunkedArray:
    field = _KNOWN[name]
    if pa.types.is_timestamp(values.type) and values.type.tz and field.kind == "time":
        return values.cast(field.arrow_type)
    if field.kind == "label":
        # A file has only the words that occur in it, in its own order.
        words = values.cast(pa.string()).combine_chunks()
        found = pc.index_in(words, value_set=pa.array(field.choices, pa.string()), skip_nulls=True)
        return label_array(found.cast(pa.int8()), field)
    return typed_array(values.combine_chunks(), field)[0]


# Filters, as far as files can answer them: which columns they read, and which row groups can be left out.
# The expression of a filter passes at least the rows that the filter passes, and `CallFilter.mask` drops the
# others. So the two need not agree on every detail, and no row is lost.


def filter_columns(spec: CallFilter) -> list[str]:
    """Return the columns that a filter reads."""
    conditions = (FILTERS[argument].predicate for argument in spec.to_dict())
    names = dict.fromkeys(name for each in conditions if each for name in each.columns)
    return list(names)


def filter_expression(spec: CallFilter, schema: pa.Schema, zone: str) -> ds.Expression | None:
    """Return the filter as an expression on the files; None if they cannot answer any of it.

    Parameters
    ----------
    spec
        The filter.
    schema
        Columns of the files.
    zone
        Zone in which their days begin.
    """
    whole: ds.Expression | None = None
    for argument, value in spec.to_dict().items():
        predicate = FILTERS[argument].predicate
        for part in _parts(predicate, value, spec.timezone or zone, schema):
            whole = part if whole is None else whole & part
    return whole


def _parts(predicate: Any, value: Any, zone: str, schema: pa.Schema) -> list[ds.Expression]:
    """Return a predicate as expressions, all of which must hold; none if only the rows can answer it."""
    if predicate is None or not set(predicate.columns) <= set(schema.names):
        return []  # the mask names the column that is missing
    match predicate:
        case predicates.AnyOf():
            return [pc.field(predicate.name).isin(_values(value, predicate.name, schema))]
        case predicates.OutcomeKind():
            found = pc.field(predicate.name).isin(_values(value, predicate.name, schema))
            return [found | pc.field(predicate.name).is_null()]
        case predicates.Equals():
            return [pc.field(predicate.name) == value]
        case predicates.AnyPart():
            parts = [_parts(part, value, zone, schema) for part in predicate.parts]
            return [reduce(or_, chain(*parts))] if all(parts) else []
        case predicates.AtLeast():
            return [pc.field(predicate.name) >= value]
        case predicates.AtMost():
            return [pc.field(predicate.name) <= value]
        case predicates.FromDay():
            return [pc.field("timestamp") >= _instant(value, zone, schema)]
        case predicates.ToDay():
            return [pc.field("timestamp") < _instant(value, zone, schema, days=1)]
    return []


def _values(value: Any, name: str, schema: pa.Schema) -> pa.Array:
    kind = schema.field(name).type
    return pa.array(list(value), kind.value_type if pa.types.is_dictionary(kind) else kind)


def _instant(day: str, zone: str, schema: pa.Schema, days: int = 0) -> pa.Scalar:
    return pa.scalar(midnight(day, zone, days), schema.field("timestamp").type)
