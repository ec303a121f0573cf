"""One number → one token, whatever it is written like.

A token is a star and decimal digits. So what reads chains takes it for a number, as it took the original,
and no telephone number looks like it.
"""

from __future__ import annotations

import hashlib
import hmac
import importlib
import re
from typing import Any

__all__ = ["Tokens"]

_DIGITS = 30  # of the HMAC's value: about 100 bits, so two numbers never share a token
_SEPARATORS = re.compile(r"[\s().\-/]")
_SHORTEST = 7  # digits of a telephone number; below, an extension
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
        # Only here: its tables are large, and most sessions make no token.
        self._library: Any = importlib.import_module("phonenumbers")
        self._region = region if region is None else region.upper()
        if self._region is not None and self._region not in self._library.SUPPORTED_REGIONS:
            msg = f"region={region!r} is no country; it takes two letters, for example 'DE'"
            raise ValueError(msg)
        self._known: dict[str, str] = {}

    def of(self, number: str) -> str:
        """Return the token of a number or an identifier; words such as ``anonymous`` stay."""
        if (token := self._known.get(number)) is None:
            plain = number.strip()
            token = number if not plain or plain.lower() in _WORDS else self._token(self.canonical(plain))
            self._known[number] = token
        return token

    def of_record(self, name: str) -> str:
        """Return the token of a record's identifier, which is no number of anybody."""
        return self._token(f"record\n{name}")

    def in_text(self, text: str) -> str:
        """Replace whatever looks like a number within a text."""
        return _NUMBERS.sub(self._replaced, text)

    def canonical(self, number: str) -> str:
        """Return a number so written that the same number is the same text: as E.164 where it is one."""
        bare = _SEPARATORS.sub("", number)
        if bare.startswith("00"):
            bare = "+" + bare[2:]
        digits = bare.lstrip("+")
        if not digits.isdecimal():
            return number
        if len(digits) < _SHORTEST:
            return digits
        for text, region in self._readings(bare):
            if (found := self._e164(text, region)) is not None:
                return found
        return digits

    def _readings(self, bare: str) -> list[tuple[str, str | None]]:
        """Return how a number can be meant, the likeliest first."""
        if bare.startswith("+"):
            return [(bare, None)]
        abroad, at_home = ("+" + bare, None), (bare, self._region)
        if self._region is None:
            return [abroad]
        return [at_home] if bare.startswith("0") else [abroad, at_home]

    def _e164(self, text: str, region: str | None) -> str | None:
        try:
            parsed = self._library.parse(text, region)
        except self._library.NumberParseException:
            return None
        if not self._library.is_valid_number(parsed):
            return None
        written: str = self._library.format_number(parsed, self._library.PhoneNumberFormat.E164)
        return written.lstrip("+")

    def _replaced(self, match: re.Match[str]) -> str:
        found = match[0]
        return self.of(found) if sum(map(str.isdecimal, found)) >= _LONG_ENOUGH else found

    def _token(self, canonical: str) -> str:
        value = int(self._mac(canonical), 16) % 10**_DIGITS
        return f"*{value:0{_DIGITS}}"

    def _mac(self, text: str) -> str:
        return hmac.new(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
