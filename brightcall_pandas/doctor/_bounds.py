"""Checks of the days: where they begin, and whether the timezone that is asked for moves them."""

from __future__ import annotations

from brightcall_pandas.doctor._days import fitting
from brightcall_pandas.doctor._evidence import Evidence
from brightcall_pandas.doctor._findings import Check, Found

__all__ = ["CHECKS"]


def _account_days(evidence: Evidence) -> Found:
    if evidence.first is None or not evidence.rows:
        return Found(unsure=["no call was seen"])
    if evidence.asked_zone is not None:
        return Found(unsure=["the client asks for a timezone of its own"])
    page = evidence.first.slice
    if len(evidence.near(evidence.first)[0]) < len(page.ids):
        return Found(["some calls are from other days altogether"])
    zones = list(dict.fromkeys([evidence.zone, "UTC"]))
    fit = fitting(page.known, page.known, evidence.days, zones)
    if evidence.zone not in fit:
        where = "in UTC instead" if fit else "nor in UTC"
        return Found([f"days do not begin at midnight of the zone that the answer names, {where}"])
    if len(fit) > 1:
        return Found(unsure=["no call lies where days of that zone and of UTC differ"])
    return Found(holds=["days begin at midnight of the zone that the answer names"])


def _asked_days(evidence: Evidence) -> Found:
    if evidence.probe is None:
        return Found(unsure=["no timezone would divide the calls that were seen"])
    if evidence.probed is None or evidence.first is None:
        return Found(unsure=["the request for another timezone failed"])
    probe, page = evidence.probe, evidence.probed.slice
    names = {"the zone that was asked for": probe.zone, "the account's own zone": evidence.zone, "UTC": "UTC"}
    zones = list(dict.fromkeys(names.values()))
    newest_first = probe.direction == "DESC"
    days = (probe.day, probe.day)
    fit = fitting(page.known, evidence.first.slice.known, days, zones, newest_first=newest_first)
    if fit == [probe.zone]:
        return Found(holds=["days begin at midnight of the zone that was asked for"])
    if probe.zone in fit:
        return Found(unsure=["the calls that came fit several zones"])
    where = " or ".join(name for name, zone in names.items() if zone in fit) or "none of the zones tried"
    return Found([f"days do not follow the timezone that was asked for; they fit {where}"])


CHECKS = (
    Check(
        "days", "without timezone, days begin at midnight of the zone that the answer names", _account_days
    ),
    Check("timezone", "days begin at midnight of the timezone that is asked for", _asked_days),
)
"""What is assumed of days."""
