"""The command line, as real processes."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import matplotlib.image
import openpyxl
import pandas as pd
import pytest
import requests

import brightcall_pandas as bc
from brightcall_pandas.cli._options import refused_key
from brightcall_pandas.sandbox import PERSONAS, WORLDS

DEADLINE_S = 120


class TestConsoles:
    """Windows' code pages, and what a server would have a terminal do."""

    def test_what_a_code_page_lacks_is_written_plainly(self, brightcall, tmp_path):
        done = brightcall("demo", "--calls=60", "--days=2", f"--output={tmp_path}", PYTHONIOENCODING="cp866")
        assert (done.returncode, "Traceback" in done.stderr) == (0, False)
        assert "with 60 made-up calls ..." in done.stdout
        assert "Calls in the frame: 60" in done.stdout

    @pytest.mark.parametrize(
        "arguments", [["describe", "filters"], ["sandbox", "--list-personas"], ["sandbox", "--list-worlds"]]
    )
    def test_json_can_be_read_whatever_the_code_page(self, brightcall, arguments):
        done = brightcall(*arguments, "--json", PYTHONIOENCODING="ascii")
        assert json.loads(done.stdout) == json.loads(brightcall(*arguments, "--json").stdout)

    @pytest.mark.skipif(os.name == "nt", reason="a shell of Windows cannot close standard input")
    def test_without_standard_input_nothing_is_deleted(self, tmp_path):
        program = Path(sys.executable).with_name("brightcall")
        arguments = ["cache", "clear", "--account", "mine", "--cache-dir", str(tmp_path)]
        done = subprocess.run(
            ["/bin/sh", "-c", '"$0" "$@" <&-', str(program), *arguments],
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        assert done.returncode == 1
        assert "Aborted" in done.stderr
        assert "Traceback" not in done.stderr

    @pytest.fixture
    def refused(self, brightcall, scripted, tmp_path):
        """How an export ends that gets an answer of one's own."""

        def export(*answer):
            scripted.answers = [answer]
            settings = {"BRIGHTCALL_API_KEY": "any-key", "BRIGHTCALL_BASE_URL": scripted.url}
            settings |= {"BRIGHTCALL_CACHE_DIR": str(tmp_path / "cache")}
            return brightcall("export", "2026-03-01", "2026-03-01", tmp_path / "calls", **settings)

        return export

    @pytest.mark.parametrize("said", ["\x1b]0;title\x07\x1b[2J", "\u202egnorw\x9b2J"])
    def test_a_servers_words_do_not_steer_the_terminal(self, refused, said):
        body = json.dumps({"message": f"before {said} after"}).encode()
        done = refused(401, {}, body)
        assert done.returncode == 1
        assert "before" in done.stderr
        assert done.stderr.rstrip("\n").isprintable()

    def test_what_comes_of_an_answer_is_no_usage_error(self, refused):
        body = b'{"calls": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
        done = refused(200, {}, body)
        assert done.returncode == 1
        assert "nested deeper than can be read" in done.stderr
        assert "Traceback" not in done.stderr

    def test_no_standard_error(self, shared, tmp_path):
        """As in a service, or under pythonw; the bar would be shown at once."""
        code = f"""
import sys
sys.stderr = None
import brightcall_pandas as bc
client = bc.Client({shared.api_key!r}, base_url={shared.url!r}, cache_dir={str(tmp_path)!r})
print(len(bc.load_calls({shared.day_from!r}, {shared.day_to!r}, client=client, progress=True)))
"""
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=DEADLINE_S, check=False
        )
        assert (done.stdout.strip(), done.returncode) == ("240", 0)


