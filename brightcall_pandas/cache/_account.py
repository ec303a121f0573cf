"""Facts learnt about an account, kept in its folder, each with the day on which it was learnt."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from brightcall_pandas.cache._files import exclusive, private_folder, read_file, write_private

__all__ = ["Account", "Fact", "known_account", "learn", "server_address"]

_PORTS = {"http": 80, "https": 443}
_OURS = ("base_url", "timezone", "other_bounds", "agent", "ledger", "sandbox_days")


class Fact(msgspec.Struct, frozen=True):
    """Something that was seen of an account.

    Parameters
    ----------
    name, value
        What it is called, and what was seen.
    seen
        Day on which it was learnt, in ISO form.
    """

    name: str
    value: Any
    seen: str


class Account(msgspec.Struct, frozen=True):
    """Facts learnt about an account.

    Parameters
    ----------
    facts
        All of them.
    """

    facts: tuple[Fact, ...] = ()

    @property
    def base_url(self) -> str | None:
        """Address whose answers are kept."""
        address: str | None = self._value("base_url")
        return address

    @property
    def timezone(self) -> str | None:
        """Timezone named by its answers."""
        zone: str | None = self._value("timezone")
        return zone

    @property
    def other_bounds(self) -> bool:
        """Whether its days start in another timezone than the one asked for."""
        return bool(self._value("other_bounds"))

    @property
    def agent(self) -> str | None:
        """Field that tells the agents of its calls."""
        field: str | None = self._value("agent")
        return field

    @property
    def ledger(self) -> Mapping[str, Any] | None:
        """What its ledger was last told to keep of personal values."""
        told: Mapping[str, Any] | None = self._value("ledger")
        return told

    @property
    def sandbox_days(self) -> tuple[str, str] | None:
        """First and last day that has calls, where the server is a sandbox."""
        days = self._value("sandbox_days")
        return None if days is None else (str(days[0]), str(days[1]))

    @property
    def server(self) -> tuple[Fact, ...]:
        """What its server was seen to do with requests."""
        return tuple(each for each in self.facts if each.name not in _OURS)

    def _value(self, name: str) -> Any:
        return next((each.value for each in self.facts if each.name == name), None)


class _Checked(msgspec.Struct):
    """The file: with a checksum, since a flipped bit must not name another timezone."""

    account: msgspec.Raw
    crc32: int


# Made here, and not with the first file: msgspec crashes where two threads are the first to decode a type.
_CHECKED = msgspec.json.Decoder(_Checked)
_ACCOUNT = msgspec.json.Decoder(Account)


def known_account(path: Path) -> Account:
    """Return the facts in a file; none when it is missing or damaged."""
    try:
        checked = _CHECKED.decode(read_file(path))
        intact = zlib.crc32(checked.account) == checked.crc32
        return _ACCOUNT.decode(checked.account) if intact else Account()
    except (OSError, msgspec.DecodeError):
        return Account()


def learn(path: Path, seen: str, facts: Mapping[str, Any], known: Account | None = None) -> Account | None:
    """Write facts learnt on a day; another value that was known under the same name is replaced.

    Parameters
    ----------
    path
        The file.
    seen
        The day.
    facts
        What was learnt.
    known
        What is known already; None reads it from the file.

    Returns
    -------
    Account
        All that is known, where it cannot be written; None where it stands in the file.
    """
    if _with_news(known or known_account(path), seen, facts) is None:
        return known
    try:
        private_folder(path.parent)
        with exclusive(path.parent):  # another process may be learning something else
            account = _with_news(known or known_account(path), seen, facts)
            if account is not None:
                content = msgspec.json.encode(account)
                write_private(path, msgspec.json.encode(_Checked(msgspec.Raw(content), zlib.crc32(content))))
    except OSError:
        return _with_news(known or known_account(path), seen, facts)
    return None


def _with_news(known: Account, seen: str, facts: Mapping[str, Any]) -> Account | None:
    """Return what is known with new facts; None where none of them is new."""
    before = {each.name: each for each in known.facts}
    new = {name: Fact(name, msgspec.to_builtins(value), seen) for name, value in facts.items()}
    new = {name: each for name, each in new.items() if name not in before or each.value != before[name].value}
    return Account(tuple((before | new).values())) if new else None


def server_address(url: str) -> str:
    """Return the address of a server in the one form in which addresses are compared.

    Raises
    ------
    ValueError
        It is not scheme, host, port and path; not quoted, since a key may stand in it.
    """
    msg = "base_url takes scheme, host and port only, for example https://api.example"
    if any(mark in url for mark in "?#@"):
        raise ValueError(msg)
    parts = urlsplit(url.strip().rstrip("/"))
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(msg)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = "" if parts.port in (None, _PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}{parts.path}"
