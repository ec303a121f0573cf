"""The loaders through HTTP: days and zones, what the cache serves, what is asked again, what comes back."""

from __future__ import annotations

import json
import time
import warnings
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pandas.testing as pdt
import pytest
import requests

import brightcall_pandas as bc
from brightcall_pandas.frame._fields import FIELD_NAMES


@pytest.fixture(scope="module")
def sandbox():
    with bc.start_sandbox(calls=3_000, days=30, seed=5) as running:
        yield running


@pytest.fixture(scope="module")
def recent():
    """Calls of the last 20 days, of which 8 are not settled yet."""
    with bc.start_sandbox(calls=1_000, days=20, seed=6, day_to=datetime.now(UTC).date()) as running:
        yield running


@pytest.fixture
def client(sandbox, tmp_path):
    return sandbox.client(cache_dir=tmp_path)


class Requests:
    """Counts the requests that a block makes, and says for which days they ask."""

    def __init__(self, sandbox):
        self.sandbox = sandbox

    def __enter__(self):
        self._before = len(self.sandbox.requests())
        return self

    def __exit__(self, *_):
        self.seen = self.sandbox.requests()[self._before :]
        bodies = [json.loads(each["body"]) for each in self.seen]
        self.days = {(body["dayFrom"], body["dayTo"]) for body in bodies}

    def __len__(self):
        return len(self.seen)


def raw_calls(sandbox, **more):
    """Read all calls plainly: without the package, in one page."""
    body = {"dayFrom": sandbox.day_from, "dayTo": sandbox.day_to, "itemsPerPage": 10_000} | more
    url = f"{sandbox.url}/api/v1/stat/calls?api-key={sandbox.api_key}"
    return requests.post(url, json=body, timeout=60).json()["calls"]


def local_days(calls, zone):
    """Return the calls of each day in a zone, counted with the standard library alone."""
    counts = {}
    for call in calls:
        day = datetime.fromisoformat(call["timestamp"]).astimezone(ZoneInfo(zone)).date()
        counts[day] = counts.get(day, 0) + 1
    return counts


