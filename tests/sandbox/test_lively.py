"""In the default world plain pandas finds each planted effect at its size, and the facts of a real center.

Effects are looked for in 660,000 raw rows of three seeds; those on few calls also in a world that has more
of these. A finding is how many times its planted size an effect has there, 1 if it has all of it, with a
standard error of 5 % at most: a size that is 30 % off lies outside of the four errors that chance is allowed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from brightcall_pandas.sandbox import WORLDS, Effect, World
from tests.sandbox.estimates import (
    ERRORS,
    crm,
    drawn_rows,
    effect,
    log_odds_ratio,
    mean_rate,
    outbound,
    over_clients,
    rows_of,
    share_seen,
    sizes,
    slope,
    slope_of_logs,
    slope_of_odds,
    slope_of_shares,
    slope_of_units,
)

Estimate = tuple[float, float]
Finding = Callable[[pd.DataFrame, dict[str, Any]], Estimate]

LIVELY = WORLDS["lively"]
CALLS, SEEDS = 220_000, (1, 2, 3)
WRONG = 0.3
"""Sizes that are this much too small or too large are noticed: they lie two errors beyond the tolerance."""

BURNED = "+49305550103"


def in_sizes(estimate: Estimate, size: float) -> Estimate:
    """Return an estimate in multiples of the planted size."""
    return estimate[0] / size, estimate[1] / abs(size)


def pooled(estimates: list[Estimate]) -> Estimate:
    """Return the mean of estimates of the same thing, each weighted by how exact it is."""
    values, errors = np.array(estimates).T
    weights = errors**-2
    return float((values * weights).sum() / weights.sum()), float(weights.sum() ** -0.5)


def told_of(truth: dict[str, Any], what: str, kind: str, moderator: str | None = None) -> dict[str, float]:
    """Return the size of each single unit of a kind."""
    return {
        each["unit"].removeprefix(f"{kind}:"): each["size"]
        for each in truth["effects"]
        if (each["what"], each["moderator"]) == (what, moderator) and each["unit"].startswith(f"{kind}:")
    }


# Volume: how many calls.


def calls_by_hour(direction: str) -> Finding:
    def find(rows: pd.DataFrame, truth: dict[str, Any]) -> Estimate:
        planted = told_of(truth, "volume", "hour", f"direction:{direction}")
        calls = rows.loc[rows["type"] == direction, "hour"].value_counts()
        calls = calls[calls.index.isin(map(int, planted))]
        return slope(calls.index.astype(str).map(planted), np.log(calls), 1 / calls)

    return find


def calls_by_weekday(rows: pd.DataFrame, truth: dict[str, Any]) -> Estimate:
    planted = told_of(truth, "volume", "weekday")
    days = rows[rows["day"] != "2026-03-08"].groupby("weekday", observed=True)["day"]
    calls = days.size()
    return slope(calls.index.map(planted), np.log(calls / days.nunique()), 1 / calls)


def calls_of_a_holiday(rows: pd.DataFrame, truth: dict[str, Any]) -> Estimate:
    """The eighth of March is a Sunday, beside three others."""
    sundays = rows[rows["weekday"] == "Sunday"].groupby("day", observed=True).size()
    free, others = sundays["2026-03-08"], sundays.drop("2026-03-08")
    estimate = math.log(free / others.mean()), (1 / free + 1 / others.sum()) ** 0.5
    return in_sizes(estimate, effect(truth, "volume", "holiday:yes")["size"])


def shares_of_agents(rows: pd.DataFrame, truth: dict[str, Any]) -> Estimate:
    return slope_of_shares(rows, sizes(effect(truth, "volume", "agent")))


# Answers: of outbound calls, beside others of the same attempt.


def answered_by_agent(rows: pd.DataFrame, truth: dict[str, Any]) -> Estimate:
    planted = sizes(effect(truth, "answer", "agent"))
    return slope_of_units(outbound(rows), "answered", "userId", planted, ["attempt"])


def answered_by_hour(rows: pd.DataFrame, truth: dict[str, Any]) -> Estimate:
    """Each hour that has a size beside those from 9 to 16, which have none."""
    calls, planted = outbound(rows), told_of(truth, "answer", "hour")
    sizes_of_hours = calls["hour"].astype(str).map(planted)
    known = sizes_of_hours.notna() | calls["hour"].between(9, 16)
    return slope_of_odds(calls[known], "answered", sizes_of_hours[known].fillna(0.0), ["attempt"])


def answered_by_client(rows: pd.DataFrame, truth: dict[str, Any]) -> Estimate:
    """The spread that the covariance of two attempts means, of clients whose list was as old at both."""
    calls = outbound(rows[rows["list_days"].notna() & (rows["attempt"] <= 2)])
    calls["weeks"] = calls["list_days"] // 7
    pairs = calls.pivot(index="clientNumber", columns="attempt", values=["answered", "weeks"]).dropna()
    answers, weeks = pairs["answered"].astype(float), pairs["weeks"]
    apart = answers - answers.groupby([weeks[1], weeks[2]]).transform("mean")
    products = apart[1] * apart[2]
    spreads, intercepts = np.linspace(0, 1, 41), np.linspace(-5, 2, 281)
    planted = []
    for spread in spreads:
        means = mean_rate(over_clients(intercepts, spread))
        first, second = over_clients(np.interp(answers.mean(), means, intercepts), spread)
        planted.append(mean_rate(first * second) - mean_rate(first) * mean_rate(second))
    value, error = products.mean(), products.std() / len(products) ** 0.5
    low, here, high = np.interp([value - error, value, value + error], planted, spreads)
    return in_sizes((here, (high - low) / 2), effect(truth, "answer", "client")["size"])


def answered_on_saturdays(rows: pd.DataFrame, truth: dict[str, Any]) -> Estimate:
    """Beside the three days before and after, when lists are as old: they are uploaded on Mondays."""
    calls = outbound(rows)
    calls["around"] = ((calls["list_days"] - 2) // 7).fillna(-9)
    here = log_odds_ratio(calls, "answered", calls["weekday"] == "Saturday", ["attempt", "around"])
    return in_sizes(here, effect(truth, "answer", "weekday:Saturday")["size"])


def answered_in_the_project(rows: pd.DataFrame, truth: dict[str, Any]) -> Estimate:
    """Without the burnt line, which serves it more than others."""
    calls = outbound(rows[rows["lineNumber"] != BURNED])
    here = log_odds_ratio(calls, "answered", calls["projectName"] == "Heat pumps", ["attempt"])
    return in_sizes(here, effect(truth, "answer", "project:Heat pumps")["size"])


def answered_on_the_line(rows: pd.DataFrame, truth: dict[str, Any]) -> Estimate:
    """Of calls of the same project, since a line serves few of these."""
    told = effect(truth, "answer", f"line:{BURNED}")
    calls = outbound(rows[rows["day"] >= told["from_day"]])
    here = log_odds_ratio(calls, "answered", calls["lineNumber"] == BURNED, ["attempt", "projectName"])
    return in_sizes(here, told["size"])


def answered_as_lists_age(rows: pd.DataFrame, truth: dict[str, Any]) -> Estimate:
    """Without Saturdays, which are late in the week of a list."""
    calls = outbound(rows[rows["list_days"].notna() & (rows["weekday"] != "Saturday")])
    estimate = slope_of_odds(calls, "answered", calls["list_days"] / 7, ["attempt"])
    return in_sizes(estimate, effect(truth, "answer", None, "list_weeks")["size"])


def answered_as_leads_wait(rows: pd.DataFrame, truth: dict[str, Any]) -> Estimate:
    calls = outbound(rows[rows["waited_s"].notna()])
    doublings = np.log2(calls["waited_s"] / 3600)
    estimate = slope_of_odds(calls, "answered", doublings, ["attempt"])
    return in_sizes(estimate, effect(truth, "answer", "source:web", "lead_doublings")["size"])


# Sales: of answered calls.


def sold_by_agent(rows: pd.DataFrame, truth: dict[str, Any]) -> Estimate:
    """Before the team North sells more."""
    talks = rows[rows["answered"] & (rows["day"] < "2026-03-17")]
    planted = sizes(effect(truth, "positive", "agent"))
    return slope_of_units(talks, "positive", "userId", planted)


def sold_in_the_project(rows: pd.DataFrame, truth: dict[str, Any]) -> Estimate:
    talks = rows[rows["answered"] & rows["projectName"].notna()]
    here = log_odds_ratio(talks, "positive", talks["projectName"] == "Renewals")
    return in_sizes(here, effect(truth, "positive", "project:Renewals")["size"])


def sold_in_the_team(rows: pd.DataFrame, truth: dict[str, Any]) -> Estimate:
    """Of calls of the same agent, before and after: agents differ for themselves."""
    told = effect(truth, "positive", "team:North")
    team = {str(each["user_id"]) for each in truth["users"] if each["team"] == "North"}
    talks = rows[rows["answered"] & rows["userId"].isin(team)]
    return in_sizes(
        log_odds_ratio(talks, "positive", talks["day"] >= told["from_day"], ["userId"]), told["size"]
    )


def talk_of_agents(rows: pd.DataFrame, truth: dict[str, Any]) -> Estimate:
    planted = sizes(effect(truth, "talk_time", "agent"))
    estimates = [
        slope_of_logs(here["talkTime"], here["userId"], planted)
        for here in (rows[rows["type"] == direction] for direction in ("inbound", "outbound"))
    ]
    return pooled(estimates)


def patience_in_the_project(rows: pd.DataFrame, truth: dict[str, Any]) -> Estimate:
    """The mean patience is the seconds waited for each who gave up: giving up has a constant rate."""
    callers = rows[(rows["type"] == "inbound") & (rows["state"] != "failed")]
    waited = callers["answerTime"].where(callers["answered"], callers["callTime"])
    here = callers["projectName"] == "Renewals"
    seconds, gave_up = waited.groupby(here).sum(), (~callers["answered"]).groupby(here).sum()
    patience = np.log(seconds / gave_up)
    error = float((1 / gave_up).sum() ** 0.5)
    told = effect(truth, "patience", "project:Renewals")
    return in_sizes((patience[True] - patience[False], error), told["size"])


def sold_after_a_handover(rows: pd.DataFrame, truth: dict[str, Any]) -> Estimate:
    robots = {str(each["user_id"]) for each in truth["users"] if each["team"] == "Robots"}
    talks = rows[rows["userId"].isin(robots) & rows["answered"]]
    here = log_odds_ratio(talks, "positive", talks["transfers"].notna(), ["projectName"])
    return in_sizes(here, effect(truth, "positive", "handed_over:yes")["size"])


FINDINGS: dict[tuple[str, str | None, str | None], Finding] = {
    ("volume", "hour", "direction:inbound"): calls_by_hour("inbound"),
    ("volume", "hour", "direction:outbound"): calls_by_hour("outbound"),
    ("volume", "hour", "direction:internal"): calls_by_hour("internal"),
    ("volume", "weekday", None): calls_by_weekday,
    ("volume", "holiday", None): calls_of_a_holiday,
    ("volume", "agent", None): shares_of_agents,
    ("answer", "agent", None): answered_by_agent,
    ("answer", "client", None): answered_by_client,
    ("answer", "hour", None): answered_by_hour,
    ("answer", "weekday", None): answered_on_saturdays,
    ("answer", "project", None): answered_in_the_project,
    ("answer", "line", None): answered_on_the_line,
    ("answer", None, "list_weeks"): answered_as_lists_age,
    ("answer", "source", "lead_doublings"): answered_as_leads_wait,
    ("positive", "agent", None): sold_by_agent,
    ("positive", "project", None): sold_in_the_project,
    ("positive", "team", None): sold_in_the_team,
    ("positive", "handed_over", None): sold_after_a_handover,
    ("talk_time", "agent", None): talk_of_agents,
    ("patience", "project", None): patience_in_the_project,
}
"""What finds an effect, by what it moves, the kind of its unit, and its moderator."""

RARE = {
    ("answer", "weekday", None),
    ("answer", "line", None),
    ("positive", "team", None),
    ("positive", "handed_over", None),
}
"""Findings on few calls."""

PLANTED = {(each.what, each.unit): each.size for each in LIVELY.effects}
SPREAD = dict.fromkeys((key for key in FINDINGS if key[0] == "answer"), PLANTED["answer", "client"]) | {
    ("answer", "client", None): 0.0,
    ("positive", "project", None): PLANTED["positive", "agent"],
}
"""By how much clients (of answers) and agents (of sales) differ beside what a finding compares."""


def prepared(world: World, calls: int, seed: int) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return raw rows with what several findings need."""
    rows, truth = drawn_rows(world, calls, 30, seed)
    for name in ("userId", "lineNumber", "projectName", "type"):
        rows[name] = rows[name].astype("category")
    rows["hour"], rows["weekday"] = rows["timestamp"].dt.hour, rows["timestamp"].dt.day_name()
    midnight = rows["timestamp"].dt.tz_localize(None).dt.normalize()
    rows["list_days"] = (midnight - pd.to_datetime(crm(rows, "uploaded"))).dt.days
    created = pd.to_datetime(crm(rows, "createdAt"), utc=True)
    rows["waited_s"] = (rows["timestamp"] - created).dt.total_seconds()
    return rows, truth


