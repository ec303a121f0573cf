"""Who handed calls to whom: the planted chains and the many ways in which a server may write them.

A chain is the sequence of extensions that a call went through. It is drawn as a pattern (positions relative
to the agent who had the call first) and that agent, so a few patterns make a few hundred variants.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from brightcall_pandas.sandbox._account import AI_USER, USERS
from brightcall_pandas.sandbox._draw import chance, pick
from brightcall_pandas.sandbox._texts import choose, joined, words

if TYPE_CHECKING:
    from collections.abc import Callable

    from brightcall_pandas.sandbox._draw import Flags, Integers

__all__ = [
    "AI_FIRST",
    "ALONE",
    "NOBODY",
    "chain_parties",
    "draw_patterns",
    "involved_texts",
    "transfer_texts",
]

PATTERNS: tuple[tuple[int, ...], ...] = (
    (0,),
    (0, 1),
    (0, 3),
    (0, 1, 0),
    (0, 2, 5),
    (0, 1, 2, 1),
    (0, 0),
    (0, 4, 8, 2),
    (0, 1, 0, 1),
    (0, 3, 6, 9, 1),
    (0, 1, 2, 3, 4, 5),
    (0, 1, 3, 1, 0, 7),
)
"""Positions relative to the first agent, wrapping at the last of the people; ``(0,)`` was never handed on."""

WEIGHTS = (0, 420, 180, 120, 100, 60, 30, 40, 20, 15, 10, 5)
ALONE, AI_FIRST, NOBODY = 0, len(PATTERNS), len(PATTERNS) + 1
"""Codes beside those of `PATTERNS`: the AI that hands over to a person, and a call that reached nobody."""

_TRANSFERRED_PER_MILLE = 70
_AI_HANDOVER_PER_MILLE = 150


def draw_patterns(rng: np.random.Generator, answered: Flags, inbound: Flags, by_ai: Flags) -> Integers:
    """Draw the code of each call's chain: only answered calls are handed on."""
    size = len(answered)
    handed = answered & chance(rng, _TRANSFERRED_PER_MILLE, size) & ~by_ai
    codes = np.where(handed, pick(rng, size, WEIGHTS), ALONE)
    codes[answered & by_ai & chance(rng, _AI_HANDOVER_PER_MILLE, size)] = AI_FIRST
    codes[inbound & ~answered] = NOBODY
    return codes


def chain_parties(code: int, agent: int, person: int) -> tuple[str, ...]:
    """Return the extensions of a chain.

    Parameters
    ----------
    code
        Code of the pattern.
    agent
        Position in `USERS` of the one who had the call first.
    person
        Position of the one to whom the AI hands over.
    """
    if code == NOBODY:
        return ()
    if code == AI_FIRST:
        return USERS[AI_USER].extension, USERS[person].extension
    if agent == AI_USER:
        return (USERS[AI_USER].extension,)
    return tuple(USERS[(agent + step) % AI_USER].extension for step in PATTERNS[code])


def involved_texts(
    rng: np.random.Generator, chains: Integers, parties: list[tuple[str, ...]], client: pa.Array
) -> tuple[pa.Array, Flags]:
    """Write each call's chain as ``numbersInvolvedJSON``, in a mix of shapes.

    Parameters
    ----------
    rng
        Source of randomness.
    chains
        Position in `parties` of each call's chain.
    parties
        Distinct chains.
    client
        The client's number of each call, or null; it stands before the agents in one shape.

    Returns
    -------
    tuple of pyarrow.Array and numpy.ndarray
        The texts, and which of them are broken JSON. Only calls that were never handed on get a broken
        text, so the planted hand-overs stay whole.
    """
    shape = pick(rng, len(chains), [each[1] for each in _SHAPES])
    hops = np.array([len(each) - 1 for each in parties], dtype=np.int64)[chains]
    looped = np.array([len(set(each)) < len(each) for each in parties], dtype=bool)[chains]
    # A shape that cannot carry the chain falls back to the commonest one.
    shape[(shape == _KEYED) & looped] = 0
    shape[(shape == _WITH_CLIENT) & client.is_null().to_numpy(zero_copy_only=False)] = 0
    broken = (shape == _BROKEN) & (hops == 0)
    shape[(shape == _BROKEN) & ~broken] = 0
    texts = pa.array([write(each) for write, _ in _SHAPES for each in parties], pa.large_string())
    base = texts.take(pa.array(shape * len(parties) + chains))
    rest = pc.utf8_slice_codeunits(base, 1)
    comma = words([",", ""], (hops < 0).astype(np.int64))
    led = joined('["', client, '"', comma, rest)
    return choose(shape == _WITH_CLIENT, led, base), broken


def transfer_texts(parties: list[tuple[str, ...]]) -> pa.Array:
    """Write each distinct chain as a ``transfers`` array, null where nothing was handed on."""
    return pa.array([_transfers(each) if len(each) > 1 else None for each in parties], pa.large_string())


def _transfers(parties: tuple[str, ...]) -> str:
    steps = [{"from": giver, "to": taker, "type": "blind"} for giver, taker in pairwise(parties)]
    return json.dumps(steps, separators=(",", ":"))


def _list(parties: tuple[str, ...]) -> str:
    return json.dumps(parties, separators=(",", ":"))


def _integers(parties: tuple[str, ...]) -> str:
    return json.dumps([int(party) for party in parties])


def _objects(parties: tuple[str, ...]) -> str:
    return json.dumps([{"number": party, "order": order} for order, party in enumerate(parties)])


def _phones(parties: tuple[str, ...]) -> str:
    return json.dumps([{"phone": party} for party in parties])


def _keyed(parties: tuple[str, ...]) -> str:
    return json.dumps({party: {"order": order} for order, party in enumerate(parties)})


def _commas(parties: tuple[str, ...]) -> str:
    return ",".join(parties)


def _broken(parties: tuple[str, ...]) -> str:
    return _list(parties)[:-2]


_SHAPES: tuple[tuple[Callable[[tuple[str, ...]], str], int], ...] = (
    (_list, 800),
    (_integers, 40),
    (_objects, 40),
    (_phones, 20),
    (_keyed, 20),
    (_commas, 30),
    (_list, 48),  # with the client's number in front
    (_broken, 2),
)
"""Writers of a chain, each with its weight."""

_KEYED, _WITH_CLIENT, _BROKEN = 4, 6, 7
