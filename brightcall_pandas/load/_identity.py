"""Which rows of several answers are the same call.

A call is known by its ``id`` and ``uniqueId`` together, since ids that a program has rounded are shared by
many calls, and an empty ``uniqueId`` matches any. Where the id is unusable, ``uniqueId`` and the fields that
never change stand for it. Rows that agree in these too are told apart by all of their fields, but only as far
as one answer shows them side by side: in two answers they may be one call that was edited in between.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from brightcall_pandas.frame import CONSTANT_FIELDS, FIELDS, NO_ID, Page, typed_array

__all__ = ["Identities"]

_GAP = "\0"  # stands in no id


class Identities:
    """Names rows, so that the same call has the same name in every answer.

    The name of a call with an id of its own is that id. One object serves the answers of one window: the
    names of the others depend on what was seen before.
    """

    def __init__(self) -> None:
        self._unique_ids: dict[str, str] = {}  # by id, the first that is not empty
        self._shared: set[str] = set()  # ids of several calls
        self._alike: dict[str, dict[tuple[str, int], str]] = defaultdict(dict)  # name by content and copy

    def names(self, page: Page) -> list[str]:
        """Return the name of every row of an answer."""
        ids, unique_ids = _texts(page, "id"), _texts(page, "uniqueId")
        if NO_ID.isdisjoint(ids) and list(map(self._unique_ids.setdefault, ids, unique_ids)) == unique_ids:
            return ids
        return self._odd_names(page, ids, unique_ids)

    def _odd_names(self, page: Page, ids: Sequence[str], unique_ids: Sequence[str]) -> list[str]:
        constant = list(zip(*(page.values(name) for name in CONSTANT_FIELDS), strict=True))
        names: list[str] = []
        alike: dict[str, list[int]] = defaultdict(list)
        for row, (id_, unique_id) in enumerate(zip(ids, unique_ids, strict=True)):
            known = id_ not in NO_ID
            names.append(self._by_id(id_, unique_id) if known else "")
            if not names[-1]:
                times = "" if unique_id else repr(page.values("timestamp")[row])
                shared = id_ if known else ""
                alike[_GAP.join((shared, unique_id, repr(constant[row]), times))].append(row)
        if alike:
            whole = list(map(repr, zip(*(page.values(name) for name in FIELDS), strict=True)))
            for like, rows in alike.items():
                for row, name in zip(rows, self._told_apart(like, [whole[row] for row in rows]), strict=True):
                    names[row] = name
        return names

    def _by_id(self, id_: str, unique_id: str) -> str:
        """Return the name of a call with an id; empty where the id does not tell which call it is."""
        first = self._unique_ids.setdefault(id_, unique_id)
        if not unique_id:
            return "" if id_ in self._shared else id_
        if not first:
            self._unique_ids[id_] = unique_id
        elif first != unique_id:
            self._shared.add(id_)
            return id_ + _GAP + unique_id
        return id_

    def _told_apart(self, like: str, contents: Sequence[str]) -> list[str]:
        """Return names of rows of one answer that only the rest of their fields can tell apart."""
        known, copies = self._alike[like], Counter[str]()
        keys = []
        for content in contents:
            keys.append((content, copies[content]))
            copies[content] += 1
        taken: set[str] = set()
        names: dict[tuple[str, int], str] = {}
        for key in keys:
            if key in known and known[key] not in taken:
                names[key] = known[key]
                taken.add(known[key])
        free = [name for name in dict.fromkeys(known.values()) if name not in taken]
        for key in keys:
            if key not in names:  # edited since an earlier answer, or not seen before
                names[key] = free.pop(0) if free else f"{like}{_GAP}{len(set(known.values()))}"
                known[key] = names[key]
        return [names[key] for key in keys]


def _texts(page: Page, name: str) -> list[str]:
    typed, _ = typed_array(page.columns[name], FIELDS[name])
    values: list[str] = typed.to_pylist()
    if None in values:
        return ["" if value is None else value for value in values]
    return values