Draws = list[tuple[pd.DataFrame, dict[str, Any]]]


@pytest.fixture(scope="module")
def draws() -> Draws:
    return [prepared(LIVELY, CALLS, seed) for seed in SEEDS]


@pytest.fixture(scope="module")
def draws_with_more(draws: Draws) -> Draws:
    """Add a draw of the same world with more of the calls that some effects are about."""
    more = [
        Effect("volume", "agent:AI", 3.0),
        Effect("handover", size=1.7),
        Effect("volume", "weekday:Saturday", 1.5, moderator="direction:outbound"),
        Effect("volume", "project:Heat pumps", 1.5),
        Effect("volume", "team:North", 1.0),
    ]
    return [*draws, prepared(LIVELY + World("more", more), 130_000, 4)]


class TestEveryEffect:
    @pytest.mark.parametrize("key", FINDINGS, ids=lambda key: " ".join(filter(None, key)))
    def test_is_in_the_rows_at_its_size(
        self, key: tuple[str, str | None, str | None], request: pytest.FixtureRequest
    ) -> None:
        draws: Draws = request.getfixturevalue("draws_with_more" if key in RARE else "draws")
        value, error = pooled([FINDINGS[key](rows, truth) for rows, truth in draws])
        assert abs(value - share_seen(SPREAD.get(key, 0.0))) <= ERRORS * error
        assert (ERRORS + 2) * error <= WRONG

    def test_has_a_finding(self) -> None:
        assert {(each.what, each.kind, each.moderator) for each in LIVELY.effects} == set(FINDINGS)

    def test_has_units_that_differ_as_it_says(self, draws: Draws) -> None:
        for _, truth in draws:
            for each in truth["effects"]:
                if "units" in each:
                    assert np.std(list(sizes(each).values())) == pytest.approx(each["size"], abs=0.001)

    @pytest.mark.parametrize("direction", ["inbound", "outbound", "internal"])
    def test_is_in_each_hour(self, draws: Draws, direction: str) -> None:
        """One call in fifty begins in the hour after the one for which it was planned."""
        planted = told_of(draws[0][1], "volume", "hour", f"direction:{direction}")
        calls = sum(rows.loc[rows["type"] == direction, "hour"].value_counts() for rows, _ in draws)
        calls = calls[calls.index.isin(map(int, planted))]
        expected = np.exp(calls.index.astype(str).map(planted).to_series(calls.index))
        expected *= calls.sum() / expected.sum()
        assert (abs(calls - expected) <= ERRORS * expected**0.5 + 0.02 * expected).all()


