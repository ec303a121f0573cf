"""Removing a person from all that is kept of an account, and the search that proves it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from brightcall_pandas.cache._answers import PageCache
from brightcall_pandas.cache._files import exclusive
from brightcall_pandas.cache._ledger import Ledger
from brightcall_pandas.cache._part import DayHistory, Part
from brightcall_pandas.cache._segment import WHOLE, Segment, StoreError
from brightcall_pandas.cache._store import Store
from brightcall_pandas.errors import CacheError
from brightcall_pandas.frame import SCHEMA_VERSION

__all__ = ["Forgotten", "forget", "pattern_of"]

_BETWEEN = r"[\s().\-/]*"  # what may stand between the digits of a number
_CODE_ENDS = 6  # digits among which a country code ends, with 00 before it
_SHOWN = 3  # places in a message
Key: TypeAlias = tuple[str | None, str | None]
Count: TypeAlias = Callable[[date, DayHistory, int], int]


@dataclass(frozen=True)
class Forgotten:
    """What was removed of a person, and what was searched afterwards without finding anything.

    Parameters
    ----------
    calls
        Distinct calls removed from windows and ledger.
    entries
        Entries removed from the ledger.
    answers
        Answers of the server removed.
    searched
        Files and answers that were searched afterwards.
    """

    calls: int
    entries: int
    answers: int
    searched: int


def pattern_of(spellings: Collection[str], tokens: Collection[str] = ()) -> str:
    """Return an expression that finds a number in any of some spellings, given as digits, and no longer one.

    Or a token that stands for it. Arrow and `re` both take it: it does not look around.
    """
    written = "|".join(sorted(map(_marked, spellings)))
    return "|".join([rf"(?:^|[^0-9])(?:{written})(?:[^0-9]|$)", *map(re.escape, sorted(tokens))])


def _marked(digits: str) -> str:
    """Return an expression for digits with marks between them; a country code may have (0) behind it."""
    first, rest = digits[:_CODE_ENDS], digits[_CODE_ENDS:]
    return rf"{_BETWEEN}(?:\(0\){_BETWEEN})?".join(first) + "".join(_BETWEEN + each for each in rest)


def forget(
    folder: Path,
    stores: Collection[Store],
    pages: PageCache | None,
    pattern: str,
    pseudonymized: str | None = None,
) -> Forgotten:
    """Remove every call and every answer in which a pattern is found, and search for it again.

    Windows go first, then the ledger, then answers: a process that is killed meanwhile leaves what is removed
    the next time.

    Raises
    ------
    CacheError
        It is still found somewhere, or the ledger has tokens of another key than `pseudonymized`.
    OSError
        A file cannot be changed.
    """
    calls: set[Key] = set()
    entries = 0
    ledgers = {each.folder.name: each.ledger for each in stores}
    for path in sorted((folder / "ledger").glob("*/")):
        ledgers.setdefault(path.name, Ledger(path))
    for name, ledger in ledgers.items():
        store = next((each for each in stores if each.folder.name == name), None)
        entries += _from_query(store, ledger, pattern, calls)
    answers = _answers_with(pages, pattern)
    if pages is not None and answers:
        pages.forget(answers)
        pages.shrink()
        if pages.trouble:
            raise OSError(pages.trouble)
    for damaged in (*folder.glob("*/*/*.damaged"), *folder.glob("pages.sqlite.damaged-*")):
        damaged.unlink(missing_ok=True)  # nobody can tell what they hold
    searched = _searched(folder, stores, ledgers.values(), pages, pattern)
    forgotten = Forgotten(len(calls), entries, len(answers), searched)
    _refuse_unsearched(ledgers.values(), pseudonymized, forgotten)
    return forgotten


def _refuse_unsearched(ledgers: Collection[Ledger], pseudonymized: str | None, forgotten: Forgotten) -> None:
    """Raise where entries have tokens of a key that is not at hand."""
    found = [each.read(2**62)["pseudonymized"].drop_null() for each in ledgers]
    foreign = sum(pc.sum(pc.not_equal(each, pseudonymized or "")).as_py() or 0 for each in found)
    if foreign:
        why = "is not known here" if pseudonymized is None else "is another one than the client's"
        msg = (
            f"{foreign} entries of the ledger could not be searched for the number: they have tokens of a "
            f"key that {why}. All else was: {forgotten}. Forget it again with "
            "bc.Client(pseudonymize_key=…) of that key; or drop the tokens: one load with "
            "ledger='fields-only' removes them all, client.cache.clear(…) those of some days"
        )
        raise CacheError(msg)


def _from_query(store: Store | None, ledger: Ledger, pattern: str, calls: set[Key]) -> int:
    """Remove the calls of one query; return how many entries of its ledger went."""
    mine: set[Key] = set(_keys_of(ledger, pattern))
    if store is not None and store.folder.is_dir():
        with exclusive(store.folder) as alone:
            if not alone:
                msg = f"another process changes {store.folder}"
                raise OSError(msg)
            ledger.settle(store.newest)
            read = [(each, _read(each)) for each in store.segments()]
            for segment, part in read:
                if part is None:
                    store.drop([segment])  # its days are read again when they are needed
                else:
                    mine.update(_keys(part.table, _found(part.table, pattern)))
            for segment, part in read:
                if part is not None:
                    _rewrite(store, segment, part, mine, _entries_by_day(ledger, mine, store.newest))
            dropped = ledger.rewrite(lambda each: each.filter(pc.invert(pa.array(_of_calls(each, mine)))))
    else:
        dropped = ledger.rewrite(lambda each: each.filter(pc.invert(pa.array(_of_calls(each, mine)))))
    calls |= mine
    return dropped


def _read(segment: Segment) -> Part | None:
    if segment.schema_version != SCHEMA_VERSION:
        return None
    try:
        return segment.read(segment.days, WHOLE)
    except StoreError:
        return None


def _rewrite(store: Store, segment: Segment, part: Part, calls: set[Key], entries: Count) -> None:
    """Write a segment without some calls, and with as many entries of its days as the ledger then has."""
    history = [
        known._replace(edits=known.edits - entries(day, known, serial))
        for day, known, serial in zip(part.days, part.history, part.serials, strict=True)
    ]
    gone = np.flatnonzero(_of_calls(part.table, calls))
    if not len(gone) and history == part.history:
        return
    left = part.without(gone)
    on_day = dict(zip(map(str, left.days), left.rows, strict=True))
    windows = [
        window
        | {"rows": sum(on_day[day] for day in on_day if window["day_from"] <= day <= window["day_to"])}
        | ({"expected": None} if len(gone) else {})
        for window in part.windows
    ]
    store.put(replace(left, history=history, windows=windows, spans=[]), segment.fetched_at, segment.serial)
    store.drop([segment])


def _entries_by_day(ledger: Ledger, calls: set[Key], newest: int) -> Count:
    """Return what counts the entries of some calls that a window counts for a day."""
    entries = ledger.read(newest)
    mine = entries.filter(pa.array(_of_calls(entries, calls))).select(["day", "seen", "serial"]).to_pylist()
    return lambda day, known, serial: sum(
        each["day"] == day and each["seen"] > known.since and each["serial"] <= serial for each in mine
    )


def _keys_of(ledger: Ledger, pattern: str) -> Iterator[Key]:
    entries = ledger.read(2**62)
    yield from _keys(entries, _found(entries, pattern))


def _keys(table: pa.Table, found: np.ndarray) -> Iterator[Key]:
    rows = table.select(["id", "uniqueId"]).filter(pa.array(found))
    return zip(rows["id"].to_pylist(), rows["uniqueId"].to_pylist(), strict=True)


def _of_calls(table: pa.Table, calls: set[Key]) -> np.ndarray:
    """Tell which rows are of some calls."""
    ids = pc.is_in(table["id"], pa.array({each for each, _ in calls}, table.schema.field("id").type))
    likely = np.flatnonzero(ids.to_numpy())
    keys = _keys(table, ids.to_numpy())
    found = np.zeros(len(table), dtype=bool)
    found[likely] = [each in calls for each in keys]
    return found


def _found(table: pa.Table, pattern: str) -> np.ndarray:
    """Tell in which rows a pattern is found."""
    found = np.zeros(len(table), dtype=bool)
    for name in table.column_names:
        column = table[name]
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            found |= pc.fill_null(pc.match_substring_regex(column, pattern), False).to_numpy()
    return found


def _answers_with(pages: PageCache | None, pattern: str) -> list[str]:
    """Return the keys of the answers in which a pattern is found, or that cannot be read."""
    if pages is None:
        return []
    wanted = re.compile(pattern)
    keys = []
    for key in pages.all_keys():
        kept = pages.get_response(key)
        if kept is None or wanted.search(_text(kept.content)) or wanted.search(_text(kept.request.body)):
            keys.append(key)
    return keys


def _text(content: bytes | None) -> str:
    return (content or b"").decode(errors="replace")


def _searched(
    folder: Path,
    stores: Collection[Store],
    ledgers: Collection[Ledger],
    pages: PageCache | None,
    pattern: str,
) -> int:
    """Return how many files and answers were searched for a pattern without finding it."""
    places, number = [], 0
    for store in stores:
        for each in store.segments():
            number += 1
            try:
                if _found(each.read(each.days, WHOLE).table, pattern).any():
                    places.append(str(each.path.relative_to(folder)))
            except StoreError as error:
                places.append(f"{each.path.relative_to(folder)} ({error})")
    for ledger in ledgers:
        number += 1
        if _found(ledger.read(2**62), pattern).any():
            places.append(str(ledger.folder.relative_to(folder)))
    number += 0 if pages is None else len(pages.all_keys())
    places += [f"answer {each[:12]}" for each in _answers_with(pages, pattern)]
    if places:
        more = f" and {len(places) - _SHOWN} more places" if len(places) > _SHOWN else ""
        msg = (
            f"the number is still found in {', '.join(places[:_SHOWN])}{more}: another load may be under way"
        )
        raise CacheError(f"{msg}. Forget it again.")
    return number
