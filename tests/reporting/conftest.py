"""Two weeks of calls in which one line falls, and their reports, made once."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import brightcall_pandas as bc

HOSTILE = "<script>alert('x')</script>"
FORMULA = "=cmd|' /C calc'!A0"
LINES = ("+4930100001", "+4930100002", "+4930100003", "+4930100004")
FALLING = LINES[0]


def drawn_calls(first_day: str, days: int, *, falls: bool, seed: int, calls: int = 1_000) -> pd.DataFrame:
    """Calls, each to a client of its own: answered in 40 of 100, on a line that falls in 10 of 100."""
    rng = np.random.default_rng(seed)
    begin = pd.Timestamp(first_day, tz="Europe/Berlin")
    stamps = begin + pd.to_timedelta(rng.integers(0, days, calls), "D")
    stamps += pd.to_timedelta(rng.integers(9 * 60, 18 * 60, calls), "min")
    line = np.array(LINES)[rng.integers(0, 4, calls)]
    answered = rng.random(calls) < np.where((line == FALLING) & falls, 0.1, 0.4)
    positive = answered & (rng.random(calls) < 0.3)
    numbers = rng.permutation(900_000)[:calls] + 100_000 + seed * 1_000_000
    frame = pd.DataFrame(
        {
            "id": np.arange(calls) + seed * 1_000_000,
            "timestamp": stamps,
            "type": np.where(rng.random(calls) < 0.85, 1, 0),
            "state": answered.astype(int),
            "talkTime": np.where(answered, rng.integers(5, 300, calls), 0),
            "outcomeTag": np.select([positive, answered], ["Sold", FORMULA], "No answer"),
            "outcomeType": np.select([positive, answered], ["positive", "negative"], "neutral"),
            "lineNumber": line,
            "clientNumber": [f"+49301{number}" for number in numbers],
            "userId": np.array(["7", "8", "9"])[rng.integers(0, 3, calls)],
            "projectName": np.array(["North", HOSTILE])[rng.integers(0, 2, calls)],
            "recallDate": pd.Series(stamps).where(rng.random(calls) < 0.05) + pd.Timedelta(days=2),
        }
    )
    return bc.to_frame(frame, timezone="Europe/Berlin")


@pytest.fixture(scope="session")
def week() -> pd.DataFrame:
    return drawn_calls("2026-03-09", 7, falls=True, seed=2)


@pytest.fixture(scope="session")
def previous() -> pd.DataFrame:
    return drawn_calls("2026-03-02", 7, falls=False, seed=1)


NAMES = {"7": "Ann", "8": HOSTILE, "9": FORMULA}
COSTS = {"per_call": 0.5, "per_minute": 0.1, "currency": "EUR"}


@pytest.fixture(scope="session")
def made(week, previous, tmp_path_factory) -> Path:
    """A folder with the report of the week as report.html and report.xlsx."""
    folder = tmp_path_factory.mktemp("report")
    for ending in ("html", "xlsx"):
        bc.report(week, previous, path=folder / f"report.{ending}", names=NAMES, costs=COSTS)
    return folder


class Page(HTMLParser):
    """What a page shows: its tables by caption, its pictures, its texts, and every address that it names."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.images: list[dict[str, str | None]] = []
        self.headers: list[dict[str, str | None]] = []
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.language: str | None = None
        self._row: list[str] | None = None
        self._text: list[str] = []
        self._words: list[str] = []
        self.feed(text)
        self.words = " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.tags.append(tag)
        self.language = told.get("lang", self.language) if tag == "html" else self.language
        self.addresses += [told[name] for name in ("src", "href", "srcset", "action") if told.get(name)]
        if tag == "img":
            self.images.append(told)
        if tag == "th":
            self.headers.append(told)
        if tag == "tr":
            self._row = []
        if tag in ("caption", "td", "th"):
            self._text = []

    def handle_endtag(self, tag):
        told = " ".join("".join(self._text).split())
        if tag == "caption":
            self._table = self.tables.setdefault(told, [])
        elif tag in ("td", "th") and self._row is not None:
            self._row.append(told)
        elif tag == "tr":
            self._table.append(self._row)

    def handle_data(self, data):
        self._text.append(data)
        self._words.append(data)

    def table(self, begin: str) -> pd.DataFrame:
        """Return the table whose caption begins so."""
        (rows,) = (rows for caption, rows in self.tables.items() if caption.startswith(begin))
        whole = [row for row in rows if len(row) == len(rows[0])]
        return pd.DataFrame(whole[1:], columns=whole[0])


@pytest.fixture(scope="session")
def page(made) -> Page:
    return Page((made / "report.html").read_text(encoding="utf-8"))
