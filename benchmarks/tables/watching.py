"""The watch of lines, as someone writes it who knows pandas, NumPy and the method, and needs it once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

__all__ = ["TABLES"]

FALL = 0.6
DRAWN = 300_000
ALLOWED = 0.2


def watch(df: pd.DataFrame) -> pd.DataFrame:
    """Chart each line against the others' calls of the same attempt, project and hour.

    Thin strata are drawn to the attempt, thresholds are those of charts whose calls are drawn anew.
    """
    columns = ["timestamp", "lineNumber", "projectName", "clientNumber", "state"]
    kept = df.loc[df["type"] == "outbound", columns].sort_values("timestamp", kind="stable")
    attempt = (kept.groupby("clientNumber").cumcount() + 1).clip(upper=6)
    frame = pd.DataFrame(
        {
            "line": pd.factorize(kept["lineNumber"], sort=True)[0],
            "project": pd.factorize(kept["projectName"])[0],
            "attempt": attempt.where(kept["clientNumber"].notna(), 0),
            "hour": kept["timestamp"].dt.hour,
            "hit": kept["state"] == "answered",
        }
    )
    wide = _without_own(frame, ["attempt"], 25 * frame["hit"].mean(), 25)
    usual = _without_own(frame, ["attempt", "project", "hour"], 25 * wide, 25).to_numpy()
    order = np.argsort(frame["line"].to_numpy().astype(np.int16), kind="stable")
    lines, hit, usual = frame["line"].to_numpy()[order], frame["hit"].to_numpy()[order], usual[order]
    begins = np.flatnonzero(np.diff(lines, prepend=-1))
    ends = np.append(begins[1:], len(lines))
    clients = pd.factorize(kept["clientNumber"])[0][order]
    rows = {}
    limits = [_limits(lines, usual, begins, ratio, len(kept)) for ratio in (FALL, 1 / FALL)]
    for place, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        row = {"n_calls": end - begin}
        for side, ratio in enumerate((FALL, 1 / FALL)):
            added = np.where(hit[begin:end], np.log(ratio), 0) - np.log1p((ratio - 1) * usual[begin:end])
            chart = _chart(added)
            over = np.flatnonzero(chart >= limits[side][place])
            if len(over):
                since = begin + np.flatnonzero(chart[: over[0]] == 0)[-1:].sum() + 1
                apart = pd.Series(hit[since:end] - usual[since:end]).groupby(clients[since:end]).sum()
                row |= {
                    f"since_{side}": since,
                    f"by_{side}": apart.sum() / (end - since),
                    f"error_{side}": np.sqrt((apart**2).sum()) / (end - since),
                }
        rows[place] = row
    names = pd.Index(sorted(kept["lineNumber"].dropna().unique()), name="line")
    return pd.DataFrame.from_dict(rows, orient="index").set_axis(names)


def _without_own(frame: pd.DataFrame, by: list[str], hits: object, calls: float) -> pd.Series:
    """Return the rate of each call's stratum on the other lines."""
    of_all = frame.groupby(by)["hit"].agg(["sum", "size"])
    own = frame.groupby([*by, "line"])["hit"].agg(["sum", "size"])
    others = of_all.reindex(own.index.droplevel("line")).to_numpy() - own.to_numpy()
    table = pd.DataFrame(others, index=own.index, columns=["hits", "calls"]).reset_index()
    told = frame[[*by, "line"]].merge(table, on=[*by, "line"], how="left")
    return (told["hits"].to_numpy() + pd.Series(hits, index=frame.index)) / (told["calls"].to_numpy() + calls)


def _chart(added: np.ndarray) -> np.ndarray:
    running = np.cumsum(added)
    return running - np.minimum(np.minimum.accumulate(running), 0)


def _limits(
    lines: np.ndarray, usual: np.ndarray, begins: np.ndarray, ratio: float, calls: int
) -> list[float]:
    """Return the height that peaks pass seldom enough, from the tail of charts drawn anew."""
    rng, limits = np.random.default_rng(0), []
    share = min(DRAWN / calls, 1)
    for begin, end in zip(begins, np.append(begins[1:], len(lines)), strict=True):
        part = usual[begin : begin + max(int((end - begin) * share), 1)]
        hit = rng.random(len(part)) < part
        chart = _chart(np.where(hit, np.log(ratio), 0) - np.log1p((ratio - 1) * part))
        peaks = np.maximum.reduceat(chart, np.append(0, np.flatnonzero(chart == 0)))
        tail = np.sort(peaks)[-50:]
        rate = len(tail) / share
        months = 12
        limits.append(tail[0] + np.log(rate / (ALLOWED * months / 2 / len(begins))))
    return limits


TABLES: dict[str, Callable[..., pd.DataFrame]] = {"watch": watch}
