"""Calls and tables as people read them in a notebook: percent, seconds, and the columns that matter first.

pandas' Styler draws them. The frame stays as it is: what is rounded, cut or put first is so in the view only.
Units are those of `describe_fields` and `definitions`.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from brightcall_pandas.analysis import BETWEEN, Meanings
from brightcall_pandas.errors import brief_errors, missing_extra, running_shell
from brightcall_pandas.frame import (
    FIELDS,
    agent_field,
    agent_values,
    agents_of,
    nearest,
    whole,
    zone_of_times,
)

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

__all__ = ["display_tables", "show", "shown_texts"]

_AGENT = "agent"  # who the agent is, whichever field tells it
_FIRST = ("timestamp", "type", "state", "outcomeTag", "talkTime")
_THEN = ("answerTime", "clientNumber", _AGENT, "lineNumber", "projectName", "outcomeType")
_MOST_COLUMNS = 8  # of calls
_WHOLE = 12  # columns of a frame of calls that was cut by hand
_MOST_ROWS = 100  # of tables
_ROOM = 118  # letters of headings, which is about what JupyterLab has room for in 1,280 pixels
_LEAST_LETTERS = 6
_MOST_LETTERS = 30  # of a name in the index
_PADDING = 2
_INTERVALS = ("_low", "_high", "_best", "_worst")
_MERIT = "_adjusted_low"  # what agents are ranked by
_NOTHING = "–"
_DIFFERENCES = ("_change", "effect", "difference")
_A_WEEK = "rate a week"
_UNITS_OF_TIME = ((360_000, "h", 3600), (10_000, "min", 60), (0, "s", 1))
"""From how many seconds of its longest duration on a column is in a unit, and how many seconds that has."""

Format = Callable[[Any], str]


@brief_errors
def show(df: pd.DataFrame, rows: int | None = None, columns: Sequence[str] | None = None) -> Styler:
    """Show calls, or a table of them, as people read them.

    Rates are percentages, differences of rates percentage points; whole numbers have no decimals. Durations
    are seconds, in a column with 10,000 s or more minutes, and in one with 100 h or more hours. Calls show
    time, direction, state, outcome and talk time first.

    Parameters
    ----------
    df
        Calls, or a table. It stays as it is.
    rows
        Rows to show, from the first. None: all, or ten of more calls than ``display.max_rows``, and of tables
        with more than a hundred rows.
    columns
        Columns to show, in that order. None: eight of calls, those of your own among them, and of a table
        what a page has room for: without intervals, and without its last columns, where it would be too
        wide. ``list(table)`` shows all. ``agent`` is the field that tells the agents of calls.

    Returns
    -------
    pandas.io.formats.style.Styler
        The last expression of a cell shows it; its own methods, such as ``.bar("n_calls")``, add to it.

    Raises
    ------
    ValueError
        `rows` is below 1, or a column does not exist.
    ModuleNotFoundError
        Jinja2 is not installed; the extra ``lab`` brings it.

    Examples
    --------
    >>> calls = pd.DataFrame({"state": ["answered", "answered", "failed"], "talkTime": [61.25, 5, None]})
    >>> view = calls.calls.summary().calls.show(columns=["n_calls", "answer_rate", "talk_time_mean_s"])
    >>> print(view.to_string(delimiter="  "))
      n_calls  answer_rate  talk_time_mean_s
    group
    all  3  66.7%  33.1 s
    """
    meanings = Meanings(df)
    limit = _rows_of(df, rows, meanings)
    part = df.iloc[:limit]
    agent = _agent_of(df) if meanings.is_calls else None
    if agent is not None:
        part = part.assign(**{_AGENT: agents_of(part, agent)})
    part = part.iloc[:, _positions(df, list(part.columns), columns, meanings)]
    try:
        from pandas.io.formats.style import Styler  # noqa: PLC0415 - it needs Jinja2
    except ImportError as error:
        raise missing_extra("show", "lab", error) from None
    styler = Styler(part, uuid=_name(part), cell_ids=False)  # a name that lasts: notebooks can be compared
    units = [_unit(df, label, meanings) for label in part.columns]
    left = []
    for number, (label, unit) in enumerate(zip(part.columns, units, strict=True)):
        values = part.iloc[:, number]
        form = _form(values, unit, str(label).endswith(_DIFFERENCES)) or _text_form(cut=meanings.is_calls)
        styler = styler.format(form, subset=[label], na_rep=_NOTHING, escape="html")
        if not pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype):
            left.append(number)
    for level in range(part.index.nlevels):
        form = _level_form(part.index.get_level_values(level))
        styler = styler.format_index(form, axis=0, level=level, escape="html")
    styler = styler.format_index(str, axis=1, escape="html")
    return styler.set_table_styles(_style(left)).set_caption(_caption(df, part, meanings))


@brief_errors
def display_tables(on: bool = True) -> None:
    """Display every frame of calls, and every table of them, as ``df.calls.show()`` does.

    Holds for the notebook that runs it; other frames look as pandas shows them. Elsewhere than in Jupyter and
    IPython it changes nothing. Prints one line that says what it did.

    Parameters
    ----------
    on
        False goes back to pandas' own form.

    Raises
    ------
    ModuleNotFoundError
        Jinja2 is not installed; the extra ``lab`` brings it.
    """
    shell = running_shell()
    if shell is None:
        _say("There is no notebook here, so nothing has changed. In a terminal: df.calls.show().to_string()")
        return
    formatter = shell.display_formatter.formatters["text/html"]
    if not on:
        formatter.pop(pd.DataFrame, None)
        _say("Frames look as pandas shows them again.")
        return
    show(pd.DataFrame())  # what is missing is said now, not at each table
    formatter.for_type(pd.DataFrame, _as_html)
    _say(
        "From now on this notebook shows calls, and tables of them, as df.calls.show() does. "
        "bc.display_tables(False) undoes it."
    )


def _say(line: str) -> None:
    print(line)  # noqa: T201  (for whoever has just typed the call)


def _as_html(df: pd.DataFrame) -> Any:
    return show(df).to_html() if _is_known(df) else df._repr_html_()  # type: ignore[operator]


def _is_known(df: pd.DataFrame) -> bool:
    """Tell whether a frame has calls, or numbers of the catalogue for the most part."""
    meanings = Meanings(df)
    if type(df) is not pd.DataFrame:  # it has a form of its own
        return False
    if {"count", "mean", "std"} <= set(df.index) or df.index.equals(df.columns):
        return False  # `describe` and `corr` of pandas: counts, spreads and correlations have other units
    if meanings.is_calls:
        return "timestamp" in df.columns or "brightcall" in df.attrs
    known = sum(bool(_unit(df, label, meanings)) for label in df.columns)
    return 0 < len(df.columns) <= 2 * known


# Which rows and columns.


def _rows_of(df: pd.DataFrame, rows: int | None, meanings: Meanings) -> int:
    if rows is not None:
        return whole("rows", rows, 1)
    most = pd.get_option("display.max_rows") or len(df)
    few = pd.get_option("display.min_rows") or most
    return len(df) if len(df) <= (most if meanings.is_calls else max(most, _MOST_ROWS)) else few


def _agent_of(df: pd.DataFrame) -> str | None:
    """Return the field that tells the agents of calls; None where there is none, or a column of that name."""
    if _AGENT in df.columns:
        return None
    try:
        field = agent_field(df)
    except KeyError:
        return None
    return field if agent_values(df, field) is not None else None


def _positions(
    df: pd.DataFrame, names: list[Any], columns: Sequence[str] | None, meanings: Meanings
) -> list[int]:
    """Return the positions of the columns to show, in order; `names` are those of the frame and the agent."""
    if columns is not None:
        chosen = [columns] if isinstance(columns, str) else list(columns)
        for name in chosen:
            if name not in names:
                msg = f"the frame has no column {name!r}{nearest(str(name), map(str, names))}"
                raise ValueError(msg)
        return [names.index(name) for name in chosen]
    if not meanings.is_calls:
        return _fitting(df, meanings)
    if len(df.columns) <= _WHOLE:
        return list(range(len(df.columns)))
    own = [name for name in df.columns if not meanings.is_field(str(name)) and name != _AGENT]
    order = dict.fromkeys([*_FIRST, *own, *_THEN, *names])
    return [names.index(name) for name in order if name in names][:_MOST_COLUMNS]


def _fitting(df: pd.DataFrame, meanings: Meanings) -> list[int]:
    """Return the positions of the columns of a table that a page has room for; columns of one's own stay."""
    places = list(range(len(df.columns)))
    widths = [max(len(str(label)), _LEAST_LETTERS) + _PADDING for label in df.columns]
    of_catalog = [isinstance(label, str) and bool(_unit(df, label, meanings)) for label in df.columns]
    room = _ROOM - sum(_level_letters(df.index.get_level_values(level)) for level in range(df.index.nlevels))
    if sum(widths) > room:
        intervals = [
            known and label.endswith(_INTERVALS) and not label.endswith(_MERIT)
            for known, label in zip(of_catalog, df.columns, strict=True)
        ]
        places = [place for place in places if not intervals[place]]
    spare = [place for place in places if of_catalog[place]]
    while len(spare) > 1 and sum(widths[place] for place in places) > room:
        places.remove(spare.pop())
    return places


