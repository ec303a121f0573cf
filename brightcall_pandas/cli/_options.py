"""What several commands share: options, and how a wrong argument is told."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from brightcall_pandas.errors import AuthenticationError

__all__ = ["PLAIN", "Account", "AsJson", "CacheDir", "asked_rightly", "checked_arguments", "json_object"]

PLAIN: dict[str, Any] = {
    "rich_markup_mode": None,
    "no_args_is_help": True,
    "context_settings": {"help_option_names": ["-h", "--help"]},
    "add_completion": False,
    # Rich tracebacks print local variables, and one of them could be the API key.
    "pretty_exceptions_enable": False,
}

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Account = Annotated[
    str | None,
    typer.Option(help="Whose cache. Default: follows from BRIGHTCALL_API_KEY and BRIGHTCALL_BASE_URL."),
]
CacheDir = Annotated[
    Path | None,
    typer.Option(help="Cache folder. Default: BRIGHTCALL_CACHE_DIR, else the nearest data_cache."),
]


@contextlib.contextmanager
def asked_rightly() -> Iterator[None]:
    """Show what the library says of a wrong argument as a usage error."""
    try:
        with checked_arguments():
            yield
    except AuthenticationError:
        msg = "whose cache? Give --account, or set BRIGHTCALL_API_KEY to the key that it was filled with"
        raise typer.BadParameter(msg) from None


@contextlib.contextmanager
def checked_arguments() -> Iterator[None]:
    """Show a `TypeError` or `ValueError` as a usage error."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise typer.BadParameter(str(error)) from None


def json_object(option: str, text: str) -> dict[str, Any]:
    """Read the JSON object that an option takes."""
    with contextlib.suppress(json.JSONDecodeError):
        if isinstance(value := json.loads(text), dict):
            return value
    msg = f"--{option} takes a JSON object, not {text}"
    raise ValueError(msg)