class TestHelp:
    def test_without_arguments_it_says_how_to_begin(self, brightcall):
        done = brightcall()
        assert done.returncode == 2
        assert "brightcall demo" in done.stdout + done.stderr

    def test_lists_the_commands_and_the_exit_codes(self, brightcall):
        done = brightcall("--help")
        assert done.returncode == 0
        words = " ".join(done.stdout.split())
        commands = (
            r"demo Load.* lab Open.* sandbox Run.* describe List.* export Write.* report Write.*",
            r"revisions List.* lookback Estimate.* watch Tell.* doctor Report.* cache Show",
        )
        assert re.search(" ".join(commands), words)
        assert "BRIGHTCALL_API_KEY" in words
        assert "0 success, 1 failure, 2 usage error" in words

    @pytest.mark.parametrize(
        "command",
        [
            ["demo"],
            ["lab"],
            ["sandbox"],
            ["describe"],
            ["export"],
            ["report"],
            ["revisions"],
            ["lookback"],
            ["watch"],
            ["doctor"],
            ["cache", "info"],
            ["cache", "clear"],
        ],
    )
    def test_every_command_explains_itself(self, brightcall, command):
        done = brightcall(*command, "-h")
        assert done.returncode == 0
        assert f"Usage: brightcall {' '.join(command)}" in done.stdout
        assert "--api-key" not in done.stdout  # a key on the command line is for everyone to see

    def test_a_wrong_command_is_a_usage_error(self, brightcall):
        done = brightcall("dmeo")
        assert done.returncode == 2
        assert "dmeo" in done.stderr

    def test_version(self, installed):
        done = installed("--version")
        assert (done.returncode, done.stdout) == (0, f"brightcall-pandas {bc.__version__}\n")


class TestKeys:
    """A key among the arguments is refused, is not repeated, and the reason is told."""

    SECRET = "canary-3b1f0c"

    @pytest.mark.parametrize(
        "arguments",
        [
            ["export", "--api-key", SECRET, "2026-03-01", "2026-03-02", "out"],
            ["export", f"--api-key={SECRET}", "2026-03-01", "2026-03-02", "out"],
            ["--key", SECRET, "export"],
            ["doctor", f"--API_KEY={SECRET}"],
            ["doctor", "--token", SECRET],
            ["cache", "info", f"--apikey={SECRET}"],
            [f"BRIGHTCALL_API_KEY={SECRET}", "doctor"],
            ["doctor", f"BRIGHTCALL_API_KEY={SECRET}"],
            ["export", f"--pseudonymize-key={SECRET}", "2026-03-01", "2026-03-02", "out"],
            ["export", f"--pseudonymise-key={SECRET}", "2026-03-01", "2026-03-02", "out"],
            ["export", f"BRIGHTCALL_PSEUDONYM_KEY={SECRET}"],
        ],
        ids=" ".join,
    )
    def test_is_refused(self, arguments):
        why = refused_key([str(each) for each in arguments])
        variable = "PSEUDONYM_KEY" if "pseudonym" in str(arguments).lower() else "API_KEY"
        assert "the shell's history" in why
        assert f"Set BRIGHTCALL_{variable} in the environment instead" in why
        assert self.SECRET not in why

    def test_so_is_the_environments_own_wherever_it_stands(self, monkeypatch):
        monkeypatch.setenv("BRIGHTCALL_API_KEY", self.SECRET)
        assert self.SECRET not in refused_key(["describe", f"x{self.SECRET}"])

    def test_and_that_of_a_file(self, monkeypatch, tmp_path):
        monkeypatch.delenv("BRIGHTCALL_API_KEY", raising=False)
        monkeypatch.chdir(tmp_path)
        (tmp_path / ".env").write_text(f"BRIGHTCALL_API_KEY={self.SECRET}")
        assert self.SECRET not in refused_key(["export", self.SECRET])

    @pytest.mark.parametrize("argument", ["fields", "keys", "api-key", "key=value", "--keep", "--json"])
    def test_other_words_are_not(self, argument):
        assert refused_key(["export", argument]) is None

    def test_the_command_does_not_begin(self, brightcall):
        done = brightcall("export", "2026-03-01", "2026-03-02", "out", f"--api-key={self.SECRET}")
        assert done.returncode == 2
        assert done.stdout == ""
        assert done.stderr.startswith("brightcall: keys are not accepted on the command line")
        assert self.SECRET not in done.stderr