class TestLoadCalls:
    def test_columns_are_the_45_in_order_and_extras(self, sandbox, client):
        frame = bc.load_calls(sandbox.day_from, sandbox.day_from, client=client)
        assert tuple(frame.columns) == (*FIELD_NAMES, "extras")
        assert frame.index.equals(pd.RangeIndex(len(frame)))

    def test_the_second_load_asks_nothing_and_returns_the_same(self, sandbox, client):
        first = bc.load_calls(sandbox.day_from, sandbox.day_to, client=client)
        with Requests(sandbox) as asked:
            second = bc.load_calls(sandbox.day_from, sandbox.day_to, client=client)
            third = bc.load_calls(sandbox.day_from, sandbox.day_to, client=client)
        assert len(asked) == 0
        pdt.assert_frame_equal(first, second)
        pdt.assert_frame_equal(first, third)

    def test_rows_are_the_servers_rows(self, sandbox, client):
        frame = bc.load_calls(sandbox.day_from, sandbox.day_to, client=client)
        raw = {str(call["id"]): call for call in raw_calls(sandbox)}
        assert set(frame["id"]) == raw.keys()
        for row in frame.sample(200, random_state=1).itertuples():
            call = raw[row.id]
            assert row.talkTime == call["talkTime"]
            assert row.state == ("unanswered", "answered", "failed")[call["state"]]
            assert row.type == ("inbound", "outbound", "internal")[call["type"]]
            assert row.timestamp == datetime.fromisoformat(call["timestamp"])
            assert row.numbersInvolvedJSON == call["numbersInvolvedJSON"]
            assert row.favorite == call["favorite"]

    def test_rows_are_ordered_by_time(self, sandbox, client):
        frame = bc.load_calls(sandbox.day_from, sandbox.day_to, client=client)
        assert frame["timestamp"].is_monotonic_increasing

    def test_chosen_columns_come_in_the_order_asked_for(self, sandbox, client):
        whole = bc.load_calls(sandbox.day_from, sandbox.day_to, client=client)
        for _ in range(2):  # from the server, from the cache
            part = bc.load_calls(sandbox.day_from, sandbox.day_to, client=client, columns=["talkTime", "id"])
            pdt.assert_frame_equal(part, whole[["talkTime", "id"]])

    def test_an_empty_result_is_a_typed_frame(self, sandbox, client):
        frame = bc.load_calls(sandbox.day_from, sandbox.day_to, client=client, outcomes="never said")
        whole = bc.load_calls(sandbox.day_from, sandbox.day_from, client=client)
        assert len(frame) == 0
        assert frame.dtypes.equals(whole.dtypes)

    def test_filters_reach_the_server(self, sandbox, client):
        frame = bc.load_calls(
            sandbox.day_from, sandbox.day_to, client=client, types="inbound", talk_time_from=60
        )
        raw = [call for call in raw_calls(sandbox) if call["type"] == 0 and call["talkTime"] >= 60]
        assert set(frame["id"]) == {str(call["id"]) for call in raw}

    def test_attrs_survive_steps_and_cost_nothing(self, sandbox, client):
        frame = bc.load_calls(sandbox.day_from, sandbox.day_to, client=client)
        says = frame.attrs["brightcall"]
        assert says["complete"]
        assert says["timezone"] == "Europe/Berlin"
        assert says["query"]["dayFrom"] == sandbox.day_from
        assert sum(window["rows"] for window in says["windows"]) == len(frame)
        assert frame.query("talkTime > 5").attrs["brightcall"] is says

    def test_v3_returns_the_same_calls(self, sandbox, client, tmp_path):
        other = sandbox.client(cache_dir=tmp_path / "v3", api_version="v3")
        pdt.assert_frame_equal(
            bc.load_calls(sandbox.day_from, sandbox.day_to, client=other),
            bc.load_calls(sandbox.day_from, sandbox.day_to, client=client),
        )

    def test_many_small_pages_return_the_same_calls(self, sandbox, client, tmp_path):
        small = sandbox.client(cache_dir=tmp_path / "small", page_size=17, workers=3)
        pdt.assert_frame_equal(
            bc.load_calls(sandbox.day_from, sandbox.day_to, client=small),
            bc.load_calls(sandbox.day_from, sandbox.day_to, client=client),
        )

    def test_a_day_of_hundreds_of_pages_returns_the_same_calls(self, tmp_path):
        with bc.start_sandbox(calls=2_000, days=1, seed=8) as busy:
            days = busy.day_from, busy.day_to
            hundreds = bc.load_calls(*days, client=busy.client(cache_dir=tmp_path / "20", page_size=20))
            one = bc.load_calls(*days, client=busy.client(cache_dir=tmp_path / "5000", page_size=5_000))
        (window,) = hundreds.attrs["brightcall"]["windows"]
        assert window["requests"] > 140
        assert len(one) == 2_000
        pdt.assert_frame_equal(hundreds, one)

    @pytest.mark.parametrize(
        ("given", "error", "says"),
        [
            ({"type": "inbound"}, TypeError, "did you mean 'types'"),
            ({"page": 2}, TypeError, "pages are read and joined here"),
            ({"types": "inbond"}, ValueError, "did you mean 'inbound'"),
            ({"talk_time_from": -1}, ValueError, "talk_time_from"),
            ({"timezone": "Europe/Berln"}, ValueError, "did you mean 'Europe/Berlin'"),
            ({"columns": ["talktime"]}, ValueError, "did you mean 'talkTime'"),
            ({"on_incomplete": "ignore"}, ValueError, "on_incomplete"),
        ],
    )
    def test_bad_input_is_told_before_any_request(self, sandbox, client, given, error, says):
        with Requests(sandbox) as asked, pytest.raises(error, match=says):
            bc.load_calls(sandbox.day_from, sandbox.day_to, client=client, **given)
        assert len(asked) == 0

    @pytest.mark.parametrize(
        ("first", "last", "says"),
        [
            ("2026-03-05", "2026-03-01", "swap them"),
            ("2026-3-5", "2026-03-09", "is not a date"),
            (5, "2026-03-09", "day_from"),
        ],
    )
    def test_bad_days_are_told_before_any_request(self, sandbox, client, first, last, says):
        with Requests(sandbox) as asked, pytest.raises((TypeError, ValueError), match=says):
            bc.load_calls(first, last, client=client)
        assert len(asked) == 0


