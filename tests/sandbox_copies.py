"""Sandboxes as copies of a process that has imported everything, since a copy starts at once.

Each is a process of its own all the same, with its arguments, environment and standard streams, and serves as
any other; how one is started by itself is tested in ``sandbox/test_process.py``. It is no test itself.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

LONGEST_JOB = 2**20


class Copies:
    """The process that is copied; it starts with the first sandbox."""

    def __init__(self) -> None:
        self._line: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, command: Sequence[str], *, stderr: IO[bytes], **_: Any) -> Copy:
        """Start a sandbox; arguments and what it returns are as those of `subprocess.Popen`."""
        after_its_own = list(command).index("--for-parent")
        job = json.dumps({"arguments": command[after_its_own:], "environment": dict(os.environ)})
        theirs, stdin = os.pipe()
        stdout, its = os.pipe()
        line = self._line or self._begin()
        socket.send_fds(line, [job.encode()], [theirs, its, stderr.fileno()])
        os.close(theirs)
        os.close(its)
        _, [process], *_ = socket.recv_fds(line, 1, 1)
        return Copy(process, stdin, stdout)

    def stop(self) -> None:
        if self._line is not None and self._process is not None:
            self._line.close()
            self._process.wait()

    def _begin(self) -> socket.socket:
        self._line, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with other:
            self._line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LONGEST_JOB)
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(other.fileno())], pass_fds=[other.fileno()], cwd="/"
            )
        return self._line


class Copy:
    """A process that is known by its descriptor, and may be asked for what a `subprocess.Popen` may."""

    def __init__(self, process: int, stdin: int, stdout: int) -> None:
        self._descriptor = process
        self.stdin, self.stdout = os.fdopen(stdin, "wb"), os.fdopen(stdout, "rb")

    def poll(self) -> int | None:
        return self.wait(0)

    def wait(self, timeout: float | None = None) -> int | None:
        """Return when it has ended, or after `timeout` seconds; its status is not known."""
        if self._descriptor >= 0 and select.select([self._descriptor], [], [], timeout)[0]:
            os.close(self._descriptor)
            self._descriptor = -1
        return None if self._descriptor >= 0 else 0

    def kill(self) -> None:
        if self.poll() is None:
            signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)


def main() -> None:
    """Copy this process for each job that comes."""
    try:
        copy_on_demand()
    finally:
        gc.unfreeze()  # or DuckDB would complain at the end


def copy_on_demand() -> None:
    from brightcall_pandas.sandbox import __main__, _server  # noqa: F401  (only in this process)

    line = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for the tests only
    gc.freeze()  # or each copy would go through all of it once more
    while True:
        job, streams, *_ = socket.recv_fds(line, LONGEST_JOB, 3)
        if not job:
            return
        forget_ended()
        child = os.fork()
        if child == 0:
            line.close()
            become(json.loads(job)["environment"], streams)
            __main__.main(json.loads(job)["arguments"])
            return
        process = os.pidfd_open(child)
        socket.send_fds(line, [b"1"], [process])
        for each in (process, *streams):
            os.close(each)


def forget_ended() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def become(environment: dict[str, str], streams: list[int]) -> None:
    """Make this process what `subprocess.Popen` would have started."""
    os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    for number, each in enumerate(streams):
        os.dup2(each, number)
        os.close(each)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    main()
