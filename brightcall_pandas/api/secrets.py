"""The API key: known to the adapter alone, and taken out of everything that comes back."""

from __future__ import annotations

import logging
import re
from urllib.parse import quote, quote_plus

__all__ = ["ApiKey", "hide_keys_in_logs"]

_PARAMETER = re.compile(r"(api-key=)[^&\s\"']+", re.IGNORECASE)
_HIDDEN = "[api-key]"


class ApiKey:
    """A key that does not show itself.

    Parameters
    ----------
    value
        The key.
    """

    __slots__ = ("_forms", "_value")

    def __init__(self, value: str) -> None:
        self._value = value
        # The key may come back as it is, or as a URL writes it.
        self._forms = sorted({value, quote(value, safe=""), quote_plus(value)}, key=len, reverse=True)

    def added_to(self, url: str) -> str:
        """Return the URL with the key in its query."""
        return f"{url}{'&' if '?' in url else '?'}api-key={quote(self._value, safe='')}"

    def scrubbed(self, text: str) -> str:
        """Return a text without the key."""
        for form in self._forms:
            text = text.replace(form, _HIDDEN)
        return text

    def scrubbed_bytes(self, content: bytes) -> bytes:
        """Return content without the key."""
        for form in self._forms:
            content = content.replace(form.encode(), _HIDDEN.encode())
        return content

    def __repr__(self) -> str:
        return _HIDDEN


class _HideKeys(logging.Filter):
    """Take the key out of what urllib3 logs of its requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if "api-key" in message.lower():
            record.msg, record.args = _PARAMETER.sub(rf"\g<1>{_HIDDEN}", message), ()
        return True


def hide_keys_in_logs() -> None:
    """Keep keys out of urllib3's DEBUG log, which writes the whole query string."""
    for name in ("urllib3.connectionpool", "urllib3.util.retry", "urllib3.connection", "urllib3.response"):
        logger = logging.getLogger(name)
        if not any(isinstance(each, _HideKeys) for each in logger.filters):
            logger.addFilter(_HideKeys())
