"""The documentation on a phone and on a laptop: pages built with the settings of ``make docs``."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", "notebooks/06_explorer.ipynb"]  # tables, code, pictures, stored outputs
PHONE, LAPTOP = 390, 1280
INDEX = "# Pages\n\n```{toctree}\n" + "".join(f"/{Path(page).with_suffix('')}\n" for page in PAGES) + "```\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the pages with the site's own settings, without the reference and the check of links."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    for page in PAGES:
        (source / page).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / page, source / page)
    picture = "docs/images/gallery/by_outcome.png"
    (source / picture).parent.mkdir(parents=True)
    shutil.copy(ROOT / picture, source / picture)
    (source / "docs" / "index.md").write_text(INDEX)
    command = [sys.executable, "-m", "sphinx", "-q", "-c", ROOT / "docs", source, built]
    subprocess.run(
        [*command, "-D", "extensions=myst_nb,sphinx_copybutton,accessible"], check=True, capture_output=True
    )
    return built


@pytest.fixture(
    scope="module", params=[Path(page).with_suffix(".html") for page in PAGES], ids=lambda page: page.stem
)
def page(request, site, browser):
    opened = browser.new_page(viewport={"width": PHONE, "height": 900})
    opened.goto((site / request.param).as_uri())
    yield opened
    opened.close()


class TestSite:
    def test_no_page_scrolls_sideways_and_nothing_is_cut(self, page):
        for width in (LAPTOP, PHONE):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.scrollingElement.scrollWidth") <= width
            cut = page.locator("article *").evaluate_all("""(all) => all.filter((each) => {
                if (each.getBoundingClientRect().right <= innerWidth) return false;
                for (let box = each.parentElement; box.tagName !== "ARTICLE"; box = box.parentElement)
                    if (["auto", "scroll"].includes(getComputedStyle(box).overflowX)) return false;
                return true;
            }).map((each) => each.outerHTML.slice(0, 80))""")
            assert cut == []

    def test_tables_of_words_fit_a_phone_and_say_which_column_is_which(self, page):
        tables = page.locator("article .table-wrapper table").evaluate_all("""(all) => all.map((table) => ({
            right: Math.max(
                ...[...table.querySelectorAll("td")].map((cell) => cell.getBoundingClientRect().right)
            ),
            heads: [...table.querySelectorAll("th")].map((head) => head.textContent),
            named: [...table.rows[1].querySelectorAll("[data-column]")].map((cell) => cell.dataset.column),
        }))""")
        assert max((table["right"] for table in tables), default=0) <= PHONE
        for table in tables:
            assert table["named"] == (table["heads"][1:] if len(table["heads"]) > 2 else [])

    def test_pictures_have_words_and_letters_can_be_read(self, page):
        words = page.locator("article img").evaluate_all("(all) => all.map((each) => each.alt)")
        assert words
        assert not [each for each in words if not each or each.endswith(".png")]
        small = page.evaluate("""() => [...document.querySelectorAll("body *")].filter((each) =>
            each.checkVisibility()
            && [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim())
            && parseFloat(getComputedStyle(each).fontSize) < 11).map((each) => each.textContent)""")
        assert small == []
