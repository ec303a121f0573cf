"""A process that runs the command line in copies of itself, since a copy starts at once.

Each command is a process of its own all the same, with its arguments, environment, folder and standard
streams. One line of JSON comes in for each, and its exit status goes out. It is no test itself.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from typing import Any

import matplotlib.pyplot  # noqa: F401  (so that copies have it)

import brightcall_pandas as bc
import brightcall_pandas.cli


def become(job: dict[str, Any]) -> None:
    """Make this process what a shell would have started."""
    os.environ.clear()
    os.environ.update(job["environment"])
    time.tzset()
    os.chdir(job["folder"])
    sys.argv = ["brightcall", *job["arguments"]]
    for number, path in enumerate((os.devnull, job["stdout"], job["stderr"])):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC), number)
    encoding = job["environment"].get("PYTHONIOENCODING")
    sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w", encoding=encoding)
    sys.stderr = os.fdopen(2, "w", encoding=encoding, errors="backslashreplace")


def say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def main() -> None:
    for name in dir(bc):
        getattr(bc, name)  # what is imported on first use
    gc.freeze()  # or each copy would go through all of it once more
    say("ready")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            become(json.loads(line))
            brightcall_pandas.cli.main()
            return
        _, status = os.waitpid(child, 0)
        say(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
