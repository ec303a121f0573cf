"""The lookback of a cache that a sandbox filled over HTTP, and what clients and frames make of it."""

from __future__ import annotations

import logging
import pickle
import re
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pandas.testing as pdt
import pytest

import brightcall_pandas as bc
from brightcall_pandas.sandbox._late import LATE

DAYS = ("2026-03-26", "2026-03-31")
EVERY_HOURS, READINGS = 20, 11


@pytest.fixture(scope="module")
def sandbox():
    with bc.start_sandbox(calls=1_500, days=6, seed=7, now="2026-03-28 12:00") as running:
        yield running


@pytest.fixture(scope="module")
def another():
    """A sandbox whose clock tests may set back."""
    with bc.start_sandbox(calls=600, days=6, seed=3, now="2026-03-29 12:00") as running:
        yield running


@pytest.fixture
def fresh(another):
    another.restore()
    return another


@pytest.fixture(scope="module")
def story(sandbox, tmp_path_factory):
    """A cache that was read every twenty hours: its client, and when it was read."""
    client = sandbox.client(
        clock=sandbox.clock, cache_dir=tmp_path_factory.mktemp("cache"), max_age=0, settle_days=30
    )
    read = []
    for number in range(READINGS):
        df = bc.load_calls(*DAYS, client=client, progress=False)
        read.append(client.now())
        if number == READINGS - 2:
            sandbox.delete(df["id"].iloc[[0, -1]].tolist())
        sandbox.advance(f"{EVERY_HOURS}h")
    return client, read


@pytest.fixture
def other(story, sandbox):
    """How a test makes another client of the same cache."""
    client, _ = story
    made = []

    def make(**options):
        given = {"clock": sandbox.clock, "cache_dir": client.cache.folder.parent, "offline": True}
        made.append(sandbox.client(**(given | options)))
        return made[-1]

    yield make
    for each in made:
        each.close()


class TestLookback:
    def test_it_rests_on_every_change_between_two_readings_and_no_other(self, story, sandbox):
        client, read = story
        found = bc.lookback(share=0.5, client=client)
        df = bc.load_calls(*DAYS, client=client, progress=False, as_of=client.now())
        entries = bc.revisions(*DAYS, client=client)
        assert found.changes == int((entries["field"] == "outcomeTag").sum()) > 50
        gone = (entries["kind"] == "gone").sum()
        assert found.calls == len(df) + gone
        delays = truth(sandbox, read[0], read[-1])
        assert found.changes <= len(delays)

    def test_the_interval_covers_what_is_planted(self, story):
        client, _ = story
        late = LATE["outcome"].delay_s
        come, after = np.array(list(late)) / 1000, np.array(list(late.values())) / 86_400
        found = bc.lookback(share=0.5, client=client)
        begin, end = np.interp([found.from_days, found.horizon_days], after, come)
        planted = np.interp(begin + 0.5 * (end - begin), come, after)
        assert found.days_low <= planted <= found.days_high
        assert found.settle_days == max(3, int(np.ceil(found.days_high)))

    def test_it_asks_nobody_and_needs_no_key(self, story, sandbox, other):
        before = len(sandbox.requests())
        client, _ = story
        assert repr(bc.lookback(share=0.5, client=other(api_key=None))) == repr(
            bc.lookback(share=0.5, client=client)
        )
        assert len(sandbox.requests()) == before

    def test_what_is_not_known(self, story):
        client, _ = story
        few = bc.lookback("talkTime", share=0.999, client=client)
        assert (few.days, few.settle_days) == (None, None)
        assert "and 99.9 % takes at least 1,000" in few.why
        assert bc.lookback("label", client=client).why == "no change was seen"
        assert bc.lookback(types="inbound", client=client).why == "nothing was read twice"

    @pytest.mark.parametrize(
        ("arguments", "error", "words"),
        [
            ({"field": "outcome"}, ValueError, "did you mean 'outcomeTag'|is not a field"),
            ({"field": None}, ValueError, "is not a field"),
            ({"share": 1}, ValueError, "between 0 and 1"),
            ({"share": "0.9"}, TypeError, "share"),
            ({"confidence": 0}, ValueError, "between 0 and 1"),
            ({"tpyes": 1}, TypeError, "types"),
        ],
    )
    def test_wrong_arguments(self, story, arguments, error, words):
        client, _ = story
        with pytest.raises(error, match=words):
            bc.lookback(client=client, **arguments)

    def test_days_whose_history_is_lost_do_not_count(self, fresh, tmp_path):
        client = fresh.client(clock=fresh.clock, cache_dir=tmp_path, max_age=0)
        bc.load_calls(*DAYS, client=client, progress=False)
        fresh.advance("2d")
        bc.load_calls(*DAYS, client=client, progress=False)
        assert bc.lookback(share=0.5, client=client).changes > 0
        for path in (client.cache.folder / "ledger").glob("*/*.parquet"):
            path.unlink()
        found = bc.lookback(share=0.5, client=client)
        assert found.changes == 0  # and calls of days with changes are not taken for unchanged ones
        assert found.calls < len(bc.load_calls(*DAYS, client=client, progress=False))
        client.close()


