"""README.md: its blocks run as they are pasted, its table answers, and its links lead somewhere."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from matplotlib.axes import Axes

import brightcall_pandas as bc

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
TABLE = TEXT.partition("## What you get")[2].partition("\n## ")[0]
ANSWERS = re.findall(r"^\| .*\? \| (.*) \|$", TABLE, re.MULTILINE)
LINES = [line for cell in ANSWERS for line in re.findall("`(.*?)`", cell)]
PAGES = ["README.md", *(f"docs/{each.name}" for each in sorted((ROOT / "docs").glob("*.md")))]


@pytest.fixture(scope="module")
def sandbox():
    with bc.start_sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def account(sandbox, tmp_path_factory):
    """An account of one's own: a key and an address in the environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BRIGHTCALL_API_KEY", sandbox.api_key)
        patch.setenv("BRIGHTCALL_BASE_URL", sandbox.url)
        patch.setenv("BRIGHTCALL_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def names(account):
    """What is defined after the first block, and ``earlier``, as the README defines it."""
    found = {}
    exec(BLOCKS[0], found)
    plt.close("all")
    exec(re.search("`(earlier = .*?)`", TEXT)[1], found)
    assert 0 < len(found["earlier"]) < len(found["df"])
    return found


class TestBlocks:
    @pytest.mark.parametrize("block", BLOCKS)
    def test_pasted_into_a_cell_each_draws_the_picture(self, block, account):
        assert ">>>" not in block  # for an editor, or for plain Python
        shell = InteractiveShell()  # what takes a cell in Jupyter
        shell.history_manager.enabled = False
        done = shell.run_cell(block)
        done.raise_error()
        assert done.result is None  # nothing is printed above the picture
        assert "20,000 calls" in "".join(each.get_text() for each in plt.gcf().findobj(plt.Text))
        plt.close("all")

    def test_own_account_takes_five_lines(self):
        section = TEXT.partition("## Your own account")[2].partition("\n## ")[0]
        code = "".join(re.findall(r"^```\w+\n(.*?)^```", section, re.MULTILINE | re.DOTALL))
        assert len(code.split("\n\n")) == 2  # imports, and what follows
        assert len([line for line in code.splitlines() if line]) == 5

    def test_the_second_is_the_first(self):
        first, second = (re.sub(" *#.*", "", block) for block in BLOCKS)
        assert first == second


class TestTable:
    @pytest.mark.parametrize("line", LINES)
    def test_each_line_answers(self, line, names, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        answer = eval(line, names)
        if line == "bc.lookback()":
            assert answer.why  # nothing was read twice
        elif line == "bc.report(df)":
            assert "<table" in (tmp_path / answer).read_text(encoding="utf-8")
        elif ".plot." in line:
            assert isinstance(answer, Axes)
            plt.close("all")
        elif line != "df.calls.explore()":
            assert isinstance(answer, pd.DataFrame | pd.Series)
            still = line.startswith("bc.revisions")  # its calls stay as they are
            assert (len(answer) > 0) is not still

    def test_it_was_read(self):
        assert len(LINES) >= 20

    def test_the_picture_is_described_in_words(self, names):
        """Where images are left out, their description remains."""
        said = dict(re.findall(r"[:,] ([^,:]+?) ([\d.]+) %", re.search(r"!\[(.*?)\]", TEXT)[1]))
        shares = names["df"].calls.by_outcome()["share"]
        drawn = [*shares.index.drop("(none)"), "(none)"]
        assert list(said) == drawn
        assert [float(each) for each in said.values()] == [
            float(f"{100 * shares[each]:.2g}") for each in drawn
        ]


class TestLinks:
    @pytest.mark.parametrize("page", PAGES)
    def test_files_are_there_and_so_are_their_headings(self, page):
        for target in re.findall(r"\]\((?!\w+:)([^)]+)\)", (ROOT / page).read_text(encoding="utf-8")):
            name, _, anchor = target.partition("#")
            file = (ROOT / page).parent / name if name else ROOT / page
            assert file.exists(), target
            if anchor:
                titles = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
                assert anchor in [re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in titles]


class TestExtras:
    def test_the_table_names_them(self):
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        table = TEXT.partition("| Extra |")[2].partition("\n\n")[0]
        cells = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
        named = [each for cell in cells for each in re.findall(r"`(\w+)`", cell)]
        assert sorted(named) == sorted(set(project["optional-dependencies"]) - {"dev", "docs"})
