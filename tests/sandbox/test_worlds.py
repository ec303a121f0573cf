"""In every named world, plain pandas finds each planted effect at its size in the raw rows.

Estimates and their standard errors are those of counts; a tolerance of four of these is exceeded once in
16,000 times by chance, and the seeds are fixed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from brightcall_pandas.sandbox import WORLDS, World, worlds
from brightcall_pandas.sandbox._planted import holidays
from brightcall_pandas.sandbox._worlds import world_from_text, world_mark, world_of
from tests.sandbox.estimates import (
    ERRORS,
    crm,
    effect,
    found,
    log_odds_ratio,
    longest_overlap,
    mean_rate,
    outbound,
    over_clients,
    rows_of,
    sizes,
    slope,
    slope_of_logs,
    slope_of_odds,
    slope_of_shares,
    slope_of_units,
)


def shares_fit(counts: pd.Series, logs: pd.Series) -> bool:
    """Return whether counts are in proportion to exp(logs), each within its error."""
    expected = np.exp(logs)
    expected *= counts.sum() / expected.sum()
    return bool((abs(counts - expected) <= ERRORS * np.sqrt(expected)).all())


class TestEveryWorld:
    @pytest.mark.parametrize("name", WORLDS)
    def test_nobody_has_two_calls_at_once(self, name: str) -> None:
        rows, _ = rows_of(name, calls=6_000)
        assert rows["userId"].nunique() >= 12
        assert longest_overlap(rows) <= 0

    @pytest.mark.parametrize("name", WORLDS)
    def test_the_truth_repeats_it(self, name: str) -> None:
        _, truth = rows_of(name, calls=6_000)
        planted = [(each.what, each.unit, each.moderator, each.size) for each in WORLDS[name].effects]
        told = [(each["what"], each["unit"], each["moderator"], each["size"]) for each in truth["effects"]]
        assert told == planted
        assert truth["world"] == name
        assert all(each["calls"] > 0 for each in truth["effects"])

    @pytest.mark.parametrize("name", WORLDS)
    def test_rates_and_hits_agree(self, name: str) -> None:
        _, truth = rows_of(name, calls=6_000)
        for each in truth["effects"]:
            if "rate" in each:
                spread = (each["calls"] * each["rate"] * (1 - each["rate"])) ** 0.5
                assert abs(each["hits"] - each["calls"] * each["rate"]) <= ERRORS * spread, each


class TestNull:
    def test_nothing_differs(self) -> None:
        rows, truth = rows_of("null", calls=20_000)
        assert truth["effects"] == []
        calls = outbound(rows)
        calls["hour"], calls["weekday"] = calls["timestamp"].dt.hour, calls["timestamp"].dt.day_name()
        calls = calls[calls["hour"] < 20]
        for name in ("userId", "lineNumber", "projectName", "hour", "weekday"):
            for value in calls[name].unique():
                here = calls[name] == value
                assert found(log_odds_ratio(calls, "answered", here, ["attempt"]), 0), (name, value)

    def test_what_holds_there_is_told(self) -> None:
        rows, truth = rows_of("null", calls=20_000)
        calls = outbound(rows)
        for attempt, share in truth["baseline"]["answer_rate_by_attempt"].items():
            here = calls[calls["attempt"] == int(attempt)]["answered"]
            assert abs(here.mean() - share) <= ERRORS * (share * (1 - share) / len(here)) ** 0.5
        answered = rows[rows["answered"]]["positive"]
        share = truth["baseline"]["positive_rate"]
        assert abs(answered.mean() - share) <= ERRORS * (share * (1 - share) / len(answered)) ** 0.5


class TestAgents:
    def test_how_often_they_are_answered(self) -> None:
        rows, truth = rows_of("agents")
        planted = sizes(effect(truth, "answer", "agent"))
        assert found(slope_of_units(outbound(rows), "answered", "userId", planted, ["attempt"]), 1)
        assert np.std(list(planted.values())) == pytest.approx(0.25, abs=0.001)

    def test_how_well_they_sell(self) -> None:
        rows, truth = rows_of("agents")
        planted = sizes(effect(truth, "positive", "agent"))
        assert found(slope_of_units(rows[rows["answered"]], "positive", "userId", planted), 1)

    @pytest.mark.parametrize("direction", ["inbound", "outbound"])
    def test_how_long_they_talk(self, direction: str) -> None:
        rows, truth = rows_of("agents")
        here = rows[rows["type"] == direction]
        planted = sizes(effect(truth, "talk_time", "agent"))
        assert found(slope_of_logs(here["talkTime"], here["userId"], planted), 1)

    def test_how_much_they_do(self) -> None:
        rows, truth = rows_of("agents")
        planted = sizes(effect(truth, "volume", "agent"))
        assert found(slope_of_shares(rows, planted), 1)
        # Of a day it is less: who does much leaves less for all at work, oneself included.
        here = rows[rows["userId"].isin(planted)].groupby("userId")
        calls = here.size()
        a_day = np.log(calls / here["day"].nunique())
        value, error = slope(calls.index.map(planted).to_numpy(), a_day, 1 / calls)
        assert 0.85 - ERRORS * error <= value <= 1 + ERRORS * error


class TestHours:
    @pytest.mark.parametrize("direction", ["inbound", "outbound"])
    def test_how_many_calls(self, direction: str) -> None:
        rows, truth = rows_of("hours")
        hours = rows[rows["type"] == direction]["timestamp"].dt.hour
        told = [each for each in truth["effects"] if each["moderator"] == f"direction:{direction}"]
        logs = pd.Series({int(each["unit"].removeprefix("hour:")): each["size"] for each in told})
        assert shares_fit(hours[hours.isin(logs.index)].value_counts().sort_index(), logs.sort_index())

    def test_how_often_they_are_answered(self) -> None:
        rows, truth = rows_of("hours")
        calls = outbound(rows)
        calls["hour"] = calls["timestamp"].dt.hour
        told = [each for each in truth["effects"] if each["what"] == "answer"]
        assert len(told) == 4
        for each in told:
            hour = int(each["unit"].removeprefix("hour:"))
            usual = calls[calls["hour"].between(9, 16) | (calls["hour"] == hour)]
            estimate = log_odds_ratio(usual, "answered", usual["hour"] == hour, ["attempt"])
            assert found(estimate, each["size"]), each


class TestWeekdays:
    def test_how_many_calls(self) -> None:
        rows, truth = rows_of("weekdays")
        names = rows["timestamp"].dt.day_name()
        told = [each for each in truth["effects"] if each["what"] == "volume"]
        logs = pd.Series({each["unit"].removeprefix("weekday:"): each["size"] for each in told}).sort_index()
        assert shares_fit(
            names.value_counts().sort_index(), logs + np.log(rows.groupby(names)["day"].nunique())
        )

    @pytest.mark.parametrize("name", ["Monday", "Saturday"])
    def test_how_often_they_are_answered(self, name: str) -> None:
        rows, truth = rows_of("weekdays")
        calls = outbound(rows)
        names = calls["timestamp"].dt.day_name()
        usual = ~names.isin({"Monday", "Saturday"} - {name})
        estimate = log_odds_ratio(calls[usual], "answered", (names == name)[usual], ["attempt"])
        assert found(estimate, effect(truth, "answer", f"weekday:{name}")["size"])


class TestClients:
    def test_some_answer_and_some_do_not(self) -> None:
        """The covariance of two attempts, against the integral over clients of standard deviation 1."""
        rows, truth = rows_of("clients")
        calls = outbound(rows)
        first_two = calls[calls["attempt"] <= 2].pivot(
            index="clientNumber", columns="attempt", values="answered"
        )
        pairs = first_two.dropna().astype(float)
        size = effect(truth, "answer", "client")["size"]
        rates = np.array([truth["baseline"]["answer_rate_by_attempt"][number] for number in "12"])
        first, second = over_clients(np.log(rates / (1 - rates)), size)
        means = mean_rate(first), mean_rate(second)
        planted = mean_rate(first * second) - means[0] * means[1]
        products = (pairs[1] - means[0]) * (pairs[2] - means[1])
        assert planted > 0.03
        assert found((products.mean(), products.std() / len(products) ** 0.5), planted)


class TestBurnedLine:
    def test_it_loses_a_third_of_its_answers_from_its_day_on(self) -> None:
        rows, truth = rows_of("burnt_line")
        calls, line = outbound(rows), "+49305550103"
        told = effect(truth, "answer", f"line:{line}")
        before, after = calls[calls["day"] < told["from_day"]], calls[calls["day"] >= told["from_day"]]
        assert told["from_day"] == "2026-03-17"
        for here, size in ((before, 0), (after, told["size"])):
            assert found(log_odds_ratio(here, "answered", here["lineNumber"] == line, ["attempt"]), size)
        assert 0.6 < told["rate"] / told["rate_without"] < 0.72


class TestAgingLists:
    def test_answers_fall_with_every_week(self) -> None:
        rows, truth = rows_of("ageing_lists")
        calls = outbound(rows)
        uploaded = pd.to_datetime(crm(calls, "uploaded"))
        weeks = (pd.to_datetime(calls["day"]) - uploaded).dt.days / 7
        listed = weeks.notna()
        assert weeks.min() >= 0
        estimate = slope_of_odds(calls[listed], "answered", weeks[listed], ["attempt"])
        assert found(estimate, effect(truth, "answer", None, "list_weeks")["size"])


class TestSpeedToLead:
    @pytest.fixture
    def leads(self) -> tuple[pd.DataFrame, pd.Series, Any]:
        rows, truth = rows_of("speed_to_lead", calls=60_000)
        calls = outbound(rows)
        created = pd.to_datetime(crm(calls, "createdAt"), utc=True)
        waited = (calls["timestamp"] - created).dt.total_seconds()
        known = waited.notna()
        assert waited.min() >= 60
        return calls[known], np.log2(waited[known] / 3600), truth

    def test_answers_fall_with_every_doubling(self, leads: Any) -> None:
        calls, doublings, truth = leads
        estimate = slope_of_odds(calls, "answered", doublings, ["attempt"])
        assert found(estimate, effect(truth, "answer", "source:web", "lead_doublings")["size"])

    def test_so_do_sales(self, leads: Any) -> None:
        calls, doublings, truth = leads
        here = calls["answered"]
        estimate = slope_of_odds(calls[here], "positive", doublings[here])
        assert found(estimate, effect(truth, "positive", "source:web", "lead_doublings")["size"])


class TestAiHandover:
    @pytest.fixture
    def talks(self) -> pd.DataFrame:
        rows, truth = rows_of("ai_handover")
        robots = {str(each["user_id"]) for each in truth["users"] if each["team"] == "Robots"}
        talks = rows[rows["userId"].isin(robots) & rows["answered"]].copy()
        talks["handed_over"] = talks["transfers"].notna()
        return talks

    def test_it_hands_over_more_often_from_its_day_on(self, talks: pd.DataFrame) -> None:
        assert found(log_odds_ratio(talks, "handed_over", talks["day"] >= "2026-03-17"), 0.9)

    def test_what_it_hands_over_ends_well_more_often(self, talks: pd.DataFrame) -> None:
        assert found(log_odds_ratio(talks, "positive", talks["handed_over"]), 0.8)


class TestSeasons:
    def test_trend_season_and_holidays(self) -> None:
        """Poisson regression of the calls of each day, by Newton's method."""
        rows, _ = rows_of("seasons", calls=30_000, days=730)
        days = pd.date_range("2024-04-01", "2026-03-31")
        calls = rows.groupby("day").size().reindex(days.strftime("%Y-%m-%d"), fill_value=0)
        free = [day.date() in holidays(day.year) for day in days]
        weeks, season = np.arange(730) / 7, np.cos(2 * np.pi * (days.day_of_year - 15) / 365.25)
        matrix = np.column_stack([np.ones(730), weeks, season, free]).astype(float)
        found_at = np.array([np.log(calls.mean()), 0, 0, 0])
        for _ in range(20):
            mean = np.exp(matrix @ found_at)
            information = matrix.T @ (matrix * mean[:, None])
            found_at += np.linalg.solve(information, matrix.T @ (calls.to_numpy() - mean))
        errors = np.sqrt(np.diag(np.linalg.inv(information)))
        for place, planted in ((1, 0.03), (2, 0.35), (3, -1.6)):
            assert found((found_at[place], errors[place]), planted)

    def test_holidays_are_those_of_the_calendar(self) -> None:
        days = sorted(str(day) for day in holidays(2026))
        assert days == [
            "2026-01-01", "2026-03-08", "2026-04-03", "2026-04-06", "2026-05-01", "2026-05-14", "2026-05-25",
            "2026-10-03", "2026-12-25", "2026-12-26",
        ]  # fmt: skip
        assert {"2024-03-29", "2024-04-01", "2024-05-09", "2024-05-20"} <= {
            str(day) for day in holidays(2024)
        }


