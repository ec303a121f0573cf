"""The pages of docs/: programs run and print what stands below them, and all that is public is there."""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import re
import shlex
from pathlib import Path

import click
import matplotlib as mpl
import pytest
import typer

import brightcall_pandas as bc
import brightcall_pandas.load._client as client_module
from brightcall_pandas import errors
from brightcall_pandas.accessors._plot import CallsPlot
from brightcall_pandas.cli import app
from brightcall_pandas.sandbox import Sandbox

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
TASKS = sorted(page for page in (DOCS / "how-to").glob("*.md") if page.stem != "index")
ELSEWHERE = {
    "files": "tests/export/test_docs.py runs them and looks at what they wrote",
    "gallery": "tests/test_gallery.py and tests/plots draw them",
    "scale": "tests/accessors/test_dask.py counts on two worker processes",
    "questions": "tests/analysis/test_questions.py asks each",
}
SMALLER = {
    "getting-started": [("bc.start_sandbox()", "sandbox")],  # the one that runs already
    "watch": [("Appointment Scheduled", "Meeting booked")],
    "sandbox": [("20_000", "400"), ("1_000_000", "1_000"), ("(world=", "(calls=400, world=")],
}
"""What is replaced in a page's programs, so that they run here, and soon."""
PAGES = [page for page in sorted(DOCS.glob("*.md")) if page.stem not in ELSEWHERE]


def module(name):
    spec = importlib.util.spec_from_file_location(name, DOCS / "site" / f"{name}.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


blocks = module("blocks")


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """The session in which every page of tasks begins, in a folder where pages may write."""
    folder = tmp_path_factory.mktemp("pages")
    with pytest.MonkeyPatch.context() as patch, mpl.rc_context():
        patch.chdir(folder)
        patch.setenv("BRIGHTCALL_CACHE_DIR", str(folder / "cache"))
        patch.setattr(client_module, "_default", None)  # and again afterwards
        session = blocks.begin({})
        yield session
        session["sandbox"].stop()


class TestPrograms:
    @pytest.mark.parametrize("page", TASKS + PAGES, ids=lambda page: page.stem)
    def test_each_runs_and_prints_what_stands_below_it(self, page, begun):
        session = dict(begun)
        prepared = getattr(self, "before_" + page.stem.replace("-", "_"), contextlib.nullcontext)
        with prepared(session):
            for block in filter(lambda each: each.runs, blocks.blocks(page)):
                printed = blocks.run(self.smaller(block.code, page.stem), session)
                assert block.printed is None or printed == block.printed
                for each in set(filter(lambda value: isinstance(value, Sandbox), session.values())):
                    if each is not begun["sandbox"]:
                        each.stop()

    def smaller(self, code, page):
        for large, small in SMALLER.get(page, ()):
            code = code.replace(large, small)
        return code

    @contextlib.contextmanager
    def before_report(self, session):
        """The client that its first program takes."""
        session["client"] = session["sandbox"].client()
        yield

    @contextlib.contextmanager
    def before_late_edits(self, session):
        """An account whose February was read before and after March 5."""
        with bc.start_sandbox(calls=600, days=60, now="2026-03-05 12:00") as sandbox:
            default = client_module._default
            client = bc.use(sandbox.client(clock=sandbox.clock))
            bc.load_calls("2026-02-01", "2026-02-28")
            sandbox.advance("5d")
            yield client
            bc.use(default)

    def test_a_task_takes_fifteen_lines_at_most_and_shows_what_it_gives(self):
        for page in TASKS:
            for block in blocks.blocks(page):
                assert block.code.count("\n") <= 15, block.code
                assert block.printed, block.code

    @pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.stem)
    def test_commands_are_understood(self, page):
        command = typer.main.get_command(app)
        text = page.read_text(encoding="utf-8")
        shown = "".join(re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
        for line in re.findall(r"^brightcall (.*?)(?: &&.*| *#.*)?$", shown, re.MULTILINE):
            context = click.Context(command, info_name="brightcall")
            name, each, rest = command.resolve_command(context, shlex.split(line))
            each.make_context(name, rest, parent=context)
        for target in re.findall(r"^make (\w+)", shown, re.MULTILINE):
            assert f"\n{target}:" in (ROOT / "Makefile").read_text(encoding="utf-8")


class TestTasks:
    INDEX = (DOCS / "how-to" / "index.md").read_text(encoding="utf-8")

    def test_the_index_has_each_of_them(self):
        listed = re.findall(r"\]\(([\w-]+\.md)#", self.INDEX)
        texts = {page.name: "\n" + page.read_text(encoding="utf-8") for page in TASKS}
        headings = [name for name, text in texts.items() for _ in range(text.count("\n## "))]
        assert sorted(listed) == sorted(headings)
        assert len(listed) >= 25

    @pytest.mark.parametrize("page", TASKS, ids=lambda page: page.stem)
    def test_each_says_how_to_read_it_and_what_is_avoided(self, page):
        for section in re.split("^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            assert "**Reading it:**" in section
            assert "**Avoided:**" in section


class TestReference:
    def text(self):
        pages = {page.stem: page.read_text(encoding="utf-8") for page in (DOCS / "reference").glob("*.rst")}
        generated = module("generated")
        for name, text in pages.items():
            source = [text]
            generated._write(None, generated.FOLDER + name, source)
            pages[name] = source[0]
        return pages

    def test_no_public_name_is_missing(self):
        text = "".join(self.text().values())
        for name in bc.__all__:
            assert re.search(
                rf"^\.\. (auto\w+|py:module):: brightcall_pandas\.{name}$", text, re.MULTILINE
            ), name

    @pytest.mark.parametrize(("page", "cls"), [("tables", bc.CallsAccessor), ("pictures", CallsPlot)])
    def test_no_method_is_missing(self, page, cls):
        shown = set(re.findall(r"^\.\. automethod:: .*\.(\w+)$", self.text()[page], re.MULTILINE))
        assert shown == {name for name in dir(cls) if not name.startswith("_")} - {"plot"}

    def test_tables_have_every_row(self):
        pages = self.text()
        taken = inspect.signature(bc.CallsAccessor.filter).parameters
        conditions = set(taken) - {"self", "fold_case", "agent"}
        rows = {
            "fields": [f"``{name}``" for name in bc.describe_fields().index],
            "filters": [f"``{name}``" for name in {*bc.describe_filters().index, *conditions}],
            "definitions": [f".. _definition-{name}:" for name in bc.definitions().index],
        }
        assert [row for page, each in rows.items() for row in each if row not in pages[page]] == []
        assert "brightcall cache clear" in pages["command-line"]


def said_in_the_code():
    """Return the program texts of the package, with the parts of each message side by side."""
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / "brightcall_pandas").rglob("*.py"))
    return "\n".join(re.sub(r'"\s*\n\s*f?"', "", text) for text in texts)


