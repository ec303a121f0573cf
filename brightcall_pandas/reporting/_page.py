"""A report as one HTML file: nothing is fetched from elsewhere, and no text of the calls becomes markup."""

from __future__ import annotations

import base64
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brightcall_pandas.errors import missing_extra
from brightcall_pandas.export import appearing
from brightcall_pandas.reporting._tables import MOST_ROWS, as_html, shown

if TYPE_CHECKING:
    from brightcall_pandas.reporting._report import Content

__all__ = ["as_page", "require_html", "write_page"]

_DIFFERS = {
    "direction": "Direction",
    "figure": "Figure",
    "rows": "Rows",
    "statistics": "Statistics",
    "difference": "Difference",
    "likely_cause": "Likely cause",
}


def require_html() -> None:
    """Raise an error that names the extra, if what writes HTML is not installed."""
    try:
        import great_tables  # noqa: F401, PLC0415
        import jinja2  # noqa: F401, PLC0415
    except ImportError as error:
        raise missing_extra("report as HTML", "report", error) from None


def write_page(content: Content, file: Path) -> None:
    """Write the report as an HTML file, whole or not at all."""
    page = as_page(content)
    with appearing(file) as temporary:
        temporary.write_text(page, encoding="utf-8")


def as_page(content: Content) -> str:
    """Return the report as the text of an HTML file."""
    import jinja2  # noqa: PLC0415

    here = files("brightcall_pandas.reporting")
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["data_uri"] = _data_uri
    template = environment.from_string((here / "page.html").read_text(encoding="utf-8"))

    def table(cells: Any, name: str, caption: str) -> Any:
        import markupsafe  # noqa: PLC0415

        return markupsafe.Markup(as_html(cells, name, caption))  # noqa: S704 - as_html escapes all texts

    differs = None if content.differs is None else shown(content.differs, _DIFFERS)
    return template.render(content=content, differs=differs, table=table, css=_css(), shown_rows=MOST_ROWS)


def _css() -> Any:
    import markupsafe  # noqa: PLC0415

    here = files("brightcall_pandas.reporting")
    return markupsafe.Markup((here / "page.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file


def _data_uri(svg: bytes) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"
