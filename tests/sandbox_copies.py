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

LONGEST_JOB = 2**17


class Copies:
    """Sandboxes that are copied from the process that listens at an address."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Start the process that is copied, unless that was done."""
        if self._process is None:
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
                listener.bind(self.address)
                listener.listen(64)
                command = [sys.executable, __file__, str(listener.fileno())]
                self._process = subprocess.Popen(
                    command, pass_fds=[listener.fileno()], stdin=subprocess.PIPE, cwd="/"
                )

    def start(self, command: Sequence[str], *, stderr: IO[bytes], **_: Any) -> Copy:
        """Start a sandbox; arguments and what it returns are as those of `subprocess.Popen`."""
        its_own = command[list(command).index("--for-parent") :]
        job = json.dumps({"arguments": its_own, "environment": dict(os.environ)})
        stdin, to_it = os.pipe()
        from_it, stdout = os.pipe()
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as line:
            line.connect(self.address)
            socket.send_fds(line, [job.encode()], [stdin, stdout, stderr.fileno()])
            os.close(stdin)
            os.close(stdout)
            _, [process], *_ = socket.recv_fds(line, 1, 1)
        return Copy(process, to_it, from_it)

    def begin_and_start(self, command: Sequence[str], **options: Any) -> Copy:
        """Start a sandbox, and before the first one the process that is copied."""
        self.begin()
        return self.start(command, **options)

    def stop(self) -> None:
        """End the process that is copied; copies end when their parents do."""
        if self._process is not None:
            self._process.communicate()


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
    """Copy this process for each job that comes, until standard input ends."""
    from brightcall_pandas.sandbox import __main__, _server  # noqa: F401  (only in this process)

    listener = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for the tests only
    gc.freeze()  # or each copy would go through all of it once more
    while listener in select.select([listener, sys.stdin], [], [])[0]:
        forget_ended()
        line, _ = listener.accept()
        job, streams, *_ = socket.recv_fds(line, LONGEST_JOB, 3)
        child = os.fork()
        if child == 0:
            line.close()
            listener.close()
            become(json.loads(job)["environment"], streams)
            __main__.main(json.loads(job)["arguments"])
            return
        process = os.pidfd_open(child)
        socket.send_fds(line, [b"1"], [process])
        line.close()
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
    try:
        main()
    finally:
        gc.unfreeze()  # or DuckDB would complain at the end
