"""What is known of an account, as a person reads it; and whose calls its cache may hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from brightcall_pandas.api import is_this_machine
from brightcall_pandas.cache import Account, Cache, Fact, server_address
from brightcall_pandas.errors import CacheError
from brightcall_pandas.load._proof import NEWEST_FIRST, OBEYED, OLDEST_FIRST

__all__ = ["AccountServer", "KnownAccount", "unusual"]

_SANDBOX = "sandbox-"  # begins the names that sandboxes give their accounts
_OF_THE_ACCOUNT = ("base_url", "timezone", "most_rows")  # how many calls came at once tells how busy it is


@dataclass(frozen=True, repr=False)
class KnownAccount:
    """What is known of an account: what loads have seen of it, and when.

    It is a snapshot of a file in the account's cache: `client.cache.clear()` deletes that, and what a later
    load contradicts is replaced.

    Parameters
    ----------
    name
        Whose cache it is.
    known
        The facts in the file.

    Examples
    --------
    >>> zone, depth = Fact("timezone", "Europe/Berlin", "2026-03-04"), Fact("depth", 1000, "2026-03-09")
    >>> KnownAccount("acme", Account((zone, depth)))
    account 'acme'
      2026-03-04  its answers name the timezone Europe/Berlin
      2026-03-09  the server shows no calls beyond position 1,000 of a list
    """

    name: str
    known: Account

    @property
    def base_url(self) -> str | None:
        """Address whose answers are kept; None as long as none has come."""
        return self.known.base_url

    @property
    def timezone(self) -> str | None:
        """Timezone that the answers name; None as long as it is not known."""
        return self.known.timezone

    @property
    def other_bounds(self) -> bool:
        """Whether days start in another timezone than asked for, so that a day more is read at both ends."""
        return self.known.other_bounds

    @property
    def agent(self) -> str | None:
        """Field that tells the agents of its calls; None as long as too few were answered to say."""
        return self.known.agent

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What the server was seen to do with requests: ``name``, ``value``, and the day, ``seen``."""
        return self.known.server

    @property
    def shareable(self) -> tuple[str, ...]:
        """The facts, a line each, that tell of the server and nothing of the account."""
        facts = (*(each for each in self.known.facts if each.name == "agent"), *self.facts)
        told = (each for each in facts if each.name in _SENTENCES and each.name not in _OF_THE_ACCOUNT)
        return tuple(_lines(told))

    def __repr__(self) -> str:
        lines = _lines(self.known.facts) or ["nothing is known yet: the first load learns it"]
        return "\n  ".join([f"account {self.name!r}", *lines])


def _lines(facts: Iterable[Fact]) -> list[str]:
    """Return one line a fact: when and what; none of what turned out to be unknown."""
    return [f"{each.seen}  {_sentence(each)}" for each in facts if each.value not in (None, [])]


def _sentence(fact: Fact) -> str:
    try:
        return _SENTENCES[fact.name](fact.value)
    except (KeyError, TypeError, ValueError):  # of another version
        return f"{fact.name}: {fact.value}"


def _step(step: int) -> str:
    if step == 0:
        return "the server sends pages in the sizes of a list only"
    return (
        "the server sends pages of any size"
        if step == 1
        else f"the server sends pages in multiples of {step}"
    )


def _numbers(numbers: Sequence[int]) -> str:
    *most, last = map(str, numbers)
    return f"{', '.join(most)} and {last}" if most else last


_ORDERS = {
    OBEYED: "the server sorts in the direction asked for",
    NEWEST_FIRST: "the server sends the newest calls first, whatever is asked for",
    OLDEST_FIRST: "the server sends the oldest calls first, whatever is asked for",
}
_SENTENCES: dict[str, Callable[[Any], str]] = {
    "base_url": lambda address: f"its answers come from {address}",
    "timezone": lambda zone: f"its answers name the timezone {zone}",
    "agent": lambda field: f"its agents are told by {field}",
    "other_bounds": lambda other: (
        "the server starts days in another timezone than asked for: a day more is read at both ends"
        if other
        else "the server starts days in the timezone asked for"
    ),
    "sizes": lambda sizes: f"the server sends pages of {_numbers(sizes)} calls when asked for them",
    "step": _step,
    "refused": lambda sizes: f"the server refuses pages of {_numbers(sizes)} calls",
    "order": lambda order: _ORDERS.get(order, f"the server sorts otherwise than asked for: {order}"),
    "exact_totals": lambda exact: f"its totals are {'exact' if exact else 'not exact'}",
    "most_rows": lambda rows: f"the server sent {rows:,} calls in one page, and never more",
    "depth": lambda depth: f"the server shows no calls beyond position {depth:,} of a list",
    "first_page": lambda first: f"the server counts pages from {first}",
    "constant_totals": lambda constant: (
        "its totals are the same whatever is asked for" if constant else "its totals answer the question"
    ),
    "agreed": lambda windows: f"windows without a total that a second reading confirmed: {windows}",
    "exclusive": lambda left_out: (
        f"the server {'leaves out' if left_out else 'includes'} the last day of a range"
    ),
}
"""What each fact says, by the names of the file; any other is shown as it stands there."""


_USUAL = {
    "step": 1,
    "order": OBEYED,
    "exact_totals": True,
    "depth": None,
    "first_page": 1,
    "exclusive": False,
    "constant_totals": None,
}
"""What most servers do."""


def unusual(facts: Mapping[str, Any]) -> dict[str, str]:
    """Return in words, by name, what a server does that most others do not."""
    odd = {name for name in facts.keys() & _USUAL.keys() if facts[name] not in (None, _USUAL[name])}
    return {name: _sentence(Fact(name, facts[name], "")) for name in sorted(odd)}


class AccountServer:
    """The one server whose answers an account's cache holds.

    Parameters
    ----------
    cache, name
        The account's cache, and its name.
    base_url
        Address of the server that is about to be asked.
    """

    def __init__(self, cache: Cache, name: str, base_url: str) -> None:
        self._cache = cache
        self._name = name
        self._address = server_address(base_url)
        self._noted = False

    def check(self) -> None:
        """Make sure that the cache has no calls of another server.

        Raises
        ------
        CacheError
            It has; the message names both.
        """
        known = self._cache.account.base_url
        self._noted = known is not None
        if known is not None and known != self._address and not self._is_sandbox(known):
            msg = (
                f"the cache of account={self._name!r} holds calls of {known}, and this client asks "
                f"{self._address}: they must not be mixed. Give each server an account= of its own; if both "
                f"serve the same account, say so with client.cache.adopt({self._address!r})."
            )
            raise CacheError(msg)

    def note(self) -> None:
        """Write down, with a good answer, that the cache is of this server.

        Raises
        ------
        CacheError
            Meanwhile it has become another one's.
        """
        if not self._noted:
            self.check()
            self._cache.learn(base_url=self._address)
            self._noted = True

    def _is_sandbox(self, known: str) -> bool:
        """Tell whether both are one sandbox, whose name says which calls it has and whose port may change."""
        hosts = (urlsplit(each).hostname for each in (known, self._address))
        return self._name.startswith(_SANDBOX) and all(map(is_this_machine, hosts))
