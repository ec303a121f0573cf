"""One answer of the server, decoded once: its calls as records, and what stands around them.

What an answer is worth and what it holds are read from the same `Answer`. A decoder that knows what records
have refuses anything else at no cost, so whoever makes columns of them need not look at each value again.
What it refuses is read once more, without expectations, and remembered by the `AnswerReader`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec
import numpy as np
import pyarrow as pa

from brightcall_pandas.frame._fields import FIELDS

__all__ = [
    "ABSENT",
    "NULL",
    "ORDER",
    "STRAY_NUMBER",
    "UNREADABLE",
    "Answer",
    "AnswerReader",
    "NestedTooDeeplyError",
    "RecordShape",
    "arrow_type",
    "can_be_named",
    "canonical_json",
    "decoded",
    "read_object",
    "record_decoder",
]

T = TypeVar("T")

NULL = msgspec.Raw(b"null")
ABSENT = msgspec.Raw(b"")
"""Stands where a record lacks an unlisted field that others have."""

ORDER = tuple(FIELDS)
"""Listed fields as a record has them; the unlisted ones follow."""

UNREADABLE = "\N{REPLACEMENT CHARACTER}"
"""Stands for bytes that are not text."""

STRAY_NUMBER = re.compile(rf"{UNREADABLE}([-+]?(?:nan|inf(?:inity)?|undefined))", re.IGNORECASE)
"""Stands for a number that JSON does not have, such as NaN, which some programs write all the same."""

_OPENING = {"calls": re.compile(rb"\[|\{\s*(?:\}|\"0\"\s*:)"), "detailedStat": re.compile(rb"\{")}
_REMEMBERED = 64  # unlisted fields; a server that has more is read more slowly
_ARROW = {int: pa.int64(), str: pa.string(), bool: pa.bool_()}
_KINDS = {type_.id: kind for kind, type_ in _ARROW.items()}
_NOTHING_KNOWN = tuple(Any if each.nested else None for each in FIELDS.values())
_ESCAPED = re.compile(r'["\\\x00-\x1f]')
_CONTROL = re.compile(rb"[\x00-\x1f]")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_STRING_OR_STRAY = re.compile(
    rb'("(?:[^"\\]|\\.)*+")|(?<![\w.])[-+]?(?i:nan|inf(?:inity)?|undefined)(?![\w.])', re.DOTALL
)
_NEEDLESS = re.compile(rb"\\[u/]")
_STRAY = f'"{UNREADABLE}'.encode()
_BOM = b"\xef\xbb\xbf"
_SURROGATE = re.compile(
    rb"(?<!\\)(?P<before>(?:\\\\)*)(?:"
    rb"(?P<pair>\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)


class NestedTooDeeplyError(msgspec.DecodeError):
    """JSON has more levels than can be read."""


class RecordShape(NamedTuple):
    """What records have.

    Parameters
    ----------
    kinds
        By listed field: int, str or bool where all values are of this kind or null; Any where they may be of
        several, or are nested; None where nothing is known.
    unlisted
        Fields that the article does not list.
    """

    kinds: tuple[Any, ...] = _NOTHING_KNOWN
    unlisted: tuple[str, ...] = ()


class Answer(msgspec.Struct, dict=True):
    """An answer, its members under the API's names; what it has beyond these is left out.

    `calls` are records of `shape`; None where they are null, and UNSET where they are absent. Where they are
    not what the reader expected, `shape` is None and `calls` is the JSON that came.
    """

    success: Any = None
    message: Any = None
    error: Any = None
    errors: Any = None
    status: Any = None
    code: Any = None
    tags: Any = None
    outcomes: Any = None
    projects: Any = None
    timezone: Any = None
    page: Any = None
    pagesCount: Any = None  # noqa: N815  (the API's name)
    totalItems: Any = None  # noqa: N815
    detailedStat: msgspec.Raw = NULL  # noqa: N815
    calls: Any = msgspec.UNSET

    # These three are not members of the JSON, so they are kept beside it.
    @property
    def shape(self) -> RecordShape | None:
        """What its records have; None where they are not what was expected."""
        shape: RecordShape | None = self.__dict__["shape"]
        return shape

    @property
    def reader(self) -> AnswerReader:
        """The reader that decoded it."""
        reader: AnswerReader = self.__dict__["reader"]
        return reader

    @property
    def mended(self) -> bool:
        """Whether something in it was no text or no number: `UNREADABLE` stands there."""
        mended: bool = self.__dict__["mended"]
        return mended

    def has(self, name: str) -> bool:
        """Tell whether a member is there, and of the type that it should have."""
        value = getattr(self, name)
        if isinstance(value, msgspec.Raw):
            return _OPENING[name].match(value) is not None
        return value is not None and value is not msgspec.UNSET

    def is_blank(self, name: str) -> bool:
        """Tell whether a member is absent or null."""
        value = getattr(self, name)
        return value is None or value is msgspec.UNSET or value in (NULL, ABSENT)


class _Unexpected(Answer):
    calls: msgspec.Raw = ABSENT


_UNEXPECTED = msgspec.json.Decoder(_Unexpected)  # made before there are threads


class AnswerReader:
    """Reads the answers of one account, faster when it has seen what their records have.

    Whoever reads many answers of an account keeps one. What it remembers changes how fast an answer is read,
    and never what is read; threads may share it.
    """

    def __init__(self) -> None:
        self._shape = RecordShape()

    def read(self, body: bytes, *, mended: bool = False) -> Answer:
        """Decode an answer.

        Parameters
        ----------
        body
            The bytes.
        mended
            Whether they were mended already.

        Raises
        ------
        msgspec.DecodeError
            The bytes are not a JSON object.
        """
        return decoded(body, lambda text, lost: self._decoded(text, lost or mended))

    def learn(self, columns: Mapping[str, pa.Array | Sequence[Any]], unlisted: Sequence[str] = ()) -> None:
        """Remember what the records of a page had, beside what others had before."""
        known = self._shape  # another thread may replace it meanwhile: then what one page had is forgotten
        kinds = tuple(_kind(kind, columns[name]) for kind, name in zip(known.kinds, ORDER, strict=True))
        names = tuple(sorted({*known.unlisted, *unlisted}))
        self._shape = RecordShape(kinds, names if len(names) <= _REMEMBERED else known.unlisted)

    def _decoded(self, body: bytes, mended: bool) -> Answer:
        shape = self._shape
        try:
            answer = _decoder(shape).decode(body)
        except msgspec.ValidationError:
            answer = _UNEXPECTED.decode(body)
        expected = not isinstance(answer, _Unexpected)
        answer.__dict__.update(shape=shape if expected else None, reader=self, mended=mended)
        return answer


def arrow_type(kind: Any) -> pa.DataType | None:
    """Return the type of a column whose values are all of a kind; None where they need not be."""
    return _ARROW.get(kind)


@functools.lru_cache(maxsize=16)
def record_decoder(shape: RecordShape) -> msgspec.json.Decoder[Any]:
    """Return the decoder of such records; it refuses other fields, and values of another kind."""
    return msgspec.json.Decoder(_record_type(shape))


def _record_type(shape: RecordShape) -> type[Any]:
    # Not shared before its decoder is made: msgspec crashes where two threads are the first to use a type.
    listed = [_member(name, kind) for name, kind in zip(ORDER, shape.kinds, strict=True)]
    further = [(f"x{n}", msgspec.Raw, ABSENT) for n in range(len(shape.unlisted))]
    names = {f"x{n}": name for n, name in enumerate(shape.unlisted)}
    return msgspec.defstruct(
        "Record", [*listed, *further], rename=names, gc=False, forbid_unknown_fields=True
    )


@functools.lru_cache(maxsize=16)
def _decoder(shape: RecordShape) -> msgspec.json.Decoder[Answer]:
    record: Any = _record_type(shape)
    calls: Any = ("calls", list[record] | msgspec.UnsetType | None, msgspec.UNSET)
    expected = msgspec.defstruct("Expected", [calls], bases=(Answer,))
    return msgspec.json.Decoder(expected)


def _member(name: str, kind: Any) -> tuple[str, Any, Any]:
    if FIELDS[name].nested:
        return name, msgspec.Raw, NULL
    return name, kind | None if kind in _ARROW else Any, None


def _kind(known: Any, column: pa.Array | Sequence[Any]) -> Any:
    type_ = column.type if isinstance(column, pa.Array) else None
    if type_ == pa.null():
        return known
    found = Any if type_ is None else _KINDS.get(type_.id, Any)
    return found if known in (None, found) else Any


def can_be_named(name: str) -> bool:
    """Tell whether a field of `record_decoder` can have a name: msgspec takes none that JSON would escape."""
    return _ESCAPED.search(name) is None


def canonical_json(text: bytes) -> bytes:
    r"""Return JSON whose strings have no needless escapes, so that equal values are equal texts.

    Examples
    --------
    >>> canonical_json(rb'["\u0433", "a\/b", "two\nlines"]').decode()
    '["г", "a/b", "two\\nlines"]'
    """
    return _STRING.sub(_plainly, text) if _NEEDLESS.search(text) else text


def _plainly(string: re.Match[bytes]) -> bytes:
    if b"\\" not in string[0]:
        return string[0]
    try:
        return msgspec.json.encode(msgspec.json.decode(string[0]))
    except msgspec.DecodeError:  # half of a surrogate pair
        return string[0]


def read_object(body: bytes) -> dict[str, Any]:
    """Return a JSON object as Python has it, with `UNREADABLE` for what is no text.

    Raises
    ------
    msgspec.DecodeError
        The bytes are not a JSON object.
    """
    return decoded(body, lambda text, _: msgspec.json.decode(text, type=dict[str, Any]))


def decoded(body: bytes, decode: Callable[[bytes, bool], T]) -> T:
    """Decode JSON, with `UNREADABLE` for what is no text and for numbers that JSON lacks.

    No text are bytes that are not UTF-8, and halves of surrogate pairs, which JSON can write and UTF-8 not.
    All else is as it is.

    Parameters
    ----------
    body
        The bytes.
    decode
        Gets them, or what can be decoded in their place, and whether something had to be replaced.

    Raises
    ------
    msgspec.DecodeError
        The bytes are not JSON; `NestedTooDeeplyError` where they may be.
    """
    try:
        return _decoded(body, decode)
    except RecursionError:
        msg = "JSON is nested deeper than can be read"
        raise NestedTooDeeplyError(msg) from None


def _decoded(body: bytes, decode: Callable[[bytes, bool], T]) -> T:
    # msgspec looks at no bytes of what it leaves as it is, but it does look at escapes.
    text = body if _is_utf8(body) else body.decode(errors="replace").encode()
    try:
        return decode(text, text is not body)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        whole = _SURROGATE.sub(_whole, text.removeprefix(_BOM))
        mended = _STRING_OR_STRAY.sub(_mended, whole)
        lost = whole != body.removeprefix(_BOM) or mended.count(_STRAY) > whole.count(_STRAY)
        return decode(mended, lost)


def _is_utf8(body: bytes) -> bool:
    if body.isascii():
        return True
    # Arrow looks in an eighth of the time that Python takes to decode.
    ends = pa.py_buffer(np.array([0, len(body)], dtype=np.int64))
    text = pa.Array.from_buffers(pa.large_string(), 1, [None, ends, pa.py_buffer(body)])
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _mended(piece: re.Match[bytes]) -> bytes:
    """Escape control characters within a string, as JSON wants it; make a string of a stray number."""
    if piece[1] is None:
        return _STRAY + piece[0] + b'"'
    return _CONTROL.sub(_as_escape, piece[1])


def _as_escape(control: re.Match[bytes]) -> bytes:
    return b"\\u%04x" % ord(control[0])


def _whole(escape: re.Match[bytes]) -> bytes:
    return escape[0] if escape["pair"] else escape["before"] + UNREADABLE.encode()
