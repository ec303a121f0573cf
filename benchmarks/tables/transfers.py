"""The tables of transfers as someone writes them who needs them once: each distinct text read once.

Only ``numbersInvolvedJSON`` is read, and a client is recognised only where its number is written in the
same way; the package reads ``transfers`` beside it and knows other spellings.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import pandas as pd

Chain = tuple[str, ...]


def chains_of(df: pd.DataFrame) -> list[Chain | None]:
    """Return each call's chain without its client; None where the text cannot be read."""
    texts = df["numbersInvolvedJSON"].to_numpy(dtype=object, na_value=None)
    read = {text: parties(text) for text in set(texts)}
    chains = []
    for text, client in zip(texts, df["clientNumber"].to_numpy(dtype=object, na_value=None), strict=True):
        chain = read[text]
        if chain and client in chain:
            chain = tuple(each for each in chain if each != client)
        chains.append(chain)
    return chains


def parties(text: str | None) -> Chain | None:
    """Return the labels in a text; None if it cannot be read."""
    if not text:
        return ()
    try:
        read = json.loads(text)
    except ValueError:
        return None if text[:1] in "[{" else tuple(each.strip() for each in text.split(","))
    if isinstance(read, dict):
        return tuple(read)
    if not isinstance(read, list):
        return () if read is None else (str(read),)
    return tuple(str(next(iter(each.values())) if isinstance(each, dict) else each) for each in read)


def path_of(chain: Chain | None) -> str:
    return "(unreadable)" if chain is None else " → ".join(chain) or "(none)"


def transfer_chains(df: pd.DataFrame) -> pd.DataFrame:
    chains = pd.Series([each or () for each in chains_of(df)], index=df.index)
    hops = chains.map(len).sub(1).clip(lower=0)
    return pd.DataFrame(
        {
            "path": chains.map(" → ".join),
            "hops": hops,
            "transferred": hops > 0,
            "loops": chains.map(lambda each: len(set(each)) < len(each)),
        }
    )


def transfer_variants(df: pd.DataFrame) -> pd.DataFrame:
    paths = pd.Series([path_of(each) for each in chains_of(df)], index=df.index)
    answered = df["state"] == "answered"
    frame = pd.DataFrame(
        {
            "answered": answered,
            "positive": df["outcomeType"] == "positive",
            "talk": df["talkTime"].where(answered),
        }
    )
    groups = frame.groupby(paths)
    table = groups.agg(
        n_calls=("answered", "size"), answered=("answered", "sum"), positive=("positive", "sum")
    )
    quantiles = groups["talk"].quantile([0.25, 0.5, 0.75, 0.9]).unstack()
    table[["talk_time_p25_s", "talk_time_median_s", "talk_time_p75_s", "talk_time_p90_s"]] = quantiles
    table["share"] = table["n_calls"] / len(df)
    table["positive_rate"] = table["positive"] / table["n_calls"]
    return table.rename_axis("path")


def transfer_matrix(df: pd.DataFrame) -> pd.DataFrame:
    pairs: Counter[tuple[str, str]] = Counter()
    for chain, calls in Counter(chains_of(df)).items():
        for pair in pairwise(chain or ()):
            pairs[pair] += calls
    table = pd.Series(pairs).unstack(fill_value=0)
    every = table.index.union(table.columns)
    return table.reindex(index=every, columns=every, fill_value=0)


def transfer_summary(df: pd.DataFrame) -> pd.DataFrame:
    counts: Counter[str] = Counter()
    for chain, calls in Counter(chains_of(df)).items():
        steps = chain or ()
        counts["n_calls"] += calls
        counts["transferred"] += calls * (len(steps) > 1)
        counts["transfers"] += calls * max(len(steps) - 1, 0)
        counts["loops"] += calls * (len(set(steps)) < len(steps))
        counts["self_loops"] += calls * sum(one == two for one, two in pairwise(steps))
        triples = zip(steps, steps[1:], steps[2:], strict=False)
        counts["ping_pong"] += calls * any(one == three != two for one, two, three in triples)
        counts["unreadable"] += calls * (chain is None)
    return pd.DataFrame(counts, index=["all"])


def transfer_parties(df: pd.DataFrame) -> pd.DataFrame:
    counts: dict[str, Counter[str]] = {}
    for chain, calls in Counter(chains_of(df)).items():
        for place, party in enumerate(chain or ()):
            of_party = counts.setdefault(party, Counter())
            of_party["n_calls"] += calls * (party not in chain[:place])
            of_party["started" if place == 0 else "received"] += calls
            of_party["ended_at" if place == len(chain) - 1 else "transferred_on"] += calls
            of_party["kept"] += calls * (len(chain) == 1)
    return pd.DataFrame.from_dict(counts, orient="index").fillna(0)


def transfer_flow(df: pd.DataFrame) -> pd.DataFrame:
    links: Counter[tuple[int, str, str]] = Counter()
    for chain, calls in Counter(chains_of(df)).items():
        for hop, (origin, target) in enumerate(pairwise(chain or ()), 1):
            links[hop, origin, target] += calls
    busy: Counter[str] = Counter()
    for (_, origin, target), calls in links.items():
        busy[origin] += calls
        busy[target] += calls
    shown = {party for party, _ in busy.most_common(len(busy) if len(busy) <= 13 else 12)}
    folded: Counter[tuple[int, str, str]] = Counter()
    for (hop, *both), calls in links.items():
        origin, target = (party if party in shown else "(other)" for party in both)
        folded[hop, origin, target] += calls * (hop <= 5)
    table = pd.Series(+folded).to_frame("n_calls")
    return table.rename_axis(["hop", "from", "to"])


def transfer_events(df: pd.DataFrame) -> pd.DataFrame:
    rows = [
        (row, hop, origin, target)
        for row, chain in enumerate(chains_of(df))
        if chain
        for hop, (origin, target) in enumerate(pairwise(chain), 1)
    ]
    table = pd.DataFrame(rows, columns=["row", "hop", "from", "to"])
    return table.set_axis(df.index[table["row"]]).assign(id=df["id"].to_numpy()[table["row"]])


TABLES: dict[str, Callable[..., pd.DataFrame]] = {
    each.__name__: each
    for each in (
        transfer_chains, transfer_variants, transfer_matrix, transfer_summary, transfer_parties,
        transfer_flow, transfer_events,
    )
}  # fmt: skip
