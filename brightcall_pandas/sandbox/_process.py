"""A running sandbox, seen from the process that started it."""

from __future__ import annotations

import importlib
import json
import queue
import subprocess
import sys
import tempfile
import threading
from typing import IO, TYPE_CHECKING, Any, Self

import requests

from brightcall_pandas.errors import BrightcallError

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Sandbox", "SandboxError"]

_END_S = 5.0


class SandboxError(BrightcallError):
    """The sandbox did not start, or refused a command."""


class Sandbox:
    """A running sandbox; leaving the ``with`` block, or `stop`, ends it.

    Attributes
    ----------
    url, api_key
        Where it listens, and the key that it accepts.
    day_from, day_to
        First and last day that has calls, YYYY-MM-DD in `timezone`.
    timezone
        The account's zone.
    account
        Name of the account. It follows from what was drawn, not from the port: caches survive a restart.
    truth
        What is true of the calls as they were drawn; the keys are described in ``docs/sandbox.md``.
    """

    url: str
    api_key: str
    account: str
    day_from: str
    day_to: str
    timezone: str

    def __init__(self, arguments: list[str], deadline_s: float) -> None:
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of the environment must not see what stays on this machine
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "brightcall_pandas.sandbox", "--for-parent", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            start_new_session=True,  # an interrupt at the keyboard is meant for the notebook alone
        )
        try:
            for name, value in self._first_line(deadline_s).items():
                setattr(self, name, value)
            # Asked for now, so that it can still be read when the sandbox has ended.
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
        """Return a `brightcall_pandas.Client` of this sandbox; `options` are the client's own."""
        # Looked up when called: the sandbox stands below the client and does not import it.
        client = importlib.import_module("brightcall_pandas").Client
        known = {"api_key": self.api_key, "base_url": self.url, "account": self.account}
        return client(**(known | options))

    def requests(self) -> list[dict[str, Any]]:
        """Return the requests that the API has seen, oldest first.

        Returns
        -------
        list of dict
            ``at`` (seconds on a clock of the sandbox's own), ``method, path, query, headers, body`` (text),
            ``status`` (None while it is being answered), ``faults`` (names of those that struck).
        """
        seen: list[dict[str, Any]] = self._command("requests")
        return seen

    def insert(self, records: list[dict[str, Any]]) -> int:
        """Add calls, as the API writes them; fields left out are null or empty. Return how many."""
        return int(self._command("change", insert=records))

    def update(self, call_id: int | str, **fields: Any) -> int:
        """Change fields of a call; return how many calls have that id."""
        return int(self._command("change", update={"id": call_id} | fields))

    def delete(self, ids: list[int | str]) -> int:
        """Remove calls by id; return how many there were."""
        return int(self._command("change", delete=ids))

    def changes(self) -> list[dict[str, Any]]:
        """Return the changes that were made so far, oldest first.

        Returns
        -------
        list of dict
            ``request`` (number of the request to the API before which it was made; 0 before the first),
            ``change`` (insert, update or delete) and ``ids`` (texts).
        """
        made: list[dict[str, Any]] = self._command("changes")
        return made

    def set_faults(self, faults: dict[str, Any] | None) -> None:
        """Replace what goes wrong, as `start_sandbox` takes it; None ends all of it."""
        self._command("faults", faults=faults)

    def schedule(self, changes: list[dict[str, Any]]) -> int:
        """Keep changes until just before a later request to the API.

        Parameters
        ----------
        changes
            Each has ``before_request`` (1 is the next one) and one of ``insert`` (list of records),
            ``update`` (mapping with ``id``), ``delete`` (list of ids).

        Returns
        -------
        int
            How many changes now wait.
        """
        return int(self._command("schedule", changes=changes))

    def latency(self, seconds: float) -> None:
        """Have every answer take so long, its making included; answers wait side by side, not in turn."""
        self._command("latency", seconds=seconds)

    def stop(self) -> None:
        """End the process; ending it twice does no harm."""
        self._session.close()
        process = self._process
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()
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

    def _first_line(self, deadline_s: float) -> dict[str, str]:
        assert self._process.stdout is not None
        lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=_read_line, args=(self._process.stdout, lines), daemon=True).start()
        try:
            line = lines.get(timeout=deadline_s)
        except queue.Empty:
            raise SandboxError(
                f"the sandbox was not ready after {deadline_s:.0f} s; ask for fewer calls"
            ) from None
        if not line:
            self._process.wait(_END_S)
            self._stderr.seek(0)
            told = self._stderr.read().decode(errors="replace").strip()
            raise SandboxError(f"the sandbox did not start: {told or 'it said nothing'}")
        facts: dict[str, str] = json.loads(line)
        return facts


def _read_line(stream: IO[bytes], lines: queue.Queue[bytes]) -> None:
    lines.put(stream.readline())