class TestPatience:
    @pytest.fixture
    def callers(self) -> pd.DataFrame:
        rows, _ = rows_of("patience")
        callers = rows[(rows["type"] == "inbound") & (rows["state"] != "failed")].copy()
        callers["waited"] = np.where(callers["answered"], callers["answerTime"], callers["callTime"])
        callers["gave_up"] = ~callers["answered"]
        callers["late"] = callers["day"] >= "2026-03-17"
        callers["renewals"] = callers["projectName"] == "Renewals"
        return callers

    def test_callers_of_one_project_and_of_the_second_half(self, callers: pd.DataFrame) -> None:
        """The mean patience is the seconds waited for each who gave up: giving up has a constant rate."""
        cells = callers.groupby(["renewals", "late"])[["gave_up", "waited"]].sum()
        patience = np.log(cells["waited"] / cells["gave_up"])
        error = float((1 / cells["gave_up"]).sum() ** 0.5 / 2)
        by_project = (patience[True] - patience[False]).mean()
        by_half = (patience.xs(True, level="late") - patience.xs(False, level="late")).mean()
        assert found((by_project, error), -0.6)
        assert found((by_half, error), 0.3)

    def test_they_wait_twice_as_long_at_noon(self, callers: pd.DataFrame) -> None:
        """The share whom nobody could answer within a time (Kaplan and Meier), and at noon twice the time."""
        noon = callers["timestamp"].dt.hour == 12
        for seconds in (30, 60, 120):
            (here, its_error), (there, error) = (
                still_waiting(callers[which], limit)
                for which, limit in ((noon, seconds * np.exp(0.7)), (~noon, seconds))
            )
            assert found((here - there, float(np.hypot(its_error, error))), 0)


