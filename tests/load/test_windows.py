"""What the rows of a window say of the server: calls of other days, and days that start elsewhere."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import brightcall_pandas as bc

ZONE = "Asia/Tokyo"
BEFORE, DAY, AFTER = "2026-03-02", "2026-03-03", "2026-03-04"


def call(number: int, time: str) -> dict[str, Any]:
    return {"id": number, "timestamp": f"2026-{time}+09:00", "uniqueId": f"0.{number}"}


FOUR = [call(n, f"03-03T{8 + n:02}:00:00") for n in range(1, 5)]


class Server:
    """A server that shows calls on the days that it is told, whatever their times say.

    Requests with `types` find nothing; those for more than the `longest` number of days are refused.
    """

    def __init__(
        self,
        scripted,
        days: dict[str, list[dict[str, Any]]],
        *,
        newest_first: bool = False,
        totals: bool = True,
        zone: str | None = "UTC",
        longest: int = 1000,
    ):
        self.days = days
        self.newest_first = newest_first
        self.totals = totals
        self.zone = zone
        self.longest = longest
        self.asked: list[dict[str, Any]] = []
        self._scripted = scripted
        scripted.answers = [self._answer]

    def _answer(self, _):
        asked = json.loads(self._scripted.bodies[-1])
        self.asked.append(asked)
        length = date.fromisoformat(asked["dayTo"]) - date.fromisoformat(asked["dayFrom"])
        if length.days >= self.longest:
            return 400, {}, b'{"success": false, "message": "too many days"}'
        days = [] if "types" in asked else sorted(self.days)
        rows = [each for day in days if asked["dayFrom"] <= day <= asked["dayTo"] for each in self.days[day]]
        downwards = self.newest_first or asked["sortDirection"] == "DESC"
        rows.sort(key=lambda row: (row["timestamp"], row["id"]), reverse=downwards)
        begin = (asked["page"] - 1) * asked["itemsPerPage"]
        shown = rows[begin : begin + asked["itemsPerPage"]]
        answer = {"success": True, "timezone": self.zone, "calls": shown}
        if self.totals:
            answer["totalItems"] = len(rows)
        return 200, {}, json.dumps(answer).encode()


@pytest.fixture
def client(scripted, tmp_path):
    made = bc.Client("any-key", base_url=scripted.url, cache_dir=tmp_path, timezone=ZONE, workers=1)
    yield made
    made.close()


def ids(frame) -> list[int]:
    return sorted(map(int, frame["id"]))


def load(client, first=DAY, last=DAY, **options):
    return bc.load_calls(first, last, client=client, progress=False, **options)


class TestCallsOfOtherDays:
    FAR = [call(8, "03-11T12:00:00"), call(9, "02-20T12:00:00")]

    @pytest.mark.parametrize("stray", FAR)
    def test_one_may_be_dated_wrongly(self, scripted, client, stray):
        Server(scripted, {DAY: [*FOUR, stray]})
        assert ids(load(client)) == sorted([1, 2, 3, 4, stray["id"]])
        assert client.account.other_bounds is False

    def test_two_prove_nothing_and_are_left_out(self, scripted, client):
        server = Server(scripted, {DAY: [*FOUR, *self.FAR]})
        with pytest.raises(bc.IncompleteDataError, match="the answers show 2 calls of other days"):
            load(client)
        with pytest.warns(RuntimeWarning, match="2 calls of other days"):
            frame = load(client, on_incomplete="warn")
        assert ids(frame) == [1, 2, 3, 4]
        assert not frame.attrs["brightcall"]["complete"]
        server.days[DAY] = FOUR
        assert ids(load(client)) == [1, 2, 3, 4]  # nothing of it was kept

    def test_nothing_but_calls_of_the_next_day(self, scripted, client):
        next_day = [call(8, "03-04T03:00:00"), call(9, "03-04T05:00:00")]
        Server(scripted, {DAY: next_day, AFTER: next_day})
        with pytest.raises(bc.IncompleteDataError, match="2 calls of other days"):
            load(client)
        assert client.account.other_bounds is False


class TestDaysThatStartElsewhere:
    @pytest.mark.parametrize("page_size", [500, 12])  # so small that a page has nothing else
    def test_calls_that_the_next_day_shows_as_well_mark_nothing(self, scripted, client, page_size):
        late = [call(50 + n, f"03-04T00:{n:02}:00") for n in range(14)]
        here = [call(n, f"03-03T{8 + n // 10:02}:{n % 10}0:00") for n in range(50)]
        Server(scripted, {DAY: [*here, *late], AFTER: [*late, call(64, "03-04T12:00:00")]})
        client.page_size = page_size
        assert ids(load(client)) == list(range(64))
        assert ids(load(client, last=AFTER)) == list(range(65))
        assert client.account.other_bounds is False

    def test_nor_do_those_that_come_late_in_it(self, scripted, client):
        """Its first page has no room for them."""
        late = call(999, "03-04T12:00:00")
        busy = [call(100 + n, f"03-04T08:{n // 2:02}:{n % 2 * 30:02}") for n in range(100)]
        Server(scripted, {DAY: [*FOUR, late], AFTER: [*busy, late]})
        assert ids(load(client)) == [1, 2, 3, 4, 999]
        assert client.account.other_bounds is False

    def test_nor_do_calls_on_both_sides(self, scripted, client):
        Server(scripted, {DAY: [*FOUR, call(8, "03-02T23:00:00"), call(9, "03-04T01:00:00")]})
        assert ids(load(client)) == [1, 2, 3, 4, 8, 9]
        assert client.account.other_bounds is False

    @pytest.mark.parametrize("stray", ["03-02T09:59:59", "03-04T14:00:00"])
    def test_nor_does_one_further_away_than_timezones_differ(self, scripted, client, stray):
        Server(scripted, {DAY: [*FOUR, call(8, stray)]})
        assert ids(load(client)) == [1, 2, 3, 4, 8]
        assert client.account.other_bounds is False

    @pytest.mark.parametrize(
        "stray", ["03-02T10:00:00", "03-02T23:59:59", "03-04T00:00:00", "03-04T13:59:59"]
    )
    def test_one_as_far_away_as_they_differ_does(self, scripted, client, stray):
        Server(scripted, {DAY: [*FOUR, call(8, stray)]})
        with pytest.warns(RuntimeWarning, match="starts days in another timezone"):
            frame = load(client)
        assert ids(frame) == [1, 2, 3, 4]
        assert client.account.other_bounds is True
        (window,) = frame.attrs["brightcall"]["windows"]
        assert (window["rows"], window["expected"]) == (4, None)  # the server counted the days around as well

    @pytest.mark.parametrize("calls", [12, 150])  # a day: less than a page, and more
    @pytest.mark.parametrize("of_server", ["UTC", "Pacific/Auckland"])  # days end later, and earlier
    def test_are_noticed_and_read_around(self, scripted, client, of_server, calls):
        begin = datetime(2026, 2, 28, 15, tzinfo=UTC)
        days: dict[str, list[dict[str, Any]]] = {}
        here = []
        for number in range(6 * calls):
            time = begin + number * timedelta(days=1) / calls
            row = {"id": number, "timestamp": time.isoformat(), "uniqueId": f"0.{number}"}
            days.setdefault(str(time.astimezone(ZoneInfo(of_server)).date()), []).append(row)
            if str(time.astimezone(ZoneInfo(ZONE)).date()) == DAY:
                here.append(number)
        Server(scripted, days)
        client.page_size = 100
        with pytest.warns(RuntimeWarning, match="starts days in another timezone") as said:
            assert ids(load(client)) == here
        assert ids(load(client, refresh=True)) == here
        assert len(said) == len(here) // calls == 1

    def test_a_day_without_calls_between_two_that_have_some(self, scripted, client):
        client.cache.learn(other_bounds=True)
        Server(scripted, {BEFORE: [call(n, f"03-02T2{n}:00:00") for n in range(3)], AFTER: []})
        assert ids(load(client)) == []
        Server(scripted, {BEFORE: [], AFTER: [call(n, f"03-04T0{n}:00:00") for n in range(3)]})
        assert ids(load(client, refresh=True)) == []


class TestManyCalls:
    def test_are_cut_into_windows_of_whole_days(self, scripted, client):
        days = {
            f"2026-03-{day:02}": [call(100 * day + n, f"03-{day:02}T12:{n:02}:00") for n in range(60)]
            for day in range(1, 8)
        }
        Server(scripted, days)
        client.page_size = 10
        frame = load(client, "2026-03-01", "2026-03-07")
        assert ids(frame) == [row["id"] for rows in days.values() for row in rows]
        windows = frame.attrs["brightcall"]["windows"]
        # 16 pages of ten calls are those of 2.7 days.
        assert [(each["day_from"][-2:], each["day_to"][-2:]) for each in windows] == [
            ("01", "03"),
            ("04", "06"),
            ("07", "07"),
        ]


class TestCallsWithoutATime:
    def test_each_day_is_proved_as_any_window_is(self, scripted, client):
        """So without totals it is read twice; and what all of them cost is told once."""
        days = {BEFORE: [call(1, "03-02T12:00:00")], DAY: [*FOUR[1:], {"id": 5, "timestamp": "noon"}]}
        server = Server(scripted, days | {AFTER: [call(6, "03-04T12:00:00")]}, totals=False)
        frame = load(client, BEFORE, AFTER)
        assert ids(frame) == [1, 2, 3, 4, 5, 6]
        windows = frame.attrs["brightcall"]["windows"]
        assert [(each["walks"], each["complete"]) for each in windows] == [(2, True)] * 3
        assert sum(each["requests"] for each in windows) == len(server.asked)

    def test_so_two_calls_of_another_day_of_the_load_do_not_belong_to_it(self, scripted, client):
        strays = [call(8, "03-04T12:00:00"), call(9, "03-04T13:00:00")]
        days = {
            BEFORE: [call(1, "03-02T12:00:00"), *strays],
            DAY: [*FOUR[1:], {"id": 5, "timestamp": "noon"}],
        }
        Server(scripted, days)
        with pytest.raises(bc.IncompleteDataError, match=f"of {BEFORE} .* 2 calls of other days"):
            load(client, BEFORE, AFTER)


class TestLongerLists:
    def test_days_around_are_cut_off_and_mark_nothing(self, scripted, client):
        """A server that ignores the direction is read with the days around, which witness the ends."""
        days = {
            day: [call(1000 * n + k, f"{day[5:]}T{8 + k // 30:02}:{k % 30 * 2:02}:00") for k in range(count)]
            for n, (day, count) in enumerate({BEFORE: 20, DAY: 150, AFTER: 20}.items(), 1)
        }
        Server(scripted, days, newest_first=True, totals=False)
        client.page_size = 100
        frame = load(client)
        assert ids(frame) == list(range(2000, 2150))
        assert client.account.other_bounds is False
        (window,) = frame.attrs["brightcall"]["windows"]
        assert (window["wide"], window["rows"], window["complete"]) == (True, 150, True)


def test_answers_that_name_no_timezone_are_in_utc(scripted, tmp_path):
    Server(scripted, {DAY: FOUR}, zone=None)
    client = bc.Client("any-key", base_url=scripted.url, cache_dir=tmp_path)
    for refresh in (False, True):
        frame = load(client, refresh=refresh)
        assert [str(each) for each in frame["timestamp"]] == [
            f"2026-03-03 0{n}:00:00+00:00" for n in range(4)
        ]
    assert client.account.timezone == "UTC"
    client.close()


class TestNoCalls:
    @pytest.mark.parametrize("longest", [1000, 31])  # a year, or what may be asked for at once
    def test_on_a_quiet_day_is_kept(self, scripted, client, longest):
        server = Server(scripted, {"2025-06-01": FOUR}, longest=longest)
        assert len(load(client)) == 0
        asked = len(server.asked)
        assert len(load(client)) == 0
        assert len(server.asked) == asked

    def test_of_a_filter_is_kept(self, scripted, client):
        server = Server(scripted, {DAY: FOUR})
        assert len(load(client, types="internal")) == 0
        asked = len(server.asked)
        assert len(load(client, types="internal")) == 0
        assert len(server.asked) == asked

    def test_of_a_year_is_not(self, scripted, client):
        server = Server(scripted, {})
        assert len(load(client)) == 0
        server.days[DAY] = FOUR
        assert ids(load(client)) == [1, 2, 3, 4]
