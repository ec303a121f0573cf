"""Comparisons of loads that ask the server, on a sandbox of 30 days."""

from __future__ import annotations

from pathlib import Path

from measure import Contestant, Figure, Target, alternating, compared, same_facts

from loads.stage import Stage

__all__ = ["bare", "cold", "dlt", "latency", "parsing", "tier"]

RIVALS = Path(__file__).parents[1] / ".venv-rivals" / "bin" / "python"
WORKERS = 8  # where answers are held back
MB = 2**20


def cold(stage: Stage) -> None:
    """Load everything into an empty cache."""
    here = stage.contestant("here", "load")
    rival = stage.contestant("requests + json_normalize", "requests_loop")
    runs = compared([here, rival], stage.scale.rounds)
    what = f"cold load of {stage.calls:,} calls, {stage.scale.page_size} a page"
    stage.compare(what, [here, rival], runs, Target("at least", 2.8))


def dlt(stage: Stage) -> None:
    """Load everything, against dlt."""
    what = "the same, against dlt"
    if not stage.scale.rivals or not RIVALS.exists():
        stage.protocol.say(f"{what}: left out, since it needs the environment that make bench makes")
        return
    here = stage.contestant("here", "load")
    rival = Contestant(
        "dlt rest_api → parquet", "loads.rival_dlt", "rest_api", stage.given(), python=str(RIVALS)
    )
    runs = compared([here, rival], stage.scale.slow_rounds)
    stage.compare(what, [here, rival], runs, Target("at least", 6))


def latency(stage: Stage) -> None:
    """Load from a server that takes its time, with more workers."""
    here, seconds = stage.contestant("here", "load", workers=WORKERS), stage.scale.latency
    quick = here.run(check=True).facts or {}
    stage.sandbox.latency(seconds)
    try:
        since = len(stage.asked())
        slow = here.run(check=True)
        requests = len(stage.asked(since))
        same_facts("a load", quick, "a load with latency", slow.facts or {})
        runs = alternating([here], stage.scale.rounds)[0] if stage.scale.rounds else [slow]
    finally:
        stage.sandbox.latency(0)
    bound, asked = (
        Figure(f"{pages:,} {words} × {seconds:g} s ÷ {WORKERS}", [pages * seconds / WORKERS])
        for pages, words in ((stage.pages, "pages"), (requests, "requests made"))
    )
    what = f"the same, {seconds * 1000:.0f} ms a page, {WORKERS} workers"
    stage.protocol.compare(what, Figure.of("here", runs), bound, Target("at most", 1.3), asked)


def parsing(stage: Stage) -> None:
    """Turn pages in memory into a frame."""
    path, asks = stage.scratch / "pages", stage.asks(stage.scale.parsed)
    stage.fetch("the pages", asks, path=str(path)).run()
    here = stage.contestant("here", "typed", path=str(path))
    rival = stage.contestant("json + json_normalize", "normalized", path=str(path))
    runs = compared([here, rival], stage.scale.quick_rounds)
    what = f"{len(asks):,} pages in memory ({path.stat().st_size / MB:.1f} MB) to a frame"
    stage.compare(what, [here, rival], runs, Target("at least", 6))


def tier(stage: Stage) -> None:
    """Compare what the page tier takes on disk with what the server sent."""
    folder, before = stage.scratch / "tier", len(stage.asked())
    stage.contestant("a load", "load", folder=str(folder)).run()
    asks = stage.asked(since=before)
    again = stage.fetch("the same answers", asks).run(check=True).facts or {}
    disk = sum(path.stat().st_size for path in folder.rglob("pages.sqlite*"))
    here, rival = Figure("on disk", [disk / MB], "MB"), Figure("decoded bodies", [again["bytes"] / MB], "MB")
    stage.protocol.compare(f"page tier on disk, {len(asks):,} answers", here, rival, Target("at most", 0.2))


def bare(stage: Stage) -> None:
    """Ask for all pages and do nothing with them: no load can be quicker."""
    asks = stage.asks(stage.pages)
    for connections in (1, 4):
        fetch = stage.fetch(f"{connections} at once", asks, connections=connections)
        figure = Figure.of(fetch.label, compared([fetch], stage.scale.rounds)[0])
        rate = f"{len(asks) / figure.median:,.0f} pages a second"
        stage.protocol.say(f"the sandbox alone, {len(asks):,} pages, {rate}", figure)
