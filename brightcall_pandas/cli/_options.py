"""What the commands share: options, usage errors, and refusing keys given as arguments."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import typer

from brightcall_pandas.api import ApiKey, Hidden, read_key
from brightcall_pandas.errors import AuthenticationError
from brightcall_pandas.frame import has_own_end
from brightcall_pandas.load import KEY_VARIABLE, find_key
from brightcall_pandas.load import PSEUDONYM_KEY_VARIABLE as PSEUDONYM_KEY

__all__ = [
    "PLAIN",
    "PSEUDONYM_KEY",
    "Account",
    "AsJson",
    "CacheDir",
    "ComparedFilters",
    "FirstDay",
    "LastDay",
    "checked_arguments",
    "checked_client",
    "json_object",
    "last_day",
    "refused_key",
]

_API = ("key", "apikey", "api-key", "token", "brightcall-api-key")
_PSEUDONYM = ("pseudonym-key", "pseudonymize-key", "pseudonymise-key", "brightcall-pseudonym-key")
_KEY_OPTIONS = dict.fromkeys(_API, KEY_VARIABLE) | dict.fromkeys(_PSEUDONYM, PSEUDONYM_KEY)

PLAIN: dict[str, Any] = {
    "rich_markup_mode": None,
    "no_args_is_help": True,
    "context_settings": {"help_option_names": ["-h", "--help"]},
    "add_completion": False,
    # Rich tracebacks show local variables, and one of them could be the API key.
    "pretty_exceptions_enable": False,
}

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Account = Annotated[
    str | None,
    typer.Option(help="Name of the account. Default: from the API key and BRIGHTCALL_BASE_URL."),
]
CacheDir = Annotated[
    Path | None,
    typer.Option(help="Cache folder. Default: BRIGHTCALL_CACHE_DIR, then the nearest data_cache folder."),
]
FirstDay = Annotated[
    str,
    typer.Argument(
        help="First day: YYYY-MM-DD, today, yesterday, 30d for 30 days up to the last one, or that of a "
        'period: 2026-03, 2026-W10, 2026-Q1, 2026, "last month", "this week".'
    ),
]
LastDay = Annotated[
    str | None,
    typer.Argument(
        help="Last day, inclusive: YYYY-MM-DD, today, yesterday, or that of a period. Default: that of the "
        "period given as first day, else yesterday.",
        show_default=False,
    ),
]
ComparedFilters = Annotated[
    str, typer.Option(metavar="JSON", help='Filters of the loads to compare: {"types": "inbound"}.')
]


def last_day(day_from: str, day_to: str | None) -> str | None:
    """Return the last day of commands that run every night: yesterday, unless the first day is a period."""
    return "yesterday" if day_to is None and not has_own_end(day_from) else day_to


@contextlib.contextmanager
def checked_client() -> Iterator[None]:
    """Report a wrong argument, or a missing account, as a usage error."""
    try:
        with checked_arguments():
            yield
    except AuthenticationError:
        msg = "no account: give --account, or set BRIGHTCALL_API_KEY to the key that filled the cache"
        raise typer.BadParameter(msg) from None


@contextlib.contextmanager
def checked_arguments() -> Iterator[None]:
    """Report a `TypeError` or `ValueError` as a usage error."""
    try:
        yield
    except (UnicodeError, pa.ArrowException):  # ValueErrors in name only: they come of files and answers
        raise
    except (TypeError, ValueError) as error:
        raise typer.BadParameter(str(error)) from None


def json_object(option: str, text: str) -> dict[str, Any]:
    """Return the JSON object given for an option."""
    with contextlib.suppress(json.JSONDecodeError):
        if isinstance(value := json.loads(text), dict):
            return value
    msg = f"--{option} takes a JSON object, not {text}"
    raise ValueError(msg)


def refused_key(arguments: Sequence[str]) -> str | None:
    """Return why these arguments are refused, or None if no key is among them.

    This comes before anything parses them, because error messages quote arguments.
    """
    keys = _known_keys()
    for argument in arguments:
        name, assigned, _ = argument.partition("=")
        plain = name.lstrip("-").lower().replace("_", "-")
        is_option = argument.startswith("-")
        if plain in _KEY_OPTIONS and (is_option or (assigned and plain.startswith("brightcall"))):
            return _refusal(_KEY_OPTIONS[plain])
        for variable, key in keys.items():
            if key.scrubbed(argument) != argument:
                return _refusal(variable)
    return None


def _known_keys() -> dict[str, ApiKey]:
    """Return the keys that are found without asking anybody, by the variable to set."""
    keys: dict[str, ApiKey | None] = {}
    with contextlib.suppress(ValueError):  # whoever uses it says so
        keys[KEY_VARIABLE] = find_key(Hidden(None), ask_keyring=False)
    with contextlib.suppress(ValueError):
        keys[PSEUDONYM_KEY] = read_key(PSEUDONYM_KEY, Hidden(os.environ.get(PSEUDONYM_KEY)))
    return {variable: key for variable, key in keys.items() if key is not None}


def _refusal(variable: str) -> str:
    return (
        "keys are not accepted on the command line: they stay in the shell's history, and every user of this "
        "machine can see them in the list of processes. Nothing was done. "
        f"Set {variable} in the environment instead, and remove this line from the history."
    )
