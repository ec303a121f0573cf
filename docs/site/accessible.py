"""What readers who do not see a page need, and what the theme and the notebooks leave out."""

from __future__ import annotations

import ast
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
    """Say of a notebook's picture what draws it: a stored output has no text beside it."""
    for cell in doctree.findall(nodes.container):
        if "cell" in cell["classes"]:
            code = next(iter(cell.findall(nodes.literal_block)), None)
            for picture in cell.findall(nodes.image):
                if code is not None and picture.get("alt", picture["uri"]) == picture["uri"]:
                    picture["alt"] = f"Picture of {last_statement(code.astext())}"


def _level_captions(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Give the captions of the table of contents, which are headings, a level."""
    tree = context.get("furo_navigation_tree", "")
    context["furo_navigation_tree"] = tree.replace('role="heading"', 'role="heading" aria-level="2"')


def setup(app: Sphinx) -> dict[str, bool]:
    """Register both."""
    app.connect("doctree-read", _describe_pictures)
    app.connect("html-page-context", _level_captions, priority=900)  # after the theme's
    return {"parallel_read_safe": True, "parallel_write_safe": True}
