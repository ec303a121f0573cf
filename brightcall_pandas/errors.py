"""The errors that brightcall_pandas raises, and a warning of its own, drawn as a tree.

::

    Exception
    └── BrightcallError               everything below; never shows the API key
        ├── AuthenticationError       the server does not accept the key (401, 403)
        ├── RequestError              the server refused a filter (400, or success: false)
        ├── RateLimitError            still 429 after the last retry
        ├── ServerError               still 5xx, reset or timed out after the last retry
        ├── InvalidResponseError      an answer that is not data: broken JSON, HTML, a redirect
        ├── IncompleteDataError       the rows cannot be proved to be all of them
        ├── OfflineError              offline=True, and the cache lacks something
        └── CacheError                the cache folder cannot be used as asked

    UserWarning
    └── NoMatchWarning                a filter or a search names what is not there

Bad arguments never get this far: they raise ``TypeError`` or ``ValueError`` before any request.
"""

from __future__ import annotations

import difflib
import dis
import functools
import importlib.util
import inspect
import os
import re
import shlex
import sys
import types
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar
from unicodedata import category

__all__ = [
    "AuthenticationError",
    "BrightcallError",
    "CacheError",
    "IncompleteDataError",
    "InvalidResponseError",
    "NoMatchWarning",
    "OfflineError",
    "RateLimitError",
    "RequestError",
    "ServerError",
]

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

_DEBUG = "BRIGHTCALL_DEBUG"
_HERE = os.path.join(os.path.dirname(__file__), "")
_MOST_LISTED = 12  # arguments that a message names
_CONTROL = ("Cc", "Cf", "Cs", "Zl", "Zp")


