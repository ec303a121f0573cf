from __future__ import annotations

import pandas as pd
import pytest

from brightcall_pandas import load_calls, start_sandbox
from brightcall_pandas.analysis import ai_handover, breakdown


@pytest.fixture
def answered() -> pd.DataFrame:
    rows = [
        # AI talk time, talk time, chain, outcome type, outcome, transcript
        (20, 80, '["900", "101"]', "positive", "Sold", '{"a": 1}'),
        (10, 40, '["900", "101", "102"]', "negative", "No", None),
        (10, 10, '["900", "101"]', None, None, "{}"),  # handed over, but nobody talked
        (30, 30, '["900"]', "positive", "Sold", '{"a": 1}'),
        (30, 35, '["900"]', "neutral", "Later", None),  # nobody else, whatever the times say
        (15, 75, None, "absent", None, None),  # no chain: somebody else talked
        (15, 15, "broken[", "negative", "No", " "),
        (0, 50, '["101", "102"]', "positive", "Sold", None),  # not a call of the AI agent
        (None, 50, None, None, None, None),
    ]
    columns = ["aiTalkTime", "talkTime", "numbersInvolvedJSON", "outcomeType", "outcomeTag", "transcripts"]
    return pd.DataFrame(rows, columns=columns).assign(state=1)


class TestAiHandover:
    def test_every_number(self, answered):
        table = ai_handover(answered.sample(frac=1, random_state=1))
        assert table.index.tolist() == ["handed_over", "ai_alone"]
        assert table["n_calls"].tolist() == [4, 3]
        assert table["share"].tolist() == pytest.approx([4 / 7, 3 / 7])
        assert table.loc["handed_over", "share_low"] == pytest.approx(0.25048, abs=1e-4)
        assert table["ai_talk_mean_s"].tolist() == [13.75, 25]
        assert table["human_talk_mean_s"].fillna(-1).tolist() == [37.5, -1]  # 60, 30, 0 and 60
        assert table["human_talk_median_s"].fillna(-1).tolist() == [45, -1]
        assert table["positive"].tolist() == [1, 1]
        assert table["neutral"].tolist() == [0, 1]
        assert table["negative"].tolist() == [1, 1]
        assert table["absent"].tolist() == [2, 0]
        assert table["positive_rate"].tolist() == pytest.approx([0.25, 1 / 3])
        assert table["transcript_share"].tolist() == pytest.approx([0.25, 1 / 3])

    def test_by_outcome_tells_what_follows(self, answered):
        table = ai_handover(answered, by="outcome")
        assert table["n_calls"].to_dict() == {
            ("Later", "handed_over"): 0, ("Later", "ai_alone"): 1,
            ("No", "handed_over"): 1, ("No", "ai_alone"): 1,
            ("Sold", "handed_over"): 1, ("Sold", "ai_alone"): 1,
            ("(none)", "handed_over"): 2, ("(none)", "ai_alone"): 0,
        }  # fmt: skip
        assert table.loc[("No", "handed_over"), "share"] == 0.5

    def test_without_chains_the_times_tell(self, answered):
        table = ai_handover(answered.drop(columns="numbersInvolvedJSON"))
        assert table["n_calls"].tolist() == [4, 3]  # the third is not, the fifth is

    def test_what_is_missing_is_null_or_an_error(self, answered):
        table = ai_handover(answered.drop(columns=["outcomeType", "transcripts", "state"]))
        empty = ["positive", "neutral", "negative", "absent", "positive_rate", "transcript_share"]
        assert table[empty].isna().all(axis=None)
        for name in ("aiTalkTime", "talkTime"):
            with pytest.raises(KeyError, match=name):
                ai_handover(answered.drop(columns=name))

    def test_no_calls_of_the_ai_give_an_empty_table_of_the_same_kind(self, answered):
        for none in (answered.iloc[:0], answered.assign(aiTalkTime=0)):
            empty = ai_handover(none)
            assert len(empty) == 0
            assert empty.dtypes.equals(ai_handover(answered).dtypes)


