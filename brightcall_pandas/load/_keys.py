"""Where the API key comes from: what was typed, the environment, a file ``.env``, the system's keyring."""

from __future__ import annotations

import functools
import getpass
import io
import os
import warnings
from pathlib import Path
from typing import NamedTuple

import dotenv

from brightcall_pandas.api import ApiKey, Hidden, read_key
from brightcall_pandas.errors import AuthenticationError, CacheError, brief_errors, extra_line, warn_user
from brightcall_pandas.frame import flag
from brightcall_pandas.pseudonyms import Tokens

__all__ = [
    "ADDRESS_VARIABLE",
    "KEY_VARIABLE",
    "NO_KEY",
    "NO_PSEUDONYM_KEY",
    "PSEUDONYM_KEY_VARIABLE",
    "find_key",
    "login",
    "no_account",
    "tokens_of",
]

KEY_VARIABLE = "BRIGHTCALL_API_KEY"
ADDRESS_VARIABLE = "BRIGHTCALL_BASE_URL"
PSEUDONYM_KEY_VARIABLE = "BRIGHTCALL_PSEUDONYM_KEY"
_FILE = ".env"
_LARGEST_FILE = 1_000_000
_SERVICE, _USER = "brightcall_pandas", "api_key"  # under which the keyring has it

_WAYS = (
    f"set {KEY_VARIABLE} in the environment, write it into a file {_FILE} in the working folder, or call "
    "bc.login(), and run this again"
)
_UNTRIED = 'The key is set, and has not been tried yet: bc.count_calls("today") asks the server with it.'
NO_KEY = (
    f"no API key: {_WAYS}. Whoever manages your Brightcall (Convolo) account has the key. To try everything "
    "without one: bc.start_sandbox(), or the command: brightcall demo"
)

NO_PSEUDONYM_KEY = (
    "ledger='pseudonyms' needs a secret that makes the tokens: give bc.Client pseudonymize_key=, or set "
    f"{PSEUDONYM_KEY_VARIABLE}"
)


def no_account(*, offline: bool) -> str:
    """Return why it is not known whose cache to use."""
    if offline:
        return (
            "offline=True, and it is not known whose cache to read: give bc.Client account=, or the API key "
            f"that the cache was filled with (or set {KEY_VARIABLE})"
        )
    return f"{NO_KEY}. To read what is cached, give bc.Client account= and offline=True"


class _Typed(NamedTuple):
    """The key that was typed in, and what the environment said at that time."""

    key: ApiKey
    environment: ApiKey | None


_typed: _Typed | None = None


@brief_errors
def login(*, keep: bool = False) -> None:
    """Ask for the API key, and use it until this process ends or the environment names another one.

    What is typed is not shown. The default client uses it from the next load on, and so does every
    `bc.Client` made without a key; a client that was made before stays as it is.

    Parameters
    ----------
    keep
        Also keep it in the system's keyring, where later processes find it. Needs the package ``keyring``.

    Notes
    -----
    The key is not sent anywhere before the first load; ``bc.count_calls("today")`` tries it with one request.

    Raises
    ------
    AuthenticationError
        Nothing was typed, or nobody can be asked: there is no terminal, or one that would show the key.
    CacheError
        The keyring does not keep it.

    Examples
    --------
    >>> login()  # doctest: +SKIP
    Brightcall API key:
    The key is set, and has not been tried yet: bc.count_calls("today") asks the server with it.
    """
    global _typed  # noqa: PLW0603  (what is typed holds for the process)
    flag("keep", keep)
    try:
        key = read_key("the API key", _asked())
    except ValueError as error:
        raise AuthenticationError(f"{error}. Nothing has changed.") from None
    if key is None:
        raise AuthenticationError("no API key was typed. Nothing has changed.")
    _typed = _Typed(key, _environment_key())
    if keep:
        _keep(key)
    print(_UNTRIED)  # noqa: T201  (for whoever has just typed it)


