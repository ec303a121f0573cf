"""The two versions of the API that are known, as data.

v1 is the vendor's article; v3 is what independent clients of the live service send. See
``docs/live-service.md`` for what of each was never checked.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PROFILES", "Profile", "promised"]


@dataclass(frozen=True)
class Profile:
    """Where one version of the API lives.

    Parameters
    ----------
    name
        ``"v1"`` or ``"v3"``.
    base_url
        Host that serves it unless the user says otherwise.
    calls, count, stats
        Paths; `count` is None where the calls answer itself says how many there are.
    stats_known
        Whether the form of the statistics answer is documented.
    """

    name: str
    base_url: str
    calls: str
    count: str | None
    stats: str
    stats_known: bool = True


PROFILES: dict[str, Profile] = {
    "v1": Profile(
        name="v1",
        base_url="https://api.ipmaxi.convolo.ai",
        calls="/api/v1/stat/calls",
        count=None,
        stats="/api/v1/stat/calls-detailedV2",
    ),
    "v3": Profile(
        name="v3",
        base_url="https://api.dialer.brightcall.ai",
        calls="/api/v3/stat/calls/list",
        count="/api/v3/stat/calls/count",
        stats="/api/v3/stat/calls-detailed-e-chart",
        stats_known=False,
    ),
}

_PROMISED: dict[str, tuple[str, ...]] = {
    path: members
    for each in PROFILES.values()
    for path, members in (
        # Where another endpoint counts calls, an empty list may be left out: it tells that it is.
        (each.calls, ("calls",) if each.count is None else ("calls", "success")),
        (each.count, ("pagesCount", "totalItems")),
        (each.stats, ("detailedStat",) if each.stats_known else ()),
    )
    if path is not None
}


def promised(path: str) -> tuple[str, ...]:
    """Return the parts of which an answer from a path has at least one; none where no more is known."""
    return next((members for known, members in _PROMISED.items() if path.endswith(known)), ())
