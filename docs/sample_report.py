"""Write docs/sample-report.html: ``python docs/sample_report.py``.

The calls are those of the sandbox with a line that falls in the last week, so the page is the same each time
but for the hour at which they were read.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import matplotlib as mpl

import brightcall_pandas as bc

HERE = Path(__file__).parent
NAMES = {
    "101": "Ann Lindqvist", "102": "Bo Okafor", "103": "Cem Yilmaz", "104": "Dana Weiss", "105": "Eli Novak",
    "106": "Fay Laurent", "107": "Gus Romero", "108": "Hana Ito", "109": "Ivo Marek", "110": "Jo Bergman",
    "111": "Kai Jensen", "112": "Lea Pohl", "900": "Dialer",
}  # fmt: skip


def main() -> None:
    mpl.use("Agg")
    world = bc.World("monday", [("answer", "line:+49305550102", -1.6, 0.7667)])
    chosen = [bc.worlds["lively"], world]
    with tempfile.TemporaryDirectory() as cache, bc.start_sandbox(world=chosen) as sandbox:
        client = sandbox.client(cache_dir=cache)
        calls = bc.load_calls(sandbox.day_from, sandbox.day_to, client=client, progress=False)
        week = calls.calls.filter(day_from="2026-03-25", day_to="2026-03-31")
        path = bc.report(
            week,
            calls.calls.filter(day_from="2026-03-18", day_to="2026-03-24"),
            before=calls.calls.filter(day_to="2026-03-17"),
            stats=bc.load_stats("2026-03-25", "2026-03-31", client=client),
            names=NAMES,
            path=HERE / "sample-report.html",
        )
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