def still_waiting(callers: pd.DataFrame, seconds: float) -> tuple[float, float]:
    """Return the share that waits longer than so many seconds, and Greenwood's error."""
    table = callers.groupby("waited")["answered"].agg(["sum", "size"])
    at_risk = len(callers) - table["size"].cumsum().shift(fill_value=0)
    table = table[table.index <= seconds]
    at_risk = at_risk[table.index]
    share = float((1 - table["sum"] / at_risk).prod())
    greenwood = (table["sum"] / (at_risk * (at_risk - table["sum"]))).sum()
    return share, share * float(greenwood) ** 0.5


class TestMixAndRates:
    @pytest.mark.parametrize(
        ("name", "project", "volume", "late"), [("mix_change", 0.9, 1.2, 0), ("rate_change", 1.3, 1.9, -0.2)]
    )
    def test_projects_differ_and_one_grows(
        self, name: str, project: float, volume: float, late: float
    ) -> None:
        rows, _ = rows_of(name)
        calls = outbound(rows)
        calls["late"], calls["renewals"] = calls["day"] >= "2026-03-17", calls["projectName"] == "Renewals"
        by_project = log_odds_ratio(calls, "answered", calls["renewals"], ["attempt", "late"])
        assert found(by_project, project)
        assert found(log_odds_ratio(calls, "renewals", calls["late"]), volume)
        assert found(log_odds_ratio(calls, "answered", calls["late"], ["attempt", "projectName"]), late)

    def test_the_overall_rate_rises_although_that_of_every_project_falls(self) -> None:
        rows, _ = rows_of("rate_change")
        calls = outbound(rows)
        calls["late"] = calls["day"] >= "2026-03-17"
        overall = calls.groupby("late")["answered"].mean()
        each = calls.groupby(["late", "projectName"])["answered"].mean().unstack("projectName")
        assert overall[True] > overall[False] + 0.03
        assert (each.loc[True] < each.loc[False]).all()


