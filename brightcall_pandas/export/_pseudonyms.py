"""Numbers → tokens, in every column and text of a frame.

A token is a star and decimal digits. So what reads chains takes it for a number, as it took the original,
and no telephone number looks like it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Literal, get_args

import msgspec
import pandas as pd

from brightcall_pandas.analysis import TIME_KEYS, plain_key, sort_key
from brightcall_pandas.frame import EXTRAS, FIELDS, checked_region, choice, column, e164_number, nearest
from brightcall_pandas.load import Provenance

__all__ = ["FreeText", "Pseudonyms", "Tokens", "pseudonymize", "query_without_numbers"]

FreeText = Literal["drop", "scan"]
_NUMBER = re.compile(r"\s*[+*#(]?\d[\d\s().*#/-]*")

_CHAINS = ("numbersInvolvedJSON", "numbersRingedJSON", "transfers")
_FREE = ("label", "transcripts", "convoloAiRecordingSummary", "convoloAiRecordingTitle")
_SPOKEN = (*_FREE, "crmInfo", EXTRAS.name)
_RECORDS = ("id", "uniqueId", "treeId", "projectContactId", "recordName")
_NOT_PERSONAL = ("projectId",)  # an identifier, but of no person
_LABELS = ("campaign", "projectName", "insertOrigin", "tags", "outcomeTag")  # the account's own words
_PERSONAL_FILTERS = (
    "searchString", "agentIds", "uniqueIds", "number", "fromNumber", "toNumber", "toAnswer", "userId",
)  # fmt: skip

_DIGITS = 30  # of the HMAC's value: about 100 bits, so two numbers never share a token
_NUMBERS = re.compile(r"\+?\(?\d[\d\s().\-/]*\d")
_LONG_ENOUGH = 3  # digits of what is taken for a number within a text
_WORDS = frozenset({"anonymous", "private", "restricted", "unavailable", "unknown", "withheld"})


def pseudonymize(
    df: pd.DataFrame,
    key: str | bytes,
    *,
    region: str | None = None,
    keep: Sequence[str] = (),
    free_text: FreeText = "drop",
) -> pd.DataFrame:
    """Replace telephone numbers, agents and identifiers of calls by tokens.

    The same number becomes the same token in every column and every text, so tables, attempts and chains
    come out as before. This is pseudonymization, not anonymization: ``docs/files.md`` says what it does not
    protect from.

    Parameters
    ----------
    df
        Calls in any form. Not modified.
    key
        Secret, such as ``secrets.token_bytes(32)``. The same key makes the same tokens. Anyone who has it can
        find the numbers by trying them all.
    region
        Two-letter code of the country (``"DE"``) of numbers that are written without a country code.
    keep
        Columns to leave as they are. ``agentShortNumber`` keeps numbers of up to six digits in every column
        and text, ``userId`` keeps users.
    free_text
        ``"drop"`` makes labels, transcripts and summaries null, and of ``crmInfo`` and ``extras`` keeps only
        numbers, as tokens; ``"scan"`` keeps their words and replaces whatever looks like a number in them.

    Returns
    -------
    pandas.DataFrame
        Same index and columns, dtypes as in `bc.describe_fields()`. Columns that are not fields are scanned
        if they are text. ``df.attrs["brightcall"]`` is kept, without examples and numbers in its query.

    Raises
    ------
    ValueError
        The key is empty, the region does not exist, `keep` has a name that is not a column, or `free_text` is
        neither of the two words.

    Notes
    -----
    Numbers are converted to E.164 first (by the library ``phonenumbers``), so ``+49 30 901820`` and
    ``004930901820`` are one. The token is a star and 30 decimal digits of HMAC-SHA256. In the
    account's own words (campaign, project, outcome, tags) and in scanned text, anything with three digits or
    more is taken for a number.

    Examples
    --------
    >>> calls = pd.DataFrame({"clientNumber": ["+49 30 901820"], "toNumber": ["004930901820"]})
    >>> tokens = calls.calls.pseudonymize("a secret")
    >>> tokens.loc[0, "clientNumber"] == tokens.loc[0, "toNumber"]
    True
    """
    return Pseudonyms(key, region, keep, free_text, columns=df.columns).of_frame(df)


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


class Pseudonyms(Tokens):
    """Makes tokens of the columns and texts that need them.

    Parameters
    ----------
    key, region, keep, free_text
        As in `pseudonymize`.
    columns
        Columns that `keep` may name, besides the fields.
    """

    def __init__(
        self,
        key: str | bytes,
        region: str | None = None,
        keep: Sequence[str] = (),
        free_text: FreeText = "drop",
        *,
        columns: Collection[str] = (),
    ) -> None:
        choice("free_text", free_text, get_args(FreeText))
        self._keep = [keep] if isinstance(keep, str) else sorted(keep)
        for name in self._keep:
            if name not in FIELDS and name not in columns:
                msg = f"keep={name!r} is not a column{nearest(name, FIELDS)}"
                raise ValueError(msg)
        self._free_text = free_text
        super().__init__(key, region)

    @property
    def fingerprint(self) -> str:
        """Differs by key, region and what is kept, and reveals nothing else about the key."""
        return self.of_record(f"fingerprint\n{self._region}\n{self._keep}\n{self._free_text}")[1:17]

    def of(self, number: str) -> str:
        """Return the token of a number; short numbers stay if they are kept."""
        if "agentShortNumber" in self._keep and len(number.strip()) < 7 and number.strip().isdecimal():
            return number
        return super().of(number)

    def of_frame(self, df: pd.DataFrame) -> pd.DataFrame:
        """Return a copy of a frame with tokens."""
        result = df.copy()
        for name in df.columns:
            if name not in self._keep:
                change = _change(str(name), self, self._free_text)
                result[name] = _changed(df, str(name), change)
        if "brightcall" in df.attrs:
            result.attrs["brightcall"] = _provenance(df.attrs["brightcall"], self)
        return result


Change = Callable[[str], str | None] | None


def _change(name: str, tokens: Tokens, free_text: FreeText) -> Change:
    """Return the function that replaces a text of this column; None for a column that is not personal."""
    field = FIELDS.get(name, EXTRAS if name == EXTRAS.name else None)
    if free_text == "drop" and name in _FREE:
        return lambda _: None
    if name in _CHAINS:
        return lambda text: _document(text, tokens, words=tokens.of)
    if name in _SPOKEN and free_text == "drop":
        return lambda text: _document(text, tokens, words=_numbers_only(tokens))
    if name in _SPOKEN or name in _LABELS or field is None:
        return lambda text: _document(text, tokens, words=tokens.in_text)
    if name in _RECORDS:
        return tokens.of_record
    if field.kind == "identifier" and name not in _NOT_PERSONAL:
        return tokens.of
    return None


def _changed(df: pd.DataFrame, name: str, change: Change) -> pd.Series:
    known = name in FIELDS or name == EXTRAS.name
    series = column(df, name) if known else df[name]
    if change is None or not (known or isinstance(series.dtype, pd.StringDtype) or series.dtype == object):
        return series
    codes, texts = pd.factorize(series)
    changed = pd.Series([change(str(text)) for text in texts], dtype="str")
    values = changed.reindex(codes)  # -1, a null, is not in the index
    return values.set_axis(series.index)


def _document(text: str, tokens: Tokens, words: Callable[[str], Any]) -> str | None:
    """Replace each value of a JSON text, or the text itself if it is not JSON."""
    try:
        value = msgspec.json.decode(text) if text.lstrip()[:1] in ("[", "{", '"') else None
    except (msgspec.DecodeError, RecursionError):
        value = None
    if value is None:
        changed = _plain_text(text, tokens, words)
        return changed if changed is None else str(changed)
    return msgspec.json.encode(_value(value, tokens, words)).decode()


def _plain_text(text: str, tokens: Tokens, words: Callable[[str], Any]) -> Any:
    if words != tokens.of:
        return words(text)
    if any(mark in text for mark in "[]{}\"'"):
        return tokens.in_text(text)  # broken JSON: its parts are not known
    return ",".join(tokens.of(part.strip()) if part.strip() else part for part in text.split(","))


def _value(value: Any, tokens: Tokens, words: Callable[[str], Any]) -> Any:
    match value:
        case dict():
            return {_key(key, tokens): _inner(key, each, tokens, words) for key, each in value.items()}
        case list():
            return [_value(each, tokens, words) for each in value]
        case bool() | None:
            return value
        case str():
            return words(value)
        case float():
            return tokens.of(str(int(value))) if value.is_integer() else value
    return tokens.of(str(value))


def _inner(key: str, value: Any, tokens: Tokens, words: Callable[[str], Any]) -> Any:
    # Times stay, since they order a chain.
    if plain_key(key) in TIME_KEYS and sort_key(value) is not None:
        return value
    return _value(value, tokens, words)


def _key(key: str, tokens: Tokens) -> str:
    return tokens.of(key) if _NUMBER.fullmatch(key) else tokens.in_text(key)


def _numbers_only(tokens: Tokens) -> Callable[[str], str | None]:
    return lambda text: tokens.of(text) if _NUMBER.fullmatch(text) else None


# Provenance of the calls.


def _provenance(known: Mapping[str, Any], tokens: Pseudonyms) -> Provenance:
    misfits = {
        name: {"count": lost["count"], "example": None} for name, lost in (known.get("misfits") or {}).items()
    }
    kept = {name: value for name, value in known.items() if name not in ("misfits", "query", "windows")}
    windows = [
        {name: value for name, value in each.items() if name not in ("misfits", "pages")}
        for each in known.get("windows") or []
    ]
    query = query_without_numbers(known.get("query"), tokens)
    return Provenance(kept, misfits=misfits, windows=windows, query=query, pseudonymized=tokens.fingerprint)


def query_without_numbers(query: Mapping[str, Any] | None, tokens: Tokens) -> dict[str, Any] | None:
    """Return a request with tokens in place of its numbers, agents and search texts."""
    if query is None:
        return None
    return {
        name: tokens.of(msgspec.json.encode(value).decode()) if name in _PERSONAL_FILTERS else value
        for name, value in query.items()
    }
