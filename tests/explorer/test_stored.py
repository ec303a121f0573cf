"""What a notebook keeps of the explorer, in a real kernel: the page itself is tried in test_browser."""

import re

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient

from brightcall_pandas.explorer import Explorer
from brightcall_pandas.explorer._snapshot import as_html
from brightcall_pandas.explorer._stored import snapshot_html

CELLS = [
    """
import pandas as pd, brightcall_pandas as bc
calls = pd.DataFrame(
    {
        "timestamp": pd.to_datetime(["2026-03-02T09:10Z", "2026-03-03T10:00Z", "2026-03-03T10:30Z"]),
        "state": [1, 0, 1],
        "outcomeTag": ["Sold", "<b>Later", "Sold"],
        "talkTime": [10.0, 0.0, 30.0],
        "clientNumber": ["+4930901820", "+4930901821", "+4930901822"],
    }
)
ex = calls.calls.explore(presets="presets.json")
quiet = calls.calls.explore(presets="presets.json", stored=False)
""",
    "ex",
    "ex.filter = bc.CallFilter(outcomes='Sold')",
    "quiet",
    "ex.page.receive({'do': 'set', 'name': 'hours', 'value': [10, 10]}); import time; time.sleep(1.6)",
]


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Run the cells one after the other, and return what the second and the fourth have after each."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    folder = str(tmp_path_factory.mktemp("work"))
    client = NotebookClient(book, timeout=60, resources={"metadata": {"path": folder}})
    found = []
    with client.setup_kernel():
        for at, cell in enumerate(book.cells):
            client.execute_cell(cell, at)
            found.append([[dict(each["data"]) for each in book.cells[shown].outputs] for shown in (1, 3)])
    return found


class TestNotebook:
    def test_has_the_snapshot_before_the_page(self, outputs):
        snapshot, page = outputs[1][0]
        assert snapshot["text/html"].count("3 of 3 calls, answer rate 67 %") == 1
        assert "no filter" in snapshot["text/html"]
        assert snapshot["text/plain"] == "3 of 3 calls, answer rate 67 %\nchosen = calls"
        assert "application/vnd.jupyter.widget-view+json" in page
        assert len(outputs[1][0]) == 2

    def test_a_change_from_python_is_there_when_the_cell_has_run(self, outputs):
        snapshot, page = outputs[2][0]
        assert "2 of 3 calls, answer rate 100 % (+33 points)" in snapshot["text/html"]
        assert "Outcome: Sold" in snapshot["text/html"]
        assert page == outputs[1][0][1]

    def test_a_change_by_hand_follows_a_little_later(self, outputs):
        snapshot, _ = outputs[4][0]
        assert "1 of 3 calls" in snapshot["text/plain"]
        assert snapshot["text/plain"].endswith(
            "calls.calls.filter(outcomes=['Sold'], fold_case=False)"
            ".calls.filter(hours=(10, 10), timezone='UTC')"
        )

    def test_holds_no_number_of_a_client(self, outputs):
        assert "4930901" not in str(outputs)

    def test_is_left_as_it_is_where_nothing_shall_be_stored(self, outputs):
        (page,) = outputs[4][1]
        assert set(page) == {"application/vnd.jupyter.widget-view+json", "text/plain"}


class TestSnapshot:
    def test_labels_that_look_like_code_stay_text(self):
        calls = pd.DataFrame({"outcomeTag": ["<img src=x onerror=alert(1)>"], "state": [1]})
        ex = Explorer(calls, presets="presets.json")
        ex.set("outcomes", calls["outcomeTag"].tolist())
        html = snapshot_html(ex.view, ex.code())
        assert "<img" not in html
        assert html.count("&lt;img src=x onerror=alert(1)&gt;") == 4  # selection, bar and its title, code
        assert not re.search(r"<script|javascript:|http", html)

    def test_names_with_dollars_are_not_typeset_and_long_ones_not_as_wide_as_the_page(self):
        calls = pd.DataFrame({"outcomeTag": ["$5^_x$", "x" * 200]})
        ex = Explorer(calls, presets="presets.json")
        for html in (snapshot_html(ex.view, ex.code()), as_html(ex.view, ex.code())):
            opened = html[html.index("<div") : html.index("$5^_x$")]
            assert re.match('<div class="[^"]*mathjax_ignore tex2jax_ignore"', opened)
            assert "</div>" not in opened.split("<td")[0]
        label = re.search(r'<td style="([^"]*)"[^>]*>x{200}</td>', snapshot_html(ex.view, ex.code()))
        assert {"max-width: 260px", "text-overflow: ellipsis"} <= set(label[1].split("; "))

    def test_drawn_tables_have_words_and_hours_that_no_day_has_are_hatched(self):
        stamps = pd.to_datetime(["2026-03-02T09:10Z", "2026-03-03T10:00Z", "2026-03-03T10:30Z"])
        ex = Explorer(pd.DataFrame({"timestamp": stamps}), presets="presets.json")
        html = snapshot_html(ex.view, ex.code())
        assert re.findall('role="img" aria-label="([^"]*)"', html) == [
            "2 bars; most calls from 2026-03-03: 2",
            "Mean calls a day by weekday and hour; most on Tuesday at 10:00, 2 a day",
        ]
        assert html.count("repeating-linear-gradient") == 5 * 24

    def test_a_frame_without_columns_has_its_count(self):
        ex = Explorer(pd.DataFrame({"id": ["1", "2"]}), presets="presets.json")
        assert "2 of 2 calls" in snapshot_html(ex.view, ex.code())
