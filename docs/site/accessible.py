"""What readers who do not see a page need, and what the theme and the notebooks leave out."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def last_statement(code: str) -> str:
    """Return the last statement of a cell on one line, without the name that it assigns to."""
    last = ast.parse(code).body[-1]
    if isinstance(last, ast.Assign):
        last = ast.Expr(last.value)
    return " ".join(ast.unparse(last).split())


def _describe_pictures(app: Sphinx, doctree: nodes.document) -> None:
    """Give a notebook's pictures the words stored with them; without any, say what draws them."""
    stored = stored_words(Path(app.env.doc2path(app.env.docname)))
    for cell in doctree.findall(nodes.container):
        if "cell" in cell["classes"]:
            code = next(iter(cell.findall(nodes.literal_block)), None)
            words = iter(stored.get(cell.get("cell_index", -1), []))
            for picture in cell.findall(nodes.image):
                if code is not None and picture.get("alt", picture["uri"]) == picture["uri"]:
                    picture["alt"] = next(words, "") or f"Picture of {last_statement(code.astext())}"


def stored_words(source: Path) -> dict[int, list[str]]:
    """Return the alternative texts of the pictures of each cell of a notebook, empty where it has none."""
    if source.suffix != ".ipynb":
        return {}
    cells = json.loads(source.read_text(encoding="utf-8"))["cells"]
    return {
        at: [
            output.get("metadata", {}).get("image/png", {}).get("alt", "")
            for output in cell.get("outputs", [])
            if "image/png" in output.get("data", {})
        ]
        for at, cell in enumerate(cells)
    }


def _level_captions(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Give the captions of the table of contents, which are headings, a level."""
    tree = context.get("furo_navigation_tree", "")
    context["furo_navigation_tree"] = tree.replace('role="heading"', 'role="heading" aria-level="2"')


def setup(app: Sphinx) -> dict[str, bool]:
    """Register both."""
    app.connect("doctree-read", _describe_pictures)
    app.connect("html-page-context", _level_captions, priority=900)  # after the theme's
    return {"parallel_read_safe": True, "parallel_write_safe": True}