class TestWhatIsAskedAgain:
    def test_widening_by_a_day_asks_for_that_day_only(self, sandbox, client):
        bc.load_calls("2026-03-03", "2026-03-20", client=client)
        with Requests(sandbox) as asked:
            frame = bc.load_calls("2026-03-03", "2026-03-21", client=client)
        assert asked.days == {("2026-03-21", "2026-03-21")}
        assert len(frame) == sum(
            calls for day, calls in sandbox.truth["by_day"].items() if "2026-03-03" <= day <= "2026-03-21"
        )

    def test_a_hole_is_filled_and_nothing_else(self, sandbox, client):
        bc.load_calls("2026-03-03", "2026-03-06", client=client)
        bc.load_calls("2026-03-10", "2026-03-12", client=client)
        with Requests(sandbox) as asked:
            bc.load_calls("2026-03-03", "2026-03-12", client=client)
        assert asked.days == {("2026-03-07", "2026-03-09")}

    def test_two_holes_while_the_zone_is_not_known(self, sandbox, tmp_path):
        client = sandbox.client(cache_dir=tmp_path)
        bc.load_calls("2026-03-05", "2026-03-06", client=client)
        client.close()
        (account,) = tmp_path.rglob("account.json")
        account.unlink()
        with Requests(sandbox) as asked:
            frame = bc.load_calls("2026-03-03", "2026-03-08", client=sandbox.client(cache_dir=tmp_path))
        whole, *holes = sorted(asked.days, key=lambda days: days != ("2026-03-03", "2026-03-08"))
        assert whole == ("2026-03-03", "2026-03-08")  # whose first page tells the zone
        assert sorted(holes) == [("2026-03-03", "2026-03-04"), ("2026-03-07", "2026-03-08")]
        days = frame["timestamp"].dt.strftime("%Y-%m-%d").value_counts().to_dict()
        truth = sandbox.truth["by_day"]
        assert days == {day: n for day, n in truth.items() if "2026-03-03" <= day <= "2026-03-08"}

    def test_refresh_reads_all_days_and_drops_what_vanished(self, tmp_path):
        with bc.start_sandbox(calls=300, days=4, seed=2) as sandbox:
            client = sandbox.client(cache_dir=tmp_path)
            days = sandbox.day_from, sandbox.day_to
            before = bc.load_calls(*days, client=client)
            gone = before["id"].iloc[[5, 100]].tolist()
            sandbox.delete(gone)
            assert len(bc.load_calls(*days, client=client)) == 300  # final days are not asked again
            after = bc.load_calls(*days, client=client, refresh=True)
            assert set(before["id"]) - set(after["id"]) == set(gone)
            pdt.assert_frame_equal(bc.load_calls(*days, client=client), after)

    def test_days_that_are_not_settled_are_read_again_after_max_age(self, recent, tmp_path):
        days = recent.day_from, recent.day_to
        young = recent.client(cache_dir=tmp_path)
        bc.load_calls(*days, client=young)
        with Requests(recent) as asked:
            bc.load_calls(*days, client=young)
        assert len(asked) == 0  # younger than ten minutes
        old = recent.client(cache_dir=tmp_path, max_age=0)
        with Requests(recent) as asked:
            bc.load_calls(*days, client=old)
        first = min(day for day, _ in asked.days)
        # A day is over at midnight, somewhere on Earth half a day later, and settles seven days after that.
        assert date.fromisoformat(first) in (datetime.now(UTC).date() - timedelta(days=n) for n in (7, 8))

    def test_settle_days_says_which_days_are_final(self, recent, tmp_path):
        client = recent.client(cache_dir=tmp_path, max_age=0, settle_days=15)
        bc.load_calls(recent.day_from, recent.day_to, client=client)
        with Requests(recent) as asked:
            bc.load_calls(recent.day_from, recent.day_to, client=client)
        first = min(day for day, _ in asked.days)
        assert date.fromisoformat(first) in (datetime.now(UTC).date() - timedelta(days=n) for n in (15, 16))

    def test_a_file_of_several_days_is_final_by_its_last_one(self, recent, tmp_path):
        """Fetched an hour ago, then read together with files of earlier days, which are all final."""
        first, last = date.fromisoformat(recent.day_from), date.fromisoformat(recent.day_to)
        young = last - timedelta(days=9)
        client = recent.client(cache_dir=tmp_path, settle_days=7, max_age="10min")
        bc.load_calls(young, last, client=client)
        (file,) = tmp_path.rglob("*.parquet")
        days, fetched, rest = file.name.split(".", 2)
        file.rename(file.with_name(f"{days}.{int(fetched) - 3_600_000}.{rest}"))
        day = first
        while day < young:
            bc.load_calls(day, day, client=client)
            day += timedelta(days=1)
        offline = recent.client(cache_dir=tmp_path, offline=True)
        assert len(bc.load_calls(first, last, client=offline)) == 1_000
        assert len(list(tmp_path.rglob("*.parquet"))) < 6  # most of those that are final have become one
        with Requests(recent) as asked:
            bc.load_calls(first, last, client=client)
        ((asked_from, asked_to),) = asked.days
        assert asked_to == recent.day_to
        # A day is over at midnight, somewhere on Earth half a day later, and settles seven days after that.
        assert date.fromisoformat(asked_from) in (
            datetime.now(UTC).date() - timedelta(days=n) for n in (7, 8)
        )

    def test_of_a_month_those_days_are_read_again_that_were_not_final_when_it_was_fetched(
        self, sandbox, tmp_path
    ):
        client = sandbox.client(cache_dir=tmp_path)
        bc.load_calls("2026-03-02", "2026-03-31", client=client)
        then = datetime(
            2026, 3, 31, 12, tzinfo=UTC
        )  # March 23 ended last at 12:00 on the 24th, a week before
        for file in tmp_path.rglob("*.parquet"):
            days, _, rest = file.name.split(".", 2)
            file.rename(file.with_name(f"{days}.{int(then.timestamp() * 1000)}.{rest}"))
        with Requests(sandbox) as asked:
            frame = bc.load_calls("2026-03-02", "2026-03-31", client=client)
        assert min(day for day, _ in asked.days) == "2026-03-24"
        assert max(day for _, day in asked.days) == "2026-03-31"
        assert len(frame) == 3_000

    def test_late_outcomes_arrive(self, recent, tmp_path):
        client = recent.client(cache_dir=tmp_path, max_age=0)
        frame = bc.load_calls(recent.day_from, recent.day_to, client=client)
        late = frame["id"].iloc[-1]
        recent.update(late, outcomeTag="Came late")
        again = bc.load_calls(recent.day_from, recent.day_to, client=client)
        assert again.set_index("id").loc[late, "outcomeTag"] == "Came late"


