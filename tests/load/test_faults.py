"""What a server does wrong, through HTTP: what is transient is got over, what persists is the right error.

What is right is asked for by a plain request, never by the code under test. After every load the cache is
looked into: nothing that a fault made is in it.
"""

from __future__ import annotations

import json
import re
import sqlite3
import traceback
from contextlib import closing

import pandas as pd
import pytest

import brightcall_pandas as bc
from brightcall_pandas.cache._answers import SERIALIZER

pytestmark = pytest.mark.usefixtures("quick_retries")

ZONE = "Europe/Berlin"
SECOND_DAY = "2026-03-29"
WINDOW = r"calls from 2026-03-28 to 2026-03-31, page \d+ of \d+ rows each(, newest first)?: "


@pytest.fixture
def truth(shared, fetch_plainly):
    return fetch_plainly(shared)


@pytest.fixture
def make(shared, tmp_path):
    """How a client of the sandbox is made: small pages, so that there are many; a cache of its own."""
    made = []

    def make(**options):
        given = {"cache_dir": tmp_path, "page_size": 40, "workers": 2, "retries": 3, "timezone": ZONE}
        made.append(shared.client(**(given | options)))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture(scope="module")
def tied():
    """A sandbox with few distinct times, whose ties come in another order at each request."""
    with bc.start_sandbox(calls=150, days=2, seed=3, faults={"unstable_ties": {"seconds": 3600}}) as sandbox:
        yield sandbox


def load(client, sandbox, day_to=None, **options):
    return bc.load_calls(sandbox.day_from, day_to or sandbox.day_to, client=client, progress=False, **options)


def assert_exact(frame, truth):
    """Each call is there once, as the server has it."""
    assert frame["id"].is_unique
    assert set(frame["id"]) == set(truth)
    rows = frame.set_index("id")
    expected = pd.DataFrame.from_dict(truth, orient="index").loc[rows.index]
    assert rows["talkTime"].tolist() == expected["talkTime"].tolist()
    assert rows["uniqueId"].tolist() == expected["uniqueId"].tolist()
    assert (rows["timestamp"] == pd.to_datetime(expected["timestamp"], utc=True)).all()
    assert frame["timestamp"].is_monotonic_increasing


def kept_answers(client):
    """Every answer in the page tier, decoded without the package's way of finding it."""
    path = client.cache.folder / "pages.sqlite"
    if not path.exists():
        return []
    with closing(sqlite3.connect(path)) as connection:
        values = [value for (value,) in connection.execute("SELECT value FROM responses")]
    return [json.loads(SERIALIZER.loads(value).content) for value in values]


def assert_nothing_bad_is_kept(client, truth):
    for answer in kept_answers(client):
        assert answer["success"] is True
        assert all(call == truth[str(call["id"])] for call in answer["calls"])


def struck(sandbox, since):
    return [name for seen in sandbox.requests()[since:] for name in seen["faults"]]


SILENT = {"hang", "slow"}  # only these are to meet a short timeout: the others may take their time
TRANSIENT = {
    "429 with Retry-After": {"rate_limit": {"retry_after": 0, "first": 3}},
    "429 without": {"rate_limit_bare": {"first": 3}},
    "500": {"http_500": {"first": 3}},
    "502": {"http_502": {"first": 3}},
    "503": {"http_503": {"first": 3}},
    "reset": {"reset": {"first": 3}},
    "hanging": {"hang": {"first": 2}},
    "slow": {"slow": {"first": 2, "seconds": 5}},
    "cut, length wrong": {"truncated": {"first": 3}},
    "cut, length right": {"truncated_json": {"first": 3}},
    "HTML": {"html": {"first": 3}},
}