def _level_letters(values: pd.Index) -> int:
    """Return how many letters wide a level of an index is in a view, more or less."""
    shown = [len(str(each)) for each in [values.name or "", *values[:_MOST_ROWS]]]
    return min(max(shown), _MOST_LETTERS) + _PADDING


# How values are written.


def _unit(df: pd.DataFrame, label: Any, meanings: Meanings) -> str:
    """Return the unit of a column; an empty text where nobody knows."""
    if (heat := df.attrs.get("heatmap")) is not None and isinstance(label, int):
        return meanings.of(str(heat["value"])).unit
    name = BETWEEN.join(map(str, label)) if isinstance(label, tuple) else str(label)
    unit = meanings.of(name).unit
    if unit == "as the metric":
        return meanings.of(str(df.attrs.get("metric", ""))).unit
    if meanings.is_field(name):
        return unit or ("number" if name in FIELDS and FIELDS[name].kind == "number" else "")
    return unit


def _form(values: pd.Series, unit: str, is_difference: bool) -> Format | None:
    """Return how the numbers or times of a column are written; None for texts and flags."""
    dtype = values.dtype
    if pd.api.types.is_bool_dtype(dtype) or not pd.api.types.is_numeric_dtype(dtype):
        return _date_form(pd.Index(values)) if pd.api.types.is_datetime64_any_dtype(dtype) else None
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    sign = "+" if is_difference or unit == _A_WEEK else ""
    if unit == "rate" and not is_difference:
        return lambda value: f"{value:.1%}"
    if unit in ("rate", _A_WEEK):
        ending = " pp a week" if unit == _A_WEEK else " pp"
        return lambda value: f"{100 * value:+.1f}{ending}"
    if not unit and pd.api.types.is_integer_dtype(dtype):
        return str  # a number that counts nothing, such as a year
    if unit == "s":
        return _duration_form(numbers, sign)
    places = _places(numbers, 2)
    return lambda value: f"{value:{sign},.{places}f}"


