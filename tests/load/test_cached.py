"""What is on disk: which reading counts, what later ones tell, and how it stays small."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import warnings
from datetime import UTC, date, datetime, timedelta
from itertools import chain

import pandas.testing as pdt
import pytest

import brightcall_pandas as bc


@pytest.fixture(scope="module")
def sandbox():
    """Calls that are settled for long."""
    with bc.start_sandbox(calls=900, days=45, seed=4) as running:
        yield running


@pytest.fixture(scope="module")
def _changing():
    with bc.start_sandbox(calls=120, days=10, seed=9, day_to="2026-03-31") as running:
        yield running


@pytest.fixture
def changing(_changing, fetch_plainly):
    """A sandbox that a test may change; it is as before afterwards."""
    before = fetch_plainly(_changing)
    yield _changing
    _changing.delete(list(fetch_plainly(_changing)))
    _changing.insert(list(before.values()))


@pytest.fixture(scope="module")
def _recent():
    with bc.start_sandbox(calls=120, days=4, seed=9, day_to=datetime.now(UTC).date()) as running:
        yield running


@pytest.fixture(params=["settled", "of this week"])
def either(request, changing, _recent, fetch_plainly):
    if request.param == "settled":
        yield changing
        return
    before = set(fetch_plainly(_recent))
    yield _recent
    _recent.delete(list(set(fetch_plainly(_recent)) - before))


def asked(sandbox, since=0):
    bodies = [json.loads(each["body"]) for each in sandbox.requests()[since:]]
    return {(body["dayFrom"], body["dayTo"]) for body in bodies}


def segments(client):
    return sorted(client.cache.folder.rglob("*.parquet"))


def shift_clock(client, **by):
    """Make all files those of a machine whose clock was ahead (or behind, by negative numbers)."""
    for path in segments(client):
        days, stamp, rest = path.name.split(".", 2)
        moved = int(stamp) + timedelta(**by) // timedelta(milliseconds=1)
        if int(stamp) > 0:  # what has lost its date has none to shift
            path.rename(path.with_name(f"{days}.{moved:013}.{rest}"))


def call(number, time, **fields):
    epoch = int(datetime.fromisoformat(time).timestamp())
    return {"id": number, "timestamp": time, "uniqueId": f"{epoch}.{number}"} | fields


class TestClock:
    def days(self, sandbox):
        return sandbox.day_from, sandbox.day_to

    @pytest.mark.parametrize("max_age", [0, "1000D"])
    def test_a_reading_made_while_it_was_ahead_is_read_again(self, either, tmp_path, max_age):
        sandbox = either
        client = sandbox.client(cache_dir=tmp_path, max_age=max_age)
        assert len(bc.load_calls(*self.days(sandbox), client=client)) == 120
        shift_clock(client, days=400)
        sandbox.insert([call(990_000 + n, f"{sandbox.day_from}T12:00:00+00:00") for n in range(30)])
        assert len(bc.load_calls(*self.days(sandbox), client=client)) == 150
        assert len(bc.load_calls(*self.days(sandbox), client=client)) == 150

    def test_what_is_read_then_counts_from_then_on(self, changing, tmp_path):
        sandbox = changing
        client = sandbox.client(cache_dir=tmp_path)
        bc.load_calls(*self.days(sandbox), client=client)
        shift_clock(client, days=400)
        sandbox.insert([call(990_000, f"{sandbox.day_from}T12:00:00+00:00")])
        assert len(bc.load_calls(*self.days(sandbox), client=client, refresh=True)) == 121
        since = len(sandbox.requests())
        assert len(bc.load_calls(*self.days(sandbox), client=client)) == 121
        assert asked(sandbox, since) == set()
        assert client.cache.info()["files"] == 1

    def test_a_day_amid_others_that_was_read_while_it_was_ahead(self, changing, tmp_path):
        sandbox = changing
        client = sandbox.client(cache_dir=tmp_path)
        before = bc.load_calls(*self.days(sandbox), client=client)
        middle = str(date.fromisoformat(sandbox.day_from) + timedelta(days=5))
        bc.load_calls(middle, middle, client=client, refresh=True)
        (path,) = (each for each in segments(client) if each.name.startswith(f"{middle}_{middle}."))
        days, stamp, rest = path.name.split(".", 2)
        path.rename(path.with_name(f"{days}.{int(stamp) + 10**11:013}.{rest}"))
        since = len(sandbox.requests())
        after = bc.load_calls(*self.days(sandbox), client=client)
        assert after["id"].tolist() == before["id"].tolist()
        assert asked(sandbox, since) == {(middle, middle)}

    def test_set_back_the_later_reading_counts_as_well(self, changing, tmp_path):
        sandbox = changing
        client = sandbox.client(cache_dir=tmp_path)
        bc.load_calls(*self.days(sandbox), client=client)
        sandbox.insert([call(990_000, f"{sandbox.day_from}T12:00:00+00:00")])
        first, last = map(date.fromisoformat, self.days(sandbox))
        bc.load_calls(first, last - timedelta(days=1), client=client, refresh=True)
        newest = max(segments(client), key=lambda path: path.name.split(".")[2])
        days, stamp, rest = newest.name.split(".", 2)
        newest.rename(newest.with_name(f"{days}.{int(stamp) - 3_600_000:013}.{rest}"))
        assert len(bc.load_calls(*self.days(sandbox), client=client)) == 121
        assert len(bc.load_calls(*self.days(sandbox), client=client)) == 121

    def test_days_that_nobody_asked_for_are_doubted_also_when_that_time_has_come(self, changing, tmp_path):
        sandbox = changing
        client = sandbox.client(cache_dir=tmp_path)
        first, *_, last = self.days(sandbox)
        bc.load_calls(first, first, client=client)
        bc.load_calls(first, first, client=client, types="inbound")
        shift_clock(client, days=400)
        bc.load_calls(last, last, client=client)  # by a clock that is right: the others are from the future
        shift_clock(client, days=-401)  # as if it were 401 days later
        since = len(sandbox.requests())
        bc.load_calls(first, first, client=client, types="inbound")
        bc.load_calls(first, first, client=client)
        assert asked(sandbox, since) == {(first, first)}

    def test_offline_there_is_nothing_better(self, sandbox, tmp_path):
        online = sandbox.client(cache_dir=tmp_path)
        frame = bc.load_calls("2026-03-03", "2026-03-04", client=online)
        shift_clock(online, days=400)
        offline = sandbox.client(cache_dir=tmp_path, offline=True)
        pdt.assert_frame_equal(bc.load_calls("2026-03-03", "2026-03-04", client=offline), frame)

    def test_older_than_takes_readings_of_unknown_age(self, sandbox, tmp_path):
        client = sandbox.client(cache_dir=tmp_path)
        bc.load_calls("2026-03-03", "2026-03-03", client=client)
        shift_clock(client, days=400)
        bc.load_calls("2026-03-04", "2026-03-04", client=client)
        client.cache.clear(older_than="7D")
        assert client.cache.info()["first_day"] == "2026-03-04"

    def test_and_clear_all_of_them(self, sandbox, tmp_path):
        client = sandbox.client(cache_dir=tmp_path)
        bc.load_calls("2026-03-03", "2026-03-03", client=client)
        shift_clock(client, days=400)
        client.cache.clear()
        assert segments(client) == []


class Server:
    """A server that has its own idea of the day of a call, whatever its time says.

    `calls` are pairs of the day (None: it comes with every answer) and the call.
    """

    def __init__(self, scripted, *calls):
        self.calls = list(calls)
        self._scripted = scripted
        scripted.answers = [self._answer]

    def _answer(self, _):
        asked = json.loads(self._scripted.bodies[-1])
        first, last = asked["dayFrom"], asked["dayTo"]
        rows = [call for day, call in self.calls if day is None or first <= day <= last]
        rows.sort(
            key=lambda row: (row["timestamp"] or "", row["id"]), reverse=asked["sortDirection"] == "DESC"
        )
        size = asked["itemsPerPage"]
        begin = (asked["page"] - 1) * size
        answer = {
            "success": True,
            "timezone": "Europe/Berlin",
            "calls": rows[begin : begin + size],
            "totalItems": len(rows),
            "pagesCount": -(-len(rows) // size),
        }
        return 200, {}, json.dumps(answer).encode()


DAYS = ["2026-03-02", "2026-03-03", "2026-03-04"]
HISTORIES = {
    "day by day": [(0, 0), (1, 1), (2, 2)],
    "backwards": [(2, 2), (1, 1), (0, 0)],
    "overlapping": [(0, 1), (1, 2)],
    "the end first": [(1, 2), (0, 2)],
    "a day of it": [(1, 1)],
}


class TestCallsWithoutATime:
    @pytest.fixture
    def server(self, scripted):
        timed = [
            (day, call(n * 10 + k, f"{day}T{8 + k:02}:00:00+01:00"))
            for n, day in enumerate(DAYS, 1)
            for k in range(4)
        ]
        odd = [
            (DAYS[1], call(7, "2026-03-03T00:00:00Z") | {"timestamp": None}),
            (None, call(8, "2026-03-03T00:00:00Z") | {"timestamp": "soon"}),
        ]
        return Server(scripted, *timed, *odd)

    @pytest.fixture
    def client(self, scripted, tmp_path):
        number = iter(range(100))

        def make():
            folder = tmp_path / str(next(number))
            return bc.Client("any-key", base_url=scripted.url, cache_dir=folder, workers=1)

        return make

    @pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
    def test_the_same_load_is_the_same_whatever_was_cached(self, server, client, history):
        cold = bc.load_calls(DAYS[0], DAYS[2], client=client())
        later = client()
        for first, last in history:
            bc.load_calls(DAYS[first], DAYS[last], client=later)
        pdt.assert_frame_equal(bc.load_calls(DAYS[0], DAYS[2], client=later), cold)
        pdt.assert_frame_equal(bc.load_calls(DAYS[0], DAYS[2], client=later), cold)

    @pytest.mark.parametrize("history", [*HISTORIES.values(), [(0, 2)]], ids=[*HISTORIES, "all at once"])
    def test_so_is_every_day_by_itself(self, server, client, history):
        later = client()
        for first, last in history:
            bc.load_calls(DAYS[first], DAYS[last], client=later)
        for day, without_time in zip(DAYS, (["8"], ["7", "8"], ["8"]), strict=True):
            frame = bc.load_calls(day, day, client=later)
            assert frame.loc[frame["timestamp"].isna(), "id"].tolist() == without_time
            assert len(frame) == 4 + len(without_time)

    def test_each_stands_once_on_the_earliest_day_and_is_counted(self, server, client):
        frame = bc.load_calls(DAYS[0], DAYS[2], client=client())
        assert frame["id"].tolist() == [
            "8",
            "10",
            "11",
            "12",
            "13",
            "7",
            *map(str, chain(range(20, 24), range(30, 34))),
        ]
        assert frame.calls.quality().loc[("untimed", "timestamp"), ["count", "of"]].tolist() == [2, 14]
        assert ("moved", DAYS[0]) not in frame.calls.quality().index


class TestCallsThatMove:
    @pytest.fixture
    def moved(self, changing, tmp_path):
        """A call moves past midnight after its day was cached; then the next day is read."""
        sandbox = changing
        sandbox.insert([call(990_001, "2026-03-29T23:59:00+02:00", label="early")])
        client = sandbox.client(cache_dir=tmp_path)
        before = bc.load_calls("2026-03-29", "2026-03-29", client=client)
        assert "990001" in set(before["id"])
        sandbox.update(990_001, timestamp="2026-03-30T00:01:00+02:00", label="late")
        return sandbox, client

    @pytest.mark.parametrize("columns", [None, ["talkTime", "label"]])
    def test_stand_once_as_they_were_read_last(self, moved, columns):
        sandbox, client = moved
        expected = 1 + sum(sandbox.truth["by_day"][f"2026-03-{day}"] for day in range(28, 32))
        for _ in range(3):  # from the server, from the cache
            frame = bc.load_calls("2026-03-28", "2026-03-31", client=client, columns=columns)
            assert len(frame) == expected
            assert frame["label"].isin(["early", "late"]).sum() == 1
            assert (frame["label"] == "late").sum() == 1
            told = frame.calls.quality().loc[("moved", "2026-03-29")]
            assert told["count"] == 1
            assert sum(window["rows"] for window in frame.attrs["brightcall"]["windows"]) == expected

    def test_so_when_files_were_put_together(self, changing, tmp_path):
        sandbox = changing
        client = sandbox.client(cache_dir=tmp_path)
        sandbox.insert([call(990_001, "2026-03-29T23:59:00+02:00", label="early")])
        for day in range(22, 30):
            bc.load_calls(f"2026-03-{day}", f"2026-03-{day}", client=client)
        sandbox.update(990_001, timestamp="2026-03-30T00:01:00+02:00", label="late")
        for day in (30, 31):
            bc.load_calls(f"2026-03-{day}", f"2026-03-{day}", client=client)
        for _ in range(3):
            frame = bc.load_calls("2026-03-22", "2026-03-31", client=client)
            assert (len(frame), frame["label"].eq("late").sum()) == (121, 1)
        assert client.cache.info()["files"] <= 3
        alone = bc.load_calls("2026-03-29", "2026-03-29", client=client)  # as that day was read
        assert "990001" in set(alone["id"])

    def test_a_day_that_was_read_again_has_it_no_more(self, moved):
        _, client = moved
        bc.load_calls("2026-03-30", "2026-03-30", client=client)
        frame = bc.load_calls("2026-03-29", "2026-03-29", client=client, refresh=True)
        assert "990001" not in set(frame["id"])
        whole = bc.load_calls("2026-03-29", "2026-03-30", client=client)
        assert whole["id"].eq("990001").sum() == 1
        assert "moved" not in whole.calls.quality().index

    def test_back_to_the_day_before(self, changing, tmp_path):
        sandbox = changing
        sandbox.insert([call(990_001, "2026-03-30T00:01:00+02:00", label="before")])
        client = sandbox.client(cache_dir=tmp_path)
        bc.load_calls("2026-03-30", "2026-03-30", client=client)
        sandbox.update(990_001, timestamp="2026-03-29T23:59:00+02:00", label="after")
        frame = bc.load_calls("2026-03-29", "2026-03-30", client=client)
        assert frame.loc[frame["id"] == "990001", "label"].tolist() == ["after"]


class TestLateEdits:
    def test_are_told(self, changing, tmp_path):
        sandbox = changing
        client = sandbox.client(cache_dir=tmp_path)
        days = sandbox.day_from, sandbox.day_to
        before = bc.load_calls(*days, client=client)
        assert "changes" not in before.calls.quality().index
        gone, edited = before["id"].iloc[3:10].tolist(), before["id"].iloc[50]
        sandbox.delete(gone)
        sandbox.update(edited, outcomeTag="Came late", talkTime=77)
        sandbox.insert([call(990_000 + n, f"{sandbox.day_from}T12:00:00+00:00") for n in range(2)])
        after = bc.load_calls(*days, client=client, refresh=True)
        (window,) = after.attrs["brightcall"]["windows"]
        since = before.attrs["brightcall"]["windows"][0]["fetched_at"]
        fields = {"outcomeTag": 1, "talkTime": 1}
        expected = {"since": since, "before": 120, "new": 2, "gone": 7, "changed": 1, "fields": fields}
        assert window["changes"] == expected
        row = after.calls.quality().loc[("changes", f"{days[0]} to {days[1]}")]
        assert row[["count", "of"]].tolist() == [10, 122]
        assert row["detail"] == f"2 new, 7 gone, 1 changed (outcomeTag 1, talkTime 1); since {since}"
        warm = bc.load_calls(*days, client=client)
        assert warm.attrs["brightcall"]["windows"][0]["changes"] == expected

    def test_only_of_days_that_were_read_before(self, changing, tmp_path):
        sandbox = changing
        client = sandbox.client(cache_dir=tmp_path)
        first = bc.load_calls(sandbox.day_from, sandbox.day_from, client=client)
        sandbox.delete([first["id"].iloc[0]])
        frame = bc.load_calls(sandbox.day_from, sandbox.day_to, client=client, refresh=True)
        (window,) = frame.attrs["brightcall"]["windows"]
        found = {name: window["changes"][name] for name in ("before", "new", "gone", "changed")}
        assert found == {"before": len(first), "new": 0, "gone": 1, "changed": 0}

    def test_nothing_changed(self, sandbox, tmp_path):
        client = sandbox.client(cache_dir=tmp_path)
        bc.load_calls("2026-03-03", "2026-03-05", client=client)
        frame = bc.load_calls("2026-03-03", "2026-03-05", client=client, refresh=True)
        row = frame.calls.quality().loc[("changes", "2026-03-03 to 2026-03-05")]
        assert (row["count"], row["of"]) == (0, len(frame))

    def test_a_cache_that_is_not_there_has_nothing_to_compare(self, sandbox, tmp_path):
        client = sandbox.client(cache_dir=tmp_path)
        frame = bc.load_calls("2026-03-03", "2026-03-05", client=client, refresh=True)
        assert "changes" not in frame.calls.quality().index


class TestStaysSmall:
    def daily(self, sandbox, client, days, back=7):
        """Load the last days of each day, as a job of every night does."""
        first = date.fromisoformat(sandbox.day_from)
        for number in range(days):
            last = first + timedelta(days=number)
            start = max(first, last - timedelta(days=back))
            bc.load_calls(start, last, client=client, refresh=True)
        return str(first), str(last)

    def test_overlapping_loads_of_every_day(self, sandbox, tmp_path):
        client, other = sandbox.client(cache_dir=tmp_path / "a"), sandbox.client(cache_dir=tmp_path / "b")
        days = self.daily(sandbox, client, 25)
        frame = bc.load_calls(*days, client=client)
        once = bc.load_calls(*days, client=other)
        pdt.assert_frame_equal(frame, once)
        info, least = client.cache.info(), other.cache.info()
        assert info["files"] <= 10
        assert info["window_bytes"] <= 5 * least["window_bytes"]  # mostly what a file takes by itself
        assert info["calls"] == len(frame)
        since = len(sandbox.requests())
        bc.load_calls(*days, client=client)
        assert asked(sandbox, since) == set()

    def test_while_another_process_reads(self, sandbox, tmp_path):
        client = sandbox.client(cache_dir=tmp_path)
        days = self.daily(sandbox, client, 12)
        expected = len(bc.load_calls(*days, client=client))
        program = (
            "import sys, warnings\n"
            "import brightcall_pandas as bc\n"
            "warnings.simplefilter('error')\n"
            "client = bc.Client(account=sys.argv[1], cache_dir=sys.argv[2], offline=True)\n"
            "print('ready', flush=True)\n"
            "for _ in range(15):\n"
            "    print(len(bc.load_calls(sys.argv[3], sys.argv[4], client=client)), flush=True)\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", program, sandbox.account, str(tmp_path), *days],
            stdout=subprocess.PIPE,
            text=True,
        ) as reader:
            assert reader.stdout.readline() == "ready\n"
            rounds = 0
            while reader.poll() is None and rounds < 200:
                day = str(date.fromisoformat(days[0]) + timedelta(days=rounds % 12))
                bc.load_calls(day, day, client=client, refresh=True)
                rounds += 1
            found = reader.stdout.read().split()
        assert found == [str(expected)] * 15
        assert reader.returncode == 0
        assert rounds > 3

    def test_a_final_day_stays_final_when_files_are_put_together(self, sandbox, tmp_path):
        client = sandbox.client(cache_dir=tmp_path, max_age=0)
        days = self.daily(sandbox, client, 10)
        bc.load_calls(*days, client=client)
        since = len(sandbox.requests())
        bc.load_calls(*days, client=client)
        assert asked(sandbox, since) == set()

    def test_what_was_put_together_is_rebuilt_from_pages(self, sandbox, tmp_path):
        client = sandbox.client(cache_dir=tmp_path)
        days = self.daily(sandbox, client, 10, back=2)
        frame = bc.load_calls(*days, client=client)
        assert client.cache.info()["files"] <= 3
        for path in segments(client):
            path.rename(path.with_name(re.sub(r"\.v\d+\.", ".v0.", path.name)))
        since = len(sandbox.requests())
        pdt.assert_frame_equal(bc.load_calls(*days, client=client), frame)
        assert asked(sandbox, since) == set()


class TestCacheLimit:
    QUERIES = ("inbound", "outbound", "internal")

    def load(self, client, types, **options):
        return bc.load_calls("2026-03-01", "2026-03-31", client=client, types=types, **options)

    def bytes_of(self, sandbox, folder, *queries):
        client = sandbox.client(cache_dir=folder)
        for each in queries:
            self.load(client, each)
        return client.cache.info()["bytes"]

    def test_what_was_not_used_for_longest_goes_first(self, sandbox, tmp_path):
        def load(client, least):  # about as many calls each
            return bc.load_calls("2026-03-01", "2026-03-31", client=client, talk_time_from=least)

        other = sandbox.client(cache_dir=tmp_path / "other")
        for least in (1, 2, 3):
            load(other, least)
        limit = 97 * other.cache.info()["bytes"] // 100
        client = sandbox.client(cache_dir=tmp_path / "limited", cache_limit=limit)
        for least in (1, 2, 1, 3):
            load(client, least)
        info = client.cache.info()
        assert (info["limit"], info["queries"], info["dropped"]["files"]) == (limit, 2, 1)
        assert (info["dropped"]["first_day"], info["dropped"]["last_day"]) == ("2026-03-01", "2026-03-31")
        for least, expected in ((1, set()), (3, set()), (2, {("2026-03-01", "2026-03-31")})):
            since = len(sandbox.requests())
            load(client, least)
            assert asked(sandbox, since) == expected

    def test_a_load_keeps_what_it_needs_even_above_the_limit(self, sandbox, tmp_path):
        client = sandbox.client(cache_dir=tmp_path, cache_limit=1_000)
        frame = self.load(client, "inbound")
        since = len(sandbox.requests())
        pdt.assert_frame_equal(self.load(client, "inbound"), frame)
        assert asked(sandbox, since) == set()

    def test_the_folder_keeps_to_it(self, sandbox, tmp_path):
        limit = 3 * self.bytes_of(sandbox, tmp_path / "one", "inbound") // 2
        client = sandbox.client(cache_dir=tmp_path / "limited", cache_limit=limit)
        for day in range(1, 29):
            bc.load_calls(f"2026-03-{day:02}", f"2026-03-{day + 3:02}", client=client, talk_time_from=day)
        info = client.cache.info()
        assert info["bytes"] <= limit
        assert info["dropped"]["files"] > 0
        assert info["dropped"]["at"] <= datetime.now(UTC)

    def test_without_one_nothing_goes(self, sandbox, tmp_path):
        client = sandbox.client(cache_dir=tmp_path)
        for each in self.QUERIES:
            self.load(client, each)
        info = client.cache.info()
        assert (info["limit"], info["dropped"], info["queries"]) == (None, None, 3)

    @pytest.mark.parametrize(
        ("given", "limit"), [(5_000, 5_000), ("2 GB", 2 * 10**9), ("1.5MiB", 3 * 2**19), ("700 kb", 700_000)]
    )
    def test_is_given_in_bytes_or_as_text(self, sandbox, tmp_path, given, limit):
        assert sandbox.client(cache_dir=tmp_path, cache_limit=given).cache.info()["limit"] == limit

    @pytest.mark.parametrize("given", ["much", "-1 GB", 0, -5, "5 XB"])
    def test_what_cannot_be(self, sandbox, tmp_path, given):
        with pytest.raises(ValueError, match="cache_limit"):
            sandbox.client(cache_dir=tmp_path, cache_limit=given)


class TestRules:
    """Windows that were proved by older rules, and windows that were not proved."""

    def load(self, client, **options):
        return bc.load_calls("2026-03-03", "2026-03-05", client=client, **options)

    def made_older(self, client):
        """Make what is cached that of the rules before; return the folder."""
        (folder,) = (client.cache.folder / "windows").iterdir()
        rules, _, query = folder.name.partition("-")
        return folder.rename(folder.with_name(f"{int(rules) - 1}-{query}"))

    def test_the_folder_says_by_which_rules(self, sandbox, tmp_path):
        client = sandbox.client(cache_dir=tmp_path)
        (window,) = self.load(client).attrs["brightcall"]["windows"]
        (folder,) = (client.cache.folder / "windows").iterdir()
        assert folder.name.startswith(f"{window['rules']}-")

    def test_what_older_ones_proved_is_read_again_and_shown(self, sandbox, tmp_path):
        client = sandbox.client(cache_dir=tmp_path)
        frame = self.load(client)
        self.made_older(client)
        info = client.cache.info()
        assert (info["calls"], info["old_bytes"] > 0) == (0, True)
        since = len(sandbox.requests())
        pdt.assert_frame_equal(self.load(client), frame)
        assert asked(sandbox, since) == {("2026-03-03", "2026-03-05")}

    def test_it_goes_when_nothing_used_it_for_a_week(self, sandbox, tmp_path):
        client = sandbox.client(cache_dir=tmp_path)
        self.load(client)
        older = self.made_older(client)
        self.load(client)
        assert older.exists()
        for path in older.iterdir():
            week_ago = path.stat().st_mtime - 8 * 86_400
            os.utime(path, (week_ago, week_ago))
        self.load(client, refresh=True)
        assert not older.exists()

    def test_or_is_cleared(self, sandbox, tmp_path):
        client = sandbox.client(cache_dir=tmp_path)
        self.load(client)
        older = self.made_older(client)
        client.cache.clear()
        assert not older.exists()

    def test_or_dropped_for_the_limit(self, sandbox, tmp_path):
        client = sandbox.client(cache_dir=tmp_path)
        self.load(client)
        older = self.made_older(client)
        limited = sandbox.client(cache_dir=tmp_path, cache_limit=client.cache.info()["bytes"])
        self.load(limited)
        assert list(older.glob("*.parquet")) == []

    def test_pages_of_what_was_not_proved_are_never_used(self, changing, tmp_path):
        faults = {"wrong_total": {"by": 40}, "unstable_ties": {"seconds": 86_400}, "capped_page": {"cap": 60}}
        sandbox = changing
        sandbox.insert([call(990_000 + n, "2026-03-31T12:00:00+02:00") for n in range(300)])
        sandbox.set_faults(faults)
        client = sandbox.client(cache_dir=tmp_path)
        days = "2026-03-31", "2026-03-31"
        with pytest.warns(RuntimeWarning, match="not proved complete"):
            bc.load_calls(*days, client=client, on_incomplete="warn", progress=False)
        assert client.cache.info()["pages"] > 0  # they are there
        sandbox.set_faults(None)
        sandbox.update(990_000, label="new")
        since = len(sandbox.requests())
        frame = bc.load_calls(*days, client=client)
        assert asked(sandbox, since) == {days}
        expected = 300 + sandbox.truth["by_day"]["2026-03-31"]
        assert (len(frame), frame["label"].eq("new").sum()) == (expected, 1)
        offline = sandbox.client(cache_dir=tmp_path, offline=True)
        client.cache.clear()
        with warnings.catch_warnings(), pytest.raises(bc.OfflineError):
            bc.load_calls(*days, client=offline)
