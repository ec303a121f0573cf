"""What ``df.calls`` says to someone who means the column ``calls`` of their own frame.

pandas gives an accessor precedence over a column of the same name, so ``df.calls`` is never that column.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import pandas as pd

from brightcall_pandas.analysis import known_metrics
from brightcall_pandas.errors import brief_errors
from brightcall_pandas.frame import nearest

__all__ = ["HidesColumn"]

_AS_COLUMN = (
    "lt", "le", "gt", "ge", "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor",
    "radd", "rsub", "rmul", "rtruediv", "rfloordiv", "rmod", "rpow", "rand", "ror", "rxor",
    "neg", "abs", "invert", "len", "iter", "contains", "getitem", "setitem",
)  # fmt: skip


class HidesColumn:
    """Base of the accessor: being used like a column is an error that names the column."""

    _df: pd.DataFrame

    if not TYPE_CHECKING:  # type checkers must go on reporting names that do not exist

        @brief_errors
        def __getattr__(self, name: str) -> NoReturn:
            message = f"df.calls has no method {name!r}"
            # pandas and pickle look private names up before `_df` is there.
            if not name.startswith("_"):
                if name in known_metrics():
                    message += f": it is a metric, as in df.calls.breakdown('agent', [{name!r}])."
                else:
                    message += nearest(name, (each for each in dir(type(self)) if not each.startswith("_")))
                message += f" {_advice(self._df)}"
            raise AttributeError(message, name=name, obj=self)

    @brief_errors
    def __eq__(self, other: object) -> bool:
        if "calls" in self._df.columns and not isinstance(other, HidesColumn):
            _refuse(self)
        return self is other

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        return True


def _advice(df: pd.DataFrame) -> str:
    column = next((name for name in ("calls", "n_calls") if name in df.columns), None)
    if column is None:
        return "df.calls is the accessor of brightcall_pandas, and the frame has no column of that name"
    return f'df.calls is the accessor of brightcall_pandas; for the column use df["{column}"]'


def _refuse(accessor: HidesColumn, *_: Any) -> NoReturn:
    raise TypeError(f"df.calls cannot be used like a column: {_advice(accessor._df)}")


def _refusal() -> Callable[..., NoReturn]:
    @brief_errors
    def method(self: HidesColumn, *_: Any) -> NoReturn:
        _refuse(self)

    return method


for _name in _AS_COLUMN:
    setattr(HidesColumn, f"__{_name}__", _refusal())