def _duration_form(numbers: np.ndarray, sign: str) -> Format:
    """Return how the seconds of a column are written: in one unit, which its longest duration decides on."""
    longest = np.abs(numbers[np.isfinite(numbers)]).max(initial=0)
    unit, length = next(each for least, *each in _UNITS_OF_TIME if longest >= least)
    places = _places(numbers / length, 1)
    if unit != "s" and (numbers[np.isfinite(numbers)] % length).any():
        places = 1  # the short ones are of interest, too
    least = 0.5 * 10.0**-places

    def form(value: Any) -> str:
        if value and abs(value) / length < least and unit != "s":
            return f"< {2 * least:g} {unit}"
        return f"{value / length:{sign},.{places}f} {unit}"

    return form


def _places(numbers: np.ndarray, most: int) -> int:
    """Return how many decimals show the numbers of a column: none where all are whole, or are large."""
    known = numbers[np.isfinite(numbers)]
    if not len(known) or (known == np.round(known)).all():
        return 0
    largest = float(np.abs(known).max())
    return max(0, min(most, 3 - math.floor(math.log10(largest)))) if largest >= 1 else most


def _level_form(values: pd.Index) -> Format:
    if isinstance(values.dtype, pd.IntervalDtype):
        return _interval
    return _date_form(values) if isinstance(values, pd.DatetimeIndex) else _text_form(cut=False)


