"""Parquet → the typed frame, reading no more than asked for."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Sequence
from functools import reduce
from itertools import chain
from operator import or_
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from brightcall_pandas.export._layout import META, PERIODS
from brightcall_pandas.export._manifest import MANIFEST, Manifest, decoded
from brightcall_pandas.filters import FILTERS, CallFilter, lists_filters, nearest
from brightcall_pandas.filters import _predicates as ask
from brightcall_pandas.frame import (
    EXTRAS,
    FIELDS,
    SCHEMA_VERSION,
    label_array,
    midnight,
    to_pandas,
    typed_array,
)
from brightcall_pandas.load import Provenance

__all__ = ["Calls", "read_calls"]

_FORMAT = ds.ParquetFileFormat(
    default_fragment_scan_options=ds.ParquetFragmentScanOptions(page_checksum_verification=True)
)
_KNOWN = FIELDS | {EXTRAS.name: EXTRAS}


@lists_filters
def read_calls(
    path: str | os.PathLike[str], columns: Sequence[str] | None = None, **filters: Any
) -> pd.DataFrame:
    """Read calls from parquet.

    Parameters
    ----------
    path
        What `bc.export_calls` or ``df.calls.to_parquet`` wrote: a folder, or one file. An address such as
        ``s3://bucket/calls`` is read through fsspec.
    columns
        Columns to return, in that order; None returns all that the files have. Others are not read.
    **filters
        Any of `bc.describe_filters()` that rows can answer. Folders and row groups that cannot hold such
        calls are not read.

    Returns
    -------
    pandas.DataFrame
        In the order of the files, index from 0; dtypes as `bc.describe_fields()` says, times in the zone
        they were written in. ``df.attrs["brightcall"]`` has what is known of the windows.

    Raises
    ------
    TypeError, ValueError
        A filter or a column that does not exist, or a filter that rows cannot answer.
    KeyError
        The files lack a column that a filter reads.
    FileNotFoundError
        There is nothing at `path`.

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
    calls = Calls.at(path)
    frame = calls.frame(calls.checked(columns), row_filter(filters))
    frame.attrs["brightcall"] = calls.provenance()
    return frame


def row_filter(filters: dict[str, Any]) -> CallFilter:
    """Return the filter of some arguments; refuse those that are no question to rows."""
    for name in filters:
        if name in FILTERS and FILTERS[name].paging:
            msg = f"{name!r} is no filter: it only says how the API pages and sorts its answer"
            raise TypeError(msg)
    return CallFilter(**filters)


