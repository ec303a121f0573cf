"""Errors that show where the user's code called, and not the way of a request through this package."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from brightcall_pandas.errors import BrightcallError

__all__ = ["brief_errors"]

P = ParamSpec("P")
R = TypeVar("R")

_DEBUG = "BRIGHTCALL_DEBUG"


def brief_errors(function: Callable[P, R]) -> Callable[P, R]:
    """Raise this package's errors without the frames below a public function.

    Their messages say what happened and what to do, and a hundred lines of threads and generators hide that.
    The traceback is kept as the error's ``cause_traceback``; with ``BRIGHTCALL_DEBUG=1`` it is shown.
    """

    @functools.wraps(function)
    def brief(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except BrightcallError as error:
            error.cause_traceback = error.cause_traceback or error.__traceback__
            if os.environ.get(_DEBUG, "0") not in ("", "0"):
                raise
            raise error.with_traceback(None) from None

    return brief
