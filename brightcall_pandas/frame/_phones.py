"""Write telephone numbers so that the same number is the same text, and tell what is not a number.

Arrow settles millions at a time; only the spellings that it cannot settle are read one by one, each once.
``phonenumbers`` is imported when the first number needs it.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = [
    "KEYPAD_WORDS",
    "NO_NUMBER_WORDS",
    "checked_region",
    "normalized_number",
    "normalized_numbers",
]

KEYPAD_WORDS = {
    "+266696687": "ANONYMOUS",
    "+86282452253": "UNAVAILABLE",
    "+7378742833": "RESTRICTED",
    "+8656696": "UNKNOWN",
    "+2562533": "BLOCKED",
}
"""Words that gateways send as a number, typed on a telephone's keypad; none of them is anybody's number."""

NO_NUMBER_WORDS = frozenset(
    {
        *("anonym", "anonymous", "anonymised", "anonymized", "blocked", "hidden", "invalid", "missing", "na"),
        *("nan", "nil", "none", "null", "private", "restricted", "secret", "suppressed", "unavailable"),
        *("undefined", "undisclosed", "unidentified", "unknown", "unlisted", "unpublished", "withheld"),
        *("anoniem", "onbekend", "privé", "unbekannt", "unterdrückt", "unterdrueckt", "xxx"),
        *("anonyme", "inconnu", "masqué", "anonimo", "privato", "riservato", "sconosciuto"),
        *("anónimo", "desconocido", "oculto", "privado"),
        *("anônimo", "desconhecido", "afgeschermd", "geheim", "clir", "skjult", "hemligt", "okänt", "ukjent"),
        *("nieznany", "prywatny", "zastrzeżony", "neznámý", "neznámé", "skryté", "tuntematon", "salainen"),
        *(
            "неизвестно",
            "неизвестный",
            "скрыт",
            "скрытый",
            "невідомий",
            "прихований",
            "匿名",
            "未知",
            "非通知",
        ),
    }
)
"""Words that stand in the place of a number that is not told."""

_AROUND = (
    *("number", "caller", "callerid", "call", "cid", "cli", "clid", "id", "name", "no", "user"),
    *("anrufer", "nummer", "rufnummer", "telefonnummer", "nr", "numéro", "numero", "número", "номер"),
    *("appel", "appelant", "beller", "numer", "nummeret", "číslo"),
)
_JOINED = frozenset(
    joined for word in NO_NUMBER_WORDS for each in _AROUND for joined in (word + each, each + word)
)
_PHRASES = frozenset(
    {
        *("n a", "no caller id", "no cli", "no id", "no number", "nonumber", "not available", "out of area"),
        *("not provided", "not known", "not given", "number not available", "number not provided"),
        *("keine", "keine nummer", "keine rufnummer", "ohne nummer", "ohne rufnummer", "nicht verfügbar"),
        *("geen nummer", "niet beschikbaar", "non disponible", "no disponible", "non disponibile"),
        *("sans numéro", "sin número", "senza numero", "brak numeru", "нет номера", "номер скрыт"),
    }
)
_BARE_ANONYMOUS = "266696687"  # this one is also sent without its plus sign

_ZERO_WIDTH = "\u200b-\u200f\u202a-\u202e\u2060\ufeff"
_MARKS = re.compile(rf"[\s.\-/()\[\]·‐-―−{_ZERO_WIDTH}]")
_MARKS_ARROW = r"[\s\v\p{Z}.\-/()]"  # Arrow's \s is ASCII only
_QUOTES = " \t\r\n\v\f\u00a0'\"`´‘’“”"
_DISPLAYED = re.compile(r"<([^<>]*)>\s*(?:;.*)?", re.DOTALL)
_SCHEME = re.compile(r"(?:sips?|tel|callto|phone):(?://)?", re.IGNORECASE)
_LABEL = re.compile(
    r"(?:tel|telefon|telephone|phone|mobile?|cell|handy|fon)\b[.:]*\s*(?=[+(\d])", re.IGNORECASE
)
_OF_A_FLOAT = re.compile(r"(\+?[0-9]{7,})\.0")  # what becomes of a whole number beside a null
_CONTEXT = re.compile(r";phone-context=(\+[\d.\-()]+)", re.IGNORECASE)
_EXTENSION = re.compile(
    r"(?:;\s*(?:ext|isub|postd)\s*=|[,;(]*\s*(?:ext(?:ension|n)?|x|durchwahl|dw)[\s.:=]*|\s*#|\s*~|\s*,[,;\s]*)"
    r"\s*\d{1,7}\)?\s*",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
_NUMERIC = re.compile(r"\+?[0-9]+")
# E.164, by the length of the country code. A zero behind it is a trunk prefix too many, but in Italy.
_E164 = (
    r"\+(?:[17][1-9][0-9]{5,13}|39[0-9]{5,13}"
    r"|(?:2[07]|3[0-46]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])[1-9][0-9]{4,12}"
    r"|(?:2[1-689]|3[578]|42|5[09]|6[7-9]|8[035789]|9[679])[0-9][1-9][0-9]{3,11})"
)
_SETTLED = re.compile(_E164)
_SHORTEST = 7  # digits of a telephone number almost everywhere; with fewer it is an extension
_SHORTEST_AT_HOME = 5  # some islands have numbers of so few
_KEPT = 2**18  # numbers that are remembered: tables of one frame ask for the same ones


def checked_region(region: str | None) -> str | None:
    """Return a region in capitals.

    Raises
    ------
    TypeError, ValueError
        It is not the code of a country.
    """
    if region is None:
        return None
    if not isinstance(region, str):
        msg = f"region takes two letters of a country, for example 'DE', not {type(region).__name__}"
        raise TypeError(msg)
    if region.strip().upper() in _library().SUPPORTED_REGIONS:
        return region.strip().upper()
    msg = f"region={region!r} is not a country; it takes two letters, for example 'DE'"
    raise ValueError(msg)


def normalized_numbers(numbers: pa.Array, region: str | None = None) -> pa.Array:
    """Return `normalized_number` of each.

    Parameters
    ----------
    numbers
        Texts (large_string) and nulls, best without repetition.
    region
        As there.

    Returns
    -------
    pyarrow.Array
        large_string, as long as `numbers`; `numbers` itself where nothing changes.

    Examples
    --------
    >>> numbers = pa.array(["+49 (30) 12-3456", "101", "unknown", None], pa.large_string())
    >>> normalized_numbers(numbers).to_pylist()
    ['+4930123456', '101', None, None]
    """
    settled = _is_settled(numbers)
    if pc.all(settled, min_count=0).as_py():
        return numbers
    # Most spellings differ in their marks only.
    whole = pc.replace_substring_regex(numbers, f"^{_OF_A_FLOAT.pattern}$", r"\1")
    bare = pc.replace_substring_regex(pc.replace_substring_regex(whole, _MARKS_ARROW, ""), "^00", "+")
    plain = _is_settled(bare)
    odd = ~np.asarray(pc.fill_null(pc.or_(settled, plain), True).to_numpy(zero_copy_only=False), dtype=bool)
    result = pc.if_else(plain, bare, numbers)
    if odd.any():
        read = [normalized_number(text, region) for text in numbers.filter(pa.array(odd)).to_pylist()]
        result = pc.replace_with_mask(result, pa.array(odd), pa.array(read, numbers.type))
    return result


def _is_settled(numbers: pa.Array) -> pa.Array:
    """Return where a number is written as E.164 has it; null for a null."""
    settled = pc.match_substring_regex(numbers, f"^{_E164}$")
    return pc.and_not(settled, pc.is_in(numbers, value_set=pa.array(KEYPAD_WORDS, numbers.type)))


@lru_cache(maxsize=_KEPT)
def normalized_number(number: str, region: str | None = None) -> str | None:
    """Return a number written in the one way in which all its spellings are written.

    Parameters
    ----------
    number
        Text in any spelling.
    region
        Two capital letters of the country (``"DE"``) whose numbers are written without country code.

    Returns
    -------
    str or None
        As `bc.normalize_numbers` says; None where it is not a number.

    Examples
    --------
    >>> [normalized_number(each, "DE") for each in ("0049 (0)30 901820", "030 901820", "101", "withheld")]
    ['+4930901820', '+4930901820', '101', None]
    """
    text, plain = number, _unmarked(number)
    if not _NUMERIC.fullmatch(plain) or number.strip() == "-1":
        text = _told(number)
        if _is_nothing(text):
            return None
        if text[0] in "*#":  # codes of the telephone system, and pseudonyms
            return text
        plain = _unmarked(_without_extension(text))
    if not plain.strip("+0") or plain in KEYPAD_WORDS or plain == _BARE_ANONYMOUS:
        return None
    if not _NUMERIC.fullmatch(plain):
        return number.strip()
    if plain.startswith("+"):
        return _international(plain)
    if region is None or len(plain) < _SHORTEST_AT_HOME:
        return plain
    return _completed(plain, region) or plain


def _told(number: str) -> str:
    """Return the number within an address (``sip:…@host``, ``tel:…``), with ASCII digits, without quotes."""
    text = number if number.isascii() else _ascii_digits(unicodedata.normalize("NFKC", number))
    if displayed := _DISPLAYED.search(text):
        text = displayed[1]
    text = text.strip(_QUOTES)
    if "%" in text:
        text = unquote(text)
    scheme = _SCHEME.match(text)
    if scheme:
        context = _CONTEXT.search(text)
        text = text[scheme.end() :].partition(";")[0].partition("?")[0]
        if context and not text.startswith("+"):
            text = context[1] + text
    text = _LABEL.sub("", text, count=1) if not scheme else text
    if _NUMERIC.fullmatch(_unmarked(head := text.partition(";")[0])):
        text = head
    user, at, host = text.partition("@")
    if at and (scheme or host.endswith(".invalid") or _NUMERIC.fullmatch(_unmarked(user))):
        text = user.partition(":")[0]
    return text.strip(_QUOTES)


def _ascii_digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(each)) if each.isdecimal() else each for each in text)


def _is_nothing(text: str) -> bool:
    if any(map(str.isdecimal, text)):
        return text == "-1"
    words = _WORD.findall(text.casefold())
    if not words:
        return True
    told = [word for word in words if word not in _AROUND]
    if told and all(map(_says_nothing, told)):
        return True
    return " ".join(words) in _PHRASES


def _says_nothing(word: str) -> bool:
    stem = re.sub("^x{3,}$", "xxx", word)  # digits crossed out
    stems = (stem, re.sub("(?:e|er|en|es)$", "", stem))  # "unbekannte", "unterdrückter"
    return any(each in NO_NUMBER_WORDS or each in _JOINED for each in stems)


def _without_extension(text: str) -> str:
    for extension in _EXTENSION.finditer(text):
        before = text[: extension.start()]
        if extension.end() == len(text) and sum(map(str.isdecimal, before)) >= _SHORTEST:
            return before
    return text


def _unmarked(text: str) -> str:
    """Return a number without the marks between its digits, an international one with ``+``."""
    if whole := _OF_A_FLOAT.fullmatch(text.strip()):
        text = whole[1]
    bare = _MARKS.sub("", text)
    return f"+{bare[2:]}" if bare.startswith("00") else re.sub(r"^\++", "+", bare)


def _international(plain: str) -> str:
    if _SETTLED.fullmatch(plain):
        return plain
    found = _parsed(plain, None)
    return plain if found is None or not _is_possible(found) else _as_e164(found)


def _completed(plain: str, region: str) -> str | None:
    """Return what digits without a plus sign mean in a region; None where they are not a number."""
    plan = _plain_plan(region)
    if plan is not None and (national := plan.national(plain)) is not None:
        return f"+{plan.code}{national}"
    own = _parsed(plain, region)
    if plain.startswith("0") and len(plain) >= _SHORTEST:  # no country code begins so
        return _as_e164(own) if own is not None and _is_possible(own) else None
    library = _library()
    valid = own is not None and library.is_valid_number(own)
    usual = own is not None and plain == _digits_at_home(own)
    if (valid and usual) or len(plain) < _SHORTEST:
        return _as_e164(own) if valid and usual else None
    foreign = _parsed(f"+{plain}", None)
    if foreign is not None and library.is_valid_number(foreign):
        return _as_e164(foreign)
    return _as_e164(own) if valid or (usual and _is_possible(own)) else None


class _PlainPlan(NamedTuple):
    """What a country with simple rules puts before its numbers: most have one trunk prefix, and no more.

    For these, reading a number by its length is a tenth of the library's work, with the same result.
    """

    code: int
    prefix: str
    abroad: re.Pattern[str]
    unprefixed: re.Pattern[str]
    lengths: frozenset[int]

    def national(self, plain: str) -> str | None:
        """Return the number without its trunk prefix; None where that takes the library to tell."""
        rest = plain[len(self.prefix) :]
        if not plain.startswith(self.prefix) or len(rest) not in self.lengths or len(plain) < _SHORTEST:
            return None
        odd = rest.startswith("0") or self.abroad.match(plain) or self.unprefixed.fullmatch(plain)
        return None if odd else rest


@lru_cache
def _plain_plan(region: str) -> _PlainPlan | None:
    library = _library()
    own = library.PhoneMetadata.metadata_for_region(region)
    if own is None or library.COUNTRY_CODE_TO_REGION_CODE[own.country_code][0] != region:
        return None
    if own.national_prefix != "0" or own.national_prefix_for_parsing != "0":
        return None
    if own.national_prefix_transform_rule:
        return None
    return _PlainPlan(
        own.country_code,
        own.national_prefix,
        re.compile(own.international_prefix),
        re.compile(own.general_desc.national_number_pattern),
        frozenset(own.general_desc.possible_length),
    )


def _library() -> Any:
    import phonenumbers  # noqa: PLC0415 - its tables are large, and most sessions need none

    return phonenumbers


def _parsed(text: str, region: str | None) -> Any:
    library = _library()
    try:
        return library.parse(text, region)
    except library.NumberParseException:
        return None


def _is_possible(found: Any) -> bool:
    library = _library()
    return bool(library.is_possible_number_with_reason(found) == library.ValidationResult.IS_POSSIBLE)


def _as_e164(found: Any) -> str:
    library = _library()
    return str(library.format_number(found, library.PhoneNumberFormat.E164))


def _digits_at_home(found: Any) -> str:
    """Return the digits of a number as its own country writes it, with the trunk prefix if it has one."""
    library = _library()
    return re.sub(r"\D", "", library.format_number(found, library.PhoneNumberFormat.NATIONAL))
