"""What was learnt about an account, kept in its folder."""

from __future__ import annotations

import contextlib
import zlib
from pathlib import Path
from typing import Any

import msgspec

from brightcall_pandas.cache._files import private_folder, write_private

__all__ = ["Account", "known_account", "learn"]


class Account(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was learnt about an account.

    Parameters
    ----------
    timezone
        Zone that its answers name.
    page_cap
        Rows a page that the server sends at most, once it refused more.
    other_bounds
        Whether its days begin in another zone than the one asked for.
    """

    timezone: str | None = None
    page_cap: int | None = None
    other_bounds: bool = False


class _Checked(msgspec.Struct):
    """As it is written: with a checksum, since a flipped bit must not name another timezone."""

    account: msgspec.Raw
    crc32: int


def known_account(path: Path) -> Account:
    """Return what a file says; nothing where it is missing or damaged."""
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=_Checked)
        sound = zlib.crc32(kept.account) == kept.crc32
        return msgspec.json.decode(kept.account, type=Account) if sound else Account()
    except (OSError, msgspec.DecodeError):
        return Account()


def learn(path: Path, **facts: Any) -> None:
    """Remember facts about an account; when they cannot be written they are learnt again next time."""
    known = known_account(path)
    learnt = msgspec.structs.replace(known, **facts)
    if learnt == known:
        return
    content = msgspec.json.encode(learnt)
    with contextlib.suppress(OSError):
        private_folder(path.parent)
        write_private(path, msgspec.json.encode(_Checked(msgspec.Raw(content), zlib.crc32(content))))