class TestModeratedVolume:
    def test_a_project_that_is_larger_on_mondays(self) -> None:
        world = World("mondays", [("volume", "project:Renewals", 1.0, None, None, "weekday:Monday")])
        rows, truth = rows_of(world, calls=20_000)
        calls = rows[rows["projectName"].notna()].copy()
        calls["renewals"] = calls["projectName"] == "Renewals"
        mondays = calls["timestamp"].dt.day_name() == "Monday"
        assert found(log_odds_ratio(calls, "renewals", mondays), 1.0)
        (told,) = truth["effects"]
        share = calls["renewals"][mondays].mean()
        error = (share * (1 - share) / mondays.sum()) ** 0.5
        assert told["calls"] == (calls["renewals"] & mondays).sum()
        assert abs(told["share"] - share) <= ERRORS * error
        assert told["share_without"] == pytest.approx(0.15)


class TestNewScript:
    @pytest.mark.parametrize("team", ["North", "Service"])
    def test_teams_with_it_sell_more_and_talk_longer(self, team: str) -> None:
        rows, truth = rows_of("new_script")
        rows["team"] = rows["userId"].map({str(each["user_id"]): each["team"] for each in truth["users"]})
        talks = rows[rows["answered"] & rows["team"].isin([team, "South"])]
        before, after = talks[talks["day"] < "2026-03-17"], talks[talks["day"] >= "2026-03-17"]
        for here, planted in ((before, 0), (after, effect(truth, "positive", f"team:{team}")["size"])):
            assert found(log_odds_ratio(here, "positive", here["team"] == team), planted)
        inbound = after[after["type"] == "inbound"]
        longer = slope_of_logs(inbound["talkTime"], inbound["team"], {team: 0.15, "South": 0.0})
        assert found(longer, 1)


