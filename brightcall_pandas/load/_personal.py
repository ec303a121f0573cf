"""Personal values in the ledger: kept as they are, as tokens, or not at all, as an account has chosen.

What was chosen last is known of the account, so that a client that says nothing keeps to it. Where it was
less strict before, all that the ledger has is made as strict; what was left out never comes back. A client
that writes says so first: whoever wants it stricter knows by that what is to be done anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from functools import lru_cache, partial
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from brightcall_pandas.cache import CHANGED, GONE, row_text
from brightcall_pandas.errors import CacheError, warn_user
from brightcall_pandas.frame import EXTRAS, FIELDS, TABLE_SCHEMA
from brightcall_pandas.load._client import Client
from brightcall_pandas.load._keys import NO_PSEUDONYM_KEY
from brightcall_pandas.pseudonyms import AROUND_CALLS_S, Times, Tokens, change_of

__all__ = ["Strictness", "as_chosen", "make_ledgers_strict", "note"]

_WORDS = ("label", "crmInfo", "recordName", "transfers", "transcripts", EXTRAS.name)
_SUMMARIES = ("convoloAiRecordingSummary", "convoloAiRecordingTitle")
_NUMBERS = ("numbersInvolvedJSON", "numbersRingedJSON")
_OF_NOBODY = ("id", "uniqueId", "projectId")  # identifiers, but of no person
PERSONAL = frozenset(
    [
        *(each.name for each in FIELDS.values() if each.kind == "identifier" and each.name not in _OF_NOBODY),
        *_WORDS,
        *_SUMMARIES,
        *_NUMBERS,
    ]
)
"""Fields whose values tell of persons: numbers, identifiers of people, and what was said or written."""

_PLAIN = frozenset(TABLE_SCHEMA.names) - PERSONAL
"""Fields whose values tell of nobody. One that is not known any more, of an older schema, may be personal."""

_VALUES, _PSEUDONYMS, _FIELDS_ONLY = "values", "pseudonyms", "fields-only"
_DAY_S = 86_400.0
_TOLD = ("old", "new", "hidden", "pseudonymized", "numbers")
"""Columns of an entry that say what of a value is kept."""


class Strictness(NamedTuple):
    """How strict the ledger is with personal values.

    Parameters
    ----------
    mode
        As `bc.Client` takes it.
    tokens
        What makes tokens; None where the mode needs none.
    """

    mode: str = _VALUES
    tokens: Tokens | None = None

    @property
    def fingerprint(self) -> str | None:
        """Differs by the key of the tokens."""
        return None if self.tokens is None else self.tokens.fingerprint

    def of(self, entries: pa.Table) -> pa.Table:
        """Return entries with no more of personal values than this allows; what has less stays as it is."""
        told = {_PSEUDONYMS: self._with_tokens, _FIELDS_ONLY: _without_values}.get(self.mode)
        if told is None or not len(entries):
            return entries
        plain = pc.is_in(entries["field"], pa.array(sorted(_PLAIN), pa.string()))
        changed, gone = (pc.equal(entries["kind"], kind) for kind in (CHANGED, GONE))
        personal = pc.or_(pc.and_not(changed, plain), gone)
        tokens = pc.is_valid(entries["pseudonymized"])
        if self.mode == _FIELDS_ONLY:
            mask = pc.and_(personal, pc.or_(pc.invert(entries["hidden"]), tokens))
        else:
            mask = pc.and_not(personal, pc.or_(entries["hidden"], tokens))
        mask = mask.combine_chunks()
        if not pc.any(mask).as_py():
            return entries
        made = [told(row) for row in entries.filter(mask).to_pylist()]
        for name in _TOLD:
            column = entries[name].combine_chunks()
            column = pc.replace_with_mask(column, mask, pa.array([row[name] for row in made], column.type))
            entries = entries.set_column(entries.column_names.index(name), name, column)
        return entries

    def _with_tokens(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return an entry with tokens; it is hidden where the value before is no longer there as it was."""
        assert self.tokens is not None
        change = partial(_token_of, self.tokens, _times_on(row["day"]))
        numbers: set[str] = set()
        if row["kind"] == GONE:
            call = msgspec.json.decode(row["old"], type=dict[str, str])
            told = {name: change(name, text, numbers) for name, text in call.items()}
            values: tuple[str | None, ...] = (row_text(told), None)
            hidden = told != call
        else:
            values = tuple(change(row["field"], row[name], numbers) for name in ("old", "new"))
            hidden = values[0] != row["old"]
        shown = " ".join(filter(None, values))
        others = " ".join(sorted(each for each in numbers if each not in shown))
        return dict(zip(_TOLD, (*values, hidden, self.fingerprint, others or None), strict=True))


