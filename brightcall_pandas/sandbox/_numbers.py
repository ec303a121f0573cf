"""How an account writes the numbers of its clients, and what stands for one that is withheld."""

from __future__ import annotations

from typing import Any, Literal

__all__ = ["NumberForms", "write_numbers"]

NumberForms = Literal["e164", "mixed"]

_COUNTRY_CODE, _PREFIX = "+49", 3  # all clients have mobile numbers of Germany
_WITHHELD = ("anonymous", "Restricted", "+266696687", "", "unknown", "Private number")
_EVERY = 7  # one inbound call in so many withholds its number besides; the form changes as often


def write_numbers(call: dict[str, Any], forms: NumberForms) -> None:
    """Write the client's number of a call, wherever it stands, in the form that this call has it."""
    if forms == "e164":
        return
    number, caller = call["clientNumber"], call["fromNumber"]
    turn, rest = divmod(int(call["id"]), _EVERY)
    if caller == "anonymous" or (caller == number and not rest):
        call["clientNumber"] = call["fromNumber"] = _WITHHELD[turn % len(_WITHHELD)]
    elif number is not None:
        written = _spelled(number, turn)
        for name in ("fromNumber", "toNumber", "toAnswer"):
            if call[name] == number:
                call[name] = written
        call["clientNumber"] = written


def _spelled(number: str, turn: int) -> str:
    national = number.removeprefix(_COUNTRY_CODE)
    prefix, rest = national[:_PREFIX], national[_PREFIX:]
    forms = (
        number,
        f"0049{national}",
        f"0{prefix} {rest}",
        f"+49 (0){prefix}/{rest[:4]}-{rest[4:]}",
        f"sip:{number}@sip.example.com",
        f"0{prefix}.{rest[:3]}.{rest[3:]}",
    )
    return forms[turn % len(forms)]
