"""What Tab offers within the quotes of an argument: the words that it takes.

IPython and Jupyter know parameters by their names only. They ask matchers of others, too, which is what
``custom_matchers`` of their completer is for.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any, Literal, get_args, get_origin, get_type_hints

from brightcall_pandas import analysis
from brightcall_pandas.accessors._frame import CallsAccessor
from brightcall_pandas.filters import CallFilter, Parameters
from brightcall_pandas.frame import FIELDS

__all__ = ["offer_words", "words_at"]

_IDENTIFIER = "brightcall_pandas.words"
_METHOD = re.compile(r"\bcalls(?:\([^()]*\))?\s*\.\s*(plot\s*\.\s*)?(\w+)\s*$")
_FUNCTION = re.compile(r"(?:^|[^\w.]|\b\w+\s*\.\s*)(\w+)\s*$")
_NAMED = re.compile(r"(\w+)\s*=\s*$")
_LOADERS = ("load_calls", "load_stats", "load_catalog", "count_calls")
_EXPORTS = ("export_calls", "read_calls")
_PAIRS = {"(": ")", "[": "]", "{": "}"}


def offer_words(shell: Any) -> None:
    """Let a shell of IPython, if there is one, offer the words that arguments take."""
    if shell is None:
        return
    from IPython.core.completer import SimpleCompletion, context_matcher  # noqa: PLC0415 - the shell is its

    matchers = shell.Completer.custom_matchers
    if any(getattr(each, "matcher_identifier", None) == _IDENTIFIER for each in matchers):
        return

    @context_matcher(identifier=_IDENTIFIER)  # type: ignore[untyped-decorator]
    def matcher(context: Any) -> dict[str, Any]:
        lines = context.full_text.split("\n")
        lines = [*lines[: context.cursor_line], lines[context.cursor_line][: context.cursor_position]]
        begun, words = words_at("\n".join(lines))
        return {
            "completions": [SimpleCompletion(word, type="value") for word in words],
            "matched_fragment": begun,
            "suppress": bool(words),
        }

    matchers.append(matcher)


def words_at(code: str) -> tuple[str, list[str]]:
    """Return what stands between the last quote and the end of code, and the words that may be meant by it.

    Examples
    --------
    >>> words_at('df.calls.filter(types="in')
    ('in', ['inbound', 'internal'])
    """
    quote, brackets = _left_open(code)
    if quote is None:
        return "", []
    begun, end = code[quote + 1 :], quote
    if (brackets and code[brackets[-1]] != "(") or (brackets and _NAMED.search(code, 0, brackets[-1])):
        end = brackets.pop()  # of a list
    if not brackets or (function := _function(code[: brackets[-1]])) is None:
        return begun, []
    before = code[brackets[-1] + 1 : end]
    if named := _NAMED.search(before):
        argument = named[1]
    elif not before.strip():
        argument = next((name for name in inspect.signature(function).parameters if name != "self"), "")
    else:
        return begun, []
    return begun, [
        word for word in _words(function, argument) if word.casefold().startswith(begun.casefold())
    ]


def _left_open(code: str) -> tuple[int | None, list[int]]:
    """Return where a text begins that has no end, and which brackets are open before it."""
    brackets: list[int] = []
    place = 0
    while place < len(code):
        each = code[place]
        if each in "\"'":
            mark = code[place : place + 3] if code[place : place + 3] == 3 * each else each
            closed = re.compile(rf"(?:\\.|(?!{mark})[^\\])*{mark}", re.DOTALL).match(code, place + len(mark))
            if closed is None:
                return place + len(mark) - 1, brackets
            place = closed.end()
            continue
        if each == "#":
            place = code.find("\n", place) if "\n" in code[place:] else len(code)
            continue
        if each in _PAIRS:
            brackets.append(place)
        elif brackets and each == _PAIRS[code[brackets[-1]]]:
            brackets.pop()
        place += 1
    return None, brackets


def _function(before: str) -> Callable[..., Any] | None:
    """Return the function of this package that code calls, by its name; None for any other."""
    if method := _METHOD.search(before):
        if method[1]:
            from brightcall_pandas.accessors._plot import CallsPlot  # noqa: PLC0415 - only for pictures

            return getattr(CallsPlot, method[2], None)
        return getattr(CallsAccessor, method[2], None)
    named = _FUNCTION.search(before)
    name = named[1] if named else ""
    if name == "CallFilter":
        return CallFilter
    room: Any
    if name in _LOADERS:
        from brightcall_pandas import load as room  # noqa: PLC0415 - when it is called at the latest
    elif name in _EXPORTS:
        from brightcall_pandas import export as room  # noqa: PLC0415
    else:
        return None
    function: Callable[..., Any] = getattr(room, name)
    return function


def _words(function: Callable[..., Any], argument: str) -> list[str]:
    """Return the words that an argument takes; none where it takes any text."""
    parameter = inspect.signature(function).parameters.get(argument)
    if parameter is None:
        return []
    if argument == "columns":
        return list(FIELDS)
    if taken := analysis.names_taken(argument):
        return taken
    annotation: Any = get_type_hints(Parameters).get(argument, parameter.annotation)
    if isinstance(annotation, str):
        names = {**vars(analysis), **getattr(inspect.unwrap(function), "__globals__", {})}
        try:
            annotation = eval(annotation, names)  # noqa: S307 - of this package
        except (NameError, SyntaxError):  # a type that only checkers import, or words
            return []
    return list(dict.fromkeys(_literals(annotation)))


def _literals(annotation: Any) -> Iterator[str]:
    """Yield the words of a type, in the order of its definition."""
    if get_origin(annotation) is Literal:
        yield from (each for each in get_args(annotation) if isinstance(each, str))
        return
    for each in get_args(annotation):
        yield from _literals(each)