class TestDescribe:
    def test_fields(self, brightcall):
        done = brightcall("describe", "fields")
        assert done.returncode == 0
        assert (
            "talkTime                    Duration of the actual conversation.\n    float64 s\n" in done.stdout
        )
        assert len(re.findall(r"^\S", done.stdout, re.MULTILINE)) == 45

    def test_filters(self, brightcall):
        done = brightcall("describe", "filters")
        assert done.returncode == 0
        assert "outbound (1)" in done.stdout
        assert len(re.findall(r"^\S", done.stdout, re.MULTILINE)) == 33

    def test_json(self, brightcall):
        fields = json.loads(brightcall("describe", "fields", "--json").stdout)
        filters = json.loads(brightcall("describe", "filters", "--json").stdout)
        assert (len(fields), len(filters)) == (45, 33)
        assert fields[0]["field"] == "answerTime"
        assert filters[1] | {"accepts": "", "description": ""} == {
            "argument": "day_from",
            "parameter": "dayFrom",
            "accepts": "",
            "filters": True,
            "on_rows": True,
            "description": "",
        }

    def test_a_wrong_topic_names_the_right_ones(self, brightcall):
        done = brightcall("describe", "felds")
        assert done.returncode == 2
        assert "'fields', 'filters'" in done.stderr


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    return tmp_path_factory.mktemp("démo [1] o'clock") / "out"


@pytest.fixture(scope="module")
def done(brightcall, output):
    return brightcall("demo", "--output", output, "--calls", "1500", "--days", "6", "--seed", "3")


@pytest.fixture(scope="module")
def truth():
    with bc.start_sandbox(1500, 6, 3) as sandbox:
        return sandbox.truth


