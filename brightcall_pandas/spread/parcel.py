"""What one cache holds, on its way into another one."""

from __future__ import annotations

from dataclasses import dataclass, field

from brightcall_pandas.account import Account
from brightcall_pandas.api.entry import read_entry, written_entry
from brightcall_pandas.cache import Cache
from brightcall_pandas.private import write_private

__all__ = ["Parcel", "packed", "unpacked"]


@dataclass(frozen=True)
class Parcel:
    """The content of a small cache. Its repr shows none of it, since dashboards and logs show reprs.

    Parameters
    ----------
    calls
        Number of calls.
    pages
        Answers by key, as the first tier writes them.
    segments
        Files of the second tier by query and name.
    learnt
        What was learnt about the account.
    """

    calls: int
    pages: dict[str, bytes] = field(repr=False)
    segments: dict[tuple[str, str], bytes] = field(repr=False)
    learnt: Account = field(repr=False)


def packed(cache: Cache) -> Parcel:
    """Return all that a cache holds."""
    answers = {key: cache.pages.get_response(key) for key in cache.pages.all_keys()}
    return Parcel(
        calls=cache.info()["calls"],
        pages={
            key: written_entry(answer.request, answer.content, answer.created_at)
            for key, answer in answers.items()
            if answer is not None
        },
        segments={
            (path.parent.name, path.name): path.read_bytes()
            for path in cache.folder.glob("windows/*/*.parquet")
        },
        learnt=cache.account,
    )


def unpacked(parcel: Parcel, cache: Cache) -> None:
    """Put a parcel into a cache; one that cannot be written stays as it is, and says so once."""
    # Not that days begin elsewhere: the caller finds that out itself, begins anew, and says so.
    facts = {name: getattr(parcel.learnt, name) for name in ("timezone", "page_cap")}
    cache.learn(**{name: value for name, value in facts.items() if value})
    cache.pages.keep({key: entry for key, entry in parcel.pages.items() if read_entry(entry) is not None})
    try:
        for (query, name), content in parcel.segments.items():
            store = cache.prepared(cache.store(query))
            write_private(store.folder / name, content)
            cache.pages.forget(store.sweep() - parcel.pages.keys())
    except OSError as error:
        cache.failed(error)
