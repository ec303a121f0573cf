"""Loads of days told from today on, which is the account's today."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

import brightcall_pandas as bc

WEST, EAST = "Pacific/Pago_Pago", "Pacific/Kiritimati"  # 25 hours apart: it is never the same day in both
CALLS = {"success": True, "calls": [], "totalItems": 0, "pagesCount": 0, "tags": [], "timezone": "UTC"}
STATISTICS = {"success": True, "detailedStat": {"all": {"all": 0}}, "timezone": "UTC"}


def export_calls(day_from, day_to=None, *, client, **options):
    folder = client.cache.folder.parent / "files"
    return bc.export_calls(day_from, day_to, folder, client=client, **options)


LOADERS = [bc.load_calls, bc.count_calls, bc.load_stats, bc.load_catalog, bc.explore, export_calls]


@pytest.fixture
def client(scripted, tmp_path):
    made = bc.Client("any-key", base_url=scripted.url, cache_dir=tmp_path, retries=0)
    yield made
    made.close()


def answers(scripted, ask, zone):
    answer = STATISTICS if ask is bc.load_stats else CALLS
    scripted.answers = [(200, {}, json.dumps(answer | {"timezone": zone}).encode())]


def asked(scripted):
    """Return the first and the last day of the last question."""
    bodies = [json.loads(body) for body in scripted.bodies]
    return bodies[-1]["dayFrom"], bodies[-1]["dayTo"]


def today_in(zone):
    return datetime.now(ZoneInfo(zone)).date()


def days_of(frame):
    query = frame.attrs["brightcall"]["query"]
    return query["dayFrom"], query["dayTo"]


class TestToday:
    @pytest.mark.parametrize("zone", [WEST, EAST])
    @pytest.mark.parametrize("ask", [bc.count_calls, bc.load_stats, bc.load_catalog])
    def test_is_that_of_the_zone_that_the_filter_the_client_or_the_account_names(
        self, scripted, tmp_path, ask, zone
    ):
        for number, named in enumerate(("filter", "client", "account")):
            answers(scripted, ask, zone if named == "account" else "Europe/Berlin")
            options = {"timezone": zone} if named == "client" else {}
            filters = {"timezone": zone} if named == "filter" else {}
            client = bc.Client(
                "any-key", base_url=scripted.url, cache_dir=tmp_path / str(number), retries=0, **options
            )
            before = today_in(zone)
            ask("today", client=client, **filters)
            assert asked(scripted) in {(str(each), str(each)) for each in (before, today_in(zone))}, named
            client.close()

    @pytest.mark.parametrize("zone", [WEST, EAST])
    def test_so_it_is_for_calls(self, scripted, client, zone):
        answers(scripted, bc.load_calls, zone)
        before = today_in(zone)
        frame = bc.load_calls("7d", client=client)
        expected = {(str(each - timedelta(days=6)), str(each)) for each in (before, today_in(zone))}
        assert days_of(frame) in expected

    @pytest.mark.parametrize("ask", LOADERS)
    def test_dates_ask_for_no_zone(self, scripted, client, ask):
        answers(scripted, ask, "UTC")
        ask("2026-03-01", "2026-03-02", client=client)
        bodies = [json.loads(body) for body in scripted.bodies]
        assert {(each["dayFrom"], each["dayTo"]) for each in bodies} >= {("2026-03-01", "2026-03-02")}
        assert all(each["dayFrom"] <= "2026-03-02" for each in bodies)  # nothing is asked of today

    @pytest.mark.parametrize("ask", LOADERS)
    def test_a_period_is_its_days(self, scripted, client, ask):
        answers(scripted, ask, "UTC")
        ask("2024-02", None, client=client)
        bodies = [json.loads(body) for body in scripted.bodies]
        assert {(each["dayFrom"], each["dayTo"]) for each in bodies} >= {("2024-02-01", "2024-02-29")}

    def test_last_month_ends_before_this_one(self, scripted, client):
        answers(scripted, bc.count_calls, WEST)
        before = today_in(WEST)
        bc.count_calls("last month", client=client)
        ends = {str(each.replace(day=1) - timedelta(days=1)) for each in (before, today_in(WEST))}
        assert asked(scripted)[1] in ends
        assert asked(scripted)[0] == asked(scripted)[1][:8] + "01"

    @pytest.mark.parametrize("ask", LOADERS)
    @pytest.mark.parametrize(
        ("days", "filters", "error"),
        [
            (("tomorrow", None), {}, ValueError),
            (("last 7 days", None), {}, ValueError),
            (("30d", "7d"), {}, ValueError),
            (("30d", None), {"types": "sideways"}, ValueError),
            (("30d", None), {"page": 2}, TypeError),
        ],
    )
    def test_what_is_wrong_is_refused_before_any_request(self, scripted, client, ask, days, filters, error):
        with pytest.raises(error):
            ask(*days, client=client, **filters)
        assert scripted.bodies == []

    def test_offline_without_a_zone_says_so(self, tmp_path):
        client = bc.Client("any-key", cache_dir=tmp_path, offline=True)
        with pytest.raises(bc.OfflineError, match="timezone"):
            bc.load_calls("30d", client=client)


class TestRecentCalls:
    def test_the_last_days_are_those_calls(self, tmp_path, fetch_plainly):
        with bc.start_sandbox(calls=120, days=5, seed=3, day_to=today_in("UTC")) as sandbox:
            client = sandbox.client(cache_dir=tmp_path, timezone="UTC")
            plain = fetch_plainly(sandbox, timezone="UTC")
            last = date.fromisoformat(sandbox.day_to)
            if today_in("UTC") != last:
                pytest.skip("midnight came")
            dates = {
                key: datetime.fromisoformat(call["timestamp"]).astimezone(ZoneInfo("UTC")).date()
                for key, call in plain.items()
            }
            for days, first, end in (
                (("3d",), last - timedelta(days=2), last),
                (("yesterday",), last - timedelta(days=1), last - timedelta(days=1)),
                (("3d", "yesterday"), last - timedelta(days=3), last - timedelta(days=1)),
            ):
                expected = {key for key, day in dates.items() if first <= day <= end}
                assert 0 < len(expected) < 120
                assert set(bc.load_calls(*days, client=client)["id"]) == expected
                assert bc.count_calls(*days, client=client) == len(expected)
            client.close()


class TestNothing:
    """A load without calls says which days it was for, and on a sandbox which days have some."""

    def test_a_sandbox_names_its_days(self, shared, tmp_path):
        client = shared.client(cache_dir=tmp_path)
        first, last = shared.day_from, shared.day_to
        said = rf"^no calls from 2026-01-01 to 2026-01-02 \(Europe/Berlin\).* from {first} to {last}: bc\."
        with pytest.warns(bc.NoMatchWarning, match=said) as caught:
            assert bc.load_calls("2026-01-01", "2026-01-02", client=client).empty
        assert {each.filename for each in caught} == {__file__}
        with pytest.warns(
            bc.NoMatchWarning, match=rf"^no calls on {first} .*pass the filters outcomes=.*Lost"
        ):
            bc.load_calls(first, first, outcomes="Lost in space", client=client)
        client.close()

    def test_where_calls_are_nothing_is_said(self, shared, tmp_path, recwarn):
        client = shared.client(cache_dir=tmp_path)
        assert len(bc.load_calls(shared.day_from, shared.day_to, client=client)) == 240
        assert not recwarn.list
        client.close()

    def test_of_another_server_on_this_machine_nothing_more_is_asked(self, scripted, client):
        """A tunnel to a real server begins on this machine as well."""
        answers(scripted, bc.load_calls, "UTC")
        with pytest.warns(bc.NoMatchWarning, match=r"^no calls on 2026-03-01 \(UTC\)$"):
            bc.load_calls("2026-03-01", "2026-03-01", client=client)
        assert min(json.loads(body)["dayFrom"] for body in scripted.bodies) > "2024"  # not all since ever

    def test_offline_nobody_is_asked(self, shared, tmp_path):
        client = shared.client(cache_dir=tmp_path)
        bc.load_calls("2026-01-01", shared.day_to, client=client)
        offline = shared.client(cache_dir=tmp_path, offline=True)
        asked = len(shared.requests())
        with pytest.warns(bc.NoMatchWarning, match=r"^no calls on 2026-01-01 \(Europe/Berlin\)$"):
            bc.load_calls("2026-01-01", "2026-01-01", client=offline)
        assert len(shared.requests()) == asked
        client.close()
        offline.close()