def _date_form(values: pd.Index) -> Format:
    stamps = pd.DatetimeIndex(values)
    whole_days = (stamps.dropna() == stamps.dropna().normalize()).all()
    form = "%Y-%m-%d" if whole_days else "%Y-%m-%d %H:%M:%S"
    return lambda value: _NOTHING if pd.isna(value) else f"{value:{form}}"


def _interval(value: Any) -> str:
    if not isinstance(value, pd.Interval):
        return _NOTHING
    opens, closes = "[(]"[not value.closed_left], "[)]"[1 + value.closed_right]
    return f"{opens}{value.left:g}, {value.right:g}{closes}"


def _text_form(*, cut: bool) -> Format:
    most = pd.get_option("display.max_colwidth") if cut else None

    def text(value: Any) -> str:
        if value is None or value is pd.NA or value is pd.NaT:
            return _NOTHING
        if isinstance(value, float):
            return _NOTHING if math.isnan(value) else f"{value:g}"
        written = str(value)
        return written if not most or len(written) <= most else f"{written[: most - 1]}…"

    return text


# What stands around them.


def _name(part: pd.DataFrame) -> str:
    """Return what names a view in its page: its style goes by the position of its columns."""
    return f"{zlib.crc32(repr(part.dtypes.to_dict()).encode()):08x}"


def _style(left: Sequence[int]) -> list[Any]:
    """Return the style of a view; these columns are texts."""
    texts = ", ".join(f"td.col{number}, th.col_heading.col{number}" for number in left)
    styles = [
        {"selector": "caption", "props": "caption-side: bottom; text-align: left; opacity: 0.75"},
        {"selector": "th.row_heading, th.index_name", "props": "text-align: left"},
        {"selector": "td, th.row_heading", "props": "white-space: nowrap"},
    ]
    return [*styles, {"selector": texts, "props": "text-align: left"}] if texts else styles


def _caption(df: pd.DataFrame, part: pd.DataFrame, meanings: Meanings) -> str:
    """Return what the view leaves out, and whose days the times are in."""
    rows = "calls" if meanings.is_calls else "rows"
    said = [] if len(df) else [f"no {rows}{_asked(df)}"]
    if len(part) < len(df):
        said.append(f"the first {len(part):,} of {len(df):,} {rows}")
    if len(part.columns) < len(df.columns) and len(df):
        more = (
            "others: df.calls.show(columns=[…])"
            if meanings.is_calls
            else "all, with the table as t: t.calls.show(columns=list(t))"
        )
        said.append(f"{len(part.columns)} of {len(df.columns)} columns; {more}")
    if (merit := df.attrs.get("ranked_by")) and "rank" in part.columns:
        said.append(f"ranked by {merit}, the cautious end of the adjusted rate")
    if meanings.is_calls and isinstance(df.dtypes.get("timestamp"), pd.DatetimeTZDtype):
        said.append(f"times of {zone_of_times(df['timestamp'])}")
    if _AGENT in part.columns and _AGENT not in df.columns:
        said.append(f"agents by {agent_field(df)}")
    return "; ".join(said)


def _asked(df: pd.DataFrame) -> str:
    """Return the days for which calls were loaded, if that is known."""
    query = (df.attrs.get("brightcall") or {}).get("query") or {}
    return " from {dayFrom} to {dayTo}".format(**query) if {"dayFrom", "dayTo"} <= query.keys() else ""


def shown_texts(df: pd.DataFrame) -> pd.DataFrame:
    """Return a table's cells as `show` writes them; the levels of the index come first, as columns."""
    meanings, texts = Meanings(df), {}
    for level, name in enumerate(df.index.names):
        labels = df.index.get_level_values(level)
        written = _level_form(labels)
        texts[str(name)] = [written(each) for each in labels]
    for number, label in enumerate(df.columns):
        values = df.iloc[:, number]
        unit = _unit(df, label, meanings)
        form = _form(values, unit, str(label).endswith(_DIFFERENCES)) or _text_form(cut=False)
        texts[str(label)] = [
            _NOTHING if missing else form(each) for each, missing in zip(values, values.isna(), strict=True)
        ]
    return pd.DataFrame(texts, dtype="str", index=pd.RangeIndex(len(df)))