def find_key(given: Hidden, *, ask_keyring: bool = True) -> ApiKey | None:
    """Return the key to use; None where there is none.

    Parameters
    ----------
    given
        What was given as an argument; None takes what was typed, the environment's, the file's or, last, the
        keyring's.
    ask_keyring
        Whether the keyring may be asked, which may ask its owner for a password.

    Raises
    ------
    TypeError, ValueError
        What was given, or what the environment has, cannot be a key.
    """
    if (key := read_key("api_key", given)) is not None:
        return key
    stated = _environment_key()
    if _typed is not None and (stated is None or _same(stated, _typed.environment)):
        return _typed.key
    if stated is None and ask_keyring:
        return _keyring_key()
    return stated


def tokens_of(given: Hidden, region: str | None) -> Tokens | None:
    """Return what makes tokens, with the key that was given or else the environment's; None without a key."""
    key = Hidden(os.environ.get(PSEUDONYM_KEY_VARIABLE) or None) if given.value is None else given
    return None if key.value is None else Tokens(key.value, region)  # type: ignore[arg-type]


def _same(one: ApiKey, other: ApiKey | None) -> bool:
    return other is not None and one.is_same(other)


def _environment_key() -> ApiKey | None:
    """Return the key of the environment, or else of the file in the working folder."""
    key = read_key(KEY_VARIABLE, Hidden(os.environ.get(KEY_VARIABLE)))
    return read_key(f"{KEY_VARIABLE} in {_FILE}", _of_file(Path(_FILE))) if key is None else key


def _of_file(path: Path) -> Hidden:
    """Return the key that a file ``.env`` has. Nothing else is taken from it.

    Whoever sends such a file along with a notebook must not be able to say where a key is sent.
    """
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST_FILE:
            return Hidden(None)
        content = Hidden(path.read_bytes())
    except OSError:
        return Hidden(None)
    text = io.StringIO(_decoded(content))
    values = Hidden(dotenv.dotenv_values(stream=text, interpolate=False))
    assert isinstance(values.value, dict)
    if values.value.keys() >= {KEY_VARIABLE, ADDRESS_VARIABLE} and ADDRESS_VARIABLE not in os.environ:
        warn_user(
            f"{ADDRESS_VARIABLE} in {path} is not used: no file may decide where a key is sent. "
            "Set it in the environment, or give bc.Client base_url=."
        )
    return Hidden(values.value.get(KEY_VARIABLE))


def _decoded(content: Hidden) -> str:
    """Return a file's text: Windows' editors and shells write UTF-16, or put a mark before UTF-8."""
    assert isinstance(content.value, bytes)
    marks = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
    encoding = next((name for mark, name in marks if content.value.startswith(mark)), "utf-8-sig")
    return content.value.decode(encoding, errors="replace")


def _asked() -> Hidden:
    """Ask for the key without showing it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)  # it would show what is typed
            return Hidden(getpass.getpass("Brightcall API key: "))
    except Exception:  # whatever a console without input raises: each kind has an error of its own
        msg = f"the API key cannot be typed here without being shown: set {KEY_VARIABLE} instead"
        raise AuthenticationError(msg) from None


# The keyring.


@functools.cache
def _keyring_key() -> ApiKey | None:
    """Return the key that the system's keyring has, asked once a process."""
    try:
        import keyring  # noqa: PLC0415  (an extra)

        return read_key("the keyring's key", Hidden(keyring.get_password(_SERVICE, _USER)))
    except Exception:  # not installed, no backend, locked, or its daemon is gone: it counts as none
        return None


def _keep(key: ApiKey) -> None:
    try:
        import keyring  # noqa: PLC0415  (an extra)

        key.handed_to(functools.partial(keyring.set_password, _SERVICE, _USER))
    except Exception as error:
        why = f"run: {extra_line('keyring')}" if isinstance(error, ImportError) else ""
        msg = f"the system's keyring could not store the key ({why or type(error).__name__})"
        raise CacheError(f"{msg}. It is used until this process ends.") from None
    _keyring_key.cache_clear()
