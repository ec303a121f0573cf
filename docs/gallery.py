"""Draw the gallery: every picture of the package, of the sandbox's calls, and the page that shows them.

``python docs/gallery.py`` writes ``docs/gallery.md`` and ``docs/images/gallery/``. ``--sheet notebook``,
``slide`` or ``dark`` writes contact sheets instead, all pictures side by side, to judge them by eye;
``--calls 300000 --days 180`` draws them of another account.
"""

from __future__ import annotations

import argparse
import io
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from PIL import Image

import brightcall_pandas as bc

PAGE = Path(__file__).with_name("gallery.md")
IMAGES = PAGE.parent / "images" / "gallery"

EXAMPLES = {
    "How much, and how it is going": {
        "summary": "calls.calls.plot.summary()",
        "over_time": 'calls.calls.plot.over_time("D")',
        "control_chart": 'half_year.calls.plot.control_chart("W")',
        "small_multiples": 'half_year.calls.plot.small_multiples("W", by="project")',
        "calendar": 'half_year.calls.plot.calendar("answer_rate")',
        "heatmap": 'calls.calls.plot.heatmap("answer_rate")',
        "concurrency": "calls.calls.plot.concurrency()",
        "staffing": "half_year.calls.plot.staffing()",
    },
    "How calls end": {
        "by_outcome": "calls.calls.plot.by_outcome()",
        "outcome_shares": 'half_year.calls.plot.outcome_shares("W")',
        "funnel": "calls.calls.plot.funnel()",
        "talk_time_buckets": "calls.calls.plot.talk_time_buckets()",
        "talk_time_histogram": "calls.calls.plot.talk_time_histogram()",
        "talk_time_survival": 'calls.calls.plot.talk_time_survival(by="outcome")',
        "answer_time_histogram": "calls.calls.plot.answer_time_histogram()",
    },
    "Who": {
        "by_agent": "calls.calls.plot.by_agent()",
        "agent_funnel": "calls.calls.plot.agent_funnel()",
        "by_line": "calls.calls.plot.by_line()",
        "breakdown": 'calls.calls.plot.breakdown("project")',
        "by_country": "calls.calls.plot.by_country()",
    },
    "Callers who wait, clients who are dialed": {
        "service_level": 'calls.calls.plot.service_level(by="project")',
        "abandonment": 'calls.calls.plot.abandonment(by="hour")',
        "repeat_callers": 'calls.calls.plot.repeat_callers("24h", by="project")',
        "attempts": "calls.calls.plot.attempts()",
        "attempt_gaps": "calls.calls.plot.attempt_gaps()",
        "recalls": "calls.calls.plot.recalls()",
    },
    "What changed": {
        "changes": 'late.calls.plot.changes(early, by="project")',
        "compare": 'late.calls.plot.compare(early, by="project")',
        "explain_change": 'late.calls.plot.explain_change(early, by="project")',
        "restated": 'restated.calls.plot.restated("positive_rate", by="agent", reported=calls)',
        "watch": 'calls.calls.plot.watch(by="line")',
    },
    "Transfers": {
        "transfer_flow": "calls.calls.plot.transfer_flow()",
        "transfer_variants": "calls.calls.plot.transfer_variants()",
        "transfer_matrix": "calls.calls.plot.transfer_matrix()",
        "transfer_parties": "calls.calls.plot.transfer_parties()",
    },
    "Can the rows be trusted": {
        "quality": "calls.calls.plot.quality()",
        "reconcile": "calls.calls.plot.reconcile(stats)",
    },
}
"""The code of every picture, by its name, under the headings of the page."""

OPENING = """\
# Gallery

Every picture that `df.calls.plot` draws, and `bc.plots` from a table. The calls are the sandbox's, so that
anybody can draw them again:

```python
import brightcall_pandas as bc

with bc.start_sandbox() as sandbox:
    client = sandbox.client(clock=sandbox.clock)
    calls = bc.load_calls(sandbox.day_from, sandbox.day_to, client=client)
    stats = bc.load_stats(sandbox.day_from, sandbox.day_to, client=client)
    sandbox.advance("14d")  # outcomes are set late
    restated = bc.load_calls(sandbox.day_from, sandbox.day_to, client=client, refresh=True)
with bc.start_sandbox(calls=60_000, days=182) as sandbox:
    half_year = bc.load_calls(sandbox.day_from, sandbox.day_to, client=sandbox.client())
middle = calls["timestamp"].min() + (calls["timestamp"].max() - calls["timestamp"].min()) / 2
early, late = calls[calls["timestamp"] < middle], calls[calls["timestamp"] >= middle]
```

All of them take `title=`, `subtitle=`, `figsize=`, `top=`, `sort=`, `names=`, `color=` and `ax=`, and
`bc.plots.describe(ax)` says in a sentence what is seen. `python docs/gallery.py` draws this page.
"""