class TestWorldOf:
    def test_none_is_the_lively_one(self) -> None:
        assert world_of(None) == WORLDS["lively"] == worlds.lively == worlds["lively"]

    @pytest.mark.parametrize(
        "given", ["burnt_line+seasons", ["seasons", "burnt_line"], [worlds.seasons, "burnt_line"]]
    )
    def test_worlds_add_up_in_any_order(self, given: Any) -> None:
        both = world_of(given)
        assert both.name == "burnt_line+seasons"
        assert set(both.effects) == {*WORLDS["seasons"].effects, *WORLDS["burnt_line"].effects}

    def test_one_of_ones_own(self) -> None:
        mine = World("mine", [("answer", "team:North", 0.4)])
        assert world_of(mine) is mine
        assert world_of([mine, "null"]).effects == mine.effects

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ("burnt_lines", "'burnt_lines' is not a world; did you mean 'burnt_line'"),
            ("xyz", "choose from null, agents"),
            (3, "world=3 is not a world"),
            ([], r"world=\[\] is not a world"),
            ([None], "world=None is not a world"),
            ("", "is not a world"),
            ({"name": "mine"}, "is not a world"),
        ],
    )
    def test_what_is_none(self, given: Any, said: str) -> None:
        with pytest.raises(ValueError, match=said):
            world_of(given)

    def test_text_of_a_command_line(self) -> None:
        mine = World("mine", [("answer", "team:North", 0.4)])
        assert world_from_text('{"name": "mine", "effects": [["answer", "team:North", 0.4]]}') == mine
        assert world_from_text('["seasons", {"name": "mine"}]').name == "seasons+mine"
        assert world_from_text("seasons") == WORLDS["seasons"]
        for text in ('{"name"', '{"name": "mine", "effect": []}', "[3]"):
            with pytest.raises(ValueError, match="JSON"):
                world_from_text(text)

    def test_the_mark_follows_the_effects(self) -> None:
        marks = {world_mark(World("mine", [("answer", "team:North", size)])) for size in (0.4, 0.4, 0.5)}
        assert len(marks) == 2
        assert all(mark.startswith("mine-") for mark in marks)


class TestNamespace:
    def test_each_by_name_and_as_attribute(self) -> None:
        assert list(worlds) == list(WORLDS)
        assert set(dir(worlds)) == {*WORLDS, "describe"}
        assert all(getattr(worlds, name) is worlds[name] is WORLDS[name] for name in worlds)
        assert "null" in worlds
        assert len(worlds) == len(WORLDS) >= 14
        assert "burnt_line" in repr(worlds)

    def test_one_that_does_not_exist(self) -> None:
        with pytest.raises(KeyError, match="did you mean 'seasons'"):
            worlds["season"]
        with pytest.raises(AttributeError, match="'season' is not a world"):
            _ = worlds.season

    def test_describe_has_a_row_for_each_effect(self) -> None:
        table = worlds.describe()
        counts = table.groupby("world", sort=False).size().to_dict()
        assert counts == {name: max(len(each.effects), 1) for name, each in WORLDS.items()}
        burned = table.loc["burnt_line"]
        assert (burned["size"], burned["times"], burned["from_day"]) == (-0.5, 0.607, 0.5)
        assert burned["meaning"] == (
            "Outbound calls, the odds that a call is answered: "
            "times 0.607 in line:+49305550103 from 50% of the days."
        )
        assert table.loc["null", "meaning"] == "Nothing differs."

    def test_describe_of_ones_own(self) -> None:
        table = worlds.describe([World("mine", [("wait", "hour:12", 0.7)]), "seasons"])
        assert table.index.unique().tolist() == ["seasons+mine"]
        assert len(table) == 4