class TestTransient:
    @pytest.mark.parametrize("name", TRANSIENT)
    def test_is_got_over(self, make, shared, truth, name):
        since = len(shared.requests())
        shared.set_faults(TRANSIENT[name])
        (fault, options) = next(iter(TRANSIENT[name].items()))
        client = make(timeout=1 if fault in SILENT else 30, retries=8)
        assert_exact(load(client, shared), truth)
        assert struck(shared, since) == [fault] * options["first"]
        assert client.session.requests == len(shared.requests()) - since
        assert_nothing_bad_is_kept(client, truth)
        before = client.session.requests
        assert_exact(load(client, shared), truth)
        assert client.session.requests == before

    @pytest.mark.parametrize("version", ["v1", "v3"])
    def test_many_at_once_and_many_threads(self, make, shared, truth, version):
        kinds = (
            "rate_limit_bare",
            "http_500",
            "http_502",
            "http_503",
            "reset",
            "truncated",
            "truncated_json",
            "html",
        )
        since = len(shared.requests())
        shared.set_faults(dict.fromkeys(kinds, 0.08))
        client = make(retries=20, page_size=15, workers=6, api_version=version)
        assert_exact(load(client, shared), truth)
        assert len(set(struck(shared, since))) > 3
        assert client.session.requests == len(shared.requests()) - since
        answers = [answer for answer in kept_answers(client) if "calls" in answer]
        assert answers
        assert all(call == truth[str(call["id"])] for answer in answers for call in answer["calls"])

    def test_the_small_requests_too(self, make, shared):
        shared.set_faults({"http_503": {"first": 2}})
        client = make()
        assert bc.count_calls(shared.day_from, shared.day_to, client=client) == 240
        shared.set_faults({"truncated_json": {"first": 2}})
        stats = bc.load_stats(shared.day_from, shared.day_to, client=client)
        assert stats.loc["all", "all"] == 240
        shared.set_faults({"html": {"first": 2}})
        assert len(bc.load_catalog("2026-03-29", "2026-03-29", client=client).outcomes) > 0


PERSISTENT = {
    "429 with Retry-After": ({"rate_limit": {"retry_after": 0}}, bc.RateLimitError, 4),
    "429 with a long Retry-After": ({"rate_limit": {"retry_after": 3600}}, bc.RateLimitError, 1),
    "429 without": ({"rate_limit_bare": 1}, bc.RateLimitError, 4),
    "500": ({"http_500": 1}, bc.ServerError, 4),
    "502": ({"http_502": 1}, bc.ServerError, 4),
    "503": ({"http_503": 1}, bc.ServerError, 4),
    "reset": ({"reset": 1}, bc.ServerError, 4),
    "hanging": ({"hang": 1}, bc.ServerError, 4),
    "slow": ({"slow": {"seconds": 2}}, bc.ServerError, 4),
    "cut, length wrong": ({"truncated": 1}, bc.ServerError, 4),
    "cut, length right": ({"truncated_json": 1}, bc.InvalidResponseError, 4),
    "HTML": ({"html": 1}, bc.InvalidResponseError, 4),
    "success: false": ({"success_false": 1}, bc.RequestError, 1),
    "redirect": ({"redirect": 1}, bc.InvalidResponseError, 1),
    "refused, with the key in it": ({"echo_key": {"where": "error"}}, bc.RequestError, 1),
    "redirect, with the key in it": ({"echo_key": {"where": "redirect"}}, bc.InvalidResponseError, 1),
}