class TestDemo:
    def test_succeeds(self, done):
        assert done.returncode == 0, done.stderr

    def test_shows_a_progress_bar_of_calls_and_pages(self, done):
        assert re.search(r"Loaded: 100%.* 1,500/1,500 calls, \d+ pages", done.stderr)

    def test_loads_cold_and_warm_and_says_so(self, done):
        cold = re.search(r"server +(\d+) +[\d.]+ +1,500$", done.stdout, re.MULTILINE)
        warm = re.search(r"cache +(\d+) +[\d.]+ +1,500$", done.stdout, re.MULTILINE)
        assert int(cold[1]) >= 3  # 1,500 calls in pages of 500
        assert int(warm[1]) == 0
        assert "calls made up by the sandbox: 1,500" in done.stdout

    def test_json_is_all_of_standard_output(self, brightcall, tmp_path):
        done = brightcall(
            "demo", "--calls", "300", "--days", "3", "--json", "--output", str(tmp_path / "out")
        )
        told = json.loads(done.stdout)
        assert (told["calls"], told["made_up"], told["output"]) == (300, 300, str(tmp_path / "out"))
        assert [(each["source"], each["calls"]) for each in told["loads"]] == [
            ("server", 300),
            ("cache", 300),
        ]
        assert [each["requests"] > 0 for each in told["loads"]] == [True, False]

    def test_the_outcome_table_has_the_sandboxs_truth(self, done, truth):
        section = done.stdout.partition("df.calls.by_outcome()\n")[2].partition("\n\n")[0]
        shown = {
            match[1]: int(match[2])
            for match in re.finditer(
                r"^(.+?)  +(?:positive|neutral|negative|absent) +(\d+)", section, re.MULTILINE
            )
        }
        planted = {name.casefold(): each["calls"] for name, each in truth["by_outcome"].items()}
        assert {name.casefold(): calls for name, calls in shown.items()} == planted

    def test_the_variants_have_the_sandboxs_truth(self, done, truth):
        section = done.stdout.partition("df.calls.transfer_variants()\n")[2].partition("\n\n")[0]
        shown = {
            match[1]: int(match[2]) for match in re.finditer(r"^(\S.*?→.*?)  +(\d+) ", section, re.MULTILINE)
        }
        planted = truth["chains"]["variants"]
        assert len(shown) == 8
        assert shown == {path: planted[path] for path in shown}

    def test_draws_two_charts(self, done, output):
        for name in ("by_outcome.png", "talk_time_histogram.png"):
            picture = matplotlib.image.imread(output / name)
            assert picture.shape[0] > 400
            assert picture.shape[1] > 800
            assert picture.std() > 0.05  # not an empty canvas

    def test_plain_pandas_reads_the_parquet(self, done, output):
        frame = pd.read_parquet(output / "calls")
        assert len(frame) == frame["id"].nunique() == 1500
        assert {"day", *bc.describe_fields().index} <= set(frame)
        assert frame["day"].nunique() <= 6

    def test_duckdb_reads_the_parquet(self, done, output, truth):
        files = [str(path) for path in (output / "calls").glob("*/*.parquet")]
        with duckdb.connect() as connection:
            connection.register("calls", connection.read_parquet(files))
            ((calls, talk),) = connection.sql("SELECT count(*), sum(talkTime) FROM calls").fetchall()
        frame = pd.read_parquet(output / "calls")
        assert (calls, talk) == (1500, frame["talkTime"].sum())

    def test_a_second_run_replaces_the_first_and_nothing_else(
        self, brightcall, done, output, tmp_path, monkeypatch
    ):
        monkeypatch.chdir(tmp_path)
        copy = shutil.copytree(output, tmp_path / "out")
        (copy / "notes.txt").write_text("mine")
        again = brightcall("demo", "--output", copy, "--calls", "200", "--days", "2")
        assert again.returncode == 0, again.stderr
        assert (copy / "notes.txt").read_text() == "mine"
        assert len(pd.read_parquet(copy / "calls")) == 200
        assert again.stdout.splitlines()[-1].startswith("Next: brightcall lab, ")

    @pytest.mark.parametrize(
        ("here", "next_step"),
        [
            (("Makefile", "notebooks/"), "brightcall lab, "),  # of some other project
            (("notebooks/", "notebooks/01_quickstart.ipynb"), "brightcall lab --copies-of notebooks, "),
            (("Makefile", "notebooks/", "notebooks/01_quickstart.ipynb"), "make lab, "),
        ],
        ids=str,
    )
    def test_its_last_words_name_what_can_be_run_here(
        self, brightcall, here, next_step, tmp_path, monkeypatch
    ):
        for name in here:
            (tmp_path / name).mkdir() if name.endswith("/") else (tmp_path / name).touch()
        monkeypatch.chdir(tmp_path)
        last = brightcall("demo", "--calls", "20", "--days", "1").stdout.splitlines()[-1]
        assert last.startswith(f"Next: {next_step}")

    def test_leaves_nothing_beside_its_output(self, done, output):
        assert sorted(path.name for path in output.iterdir()) == [
            "by_outcome.png",
            "calls",
            "talk_time_histogram.png",
        ]
        assert [path.name for path in output.parent.iterdir()] == ["out"]