class TestOffline:
    def test_never_asks_and_returns_what_is_there(self, sandbox, client, tmp_path):
        online = bc.load_calls("2026-03-03", "2026-03-06", client=client)
        offline = sandbox.client(cache_dir=tmp_path, offline=True)
        with Requests(sandbox) as asked:
            pdt.assert_frame_equal(bc.load_calls("2026-03-03", "2026-03-06", client=offline), online)
        assert len(asked) == 0

    def test_names_the_windows_it_lacks(self, sandbox, client, tmp_path):
        bc.load_calls("2026-03-05", "2026-03-06", client=client)
        offline = sandbox.client(cache_dir=tmp_path, offline=True)
        with (
            Requests(sandbox) as asked,
            pytest.raises(bc.OfflineError, match="2026-03-03 to 2026-03-04, 2026-03-07 to 2026-03-08"),
        ):
            bc.load_calls("2026-03-03", "2026-03-08", client=offline)
        assert len(asked) == 0

    def test_takes_days_that_are_not_settled_however_old(self, recent, tmp_path):
        online = recent.client(cache_dir=tmp_path)
        frame = bc.load_calls(recent.day_from, recent.day_to, client=online)
        offline = recent.client(cache_dir=tmp_path, offline=True, max_age=0)
        pdt.assert_frame_equal(bc.load_calls(recent.day_from, recent.day_to, client=offline), frame)

    def test_small_requests_say_so_too(self, sandbox, tmp_path):
        offline = sandbox.client(cache_dir=tmp_path, offline=True)
        with pytest.raises(bc.OfflineError, match="offline=True"):
            bc.count_calls(sandbox.day_from, sandbox.day_to, client=offline)


