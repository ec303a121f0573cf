"""The page of the sandbox tells of everything that it has, and its programs run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import brightcall_pandas as bc
from brightcall_pandas.sandbox import PERSONAS, WORLDS, Sandbox, start_sandbox
from brightcall_pandas.sandbox._answers import ENDPOINTS, LARGEST_PAGE
from brightcall_pandas.sandbox._effects import EFFECTS, KINDS, MEASURES
from brightcall_pandas.sandbox._faults import FAULTS
from brightcall_pandas.sandbox._late import LATE

PAGE = Path(__file__).parents[2] / "docs" / "sandbox.md"


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


class TestPage:
    def test_names_every_fault_with_its_options(self, page: str) -> None:
        lines = dict(re.findall(r"^\| `(\w+)`(?: \\?\*)? \|(.*)$", page, flags=re.MULTILINE))
        for name, fault in FAULTS.items():
            for option, default in fault.options.items():
                assert f"`{option}={default!r}`".replace("'", '"') in lines[name], name

    def test_marks_the_faults_that_change_rows(self, page: str) -> None:
        marked = set(re.findall(r"^\| `(\w+)` \* \|", page, flags=re.MULTILINE))
        assert marked == {name for name, fault in FAULTS.items() if fault.changes_rows}

    def test_lists_every_persona_as_the_command_line_does(self, page: str) -> None:
        rows = re.findall(r"^\| `([\w-]+)`( \*)? \| (.*) \| (.*) \|$", page, flags=re.MULTILINE)
        told = {name: (does, because, bool(mark)) for name, mark, does, because in rows if name in PERSONAS}
        assert told == {
            name: (each.does, each.because, bool(each.may_be_refused)) for name, each in PERSONAS.items()
        }

    def test_lists_every_world_as_the_command_line_does(self, page: str) -> None:
        rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \|$", page, flags=re.MULTILINE)
        assert {name: doc for name, doc in rows if name in WORLDS} == {
            name: world.doc for name, world in WORLDS.items()
        }

    def test_tells_what_effects_move(self, page: str) -> None:
        for name, what in EFFECTS.items():
            kinds, measures = (
                ", ".join(f"`{each}`" for each in names) for names in (what.kinds, what.measures)
            )
            cells = (f"`{name}`", what.scale, what.moves, what.calls, kinds, measures)
            assert f"| {' | '.join(cells)} |" in page, name
        for name, kind in KINDS.items():
            alone = "each has its own size" if kind.spread else ""
            assert re.search(
                rf"^\| `{name}` \| {re.escape(kind.doc)} \| .* \| {alone} \|$", page, re.MULTILINE
            ), name
        assert all(f"| `{name}` | {measure.doc} |" in page for name, measure in MEASURES.items())

    def test_the_world_of_ones_own_is_one(self, page: str) -> None:
        (program,) = (
            each for each in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "bc.World(" in each
        )
        found: dict[str, Any] = {"bc": bc}
        exec(program, found)
        with found["sandbox"] as sandbox:
            assert sandbox.truth["world"] == "seasons+tired"
            assert len(sandbox.truth["effects"]) == 8

    def test_the_program_that_moves_the_clock_runs(
        self, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (program,) = (
            each for each in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if ".advance(" in each
        )
        monkeypatch.chdir(tmp_path)
        found: dict[str, Any] = {}
        exec(program.replace("2_000", "300"), found)
        assert (tmp_path / "late_edits_cache").is_dir()
        assert found["client"].cache.info()["last_day"] == "2026-03-12"

    def test_names_every_key_of_the_truth(self, page: str) -> None:
        with start_sandbox(calls=50, days=1) as sandbox:
            keys = set(sandbox.truth)
        cells = re.findall(r"^\| ([^|]*) \|", page, flags=re.MULTILINE)
        assert keys <= set(re.findall(r"`(\w+)`", " ".join(cells)))

    def test_tells_what_happens_to_calls_late(self, page: str) -> None:
        for name, late in LATE.items():
            among = "answered calls" if late.answered_only else "calls"
            hours = {share: seconds / 3600 for share, seconds in late.delay_s.items()}
            first = f"from {hours.pop(0):.2g} h on"
            then = ", ".join(f"{share / 10:g} % within {each:g} h" for share, each in hours.items())
            often = f"{late.per_mille / 10:g} % of {among}"
            assert f"| `{name}` | {late.doc} | {often} | {first}, {then} |" in page

    def test_names_every_endpoint_and_method(self, page: str) -> None:
        methods = {"requests", "insert", "update", "delete", "schedule", "changes", "latency", "set_faults"}
        methods |= {"set_persona", "restore", "mark", "since_mark", "advance", "clock"}
        assert all(f"`POST {path}`" in page for path in ENDPOINTS)
        assert all(hasattr(Sandbox, name) and f"`{name}(" in page for name in methods)
        assert f"{LARGEST_PAGE:,}" in page

    def test_the_program_behind_the_figures_runs(self, page: str, capsys: pytest.CaptureFixture[str]) -> None:
        programs = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
        exec(programs[-1].replace("1_000_000", "2_000"), {})
        assert "2,000 calls ready" in capsys.readouterr().out
