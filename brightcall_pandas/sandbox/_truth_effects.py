"""Tell what was planted, in numbers: sizes as they were drawn, and what the calls would be without them."""

from __future__ import annotations

import math
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from brightcall_pandas.sandbox._account import LINES, OUTCOMES, PROJECTS
from brightcall_pandas.sandbox._conversations import AI_FIRST, CONNECT, HANDOVER, PATIENCE_S, WAIT_S
from brightcall_pandas.sandbox._draw import mean_of
from brightcall_pandas.sandbox._effects import EFFECTS, KINDS
from brightcall_pandas.sandbox._generate import POSITIVE, PROJECT_WEIGHTS, Drawn
from brightcall_pandas.sandbox._planted import Known, code_of, factor, probability, total
from brightcall_pandas.sandbox._schedule import INBOUND, OUTBOUND, HourWeights, chosen_weights, known_of_days

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from brightcall_pandas.sandbox._draw import Flags, Integers
    from brightcall_pandas.sandbox._planted import Planted

__all__ = ["baseline", "effects_of"]

_POSITIVE = [place for place, each in enumerate(OUTCOMES) if each.kind == "positive"]
_MEAN_S = {"patience": PATIENCE_S, "wait": mean_of(WAIT_S)}


def baseline() -> dict[str, Any]:
    """Return what holds where nothing differs."""
    return {
        "answer_rate_by_attempt": {str(number): share for number, share in enumerate(CONNECT, 1)},
        "positive_rate": POSITIVE,
        "handover_rate": HANDOVER,
        "patience_mean_s": _MEAN_S["patience"],
        "wait_mean_s": _MEAN_S["wait"],
    }


def effects_of(drawn: Drawn) -> list[dict[str, Any]]:
    """Return each effect with its days, its sizes, and what it did to the calls that it concerns."""
    known = drawn.known
    return [
        _described(drawn, each) | _TELLERS[each.effect.what](drawn, known, each) for each in drawn.planted
    ]


def _described(drawn: Drawn, planted: Planted) -> dict[str, Any]:
    effect, days = planted.effect, drawn.calendar.days
    covers = planted.first <= planted.last
    return {
        "what": effect.what,
        "unit": effect.unit,
        "moderator": effect.moderator,
        "scale": EFFECTS[effect.what].scale,
        "size": effect.size,
        "times": None if effect.is_spread else math.exp(effect.size),
        "from_day": str(days[planted.first]) if covers else None,
        "to_day": str(days[planted.last]) if covers else None,
    }


def _rates(drawn: Drawn, known: Known, planted: Planted) -> dict[str, Any]:
    """Tell of an effect on a rate: how many calls and hits, and the expected rate with and without it."""
    odds: Integers
    if planted.effect.what == "answer":
        counted, hits, odds = drawn.direction == OUTBOUND, drawn.answered, drawn.answer_odds
    elif planted.effect.what == "positive":
        counted, hits, odds = drawn.answered, np.isin(drawn.outcome, _POSITIVE), drawn.positive_odds
    else:
        counted = drawn.answered & drawn.by_ai & (drawn.direction == OUTBOUND)
        hits, odds = drawn.pattern == AI_FIRST, drawn.handover_odds
    terms = planted.terms(known)

    def tell(here: Integers) -> dict[str, Any]:
        return {
            "calls": len(here),
            "hits": int(hits[here].sum()),
            "rate": _mean(probability(odds[here]) / 1e6),
            "rate_without": _mean(probability(odds[here] - terms[here]) / 1e6),
        }

    return _each(drawn, known, planted, counted, tell)


def _talk(drawn: Drawn, known: Known, planted: Planted) -> dict[str, Any]:
    """Tell of an effect on talk time: the mean of calls with talk time, with and without it."""
    times = factor(planted.terms(known)) / 1e6

    def tell(here: Integers) -> dict[str, Any]:
        talk_s = drawn.talk_s[here]
        return {
            "calls": len(here),
            "mean_s": _mean(talk_s),
            "mean_s_without": _mean(talk_s / times[here]),
        }

    return _each(drawn, known, planted, drawn.talk_s > 0, tell)


