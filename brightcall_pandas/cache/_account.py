"""Facts learnt about an account, kept in its folder."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from brightcall_pandas.cache._files import private_folder, write_private

__all__ = ["Account", "Fact", "known_account", "learn", "learn_of_server"]


class Fact(msgspec.Struct, frozen=True):
    """Something that a server was seen to do.

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


class Account(msgspec.Struct, frozen=True, omit_defaults=True):
    """Facts learnt about an account.

    Parameters
    ----------
    timezone
        Timezone named by its answers.
    other_bounds
        Whether its days start in another timezone than the one asked for.
    server
        What its server was seen to do with requests.
    """

    timezone: str | None = None
    other_bounds: bool = False
    server: tuple[Fact, ...] = ()


class _Checked(msgspec.Struct):
    """The file: with a checksum, since a flipped bit must not name another timezone."""

    account: msgspec.Raw
    crc32: int


def known_account(path: Path) -> Account:
    """Return the facts in a file; none when it is missing or damaged."""
    try:
        checked = msgspec.json.decode(path.read_bytes(), type=_Checked)
        intact = zlib.crc32(checked.account) == checked.crc32
        return msgspec.json.decode(checked.account, type=Account) if intact else Account()
    except (OSError, msgspec.DecodeError):
        return Account()


def learn(path: Path, **facts: Any) -> None:
    """Write facts about an account; if that fails, they are learnt again next time."""
    known = known_account(path)
    learnt = msgspec.structs.replace(known, **facts)
    if learnt == known:
        return
    content = msgspec.json.encode(learnt)
    with contextlib.suppress(OSError):
        private_folder(path.parent)
        write_private(path, msgspec.json.encode(_Checked(msgspec.Raw(content), zlib.crc32(content))))


def learn_of_server(path: Path, seen: str, facts: Mapping[str, Any]) -> None:
    """Write what a server was seen to do on a day; what was known under the same name is replaced."""
    known = {each.name: each for each in known_account(path).server}
    new = {name: Fact(name, value, seen) for name, value in facts.items()}
    learn(path, server=tuple((known | new).values()))