STYLES: dict[str, dict[str, Any]] = {"notebook": {}, "slide": {"figsize": (10, 5.6)}, "dark": {}}
COLUMNS, TILE, PER_SHEET = 2, 900, 8


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sheet", choices=STYLES, help="draw contact sheets instead of the page")
    parser.add_argument(
        "--to", type=Path, default=Path(), help="folder of the contact sheets; default: this one"
    )
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=30)
    arguments = parser.parse_args()
    mpl.use("agg")
    # A cache of its own: calls that an earlier run has loaded again would stand in the place of the first.
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BRIGHTCALL_CACHE_DIR"] = folder
        frames = frames_of(arguments.calls, arguments.days)
    if arguments.sheet:
        for path in contact_sheets(frames, arguments.sheet, arguments.to):
            print(path)
        return
    IMAGES.mkdir(parents=True, exist_ok=True)
    for old in IMAGES.glob("*.png"):
        old.unlink()
    sentences = {}
    for name, code in examples():
        ax = drawn(code, frames)
        (IMAGES / f"{name}.png").write_bytes(as_png(ax))
        sentences[name] = bc.plots.describe(ax)
        plt.close("all")
    PAGE.write_text(page(sentences), encoding="utf-8")
    size = sum(each.stat().st_size for each in IMAGES.iterdir())
    print(f"{PAGE}: {len(sentences)} pictures, {size / 1e6:.1f} MB")


def examples() -> list[tuple[str, str]]:
    return [example for section in EXAMPLES.values() for example in section.items()]


def frames_of(calls: int, days: int) -> dict[str, Any]:
    """Return the variables of the page's code."""
    with bc.start_sandbox(calls=calls, days=days) as sandbox:
        client = sandbox.client(clock=sandbox.clock)
        df = bc.load_calls(sandbox.day_from, sandbox.day_to, client=client, progress=False)
        stats = bc.load_stats(sandbox.day_from, sandbox.day_to, client=client)
        sandbox.advance("14d")
        restated = bc.load_calls(
            sandbox.day_from, sandbox.day_to, client=client, refresh=True, progress=False
        )
    half_year = df
    if days < 60:
        with bc.start_sandbox(calls=60_000, days=182) as sandbox:
            half_year = bc.load_calls(
                sandbox.day_from, sandbox.day_to, client=sandbox.client(), progress=False
            )
    middle = df["timestamp"].min() + (df["timestamp"].max() - df["timestamp"].min()) / 2
    early, late = df[df["timestamp"] < middle], df[df["timestamp"] >= middle]
    return {"calls": df, "stats": stats, "half_year": half_year, "early": early, "late": late} | {
        "restated": restated
    }


def drawn(code: str, frames: dict[str, Any], **options: Any) -> Axes:
    """Draw a picture by its code, with further options."""
    more = "".join(f", {name}={value!r}" for name, value in options.items()).removeprefix(
        ", " * code.endswith("()")
    )
    ax: Axes = eval(f"{code[:-1]}{more})", {**frames})  # our own code, above
    return ax


def as_png(ax: Axes, dpi: int = 100) -> bytes:
    """Return a picture as a file that is the same each time, in 256 colors."""
    raw = io.BytesIO()
    ax.get_figure().savefig(raw, format="png", dpi=dpi, metadata={"Software": None})
    small = io.BytesIO()
    Image.open(raw).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return small.getvalue()


def page(sentences: dict[str, str]) -> str:
    """Return the text of the page."""
    parts = [OPENING]
    for heading, section in EXAMPLES.items():
        parts.append(f"## {heading}\n")
        for name, code in section.items():
            alt = sentences[name].replace("[", "(").replace("]", ")")
            parts.append(f"### {name}\n\n```python\n{code}\n```\n\n![{alt}](images/gallery/{name}.png)\n")
    return "\n".join(parts)


def contact_sheets(frames: dict[str, Any], style: str, folder: Path) -> list[Path]:
    """Draw all pictures side by side; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    tiles, took = [], {}
    for name, code in examples():
        start = time.perf_counter()
        with plt.style.context("dark_background" if style == "dark" else "default"):
            image = Image.open(io.BytesIO(as_png(drawn(code, frames, **STYLES[style]), dpi=120)))
        took[name] = time.perf_counter() - start
        tiles.append(image.convert("RGB"))
        plt.close("all")
    slow = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in took.items() if seconds > 1)
    print(f"{len(tiles)} pictures in {sum(took.values()):.0f} s{f'; slow: {slow}' if slow else ''}")
    paths = []
    for number, first in enumerate(range(0, len(tiles), PER_SHEET), 1):
        paths.append(folder / f"sheet-{style}-{number}.png")
        side_by_side(tiles[first : first + PER_SHEET]).save(paths[-1], optimize=True)
    return paths


def side_by_side(tiles: list[Image.Image]) -> Image.Image:
    """Return pictures in columns, each as wide as a column at most."""
    fitted = [
        each.resize((TILE, round(each.height * TILE / each.width))) if each.width > TILE else each
        for each in tiles
    ]
    rows = [fitted[first : first + COLUMNS] for first in range(0, len(fitted), COLUMNS)]
    heights = [max(each.height for each in row) + 30 for row in rows]
    sheet = Image.new("RGB", (COLUMNS * (TILE + 30), sum(heights)), "#bbbbbb")
    for row, top in zip(rows, [sum(heights[:place]) for place in range(len(rows))], strict=True):
        for place, tile in enumerate(row):
            sheet.paste(tile, (15 + place * (TILE + 30), top + 15))
    return sheet


if __name__ == "__main__":
    main()