class TestSandbox:
    def test_serves_until_interrupted(self):
        command = [Path(sys.executable).with_name("brightcall"), "sandbox", "--calls", "50", "--days", "2"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            try:
                told = ""
                while "Ctrl-C" not in told:
                    line = process.stdout.readline()
                    assert line, process.stderr.read()
                    told += line
                url = re.search(r"BRIGHTCALL_BASE_URL=(\S+)", told)[1]
                key = re.search(r"BRIGHTCALL_API_KEY=(\S+)", told)[1]
                body = {"dayFrom": "2026-03-30", "dayTo": "2026-03-31"}
                address = f"{url}/api/v1/stat/calls"
                answer = requests.post(address, params={"api-key": key}, json=body, timeout=30)
                assert answer.json()["totalItems"] == 50
                assert requests.post(address, json=body, timeout=30).status_code == 401
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(30)
        assert process.returncode == 0

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--faults", "x"], "--faults takes a JSON object"),
            (["--faults", "[1]"], "--faults takes a JSON object"),
            (["--faults", '{"http_999": 1}'], "'http_999' is not a fault"),
            (["--persona", "nobody"], "'nobody' is not a persona; choose from listed-sizes"),
            (["--persona", "at-most-73+size-ignored"], "both decide sizes"),
            (["--world", "burnt_lines"], "'burnt_lines' is not a world; did you mean 'burnt_line'"),
            (["--world", '{"name": "mine", "effects": [["answer"]], "x": 1}'], "a world is a JSON object"),
            (["--world", "agents+lively"], "conflict"),
            (["--faults", '{"http_500": 2}'], "the rate of fault 'http_500' is 2"),
            (["--day-to", "tomorrow"], "tomorrow"),
            (["--calls", "-1"], "greater than or equal to 0"),
            (["--days", "0"], "greater than or equal to 1"),
            (["--port", "70000"], "65535"),
        ],
    )
    def test_wrong_arguments(self, brightcall, arguments, words):
        done = brightcall("sandbox", *arguments)
        assert done.returncode == 2
        assert words in done.stderr
        assert "Traceback" not in done.stderr

    @pytest.mark.parametrize("columns", [80, 120])
    def test_lists_personas(self, brightcall, columns):
        done = brightcall("sandbox", "--list-personas", COLUMNS=str(columns))
        assert done.returncode == 0
        assert max(map(len, done.stdout.splitlines())) <= columns
        words = " ".join(done.stdout.split())
        for each in PERSONAS.values():
            assert f" {each.name} {each.does} Plausible: {each.because} " in words
            assert each.may_be_refused in words

    def test_lists_personas_for_programs(self, brightcall):
        listed = json.loads(brightcall("sandbox", "--list-personas", "--json").stdout)
        assert [each["name"] for each in listed] == list(PERSONAS)
        assert listed[0]["sets"] == {"sizes": "listed"}

    @pytest.mark.parametrize("columns", [80, 120])
    def test_lists_worlds(self, brightcall, columns):
        done = brightcall("sandbox", "--list-worlds", COLUMNS=str(columns))
        assert done.returncode == 0
        assert max(map(len, done.stdout.splitlines())) <= columns
        words = " ".join(done.stdout.split())
        for each in WORLDS.values():
            assert f"{each.name} {each.doc} " in words

    def test_lists_worlds_for_programs(self, brightcall):
        listed = json.loads(brightcall("sandbox", "--list-worlds", "--json").stdout)
        assert [each["name"] for each in listed] == list(WORLDS)
        burned = next(each for each in listed if each["name"] == "burnt_line")
        assert burned["effects"][0]["size"] == -0.5

    def test_tells_programs_where_it_is_and_serves_a_persona_and_a_world(self):
        command = [Path(sys.executable).with_name("brightcall"), "sandbox", "--calls", "5", "--days", "1"]
        with subprocess.Popen(
            [*command, "--persona", "text-ids", "--world", "null", "--json"],
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        ) as process:
            try:
                told = json.loads(process.stdout.readline())
                body = {"dayFrom": told["day_from"], "dayTo": told["day_to"]}
                address = f"{told['url']}/api/v1/stat/calls"
                answer = requests.post(address, params={"api-key": told["api_key"]}, json=body, timeout=30)
                assert answer.json()["totalItems"] == 5
                assert answer.json()["calls"][0]["id"] == "1000005"
                assert told["account"].endswith("-text-ids")
                assert "-null-" in told["account"]
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(30)
        assert process.returncode == 0

    def test_a_port_that_is_taken(self, brightcall):
        with bc.start_sandbox(10, 1) as running:
            port = running.url.rpartition(":")[2]
            done = brightcall("sandbox", "--port", port, "--calls", "10", "--days", "1")
        assert done.returncode == 1
        assert "choose another --port" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def edited(tmp_path_factory):
    """A cache of which one call changed; the days, the options that name it, and the call."""
    folder = tmp_path_factory.mktemp("edited")
    with bc.start_sandbox(60, 2, seed=2) as sandbox:
        client = sandbox.client(cache_dir=folder)
        days = sandbox.day_from, sandbox.day_to
        name = bc.load_calls(*days, client=client, progress=False)["id"].iloc[0]
        sandbox.update(name, outcomeTag="Won at last", qualityRating=4)
        bc.load_calls(*days, client=client, refresh=True, progress=False)
        client.close()
    return days, ["--account", sandbox.account, "--cache-dir", folder], name