class TestFacts:
    """Figures of a bank's call center (Anonymous Bank, Guedj and Mandelbaum 2000), as in docs/sandbox.md."""

    def test_inbound_calls_by_hour(self) -> None:
        rows, _ = rows_of("lively")
        share = rows[rows["type"] == "inbound"]["timestamp"].dt.hour.value_counts(normalize=True) * 100
        real = dict(
            enumerate("2.7 6.8 8.0 8.8 7.9 6.8 7.1 7.2 7.1 7.7 6.0 4.8 4.6 3.9 3.7 3.2 2.7".split(), 7)
        )
        assert set(share.index) <= set(real)
        for hour, percent in real.items():
            assert abs(share[hour] - float(percent)) <= 1.5, hour

    def test_weekdays(self) -> None:
        rows, _ = rows_of("lively")
        names = rows["timestamp"].dt.day_name()
        a_day = rows.groupby(names).size() / rows.groupby(names)["day"].nunique()
        real = [1664, 1410, 1495, 1460, 1599, 484, 216]  # there from Sunday to Saturday
        ours = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
        for name, calls in zip(ours, real, strict=True):
            assert abs(a_day[name] / a_day.sum() - calls / sum(real)) <= 0.015, name

    def test_talk_times_of_callers(self) -> None:
        rows, _ = rows_of("lively")
        talk = rows[(rows["type"] == "inbound") & (rows["talkTime"] > 0)]["talkTime"]
        for quantile, real in ((0.1, 24), (0.25, 57), (0.5, 111), (0.75, 221), (0.9, 417), (0.99, 1101)):
            assert talk.quantile(quantile) == pytest.approx(real, rel=0.15), quantile
        assert talk.mean() == pytest.approx(183, rel=0.15)

    def test_who_is_answered(self) -> None:
        rows, _ = rows_of("lively")
        states = rows[rows["type"] == "inbound"]["state"].value_counts(normalize=True)
        for state, real in (("answered", 0.791), ("unanswered", 0.200), ("failed", 0.009)):
            assert abs(states[state] - real) <= 0.04

    def test_people_have_shifts(self) -> None:
        rows, truth = rows_of("lively")
        people = {str(each["user_id"]) for each in truth["users"] if each["team"] != "Robots"}
        days = (
            rows[rows["userId"].isin(people)]
            .groupby(["userId", "day"])["timestamp"]
            .agg(["min", "max", "size"])
        )
        hours = (days["max"] - days["min"]).dt.total_seconds() / 3600
        assert hours.quantile(0.95) <= 9.5
        assert 40 <= days["size"].median() <= 100
