"""A process that loads calls, for tests that kill it, interrupt it, or take something away from it.

Its one argument is a job as JSON; what it found it prints as JSON. It is no test itself.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import warnings
from pathlib import Path
from typing import Any

import brightcall_pandas as bc

NOBODY = 65534


def client(job: dict[str, Any], **options: Any) -> bc.Client:
    given = {"base_url": job["url"], "account": job["account"], "cache_dir": job["cache_dir"]}
    return bc.Client(job["api_key"], **(given | job.get("options", {}) | options))


def load(job: dict[str, Any], using: bc.Client) -> dict[str, Any]:
    """Load, and tell what came and what was said."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            frame = bc.load_calls(
                *job["days"], client=using, refresh=job.get("refresh", False), progress=False
            )
        except KeyboardInterrupt:
            return {"interrupted": True}
        except bc.BrightcallError as error:
            return {"error": f"{type(error).__name__}: {error}"}
    return {
        "ids": sorted(frame["id"]),
        "talk_time": float(frame["talkTime"].sum()),
        "requests": using.session.requests,
        "warnings": [str(each.message) for each in said if each.category is RuntimeWarning],
    }


def restrict(job: dict[str, Any]) -> None:
    """Take away from this process what the job says."""
    if job.get("as_nobody") and os.geteuid() == 0:
        # What is imported on first use may stand where nobody else can read: so use everything once.
        using = client(job, cache_dir=job["elsewhere"])
        load(job, using)
        using.close()
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    if "file_size" in job:
        resource.setrlimit(resource.RLIMIT_FSIZE, (job["file_size"], job["file_size"]))


def say(what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a shell runs in the background
    job = json.loads(sys.argv[1])
    restrict(job)
    say("ready")
    for line in sys.stdin:
        command = line.strip()
        if command == "load":
            say(load(job, client(job)))
        elif command == "load twice":  # as in a notebook: the kernel goes on after an interrupt
            using = client(job)
            say(load(job, using))
            sys.stdin.readline()
            say(load(job, using))
        elif command == "count":
            try:
                say(bc.count_calls(*job["days"], client=client(job)))
            except KeyboardInterrupt:
                say({"interrupted": True})
        elif command == "fork":  # cheaper than another interpreter, and as real a process
            child = os.fork()
            if child == 0:
                os._exit("ids" not in load(job | {"refresh": True}, client(job)))
            say(child)
            _, status = os.waitpid(child, 0)
            say(os.waitstatus_to_exitcode(status))
        elif command == "crash":
            os.kill(os.getpid(), 9)


if __name__ == "__main__":
    assert Path(bc.__file__).exists()
    main()
