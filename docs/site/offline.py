"""After the build: no page asks another machine for anything, and links within the site lead somewhere."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

from sphinx.application import Sphinx
from sphinx.errors import SphinxError

_ASKED_FOR = {("script", "src"), ("img", "src"), ("link", "href"), ("iframe", "src"), ("source", "src")}
_NO_REQUEST = {"canonical", "search", "author", "index", "genindex", "next", "prev"}  # of <link rel=…>


class Page(HTMLParser):
    """What a page asks for by itself, what it links to, and what can be linked to in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the addresses of a tag, and its id."""
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if not (tag == "link" and set(values.get("rel", "").split()) & _NO_REQUEST):
            self.asked += [values[name] for each, name in _ASKED_FOR if each == tag and name in values]


def faults(folder: Path) -> list[str]:
    """Return what is wrong with the pages of a folder, a line each."""
    files = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.html"))}
    found = []
    for path, page in files.items():
        name = path.relative_to(folder)
        elsewhere = [each for each in page.asked if each.startswith(("http:", "https:", "//"))]
        found += [f"{name} asks another machine for {address}" for address in elsewhere]
        for link in page.links + page.asked:
            if urlsplit(link).scheme or link.startswith("//"):
                continue
            target, anchor = urldefrag(link)
            file = (path.parent / unquote(urlsplit(target).path)).resolve() if target else path.resolve()
            if not file.exists():
                found.append(f"{name} links to {link}, and there is no such file")
            elif anchor and file in files and unquote(anchor) not in files[file].anchors:
                found.append(f"{name} links to {link}, and there is no such place")
    return found


def _check(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        found = faults(Path(app.outdir).resolve())
        if found:
            raise SphinxError("\n".join(found))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the check."""
    app.connect("build-finished", _check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
