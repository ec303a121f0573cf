"""Parquet → the typed frame, reading no more than needed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import chain
from operator import or_
from pathlib import Path
from typing import Any, Unpack

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from brightcall_pandas.export._layout import META, PERIODS
from brightcall_pandas.export._manifest import MANIFEST, Manifest, parse_manifest
from brightcall_pandas.export._once import in_doubt, surplus_rows
from brightcall_pandas.filters import FILTERS, CallFilter, FiltersAndDays, lists_filters, predicates
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


@lists_filters
def read_calls(
    path: str | os.PathLike[str], columns: Sequence[str] | None = None, **filters: Unpack[FiltersAndDays]
) -> pd.DataFrame:
    """Read calls from parquet.

    Parameters
    ----------
    path
        What `bc.export_calls` or ``df.calls.to_parquet`` wrote: a folder, or one file. An address such as
        ``s3://bucket/calls`` is read through fsspec.
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
        There is nothing at `path`.
    ModuleNotFoundError
        An address needs a library that is not installed; the message names what to install.

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
    files, spec = CallFiles.at(path), row_filter(filters)
    surplus = files.surplus(spec)
    frame = files.frame(files.chosen_columns(columns), spec, surplus=surplus)
    frame.attrs["brightcall"] = Provenance(files.provenance() | {"moved": surplus.moved})
    return frame


