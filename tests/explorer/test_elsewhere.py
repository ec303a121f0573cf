"""The explorer outside JupyterLab: in Notebook 7, Voilà and marimo, and in a page that has VS Code's colours.

VS Code itself cannot be driven here; the last class shows only what such a page makes of the explorer.
"""

import json

import numpy as np
import pandas as pd
import pytest

from brightcall_pandas.explorer import Explorer
from brightcall_pandas.explorer._page import PROGRAM, STYLE

CELL = """import pandas as pd, brightcall_pandas
pd.read_parquet("calls.parquet").calls.explore(presets="presets.json")"""
TOKEN = "explorer"


def made_up(size=2_000, seed=5):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "timestamp": pd.Timestamp("2026-03-02", tz="UTC")
            + pd.to_timedelta(rng.integers(0, 864_000, size), "s"),
            "type": rng.choice(["inbound", "outbound", "internal"], size),
            "state": rng.choice(["answered", "unanswered"], size),
            "outcomeTag": rng.choice(["Sold", "No answer", "Later"], size),
            "talkTime": rng.exponential(60, size).round(),
        }
    )


CALLS = made_up()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write a notebook of one cell, and the calls that it explores."""
    work = tmp_path_factory.mktemp("work")
    CALLS.to_parquet(work / "calls.parquet")
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "execution_count": None}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    book = {"cells": [cell | {"source": CELL}], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (work / "explorer.ipynb").write_text(json.dumps(book))
    return work


@pytest.fixture
def page(browser):
    """Return a page that cannot leave this machine, and that remembers what it asked for."""
    page = browser.new_page(viewport={"width": 1300, "height": 1100})
    page.asked, page.broken = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.broken.append(str(error)))
    page.route(lambda address: elsewhere([address]) != [], lambda route: route.abort())
    yield page
    page.close()


def elsewhere(addresses):
    return [each for each in addresses if not each.startswith(("http://127.0.0.1:", "data:", "blob:"))]


def shows(page, calls):
    page.locator(f".bc-explorer[data-n='{int(calls)}']").wait_for(timeout=20_000)


def try_by_hand(page):
    """Click on a direction, drag over the talk times, take all back."""
    page.wait_for_selector(".bc-sentence", timeout=60_000)
    shows(page, 2_000)
    page.locator("[data-control=types]").get_by_text("inbound", exact=True).click()
    inbound = CALLS["type"] == "inbound"
    shows(page, inbound.sum())
    box = page.locator("[data-view=talk_time] svg").bounding_box()
    height = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.2, height)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, height, steps=8)
    page.mouse.up()
    page.wait_for_selector("[data-control=talk_time].bc-active")
    page.wait_for_selector(".bc-explorer[aria-busy=false]")
    low, high = (
        float(page.get_by_label(f"Talk time {end}, exactly").input_value()) for end in ("from", "to")
    )
    assert 0 < low < high < CALLS["talkTime"].max()
    shows(page, (inbound & CALLS["talkTime"].between(low, high)).sum())
    page.locator("[data-do=reset]").click()
    shows(page, 2_000)


def colors(page):
    """Return the red, 255 in white, of the page's ground, its ink, its raised ground and a cell's ink."""
    return page.locator(".bc-explorer").evaluate("""(root) => {
      const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
      const red = (selector, name) => {
        pen.fillStyle = getComputedStyle(selector ? root.querySelector(selector) : root)[name];
        pen.fillRect(0, 0, 1, 1);
        return pen.getImageData(0, 0, 1, 1).data[0];
      };
      const ground = "backgroundColor";
      return [red("", ground), red("", "color"), red(".bc-figure", ground), red("td", "color")];
    }""")


class TestNotebook7:
    def test_shows_the_explorer_and_filters_by_hand(self, start, folder, page):
        options = ["--ip=127.0.0.1", "--allow-root", f"--IdentityProvider.token={TOKEN}"]
        address = start(folder, "notebook", *options, "--JupyterNotebookApp.expose_app_in_browser=True")
        page.goto(f"{address}/notebooks/explorer.ipynb?token={TOKEN}")
        page.wait_for_function(
            "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
            timeout=60_000,
        )
        page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        try_by_hand(page)
        assert page.locator(".jp-Notebook").count() == 1
        assert elsewhere(page.asked) == []


class TestVoila:
    def test_shows_the_explorer_and_filters_by_hand(self, start, folder, page):
        address = start(folder, "voila", "explorer.ipynb", "--Voila.ip=127.0.0.1", "--theme=dark")
        page.goto(address)
        try_by_hand(page)
        ground, ink, raised, cell = colors(page)
        assert ground < raised < 70 < 200 < min(ink, cell)
        # Voilà's own template asks for its icons. They did not come, and nothing is missing.
        assert all("/@fortawesome/" in each for each in elsewhere(page.asked))
        assert page.broken == []


class TestMarimo:
    APP = """import marimo

