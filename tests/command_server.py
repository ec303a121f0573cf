"""A process that runs the command line, and programs, in copies of itself, since a copy starts at once.

Each run is a process of its own all the same, with its arguments, environment, folder and standard
streams, and so is each sandbox that it starts. One line of JSON comes in for each, and its exit status goes
out. It is no test itself.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import io
import json
import multiprocessing
import os
import runpy
import sys
import time
from pathlib import Path
from typing import Any

import matplotlib.pyplot  # noqa: F401  (so that copies have it)
from copies import Copies

import brightcall_pandas as bc
import brightcall_pandas.cli
from brightcall_pandas.sandbox import Sandbox


def become(job: dict[str, Any]) -> None:
    """Make this process what a shell would have started."""
    os.environ.clear()
    os.environ.update(job["environment"])
    time.tzset()
    os.chdir(job["folder"])
    sys.argv = [job["path"] or "brightcall", *job["arguments"]]
    for number, path in enumerate((os.devnull, job["stdout"], job["stderr"])):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC), number)
    encoding = job["environment"].get("PYTHONIOENCODING")
    sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w", encoding=encoding)
    sys.stderr = os.fdopen(2, "w", encoding=encoding, errors="backslashreplace")


def run(job: dict[str, Any]) -> None:
    """Do what a shell would have started, to its last word."""
    become(job)
    try:
        if job["path"]:
            sys.path[0] = str(Path(job["path"]).parent)
            runpy.run_path(job["path"], run_name="__main__")
        else:
            brightcall_pandas.cli.main()
    finally:
        atexit._run_exitfuncs()  # and no more: taking everything down would take longer than most runs


def say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def import_everything() -> None:
    """Import what is imported on first use."""
    for name in dir(bc):
        getattr(bc, name)
    given = sys.argv
    for argument in ("--version", "--help"):
        sys.argv = ["brightcall", argument]
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
            brightcall_pandas.cli.main()
    sys.argv = given


def main() -> None:
    import_everything()
    Sandbox.process_class = Copies(sys.argv[1]).start
    gc.freeze()  # or each copy would go through all of it once more
    context = multiprocessing.get_context("fork")
    say("ready")
    for line in sys.stdin:
        copy = context.Process(target=run, args=(json.loads(line),))
        copy.start()
        copy.join()
        say(copy.exitcode)
        copy.close()


if __name__ == "__main__":
    main()