class TestPersistent:
    @pytest.mark.parametrize("name", PERSISTENT)
    def test_is_the_right_error_and_nothing_is_kept(self, make, shared, truth, name):
        faults, error, attempts = PERSISTENT[name]
        shared.set_faults(faults)
        client = make(timeout=0.4 if set(faults) & SILENT else 30)
        with pytest.raises(error) as caught:
            load(client, shared)
        assert type(caught.value) is error
        assert re.match(WINDOW, str(caught.value))
        assert ("after 4 attempts" in str(caught.value)) == (attempts == 4)
        assert shared.api_key not in "".join(traceback.format_exception(caught.value))
        # Both ends are asked for at once. What is refused is asked for in two other forms as well, since it
        # may be the form that is refused.
        most = 2 * attempts + (2 if error is bc.RequestError else 0)
        assert attempts <= client.session.requests <= most
        assert kept_answers(client) == []
        assert list(client.cache.folder.rglob("*.parquet")) == []
        shared.set_faults(None)
        assert_exact(load(make(), shared), truth)

    def test_a_wrong_key(self, make, shared):
        client = make(api_key="canary-0123456789abcdef", account="wrong key")
        with pytest.raises(
            bc.AuthenticationError, match=WINDOW + "the server does not accept the API key"
        ) as caught:
            load(client, shared)
        assert "canary" not in "".join(traceback.format_exception(caught.value))
        assert client.session.requests <= 2  # both ends at once
        assert kept_answers(client) == []

    def test_only_one_page(self, make, shared, truth):
        shared.set_faults({"http_500": {"pages": [2]}})
        client = make()
        with pytest.raises(bc.ServerError, match="page 2 of "):
            load(client, shared)
        assert list(client.cache.folder.rglob("*.parquet")) == []
        assert_nothing_bad_is_kept(client, truth)
        shared.set_faults(None)
        assert_exact(load(client, shared), truth)

    @pytest.mark.parametrize("path", ["/api/v3/stat/calls/count", "/api/v3/stat/calls/list"])
    def test_only_one_endpoint(self, make, shared, truth, path):
        shared.set_faults({"html": {"paths": [path]}})
        client = make(api_version="v3")
        with pytest.raises(bc.InvalidResponseError, match="calls from 2026-03-28 to 2026-03-31"):
            load(client, shared)
        shared.set_faults(None)
        assert_exact(load(client, shared), truth)

    @pytest.mark.parametrize("fault", ["http_500", "html", "truncated_json", "success_false", "redirect"])
    def test_the_small_requests_too(self, make, shared, fault):
        shared.set_faults({fault: 1})
        client = make(retries=1)
        for ask, about in (
            (bc.count_calls, "number of calls"),
            (bc.load_stats, "statistics"),
            (bc.load_catalog, "catalogue"),
        ):
            with pytest.raises(
                bc.BrightcallError, match=f"^{about} from 2026-03-28 to 2026-03-31: "
            ) as caught:
                ask(shared.day_from, shared.day_to, client=client)
            assert shared.api_key not in "".join(traceback.format_exception(caught.value))
        assert kept_answers(client) == []

    def test_what_was_read_before_is_still_there(self, make, shared, truth):
        client = make(max_age=0, settle_days=36_500)
        load(client, shared)
        before = kept_answers(client)
        shared.set_faults({"http_500": 1})
        with pytest.raises(bc.ServerError):
            load(client, shared, refresh=True)
        assert sorted(map(str, kept_answers(client))) == sorted(map(str, before))
        assert_exact(load(make(offline=True), shared), truth)

    def test_an_answer_without_calls_is_not_an_empty_window(self, scripted, tmp_path):
        scripted.answers = [(200, {}, b'{"success": true, "message": "maintenance"}')]
        client = bc.Client(
            "some-key-or-other", base_url=scripted.url, cache_dir=tmp_path, retries=1, timezone=ZONE
        )
        with pytest.raises(bc.InvalidResponseError, match="has no calls, «maintenance» after 2 attempts"):
            bc.load_calls("2026-03-28", "2026-03-28", client=client)
        assert kept_answers(client) == []
        client.close()


PAGES = [
    {"capped_page": {"cap": 15}},
    {"wrong_total": {"by": -3}},
    {"wrong_total": {"by": -230}},
    {"wrong_pages": {"by": -3}},
    {"wrong_pages": {"by": 5}},
    {"missing_total": 1},
    {"missing_total": 1, "wrong_pages": {"by": -2}},
    {"repeated_page": 1},
    {"repeated_page": 0.4},
    {"empty_page": 0.5},
    {"empty_page": {"first": 2}},
    {"outside_rows": {"first": 1}},
]


TOO_MANY = {"wrong_pages": {"by": 5}}  # by the number of pages v3 says how many calls there are
PAGES_V3 = [each for each in PAGES if set(each) != {"wrong_total"} and each != TOO_MANY]  # it has no total
TINY_PAGES = {"capped_page": {"cap": 3}}  # too small to overlap everywhere: only totals can settle it


