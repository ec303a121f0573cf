"""A process whose children, forked, load with the client that it has loaded with. It is no test itself.

Its one argument is a job as JSON; what came it prints as JSON: of each load its day, the ids, whether it is
said to be complete, and how many calls the server counts.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import threading
from typing import Any

import brightcall_pandas as bc

if __name__ == "__main__":  # pytest imports it as well, looking for doctests
    JOB = json.loads(sys.argv[1])
    CLIENT = bc.Client(
        JOB["api_key"],
        base_url=JOB["url"],
        account=JOB["account"],
        cache_dir=JOB["cache_dir"],
        **JOB["options"],
    )


def load(number: int) -> tuple[str, list[str], bool, int]:
    day = JOB["days"][number % len(JOB["days"])]
    # First, since nothing would show that it is the answer to another question.
    counted = bc.count_calls(day, day, client=CLIENT, refresh=True)
    frame = bc.load_calls(day, day, client=CLIENT, refresh=True, progress=False)
    return day, sorted(frame["id"]), frame.attrs["brightcall"]["complete"], counted


def in_pools() -> list[Any]:
    """Fork again and again, each time with connections that are open and idle; the children begin at once."""
    found: list[Any] = []
    context = multiprocessing.get_context("fork")
    children, rounds = JOB["children"], JOB["rounds"]
    for begin in range(0, JOB["loads"], JOB["loads"] // rounds):
        found.append(load(begin))
        together = context.Barrier(children)
        with context.Pool(children, initializer=together.wait) as pool:
            found += pool.map(load, range(begin, begin + JOB["loads"] // rounds), chunksize=1)
    return found


def while_threads_load() -> list[Any]:
    """Fork again and again while three threads of the parent load."""
    stop, found = threading.Event(), []

    def go_on(number: int) -> None:
        while not stop.is_set():
            found.append(load(number))
            number += 1

    threads = [threading.Thread(target=go_on, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for number in range(JOB["children"]):
        reading, writing = os.pipe()
        if (child := os.fork()) == 0:
            signal.alarm(60)  # one that waits for a lock for ever must not
            with os.fdopen(writing, "w") as file:
                json.dump(load(number), file)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as file:
            found.append(json.load(file))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    stop.set()
    for thread in threads:
        thread.join()
    return found


def main() -> None:
    load(0)
    found = in_pools() if JOB["how"] == "pools" else while_threads_load()
    found.append(load(0))  # the parent goes on as well
    sys.stdout.write(json.dumps(found))
    sys.stdout.flush()
    CLIENT.close()


if __name__ == "__main__":
    main()
