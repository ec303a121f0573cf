"""Tables of agents and of callers, as someone writes them who knows pandas and NumPy and needs them once."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pandas as pd

from tables.by_hand import parties_of

__all__ = ["TABLES"]


def agent_time(df: pd.DataFrame) -> pd.DataFrame:
    """Add up the days of each agent."""
    calls = df[["agentShortNumber", "timestamp", "totalTime", "talkTime"]].sort_values(
        ["agentShortNumber", "timestamp"]
    )
    begin = calls["timestamp"].dt.tz_convert("UTC").dt.tz_localize(None)
    end = begin + pd.to_timedelta(calls["totalTime"].fillna(0), unit="s")
    day = calls["timestamp"].dt.tz_localize(None).dt.floor("D")
    latest = end.groupby(calls["agentShortNumber"], sort=False).cummax()
    same = calls["agentShortNumber"] == calls["agentShortNumber"].shift()
    same_day = same & (day == day.shift())
    before = latest.shift().where(same_day, begin)
    gap = (begin - before).dt.total_seconds().clip(lower=0)
    busy = (end - before.clip(lower=begin)).dt.total_seconds().clip(lower=0)
    frame = pd.DataFrame(
        {
            "agentShortNumber": calls["agentShortNumber"], "day": day,
            "begin": begin, "end": end, "busy_s": busy,
            "talk": calls["talkTime"], "overlaps": same & (begin < latest.shift()), "long": gap > 900,
        }
    )  # fmt: skip
    days = frame.groupby(["agentShortNumber", "day"]).agg(
        begin=("begin", "min"),
        end=("end", "max"),
        n_calls=("begin", "size"),
        busy_s=("busy_s", "sum"),
        talk_time_total_s=("talk", "sum"),
        overlaps=("overlaps", "sum"),
        long_gaps=("long", "sum"),
    )
    days["span_s"] = (days["end"] - days["begin"]).dt.total_seconds()
    table = days.drop(columns=["begin", "end"]).groupby(level="agentShortNumber").sum()
    table["days"] = days.groupby(level="agentShortNumber").size()
    gaps = gap[same_day & (gap > 0)].groupby(calls["agentShortNumber"])
    table["idle_median_s"], table["idle_max_s"] = gaps.median(), gaps.max()
    table["calls_per_hour"] = table["n_calls"] / table["span_s"] * 3600
    table["occupancy"] = table["busy_s"] / table["span_s"]
    return table


def ratings(df: pd.DataFrame) -> pd.DataFrame:
    frame = pd.DataFrame({"rating": df["qualityRating"], "low": df["qualityRating"] <= 2})
    table = frame.groupby(df["agentShortNumber"].fillna("(none)")).agg(
        n_calls=("rating", "size"),
        rated=("rating", "count"),
        rating_mean=("rating", "mean"),
        low=("low", "sum"),
    )
    table["unrated"] = table["n_calls"] - table["rated"]
    table["low_share"] = table["low"] / table["rated"]
    return table


def rung_parties(df: pd.DataFrame) -> pd.DataFrame:
    columns = ["numbersRingedJSON", "numbersInvolvedJSON", "clientNumber", "agentShortNumber", "state"]
    calls = df.loc[df["type"] == "inbound", columns].reset_index(drop=True)
    texts = calls["numbersRingedJSON"]
    rung = texts.map({text: json.loads(text) for text in texts.dropna().unique()}).explode().dropna()
    first = calls["numbersInvolvedJSON"].map(
        {text: parties_of(text) for text in calls["numbersInvolvedJSON"].dropna().unique()}
    )
    led = [
        next((each for each in parties if each != client), None) if isinstance(parties, list) else None
        for parties, client in zip(first, calls["clientNumber"], strict=True)
    ]
    taker = pd.Series(led, dtype="str").fillna(calls["agentShortNumber"])
    answered = (calls["state"] == "answered").reindex(rung.index)
    took = answered & (rung == taker.reindex(rung.index))
    table = (
        pd.DataFrame({"took": took, "other": answered & ~took})
        .groupby(rung)
        .agg(n_rung=("took", "size"), answered=("took", "sum"), taken_elsewhere=("other", "sum"))
    )
    table["not_answered"] = table["n_rung"] - table["answered"]
    table["missed"] = table["not_answered"] - table["taken_elsewhere"]
    return table


def ai_handover(df: pd.DataFrame) -> pd.DataFrame:
    calls = df[df["aiTalkTime"] > 0]
    texts = calls["numbersInvolvedJSON"]
    parties = {text: parties_of(text) for text in texts.dropna().unique()}
    handed_over = np.array(
        [
            len(each) - each.count(client) > 1 if (each := parties.get(text)) else talk > ai
            for text, client, talk, ai in zip(
                texts, calls["clientNumber"], calls["talkTime"], calls["aiTalkTime"], strict=True
            )
        ]
    )
    frame = pd.DataFrame(
        {
            "ai": calls["aiTalkTime"],
            "human": (calls["talkTime"] - calls["aiTalkTime"]).where(handed_over),
            "positive": calls["outcomeType"] == "positive",
            "negative": calls["outcomeType"] == "negative",
        }
    )
    table = frame.groupby(np.where(handed_over, "handed_over", "ai_alone")).agg(
        n_calls=("ai", "size"),
        ai_talk_mean_s=("ai", "mean"),
        human_talk_mean_s=("human", "mean"),
        human_talk_median_s=("human", "median"),
        positive=("positive", "sum"),
        negative=("negative", "sum"),
    )
    table["share"] = table["n_calls"] / len(calls)
    return table


def callbacks(df: pd.DataFrame) -> pd.DataFrame:
    columns = ["clientNumber", "timestamp", "state"]
    inbound = df.loc[df["type"] == "inbound", columns].sort_values("timestamp")
    outbound = df.loc[df["type"] == "outbound", columns].sort_values("timestamp")
    missed = inbound[inbound["state"] == "unanswered"]
    known = missed.dropna(subset=["clientNumber"])
    window = pd.Timedelta("3D")
    nexts = {}
    for name, every in (("back", outbound), ("again", inbound[inbound["state"] == "answered"])):
        calls = every[every["clientNumber"].isin(known["clientNumber"])]
        found = pd.merge_asof(
            known[["timestamp", "clientNumber"]],
            calls.assign(**{name: calls["timestamp"]}),
            on="timestamp",
            by="clientNumber",
            direction="forward",
            allow_exact_matches=False,
            tolerance=window,
        )
        nexts[name] = found[name]
    begin = known["timestamp"].reset_index(drop=True)
    observed = begin <= df["timestamp"].max() - window
    back, again = nexts["back"], nexts["again"]
    called_back = observed & back.notna() & ~(again < back)
    called_again = observed & again.notna() & ~called_back
    took = (back - begin)[called_back].dt.total_seconds()
    return pd.DataFrame(
        {
            "missed": [len(missed)],
            "callers": [known["clientNumber"].nunique()],
            "observed": [observed.sum()],
            "called_back": [called_back.sum()],
            "called_again": [called_again.sum()],
            "never_called_back": [(observed & ~called_back & ~called_again).sum()],
            "callback_mean_s": [took.mean()],
            "callback_median_s": [took.median()],
        }
    )


TABLES: dict[str, Callable[..., pd.DataFrame]] = {
    each.__name__: each for each in (agent_time, ratings, rung_parties, ai_handover, callbacks)
}
