"""Which field tells the agents."""

from __future__ import annotations

import pandas as pd
import pytest

import brightcall_pandas as bc
from brightcall_pandas.frame import (
    ENOUGH_ANSWERED,
    agent_field,
    agents_of,
    count_agents,
    known_agent,
    of_one_agent,
    with_agent,
)

A = {"state": 1}  # answered
U = {"state": 0}


def frame(*rows):
    return pd.DataFrame(list(rows))


class TestDecision:
    @pytest.mark.parametrize(
        ("rows", "field"),
        [
            # The first that at least half of the answered calls have.
            ([A | {"userId": 1, "agentShortNumber": 2, "involvedAgent1Id": 3}], "involvedAgent1Id"),
            ([A | {"userId": 1, "agentShortNumber": 2}], "agentShortNumber"),
            ([A | {"userId": 1}], "userId"),
            # Exactly half is enough, less is not.
            ([A | {"userId": 1, "agentShortNumber": 2}, A | {"userId": 1}], "agentShortNumber"),
            ([A | {"userId": 1, "agentShortNumber": 2}, A | {"userId": 1}, A | {"userId": 1}], "userId"),
            # Calls that nobody answered do not count, unless there are no others.
            ([A | {"userId": 1, "agentShortNumber": 2}, *[U | {"userId": 1}] * 3], "agentShortNumber"),
            ([U | {"userId": 1, "agentShortNumber": 2}, *[U | {"userId": 1}] * 3], "userId"),
            # Where no field reaches half, the one that most have; of equals the last.
            ([A | {"userId": 1}, A | {"agentShortNumber": 1}, A | {"userId": 2}, *[A] * 3], "userId"),
            ([A | {"agentShortNumber": 1, "userId": None}, A, A], "agentShortNumber"),
            ([A | {"agentShortNumber": None, "userId": None}], "userId"),
            # Without a state all calls count.
            ([{"userId": 1, "agentShortNumber": 2}, {"userId": 1}, {"userId": 1}], "userId"),
        ],
    )
    def test_by_coverage(self, rows, field):
        assert agent_field(frame(*rows)) == field

    @pytest.mark.parametrize(
        "nothing", [None, "", "  ", "0", 0, "null", "None", "-", "N/A", "undefined", float("nan")]
    )
    def test_a_word_for_nothing_is_nobody(self, nothing):
        df = frame(
            A | {"userId": "7", "agentShortNumber": nothing}, A | {"userId": "7", "agentShortNumber": nothing}
        )
        assert agent_field(df) == "userId"
        assert agents_of(df, "agentShortNumber").isna().all()

    def test_in_extras(self):
        extras = [
            '{"involvedAgent1Id":9001}',
            '{"involvedAgent1Id":"9002","other":{"involvedAgent1Id":5}}',
            "{}",
            None,
        ]
        df = pd.DataFrame({"extras": extras, "userId": "77", "state": 1})
        assert agent_field(df) == "involvedAgent1Id"
        assert agents_of(df).fillna("nobody").tolist() == ["9001", "9002", "nobody", "nobody"]
        nested = df.assign(extras='{"other":{"involvedAgent1Id":5}}')
        assert agent_field(nested) == "userId"
        broken = df.assign(extras=["{", '{"involvedAgent1Id":9001}', '{"involvedAgent1Id":9001}', "1,2"])
        assert agents_of(broken).fillna("nobody").tolist() == ["nobody", "9001", "9001", "nobody"]

    def test_of_an_account_takes_enough_answered_calls(self):
        few = frame(*[A | {"userId": 1}] * (ENOUGH_ANSWERED - 1), *[U | {"userId": 1}] * 9)
        assert count_agents(few).settled is None
        assert count_agents(frame(*[A | {"userId": 1}] * ENOUGH_ANSWERED)).settled == "userId"
        assert count_agents(frame(*[A | {"x": 1}] * ENOUGH_ANSWERED)).settled is None

    def test_counts_of_parts_add_up(self):
        first = frame(*[A | {"userId": 1, "agentShortNumber": 5}] * 2)
        second = frame(*[A | {"userId": 1}] * 3)
        assert (count_agents(first).field, count_agents(second).field) == ("agentShortNumber", "userId")
        both = count_agents(first) + count_agents(second)
        assert both == count_agents(pd.concat([first, second]))
        assert both.field == "userId"


