"""The pages of docs/reference, written by the package.

``{{ name }}`` in them stands for what the function of that name returns here.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

import brightcall_pandas as bc
from brightcall_pandas.accessors._plot import CallsPlot
from brightcall_pandas.filters import ROW_FILTERS

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

FOLDER = "docs/reference/"
PREFIXES = {
    "brightcall_pandas.": "bc.",
    "CallsAccessor.": "df.calls.",
    "CallsAccessor.plot.": "df.calls.plot.",
}
GROUPS = {
    "loading": "load_calls count_calls load_stats load_catalog Catalog to_frame calls CallsAccessor "
    "normalize_numbers",
    "client": "Client use login",
    "files": "export_calls read_calls scan_calls",
    "history": "revisions forget",
    "meaning": "Metric definitions CallFilter describe_fields describe_filters",
    "showing": "display_tables explore plots",
    "sandbox": "start_sandbox World Effect worlds",
}
"""Which public names stand where; those that are in no group come last, under a heading of their own."""


def errors() -> list[str]:
    """Return the names of errors and warnings, the base first."""
    return sorted(bc.errors.__all__, key=lambda name: (name != "BrightcallError", name))


def group(name: str) -> list[str]:
    """Return the public names of a group."""
    if name == "errors":
        return ["errors", *errors()]
    placed = {each for names in GROUPS.values() for each in names.split()} | set(errors()) | {"errors"}
    if name == "others":
        return [each for each in bc.__all__ if each not in placed]
    return [each for each in GROUPS[name].split() if each in bc.__all__]


def names(chosen: str) -> str:
    """Return a list of public names of a group, and what each is."""
    return "\n".join(_listed(group(chosen), "brightcall_pandas", bc) + _described(group(chosen)))


def methods(of: str) -> str:
    """Return the methods of ``df.calls``, or of ``df.calls.plot``."""
    cls = {"calls": bc.CallsAccessor, "plot": CallsPlot}[of]
    full = {"calls": "brightcall_pandas.CallsAccessor", "plot": "brightcall_pandas.CallsAccessor.plot"}[of]
    public = [name for name in dir(cls) if not name.startswith("_") and name != "plot"]
    lines = _listed(public, full, cls)
    for name in public:
        lines += [f".. automethod:: {full}.{name}", ""]
    return "\n".join(lines)


def fields() -> str:
    """Return the table of a call's fields."""
    table = bc.describe_fields().reset_index()
    return _table(table, ["field", "dtype", "description", "unit", "nullable"])


def filters() -> str:
    """Return the table of filters, and below it that of conditions on rows alone."""
    table = bc.describe_filters().reset_index()
    table["df.calls.filter"] = table["on_rows"]
    rows = pd.DataFrame(
        [(each.argument, each.value.accepts, each.doc) for each in ROW_FILTERS.values()],
        columns=["argument", "accepts", "description"],
    )
    return "\n".join(
        [
            _table(table, ["argument", "accepts", "description", "df.calls.filter", "parameter"]),
            "``df.calls.filter`` also takes these, for which the API has no parameter:",
            "",
            _table(rows, list(rows.columns)),
        ]
    )


def definitions() -> str:
    """Return what each number means."""
    lines: list[str] = []
    for name, row in bc.definitions().iterrows():
        known = {each: _plain(str(value)) for each, value in row.items() if not pd.isna(value)}
        said = [f"**{known['title']}**" + (f" ({known['unit']})" if "unit" in known else "")]
        said += [_quotient(*(known[each] for each in ("numerator", "denominator") if each in known))]
        words = {"nulls": "Nulls: ", "source": "Source: "}
        said += [word + known[each] for each, word in words.items() if each in known]
        lines += [
            f".. _definition-{name}:",
            "",
            f"``{name}``",
            *(f"   | {each}" for each in said if each),
            "",
        ]
    return "\n".join(lines)


def command_line() -> str:
    """Return the help of each command."""
    import click
    import typer

    from brightcall_pandas.cli import app

    def helps(command: click.Command, context: click.Context) -> list[str]:
        text = re.sub(r"\x1b\[[\d;]*m", "", command.get_help(context)).rstrip()
        mark = '"' if context.parent is None else "~"
        path = context.command_path
        lines = [path, mark * len(path), "", ".. code-block:: text", ""]
        lines += [*("   " + line for line in text.split("\n")), ""]
        for name, each in getattr(command, "commands", {}).items():
            if not each.hidden:
                lines += helps(each, click.Context(each, info_name=name, parent=context, terminal_width=100))
        return lines

    command = typer.main.get_command(app)
    return "\n".join(helps(command, click.Context(command, info_name="brightcall", terminal_width=100)))