class TestTimezones:
    @pytest.mark.parametrize(
        "zone",
        ["Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kolkata"],
    )
    def test_days_begin_in_the_clients_zone(self, sandbox, tmp_path, zone):
        client = sandbox.client(cache_dir=tmp_path, timezone=zone, page_size=40)
        frame = bc.load_calls("2026-03-04", "2026-03-20", client=client)
        wide = raw_calls(sandbox)
        expected = {
            day: n
            for day, n in local_days(wide, zone).items()
            if date(2026, 3, 4) <= day <= date(2026, 3, 20)
        }
        assert str(frame["timestamp"].dt.tz) == zone
        assert frame["timestamp"].dt.date.value_counts().to_dict() == expected

    def test_a_zone_given_to_the_load_wins(self, sandbox, client):
        frame = bc.load_calls("2026-03-04", "2026-03-05", client=client, timezone="Asia/Tokyo")
        assert str(frame["timestamp"].dt.tz) == "Asia/Tokyo"
        assert set(frame["timestamp"].dt.date) == {date(2026, 3, 4), date(2026, 3, 5)}

    def test_a_zone_that_was_asked_for_counts_whatever_the_answers_name(self, scripted, tmp_path):
        call = {"id": 1, "timestamp": "2026-03-03T23:30:00Z", "uniqueId": "1.1"}
        answer = {"success": True, "calls": [call], "totalItems": 1, "timezone": "America/New_York"}
        scripted.answers = [(200, {}, json.dumps(answer).encode())]
        client = bc.Client("any-key", base_url=scripted.url, cache_dir=tmp_path, timezone="Asia/Tokyo")
        frame = bc.load_calls("2026-03-04", "2026-03-04", client=client)
        client.close()
        assert [str(each) for each in frame["timestamp"]] == ["2026-03-04 08:30:00+09:00"]
        assert len(scripted.targets) == 2  # both ends

    def test_the_machines_zone_does_not_matter(self, sandbox, tmp_path, monkeypatch):
        monkeypatch.setenv("TZ", "Australia/Lord_Howe")
        time.tzset()
        try:
            frame = bc.load_calls(sandbox.day_from, sandbox.day_to, client=sandbox.client(cache_dir=tmp_path))
        finally:
            monkeypatch.undo()
            time.tzset()
        days = frame["timestamp"].dt.strftime("%Y-%m-%d").value_counts().to_dict()
        assert days == {day: n for day, n in sandbox.truth["by_day"].items() if n}

    @pytest.mark.parametrize(("last", "hours"), [("2026-03-29", 23), ("2025-10-26", 25)])
    def test_days_of_23_and_25_hours_lose_and_double_nothing(self, tmp_path, last, hours):
        zone = ZoneInfo("Europe/Berlin")
        day = date.fromisoformat(last)
        start = datetime(day.year, day.month, day.day, tzinfo=zone)
        end = datetime.combine(day + timedelta(days=1), start.timetz())
        assert (end.astimezone(UTC) - start.astimezone(UTC)) == timedelta(hours=hours)
        with bc.start_sandbox(calls=50, days=3, seed=1, day_to=last) as sandbox:
            # A call in each half hour of the day, with the hour that comes twice.
            instants = [start.astimezone(UTC) + timedelta(minutes=30 * n) for n in range(2 * hours)]
            sandbox.delete([call["id"] for call in raw_calls(sandbox)])
            sandbox.insert(
                [
                    {"id": n, "timestamp": at.isoformat(), "uniqueId": f"{int(at.timestamp())}.{n}"}
                    for n, at in enumerate(instants)
                ]
            )
            for faults in (None, {"naive_timestamps": 1}):  # with offsets, and without
                sandbox.set_faults(faults)
                client = sandbox.client(cache_dir=tmp_path / str(faults), page_size=10)
                frame = bc.load_calls(last, last, client=client)
                assert frame["timestamp"].dt.tz_convert("UTC").tolist() == instants
                by_day = [bc.load_calls(d, d, client=client) for d in (str(day - timedelta(days=1)), last)]
                assert [len(each) for each in by_day] == [0, 2 * hours]

    def test_an_account_that_moved_to_another_zone_is_followed(self, sandbox, client):
        client.cache.learn(timezone="America/New_York")  # as if it had been there at the last load
        frame = bc.load_calls("2026-03-04", "2026-03-05", client=client)
        assert str(frame["timestamp"].dt.tz) == "Europe/Berlin"
        days = frame["timestamp"].dt.strftime("%Y-%m-%d").value_counts().to_dict()
        assert days == {day: sandbox.truth["by_day"][day] for day in ("2026-03-04", "2026-03-05")}
        assert client.cache.account.timezone == "Europe/Berlin"

    def test_a_server_that_begins_days_elsewhere_is_noticed_once_and_read_around(self, sandbox, tmp_path):
        with bc.start_sandbox(calls=4_000, days=20, seed=8, faults={"utc_bounds": 1}) as other:
            client = other.client(cache_dir=tmp_path, timezone="Asia/Tokyo")
            expected = local_days(raw_calls(other), "Asia/Tokyo")
            with pytest.warns(RuntimeWarning, match="starts days in another timezone"):
                frame = bc.load_calls("2026-03-15", "2026-03-27", client=client)
            assert frame["timestamp"].dt.date.value_counts().to_dict() == {
                day: n for day, n in expected.items() if date(2026, 3, 15) <= day <= date(2026, 3, 27)
            }
            again = bc.load_calls("2026-03-13", "2026-03-14", client=client)  # no second warning
            assert len(again) == expected[date(2026, 3, 13)] + expected[date(2026, 3, 14)]

    def test_so_where_a_day_has_more_calls_than_a_page(self, tmp_path):
        day = date(2026, 3, 25)
        with bc.start_sandbox(
            calls=1_600, days=4, seed=8, day_to="2026-03-27", faults={"utc_bounds": 1}
        ) as busy:
            client = busy.client(cache_dir=tmp_path, timezone="Asia/Tokyo")
            with pytest.warns(RuntimeWarning, match="starts days in another timezone"):
                frame = bc.load_calls(day, day, client=client)
            assert len(frame) == local_days(raw_calls(busy), "Asia/Tokyo")[day] > 300

    def test_what_was_read_before_that_was_noticed_is_read_again(self, tmp_path):
        times = ("28T08:00:00", "28T12:00:00", "29T12:00:00", "30T08:00:00")
        with bc.start_sandbox(
            calls=50, days=5, seed=1, day_to="2026-03-31", faults={"utc_bounds": 1}
        ) as sandbox:
            sandbox.delete([call["id"] for call in raw_calls(sandbox)])
            calls = [
                {"id": n, "timestamp": f"2026-03-{at}+09:00", "uniqueId": f"0.{n}"}
                for n, at in enumerate(times)
            ]
            sandbox.insert(calls)
            client = sandbox.client(cache_dir=tmp_path, timezone="Asia/Tokyo")
            # Nothing shows yet that the server's days start at 09:00 in Tokyo, and so call 0 is not seen.
            assert list(bc.load_calls("2026-03-28", "2026-03-28", client=client)["id"]) == ["1"]
            with pytest.warns(RuntimeWarning, match="starts days in another timezone"):
                bc.load_calls("2026-03-29", "2026-03-29", client=client)
            assert list(bc.load_calls("2026-03-28", "2026-03-28", client=client)["id"]) == ["0", "1"]

    def test_days_of_an_account_that_moved_are_read_again(self, scripted, tmp_path):
        call = {"id": 1, "timestamp": "2026-03-04T23:30:00-05:00", "uniqueId": "1.1"}  # in Berlin on the 5th

        def answer(_):
            asked = json.loads(scripted.bodies[-1])
            here = asked["dayFrom"] <= days[0] <= asked["dayTo"]
            shown = {
                "success": True,
                "timezone": zone[0],
                "calls": [call] if here else [],
                "totalItems": int(here),
            }
            return 200, {}, json.dumps(shown).encode()

        scripted.answers, zone, days = [answer], ["America/New_York"], ["2026-03-04"]
        client = bc.Client("any-key", base_url=scripted.url, cache_dir=tmp_path)
        assert len(bc.load_calls("2026-03-04", "2026-03-04", client=client)) == 1
        zone[0], days[0] = "Europe/Berlin", "2026-03-05"
        assert len(bc.load_calls("2026-03-05", "2026-03-05", client=client)) == 1
        assert len(bc.load_calls("2026-03-04", "2026-03-05", client=client)) == 1
        assert len(bc.load_calls("2026-03-04", "2026-03-04", client=client)) == 0
        client.close()

    def test_a_call_at_midnight_belongs_to_the_day_that_begins(self, tmp_path):
        """Also where the server starts days elsewhere, so that days around them are read and cut off."""
        zone = "Asia/Tokyo"
        with bc.start_sandbox(calls=50, days=5, seed=1, day_to="2026-03-31") as sandbox:
            sandbox.delete([call["id"] for call in raw_calls(sandbox)])
            times = [
                f"2026-03-{day}T{time}+09:00"
                for day in (28, 29, 30)
                for time in ("00:00:00", "23:59:59.999999")
            ]
            sandbox.insert([{"id": n, "timestamp": at, "uniqueId": f"0.{n}"} for n, at in enumerate(times)])
            for faults in (None, {"utc_bounds": 1}):
                sandbox.set_faults(faults)
                client = sandbox.client(cache_dir=tmp_path / str(faults), timezone=zone)
                with warnings.catch_warnings():
                    warnings.filterwarnings("ignore", ".*starts days in another timezone", RuntimeWarning)
                    days = {
                        day: bc.load_calls(day, day, client=client) for day in ("2026-03-28", "2026-03-29")
                    }
                    both = bc.load_calls("2026-03-28", "2026-03-29", client=client, refresh=True)
                assert [list(frame["id"]) for frame in days.values()] == [["0", "1"], ["2", "3"]]
                assert list(both["id"]) == ["0", "1", "2", "3"]