class TestAgentField:
    CALLS = frame(A | {"userId": 1, "agentShortNumber": 2, "team": "North"})

    def test_what_is_said_goes_before(self):
        assert agent_field(self.CALLS, "userId") == "userId"
        assert agent_field(self.CALLS, "team") == "team"
        marked = with_agent(self.CALLS, "userId")
        assert (agent_field(marked), known_agent(self.CALLS)) == ("userId", None)
        assert agent_field(marked, "agentShortNumber") == "agentShortNumber"

    def test_is_inherited_by_parts_and_copies(self):
        marked = with_agent(pd.concat([self.CALLS] * 3, ignore_index=True), "userId")
        for part in (
            marked[marked["state"] == 1],
            marked.copy(),
            marked.iloc[:1],
            pd.concat([marked, marked]),
        ):
            assert known_agent(part) == "userId"

    def test_wrong_names_are_refused(self):
        with pytest.raises(ValueError, match=r"agent='userid' is not one of involvedAgent1Id, .* 'userId'"):
            agent_field(self.CALLS, "userid")
        with pytest.raises(TypeError, match="agent takes the name of a field, not 5"):
            agent_field(self.CALLS, 5)
        for make in (bc.Client, lambda agent: bc.to_frame([{"id": 1}], agent=agent)):
            with pytest.raises(ValueError, match="agent='team'"):
                make(agent="team")

    def test_a_frame_without_the_field_says_so(self):
        with pytest.raises(KeyError, match=r"no column 'userId'.*nor another that tells the agent"):
            agents_of(pd.DataFrame({"state": [1]}))
        marked = with_agent(self.CALLS, "agentShortNumber").drop(columns="agentShortNumber")
        with pytest.raises(KeyError, match="agents are told by 'agentShortNumber', which the frame lacks"):
            marked.calls.by_agent()
        assert marked.calls.by_agent(agent="userId").index.tolist() == ["1"]

    def test_to_frame(self):
        rows = [{"id": 1, "state": 1, "userId": 7, "involvedAgent1Id": 9}]
        assert bc.to_frame(rows).calls.by_agent().index.tolist() == ["9"]
        assert bc.to_frame(rows, agent="userId").calls.by_agent().index.tolist() == ["7"]


class TestOfOneAgent:
    MARCH = frame(*[A | {"userId": "77", "agentShortNumber": "101"}] * 4)
    FEBRUARY = frame(*[A | {"userId": "77"}] * 3, A | {"userId": "77", "agentShortNumber": "102"})

    def test_both_decide_together(self):
        assert agent_field(self.FEBRUARY) == "userId"
        assert [known_agent(each) for each in of_one_agent(self.MARCH, self.FEBRUARY)] == [
            "agentShortNumber"
        ] * 2

    def test_what_one_says_holds_for_both(self):
        said = with_agent(self.FEBRUARY, "userId")
        assert [known_agent(each) for each in of_one_agent(self.MARCH, said)] == ["userId"] * 2

    @pytest.mark.parametrize("options", [{}, {"agent": "agentShortNumber"}])
    def test_compare(self, options):
        table = self.MARCH.calls.compare(self.FEBRUARY, by="agent", metrics=["n_calls"], **options)
        assert table["n_calls"].to_dict() == {"101": 4, "102": 0, "(none)": 0}
        assert table["n_calls_other"].to_dict() == {"101": 0, "102": 1, "(none)": 3}
        assert table.attrs["brightcall"]["agent"] == "agentShortNumber"

    def test_explain_change(self):
        table = self.MARCH.calls.explain_change(self.FEBRUARY, by="agent", agent="userId")
        assert table.index.tolist() == ["77"]
        assert set(self.MARCH.calls.explain_change(self.FEBRUARY, by="agent").index) == {
            "101",
            "102",
            "(none)",
        }