class BrightcallError(Exception):
    """Base of every error that talking to Brightcall or keeping its answers can raise.

    Attributes
    ----------
    cause_traceback
        How it came about inside this package. Public functions leave that out of the traceback that is shown,
        unless ``BRIGHTCALL_DEBUG=1`` is set in the environment.
    """

    cause_traceback: types.TracebackType | None = None

    def __str__(self) -> str:
        """Return the message; what a server has put into it cannot steer the terminal."""
        return "\n".join(map(visible, super().__str__().split("\n")))

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave the traceback out when pickled or copied: another process gets the error without it."""
        state = {name: each for name, each in vars(self).items() if name != "cause_traceback"}
        return type(self), self.args, state


class AuthenticationError(BrightcallError):
    """The server does not accept the API key. Final at once: a retry cannot help."""


class RequestError(BrightcallError):
    """The server understood the request and refused it: status 400, or ``success: false``."""


class RateLimitError(BrightcallError):
    """The server still answered 429 (too many requests) after the last retry."""


class ServerError(BrightcallError):
    """The server still failed (5xx, connection reset, timeout) after the last retry."""


class InvalidResponseError(BrightcallError):
    """The answer is not what the API promises: broken JSON, HTML, a redirect."""


class IncompleteDataError(BrightcallError):
    """The rows read cannot be proved to be every row of the window, each once."""


class OfflineError(BrightcallError):
    """``offline=True``, and the cache does not hold what was asked for."""


class CacheError(BrightcallError):
    """The cache folder cannot be used in the way that was asked for."""


class NoMatchWarning(UserWarning):
    """A filter or a search names what no row has: it may be misspelt."""


def missing_extra(what: str, extra: str, error: ImportError) -> ModuleNotFoundError:
    """Return the error to raise where an optional package cannot be imported.

    Parameters
    ----------
    what
        What needs the package: the subject of the message.
    extra
        The extra of this package that installs it.
    error
        What its import raised.

    Examples
    --------
    >>> print(missing_extra("to_excel", "excel", ModuleNotFoundError("…", name="xlsxwriter")))
    ... # doctest: +ELLIPSIS
    to_excel needs xlsxwriter, which is not installed; run: ...pip install..."brightcall-pandas[excel]"
    """
    if isinstance(error, ModuleNotFoundError) and error.name:
        why = f"needs {error.name.partition('.')[0]}, which is not installed"
    else:
        why = f"cannot be used ({error})"
    return ModuleNotFoundError(f"{what} {why}; run: {extra_line(extra)}", name=error.name)


def extra_line(extra: str) -> str:
    """Return the line that adds an extra of this package to it."""
    return install_line(f"brightcall-pandas[{extra}]")


def install_line(package: str) -> str:
    """Return the line that installs a package where this code runs, whatever ``pip`` the shell would find.

    In a notebook it is for a cell, elsewhere for a terminal. An environment without pip, as uv makes it, is
    named to uv.
    """
    python = _quoted(sys.executable or "python")
    in_cell = running_shell() is not None
    if importlib.util.find_spec("pip") is None:
        return f'{"!" if in_cell else ""}uv pip install --python {python} "{package}"'
    return f'{"%pip" if in_cell else f"{python} -m pip"} install "{package}"'


def running_shell() -> Any:
    """Return the shell of IPython or Jupyter that runs this; None where there is none."""
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


def _quoted(path: str) -> str:
    if os.name == "nt":
        return f'"{path}"' if " " in path else path
    return shlex.quote(path)


def visible(text: str) -> str:
    """Return a line whose control characters are shown as escapes instead of doing what they do.

    A terminal obeys them: it clears its screen, takes another title, or writes from right to left.
    """
    if text.isprintable():
        return text
    return "".join(ascii(each)[1:-1] if category(each) in _CONTROL else each for each in text)


def warn_user(message: str, kind: type[Warning] = RuntimeWarning) -> None:
    """Warn as if in the line that called this package: it is the one that the reader knows."""
    frame, level = sys._getframe(), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, kind, stacklevel=level)


def brief_errors(function: Callable[P, R]) -> Callable[P, R]:
    """Raise what a public function has to say from the line that called it, without the frames below.

    That is this package's errors, and what it refuses: their messages say what happened and what to do, and a
    hundred lines of threads and generators hide that. The traceback of the former is kept as the error's
    ``cause_traceback``; with ``BRIGHTCALL_DEBUG=1`` all frames are shown. What nobody meant to raise keeps
    its frames. Of an argument that is missing, the message says what the docstring does.
    """

    @functools.wraps(function)
    def brief(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            if sys._getframe(1).f_code.co_filename.startswith(_HERE):
                raise  # to the function that the user called
            if isinstance(error, BrightcallError):
                error.cause_traceback = error.cause_traceback or error.__traceback__
            elif not _is_refusal(error):
                misfit = _misfit(function, args, kwargs) if isinstance(error, TypeError) else None
                if misfit is None:
                    raise
                error.args = (misfit,)
            if os.environ.get(_DEBUG, "0") not in ("", "0"):
                raise
            error.__cause__ = error.__traceback__ = None
            raise  # alone: "raise error" would put this frame into the traceback

    return brief


def brief_dataclass(cls: type[T]) -> type[T]:
    """Make a class whose ``__init__`` is generated raise as `brief_errors` does."""
    cls.__init__ = brief_errors(cls.__init__)  # type: ignore[method-assign]
    return cls


def nearest(name: str, names: Iterable[str]) -> str:
    """Return the end of a sentence: ``"; did you mean 'x'?"`` with the nearest of `names`, or a full stop."""
    by_fold = {each.casefold(): each for each in names}
    close = difflib.get_close_matches(name.casefold(), list(by_fold), n=1, cutoff=0.5)
    return f"; did you mean {by_fold[close[0]]!r}?" if close else "."


def _misfit(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> str | None:
    """Return what to say of arguments that do not fit a function's signature; None if they do."""
    signature = inspect.signature(function)
    try:
        signature.bind(*args, **kwargs)
    except TypeError:
        pass
    else:
        return None
    called = function.__qualname__.removesuffix(".__init__").rpartition(".")[2]
    of_caller = list(signature.parameters)[: len(args)]
    parameters = [each for each in signature.parameters.values() if each.name != "self"]
    named = [each for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]
    known = [each.name for each in named]
    if unknown := [each for each in kwargs if each not in known]:
        return (
            f"{called} has no argument {unknown[0]!r}{nearest(unknown[0], known)} It takes {_listed(known)}."
        )
    needed = [each.name for each in named if each.default is each.empty]
    if missing := [name for name in needed if name not in (*of_caller, *kwargs)]:
        told = dict.fromkeys(filter(None, (_documented(function.__doc__, name) for name in missing)))
        return "\n  ".join([f"{called} needs {' and '.join(missing)}.", *told])
    if twice := [name for name in kwargs if name in of_caller]:
        return f"{called} is given {twice[0]} twice, once without its name"
    without = sum(each.kind is each.POSITIONAL_OR_KEYWORD for each in parameters)
    by_name = [name for name in known if name not in known[:without]]
    example = "by" if "by" in by_name else next(iter(by_name), "")  # most often a column is meant
    most = f"at most {without} argument{'s' * (without != 1)}" if without else "no argument"
    return f"{called} takes {most} without a name{f': write {example}=…' if example else ''}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names if len(names) <= _MOST_LISTED else [*names[:_MOST_LISTED], "…"])


def _documented(doc: str | None, name: str) -> str:
    """Return what a docstring says of a parameter, in one line that begins with its name."""
    section = inspect.cleandoc(doc or "").partition("\nParameters\n----------\n")[2].partition("\n\n")[0]
    for entry in re.split(r"\n(?=\S)", section):
        about, _, told = entry.partition("\n")
        if name in about.split(", "):
            return f"{about}: {' '.join(told.replace('`', '').split())}"
    return ""


def _is_refusal(error: Exception) -> bool:
    """Tell whether a ``raise`` of this package made an error, rather than a mistake that Python met in it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None or not trace.tb_frame.f_code.co_filename.startswith(_HERE):
        return False
    return dis.opname[trace.tb_frame.f_code.co_code[trace.tb_lasti]] == "RAISE_VARARGS"
