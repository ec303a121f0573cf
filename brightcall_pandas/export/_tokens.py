"""One number → one token, however it is written.

A token is a star and decimal digits. So what reads chains takes it for a number, as it took the original,
and no telephone number looks like it.
"""

from __future__ import annotations

import hashlib
import hmac
import re

from brightcall_pandas.frame import checked_region, e164_number

__all__ = ["Tokens"]

_DIGITS = 30  # of the HMAC's value: about 100 bits, so two numbers never share a token
_NUMBERS = re.compile(r"\+?\(?\d[\d\s().\-/]*\d")
_LONG_ENOUGH = 3  # digits of what is taken for a number within a text
_WORDS = frozenset({"anonymous", "private", "restricted", "unavailable", "unknown", "withheld"})


class Tokens:
    """Makes tokens with a key.

    Parameters
    ----------
    key
        Secret; text is taken as UTF-8.
    region
        Two letters of the country (``"DE"``) whose numbers are written without country code.
    """

    def __init__(self, key: str | bytes, region: str | None = None) -> None:
        if not isinstance(key, str | bytes) or not key:
            msg = "key takes a secret text or bytes, for example secrets.token_bytes(32)"
            raise ValueError(msg)
        self._key = key.encode() if isinstance(key, str) else key
        self._region = checked_region(region)
        self._known: dict[str, str] = {}

    def of(self, number: str) -> str:
        """Return the token of a number or an identifier; words such as ``anonymous`` stay."""
        if (token := self._known.get(number)) is None:
            plain = number.strip()
            token = (
                number
                if not plain or plain.lower() in _WORDS
                else self._token(e164_number(plain, self._region))
            )
            self._known[number] = token
        return token

    def of_record(self, name: str) -> str:
        """Return the token of a record's identifier, which is no number of anybody."""
        return self._token(f"record\n{name}")

    def in_text(self, text: str) -> str:
        """Replace whatever looks like a number within a text."""
        return _NUMBERS.sub(self._replaced, text)

    def _replaced(self, match: re.Match[str]) -> str:
        found = match[0]
        return self.of(found) if sum(map(str.isdecimal, found)) >= _LONG_ENOUGH else found

    def _token(self, text: str) -> str:
        value = int(self._mac(text), 16) % 10**_DIGITS
        return f"*{value:0{_DIGITS}}"

    def _mac(self, text: str) -> str:
        return hmac.new(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
