"""Settings of one account: which server, how fast, and where answers are kept."""

from __future__ import annotations

import functools
import hashlib
import inspect
import os
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import platformdirs

from brightcall_pandas.api import (
    FIRST_PAUSE_S,
    PROFILES,
    ApiKey,
    ApiSession,
    Hidden,
    Profile,
    Timeout,
    is_this_machine,
    is_usable,
)
from brightcall_pandas.cache import Cache, ForkAware, RenewedLock
from brightcall_pandas.errors import AuthenticationError, CacheError, brief_errors
from brightcall_pandas.frame import (
    LONGEST_DAYS,
    checked_agent,
    checked_lead,
    checked_region,
    choice,
    duration,
    flag,
    nearest,
    number,
    positive,
    size,
    text,
    whole,
    zone_name,
)
from brightcall_pandas.load import _about
from brightcall_pandas.load._account import AccountServer, KnownAccount
from brightcall_pandas.load._keys import (
    ADDRESS_VARIABLE,
    NO_KEY,
    NO_PSEUDONYM_KEY,
    find_key,
    no_account,
    tokens_of,
)
from brightcall_pandas.load._proof import PROOF_VERSION
from brightcall_pandas.pseudonyms import Tokens

__all__ = ["Client", "current_client", "loading_client", "use"]

_LOADERS = ("load_calls", "load_stats", "count_calls", "load_catalog", "lookback", "revisions", "forget")
"""Functions that take a client, and are methods of it as well: ``client.load_calls(…)``."""
_FUNCTIONS = {
    "export_calls": "bc.export_calls(…, client=client)",
    "explore": "bc.explore(…, client=client)",
    "use": "bc.use(client)",
    "login": "bc.login()",
}
_LEDGERS = ("values", "pseudonyms", "fields-only")
_UNMEASURED_DAYS = 7  # after which days are final as long as it is not known
_VARIABLES = (ADDRESS_VARIABLE, "BRIGHTCALL_CACHE_DIR")
_AROUND = "\"'\ufeff"  # what is copied along with an address or a path: quotes, a byte order mark
_ENDPOINT = re.compile(r"/api/(?P<version>v\d+)(/.*)?$|/stat/calls.*$", re.IGNORECASE)