def _token_of(tokens: Tokens, times: Times, name: str, text: str | None, numbers: set[str]) -> str | None:
    """Return what stands for a value; the tokens of numbers that this hides go into `numbers`."""
    if text is None or name in _PLAIN:
        return text
    change = change_of(name, tokens, "token", times) if name in PERSONAL else tokens.of_words
    told = text if change is None else change(text)
    numbers |= tokens.of_runs(text) - tokens.of_runs(told or "")
    return told


@lru_cache(maxsize=64)
def _times_on(day: date) -> Times:
    """Return when something in the calls of a day may have been."""
    begin = datetime.combine(day, time(), UTC).timestamp()
    return begin - AROUND_CALLS_S, begin + _DAY_S + AROUND_CALLS_S


def _without_values(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry that says of personal fields only that they changed."""
    old = None
    if row["kind"] == GONE:
        call = msgspec.json.decode(row["old"], type=dict[str, str])
        old = row_text({name: text for name, text in call.items() if name in _PLAIN})
    return dict(zip(_TOLD, (old, None, True, None, None), strict=True))


# What an account has chosen.


def as_chosen(client: Client) -> Strictness:
    """Return how strict the ledger is from now on: what the client says, or else what was chosen before.

    Raises
    ------
    CacheError
        It keeps tokens, and the client has no key to make them.
    """
    mode = client.ledger or _known(client)["mode"]
    if mode != _PSEUDONYMS:
        return Strictness(mode)
    if (tokens := client.tokens) is None:
        msg = (
            f"the ledger of this account keeps pseudonyms, as was chosen for it. {NO_PSEUDONYM_KEY}; "
            "or choose ledger='fields-only', which keeps neither values nor tokens"
        )
        raise CacheError(msg)
    return Strictness(mode, tokens)


def make_ledgers_strict(client: Client) -> None:
    """Make all ledgers of an account as strict as the client wants them, before it asks the server.

    Raises
    ------
    CacheError
        As `as_chosen`.
    """
    chosen, known = as_chosen(client), _known(client)
    if _same(chosen, known) and known["done"]:
        return
    if chosen.mode == _PSEUDONYMS and known["pseudonymized"] not in (None, chosen.fingerprint):
        warn_user(
            "the ledger of this account has tokens of another key: from now on the same number has another "
            "one, and bc.forget finds the older ones with their own key only"
        )
    note(client, chosen)
    if chosen.mode == _VALUES:
        return
    if not client.cache.rewrite_ledgers(chosen.of):
        warn_user(
            f"not all of the ledger could be changed to ledger={chosen.mode!r}: another process is using it, "
            "or a file cannot be written. The next load tries again"
        )
    elif _same(chosen, _known(client)):  # and nobody has begun to write something less strict
        client.cache.learn(ledger=_said(chosen, done=True))


def note(client: Client, chosen: Strictness) -> None:
    """Say what is about to be written, where the account has chosen something else; it may be less strict."""
    if not _same(chosen, _known(client)):
        client.cache.learn(ledger=_said(chosen, done=chosen.mode == _VALUES))


def _known(client: Client) -> Mapping[str, Any]:
    return client.cache.account.ledger or _said(Strictness(), done=True)


def _said(chosen: Strictness, *, done: bool) -> dict[str, Any]:
    return {"mode": chosen.mode, "pseudonymized": chosen.fingerprint, "done": done}


def _same(chosen: Strictness, known: Mapping[str, Any]) -> bool:
    return (chosen.mode, chosen.fingerprint) == (known["mode"], known["pseudonymized"])
