"""Conditions and sums on columns, written as text: ``"talkTime >= 60 and state == 'answered'"``.

pandas evaluates them, but only after the text has been found to consist of a few harmless forms: columns,
constants, comparisons, arithmetic and some methods that look at one row at a time. pandas' own ``eval`` would
reach any attribute, and so run any code that somebody puts into a file of definitions; and a mean or a shift
would mean something else on each part of the calls. Columns are read as their fields, so an expression means
the same on a loaded frame and on one made by hand.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import msgspec
import pandas as pd

from brightcall_pandas.analysis._durations import possible
from brightcall_pandas.frame import EXTRAS, FIELDS, column, nearest

__all__ = ["Expression", "read_column"]

_QUOTED = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`([^`]+)`|[&|]""")
_ASSIGNS = re.compile(r"(?<![=!<>])=(?!=)")
_WORDS = {"&": " and ", "|": " or "}  # as pandas reads them, with which ``a > 1 & b > 2`` needs no brackets

_FORMS = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.Invert, ast.USub, ast.UAdd,
    ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Compare, ast.Eq, ast.NotEq,
    ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn, ast.Name, ast.Load, ast.Constant, ast.List,
    ast.Tuple,
)  # fmt: skip
_METHODS = frozenset(("abs", "between", "fillna", "isin", "isna", "isnull", "notna", "notnull", "round"))
_OF_TEXT = frozenset(
    ("casefold", "contains", "endswith", "fullmatch", "len", "lower", "match", "startswith", "strip", "upper")
)
_OF_TIME = frozenset(("day", "day_of_week", "dayofweek", "hour", "minute", "month", "quarter", "year"))
_ALLOWED = (
    "comparisons, arithmetic, and, or, not, in [...], the methods "
    f"{', '.join(sorted(_METHODS))}, .str.{', .str.'.join(sorted(_OF_TEXT))} and "
    f".dt.{', .dt.'.join(sorted(_OF_TIME))}"
)


