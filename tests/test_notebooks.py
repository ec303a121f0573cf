"""Each notebook: one question, a switch to one's own account, cells that one can take in, and a decision."""

import json
import re
from datetime import date, timedelta
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

import brightcall_pandas as bc

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
SWITCH = "OWN_ACCOUNT = False"
LONGEST = 15  # lines of a cell of code

NEEDS_HISTORY = "07_why_february_changed"  # readings of many days, which no other account has

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def sources(path: Path, kind: str) -> list[str]:
    """Return the cells of one kind as texts."""
    cells = json.loads(path.read_text())["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == kind]


@pytest.fixture(scope="module")
def account():
    """Return a second account, whose last day is yesterday."""
    with bc.start_sandbox(calls=2_000, days=30, seed=1, day_to=date.today() - timedelta(days=1)) as account:
        yield account


class TestForm:
    def test_there_is_one_to_begin_with(self):
        assert NOTEBOOKS[0].name == "01_quickstart.ipynb"

    @each_notebook
    def test_is_run_in_order_and_says_nothing_of_the_machine(self, path):
        text = path.read_text()
        notebook = json.loads(text)
        counts = [cell["execution_count"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
        assert counts == list(range(1, len(counts) + 1))
        assert set(notebook["metadata"]) <= {"kernelspec", "language_info"}
        assert "widget-state" not in text
        assert not re.search(r"/(home|Users|root|tmp|work)/|127\.0\.0\.1|api[-_]key=", text)

    @each_notebook
    def test_stores_no_error_and_no_warning(self, path):
        outputs = [
            output for cell in json.loads(path.read_text())["cells"] for output in cell.get("outputs", [])
        ]
        assert [output["ename"] for output in outputs if output["output_type"] == "error"] == []
        assert [output["text"] for output in outputs if output.get("name") == "stderr"] == []

    @each_notebook
    def test_its_title_is_its_question(self, path):
        title, _, rest = sources(path, "markdown")[0].partition("\n")
        assert re.fullmatch(r"# .+\?", title)
        assert rest.strip()
        headings = [line for text in sources(path, "markdown") for line in text.splitlines()]
        assert [line for line in headings if line.startswith("# ")] == [title]

    @each_notebook
    def test_no_cell_is_longer_than_a_reader_takes_in(self, path):
        lengths = [len(text.splitlines()) for text in sources(path, "code")]
        assert max(lengths) <= LONGEST

    @each_notebook
    def test_it_ends_with_a_sentence_made_of_its_numbers(self, path):
        cells = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
        kinds = [kind for output in cells[-1]["outputs"] for kind in output.get("data", {})]
        assert "text/markdown" in kinds


class TestOwnAccount:
    """With the switch turned, a notebook asks the account whose key and address are in the environment."""

    @pytest.fixture
    def environment(self, account, tmp_path, monkeypatch):
        monkeypatch.setenv("BRIGHTCALL_API_KEY", account.api_key)
        monkeypatch.setenv("BRIGHTCALL_BASE_URL", account.url)
        monkeypatch.setenv("BRIGHTCALL_CACHE_DIR", str(tmp_path / "cache"))
        monkeypatch.setattr(bc, "start_sandbox", None)
        yield account
        plt.close("all")

    @pytest.mark.parametrize(
        "path", [each for each in NOTEBOOKS if each.stem != NEEDS_HISTORY], ids=lambda path: path.stem
    )
    def test_all_cells_run_on_it(self, path, environment):
        cells = sources(path, "code")
        assert sum(text.count(SWITCH) for text in cells) == 1
        asked, names = len(environment.requests()), {"display": lambda *_: None}
        for number, text in enumerate(cells):
            code = compile(text.replace(SWITCH, "OWN_ACCOUNT = True"), f"{path.name}[{number}]", "exec")
            exec(code, names)
        names["folder"].cleanup()
        assert len(environment.requests()) > asked
