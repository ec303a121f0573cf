"""Effects and worlds as they are written down: what is understood, and what each mistake is told."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from brightcall_pandas.sandbox import WORLDS, Effect, World
from brightcall_pandas.sandbox._draw import Calendar
from brightcall_pandas.sandbox._effects import EFFECTS, KINDS, MEASURES
from brightcall_pandas.sandbox._planted import checked_on_days

MARCH = Calendar(date(2026, 3, 2), date(2026, 3, 31)).days


def days_of(*effects: Any) -> list[tuple[int, int]]:
    return [(each.first, each.last) for each in checked_on_days(World("mine", effects), MARCH)]


class TestEffect:
    @pytest.mark.parametrize(
        ("given", "unit"),
        [
            ("agent:101", "agent:101"),
            ("agent:501", "agent:101"),
            ("agent:ada", "agent:101"),
            (" agent : AI ", "agent:AI"),
            ("team:1", "team:North"),
            ("project:14", "project:Renewals"),
            ("project:heat pumps", "project:Heat pumps"),
            ("weekday:monday", "weekday:Monday"),
            ("line:+49305550101", "line:+49305550101"),
            ("agent", "agent"),
        ],
    )
    def test_units_have_one_spelling(self, given: str, unit: str) -> None:
        assert Effect("answer", given, 0.1).unit == unit

    @pytest.mark.parametrize(
        ("given", "day"),
        [
            ("2026-03-16", "2026-03-16"),
            (date(2026, 3, 16), "2026-03-16"),
            (datetime(2026, 3, 16, 9), "2026-03-16"),
            (0.5, 0.5),
            (1, 1.0),
            (None, None),
        ],
    )
    def test_days(self, given: Any, day: Any) -> None:
        assert Effect("answer", size=0.1, from_day=given).from_day == day

    def test_sizes_have_thousandths(self) -> None:
        assert Effect("answer", "team:North", 0.12345) == Effect("answer", "team:North", 0.123)

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"what": "answers"}, "what='answers' does not exist; did you mean 'answer'"),
            ({"what": "sales"}, "choose from answer, positive, talk_time, handover, patience, wait, volume"),
            ({"what": None}, "what=None does not exist"),
            ({"unit": "agents:101"}, "unit='agents:101' does not exist"),
            ({"unit": "agent:199"}, "there is no agent '199'; choose from 101, 102"),
            ({"unit": "line:3"}, r"there is no line '3'; choose from \+49305550101"),
            ({"unit": "team"}, "names no unit; say which one, for example team:North"),
            ({"unit": "day:2026-03-02"}, "single ones cannot be named"),
            ({"unit": 3}, "unit=3 is not a unit"),
            ({"what": "patience", "unit": "agent:101"}, "patience cannot differ by agent; it can by line"),
            ({"what": "answer", "unit": "direction:inbound"}, "answer cannot differ by direction"),
            ({"size": "0.3"}, "size='0.3' is not a number"),
            ({"size": None}, "size=None is not a number"),
            ({"size": True}, "size=True is not a number"),
            ({"size": float("nan")}, "size=nan is not a number"),
            ({"size": float("inf")}, "size=inf is not a number"),
            ({"size": 30}, "size=30 is too large: from -8 to 8"),
            (
                {"unit": "agent", "size": -0.3},
                "is the standard deviation of agents here",
            ),
            ({"from_day": "16.03.2026"}, "from_day='16.03.2026' is neither a date, YYYY-MM-DD, nor a share"),
            ({"from_day": "2026-02-30"}, "neither a date"),
            ({"from_day": 16}, "from_day=16 is neither"),
            ({"to_day": -0.1}, "to_day=-0.1 is neither"),
            ({"from_day": "2026-03-16", "to_day": "2026-03-15"}, "is after to_day='2026-03-15'"),
            ({"from_day": 0.7, "to_day": 0.2}, "is after to_day=0.2"),
            ({"moderator": "week"}, "moderator='week' does not exist; did you mean 'weeks'"),
            (
                {"what": "wait", "moderator": "list_weeks"},
                "it can with weeks, season",
            ),
            ({"moderator": "agent"}, "moderator='agent' does not exist"),
            ({"moderator": "hour:25"}, "moderator='hour:25': there is no hour '25'"),
            ({"unit": "hour:9", "moderator": "hour:10"}, "are of one kind"),
            ({"what": "volume"}, "volume needs a unit, days or a moderator"),
            ({"what": "volume", "unit": "agent:101", "moderator": "hour:9"}, "agent is chosen by the day"),
            (
                {"what": "volume", "unit": "hour:9", "moderator": "agent:101"},
                "the time of a call comes",
            ),
        ],
    )
    def test_mistakes(self, given: dict[str, Any], said: str) -> None:
        with pytest.raises(ValueError, match=said):
            Effect(**({"what": "answer", "size": 0.1} | given))


class TestWorld:
    def test_effects_may_be_tuples_or_mappings(self) -> None:
        effect = Effect("answer", "team:North", 0.4)
        given = [effect, ("answer", "team:North", 0.4), {"what": "answer", "unit": "team:1", "size": 0.4}]
        assert World("mine", given).effects == (effect,)

    def test_they_add_up(self) -> None:
        one, two = World("one", [("answer", "team:North", 0.4)], "One."), World("two", [("wait", None, 0.2)])
        both = one + two
        assert (both.name, both.doc) == ("one+two", "One.")
        assert both.effects == (*one.effects, *two.effects)
        assert one + one == one

    def test_as_json_and_back(self) -> None:
        for world in WORLDS.values():
            assert World.from_dict(world.to_dict()) == world

    @pytest.mark.parametrize(
        ("name", "effects", "said"),
        [
            ("", (), "name='' is not a name of a world"),
            ("my world", (), "letters, digits, _ and -"),
            ("../up", (), "is not a name of a world"),
            (None, (), "name=None is not a name of a world"),
            ("mine", "answer", "effects='answer' is not a list of effects"),
            ("mine", {"what": "answer"}, "is not a list of effects"),
            ("mine", 3, "effects=3 is not a list of effects"),
            ("mine", [3], "world 'mine', effect 1: 3 is not an effect"),
            ("mine", [("answer", None, 0.1), ()], "effect 2"),
            ("mine", [("answer",) * 7], "is not an effect"),
            (
                "mine",
                [{"what": "answer", "sise": 0.1}],
                "argument='sise' does not exist",
            ),
            ("mine", [{"unit": "team:North"}], "effect 1: .*what"),
            ("mine", [("answer", "team:Nord", 0.1)], "world 'mine', effect 1: unit='team:Nord'"),
        ],
    )
    def test_mistakes(self, name: Any, effects: Any, said: str) -> None:
        with pytest.raises(ValueError, match=said):
            World(name, effects)


class TestOnDays:
    def test_shares_meet_without_a_gap(self) -> None:
        assert days_of(("answer", None, 0.1, None, 0.5), ("answer", None, 0.2, 0.5)) == [(0, 14), (15, 29)]

    def test_dates_include_both_ends(self) -> None:
        assert days_of(("answer", None, 0.1, "2026-03-03", "2026-03-04")) == [(1, 2)]

    def test_a_share_of_few_days_may_leave_none(self) -> None:
        world = World("mine", [("answer", None, 0.1, None, 0.5)])
        (planted,) = checked_on_days(world, MARCH[:1])
        assert (planted.first, planted.last) == (0, -1)

    @pytest.mark.parametrize(
        ("effects", "said"),
        [
            (
                [("answer", None, 0.1, "2026-04-01")],
                "from_day='2026-04-01' of answer.* lies outside",
            ),
            ([("answer", None, 0.1, None, "2026-02-01")], "to_day='2026-02-01'.*2026-03-02 to 2026-03-31"),
            ([("answer", None, 0.1, "2026-03-30", 0.2)], "ends before it begins"),
            (
                [("answer", "agent", 0.1), ("answer", "agent", 0.2)],
                "answer agent of size 0.1 and answer agent of size 0.2 conflict",
            ),
            ([("wait", None, 0.1), ("wait", None, 0.2, 0.5)], "on the same days"),
        ],
    )
    def test_mistakes(self, effects: Any, said: str) -> None:
        with pytest.raises(ValueError, match=said):
            days_of(*effects)

    def test_worlds_that_go_together(self) -> None:
        both = WORLDS["agents"] + WORLDS["burnt_line"]
        assert len(checked_on_days(both, MARCH)) == len(both.effects)
        with pytest.raises(ValueError, match=r"world 'agents\+lively'.*conflict"):
            checked_on_days(WORLDS["agents"] + WORLDS["lively"], MARCH)


class TestTable:
    def test_kinds_and_measures_of_effects_exist(self) -> None:
        for what in EFFECTS.values():
            assert set(what.kinds) <= set(KINDS)
            assert set(what.measures) <= set(MEASURES)
            assert what.scale in ("log odds", "log")

    def test_every_kind_and_measure_serves_an_effect(self) -> None:
        assert {name for what in EFFECTS.values() for name in what.kinds} == set(KINDS)
        assert {name for what in EFFECTS.values() for name in what.measures} == set(MEASURES)
