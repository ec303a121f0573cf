"""A key among the arguments is refused before anything reads them: error messages quote arguments."""

from __future__ import annotations

import os
from collections.abc import Sequence

__all__ = ["refused_key"]

API_KEY, PSEUDONYM_KEY = "BRIGHTCALL_API_KEY", "BRIGHTCALL_PSEUDONYM_KEY"

_API = ("key", "apikey", "api-key", "token", "brightcall-api-key")
_PSEUDONYM = ("pseudonym-key", "pseudonymize-key", "pseudonymize-key", "brightcall-pseudonym-key")
_OPTIONS = dict.fromkeys(_API, API_KEY) | dict.fromkeys(_PSEUDONYM, PSEUDONYM_KEY)


def refused_key(arguments: Sequence[str]) -> str | None:
    """Return why these arguments are refused; None where none of them gives a key."""
    for argument in arguments:
        name, assigned, _ = argument.partition("=")
        plain = name.lstrip("-").lower().replace("_", "-")
        is_option = argument.startswith("-")
        if plain in _OPTIONS and (is_option or (assigned and plain.startswith("brightcall"))):
            return _why(_OPTIONS[plain])
        for variable in (API_KEY, PSEUDONYM_KEY):
            if (key := os.environ.get(variable)) and len(key) >= 8 and key in argument:
                return _why(variable)
    return None


def _why(variable: str) -> str:
    return (
        "a key on the command line is refused: it stays in the shell's history, and every user of this "
        "machine sees it in the list of processes. Nothing was done with it. "
        f"Set {variable} in the environment instead, and take this line out of the history."
    )
