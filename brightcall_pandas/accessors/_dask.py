"""Calls on several machines: a dask frame of parquet files with ``.calls``, the same names and results.

Only this module imports dask; the extra ``dask`` installs it. An additive table is counted where the rows are
(`tally_…`), added up as a tree, and finished once (`finish_…`), so no row is moved. Tables that follow a
client first bring all calls of one client into one part, without the long texts.
"""

from __future__ import annotations

import functools
import inspect
import operator
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn, Unpack

import numpy as np
import pandas as pd
import pyarrow as pa

from brightcall_pandas import analysis
from brightcall_pandas.accessors._people import marked_table, of_people, options_of, uses_agents
from brightcall_pandas.accessors._pictures import doc_of_method
from brightcall_pandas.accessors._rows import matching_rows, zone_of_rows
from brightcall_pandas.analysis import (
    AdditiveForm,
    add_told,
    additive_form,
    columns_read,
    covered,
    covered_together,
    distributed_metrics,
    follows_clients,
    merge,
    names_of,
    reads_clients,
    refuse_whole_frames,
)
from brightcall_pandas.errors import brief_errors, missing_extra
from brightcall_pandas.export import CallFiles, Place, Surplus, pseudonymize, row_filter
from brightcall_pandas.filters import CallFilter, FiltersAndDays, lists_filters, parsed_conditions
from brightcall_pandas.frame import (
    AGENT_COLUMNS,
    AGENT_FIELDS,
    EXTRAS,
    FIELDS,
    AgentCounts,
    Names,
    checked_agent,
    checked_lead,
    client_of,
    count_agents,
    known_agent,
    known_lead,
    named_table,
    optional_column,
    region_of,
    with_agent,
    with_lead,
    with_region,
)

try:
    import dask
    import dask.dataframe as dd
    from dask.dataframe.extensions import register_dataframe_accessor
    from dask.delayed import Delayed, delayed
except ImportError as error:
    raise missing_extra("scan_calls", "dask", error) from error

__all__ = ["DistributedCalls", "scan_calls"]

_BRANCHES = 8  # tallies added up at a time: no step holds more
_PART = "_part"
_ROW_BY_ROW = ("chains_match", "transfer_chains")
_NEVER_COUNTED = (
    "crmInfo", "transcripts", "convoloAiRecordingSummary", "convoloAiRecordingTitle", "recordName", "label",
    "numbersRingedJSON", EXTRAS.name,
)  # fmt: skip


@brief_errors
@lists_filters
def scan_calls(
    path: str | os.PathLike[str], columns: Sequence[str] | None = None, **filters: Unpack[FiltersAndDays]
) -> dd.DataFrame:
    """Open parquet files of calls as a dask DataFrame; only their footers are read yet.

    Parameters
    ----------
    path
        Folder or file written by `bc.export_calls` or ``df.calls.to_parquet``, or an address such as
        ``s3://bucket/calls``. Every worker must be able to read it.
    columns
        Columns to read, in this order; None reads all that the files have.
    **filters
        Any of `bc.describe_filters()` that rows can answer; files that cannot hold such calls are skipped.

    Returns
    -------
    dask.dataframe.DataFrame
        One partition for each file, with the dtypes of `bc.read_calls` and with ``.calls``, whose tables are
        lazy: ``.compute()`` returns the pandas table.

    Raises
    ------
    TypeError, ValueError, FileNotFoundError
        As for `bc.read_calls`.
    ModuleNotFoundError
        The extra ``dask`` is not installed.

    Notes
    -----
    Dask's setting ``dataframe.convert-string`` is switched off for the partitions, since it would change
    their dtypes.
    """
    calls = CallFiles.at(path)
    chosen = calls.chosen_columns(columns)
    spec = row_filter(filters, lambda: calls.zone)
    meta = calls.frame(chosen, spec, files=[])
    files = calls.files(spec)
    surplus = calls.surplus(files).rows
    paths: list[str | None] = [each.path for each in files] or [None]
    left_out = [surplus.get(path or "", []) for path in paths]
    known = {"place": calls.place.only([]), "schema": calls.dataset.schema, "columns": chosen}
    with dask.config.set({"dataframe.convert-string": False}):
        return dd.from_map(_read, paths, left_out, spec=spec.to_dict(), meta=meta, **known)