app = marimo.App()


@app.cell
def _():
    import pandas as pd
    import brightcall_pandas
    march = pd.read_parquet("calls.parquet")
    ex = march.calls.explore(presets="presets.json")
    ex
    return
"""

    def test_shows_the_explorer_and_filters_by_hand(self, start, folder, page):
        (folder / "app.py").write_text(self.APP)
        (folder / ".marimo.toml").write_text('[display]\ntheme = "dark"\n')
        options = ["run", "app.py", "--host=127.0.0.1", "--no-token"]
        page.goto(start(folder, "marimo", *options, quiet="--headless"))
        try_by_hand(page)
        page.locator(".bc-cell").nth(30).click()  # Tuesday at 6:00
        begun = CALLS["timestamp"]
        shows(page, ((begun.dt.day_of_week == 1) & (begun.dt.hour == 6)).sum())
        code = page.locator(".bc-code code").text_content()
        assert code == "calls = march.calls.filter(hours=(6, 6), weekdays=['Tuesday'], timezone='UTC')"
        ground, ink, raised, cell = colors(page)
        assert ground < raised < 70 < 200 < min(ink, cell)
        assert elsewhere(page.asked) == []
        assert page.broken == []


class TestColorsOfVSCode:
    # The variables of ipywidgets are there too, and say white whatever the theme.
    PAGE = """<style>:root {{ --jp-layout-color1: white; --jp-ui-font-color1: black;
    --vscode-editor-background: {ground}; --vscode-editor-foreground: {ink}; }} {css}</style>
    <body class="vscode-{theme}"><div id="cell"></div></body>"""
    DRAW = """async ([code, view]) => {
      const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
      const { default: widget } = await import(url);
      let hear = null;
      const model = { on: (_, task) => { hear = task; }, off() {}, send() { hear(view); } };
      widget.render({ model, el: document.getElementById("cell") });
    }"""

    @pytest.mark.parametrize(
        ("theme", "ground", "ink"), [("dark", "#1e1e1e", "#cccccc"), ("light", "#ffffff", "#333333")]
    )
    def test_are_taken_before_those_of_ipywidgets(self, theme, ground, ink, page):
        page.set_content(self.PAGE.format(ground=ground, ink=ink, css=STYLE, theme=theme))
        explorer, said = Explorer(CALLS), []
        explorer.page.send = said.append
        explorer.page.receive({"do": "hello"})
        (view,) = said
        page.evaluate(self.DRAW, [PROGRAM, view])
        assert page.locator(".bc-sentence").inner_text().startswith("2,000 of 2,000 calls")
        wanted = [int(each[1:3], 16) for each in (ground, ink)]
        shown = colors(page)
        assert shown[:2] == wanted
        assert 0 < abs(shown[2] - wanted[0]) < 40
        assert shown[3] == wanted[1]
        assert page.broken == []