class TestRevisions:
    def test_text(self, brightcall, edited):
        days, cache, name = edited
        done = brightcall("revisions", *days, *cache)
        assert done.returncode == 0
        assert {line.split("  ", 2)[2] for line in done.stdout.splitlines()} >= {
            f"{name}  qualityRating: (none) -> 4"
        }
        assert re.search(rf"{name}  outcomeTag: .* -> Won at last", done.stdout)
        assert "changes in calls from 2026-03-30 to 2026-03-31" in done.stderr

    def test_json(self, brightcall, edited):
        days, cache, name = edited
        rows = json.loads(brightcall("revisions", *days, "--json", *cache).stdout)
        changed = {row["field"]: row["new"] for row in rows if row["id"] == name}
        assert (changed["outcomeTag"], changed["qualityRating"]) == ("Won at last", "4")
        assert {row["kind"] for row in rows} == {"changed"}

    def test_days_that_were_never_read(self, brightcall, edited):
        _, cache, _ = edited
        done = brightcall("revisions", "2026-01-01", "2026-01-02", *cache)
        assert (done.returncode, done.stdout) == (1, "")
        assert "never read" in done.stderr

    def test_a_wrong_day(self, brightcall, edited):
        _, cache, _ = edited
        assert brightcall("revisions", "January", "2026-01-02", *cache).returncode == 2


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """The name of an account and the folder of its cache."""
    folder = tmp_path_factory.mktemp("loaded")
    with bc.start_sandbox(200, 4) as sandbox:
        client = sandbox.client(cache_dir=folder)
        bc.load_calls(sandbox.day_from, sandbox.day_to, client=client, progress=False)
        client.close()
    return sandbox.account, folder


class TestLookback:
    @pytest.fixture(scope="class")
    @classmethod
    def read_twice(cls, tmp_path_factory):
        """A cache that was read twice, in which one call changed."""
        folder = tmp_path_factory.mktemp("cache")
        with bc.start_sandbox(60, 2, seed=2) as sandbox:
            client = sandbox.client(cache_dir=folder)
            days = sandbox.day_from, sandbox.day_to
            name = bc.load_calls(*days, client=client, progress=False)["id"].iloc[0]
            sandbox.update(name, outcomeTag="Won at last")
            bc.load_calls(*days, client=client, refresh=True, progress=False)
            client.close()
        return ["--account", sandbox.account, "--cache-dir", folder]

    def test_what_is_not_known_is_said(self, brightcall, read_twice):
        done = brightcall("lookback", *read_twice)
        assert done.returncode == 0
        assert "lookback of outcomeTag: not known, 1 change, and 99 % takes at least 100" in done.stdout

    def test_json(self, brightcall, read_twice):
        told = json.loads(
            brightcall("lookback", "outcomeTag", "--share", "0.9", "--json", *read_twice).stdout
        )
        assert (told["share"], told["changes"], told["calls"]) == (0.9, 1, 60)
        assert told["days"] is told["settle_days"] is None
        assert "takes at least 10" in told["why"]

    @pytest.mark.parametrize("arguments", [["outcomeTg"], ["--share", "1"], ["--filters", '{"tpyes": 1}']])
    def test_a_usage_error(self, brightcall, read_twice, arguments):
        assert brightcall("lookback", *arguments, *read_twice).returncode == 2


