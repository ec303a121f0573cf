"""What a person sees and does: the notebook in JupyterLab, in headless Chromium.

The calls are those of the sandbox's seed 0, loaded here once more; what they must be is asked with pandas.
"""

import json
import math
import types

import pandas as pd
import pytest

import brightcall_pandas as bc

THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    with bc.start_sandbox() as sandbox:
        client = sandbox.client(cache_dir=tmp_path_factory.mktemp("cache"))
        return bc.load_calls("2026-03-02", "2026-03-31", client=client, progress=False)


def folded(calls):
    return calls["outcomeTag"].str.strip().str.casefold()


class TestNotebook:
    def test_runs_from_the_first_cell_to_the_last(self, notebook):
        stderr = "[data-mime-type='application/vnd.jupyter.stderr']"
        assert notebook.page.locator(stderr).all_inner_texts() == []
        assert notebook.errors == []

    def test_shows_the_explorer(self, notebook, calls):
        answered = round(100 * (calls["state"] == "answered").mean())
        shown = notebook.explorer.locator(".bc-sentence").inner_text()
        assert shown == f"20,000 of 20,000 calls, answer rate {answered} % (±0)"
        for view in ("outcomes", "talk_time", "heatmap", "paths", "table"):
            assert notebook.explorer.locator(f"[data-view={view}]").is_visible()

    def test_asks_nobody_but_this_machine(self, notebook):
        assert notebook.addresses
        assert all(
            address.startswith(("http://127.0.0.1:", "data:", "blob:")) for address in notebook.addresses
        )


