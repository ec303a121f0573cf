"""The API key: known to the adapter alone, and taken out of everything that comes back."""

from __future__ import annotations

import hashlib
import hmac
import html
import json
import logging
import re
import string
import traceback
from collections.abc import Callable
from typing import NoReturn
from urllib.parse import quote, quote_plus
from weakref import WeakSet

__all__ = ["ApiKey", "Hidden", "hide_keys_in_logs", "read_key"]

_NAME = "api-key="
_PARAMETER = re.compile(rf"({_NAME})[^&\s\"']+", re.IGNORECASE)
_HIDDEN = "[api-key]"
_TELLING = 8  # characters from which on a key does not stand in a call's own text by chance
_AROUND = f"{string.whitespace}\"'`\ufeff\u00a0\u200b\u2060\u2018\u2019\u201c\u201d\u00ab\u00bb"
"""What is copied along with a key: blanks, quotes, a byte order mark."""


class Hidden:
    """Something that may be a key, out of the sight of tracebacks that show local variables.

    Parameters
    ----------
    value
        What was given as the key.
    """

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value

    def __repr__(self) -> str:
        return _HIDDEN


class ApiKey:
    """A key that does not show itself.

    Parameters
    ----------
    value
        The key.
    """

    __slots__ = ("__weakref__", "_forms", "_value")

    def __init__(self, value: str) -> None:
        self._value = value
        # A key of few letters may be part of a name or a number: then only where it is called a key.
        before = "" if len(value) >= _TELLING else _NAME
        self._forms = [(before + form, before + _HIDDEN) for form in _written(value)]

    def added_to(self, url: str) -> str:
        """Return the URL with the key in its query."""
        return f"{url}{'&' if '?' in url else '?'}{_NAME}{quote(self._value, safe='')}"

    def scrubbed(self, text: str) -> str:
        """Return a text without the key."""
        for form, hidden in self._forms:
            text = text.replace(form, hidden)
        return text

    def scrubbed_bytes(self, content: bytes) -> bytes:
        """Return content without the key."""
        for form, hidden in self._forms:
            content = content.replace(form.encode(), hidden.encode())
        return content

    def fingerprint(self, salt: str) -> str:
        """Return a short hash that tells keys apart, and tells nothing of them."""
        return hashlib.sha256(f"{salt}\n{self._value}".encode()).hexdigest()[:16]

    def is_same(self, other: ApiKey) -> bool:
        """Tell whether another one is the same key."""
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def handed_to(self, keeper: Callable[[str], object]) -> None:
        """Hand the key to what is to keep it."""
        keeper(self._value)

    def __repr__(self) -> str:
        return _HIDDEN

    def __reduce__(self) -> NoReturn:
        """Refuse to be written into a file."""
        msg = "an API key cannot be pickled: create the client again where it is needed"
        raise TypeError(msg)


def read_key(name: str, given: Hidden) -> ApiKey | None:
    """Return the key that was given, without blanks, quotes or a byte order mark around it; None for none.

    Parameters
    ----------
    name
        Where it was given, for messages.
    given
        What was given.

    Raises
    ------
    TypeError, ValueError
        It cannot be a key; the message does not quote it.
    """
    if given.value is None:
        return None
    if not isinstance(given.value, str):
        msg = f"{name} takes text, not {type(given.value).__name__}"
        raise TypeError(msg)
    given = Hidden(given.value.strip(_AROUND))
    if not given.value:
        return None
    if not str(given.value).isprintable():
        msg = f"{name} holds a line break or another character that no key has: copy the key again"
        raise ValueError(msg)
    return ApiKey(str(given.value))


def _written(value: str) -> list[str]:
    """Return the ways in which a server may write the key back, the longest first."""
    quoted = {quote(value, safe=""), quote(value), quote_plus(value)}
    lower = {re.sub("%..", lambda code: code[0].lower(), each) for each in quoted}
    texts = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    slashed = {each.replace("/", "\\/") for each in texts}
    # .NET escapes what HTML could take for its own, and "+", which keys in base 64 have.
    bare = value.replace("\\", "\\\\")
    escaped = re.sub("[\"&'+<>`]|[^ -~]", lambda sign: f"\\u{ord(sign[0]):04X}", bare)
    # HTTP headers are read as Latin-1, whatever they were written in.
    header = value.encode().decode("latin-1")
    forms = {value, header, html.escape(value), *quoted, *lower, *texts, *slashed, escaped}
    return sorted(forms, key=len, reverse=True)


class _HideKeys(logging.Filter):
    """Take keys out of what urllib3 logs: of requests the query, of broken headers what they say."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: WeakSet[ApiKey] = WeakSet()

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self._scrubbed(record.getMessage()), ()
        if record.exc_info:
            record.exc_text = self._scrubbed("".join(traceback.format_exception(*record.exc_info)).rstrip())
            record.exc_info = None
        return True

    def _scrubbed(self, text: str) -> str:
        for key in list(self.keys):
            text = key.scrubbed(text)
        return _PARAMETER.sub(rf"\g<1>{_HIDDEN}", text)


_hide_keys = _HideKeys()


def hide_keys_in_logs(*keys: ApiKey) -> None:
    """Keep keys out of urllib3's logs: these, and whatever stands in a query as ``api-key``."""
    _hide_keys.keys.update(keys)
    for name in ("urllib3.connectionpool", "urllib3.util.retry", "urllib3.connection", "urllib3.response"):
        logging.getLogger(name).addFilter(_hide_keys)  # adding it again changes nothing
