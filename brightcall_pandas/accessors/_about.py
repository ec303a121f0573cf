"""What ``df.calls`` says of itself: what is here, and what to try next."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd

from brightcall_pandas.analysis import Meanings
from brightcall_pandas.frame import known_agent, zone_of_times

__all__ = ["as_html", "as_text"]

_OF_CALLS = (
    (".show()", "the calls, what matters first"),
    (".summary()  .by_outcome()  .by_agent()  .over_time('D')", "tables"),
    (".plot.by_outcome()", "the same as pictures"),
    (".filter(types='inbound', talk_time_from=30)", "fewer calls"),
    (".explore()", "by hand"),
    (
        ".to_excel('calls.xlsx')  .to_csv('calls.csv')",
        "files; pandas' own df.to_excel refuses times with a zone",
    ),
    (".quality()  .definitions('rate')", "how far to trust them, and what numbers mean"),
)
_OF_TABLES = (
    (".show()", "the table with percent and seconds"),
    (".definitions('rate')", "what its numbers mean"),
    (".to_excel('table.xlsx')  .to_csv('table.csv')", "files, with what the numbers mean"),
)


def as_text(df: pd.DataFrame) -> str:
    """Return lines for a terminal."""
    head, hints = _head(df), _hints(df)
    width = max(len(code) for code, _ in hints)
    return "\n".join([head, *(f"  {code:<{width}}  {told}" for code, told in hints)])


def as_html(df: pd.DataFrame) -> str:
    """Return the same for a notebook."""
    rows = "".join(
        f"<tr><td style='text-align: left'><code>{escape(code)}</code></td>"
        f"<td style='text-align: left'>{escape(told)}</td></tr>"
        for code, told in _hints(df)
    )
    return f"<div><b>{escape(_head(df))}</b><table>{rows}</table></div>"


def _hints(df: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    return _OF_CALLS if Meanings(df).is_calls else _OF_TABLES


def _head(df: pd.DataFrame) -> str:
    """Return what is here: how many calls, of which days, and whether they are all of them."""
    if not Meanings(df).is_calls:
        return f"a table of {len(df):,} row{'s' * (len(df) != 1)} and {len(df.columns)} columns"
    known = df.attrs.get("brightcall")
    known = known if isinstance(known, Mapping) else {}
    loaded = _loaded(known)
    some = f"{len(df):,} of {loaded:,} calls loaded"
    said = [some if len(df) < loaded else f"{len(df):,} call{'s' * (len(df) != 1)}", *_days(df, known)]
    complete = known.get("complete")
    if (agent := known_agent(df)) is not None:
        said.append(f"agents by {agent}")
    if complete is not None:
        said.append("proved complete when loaded" if complete else "NOT proved complete, see .quality()")
    return ", ".join(said)


def _loaded(known: Mapping[str, Any]) -> int:
    """Return how many calls the load returned, of which these may be a part; 0 if that is not known."""
    windows = known.get("windows")
    windows = windows if isinstance(windows, list) else []
    return sum(each.get("rows") or 0 for each in windows if isinstance(each, Mapping))


def _days(df: pd.DataFrame, known: Mapping[str, Any]) -> list[str]:
    """Return the days that were loaded, or else those of the first and the last call."""
    query = known.get("query")
    query = query if isinstance(query, Mapping) else {}
    stamps = df.get("timestamp")
    zone = ""
    first, last = query.get("dayFrom"), query.get("dayTo")
    if isinstance(stamps, pd.Series) and pd.api.types.is_datetime64_any_dtype(stamps.dtype):
        zone = f" ({zone_of_times(stamps)})"
        if first is None and stamps.notna().any():
            first, last = (f"{each:%Y-%m-%d}" for each in (stamps.min(), stamps.max()))
    if first is None:
        return []
    return [f"of {first}{zone}" if first == last else f"{first} to {last}{zone}"]
