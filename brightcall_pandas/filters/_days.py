"""Days of a filter on rows in hand, where they are counted from today."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from brightcall_pandas.filters._values import Zone
from brightcall_pandas.frame import open_period, zone_info

__all__ = ["dated"]


def dated(filters: Mapping[str, Any], zone: Callable[[], str]) -> dict[str, Any]:
    """Return arguments of `CallFilter` whose days are dates.

    Parameters
    ----------
    filters
        Arguments whose days may be said as those of a load are.
    zone
        Returns the zone of the rows, in which today is meant where no filter names another.

    Raises
    ------
    TypeError, ValueError
        A day or a period cannot be read, or has two meanings.
    """
    day_from, day_to = filters.get("day_from"), filters.get("day_to")
    if day_from is None and day_to is None:
        return dict(filters)
    named = filters.get("timezone")

    def now() -> Any:
        own = zone() if named is None else Zone().parse("timezone", named)
        return datetime.now(zone_info(own)).date()

    first, last = open_period(day_from, day_to, now)
    return {**filters, "day_from": first, "day_to": last}