class Client(ForkAware):
    """Settings of one account, and its cache.

    Threads may share it, and so may forked processes: each child has connections and files of its own, and
    keeps to `rate_limit` by itself.

    Parameters
    ----------
    api_key
        Default: what `bc.login` asked for, the environment's ``BRIGHTCALL_API_KEY``, the one that a file
        ``.env`` in the working folder has, or the system's keyring's, where the package ``keyring`` is
        installed. Without one only a cache can be read.
    base_url
        Default: the environment's ``BRIGHTCALL_BASE_URL``, then the version's own host.
    api_version
        ``"v1"`` (the vendor's article) or ``"v3"`` (seen in the wild).
    cache_dir
        Default: the environment's ``BRIGHTCALL_CACHE_DIR``, then the nearest ``data_cache`` folder from
        the working directory upward that the user owns, then the user's cache folder.
    timezone
        Zone in which days start and times are shown. None: the zone that the API's answer names.
    page_size
        Rows a page to ask for.
    workers
        Requests under way at once.
    rate_limit
        Requests a second over all workers. None does not limit.
    timeout
        Seconds to wait for a connection, and for each part of an answer; an answer may take ten times as long
        in all. Or three numbers: to connect, for each part, in all.
    retries
        How often a transient failure (429, 5xx, reset, timeout, broken JSON) is tried again.
    settle_days
        Days after which a day's calls no longer change; a day fetched later than that is final. Or
        ``"measured"``: what `bc.lookback` makes of the outcomes that changed late in this cache, never below
        3 days, and 7 as long as that is not known. Each load says what it chose, in its attributes and the
        log.
    max_age
        Oldest cached answer that will do for a day that is not final: seconds, a timedelta, or a text
        such as ``"10min"``.
    offline
        Never ask the server; what the cache lacks raises `OfflineError`.
    account
        Whose cache it is. Default: a hash of key and base URL; name it, so that a new key need not lose it.
        Its cache holds the calls of one server: another base URL is refused, see `client.cache.adopt`.
    agent
        Field that tells the agents: ``"involvedAgent1Id"``, ``"agentShortNumber"`` or ``"userId"``. None:
        what the account's calls decide, once enough of them were answered; see `client.account`.
    region
        Two letters of the country (``"DE"``) whose numbers the account writes without country code, so that
        tables take them and the international ones for one client; see `bc.normalize_numbers`.
    lead
        Outcomes that are a lead, such as ``["Meeting booked", "Qualified"]``: what tables count as positive.
        None: calls whose outcome type is positive.
    cache_limit
        What the account's cache may take at most: bytes, or text such as ``"2 GB"``; what was not used for
        longest goes first, never what a load needs. None sets no bound.
    allow_http
        Allow plain http to a host that is not this machine. It shows the key to everyone on the way.
    answer_limit
        What one answer may take at most, unpacked: bytes, or text such as ``"100 MB"``.
    window_limit
        Calls that one day may have at most. A server that shows more of them is given up: its list may have
        no end.
    ledger
        What the ledger keeps of a call that changed (``docs/late-edits.md``): ``"values"``, the values before
        and after as the cache keeps calls; ``"pseudonyms"``, tokens in place of those that tell of persons;
        or ``"fields-only"``, of such fields only that they changed. With both, `as_of` cannot go back to
        where such a value, or a whole call, has gone. None: what was chosen last for this account, at first
        ``"values"``. A stricter choice also changes what the ledger already has.
    ledger_days
        Days for which the ledger keeps what it saw; None keeps all.
    pseudonymize_key
        Secret of the ledger's tokens, as in `pseudonymize`. Default: the environment's
        ``BRIGHTCALL_PSEUDONYM_KEY``. `bc.forget` needs it to find a person by tokens.
    clock
        Function that returns the time, with its offset; None goes by the machine's clock. For tests and for a
        sandbox whose clock is moved: ``sandbox.client(clock=sandbox.clock)``.

    Raises
    ------
    TypeError, ValueError
        A setting that cannot be; the message names it.

    Examples
    --------
    >>> Client("secret", base_url="http://127.0.0.1:8000", account="demo")
    Client(base_url='http://127.0.0.1:8000', api_version='v1', account='demo')
    """

    first_pause = FIRST_PAUSE_S
    """The longest pause before the first retry, in seconds; each further one may be twice as long."""

    # What is shown of a client whose settings are wrong, in a traceback that shows local variables.
    profile: Profile = PROFILES["v1"]
    base_url = ""
    offline = False
    _account: str | None = None
    _key: ApiKey | None = None

    @brief_errors
    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        api_version: str = "v1",
        cache_dir: str | os.PathLike[str] | None = None,
        timezone: str | None = None,
        page_size: int = 500,
        workers: int = 4,
        rate_limit: float | None = None,
        timeout: float | Sequence[float] = 30,
        retries: int = 5,
        settle_days: float | str = 7,
        max_age: float | str | timedelta = "10min",
        offline: bool = False,
        account: str | None = None,
        agent: str | None = None,
        region: str | None = None,
        lead: Sequence[str] | None = None,
        cache_limit: float | str | None = None,
        allow_http: bool = False,
        answer_limit: float | str = "100 MB",
        window_limit: int = 2_000_000,
        ledger: str | None = None,
        ledger_days: float | None = None,
        pseudonymize_key: str | bytes | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        # Before anything can go wrong in a frame that would show a key: an address may have one, too.
        given, api_key = Hidden(api_key), None
        self._pseudonymize_key, pseudonymize_key = Hidden(pseudonymize_key), None
        address, base_url = Hidden(base_url), None
        self.profile = PROFILES[choice("api_version", api_version, PROFILES)]
        url = _address(address) or _address(Hidden(os.environ.get(ADDRESS_VARIABLE)))
        self._names_server = url is not None
        self.base_url = _base_url(url, self.profile, flag("allow_http", allow_http))
        self.offline = flag("offline", offline)
        named = text("account", account)
        self._key = find_key(given, ask_keyring=not (self.offline and named))
        self.key_hash = None if self._key is None else self._key.fingerprint(self.base_url)
        self._account = named or self.key_hash
        self.agent = None if agent is None else checked_agent(agent)
        self.region = checked_region(region)
        self.lead = None if lead is None else checked_lead(lead)
        self.timezone = None if timezone is None else zone_name("timezone", timezone)
        self.page_size = whole("page_size", page_size, 2)
        self.workers = whole("workers", workers, 1)
        self.retries = whole("retries", retries, 0)
        bounds = Timeout.of(timeout)
        self.timeout: float | Timeout = bounds if isinstance(timeout, tuple | list) else bounds.read
        self.answer_limit = size("answer_limit", answer_limit)
        self.window_limit = whole("window_limit", window_limit, 1)
        self.rate_limit = None if rate_limit is None else positive("rate_limit", rate_limit)
        self.measures_settle = isinstance(settle_days, str)
        if self.measures_settle:
            choice("settle_days", settle_days, ("measured",))
            settle_days = _UNMEASURED_DAYS
        self._settle_days = number("settle_days", settle_days, most=LONGEST_DAYS)
        self.measured_days: dict[str, int | None] = {}
        self.max_age = duration("max_age", max_age)
        self.cache_limit = None if cache_limit is None else size("cache_limit", cache_limit)
        self.ledger = None if ledger is None else choice("ledger", ledger, _LEDGERS)
        if self.tokens is None and self.ledger == "pseudonyms":
            raise ValueError(NO_PSEUDONYM_KEY)
        self.ledger_days = (
            None if ledger_days is None else positive("ledger_days", ledger_days, most=LONGEST_DAYS)
        )
        self._clock = _checked_clock(clock)
        self._folder = _cache_folder(cache_dir)
        self._lock = RenewedLock()
        self._kept: tuple[Cache, AccountServer] | None = None
        self._session: ApiSession | None = None
        self._of_parents: list[ApiSession] = []
        self._watch_forks()

    @property
    def key(self) -> ApiKey | None:
        """The API key, which does not show itself; None if there is none."""
        return self._key

    @property
    def tokens(self) -> Tokens | None:
        """What makes tokens of numbers; None where no key for them is known."""
        return tokens_of(self._pseudonymize_key, self.region)

    @property
    def cache(self) -> Cache:
        """What is kept on disk of this account: ``.info()``, ``.clear(…)``, ``.adopt(base_url)``."""
        return self._opened()[0]

    def _opened(self) -> tuple[Cache, AccountServer]:
        with self._lock:
            if self._kept is None:
                if self._account is None:
                    raise AuthenticationError(no_account(offline=self.offline))
                folder = self._folder / _folder_name(self._account)
                cache = Cache(folder, limit=self.cache_limit, rules=PROOF_VERSION, now=self.now)
                self._kept = cache, AccountServer(cache, self._account, self.base_url)
            return self._kept

    @property
    def account(self) -> KnownAccount:
        """What is known of the account: its zone, and what loads have seen its server do, each with its date.

        Raises
        ------
        AuthenticationError
            There is neither a key nor an `account`, so nobody can tell which account it is.
        """
        return KnownAccount(self._account or "", self.cache.account)

    @property
    def session(self) -> ApiSession:
        """The connection; made when it is first needed.

        Raises
        ------
        AuthenticationError
            No API key was given.
        """
        cache, server = self._opened()
        with self._lock:
            if self._session is None:
                if self._key is None and not self.offline:
                    raise AuthenticationError(NO_KEY)
                self._session = ApiSession(
                    self.base_url,
                    self._key or ApiKey("none"),
                    cache=cache.pages,
                    connections=self.workers,
                    rate_limit=self.rate_limit,
                    timeout=self.timeout,
                    answer_limit=self.answer_limit,
                    retries=self.retries,
                    first_pause=self.first_pause,
                    answered=server.note,
                )
            return self._session

    @property
    def settle(self) -> timedelta:
        """Time after which a day's calls no longer change: the longest that was measured of any loads."""
        known = [days for days in self.measured_days.values() if days is not None]
        return timedelta(days=max(known) if known else self._settle_days)

    def now(self) -> datetime:
        """Return the time, UTC: that of `clock`, or of the machine."""
        return datetime.now(UTC) if self._clock is None else self._clock().astimezone(UTC)

    def is_final(self, fetched_at: datetime, last_day: date) -> bool:
        """Tell whether a day's calls could no longer change when they were fetched.

        Never so of a time to come: then the machine's clock was ahead, and nobody knows when it was.
        """
        # A day ends somewhere between 12 hours before and 14 after its end in UTC; wait for the last.
        day_over = datetime(last_day.year, last_day.month, last_day.day, tzinfo=UTC) + timedelta(
            days=1, hours=12
        )
        return day_over + self.settle <= fetched_at <= self.now()

    def is_fresh(self, fetched_at: datetime, last_day: date) -> bool:
        """Tell whether what was fetched then will do now."""
        age = self.now() - fetched_at
        return self.is_final(fetched_at, last_day) or timedelta(0) <= age <= self.max_age

    def reader(self) -> Callable[[], Client]:
        """Return what makes a client of the same cache that asks no server and has no key.

        Returns
        -------
        Callable
            Takes nothing; can be pickled, and holds no key.
        """
        same: dict[str, Any] = {
            "api_version": self.profile.name,
            "base_url": self.base_url if self._names_server else None,
            "allow_http": True,
            "cache_dir": self._folder,
            **{name: getattr(self, name) for name in ("agent", "lead", "region", "timezone")},
        }
        return partial(Client, account=self._account, clock=self._clock, offline=True, **same)

    def close(self) -> None:
        """Close connections and files; the client opens them again when it needs them."""
        with self._lock:
            if self._session is not None:
                self._session.close()
            if self._kept is not None:
                self._kept[0].close()
            self._session = self._kept = None

    def _check_server(self) -> None:
        """Make sure that the cache is of the server that is asked, if one is named or asked."""
        if self._account is not None and (self._names_server or not self.offline):
            self._opened()[1].check()

    def _after_fork(self, *, in_child: bool) -> None:
        if in_child and self._session is not None:
            # Never closed: that would take locks that other threads of the parent may have held.
            self._of_parents.append(self._session)
            self._session = None

    if not TYPE_CHECKING:  # type checkers must go on reporting names that do not exist

        @brief_errors
        def __getattr__(self, name: str) -> Any:
            if name in _LOADERS:
                return _loader_of(self, name)
            message = f"a Client has no attribute {name!r}"
            if name in _FUNCTIONS:
                message += f": it is a function, {_FUNCTIONS[name]}"
            elif not name.startswith("_"):
                own = (each for each in {*dir(type(self)), *vars(self)} if not each.startswith("_"))
                message += nearest(name, [*own, *_LOADERS])
            raise AttributeError(message, name=name, obj=self)

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *_LOADERS]

    def __repr__(self) -> str:
        version = self.profile.name
        said = f"Client(base_url={self.base_url!r}, api_version={version!r}, account={self._account!r})"
        return said if self._key is not None or self.offline else f"{said} without an API key: see bc.login()"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text("Client(…)" if cycle else _about.as_text(self))

    def _repr_html_(self) -> str:
        return _about.as_html(self)


