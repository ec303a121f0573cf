"""What a person sees and does: the notebook in JupyterLab, in headless Chromium.

The calls are those of the sandbox's seed 0, loaded here once more; what they must be is asked with pandas.
"""

import io
import json
import math

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
        assert shown == f"20,000 of 20,000 calls, answer rate {answered} %"
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
        assert code == "calls = df.calls.filter(states=['answered'])"
        space = {"df": calls}
        exec(code, space)
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

    def test_is_asked_before_a_file_is_replaced(self, notebook, calls):
        path = notebook.folder / "there.parquet"
        path.write_text("something else")
        notebook.explorer.get_by_label("File to save to").fill("there.parquet")
        save, question = (
            notebook.explorer.locator("[data-do=save]"),
            notebook.explorer.get_by_role("alertdialog"),
        )
        save.click()
        question.wait_for()
        assert question.inner_text().startswith("there.parquet exists. Replace it with these calls?")
        notebook.page.keyboard.press("Enter")  # the focus is on what changes nothing
        question.wait_for(state="hidden")
        assert path.read_text() == "something else"
        save.click()
        notebook.explorer.locator("[data-do=replace]").click()
        notebook.explorer.get_by_text("Saved 20,000 calls to there.parquet").wait_for()
        assert len(pd.read_parquet(path)) == len(calls)

    def test_clicks_on_a_cell_of_the_heat_map(self, notebook, calls):
        local = calls["timestamp"].dt
        tuesday, wednesday = ((local.day_of_week == day) & (local.hour == 10) for day in (1, 2))
        cell = notebook.explorer.get_by_role("gridcell", name="Tuesday 10:00")
        days = calls.loc[local.day_of_week == 1, "timestamp"].dt.date.nunique()
        assert cell.get_attribute("title") == (
            f"Tuesday 10:00: {tuesday.sum() / days:.1f} calls a day ({tuesday.sum()} on {days} days)"
        )
        cell.click()
        notebook.shows(tuesday.sum())
        assert cell.get_attribute("aria-selected") == "true"
        notebook.page.keyboard.press("ArrowDown")
        notebook.page.keyboard.press("Enter")
        notebook.shows(wednesday.sum())
        notebook.page.keyboard.press("Enter")
        notebook.shows(len(calls))

    def test_clicks_on_a_bar_of_the_transfer_variants(self, notebook, calls):
        bar = notebook.explorer.locator("[data-view=paths] button").first
        name = bar.locator(".bc-name").inner_text()
        bar.click()
        chosen = calls.calls.transfer_chains()["path"] == name
        notebook.shows(chosen.sum())
        assert notebook.value("ex.code()") == f"calls = df.calls.filter(paths=[{name!r}])"

    def test_drags_over_the_days(self, notebook, calls):
        box = notebook.explorer.locator("[data-view=days] svg").bounding_box()
        mouse, height = notebook.page.mouse, box["y"] + box["height"] / 2
        mouse.move(box["x"] + box["width"] * 7.5 / 30, height)
        mouse.down()
        mouse.move(box["x"] + box["width"] * 13.5 / 30, height, steps=8)
        mouse.up()
        notebook.page.wait_for_selector("[data-control=day].bc-active")
        notebook.answered()
        assert notebook.value("(ex.filter.day_from, ex.filter.day_to)") == ("2026-03-09", "2026-03-15")
        day = calls["timestamp"].dt.strftime("%Y-%m-%d")
        notebook.shows(day.between("2026-03-09", "2026-03-15").sum())
        notebook.explorer.get_by_label("Days of the chart to").focus()
        notebook.page.keyboard.press("ArrowLeft")
        notebook.shows(day.between("2026-03-09", "2026-03-14").sum())

    def test_sorts_searches_pages_and_copies_the_table(self, notebook, calls):
        table = notebook.explorer.locator("[data-view=table]")
        heading = table.get_by_role("columnheader", name="talkTime")
        heading.get_by_role("button").click()
        heading.get_by_role("button").click()
        notebook.page.wait_for_selector("[data-view=table] th[aria-sort=descending]")
        longest = calls.sort_values("talkTime", ascending=False, kind="stable", na_position="last")
        assert column(table, 4) == [f"{each:g}" for each in longest["talkTime"].head(8)]
        table.locator("[data-do=page-next]").click()
        table.get_by_text("page 2 of 2,500").wait_for()
        assert column(table, 4) == [f"{each:g}" for each in longest["talkTime"].iloc[8:16]]
        number = longest["clientNumber"].dropna().iloc[3]
        table.get_by_label("Find in the table").fill(number[1:])
        found = longest[longest["clientNumber"] == number]
        table.get_by_text(f"{len(found):,} have “{number[1:]}”").wait_for()
        table.locator("[data-do=copy-rows]").click()
        notebook.explorer.get_by_text("rows copied").wait_for()
        copied = pd.read_csv(io.StringIO(notebook.page.evaluate("navigator.clipboard.readText()")), sep="\t")
        assert copied["talkTime"].tolist() == found["talkTime"].head(8).tolist()
        table.get_by_label("Find in the table").fill("")
        notebook.answered()

    def test_chooses_columns_and_clicks_on_a_value(self, notebook, calls):
        table = notebook.explorer.locator("[data-view=table]")
        table.get_by_text("Columns", exact=True).click()
        table.get_by_label("projectName").check()
        table.get_by_role("columnheader", name="projectName").wait_for()
        notebook.page.keyboard.press("Escape")
        project = table.locator("tbody tr").first.locator("button").last
        name = project.inner_text()
        project.click()
        notebook.shows((calls["projectName"] == name).sum())
        assert notebook.value("ex.filter.text_projects") == (name,)

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

    def test_finds_a_choice_and_ticks_it(self, notebook, calls):
        page = notebook.page
        notebook.explorer.get_by_label("Find in Category").fill("inbound ans")
        found = notebook.explorer.locator("[data-control=categories]")
        found.get_by_text("1 of 16 choices have “inbound ans”").wait_for()
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        notebook.shows(((calls["type"] == "inbound") & (calls["state"] == "answered")).sum())
        notebook.explorer.get_by_label("Find in Category").fill("")
        page.wait_for_function(
            "document.querySelectorAll('[data-control=categories] .bc-option').length === 16"
        )

    def test_shows_which_of_two_sliders_has_the_focus(self, notebook):
        notebook.explorer.locator("[data-control=hours] .bc-from").focus()
        box = notebook.explorer.locator("[data-control=hours] .bc-sliders").bounding_box()
        area = {
            "x": box["x"] - 12,
            "y": box["y"] - 2,
            "width": box["width"] + 24,
            "height": box["height"] + 4,
        }
        pictures = []
        for key in ("Tab", "Shift+Tab", "Tab"):
            notebook.page.keyboard.press(key)
            pictures.append(notebook.page.screenshot(clip=area))
        assert pictures[0] == pictures[2] != pictures[1]

    def test_a_cell_of_the_heat_map_has_a_frame_that_any_color_lets_see(self, notebook):
        notebook.explorer.locator(".bc-cell").first.focus()
        notebook.page.keyboard.press("ArrowRight")
        outer, inner = notebook.page.evaluate(
            "[getComputedStyle(document.activeElement).outlineColor,"
            " getComputedStyle(document.activeElement).boxShadow.match(/^[^)]*\\)/)[0]]"
        )
        assert abs(brightness(outer) - brightness(inner)) > 120

    def test_reaches_every_control(self, notebook):
        page = notebook.page
        wanted = notebook.explorer.evaluate(
            "(root) => [...root.querySelectorAll('.bc-control, [data-view=outcomes], .bc-toolbar')]"
            ".filter((node) => node.checkVisibility()).length"
        )
        notebook.explorer.locator("[data-do=reset]").focus()
        inside = """(() => {
            const focused = document.activeElement;
            const control = focused.closest('.bc-control, [data-view=outcomes], .bc-toolbar');
            control?.setAttribute('data-reached', '');
            return focused.closest('.bc-explorer') !== null;
        })()"""
        for _ in range(250):
            if not page.evaluate(inside):
                break
            page.keyboard.press("Tab")
        reached = notebook.explorer.evaluate("(root) => root.querySelectorAll('[data-reached]').length")
        assert wanted > 18
        assert reached == wanted