class TestPages:
    """Pages that are not what they seem."""

    @pytest.mark.filterwarnings("ignore:.*starts days in another timezone:RuntimeWarning")
    @pytest.mark.parametrize(
        ("faults", "version"),
        [
            *((each, "v1") for each in (*PAGES, TINY_PAGES)),
            *((each, "v3") for each in (*PAGES_V3, TINY_PAGES, {"empty_page": 1})),
        ],
        ids=str,
    )
    def test_lose_nothing(self, make, shared, truth, faults, version):
        since = len(shared.requests())
        shared.set_faults(faults)
        assert_exact(load(make(api_version=version), shared), truth)
        assert set(struck(shared, since)) >= set(faults) - ({"missing_total"} if version == "v3" else set())

    @pytest.mark.parametrize(
        ("faults", "version"),
        [
            ({"wrong_total": {"by": 3}}, "v1"),
            (TOO_MANY, "v3"),
            (TINY_PAGES | {"wrong_total": {"by": -3}}, "v1"),
            ({"capped_page": {"cap": 7}, "missing_total": 1}, "v1"),
            ({"outside_rows": 1}, "v1"),
        ],
        ids=str,
    )
    @pytest.mark.filterwarnings("ignore:.*starts days in another timezone:RuntimeWarning")
    def test_where_nothing_proves_it_they_are_not_taken_for_all(self, make, shared, truth, faults, version):
        shared.set_faults(faults)
        client = make(api_version=version)
        with pytest.raises(
            bc.IncompleteDataError, match=r"calls (of|from) 2026-03-.* are not proved complete.*='warn'"
        ):
            load(client, shared, SECOND_DAY)
        with pytest.warns(RuntimeWarning, match="not proved complete") as warned:
            frame = load(client, shared, SECOND_DAY, on_incomplete="warn")
        assert not any("on_incomplete" in str(each.message) for each in warned)  # as it was done
        assert {each.filename for each in warned} == {__file__}  # the line that loads, not one of the package
        assert frame["id"].is_unique
        assert set(frame["id"]) <= set(truth)
        assert not frame.attrs["brightcall"]["complete"]
        shared.set_faults(None)
        assert_exact(load(client, shared), truth)  # what is kept are days that were proved

    @pytest.mark.parametrize("version", ["v1", "v3"])
    def test_a_page_size_that_is_refused(self, make, shared, truth, version):
        shared.set_faults({"refused_page": {"cap": 100}})
        client = make(page_size=150, api_version=version)
        assert_exact(load(client, shared), truth)
        before = len(shared.requests())
        assert_exact(load(client, shared, refresh=True), truth)
        sizes = [json.loads(each["body"])["itemsPerPage"] for each in shared.requests()[before:]]
        assert len(sizes) > 2
        assert max(sizes) <= 100  # remembered

    def test_an_empty_first_page_against_the_count(self, scripted, tmp_path):
        def answer(target):
            content = (
                b'{"success": true, "pagesCount": 240}'
                if "count" in target
                else b'{"success": true, "calls": []}'
            )
            return 200, {}, content

        scripted.answers = [answer]
        client = bc.Client(
            "some-key-or-other", base_url=scripted.url, cache_dir=tmp_path, api_version="v3", timezone=ZONE
        )
        with pytest.raises(bc.IncompleteDataError, match="the server counts rows and shows none"):
            bc.load_calls("2026-03-28", "2026-03-28", client=client)
        client.close()

    @pytest.mark.parametrize("version", ["v1", "v3"])
    def test_ties_in_another_order_each_time(self, tied, fetch_plainly, tmp_path, version):
        truth = fetch_plainly(tied)
        assert len({call["timestamp"] for call in truth.values()}) < len(truth) / 3
        client = tied.client(cache_dir=tmp_path, page_size=20, api_version=version, timezone=ZONE)
        assert_exact(load(client, tied), truth)
        client.close()

    def test_days_that_begin_elsewhere(self, make, shared, truth):
        zone = "Asia/Tokyo"
        shared.set_faults({"utc_bounds": 1})
        begin = pd.Timestamp("2026-03-30", tz=zone)
        stamps = {each: pd.Timestamp(call["timestamp"]) for each, call in truth.items()}
        there = {
            each: truth[each] for each, stamp in stamps.items() if begin <= stamp < begin + pd.Timedelta("1D")
        }
        assert 0 < len(there) < 240
        client = make(timezone=zone)
        with pytest.warns(RuntimeWarning, match="starts days in another timezone") as said:
            frame = bc.load_calls("2026-03-30", "2026-03-30", client=client)
        assert_exact(frame, there)
        again = bc.load_calls(
            "2026-03-30", "2026-03-30", client=client, refresh=True
        )  # remembered: no warning
        assert_exact(again, there)
        assert len(said) == 1


class TestRows:
    """Rows that are not as the article says; they are kept, and what does not fit is counted."""

    def test_text_instead_of_numbers(self, make, shared, truth):
        shared.set_faults({"string_numbers": {"nonsense": 1}})
        client = make()
        frame = load(client, shared)
        assert_exact(frame, truth)
        pages = len([answer for answer in kept_answers(client) if answer["calls"]])
        lost = frame["answerTime"].isna()
        assert 0 < lost.sum() <= pages  # the first row of each page; overlapping pages may show it once right
        assert frame.attrs["brightcall"]["misfits"]["answerTime"] == {
            "count": int(lost.sum()),
            "example": "unknown",
        }
        quality = frame.calls.quality()
        assert quality.loc[("misfits", "answerTime"), "count"] == lost.sum()
        right = pd.Series({each: call["answerTime"] for each, call in truth.items()})
        known = frame[~lost].set_index("id")["answerTime"]
        assert (known == right[known.index]).all()
        typed = frame.set_index("id")
        words = {0: "inbound", 1: "outbound", 2: "internal"}
        assert typed["type"].tolist() == [words[truth[each]["type"]] for each in typed.index]

    def test_new_fields(self, make, shared, truth):
        shared.set_faults({"new_fields": 1})
        frame = load(make(), shared)
        assert_exact(frame, truth)
        extras = [json.loads(each) for each in frame["extras"]]
        assert [each["involvedAgent1Id"] for each in extras] == [
            truth[each]["userId"] for each in frame["id"]
        ]
        assert all(each["sentiment"] == {"score": 0.5} for each in extras)

    def test_missing_fields(self, make, shared, truth):
        plain = load(make(account="plain"), shared)
        gone = ["label", "qualityRating", "talkTime"]
        shared.set_faults({"missing_fields": {"fields": gone}})
        frame = load(make(), shared)
        assert set(frame["id"]) == set(truth)
        assert frame.dtypes.equals(plain.dtypes)
        assert frame[gone].isna().all(axis=None)
        others = [name for name in frame.columns if name not in gone]
        pd.testing.assert_frame_equal(frame[others], plain[others])

    def test_times_without_offset(self, make, shared, truth):
        shared.set_faults({"naive_timestamps": 1})
        assert_exact(load(make(), shared), truth)


