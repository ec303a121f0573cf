"""The gallery shows every picture, with the code that draws it."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from PIL import Image

from brightcall_pandas import plots
from tests.plots.datasets import calls
from tests.plots.matrix import statistics

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def gallery():
    spec = importlib.util.spec_from_file_location("gallery", DOCS / "gallery.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class TestGallery:
    def test_lists_every_picture(self, gallery):
        assert sorted(name for name, _ in gallery.examples()) == plots.__all__

    def test_the_page_is_that_of_the_code(self, gallery):
        page = gallery.PAGE.read_text(encoding="utf-8")
        sentences = {name: alt for alt, name in re.findall(r"!\[(.*)\]\(images/gallery/(\w+)\.png\)", page)}
        assert set(sentences) == set(plots.__all__)
        assert gallery.page(sentences) == page

    def test_every_picture_has_an_image_and_there_are_no_others(self, gallery):
        images = list(gallery.IMAGES.iterdir())
        assert sorted(each.stem for each in images) == plots.__all__
        assert sum(each.stat().st_size for each in images) < 2_000_000

    def test_code_draws_the_same_image_each_time(self, gallery):
        frames = {"calls": calls("ten")}
        one, other = (gallery.as_png(gallery.drawn("calls.calls.plot.over_time('D')", frames)) for _ in "12")
        plt.close("all")
        assert one == other

    def test_a_contact_sheet_has_all_pictures(self, gallery, tmp_path, monkeypatch):
        df = calls("ten")
        few = [
            ("over_time", "calls.calls.plot.over_time('D')"),
            ("reconcile", "calls.calls.plot.reconcile(stats)"),
        ]
        monkeypatch.setattr(gallery, "examples", lambda: few)
        paths = gallery.contact_sheets({"calls": df, "stats": statistics(df)}, "slide", tmp_path)
        assert [each.name for each in paths] == ["sheet-slide-1.png"]
        with Image.open(paths[0]) as sheet:
            assert sheet.width == gallery.COLUMNS * (gallery.TILE + 30)
