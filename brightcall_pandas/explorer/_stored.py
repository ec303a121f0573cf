"""The snapshot that a notebook keeps beside the page: what is seen when it is opened without its kernel.

A page in a notebook is drawn by a program that asks the kernel for its numbers. Where there is no kernel,
JupyterLab has only an error to show. So a second output stands before the page: the selection, the figures
and the pictures as plain HTML. It is replaced after each change, and hidden while the page lives.
"""

from __future__ import annotations

import threading
import uuid
import weakref
from collections.abc import Callable
from html import escape
from typing import Any

from brightcall_pandas.errors import running_shell

__all__ = ["StoredSnapshot", "snapshot_html"]

_PAUSE_S = 1.0  # changes by hand that follow each other as fast as this are stored once

# While the page lives, the snapshot is hidden; if it does not, the error of JupyterLab is.
_STYLE = """<style>
.jp-OutputArea:has(.bc-live) .bc-snapshot, .cell_container:has(.bc-live) .bc-snapshot { display: none }
.jp-OutputArea-child:has(.bc-snapshot)
  + .jp-OutputArea-child:has(> .jupyter-widgets, .bc-explorer):not(:has(.bc-live)) { display: none }
.bc-snapshot table, .bc-snapshot tr, .bc-snapshot td { border: 0 !important }
.bc-snapshot tbody tr { background: none !important }
</style>"""


class StoredSnapshot:
    """An output of the notebook that follows the explorer.

    Parameters
    ----------
    make
        Returns the snapshot as HTML and as text.
    """

    def __init__(self, make: Callable[[], tuple[str, str]]) -> None:
        self._make = weakref.WeakMethod(make)
        self._id = ""
        self._timer: threading.Timer | None = None

    def show(self) -> None:
        """Publish the snapshot as an output of the cell that runs; do nothing outside a notebook."""
        shell = _shell_of_notebook()
        if shell is None:
            return
        if not self._id:
            self._id = uuid.uuid4().hex
            shell.events.register("post_run_cell", _calling(self))
        self._publish(update=False)

    def outdated(self) -> None:
        """Replace it soon, and at the latest when the cell has run."""
        if self._id:
            self._cancel()
            self._timer = threading.Timer(_PAUSE_S, self.replace)
            self._timer.daemon = True
            self._timer.start()

    def replace(self) -> None:
        """Replace it now if it is out of date."""
        if self._cancel():
            self._publish(update=True)

    def _cancel(self) -> bool:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        return timer is not None

    def _publish(self, *, update: bool) -> None:
        from IPython import display  # noqa: PLC0415 - every notebook has it

        make = self._make()
        if make is None:
            return
        html, text = make()
        publish: Callable[..., None] = display.publish_display_data
        data = {"text/html": html, "text/plain": text}
        publish(data, transient={"display_id": self._id}, update=update)


def _calling(stored: StoredSnapshot) -> Callable[[Any], None]:
    """Return what IPython calls after each cell; it keeps neither the snapshot nor its frame alive."""
    known = weakref.ref(stored)

    def after_cell(_: Any) -> None:
        there = known()
        if there is not None:
            there.replace()

    return after_cell


def _shell_of_notebook() -> Any:
    """Return IPython's shell if it runs in a kernel; None anywhere else."""
    shell = running_shell()
    return shell if getattr(shell, "kernel", None) is not None else None


def snapshot_html(view: dict[str, Any], code: str) -> str:
    """Return what the page shows but its rows, as HTML without scripts.

    Parameters
    ----------
    view
        Everything that the page shows.
    code
        The statement that gives the rows.
    """
    chips = "; ".join(escape(chip["text"]) for chip in view["chips"]) or "no filter"
    parts = [
        f'<p style="font-size: 16px; margin: 4px 0"><b>{escape(view["sentence"])}</b></p>',
        f'<p style="margin: 4px 0"><b>Selection:</b> {chips}</p>',
        _figures(view["figures"]),
        _days(view["days"]),
        _bars("Outcomes", view["outcomes"]),
        _heat_map(view["heatmap"]),
        _bars("Transfer variants", view["paths"]),
        f'<pre style="white-space: pre-wrap; margin: 8px 0">{escape(code)}</pre>',
        _note({"note": "A snapshot of the filter explorer; run the cell to use it."}),
    ]
    return f'{_STYLE}<div class="bc-snapshot" style="font-size: 13px">{"".join(parts)}</div>'