DAYS = ("2026-03-28", "2026-03-31")
BAD_INPUT = {
    "an unknown filter": (DAYS, {"talk_time_form": 5}, TypeError, "talk_time_from"),
    "the API's name of a filter": (DAYS, {"talkTimeFrom": 5}, TypeError, "talk_time_from"),
    "paging": (DAYS, {"page": 2}, TypeError, "page"),
    "days that do not come in order": (DAYS[::-1], {}, ValueError, "day_from"),
    "a day that is none": (("2026-02-30", DAYS[1]), {}, ValueError, "day_from"),
    "a day in another form": (("28.03.2026", DAYS[1]), {}, ValueError, "day_from"),
    "no day": ((None, DAYS[1]), {}, TypeError, "day_from"),
    "a last day that is none": ((DAYS[0], "tomorrow"), {}, ValueError, "day_to"),
    "NaT": ((pd.NaT, DAYS[1]), {}, (TypeError, ValueError), "day_from"),
    "an unknown timezone": (DAYS, {"timezone": "Mars/Olympus"}, ValueError, "timezone"),
    "an unknown type": (DAYS, {"types": "sideways"}, ValueError, "types"),
    "an unknown code": (DAYS, {"states": [7]}, ValueError, "states"),
    "an unknown category": (DAYS, {"categories": "lost"}, ValueError, "categories"),
    "an unknown outcome type": (DAYS, {"outcome_types": "meh"}, ValueError, "outcome_types"),
    "a negative duration": (DAYS, {"talk_time_from": -1}, ValueError, "talk_time_from"),
    "a duration that is none": (DAYS, {"answer_time_to": "long"}, (TypeError, ValueError), "answer_time_to"),
    "durations that do not come in order": (
        DAYS,
        {"talk_time_from": 9, "talk_time_to": 5},
        ValueError,
        "talk_time",
    ),
    "a flag that is none": (DAYS, {"all_users": "yes"}, (TypeError, ValueError), "all_users"),
    "an interval that is none": (DAYS, {"date_interval": "fortnight"}, ValueError, "date_interval"),
}


class TestBadInput:
    @pytest.mark.parametrize("ask", [bc.load_calls, bc.count_calls, bc.load_stats, bc.load_catalog])
    def test_is_named_before_any_request(self, make, shared, ask, subtests):
        before = len(shared.requests())
        client = make(timezone=None)
        for name, (days, filters, error, said) in BAD_INPUT.items():
            with subtests.test(name), pytest.raises(error, match=said) as caught:
                ask(*days, client=client, **filters)
            assert not isinstance(caught.value, bc.BrightcallError), name
        assert shared.requests()[before:] == []
        assert not client.cache.folder.exists()

    @pytest.mark.parametrize(
        ("ask", "options", "said"),
        [
            (bc.load_calls, {"columns": ["talktime"]}, "talkTime"),
            (bc.load_calls, {"columns": "nothing"}, "nothing"),
            (bc.load_calls, {"on_incomplete": "ignore"}, "on_incomplete='ignore'"),
            (bc.load_stats, {"freq": "hour"}, "freq='hour'"),
        ],
    )
    def test_other_arguments(self, make, shared, ask, options, said):
        before = len(shared.requests())
        client = make(timezone=None)
        with pytest.raises(ValueError, match=said):
            ask(*DAYS, client=client, **options)
        assert shared.requests()[before:] == []
        assert not client.cache.folder.exists()