class Expression(msgspec.Struct, frozen=True):
    """An expression on columns, found to be harmless.

    Parameters
    ----------
    text
        As it was written.
    code
        The same with plain names in place of those in backticks.
    names
        Column of each name in the code.
    """

    text: str
    code: str
    names: dict[str, str]

    @classmethod
    def parse(cls, text: str) -> Expression:
        """Return the expression of a text.

        Raises
        ------
        ValueError
            It is not an expression, does more than look at the columns of one row, or names no column.
        """
        names: dict[str, str] = {}

        def plain(match: re.Match[str]) -> str:
            if match[1] is None:
                return _WORDS.get(match[0], match[0])
            name = f"column_{len(names)}_"
            names[name] = match[1]
            return name

        code = _QUOTED.sub(plain, text).strip()
        try:
            tree = ast.parse(code, mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            why = getattr(error, "msg", None) or error
            if _ASSIGNS.search(_QUOTED.sub("", code)):
                why = "two values are compared with =="
            msg = f"{text!r} is not an expression: {why}"
            raise ValueError(msg) from None
        _check(tree.body, text)
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                names.setdefault(node.id, node.id)
        if not names:
            msg = f'{text!r} names no column, for example "talkTime >= 60"'
            raise ValueError(msg)
        return cls(text, code, names)

    @property
    def columns(self) -> list[str]:
        """The columns that it reads."""
        return list(dict.fromkeys(self.names.values()))

    def values(self, df: pd.DataFrame) -> pd.Series:
        """Return what it gives for each call: a mask, or numbers.

        Raises
        ------
        KeyError
            The frame lacks a column.
        TypeError, ValueError
            A text is compared with a number, or a field with a word that it cannot have; or pandas cannot
            evaluate it.
        """
        read = {name: read_column(df, told) for name, told in self.names.items()}
        self._check_constants(read)
        # Plain positions: an index with labels that occur twice would be aligned, not gone through.
        plain = {name: pd.Series(values.array) for name, values in read.items()}
        try:
            found = pd.eval(self.code, engine="python", resolvers=[plain], local_dict={}, global_dict={})
        except Exception as error:
            msg = f"pandas cannot evaluate {self.text!r}: {error}"
            raise ValueError(msg) from error
        if not isinstance(found, pd.Series) or len(found) != len(df):
            msg = f"{self.text!r} gives one value, not one for each call"
            raise ValueError(msg)
        return found.set_axis(df.index)

    def _check_constants(self, read: dict[str, pd.Series]) -> None:
        """Refuse comparisons that no row can meet: they would count nothing, without a word."""
        for node in ast.walk(ast.parse(self.code, mode="eval")):
            if isinstance(node, ast.Compare):
                sides = [node.left, *node.comparators]
                for left, right in pairwise(sides):
                    for one, other in ((left, right), (right, left)):
                        if isinstance(one, ast.Name):
                            self._check_pair(self.names[one.id], read[one.id], _constants(other))
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                of = node.func.value
                if isinstance(of, ast.Name) and node.func.attr in ("isin", "between"):
                    given = [each for argument in node.args for each in _constants(argument)]
                    self._check_pair(self.names[of.id], read[of.id], given)

    def _check_pair(self, name: str, values: pd.Series, constants: Iterable[Any]) -> None:
        choices = FIELDS[name].choices if name in FIELDS else ()
        is_number = pd.api.types.is_numeric_dtype(values.dtype)
        is_text = isinstance(values.dtype, pd.StringDtype | pd.CategoricalDtype)
        for constant in constants:
            if choices and isinstance(constant, str) and constant not in choices:
                known = ", ".join(map(repr, choices))
                hint = nearest(constant, choices).removesuffix(".")
                msg = f"{self.text!r} compares {name!r} with {constant!r}, but it is one of {known}{hint}"
                raise ValueError(msg)
            if (
                is_text
                and isinstance(constant, int | float)
                and not isinstance(values.dtype, pd.CategoricalDtype)
            ):
                msg = (
                    f"{self.text!r} compares {name!r}, which is text, with the number {constant!r}: put it "
                    f"into quotes, {str(constant)!r}"
                )
                raise TypeError(msg)
            if is_number and isinstance(constant, str):
                msg = f"{self.text!r} compares {name!r}, which is a number, with the text {constant!r}"
                raise TypeError(msg)


def read_column(df: pd.DataFrame, name: str) -> pd.Series:
    """Return a column as an expression or a sum reads it: typed, and null where a duration is impossible.

    Raises
    ------
    KeyError
        The frame has no such column.
    """
    if name in FIELDS or name == EXTRAS.name:
        values = column(df, name)
        if name in FIELDS and FIELDS[name].unit == "s":
            kept = possible(values.to_numpy(dtype="float64"))
            return values if kept is values.to_numpy() else pd.Series(kept, index=values.index)
        return values
    if name not in df.columns:
        msg = f"the frame has no column {name!r}{nearest(name, (*FIELDS, *map(str, df.columns)))}"
        raise KeyError(msg)
    values = df[name]
    if isinstance(values, pd.DataFrame):
        msg = f"the frame has {values.shape[1]} columns named {name!r}; keep one of them"
        raise ValueError(msg)
    return values


def _constants(node: ast.AST) -> Sequence[Any]:
    """Return the constants that a side of a comparison is, or lists."""
    if isinstance(node, ast.List | ast.Tuple):
        return [each.value for each in node.elts if isinstance(each, ast.Constant)]
    if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
        return [node.operand.value]
    return [node.value] if isinstance(node, ast.Constant) else []


def _check(node: ast.AST, text: str) -> None:
    """Refuse every form that is not listed.

    Raises
    ------
    ValueError
        There is another one; the message says what may be written.
    """
    if isinstance(node, ast.Call):
        func = node.func
        harmless = isinstance(func, ast.Attribute) and (
            func.attr in _OF_TEXT if _is_accessor(func.value, "str") else func.attr in _METHODS
        )
        if not harmless:
            raise _refused(node, text)
        assert isinstance(func, ast.Attribute)
        inner = func.value.value if isinstance(func.value, ast.Attribute) else func.value
        _check(inner, text)
        for argument in (*node.args, *(each.value for each in node.keywords)):
            _check(argument, text)
        return
    if isinstance(node, ast.Attribute):
        if not (_is_accessor(node.value, "dt") and node.attr in _OF_TIME):
            raise _refused(node, text)
        assert isinstance(node.value, ast.Attribute)
        _check(node.value.value, text)
        return
    if not isinstance(node, _FORMS) or (isinstance(node, ast.Name) and node.id.startswith("__")):
        raise _refused(node, text)
    if isinstance(node, ast.Constant) and not isinstance(node.value, str | int | float):
        raise _refused(node, text)
    for child in ast.iter_child_nodes(node):
        _check(child, text)


def _is_accessor(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == name


def _refused(node: ast.AST, text: str) -> ValueError:
    return ValueError(
        f"{text!r} has {ast.unparse(node)!r}, which an expression may not have: it looks at the columns of "
        f"one call at a time, with {_ALLOWED}. Give a function of the frame for anything else."
    )