class TestTroubleshooting:
    PAGE = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    ROWS = re.findall(r"^\| (`.*?) \| .* \| .* \|$", PAGE, re.MULTILINE)
    MESSAGES = [
        message
        for row in ROWS
        if "of pandas" not in row
        for message in re.findall(r"`(.*?)`", re.sub(r" \(`\w+(Error|Warning)`.*?\)", "", row))
    ]

    def test_every_public_error_has_a_heading(self):
        assert set(errors.__all__) <= set(re.findall(r"^## (\w+)$", self.PAGE, re.MULTILINE))

    def test_pandas_says_what_stands_here_as_its_own(self, tmp_path):
        (said,) = re.findall(r"^\| `(.*?)` \(`ValueError` of pandas\)", self.PAGE, re.MULTILINE)
        calls = bc.to_frame([{"id": "1", "timestamp": "2026-03-02T09:00:00+01:00"}])
        with pytest.raises(ValueError, match=said):
            calls.to_excel(tmp_path / "calls.xlsx")

    def test_the_package_says_what_stands_here(self):
        said = said_in_the_code()
        pieces = [piece.strip(" ,:") for each in self.MESSAGES for piece in each.split("…")]
        assert len(pieces) > 50
        assert [piece for piece in pieces if piece and piece not in said] == []


class TestOffline:
    """What is looked for in the pages that were built."""

    def test_a_site_that_stands_alone(self, tmp_path):
        (tmp_path / "a.html").write_text(
            '<a href="b.html#there">b</a> <a href="https://example.org/x#y">elsewhere</a> <p id="here">'
        )
        (tmp_path / "b.html").write_text('<a href="a.html">a</a> <h2 id="there">')
        assert module("offline").faults(tmp_path) == []

    def test_requests_to_other_machines(self, tmp_path):
        (tmp_path / "a.html").write_text(
            '<script src="https://cdn.example/x.js"></script>'
            '<link rel="stylesheet" href="//fonts.example/f.css">'
        )
        assert len(module("offline").faults(tmp_path)) == 2

    def test_links_that_lead_nowhere(self, tmp_path):
        (tmp_path / "a.html").write_text(
            '<a href="gone.html">1</a> <a href="#gone">2</a> <img src="gone.png">'
        )
        assert len(module("offline").faults(tmp_path)) == 3