def row_filter(filters: Mapping[str, Any]) -> CallFilter:
    """Return the filter of some arguments; refuse those that only page and sort an answer."""
    for name in filters:
        if name in FILTERS and FILTERS[name].paging:
            msg = f"{name!r} is not a filter: it only controls how the API pages and sorts its answer"
            raise TypeError(msg)
    return CallFilter(**filters)


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
    dataset
        The files.
    place
        Their folder, as its file system names it.
    """

    def __init__(self, dataset: ds.Dataset, place: str) -> None:
        self.dataset = dataset
        self.place = place
        self.partition = next((name for name in PERIODS if name in dataset.schema.names), None)
        kinds = [each.type for each in dataset.schema if pa.types.is_timestamp(each.type)]
        written = msgspec.json.decode((dataset.schema.metadata or {}).get(META, b"{}"), type=dict[str, Any])
        self.zone: str = (
            next((kind.tz for kind in kinds if kind.tz), None) or written.get("timezone") or "UTC"
        )

    @classmethod
    def at(
        cls,
        path: str | os.PathLike[str],
        files: Sequence[str] | None = None,
        schema: pa.Schema | None = None,
    ) -> CallFiles:
        """Return the files at a path or address; with `files` and `schema` given, nothing is listed."""
        options: dict[str, Any] = {"format": _FORMAT, "partitioning": "hive", "schema": schema}
        place = os.fspath(path)
        if "://" in place:
            options["filesystem"], place = _file_system(place)
        elif not os.path.exists(place):
            msg = f"there is nothing at {place!r}"
            raise FileNotFoundError(msg)
        if files is None:
            return cls(ds.dataset(place, **options), place)
        # Below a folder only the names under it are read as partitions; of a single file the whole path is.
        base = None if list(files) == [place] else place
        return cls(ds.dataset(list(files), partition_base_dir=base, **options), place)

    @property
    def columns(self) -> list[str]:
        """Columns of the files, without that of the folders' names."""
        return [name for name in self.dataset.schema.names if name != self.partition]

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

    def files(self, spec: CallFilter) -> list[str]:
        """Return the paths of the files that may hold such calls, going by their folders' names."""
        found = self.dataset.get_fragments(filter=self._expression(spec))
        return sorted((each.path for each in found), key=str)

    def surplus(self, spec: CallFilter) -> Surplus:
        """Return what to leave out, so that each call of the files that may hold such calls stands once.

        Only of files that were written by period: others hold what somebody put there.
        """
        if self.partition is None or not set(IDENTITY_FIELDS) <= set(self.columns):
            return Surplus()
        found = self.dataset.get_fragments(filter=self._expression(spec))
        stretches = in_doubt(sorted(found, key=lambda each: str(each.path)), self.partition)
        if not stretches:
            return Surplus()
        schema = self.dataset.schema
        table = pa.concat_tables([_typed(each.identities(schema)) for each in stretches])
        surplus = Surplus()
        for file, row, period in surplus_rows(stretches, table, self.zone, self._manifest()):
            surplus.rows.setdefault(file, []).append(row)
            surplus.moved[period] = surplus.moved.get(period, 0) + 1
        return surplus

    def frame(
        self,
        columns: Sequence[str],
        spec: CallFilter,
        files: Collection[str] | None = None,
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
            Paths of the files to read; None means all that may hold such calls.
        surplus
            Rows to leave out.
        """
        left_out = surplus.rows if surplus is not None else {}
        filtered = [name for name in filter_columns(spec) if name in self.columns]
        read = list(dict.fromkeys([*columns, *filtered]))
        nothing = _typed(self.dataset.schema.empty_table().select(read))
        # On no row at all: refuses a filter that does not work on rows, and one whose column is missing.
        spec.mask(to_pandas(nothing, self.zone))
        tables = [nothing.select(columns)]
        found = self.dataset.get_fragments(filter=self._expression(spec))
        for fragment in sorted(found, key=lambda each: str(each.path)):
            if files is not None and fragment.path not in files:
                continue
            rows = left_out.get(fragment.path)
            passing = None if rows else self._expression(spec)  # positions are those in the whole file
            table = fragment.to_table(schema=self.dataset.schema, columns=read, filter=passing)
            if rows:
                keep = np.ones(len(table), dtype=bool)
                keep[rows] = False
                table = table.filter(pa.array(keep))
            tables.append(self._passing(_typed(table), columns, filtered, spec))
        return to_pandas(pa.concat_tables(tables), self.zone)

    def provenance(self) -> Provenance:
        """Return what is known of the windows."""
        manifest = self._manifest()
        known: dict[str, Any] = {"source": "files", "timezone": self.zone, "schema_version": SCHEMA_VERSION}
        if manifest is not None:
            # A window of several days is reported in each of them.
            windows = {
                (each["day_from"], each["day_to"], each.get("fetched_at")): each
                for partition in manifest.partitions.values()
                for each in partition.windows
            }
            known |= {
                "manifest": MANIFEST,
                "query": manifest.identity.query,
                "pseudonymized": manifest.identity.pseudonymized,
                "complete": all(each.complete is True for each in manifest.partitions.values()),
                "windows": [{k: v for k, v in each.items() if k != "misfits"} for each in windows.values()],
            }
        return Provenance(known)

    def _manifest(self) -> Manifest | None:
        with (
            contextlib.suppress(OSError),
            self.dataset.filesystem.open_input_stream(f"{self.place}/{MANIFEST}") as stream,
        ):
            return parse_manifest(Path(self.place), stream.read())
        return None

    def _expression(self, spec: CallFilter) -> ds.Expression | None:
        return filter_expression(spec, self.dataset.schema, self.zone, self.partition)

    def _passing(
        self, table: pa.Table, columns: Sequence[str], filtered: list[str], spec: CallFilter
    ) -> pa.Table:
        if filtered:
            mask = spec.mask(to_pandas(table.select(filtered), self.zone))
            table = table.filter(pa.array(mask.to_numpy()))
        return table.select(columns)


def _file_system(address: str) -> tuple[Any, str]:
    """Return the file system of an address, and the path in it."""
    try:
        from fsspec.core import url_to_fs  # noqa: PLC0415 - only for addresses

        found: tuple[Any, str] = url_to_fs(address)
    except ImportError as error:
        msg = f'{address} cannot be read ({error}); for S3 run: pip install "brightcall-pandas[s3]"'
        raise ModuleNotFoundError(msg) from error
    return found


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


def filter_expression(
    spec: CallFilter, schema: pa.Schema, zone: str, partition: str | None
) -> ds.Expression | None:
    """Return the filter as an expression on the files; None if they cannot answer any of it.

    Parameters
    ----------
    spec
        The filter.
    schema
        Columns of the files.
    zone
        Zone in which their days begin.
    partition
        ``day`` or ``month``, if their folders are named by it.
    """
    whole: ds.Expression | None = None
    for argument, value in spec.to_dict().items():
        predicate = FILTERS[argument].predicate
        for part in _parts(predicate, value, spec.timezone or zone, schema):
            whole = part if whole is None else whole & part
        if (
            partition
            and isinstance(predicate, predicates.FromDay | predicates.ToDay)
            and spec.timezone in (None, zone)
        ):
            period = value if partition == "day" else value[:7]
            folder = pc.field(partition)
            bound = folder >= period if isinstance(predicate, predicates.FromDay) else folder <= period
            whole = bound if whole is None else whole & bound
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