def _loader_of(client: Client, name: str) -> Callable[..., Any]:
    """Return a loader that uses this client, with its own signature and documentation."""
    from brightcall_pandas import load  # noqa: PLC0415  (whose modules import this one)

    function: Callable[..., Any] = getattr(load, name)

    @brief_errors
    @functools.wraps(function)
    def loader(*args: Any, **kwargs: Any) -> Any:
        return function(*args, client=client, **kwargs)

    signature = inspect.signature(function)
    parameters = [each for each in signature.parameters.values() if each.name != "client"]
    loader.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return loader


_default: Client | None = None
_default_of: tuple[str | None, ...] | None = None
"""What the environment said when the default client was made of it; None for one that `use` has set."""


@brief_errors
def use(client: Client) -> Client:
    """Make a client the one that loaders use when none is given.

    Parameters
    ----------
    client
        The client.

    Returns
    -------
    Client
        The same.
    """
    global _default, _default_of
    if not isinstance(client, Client):
        msg = f"use takes a Client, not {type(client).__name__}"
        raise TypeError(msg)
    _default, _default_of = client, None
    return client


def current_client(client: Client | None) -> Client:
    """Return the client given, or the default one.

    Where none was chosen by `use`, that is made of what the environment says, and made anew when it says
    something else: so a key that was missing or wrong can be set, and the same cell run again.
    """
    global _default, _default_of
    if client is not None and not isinstance(client, Client):
        msg = f"client takes a bc.Client, not {type(client).__name__}"
        raise TypeError(msg)
    if client is not None:
        return client
    if _default is None or _default_of is not None:
        key = find_key(Hidden(None))
        said = (None if key is None else key.fingerprint(""), *map(os.environ.get, _VARIABLES))
        if _default is None or said != _default_of:
            _default, _default_of = Client(), said
    return _default


