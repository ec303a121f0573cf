"""What every picture of ``df.calls.plot`` has in common: its options, its signature and its documentation."""

from __future__ import annotations

import functools
import inspect
import re
import textwrap
from collections.abc import Callable, Collection
from html import escape
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, cast

import pandas as pd

from brightcall_pandas.accessors._people import AGENT_DOC, options_of, uses_agents
from brightcall_pandas.errors import brief_errors
from brightcall_pandas.frame import (
    LEAD_DOC,
    PICTURE_OPTIONS,
    warn_of_absent_leads,
    with_agent,
    with_lead,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from brightcall_pandas.frame import Names, PictureColor, Sort

__all__ = ["PlotOptions", "doc_of_method", "picture_of", "pictures_as_html", "pictures_as_text"]

Method = TypeVar("Method", bound=Callable[..., "Axes"])


class PlotOptions(TypedDict, total=False):
    """What every picture takes besides the parameters of its table."""

    ax: Axes | None
    title: str | None
    subtitle: str | None
    figsize: tuple[float, float] | None
    top: int | None
    sort: Sort
    names: Names
    color: PictureColor


_OF_TABLES = {"agent": ("str | None", AGENT_DOC), "lead": ("Sequence[str] | None", LEAD_DOC)}
"""Options of tables that pictures take, too."""


def pictures_as_text(pictures: type) -> str:
    """Return for a terminal which pictures there are, and what each one draws."""
    listed = _listed(pictures)
    width = max(len(name) for name, _ in listed)
    return "\n".join(
        [
            "pictures of the calls:",
            *(f"  .{name:<{width}}  {told}" for name, told in listed),
        ]
    )


def pictures_as_html(pictures: type) -> str:
    """Return the same for a notebook."""
    rows = "".join(
        f"<tr><td style='text-align: left'><code>.{escape(name)}()</code></td>"
        f"<td style='text-align: left'>{escape(told)}</td></tr>"
        for name, told in _listed(pictures)
    )
    return f"<div><b>Pictures of the calls</b><table>{rows}</table></div>"


def _listed(pictures: type) -> list[tuple[str, str]]:
    """Return each picture and the first line of its documentation, in the order in which they are defined."""
    return [
        (name, (inspect.getdoc(method) or "").partition("\n")[0])
        for kind in pictures.__mro__[:-1]
        for name, method in vars(kind).items()
        if not name.startswith("_")
    ]


def picture_of(table: Callable[..., pd.DataFrame], **own_docs: str) -> Callable[[Method], Method]:
    """Complete what Shift-Tab shows of a method: options by name, and the documentation of parameters.

    Parameters
    ----------
    table
        The analysis whose table the method draws; it documents the parameters of the same names.
    **own_docs
        Documentation of parameters that only the picture has.
    """

    def completed(method: Method) -> Method:
        signature = inspect.signature(method)
        own = [each for each in signature.parameters.values() if each.kind is not each.VAR_KEYWORD]
        told = {name: text for name, text in PICTURE_OPTIONS.items() if name not in signature.parameters}
        options = [
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation.__forward_arg__
            )
            for name, annotation in PlotOptions.__annotations__.items()
            if name in told
        ]
        if "names" in inspect.signature(table).parameters:  # documented there, and the last of them
            options.sort(key=lambda each: each.name != "names")
            del told["names"]
        for name, (annotation, text) in _OF_TABLES.items():
            if name in options_of(table):
                told[name] = text
                options.append(
                    inspect.Parameter(
                        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
                    )
                )
        sections = _sections(inspect.getdoc(table) or "")
        summary, _, drawn = (inspect.getdoc(method) or "").partition("\n\n")
        given = [each.name for each in (*own, *options) if each.name not in told]
        explained = [f"{name}\n{textwrap.indent(text, '    ')}" for name, text in own_docs.items()]
        explained.append(_only(given, _without_frame(sections.get("Parameters", ""))))
        explained += [f"{name}\n{textwrap.indent(text, '    ')}" for name, text in told.items()]
        lacking = inspect.signature(table).parameters.keys() - {each.name for each in (*own, *options)}
        raised = _of_these(sections.get("Raises", ""), lacking)
        drawing = _of_agent(method, table)
        drawing.__signature__ = signature.replace(parameters=[*own, *options])  # type: ignore[attr-defined]
        drawing.__doc__ = "\n\n".join(
            [
                summary,
                f"Draws the table that ``df.calls.{method.__name__}`` returns for the same arguments."
                if method.__name__ == table.__name__
                else f"Draws a table of ``df.calls.{table.__name__}``.",
                "\n".join(["Parameters", "----------", *filter(None, explained)]),
                f"Returns\n-------\nmatplotlib.axes.Axes\n{textwrap.indent(drawn, '    ')}",
                *([f"Raises\n------\n{raised}"] if raised else []),
            ]
        )
        return cast("Method", brief_errors(drawing))

    return completed


