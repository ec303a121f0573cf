"""What a report rests on: which days, how sure it is that no call is missing, and what may still change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd

from brightcall_pandas.accessors import calls as calls_of
from brightcall_pandas.analysis import Metric, covered, definitions, freshness
from brightcall_pandas.frame import known_agent, known_lead, region_of
from brightcall_pandas.reporting._words import counted, day, days, heading

__all__ = ["completeness", "definitions_of", "late_rates", "period_of", "unsettled_from", "unsettled_words"]

SETTLE_DAYS = 7
"""Days after which calls are taken to change no more, where the caller does not say."""

_LATE_FIELDS = frozenset(
    {"lead", "outcomeTag", "outcomeType", "tags", "label", "qualityRating", "crmInfo", "transcripts"}
)
"""Fields that people fill in after the call."""

_PROOFS = {
    "one page": "one page holds them all",
    "overlap": "overlapping pages show that no call is missing",
    "cells": "each value of a field was asked for on its own",
    "total": "the number of calls agrees with the server’s",
}


def period_of(df: pd.DataFrame) -> tuple[date, date] | None:
    """Return the first and the last day of calls: those that were loaded, else those of the calls."""
    said = _said(df)
    query = said.get("query")
    if isinstance(query, Mapping) and {"dayFrom", "dayTo"} <= query.keys() and not len(df):
        return date.fromisoformat(str(query["dayFrom"])), date.fromisoformat(str(query["dayTo"]))
    time = covered(df)
    if time.zone is None or not len(time.spans):
        return None
    first, last = (
        pd.Timestamp(int(each), unit="us", tz="UTC").tz_convert(time.zone).date()
        for each in (time.spans[0, 0], time.spans[-1, 1] - 1)
    )
    return first, last


def unsettled_from(df: pd.DataFrame, settle_days: int | None) -> date | None:
    """Return the first day whose calls may still change; None where all are settled.

    Without `settle_days` it is what was measured of the account's late changes, or else `SETTLE_DAYS`.
    """
    if (period := period_of(df)) is None:
        return None
    if settle_days is None and (fresh := freshness(df)) is not None:
        first = max(datetime.fromisoformat(fresh["settled_before"]).date(), period[0])
        return first if first <= period[1] else None
    settle_days = SETTLE_DAYS if settle_days is None else settle_days
    read = [_read_on(each) for each in _windows(df)]
    known = [each for each in read if each is not None]
    last_read = min(known) if known and len(known) == len(read) else period[1] + timedelta(days=1)
    first = max(last_read - timedelta(days=settle_days), period[0])
    return first if settle_days and first <= period[1] else None


def late_rates(metrics: Sequence[Metric], calls: pd.DataFrame) -> list[str]:
    """Return the rates that rest on what people fill in after the call, or may, if calls have it at all."""
    filled_in = _LATE_FIELDS & set(calls.columns)
    if filled_in & {"outcomeTag", "outcomeType"}:
        filled_in |= {"lead"}
    return [each.name for each in metrics if not each.needs or filled_in & set(each.needs)]


def completeness(
    sides: Mapping[str, pd.DataFrame], stats: pd.DataFrame | None
) -> tuple[list[str], pd.DataFrame | None]:
    """Return what is known of the completeness of both periods, and how they differ from the statistics."""
    told = [f"{name}: {_of_side(df)}" for name, df in sides.items()]
    calls = next(iter(sides.values()))
    if (agent := known_agent(calls)) is not None:
        told.append(f"Agents are told by the field {agent}.")
    if (lead := known_lead(calls)) is not None:
        told.append(f"A lead is a call with the outcome {', '.join(lead)}.")
    else:
        told.append("A lead is a call whose outcome type is positive.")
    if (region := region_of(calls)) is not None:
        told.append(f"Numbers without country code are of {region}.")
    if stats is None:
        told.append("Not compared with the server’s own statistics: none were given.")
        return told, None
    table = calls_of(calls).reconcile(stats)
    known = table[table["agrees"].notna()]
    apart = known[~known["agrees"].astype(bool)]
    if apart.empty:
        told.append(
            f"Reconciled: all {len(known)} figures of the server’s own statistics agree with these calls."
        )
        return told, None
    told.append(
        f"{len(apart)} of {len(known)} figures of the server’s own statistics differ from these calls:"
    )
    return told, apart


def _of_side(df: pd.DataFrame) -> str:
    said, period = _said(df), period_of(df)
    span = "no days are known" if period is None else days(*period)
    zone = said.get("timezone")
    what = f"{counted(len(df), 'call')}, {span}{f' ({zone})' if zone else ''}. "
    complete = said.get("complete")
    if complete is None:
        return (
            what
            + "Whether these are all calls of these days is not known: they were not loaded from the API."
        )
    windows = _windows(df)
    loaded = sum(int(each.get("rows") or 0) for each in windows)
    part = f" The load returned {loaded:,} calls; these are some of them." if len(df) < loaded else ""
    read = sorted(
        {str(each["fetched_at"])[:16].replace("T", " ") for each in windows if each.get("fetched_at")}
    )
    when = (
        f", read {read[0]} UTC" if len(read) == 1 else f", read {read[0]} to {read[-1]} UTC" if read else ""
    )
    if not complete:
        return what + f"NOT proved complete{when}: calls may be missing.{part}"
    proofs = dict.fromkeys(str(each["proof"]) for each in windows if each.get("proof"))
    why = "; ".join(_PROOFS.get(each, each) for each in proofs)
    return what + f"Proved complete{when}{f': {why}' if why else ''}.{part}"


def definitions_of(names: Sequence[str]) -> pd.DataFrame:
    """Return what the numbers of the report mean, each once."""
    known = definitions()
    rows = []
    for name in dict.fromkeys(names):
        if name in known.index:
            row = known.loc[name]
            divided = row["denominator"]
            rows.append(
                {
                    "number": heading(name),
                    "what": row["numerator"],
                    "divided by": "" if pd.isna(divided) else divided,
                    "missing values": row["nulls"],
                }
            )
    return pd.DataFrame(rows, columns=["number", "what", "divided by", "missing values"], dtype="str")


def unsettled_words(first: date | None, last: date) -> str:
    """Return the days whose calls may still change, as a sentence has them."""
    return "" if first is None else day(first) if first == last else days(first, last)


def _said(df: pd.DataFrame) -> Mapping[str, Any]:
    said = df.attrs.get("brightcall")
    return said if isinstance(said, Mapping) else {}


def _windows(df: pd.DataFrame) -> list[Mapping[str, Any]]:
    windows = _said(df).get("windows")
    return [each for each in windows if isinstance(each, Mapping)] if isinstance(windows, list) else []


def _read_on(window: Mapping[str, Any]) -> date | None:
    try:
        return datetime.fromisoformat(str(window.get("fetched_at"))).date()
    except ValueError:
        return None
