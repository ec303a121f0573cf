"""Consoles that lack something: characters, as Windows' code pages do, or somebody who types."""

from __future__ import annotations

import codecs
import io
import sys

__all__ = ["print_whatever_can_be_printed", "read_nothing_where_nobody_types"]

_ERRORS = "brightcall"
_PLAIN = {
    "…": "...",
    "→": "->",
    "–": "-",
    "—": "-",
    "«": '"',
    "»": '"',
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "·": "*",
    "×": "x",
    "≥": ">=",
    "≤": "<=",
    "█": "#",
    "\u00a0": " ",
}


def print_whatever_can_be_printed() -> None:
    """Write something plain in the place of what the encoding of a stream lacks, instead of failing."""
    codecs.register_error(_ERRORS, _plainly)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_ERRORS)


def read_nothing_where_nobody_types() -> None:
    """Make a question end at once where there is no standard input, as in services."""
    if sys.stdin is None:
        sys.stdin = io.StringIO()


def _plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_PLAIN.get(each, "?") for each in lacking), error.end
