"""Start a sandbox: in a process of its own, seen from outside, or in the foreground."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from datetime import date, datetime, timedelta
from numbers import Integral
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ClassVar, Self
from zoneinfo import ZoneInfo

import requests

from brightcall_pandas.errors import BrightcallError, brief_errors, missing_extra
from brightcall_pandas.frame import duration
from brightcall_pandas.sandbox._account import TIMEZONE
from brightcall_pandas.sandbox._draw import LAST_DAY, Calendar, midnight
from brightcall_pandas.sandbox._faults import checked_faults
from brightcall_pandas.sandbox._personas import joined_name, personas_named
from brightcall_pandas.sandbox._planted import checked_on_days
from brightcall_pandas.sandbox._worlds import world_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from brightcall_pandas.sandbox._effects import World
    from brightcall_pandas.sandbox._server import SandboxInfo

__all__ = ["Sandbox", "SandboxError", "serve", "start_sandbox"]

_NO_CLIENT_CLASS = (
    "this sandbox does not know the class of clients; start it with brightcall_pandas.start_sandbox, "
    "or make a Client with api_key=sandbox.api_key, base_url=sandbox.url and account=sandbox.account"
)
_CHILD = Path(__file__).with_name("_child.py")
_START_S = 120.0
_CALLS_A_SECOND = 5_000  # far fewer than any machine draws: the deadline grows with the size
_END_S = 5.0


class SandboxError(BrightcallError):
    """The sandbox did not start, or refused a command."""


class Sandbox:
    """A running sandbox; leaving the ``with`` block, or `stop`, ends it.

    Attributes
    ----------
    url, api_key
        The address it listens on, and the key that it accepts.
    day_from, day_to
        First and last day that has calls, YYYY-MM-DD in `timezone`.
    timezone
        The account's zone.
    now
        Time at which its clock began, in ISO form.
    calls
        Number of calls up to then; ``truth["calls"]`` counts those that `advance` makes, too.
    account
        Name of the account. It follows from the calls, the world and the personas, not from the port, so a
        cache survives a restart.
    truth
        What is true of the calls as they were drawn; the keys are described in ``docs/sandbox.md``.
    client_class
        What `client` calls to make a client. The sandbox does not import the client; the package sets this
        on the class when ``brightcall_pandas.start_sandbox`` is first used.
    process_class
        What starts the process: `subprocess.Popen`, or what is called as it is and returns an object with its
        ``stdin``, ``stdout``, ``poll``, ``wait`` and ``kill``. Tests that start many sandboxes set it to copy
        a process that has imported everything already.
    """

    client_class: ClassVar[Callable[..., Any] | None] = None
    process_class: ClassVar[Callable[..., Any]] = subprocess.Popen

    url: str
    api_key: str
    account: str
    day_from: str
    day_to: str
    timezone: str
    now: str
    calls: int

    def __init__(self, arguments: list[str], deadline_s: float) -> None:
        self._began = time.monotonic()
        self._passed = timedelta()
        self._session = requests.Session()
        self._session.trust_env = False  # requests must not leave this machine through a proxy
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            self._process = type(self).process_class(
                [sys.executable, "-I", str(_CHILD), json.dumps(_import_paths()), "--for-parent", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                cwd=_CHILD.parent,  # the folder in which the parent works may be gone
                start_new_session=True,  # Ctrl-C is for the parent only
            )
        except OSError as error:
            self._stderr.close()
            self._session.close()
            msg = f"Python cannot be started for the sandbox ({sys.executable!r}: {error})"
            raise SandboxError(msg) from None
        try:
            for name, value in self._first_line(deadline_s).items():
                setattr(self, name, value)
            # Fetched now, so that it can still be read when the sandbox has ended.
            self.truth: dict[str, Any] = self._command("truth")
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        state = "running" if self._process.poll() is None else "stopped"
        return f"<Sandbox {self.account} at {self.url}, {state}>"

    def client(self, **options: Any) -> Any:
        """Return a client of this sandbox.

        Parameters
        ----------
        **options
            Options of ``brightcall_pandas.Client``; they override the sandbox's own.

        Returns
        -------
        brightcall_pandas.Client
            A new client with the sandbox's key, address and account.

        Raises
        ------
        SandboxError
            `client_class` is not set, because the sandbox was not started by
            ``brightcall_pandas.start_sandbox``.
        """
        make = type(self).client_class  # looked up on the class: a function must not become a method
        if make is None:
            raise SandboxError(_NO_CLIENT_CLASS)
        return make(**({"api_key": self.api_key, "base_url": self.url, "account": self.account} | options))

    def requests(self) -> list[dict[str, Any]]:
        """Return the requests that the API has received, oldest first.

        Returns
        -------
        list of dict
            ``at`` (seconds on a clock of the sandbox), ``method, path, query, headers, body`` (text),
            ``status`` (None while it is being answered), ``faults`` (names of those that occurred).
        """
        seen: list[dict[str, Any]] = self._command("requests")
        return seen

    def insert(self, records: list[dict[str, Any]]) -> int:
        """Add calls, in the form the API writes them; fields left out are null or empty. Return how many."""
        return int(self._command("change", insert=records))

    def update(self, call_id: int | str, **fields: Any) -> int:
        """Change fields of a call; return how many calls have that id."""
        return int(self._command("change", update={"id": call_id} | fields))

    def delete(self, ids: list[int | str]) -> int:
        """Remove calls by id; return how many existed."""
        return int(self._command("change", delete=ids))

    def changes(self) -> list[dict[str, Any]]:
        """Return the changes made so far, oldest first.

        Returns
        -------
        list of dict
            ``request`` (for a scheduled or random change, the number of the request before which it was made;
            else of the latest request, 0 if there was none), ``change`` (insert, update or delete),
            ``ids`` (as text) and ``at``, when it was on the sandbox's clock.
        """
        made: list[dict[str, Any]] = self._command("changes")
        return made

    def advance(self, by: str | float | timedelta) -> int:
        """Let time pass on the sandbox's clock: calls are made, edited and removed as they were drawn to be.

        Parameters
        ----------
        by
            How long: text such as ``"2d"`` or ``"36h"``, seconds, or a timedelta. Whole seconds count.

        Returns
        -------
        int
            How many changes that made; `changes` tells which and when, ``truth["late_edits"]`` what they are.

        Raises
        ------
        TypeError, ValueError
            That is not a duration.
        """
        passed = int(duration("by", by).total_seconds())
        made = int(self._command("advance", seconds=passed))
        self._passed += timedelta(seconds=passed)
        return made

    def clock(self) -> datetime:
        """Return the sandbox's time, UTC: it goes on by itself, and `advance` moves it.

        ``sandbox.client(clock=sandbox.clock)`` is a client to which it is that time: days settle, and what it
        has cached ages, as the clock is moved. What happens to calls late, happens only by `advance`.
        """
        running = timedelta(seconds=time.monotonic() - self._began)
        return datetime.fromisoformat(self.now) + self._passed + running

    def set_faults(self, faults: dict[str, Any] | None, *, seed: int | None = None) -> None:
        """Replace the faults, given as for `start_sandbox`; None ends all of them.

        Parameters
        ----------
        faults
            The faults.
        seed
            Seed of their draws; None is the sandbox's.
        """
        self._command("faults", faults=faults, seed=seed)

    def set_persona(self, persona: str | Sequence[str] | None, *, seed: int | None = None) -> None:
        """Behave as other personas, and so as another `account`; None behaves as usual.

        Parameters
        ----------
        persona
            As for `start_sandbox`.
        seed
            Seed of what it leaves to chance; None is the sandbox's.

        Raises
        ------
        ValueError
            A persona does not exist, or two cannot be combined.
        """
        name = joined_name(personas_named(persona))
        self.account = self._command("persona", persona=name, seed=seed)

    def restore(self) -> None:
        """Put calls and clock back as they were at the start; scheduled changes and the mark are dropped."""
        self._command("restore")
        self._passed = timedelta()

    def mark(self) -> None:
        """Remember from here on which calls the answers were made from; `since_mark` tells."""
        self._command("mark")

    def since_mark(self) -> dict[str, Any]:
        """Return which calls a load must have returned, and which it may.

        Returns
        -------
        dict
            ``always``: the calls that were there, with their time unchanged, in every state of the table
            from which an answer with calls or their number was made since the mark; ``ever``: those that
            were there in any of them. Both are sorted lists of ``uniqueId``. ``answers``: how many.

        Raises
        ------
        SandboxError
            There is no mark.
        """
        told: dict[str, Any] = self._command("since_mark")
        return told

    def schedule(self, changes: list[dict[str, Any]]) -> int:
        """Make changes just before later requests to the API.

        Parameters
        ----------
        changes
            Each has ``before_request`` (1 is the next one) and one of ``insert`` (list of records),
            ``update`` (mapping with ``id``), ``delete`` (list of ids).

        Returns
        -------
        int
            How many changes are waiting.
        """
        return int(self._command("schedule", changes=changes))

    def latency(self, seconds: float) -> None:
        """Make every answer take at least this long, in parallel: requests do not wait for each other."""
        self._command("latency", seconds=seconds)

    def stop(self) -> None:
        """End the process; a second call does nothing."""
        self._session.close()
        process = self._process
        process.kill()  # it has nothing to put away first
        process.wait()
        for pipe in (process.stdin, process.stdout, self._stderr):
            if pipe is not None:
                pipe.close()

    def _command(self, name: str, **given: Any) -> Any:
        if self._process.poll() is not None:
            raise SandboxError("the sandbox has ended; start another one")
        answer = self._session.post(
            f"{self.url}/_sandbox/{name}", params={"api-key": self.api_key}, json=given, timeout=60
        )
        if answer.status_code != 200:
            raise SandboxError(f"the sandbox refused {name}: {answer.json()['message']}")
        return answer.json()

    def _first_line(self, deadline_s: float) -> dict[str, Any]:
        assert self._process.stdout is not None
        lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=_read_line, args=(self._process.stdout, lines), daemon=True).start()
        try:
            line = lines.get(timeout=deadline_s)
        except queue.Empty:
            msg = f"the sandbox was not ready after {deadline_s:.0f} s; try fewer calls"
            raise SandboxError(msg) from None
        if not line:
            self._process.wait(_END_S)
            self._stderr.seek(0)
            reason = self._stderr.read().decode(errors="replace").strip()
            raise SandboxError(f"the sandbox did not start: {reason or 'it gave no reason'}")
        info: dict[str, Any] = json.loads(line)
        return info


@brief_errors
def start_sandbox(  # noqa: PLR0917  (as the command line has them)
    calls: int = 20_000,
    days: int = 30,
    seed: int = 0,
    faults: dict[str, Any] | None = None,
    persona: str | Sequence[str] | None = None,
    world: str | World | Sequence[str | World] | None = None,
    *,
    day_to: str | date | None = None,
    now: str | datetime | None = None,
    port: int = 0,
) -> Sandbox:
    """Start a Brightcall API on this machine, in its own process.

    Parameters
    ----------
    calls
        Exact number of calls.
    days
        Number of days over which they are spread.
    seed
        The same seed gives the same calls.
    faults
        What goes wrong, and how often; see ``docs/sandbox.md``.
    persona
        How this server differs from others that follow the same article: a name, several of them, or
        ``"a+b"``; see ``docs/sandbox.md``, or ``brightcall sandbox --list-personas``.
    world
        What differs in the calls, and by how much: a name, a `World`, several of these, or ``"a+b"``; see
        `worlds.describe`. None is ``"lively"``; in ``"null"`` nothing differs.
    day_to
        Last day, YYYY-MM-DD; by default 2026-03-31, so that a month includes a clock change. ``"yesterday"``,
        or ``"today"``, which has calls up to now, make a sandbox like an account of today: its calls are
        others each day.
    now
        When its clock begins, in the account's zone unless an offset says otherwise: calls after it are made
        as `Sandbox.advance` moves the clock. By default the end of the last day, when all are made, and with
        ``day_to="today"`` the present.
    port
        Port on the loopback interface; 0 takes a free one.

    Returns
    -------
    Sandbox
        Ready to answer. Use it in a ``with`` block, or call `Sandbox.stop`.

    Raises
    ------
    ValueError
        `calls` or `days` is too small, a fault, one of its options, a persona or a world does not exist, two
        personas or effects cannot be combined, or an effect lies outside the days.
    SandboxError
        The sandbox did not start: the extra is not installed, or the port is in use.

    Examples
    --------
    >>> with start_sandbox(calls=100, days=2) as sandbox:
    ...     sandbox.day_from, sandbox.day_to, sandbox.truth["calls"]
    ('2026-03-30', '2026-03-31', 100)
    """
    _check(calls, days)
    day_to, now = _as_told_today(day_to, now)
    chosen = _checked_world(world, days, day_to)
    moment = _checked_now(now, days, day_to)
    options = {
        "--faults": json.dumps(checked_faults(faults)),
        "--calls": calls,
        "--days": days,
        "--seed": seed,
        "--port": port,
        "--world": json.dumps(chosen.to_dict()),
    }
    if name := joined_name(personas_named(persona)):
        options["--persona"] = name
    if day_to is not None:
        options["--day-to"] = day_to
    if moment is not None:
        options["--now"] = moment.isoformat()
    arguments = [str(part) for option in options.items() for part in option]
    return Sandbox(arguments, _START_S + calls / _CALLS_A_SECOND)


def serve(  # noqa: PLR0917  (as `start_sandbox`)
    calls: int = 20_000,
    days: int = 30,
    seed: int = 0,
    faults: dict[str, Any] | None = None,
    persona: str | Sequence[str] | None = None,
    world: str | World | Sequence[str | World] | None = None,
    *,
    day_to: str | date | None = None,
    now: str | datetime | None = None,
    port: int = 0,
    for_parent: bool = False,
    as_json: bool = False,
) -> None:
    """Serve a sandbox in the foreground until it is interrupted, and print how to reach it.

    Parameters
    ----------
    calls, days, seed, faults, persona, world, day_to, now, port
        As for `start_sandbox`.
    for_parent
        Print JSON, and end when standard input does.
    as_json
        Print one line of JSON, for programs.

    Raises
    ------
    ValueError
        As for `start_sandbox`.
    SandboxError
        The extra ``sandbox`` is not installed, or the port is in use.
    """
    _check(calls, days)
    last, now = _as_told_today(day_to, now)
    chosen = _checked_world(world, days, last)
    moment = _checked_now(now, days, last)
    try:
        # Imported here, because it needs the extra and the process that starts a sandbox does not.
        from brightcall_pandas.sandbox._server import SandboxSpec, run  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise SandboxError(str(missing_extra("the sandbox", "sandbox", error))) from None
    ready = _print_json if for_parent or as_json else _print_text
    name = joined_name(personas_named(persona))
    spec = SandboxSpec(calls, days, seed, checked_faults(faults), last, name, chosen, moment)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            run(spec, port=port, ready=ready, end_with_stdin=for_parent)
    except OSError as error:
        raise SandboxError(f"{error}; choose another --port, or 0 for a free one") from None


def _check(calls: int, days: int) -> None:
    for name, given in (("calls", calls), ("days", days)):
        if isinstance(given, bool) or not isinstance(given, Integral):
            msg = f"{name} takes a whole number, not {given!r}"
            raise TypeError(msg)
    if calls < 0 or days < 1:
        msg = f"calls={calls}, days={days}: a sandbox needs at least 0 calls and at least 1 day"
        raise ValueError(msg)


def _checked_world(
    world: str | World | Sequence[str | World] | None, days: int, day_to: date | None
) -> World:
    """Return the world, if all its effects can be planted on these days."""
    chosen = world_of(world)
    checked_on_days(chosen, _calendar(days, day_to).days)
    return chosen


def _as_told_today(
    day_to: str | date | None, now: str | datetime | None
) -> tuple[date | None, str | datetime | None]:
    """Return the last day as a date, and when the clock begins; today has no calls after the present."""
    if day_to is None:
        return None, now
    present = datetime.now(ZoneInfo(TIMEZONE))
    if day_to == "today":
        return present.date(), now or present
    if day_to == "yesterday":
        return present.date() - timedelta(days=1), now
    try:
        return date.fromisoformat(str(day_to)), now
    except ValueError:
        msg = f"day_to={day_to!r} is not a date; write it as YYYY-MM-DD, or give 'yesterday' or 'today'"
        raise ValueError(msg) from None


def _calendar(days: int, day_to: date | None) -> Calendar:
    last = LAST_DAY if day_to is None else day_to
    try:
        return Calendar(last - timedelta(days - 1), last)
    except OverflowError:
        msg = f"day_to={str(last)!r} and days={days}: the first day lies before the year 1"
        raise ValueError(msg) from None


def _checked_now(now: str | datetime | None, days: int, day_to: date | None) -> datetime | None:
    """Return when the clock begins, if that is a time within the days."""
    if now is None:
        return None
    try:
        moment = datetime.fromisoformat(str(now))
    except ValueError:
        msg = f"now={now!r} is not a time, such as 2026-03-10 or 2026-03-10T18:00"
        raise ValueError(msg) from None
    moment = moment.replace(tzinfo=moment.tzinfo or ZoneInfo(TIMEZONE), microsecond=0)
    calendar = _calendar(days, day_to)
    first, last = calendar.day_from, calendar.day_to
    if not midnight(first) <= moment.timestamp() <= midnight(last + timedelta(1)):
        msg = f"now={now!r} is not within the sandbox's days, {first} to {last}"
        raise ValueError(msg)
    return moment


def _print_json(info: SandboxInfo) -> None:
    sys.stdout.write(json.dumps(vars(info)) + "\n")
    sys.stdout.flush()


def _print_text(info: SandboxInfo) -> None:
    export = "export" if os.name == "posix" else "set"
    sys.stdout.write(
        f"Sandbox {info.account}\n"
        f"  {export} BRIGHTCALL_BASE_URL={info.url}\n"
        f"  {export} BRIGHTCALL_API_KEY={info.api_key}\n"
        f"  {info.calls:,} calls from {info.day_from} to {info.day_to}, {info.timezone}\n"
        "Press Ctrl-C to stop it.\n"
    )
    sys.stdout.flush()


def _import_paths() -> list[str]:
    """Return where the child is to look for packages: where this process does, but not in its folder."""
    try:
        here = str(Path.cwd())
    except OSError:  # it is gone
        here = ""
    named = set(filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)))
    paths = [path for path in sys.path if path in named or path not in ("", os.curdir, here)]
    return [str(Path(here, path)) for path in paths]  # the child works in another folder


def _read_line(stream: IO[bytes], lines: queue.Queue[bytes]) -> None:
    lines.put(stream.readline())
