"""docs/report.md: its programs run, its lines for cron do what they say, and the sample is the real thing."""

from __future__ import annotations

import re
import shlex
from functools import partial
from pathlib import Path

import openpyxl
import pytest

import brightcall_pandas as bc
from tests.reporting.conftest import Page

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "report.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
CRON = re.search(r"^```cron\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def sandbox():
    with bc.start_sandbox(calls=1_500, days=21, seed=4) as running:
        yield running


@pytest.fixture
def account(sandbox, tmp_path, monkeypatch):
    """A folder of one's own, with the key in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BRIGHTCALL_API_KEY", sandbox.api_key)
    monkeypatch.setenv("BRIGHTCALL_BASE_URL", sandbox.url)
    monkeypatch.setenv("BRIGHTCALL_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


class TestPrograms:
    def test_run_one_after_the_other(self, sandbox, account, monkeypatch):
        quick = partial(bc.report, pictures=False)
        monkeypatch.setattr(bc, "report", quick)
        named = {"bc": bc, "sandbox": sandbox, "client": bc.Client(allow_http=True)}
        for program in PROGRAMS:
            exec(program, named)
        assert (account / "report.html").exists()
        shown = Page((account / "sales.html").read_text(encoding="utf-8"))
        assert "Countries" in shown.tables
        assert "meeting rate" in shown.words


class TestCron:
    """The very lines of the recipe, for the day after the sandbox's last one."""

    def test_the_export_and_then_the_report(self, sandbox, account, brightcall):
        export, report = (
            shlex.split(line.split(None, 5)[5].replace("yesterday", sandbox.day_to))
            for line in CRON[1].strip().splitlines()
        )
        for command in (export, export, report):  # the export every night
            assert command[0] == "brightcall"
            done = brightcall(*command[1:])
            assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        shown = Page((account / "monday.html").read_text(encoding="utf-8"))
        week = bc.read_calls("calls", day_from="2026-03-25", day_to="2026-03-31")
        assert f"{len(week):,}" in shown.table("Key figures")["This period"].tolist()
        assert "Proved complete" in shown.words
        assert openpyxl.load_workbook(account / "monday.xlsx").sheetnames[0] == "Report"

    def test_a_report_of_days_that_were_not_exported_fails_and_leaves_the_old_one(self, account, brightcall):
        (account / "monday.html").write_text("last week")
        done = brightcall("report", "7d", "2026-03-31", "--calls", "nothing", "--output", "monday")
        assert done.returncode != 0
        assert "nothing" in done.stderr
        assert (account / "monday.html").read_text() == "last week"


class TestSample:
    def test_is_small_and_made_by_the_command_that_the_page_names(self):
        sample = DOCS / "sample-report.html"
        assert sample.stat().st_size < 1_500_000
        assert "`python docs/sample_report.py`" in TEXT
        assert (DOCS / "sample_report.py").exists()
        shown = Page(sample.read_text(encoding="utf-8"))
        assert "Line +49305550102: the answer rate of outbound calls fell" in shown.words