class TestOnIncomplete:
    FAULTS = {"wrong_total": {"by": 40}, "unstable_ties": {"seconds": 86_400}, "capped_page": {"cap": 30}}

    def test_what_cannot_be_proved_raises_and_is_not_cached(self, tmp_path):
        with bc.start_sandbox(calls=150, days=1, seed=1, faults=self.FAULTS) as sandbox:
            client = sandbox.client(cache_dir=tmp_path)
            for _ in range(2):
                with pytest.raises(bc.IncompleteDataError, match=r"of 2026-03-31.*on_incomplete='warn'"):
                    bc.load_calls(sandbox.day_from, sandbox.day_to, client=client)
            assert client.cache.info()["calls"] == 0

    def test_many_days_are_one_warning(self, tmp_path):
        faults = {"wrong_total": {"by": 40}}
        with bc.start_sandbox(calls=300, days=4, seed=1, faults=faults) as sandbox:
            client = sandbox.client(cache_dir=tmp_path)
            with pytest.warns(RuntimeWarning, match="not proved complete") as said:
                frame = bc.load_calls(
                    sandbox.day_from, sandbox.day_to, client=client, on_incomplete="warn", progress=False
                )
            (warning,) = said
            assert warning.filename == __file__
            message = str(warning.message)
            assert "2026-03-28 to 2026-03-31" in message
            assert "lacking" in message  # why
            assert "on_incomplete" not in message
            details = frame.calls.quality().loc["completeness", "detail"]
            assert all("lacking" in each for each in details)

    def test_days_that_an_export_could_not_prove_are_one_warning(self, tmp_path):
        faults = {"wrong_total": {"by": 40}}
        with bc.start_sandbox(calls=300, days=4, seed=1, faults=faults) as sandbox:
            client = sandbox.client(cache_dir=tmp_path / "cache")
            with pytest.warns(RuntimeWarning, match="They are written as they are") as said:
                bc.export_calls(
                    sandbox.day_from,
                    sandbox.day_to,
                    tmp_path / "calls",
                    client=client,
                    on_incomplete="warn",
                    progress=False,
                )
            assert len(said) == 1

    def test_or_warns_and_marks_it(self, tmp_path):
        with bc.start_sandbox(calls=150, days=1, seed=1, faults=self.FAULTS) as sandbox:
            client = sandbox.client(cache_dir=tmp_path)
            with pytest.warns(RuntimeWarning, match="not proved complete"):
                frame = bc.load_calls(sandbox.day_from, sandbox.day_to, client=client, on_incomplete="warn")
            assert not frame.attrs["brightcall"]["complete"]
            assert [window["complete"] for window in frame.attrs["brightcall"]["windows"]] == [False]
            assert client.cache.info()["calls"] == 0