def _queue(drawn: Drawn, known: Known, planted: Planted) -> dict[str, Any]:
    """Tell of an effect on callers: the expected seconds with and without it, of those who gave up, too."""
    what = planted.effect.what
    terms = planted.terms(known)
    logs = total([each for each in drawn.planted if each.effect.what == what], known)

    def tell(here: Integers) -> dict[str, Any]:
        return {
            "calls": len(here),
            "answered": int(drawn.answered[here].sum()),
            "mean_s": _mean(_MEAN_S[what] * factor(logs[here]) / 1e6),
            "mean_s_without": _mean(_MEAN_S[what] * factor(logs[here] - terms[here]) / 1e6),
        }

    return _each(drawn, known, planted, drawn.direction == INBOUND, tell)


def _volume(drawn: Drawn, known: Known, planted: Planted) -> dict[str, Any]:
    """Tell of an effect on the volume: how many calls, and the share that was to be expected."""

    def tell(here: Integers) -> dict[str, Any]:
        return {"calls": len(here)}

    told = _each(drawn, known, planted, np.ones(len(drawn), dtype=bool), tell)
    if planted.effect.is_spread or planted.effect.kind in ("agent", "team"):
        return told  # whose share also depends on who else was at work
    volume = [each for each in drawn.planted if each.effect.what == "volume"]
    if planted.effect.kind == "project":
        others = [each for each in volume if each is not planted]
        shares = [_share_of_project(drawn, planted, each) for each in (volume, others)]
    else:
        weights = drawn.hour_weights
        here = weights.active(planted)
        shares = [float(each[here].sum() / each.sum()) for each in (weights.table, weights.without(planted))]
    return told | dict(zip(("share", "share_without"), shares, strict=True))


def _share_of_project(drawn: Drawn, planted: Planted, volume: Sequence[Planted]) -> float | None:
    """Return the share that a project is expected to have among those of all projects on these days."""
    calendar = drawn.calendar
    by_hour = HourWeights(calendar, volume).table[[INBOUND, OUTBOUND]].sum(axis=0)
    by_day = np.bincount(calendar.hours.day, weights=by_hour)
    weights = chosen_weights(calendar, volume, ["project"], PROJECT_WEIGHTS)
    shares = weights / weights.sum(axis=1, keepdims=True)
    place = code_of("project", str(planted.effect.unit).partition(":")[2])
    known = known_of_days(calendar)
    codes = dict(known.codes) | {"project": partial(np.full, len(known.day), place)}
    days = planted.active(Known(known.day, codes, known.measured))
    whole = by_day[days].sum()
    return float((by_day * shares[:, place])[days].sum() / whole) if whole else None


def _each(
    drawn: Drawn, known: Known, planted: Planted, counted: Flags, tell: Callable[[Integers], dict[str, Any]]
) -> dict[str, Any]:
    """Tell of the calls that an effect concerns and, where each unit has its own size, of those of each."""
    here = np.flatnonzero(counted & planted.active(known))
    told = tell(here)
    kind = planted.effect.kind
    if planted.offsets is None or kind is None or kind == "client":
        return told
    codes, units = known.codes[kind]()[here], _units(drawn, kind)
    order = np.argsort(codes, kind="stable")
    edges = np.searchsorted(codes[order], np.arange(len(units) + 1))
    sizes = zip(units, planted.offsets.tolist(), pairwise(edges.tolist()), strict=True)
    return told | {
        "units": {
            name: {"size": size / 1000} | tell(here[order[begin:end]]) for name, size, (begin, end) in sizes
        }
    }


def _units(drawn: Drawn, kind: str) -> list[str]:
    """Name the units of a kind as the rows do, in the order of their codes."""
    if kind == "agent":
        return [str(each.user_id) for each in drawn.staff.users[: drawn.staff.people]]
    if kind == "day":
        return [str(day) for day in drawn.calendar.days]
    return list({"line": LINES, "project": PROJECTS.values()}.get(kind, KINDS[kind].values))


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean()) if len(values) else None


_TELLERS: dict[str, Callable[[Drawn, Known, Planted], dict[str, Any]]] = {
    "answer": _rates,
    "positive": _rates,
    "handover": _rates,
    "talk_time": _talk,
    "patience": _queue,
    "wait": _queue,
    "volume": _volume,
}
