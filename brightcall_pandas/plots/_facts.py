"""What a table says of itself beyond its cells: settings, days, and how much there was before a cut."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pandas as pd

from brightcall_pandas.plots._formats import (
    calls_of,
    counted,
    days_text,
    duration,
    is_rate,
    is_seconds,
    number,
)

__all__ = ["Facts", "facts_of"]

_DIRECTION = {"direction", "type"}
_OTHERS = "others"  # what calls are called that have no days of their own


@dataclass(frozen=True)
class Facts:
    """What ``table.attrs["brightcall"]`` says of a table; nothing is required.

    Parameters
    ----------
    settings
        The arguments that the table was made with.
    first, last
        First and last day of the calls.
    timezone
        Zone of the days and hours.
    directions
        Directions of the calls: ``"inbound"``, ``"outbound"``, ``"internal"``.
    other_days
        Days of the calls that they are compared with.
    rows
        Rows of the table before any were cut off.
    totals
        Sum of each column of counts, over all those rows.
    units
        Units of the metrics that were asked for: ``"share"``, ``"s"`` or ``"n"``.
    settled_before
        Time, by the clock of the timezone, before which calls hardly change any more; None where that is not
        known.
    changing, changing_field
        Share of the calls expected to get another value in a field, and which field.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    first: date | None = None
    last: date | None = None
    timezone: str | None = None
    directions: Sequence[str] = ()
    other_days: str = ""
    rows: int | None = None
    totals: Mapping[str, float] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    settled_before: datetime | None = None
    changing: float = 0.0
    changing_field: str = ""

    def total(self, table: pd.DataFrame, column: str) -> float:
        """Return the sum of a column of counts over the table as it was made, whatever was cut off.

        A table that was put together of several has more than each of them says.
        """
        return float(max(self.totals.get(column, 0), table[column].sum()))

    def n(self, table: pd.DataFrame, column: str = "n_calls") -> str:
        """Return how many calls the table rests on, as ``n = 20,000 calls``."""
        return calls_of(self.total(table, column))

    def n_of_both(self, these: float, other: float) -> str:
        """Return how many calls there are on both sides, named by their days where they differ."""
        before, after = self.sides
        if before == _OTHERS:
            return f"{calls_of(these)}, {number(other)} others"
        return f"n = {counted(other, 'call')} of {before}, {number(these)} of {after}"

    def setting(self, name: str, default: Any = None) -> Any:
        """Return an argument that the table was made with."""
        return self.settings.get(name, default)

    def cut(self, table: pd.DataFrame) -> str:
        """Return a remark on a table of which rows were cut off before it was drawn."""
        if self.rows is None or len(table) >= self.rows:
            return ""
        return f"{number(len(table))} of the table's {number(self.rows)} rows"

    @property
    def interval(self) -> str:
        """The words for an interval: ``95 % interval``."""
        confidence = self.setting("confidence")
        return f"{100 * confidence:g} % interval" if isinstance(confidence, float) else "confidence interval"

    @property
    def days(self) -> str:
        """Days of the calls, empty where they are not known."""
        return days_text(self.first, self.last) if self.first and self.last else ""

    @property
    def sides(self) -> tuple[str, str]:
        """The days of the other calls and of these, ``2–16 Mar``, or ``others`` and ``these``."""
        if not self.other_days or not self.days or self.other_days == self.days:
            return _OTHERS, "these"
        other, these = (_short_days(each) for each in (self.other_days, self.days))
        return (other, these) if other != these else (self.other_days, self.days)  # of two years

    @property
    def when(self) -> str:
        """Days, direction and zone: ``2–31 March 2026, inbound calls, Europe/Berlin``."""
        days, zone = self.days, self.timezone
        if not days and zone:
            zone = f"times in {zone}"
        *others, last = self.directions or [""]
        calls = f"{', '.join(others)} and {last} calls" if others else f"{last} calls" if last else ""
        return ", ".join(filter(None, [days, calls, zone]))

    def mixed(self, metric: str, names: Iterable[object] = ()) -> str:
        """Return a remark on rates and times of groups whose calls go in several directions.

        Each group has a mix of its own, and an agent who only calls out is answered less often than one who
        only takes calls. Nothing is said of shares, numbers and totals, nor of groups by direction.

        Parameters
        ----------
        metric
            What is drawn.
        names
            What the groups are by.
        """
        alike = len(self.directions) < 2 or not _DIRECTION.isdisjoint(names)
        compared = (is_seconds(metric) and "_total" not in metric) or (is_rate(metric) and metric != "share")
        return "not adjusted for direction" if compared and not alike else ""

    def seconds(self, name: str) -> str:
        """Return a setting in seconds as a span of time, empty where it is not known."""
        value = self.setting(name)
        return duration(value) if isinstance(value, int | float) else ""

    def lines(self, *remarks: str) -> list[str]:
        """Return remarks and what every picture says: days, direction, zone."""
        return [each for each in _flat([*remarks, self.when]) if each]


def _short_days(days: str) -> str:
    """Return days without their year, and with the first letters of months."""
    return re.sub(r"([A-Z][a-z]{2})[a-z]+", r"\1", re.sub(r" \d{4}", "", days))


def _flat(remarks: Iterable[str]) -> list[str]:
    return [part for remark in remarks for part in remark.split("; ")]


def facts_of(table: pd.DataFrame) -> Facts:
    """Return what a table says of itself."""
    said = table.attrs.get("brightcall")
    if not isinstance(said, Mapping) or not isinstance(said.get("settings"), Mapping):
        return Facts(timezone=_zone_of(table))
    first, last = (_day(said.get(name)) for name in ("first_day", "last_day"))
    other = said.get("other") or {}
    begin, end = (_day(other.get(name)) for name in ("first_day", "last_day"))
    return Facts(
        settings=said["settings"],
        first=first,
        last=last,
        timezone=said.get("timezone") or _zone_of(table),
        directions=said.get("directions") or (),
        other_days=days_text(begin, end) if begin and end else "",
        rows=said.get("rows"),
        totals=said.get("totals") or {},
        units=said.get("units") or {},
        **_freshness(said.get("freshness")),
    )


def _freshness(said: Any) -> dict[str, Any]:
    if not isinstance(said, Mapping) or not said.get("settled_before"):
        return {}
    settled = datetime.fromisoformat(said["settled_before"]).replace(tzinfo=None)
    return {
        "settled_before": settled,
        "changing": float(said["share_changing"]),
        "changing_field": str(said["field"]),
    }


def _day(text: Any) -> date | None:
    return date.fromisoformat(text) if isinstance(text, str) else None


def _zone_of(table: pd.DataFrame) -> str | None:
    """Return the zone of a table whose rows are times."""
    for place in range(table.index.nlevels):
        zone = getattr(table.index.get_level_values(place), "tz", None)
        if zone is not None:
            return str(zone)
    return None