class TestCountCalls:
    def test_is_the_servers_count(self, sandbox, client):
        assert bc.count_calls(sandbox.day_from, sandbox.day_to, client=client) == 3_000
        inbound = sandbox.truth["by_direction"]["inbound"]["calls"]
        assert bc.count_calls(sandbox.day_from, sandbox.day_to, client=client, types="inbound") == inbound

    def test_v3_counts_pages_of_one(self, sandbox, tmp_path):
        client = sandbox.client(cache_dir=tmp_path, api_version="v3")
        assert bc.count_calls(sandbox.day_from, sandbox.day_to, client=client) == 3_000

    def test_costs_one_request_and_then_none(self, sandbox, client):
        with Requests(sandbox) as asked:
            for _ in range(3):
                bc.count_calls(sandbox.day_from, sandbox.day_to, client=client)
        assert len(asked) == 1


class TestLoadCatalog:
    def test_has_the_accounts_words(self, sandbox, client):
        catalog = bc.load_catalog(sandbox.day_from, sandbox.day_to, client=client)
        assert "Busy" in set(catalog.tags["name"])
        assert len(catalog.projects.columns) == 2
        assert set(catalog.projects["name"]) >= {"Solar North"}
        spellings = {s for each in sandbox.truth["by_outcome"].values() for s in each["spellings"]}
        assert set(catalog.outcomes["name"]) & spellings

    def test_needs_no_days(self, sandbox, client):
        assert len(bc.load_catalog(client=client).projects) == 5


