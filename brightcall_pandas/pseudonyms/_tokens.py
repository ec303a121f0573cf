"""Numbers and identifiers → tokens, by a key.

A token is a star and decimal digits. So what reads chains takes it for a number, as it took the original,
and no telephone number looks like it.
"""

from __future__ import annotations

import hashlib
import hmac
import re

from brightcall_pandas.frame import checked_region, normalized_number

__all__ = ["A_NUMBER", "LEAST_DIGITS", "LONG_ENOUGH", "NUMBERS", "TOKEN", "Tokens"]

LONG_ENOUGH = 3
"""Digits of what is taken for a number of somebody within a text."""

A_NUMBER = re.compile(r"\s*[+*#(]?\d[\d\s().*#/-]*")
"""A text that is a number, and nothing else."""

_DIGITS = 30  # of the HMAC's value: about 100 bits, so two numbers never share a token
_UNPLAIN = (
    r"\u00ad\u00b7\u2010-\u2015\u2212\u200b-\u200f\u2022\u2060\ufeff"  # dashes, dots, and what is not seen
)
NUMBERS = re.compile(rf"\+?\(?\d[\d\s().\-/{_UNPLAIN}]*\d")
"""What looks like a number within a text."""

TOKEN = rf"\*\d{{{_DIGITS}}}"
"""Expression for a token."""

LEAST_DIGITS = 7
"""Digits of the shortest number that is surely a telephone's."""

_MOST_DIGITS = 17  # of a telephone number, with 00 before it
_RUNS = re.compile(r"[0-9](?:[\s().\-/]*[0-9])*")
_DIGIT_GROUPS = re.compile(r"[0-9]+")
_ADDRESSES = re.compile(r"(?P<address>[^\s@<>()\[\]{},;:\"']{1,64}@[\w.-]*\w)|" + NUMBERS.pattern)


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
        """Return the token of a number or an identifier; other texts, such as ``anonymous``, stay."""
        if (token := self._known.get(number)) is None:
            plain = normalized_number(number, self._region)
            if plain is not None:
                token = self._token(plain.removeprefix("+"))
            else:
                token = "anonymous" if "@" in number else number  # a host may name somebody
            self._known[number] = token
        return token

    def of_record(self, name: str) -> str:
        """Return the token of a record's identifier, which is no number of anybody."""
        return self._token(f"record\n{name}")

    def of_words(self, text: str) -> str:
        """Return one token of a text in somebody's words; of one that is a number, that of the number."""
        return self.of(text) if A_NUMBER.fullmatch(text) else self._token(f"text\n{text}")

    def of_runs(self, text: str) -> set[str]:
        """Return the tokens of all that may be a telephone number within a text, in any spelling.

        Where numbers stand one behind the other, nobody can tell where one ends: then it is each of them, and
        several together.
        """
        found = set()
        for written in {text, text.replace("(0)", "")}:
            for run in _RUNS.findall(written):
                groups = _DIGIT_GROUPS.findall(run)
                for begin in range(len(groups)):
                    digits = ""
                    for group in groups[begin:]:
                        digits += group
                        if len(digits) > _MOST_DIGITS:
                            break
                        if len(digits) >= LEAST_DIGITS:
                            found.add(self._token(digits))
        return found

    @property
    def fingerprint(self) -> str:
        """Differs by key, and reveals nothing else about it."""
        return self.of_record("fingerprint")[1:17]

    def in_text(self, text: str) -> str:
        """Replace whatever looks like a number or an e-mail address within a text."""
        return (_ADDRESSES if "@" in text else NUMBERS).sub(self._replaced, text)

    def _replaced(self, match: re.Match[str]) -> str:
        found = match[0]
        if match.groupdict().get("address"):
            return self.of(found.casefold())
        plain = re.sub(f"[{_UNPLAIN}]", "-", found)
        return self.of(plain) if sum(map(str.isdecimal, found)) >= LONG_ENOUGH else found

    def _token(self, text: str) -> str:
        value = int(self._mac(text), 16) % 10**_DIGITS
        return f"*{value:0{_DIGITS}}"

    def _mac(self, text: str) -> str:
        return hmac.new(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
