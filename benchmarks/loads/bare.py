"""The sandbox alone, as runs of `loading`: ask for pages, read the bytes, and do nothing with them."""

from __future__ import annotations

import http.client
import itertools
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from measure import Run, measured, take_part

CALLS = "/api/v1/stat/calls"


def fetch(given: dict[str, Any]) -> tuple[Run, Callable[[], dict[str, Any]]]:
    """Send the bodies given; write the answers to a file where one is named."""
    bodies: list[bytes] = [b""] * len(given["asks"])
    turns = itertools.count()

    def ask() -> None:
        connection = http.client.HTTPConnection(urlsplit(given["url"]).netloc)
        while (turn := next(turns)) < len(bodies):
            text = given["asks"][turn]
            connection.request(
                "POST", f"{CALLS}?api-key={given['key']}", text, {"Content-Type": "application/json"}
            )
            bodies[turn] = connection.getresponse().read()
        connection.close()

    def work() -> None:
        threads = [threading.Thread(target=ask) for _ in range(given.get("connections", 1))]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

    _, run = measured(work)
    if path := given.get("path"):
        Path(path).write_bytes(b"\n".join(bodies))
    return run, lambda: {"bytes": sum(map(len, bodies))}


if __name__ == "__main__":
    take_part({"fetch": fetch})
