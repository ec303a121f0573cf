"""Each table of the catalogue as someone writes it who knows pandas and NumPy and needs it once.

Categories are grouped with ``observed=True``, texts folded once each, clients sorted once, the sweep is in
NumPy. Intervals that take one client's calls as one cluster are here, too (`intervals.py`); adjusted rates
and ranks are left out: they are small arithmetic on the finished table. `catalog.py` compares the numbers
that both sides have before anything is timed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from tables.intervals import Sums, add_changes, add_intervals, errors_of_effects, sums_by_client

ANSWERS, SALES, TALK = ("answered", "n_calls"), ("positive", "n_calls"), ("talk_known_s", "talk_known")
RATES = {"answer_rate": ANSWERS, "positive_rate": SALES}


def _answered(df: pd.DataFrame) -> pd.Series:
    return df["state"] == "answered"


def _basics(df: pd.DataFrame) -> pd.DataFrame:
    answered = _answered(df)
    return pd.DataFrame(
        {
            "n_calls": 1,
            "answered": answered,
            "talk": df["talkTime"],
            "talk_answered": df["talkTime"].where(answered),
            "positive": df["outcomeType"] == "positive",
        }
    )


def _sums(df: pd.DataFrame, key: Any) -> Sums:
    """Return what each client adds to a rate or a mean in each group."""
    answered, talk = _answered(df), df["talkTime"]
    known = answered & talk.notna()
    values = {
        "n_calls": np.ones(len(df)),
        "answered": answered,
        "positive": df["outcomeType"] == "positive",
        "talk_known": known,
        "talk_known_s": talk.where(known, 0),
    }
    return sums_by_client(values, key, df["clientNumber"])


def _told(grouped: Any) -> pd.DataFrame:
    table = grouped.agg(
        n_calls=("n_calls", "size"),
        answered=("answered", "sum"),
        talk_time_total_s=("talk", "sum"),
        talk_time_mean_s=("talk_answered", "mean"),
        positive=("positive", "sum"),
    )
    table["answer_rate"] = table["answered"] / table["n_calls"]
    table["positive_rate"] = table["positive"] / table["n_calls"]
    return table


def summary(df: pd.DataFrame) -> pd.DataFrame:
    answered = _answered(df)
    talk = df["talkTime"][answered]
    clients = df["clientNumber"].nunique()
    return pd.DataFrame(
        {
            "n_calls": [len(df)],
            "answered": [answered.sum()],
            "answer_rate": [answered.mean()],
            "answer_time_mean_s": [df["answerTime"][answered].mean()],
            "answer_time_median_s": [df["answerTime"][answered].median()],
            "talk_time_total_s": [df["talkTime"].sum()],
            "talk_time_mean_s": [talk.mean()],
            "talk_time_median_s": [talk.median()],
            "unique_clients": [clients],
            "calls_per_client": [df["clientNumber"].count() / clients],
            "first_time_share": [df["firstTimeForUser"].mean()],
            "transferred_share": [_transferred(df)],
            "ai_talk_share": [df["aiTalkTime"].sum() / df["talkTime"].sum()],
            "recordings_ready": [df["isRecordReady"].sum()],
        }
    )


def _transferred(df: pd.DataFrame) -> float:
    texts = df["numbersInvolvedJSON"]
    parties = {text: parties_of(text) for text in texts.dropna().unique()}
    several = texts[texts.isin([text for text, each in parties.items() if len(each) > 1])]
    clients = df["clientNumber"].reindex(several.index)
    moved = [
        len(parties[text]) - parties[text].count(client) > 1
        for text, client in zip(several, clients, strict=True)
    ]
    return sum(moved) / len(df)


def parties_of(text: str) -> list[str]:
    try:
        read = json.loads(text)
    except ValueError:
        return text.split(",") if text[:1] not in "[{" else []
    if isinstance(read, dict):
        return list(read)
    if not isinstance(read, list):
        return [str(read)]
    return [str(next(iter(each.values()))) if isinstance(each, dict) else str(each) for each in read]


def by_outcome(df: pd.DataFrame) -> pd.DataFrame:
    tags = df["outcomeTag"].fillna("(none)")
    folded = tags.map({each: " ".join(each.split()).casefold() for each in tags.unique()})
    answered = _answered(df)
    frame = pd.DataFrame({"answered": answered, "talk": df["talkTime"], "on": df["talkTime"].where(answered)})
    table = frame.groupby(folded).agg(
        n_calls=("answered", "size"),
        answered=("answered", "sum"),
        talk_time_total_s=("talk", "sum"),
        talk_time_mean_s=("on", "mean"),
        talk_time_median_s=("on", "median"),
    )
    table["share"] = table["n_calls"] / len(df)
    table["answer_rate"] = table["answered"] / table["n_calls"]
    kinds = df.groupby([folded, df["outcomeType"]], observed=True).size()
    table["outcome_type"] = kinds.groupby(level=0).idxmax().str[1]
    spellings = df.groupby([folded, tags]).size()
    table.index = spellings.groupby(level=0).idxmax().str[1].reindex(table.index).str.strip()
    return table.sort_values("n_calls", ascending=False, kind="stable")


def talk_time_histogram(df: pd.DataFrame) -> pd.DataFrame:
    seconds = df["talkTime"][_answered(df)]
    edges = [0, 10, 30, 60, 120, 180, 300, 600, 900, 1800, 3600, 7200, 14400]
    bins = pd.cut(seconds, edges[: np.searchsorted(edges, seconds.max(), side="right") + 1], right=False)
    return bins.value_counts(sort=False).to_frame("n_calls")


def answer_time_histogram(df: pd.DataFrame) -> pd.DataFrame:
    seconds = df["answerTime"][_answered(df)]
    edges = [0, 5, 10, 15, 20, 25, 30, 45, 60, 90, 120, 180, 300, 600, 1200, 3600]
    bins = pd.cut(seconds, edges[: np.searchsorted(edges, seconds.max(), side="right") + 1], right=False)
    return bins.value_counts(sort=False).to_frame("n_calls")


def over_time(df: pd.DataFrame) -> pd.DataFrame:
    answered = _answered(df)
    frame = pd.DataFrame(
        {
            "timestamp": df["timestamp"],
            "answered": answered,
            "talk": df["talkTime"],
            "on": df["talkTime"].where(answered),
            "ring": df["answerTime"].where(answered),
        }
    )
    days = frame.resample("D", on="timestamp")
    table = days.agg({"answered": ["size", "sum"], "talk": "sum", "on": "mean", "ring": "mean"})
    table.columns = ["n_calls", "answered", "talk_time_total_s", "talk_time_mean_s", "answer_time_mean_s"]
    table["answer_rate"] = table["answered"] / table["n_calls"]
    ring, known = df["answerTime"], answered & df["answerTime"].notna()
    sums = sums_by_client(
        {
            "n_calls": np.ones(len(df)),
            "answered": answered,
            "talk_known": answered & df["talkTime"].notna(),
            "talk_known_s": df["talkTime"].where(answered, 0).fillna(0),
            "ring_known": known,
            "ring_known_s": ring.where(known, 0),
        },
        df["timestamp"].dt.normalize(),
        df["clientNumber"],
    )
    means = {"talk_time_mean_s": TALK, "answer_time_mean_s": ("ring_known_s", "ring_known")}
    return add_intervals(table, sums, {"answer_rate": ANSWERS}, means)


def heatmap(df: pd.DataFrame) -> pd.DataFrame:
    stamps = df["timestamp"].dt
    cells = df.groupby([stamps.day_of_week, stamps.hour.rename("hour")]).size()
    return cells.unstack(fill_value=0)


def breakdown(df: pd.DataFrame) -> pd.DataFrame:
    hour = df["timestamp"].dt.hour
    table = _told(_basics(df).groupby(hour))
    return add_intervals(table, _sums(df, hour), RATES, {"talk_time_mean_s": TALK})


def by_agent(df: pd.DataFrame) -> pd.DataFrame:
    agent = df["agentShortNumber"].fillna("(none)")
    table = add_intervals(_told(_basics(df).groupby(agent)), _sums(df, agent), RATES, {})
    return table.drop(columns="beyond_chance")  # here only those that are ranked are tested


def service_level(df: pd.DataFrame) -> pd.DataFrame:
    inbound = df[df["type"] == "inbound"]
    answered, abandoned = _answered(inbound), inbound["state"] == "unanswered"
    in_time = (answered & (inbound["answerTime"] <= 20)).sum()
    short = (abandoned & (inbound["callTime"] < 5)).sum()
    offered = (answered | abandoned).sum()
    return pd.DataFrame(
        {
            "service_level_offered": [in_time / offered],
            "service_level_excl_short": [in_time / (offered - short)],
            "service_level_answered": [in_time / answered.sum()],
        }
    )


def abandonment(df: pd.DataFrame) -> pd.DataFrame:
    inbound = df[df["type"] == "inbound"]
    abandoned = inbound["state"] == "unanswered"
    offered = (_answered(inbound) | abandoned).sum()
    waits = inbound["callTime"][abandoned]
    return pd.DataFrame(
        {
            "abandoned": [abandoned.sum()],
            "abandonment_rate": [abandoned.sum() / offered],
            "wait_mean_s": [waits.mean()],
            "wait_median_s": [waits.median()],
        }
    )


def attempts(df: pd.DataFrame) -> pd.DataFrame:
    dials = df.loc[df["type"] == "outbound", ["clientNumber", "timestamp", "state", "outcomeType"]]
    dials = dials.dropna(subset=["clientNumber"]).sort_values(["clientNumber", "timestamp"], kind="stable")
    clients = dials.groupby("clientNumber", sort=False)
    number = clients.cumcount() + 1
    answered = _answered(dials)
    before = answered.groupby(dials["clientNumber"], sort=False).cumsum() - answered
    frame = pd.DataFrame(
        {
            "answered": answered,
            "positive": dials["outcomeType"] == "positive",
            "unreached": before == 0,
            "reached": answered & (before == 0),
        }
    )
    table = frame.groupby(number).agg(["size", "sum"])
    result = pd.DataFrame(
        {"dials": table["answered", "size"]}
        | {name: table[name, "sum"] for name in ("answered", "positive", "unreached", "reached")}
    )
    result["marginal_rate"] = result["reached"] / result["unreached"]
    result["reach"] = result["reached"].cumsum() / result["dials"].iloc[0]
    return result


def attempt_gaps(df: pd.DataFrame) -> pd.DataFrame:
    dials = df.loc[df["type"] == "outbound", ["clientNumber", "timestamp", "state"]]
    dials = dials.dropna(subset=["clientNumber"]).sort_values(["clientNumber", "timestamp"], kind="stable")
    clients = dials.groupby("clientNumber", sort=False)
    number, gap = clients.cumcount() + 1, clients["timestamp"].diff()
    answered = _answered(dials)
    unreached = answered.groupby(dials["clientNumber"], sort=False).cumsum() - answered == 0
    frame = pd.DataFrame({"answered": answered, "unreached": unreached, "reached": answered & unreached})
    attempts = np.array([None, None, "2", "3", "4", "5", "6+"], dtype=object)
    edges = pd.to_timedelta(["0s", "1h", "4h", "1D", "3D", "7D", "1000D"])
    labels = ["< 1 h", "1–4 h", "4–24 h", "1–3 days", "3–7 days", "≥ 7 days"]
    keys = [
        pd.Series(attempts[number.clip(upper=6)], index=dials.index, name="attempt"),
        pd.cut(gap, edges, right=False, labels=labels).rename("gap"),
    ]
    table = frame.groupby(keys, observed=True).agg(["size", "sum"])
    result = pd.DataFrame(
        {"dials": table["answered", "size"]}
        | {name: table[name, "sum"] for name in ("answered", "unreached", "reached")}
    )
    result["answer_rate"] = result["answered"] / result["dials"]
    result["marginal_rate"] = result["reached"] / result["unreached"]
    return result


def repeat_callers(df: pd.DataFrame) -> pd.DataFrame:
    calls = df.loc[df["type"] == "inbound", ["clientNumber", "timestamp"]].dropna()
    calls = calls.sort_values(["clientNumber", "timestamp"], kind="stable")
    following = calls["timestamp"].shift(-1).where(calls["clientNumber"] == calls["clientNumber"].shift(-1))
    repeated = following - calls["timestamp"] <= pd.Timedelta("24h")
    observed = calls["timestamp"] <= df["timestamp"].max() - pd.Timedelta("24h")
    answered = observed & (df["state"] == "answered")[calls.index]
    return pd.DataFrame(
        {
            "first_contact_resolution": [1 - (answered & repeated).sum() / answered.sum()],
            "observed": [observed.sum()],
            "repeated": [(observed & repeated).sum()],
            "repeat_rate": [(observed & repeated).sum() / observed.sum()],
            "clients": [calls["clientNumber"][observed].nunique()],
        }
    )


def recalls(df: pd.DataFrame) -> pd.DataFrame:
    slack = pd.Timedelta("15min")
    columns = ["clientNumber", "timestamp", "recallDate", "recallFirstAttemptDate"]
    promises = df.loc[df["recallDate"].notna() & df["clientNumber"].notna(), columns]
    promises = promises.rename(columns={"timestamp": "promised"})
    promises["from"] = np.maximum(
        promises["recallDate"] - slack, promises["promised"] + pd.Timedelta(microseconds=1)
    )
    made = df.loc[df["type"] == "outbound", ["clientNumber", "timestamp", "state"]].sort_values("timestamp")
    found = pd.merge_asof(
        promises.sort_values("from"),
        made,
        left_on="from",
        right_on="timestamp",
        by="clientNumber",
        direction="forward",
    )
    said = found["recallFirstAttemptDate"].where(found["recallFirstAttemptDate"] >= found["promised"])
    tried = pd.concat([found["timestamp"], said], axis=1).min(axis=1)
    late = tried - found["recallDate"]
    overdue = found["recallDate"] + slack < df["timestamp"].max()
    status = np.select([late <= slack, tried.notna(), overdue], ["kept", "late", "missed"], "open")
    order = ["kept", "late", "missed", "open"]
    table = found.groupby(status).agg(recalls=("recallDate", "size")).reindex(order, fill_value=0)
    table["answered"] = (found["state"] == "answered").groupby(status).sum().reindex(order, fill_value=0)
    table["late_mean_s"] = late[status == "late"].groupby(status[status == "late"]).mean().dt.total_seconds()
    return table


def funnel(df: pd.DataFrame) -> pd.DataFrame:
    answered = _answered(df)
    talked = answered & (df["talkTime"] >= 30)
    positive = talked & (df["outcomeType"] == "positive")
    return pd.DataFrame({"n_calls": [len(df), answered.sum(), talked.sum(), positive.sum()]})


def talk_time_buckets(df: pd.DataFrame) -> pd.DataFrame:
    kept = df.loc[_answered(df), ["talkTime", "outcomeType"]]
    bucket = pd.cut(kept["talkTime"], [-np.inf, 10, 30, np.inf], right=False)
    frame = pd.DataFrame({"talk": kept["talkTime"], "positive": kept["outcomeType"] == "positive"})
    return frame.groupby(bucket, observed=False).agg(
        n_calls=("talk", "size"), talk_time_total_s=("talk", "sum"), positive=("positive", "sum")
    )


def concurrency(df: pd.DataFrame) -> pd.DataFrame:
    """Sweep over all starts and ends, then the most and the mean of each minute."""
    calls = df.loc[df["totalTime"] > 0, ["timestamp", "totalTime"]]
    start = calls["timestamp"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    end = start + (calls["totalTime"].to_numpy() * 1e6).astype("timedelta64[us]")
    times = np.concatenate([end, start])
    change = np.repeat([-1, 1], len(calls))
    order = np.argsort(times, kind="stable")
    times, level = times[order], np.cumsum(change[order])
    minutes = np.arange(times[0].astype("datetime64[m]"), times[-1].astype("datetime64[m]") + 1)
    # Who ends with the minute before is not in this one.
    carried = np.concatenate([[0], level])[np.searchsorted(times, minutes, side="right")]
    starts = change[order] == 1
    begins = np.searchsorted(times[starts], minutes)
    busy = np.flatnonzero(np.diff(np.append(begins, starts.sum())) > 0)
    most = carried.copy()
    most[busy] = np.maximum(most[busy], np.maximum.reduceat(level[starts], begins[busy]))
    seconds = np.diff(times, append=times[-1:]) / np.timedelta64(1, "s")
    area = np.concatenate([[0], np.cumsum(level * seconds)])
    edges = np.append(minutes, minutes[-1] + 1)
    at = np.searchsorted(times, edges)
    since = (edges - times[np.maximum(at - 1, 0)]) / np.timedelta64(1, "s")
    total = area[np.maximum(at - 1, 0)] + np.where(at > 0, np.concatenate([[0], level])[at] * since, 0)
    return pd.DataFrame({"calls_max": most, "calls_mean": np.diff(total) / 60})


def staffing(df: pd.DataFrame) -> pd.DataFrame:
    """Take the load of each half hour, and add agents until Erlang C is content."""
    kept = df[(df["type"] == "inbound") & df["state"].isin(["answered", "unanswered"])]
    frame = pd.DataFrame({"timestamp": kept["timestamp"], "talk": kept["talkTime"].where(_answered(kept))})
    slots = frame.resample("30min", on="timestamp")["talk"].agg(["size", "mean"])
    handling = slots["mean"].fillna(frame["talk"].mean()).to_numpy()
    load = slots["size"].to_numpy() * handling / 1800
    agents, blocked, missing = np.zeros(len(load), dtype=int), np.ones(len(load)), load > 0
    for count in range(1, 10_000):
        if not missing.any():
            break
        blocked = load * blocked / (count + load * blocked)
        with np.errstate(divide="ignore", invalid="ignore"):
            waits = count * blocked / (count - load * (1 - blocked))
            level = 1 - waits * np.exp(-(count - load) * 20 / handling)
        enough = missing & (count > load) & (level >= 0.8)
        agents[enough] = count
        missing &= ~enough
    return pd.DataFrame({"offered": slots["size"].to_numpy(), "agents": agents})


def by_line(df: pd.DataFrame) -> pd.DataFrame:
    kept = df[df["type"] == "outbound"]
    answered = _answered(kept)
    in_turn = kept.sort_values("timestamp", kind="stable").groupby("clientNumber").cumcount() + 1
    frame = pd.DataFrame(
        {
            "line": kept["lineNumber"],
            "hour": kept["timestamp"].dt.hour,
            "project": kept["projectName"].fillna("(none)"),
            "attempt": in_turn.clip(upper=6).where(kept["clientNumber"].notna(), 0),
            "answered": answered,
            "short": answered & (kept["talkTime"] < 10),
        }
    )
    usual = frame.groupby(["hour", "project", "attempt"])["answered"].transform("mean")
    table = (
        frame.assign(expected=usual)
        .groupby("line")
        .agg(
            n_calls=("answered", "size"),
            answered=("answered", "sum"),
            expected=("expected", "sum"),
            short=("short", "sum"),
        )
    )
    table["answer_rate_adjusted"] = table["answered"] / table["expected"] * answered.mean()
    table["short_call_share"] = table["short"] / table["answered"]
    weeks = kept["timestamp"].dt.tz_localize(None).dt.to_period("W")
    weekly = frame.assign(excess=answered - usual).groupby(["line", weeks])["excess"].agg(["sum", "size"])
    weekly["time"] = weekly.index.get_level_values(1).asi8
    mean = (weekly["time"] * weekly["size"]).groupby("line").sum() / weekly["size"].groupby("line").sum()
    centered = weekly["time"] - mean.reindex(weekly.index, level=0)
    top = (centered * weekly["sum"]).groupby("line").sum()
    table["trend"] = top / (centered**2 * weekly["size"]).groupby("line").sum()
    return table.sort_values("answer_rate_adjusted", kind="stable")


def compare(df: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    both = pd.concat([df, other])
    agents, names = pd.factorize(both["agentShortNumber"].fillna("(none)"), sort=True)
    side = np.repeat([0, 1], [len(df), len(other)])
    key = pd.Series(agents + len(names) * side)
    told = _told(_basics(both.reset_index(drop=True)).groupby(key))
    here, there = (told.iloc[each * len(names) : (each + 1) * len(names)].set_axis(names) for each in (0, 1))
    return add_changes(
        here.join(there, rsuffix="_other"), _sums(both, key), RATES, {"talk_time_mean_s": TALK}
    )


def explain_change(df: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    both = pd.concat([df, other])
    projects, names = pd.factorize(both["projectName"].fillna("(none)"), sort=True)
    answered = _answered(both)
    key = pd.Series(projects + len(names) * np.repeat([0, 1], [len(df), len(other)]))
    values = {"answered": answered, "n_calls": np.ones(len(both))}
    sums = sums_by_client(values, key, both["clientNumber"])
    counted = pd.DataFrame(
        {"sum": sums.total(sums.values["answered"]), "size": sums.total(sums.values["n_calls"])}
    )
    here, there = (
        counted.iloc[each * len(names) : (each + 1) * len(names)].set_axis(names) for each in (0, 1)
    )
    shares = [each["size"] / each["size"].sum() for each in (here, there)]
    rates = [each["sum"] / each["size"] for each in (here, there)]
    overall = [each["sum"].sum() / each["size"].sum() for each in (here, there)]
    rate = (rates[0] - rates[1]) * (shares[0] + shares[1]) / 2
    mix = (shares[0] - shares[1]) * ((rates[0] + rates[1]) / 2 - sum(overall) / 2)
    table = pd.DataFrame({"mix_effect": mix, "rate_effect": rate, "effect": mix + rate})
    changes = add_changes(pd.DataFrame(index=table.index), sums, {"rate": ANSWERS}, {})
    table = table.join(changes)
    reach = errors_of_effects(sums, ANSWERS)
    table["effect_low"], table["effect_high"] = table["effect"] - reach, table["effect"] + reach
    return table.sort_values("effect", key=abs, ascending=False)


def quality(df: pd.DataFrame) -> pd.DataFrame:
    nulls = df.isna().sum()
    durations = ("answerTime", "callTime", "talkTime", "aiTalkTime", "totalTime")
    counts = {("nulls", str(name)): count for name, count in nulls.items() if name != "extras"}
    counts["duplicates", "id"] = df["id"].duplicated().sum()
    counts |= {("negative", name): (df[name] < 0).sum() for name in durations}
    for part, whole in (("talkTime", "totalTime"), ("talkTime", "callTime"), ("aiTalkTime", "totalTime")):
        counts["impossible", f"{part} > {whole}"] = (df[part] > df[whole]).sum()
    counts["future", "timestamp"] = (df["timestamp"] > pd.Timestamp.now("UTC")).sum()
    clients = df["clientNumber"].value_counts()
    if (withheld := clients.index.str.lower().isin(["anonymous", "unknown", ""])).any():
        counts["clients", "no number"] = clients[withheld].sum()
    talks = df.loc[
        _answered(df) & (df["talkTime"] > 0), ["agentShortNumber", "timestamp", "answerTime", "talkTime"]
    ]
    talks["begin"] = talks["timestamp"] + pd.to_timedelta(talks["answerTime"], unit="s")
    talks["end"] = talks["begin"] + pd.to_timedelta(talks["talkTime"], unit="s")
    talks = talks.sort_values(["agentShortNumber", "begin"])
    latest = talks["end"].astype("int64").groupby(talks["agentShortNumber"]).cummax().shift()
    same = talks["agentShortNumber"] == talks["agentShortNumber"].shift()
    counts["overlaps", "agentShortNumber"] = (same & (talks["begin"].astype("int64") < latest)).sum()
    return pd.DataFrame({"count": counts})


def reconcile(df: pd.DataFrame) -> pd.DataFrame:
    rows = {}
    directions = [("all", df), *((str(name), each) for name, each in df.groupby("type", observed=True))]
    for direction, calls in directions:
        answered = _answered(calls)
        figures = {
            "all": len(calls),
            "success": answered.sum(),
            "fail": (calls["state"] == "unanswered").sum(),
            "error": (calls["state"] == "failed").sum(),
            "talks": (calls["talkTime"] > 0).sum(),
            "unique": calls["clientNumber"].nunique(),
            "firstTime": calls["firstTimeForUser"].sum(),
        }
        for name, values in (
            ("total", calls["totalTime"]),
            ("call", calls["callTime"]),
            ("answer", calls["answerTime"][answered]),
        ):
            figures |= {
                f"{name}_sum_s": values.sum(),
                f"{name}_count": values.count(),
                f"{name}_min_s": values.min(),
                f"{name}_max_s": values.max(),
            }
        rows |= {(direction, name): float(value) for name, value in figures.items()}
    return pd.DataFrame({"rows": rows})


TABLES: dict[str, Callable[..., pd.DataFrame]] = {
    each.__name__: each
    for each in (
        summary, breakdown, by_agent, by_line, by_outcome, funnel, talk_time_buckets, talk_time_histogram,
        answer_time_histogram, over_time, heatmap, concurrency, staffing, service_level, abandonment,
        attempts, attempt_gaps, repeat_callers, recalls, compare, explain_change, quality, reconcile,
    )
}  # fmt: skip
