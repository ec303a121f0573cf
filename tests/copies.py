"""Sandboxes and kernels as copies of a process that has imported everything, since a copy starts at once.

Each is a process of its own all the same, with its arguments, environment and standard streams, and serves as
any other; how one is started by itself is tested in ``sandbox/test_process.py``, and for kernels in
``cli/test_lab.py``. It is no test itself.
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
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

LONGEST_JOB = 2**17


class Copies:
    """Processes that are copied from the one that listens at an address, which runs `program`."""

    def __init__(self, address: str, program: str = __file__, *arguments: str) -> None:
        self.address = address
        self._program = (program, *arguments)
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Start the process that is copied, unless that was done."""
        if self._process is None:
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
                listener.bind(self.address)
                listener.listen(64)
                program, *arguments = self._program
                command = [sys.executable, program, str(listener.fileno()), *arguments]
                self._process = subprocess.Popen(
                    command, pass_fds=[listener.fileno()], stdin=subprocess.PIPE, cwd="/"
                )

    def start(self, command: Sequence[str], *, stderr: IO[bytes], **_: Any) -> Copy:
        """Start a sandbox; arguments and what it returns are as those of `subprocess.Popen`."""
        its_own = command[list(command).index("--for-parent") :]
        stdin, to_it = os.pipe()
        from_it, stdout = os.pipe()
        copy = self.copy(its_own, dict(os.environ), "/", [stdin, stdout, stderr.fileno()])
        os.close(stdin)
        os.close(stdout)
        copy.stdin, copy.stdout = os.fdopen(to_it, "wb"), os.fdopen(from_it, "rb")
        return copy

    def begin_and_start(self, command: Sequence[str], **options: Any) -> Copy:
        """Start a sandbox, and before the first one the process that is copied."""
        self.begin()
        return self.start(command, **options)

    def copy(
        self, arguments: Sequence[str], environment: dict[str, str], folder: str, streams: Sequence[int]
    ) -> Copy:
        """Have a copy do what it is for, with these arguments, in a folder, with three standard streams."""
        job = json.dumps({"arguments": arguments, "environment": environment, "folder": folder})
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as line:
            line.connect(self.address)
            socket.send_fds(line, [job.encode()], streams)
            said, [descriptor], *_ = socket.recv_fds(line, 20, 1)
        return Copy(int(said), descriptor)

    def stop(self) -> None:
        """End the process that is copied; copies end when their parents do."""
        if self._process is not None:
            self._process.communicate()


class Copy:
    """A process that is known by its descriptor, and may be asked for what a `subprocess.Popen` may."""

    stdin: IO[bytes] | None = None
    stdout: IO[bytes] | None = None
    stderr = None

    def __init__(self, pid: int, descriptor: int) -> None:
        self.pid = pid
        self._descriptor = descriptor

    def poll(self) -> int | None:
        return self.wait(0)

    def wait(self, timeout: float | None = None) -> int | None:
        """Return when it has ended, or after `timeout` seconds; its status is not known."""
        if self._descriptor >= 0 and select.select([self._descriptor], [], [], timeout)[0]:
            os.close(self._descriptor)
            self._descriptor = -1
        return None if self._descriptor >= 0 else 0

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            signal.pidfd_send_signal(self._descriptor, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Kernels:
    """Kernels that are copied, and whose sandboxes are."""

    def __init__(self, address: str, sandboxes: Copies) -> None:
        self._sandboxes = sandboxes
        program = Path(__file__).with_name("kernel_server.py")
        self._copies = Copies(address, str(program), sandboxes.address)

    def launch(
        self,
        command: list[str],
        *,
        env: dict[str, str],
        cwd: str | None = None,
        stderr: IO[str] | None = None,
        **_: Any,
    ) -> Copy:
        """Start a kernel; arguments are those of `jupyter_client.launcher.launch_kernel`."""
        self._sandboxes.begin()
        self._copies.begin()
        arguments = command[command.index("ipykernel_launcher") + 1 :]
        with open(os.devnull, "r+b") as nothing:
            streams = [nothing.fileno(), nothing.fileno(), 2 if stderr is None else stderr.fileno()]
            return self._copies.copy(arguments, env, cwd or os.getcwd(), streams)

    def stop(self) -> None:
        """End the process that is copied."""
        self._copies.stop()


def serve(run: Callable[[list[str]], Any]) -> None:
    """Copy this process for each job that comes, until standard input ends; a copy runs its arguments."""
    listener = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for the tests only
    gc.freeze()  # or each copy would go through all of it once more
    while listener in select.select([listener, sys.stdin], [], [])[0]:
        forget_ended()
        line, _ = listener.accept()
        job, streams, *_ = socket.recv_fds(line, LONGEST_JOB, 3)
        if os.fork() == 0:
            listener.close()
            become(json.loads(job), streams)
            with line:  # the head of its own session by now, so that it may be killed with what it starts
                process = os.pidfd_open(os.getpid())
                socket.send_fds(line, [str(os.getpid()).encode()], [process])
                os.close(process)
            run(json.loads(job)["arguments"])
            return
        line.close()
        for each in streams:
            os.close(each)


def forget_ended() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def become(job: dict[str, Any], streams: list[int]) -> None:
    """Make this process what `subprocess.Popen` would have started."""
    os.setsid()
    os.environ.clear()
    os.environ.update(job["environment"])
    time.tzset()
    os.chdir(job["folder"])
    for number, each in enumerate(streams):
        os.dup2(each, number)
        os.close(each)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from brightcall_pandas.sandbox import __main__, _server  # noqa: F401  (only in this process)

    try:
        serve(__main__.main)
    finally:
        gc.unfreeze()  # or DuckDB would complain at the end
