"""How many requests a load takes, and how many rows come, against the pages that there are.

Run it with ``python benchmarks/cost.py``; ``--small`` reads few calls and judges nothing. Nothing is timed,
so one run is enough. What an account's first contact asks is counted apart.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from typing import Any

import pandas as pd

import brightcall_pandas as bc

PAGE = 500
STITCHED = "sizes-refused-400"  # such a server makes pages of one size be joined across their seams
TARGETS = {  # at most
    "requests ÷ pages": 1.15,
    "requests ÷ pages, stitched": 2.0,
    "rows ÷ calls, stitched": 1.8,
    "first contact": 12,
    "a window of one page": 2,
    "the same, totals known to be exact": 1,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--small", action="store_true", help="few calls, nothing judged")
    small = parser.parse_args().small
    found: dict[str, float] = {}
    with bc.start_sandbox(calls=2_500 if small else 200_000, days=30) as sandbox:
        found["first contact"], found["requests ÷ pages"], _ = _cost(sandbox, None)
        _, found["requests ÷ pages, stitched"], found["rows ÷ calls, stitched"] = _cost(sandbox, STITCHED)
    with bc.start_sandbox(*((480, 12) if small else (40_000, 100))) as sandbox:
        found |= _windows_of_one_page(sandbox)
    missed = [name for name, most in TARGETS.items() if found[name] > most]
    for name, most in TARGETS.items():
        verdict = "not judged" if small else "MISSED" if name in missed else "met"
        print(f"{name:36} {found[name]:6.2f}   at most {most:g}: {verdict}")
    raise SystemExit(bool(missed) and not small)


def _cost(sandbox: Any, persona: str | None) -> tuple[float, float, float]:
    """Return requests of the first day, and requests ÷ pages and rows ÷ calls of all days after that."""
    sandbox.set_persona(persona)
    with tempfile.TemporaryDirectory() as folder:
        client = sandbox.client(cache_dir=folder, page_size=PAGE)
        before = len(sandbox.requests())
        first = bc.load_calls(sandbox.day_from, sandbox.day_from, client=client, progress=False)
        contact = len(sandbox.requests()) - before
        frame = bc.load_calls(sandbox.day_from, sandbox.day_to, client=client, progress=False, refresh=True)
        asked = len(sandbox.requests()) - before - contact
        windows = frame.attrs["brightcall"]["windows"]
        client.close()
    rows = len(frame) + sum(each["duplicates"] for each in windows)
    pages = math.ceil(len(frame) / PAGE)
    return contact - math.ceil(len(first) / PAGE), asked / pages, rows / len(frame)


def _windows_of_one_page(sandbox: Any) -> dict[str, float]:
    """Return requests of a window of one page, before and after totals are known to be exact."""
    with tempfile.TemporaryDirectory() as folder:
        client = sandbox.client(cache_dir=folder, page_size=PAGE)
        days = [str(day.date()) for day in pd.date_range(sandbox.day_from, sandbox.day_to)]
        asked = []
        for span in ((days[0], days[0]), (days[1], days[1]), (days[2], days[9]), (days[10], days[10])):
            before = len(sandbox.requests())
            bc.load_calls(*span, client=client, progress=False)
            asked.append(len(sandbox.requests()) - before)
        client.close()
    return {"a window of one page": asked[1], "the same, totals known to be exact": asked[3]}


if __name__ == "__main__":
    main()