class TestTables:
    """A webhook-like account: one userId for all calls, and the agent elsewhere."""

    WHO = (("101", 9001), ("101", 9001), ("102", 9002), ("102", 9002), (None, None))
    CALLS = bc.to_frame(
        [
            {
                "id": n,
                "state": n % 2,
                "type": 1,
                "userId": 77,
                "agentShortNumber": ext,
                "involvedAgent1Id": who,
            }
            for n, (ext, who) in enumerate(WHO)
        ]
    )

    def test_by_agent_and_by(self):
        assert self.CALLS.calls.by_agent()["n_calls"].to_dict() == {"9001": 2, "9002": 2, "(none)": 1}
        assert self.CALLS.calls.breakdown("agent")["n_calls"].to_dict() == {"9001": 2, "9002": 2, "(none)": 1}
        assert self.CALLS.calls.breakdown("agent", agent="agentShortNumber").index.tolist() == [
            "101",
            "102",
            "(none)",
        ]
        assert self.CALLS.calls.summary(by="agent", agent="userId").index.tolist() == ["77"]

    def test_filter_takes_labels_of_tables(self):
        def ids(**filters):
            return self.CALLS.calls.filter(**filters)["id"].tolist()

        assert ids(agent_ids="9001") == ids(agent_ids=9001) == ["0", "1"]
        assert ids(agent_ids=["9002", "(none)"]) == ["2", "3", "4"]
        with pytest.warns(bc.NoMatchWarning, match="9001"):
            assert ids(agent_ids="101") == []
        assert ids(agent_ids="101", agent="agentShortNumber") == ["0", "1"]
        assert ids(agent_ids="101", fold_case=False) == ["0", "1"]
        assert ids(agent_ids=[101, 9002], fold_case=False) == ["0", "1", "2", "3"]
        with pytest.warns(bc.NoMatchWarning, match="userId|7"):
            assert ids(agent_ids=101, fold_case=False, agent="userId") == []

    def test_attributes_quality_and_views_say_it(self):
        table = self.CALLS.calls.by_agent()
        assert table.attrs["brightcall"]["agent"] == "involvedAgent1Id"
        assert "agent" not in self.CALLS.calls.by_outcome().attrs["brightcall"]
        quality = self.CALLS.calls.quality().loc["agents"]
        assert quality["count"].to_dict() == {"involvedAgent1Id": 2, "agentShortNumber": 2, "userId": 2}
        assert quality["detail"].to_dict() == {
            "involvedAgent1Id": "2 values; tells the agents, as these calls decide",
            "agentShortNumber": "2 values",
            "userId": "1 value",
        }
        pytest.importorskip("jinja2")
        view = self.CALLS.calls.show()
        assert view.data["agent"].fillna("").tolist() == ["9001", "9001", "9002", "9002", ""]
        assert "agentShortNumber" not in view.data
        assert "agents by involvedAgent1Id" in view.caption
        assert view.data.columns.is_unique
        marked = with_agent(self.CALLS, "userId")
        assert repr(marked.calls).splitlines()[0].endswith(", agents by userId")
        assert set(marked.calls.show(columns=["agent"]).data["agent"]) == {"77"}

    def test_explorer(self):
        pytest.importorskip("ipywidgets")
        calls = self.CALLS
        ex = calls.calls.explore()
        ex.set("agent_ids", ["9002"])
        assert ex.frame["id"].tolist() == ["2", "3"]
        line = ex.code()
        assert line.endswith(
            "calls.calls.filter(agent_ids=['9002'], fold_case=False, agent='involvedAgent1Id')"
        )
        assert eval(line.partition(" = ")[2], {"calls": calls})["id"].tolist() == ["2", "3"]


class TestToFrameSettlesTheAgent:
    """Inbound calls seldom have the field that most calls have: slices must not tell agents by another."""

    def records(self, many: int) -> list[dict[str, object]]:
        """Return outbound calls with both fields and half as many inbound ones with one of them."""
        outbound = [
            {"type": 1, "state": 1, "userId": 500, "agentShortNumber": "101", "involvedAgent1Id": 9001}
        ]
        return outbound * (2 * many) + [{**outbound[0], "type": 0, "involvedAgent1Id": None}] * many

    def test_filters_and_slices_inherit_it(self):
        calls = bc.to_frame(self.records(20))
        assert calls.attrs["brightcall"]["agent"] == "involvedAgent1Id"
        inbound = calls[calls["type"] == "inbound"]
        assert agents_of(inbound).isna().all()
        assert agents_of(calls.calls.filter(types="inbound")).isna().all()
        assert agents_of(bc.to_frame(inbound)).isna().all()

    def test_few_answered_calls_settle_nothing(self):
        assert "agent" not in bc.to_frame(self.records(10)).attrs["brightcall"]

    def test_a_frame_that_says_its_agent_keeps_it(self):
        told = bc.to_frame(bc.to_frame(self.records(20), agent="userId"))
        assert told.attrs["brightcall"]["agent"] == "userId"
        assert told.attrs["brightcall"]["agent_by"] == "argument"
        assert bc.to_frame(told, agent="agentShortNumber").attrs["brightcall"]["agent"] == "agentShortNumber"

    @pytest.mark.parametrize("name", ["involved_agent1_id", "INVOLVEDAGENT1ID", "involved-agent-1-id"])
    def test_the_field_of_the_agent_is_found_in_every_spelling(self, name):
        rows = [{name: 9001, "state": 1, "user_id": 500}]
        for calls in (bc.to_frame(rows), bc.to_frame(pd.DataFrame(rows))):
            assert calls["extras"].tolist() == ['{"involvedAgent1Id":9001}']
            assert agents_of(calls).tolist() == ["9001"]