class TestLoadStats:
    def test_is_the_servers_tree_by_direction(self, sandbox, client):
        stats = bc.load_stats(sandbox.day_from, sandbox.day_to, client=client)
        assert stats.index.tolist() == ["all", "inbound", "outbound", "internal"]
        for direction, truth in sandbox.truth["by_direction"].items():
            row = stats.loc[direction]
            assert [row["all"], row["success"], row["fail"], row["error"], row["talks"]] == [
                truth["calls"],
                truth["answered"],
                truth["unanswered"],
                truth["failed"],
                truth["talks"],
            ]
            assert row["total_sum_s"] == truth["total_time_total_s"]
        assert stats.loc["all", "all"] == 3_000
        assert stats.loc["all", "allTalkTime_s"] == sandbox.truth["talk_time"]["total_s"]
        assert stats.loc["inbound", ["allTalkTime_s", "aiTalkCost", "tagsSuccess"]].isna().all()

    def test_by_day_asks_once_a_day_and_adds_up(self, sandbox, client):
        bc.count_calls("2026-03-10", "2026-03-10", client=client)  # tells the account's zone
        with Requests(sandbox) as asked:
            stats = bc.load_stats("2026-03-10", "2026-03-12", client=client, freq="day")
        assert len(asked) == 3
        assert stats.index.names == ["period", "direction"]
        by_day = stats.xs("all", level="direction")["all"]
        assert by_day.tolist() == [sandbox.truth["by_day"][f"2026-03-{day}"] for day in (10, 11, 12)]
        assert by_day.index[0] == pd.Timestamp("2026-03-10", tz="Europe/Berlin")

    def test_by_week_begins_weeks_on_monday(self, sandbox, client):
        stats = bc.load_stats("2026-03-04", "2026-03-17", client=client, freq="week")
        starts = stats.index.get_level_values("period").unique().strftime("%Y-%m-%d").tolist()
        assert starts == ["2026-03-04", "2026-03-09", "2026-03-16"]

    @pytest.mark.parametrize(("word", "alias"), [("day", "D"), ("week", "W"), ("month", "M")])
    def test_a_period_is_a_word_or_an_alias_of_pandas(self, client, word, alias):
        days = "2026-03-08", "2026-03-09"  # a Sunday and a Monday of one month
        stats = bc.load_stats(*days, client=client, freq=word)
        assert len(stats.index.unique("period")) == {"day": 2, "week": 2, "month": 1}[word]
        pd.testing.assert_frame_equal(bc.load_stats(*days, client=client, freq=alias), stats)

    def test_v3_is_read_where_it_has_the_form_of_v1(self, sandbox, client, tmp_path):
        days = sandbox.day_from, sandbox.day_to
        other = sandbox.client(cache_dir=tmp_path, api_version="v3")
        with Requests(sandbox) as asked, pytest.raises(bc.InvalidResponseError) as raised:
            bc.load_stats(*days, client=other)
        assert len(asked) == 1
        assert "has no detailedStat with a group; it has 'success', 'chart'" in str(raised.value)
        assert "bc.Client(api_version='v1')" in str(raised.value)
        sandbox.set_persona("v3-statistics")
        try:
            stats = bc.load_stats(*days, client=other)
        finally:
            sandbox.set_persona(None)
        pd.testing.assert_frame_equal(stats, bc.load_stats(*days, client=client))

    def test_an_unknown_period_is_told(self, sandbox, client):
        with pytest.raises(ValueError, match="freq='year'"):
            bc.load_stats(sandbox.day_from, sandbox.day_to, client=client, freq="year")
