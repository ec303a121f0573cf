"""The programs of the pages, and what they print.

A block of Python is a cell of its page's session. A block of text right below one is what it prints; tests
compare it, and ``python docs/site/blocks.py docs/how-to/*.md`` writes it anew. A block that cannot run here
(it needs a cluster, or somebody who types) has a comment before it that says why: ``<!-- not run: … -->``.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

DOCS = Path(__file__).parents[1]
SETUP = DOCS / "how-to" / "index.md"
"""Its first block is that of every page of its folder."""

_BLOCK = re.compile(
    r"(?P<unrun><!-- not run: .+? -->\n\n?)?^```python\n(?P<code>.*?)^```\n"
    r"(?:\n```text\n(?P<printed>.*?)^```\n)?",
    re.MULTILINE | re.DOTALL,
)
OPTIONS = (
    "display.width",
    100,
    "display.max_columns",
    10,
    "display.max_rows",
    12,
    "display.max_colwidth",
    40,
)


class Block(NamedTuple):
    """A block of a page: its code, what stands below it, and whether it runs here."""

    code: str
    printed: str | None
    runs: bool


def blocks(page: Path) -> list[Block]:
    """Return the blocks of Python of a page, in their order."""
    found = _BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [Block(each["code"], each["printed"], each["unrun"] is None) for each in found]


def run(code: str, session: dict[str, Any]) -> str:
    """Run a block in its session, and return what it prints, the value of a last expression included."""
    tree = ast.parse(code)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    out = io.StringIO()
    with contextlib.redirect_stdout(out), pd.option_context(*OPTIONS):
        exec(compile(tree, "<block>", "exec"), session)
        value = eval(compile(ast.Expression(last.value), "<block>", "eval"), session) if last else None
        if value is not None and not isinstance(value, Axes | Figure):
            print(value)
    plt.close("all")
    return "".join(line.rstrip() + "\n" for line in out.getvalue().splitlines())


def begin(session: dict[str, Any]) -> dict[str, Any]:
    """Run what the pages of tasks have in common."""
    run(blocks(SETUP)[0].code, session)
    return session


def written(page: Path, session: dict[str, Any]) -> str:
    """Return a page with what its blocks print now; only where a block of text stands already."""

    def anew(found: re.Match[str]) -> str:
        if found["unrun"]:
            return found[0]
        printed = run(found["code"], session)
        if found["printed"] is None:
            return found[0]
        return f"```python\n{found['code']}```\n\n```text\n{printed}```\n"

    return _BLOCK.sub(anew, page.read_text(encoding="utf-8"))


def main() -> None:
    session = begin({})
    for name in sys.argv[1:]:
        page = Path(name)
        if page.resolve() != SETUP.resolve():
            page.write_text(written(page, dict(session)), encoding="utf-8")


if __name__ == "__main__":
    main()