def loading_client(client: Client | None) -> Client:
    """Return the client to load with, as `current_client` does, once its cache is known to be of its server.

    Raises
    ------
    CacheError
        The cache of its account has calls of another server.
    """
    current = current_client(client)
    current._check_server()
    return current


def _checked_clock(clock: Any) -> Callable[[], datetime] | None:
    if clock is None:
        return None
    now = clock() if callable(clock) else clock
    if not callable(clock) or not isinstance(now, datetime) or now.tzinfo is None:
        msg = f"clock takes a function that returns a datetime with an offset, not {now!r}"
        raise TypeError(msg)
    function: Callable[[], datetime] = clock
    return function


def _bare(name: str, given: str | None) -> str | None:
    """Return an address or a path without the blanks and quotes around it; None where there is none."""
    bare = text(name, given)
    return None if bare is None else text(name, bare.strip(_AROUND))


def _address(given: Hidden) -> str | None:
    """Return the address given; None where there is none.

    Raises
    ------
    ValueError
        It has a part in which a key may stand. Neither the message nor a local variable shows it.
    """
    if not isinstance(given.value, str | None):
        msg = f"base_url takes text, not {type(given.value).__name__}"
        raise TypeError(msg)
    if any(mark in (given.value or "") for mark in "?#@"):
        msg = "base_url takes scheme, host and port only; give the key as api_key"
        raise ValueError(msg)
    return _bare("base_url", given.value)