def _of_these(raises: str, lacking: Collection[str]) -> str:
    """Leave out what a section Raises says of arguments that a picture does not take."""
    kept = []
    for entry in re.split(r"\n(?=\S)", raises):
        kind, _, told = entry.partition("\n")
        causes = re.split(r",\s+(?:or\s+)?", " ".join(told.split()).removesuffix("."))
        fit = [each for each in causes if not any(f"`{name}`" in each for name in lacking)]
        if len(fit) == len(causes):
            kept.append(entry)
        elif fit:
            text = ", or ".join(filter(None, (", ".join(fit[:-1]), fit[-1])))
            text = textwrap.fill(text[0].upper() + text[1:] + ".", 106)
            kept.append(f"{kind}\n{textwrap.indent(text, '    ')}")
    return "\n".join(kept)


def _of_agent(method: Method, table: Callable[..., pd.DataFrame]) -> Method:
    """Make a method take ``agent=``, and go by one field for both sides of a comparison."""
    positional = list(inspect.signature(method).parameters)[1:]
    takes = options_of(table)

    @functools.wraps(method)
    def drawing(self: Any, *args: Any, agent: str | None = None, **kwargs: Any) -> Axes:
        given = dict(zip(positional, args, strict=False)) | kwargs
        df = self._df if agent is None else with_agent(self._df, agent)
        if "lead" in takes and (lead := kwargs.pop("lead", None)) is not None:
            df = with_lead(df, lead)
            warn_of_absent_leads(df)
        if uses_agents(table, given) and "other" not in given:
            df = with_agent(df)
        return method(type(self)(df), *args, **kwargs)

    return cast("Method", drawing)


def _sections(doc: str) -> dict[str, str]:
    """Return the sections of a docstring by heading."""
    parts = re.split(r"^(\w+)\n-{3,}\n", doc, flags=re.MULTILINE)
    return {heading: text.strip("\n") for heading, text in zip(parts[1::2], parts[2::2], strict=True)}


def _only(names: Collection[str], parameters: str) -> str:
    """Return those entries of a Parameters section that are about these names."""
    kept = []
    for entry in re.split(r"^(?=\S)", parameters, flags=re.MULTILINE):
        about, _, text = entry.partition("\n")
        if shared := [name for name in about.split(", ") if name in names]:
            kept.append(f"{', '.join(shared)}\n{text.rstrip()}")
    return "\n".join(kept)


def doc_of_method(doc: str | None) -> str | None:
    """Return the docstring of an analysis as that of a method: without its frame, which nobody passes."""
    if not doc:  # none with python -OO
        return doc
    heading = "\n\nParameters\n----------\n"
    before, found, rest = inspect.cleandoc(doc).partition(heading)
    if not found:
        return before
    section, *after = re.split(r"\n\n(?=\w+\n-{3,}\n)", rest, maxsplit=1)
    others = _without_frame(section)
    return "\n\n".join([before + (f"{heading}{others}" if others else ""), *after])


def _without_frame(parameters: str) -> str:
    """Return a Parameters section without its first name, the frame itself."""
    first, _, others = parameters.partition("\n")
    _, _, beside = first.partition(", ")
    if beside:  # documented together: ``df, other``
        return f"{beside}\n{others}"
    described = re.search(r"^\S", others, re.MULTILINE)
    return others[described.start() :] if described else ""