class TestHand:
    def test_moves_a_slider(self, notebook, calls):
        slider = notebook.explorer.locator("[data-control=answer_time] .bc-slider.bc-from")
        slider.focus()
        for _ in range(3):
            notebook.page.keyboard.press("ArrowRight")
        notebook.page.wait_for_selector("[data-control=answer_time].bc-active")
        notebook.answered()
        low = notebook.explorer.get_by_label("Answer time from, exactly").input_value()
        assert float(low) > 0
        notebook.shows((calls["answerTime"] >= float(low)).sum())

    def test_picks_an_outcome_by_its_bar(self, notebook, calls):
        bar = notebook.explorer.locator("[data-view=outcomes] button").nth(1)
        name = bar.locator(".bc-name").inner_text()
        bar.click()
        chosen = folded(calls) == name.casefold()
        notebook.shows(chosen.sum())
        assert bar.get_attribute("aria-pressed") == "true"
        assert notebook.explorer.locator("[data-control=outcomes] input:checked").count() == 1
        # Beside the directions now stand the calls of this outcome.
        counts = notebook.explorer.locator("[data-control=types] .bc-count").all_inner_texts()
        by_type = calls.loc[chosen, "type"].value_counts()
        assert counts == [f"{by_type[word]:,}" for word in ("inbound", "outbound", "internal")]
        bar.click()
        notebook.shows(20_000)

    def test_drags_over_the_histogram(self, notebook, calls):
        box = notebook.explorer.locator("[data-view=talk_time] svg").bounding_box()
        mouse, height = notebook.page.mouse, box["y"] + box["height"] / 2
        mouse.move(box["x"] + box["width"] * 0.2, height)
        mouse.down()
        mouse.move(box["x"] + box["width"] * 0.6, height, steps=12)
        mouse.up()
        notebook.page.wait_for_selector("[data-control=talk_time].bc-active")
        notebook.answered()
        low, high = (
            float(notebook.explorer.get_by_label(f"Talk time {end}, exactly").input_value())
            for end in ("from", "to")
        )
        assert 0 < low < high < calls["talkTime"].max()
        notebook.shows(calls["talkTime"].between(low, high).sum())
        notebook.explorer.locator("[data-do=undo]").click()
        notebook.shows(20_000)

    def test_copies_the_code(self, notebook, calls):
        notebook.explorer.locator("[data-control=states]").get_by_text("answered", exact=True).click()
        answered = calls["state"] == "answered"
        notebook.shows(answered.sum())
        notebook.explorer.locator("[data-do=copy]").click()
        notebook.page.wait_for_function("document.querySelector('.bc-status').textContent === 'Code copied'")
        code = notebook.page.evaluate("navigator.clipboard.readText()")
        asked = []
        fake = types.SimpleNamespace(load_calls=lambda *days, **filters: asked.append((days, filters)))
        space = {"bc": fake, "df": calls}
        exec(code, space)
        assert asked == [(("2026-03-02", "2026-03-31"), {"states": ["answered"]})]
        assert space["calls"]["id"].tolist() == calls.loc[answered, "id"].tolist()

    def test_drags_faster_than_the_kernel_and_the_last_place_wins(self, notebook, calls):
        slow = "slow = lambda *_: (heard.append(1), gate.wait(3)); ex.page.on_msg(slow)"
        notebook.python(f"import threading; heard, gate = [], threading.Event(); {slow}")
        box = notebook.explorer.locator("[data-view=talk_time] svg").bounding_box()
        mouse, height = notebook.page.mouse, box["y"] + box["height"] / 2
        mouse.move(box["x"] + box["width"] * 0.1, height)
        mouse.down()
        mouse.move(box["x"] + box["width"] * 0.47, height, steps=60)
        mouse.up()
        notebook.python("gate.set()")
        notebook.answered()
        low, high = (
            float(notebook.explorer.get_by_label(f"Talk time {end}, exactly").input_value())
            for end in ("from", "to")
        )
        asked = notebook.value("len(heard)")
        notebook.python("ex.page.on_msg(slow, remove=True)")
        notebook.shows(calls["talkTime"].between(low, high).sum())
        assert notebook.value("(ex.filter.talk_time_from, ex.filter.talk_time_to)") == (low, high)
        edges = notebook.value("next(c for c in ex.view['controls'] if c['name'] == 'talk_time')['edges']")
        assert high == edges[math.ceil(0.47 * (len(edges) - 1))]
        assert 1 <= asked <= 10  # of 60 places

    def test_saves_the_calls_as_parquet(self, notebook, calls):
        notebook.explorer.locator("[data-control=states]").get_by_text("failed", exact=True).click()
        failed = calls["state"] == "failed"
        notebook.shows(failed.sum())
        notebook.explorer.get_by_label("File to save to").fill("failed.parquet")
        notebook.explorer.locator("[data-do=save]").click()
        notebook.page.wait_for_function(
            "document.querySelector('.bc-status').textContent.startsWith('Saved')"
        )
        saved = pd.read_parquet(notebook.folder / "failed.parquet")
        assert saved["id"].tolist() == calls.loc[failed, "id"].tolist()

    def test_is_told_which_filter_emptied_the_result(self, notebook):
        notebook.explorer.get_by_label("Number", exact=True).fill("nobody")
        notebook.shows(0)
        told = notebook.explorer.locator(".bc-empty").inner_text()
        assert told == "No calls pass because of Number (without it 20,000)."
        notebook.explorer.get_by_label("Clear Number").click()
        notebook.shows(20_000)

    def test_saves_and_loads_a_preset(self, notebook, calls):
        notebook.explorer.locator("[data-control=types]").get_by_text("inbound", exact=True).click()
        inbound = (calls["type"] == "inbound").sum()
        notebook.shows(inbound)
        notebook.explorer.get_by_label("Preset name").fill("inbound only")
        notebook.explorer.locator("[data-do=save-preset]").click()
        notebook.explorer.locator("[data-do=reset]").click()
        notebook.shows(20_000)
        notebook.explorer.locator("[data-do=load-preset]").click()
        notebook.shows(inbound)


class TestPython:
    def test_moves_the_page(self, notebook, calls):
        notebook.python("ex.filter = bc.CallFilter(types='inbound')")
        notebook.shows((calls["type"] == "inbound").sum())
        assert notebook.explorer.locator("[data-control=types] input").first.is_checked()


