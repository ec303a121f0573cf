"""Who is called and who calls: clients, their attempts, and where the dialer has them from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from brightcall_pandas.sandbox._draw import NONE, Calendar, between, chance, per_mille, pick
from brightcall_pandas.sandbox._schedule import INBOUND, OUTBOUND

if TYPE_CHECKING:
    from brightcall_pandas.sandbox._draw import Integers

__all__ = ["UPLOAD", "WEB", "Clients", "attempts_of", "created_before", "draw_clients", "uploads"]

UPLOAD, WEB = 0, 1
_ATTEMPTS = (330, 220, 150, 110, 80, 50, 35, 25)
"""Weights of clients called once, twice, … eight times."""

_SOURCES = (770, 150, 80)
"""Weights of clients from lists, of leads of the web, and of clients from somewhere else."""

_DELAY_MINUTES = {0: 1, 100: 3, 300: 10, 500: 40, 700: 180, 900: 1_440, 1000: 5_760}
"""How long a lead of the web waits for its first call."""

_UPLOADS = 6
"""Lists are uploaded every Monday; a first call is to one of so many latest ones."""


@dataclass(frozen=True)
class Clients:
    """The client of each call (`NONE` for internal ones and withheld numbers) and, of outbound calls, more.

    Parameters
    ----------
    client
        Number of the client.
    attempt
        Number of the attempt from 1; 0 of other calls.
    source
        `UPLOAD`, `WEB`, or `NONE`.
    upload
        Which list: its place among the Mondays of `uploads`; `NONE` if none.
    created
        When the lead arrived, as epoch second; `NONE` if it is none.
    """

    client: Integers
    attempt: Integers
    source: Integers
    upload: Integers
    created: Integers


def uploads(calendar: Calendar) -> list[date]:
    """Return the Mondays on which lists were uploaded, from before the first day on."""
    first = calendar.day_from - timedelta(calendar.day_from.weekday() + 7 * (_UPLOADS - 1))
    return [first + timedelta(step) for step in range(0, (calendar.day_to - first).days + 1, 7)]


def draw_clients(
    rng: np.random.Generator, calendar: Calendar, direction: Integers, epoch: Integers, day: Integers
) -> Clients:
    """Return the clients of calls that are sorted by planned time."""
    size = len(direction)
    client, attempt, source, upload, created = (np.full(size, NONE) for _ in range(5))
    attempt[:] = 0
    outbound, inbound = np.flatnonzero(direction == OUTBOUND), np.flatnonzero(direction == INBOUND)
    owner, number = _attempts(rng, len(outbound))
    client[outbound], attempt[outbound] = owner, number
    known = int(owner.max()) + 1 if len(owner) else 0
    client[inbound] = _callers(rng, known, len(inbound))
    # The first call to each client, in order of time.
    first = outbound[np.unique(owner, return_index=True)[1]] if known else outbound
    origin = np.array([UPLOAD, WEB, NONE])[pick(rng, known, _SOURCES)]
    delay_s = per_mille(rng, known, _DELAY_MINUTES) * 60 + between(rng, 0, 59, known)
    week = (day[first] + calendar.day_from.weekday()) // 7
    listed = week + _UPLOADS - 1 - rng.integers(_UPLOADS, size=known)
    source[outbound] = origin[owner]
    upload[outbound] = np.where(origin == UPLOAD, listed, NONE)[owner]
    created[outbound] = np.where(origin == WEB, epoch[first] - delay_s, NONE)[owner]
    return Clients(client, attempt, source, upload, created)


def _attempts(rng: np.random.Generator, dials: int) -> tuple[Integers, Integers]:
    """Return the client of each outbound call, and the number of the attempt."""
    planned = pick(rng, max(dials, 1), _ATTEMPTS) + 1
    owner = np.repeat(np.arange(len(planned)), planned)[:dials]
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    number = np.arange(len(owner)) - np.repeat(first, np.bincount(owner)) if len(owner) else owner
    # Each client's attempts start anywhere, about a thirtieth of the whole span apart.
    begin = rng.integers(0, 30_000, size=len(planned))
    gap = between(rng, 200, 1800, len(planned))
    order = np.argsort(begin[owner] + number * gap[owner], kind="stable")
    return owner[order], number[order] + 1


def _callers(rng: np.random.Generator, known: int, size: int) -> Integers:
    """Return the clients of inbound calls: half of them were called before."""
    back = chance(rng, 550, size) & (known > 0)
    strangers = known + rng.integers(0, max(size // 3, 1), size=size)
    client = np.where(back, rng.integers(0, max(known, 1), size=size), strangers)
    # One caller in a hundred withholds the number.
    return np.where(chance(rng, 10, size), NONE, client)


def attempts_of(client: Integers, outbound: np.ndarray) -> Integers:
    """Return the number of the attempt of each outbound call, of calls in order of time; 0 of others."""
    attempt = np.zeros(len(client), dtype=np.int64)
    rows = np.flatnonzero(outbound)
    order = rows[np.argsort(client[rows], kind="stable")]
    start = np.flatnonzero(np.diff(client[order], prepend=-1))
    lengths = np.diff(np.append(start, len(order)))
    attempt[order] = np.arange(len(order)) - np.repeat(start, lengths) + 1
    return attempt


def created_before(created: Integers, client: Integers, epoch: Integers) -> Integers:
    """Return when leads arrived: a minute before their first call at the latest, whenever it was made."""
    leads = np.flatnonzero(created != NONE)
    number = client[leads]
    latest = np.full(int(number.max(initial=0)) + 1, np.iinfo(np.int64).max)
    np.minimum.at(latest, number, epoch[leads] - 60)
    result = created.copy()
    result[leads] = np.minimum(created[leads], latest[number])
    return result