def truth(sandbox, since, until):
    """Return the late changes of outcomes between two times."""
    return [
        each
        for each in sandbox.truth["late_edits"]
        if each["kind"] == "outcome" and since < datetime.fromisoformat(each["at"]) <= until
    ]


class TestMeasured:
    def test_it_is_chosen_and_said(self, story, other, caplog):
        client, _ = story
        known = bc.lookback(share=0.99, client=client)
        measured = other(settle_days="measured", offline=False)
        with caplog.at_level(logging.INFO, "brightcall_pandas"):
            df = bc.load_calls(*DAYS, client=measured, progress=False)
        expected = 7 if known.settle_days is None else known.settle_days
        assert df.attrs["brightcall"]["settle_days"] == expected
        assert measured.settle == timedelta(days=expected)
        (line,) = [each for each in caplog.messages if "settle_days='measured'" in each]
        assert f"{expected} days. lookback of outcomeTag" in line

    def test_days_are_final_by_it(self, other):
        measured = other(settle_days="measured", offline=False)
        long_ago = measured.now() - timedelta(days=40)
        assert measured.is_final(long_ago + timedelta(days=9), long_ago.date())
        assert not measured.is_final(long_ago + timedelta(days=2), long_ago.date())

    def test_an_empty_cache_has_the_usual_days(self, sandbox, tmp_path, caplog):
        client = sandbox.client(cache_dir=tmp_path, settle_days="measured", clock=sandbox.clock)
        with caplog.at_level(logging.INFO, "brightcall_pandas"):
            df = bc.load_calls(*DAYS, client=client, progress=False)
        assert df.attrs["brightcall"]["settle_days"] == 7
        assert "not known, nothing was read twice" in caplog.text
        client.close()

    def test_other_words_are_refused(self):
        with pytest.raises(ValueError, match="settle_days"):
            bc.Client("key", base_url="http://127.0.0.1:9", settle_days="mesured")


class TestFrames:
    def test_loads_carry_it_and_tables_say_how_fresh_they_are(self, story, other):
        client, _ = story
        bc.lookback(share=0.5, client=client)
        df = bc.load_calls(*DAYS, client=other(), progress=False)
        assert df.attrs["brightcall"]["lookback"]["field"] == "outcomeTag"
        fresh = df.calls.by_outcome().attrs["brightcall"]["freshness"]
        assert 0 <= fresh["share_changing"] < 0.1
        assert pd.Timestamp(fresh["settled_before"]) < pd.Timestamp(client.now())

    def test_it_goes_with_the_calls(self, fresh, tmp_path):
        client = fresh.client(clock=fresh.clock, cache_dir=tmp_path, max_age=0)
        for _ in range(4):
            bc.load_calls(*DAYS, client=client, progress=False)
            fresh.advance("1d")
        assert bc.lookback(share=0.5, client=client).days is not None
        client.cache.clear("2026-03-26", "2026-03-26")
        df = bc.load_calls("2026-03-27", "2026-03-27", client=client, progress=False)
        assert "lookback" not in df.attrs["brightcall"]
        client.close()