@pytest.fixture(scope="module")
def watching(brightcall, tmp_path_factory):
    """How the command ends on days of which a line lost most of its answers in the second half."""
    world = bc.World("fell", [("answer", f"line:{TestWatch.LINE}", -1.5, 0.5)])
    with bc.start_sandbox(6_000, 30, seed=4, world=world) as sandbox:
        about = {"BRIGHTCALL_API_KEY": sandbox.api_key, "BRIGHTCALL_BASE_URL": sandbox.url}
        about["BRIGHTCALL_CACHE_DIR"] = str(tmp_path_factory.mktemp("watch"))

        def run(*arguments, days=(str(sandbox.day_from), str(sandbox.day_to))):
            return brightcall("watch", *days, *arguments, **about)

        yield run


class TestWatch:
    LINE = "+49305550103"

    def test_an_alarm_is_told_and_has_exit_code_1(self, watching):
        done = watching()
        assert (done.returncode, done.stderr) == (1, "")
        (line,) = done.stdout.splitlines()
        assert re.match(rf"\{self.LINE}: fallen since 1\d March 2026, .* points below .*; alarm on ", line)

    def test_without_an_alarm_there_is_nothing_to_read(self, watching):
        done = watching("--by", "agent", "--false-alarms", "0.01")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def test_json(self, watching):
        done = watching("--json")
        said = json.loads(done.stdout)
        assert (done.returncode, said["alarm"], said["last_day"]) == (1, True, "2026-03-31")
        first = said["units"][0]
        assert (first["line"], first["state"]) == (self.LINE, "fallen")
        assert first["since"].startswith("2026-03-1")
        assert {each["state"] for each in said["units"][1:]} == {"steady"}
        quiet = watching("--by", "agent", "--false-alarms", "0.01", "--json")
        assert (quiet.returncode, json.loads(quiet.stdout)["alarm"]) == (0, False)

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--by", "hour"], "cannot be watched"),
            (["--by", "agnt"], "did you mean 'agent'"),
            (["--metric", "talk_time_mean_s"], "share of calls"),
            (["--false-alarms", "0"], "above 0"),
            (["--filters", "no"], "JSON object"),
        ],
    )
    def test_usage_errors(self, watching, arguments, words):
        done = watching(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert words in " ".join(done.stderr.split())

    def test_what_judges_nothing_is_no_good_news(self, watching):
        done = watching(days=("2026-01-01", "2026-01-02"))
        assert (done.returncode, done.stdout) == (3, "")
        assert "nothing was judged: no calls from 2026-01-01 to 2026-01-02" in done.stderr
        few = watching(days=("2026-03-02", "2026-03-02"))
        assert few.returncode == 3
        assert "nothing was judged: " in few.stderr

    def test_a_failure_is_no_alarm(self, brightcall, tmp_path):
        about = {"BRIGHTCALL_API_KEY": "k", "BRIGHTCALL_BASE_URL": "http://127.0.0.1:9"}
        done = brightcall("watch", **about, BRIGHTCALL_CACHE_DIR=str(tmp_path))
        assert (done.returncode, done.stdout) == (3, "")
        assert "no server is running" in done.stderr


class TestCache:
    KEY = "canary-3b1f0c"

    @pytest.fixture
    def filled(self, loaded, tmp_path):
        """The options that name a copy of it, which a test may clear."""
        account, folder = loaded
        return ["--account", account, "--cache-dir", shutil.copytree(folder, tmp_path, dirs_exist_ok=True)]

    def test_info(self, brightcall, filled):
        done = brightcall("cache", "info", *filled)
        assert done.returncode == 0
        shown = dict(line.split(None, 1) for line in done.stdout.splitlines())
        assert (shown["calls"], shown["days"]) == ("200", "4")
        assert (shown["first_day"], shown["last_day"]) == ("2026-03-28", "2026-03-31")

    def test_info_as_json(self, brightcall, filled):
        info = json.loads(brightcall("cache", "info", "--json", *filled).stdout)
        assert info["calls"] == 200
        assert info["window_bytes"] > 0

    def test_clear_some_days(self, brightcall, filled):
        done = brightcall("cache", "clear", "--day-from", "2026-03-30", "--yes", *filled)
        assert (done.returncode, done.stdout) == (0, "deleted 2 days; 2 are left\n")
        assert json.loads(brightcall("cache", "info", "--json", *filled).stdout)["last_day"] == "2026-03-29"

    def test_clear_all(self, brightcall, filled):
        assert brightcall("cache", "clear", "--yes", *filled).stdout == "deleted 4 days; 0 are left\n"

    def test_clear_as_json(self, brightcall, filled):
        done = brightcall("cache", "clear", "--day-to", "2026-03-28", "--yes", "--json", *filled)
        told = json.loads(done.stdout)
        assert (told["deleted"], told["left"]) == (1, 3)

    def test_clear_asks_first(self, brightcall, filled):
        done = brightcall("cache", "clear", *filled)
        assert done.returncode == 1
        assert "Delete cached calls in" in done.stdout
        assert json.loads(brightcall("cache", "info", "--json", *filled).stdout)["days"] == 4

    def test_an_account_must_be_named_or_follow_from_the_key(self, brightcall, tmp_path):
        done = brightcall("cache", "info", "--cache-dir", tmp_path)
        assert done.returncode == 2
        assert "--account" in done.stderr
        done = brightcall("cache", "info", "--cache-dir", tmp_path, BRIGHTCALL_API_KEY=self.KEY)
        assert done.returncode == 0
        assert self.KEY not in done.stdout + done.stderr

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--day-from", "2026-13-01"], "day_from='2026-13-01' does not exist: there is no month 13"),
            (["--day-from", "2026-03"], "alone has two meanings"),
            (["--day-from", "2026-03-02", "--day-to", "2026-03-01"], "is after"),
            (["--older-than", "soon"], "older_than"),
        ],
    )
    def test_wrong_arguments(self, brightcall, tmp_path, arguments, words):
        done = brightcall("cache", "clear", "--yes", "--account", "a", "--cache-dir", tmp_path, *arguments)
        assert done.returncode == 2
        assert words in " ".join(done.stderr.split())
        assert "Traceback" not in done.stderr


