"""Sentences about what differs beyond chance, each with its numbers; a report claims nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from brightcall_pandas.frame import Names, shown_names
from brightcall_pandas.reporting._section import Image
from brightcall_pandas.reporting._words import counted, day, percent, points, rate_name

__all__ = ["Statement", "lead_sentence", "since", "statements"]

_NAMED = ("agent", "line", "project")


@dataclass(frozen=True)
class Statement:
    """A difference beyond chance, in words.

    Parameters
    ----------
    claim
        The sentence.
    detail
        Its numbers: both rates with their denominators, the difference with its interval, since when.
    row
        The row of `findings` that it says.
    image
        Its picture.
    also
        Differences that follow from it, and so are no news beside it.
    """

    claim: str
    detail: str
    row: Mapping[str, Any]
    image: Image | None = None
    also: Sequence[Statement] = ()


def statements(
    found: pd.DataFrame, names: Names, previous: str, late: Sequence[str], unsettled: str
) -> tuple[list[Statement], list[Statement]]:
    """Return what may be said, and what waits until it is settled: what moved first, the surest first.

    Parameters
    ----------
    found
        What `findings` returned.
    names
        Names to show for ids.
    previous
        What the other calls are called in a sentence.
    late
        Rates that late edits of the calls can still raise: their falls wait.
    unsettled
        The days of which that is so, in words; empty where all are settled.

    Returns
    -------
    tuple of list
        What is said: each with the differences that follow from it; what waits.
    """
    beyond = found[found["beyond_chance"]]
    confidence = f"{100 * found.attrs['brightcall']['confidence']:g}%"
    ordered = beyond.sort_values("kind", key=lambda kinds: kinds != "moved", kind="stable")
    labels = {
        name: shown_names(found.loc[found["dimension"] == name, "group"].unique(), names) for name in _NAMED
    }
    said: dict[int, Statement] = {}
    waiting = []
    rows: list[dict[str, Any]] = ordered.to_dict("records")  # type: ignore[assignment]
    for number, row in zip(ordered.index, rows, strict=True):
        who = labels.get(row["dimension"], {}).get(row["group"], row["group"])
        told = Statement(_claim(row, str(who)), _detail(row, previous, confidence), row)
        if unsettled and row["metric"] in late and row["kind"] == "moved" and row["difference"] < 0:
            waiting.append(told)
        elif (news := said.get(-1 if pd.isna(row["told_with"]) else row["told_with"])) is None:
            said[number] = told
        else:
            said[row["told_with"]] = replace(news, also=(*news.also, told))
    return list(said.values()), waiting


def since(statement: Statement, moment: pd.Timestamp) -> Statement:
    """Return a statement with the day from which on its group's rate is another one."""
    begun, _, _ = statement.claim.partition(", since about ")
    return replace(statement, claim=f"{begun.removesuffix('.')}, since about {day(moment)}.")


def lead_sentence(
    said: Sequence[Statement], alarms: Sequence[str], looked_at: int, *, has_previous: bool
) -> str:
    """Return what the report says first: the surest statement, or that there is none; alarms as well."""
    if not looked_at and not alarms:
        return "Too few calls to tell a difference from chance."
    first = next(iter(said), None)
    if first is not None and (first.row["kind"] == "moved" or not has_previous):
        return first.claim
    told = ["Nothing moved beyond chance." if has_previous else "No group stands apart beyond chance."]
    if alarms:
        told.append(f"The watch over a longer time has {'alarms' if len(alarms) > 1 else 'an alarm'}:")
        told.append(f"{'; '.join(alarms)}.")
    elif first is not None:
        told.append(first.claim)
    return " ".join(told)


def _claim(row: Mapping[str, Any], who: str) -> str:
    about = f"the {rate_name(row['metric'])} of {_calls(row)}"
    size = f"{abs(100 * row['difference']):.1f} points"
    up = row["difference"] > 0
    subject = f"{_subject(row, who)}: {about}" if row["dimension"] else about[0].upper() + about[1:]
    if row["kind"] == "moved":
        since = row["since"]
        begun = "" if since is None or pd.isna(since) else f", since about {day(since)}"
        return f"{subject} {'rose' if up else 'fell'} by {size}{begun}."
    return f"{subject} is {size} {'above' if up else 'below'} that of the other {row['dimension']}s."


def _subject(row: Mapping[str, Any], who: str) -> str:
    if row["dimension"] == "hour":
        hour = int(float(who))
        return f"From {hour} to {hour + 1} o’clock"
    return f"{row['dimension'].capitalize()} {who}"


def _calls(row: Mapping[str, Any]) -> str:
    return f"{row['direction']} calls" if row["direction"] else "calls"


def _detail(row: Mapping[str, Any], previous: str, confidence: str) -> str:
    against = previous if row["kind"] == "moved" else "the others"
    here = f"{percent(row['rate'])} ({row['hits']:,} of {counted(row['n'], 'call')})"
    there = f"{percent(row['rate_other'])} ({row['hits_other']:,} of {row['n_other']:,}) {_in(row, against)}"
    low, high = points(row["difference_low"]), points(row["difference_high"])
    return (
        f"{here}, against {there}. Between {_alike(row)} the difference is {points(row['difference'])} "
        f"points ({confidence} interval {low} to {high})."
    )


def _alike(row: Mapping[str, Any]) -> str:
    """Return which calls were compared with each other."""
    same = ["attempt"] if row["direction"] != "inbound" else []
    if row["kind"] == "apart":
        same += [name for name in ("project", "hour") if name != row["dimension"]]
    if not same:
        return "these calls"
    return f"calls of the same {' and '.join(filter(None, [', '.join(same[:-1]), same[-1]]))}"


def _in(row: Mapping[str, Any], against: str) -> str:
    return f"in {against}" if row["kind"] == "moved" else f"of {against}"