def _quotient(*terms: str) -> str:
    """Return numerator ÷ denominator, with brackets where one has an operator of its own."""
    if len(terms) == 2 and any(";" in term for term in terms):
        return "{}, divided by {}".format(*terms)
    compound = r" [+−] | less "
    return " ÷ ".join(f"({term})" if len(terms) > 1 and re.search(compound, term) else term for term in terms)


def _plain(text: str) -> str:
    return re.sub(r"([*|\\])", r"\\\1", re.sub(r"(\w)_(?!\w)", r"\1\\_", text))


def _first_sentence(value: object) -> str:
    paragraph = " ".join((inspect.getdoc(value) or "").partition("\n\n")[0].split())
    return paragraph if "``" in paragraph else _plain(paragraph)


def _listed(public: Iterable[str], full: str, owner: object) -> list[str]:
    """Return a list of names with the first paragraph of what is said of each."""
    lines = []
    for name in public:
        lines += [f":py:obj:`{name} <{full}.{name}>`", f"   {_first_sentence(getattr(owner, name))}", ""]
    return lines


def _described(public: Iterable[str]) -> list[str]:
    lines: list[str] = []
    for name in public:
        value, full = getattr(bc, name), f"brightcall_pandas.{name}"
        if inspect.ismodule(value):
            lines += [f".. py:module:: {full}", "", *inspect.getdoc(value).split("\n"), ""]
        elif name == "CallsAccessor":
            lines += [f".. autoclass:: {full}", ""]
        elif inspect.isclass(value):
            lines += [f".. autoclass:: {full}", "   :members:", ""]
        elif callable(value) and hasattr(value, "__name__"):
            lines += [f".. autofunction:: {full}", ""]
        else:
            lines += [f".. autodata:: {full}", "   :no-value:", ""]
    return lines


_CODE = ("field", "dtype", "argument", "parameter")


def _table(table: pd.DataFrame, columns: list[str]) -> str:
    lines = [".. list-table::", "   :header-rows: 1", "   :widths: auto", "   :class: described", ""]
    rows = [columns, *table[columns].itertuples(index=False)]
    for row in rows:
        cells = [
            _cell(each, code=columns[position] in _CODE and row is not columns)
            for position, each in enumerate(row)
        ]
        lines += [f"   {'  -' if position else '* -'} {cell}" for position, cell in enumerate(cells)]
    return "\n".join([*lines, ""])


def _cell(value: object, *, code: bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if pd.isna(value):
        return ""
    return f"``{value}``" if code else _plain(str(value))


PLACEHOLDERS = {each.__name__: each for each in (names, methods, fields, filters, definitions, command_line)}


def more_pages(index: str) -> str:
    """Return the pages of docs/ that the table of contents does not name: a new page is among the guides."""
    pages = sorted(path.stem for path in Path(__file__).parents[1].glob("*.md"))
    named = {"index", *index.split("\n")}
    return "\n".join(page for page in pages if page not in named)


def _write(app: Sphinx, docname: str, source: list[str]) -> None:
    if docname == "docs/index":
        source[0] = source[0].replace("{{ more pages }}", more_pages(source[0]))
    if docname.startswith(FOLDER):
        source[0] = re.sub(
            r"\{\{ (\w+)(?: (\w+))? \}\}",
            lambda found: PLACEHOLDERS[found[1]](*([found[2]] if found[2] else [])),
            source[0],
        )


def _again(app: Sphinx, env: BuildEnvironment, *changes: set[str]) -> list[str]:
    """Write these pages at each build: what they say is not in their files."""
    return [name for name in env.found_docs if name.startswith((FOLDER, "docs/index"))]


def _as_typed(app: Sphinx, domain: str, objtype: str, content: nodes.Element) -> None:
    """Show ``df.calls.by_outcome(…)`` where Sphinx has ``CallsAccessor.by_outcome(…)``."""
    from docutils import nodes
    from sphinx import addnodes

    for name in content.parent.findall(addnodes.desc_addname):
        prefix = PREFIXES.get(name.astext())
        if prefix is not None:
            name.clear()
            name.append(nodes.Text(prefix))


def _known_sections(*told: Any) -> None:
    """Rename the section that loaders have besides those that numpydoc knows."""
    lines: list[str] = told[-1]
    if "Filters" in lines:
        place = lines.index("Filters")
        if lines[place + 1 : place + 2] == ["-" * len("Filters")]:
            lines[place : place + 2] = ["Other Parameters", "-" * len("Other Parameters")]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register what writes the pages."""
    bc.CallsAccessor.plot = CallsPlot  # a property, below which autodoc would find no methods
    app.connect("source-read", _write)
    app.connect("env-get-outdated", _again)
    app.connect("autodoc-process-docstring", _known_sections, priority=400)  # before numpydoc's
    app.connect("object-description-transform", _as_typed)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