def _heading(title: str) -> str:
    return f'<p style="margin: 10px 0 2px"><b>{escape(title)}</b></p>'


def _note(data: dict[str, Any]) -> str:
    return f'<p style="margin: 2px 0; font-size: 12px; opacity: 0.75">{escape(data["note"])}</p>'


_CELL = "padding: 1px 16px 1px 0; text-align: left; vertical-align: middle"
_COLOR = "0, 114, 178"


def _figures(cards: list[dict[str, str]]) -> str:
    def row(name: str, style: str) -> str:
        cells = (f'<td style="{_CELL}; {style}">{escape(card[name])}</td>' for card in cards)
        return f"<tr>{''.join(cells)}</tr>"

    rows = row("label", "opacity: 0.75") + row("value", "font-size: 18px; font-weight: bold")
    return f'<table style="margin: 8px 0">{rows}{row("against", "opacity: 0.75")}</table>'


def _bars(title: str, data: dict[str, Any] | None) -> str:
    if data is None:
        return ""
    top = max((bar["n_calls"] for bar in data["bars"]), default=0) or 1
    some = any(bar["chosen"] for bar in data["bars"])
    rows = "".join(
        _bar(bar, 100 * bar["n_calls"] / top, left_out=some and not bar["chosen"]) for bar in data["bars"]
    )
    return f"{_heading(title)}<table>{rows}</table>{_note(data)}"


def _bar(bar: dict[str, Any], width: float, *, left_out: bool) -> str:
    label = f"<b>{escape(bar['label'])}</b>" if bar["chosen"] else escape(bar["label"])
    return (
        f'<tr><td style="{_CELL}">{label}</td><td style="{_CELL}; width: 260px">'
        f'<div style="height: 11px; width: {width:.1f}%; {_ground(0.3 if left_out else 1)}"></div></td>'
        f'<td style="{_CELL}; text-align: right">{bar["n_calls"]:,}</td></tr>'
    )


def _days(data: dict[str, Any] | None) -> str:
    if data is None:
        return ""
    top = max(data["counts"], default=0) or 1
    width = max(3, min(14, 520 // len(data["counts"])))
    bars = "".join(
        f'<td style="padding: 0 1px 0 0; height: 60px; vertical-align: bottom" title="{day}: {count:,}">'
        f'<div style="width: {width}px; height: {round(58 * count / top)}px; {_ground(1)}"></div></td>'
        for day, count in zip(data["edges"], data["counts"], strict=False)
    )
    span = f"{data['edges'][0]} to {data['last_days'][-1]}"
    return f"{_heading(f'Calls by day, {span}')}<table><tr>{bars}</tr></table>{_note(data)}"


def _heat_map(data: dict[str, Any] | None) -> str:
    if data is None:
        return ""
    top = max((each or 0 for row in data["a_day"] for each in row), default=0) or 1
    size = "padding: 0; width: 18px; height: 17px; font-size: 11px; text-align: left"
    rows = "".join(
        f'<tr><td style="{size}; padding-right: 8px">{day[:3]}</td>'
        + "".join(
            f'<td style="{_ground((mean or 0) / top * (1 if chosen else 0.3))}"></td>'
            for mean, chosen in zip(means, choices, strict=True)
        )
        + "</tr>"
        for day, means, choices in zip(data["days"], data["a_day"], data["chosen"], strict=True)
    )
    # The last row has the hours, and with them the width of each cell.
    hours = "".join(f'<td style="{size}">{hour if hour % 6 == 0 else ""}</td>' for hour in range(24))
    table = f"<table>{rows}<tr><td></td>{hours}</tr></table>"
    return f"{_heading('Calls a day by weekday and hour')}{table}{_note(data)}"


def _ground(share: float) -> str:
    return f"background-color: rgba({_COLOR}, {0.04 + 0.96 * share:.2f})"