class TestReport:
    DAYS = ("2026-03-30", "2026-03-31")

    @pytest.fixture
    def account(self, shared, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        for name, value in {
            "BRIGHTCALL_API_KEY": shared.api_key,
            "BRIGHTCALL_BASE_URL": shared.url,
            "BRIGHTCALL_CACHE_DIR": str(tmp_path / "cache"),
        }.items():
            monkeypatch.setenv(name, value)
        return tmp_path

    def test_loads_both_periods_and_reconciles_them(self, account, brightcall):
        done = brightcall("report", *self.DAYS, "--xlsx", "--json", "--history", "0")
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert told["files"] == ["report.xlsx"]
        assert told["lead"]
        first = openpyxl.load_workbook(account / "report.xlsx").worksheets[0]
        words = " ".join(str(row[0]) for row in first.iter_rows(values_only=True))
        assert "30–31 March 2026" in words
        assert "against 28–29 March 2026" in words
        assert "Reconciled: all" in words

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (["7x"], "day_from"),
            (["7d", "--sections", "kpi"], "kpis"),
            (["7d", "--costs", "1"], "costs"),
            (["7d", "--names", "nobody.csv"], "nobody.csv"),
            (["7d", "--pseudonymize"], "BRIGHTCALL_PSEUDONYM_KEY"),
            (["7d", "--output", "."], "folder"),
        ],
    )
    def test_wrong_arguments_are_usage_errors_and_write_nothing(self, account, brightcall, arguments, says):
        done = brightcall("report", *arguments)
        assert done.returncode == 2
        assert says in done.stderr
        assert not list(account.glob("report*"))
