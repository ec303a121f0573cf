"""What the pictures of hand-overs share: the same party in the same colour."""

from __future__ import annotations

from collections.abc import Mapping

from brightcall_pandas.plots._style import GREY, PALETTE

__all__ = ["party_colours"]


def party_colours(calls: Mapping[str, float]) -> dict[str, str]:
    """Return a colour for each party: the palette for the busiest, grey for the others.

    Parameters
    ----------
    calls
        How busy each party is. One in brackets, such as ``(other)``, is always grey.
    """
    named = (party for party in calls if not party.startswith("("))
    busiest = sorted(named, key=lambda party: (-calls[party], party))
    return dict.fromkeys(calls, GREY) | dict(zip(busiest, PALETTE, strict=False))