class TestKeyboard:
    def test_every_control_has_a_name(self, notebook):
        nameless = notebook.explorer.locator("input, button, select").evaluate_all(
            "(nodes) => nodes.filter((node) => !(node.getAttribute('aria-label') || node.textContent.trim()"
            " || node.closest('label')?.textContent.trim())).map((node) => node.outerHTML)"
        )
        assert nameless == []

    def test_reaches_every_control(self, notebook):
        page = notebook.page
        wanted = notebook.explorer.evaluate(
            "(root) => [...root.querySelectorAll('.bc-control, [data-view=outcomes], .bc-toolbar')]"
            ".filter((node) => node.checkVisibility()).length"
        )
        notebook.explorer.locator("[data-do=reset]").focus()
        for _ in range(250):
            page.evaluate(
                "document.activeElement.closest('.bc-control, [data-view=outcomes], .bc-toolbar')"
                "?.setAttribute('data-reached', '')"
            )
            page.keyboard.press("Tab")
            if not page.evaluate("document.activeElement.closest('.bc-explorer') !== null"):
                break
        reached = notebook.explorer.evaluate("(root) => root.querySelectorAll('[data-reached]').length")
        assert wanted > 18
        assert reached == wanted


class TestLooks:
    @pytest.mark.parametrize("width", [700, 1600])
    @pytest.mark.parametrize("theme", THEMES)
    def test_nothing_sticks_out(self, width, theme, notebook, tmp_path):
        page = notebook.page
        page.set_viewport_size({"width": width, "height": 1200})
        page.evaluate(
            "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", THEMES[theme]
        )
        page.wait_for_function(
            "(light) => document.body.dataset.jpThemeLight === light", arg=str(theme == "light").lower()
        )
        page.wait_for_timeout(400)
        wide = notebook.explorer.evaluate(
            "(root) => [root, ...root.querySelectorAll('.bc-control, .bc-panel, .bc-head, .bc-figure')]"
            ".filter((node) => node.scrollWidth > node.clientWidth + 1).map((node) => node.className)"
        )
        assert wide == []
        back, ink = notebook.explorer.evaluate(
            "(root) => [getComputedStyle(root).backgroundColor, getComputedStyle(root).color]"
        )
        assert (brightness(back) > brightness(ink)) == (theme == "light")
        assert abs(brightness(back) - brightness(ink)) > 120
        notebook.explorer.screenshot(path=tmp_path / "page.png")  # to be looked at


class TestSaved:
    def test_state_in_the_file_holds_no_rows_and_no_numbers(self, notebook, calls):
        notebook.explorer.locator("[data-view=outcomes] button").first.click()
        notebook.command("@jupyter-widgets/jupyterlab-manager:saveWidgetState")
        notebook.command("docmanager:save")
        path = notebook.folder / "explorer.ipynb"
        for _ in range(50):
            saved = json.loads(path.read_text())["metadata"].get("widgets")
            if saved:
                break
            notebook.page.wait_for_timeout(100)
        models = saved["application/vnd.jupyter.widget-state+json"]["state"].values()
        assert any("_esm" in model["state"] for model in models)
        for model in models:
            model["state"].pop("_esm", None)
            model["state"].pop("_css", None)
        text = json.dumps(list(models))
        outcomes = calls["outcomeTag"].dropna().unique()
        numbers = calls["clientNumber"].dropna().head(50)
        for word in [*outcomes, *numbers, "20,000", "20000", "answer rate"]:
            assert word not in text


def brightness(colour):
    """Return 0 to 255 of ``rgb(1, 2, 3)`` or of ``color(srgb 0.1 0.2 0.3)``."""
    inside = colour[colour.index("(") + 1 : colour.index(")")].replace("srgb", "").replace(",", " ").split()
    scale = 255 if "srgb" in colour else 1
    red, green, blue = (scale * float(each) for each in inside[:3])
    return 0.299 * red + 0.587 * green + 0.114 * blue
