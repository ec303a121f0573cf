"""From drawn codes to the 45 typed columns of the server's table."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from brightcall_pandas.frame import FIELD_NAMES, FIELDS
from brightcall_pandas.sandbox import _chains as chains
from brightcall_pandas.sandbox._account import AI_USER, CAMPAIGNS, LINES, OUTCOMES, PROJECTS, TAG_SETS, USERS
from brightcall_pandas.sandbox._draw import between, chance, pick
from brightcall_pandas.sandbox._generate import INBOUND, INTERNAL, OUTBOUND, Drawn
from brightcall_pandas.sandbox._texts import NONE, choose, digits, joined, only, words

if TYPE_CHECKING:
    from brightcall_pandas.sandbox._draw import Flags, Integers

__all__ = ["FIRST_ID", "Chains", "call_table", "planted_chains"]

FIRST_ID = 1_000_001
_COUNTRY = 4_915_100_000_000
_STRIDE = 61_234_567  # has no factor in common with the hundred million numbers: no two clients share one

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


@dataclass(frozen=True)
class Chains:
    """The chain of each call: `code` is a position in `parties`, the distinct chains."""

    code: Integers
    parties: list[tuple[str, ...]]
    broken: Flags
    involved: pa.Array


def planted_chains(rng: np.random.Generator, drawn: Drawn) -> Chains:
    """Return who had each call, and the texts that say so."""
    people = len(USERS)
    key = (drawn.pattern * people + drawn.user) * people + drawn.person
    distinct, code = np.unique(key, return_inverse=True)
    parties = [
        chains.chain_parties(int(each) // people**2, int(each) // people % people, int(each) % people)
        for each in distinct
    ]
    involved, broken = chains.involved_texts(rng, code, parties, _client_numbers(drawn.client))
    return Chains(code, parties, broken, involved)


def call_table(rng: np.random.Generator, drawn: Drawn, planted: Chains) -> pa.Table:
    """Write drawn calls as a table.

    Returns
    -------
    pyarrow.Table
        The 45 fields in the article's order: labels as words, times in UTC, identifiers as text, durations as
        doubles, nested values as JSON text. An optional field that is absent is null.
    """
    size, answered = len(drawn), drawn.answered
    client = _client_numbers(drawn.client)
    inbound, internal = drawn.direction == INBOUND, drawn.direction == INTERNAL
    by_ai = drawn.user == AI_USER
    extension = words([each.extension for each in USERS], drawn.user)
    line = words(LINES, drawn.line)
    colleague = words([each.extension for each in USERS], (drawn.person + 1) % AI_USER)
    unique = joined(digits(drawn.epoch), ".", digits(np.arange(size) + 1000))
    label = np.where(inbound, 1, np.where(internal, 2, np.where(drawn.attempt > 1, 3, 0)))
    recorded = answered & ~chance(rng, 30, size)
    told = by_ai & answered & chance(rng, 800, size)
    story = pick(rng, size, (5, 3, 2))
    columns: dict[str, Any] = {
        "answerTime": np.where(answered, drawn.ring_s, 0),
        "callTime": drawn.ring_s + drawn.talk_s,
        "campaign": words(CAMPAIGNS, drawn.project),
        "projectName": words(list(PROJECTS.values()), drawn.project),
        "projectId": words([str(each) for each in PROJECTS], drawn.project),
        "projectContactId": only(drawn.direction == OUTBOUND, digits(drawn.client + 80_001)),
        "crmInfo": words(_CRM, np.where(internal, 0, pick(rng, size, (60, 20, 15, 5)))),
        "favorite": chance(rng, 20, size),
        "firstTimeForTree": _first(drawn.client, drawn.client),
        "firstTimeForUser": _first(drawn.client * len(USERS) + drawn.user, drawn.client),
        "fromNumber": choose(inbound, pc.fill_null(client, "anonymous"), choose(internal, extension, line)),
        "id": digits(np.arange(size) + FIRST_ID),
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
        "recordName": only(recorded, joined("call-", unique, ".mp3")),
        "tags": words([json.dumps(each) for each in TAG_SETS], drawn.tags),
        "outcomeTag": _outcome_tags(drawn),
        "outcomeType": _outcome_types(drawn, chance(rng, 500, size)),
        "talkTime": drawn.talk_s,
        "aiTalkTime": drawn.ai_talk_s,
        "timestamp": _time(drawn.epoch),
        "toAnswer": only(inbound, extension),
        "toNumber": choose(inbound, line, choose(internal, colleague, only(~chance(rng, 3, size), client))),
        "totalTime": drawn.ring_s + drawn.talk_s + drawn.hold_s,
        "treeId": digits(
            np.where(drawn.client == NONE, 900_000_000 + np.arange(size), 700_000 + drawn.client)
        ),
        "type": words(FIELDS["type"].choices, drawn.direction),
        "state": words(FIELDS["state"].choices, drawn.state),
        "uniqueId": unique,
        "userId": words([str(each.user_id) for each in USERS], drawn.user),
        "agentShortNumber": only(drawn.pattern != chains.NOBODY, extension),
        "lineNumber": line,
        "clientNumber": client,
        "transfers": chains.transfer_texts(planted.parties).take(pa.array(planted.code)),
        "recordingExpired": pa.array(chance(rng, 100, size), mask=~recorded),
        "transcripts": words(_TRANSCRIPTS, np.where(told, story, NONE)),
        "convoloAiRecordingSummary": words(_SUMMARIES, np.where(told, story, NONE)),
        "convoloAiRecordingTitle": words(_TITLES, np.where(told, story, NONE)),
    }
    return pa.table({name: _typed(columns[name], name) for name in FIELD_NAMES})


def _typed(values: Any, name: str) -> pa.Array:
    array = values if isinstance(values, pa.Array) else pa.array(values)
    field = FIELDS[name]
    return array if field.kind == "label" else array.cast(field.arrow_type)


def _client_numbers(client: Integers) -> pa.Array:
    number = _COUNTRY + (client * _STRIDE + 12_345) % 100_000_000
    return only(client != NONE, joined("+", digits(number)))


def _first(key: Integers, client: Integers) -> pa.Array:
    """Return true where a key occurs for the first time; null where there is no client."""
    first = np.zeros(len(key), dtype=bool)
    first[np.unique(key, return_index=True)[1]] = True
    return pa.array(first, mask=client == NONE)


def _rung(drawn: Drawn, client: pa.Array, colleague: pa.Array) -> pa.Array:
    """Write what rang: the group for an inbound call, the colleague for an internal one, else the client."""
    groups = [
        json.dumps([USERS[(first + step) % AI_USER].extension for step in range(3)])
        for first in range(AI_USER)
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
    """Return the kind of the outcome; where there is none, half say ``absent`` and half say nothing."""
    kinds = [each.kind for each in OUTCOMES] + ["absent"]
    none = np.where(said, len(kinds) - 1, NONE)
    return words(kinds, np.where(drawn.outcome == NONE, none, drawn.outcome))


def _time(epoch: Integers) -> pa.Array:
    return pa.array(epoch, pa.timestamp("s"), mask=epoch == NONE).cast(FIELDS["timestamp"].arrow_type)