class Calls:
    """The calls at a place.

    Parameters
    ----------
    dataset
        The files.
    place
        Their folder, as the file system names it.
    """

    def __init__(self, dataset: ds.Dataset, place: str) -> None:
        self.dataset = dataset
        self.place = place
        self.partition = next((name for name in PERIODS if name in dataset.schema.names), None)
        kinds = [each.type for each in dataset.schema if pa.types.is_timestamp(each.type)]
        said = msgspec.json.decode((dataset.schema.metadata or {}).get(META, b"{}"), type=dict[str, Any])
        self.zone: str = next((kind.tz for kind in kinds if kind.tz), None) or said.get("timezone") or "UTC"

    @classmethod
    def at(
        cls,
        path: str | os.PathLike[str],
        files: Sequence[str] | None = None,
        schema: pa.Schema | None = None,
    ) -> Calls:
        """Find the files; with `files` and their `schema` known, nothing is listed."""
        options: dict[str, Any] = {"format": _FORMAT, "partitioning": "hive", "schema": schema}
        place = os.fspath(path)
        if "://" in place:
            options["filesystem"], place = _opened(place)
        elif not os.path.exists(place):
            msg = f"there is nothing at {place!r}"
            raise FileNotFoundError(msg)
        if files is None:
            return cls(ds.dataset(place, **options), place)
        # Of a folder only the names below it say something; of one file all of its path does, as above.
        base = None if list(files) == [place] else place
        return cls(ds.dataset(list(files), partition_base_dir=base, **options), place)

    @property
    def columns(self) -> list[str]:
        """Columns of the files, without the folders'."""
        return [name for name in self.dataset.schema.names if name != self.partition]

    def checked(self, columns: Sequence[str] | None) -> list[str]:
        """Return the columns to read."""
        if columns is None:
            return self.columns
        chosen = [columns] if isinstance(columns, str) else list(columns)
        for name in chosen:
            if name not in self.columns:
                msg = f"the files have no column {name!r}{nearest(str(name), self.columns)}"
                raise ValueError(msg)
        return list(dict.fromkeys(chosen))

    def files(self, spec: CallFilter) -> list[str]:
        """Return the files that may hold such calls, as their folders tell."""
        found = self.dataset.get_fragments(filter=self._asked(spec))
        return sorted((each.path for each in found), key=str)

    def frame(
        self, columns: Sequence[str], spec: CallFilter, files: Collection[str] | None = None
    ) -> pd.DataFrame:
        """Read the calls of a filter; None reads all files that may hold some."""
        asked = [name for name in columns_asked(spec) if name in self.columns]
        read = list(dict.fromkeys([*columns, *asked]))
        nothing = _typed(self.dataset.schema.empty_table().select(read))
        spec.mask(
            to_pandas(nothing, self.zone)
        )  # says which filters cannot be, and which columns are missing
        tables = [nothing.select(columns)]
        found = self.dataset.get_fragments(filter=self._asked(spec))
        for fragment in sorted(found, key=lambda each: str(each.path)):
            if files is not None and fragment.path not in files:
                continue
            table = fragment.to_table(schema=self.dataset.schema, columns=read, filter=self._asked(spec))
            tables.append(self._kept(_typed(table), columns, asked, spec))
        return to_pandas(pa.concat_tables(tables), self.zone)

    def _manifest(self) -> Manifest | None:
        with (
            contextlib.suppress(OSError),
            self.dataset.filesystem.open_input_stream(f"{self.place}/{MANIFEST}") as stream,
        ):
            return decoded(Path(self.place), stream.read())
        return None

    def _asked(self, spec: CallFilter) -> ds.Expression | None:
        return expression(spec, self.dataset.schema, self.zone, self.partition)

    def _kept(self, table: pa.Table, columns: Sequence[str], asked: list[str], spec: CallFilter) -> pa.Table:
        if asked:
            mask = spec.mask(to_pandas(table.select(asked), self.zone))
            table = table.filter(pa.array(mask.to_numpy()))
        return table.select(columns)

    def provenance(self) -> Provenance:
        """Return what is known of the windows."""
        manifest = self._manifest()
        said: dict[str, Any] = {"source": "files", "timezone": self.zone, "schema_version": SCHEMA_VERSION}
        if manifest is not None:
            # A window of several days is told of in each of them.
            windows = {
                (each["day_from"], each["day_to"], each.get("fetched_at")): each
                for held in manifest.partitions.values()
                for each in held.windows
            }
            said |= {
                "manifest": MANIFEST,
                "query": manifest.identity.query,
                "pseudonymized": manifest.identity.pseudonymized,
                "complete": all(held.complete is True for held in manifest.partitions.values()),
                "windows": [{k: v for k, v in each.items() if k != "misfits"} for each in windows.values()],
            }
        return Provenance(said)


def _opened(address: str) -> tuple[Any, str]:
    """Return the file system of an address, and its place there."""
    try:
        from fsspec.core import url_to_fs  # noqa: PLC0415 - only for addresses

        found: tuple[Any, str] = url_to_fs(address)
    except ImportError as error:
        msg = f'{address} cannot be read ({error}); for S3 run: pip install "brightcall-pandas[s3]"'
        raise ModuleNotFoundError(msg) from error
    return found