def _base_url(given: str | None, profile: Profile, allow_http: bool) -> str:
    url = _without_endpoint((given or profile.base_url).rstrip("/"), profile)
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isprintable() or " " in url or not is_usable(url):
        msg = f"base_url={url!r} is not an address; give scheme and host, for example {profile.base_url}"
        raise ValueError(msg)
    if parts.scheme == "http" and not allow_http and not is_this_machine(parts.hostname):
        msg = (
            f"base_url={url!r} is plain http, which shows the API key to everyone on the way. "
            "Use https, or allow_http=True if you mean it."
        )
        raise ValueError(msg)
    return url


def _without_endpoint(url: str, profile: Profile) -> str:
    """Return an address without the path of an endpoint, which is often pasted along with it."""
    if (found := _ENDPOINT.search(url)) is None:
        return url
    version = (found["version"] or profile.name).lower()
    if version != profile.name:
        what = f"give bc.Client api_version={version!r}" if version in PROFILES else "give scheme and host"
        msg = f"base_url={url!r} names API {version}, and api_version is {profile.name!r}; {what}"
        raise ValueError(msg)
    return url[: found.start()].rstrip("/")


def _folder_name(account: str) -> str:
    """Return a name for the account's folder that no other account has, on any file system."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", account.lower()).strip(".-")[:64]
    if plain == account:
        return plain
    return f"{plain}-{hashlib.sha256(account.encode()).hexdigest()[:8]}".lstrip("-")


def _cache_folder(given: str | os.PathLike[str] | None) -> Path:
    for chosen in (given, os.environ.get("BRIGHTCALL_CACHE_DIR")):
        path = _bare("cache_dir", chosen) if isinstance(chosen, str) else chosen
        if path is not None:
            return _absolute(Path(path))
    try:
        here = Path.cwd()
        for folder in (here, *here.parents):
            candidate = folder / "data_cache"
            if candidate.is_dir() and _owned(candidate):
                return candidate
    except OSError:  # the working folder was deleted, or lies where nobody may look
        pass
    return Path(platformdirs.user_cache_dir("brightcall_pandas"))


def _absolute(path: Path) -> Path:
    try:
        if b"\0" in os.fsencode(path):
            raise UnicodeError
        return path.expanduser().absolute()
    except UnicodeError:
        msg = f"cache_dir={str(path)!r} cannot be the name of a folder on this system"
        raise ValueError(msg) from None
    except RuntimeError:
        msg = f"cache_dir={str(path)!r} begins with a home folder that is not known; give a whole path"
        raise ValueError(msg) from None
    except OSError:
        msg = (
            f"cache_dir={str(path)!r} is relative, and the working folder does not exist any more. "
            "Give a whole path, or change to a folder that exists (os.chdir)."
        )
        raise CacheError(msg) from None


def _owned(folder: Path) -> bool:
    return not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()