class TestTranscriptShare:
    def test_is_of_answered_calls_and_an_empty_one_is_none(self, answered):
        df = answered.assign(state=[1, 1, 1, 1, 1, 1, 1, 1, 0])
        share = breakdown(df, "state", ["transcript_share"])["transcript_share"]
        assert share.fillna(-1).to_dict() == {"unanswered": -1, "answered": 0.25}
        low = breakdown(df, "state", ["transcript_share"])["transcript_share_low"]
        assert low["answered"] == pytest.approx(0.07149, abs=1e-4)

    def test_is_not_known_where_transcripts_were_not_loaded(self, answered):
        """The API leaves them out unless asked, so that none at all says nothing."""
        table = breakdown(answered.assign(transcripts=None), "state", ["transcript_share", "answer_rate"])
        assert table.filter(like="transcript").isna().all(axis=None)
        assert table["answer_rate"].tolist() == [1.0]
        assert ai_handover(answered.assign(transcripts=None))["transcript_share"].isna().all()
        without = breakdown(answered.drop(columns="transcripts"), "state", ["transcript_share"])
        assert without["transcript_share"].isna().all()


class TestTruth:
    """A world whose AI hands over more from the middle of the days on, and what it hands over ends well."""

    def test_finds_what_was_planted(self, tmp_path):
        with start_sandbox(calls=20_000, days=10, seed=3, world="ai_handover") as sandbox:
            client = sandbox.client(cache_dir=tmp_path)
            df = load_calls(sandbox.day_from, sandbox.day_to, client=client, progress=False)
            handover, positive = sandbox.truth["effects"]
        outbound = df.calls.filter(types="outbound")
        later = outbound[outbound["timestamp"] >= pd.Timestamp(handover["from_day"], tz="Europe/Berlin")]
        row = ai_handover(later).loc["handed_over"]
        # Calls in which nobody speaks, or hardly, have no AI talk time: one in twenty or so.
        assert 0.9 * handover["calls"] < ai_handover(later)["n_calls"].sum() <= handover["calls"]
        assert 0.9 * handover["hits"] < row["n_calls"] <= handover["hits"]
        assert row["share_low"] < handover["rate"] < row["share_high"]
        earlier = ai_handover(outbound.drop(later.index)).loc["handed_over"]
        assert earlier["share"] < handover["rate_without"] + 0.05 < row["share"]
        both = ai_handover(df)
        assert both.loc["handed_over", "positive_rate"] > both.loc["ai_alone", "positive_rate"]
        assert positive["rate"] > positive["rate_without"]
        # A third of the talk is the AI's.
        talk = both.loc["handed_over", ["ai_talk_mean_s", "human_talk_mean_s"]]
        assert talk.iloc[0] / talk.sum() == pytest.approx(1 / 3, abs=0.01)


class TestAttempt:
    def test_is_counted_over_all_calls_of_the_client(self):
        calls = pd.DataFrame(
            {
                "clientNumber": "+493012345678",
                "timestamp": ["2026-03-02T09:00Z", "2026-03-03T09:00Z"],
                "type": 1,
                "aiTalkTime": [0, 20],  # the AI agent talked in the second one alone
                "talkTime": [0, 80],
                "numbersInvolvedJSON": '["900", "101"]',
            }
        )
        table = ai_handover(calls, by="attempt")
        assert table["n_calls"].to_dict() == {("2", "handed_over"): 1, ("2", "ai_alone"): 0}


class TestUnknownIsNoZero:
    def test_no_outcome_type_is_known(self, answered):
        table = ai_handover(answered.assign(outcomeType=None))
        kinds = ["positive", "neutral", "negative", "absent", "positive_rate"]
        assert table[kinds].isna().all(axis=None)

    def test_impossible_times_are_left_out_and_counted(self):
        calls = pd.DataFrame(
            {
                "aiTalkTime": [20, 10, -1772442000, 1772442000],
                "talkTime": [80, -1772442000, 50, 60],
                "numbersInvolvedJSON": '["900", "101"]',
            }
        )
        table = ai_handover(calls)
        assert table["n_calls"].tolist() == [2, 0]
        assert table["ai_talk_mean_s"].iloc[0] == 15
        assert table["human_talk_mean_s"].iloc[0] == 60
        assert table.attrs["impossible"] == {"aiTalkTime": 2, "talkTime": 1}
