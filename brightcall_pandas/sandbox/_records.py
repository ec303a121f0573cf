"""Turn drawn codes into the 45 typed columns of the server's table."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from brightcall_pandas.frame import FIELD_NAMES, FIELDS
from brightcall_pandas.sandbox._account import CAMPAIGNS, LINES, OUTCOMES, PROJECTS, TAG_SETS
from brightcall_pandas.sandbox._clients import UPLOAD, WEB, uploads
from brightcall_pandas.sandbox._conversations import AI_FIRST
from brightcall_pandas.sandbox._draw import NONE, between, chance, pick
from brightcall_pandas.sandbox._generate import INBOUND, INTERNAL, NOBODY, OUTBOUND, Drawn, chain_parties

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from brightcall_pandas.sandbox._draw import Flags, Integers

__all__ = ["PlantedChains", "call_table", "planted_chains"]

_FIRST_ID = 1_000_001
_COUNTRY = 4_915_100_000_000
_STRIDE = 61_234_567  # is coprime to the hundred million numbers, so no two clients share one
_CRM = (
    None,
    '{"leadId":4711,"stage":"new","source":"web"}',
    '{"leadId":4712,"stage":"qualified","owner":{"name":"Ada","team":"North"}}',
    '{"lead":"L-99","scores":[3,5,8],"vip":true}',
)
_TRANSCRIPTS = tuple(
    json.dumps(
        {"language": "de", "messages": [{"role": "ai", "text": said}, {"role": "client", "text": reply}]}
    )
    for said, reply in (
        ("Do you have a minute?", "Yes, go ahead."),
        ("May I ask about your roof?", "Not today."),
        ("Shall a colleague call you back?", "Tomorrow, please."),
    )
)
_SUMMARIES = ("The client agreed to talk.", "The client declined.", "The client asked for a call tomorrow.")
_TITLES = ("Agreed", "Declined", "Call tomorrow")
_TEXT = pa.large_string()


@dataclass(frozen=True)
class PlantedChains:
    """The transfer chain of each call: `code` is a position in `parties`, the distinct chains."""

    code: Integers
    parties: list[tuple[str, ...]]
    broken: Flags
    involved: pa.Array


def planted_chains(rng: np.random.Generator, drawn: Drawn) -> PlantedChains:
    """Return who handled each call, and the texts that say so."""
    users = len(drawn.staff.users)
    # Only where the AI hands a call over does it matter to whom it would.
    person = np.where(drawn.pattern == AI_FIRST, drawn.person, 0)
    key = (drawn.pattern.astype(np.int64) * users + drawn.user) * users + person
    distinct, code = np.unique(key, return_inverse=True)
    parties = [
        chain_parties(drawn.staff, each // users**2, each // users % users, each % users)
        for each in distinct.tolist()
    ]
    involved, broken = involved_texts(rng, code, parties, _client_numbers(drawn.client))
    return PlantedChains(code, parties, broken, involved)


def call_table(rng: np.random.Generator, drawn: Drawn, planted: PlantedChains) -> pa.Table:
    """Return drawn calls as a table.

    Returns
    -------
    pyarrow.Table
        The 45 fields in the article's order: labels as words, times in UTC, identifiers as text, durations as
        doubles, nested values as JSON text. An optional field that is absent is null.
    """
    size, answered = len(drawn), drawn.answered
    client = _client_numbers(drawn.client)
    inbound, internal = drawn.direction == INBOUND, drawn.direction == INTERNAL
    users, by_ai = drawn.staff.users, drawn.by_ai
    extension = words([each.extension for each in users], drawn.user)
    line = words(LINES, drawn.line)
    colleague = words([each.extension for each in users], (drawn.person + 1) % drawn.staff.people)
    unique = joined(digits(drawn.epoch), ".", digits(np.arange(size) + 1000))
    label = np.where(inbound, 1, np.where(internal, 2, np.where(drawn.attempt > 1, 3, 0)))
    recorded = answered & ~chance(rng, 60, size)
    has_transcript = by_ai & answered & chance(rng, 800, size)
    story = pick(rng, size, (5, 3, 2))
    columns: dict[str, Any] = {
        "answerTime": np.where(answered, drawn.ring_s, 0),
        "callTime": drawn.ring_s + drawn.talk_s,
        "campaign": words(CAMPAIGNS, drawn.project),
        "projectName": words(list(PROJECTS.values()), drawn.project),
        "projectId": words([str(each) for each in PROJECTS], drawn.project),
        "projectContactId": where_only(drawn.direction == OUTBOUND, digits(drawn.client + 80_001)),
        "crmInfo": _crm(drawn, np.where(internal, 0, pick(rng, size, (60, 20, 15, 5)))),
        "favorite": chance(rng, 20, size),
        "firstTimeForTree": _first(drawn.client, drawn.client),
        "firstTimeForUser": _first(drawn.client.astype(np.int64) * len(users) + drawn.user, drawn.client),
        "fromNumber": choose(inbound, pc.fill_null(client, "anonymous"), choose(internal, extension, line)),
        "id": digits(np.arange(size) + _FIRST_ID),
        "insertOrigin": words(("dialer", "api", None), pick(rng, size, (85, 5, 10))),
        "isRecordBlocked": chance(rng, 10, size),
        "isRecordReady": recorded,
        "label": words(("Dialer", "Hotline", "Internal", "Follow-up call"), label),
        "numbersInvolvedJSON": planted.involved,
        "numbersRingedJSON": _rung(drawn, client, colleague),
        "qualityRating": pa.array(between(rng, 1, 5, size), mask=~(answered & chance(rng, 150, size))),
        "recallDate": _time(drawn.recall_epoch),
        "recallFirstAttemptDate": _time(drawn.recall_first_epoch),
        "recallState": pa.array(drawn.recall_state, mask=drawn.recall_state == NONE),
        "recordName": where_only(recorded, joined("call-", unique, ".mp3")),
        "tags": words([json.dumps(each) for each in TAG_SETS], drawn.tags),
        "outcomeTag": _outcome_tags(drawn),
        "outcomeType": _outcome_types(drawn, chance(rng, 500, size)),
        "talkTime": drawn.talk_s,
        "aiTalkTime": drawn.ai_talk_s,
        "timestamp": _time(drawn.epoch),
        "toAnswer": where_only(inbound, extension),
        "toNumber": choose(
            inbound, line, choose(internal, colleague, where_only(~chance(rng, 3, size), client))
        ),
        "totalTime": drawn.ring_s + drawn.talk_s + drawn.hold_s,
        "treeId": digits(
            np.where(drawn.client == NONE, 900_000_000 + np.arange(size), 700_000 + drawn.client)
        ),
        "type": words(FIELDS["type"].choices, drawn.direction),
        "state": words(FIELDS["state"].choices, drawn.state),
        "uniqueId": unique,
        "userId": words([str(each.user_id) for each in users], drawn.user),
        "agentShortNumber": where_only(drawn.pattern != NOBODY, extension),
        "lineNumber": line,
        "clientNumber": client,
        "transfers": transfer_texts(planted.parties).take(pa.array(planted.code)),
        "recordingExpired": pa.array(chance(rng, 100, size), mask=~recorded),
        "transcripts": words(_TRANSCRIPTS, np.where(has_transcript, story, NONE)),
        "convoloAiRecordingSummary": words(_SUMMARIES, np.where(has_transcript, story, NONE)),
        "convoloAiRecordingTitle": words(_TITLES, np.where(has_transcript, story, NONE)),
    }
    return pa.table({name: _typed(columns[name], name) for name in FIELD_NAMES})


def _typed(values: Any, name: str) -> pa.Array:
    array = values if isinstance(values, pa.Array) else pa.array(values)
    field = FIELDS[name]
    return array if field.kind == "label" else array.cast(field.arrow_type)


def _client_numbers(client: Integers) -> pa.Array:
    number = _COUNTRY + (client.astype(np.int64) * _STRIDE + 12_345) % 100_000_000
    return where_only(client != NONE, joined("+", digits(number)))


def _crm(drawn: Drawn, other: Integers) -> pa.Array:
    """Return what the CRM says: of outbound calls where the client comes from and since when."""
    listed = [f'{{"source":"upload","uploaded":"{day}"}}' for day in uploads(drawn.calendar)]
    created = pc.replace_substring(pa.array(drawn.created, pa.timestamp("s")).cast(_TEXT), " ", "T")
    lead = joined('{"source":"web","leadId":', digits(drawn.client + 4_001), ',"createdAt":"', created, 'Z"}')
    rest = words(_CRM, np.where(drawn.source == NONE, other, NONE))
    return choose(
        drawn.source == WEB, lead, choose(drawn.source == UPLOAD, words(listed, drawn.upload), rest)
    )


def _first(key: Integers, client: Integers) -> pa.Array:
    """Return true where a key occurs for the first time; null where there is no client."""
    first = np.zeros(len(key), dtype=bool)
    first[np.unique(key, return_index=True)[1]] = True
    return pa.array(first, mask=client == NONE)


def _rung(drawn: Drawn, client: pa.Array, colleague: pa.Array) -> pa.Array:
    """Return what rang: the group for an inbound call, the colleague for an internal one, else the client."""
    people = drawn.staff.people
    groups = [
        json.dumps([drawn.staff.users[(first + step) % people].extension for step in range(3)])
        for first in range(people)
    ]
    group = words(groups, drawn.person)
    other = choose(drawn.direction == INTERNAL, colleague, pc.fill_null(client, ""))
    return choose(drawn.direction == INBOUND, group, joined('["', other, '"]'))


def _outcome_tags(drawn: Drawn) -> pa.Array:
    spellings = [list(each.spellings) for each in OUTCOMES]
    width = max(map(len, spellings))
    flat = [spelling for each in spellings for spelling in each + [""] * (width - len(each))]
    return words(flat, np.where(drawn.outcome == NONE, NONE, drawn.outcome * width + drawn.spelling))


def _outcome_types(drawn: Drawn, said: Flags) -> pa.Array:
    """Return the type of the outcome; of calls without one, half have ``absent`` and half null."""
    kinds = [each.kind for each in OUTCOMES] + ["absent"]
    none = np.where(said, len(kinds) - 1, NONE)
    return words(kinds, np.where(drawn.outcome == NONE, none, drawn.outcome))


def _time(epoch: Integers) -> pa.Array:
    return pa.array(epoch, pa.timestamp("s"), mask=epoch == NONE).cast(FIELDS["timestamp"].arrow_type)


def involved_texts(
    rng: np.random.Generator, chains: Integers, parties: list[tuple[str, ...]], client: pa.Array
) -> tuple[pa.Array, Flags]:
    """Return each call's chain as ``numbersInvolvedJSON``, in a mix of shapes.

    Parameters
    ----------
    rng
        Source of randomness.
    chains
        Position in `parties` of each call's chain.
    parties
        Distinct chains.
    client
        The client's number of each call, or null; one shape puts it before the agents.

    Returns
    -------
    tuple of pyarrow.Array and numpy.ndarray
        The texts, and which of them are broken JSON. Only calls that were never transferred get a broken
        text, so all planted transfers can be read.
    """
    shape = pick(rng, len(chains), [each[1] for each in _SHAPES])
    hops = np.array([len(each) - 1 for each in parties], dtype=np.int64)[chains]
    looped = np.array([len(set(each)) < len(each) for each in parties], dtype=bool)[chains]
    # A shape that cannot hold the chain falls back to the most common one.
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
    """Return each distinct chain as a ``transfers`` array, null where there was no transfer."""
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
"""How a chain may be written, each with its weight."""

_KEYED, _WITH_CLIENT, _BROKEN = 4, 6, 7


def words(choices: Sequence[str | None], position: Integers) -> pa.Array:
    """Return the word at each position; null where the position is `NONE`."""
    return pa.array(choices, _TEXT).take(pa.array(position, mask=position == NONE))


def digits(number: Integers) -> pa.Array:
    """Return whole numbers as text."""
    return pa.array(number).cast(_TEXT)


def joined(*parts: str | pa.Array) -> pa.Array:
    """Return constants and columns joined row by row; null where a part is null."""
    columns = [pa.scalar(part, _TEXT) if isinstance(part, str) else part for part in parts]
    return pc.binary_join_element_wise(*columns, pa.scalar("", _TEXT))


def where_only(condition: Flags, values: pa.Array) -> pa.Array:
    """Return the values where the condition holds, else null."""
    return pc.if_else(pa.array(condition), values, pa.scalar(None, values.type))


def choose(condition: Flags, then: pa.Array, otherwise: pa.Array) -> pa.Array:
    """Return the first values where the condition holds, else the second."""
    return pc.if_else(pa.array(condition), then, otherwise)
