"""`brightcall doctor` against the sandbox: as it is, with each fault, and with answers bent on their way."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import requests
from typer.testing import CliRunner

import brightcall_pandas as bc
from brightcall_pandas import doctor
from brightcall_pandas.cli import app
from brightcall_pandas.doctor._report import Check, Judgement, Observed, Report
from brightcall_pandas.doctor._requests import MOST_REQUESTS, Requester
from brightcall_pandas.sandbox import Sandbox

VERSIONS = ("v1", "v3")
PAGE = 150
ALL, FEW = ("2026-03-26", "2026-03-31"), ("2026-03-26", "2026-03-27")  # 300 calls; less than a page
UNSEEN = {"ties", "days"}  # the sandbox has no two calls of one second here, and none around midnight


def examined(sandbox: Sandbox, days: tuple[str, str] = ALL, version: str = "v1", **options: Any) -> Report:
    client = sandbox.client(api_version=version, page_size=PAGE, **options)
    return doctor.report(client, day_from=days[0], day_to=days[1])


def named(report: Report, judgement: Judgement) -> set[str]:
    return {each.check for each in report.findings if each.judgement is judgement}


def differing(report: Report) -> dict[str, str]:
    return {each.check: "; ".join(each.differs) for each in report.differences}


class TestReport:
    @pytest.mark.parametrize("version", VERSIONS)
    @pytest.mark.parametrize("days", [ALL, FEW])
    def test_nothing_differs_in_the_plain_sandbox(self, sandbox, version, days):
        before = len(sandbox.requests())
        report = examined(sandbox, days, version)
        assert differing(report) == {}
        unseen = UNSEEN | ({"page size"} if days == FEW else {"count"} if version == "v3" else set())
        assert named(report, Judgement.UNKNOWN) == unseen
        assert (report.exit_code, report.failure) == (0, "")
        assert len(report.fields) == 45
        assert len(sandbox.requests()) - before == len(report.requests) == MOST_REQUESTS

    @pytest.mark.parametrize("version", VERSIONS)
    @pytest.mark.parametrize(
        ("faults", "days", "found"),
        [
            ({"capped_page": 1}, ALL, {"page size": "silently cut: 100 of the 150 requested"}),
            ({"capped_page": {"cap": 40}}, FEW, {"page size": "silently cut: 40 of the 150 requested"}),
            ({"refused_page": 1}, ALL, {"page size": "refused: 150"}),
            ({"new_fields": 1}, ALL, {"new fields": "involvedAgent1Id: integer"}),
            ({"missing_fields": 1}, ALL, {"missing fields": "label: absent"}),
            ({"naive_timestamps": 1}, ALL, {"time form": "timestamp: without offset, ####-##-##T##:##:##"}),
            ({"utc_bounds": 1}, ALL, {"timezone": "they fit the account's own zone or UTC"}),
            ({"wrong_pages": 1}, FEW, {"totals": "pagesCount"}),
            ({"repeated_page": 1}, ALL, {"later pages": "the calls of the page before it"}),
            ({"empty_page": 1}, ALL, {"later pages": "a later page is empty"}),
            (
                {"outside_rows": 1},
                FEW,
                {
                    "order": "in another order",
                    "days": "from other days in every timezone",
                    "timezone": "none of the zones",
                },
            ),
            ({"echo_key": 1}, ALL, {"key": "in the body", "envelope": "request: new, string"}),
        ],
    )
    def test_finds_and_names_a_fault_and_nothing_else(self, sandbox, version, faults, days, found):
        sandbox.set_faults(faults)
        report = examined(sandbox, days, version)
        said = differing(report)
        if version == "v3" and "wrong_pages" in faults:
            assert said.pop("count") == "more than the number of calls"
        assert said.keys() == found.keys()
        assert {name: text in said[name] for name, text in found.items()} == dict.fromkeys(found, True)
        assert report.exit_code == 1

    @pytest.mark.parametrize("version", VERSIONS)
    def test_numbers_as_text(self, sandbox, version):
        sandbox.set_faults({"string_numbers": 1})
        report = examined(sandbox, FEW, version)
        said = differing(report)
        assert "talkTime: string of digits; expected integer or number" in said["JSON types"]
        assert "type: string of digits" in said["JSON types"]
        assert said["values"] == "answerTime: some values become null, for example «xxxxxxx»"
        # Only what answerTime feeds follows from it, and nothing does in v3, which has no statistics.
        wrong = {each.split()[0] for each in said.pop("sums", "").split("; ") if each}
        assert all(".answer." in each for each in wrong)
        assert bool(wrong) == (version == "v1")
        assert said.keys() == {"JSON types", "values"}

    @pytest.mark.parametrize("days", [FEW, ALL])  # all of them known, or those of the third request
    def test_a_wrong_total(self, sandbox, days):
        sandbox.set_faults({"wrong_total": 1})
        said = differing(examined(sandbox, days))
        assert said.keys() == {"totals"}
        assert "totalItems is more than the number of calls" in said["totals"]

    def test_a_missing_total(self, sandbox):
        sandbox.set_faults({"missing_total": 1})
        assert differing(examined(sandbox)) == {"envelope": "totalItems: missing"}

    @pytest.mark.parametrize("version", VERSIONS)
    def test_ties(self, version):
        with bc.start_sandbox(calls=300, days=3, faults={"unstable_ties": {"seconds": 600}}) as sandbox:
            days = (sandbox.day_from, sandbox.day_to)
            assert differing(examined(sandbox, days, version)) == {
                "ties": "calls with equal timestamps come in another order at each request"
            }
            sandbox.set_faults(None)  # the times stay equal, and the order is that of the ids again
            report = examined(sandbox, days, version)
            assert "ties" in named(report, Judgement.HOLDS)
            assert "by id" in report.to_text()

    @pytest.mark.parametrize("version", VERSIONS)
    def test_a_table_that_changes_meanwhile_is_no_difference(self, version):
        with bc.start_sandbox(calls=300, days=3, faults={"mutate": {"insert": 5, "delete": 0}}) as sandbox:
            report = examined(sandbox, (sandbox.day_from, sandbox.day_to), version)
        assert differing(report) == {}
        assert {"later pages", "totals"} <= named(report, Judgement.UNKNOWN)

    @pytest.mark.parametrize("version", VERSIONS)
    @pytest.mark.parametrize(
        ("fault", "requests_made", "why"),
        [
            ("http_500", 1, "ServerError, status 500"),
            ("rate_limit", 1, "RateLimitError, status 429"),
            ("reset", 1, "no answer"),
            ("truncated_json", 1, "InvalidResponseError, status 200"),
            ("html", 1, "InvalidResponseError, status 200"),
            ("redirect", 1, "InvalidResponseError, status 302"),
            ("hang", 1, "no answer"),
            ("success_false", 2, "RequestError, status 200"),  # it may have been the size of the page
        ],
    )
    def test_a_server_that_does_not_answer_is_not_asked_again(
        self, sandbox, version, fault, requests_made, why
    ):
        before = len(sandbox.requests())
        sandbox.set_faults({fault: 1})
        report = examined(sandbox, version=version, timeout=0.5)
        assert report.exit_code == 2
        assert why in report.failure
        assert len(sandbox.requests()) - before == requests_made
        assert "elsewhere" not in report.to_text()

    @pytest.mark.parametrize("version", VERSIONS)
    def test_a_later_failure_costs_only_what_it_was_to_show(self, sandbox, version):
        last = {"v1": "/api/v1/stat/calls-detailedV2", "v3": "/api/v3/stat/calls/count"}[version]
        sandbox.set_faults({"http_503": {"paths": [last]}})
        report = examined(sandbox, FEW, version)
        assert report.exit_code == 0
        lost = {"v1": {"statistics", "sums"}, "v3": {"count"}}[version]
        assert lost <= named(report, Judgement.UNKNOWN)
        assert len(report.requests) == MOST_REQUESTS

    def test_a_wrong_key(self, sandbox):
        report = examined(sandbox, api_key="wrong")
        assert (report.exit_code, report.failure) == (
            2,
            "the first request failed: AuthenticationError, status 401",
        )

    def test_days_without_calls(self, sandbox):
        report = examined(sandbox, ("2020-01-01", "2020-01-02"))
        assert report.exit_code == 2
        assert report.failure == "there are no calls on these days; choose others"
        assert report.fields == ()

    def test_without_days_a_week_that_is_over(self, sandbox):
        before = len(sandbox.requests())
        doctor.report(sandbox.client(settle_days=3))
        body = json.loads(sandbox.requests()[before]["body"])
        first, last = pd.Timestamp(body["dayFrom"]), pd.Timestamp(body["dayTo"])
        assert last - first == pd.Timedelta(days=6)
        assert pd.Timedelta(days=4) < pd.Timestamp.now() - last < pd.Timedelta(days=8)

    def test_what_cannot_be_asked(self, sandbox, monkeypatch):
        monkeypatch.delenv("BRIGHTCALL_API_KEY", raising=False)
        before = len(sandbox.requests())
        assert "offline=True" in examined(sandbox, offline=True).failure
        assert "no API key" in examined(sandbox, api_key=None).failure
        with pytest.raises(ValueError, match="day_from"):
            examined(sandbox, ("yesterday", "2026-03-31"))
        with pytest.raises(ValueError, match="2026-03-31"):
            examined(sandbox, ("2026-03-31", "2026-03-26"))
        assert len(sandbox.requests()) == before

    def test_leaves_the_cache_alone(self, sandbox, tmp_path):
        examined(sandbox, cache_dir=tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_a_timezone_of_the_client_is_sent(self, sandbox):
        report = examined(sandbox, timezone="Asia/Tokyo")
        assert report.exit_code == 0
        assert "the client requests its own timezone" in report.to_text()


Change = Callable[[str, dict[str, Any]], Any]


def in_rows(**changes: Any) -> Change:
    """Return a change of every call: a value, or a function of the call."""

    def change(_: str, answer: dict[str, Any]) -> dict[str, Any]:
        for row in answer.get("calls", []):
            row |= {name: new(row) if callable(new) else new for name, new in changes.items()}
        return answer

    return change


class TestChecks:
    """What the sandbox cannot do by itself."""

    @pytest.mark.parametrize(
        ("change", "check", "text"),
        [
            (in_rows(state="ringing"), "words", "state: unknown ringing"),
            (in_rows(outcomeType="Lovelace"), "words", "outcomeType: unknown xxxxxxxx"),
            (in_rows(talkTime=None), "JSON types", "talkTime: null; expected integer or number"),
            (in_rows(tags="Busy"), "JSON types", "tags: string; expected array"),
            (in_rows(id=7), "identity", "a page has the same id twice"),
            (in_rows(id=None), "identity", "some calls have no id"),
            (in_rows(timestamp=1_772_000_000), "time form", "timestamp: integer, not text"),
            (in_rows(recallDate="soon"), "values", "recallDate: some values become null, for example «xxxx»"),
            (in_rows(timestamp="2026-03-27T10:00:00+01:00"), "time form", "with offset, ####-##-##T##"),
            (
                in_rows(timestamp=lambda row: row["timestamp"].replace("2026-03", "2026-02")),
                "clock",
                "disagree",
            ),
        ],
    )
    def test_of_calls(self, sandbox, relay, change, check, text):
        relay.change(change)
        report = examined(sandbox, FEW, base_url=relay.url)
        assert text in differing(report)[check]
        assert report.exit_code == 1
        assert "itself failed" not in report.to_text()

    def test_local_times_that_say_utc(self, sandbox, relay):
        def local(row: dict[str, Any]) -> str:
            stamp = pd.Timestamp(row["timestamp"]).tz_convert("Europe/Berlin")
            return f"{stamp:%Y-%m-%dT%H:%M:%SZ}"

        relay.change(in_rows(timestamp=local))
        assert "local time written as UTC" in differing(examined(sandbox, FEW, base_url=relay.url))["clock"]

    def test_times_without_offset_that_are_utc(self, sandbox, relay):
        relay.change(in_rows(timestamp=lambda row: row["timestamp"].removesuffix("Z")))
        assert "early by the zone's offset" in differing(examined(sandbox, FEW, base_url=relay.url))["clock"]

    @pytest.mark.parametrize(
        ("change", "text"),
        [
            (lambda answer: answer | {"totalItems": "450"}, "totalItems: string of digits; expected integer"),
            (lambda answer: answer | {"timezone": "Middle Earth"}, "timezone: not an IANA name"),
            (lambda answer: answer | {"nextPage": 2}, "nextPage: new, integer"),
            (
                lambda answer: {name: answer[name] for name in answer if name != "projects"},
                "projects: missing",
            ),
        ],
    )
    def test_of_the_envelope(self, sandbox, relay, change, text):
        relay.change(lambda path, answer: change(answer) if "calls" in answer else answer)
        assert text in differing(examined(sandbox, FEW, base_url=relay.url))["envelope"]

    @pytest.mark.parametrize("calls", [None, {"rows": []}])
    def test_an_answer_without_calls(self, sandbox, relay, calls):
        def change(_: str, answer: dict[str, Any]) -> dict[str, Any]:
            del answer["calls"]
            return answer if calls is None else answer | {"calls": calls}

        relay.change(change)
        report = examined(sandbox, FEW, base_url=relay.url)
        assert differing(report)["envelope"].startswith("calls: ")
        assert report.exit_code == 1
        assert "itself failed" not in report.to_text()

    def test_ends_of_the_page_for_ends_of_the_query(self, sandbox, relay):
        def change(_: str, answer: dict[str, Any]) -> dict[str, Any]:
            if answer.get("calls"):
                answer["maxTalkTime"] = len(answer["calls"])  # any number that belongs to the page
            return answer

        relay.change(change)
        assert differing(examined(sandbox, base_url=relay.url)) == {
            "extremes": "not the same on two pages: maxTalkTime"
        }

    @pytest.mark.parametrize(
        ("change", "check", "text"),
        [
            (
                lambda stat: stat | {"allTalkTime": stat["allTalkTime"] / 60},
                "sums",
                "allTalkTime is in minutes",
            ),
            (
                lambda stat: (
                    stat | {"all": stat["all"] | {"fail": stat["all"]["fail"] + stat["all"]["error"]}}
                ),
                "sums",
                "all.fail is more than the calls give; it is the number of unanswered and failed calls",
            ),
            (lambda stat: stat | {"in": []}, "statistics", "in: not an object"),
            (lambda stat: stat | {"tagsFail": "9"}, "statistics", "tagsFail: string of digits"),
            (lambda stat: stat | {"lost": 1}, "statistics", "detailedStat: lost is new"),
            (lambda stat: {"all": stat["all"]}, "statistics", "detailedStat: our is missing"),
            (lambda stat: [stat], "statistics", "detailedStat is missing, or not an object"),
        ],
    )
    def test_of_the_statistics(self, sandbox, relay, change, check, text):
        def stat(_: str, answer: dict[str, Any]) -> dict[str, Any]:
            if "detailedStat" in answer:
                answer["detailedStat"] = change(answer["detailedStat"])
            return answer

        relay.change(stat)
        report = examined(sandbox, FEW, base_url=relay.url)
        assert text in differing(report)[check]
        assert "itself failed" not in report.to_text()

    def test_statistics_of_the_days_that_are_known(self, sandbox):
        before = len(sandbox.requests())
        examined(sandbox, ALL)
        bodies = [json.loads(each["body"]) for each in sandbox.requests()[before:]]
        by_day = sandbox.truth["by_day"]
        # The first page has 150 calls: so many whole days, from the first one on.
        counts = np.cumsum([by_day[str(day.date())] for day in pd.date_range(*ALL)])
        known = pd.date_range(*ALL)[counts < PAGE]
        assert (bodies[3]["dayFrom"], bodies[3]["dayTo"]) == (ALL[0], str(known[-1].date()))

    @pytest.mark.parametrize(
        ("status", "content", "text"),
        [
            (200, b'{"success": true, "calls": []}', "a day that is not a date was accepted"),
            (500, b"<html>", "not recognizable as a refusal: status 500, text/html, not a JSON object"),
            (400, b'{"fault": {"text": "Ada"}}', "gives no reason in message or error: status 400"),
            (400, b"", "no body"),
        ],
    )
    def test_of_a_refusal(self, sandbox, relay, status, content, text):
        def refuse(_: str, answer: Any) -> Any:
            kind = "text/html" if content.startswith(b"<") else "application/json"
            return (status, kind, content) if answer[0] == 400 else answer

        relay.replace = refuse
        report = examined(sandbox, FEW, base_url=relay.url)
        assert text in differing(report)["refusal"]
        assert "Ada" not in report.to_text()


class TestCheck:
    def test_an_answer_nobody_thought_of_is_no_crash_and_quotes_nothing(self):
        def crash(_: object) -> Observed:
            raise KeyError("+49 30 555")

        finding = Check("odd", "something", crash).finding(None)
        assert finding.judgement is Judgement.UNKNOWN
        assert finding.unsure == ("the check itself failed with KeyError; please report this",)


class TestRequester:
    def test_asks_with_the_headers_of_a_load_and_not_with_a_password_of_netrc(
        self, sandbox, tmp_path, monkeypatch
    ):
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login someone password secret\n")
        monkeypatch.setenv("NETRC", str(netrc))
        before = len(sandbox.requests())
        client = sandbox.client(cache_dir=tmp_path / "cache")
        bc.load_calls(*FEW, client=client, progress=False)
        load = sandbox.requests()[before]
        in_another_order = dict(reversed(json.loads(load["body"]).items()))
        Requester(client).post(load["path"], in_another_order, "calls")
        asked = sandbox.requests()[-1]
        assert asked["body"] == load["body"]
        assert asked["headers"] == load["headers"]
        assert "authorization" not in asked["headers"]

    def test_never_sends_a_sixth_request(self, sandbox):
        before = len(sandbox.requests())
        requester = Requester(sandbox.client())
        for _ in range(MOST_REQUESTS):
            requester.post("/nowhere", {}, "nothing")
        with pytest.raises(RuntimeError, match="at most 5"):
            requester.post("/nowhere", {}, "nothing")
        assert len(sandbox.requests()) - before == MOST_REQUESTS == 5


def leaves(value: Any) -> Iterator[Any]:
    """Return the values of an answer, also those inside of JSON that is written as text."""
    if isinstance(value, dict):
        for each in value.values():
            yield from leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each)
    elif isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            yield from leaves(json.loads(value))
        except ValueError:
            yield value
    elif not isinstance(value, bool) and value is not None:
        yield value


WORDS = {"positive", "neutral", "negative", "absent"}  # of a closed set; they are what is checked
# Numbers of the report that are nobody's: versions, statuses, sizes asked for, codes of labels, "45 fields",
# ISO 8601, 4xx, and the numbering of the requests.
OWN = {"0", "1", "2", "3", "4", "5", "45", "40", str(PAGE), "200", "400", "8601"}


class TestPrivacy:
    @pytest.mark.parametrize("version", VERSIONS)
    @pytest.mark.parametrize(
        "faults",
        [{}, {"new_fields": 1, "naive_timestamps": 1}, {"string_numbers": 1, "capped_page": {"cap": 40}}],
    )
    def test_no_number_and_no_name_of_the_answers(self, sandbox, version, faults):
        before = len(sandbox.requests())
        sandbox.set_faults(faults)
        report = examined(sandbox, FEW, version)
        asked = sandbox.requests()[before:]
        answers = [
            requests.post(
                sandbox.url + each["path"], params=each["query"], data=each["body"].encode(), timeout=30
            ).json()
            for each in asked
        ]
        values = set(leaves(answers))
        empty = examined(sandbox, ("2020-01-01", "2020-01-02"), version)
        nothing = empty.to_text() + empty.to_json()  # our own words
        texts = {each.strip() for each in values if isinstance(each, str)} - WORDS
        texts = {each for each in texts if each not in nothing}
        assert len(texts) > 200  # numbers, ids, names, times, projects: there was something to hide
        for shown in (report.to_text(), report.to_json()):
            assert [each for each in texts if len(each) > 2 and each in shown] == []
            assert set(re.findall(r"\d+", re.sub(r"[A-Za-z]+\d\w*", "", shown))) <= OWN
            assert sandbox.api_key not in shown
            assert "127.0.0.1" not in shown
            assert sandbox.day_from not in shown

    def test_canaries_wherever_a_server_might_put_them(self, sandbox, relay):
        canary, number = "Zebediah", 918273645
        nested = {canary: [{canary: number, str(number): canary}]}
        texts = {
            "fromNumber": f"+{number}",
            "label": canary,
            "campaign": f"{canary} {number}",
            "state": canary,
        }

        def change(_: str, answer: dict[str, Any]) -> dict[str, Any]:
            for row in answer.get("calls", []):
                row.update(texts)
                row |= {
                    "crmInfo": nested,
                    "transfers": [nested],
                    "transcripts": nested,
                    "new": nested,
                }
                row |= {"numbersInvolvedJSON": json.dumps(nested), "numbersRingedJSON": canary, "id": canary}
                row |= {
                    str(number): 1,
                    f"{canary} {number}": canary,
                    "recallDate": canary,
                    "talkTime": number,
                }
            return answer | {
                "timezone": f"Europe/{canary}",
                "tags": [canary],
                "projects": [nested],
                f"key {number}": canary,
                "message": canary,
                "minTalkTime": canary,
            }

        relay.change(change)
        report = examined(sandbox, FEW, base_url=relay.url)
        shown = report.to_text() + report.to_json()
        assert canary not in shown
        assert str(number) not in shown
        assert report.exit_code == 1
        assert "itself failed" not in shown

    def test_an_error_of_the_server_is_not_quoted(self, sandbox):
        sandbox.set_faults({"echo_key": {"where": "error"}})
        report = examined(sandbox)
        assert report.exit_code == 2
        assert sandbox.api_key not in report.to_text() + report.to_json() + repr(report)


class TestKnown:
    def test_what_loads_have_seen_is_shown_without_a_request(self, sandbox, tmp_path):
        client = sandbox.client(cache_dir=tmp_path, page_size=40)
        assert doctor.report(client, day_from=FEW[0], day_to=FEW[1]).known == ()
        bc.load_calls(*ALL, client=client)
        before = len(sandbox.requests())
        report = doctor.report(client, day_from=FEW[0], day_to=FEW[1])
        assert len(sandbox.requests()) - before == MOST_REQUESTS
        (order,) = [each for each in report.known if "the server sorts in the direction asked for" in each]
        assert f"\n  {order}\n" in report.to_text()
        assert order in json.loads(report.to_json())["known"]
        for shown in (report.to_text(), report.to_json()):
            assert sandbox.timezone not in shown
            assert "127.0.0.1" not in shown
            assert client.account.name not in shown


class TestFormats:
    def test_json_holds_what_the_text_does(self, sandbox):
        sandbox.set_faults({"new_fields": 1})
        report = examined(sandbox, FEW)
        data = json.loads(report.to_json())
        assert data["exit_code"] == report.exit_code == 1
        assert data["findings"][0]["check"] == "new fields"
        assert data["findings"][0]["judgement"] == "differs"
        text = report.to_text()
        assert text.startswith("brightcall doctor: differs from what is assumed: new fields\n")
        assert [each["check"] for each in data["findings"] if each["check"] not in text] == []
        assert max(map(len, text.partition("Requests")[0].splitlines())) <= 110

    def test_every_field_is_listed_and_new_ones_after_them(self, sandbox):
        sandbox.set_faults({"new_fields": 1})
        names = [each.name for each in examined(sandbox, FEW).fields]
        assert names[0] == "answerTime"
        assert names[45:] == ["involvedAgent1Id", "sentiment"]


class TestCommand:
    def run(self, sandbox: Sandbox, *arguments: str) -> Any:
        known = {"BRIGHTCALL_API_KEY": sandbox.api_key, "BRIGHTCALL_BASE_URL": sandbox.url}
        return CliRunner().invoke(app, ["doctor", *arguments], env=known)

    def test_exit_codes(self, sandbox):
        days = ["--day-from", FEW[0], "--day-to", FEW[1]]
        done = self.run(sandbox, *days)
        assert done.exit_code == 0, done.output
        assert done.output.startswith("brightcall doctor: nothing differs from what is assumed")
        sandbox.set_faults({"missing_fields": 1})
        done = self.run(sandbox, *days, "--json", "--api-version", "v3")
        assert done.exit_code == 1
        assert json.loads(done.output)["api_version"] == "v3"
        assert self.run(sandbox, "--day-from", "2020-01-01", "--day-to", "2020-01-01").exit_code == 2
        assert self.run(sandbox, "--day-from", "soon").exit_code == 2
        assert self.run(sandbox, "--api-version", "v2").exit_code == 2


class TestDocs:
    def test_every_check_is_described(self):
        page = (Path(__file__).parents[2] / "docs" / "live-service.md").read_text(encoding="utf-8")
        assert [each.name for each in doctor.CHECKS if f"`{each.name}`" not in page] == []
