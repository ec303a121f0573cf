"""Which calls are a lead, and how a frame remembers what was said of it."""

from __future__ import annotations

import pandas as pd
import pytest

import brightcall_pandas as bc
from brightcall_pandas.errors import NoMatchWarning
from brightcall_pandas.frame import checked_lead, known_lead, leads_of, with_lead


@pytest.fixture
def calls():
    return pd.DataFrame(
        {
            "id": ["1", "2", "3", "4", "5"],
            "userId": ["Ann", "Ann", "Bob", "Bob", "Bob"],
            "state": [1, 1, 1, 0, 1],
            "type": 1,
            "talkTime": [60, 60, 60, 0, 60],
            "clientNumber": ["+4930901821", "+4930901822", "+4930901823", "+4930901824", "+4930901825"],
            "timestamp": pd.date_range("2026-03-02T09:00", periods=5, freq="h", tz="UTC"),
            "outcomeTag": ["Meeting booked", "meeting  BOOKED ", "Qualified", None, "No interest"],
            "outcomeType": ["neutral", "neutral", "neutral", None, "positive"],
        }
    )


class TestCheckedLead:
    def test_one_outcome_or_several_each_once_whatever_case_and_blanks(self):
        assert checked_lead("Sold") == ["Sold"]
        assert checked_lead(("Sold", " sold", "Meeting  booked")) == ["Sold", "Meeting booked"]

    @pytest.mark.parametrize("lead", [5, ["Sold", None], {"Sold": 1}, [["Sold"]]])
    def test_what_is_no_text_is_a_type_error(self, lead):
        with pytest.raises(TypeError, match=r"^lead takes outcomes"):
            checked_lead(lead)

    @pytest.mark.parametrize("lead", [[], "", [" "]])
    def test_nothing_is_a_value_error(self, lead):
        with pytest.raises(ValueError, match="names no outcome"):
            checked_lead(lead)


class TestLeadsOf:
    def test_without_any_named_they_are_calls_of_a_positive_type(self, calls):
        assert leads_of(calls).tolist() == [False, False, False, False, True]

    def test_named_ones_are_folded_by_case_and_blanks(self, calls):
        assert leads_of(with_lead(calls, ["MEETING booked"])).tolist() == [True, True, False, False, False]

    def test_a_missing_column_is_named(self, calls):
        with pytest.raises(KeyError, match="outcomeTag"):
            leads_of(with_lead(calls.drop(columns="outcomeTag"), "Sold"))

    def test_the_frame_is_not_changed(self, calls):
        with_lead(calls, "Sold")
        assert known_lead(calls) is None


class TestOnTheFrame:
    def test_to_frame_remembers_it_and_filters_keep_it(self, calls):
        df = bc.to_frame(calls, lead=["Meeting booked", "Qualified"])
        assert df.calls.breakdown("userId", ["positive"])["positive"].to_dict() == {"Bob": 1, "Ann": 2}
        answered = df.calls.filter(states="answered")
        assert answered.calls.breakdown("userId", ["positive_rate"])["positive_rate"].to_dict() == {
            "Ann": 1.0,
            "Bob": 0.5,
        }
        assert bc.to_frame(df).attrs["brightcall"]["lead"] == ["Meeting booked", "Qualified"]

    def test_a_client_remembers_it_for_what_it_loads(self, tmp_path):
        client = bc.Client("key", cache_dir=tmp_path, account="a", lead="Sold")
        assert client.lead == ["Sold"]
        with pytest.raises(TypeError, match=r"^lead takes outcomes"):
            bc.Client("key", cache_dir=tmp_path, account="a", lead=3)

    def test_an_outcome_that_no_call_has_is_warned_of_with_the_nearest(self, calls):
        with pytest.warns(NoMatchWarning, match=r"'Qualfied'.*did you mean 'Qualified'"):
            bc.to_frame(calls, lead=["Qualfied"])

    def test_tables_say_what_they_counted(self, calls):
        table = calls.calls.breakdown("userId", lead="Qualified")
        assert table.attrs["brightcall"]["lead"] == ["Qualified"]
        assert "lead" not in calls.calls.breakdown("userId").attrs.get("brightcall", {})


class TestOnTheCall:
    """Every table that counts what is positive counts what the call names; each value is counted by hand."""

    LEAD = ("Meeting booked", "Qualified")

    def test_breakdown(self, calls):
        table = calls.calls.breakdown("userId", lead=self.LEAD)
        assert table["positive"].to_dict() == {"Ann": 2, "Bob": 1}
        assert table["positive_rate"].round(3).to_dict() == {"Ann": 1.0, "Bob": 0.333}

    def test_by_agent(self, calls):
        table = calls.calls.by_agent(rank_by="positive_rate", min_calls=1, lead=self.LEAD, agent="userId")
        assert table["positive"].to_dict() == {"Ann": 2, "Bob": 1}
        assert table.index[0] == "Ann"
        assert table.attrs["brightcall"]["lead"] == list(self.LEAD)

    def test_attempts(self, calls):
        assert calls.calls.attempts(lead=self.LEAD).loc[1, "positive"] == 3
        assert calls.calls.attempts().loc[1, "positive"] == 1

    def test_funnel(self, calls):
        assert calls.calls.funnel(lead=self.LEAD)["n_calls"].tolist() == [5, 4, 4, 3]
        assert calls.calls.funnel()["n_calls"].tolist() == [5, 4, 4, 1]

    def test_heatmap(self, calls):
        table = calls.calls.heatmap("positive", lead=self.LEAD)
        assert table.loc["Monday", [9, 10, 11, 12, 13]].tolist() == [1, 1, 1, 0, 0]

    def test_talk_time_buckets(self, calls):
        assert calls.calls.talk_time_buckets(lead=self.LEAD)["positive"].tolist() == [0, 0, 3]

    def test_compare_takes_one_meaning_for_both_sides(self, calls):
        other = calls.iloc[2:]
        for this, kwargs in ((calls, {"lead": self.LEAD}), (with_lead(calls, self.LEAD), {})):
            table = this.calls.compare(other, metrics=["positive"], **kwargs)
            assert table.iloc[0].tolist() == [3, 1, 2]
        assert calls.calls.compare(with_lead(other, self.LEAD), metrics=["positive"]).iloc[0].tolist() == [
            3,
            1,
            2,
        ]

    def test_explain_change(self, calls):
        table = calls.calls.explain_change(calls.iloc[2:], "positive_rate", by="userId", lead=self.LEAD)
        assert table.attrs["of_all"] == pytest.approx([3 / 5, 1 / 3])

    def test_conversion(self, calls):
        values = calls.calls.sensitivity("conversion_rate", lead=self.LEAD)["value"]
        assert values.round(3).to_dict() == {
            "conversion_rate": 0.75,
            "positive_rate": 0.6,
            "conversion_rate_30s": 0.75,
            "conversion_rate_clients": 0.6,
        }

    def test_a_table_without_it_refuses_it(self, calls):
        with pytest.raises(TypeError, match="lead"):
            calls.calls.by_outcome(lead=self.LEAD)

    def test_no_outcome_at_all_is_null(self, calls):
        table = calls.assign(outcomeTag=None).calls.breakdown("userId", ["positive_rate"], lead=None)
        assert table["positive_rate"].notna().all()  # by type, which is known
        empty = with_lead(calls.assign(outcomeTag=None), "Sold")
        assert empty.calls.breakdown("userId", ["positive_rate"])["positive_rate"].isna().all()
