"""Calls as they were known earlier, and the ledger that tells: against the sandbox's record of its edits."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pandas as pd
import pandas.testing as pdt
import pytest

import brightcall_pandas as bc
from brightcall_pandas.cache import Ledger, Store

DAYS = ("2026-03-24", "2026-03-31")
EVER = 10**9  # a serial above all others


@pytest.fixture(scope="module")
def sandbox():
    """Eight days, of which three are over when it starts."""
    with bc.start_sandbox(calls=900, days=8, seed=7, now="2026-03-27 02:00") as running:
        yield running


@pytest.fixture
def fresh(sandbox):
    """The sandbox, as it starts."""
    sandbox.restore()
    return sandbox


@pytest.fixture(scope="module")
def story(sandbox, tmp_path_factory):
    """What ten loads at random times returned, the first of early days: the client, each with its time."""
    sandbox.restore()
    client = sandbox.client(clock=sandbox.clock, cache_dir=tmp_path_factory.mktemp("cache"), max_age=0)
    draw, told = random.Random(2), []
    for number in range(10):
        days = DAYS if number else (DAYS[0], "2026-03-26")
        told.append((client.now(), bc.load_calls(*days, client=client), client.now()))
        sandbox.advance(timedelta(hours=draw.randint(1, 40)))
    return client, told


def make(sandbox, folder, **options):
    return sandbox.client(**({"clock": sandbox.clock, "cache_dir": folder, "max_age": 0} | options))


def load(client, **options):
    return bc.load_calls(*DAYS, client=client, **options)


def ledgers(client):
    return [Ledger(each) for each in sorted((client.cache.folder / "ledger").iterdir())]


def entries(client):
    (ledger,) = ledgers(client)
    return ledger.read(EVER).to_pandas()


def files(client, pattern="ledger/*/*.parquet"):
    return sorted(client.cache.folder.glob(pattern))


class TestAsOf:
    def test_any_instant_gives_what_had_been_read_by_then(self, story):
        client, told = story
        draw = random.Random(3)
        began, ended = told[1][2], told[-1][2]
        for _ in range(20):
            moment = began + draw.random() * (ended - began)
            known = [frame for start, frame, end in told if end <= moment]
            if any(start <= moment < end for start, _, end in told):
                continue  # while a load was under way
            got = load(client, as_of=moment)
            pdt.assert_frame_equal(got, known[-1])
        pdt.assert_frame_equal(load(client, as_of=ended), told[-1][1])

    def test_it_asks_nobody_and_needs_no_key(self, story, sandbox):
        client, told = story
        offline = make(sandbox, client.cache.folder.parent, offline=True, api_key=None)
        since = len(sandbox.requests())
        pdt.assert_frame_equal(load(offline, as_of=told[4][2]), told[4][1])
        assert len(sandbox.requests()) == since

    def test_columns_and_attributes(self, story):
        client, told = story
        got = load(client, as_of=told[3][2], columns=["id", "outcomeTag"])
        pdt.assert_frame_equal(got, told[3][1][["id", "outcomeTag"]])
        said = got.attrs["brightcall"]
        assert said["as_of"] == told[3][2].isoformat()
        assert said["complete"]
        assert {each["source"] for each in said["windows"]} == {"ledger"}

    def test_the_error_names_the_days_of_which_nothing_had_been_read(self, story):
        client, told = story
        with pytest.raises(bc.CacheError, match="read of the calls of 2026-03-27 to 2026-03-31 by"):
            load(client, as_of=told[0][2])
        with pytest.raises(bc.CacheError, match=r"2026-03-24 to 2026-03-31 by .* begins 2026-03-27 01:00"):
            load(client, as_of=told[0][0] - timedelta(seconds=1))
        with pytest.raises(bc.CacheError, match=r"of 2026-04-02 by .* never read"):
            bc.load_calls("2026-04-02", "2026-04-02", client=client, as_of=told[-1][2])
        with pytest.raises(bc.CacheError, match=r"never read"):
            load(client, as_of=told[-1][2], types="inbound")

    def test_a_day_means_its_end_in_the_zone_of_the_days(self, story):
        client, told = story
        last = told[1][2].astimezone().date() - timedelta(days=1)
        midnight = datetime(2026, 3, 28, tzinfo=UTC) - timedelta(hours=1)
        known = [frame for _, frame, end in told[1:] if end <= midnight]
        assert known, last
        pdt.assert_frame_equal(load(client, as_of="2026-03-27"), known[-1])
        pdt.assert_frame_equal(load(client, as_of=date(2026, 3, 27)), known[-1])
        pdt.assert_frame_equal(load(client, as_of="20260327"), known[-1])
        pdt.assert_frame_equal(load(client, as_of="2026-03-27 23:59:59"), known[-1])
        pdt.assert_frame_equal(load(client, as_of=pd.Timestamp("2026-03-27 22:59:59Z")), known[-1])

    @pytest.mark.parametrize(
        ("as_of", "error"), [("soon", ValueError), (5, TypeError), ("2026-13-01", ValueError)]
    )
    def test_what_is_no_time(self, story, sandbox, as_of, error):
        since = len(sandbox.requests())
        with pytest.raises(error, match="as_of takes a day or a time"):
            load(story[0], as_of=as_of)
        assert len(sandbox.requests()) == since

    def test_a_time_that_the_clock_skips_or_repeats(self, story):
        for time in ("2026-03-29 02:30", "2025-10-26 02:30", datetime(2026, 3, 29, 2, 30)):
            with pytest.raises(ValueError, match=r"comes twice, or never, where .* in Europe/Berlin"):
                load(story[0], as_of=time)
        with pytest.raises(bc.CacheError, match="nothing had been read"):
            load(story[0], as_of="2025-10-26 02:30+02:00")

    def test_a_time_to_come_and_a_refresh(self, story):
        with pytest.raises(ValueError, match="still to come"):
            load(story[0], as_of="2199-01-01")
        with pytest.raises(ValueError, match="refresh=True"):
            load(story[0], as_of="2026-03-27", refresh=True)

    def test_export(self, story, tmp_path):
        client, told = story
        bc.export_calls(*DAYS, tmp_path / "then", as_of=told[5][2], client=client)
        got = bc.read_calls(tmp_path / "then")
        pdt.assert_frame_equal(got[told[5][1].columns], told[5][1])
        with pytest.raises(ValueError, match="as_of="):
            bc.export_calls(*DAYS, tmp_path / "then", as_of=told[6][2], client=client)


class TestLedger:
    def test_every_edit_between_two_readings_is_in_it_once_and_no_other(self, story, sandbox):
        client, told = story
        expected: Counter = Counter()
        for (_, before, since), (_, after, until) in pairwise(told):
            was, now = (each.set_index("id") for each in (before, after))
            for edit in sandbox.truth["late_edits"]:
                if since < datetime.fromisoformat(edit["at"]) <= until and edit["id"] in was.index:
                    if edit["kind"] == "removed":
                        expected["gone", edit["id"], None, None, None] = 1
                        continue
                    for field, (_, new) in edit["fields"].items():
                        if edit["id"] in now.index and new != (old := was.at[edit["id"], field]):
                            expected["changed", edit["id"], field, _text(old), _text(new)] += 1
        rows = entries(client).replace({float("nan"): None})
        found = Counter(
            (each.kind, each.id, each.field, each.old if each.field else None, each.new)
            for each in rows.itertuples()
        )
        assert found == expected
        assert {kind for kind, *_ in found} == {"changed", "gone"}  # growing days are no entries
        assert sum(found.values()) > 40

    def test_it_says_between_which_readings(self, story):
        client, told = story
        spans = [(start, end) for (start, *_), (*_, end) in pairwise(told)]
        for each in entries(client).itertuples():
            since, seen = (pd.Timestamp(n, unit="us", tz="UTC") for n in (each.since, each.seen))
            assert any(
                begin <= seen <= end and since.ceil("s") >= begin.replace(microsecond=0)
                for begin, end in spans
            )
            assert since < seen

    def test_it_is_put_together(self, story):
        client, _ = story
        assert len(entries(client)) > 40
        assert len(files(client)) < 8
        assert client.cache.info()["ledger_bytes"] > 0

    def test_calls_that_are_new_on_a_settled_day_are_entries(self, fresh, tmp_path):
        client = make(fresh, tmp_path)
        fresh.advance("30d")
        load(client)
        fresh.insert([{"id": 5, "uniqueId": "5.5", "timestamp": "2026-03-25T10:00:00Z"}])
        load(client, refresh=True)
        found = entries(client)
        assert found[["kind", "id"]].to_numpy().tolist() == [["new", "5"]]

    def test_a_call_that_moves_to_another_day(self, fresh, tmp_path):
        client = make(fresh, tmp_path)
        first = load(client)
        name = first["id"].iloc[0]
        fresh.update(name, timestamp="2026-03-26T08:00:00Z", talkTime=77)
        second = load(client)
        assert second.set_index("id").at[name, "talkTime"] == 77
        kinds = entries(client).groupby("kind")["day"].apply(lambda days: sorted(map(str, days)))
        assert kinds.to_dict() == {"gone": ["2026-03-24"], "new": ["2026-03-26"]}
        seen = pd.Timestamp(entries(client)["seen"].max(), unit="us", tz="UTC")
        pdt.assert_frame_equal(load(client, as_of=seen - timedelta(microseconds=1)), first)
        pdt.assert_frame_equal(load(client, as_of=seen), second)

    def test_gone_and_back_again(self, fresh, tmp_path):
        client = make(fresh, tmp_path)
        told = [load(client)]
        times = [client.now()]
        record = {"id": 5, "uniqueId": "5.5", "timestamp": "2026-03-25T10:00:00Z", "label": "a"}
        for change in (
            lambda: fresh.insert([record]),
            lambda: fresh.delete([5]),
            lambda: fresh.insert([record | {"label": "b"}]),
            lambda: fresh.update(5, label="c"),
            lambda: fresh.delete([5]),
        ):
            change()
            told.append(load(client))
            times.append(client.now())
        for moment, frame in zip(times, told, strict=True):
            pdt.assert_frame_equal(load(client, as_of=moment), frame)

    def test_unchanged_days_write_nothing(self, fresh, tmp_path):
        client = make(fresh, tmp_path)
        load(client)
        load(client)
        assert not (client.cache.folder / "ledger").exists()


def _text(value):
    return None if pd.isna(value) else f"{value:g}" if isinstance(value, float | int) else value


class TestTrouble:
    """What may happen to a cache: nothing of it makes a wrong number."""

    @pytest.fixture
    def two(self, fresh, tmp_path):
        """Two readings: the client, what they returned, and when."""
        client = make(fresh, tmp_path)
        first, at = load(client), client.now()
        fresh.advance("36h")
        return client, first, at, load(client)

    def test_a_damaged_file_is_said_and_nothing_older_told(self, two):
        client, _, at, second = two
        for path in files(client):
            content = bytearray(path.read_bytes())
            content[len(content) // 3] ^= 255
            path.write_bytes(content)
        with (
            pytest.warns(RuntimeWarning, match="the ledger .* is damaged"),
            pytest.raises(bc.CacheError, match="older entries were dropped"),
        ):
            load(client, as_of=at)
        pdt.assert_frame_equal(load(client, as_of=client.now()), second)

    def test_a_file_that_somebody_deleted(self, two):
        client, _, at, _ = two
        for path in files(client):
            path.unlink()
        with pytest.raises(bc.CacheError, match=r"0 entries of .* its window counts \d+"):
            load(client, as_of=at)

    def test_a_damaged_window(self, two):
        client, _, at, _ = two
        for path in files(client, "windows/*/*.parquet"):
            path.write_bytes(path.read_bytes()[:-3])
        with (
            pytest.warns(RuntimeWarning, match="damaged"),
            pytest.raises(bc.CacheError, match="never read"),
        ):
            load(client, as_of=at)

    def test_an_older_cache_without_a_ledger(self, fresh, tmp_path):
        client = make(fresh, tmp_path)
        first, at = load(client), client.now()
        (folder,) = (client.cache.folder / "windows").iterdir()
        store = Store(folder)
        for segment in store.segments():  # as it was written before there was a ledger
            part = segment.read(segment.days)
            store.write(replace(part, history=[]), segment.fetched_at, segment.serial)
            segment.path.unlink()
        pdt.assert_frame_equal(load(client, as_of=at), first)
        fresh.advance("36h")
        second = load(client)
        assert len(entries(client)) > 0
        pdt.assert_frame_equal(load(client, as_of=at), first)
        pdt.assert_frame_equal(load(client, as_of=client.now()), second)
        with pytest.raises(bc.CacheError, match="nothing had been read"):
            load(client, as_of=at - timedelta(hours=1))

    def test_another_schema_is_typed_anew_and_the_ledger_goes_on(self, two, fresh):
        client, first, at, second = two
        then = client.now()
        for path in files(client, "windows/*/*.parquet"):
            path.rename(path.with_name(path.name.replace(".v3.", ".v2.")))
        pdt.assert_frame_equal(load(client, as_of=at), first)
        for path in files(client, "windows/*/*.parquet"):
            path.rename(path.with_name(path.name.replace(".v3.", ".v2.")))
        fresh.advance("36h")
        third = load(client)
        for moment, frame in ((at, first), (then, second), (client.now(), third)):
            pdt.assert_frame_equal(load(client, as_of=moment), frame)

    def test_a_clock_that_was_ahead(self, fresh, tmp_path):
        ahead = make(fresh, tmp_path, clock=lambda: fresh.clock() + timedelta(days=50))
        load(ahead)
        client = make(fresh, tmp_path)
        between = client.now()
        fresh.advance("36h")
        second, at = load(client, refresh=True), client.now()
        pdt.assert_frame_equal(load(client, as_of=at), second)
        with pytest.raises(bc.CacheError, match="nothing had been read"):
            load(client, as_of=between)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
class TestProcesses:
    @pytest.mark.parametrize(
        ("method", "kept"), [("put", False), ("commit", True)], ids=["before the window", "after it"]
    )
    def test_killed_between_ledger_and_window(self, fresh, tmp_path, monkeypatch, method, kept):
        client = make(fresh, tmp_path)
        first, at = load(client), client.now()
        fresh.advance("36h")
        expected = load(make(fresh, tmp_path / "elsewhere"))
        child = os.fork()
        if child == 0:
            owner = Store if method == "put" else Ledger
            monkeypatch.setattr(owner, method, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
            load(client)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        assert [path.name.startswith("pending-") for path in files(client)] == [True]
        pdt.assert_frame_equal(load(client, as_of=at), first)
        pdt.assert_frame_equal(load(client, as_of=client.now()), expected if kept else first)
        then = client.now()
        pdt.assert_frame_equal(load(client), expected)
        assert not any(path.name.startswith("pending-") for path in files(client))
        rows = entries(client)
        assert len(rows) > 0
        assert not rows.duplicated(["id", "field", "kind"]).any()
        pdt.assert_frame_equal(load(client, as_of=at), first)
        pdt.assert_frame_equal(load(client, as_of=then), expected if kept else first)

    def test_two_at_once(self, fresh, tmp_path):
        client = make(fresh, tmp_path)
        first, at = load(client), client.now()
        for _ in range(3):
            fresh.advance("20h")
            child = os.fork()
            if child == 0:
                load(client, refresh=True)
                os._exit(0)
            load(client, refresh=True)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        last = load(client)
        pdt.assert_frame_equal(load(client, as_of=at), first)
        pdt.assert_frame_equal(load(client, as_of=client.now()), last)
        rows = entries(client).sort_values("serial")
        changed = rows[rows["kind"] == "changed"][["id", "field", "old", "new"]].fillna("(none)")
        assert len(changed) > 10
        for _, chain in changed.groupby(["id", "field"]):
            assert chain["new"].tolist()[:-1] == chain["old"].tolist()[1:]
            assert (chain["old"] != chain["new"]).all()