class TestPast:
    """`df.calls.revisions` and `df.calls.restated`, from the frame alone."""

    @pytest.fixture
    def df(self, story):
        client, _ = story
        return bc.load_calls(*DAYS, client=client, progress=False, as_of=client.now())

    def test_revisions_are_those_of_the_cache(self, df, story):
        client, _ = story
        entries = bc.revisions(*DAYS, client=client)
        table = df.calls.revisions()
        changed = entries[entries["kind"] == "changed"].groupby("field").size()
        assert table["changes"].drop("(gone)").to_dict() == changed.to_dict()
        assert table.at["(gone)", "revised"] == (entries["kind"] == "gone").sum()
        assert (table["n_calls"] == len(df) + table.at["(gone)", "revised"]).all()
        outcomes = df.calls.revisions(["old", "new"])
        assert outcomes["changes"].sum() == changed["outcomeTag"]

    def test_by_agent_every_call_is_in_a_group(self, df):
        table = df.calls.revisions("agent")
        assert table["n_calls"].sum() == df.calls.revisions()["n_calls"].iloc[0]
        assert table.attrs["brightcall"]["settings"]["by"] == "agent"

    def test_of_a_part_of_the_calls_those_that_have_gone_are_left_out(self, df, story):
        client, _ = story
        part = df[df["type"] == "outbound"]
        table = part.calls.revisions("kind")
        assert table.index.tolist() == ["changed"]
        assert table["n_calls"].tolist() == [len(part)]
        gone = (bc.revisions(*DAYS, client=client)["kind"] == "gone").sum()
        assert table.attrs["brightcall"]["gone_left_out"] == gone > 0

    def test_restated_is_the_table_of_then_beside_that_of_now(self, df, story):
        client, read = story
        then = bc.load_calls(*DAYS, client=client, as_of=read[7])
        table = df.calls.restated("positive_rate", "outcome_type", as_of=read[7])
        expected = then.calls.breakdown("outcome_type", ["n_calls", "positive_rate"])
        pdt.assert_series_equal(
            table["n_calls_other"].sort_index(), expected["n_calls"].sort_index(), check_names=False
        )
        whole = df.calls.restated("talk_time_total_s", as_of=read[7]).iloc[0]
        assert whole["talk_time_total_s_other"] == then["talkTime"].sum()
        assert whole["talk_time_total_s"] == df["talkTime"].sum()

    def test_of_two_frames_restated_says_when_each_was_known(self, df, story):
        client, read = story
        then = bc.load_calls(*DAYS, client=client, as_of=read[7])
        said = df.calls.restated(reported=then).attrs["brightcall"]
        assert pd.Timestamp(said["as_of"]) == pd.Timestamp(read[7]).floor("s")
        loaded = pd.Timestamp(df.attrs["brightcall"]["loaded_at"])
        assert pd.Timestamp(said["loaded_at"]) == loaded
        assert said["loaded_at"].endswith("+02:00")  # by the clock of the calls, in April
        assert "as_of" not in df.calls.restated(reported=then.assign()[["state"]]).attrs["brightcall"]

    def test_by_itself_it_takes_the_first_moment_at_which_all_days_were_over_and_read(self, df, story):
        _, read = story
        moment = pd.Timestamp(df.calls.restated().attrs["brightcall"]["as_of"])
        over = pd.Timestamp("2026-04-01", tz="Europe/Berlin")
        first = min(each for each in read if each >= over)
        assert over <= moment <= first

    def test_not_of_a_part_of_the_calls(self, df):
        with pytest.raises(ValueError, match="only some of those that were loaded"):
            df[:100].calls.restated()

    def test_before_anything_was_read(self, df):
        with pytest.raises(bc.CacheError, match="nothing had been read"):
            df.calls.restated(as_of="2026-03-27")

    @pytest.mark.parametrize("method", ["revisions", "restated"])
    def test_a_frame_that_says_nothing_of_its_origin(self, method):
        frame = pd.DataFrame({"id": ["1"], "uniqueId": ["u"], "state": [1]})
        with pytest.raises(ValueError, match="does not say which days and filters"):
            getattr(frame.calls, method)()

    def test_where_calls_came_from_stays_on_this_machine(self, df, story, tmp_path):
        client, _ = story
        folder = str(client.cache.folder.parent)
        assert folder not in repr(df.attrs)
        assert folder.encode() not in pickle.dumps(df)
        assert (
            folder.encode()
            not in df.calls.to_parquet(tmp_path / "calls.parquet", partition=None).read_bytes()
        )
        read = bc.read_calls(tmp_path / "calls.parquet")
        table = read.calls.revisions(client=client)
        pdt.assert_frame_equal(table, df.calls.revisions())

    def test_a_picture_of_it(self, df):
        pytest.importorskip("matplotlib").use("Agg")
        said = bc.plots.describe(df.calls.plot.restated("positive_rate", by="project"))
        assert re.search(r"as reported on \d+ April", said)