def _read(
    path: str | None,
    left_out: list[int],
    place: Place,
    schema: pa.Schema,
    *,
    columns: Sequence[str],
    spec: Mapping[str, Any],
) -> pd.DataFrame:
    calls = CallFiles(place.only([] if path is None else [path]), schema)
    surplus = Surplus({path or "": left_out})
    return calls.frame(columns, CallFilter(**spec), calls.listed, surplus=surplus)


def _distributed(name: str) -> Callable[..., Any]:
    """Return the lazy form of a table."""
    table = getattr(analysis, name)
    form = additive_form(table)
    if form is None and name not in _ROW_BY_ROW:
        return _refused(name)
    added = [each for each in options_of(table) if each not in inspect.signature(table).parameters]

    def method(self: DistributedCalls, *args: Any, **kwargs: Any) -> Any:
        agent, names, lead = (
            kwargs.pop(each, None) if each in added else None for each in ("agent", "names", "lead")
        )
        if form is None:
            # A part need not have every party, and says nothing of it.
            of_part = analysis.matching_chains if name == "chains_match" else table
            meta = of_part(self._df._meta, *args, **kwargs)
            return self._df.map_partitions(of_part, *args, meta=meta, **kwargs)
        given = inspect.signature(table).bind(None, *args, **kwargs).arguments
        given.pop(next(iter(given)))
        if "metric" in inspect.signature(table).parameters:
            given.setdefault("metric", inspect.signature(table).parameters["metric"].default)
        given = distributed_metrics(given)
        tallied, finished = form.options(given)
        field = self._agent(agent) if uses_agents(table, given) else None
        region = region_of(self._df._meta, given.get("region"))
        lead = checked_lead(lead) if lead is not None else known_lead(self._df._meta)
        follows = form.whole_clients or follows_clients(given.get("by"), self._df.columns)
        frame = self._whole_clients(given, field, region) if follows else self._df
        if form.until_needed and tallied.get("until") is None:
            tallied["until"] = delayed(_latest)([delayed(_last)(p) for p in self._df.to_delayed()])
        if form.days_needed:
            known = [delayed(covered)(p, finished.get("days")) for p in self._df.to_delayed()]
            finished["days"] = delayed(covered_together)(known)
        told_by = {"agent": field, "lead": lead if "lead" in added else None}
        parts = [delayed(_tallied)(form.tally, part, region, told_by, tallied) for part in frame.to_delayed()]
        result = delayed(_finished)(form.finish, _tree(parts), names, told_by, finished)
        if not follows and not reads_clients(names_of(given.get("by"))):
            return result
        asked = {each: value for each, value in given.items() if each in ("by", "direction")}
        told = [delayed(_told)(part, region, form, asked) for part in frame.to_delayed()]
        return delayed(add_told)(result, told, region)

    method.__name__, method.__qualname__ = name, f"DistributedCalls.{name}"
    of_pandas = of_people(table)
    # Examples use a pandas frame.
    text, _, _ = (doc_of_method(of_pandas.__doc__) or "").partition("\n\nExamples\n")
    method.__doc__ = f"{text}\n\nOn dask this is lazy: ``.compute()`` returns the pandas table."
    method.__signature__ = inspect.signature(of_pandas)
    return method


_REFUSED = (
    "{name} has no exact distributed form: it needs all calls in one place. Read only the calls it needs, "
    "for example bc.read_calls(path, columns=[…], **filters).calls.{name}(…)."
)