class TestLooks:
    @pytest.mark.parametrize(("width", "theme"), [(390, "light"), (700, "light"), (1600, "dark")])
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


class TestReopened:
    """The last of this file: the kernel ends."""

    def test_without_its_kernel_the_notebook_shows_what_was_chosen(self, notebook, calls):
        page = notebook.page
        notebook.explorer.locator("[data-control=types]").get_by_text("inbound", exact=True).click()
        notebook.shows((calls["type"] == "inbound").sum())
        assert not page.locator(".bc-snapshot").first.is_visible()
        words = notebook.explorer.locator(".bc-sentence").inner_text()
        page.wait_for_function(
            "(words) => document.querySelector('.bc-snapshot').textContent.includes(words)", arg=words
        )
        page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        # First with the state of the widgets in the file, as saved above; then without it, as is usual.
        for _ in range(2):
            notebook.command("docmanager:save")
            page.reload()
            page.locator(".bc-snapshot").first.wait_for(timeout=60_000)
            shown = page.locator(".bc-snapshot").first.inner_text()
            assert words in shown
            assert "Selection: Direction: inbound" in shown
            assert "calls = df.calls.filter(types=['inbound'])" in shown
            page.wait_for_function(
                "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
                timeout=60_000,
            )
            page.wait_for_timeout(500)  # what would fail has failed by now
            assert page.locator(".bc-explorer").filter(visible=True).count() == 0
            assert page.get_by_text("Error displaying widget").filter(visible=True).count() == 0
            assert page.locator(".bc-snapshot").first.is_visible()
            page.evaluate("window.jupyterapp.shell.currentWidget.content.model.deleteMetadata('widgets')")


def column(table, at):
    """Return the texts of a column of the table."""
    return table.locator(f"tbody td:nth-child({at + 1})").all_inner_texts()


def brightness(color):
    """Return 0 to 255 of ``rgb(1, 2, 3)`` or of ``color(srgb 0.1 0.2 0.3)``."""
    inside = color[color.index("(") + 1 : color.index(")")].replace("srgb", "").replace(",", " ").split()
    scale = 255 if "srgb" in color else 1
    red, green, blue = (scale * float(each) for each in inside[:3])
    return 0.299 * red + 0.587 * green + 0.114 * blue
