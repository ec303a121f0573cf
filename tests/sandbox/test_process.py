"""Starting, steering and ending a sandbox."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
import requests

import brightcall_pandas as bc
from brightcall_pandas.sandbox import Sandbox, SandboxError, start_sandbox


@pytest.fixture
def started_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start sandboxes as users start them, and not as copies of a process of the tests."""
    monkeypatch.setattr(Sandbox, "process_class", subprocess.Popen)


def ask(sandbox: Sandbox, **body: Any) -> dict[str, Any]:
    days = {"dayFrom": sandbox.day_from, "dayTo": sandbox.day_to, "itemsPerPage": 1_000}
    url = f"{sandbox.url}/api/v1/stat/calls?api-key={sandbox.api_key}"
    answer: dict[str, Any] = requests.post(url, json=days | body, timeout=30).json()
    return answer


def listens(url: str) -> bool:
    host, port = url.removeprefix("http://").split(":")
    with socket.socket() as client:
        return client.connect_ex((host, int(port))) == 0


def ends(url: str) -> bool:
    deadline = time.monotonic() + 60
    while listens(url) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not listens(url)


@pytest.mark.usefixtures("started_anew")
class TestStartSandbox:
    def test_says_what_a_client_needs(self) -> None:
        with start_sandbox(calls=50, days=3, seed=2) as sandbox:
            assert sandbox.url.startswith("http://127.0.0.1:")
            assert (sandbox.day_from, sandbox.day_to) == ("2026-03-29", "2026-03-31")
            assert sandbox.timezone == "Europe/Berlin"
            assert ask(sandbox)["totalItems"] == sandbox.truth["calls"] == 50
            assert sandbox.account in repr(sandbox)
            assert sandbox.api_key not in repr(sandbox)
        assert ends(sandbox.url)

    def test_works_without_a_with_block(self) -> None:
        sandbox = start_sandbox(calls=5, days=1, day_to="2026-01-05")
        try:
            assert ask(sandbox)["totalItems"] == 5
        finally:
            sandbox.stop()
        sandbox.stop()
        assert ends(sandbox.url)
        assert "stopped" in repr(sandbox)
        assert sandbox.truth["calls"] == 5
        with pytest.raises(SandboxError, match="has ended"):
            sandbox.requests()

    def test_a_taken_port(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SandboxError, match="--port"):
            start_sandbox(calls=5, days=1, port=taken.getsockname()[1])

    def test_a_missing_extra(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "duckdb.py").write_text("raise ModuleNotFoundError('none', name='duckdb')")
        monkeypatch.syspath_prepend(tmp_path)
        with pytest.raises(SandboxError, match=r"pip install .brightcall-pandas\[sandbox\]"):
            start_sandbox(calls=5, days=1)

    def test_a_folder_that_is_named_from_the_working_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "libraries").mkdir()
        (tmp_path / "libraries" / "duckdb.py").write_text("raise ModuleNotFoundError('no', name='duckdb')")
        monkeypatch.chdir(tmp_path)
        monkeypatch.syspath_prepend("libraries")
        with pytest.raises(SandboxError, match=r"pip install .brightcall-pandas\[sandbox\]"):
            start_sandbox(calls=5, days=1)

    def test_files_of_the_working_folder_are_not_taken_for_packages(self, tmp_path: Path) -> None:
        """A notebook's folder stands first in the kernel's path; here it is also full of blanks."""
        folder = tmp_path / "Zoë's noteböoks 1"
        folder.mkdir()
        for name in ("click", "json", "uvicorn", "starlette"):
            (folder / f"{name}.py").write_text("raise SystemExit('the wrong module')")
        code = (
            "import os, sys; import brightcall_pandas as bc; sys.path[:0] = ['', os.getcwd()]\n"
            "with bc.start_sandbox(calls=5, days=1) as sandbox: print(sandbox.truth['calls'])"
        )
        done = subprocess.run(
            [sys.executable, "-P", "-c", code],
            check=False,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert (done.stderr, done.stdout.strip()) == ("", "5")

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows deletes no folder that is in use")
    def test_in_a_working_folder_that_was_deleted(self, tmp_path: Path, monkeypatch: Any) -> None:
        (tmp_path / "gone").mkdir()
        monkeypatch.chdir(tmp_path / "gone")
        (tmp_path / "gone").rmdir()
        with start_sandbox(calls=5, days=1) as sandbox:
            assert ask(sandbox)["totalItems"] == 5

    @pytest.mark.parametrize("options", [{"calls": -1}, {"days": 0}])
    def test_a_size_that_cannot_be(self, options: dict[str, int]) -> None:
        with pytest.raises(ValueError, match="sandbox needs"):
            start_sandbox(**options)

    def test_ends_when_its_parent_is_killed(self) -> None:
        code = (
            "from brightcall_pandas.sandbox import start_sandbox\n"
            "sandbox = start_sandbox(calls=5, days=1)\n"
            "print(sandbox.url, flush=True)\n"
            "input()\n"
        )
        parent = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        with parent:
            assert parent.stdout is not None
            url = parent.stdout.readline().strip()
            assert listens(url)
            parent.kill()
        assert ends(url)

    def test_in_the_foreground(self) -> None:
        arguments = ["--calls", "5", "--days", "1", "--seed", "3"]
        child = subprocess.Popen(
            [sys.executable, "-m", "brightcall_pandas.sandbox", *arguments], stdout=subprocess.PIPE, text=True
        )
        with child:
            assert child.stdout is not None
            said = [child.stdout.readline() for _ in range(5)]
            url = said[1].split("=")[1].strip()
            assert listens(url)
            child.send_signal(signal.SIGINT)
        assert child.returncode == 0
        assert "sandbox-3-5-" in said[0]
        assert "BRIGHTCALL_API_KEY=" in said[2]
        assert ends(url)


class TestSandbox:
    def test_one_that_ends_today_has_calls_up_to_now(self) -> None:
        with start_sandbox(calls=300, days=3, day_to="today") as sandbox:
            begun = datetime.now(UTC)
            last = datetime.now(ZoneInfo(sandbox.timezone)).date()
            if sandbox.day_to != str(last):
                pytest.skip("midnight came")
            assert sandbox.day_from == str(last - timedelta(days=2))
            times = [datetime.fromisoformat(call["timestamp"]) for call in ask(sandbox)["calls"]]
            assert 0 < len(times) == sandbox.calls <= 300
            assert max(times) <= begun

    def test_calls_that_are_yet_to_come_are_not_among_those_it_says_it_has(self) -> None:
        with start_sandbox(calls=300, days=3, now="2026-03-30T12:00") as sandbox:
            assert sandbox.calls == len(ask(sandbox)["calls"]) < sandbox.truth["calls"] == 300

    @pytest.mark.parametrize("day", ["tomorrow", "2026-02-30"])
    def test_a_last_day_that_is_none(self, day: str) -> None:
        with pytest.raises(ValueError, match=f"day_to='{day}' is not a date.*or give 'yesterday' or 'today'"):
            start_sandbox(day_to=day)

    def test_the_account_follows_from_the_calls_and_not_from_the_port(self) -> None:
        accounts = []
        for options in ({}, {}, {"seed": 1}, {"calls": 11}, {"days": 3}, {"day_to": "2026-02-01"}):
            with start_sandbox(**({"calls": 10, "days": 2} | options)) as sandbox:
                accounts.append(sandbox.account)
        assert accounts[0] == accounts[1]
        assert len(set(accounts)) == 5

    def test_client(self, tmp_path: Path) -> None:
        with bc.start_sandbox(calls=5, days=1) as sandbox:
            client = sandbox.client(page_size=7, account="mine", cache_dir=tmp_path)
            assert isinstance(client, bc.Client)
            assert (client.base_url, client.page_size, client.account.name) == (sandbox.url, 7, "mine")
            assert bc.count_calls(sandbox.day_from, sandbox.day_to, client=client) == 5  # the key is right
            client.close()
            assert sandbox.client().account.name == sandbox.account

    def test_client_is_what_the_class_was_given(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Sandbox, "client_class", lambda **options: options)
        with start_sandbox(calls=5, days=1) as sandbox:
            assert sandbox.client(page_size=7) == {
                "api_key": sandbox.api_key,
                "base_url": sandbox.url,
                "account": sandbox.account,
                "page_size": 7,
            }

    def test_client_of_a_sandbox_that_does_not_know_the_class(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Sandbox, "client_class", None)
        with (
            start_sandbox(calls=5, days=1) as sandbox,
            pytest.raises(SandboxError, match=r"brightcall_pandas\.start_sandbox"),
        ):
            sandbox.client()

    def test_requests(self) -> None:
        with start_sandbox(calls=5, days=1) as sandbox:
            ask(sandbox, types=[1])
            requests.get(sandbox.url + "/elsewhere", headers={"X-Mine": "yes"}, timeout=30)
            first, second = sandbox.requests()
            assert (first["method"], first["path"], first["status"]) == ("POST", "/api/v1/stat/calls", 200)
            assert first["query"] == {"api-key": sandbox.api_key}
            assert '"types": [1]' in first["body"]
            assert (second["path"], second["status"], second["headers"]["x-mine"]) == (
                "/elsewhere",
                404,
                "yes",
            )

    def test_insert_update_delete(self) -> None:
        with start_sandbox(calls=20, days=2) as sandbox:
            record = {"id": 7, "type": 0, "state": "answered", "talkTime": 9.5, "tags": ["Busy"]}
            assert sandbox.insert([record | {"timestamp": "2026-03-30T10:00:00+02:00"}]) == 1
            [call] = ask(sandbox, talkTimeFrom=9.5, talkTimeTo=9.5)["calls"]
            assert {name: call[name] for name in record} == record | {"state": 1}
            assert call["timestamp"] == "2026-03-30T08:00:00Z"
            assert sandbox.update(7, talkTime=10, outcomeTag="Won", outcomeType="positive") == 1
            [call] = ask(sandbox, outcomes=["Won"])["calls"]
            assert (call["id"], call["talkTime"], call["tags"]) == (7, 10, ["Busy"])
            assert ask(sandbox)["totalItems"] == 21
            assert sandbox.delete([7, 8]) == 1
            assert sandbox.update(7, talkTime=1) == 0
            assert ask(sandbox)["totalItems"] == 20

    def test_a_change_that_cannot_be(self) -> None:
        with start_sandbox(calls=5, days=1) as sandbox:
            with pytest.raises(SandboxError, match="talkTime"):
                sandbox.insert([{"id": 1, "talkTime": "long"}])
            with pytest.raises(SandboxError, match="not a field"):
                sandbox.update(1_000_001, talktime=3)
            with pytest.raises(SandboxError, match="state"):
                sandbox.schedule([{"before_request": 1, "insert": [{"id": 1, "state": "ringing"}]}])
            assert ask(sandbox)["totalItems"] == 5

    def test_schedule(self) -> None:
        with start_sandbox(calls=10, days=1) as sandbox:
            ask(sandbox)
            waiting = sandbox.schedule(
                [
                    {"before_request": 2, "insert": [{"id": 5, "timestamp": "2026-03-31T10:00:00Z"}]},
                    {"before_request": 3, "delete": [1_000_001, 1_000_002]},
                    {"before_request": 3, "update": {"id": 5, "label": "overdue"}},
                ]
            )
            totals = [ask(sandbox)["totalItems"] for _ in range(4)]
            assert waiting == 3
            assert totals == [10, 11, 9, 9]
            assert ask(sandbox, searchString="overdue")["totalItems"] == 1

    def test_latency_delays_answers_side_by_side(self) -> None:
        # No time is measured: eight held answers are all being worked on at once, or some would be missing.
        with start_sandbox(calls=5, days=1) as sandbox:
            sandbox.latency(1.0)
            body = {"dayFrom": sandbox.day_from, "dayTo": sandbox.day_to}
            url = f"{sandbox.url}/api/v1/stat/calls?api-key={sandbox.api_key}"
            with ThreadPoolExecutor(8) as pool:
                jobs = [pool.submit(requests.post, url, json=body, timeout=60) for _ in range(8)]
                deadline = time.monotonic() + 60
                held = 0
                while not all(job.done() for job in jobs) and time.monotonic() < deadline:
                    held = max(held, sum(seen["status"] is None for seen in sandbox.requests()))
                assert all(job.result().status_code == 200 for job in jobs)
            assert held > 1


class TestWorld:
    OWN = bc.World(
        "mine",
        [
            ("answer", "line:+49305550102", 1.2, "2026-03-17"),
            {"what": "volume", "unit": "hour:12", "size": -1.5},
            bc.Effect("positive", "agent", 0.6),
        ],
    )

    @pytest.fixture(scope="class")
    @classmethod
    def sandbox(cls) -> Any:
        with bc.start_sandbox(calls=9_000, days=30, seed=3, world=cls.OWN) as running:
            yield running

    @pytest.fixture
    def calls(self, sandbox: Sandbox, tmp_path: Path) -> pd.DataFrame:
        client = sandbox.client(cache_dir=tmp_path)
        return bc.load_calls(sandbox.day_from, sandbox.day_to, client=client, progress=False)

    def test_ones_own_is_found_in_what_is_loaded(self, sandbox: Sandbox, calls: pd.DataFrame) -> None:
        line, noon, agents = sandbox.truth["effects"]
        out = calls[calls["type"] == "outbound"]
        here = out[(out["lineNumber"] == "+49305550102") & (out["timestamp"] >= "2026-03-17")]
        answered = (here["state"] == "answered").sum()
        assert (line["calls"], line["hits"]) == (len(here), answered)
        error = (line["rate"] * (1 - line["rate"]) / len(here)) ** 0.5
        assert abs(answered / len(here) - line["rate"]) < 4 * error < line["rate"] - line["rate_without"]
        at_noon = calls["timestamp"].dt.hour == 12
        assert noon["calls"] == at_noon.sum()
        assert abs(at_noon.mean() - noon["share"]) < 4 * (noon["share"] / len(calls)) ** 0.5
        talks = calls[calls["state"] == "answered"].groupby("userId")["outcomeType"]
        for user, told in agents["units"].items():
            kinds = talks.get_group(user)
            assert (told["calls"], told["hits"]) == (len(kinds), (kinds == "positive").sum())

    def test_statistics_come_from_the_same_calls(self, sandbox: Sandbox) -> None:
        body = {"dayFrom": sandbox.day_from, "dayTo": sandbox.day_to, "dateInterval": "day"}
        url = f"{sandbox.url}/api/v1/stat/calls-detailedV2?api-key={sandbox.api_key}"
        told = requests.post(url, json=body, timeout=30).json()["detailedStat"]
        for group, name in (("in", "inbound"), ("out", "outbound"), ("our", "internal")):
            assert told[group]["success"] == sandbox.truth["by_direction"][name]["answered"]
        outcomes = sandbox.truth["by_outcome"].values()
        positive = sum(each["calls"] for each in outcomes if each["outcome_type"] == "positive")
        assert (
            told["tagsSuccess"] == positive == sandbox.truth["effects"][2]["hits"] + self.of_the_ai(sandbox)
        )

    def of_the_ai(self, sandbox: Sandbox) -> int:
        days = {"dayFrom": sandbox.day_from, "dayTo": sandbox.day_to, "itemsPerPage": 1}
        url = f"{sandbox.url}/api/v1/stat/calls?api-key={sandbox.api_key}"
        asked = days | {"outcomeTypes": ["positive"], "teamIds": [4]}
        total: int = requests.post(url, json=asked, timeout=30).json()["totalItems"]
        return total

    def test_the_account_follows_from_the_world(self, sandbox: Sandbox) -> None:
        accounts = {sandbox.account}
        for world in ("lively", ["seasons", "burnt_line"]):
            with start_sandbox(calls=10, days=30, seed=3, world=world) as other:
                accounts.add(other.account)
                assert other.truth["world"] in other.account
        assert "-mine-" in sandbox.account
        assert len(accounts) == 3

    def test_the_same_seed_gives_the_same_bytes(self) -> None:
        bodies = []
        for _ in range(2):
            with start_sandbox(calls=400, days=5, seed=1, world="agents+seasons+burnt_line") as sandbox:
                url = f"{sandbox.url}/api/v1/stat/calls?api-key={sandbox.api_key}"
                body = {"dayFrom": sandbox.day_from, "dayTo": sandbox.day_to, "itemsPerPage": 400}
                bodies.append(requests.post(url, json=body, timeout=30).content)
        assert bodies[0] == bodies[1]

    @pytest.mark.parametrize(
        ("world", "said"),
        [
            ("nowhere", "'nowhere' is not a world; choose from null"),
            (["agents", "lively"], "conflict"),
            (bc.World("mine", [("answer", None, 0.3, "2026-04-01")]), "lies outside the sandbox's days"),
            (42, "world=42 is not a world"),
        ],
    )
    def test_one_that_cannot_be_is_told_before_the_process_starts(
        self, world: Any, said: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Sandbox, "process_class", None)
        with pytest.raises(ValueError, match=said):
            start_sandbox(calls=10, days=30, world=world)

    @pytest.mark.parametrize(
        ("days", "day_to", "said"),
        [
            (3, "31.03.2026", "write it as YYYY-MM-DD"),
            (3, "tomorrow", "write it as YYYY-MM-DD"),
            (10**7, None, "days=10000000: the first day lies before the year 1"),
        ],
    )
    def test_days_that_cannot_be(self, days: int, day_to: str | None, said: str) -> None:
        with pytest.raises(ValueError, match=said):
            start_sandbox(calls=10, days=days, day_to=day_to)

    def test_python_m(self) -> None:
        world = json.dumps(bc.World("mine", [("answer", "team:North", 0.4)]).to_dict())
        command = [sys.executable, "-m", "brightcall_pandas.sandbox", "--calls", "5", "--days", "2"]
        with subprocess.Popen(
            [*command, "--world", world], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
        ) as process:
            assert process.stdout is not None
            assert "-mine-" in process.stdout.readline()
            process.send_signal(signal.SIGINT)
            process.wait(30)