@register_dataframe_accessor("calls")
class DistributedCalls:
    """``.calls`` of a dask frame: the tables of the catalogue, each lazy.

    A table without an exact distributed form raises `NotImplementedError`; nothing is approximated.
    """

    def __init__(self, df: dd.DataFrame) -> None:
        self._df = df

    @lists_filters
    def filter(
        self,
        *,
        hours: tuple[int, int] | None = None,
        weekdays: str | Iterable[str] | None = None,
        lines: str | int | Iterable[str | int] | None = None,
        campaigns: str | Iterable[str] | None = None,
        countries: str | Iterable[str] | None = None,
        transferred: bool | None = None,
        paths: str | Iterable[str] | None = None,
        ai: bool | None = None,
        fold_case: bool = True,
        agent: str | None = None,
        **filters: Unpack[FiltersAndDays],
    ) -> dd.DataFrame:
        """Return the rows that the API would return under these filters, lazily, as ``df.calls.filter``.

        Raises
        ------
        ValueError
            As there; or no file says which field tells the agents, which one part alone cannot decide.
        """
        spec = row_filter(filters, lambda: zone_of_rows(self._df._meta))
        conditions = parsed_conditions(
            {
                "hours": hours,
                "weekdays": weekdays,
                "lines": lines,
                "campaigns": campaigns,
                "countries": countries,
                "transferred": transferred,
                "paths": paths,
                "ai": ai,
            }
        )
        known = agent or known_agent(self._df._meta)
        if spec.agent_ids is not None and fold_case and known is None:
            msg = (
                "the files do not say which field tells the agents, and each part might decide otherwise: "
                f"name one of them with agent=: {', '.join(AGENT_FIELDS)}"
            )
            raise ValueError(msg)
        given = spec.to_dict(), conditions, fold_case, known if fold_case else agent
        return self._df.map_partitions(_filtered, *given, meta=self._df._meta)

    def pseudonymize(self, key: str | bytes, **options: Any) -> dd.DataFrame:
        """Replace numbers and agents by tokens, lazily, as ``df.calls.pseudonymize``.

        Raises
        ------
        ValueError
            As there, or a column that is no field, or a named index, is of numbers: only their values tell
            whether they become text.
        """
        meta = pseudonymize(self._df._meta, key, **options)
        keep, index = options.get("keep", ()), self._df._meta.index
        keep = [keep] if isinstance(keep, str) else keep
        dtypes = dict(self._df.dtypes) | ({} if index.name is None else {index.name: index.dtype})
        for name, dtype in dtypes.items():
            kept = name in FIELDS or name in keep or pd.api.types.is_bool_dtype(dtype)
            if pd.api.types.is_numeric_dtype(dtype) and not kept:
                msg = (
                    f"column or index {name!r} of {dtype} may hold numbers of somebody, and would be "
                    "text then, which is not known before it is computed: drop it, make it text, or "
                    "name it in keep="
                )
                raise ValueError(msg)
        # The divisions would be values of the index as they were.
        return self._df.map_partitions(pseudonymize, key, meta=meta, clear_divisions=True, **options)

    @property
    def plot(self) -> NoReturn:
        """Raise NotImplementedError: pictures are drawn from finished tables."""
        msg = (
            "pictures are drawn from finished tables: compute one and draw it, for example "
            "brightcall_pandas.plots.by_outcome(calls.calls.by_outcome().compute())"
        )
        raise NotImplementedError(msg)

    def _agent(self, agent: str | None) -> Any:
        """Return the field that tells the agents of all parts; computed from them where nobody said it."""
        if agent is not None:
            return checked_agent(agent, self._df.columns)
        if (known := known_agent(self._df._meta)) is not None:
            return known
        return delayed(_decided)([delayed(count_agents)(part) for part in self._df.to_delayed()])

    def _whole_clients(self, given: Mapping[str, Any], agent: Any, region: str | None) -> dd.DataFrame:
        """Bring all calls of a client into one part; calls without a client are spread over all parts."""
        asked = set(names_of(given.get("by")))
        if agent is not None:
            asked |= {*AGENT_COLUMNS, agent} if isinstance(agent, str) else {*AGENT_COLUMNS}
        read = columns_read(given)
        never = () if read is None else set(_NEVER_COUNTED) - read
        kept = [name for name in self._df.columns if name not in never or name in asked]
        parts = self._df.npartitions
        if parts == 1 or "clientNumber" not in kept:
            return self._df[kept]
        meta = self._df[kept]._meta.assign(**{_PART: np.zeros(0, dtype=np.int64)})
        numbered = self._df[kept].map_partitions(_numbered, parts, region, meta=meta)
        return numbered.shuffle(on=_PART, npartitions=parts).drop(columns=_PART)


