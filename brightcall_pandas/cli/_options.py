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

__all__ = [
    "API_KEY",
    "PLAIN",
    "PSEUDONYM_KEY",
    "Account",
    "AsJson",
    "CacheDir",
    "checked_arguments",
    "checked_client",
    "json_object",
    "refused_key",
]

API_KEY, PSEUDONYM_KEY = "BRIGHTCALL_API_KEY", "BRIGHTCALL_PSEUDONYM_KEY"
_API = ("key", "apikey", "api-key", "token", "brightcall-api-key")
_PSEUDONYM = ("pseudonym-key", "pseudonymize-key", "pseudonymise-key", "brightcall-pseudonym-key")
_KEY_OPTIONS = dict.fromkeys(_API, API_KEY) | dict.fromkeys(_PSEUDONYM, PSEUDONYM_KEY)

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
    typer.Option(help="Name of the account. Default: from BRIGHTCALL_API_KEY and BRIGHTCALL_BASE_URL."),
]
CacheDir = Annotated[
    Path | None,
    typer.Option(help="Cache folder. Default: BRIGHTCALL_CACHE_DIR, then the nearest data_cache folder."),
]


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
    for argument in arguments:
        name, assigned, _ = argument.partition("=")
        plain = name.lstrip("-").lower().replace("_", "-")
        is_option = argument.startswith("-")
        if plain in _KEY_OPTIONS and (is_option or (assigned and plain.startswith("brightcall"))):
            return _refusal(_KEY_OPTIONS[plain])
        for variable in (API_KEY, PSEUDONYM_KEY):
            if (key := _key_of(variable)) is not None and key.scrubbed(argument) != argument:
                return _refusal(variable)
    return None


def _key_of(variable: str) -> ApiKey | None:
    try:
        return read_key(variable, Hidden(os.environ.get(variable)))
    except ValueError:  # whoever uses it says so
        return None


def _refusal(variable: str) -> str:
    return (
        "keys are not accepted on the command line: they stay in the shell's history, and every user of this "
        "machine can see them in the list of processes. Nothing was done. "
        f"Set {variable} in the environment instead, and remove this line from the history."
    )