def _typed(table: pa.Table) -> pa.Table:
    """Return a table in the types of the fields, whoever wrote the file."""
    for place, name in enumerate(table.column_names):
        if name in _KNOWN and (table[name].type != _KNOWN[name].arrow_type or _KNOWN[name].kind == "label"):
            table = table.set_column(place, name, _converted(table[name], name))
    return table.replace_schema_metadata(None)


def _converted(values: pa.ChunkedArray, name: str) -> pa.Array | pa.ChunkedArray:
    field = _KNOWN[name]
    if pa.types.is_timestamp(values.type) and values.type.tz and field.kind == "time":
        return values.cast(field.arrow_type)
    if field.kind == "label":
        # A file keeps only the words that occur in it, in its own order.
        words = values.cast(pa.string()).combine_chunks()
        found = pc.index_in(words, value_set=pa.array(field.choices, pa.string()), skip_nulls=True)
        return label_array(found.cast(pa.int8()), field)
    return typed_array(values.combine_chunks(), field)[0]


# Filters, as far as files can answer them: which columns they read, and which row groups can be left out.
# The expression of a filter passes at least the rows that the filter passes, and `CallFilter.mask` drops the
# others. So the two need not agree on every detail, and no row is lost.


def columns_asked(spec: CallFilter) -> list[str]:
    """Return the columns that a filter reads."""
    questions = (FILTERS[argument].rows for argument in spec.to_dict())
    names = dict.fromkeys(name for question in questions if question for name in question.columns)
    return list(names)


def expression(spec: CallFilter, schema: pa.Schema, zone: str, partition: str | None) -> ds.Expression | None:
    """Return what the files are asked.

    Parameters
    ----------
    spec
        The filter.
    schema
        Columns of the files.
    zone
        Zone in which their days begin.
    partition
        ``day`` or ``month``, where folders are named so.
    """
    whole: ds.Expression | None = None
    for argument, value in spec.to_dict().items():
        question = FILTERS[argument].rows
        for part in _parts(question, value, spec.timezone or zone, schema):
            whole = part if whole is None else whole & part
        if partition and isinstance(question, ask.FromDay | ask.ToDay) and spec.timezone in (None, zone):
            period = value if partition == "day" else value[:7]
            folder = pc.field(partition)
            bound = folder >= period if isinstance(question, ask.FromDay) else folder <= period
            whole = bound if whole is None else whole & bound
    return whole


def _parts(question: Any, value: Any, zone: str, schema: pa.Schema) -> list[ds.Expression]:
    """Return the question as an expression; nothing where only the rows themselves can answer."""
    if question is None or not set(question.columns) <= set(schema.names):
        return []  # the mask says what is missing
    match question:
        case ask.AnyOf():
            return [pc.field(question.name).isin(_values(value, question.name, schema))]
        case ask.OutcomeKind():
            found = pc.field(question.name).isin(_values(value, question.name, schema))
            return [found | pc.field(question.name).is_null()]
        case ask.Equals():
            return [pc.field(question.name) == value]
        case ask.AnyPart():
            parts = [_parts(part, value, zone, schema) for part in question.parts]
            return [reduce(or_, chain(*parts))] if all(parts) else []
        case ask.AtLeast():
            return [pc.field(question.name) >= value]
        case ask.AtMost():
            return [pc.field(question.name) <= value]
        case ask.FromDay():
            return [pc.field("timestamp") >= _instant(value, zone, schema)]
        case ask.ToDay():
            return [pc.field("timestamp") < _instant(value, zone, schema, days=1)]
    return []


def _values(value: Any, name: str, schema: pa.Schema) -> pa.Array:
    kind = schema.field(name).type
    return pa.array(list(value), kind.value_type if pa.types.is_dictionary(kind) else kind)


def _instant(day: str, zone: str, schema: pa.Schema, days: int = 0) -> pa.Scalar:
    return pa.scalar(midnight(day, zone, days), schema.field("timestamp").type)