def _refused(name: str) -> Callable[..., NoReturn]:
    """Return a method that raises NotImplementedError and says what to do instead."""

    def method(self: DistributedCalls, *_: Any, **__: Any) -> NoReturn:
        raise NotImplementedError(_REFUSED.format(name=name))

    method.__name__, method.__qualname__ = name, f"DistributedCalls.{name}"
    method.__doc__ = _REFUSED.format(name=name)
    return method


for _name in analysis.__all__:
    if _name != "definitions":
        setattr(DistributedCalls, _name, _distributed(_name))
for _name in ("explore", "model_frame", "show", "to_csv", "to_excel", "to_parquet"):
    setattr(DistributedCalls, _name, _refused(_name))
DistributedCalls.definitions = staticmethod(analysis.definitions)


def _tree(parts: list[Delayed]) -> Delayed:
    """Add up tallies a few at a time, so that no worker holds them all."""
    while len(parts) > 1:
        parts = [
            delayed(_merged)(parts[place : place + _BRANCHES]) for place in range(0, len(parts), _BRANCHES)
        ]
    return parts[0]


def _merged(tallies: list[pd.DataFrame]) -> pd.DataFrame:
    # In an empty part even the dtypes of the labels are unknown.
    return merge([each for each in tallies if len(each)] or tallies[:1])


def _filtered(
    part: pd.DataFrame,
    spec: Mapping[str, Any],
    conditions: Mapping[str, Any],
    fold_case: bool,
    agent: str | None,
) -> pd.DataFrame:
    return part[matching_rows(part, CallFilter(**spec), conditions, fold_case=fold_case, agent=agent)]


def _decided(counts: list[AgentCounts]) -> str | None:
    """Return the field that all parts together decide for."""
    return functools.reduce(operator.add, counts, AgentCounts()).field


def _tallied(
    tally: Callable[..., pd.DataFrame],
    part: pd.DataFrame,
    region: str | None,
    told_by: Mapping[str, Any],
    options: Mapping[str, Any],
) -> pd.DataFrame:
    # Parts that went from worker to worker have lost what their frame says.
    part = with_lead(with_region(part, region), told_by["lead"])
    refuse_whole_frames(options, part)
    agent = told_by["agent"]
    return tally(part if agent is None else with_agent(part, agent), **options)


def _finished(
    finish: Callable[..., pd.DataFrame],
    table: pd.DataFrame,
    names: Names,
    told_by: Mapping[str, Any],
    options: Mapping[str, Any],
) -> pd.DataFrame:
    return marked_table(named_table(finish(table, **options), names), **told_by)


def _told(
    part: pd.DataFrame, region: str | None, form: AdditiveForm, given: Mapping[str, Any]
) -> dict[str, int]:
    return form.told(with_region(part, region), given)


def _numbered(part: pd.DataFrame, parts: int, region: str | None) -> pd.DataFrame:
    clients = client_of(part, region)
    hashed = pd.util.hash_pandas_object(clients, index=False).to_numpy() % np.uint64(parts)
    spread = np.arange(len(part)) % parts
    return part.assign(**{_PART: np.where(clients.isna(), spread, hashed.astype(np.int64))})


def _last(part: pd.DataFrame) -> pd.Timestamp | None:
    stamps = optional_column(part, "timestamp")
    return stamps.max() if stamps.notna().any() else None


def _latest(stamps: list[pd.Timestamp | None]) -> pd.Timestamp | None:
    return max((each for each in stamps if each is not None), default=None)
