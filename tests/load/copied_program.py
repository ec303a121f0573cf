"""A program that runs in a copy of a process that has imported the package, since a copy starts at once.

It is a process of its own all the same, with its argument, standard streams and exit status. It is no test
itself.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection

PRELOADED = ["pytest", "brightcall_pandas.export", "brightcall_pandas.load"]


class CopiedProgram:
    """A process that is steered as a `subprocess.Popen` with pipes of text."""

    def __init__(self, command: Sequence[str]) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOADED)
        its_stdin, stdin = context.Pipe(duplex=False)
        stdout, its_stdout = context.Pipe(duplex=False)
        self._process = context.Process(target=_become, args=(command, its_stdin, its_stdout))
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid
        self.stdin, self.stdout = _opened(stdin, "w"), _opened(stdout, "r")
        its_stdin.close()
        its_stdout.close()

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float) -> None:
        self._process.join(timeout)

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _become(command: Sequence[str], stdin: Connection, stdout: Connection) -> None:
    os.dup2(stdin.fileno(), 0)
    os.dup2(stdout.fileno(), 1)
    stdin.close()
    stdout.close()
    sys.argv, sys.stdin, sys.stdout = list(command), os.fdopen(0), os.fdopen(1, "w")
    runpy.run_path(command[0], run_name="__main__")


def _opened(end: Connection, mode: str):
    """Return an end of a pipe as a file of text."""
    file = os.fdopen(os.dup(end.fileno()), mode)
    end.close()
    return file
